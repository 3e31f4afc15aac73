package relate

import (
	"iter"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// Shape is a geometry made ready for questions. It aliases the geometry and
// is safe for concurrent readers.
type Shape struct {
	points   []orb.Point   // of a point or multipoint
	paths    [][]orb.Point // lines, or all rings of all polygons
	polygons []orb.Polygon // nil unless an area
	tree     *rtree.RTreeGN[float64, segment]
}

// segment is an edge; its ends differ.
type segment struct{ a, b orb.Point }

// indexed is the number of vertices from which an index of the edges pays.
const indexed = 64

// New makes a shape of a geometry in degrees. Nil, empty and collections make
// the empty shape, which meets nothing.
func New(g orb.Geometry) *Shape {
	s := &Shape{}
	s.add(g)
	if s.Vertices() >= indexed && len(s.paths) > 0 {
		s.index()
	}
	return s
}

func (s *Shape) index() {
	s.tree = new(rtree.RTreeGN[float64, segment])
	for e := range s.segments() {
		b := e.bound()
		s.tree.Insert(b.Min, b.Max, e)
	}
}

func (s *Shape) add(g orb.Geometry) {
	switch g := g.(type) {
	case orb.Point:
		s.points = []orb.Point{g}
	case orb.MultiPoint:
		s.points = g
	case orb.LineString:
		s.paths = append(s.paths, g)
	case orb.MultiLineString:
		for _, line := range g {
			s.paths = append(s.paths, line)
		}
	case orb.Polygon:
		s.polygons = append(s.polygons, g)
		for _, ring := range g {
			s.paths = append(s.paths, ring)
		}
	case orb.MultiPolygon:
		for _, polygon := range g {
			s.add(polygon)
		}
	case orb.Bound:
		s.add(g.ToPolygon())
	}
}

// Vertices is the number of positions, the measure of what questions cost.
func (s *Shape) Vertices() int {
	n := len(s.points)
	for _, path := range s.paths {
		n += len(path)
	}
	return n
}

// Paths are the lines, or all rings; read-only.
func (s *Shape) Paths() [][]orb.Point { return s.paths }

// Positions yields every vertex.
func (s *Shape) Positions() iter.Seq[orb.Point] {
	return func(yield func(orb.Point) bool) {
		for _, part := range append([][]orb.Point{s.points}, s.paths...) {
			for _, p := range part {
				if !yield(p) {
					return
				}
			}
		}
	}
}

func (s *Shape) area() bool { return s.polygons != nil }

func (s *Shape) lines() bool { return s.paths != nil && s.polygons == nil }

// segments yields the edges, none of them without length.
func (s *Shape) segments() iter.Seq[segment] {
	return func(yield func(segment) bool) {
		for _, path := range s.paths {
			for i := 1; i < len(path); i++ {
				if path[i-1] != path[i] && !yield(segment{path[i-1], path[i]}) {
					return
				}
			}
		}
	}
}

// near yields the edges whose boxes meet b.
func (s *Shape) near(b orb.Bound) iter.Seq[segment] {
	return func(yield func(segment) bool) {
		if s.tree != nil {
			s.tree.Search(b.Min, b.Max, func(_, _ [2]float64, e segment) bool { return yield(e) })
			return
		}
		for e := range s.segments() {
			if e.bound().Intersects(b) && !yield(e) {
				return
			}
		}
	}
}

func (e segment) bound() orb.Bound {
	return orb.Bound{
		Min: orb.Point{min(e.a[0], e.b[0]), min(e.a[1], e.b[1])},
		Max: orb.Point{max(e.a[0], e.b[0]), max(e.a[1], e.b[1])},
	}
}

// holds says whether p, which is on the edge's line, is on the edge.
func (e segment) holds(p orb.Point) bool { return e.bound().Contains(p) }

// on says whether p is on the edge.
func (e segment) on(p orb.Point) bool { return e.holds(p) && turn(e.a, e.b, p) == 0 }

// cross says whether two edges have a point in common that is an end of
// neither.
func (e segment) cross(f segment) bool {
	return turn(e.a, e.b, f.a)*turn(e.a, e.b, f.b) < 0 && turn(f.a, f.b, e.a)*turn(f.a, f.b, e.b) < 0
}

// touch says whether two edges have any point in common.
func (e segment) touch(f segment) bool {
	return e.cross(f) || e.on(f.a) || e.on(f.b) || f.on(e.a) || f.on(e.b)
}
