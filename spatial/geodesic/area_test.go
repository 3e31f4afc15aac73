package geodesic

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// The sample of GeographicLib's Planimeter manual.
var antarctica = orb.Ring{
	{-58, -63.1}, {-74, -72.9}, {-102, -71.9}, {-102, -74.9}, {-131, -74.3}, {-163, -77.5},
	{163, -77.4}, {172, -71.7}, {140, -65.9}, {113, -65.7}, {88, -66.6}, {59, -66.9},
	{25, -69.8}, {-4, -70.0}, {-14, -71.0}, {-33, -77.3}, {-46, -77.9}, {-61, -74.7},
}

func TestAntarctica(t *testing.T) {
	if got, want := Area(antarctica), SquareMeters(13662703680020.1); math.Abs(float64(got-want)) > 1 {
		t.Errorf("Area = %.1f, want %.1f", got, want)
	}
	if got, want := Length(antarctica), Meters(16831067.893); math.Abs(float64(got-want)) > 1e-3 {
		t.Errorf("Length = %.3f, want %.3f", got, want)
	}
}

func TestBoundArea(t *testing.T) {
	world := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	if got, want := Area(world), SquareMeters(510065621724088); math.Abs(float64(got-want)) > 100 {
		t.Errorf("the earth has %.0f m², want %.0f", got, want)
	}
	box := orb.Bound{Min: orb.Point{114, 22}, Max: orb.Point{114.2, 22.1}}
	if got, want := Area(box), Area(dense(box)); math.Abs(float64(got/want-1)) > 1e-9 {
		t.Errorf("Area = %f, as a polygon of short edges %f", got, want)
	}
	if got, want := Length(box), Length(dense(box)); math.Abs(float64(got-want)) > 1e-3 {
		t.Errorf("Length = %f, as a polygon of short edges %f", got, want)
	}
}

// dense is a box as a polygon whose edges are so short that parallels and
// geodesics are the same.
func dense(b orb.Bound) orb.Polygon {
	const n = 2000
	var ring orb.Ring
	corners := orb.Ring{b.Min, {b.Max[0], b.Min[1]}, b.Max, {b.Min[0], b.Max[1]}}
	for i, c := range corners {
		d := corners[(i+1)%4]
		for k := range n {
			f := float64(k) / n
			ring = append(ring, orb.Point{c[0] + f*(d[0]-c[0]), c[1] + f*(d[1]-c[1])})
		}
	}
	return orb.Polygon{append(ring, ring[0])}
}

// drawRing draws a star of up to reach metres around a point below 59° of
// latitude, clear of the antimeridian.
func drawRing(t *rapid.T, reach float64) orb.Ring {
	centre := orb.Point{rapid.Float64Range(-179, 179).Draw(t, "lon"), rapid.Float64Range(-59, 59).Draw(t, "lat")}
	n := rapid.IntRange(3, 24).Draw(t, "n")
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		r := reach * rapid.Float64Range(0.5, 1).Draw(t, "r")
		ring = append(ring, Destination(centre, 360*float64(i)/float64(n), Meters(r)))
	}
	return append(ring, ring[0])
}

// karneyNoise is what Karney's own area of a small ring may be off by, in m².
const karneyNoise = 1e-3

func TestShortRingAgainstKarney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ring := drawRing(t, rapid.Float64Range(10, 1000).Draw(t, "reach"))
		got, ok := shortRingArea(ring)
		if !ok {
			t.Fatal("not taken as short")
		}
		want := farRingArea(ring)
		if off := math.Abs(math.Abs(got) - want); off > 1e-9*want+karneyNoise {
			t.Fatalf("area %.6f, Karney %.6f of %v", got, want, ring)
		}
	})
}

// TestShortRingSplit cuts every edge in two along its geodesic, which leaves the
// area as it was: a test that Karney's rounding does not blur.
func TestShortRingSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ring := drawRing(t, rapid.Float64Range(10, 1000).Draw(t, "reach"))
		whole, _ := shortRingArea(ring)
		halves, _ := shortRingArea(halved(ring))
		if off := math.Abs(whole - halves); off > 1e-9*math.Abs(whole)+1e-5 {
			t.Fatalf("area %.9f, with halved edges %.9f", whole, halves)
		}
	})
}

func halved(ring orb.Ring) orb.Ring {
	fine := orb.Ring{ring[0]}
	for i := 1; i < len(ring); i++ {
		a, b := newVertex(ring[i-1]), newVertex(ring[i])
		chord := b.pos.sub(a.pos)
		fine = append(fine, toLL(a.pos.along(chord, 0.5)), b.ll)
	}
	return fine
}

func TestAreaRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ring := drawRing(t, rapid.SampledFrom([]float64{100, 1500, 1e5}).Draw(t, "reach"))
		area := Area(ring)
		turned := append(orb.Ring{}, ring...)
		turned.Reverse()
		near(t, "winding", Area(turned), area)
		near(t, "open ring", Area(ring[:len(ring)-1]), area)
		near(t, "hole", Area(orb.Polygon{ring, turned}), 0)
		near(t, "multipolygon", Area(orb.MultiPolygon{{ring}, {turned}}), 2*area)
		near(t, "collection", Area(orb.Collection{ring, orb.Point{1, 2}, orb.LineString(ring)}), area)
	})
}

func near(t *rapid.T, what string, got, want SquareMeters) {
	t.Helper()
	if math.Abs(float64(got-want)) > 1e-9*float64(want)+karneyNoise {
		t.Fatalf("%s: %f, want %f", what, got, want)
	}
}

func TestMeasuresOfNothing(t *testing.T) {
	for _, g := range []orb.Geometry{nil, orb.Point{1, 2}, orb.MultiPoint{}, orb.LineString{}, orb.LineString{{1, 2}},
		orb.MultiLineString{}, orb.Ring{}, orb.Polygon{}, orb.Polygon{{}}, orb.MultiPolygon{}, orb.Collection{}} {
		if a, l := Area(g), Length(g); a != 0 || l != 0 {
			t.Errorf("%T %v: area %v, length %v", g, g, a, l)
		}
	}
}

func BenchmarkArea(b *testing.B) {
	ring := dense(orb.Bound{Min: orb.Point{114, 22}, Max: orb.Point{114.2, 22.1}})[0]
	b.Run("short", func(b *testing.B) {
		for b.Loop() {
			ringArea(ring)
		}
	})
	b.Run("karney", func(b *testing.B) {
		for b.Loop() {
			farRingArea(ring)
		}
	})
	b.ReportMetric(float64(len(ring)), "vertices")
}
