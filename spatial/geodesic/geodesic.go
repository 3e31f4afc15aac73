// Package geodesic measures metres and square metres on the earth.
//
// Every distance, length and area is taken on the ellipsoid, along geodesics;
// none is taken on a sphere or in a map projection. The package knows
// coordinates and geometries only: no layers, no features, no indexes.
//
// Coordinates are [github.com/paulmach/orb] values in degrees, longitude before
// latitude. The ellipsoid is WGS 84 (a = 6378137 m, 1/f = 298.257223563). The
// ellipsoid of CGCS2000 (GRS 80, 1/f = 298.257222101) has the same a and an f
// that is larger by 1.6e-11: its pole is 0.1 mm nearer to the centre, so one
// package serves both EPSG:4326 and EPSG:4490.
//
// Invariant: [Distance] is symmetric and within 1 mm of the true geodesic, and
// [LowerBound] never exceeds it. A NaN coordinate gives NaN, not a panic.
package geodesic

import (
	"math"

	"github.com/paulmach/orb"
	karney "github.com/tidwall/geodesic"
)

// Meters is a length on the ellipsoid.
type Meters float64

// SquareMeters is an area on the ellipsoid.
type SquareMeters float64

// The ellipsoid WGS 84 (NGA.STND.0036, 2014, table 3.1).
const (
	semiMajor   = 6378137.0
	flattening  = 1 / 298.257223563
	semiMinor   = semiMajor * (1 - flattening)
	ecc2        = flattening * (2 - flattening) // e², first eccentricity squared
	secondEcc2  = ecc2 / (1 - ecc2)             // e'², second eccentricity squared
	leastRadius = semiMajor * (1 - ecc2)        // least radius of curvature: the meridian's at the equator
	degree      = math.Pi / 180
)

// localRange is the longest chord for which Distance uses its own series.
const localRange = 200_000.0

// Distance is the length of the geodesic from a to b.
//
// The error is under 0.03 mm up to 200 km (own series, see below) and under
// 0.001 mm beyond (Karney 2013, doi:10.1007/s00190-012-0578-z). It is symmetric,
// and longitudes may be on either side of ±180. Cost: about 60 ns up to 200 km,
// 1 µs beyond.
//
// The series: let c be the straight chord through the earth and κ the curvature
// of the geodesic at its midpoint. A plane curve of constant curvature has
// s = (2/κ)·asin(κc/2). By Euler's and Meusnier's theorems κ = (1 + e'²·t²)/N,
// where t is the polar component of the direction, and N = a/W the radius of the
// prime vertical, W² = 1 − e²sin²φ. With σ = κs two things are neglected:
//
//   - κ is not constant: on a quadric κ is proportional to W³ along a geodesic
//     (Joachimsthal), so |κ″| ≤ 3e²κ³, which moves the chord by
//     κκ″s⁵/480 ≤ s·e²σ⁴/160; torsion and κ′ enter with e⁴;
//   - W at the midpoint is taken as the mean of both ends, which moves κ by at
//     most κ·e²σ²/8 and s by s·e²σ⁴/96.
//
// Together at most s·e²σ⁴/60, that is 0.022 mm at 200 km, at any latitude, poles
// included. Rounding adds under 5e-9 m.
func Distance(a, b orb.Point) Meters {
	sinA, cosA := math.Sincos(a[1] * degree)
	sinB, cosB := math.Sincos(b[1] * degree)
	wA, wB := math.Sqrt(1-ecc2*sinA*sinA), math.Sqrt(1-ecc2*sinB*sinB)
	nA, nB := semiMajor/wA, semiMajor/wB
	rA, rB := nA*cosA, nB*cosB // distances from the axis
	half := math.Sin((b[0] - a[0]) * (degree / 2))
	dr, dz := rB-rA, (1-ecc2)*(nB*sinB-nA*sinA)

	chord2 := dr*dr + 4*rA*rB*half*half + dz*dz
	if !(chord2 <= localRange*localRange) {
		return farDistance(a, b)
	}
	if chord2 == 0 {
		return 0
	}
	curvature := (wA + wB) / (2 * semiMajor) * (1 + secondEcc2*dz*dz/chord2)
	x2 := curvature * curvature * chord2 / 4
	// asin(x)/x; the next term, 5x⁶/112, is below 2e-13 at 200 km.
	return Meters(math.Sqrt(chord2) * (1 + x2*(1./6+x2*(3./40))))
}

func farDistance(a, b orb.Point) Meters {
	if !finite(a) || !finite(b) {
		return Meters(math.NaN())
	}
	var s float64
	karney.WGS84.Inverse(a[1], a[0], b[1], b[0], &s, nil, nil)
	return Meters(s)
}

func finite(p orb.Point) bool {
	return math.Abs(p[0])+math.Abs(p[1]) <= math.MaxFloat64
}

// Destination is the point reached from p after d metres along the geodesic that
// starts at azimuth degrees clockwise from north. Its longitude is in [-180, 180].
func Destination(p orb.Point, azimuth float64, d Meters) orb.Point {
	var lat, lon float64
	karney.WGS84.Direct(p[1], p[0], azimuth, float64(d), &lat, &lon, nil)
	return orb.Point{lon, lat}
}
