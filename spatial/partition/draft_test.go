package partition

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
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
	vertices, cuts := 0, 0
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
			was := countVertices(d, codes)
			name, err := randomEdit(random, d, codes)
			if err != nil {
				var invalid *spatial.InvalidError
				if !errors.As(err, &invalid) || invalid.Rule == "partition" {
					t.Fatalf("round %d, edit %d, %s: %v", round, i, name, err)
				}
				continue
			}
			vertices += countVertices(d, codes) - was
			cuts++
			if faults := ProveAreas(areasIn(d, codes)); len(faults) > 0 {
				t.Fatalf("round %d, edit %d, %s: %v", round, i, name, faults)
			}
		}
		if after := wholeArea(d, codes); math.Abs(after-before) > 1e-7*before {
			t.Fatalf("round %d: %v m² became %v", round, before, after)
		}
	}
	t.Logf("%d edits, %.2f vertices more for each", cuts, float64(vertices)/float64(cuts))
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

func countVertices(d *Draft, codes map[string]bool) int {
	all := map[orb.Point]bool{}
	for _, a := range areasIn(d, codes) {
		for _, run := range positionsOf(a.Geometry) {
			for _, p := range run {
				all[p] = true
			}
		}
	}
	return len(all)
}

func randomEdit(random *rand.Rand, d *Draft, codes map[string]bool) (string, error) {
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
		return "merge", d.Merge(a.Code, b.Code)
	case 1, 2:
		added := code(side9*side9 + random.IntN(200))
		line := orb.LineString{{box.Min[0] - 1e-4, spot(0)[1]}, spot(0), {box.Max[0] + 1e-4, spot(0)[1]}}
		if err := d.Split(a.Code, line, added); err != nil {
			return "split", err
		}
		codes[added] = true
		return "split", nil
	case 3:
		both := box.Union(d.Geometry(b.Code).Bound())
		line := orb.LineString{{both.Min[0] - 1e-4, both.Min[1] + random.Float64()*(both.Max[1]-both.Min[1])}, spot(0),
			{both.Max[0] + 1e-4, both.Min[1] + random.Float64()*(both.Max[1]-both.Min[1])}}
		return "edge", d.MoveEdge(a.Code, b.Code, line)
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
	return fmt.Sprintf("move by %v", radius), d.Move(a.Code, b.Code, orb.Polygon{append(ring, ring[0])})
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
