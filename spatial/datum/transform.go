package datum

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// ToLL turns x, y of a system into longitude, latitude in degrees: NaN where the
// point is outside the system's domain. Axes are x before y, also where the
// register has them otherwise; the caller swaps ([CRS.AxisOrder]).
//
// Projections are exact to 1e-7 m, the inverse of GCJ-02 and BD-09 to 1e-10
// degrees of the published formulas. Cost: nothing for geographic systems, under
// 1 µs for the rest.
func ToLL(crs CRS, p orb.Point) orb.Point {
	switch crs {
	case CRS84, EPSG4326, EPSG4490:
		return onEarth(p)
	case EPSG4547:
		return gaussKruger{500_000}.toLL(p)
	case EPSG4526:
		return gaussKruger{38_500_000}.toLL(p)
	case EPSG3857:
		return mercatorToLL(p)
	case GCJ02:
		return gcjToLL(onEarth(p))
	case BD09:
		return gcjToLL(bdToGCJ(onEarth(p)))
	}
	return nowhere()
}

// FromLL turns longitude, latitude in degrees into x, y of a system: NaN where
// the point is outside its domain. See [ToLL] for axes and accuracy.
func FromLL(crs CRS, ll orb.Point) orb.Point {
	ll = onEarth(ll)
	switch crs {
	case CRS84, EPSG4326, EPSG4490:
		return ll
	case EPSG4547:
		return gaussKruger{500_000}.fromLL(ll)
	case EPSG4526:
		return gaussKruger{38_500_000}.fromLL(ll)
	case EPSG3857:
		return mercatorFromLL(ll)
	case GCJ02:
		return llToGCJ(ll)
	case BD09:
		return gcjToBD(llToGCJ(ll))
	}
	return nowhere()
}

// onEarth lets only points with a longitude in ±180 and a latitude in ±90 pass.
func onEarth(ll orb.Point) orb.Point {
	if math.Abs(ll[0]) <= 180 && math.Abs(ll[1]) <= 90 {
		return ll
	}
	return nowhere()
}

func nowhere() orb.Point { return orb.Point{math.NaN(), math.NaN()} }

// Transform gives g, whose coordinates are x, y of from, in coordinates of to. The
// result shares no memory with g. Vertices are transformed, edges are not made
// denser; a Bound becomes the bound of 20 points on each of its sides. A nil
// geometry stays nil. The error names the first point that is outside either
// system; the geometry is then nil.
func Transform(from, to CRS, g orb.Geometry) (orb.Geometry, error) {
	if g == nil {
		return nil, nil
	}
	if b, ok := g.(orb.Bound); ok {
		return transformBound(from, to, b)
	}
	t := transformation{from: from, to: to}
	out := orb.Clone(g)
	switch g := out.(type) {
	case orb.Point:
		out = t.point(g)
	case orb.MultiPoint:
		t.points(g)
	case orb.LineString:
		t.points(g)
	case orb.Ring:
		t.points(g)
	case orb.MultiLineString:
		for _, line := range g {
			t.points(line)
		}
	case orb.Polygon:
		t.polygon(g)
	case orb.MultiPolygon:
		for _, polygon := range g {
			t.polygon(polygon)
		}
	case orb.Collection:
		t.collection(g)
	default:
		return nil, fmt.Errorf("transform to %s: no geometry: %T", to, g)
	}
	if t.err != nil {
		return nil, t.err
	}
	return out, nil
}

// transformation works in place on its own copy and keeps the first error.
type transformation struct {
	from, to CRS
	err      error
}

func (t *transformation) point(p orb.Point) orb.Point {
	if t.err != nil {
		return p
	}
	ll := ToLL(t.from, p)
	if !finite(ll) {
		t.err = fmt.Errorf("transform to %s: point %v is outside %s", t.to, p, t.from)
		return p
	}
	if t.from == t.to {
		return p
	}
	q := FromLL(t.to, ll)
	if !finite(q) {
		t.err = fmt.Errorf("transform from %s: point %v is outside %s", t.from, p, t.to)
	}
	return q
}

func finite(p orb.Point) bool {
	return math.Abs(p[0])+math.Abs(p[1]) <= math.MaxFloat64
}

func (t *transformation) points(points []orb.Point) {
	for i, p := range points {
		points[i] = t.point(p)
	}
}

func (t *transformation) polygon(p orb.Polygon) {
	for _, ring := range p {
		t.points(ring)
	}
}

func (t *transformation) collection(c orb.Collection) {
	for i, part := range c {
		if t.err != nil {
			return
		}
		c[i], t.err = Transform(t.from, t.to, part)
	}
}

// transformBound follows the sides, since what is a parallel in one system is an
// arc in another that bulges beyond its ends.
func transformBound(from, to CRS, b orb.Bound) (orb.Geometry, error) {
	const steps = 20
	var outline orb.MultiPoint
	for i := range steps + 1 {
		f := float64(i) / steps
		x, y := b.Min[0]+f*(b.Max[0]-b.Min[0]), b.Min[1]+f*(b.Max[1]-b.Min[1])
		outline = append(outline, orb.Point{x, b.Min[1]}, orb.Point{x, b.Max[1]}, orb.Point{b.Min[0], y}, orb.Point{b.Max[0], y})
	}
	moved, err := Transform(from, to, outline)
	if err != nil {
		return nil, err
	}
	return moved.Bound(), nil
}
