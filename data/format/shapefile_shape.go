package format

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Shape types of the Shapefile Technical Description. Those with heights have
// 10 added, those with measures 20; a multipatch is a surface in space.
const (
	shapeNull       = 0
	shapePoint      = 1
	shapeLines      = 3
	shapePolygon    = 5
	shapePoints     = 8
	shapeHeights    = 10
	shapeMeasures   = 20
	shapeMultiPatch = 31
)

// flat is a shape type without its heights or measures; ok is false for a
// number that is no type.
func flat(kind uint32) (plain uint32, ok bool) {
	switch plain = kind % 10; {
	case kind == shapeNull, kind == shapeMultiPatch:
		return kind, true
	case kind < 30 && (plain == shapePoint || plain == shapeLines || plain == shapePolygon || plain == shapePoints):
		return plain, true
	}
	return 0, false
}

// shapeTally counts what was found in shapes, to tell it once.
type shapeTally struct {
	heights, measures, null, nowhere, flattened, open counted
}

// counted is a number of records and the first of them.
type counted struct {
	n     int
	first int
}

func (c *counted) add(record int) {
	if c.n++; c.n == 1 {
		c.first = record
	}
}

// shapeReader decodes the content of one record.
type shapeReader struct {
	data   []byte
	number int // of the record
	tally  *shapeTally
}

// errShort says that a record's content needs more bytes than it has.
type errShort struct{ need int64 }

func (e errShort) Error() string { return fmt.Sprintf("the shape needs %d bytes", e.need) }

func shapeFault(rule, format string, args ...any) error {
	return &spatial.InvalidError{Rule: rule, Detail: fmt.Sprintf(format, args...), Fix: "mend the feature in the program that wrote the file, or get a whole copy of it"}
}

// geometry is the shape, nil for a null shape or one of no positions.
func (r *shapeReader) geometry() (orb.Geometry, error) {
	kind := binary.LittleEndian.Uint32(r.data)
	plain, ok := flat(kind)
	if !ok {
		return nil, shapeFault("shape_type", "there is no shape of type %d", kind)
	}
	switch {
	case kind == shapeMultiPatch:
		return nil, &spatial.InvalidError{Rule: "shape_type", Detail: "a multipatch, a surface in space, is not read", Fix: "convert the layer to polygons"}
	case kind > shapeMeasures:
		r.tally.measures.add(r.number)
	case kind > shapeHeights:
		r.tally.heights.add(r.number)
	}
	switch plain {
	case shapePoint:
		return r.point()
	case shapePoints:
		return r.points()
	case shapeLines, shapePolygon:
		return r.parts(plain)
	}
	r.tally.null.add(r.number)
	return nil, nil
}

func (r *shapeReader) uint32(at int) uint32 { return binary.LittleEndian.Uint32(r.data[at:]) }

// room says whether the content has so many bytes.
func (r *shapeReader) room(need int64) error {
	if need > int64(len(r.data)) {
		return errShort{need}
	}
	return nil
}

// point reads a point. Infinite or huge numbers stand for none.
func (r *shapeReader) point() (orb.Geometry, error) {
	if err := r.room(20); err != nil {
		return nil, err
	}
	p := r.position(4)
	if !finite(p) {
		r.tally.nowhere.add(r.number)
		return nil, nil
	}
	return p, nil
}

func (r *shapeReader) position(at int) orb.Point {
	return orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(r.data[at:])), math.Float64frombits(binary.LittleEndian.Uint64(r.data[at+8:]))}
}

// finite says whether a position is one: the format has all below -10³⁸ for
// "no data".
func finite(p orb.Point) bool {
	return math.Abs(p[0]) < 1e38 && math.Abs(p[1]) < 1e38
}

func (r *shapeReader) positions(at, n int) ([]orb.Point, error) {
	all := make([]orb.Point, n)
	for i := range all {
		if all[i] = r.position(at + 16*i); !finite(all[i]) {
			return nil, shapeFault("position_finite", "position %d of the shape is not a finite number", i+1)
		}
	}
	return all, nil
}

func (r *shapeReader) points() (orb.Geometry, error) {
	if err := r.room(40); err != nil {
		return nil, err
	}
	n := int64(r.uint32(36))
	if err := r.room(40 + 16*n); err != nil {
		return nil, err
	}
	if n == 0 {
		r.tally.null.add(r.number)
		return nil, nil
	}
	all, err := r.positions(40, int(n))
	if err != nil {
		return nil, err
	}
	return orb.MultiPoint(all), nil
}

// parts reads lines or polygons. Parts of no length and rings of no area are
// left out and counted.
func (r *shapeReader) parts(kind uint32) (orb.Geometry, error) {
	if err := r.room(44); err != nil {
		return nil, err
	}
	parts, n := int64(r.uint32(36)), int64(r.uint32(40))
	begin := 44 + 4*parts
	if err := r.room(begin + 16*n); err != nil {
		return nil, err
	}
	all, err := r.positions(int(begin), int(n))
	if err != nil {
		return nil, err
	}
	var lines orb.MultiLineString
	for i := range parts {
		from, to := int64(r.uint32(int(44+4*i))), n
		if i+1 < parts {
			to = int64(r.uint32(int(48 + 4*i)))
		}
		if from > to || to > n || i == 0 && from != 0 {
			return nil, shapeFault("shape_parts", "part %d of the shape has positions %d to %d of %d", i+1, from, to, n)
		}
		lines = append(lines, all[from:to:to])
	}
	if parts == 0 && n > 0 {
		return nil, shapeFault("shape_parts", "the shape has %d positions in no part", n)
	}
	if kind == shapePolygon {
		return r.polygon(lines)
	}
	return r.lines(lines)
}

func (r *shapeReader) lines(lines orb.MultiLineString) (orb.Geometry, error) {
	empty := len(lines) == 0
	lines = slices.DeleteFunc(lines, r.pointLike)
	switch {
	case empty:
		r.tally.null.add(r.number)
		return nil, nil
	case len(lines) == 0:
		return nil, nil
	case len(lines) == 1:
		return lines[0], nil
	}
	return lines, nil
}

// pointLike says whether all positions of a part are the same, and counts it.
func (r *shapeReader) pointLike(part orb.LineString) bool {
	if slices.ContainsFunc(part, func(p orb.Point) bool { return p != part[0] }) {
		return false
	}
	r.tally.flattened.add(r.number)
	return true
}

func (r *shapeReader) polygon(parts orb.MultiLineString) (orb.Geometry, error) {
	if len(parts) == 0 {
		r.tally.null.add(r.number)
		return nil, nil
	}
	var rings []orb.Ring
	for _, part := range parts {
		ring := orb.Ring(part)
		if n := len(ring); n > 2 && ring[0] != ring[n-1] {
			r.tally.open.add(r.number)
			ring = append(ring, ring[0])
		}
		if len(ring) < 4 || twiceArea(ring) == 0 {
			r.tally.flattened.add(r.number)
			continue
		}
		rings = append(rings, ring)
	}
	if len(rings) == 0 {
		return nil, nil
	}
	return nest(rings), nil
}

// words are the notes on what was counted.
func (t *shapeTally) words() []string {
	var notes []string
	tell := func(c counted, what string) {
		if c.n > 0 {
			notes = append(notes, fmt.Sprintf("%d shapes %s, record %d the first", c.n, what, c.first))
		}
	}
	tell(t.heights, "have heights, which were left out")
	tell(t.measures, "have measures, which were left out")
	tell(t.null, "are null: no geometry")
	tell(t.nowhere, "have no finite position and were read as null")
	tell(t.flattened, "or parts of them have no length or area and were left out")
	tell(t.open, "have rings that do not end where they begin, which were closed")
	return notes
}
