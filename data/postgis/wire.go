package postgis

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// The parts of the number that says what an EWKB geometry is.
const (
	wirePoint = 1 + iota
	wireLine
	wirePolygon
	wireMultiPoint
	wireMultiLine
	wireMultiPolygon
	wireCollection

	wireHeight  = 0x80000000
	wireMeasure = 0x40000000
	wireSRID    = 0x20000000
)

// The least bytes that things take.
const (
	countBytes    = 4
	positionBytes = 16
	partBytes     = 1 + 4 + countBytes // a member of a multi-geometry
)

// decode reads EWKB, PostGIS's binary form; nil is no geometry. It takes any
// bytes: a count of more than they can hold is refused before room is made.
func decode(src []byte) (orb.Geometry, error) {
	if src == nil {
		return nil, nil
	}
	r := &wire{rest: src}
	kind, system := r.header()
	if r.err == nil && system != srid {
		r.refuse("geometry_srid", fmt.Sprintf("the SRID of the geometry is %d, not %d", system, srid), "transform it with ST_Transform")
	}
	g := r.geometry(kind)
	if r.err == nil && len(r.rest) > 0 {
		r.broken("%d bytes too many", len(r.rest))
	}
	if r.err != nil {
		return nil, r.err
	}
	return g, nil
}

// wire is what is left to read of a geometry. After an error it reads zeros.
type wire struct {
	rest  []byte
	order binary.ByteOrder // of the geometry or part being read
	err   error
}

func (r *wire) refuse(rule, detail, fix string) {
	if r.err == nil {
		r.err = &spatial.InvalidError{Rule: rule, Detail: detail, Fix: fix}
	}
	r.rest = nil
}

func (r *wire) broken(format string, args ...any) {
	r.refuse("geometry_wkb", "the geometry's binary form is broken: "+fmt.Sprintf(format, args...), "")
}

// take is the next n bytes, nil if there are fewer.
func (r *wire) take(n int) []byte {
	if r.err != nil || len(r.rest) < n {
		r.broken("it ends too early")
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *wire) number() uint32 {
	if b := r.take(4); b != nil {
		return r.order.Uint32(b)
	}
	return 0
}

// count is a number of things that take at least so many bytes each.
func (r *wire) count(each int) int {
	n := int64(r.number())
	if n > int64(len(r.rest)/each) {
		r.broken("%d parts are more than its bytes can hold", n)
		return 0
	}
	return int(n)
}

// header is the kind of the next geometry and its SRID, 0 if there is none.
func (r *wire) header() (kind, system uint32) {
	r.order = binary.LittleEndian
	if b := r.take(1); b != nil && b[0] == 0 {
		r.order = binary.BigEndian
	} else if b != nil && b[0] != 1 {
		r.broken("its byte order is %d", b[0])
	}
	kind = r.number()
	if kind&wireSRID != 0 {
		system = r.number()
	}
	if kind&(wireHeight|wireMeasure) != 0 {
		r.refuse("geometry_flat", "the geometry has heights or measures", "take them away with ST_Force2D")
	}
	return kind &^ wireSRID, system
}

func (r *wire) geometry(kind uint32) orb.Geometry {
	switch kind {
	case wirePoint:
		return r.point()
	case wireLine:
		return orb.LineString(r.positions())
	case wirePolygon:
		return r.polygon()
	case wireMultiPoint:
		return orb.MultiPoint(parts(r, wirePoint, (*wire).point))
	case wireMultiLine:
		return orb.MultiLineString(parts(r, wireLine, func(r *wire) orb.LineString { return r.positions() }))
	case wireMultiPolygon:
		return orb.MultiPolygon(parts(r, wirePolygon, (*wire).polygon))
	case wireCollection:
		r.refuse("geometry_kind", "a collection of geometries is not supported", "split it into features of one kind each")
	default:
		r.refuse("geometry_kind", fmt.Sprintf("geometry of type %d is not supported", kind), "turn curves into lines with ST_CurveToLine")
	}
	return nil
}

func (r *wire) position() orb.Point {
	b := r.take(positionBytes)
	if b == nil {
		return orb.Point{}
	}
	return orb.Point{math.Float64frombits(r.order.Uint64(b)), math.Float64frombits(r.order.Uint64(b[8:]))}
}

// point is a position; PostGIS writes NaN for those of an empty point.
func (r *wire) point() orb.Point {
	p := r.position()
	if math.IsNaN(p[0]) && math.IsNaN(p[1]) {
		r.refuse("geometry_empty", "the point is empty", "write NULL for no geometry")
	}
	return p
}

func (r *wire) positions() []orb.Point {
	all := make([]orb.Point, r.count(positionBytes))
	for i := range all {
		all[i] = r.position()
	}
	return all
}

func (r *wire) polygon() orb.Polygon {
	rings := make(orb.Polygon, r.count(countBytes))
	for i := range rings {
		rings[i] = r.positions()
	}
	return rings
}

// parts are the members of a multi-geometry, each with a header of its own.
func parts[P any](r *wire, kind uint32, read func(*wire) P) []P {
	order := r.order
	all := make([]P, r.count(partBytes))
	for i := range all {
		if k, _ := r.header(); k != kind && r.err == nil {
			r.broken("a part of type %d where only %d may stand", k, kind)
		}
		all[i] = read(r)
	}
	r.order = order
	return all
}
