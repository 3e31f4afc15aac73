package geodesic

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	karney "github.com/tidwall/geodesic"
)

// DistanceTo is the shortest distance from p to g and the position on g where it
// is reached. Edges are geodesics; a Bound is bordered by its meridians and
// parallels. Inside an area, holes excepted, it is 0 at p. Inside is decided in
// the plane of longitude and latitude, where an edge of length s lies up to
// s²·tan φ/8R from its geodesic: 8 mm for 1 km at 22.5°. An empty or nil geometry
// is infinitely far away, and its position then means nothing; edges with a NaN
// or infinite end are left out.
//
// The distance is within 1 mm, except to edges that are nearly half the earth
// long. The position is within 1 mm where the distance is under 1 km and the
// edge under 20 km; else it may be off, along the edge, by 1e-6 of the distance.
// Cost: some 100 ns a vertex, and 50 µs for each edge that is long or far away
// and not ruled out by nearer ones.
func DistanceTo(p orb.Point, g orb.Geometry) (Meters, orb.Point) {
	if !finite(p) {
		return Meters(math.NaN()), p
	}
	s := search{from: newVertex(p), best: Meters(math.Inf(1))}
	s.geometry(g)
	return s.best, s.at
}

// vertex is a point with its place in space.
type vertex struct {
	ll  orb.Point
	pos vec
}

func newVertex(ll orb.Point) vertex { return vertex{ll, toVec(ll)} }

// search holds the nearest position found so far.
type search struct {
	from vertex
	best Meters
	at   orb.Point
}

func (s *search) geometry(g orb.Geometry) {
	switch g := g.(type) {
	case orb.Point:
		s.offer(g)
	case orb.MultiPoint:
		s.points(g)
	case orb.LineString:
		s.line(g)
	case orb.MultiLineString:
		for _, line := range g {
			s.line(line)
		}
	case orb.Ring:
		s.polygon(orb.Polygon{g})
	case orb.Polygon:
		s.polygon(g)
	case orb.MultiPolygon:
		for _, polygon := range g {
			s.polygon(polygon)
		}
	case orb.Collection:
		for _, part := range g {
			s.geometry(part)
		}
	case orb.Bound:
		s.bound(g)
	}
}

// offer takes q if it is nearer than the best so far.
func (s *search) offer(q orb.Point) {
	if d := Distance(s.from.ll, q); d < s.best {
		s.best, s.at = d, q
	}
}

func (s *search) points(points []orb.Point) {
	for _, q := range points {
		s.offer(q)
	}
}

func (s *search) polygon(p orb.Polygon) {
	if len(p) == 0 || len(p[0]) == 0 {
		return
	}
	if planar.PolygonContains(p, s.from.ll) {
		s.best, s.at = 0, s.from.ll
		return
	}
	for _, ring := range p {
		s.line(orb.LineString(ring))
		if len(ring) > 0 && ring[0] != ring[len(ring)-1] {
			s.segment(newVertex(ring[len(ring)-1]), newVertex(ring[0]))
		}
	}
}

func (s *search) line(line orb.LineString) {
	if len(line) == 0 {
		return
	}
	last := newVertex(line[0])
	if len(line) == 1 {
		s.offer(last.ll)
	}
	for _, ll := range line[1:] {
		next := newVertex(ll)
		s.segment(last, next)
		last = next
	}
}

// bound uses that a point of the ellipsoid is nearer to another the less their
// longitudes differ, at any pair of latitudes: the nearest position is on p's
// own meridian or on the nearer of the two that border the box.
func (s *search) bound(b orb.Bound) {
	if b.IsEmpty() {
		return
	}
	p := s.from.ll
	if b.Min[0] <= p[0] && p[0] <= b.Max[0] {
		s.offer(orb.Point{p[0], min(max(p[1], b.Min[1]), b.Max[1])})
		return
	}
	for _, lon := range []float64{b.Min[0], b.Max[0]} {
		s.segment(newVertex(orb.Point{lon, b.Min[1]}), newVertex(orb.Point{lon, b.Max[1]}))
	}
}

// What segment keeps to for nearestOnShort; longer or farther is nearestOnLong's.
const (
	shortSegment = 20_000.0
	nearSegment  = localRange
)

// segment looks along the geodesic from a to b. It skips it when even the
// straight chord, less its greatest depth under the surface, is too far away:
// an arc over a chord of length c rises by at most c²/4R above it.
func (s *search) segment(a, b vertex) {
	chord := b.pos.sub(a.pos)
	length2 := chord.dot(chord)
	if length2 == 0 {
		s.offer(a.ll)
		return
	}
	t := clamp01(s.from.pos.sub(a.pos).dot(chord) / length2)
	gap := a.pos.along(chord, t).sub(s.from.pos).length()
	switch {
	case !(gap-length2/(4*leastRadius) < float64(s.best)):
	case length2 <= shortSegment*shortSegment && gap <= nearSegment:
		s.offer(s.nearestOnShort(a, b, chord, t))
	default:
		s.long(a, b)
	}
}

// nearestOnShort moves along the chord until the line of sight from the position
// above it stands square to the edge. The error left after each step is the one
// before times (distance/R)²/2; the first is below 1e-3 of the edge. The curve above
// the chord is off the geodesic by at most e²s³/64R², 0.02 mm at 20 km.
func (s *search) nearestOnShort(a, b vertex, chord vec, t float64) orb.Point {
	length := chord.length()
	for range 2 {
		ll := toLL(a.pos.along(chord, t))
		normal := up(ll)
		ahead := chord.along(normal, -chord.dot(normal))
		t = clamp01(t + s.from.pos.sub(toVec(ll)).dot(ahead)/(ahead.length()*length))
	}
	switch t {
	case 0:
		return a.ll
	case 1:
		return b.ll
	}
	return toLL(a.pos.along(chord, t))
}

// long looks along an edge of any length by golden section: the distance to a
// geodesic has one valley, or else is least at an end.
func (s *search) long(a, b vertex) {
	s.offer(a.ll)
	s.offer(b.ll)
	length, at := edge(a.ll, b.ll)
	far := func(d float64) Meters { return Distance(s.from.ll, at(d)) }
	s.offer(at(goldenSection(far, 0, length, 1e-4)))
}

// edge is the length of the geodesic from a to b and the position after d metres
// of it. (InverseLine of tidwall/geodesic v0.3.5 leaves S13 NaN.)
func edge(a, b orb.Point) (length float64, at func(d float64) orb.Point) {
	var azimuth float64
	karney.WGS84.Inverse(a[1], a[0], b[1], b[0], &length, &azimuth, nil)
	line := karney.WGS84.LineInit(a[1], a[0], azimuth, karney.Latitude|karney.Longitude|karney.DistanceIn)
	return length, func(d float64) orb.Point {
		var q orb.Point
		line.Position(d, &q[1], &q[0], nil)
		return q
	}
}

// goldenSection finds the argument of f's valley between lo and hi.
func goldenSection(f func(float64) Meters, lo, hi, tolerance float64) float64 {
	const ratio = math.Phi - 1
	x1, x2 := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	f1, f2 := f(x1), f(x2)
	for hi-lo > tolerance {
		if f1 <= f2 {
			hi, x2, f2 = x2, x1, f1
			x1 = hi - ratio*(hi-lo)
			f1 = f(x1)
		} else {
			lo, x1, f1 = x1, x2, f2
			x2 = lo + ratio*(hi-lo)
			f2 = f(x2)
		}
	}
	return (lo + hi) / 2
}

func clamp01(t float64) float64 { return min(max(t, 0), 1) }
