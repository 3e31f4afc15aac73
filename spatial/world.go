package spatial

import (
	"math"

	"github.com/paulmach/orb"
)

// World is a position in the Web Mercator square, x to the east and y to the
// south from its north-west corner less 2³¹, in steps of 2⁻³² of its side.
// One step is one unit of a 4096-unit tile at zoom 20, 9.3 mm at the equator.
type World [2]int32

// maxLatitude is where the Mercator square ends.
const maxLatitude = 85.05112877980659

// WorldOf projects a position in degrees (lon, lat) to the nearest step;
// latitudes beyond the square are clamped to its edge.
func WorldOf(p orb.Point) World {
	lat := min(max(p[1], -maxLatitude), maxLatitude)
	x := p[0]/360 + 0.5
	y := 0.5 - math.Asinh(math.Tan(lat*math.Pi/180))/(2*math.Pi)
	return World{worldStep(x), worldStep(y)}
}

func worldStep(fraction float64) int32 {
	step := math.Round(fraction*(1<<32)) - (1 << 31)
	return int32(min(max(step, math.MinInt32), math.MaxInt32))
}

// LL is the position in degrees (lon, lat).
func (w World) LL() orb.Point {
	x := (float64(w[0]) + (1 << 31)) / (1 << 32)
	y := (float64(w[1]) + (1 << 31)) / (1 << 32)
	return orb.Point{(x - 0.5) * 360, math.Atan(math.Sinh((0.5-y)*2*math.Pi)) * 180 / math.Pi}
}
