package partition

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"wangge/spatial/geodesic"
)

func areasOf(cells []orb.Polygon) []Area {
	areas := make([]Area, len(cells))
	for i := range cells {
		areas[i] = Area{code(i), cells[i]}
	}
	return areas
}

// shaken moves every vertex of every cell on its own, by at most reach
// degrees each way, off the lattice.
func shaken(cells []orb.Polygon, reach float64, seed uint64) []orb.Polygon {
	random := rand.New(rand.NewPCG(seed, 9))
	cells = cloneAll(cells)
	for _, cell := range cells {
		ring := cell[0]
		for i := range ring[:len(ring)-1] {
			ring[i][0] += reach * (2*random.Float64() - 1)
			ring[i][1] += reach * (2*random.Float64() - 1)
		}
		ring[len(ring)-1] = ring[0]
	}
	return cells
}

func TestSliversOfAPartitionAreNone(t *testing.T) {
	if found := Slivers(areasOf(jittered(5))); len(found) > 0 {
		t.Errorf("%d, first %v", len(found), found[0])
	}
}

// TestSliversAgreeWithOverlay compares with the union and the pairwise
// intersections of a general overlay library.
func TestSliversAgreeWithOverlay(t *testing.T) {
	for seed := range uint64(6) {
		cells := shaken(jittered(seed), 3e-6, seed)[:40]
		gaps, gapArea, pairs, pairArea := overlay(t, cells)
		gotGaps, gotPairs := 0, map[string]bool{}
		var gotGapArea, gotPairArea float64
		for _, s := range Slivers(areasOf(cells)) {
			if s.Rule == "gap" {
				gotGaps++
				gotGapArea += float64(s.Area)
				continue
			}
			for i, a := range s.Codes {
				for _, b := range s.Codes[i+1:] {
					gotPairs[a+b] = true
					gotPairArea += float64(s.Area)
				}
			}
		}
		if gotGaps != gaps || len(gotPairs) != pairs || !near(gotGapArea, gapArea) || !near(gotPairArea, pairArea) {
			t.Errorf("seed %d: %d gaps of %v m², %d pairs of %v m²; overlay says %d of %v, %d of %v",
				seed, gotGaps, gotGapArea, len(gotPairs), gotPairArea, gaps, gapArea, pairs, pairArea)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-3*math.Abs(b)+1e-6 }

func overlay(t *testing.T, cells []orb.Polygon) (gaps int, gapArea float64, pairs int, pairArea float64) {
	t.Helper()
	m := metricNear(cells[0][0][0], 1)
	var all []geom.Geometry
	for _, cell := range cells {
		var coords []float64
		for _, p := range cell[0] {
			coords = append(coords, p[0], p[1])
		}
		ring := geom.NewLineString(geom.NewSequence(coords, geom.DimXY))
		all = append(all, geom.NewPolygon([]geom.LineString{ring}).AsGeometry())
	}
	for i := range all {
		for k := i + 1; k < len(all); k++ {
			both, err := geom.Intersection(all[i], all[k])
			if err != nil {
				t.Fatal(err)
			}
			if area := both.Area(); area > 0 {
				pairs++
				pairArea += area * m.x * m.y
			}
		}
	}
	union, err := geom.UnaryUnion(geom.NewGeometryCollection(all).AsGeometry())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range union.Dump() {
		polygon := part.MustAsPolygon()
		for i := range polygon.NumInteriorRings() {
			gaps++
			gapArea += geom.NewPolygon([]geom.LineString{polygon.InteriorRingN(i)}).Area() * m.x * m.y
		}
	}
	return gaps, gapArea, pairs, pairArea
}

func TestRepairMakesAPartitionAgain(t *testing.T) {
	for seed := range uint64(20) {
		for _, c := range []struct {
			reach     float64 // degrees
			tolerance geodesic.Meters
		}{{1e-12, 1e-4}, {2e-9, 1e-3}, {1e-8, 0.01}, {2e-7, 0.1}, {2e-6, 1}} {
			t.Run(fmt.Sprintf("%d/%g", seed, c.reach), func(t *testing.T) {
				whole := jittered(seed)
				cells := shaken(whole, c.reach, seed)
				r, err := Repair(areasOf(cells), c.tolerance)
				if err != nil {
					t.Fatal(err)
				}
				if faults := ProveAreas(r.Areas); len(faults) > 0 || len(r.Left) > 0 {
					t.Fatalf("%v; left %v", faults, r.Left)
				}
				if r.Moved > c.tolerance {
					t.Errorf("moved by %v", r.Moved)
				}
				for i, area := range r.Areas {
					limit := float64(geodesic.Length(whole[i])) * float64(c.tolerance) * 2
					if got, want := float64(geodesic.Area(area.Geometry)), float64(geodesic.Area(whole[i])); math.Abs(got-want) > limit {
						t.Errorf("%s has %v m², was %v", area.Code, got, want)
					}
				}
			})
		}
	}
}

// TestRepairLeavesAPartition: what is sound stays, ring for ring.
func TestRepairLeavesAPartition(t *testing.T) {
	cells := jittered(2)
	r, err := Repair(areasOf(cells), 0.01)
	if err != nil {
		t.Fatal(err)
	}
	for i, area := range r.Areas {
		got, _ := newFace("", area.Geometry)
		want, _ := newFace("", cells[i])
		if !sameRing(got.rings[0], want.rings[0]) || len(got.rings) != 1 {
			t.Errorf("%s became %v", area.Code, area.Geometry)
		}
	}
}

func sameRing(a, b []Vertex) bool {
	i := slices.Index(b, a[0])
	return i >= 0 && slices.Equal(a, append(slices.Clone(b[i:]), b[:i]...))
}

// step is a position in metres or so from a corner, as degrees.
func step(x, y float64) orb.Point { return orb.Point{114.1 + x*1e-5, 22.55 + y*1e-5} }

func boxRing(x0, y0, x1, y1 float64) orb.Ring {
	return orb.Ring{step(x0, y0), step(x1, y0), step(x1, y1), step(x0, y1), step(x0, y0)}
}

func TestRepairShapes(t *testing.T) {
	type slivers map[string]int
	cases := map[string]struct {
		areas     []Area
		tolerance geodesic.Meters
		left      slivers
		lost      bool
	}{
		"a vertex in a neighbour's edge": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 10, 10)}}, {"b", orb.Polygon{boxRing(10, 0, 20, 5)}}, {"c", orb.Polygon{boxRing(10, 5, 20, 10)}}}, tolerance: 0.01},
		"a narrow gap is filled": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 10, 10)}}, {"b", orb.Polygon{boxRing(10.001, 0, 20, 10)}}}, tolerance: 0.01},
		"a wide gap is left": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 30, 30), boxRing(10, 10, 20, 20)}}}, tolerance: 0.1, left: slivers{"gap": 1}},
		"a wide overlap is left": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 12, 10)}}, {"b", orb.Polygon{boxRing(10, 0, 20, 10)}}}, tolerance: 0.1, left: slivers{"overlap": 1}},
		"an island in a hole that is a little larger": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 30, 30), boxRing(9.999, 9.999, 20.001, 20.001)}}, {"b", orb.Polygon{boxRing(10, 10, 20, 20)}}}, tolerance: 0.01},
		"an island in a hole that is much larger": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 30, 30), boxRing(5, 5, 25, 25)}}, {"b", orb.Polygon{boxRing(10, 10, 20, 20)}}}, tolerance: 0.01, left: slivers{"gap": 1}},
		"parts that touch in a vertex": {
			areas: []Area{{"a", orb.MultiPolygon{{boxRing(0, 0, 10, 10)}, {boxRing(10, 10, 20, 20)}}}, {"b", orb.Polygon{boxRing(10, 0, 20, 10)}}, {"c", orb.Polygon{boxRing(0, 10, 10, 20)}}}, tolerance: 0.01},
		"rings that run the other way": {
			areas: []Area{{"a", orb.Polygon{reversed(boxRing(0, 0, 10, 10))}}, {"b", orb.Polygon{boxRing(10.0005, 0, 20, 10)}}}, tolerance: 0.01},
		"the same area twice": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 10, 10)}}, {"b", orb.Polygon{boxRing(0, 0, 10, 10)}}, {"c", orb.Polygon{boxRing(10, 0, 20, 10)}}}, tolerance: 0.01, left: slivers{"overlap": 1}},
		"a hole with an edge on the outline": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 30, 30), boxRing(10, 0, 20, 10)}}}, tolerance: 0.01},
		"a sliver that is nothing": {
			areas: []Area{{"a", orb.Polygon{boxRing(0, 0, 10, 10)}}, {"b", orb.Polygon{boxRing(10, 0, 10.0001, 10)}}}, tolerance: 0.01, lost: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := Repair(c.areas, c.tolerance)
			if (err != nil) != c.lost {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			left := slivers{}
			for _, s := range r.Left {
				left[s.Rule]++
			}
			if !maps.Equal(left, c.left) {
				t.Errorf("left %v, want %v", left, c.left)
			}
			if faults := ProveAreas(r.Areas); (len(faults) > 0) != (len(c.left) > 0) {
				t.Errorf("left %v, faults %v", r.Left, faults)
			}
		})
	}
}

func reversed(ring orb.Ring) orb.Ring {
	slices.Reverse(ring)
	return ring
}

func TestRepairRefusesOddTolerances(t *testing.T) {
	for _, tolerance := range []geodesic.Meters{0, -1, 1e-5, 11, geodesic.Meters(math.NaN()), geodesic.Meters(math.Inf(1))} {
		if _, err := Repair(areasOf(jittered(1)), tolerance); err == nil {
			t.Errorf("%v was taken", tolerance)
		}
	}
}

// TestNodeLeavesNoMeeting throws random segments of a small lattice together,
// where crossings round onto vertices and edges all the time.
func TestNodeLeavesNoMeeting(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 4))
		faces := make([]face, 6)
		for i := range faces {
			ring := make([]Vertex, 3+random.IntN(4))
			for k := range ring {
				ring[k] = Vertex{random.Int64N(25), random.Int64N(25)}
			}
			faces[i] = face{code: code(i), rings: [][]Vertex{compactRing(ring)}}
		}
		noded, _ := node(faces, nil)
		all := map[halfEdge]bool{}
		for i := range noded {
			for h := range noded[i].halfEdges() {
				all[h] = true
			}
		}
		for g := range all {
			for h := range all {
				if f, meet := meeting(g, h); meet && g.from != g.to && h.from != h.to {
					t.Fatalf("seed %d: %v of %v and %v", seed, f.Rule, g, h)
				}
			}
		}
	}
}

// TestCellsAreCoveredAsTheirFacesSay compares the cover of each cell with the
// winding number at a point in it.
func TestCellsAreCoveredAsTheirFacesSay(t *testing.T) {
	for seed := range uint64(60) {
		cells := shaken(jittered(seed), 2e-5, seed)[:30]
		areas := areasOf(cells)
		a := arrange(lattice.faces(areas))
		total := 0.0
		for _, c := range a.cells() {
			p := geodesic.PointOnSurface(a.sliver(c, lattice).Polygon)
			total += a.area(c, metric{1, 1}) * float64(len(c.covers))
			for i := range a.faces {
				if got, want := slices.Contains(c.covers, int32(i)), a.faces[i].locate(VertexOf(p)); want != onEdge && got != (want == inside) {
					t.Fatalf("seed %d: cell at %v covered by %s: %v", seed, p, a.faces[i].code, got)
				}
			}
		}
		want := 0.0
		for i := range a.faces {
			want += areaOf(a.faces[i].rings[0])
		}
		if math.Abs(total-want) > 1e-9*want {
			t.Errorf("seed %d: the covers add up to %v, the faces to %v", seed, total, want)
		}
	}
}
