package datum

import (
	"math"

	"github.com/paulmach/orb"
)

// GCJ-02 is WGS 84 moved by a few hundred metres that vary from place to place.
// The formula was never published officially; this is the one in general use
// since 2010, on the ellipsoid of Krasovsky. It
// shifts nothing outside a box around China.

// The box, in degrees, within which GCJ-02 differs from WGS 84.
const (
	chinaWest, chinaEast   = 72.004, 137.8347
	chinaSouth, chinaNorth = 0.8293, 55.8271
)

func inChina(ll orb.Point) bool {
	return chinaWest <= ll[0] && ll[0] <= chinaEast && chinaSouth <= ll[1] && ll[1] <= chinaNorth
}

func llToGCJ(ll orb.Point) orb.Point {
	if !inChina(ll) {
		return ll
	}
	return gcjShifted(ll)
}

// gcjToLL iterates. In a strip of some hundred metres along the box, where
// shifted and unshifted points meet, a point without original stays where it is.
func gcjToLL(gcj orb.Point) orb.Point {
	if !inChina(gcj) {
		return gcj
	}
	if ll := solve(gcjShifted, gcj); inChina(ll) {
		return ll
	}
	return gcj
}

// gcjShifted is GCJ-02 without regard to the box.
func gcjShifted(ll orb.Point) orb.Point {
	const (
		radius = 6378245.0 // Krasovsky 1940
		ecc2   = 0.00669342162296594323
	)
	east, north := gcjOffset(ll[0]-105, ll[1]-35)
	s, c := math.Sincos(ll[1] * degree)
	w2 := 1 - ecc2*s*s
	w := math.Sqrt(w2)
	return orb.Point{
		ll[0] + east/(radius/w*c)/degree,
		ll[1] + north/(radius*(1-ecc2)/(w2*w))/degree,
	}
}

// gcjOffset is the shift in metres, with x and y in degrees from 105 E, 35 N.
func gcjOffset(x, y float64) (east, north float64) {
	root := math.Sqrt(math.Abs(x))
	ripple := 20*wave(6*x) + 20*wave(2*x)
	east = 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root +
		(ripple+20*wave(x)+40*wave(x/3)+150*wave(x/12)+300*wave(x/30))*2/3
	north = -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root +
		(ripple+20*wave(y)+40*wave(y/3)+160*wave(y/12)+320*wave(y/30))*2/3
	return east, north
}

// wave is the sine of a number of half turns.
func wave(halfTurns float64) float64 { return math.Sin(halfTurns * math.Pi) }

// BD-09 is GCJ-02 turned and stretched by a few metres about the origin of
// coordinates, and moved by 0.0065°, 0.006°.
const (
	bdEast, bdNorth = 0.0065, 0.006
	bdRipple        = math.Pi * 3000 / 180
)

func gcjToBD(gcj orb.Point) orb.Point {
	if !inChina(gcj) {
		return gcj
	}
	return bdShifted(gcj)
}

func bdToGCJ(bd orb.Point) orb.Point {
	if !inChina(bd) {
		return bd
	}
	if gcj := solve(bdShifted, bd); inChina(gcj) {
		return gcj
	}
	return bd
}

// bdShifted is BD-09 without regard to the box.
func bdShifted(gcj orb.Point) orb.Point {
	r := math.Hypot(gcj[0], gcj[1]) + 0.00002*math.Sin(gcj[1]*bdRipple)
	s, c := math.Sincos(math.Atan2(gcj[1], gcj[0]) + 0.000003*math.Cos(gcj[0]*bdRipple))
	return orb.Point{r*c + bdEast, r*s + bdNorth}
}

// solve finds the point that shift moves to target. The shifts change by less
// than 2 % of the way, so every round gains two digits or more; it stops when
// the miss is below 1e-12 degrees, 0.1 µm.
func solve(shift func(orb.Point) orb.Point, target orb.Point) orb.Point {
	p := target
	for range 20 {
		got := shift(p)
		dx, dy := target[0]-got[0], target[1]-got[1]
		p[0], p[1] = p[0]+dx, p[1]+dy
		if math.Abs(dx)+math.Abs(dy) < 1e-12 {
			break
		}
	}
	return p
}
