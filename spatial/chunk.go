package spatial

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// chunkRows is the most that a chunk holds, in rows of a point each; a row
// of many positions counts for more, see weightOf.
const chunkRows = 512

// chunk is a run of rows in id order, immutable once built: ids, columns, and
// the geometry of all rows in one arena of positions with their world
// coordinates beside it. A change replaces the chunks it touches. World
// coordinates are kept, a third of the geometry's memory, because a tile reads
// them far faster than it could make them: see BenchmarkWorldOf.
type chunk struct {
	last    int64 // the greatest id
	rows    int
	weight  int
	ids     numbers
	columns []column
	shapes  shapes
}

// source is where a chunk under construction takes a row from: a new row, or
// a row of another chunk.
type source struct {
	put  *Row
	from *chunk
	row  int
}

func (s *source) id() int64 {
	if s.put != nil {
		return s.put.ID
	}
	return s.from.ids.at(s.row)
}

func (s *source) value(i int) Value {
	if s.put != nil {
		return s.put.Values[i]
	}
	return s.from.columns[i].value(s.row)
}

func (s *source) positions() int {
	if s.put != nil {
		return positions(s.put.Geometry)
	}
	begin, end := s.from.shapes.extent(s.row)
	return end - begin
}

func (s *source) weight() int { return weightOf(s.positions()) }

// weightOf is what a row of a number of positions counts for in its chunk, so
// that copying a chunk of long outlines costs little more than one of points.
func weightOf(positions int) int { return 1 + positions/8 }

// weigh adds up the weights of rows.
func weigh(rows []source) int {
	sum := 0
	for i := range rows {
		sum += rows[i].weight()
	}
	return sum
}

// newChunks puts rows into as few chunks as hold them, of about equal weight.
func newChunks(s *Schema, rows []source) ([]*chunk, error) {
	total := weigh(rows)
	parts := (total + chunkRows - 1) / chunkRows
	var chunks []*chunk
	begin, weight := 0, 0
	for i := range rows {
		weight += rows[i].weight()
		if weight*parts < total*(len(chunks)+1) {
			continue
		}
		c, err := newChunk(s, rows[begin:i+1])
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, c)
		begin = i + 1
	}
	return chunks, nil
}

// newChunk builds a chunk of at least one row.
func newChunk(s *Schema, rows []source) (*chunk, error) {
	c := &chunk{rows: len(rows), weight: weigh(rows), columns: make([]column, len(s.Fields))}
	if err := checkWidth(s, rows); err != nil {
		return nil, err
	}
	if err := c.fillShapes(s, rows); err != nil {
		return nil, err
	}
	for i := range c.columns {
		c.columns[i] = newColumn(s.Fields[i].Type, rows, i)
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].id()
	}
	c.ids, c.last = packNumbers(ids), ids[len(ids)-1]
	return c, nil
}

func checkWidth(s *Schema, rows []source) error {
	for i := range rows {
		if put := rows[i].put; put != nil && len(put.Values) != len(s.Fields) {
			return fmt.Errorf("%s %d: %d values for %d fields", s.ID, put.ID, len(put.Values), len(s.Fields))
		}
	}
	return nil
}

func (c *chunk) fillShapes(s *Schema, rows []source) error {
	room := 0
	for i := range rows {
		room += rows[i].positions()
	}
	c.shapes = newShapes(len(rows), room)
	for i := range rows {
		if rows[i].put == nil {
			c.shapes.copy(&rows[i].from.shapes, rows[i].row)
			continue
		}
		if err := c.shapes.add(rows[i].put.Geometry); err != nil {
			return within(fmt.Sprintf("%s %d", s.ID, rows[i].put.ID), err)
		}
	}
	c.shapes.trim()
	return nil
}

// find is the first row whose id is not below id; ok is whether it is id.
// As ids ascend, a row is no farther from either end than its id is, which
// leaves nothing to search where no ids are missing.
func (c *chunk) find(id int64) (row int, ok bool) {
	from, to := 0, c.rows
	if first := c.ids.at(0); id >= first && id <= c.last {
		from, to = int(max(0, int64(c.rows-1)-(c.last-id))), int(min(int64(c.rows-1), id-first))
	}
	for from < to {
		if middle := (from + to) / 2; c.ids.at(middle) < id {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return from, from < c.rows && c.ids.at(from) == id
}

// shapes is the geometry of a chunk's rows: positions of all parts one after
// another; where each part (point, line or ring) ends, and what is known of
// rings; where each row's parts end.
type shapes struct {
	kinds    []shapeKind
	rowEnd   []uint32
	partEnd  []uint32
	rings    []ringBits
	position []orb.Point
	world    []World
}

func newShapes(rows, positions int) shapes {
	return shapes{
		kinds: make([]shapeKind, 0, rows), rowEnd: make([]uint32, 0, rows),
		partEnd: make([]uint32, 0, rows), rings: make([]ringBits, 0, rows),
		position: make([]orb.Point, 0, positions), world: make([]World, 0, positions),
	}
}

// ringBits are what is known of a ring.
type ringBits uint8

const (
	ringShell     ringBits = 1 << iota // it begins a polygon
	ringClockwise                      // with north up
)

// positions is how many positions a geometry of a kind that layers hold has.
func positions(g orb.Geometry) int {
	n := 0
	switch g := g.(type) {
	case orb.Point:
		return 1
	case orb.MultiPoint:
		return len(g)
	case orb.LineString:
		return len(g)
	case orb.MultiLineString:
		for _, line := range g {
			n += len(line)
		}
	case orb.Polygon:
		for _, ring := range g {
			n += len(ring)
		}
	case orb.MultiPolygon:
		for _, polygon := range g {
			n += positions(polygon)
		}
	}
	return n
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
		s.addPart([]orb.Point{g})
	case orb.MultiPoint:
		kind = shapeMultiPoint
		s.addPart(g)
	case orb.LineString:
		kind = shapeLine
		s.addPart(g)
	case orb.MultiLineString:
		kind = shapeMultiLine
		for _, line := range g {
			s.addPart(line)
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
		s.addPart(ring)
		known := &s.rings[len(s.rings)-1]
		if i == 0 {
			*known |= ringShell
		}
		if clockwise(s.world[len(s.world)-len(ring):]) {
			*known |= ringClockwise
		}
	}
}

// clockwise says how a ring is wound, by the surveyor's formula.
func clockwise(ring []World) bool {
	var sum float64
	first := ring[0]
	x, y := 0.0, 0.0
	for _, w := range ring[1:] {
		nextX, nextY := float64(w[0])-float64(first[0]), float64(w[1])-float64(first[1])
		sum += x*nextY - y*nextX
		x, y = nextX, nextY
	}
	return sum > 0
}

func (s *shapes) addPart(positions []orb.Point) {
	s.position = append(s.position, positions...)
	for _, p := range positions {
		s.world = append(s.world, WorldOf(p))
	}
	s.partEnd = append(s.partEnd, uint32(len(s.position)))
	s.rings = append(s.rings, 0)
}

// copy appends a row of other shapes.
func (s *shapes) copy(from *shapes, row int) {
	begin, end := from.extent(row)
	shift := uint32(len(s.position)) - uint32(begin)
	first, last := from.parts(row)
	for _, at := range from.partEnd[first:last] {
		s.partEnd = append(s.partEnd, at+shift)
	}
	s.rings = append(s.rings, from.rings[first:last]...)
	s.position = append(s.position, from.position[begin:end]...)
	s.world = append(s.world, from.world[begin:end]...)
	s.kinds = append(s.kinds, from.kinds[row])
	s.rowEnd = append(s.rowEnd, uint32(len(s.partEnd)))
}

// trim gives back what rows of several parts made the lists of parts grow.
func (s *shapes) trim() {
	if len(s.partEnd) != len(s.kinds) {
		s.partEnd, s.rings = slices.Clone(s.partEnd), slices.Clone(s.rings)
	}
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
		for end < to && s.rings[end]&ringShell == 0 {
			end++
		}
		polygons = append(polygons, s.polygon(begin, end))
		begin = end
	}
	return polygons
}

// extent is the range of a row's positions.
func (s *shapes) extent(row int) (begin, end int) {
	from, to := s.parts(row)
	if from == to {
		return 0, 0
	}
	begin, _ = s.span(from)
	_, end = s.span(to - 1)
	return begin, end
}

// bound is the box around a row's positions; ok is false without geometry.
func (s *shapes) bound(row int) (b orb.Bound, ok bool) {
	begin, end := s.extent(row)
	return boundOf(s.position[begin:end])
}

// boundOf is the box around positions; ok is false if there are none.
func boundOf(positions []orb.Point) (b orb.Bound, ok bool) {
	if len(positions) == 0 {
		return orb.Bound{}, false
	}
	b = orb.Bound{Min: positions[0], Max: positions[0]}
	for _, p := range positions[1:] {
		b.Min[0], b.Max[0] = min(b.Min[0], p[0]), max(b.Max[0], p[0])
		b.Min[1], b.Max[1] = min(b.Min[1], p[1]), max(b.Max[1], p[1])
	}
	return b, true
}

// noBound is around nothing; [orb.Bound.Union] of it and b is b.
func noBound() orb.Bound {
	return orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
}

// sidesOf is where the west, south, east and north side of a box lie.
func sidesOf(b orb.Bound) [4]float64 { return [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} }

// touches says whether a box within another reaches any of its sides.
func touches(b, around orb.Bound) bool {
	inner, outer := sidesOf(b), sidesOf(around)
	for i := range inner {
		if inner[i] == outer[i] {
			return true
		}
	}
	return false
}
