package relate

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/peterstace/simplefeatures/geom"
	"pgregory.net/rapid"
)

// TestMeetsAgreesWithSimpleFeatures draws geometries on a raster of integers,
// where touching is common and both answers are exact.
func TestMeetsAgreesWithSimpleFeatures(t *testing.T) {
	met, drawn := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		g := anyGeometry(t)
		low, size := rasterPoint(t, 8), rasterPoint(t, 4)
		box := orb.Bound{Min: low, Max: orb.Point{low[0] + 1 + size[0], low[1] + 1 + size[1]}}
		want := geom.Intersects(foreign(t, g), foreign(t, box.ToPolygon()))
		if got := Meets(g, box); got != want {
			t.Fatalf("%s meets %v: %v, want %v", wkt.MarshalString(g), box, got, want)
		}
		drawn++
		if want {
			met++
		}
	})
	if met*20 < drawn {
		t.Errorf("only %d of %d pairs met", met, drawn)
	}
}

func foreign(t *rapid.T, g orb.Geometry) geom.Geometry {
	read, err := geom.UnmarshalWKT(wkt.MarshalString(g))
	if err != nil {
		t.Skip(err) // not simple
	}
	return read
}

// TestRelationsAgreeWithSimpleFeatures draws pairs that share edges, touch,
// cover each other and lie in each other's holes.
func TestRelationsAgreeWithSimpleFeatures(t *testing.T) {
	var drawn, met, within int
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyGeometry(t), anyGeometry(t)
		if rapid.Bool().Draw(t, "part") {
			a = partOf(t, b)
		}
		x, y := foreign(t, a), foreign(t, b)
		wantMet := geom.Intersects(x, y)
		wantWithin, err := geom.Within(x, y)
		if err != nil {
			t.Skip(err)
		}
		for _, size := range []int{1, 1000} { // with an index and without
			p, q := sized(a, size), sized(b, size)
			if got := Intersects(p, q); got != wantMet {
				t.Fatalf("%s intersects %s: %v, want %v", wkt.MarshalString(a), wkt.MarshalString(b), got, wantMet)
			}
			if got := Within(p, q); got != wantWithin {
				t.Fatalf("%s within %s: %v, want %v", wkt.MarshalString(a), wkt.MarshalString(b), got, wantWithin)
			}
		}
		drawn++
		if wantMet {
			met++
		}
		if wantWithin {
			within++
		}
	})
	if met*10 < drawn || within*25 < drawn {
		t.Errorf("of %d pairs only %d met and %d were within", drawn, met, within)
	}
}

// sized is a shape whose index is forced, or left out.
func sized(g orb.Geometry, vertices int) *Shape {
	s := New(g)
	if vertices >= indexed && len(s.paths) > 0 {
		s.index()
	}
	return s
}

// partOf is a box, line or point on the raster, often in or along g.
func partOf(t *rapid.T, g orb.Geometry) orb.Geometry {
	b := g.Bound()
	x := func() float64 { return float64(rapid.IntRange(int(b.Min[0]), int(b.Max[0])).Draw(t, "x")) }
	y := func() float64 { return float64(rapid.IntRange(int(b.Min[1]), int(b.Max[1])).Draw(t, "y")) }
	p, q := orb.Point{x(), y()}, orb.Point{x(), y()}
	switch rapid.IntRange(0, 3).Draw(t, "part") {
	case 0:
		return p
	case 1:
		return orb.LineString{p, q}
	case 2:
		return orb.Polygon{{p, q, {x(), y()}, p}}
	}
	return orb.MultiPoint{p, q}.Bound().ToPolygon()
}

func rasterPoint(t *rapid.T, most int) orb.Point {
	return orb.Point{float64(rapid.IntRange(0, most).Draw(t, "x")), float64(rapid.IntRange(0, most).Draw(t, "y"))}
}

func rasterPoints(t *rapid.T, least int) []orb.Point {
	points := make([]orb.Point, rapid.IntRange(least, 6).Draw(t, "points"))
	for i := range points {
		points[i] = rasterPoint(t, 8)
	}
	return points
}

func anyGeometry(t *rapid.T) orb.Geometry {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return rasterPoint(t, 8)
	case 1:
		return orb.MultiPoint(rasterPoints(t, 1))
	case 2:
		return orb.MultiLineString{rasterPoints(t, 3)}
	case 3:
		return orb.LineString(rasterPoints(t, 3))
	case 4:
		corners := rasterPoints(t, 3)
		return orb.Polygon{append(corners, corners[0])}
	}
	return orb.MultiPolygon{{
		{{0, 0}, {8, 0}, {8, 8}, {0, 8}, {0, 0}},
		{{1, 1}, {1, 7}, {7, 7}, {7, 1}, {1, 1}},
	}, {{{2, 2}, {3, 2}, {3, 3}, {2, 2}}}}
}

// TestTurnIsExact has points so near to a line that rounding hides the side.
func TestTurnIsExact(t *testing.T) {
	p, q := orb.Point{0.1, 0.1}, orb.Point{0.3, 0.3}
	for name, test := range map[string]struct {
		r    orb.Point
		want int
	}{
		"on":           {orb.Point{0.2, 0.2}, 0},
		"a step above": {orb.Point{0.2, 0.20000000000000004}, 1},
		"a step below": {orb.Point{0.2, 0.19999999999999998}, -1},
	} {
		if got := turn(p, q, test.r); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
