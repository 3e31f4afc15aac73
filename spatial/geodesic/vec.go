package geodesic

import (
	"math"

	"github.com/paulmach/orb"
)

// vec is a vector in the earth-centred, earth-fixed frame, in metres.
type vec struct{ x, y, z float64 }

func (a vec) sub(b vec) vec              { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) dot(b vec) float64          { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) along(d vec, t float64) vec { return vec{a.x + t*d.x, a.y + t*d.y, a.z + t*d.z} }
func (a vec) length() float64            { return math.Sqrt(a.dot(a)) }

// toVec is the position of a point of the ellipsoid.
func toVec(ll orb.Point) vec {
	sinLat, cosLat := math.Sincos(ll[1] * degree)
	sinLon, cosLon := math.Sincos(ll[0] * degree)
	n := semiMajor / math.Sqrt(1-ecc2*sinLat*sinLat)
	return vec{n * cosLat * cosLon, n * cosLat * sinLon, n * (1 - ecc2) * sinLat}
}

// toLL drops v onto the ellipsoid along its normal (Bowring 1976, one step:
// better than 1e-12 rad within 10 km of the surface).
func toLL(v vec) orb.Point {
	r := math.Hypot(v.x, v.y)
	reduced := math.Atan2(v.z*semiMajor, r*semiMinor)
	s, c := math.Sincos(reduced)
	lat := math.Atan2(v.z+secondEcc2*semiMinor*s*s*s, r-ecc2*semiMajor*c*c*c)
	return orb.Point{math.Atan2(v.y, v.x) / degree, lat / degree}
}

// up is the outward unit normal of the ellipsoid at ll.
func up(ll orb.Point) vec {
	sinLat, cosLat := math.Sincos(ll[1] * degree)
	sinLon, cosLon := math.Sincos(ll[0] * degree)
	return vec{cosLat * cosLon, cosLat * sinLon, sinLat}
}
