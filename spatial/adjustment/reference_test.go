package adjustment_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

func layerOf(t testing.TB, s *spatial.Snapshot, id spatial.LayerID) *spatial.Layer {
	t.Helper()
	layer, err := s.Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func byCode(t testing.TB, s *spatial.Snapshot, id spatial.LayerID, code string) spatial.Feature {
	t.Helper()
	f, err := layerOf(t, s, id).ByCode(code)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func named(t testing.TB, s *spatial.Snapshot, id spatial.LayerID, name string) spatial.Feature {
	t.Helper()
	for f := range layerOf(t, s, id).All() {
		if f.Label() == name {
			return f
		}
	}
	t.Fatalf("nothing in %s is called %s", id, name)
	return spatial.Feature{}
}

// plan is one that is not refused.
func plan(t testing.TB, s *spatial.Snapshot, steps ...adjustment.Step) *adjustment.Plan {
	t.Helper()
	p := proposal(t, s, steps...)
	if p.Refused() {
		t.Fatalf("refused: %v", p.Checks)
	}
	return p
}

func proposal(t testing.TB, s *spatial.Snapshot, steps ...adjustment.Step) *adjustment.Plan {
	t.Helper()
	p, err := adjustment.New(s, "grids", steps)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func apply(t testing.TB, s *spatial.Snapshot, c spatial.Change) *spatial.Snapshot {
	t.Helper()
	next, err := s.Apply(c, s.Version()+1)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// rectangle is the box of a geometry, wider by a margin in degrees.
func rectangle(g orb.Geometry, margin float64) orb.Polygon { return g.Bound().Pad(margin).ToPolygon() }

// neighbours are the areas that share an edge with one, in the order of codes.
func neighbours(s *spatial.Layer, f spatial.Feature) []string {
	corners := map[orb.Point]bool{}
	for _, p := range corner(f.Geometry()) {
		corners[p] = true
	}
	box, _ := f.Bound()
	var codes []string
	for other := range s.Intersecting(box) {
		n := 0
		for _, p := range corner(other.Geometry()) {
			if corners[p] {
				n++
			}
		}
		if n > 1 && other.ID() != f.ID() {
			codes = append(codes, other.Code())
		}
	}
	slices.Sort(codes)
	return codes
}

func corner(g orb.Geometry) []orb.Point {
	var all []orb.Point
	switch g := g.(type) {
	case orb.Polygon:
		for _, r := range g {
			all = append(all, r[1:]...)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			all = append(all, corner(p)...)
		}
	}
	return all
}

// randomStep is a step on areas that exist: mostly one that moves a few
// buildings to a neighbour.
func randomStep(random *rand.Rand, s *spatial.Snapshot) adjustment.Step {
	grids, _ := s.Layer("grids")
	ids := make([]int64, 0, grids.Len())
	for f := range grids.All() {
		ids = append(ids, f.ID())
	}
	from, _ := grids.Feature(ids[random.IntN(len(ids))])
	box, _ := from.Bound()
	spot := func() orb.Point {
		return orb.Point{box.Min[0] + random.Float64()*(box.Max[0]-box.Min[0]), box.Min[1] + random.Float64()*(box.Max[1]-box.Min[1])}
	}
	near := neighbours(grids, from)
	if len(near) == 0 {
		return randomStep(random, s)
	}
	step := adjustment.Step{From: from.Code(), To: near[random.IntN(len(near))]}
	switch random.IntN(12) {
	case 0:
		return step // merge
	case 1, 2:
		step.To = ""
		step.Line = orb.LineString{{box.Min[0] - 1e-4, spot()[1]}, {box.Max[0] + 1e-4, spot()[1]}}
		return step
	case 3, 4:
		step.Area = rectangle(spot(), 0.0001+random.Float64()*0.002)
		return step
	}
	return nudge(random, grids, from, step)
}

// nudge moves the edge of two areas a little beyond a vertex that they share.
func nudge(random *rand.Rand, grids *spatial.Layer, from spatial.Feature, step adjustment.Step) adjustment.Step {
	to, _ := grids.ByCode(step.To)
	mine := corner(from.Geometry())
	var shared []orb.Point
	for _, p := range corner(to.Geometry()) {
		if slices.Contains(mine, p) {
			shared = append(shared, p)
		}
	}
	step.Area = rectangle(shared[random.IntN(len(shared))], 1e-5*(1+random.Float64()*20))
	return step
}
