package partition

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// edits is how many random edits the long run makes.
func edits(t testing.TB) int {
	n, err := strconv.Atoi(os.Getenv("WANGGE_EDITS"))
	if err != nil {
		return 2000
	}
	return n
}

// TestRandomEditsKeepThePartition moves, splits, merges and redraws at random
// and proves the whole after each edit: no gap, no overlap, the same outer
// boundary, the same sum of areas.
func TestRandomEditsKeepThePartition(t *testing.T) {
	const perDraft = 25
	added, ends, made := 0, 0, 0
	for round := range edits(t) / perDraft {
		random := rand.New(rand.NewPCG(uint64(round), 77))
		layer := layerOf(t, jittered(uint64(round)))
		d := NewDraft(layer)
		codes := map[string]bool{}
		for i := range side9 * side9 {
			codes[code(i)] = true
		}
		before := wholeArea(d, codes)
		for i := range perDraft {
			was := areasIn(d, codes)
			name, drawn, err := randomEdit(random, d, codes)
			if err != nil {
				var invalid *spatial.InvalidError
				if !errors.As(err, &invalid) || invalid.Rule == "partition" {
					t.Fatalf("round %d, edit %d, %s: %v", round, i, name, err)
				}
				continue
			}
			is := areasIn(d, codes)
			added += newVertices(was, is, drawn)
			ends += cutEnds(changed(was, is), drawn)
			made++
			if faults := ProveAreas(areasIn(d, codes)); len(faults) > 0 {
				t.Fatalf("round %d, edit %d, %s: %v", round, i, name, faults)
			}
		}
		if after := wholeArea(d, codes); math.Abs(after-before) > 1e-7*before {
			t.Fatalf("round %d: %v m² became %v", round, before, after)
		}
	}
	t.Logf("%d edits, %d cut ends, %.2f new vertices for each", made, ends, float64(added)/float64(ends))
	if added > 2*ends {
		t.Errorf("%d new vertices that nobody drew for %d cut ends", added, ends)
	}
}

func areasIn(d *Draft, codes map[string]bool) []Area {
	var areas []Area
	for code := range codes {
		if g := d.Geometry(code); g != nil {
			areas = append(areas, Area{code, g})
		}
	}
	return areas
}

func wholeArea(d *Draft, codes map[string]bool) (sum float64) {
	for _, a := range areasIn(d, codes) {
		sum += float64(geodesic.Area(a.Geometry))
	}
	return sum
}

// newVertices counts those after an edit that were neither there nor drawn.
func newVertices(before, after []Area, drawn []orb.Point) int {
	known := map[Vertex]bool{}
	for _, v := range lineOf(drawn) {
		known[v] = true
	}
	for _, f := range lattice.faces(before) {
		for h := range f.halfEdges() {
			known[h.from] = true
		}
	}
	n := 0
	for _, f := range lattice.faces(after) {
		for h := range f.halfEdges() {
			if !known[h.from] {
				known[h.from], n = true, n+1
			}
		}
	}
	return n
}

// changed are the areas that are not the same after an edit.
func changed(before, after []Area) []Area {
	return slices.DeleteFunc(slices.Clone(before), func(a Area) bool {
		return slices.ContainsFunc(after, func(b Area) bool { return a.Code == b.Code && orb.Equal(a.Geometry, b.Geometry) })
	})
}

// cutEnds counts how often a drawing meets the edges of areas, each edge that
// two of them share once.
func cutEnds(areas []Area, drawn []orb.Point) int {
	var edges edgeList
	for _, f := range lattice.faces(areas) {
		for h := range f.halfEdges() {
			if edges.find(h.reverse()) < 0 {
				edges.add(h)
			}
		}
	}
	n := 0
	line := lineOf(drawn)
	for i := 1; i < len(line); i++ {
		for _, h := range edges.order {
			if cross(line[i-1], line[i], h.from, h.to) {
				n++
			}
		}
	}
	return n
}

// randomEdit makes an edit and returns what it is and the line drawn for it.
func randomEdit(random *rand.Rand, d *Draft, codes map[string]bool) (string, []orb.Point, error) {
	var living []Area
	for i := range side9*side9 + 200 {
		if codes[code(i)] {
			if g := d.Geometry(code(i)); g != nil {
				living = append(living, Area{code(i), g})
			}
		}
	}
	a, b := living[random.IntN(len(living))], living[random.IntN(len(living))]
	if near := neighbours(d, a.Code); len(near) > 0 {
		b.Code = near[random.IntN(len(near))]
	}
	box := a.Geometry.Bound()
	spot := func(reach float64) orb.Point {
		return orb.Point{
			box.Min[0] - reach + random.Float64()*(box.Max[0]-box.Min[0]+2*reach),
			box.Min[1] - reach + random.Float64()*(box.Max[1]-box.Min[1]+2*reach)}
	}
	switch random.IntN(8) {
	case 0:
		return "merge", nil, d.Merge(a.Code, b.Code)
	case 1, 2:
		added := code(side9*side9 + random.IntN(200))
		line := orb.LineString{{box.Min[0] - 1e-4, spot(0)[1]}, spot(0), {box.Max[0] + 1e-4, spot(0)[1]}}
		if err := d.Split(a.Code, line, added); err != nil {
			return "split", line, err
		}
		codes[added] = true
		return "split", line, nil
	case 3:
		both := box.Union(d.Geometry(b.Code).Bound())
		line := orb.LineString{{both.Min[0] - 1e-4, both.Min[1] + random.Float64()*(both.Max[1]-both.Min[1])}, spot(0),
			{both.Max[0] + 1e-4, both.Min[1] + random.Float64()*(both.Max[1]-both.Min[1])}}
		return "edge", line, d.MoveEdge(a.Code, b.Code, line)
	}
	centre, ring := spot(1e-4), orb.Ring{}
	radius := math.Pow(10, -3-3*random.Float64())
	for k := range 3 + random.IntN(12) {
		angle := float64(k) / 15 * 2 * math.Pi
		r := radius * (0.3 + random.Float64())
		ring = append(ring, orb.Point{centre[0] + r*math.Cos(angle), centre[1] + r*math.Sin(angle)})
	}
	if random.IntN(4) == 0 { // through vertices that are there
		copy(ring, a.Geometry.(interface{ Bound() orb.Bound }).Bound().ToRing()[:3])
	}
	ring = append(ring, ring[0])
	return fmt.Sprintf("move by %v", radius), ring, d.Move(a.Code, b.Code, orb.Polygon{ring})
}

func neighbours(d *Draft, code string) []string {
	f, err := d.face(code)
	if err != nil {
		return nil
	}
	var codes []string
	for _, n := range d.around(f) {
		if n.code != code {
			codes = append(codes, n.code)
		}
	}
	return codes
}
