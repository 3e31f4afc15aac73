package spatial

import (
	"fmt"

	"github.com/paulmach/orb"
)

// chunkRows is the most rows a chunk is built with; text codes are 16 bits.
const chunkRows = 1024

// chunk is a run of rows in id order, immutable once built: ids, columns, and
// the geometry of all rows in one arena of positions with their world
// coordinates beside it. A change replaces the chunks it touches.
type chunk struct {
	ids     []int64
	columns []column
	shapes  shapes
}

func newChunk(s *Schema, rows []Row) (*chunk, error) {
	c := &chunk{ids: make([]int64, len(rows)), columns: make([]column, len(s.Fields))}
	for i := range rows {
		c.ids[i] = rows[i].ID
		if len(rows[i].Values) != len(s.Fields) {
			return nil, fmt.Errorf("%s %d: %d values for %d fields", s.ID, rows[i].ID, len(rows[i].Values), len(s.Fields))
		}
		if err := c.shapes.add(rows[i].Geometry); err != nil {
			return nil, within(fmt.Sprintf("%s %d", s.ID, rows[i].ID), err)
		}
	}
	for i := range c.columns {
		c.columns[i] = newColumn(s.Fields[i].Type, rows, i)
	}
	c.shapes.trim()
	return c, nil
}

// shapes is the geometry of a chunk's rows: positions of all parts one after
// another; where each part (point, line or ring) ends; which parts begin a
// polygon; where each row's parts end.
type shapes struct {
	kinds    []shapeKind
	rowEnd   []uint32
	partEnd  []uint32
	shell    []bool
	position []orb.Point
	world    []World
}

type shapeKind uint8

const (
	shapeNone shapeKind = iota
	shapePoint
	shapeMultiPoint
	shapeLine
	shapeMultiLine
	shapePolygon
	shapeMultiPolygon
)

func (s *shapes) add(g orb.Geometry) error {
	kind := shapeNone
	switch g := g.(type) {
	case nil:
	case orb.Point:
		kind = shapePoint
		s.addPart([]orb.Point{g}, false)
	case orb.MultiPoint:
		kind = shapeMultiPoint
		s.addPart(g, false)
	case orb.LineString:
		kind = shapeLine
		s.addPart(g, false)
	case orb.MultiLineString:
		kind = shapeMultiLine
		for _, line := range g {
			s.addPart(line, false)
		}
	case orb.Polygon:
		kind = shapePolygon
		s.addPolygon(g)
	case orb.MultiPolygon:
		kind = shapeMultiPolygon
		for _, polygon := range g {
			s.addPolygon(polygon)
		}
	default:
		return &InvalidError{Rule: "geometry_kind", Detail: fmt.Sprintf("a %s is not supported", g.GeoJSONType())}
	}
	s.kinds = append(s.kinds, kind)
	s.rowEnd = append(s.rowEnd, uint32(len(s.partEnd)))
	return nil
}

func (s *shapes) addPolygon(p orb.Polygon) {
	for i, ring := range p {
		s.addPart(ring, i == 0)
	}
}

func (s *shapes) addPart(positions []orb.Point, shell bool) {
	s.position = append(s.position, positions...)
	for _, p := range positions {
		s.world = append(s.world, WorldOf(p))
	}
	s.partEnd = append(s.partEnd, uint32(len(s.position)))
	s.shell = append(s.shell, shell)
}

// trim gives back the arenas' spare room.
func (s *shapes) trim() {
	s.position = append([]orb.Point(nil), s.position...)
	s.world = append([]World(nil), s.world...)
}

// parts is the range of a row's parts.
func (s *shapes) parts(row int) (from, to int) {
	if row > 0 {
		from = int(s.rowEnd[row-1])
	}
	return from, int(s.rowEnd[row])
}

// span is the range of a part's positions.
func (s *shapes) span(part int) (from, to int) {
	if part > 0 {
		from = int(s.partEnd[part-1])
	}
	return from, int(s.partEnd[part])
}

func (s *shapes) part(i int) []orb.Point {
	from, to := s.span(i)
	return s.position[from:to:to]
}

func (s *shapes) geometry(row int) orb.Geometry {
	from, to := s.parts(row)
	switch s.kinds[row] {
	case shapePoint:
		return s.part(from)[0]
	case shapeMultiPoint:
		return orb.MultiPoint(s.part(from))
	case shapeLine:
		return orb.LineString(s.part(from))
	case shapeMultiLine:
		lines := make(orb.MultiLineString, 0, to-from)
		for i := from; i < to; i++ {
			lines = append(lines, s.part(i))
		}
		return lines
	case shapePolygon:
		return s.polygon(from, to)
	case shapeMultiPolygon:
		return s.multiPolygon(from, to)
	}
	return nil
}

func (s *shapes) polygon(from, to int) orb.Polygon {
	rings := make(orb.Polygon, 0, to-from)
	for i := from; i < to; i++ {
		rings = append(rings, s.part(i))
	}
	return rings
}

func (s *shapes) multiPolygon(from, to int) orb.MultiPolygon {
	var polygons orb.MultiPolygon
	for begin := from; begin < to; {
		end := begin + 1
		for end < to && !s.shell[end] {
			end++
		}
		polygons = append(polygons, s.polygon(begin, end))
		begin = end
	}
	return polygons
}

// bound is the box around a row's positions; ok is false without geometry.
func (s *shapes) bound(row int) (b orb.Bound, ok bool) {
	from, to := s.parts(row)
	if from == to {
		return orb.Bound{}, false
	}
	begin, _ := s.span(from)
	_, end := s.span(to - 1)
	b = orb.Bound{Min: s.position[begin], Max: s.position[begin]}
	for _, p := range s.position[begin+1 : end] {
		b.Min[0], b.Max[0] = min(b.Min[0], p[0]), max(b.Max[0], p[0])
		b.Min[1], b.Max[1] = min(b.Min[1], p[1]), max(b.Max[1], p[1])
	}
	return b, true
}
