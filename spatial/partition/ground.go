package partition

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"wangge/spatial/geodesic"
)

// Ground is an area made ready to be asked what stands in it. It is immutable
// and safe for any number of readers. A question costs by the edges near.
type Ground struct {
	face  face
	east  float64
	edges rtree.RTreeGN[float64, halfEdge]
}

// NewGround is that of a polygon or multipolygon in degrees, longitude first.
func NewGround(area orb.Geometry) *Ground {
	g := &Ground{face: knownFace("", area)}
	_, high, _ := g.face.box()
	g.east = high[0]
	for h := range g.face.halfEdges() {
		low, high := h.box()
		g.edges.Insert(low, high, h)
	}
	return g
}

// Holds says whether a geometry lies wholly in the area, edges included; if
// not, at is a position of the geometry that lies outside or beside which it
// crosses the area's edge, or one of that edge inside it.
func (g *Ground) Holds(thing orb.Geometry) (at orb.Point, ok bool) {
	for _, line := range linesOf(thing) {
		for i, v := range line {
			if g.locate(v) == outside || i > 0 && g.cutBy(line[i-1], v) {
				return v.LL(), false
			}
		}
	}
	return g.reachInto(thing)
}

// reachInto finds a vertex of the area's edge inside a polygon: as of a hole
// that lies wholly in it.
func (g *Ground) reachInto(thing orb.Geometry) (at orb.Point, none bool) {
	inner := knownFace("", thing)
	low, high, ok := inner.box()
	if none = true; !ok {
		return at, none
	}
	g.edges.Search(low, high, func(_, _ [2]float64, h halfEdge) bool {
		if inner.locate(h.from) == inside {
			at, none = h.from.LL(), false
		}
		return none
	})
	return at, none
}

func (g *Ground) locate(p Vertex) (found side) {
	odd := false
	at := [2]float64{float64(p.X), float64(p.Y)}
	g.edges.Search(at, [2]float64{max(g.east, at[0]), at[1]}, func(_, _ [2]float64, h halfEdge) bool {
		if onSegment(p, h.from, h.to) {
			found = onEdge
			return false
		}
		if (h.from.Y > p.Y) != (h.to.Y > p.Y) && crossesRay(p, h.from, h.to) {
			odd = !odd
		}
		return true
	})
	if found == outside && odd {
		return inside
	}
	return found
}

// cutBy says whether an edge of the area crosses the segment a–b.
func (g *Ground) cutBy(a, b Vertex) (cut bool) {
	low, high := halfEdge{a, b}.box()
	g.edges.Search(low, high, func(_, _ [2]float64, h halfEdge) bool {
		cut = cross(a, b, h.from, h.to)
		return !cut
	})
	return cut
}

// Subtract is what lies in one area and not in another; nil if nothing does.
func Subtract(area, without orb.Geometry) orb.Geometry {
	return combine([]orb.Geometry{area, without}, func(covers []int32) bool { return len(covers) == 1 && covers[0] == 0 })
}

// Union is what lies in any of some areas, which may overlap; nil if nothing
// does.
func Union(areas ...orb.Geometry) orb.Geometry {
	return combine(areas, func(covers []int32) bool { return len(covers) > 0 })
}

// combine joins the cells that areas make, those that are picked by what
// covers them.
func combine(areas []orb.Geometry, pick func(covers []int32) bool) orb.Geometry {
	named := make([]Area, len(areas))
	for i, g := range areas {
		named[i].Geometry = g
	}
	a := arrange(lattice.faces(named))
	picked := map[int32]bool{}
	cells := a.cells()
	for _, c := range cells {
		picked[c.outer] = pick(c.covers)
	}
	var edges []halfEdge
	for _, c := range cells {
		for h := range a.edgesOf(c) {
			if picked[c.outer] && !picked[a.cellOf(h.reverse())] {
				edges = append(edges, h)
			}
		}
	}
	return polygonOf(edges)
}

// Buffer is what lies in a polygon or multipolygon or within a distance of
// it, with square corners, so that some of it lies farther by up to √2.
func Buffer(area orb.Geometry, reach geodesic.Meters) orb.Geometry {
	around := lattice.faces([]Area{{Geometry: area}})
	m := metricAt(around)
	areas := []orb.Geometry{area}
	for h := range around[0].halfEdges() {
		areas = append(areas, m.strip(h, float64(reach)))
	}
	return Union(areas...)
}

// strip is the rectangle around an edge that reaches a distance beyond it on
// all sides.
func (m metric) strip(h halfEdge, reach float64) orb.Polygon {
	dx, dy := float64(h.to.X-h.from.X)*m.x, float64(h.to.Y-h.from.Y)*m.y
	length := math.Hypot(dx, dy)
	ux, uy := dx/length*reach, dy/length*reach
	corner := func(v Vertex, along, across float64) orb.Point {
		return Vertex{v.X + int64(math.Round((ux*along-uy*across)/m.x)), v.Y + int64(math.Round((uy*along+ux*across)/m.y))}.LL()
	}
	ring := orb.Ring{corner(h.from, -1, -1), corner(h.to, 1, -1), corner(h.to, 1, 1), corner(h.from, -1, 1)}
	return orb.Polygon{append(ring, ring[0])}
}

// Width is the mean width of a polygon: twice its area by its perimeter.
func Width(p orb.Polygon) geodesic.Meters {
	return geodesic.Meters(2 * float64(geodesic.Area(p)) / float64(geodesic.Length(p)))
}

// ChangedBound is the box around all that lies in one of two areas only,
// which are one before and after it was redrawn; nil is no area. ok is false
// if their edges are the same.
func ChangedBound(before, after orb.Geometry) (box orb.Bound, ok bool) {
	was, now := knownFace("", before), knownFace("", after)
	var differ chain
	for h := range was.halfEdges() {
		differ.add(h)
	}
	for h := range now.halfEdges() {
		differ.add(h.reverse())
	}
	for _, h := range differ.edges() {
		edge := orb.MultiPoint{h.from.LL(), h.to.LL()}.Bound()
		if !ok {
			box, ok = edge, true
		}
		box = box.Union(edge)
	}
	return box, ok
}

// Borders finds which of some areas share an edge with one, by index.
func Borders(of orb.Geometry, areas []orb.Geometry) []int {
	f := knownFace("", of)
	low, high, _ := f.box()
	var edges edgeList
	for h := range f.halfEdges() {
		edges.add(h)
	}
	near := func(v Vertex) bool {
		x, y := float64(v.X), float64(v.Y)
		return low[0] <= x && x <= high[0] && low[1] <= y && y <= high[1]
	}
	var borders []int
	for i, area := range areas {
		other := knownFace("", area)
		for h := range other.halfEdges() {
			if near(h.from) && edges.find(h.reverse()) >= 0 {
				borders = append(borders, i)
				break
			}
		}
	}
	return borders
}
