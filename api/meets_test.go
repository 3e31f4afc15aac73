package api

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
		if got := meets(g, box); got != want {
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
