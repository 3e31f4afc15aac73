package geodesic

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	karney "github.com/tidwall/geodesic"
	"pgregory.net/rapid"
)

// bruteSegment samples the true geodesic from a to b, then samples again between
// the neighbours of the best sample.
func bruteSegment(p, a, b orb.Point) Meters {
	lo := 0.0
	hi, position := edge(a, b)
	best, at := Meters(math.Inf(1)), lo
	for range 9 {
		const n = 32
		for i := range n + 1 {
			d := lo + (hi-lo)*float64(i)/n
			if far := exact(p, position(d)); far < best {
				best, at = far, d
			}
		}
		step := (hi - lo) / n
		lo, hi = max(lo, at-step), min(hi, at+step)
	}
	return best
}

func TestDistanceToSegment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawPoint(t, "a")
		b := drawNear(t, "b", a, rapid.SampledFrom([]float64{2e3, shortSegment, 4 * shortSegment, 1e6}).Draw(t, "edge"))
		p := drawNear(t, "p", a, rapid.SampledFrom([]float64{1e3, 3e5, 2e6}).Draw(t, "reach"))
		got, at := DistanceTo(p, orb.LineString{a, b})
		want := bruteSegment(p, a, b)
		if math.Abs(float64(got-want)) > 2e-4 {
			t.Fatalf("%v to %v-%v: %.6f, brute force %.6f", p, a, b, got, want)
		}
		if off := math.Abs(float64(Distance(p, at) - got)); off > 1e-6 {
			t.Fatalf("the position is %g m from the distance", off)
		}
		if off := bruteSegment(at, a, b); off > 2e-4 {
			t.Fatalf("the position is %g m off the edge", off)
		}
	})
}

func TestDistanceToPosition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := orb.Point{rapid.Float64Range(-170, 170).Draw(t, "lon"), rapid.Float64Range(-80, 80).Draw(t, "lat")}
		azimuth := rapid.Float64Range(0, 360).Draw(t, "azimuth")
		length := rapid.Float64Range(10, shortSegment).Draw(t, "length")
		line := karney.WGS84.DirectLine(a[1], a[0], azimuth, length, karney.All)
		foot := orb.Point{}
		var course float64
		line.Position(length*rapid.Float64Range(0.05, 0.95).Draw(t, "part"), &foot[1], &foot[0], &course)
		b := Destination(a, azimuth, Meters(length))
		away := rapid.Float64Range(0.001, 1000).Draw(t, "away")
		p := Destination(foot, course+90, Meters(away))
		d, at := DistanceTo(p, orb.LineString{a, b})
		if math.Abs(float64(d)-away) > 1e-4 || Distance(at, foot) > 1e-3 {
			t.Fatalf("%.6f m at %v, want %.6f at %v, %g m from it", d, at, away, foot, Distance(at, foot))
		}
	})
}

func TestDistanceToKinds(t *testing.T) {
	square := orb.Polygon{
		{{114, 22}, {114.01, 22}, {114.01, 22.01}, {114, 22.01}, {114, 22}},
		{{114.004, 22.004}, {114.004, 22.006}, {114.006, 22.006}, {114.006, 22.004}, {114.004, 22.004}},
	}
	inside, hole, west := orb.Point{114.002, 22.002}, orb.Point{114.005, 22.0055}, orb.Point{113.99, 22.005}
	box := square.Bound()
	tests := []struct {
		name string
		p    orb.Point
		g    orb.Geometry
		want orb.Point
	}{
		{"inside", inside, square, inside},
		{"in the hole", hole, square, orb.Point{114.005, 22.006}},
		{"beside a polygon", west, square, orb.Point{114, 22.005}},
		{"ring", west, square[0], orb.Point{114, 22.005}},
		{"open ring", west, square[0][:4], orb.Point{114, 22.005}},
		{"multipolygon", west, orb.MultiPolygon{{}, square}, orb.Point{114, 22.005}},
		{"multipoint", west, orb.MultiPoint{{114, 22}, {113, 22}, {113.98, 22.005}}, orb.Point{113.98, 22.005}},
		{"line of one point", west, orb.LineString{{114, 22}}, orb.Point{114, 22}},
		{"lines", west, orb.MultiLineString{{{115, 22}, {115, 23}}, {{113, 22}, {113, 23}}, {{113.9899, 22}, {113.9899, 23}}}, orb.Point{113.9899, 22.005}},
		{"collection", west, orb.Collection{square, orb.Point{113.9899, 22.005}}, orb.Point{113.9899, 22.005}},
		{"in a box", hole, box, hole},
		{"beside a box", west, box, orb.Point{114, 22.005}},
		{"north of a box", orb.Point{114.003, 22.02}, box, orb.Point{114.003, 22.01}},
		{"at a box's corner", orb.Point{114.03, 21.9}, box, orb.Point{114.01, 22}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, at := DistanceTo(test.p, test.g)
			if Distance(at, test.want) > 0.1 || math.Abs(float64(d-Distance(test.p, test.want))) > 1e-3 {
				t.Errorf("%v at %v, want %v", d, at, test.want)
			}
		})
	}
	for _, g := range []orb.Geometry{nil, orb.MultiPoint{}, orb.LineString{}, orb.Polygon{}, orb.Polygon{{}}, orb.Collection{}} {
		if d, _ := DistanceTo(inside, g); !math.IsInf(float64(d), 1) {
			t.Errorf("empty %T is at %v", g, d)
		}
	}
}

func TestLowerBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoint(t, "p")
		corner := drawPoint(t, "corner")
		if rapid.Bool().Draw(t, "near") {
			corner = drawNear(t, "near corner", p, 1e6)
		}
		size := math.Exp(rapid.Float64Range(-9, 5).Draw(t, "size"))
		box := orb.Bound{Min: corner, Max: orb.Point{
			min(180, corner[0]+size*rapid.Float64Range(0, 1).Draw(t, "width")),
			min(90, corner[1]+size*rapid.Float64Range(0, 1).Draw(t, "height")),
		}}
		bound := LowerBound(p, box)
		for i := range 21 {
			for j := range 21 {
				q := orb.Point{
					box.Min[0] + float64(i)/20*(box.Max[0]-box.Min[0]),
					box.Min[1] + float64(j)/20*(box.Max[1]-box.Min[1]),
				}
				if d := exact(p, q); bound > d {
					t.Fatalf("LowerBound(%v, %v) = %.9f, but %v is %.9f away", p, box, bound, q, d)
				}
			}
		}
		if d, _ := DistanceTo(p, box); bound > d {
			t.Fatalf("LowerBound(%v, %v) = %.9f, the distance %.9f", p, box, bound, d)
		}
	})
}

// TestLowerBoundTight: what is lost matters only to speed, so it is measured on
// boxes as an R-tree of a district has them.
func TestLowerBoundTight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) orb.Point {
			return orb.Point{rapid.Float64Range(114.06, 114.22).Draw(t, name+" lon"), rapid.Float64Range(22.52, 22.62).Draw(t, name+" lat")}
		}
		p := at("p")
		box := orb.MultiPoint{at("a"), at("b")}.Bound()
		d, _ := DistanceTo(p, box)
		if bound := LowerBound(p, box); float64(d-bound) > 0.01+0.01*float64(d) {
			t.Fatalf("LowerBound(%v, %v) = %v, distance %v", p, box, bound, d)
		}
	})
}

func TestBoundAround(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoint(t, "p")
		r := math.Exp(rapid.Float64Range(0, 17).Draw(t, "log r"))
		box := BoundAround(p, Meters(r))
		for azimuth := 0.0; azimuth < 360; azimuth += 3 {
			if q := Destination(p, azimuth, Meters(r)); !box.Contains(q) {
				t.Fatalf("%v at azimuth %g, %g m from %v, is outside %v", q, azimuth, r, p, box)
			}
		}
	})
	got := BoundAround(orb.Point{114, 22.5}, 1000)
	if w, h := got.Max[0]-got.Min[0], got.Max[1]-got.Min[1]; w > 0.019438 || h > 0.018062 {
		t.Errorf("box of %g x %g degrees is too wide", w, h)
	}
}

func TestPointOnSurface(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ring := drawRing(t, 1000)
		small := append(orb.Ring{}, ring...)
		centre := ring.Bound().Center()
		for i, q := range small {
			small[i] = orb.Point{(q[0] + centre[0]) / 2, (q[1] + centre[1]) / 2}
		}
		for _, polygon := range []orb.Polygon{{ring}, {ring, small}} {
			if at := PointOnSurface(polygon); !planar.PolygonContains(polygon, at) {
				t.Fatalf("%v is outside %v", at, polygon)
			}
		}
	})
	for name, test := range map[string]struct {
		g    orb.Geometry
		want orb.Point
	}{
		"nothing":       {nil, orb.Point{math.NaN(), math.NaN()}},
		"empty polygon": {orb.Polygon{{}}, orb.Point{math.NaN(), math.NaN()}},
		"point":         {orb.Point{1, 2}, orb.Point{1, 2}},
		"line":          {orb.LineString{{1, 2}, {1, 2.5}, {1, 3}}, orb.Point{1, 2.5}},
		"square":        {orb.Bound{Max: orb.Point{2, 2}}, orb.Point{1, 1}},
		"larger part":   {orb.MultiPolygon{orb.Bound{Max: orb.Point{2, 2}}.ToPolygon(), orb.Bound{Min: orb.Point{10, 10}, Max: orb.Point{20, 20}}.ToPolygon()}, orb.Point{15, 15}},
		"area first":    {orb.Collection{orb.Point{9, 9}, orb.Bound{Max: orb.Point{2, 2}}}, orb.Point{1, 1}},
	} {
		got := PointOnSurface(test.g)
		if !(math.Abs(got[0]-test.want[0]) < 1e-9 && math.Abs(got[1]-test.want[1]) < 1e-9) && finite(test.want) || finite(got) != finite(test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func BenchmarkDistanceTo(b *testing.B) {
	box := orb.Bound{Min: orb.Point{114, 22}, Max: orb.Point{114.2, 22.1}}
	polygon := dense(box)
	p := orb.Point{113.95, 22.05}
	for b.Loop() {
		DistanceTo(p, polygon)
	}
	b.ReportMetric(float64(len(polygon[0])), "vertices")
}

func BenchmarkLowerBound(b *testing.B) {
	box := orb.Bound{Min: orb.Point{114, 22}, Max: orb.Point{114.2, 22.1}}
	for b.Loop() {
		LowerBound(orb.Point{113.95, 22.15}, box)
	}
}
