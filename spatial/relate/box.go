package relate

import (
	"slices"

	"github.com/paulmach/orb"
)

// Meets says whether a geometry and a box have a point in common, edges
// included. It is Intersects, quicker for boxes.
func Meets(g orb.Geometry, b orb.Bound) bool {
	switch g := g.(type) {
	case orb.Point:
		return b.Contains(g)
	case orb.MultiPoint:
		return slices.ContainsFunc(g, b.Contains)
	case orb.LineString:
		return lineMeets(g, b)
	case orb.MultiLineString:
		return slices.ContainsFunc(g, func(l orb.LineString) bool { return lineMeets(l, b) })
	case orb.Polygon:
		return polygonMeets(g, b)
	case orb.MultiPolygon:
		return slices.ContainsFunc(g, func(p orb.Polygon) bool { return polygonMeets(p, b) })
	}
	return false
}

func lineMeets(line []orb.Point, b orb.Bound) bool {
	for i := 1; i < len(line); i++ {
		if segmentMeets(line[i-1], line[i], b) {
			return true
		}
	}
	return false
}

// polygonMeets: if no ring meets the box, the box lies wholly inside the
// polygon or wholly outside, and any of its points tells which.
func polygonMeets(p orb.Polygon, b orb.Bound) bool {
	for _, ring := range p {
		if lineMeets(ring, b) {
			return true
		}
	}
	inside := false
	for _, ring := range p {
		inside = inside != encloses(ring, b.Min)
	}
	return inside
}

// segmentMeets: a segment misses a box if its own box does, or if all corners
// lie strictly on one side of it.
func segmentMeets(p, q orb.Point, b orb.Bound) bool {
	if b.Contains(p) || b.Contains(q) {
		return true
	}
	if max(p[0], q[0]) < b.Min[0] || min(p[0], q[0]) > b.Max[0] || max(p[1], q[1]) < b.Min[1] || min(p[1], q[1]) > b.Max[1] {
		return false
	}
	first := turn(p, q, b.Min)
	for _, corner := range [...]orb.Point{{b.Max[0], b.Min[1]}, b.Max, {b.Min[0], b.Max[1]}} {
		if turn(p, q, corner) != first {
			return true
		}
	}
	return first == 0
}

// encloses counts the ring's crossings of the ray from p to the east; p is
// not on the ring.
func encloses(ring []orb.Point, p orb.Point) bool {
	inside := false
	for i := 1; i < len(ring); i++ {
		low, high := ring[i-1], ring[i]
		if low[1] > high[1] {
			low, high = high, low
		}
		if low[1] <= p[1] && p[1] < high[1] && turn(low, high, p) > 0 {
			inside = !inside
		}
	}
	return inside
}
