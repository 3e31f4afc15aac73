package partition

import (
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

func TestDissolveGivesTheParents(t *testing.T) {
	cells := jittered(4)
	blocks, names := dissolved(cells)
	same := func(before, after []orb.Geometry) bool {
		_, changed := Redissolve(Dissolve(before), before, after)
		return !changed
	}
	for b, name := range names {
		var members []orb.Geometry
		for i, c := range cells {
			if blockOf(i) == name {
				members = append(members, c)
			}
		}
		if got := Dissolve(members); !same(members, []orb.Geometry{got}) {
			t.Errorf("%s: %v", name, got)
		}
		if same(members, []orb.Geometry{blocks[(b+1)%len(blocks)]}) {
			t.Errorf("%s has the outline of another block", name)
		}
	}
	if Dissolve(nil) != nil {
		t.Error("nothing dissolves to something")
	}
}

// TestRedissolve gives and takes parts of a whole and compares with dissolving
// all.
func TestRedissolve(t *testing.T) {
	cells := jittered(5)
	var all []orb.Geometry
	for _, c := range cells {
		all = append(all, c)
	}
	for n := 1; n < len(all); n += 7 {
		got, changed := Redissolve(Dissolve(all[:n]), all[:n/2], all[n:])
		want := Dissolve(append(slices.Clone(all[n/2:n]), all[n:]...))
		if _, differ := ChangedBound(want, got); differ || !changed {
			t.Errorf("%d parts: another outline", n)
		}
	}
	if got, changed := Redissolve(Dissolve(all), all, nil); got != nil || !changed {
		t.Errorf("of nothing: %v", got)
	}
}

func TestGround(t *testing.T) {
	at := func(x, y float64) orb.Point { return VertexOf(orb.Point{114 + x*1e-5, 22.5 + y*1e-5}).LL() }
	square := func(x, y, size float64) orb.Ring {
		return orb.Ring{at(x, y), at(x+size, y), at(x+size, y+size), at(x, y+size), at(x, y)}
	}
	ground := NewGround(orb.Polygon{square(0, 0, 100), square(40, 40, 10)})
	for name, c := range map[string]struct {
		thing orb.Geometry
		holds bool
	}{
		"inside":           {orb.Polygon{square(10, 10, 20)}, true},
		"on the edge":      {orb.Polygon{square(0, 0, 20)}, true},
		"across the edge":  {orb.Polygon{square(90, 10, 20)}, false},
		"beside":           {orb.Polygon{square(190, 10, 20)}, false},
		"around a hole":    {orb.Polygon{square(30, 30, 40)}, false},
		"in the hole":      {orb.Polygon{square(42, 42, 2)}, false},
		"the hole":         {at(40, 45), true},
		"a line over it":   {orb.LineString{at(20, 45), at(80, 45)}, false},
		"a line beside it": {orb.LineString{at(20, 20), at(80, 20)}, true},
	} {
		if _, ok := ground.Holds(c.thing); ok != c.holds {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

func TestSubtractUnionBuffer(t *testing.T) {
	cells := jittered(6)
	a, b := cells[40], cells[41]
	wide := Buffer(a, 3)
	area := func(g orb.Geometry) float64 { return float64(geodesic.Area(g)) }
	sum, perimeter := area(a), float64(geodesic.Length(a))
	if got := area(wide); got < sum+2.9*perimeter || got > sum+3.1*perimeter+9*4*float64(len(a[0])) {
		t.Errorf("%v m² buffered by 3 m makes %v", sum, got)
	}
	if got := Subtract(a, wide); got != nil {
		t.Errorf("%v is left", got)
	}
	both, ring := area(Union(wide, b)), area(Subtract(wide, a))
	if shared := area(wide) + area(b) - both; math.Abs(area(b)-shared-area(Subtract(b, wide))) > 0.01 {
		t.Errorf("%v m² are shared", shared)
	}
	if math.Abs(ring+sum-area(wide)) > 0.01 {
		t.Errorf("a ring of %v m²", ring)
	}
}
