package luohu

import (
	"math"

	"github.com/paulmach/orb"
)

// The working plane: metres east and north of a point in the middle of the
// district. Over ±9 km its scale errs by less than 1 in 3,000.
const (
	perDegree = 1e9 // lattice steps in a degree
	originLon = 114.138
	originLat = 22.574
	lonMetres = 102844.0 // of a degree of longitude at the origin's latitude
	latMetres = 110738.0
)

// vec is a position or direction in metres of the working plane.
type vec struct{ X, Y float64 }

func (a vec) add(b vec) vec             { return vec{a.X + b.X, a.Y + b.Y} }
func (a vec) sub(b vec) vec             { return vec{a.X - b.X, a.Y - b.Y} }
func (a vec) mul(s float64) vec         { return vec{a.X * s, a.Y * s} }
func (a vec) dot(b vec) float64         { return a.X*b.X + a.Y*b.Y }
func (a vec) cross(b vec) float64       { return a.X*b.Y - a.Y*b.X }
func (a vec) len() float64              { return math.Sqrt(a.dot(a)) }
func (a vec) left() vec                 { return vec{-a.Y, a.X} }
func (a vec) lerp(b vec, t float64) vec { return a.add(b.sub(a).mul(t)) }

func (a vec) unit() vec {
	if l := a.len(); l > 0 {
		return a.mul(1 / l)
	}
	return vec{1, 0}
}

// direction is the unit vector at an angle in radians from east.
func direction(angle float64) vec { return vec{math.Cos(angle), math.Sin(angle)} }

// site is a position on the lattice: 1e-9 degrees of longitude and latitude.
type site struct{ X, Y int64 }

func (s site) point() orb.Point {
	return orb.Point{float64(s.X) / perDegree, float64(s.Y) / perDegree}
}

func (s site) vec() vec {
	p := s.point()
	return vec{(p[0] - originLon) * lonMetres, (p[1] - originLat) * latMetres}
}

// site is the lattice position nearest to v.
func (a vec) site() site {
	return site{int64(math.Round((a.X/lonMetres + originLon) * perDegree)), int64(math.Round((a.Y/latMetres + originLat) * perDegree))}
}

func vecOf(lon, lat float64) vec {
	return vec{(lon - originLon) * lonMetres, (lat - originLat) * latMetres}
}

// turn is positive when c lies left of the line from a to b, 0 on it; exact
// for sites within two degrees of each other.
func turn(a, b, c site) int64 {
	return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X)
}

// area is the signed area of a ring in m², positive if counter-clockwise.
func area(ring []vec) float64 {
	sum := 0.0
	for i, a := range ring {
		sum += a.cross(ring[(i+1)%len(ring)])
	}
	return sum / 2
}

func perimeter(ring []vec) float64 {
	sum := 0.0
	for i, a := range ring {
		sum += ring[(i+1)%len(ring)].sub(a).len()
	}
	return sum
}

// compactness is 1 for a circle, 0.785 for a square, less for slivers.
func compactness(ring []vec) float64 {
	p := perimeter(ring)
	return 4 * math.Pi * math.Abs(area(ring)) / (p * p)
}

func centroid(ring []vec) vec {
	var c vec
	sum := 0.0
	o := ring[0]
	for i := range ring {
		a, b := ring[i].sub(o), ring[(i+1)%len(ring)].sub(o)
		w := a.cross(b)
		c = c.add(a.add(b).mul(w))
		sum += w
	}
	if sum == 0 {
		return o
	}
	return o.add(c.mul(1 / (3 * sum)))
}

// inside reports whether p lies in the ring, by crossing parity.
func inside(ring []vec, p vec) bool {
	in := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if (a.Y > p.Y) != (b.Y > p.Y) && p.X < a.X+(p.Y-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
			in = !in
		}
	}
	return in
}

// toSegment is the distance from p to the segment ab.
func toSegment(p, a, b vec) float64 {
	d := b.sub(a)
	t := 0.0
	if l := d.dot(d); l > 0 {
		t = min(1, max(0, p.sub(a).dot(d)/l))
	}
	return p.sub(a.add(d.mul(t))).len()
}

// toRing is the distance from p to the boundary of a ring.
func toRing(p vec, ring []vec) float64 {
	least := math.Inf(1)
	for i, a := range ring {
		least = min(least, toSegment(p, a, ring[(i+1)%len(ring)]))
	}
	return least
}

// meet is the position along ab and along cd, each from 0 to 1, where the two
// segments' lines cross.
func meet(a, b, c, d vec) (s, t float64, ok bool) {
	r, q := b.sub(a), d.sub(c)
	det := r.cross(q)
	if math.Abs(det) < 1e-9 {
		return 0, 0, false
	}
	s = c.sub(a).cross(q) / det
	t = c.sub(a).cross(r) / det
	return s, t, true
}

// crosses reports whether two segments share a point, their ends included.
func crosses(a, b, c, d vec) bool {
	s, t, ok := meet(a, b, c, d)
	return ok && s >= 0 && s <= 1 && t >= 0 && t <= 1
}

// bounds is the box of some positions.
func bounds(ps []vec) (lo, hi vec) {
	lo, hi = vec{math.Inf(1), math.Inf(1)}, vec{math.Inf(-1), math.Inf(-1)}
	for _, p := range ps {
		lo = vec{min(lo.X, p.X), min(lo.Y, p.Y)}
		hi = vec{max(hi.X, p.X), max(hi.Y, p.Y)}
	}
	return lo, hi
}

// extent is the size of a ring in a frame turned by an angle, and its middle.
func extent(ring []vec, along vec) (w, h float64, mid vec) {
	across := along.left()
	lo, hi := vec{math.Inf(1), math.Inf(1)}, vec{math.Inf(-1), math.Inf(-1)}
	for _, p := range ring {
		q := vec{p.dot(along), p.dot(across)}
		lo = vec{min(lo.X, q.X), min(lo.Y, q.Y)}
		hi = vec{max(hi.X, q.X), max(hi.Y, q.Y)}
	}
	c := lo.add(hi).mul(0.5)
	return hi.X - lo.X, hi.Y - lo.Y, along.mul(c.X).add(across.mul(c.Y))
}

// grain is the direction that most of a ring's boundary follows or crosses at
// right angles, an angle in (-π/4, π/4].
func grain(ring []vec) float64 {
	var s, c float64
	for i, a := range ring {
		d := ring[(i+1)%len(ring)].sub(a)
		angle := 4 * math.Atan2(d.Y, d.X)
		s += d.len() * math.Sin(angle)
		c += d.len() * math.Cos(angle)
	}
	return math.Atan2(s, c) / 4
}

// bearing is the turn at b on the way from a to c, in (-π, π], left positive.
func bearing(a, b, c vec) float64 {
	p, q := b.sub(a), c.sub(b)
	return math.Atan2(p.cross(q), p.dot(q))
}
