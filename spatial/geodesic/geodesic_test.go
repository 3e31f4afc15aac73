package geodesic

import (
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"
	karney "github.com/tidwall/geodesic"
	"pgregory.net/rapid"
)

// dms is an angle of degrees, minutes and seconds.
func dms(d, m, s float64) float64 { return d + m/60 + s/3600 }

func exact(a, b orb.Point) Meters {
	var s float64
	karney.WGS84.Inverse(a[1], a[0], b[1], b[0], &s, nil, nil)
	return Meters(s)
}

func drawPoint(t *rapid.T, name string) orb.Point {
	return orb.Point{
		rapid.Float64Range(-180, 180).Draw(t, name+" lon"),
		rapid.Float64Range(-90, 90).Draw(t, name+" lat"),
	}
}

// drawNear draws a point at most reach metres from p, on all scales alike.
func drawNear(t *rapid.T, name string, p orb.Point, reach float64) orb.Point {
	d := reach * math.Exp(-rapid.Float64Range(0, 16).Draw(t, name+" scale"))
	return Destination(p, rapid.Float64Range(0, 360).Draw(t, name+" azimuth"), Meters(d))
}

func TestDistancePublished(t *testing.T) {
	tests := []struct {
		name      string
		a, b      orb.Point
		want      Meters
		tolerance Meters
	}{
		{"JFK to LHR, GeographicLib manual", orb.Point{-73.8, 40.6}, orb.Point{-0.5, 51.6}, 5551759.400, 1e-3},
		{"nearly antipodal, GeographicLib manual", orb.Point{0, 0}, orb.Point{179.5, 0.5}, 19936288.579, 1e-3},
		// The line is published for GRS 80.
		{"Flinders Peak to Buninyong, GDA94 technical manual",
			orb.Point{dms(144, 25, 29.52440), -dms(37, 57, 3.72030)},
			orb.Point{dms(143, 55, 35.38390), -dms(37, 39, 10.15610)}, 54972.271, 1e-3},
		{"quarter of a meridian", orb.Point{10, 0}, orb.Point{10, 90}, 10001965.7293, 1e-4},
		{"one degree of the equator", orb.Point{179.5, 0}, orb.Point{-179.5, 0}, semiMajor * degree, 1e-4},
		{"the same point", orb.Point{114, 22}, orb.Point{114, 22}, 0, 0},
		{"the same point under another longitude", orb.Point{-180, 22}, orb.Point{180, 22}, 0, 1e-8},
		{"over the pole", orb.Point{0, 89.9}, orb.Point{180, 89.9}, 22338.7949, 1e-3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Distance(test.a, test.b); math.Abs(float64(got-test.want)) > float64(test.tolerance) {
				t.Errorf("Distance = %.6f, want %.6f", got, test.want)
			}
		})
	}
}

func TestDistanceAgainstKarney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawPoint(t, "a")
		b := drawNear(t, "b", a, 1.1*localRange)
		got, want := Distance(a, b), exact(a, b)
		if math.Abs(float64(got-want)) > 0.00003 {
			t.Fatalf("Distance(%v, %v) = %.9f, Karney %.9f", a, b, got, want)
		}
		if back := Distance(b, a); math.Abs(float64(back-got)) > 1e-8 {
			t.Fatalf("not symmetric: %.12f, %.12f", got, back)
		}
	})
}

// TestDistanceBound holds the error to the bound that is derived at Distance,
// s·e²σ⁴/60, on a sweep of latitudes, azimuths and lengths.
func TestDistanceBound(t *testing.T) {
	for lat := -90.0; lat <= 90; lat += 2.5 {
		for azimuth := 0.0; azimuth < 360; azimuth += 7.5 {
			for _, s := range []float64{1, 100, 10_000, 50_000, 100_000, 150_000, 199_900} {
				a := orb.Point{114, lat}
				b := Destination(a, azimuth, Meters(s))
				bound := s*ecc2*math.Pow(s/leastRadius, 4)/60 + 2e-8
				if off := math.Abs(float64(Distance(a, b)) - s); off > bound {
					t.Errorf("lat %g azimuth %g: %g m off by %g, bound %g", lat, azimuth, s, off, bound)
				}
			}
		}
	}
}

func TestDistanceNotFinite(t *testing.T) {
	for _, bad := range []orb.Point{{math.NaN(), 1}, {1, math.NaN()}, {math.Inf(1), 1}, {1, math.Inf(-1)}} {
		if d := Distance(bad, orb.Point{1, 1}); !math.IsNaN(float64(d)) {
			t.Errorf("Distance(%v) = %v", bad, d)
		}
		if d, _ := DistanceTo(bad, orb.LineString{{1, 1}, {2, 2}}); !math.IsNaN(float64(d)) {
			t.Errorf("DistanceTo(%v) = %v", bad, d)
		}
		if d, at := DistanceTo(orb.Point{1, 2}, orb.LineString{{1, 1}, bad}); !math.IsInf(float64(d), 1) {
			t.Errorf("DistanceTo an edge to %v = %v at %v", bad, d, at)
		}
	}
}

func TestDestination(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoint(t, "p")
		d := Meters(rapid.Float64Range(0, 1e6).Draw(t, "d"))
		q := Destination(p, rapid.Float64Range(-360, 360).Draw(t, "azimuth"), d)
		if got := Distance(p, q); math.Abs(float64(got-d)) > 1e-4 {
			t.Fatalf("went %v, Distance says %v", d, got)
		}
	})
}

func ExampleDistance() {
	station := orb.Point{114.1447, 22.5565}
	shelter := orb.Point{114.1249, 22.5728}
	fmt.Printf("%.3f m\n", Distance(station, shelter))
	// Output: 2721.221 m
}

func ExampleDistanceTo() {
	park := orb.Polygon{{{114.14, 22.56}, {114.15, 22.56}, {114.15, 22.57}, {114.14, 22.57}, {114.14, 22.56}}}
	d, at := DistanceTo(orb.Point{114.135, 22.565}, park)
	fmt.Printf("%.2f m to %.6f, %.6f\n", d, at.Lon(), at.Lat())
	// Output: 514.24 m to 114.140000, 22.565000
}

func BenchmarkDistance(b *testing.B) {
	p, q := orb.Point{114.1447, 22.5565}, orb.Point{114.1249, 22.5728}
	b.Run("local", func(b *testing.B) {
		for b.Loop() {
			Distance(p, q)
		}
	})
	b.Run("karney", func(b *testing.B) {
		for b.Loop() {
			exact(p, q)
		}
	})
	far := orb.Point{116.39, 39.91}
	b.Run("far", func(b *testing.B) {
		for b.Loop() {
			Distance(p, far)
		}
	})
}
