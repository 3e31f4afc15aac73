package geodesic

import (
	"math"

	"github.com/paulmach/orb"
)

// Space is a position in space: metres from the centre of the earth, earth-centred
// and earth-fixed. An index that sorts positions by the straight line through the
// earth has none of the distortions of a plane: see [Longest].
type Space [3]float64

// InSpace is where a position in degrees (lon, lat) stands on the ellipsoid. Cost:
// about 40 ns.
func InSpace(p orb.Point) Space {
	v := toVec(p)
	return Space{v.x, v.y, v.z}
}

// Chord2 is the square of the straight line between two positions, in square
// metres. [Distance] is never shorter than the line.
func (a Space) Chord2(b Space) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return x*x + y*y + z*z
}

// Longest is a length that [Distance] does not exceed between positions a straight
// line apart; it may be infinite beyond 12,000 km.
//
// Proof. A geodesic's curvature is that of a normal section, nowhere greater than
// 1/R with R the least radius of curvature. An arc of a circle of that curvature
// and the same length has no longer a chord (Schur's theorem), so the geodesic is
// no longer than the arc over its own chord: 2R·asin(c/2R). A millimetre covers the
// error of Distance.
func Longest(chord float64) Meters {
	half := chord / (2 * leastRadius)
	if !(half < 0.95) {
		return Meters(math.Inf(1))
	}
	return Meters(2*leastRadius*math.Asin(half) + 0.001)
}
