package datum

import (
	"math"
	"math/cmplx"

	"github.com/paulmach/orb"
)

const degree = math.Pi / 180

// The ellipsoid of CGCS2000 (GB 22021), equal to GRS 80 in shape.
const (
	semiMajor  = 6378137.0
	flattening = 1 / 298.257222101
	ecc2       = flattening * (2 - flattening)
	n          = flattening / (2 - flattening) // third flattening
	n2         = n * n
	n3         = n2 * n
	n4         = n2 * n2
	n5         = n4 * n
	n6         = n3 * n3
)

// rectifying is the radius of the sphere whose meridian is as long as the
// ellipsoid's.
const rectifying = semiMajor / (1 + n) * (1 + n2/4 + n4/64 + n6/256)

// gaussKruger is the transverse Mercator projection on the meridian 114° E with
// scale 1, by Krüger's series to n⁶ (Karney 2011, doi:10.1007/s00190-011-0445-3,
// eqs. 7–35): exact to 5 nm within 35° of the meridian.
type gaussKruger struct{ falseEasting float64 }

const (
	centralMeridian = 114.0
	halfWidth       = 35.0 // degrees of longitude within which the series is used
)

func (g gaussKruger) fromLL(ll orb.Point) orb.Point {
	lon := math.Remainder(ll[0]-centralMeridian, 360)
	if !(math.Abs(lon) <= halfWidth) {
		return nowhere()
	}
	sinLon, cosLon := math.Sincos(lon * degree)
	t := conformalTan(math.Tan(ll[1] * degree))
	z := complex(math.Atan2(t, cosLon), math.Asinh(sinLon/math.Hypot(t, cosLon)))
	z += sines(z, toPlane())
	return orb.Point{g.falseEasting + rectifying*imag(z), rectifying * real(z)}
}

func (g gaussKruger) toLL(p orb.Point) orb.Point {
	z := complex(p[1]/rectifying, (p[0]-g.falseEasting)/rectifying)
	if !(math.Abs(real(z)) <= math.Pi/2+1e-12 && math.Abs(imag(z)) <= 1) {
		return nowhere()
	}
	z -= sines(z, fromPlane())
	sinXi, cosXi := math.Sincos(real(z))
	sinhEta := math.Sinh(imag(z))
	lon := math.Atan2(sinhEta, cosXi) / degree
	if !(math.Abs(lon) <= halfWidth+1e-9) {
		return nowhere()
	}
	t := geographicTan(sinXi / math.Hypot(sinhEta, cosXi))
	return orb.Point{centralMeridian + lon, math.Atan(t) / degree}
}

// toPlane are Krüger's α₁…α₆.
func toPlane() [6]float64 {
	return [6]float64{
		n/2 - n2*2/3 + n3*5/16 + n4*41/180 - n5*127/288 + n6*7891/37800,
		n2*13/48 - n3*3/5 + n4*557/1440 + n5*281/630 - n6*1983433/1935360,
		n3*61/240 - n4*103/140 + n5*15061/26880 + n6*167603/181440,
		n4*49561/161280 - n5*179/168 + n6*6601661/7257600,
		n5*34729/80640 - n6*3418889/1995840,
		n6 * 212378941 / 319334400,
	}
}

// fromPlane are Krüger's β₁…β₆.
func fromPlane() [6]float64 {
	return [6]float64{
		n/2 - n2*2/3 + n3*37/96 - n4/360 - n5*81/512 + n6*96199/604800,
		n2/48 + n3/15 - n4*437/1440 + n5*46/105 - n6*1118711/3870720,
		n3*17/480 - n4*37/840 - n5*209/4480 + n6*5569/90720,
		n4*4397/161280 - n5*11/504 - n6*830251/7257600,
		n5*4583/161280 - n6*108847/3991680,
		n6 * 20648693 / 638668800,
	}
}

// sines is Σ cⱼ·sin 2jz, by Clenshaw's recurrence.
func sines(z complex128, c [6]float64) complex128 {
	twice := 2 * cmplx.Cos(2*z)
	var b, last complex128
	for j := len(c) - 1; j >= 0; j-- {
		b, last = twice*b-last+complex(c[j], 0), b
	}
	return b * cmplx.Sin(2*z)
}

// conformalTan is the tangent of the conformal latitude, from the geographic
// latitude's.
func conformalTan(t float64) float64 {
	e := math.Sqrt(ecc2)
	s := math.Sinh(e * math.Atanh(e*t/math.Hypot(1, t)))
	return t*math.Hypot(1, s) - s*math.Hypot(1, t)
}

// geographicTan undoes conformalTan by Newton's method; two steps reach the
// precision of a float64, a third makes sure.
func geographicTan(conformal float64) float64 {
	t := conformal / (1 - ecc2)
	for range 3 {
		c := conformalTan(t)
		t += (conformal - c) / math.Hypot(1, c) * (1 + (1-ecc2)*t*t) / ((1 - ecc2) * math.Hypot(1, t))
	}
	return t
}

// mercatorFromLL is EPSG:3857: spherical formulas with WGS 84's semi-major axis
// (EPSG method 1024). The poles are infinitely far away and so have no image.
func mercatorFromLL(ll orb.Point) orb.Point {
	if !(math.Abs(ll[1]) < 90) {
		return nowhere()
	}
	return orb.Point{semiMajor * ll[0] * degree, semiMajor * math.Asinh(math.Tan(ll[1]*degree))}
}

func mercatorToLL(p orb.Point) orb.Point {
	const edge = 180 * (1 + 1e-15) // the rounding of a full half turn
	lon := p[0] / semiMajor / degree
	if !(math.Abs(lon) <= edge) {
		return nowhere()
	}
	return orb.Point{min(max(lon, -180), 180), math.Atan(math.Sinh(p[1]/semiMajor)) / degree}
}
