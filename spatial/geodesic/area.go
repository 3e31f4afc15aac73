package geodesic

import (
	"math"

	"github.com/paulmach/orb"
	karney "github.com/tidwall/geodesic"
)

// Area is the area of g on the ellipsoid. Edges are geodesics, holes are
// subtracted, the winding of rings does not matter and an open ring is closed.
// The parts of multi-geometries and collections are added, overlapping or not.
// A Bound is bordered by its meridians and parallels. Points and lines have
// none.
//
// Rings of edges under 2 km, below 60° of latitude, take 60 ns a vertex and are
// off by less than 1e-9 of their area or 1e-6 m², whichever is more; others are
// Karney's, 1 µs a vertex, off by up to 0.1 m² a vertex.
func Area(g orb.Geometry) SquareMeters {
	switch g := g.(type) {
	case orb.Ring:
		return SquareMeters(ringArea(g))
	case orb.Polygon:
		return polygonArea(g)
	case orb.MultiPolygon:
		return sum(g, polygonArea)
	case orb.Collection:
		return sum(g, Area)
	case orb.Bound:
		return boundArea(g)
	}
	return 0
}

// Length is the length of lines and the perimeter of areas, holes included,
// along geodesics; a Bound's along its meridians and parallels. Points have
// none. The error is [Distance]'s for each edge.
func Length(g orb.Geometry) Meters {
	switch g := g.(type) {
	case orb.LineString:
		return lineLength(g)
	case orb.MultiLineString:
		return sum(g, lineLength)
	case orb.Ring:
		return perimeter(g)
	case orb.Polygon:
		return sum(g, perimeter)
	case orb.MultiPolygon:
		return sum(g, func(p orb.Polygon) Meters { return sum(p, perimeter) })
	case orb.Collection:
		return sum(g, Length)
	case orb.Bound:
		return boundLength(g)
	}
	return 0
}

func sum[G any, Q ~float64](parts []G, measure func(G) Q) Q {
	var total Q
	for _, part := range parts {
		total += measure(part)
	}
	return total
}

func lineLength(line orb.LineString) Meters {
	var total Meters
	for i := 1; i < len(line); i++ {
		total += Distance(line[i-1], line[i])
	}
	return total
}

func perimeter(ring orb.Ring) Meters {
	if len(ring) == 0 {
		return 0
	}
	return lineLength(orb.LineString(ring)) + Distance(ring[len(ring)-1], ring[0])
}

func polygonArea(p orb.Polygon) SquareMeters {
	if len(p) == 0 {
		return 0
	}
	area := ringArea(p[0])
	for _, hole := range p[1:] {
		area -= ringArea(hole)
	}
	return SquareMeters(area)
}

func ringArea(ring orb.Ring) float64 {
	if len(ring) < 3 {
		return 0
	}
	if area, ok := shortRingArea(ring); ok {
		return math.Abs(area)
	}
	return farRingArea(ring)
}

// What a ring must keep to for shortRingArea.
const (
	shortEdge   = 2000.0 // metres
	shortMaxLat = 60.0   // degrees
)

// shortRingArea is the signed area, ∮ Q dλ, where Q(φ) is the area between the
// equator and latitude φ for each radian of longitude.
//
// Along an edge Q is a function of λ with Q' = r²·cot α and
// Q″ = −r²·sin φ·(1 + 2cos²α)/sin²α (Clairaut; r = N cos φ, α the azimuth), so
// the trapezoid's error −Δλ³Q″/12 becomes Δλ·sin φ·(x² + 3y²)/12, with x and y
// the edge's extent in metres east and north: the area between the geodesic and
// the trapezoid's upper side. What is left is of the order of that term times
// (s·tan φ/R)², under 1e-4 m² for an edge of 2 km at 60°.
func shortRingArea(ring orb.Ring) (float64, bool) {
	var area float64
	last := ring[len(ring)-1]
	base := belowLatitude(last[1])
	qLast := 0.0
	for _, v := range ring {
		q := belowLatitude(v[1]) - base
		dLon, dLat := (v[0]-last[0])*degree, (v[1]-last[1])*degree
		sinLat, cosLat := math.Sincos((v[1] + last[1]) * (degree / 2))
		w2 := 1 - ecc2*sinLat*sinLat
		n := semiMajor / math.Sqrt(w2)
		x, y := n*cosLat*dLon, n*(1-ecc2)/w2*dLat
		if !(x*x+y*y <= shortEdge*shortEdge && math.Abs(v[1]) <= shortMaxLat) {
			return 0, false
		}
		area += dLon * ((q+qLast)/2 + sinLat*(x*x+3*y*y)/12)
		last, qLast = v, q
	}
	return area, true
}

// belowLatitude is the area between the equator and a latitude for each radian
// of longitude, in square metres: negative in the south.
func belowLatitude(lat float64) float64 {
	const e = 0.081819190842621494335
	s := math.Sin(lat * degree)
	return semiMinor * semiMinor / 2 * (s/(1-ecc2*s*s) + math.Atanh(e*s)/e)
}

func farRingArea(ring orb.Ring) float64 {
	polygon := karney.WGS84.PolygonInit(false)
	for _, v := range ring {
		if !finite(v) {
			return math.NaN()
		}
		polygon.AddPoint(v[1], v[0])
	}
	var area float64
	polygon.Compute(false, true, &area, nil)
	return math.Abs(area)
}

func boundArea(b orb.Bound) SquareMeters {
	height := belowLatitude(b.Max[1]) - belowLatitude(b.Min[1])
	return SquareMeters(height * (b.Max[0] - b.Min[0]) * degree)
}

func boundLength(b orb.Bound) Meters {
	west := Distance(b.Min, orb.Point{b.Min[0], b.Max[1]})
	width := (b.Max[0] - b.Min[0]) * degree
	south, _ := fromAxis(b.Min[1])
	north, _ := fromAxis(b.Max[1])
	return 2*west + Meters(width*(south+north))
}

// fromAxis is a latitude's distance from the earth's axis and height over the
// plane of the equator, in metres.
func fromAxis(lat float64) (r, z float64) {
	s, c := math.Sincos(lat * degree)
	n := semiMajor / math.Sqrt(1-ecc2*s*s)
	return n * c, n * (1 - ecc2) * s
}
