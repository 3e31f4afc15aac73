package geopackage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// srid is the coordinate system of everything in a store.
const srid = 4490

// Flags of a blob's header, OGC 12-128r18 §2.1.3.
const (
	flagLittleEndian = 0x01
	flagEnvelopeXY   = 0x02
	maskEnvelope     = 0x0e
	flagEmpty        = 0x10
	flagExtended     = 0x20
)

// envelopeSizes are the bytes of an envelope by its indicator.
var envelopeSizes = [...]int{0, 32, 48, 48, 64}

const headerSize = 8

// Well-known-binary types.
const (
	wkbPoint = iota + 1
	wkbLineString
	wkbPolygon
	wkbMultiPoint
	wkbMultiLineString
	wkbMultiPolygon
)

var errTruncated = errors.New("geometry ends too early")

// appendBlob appends g as a GeoPackage blob in a coordinate system: header,
// envelope (but for a point, as is the custom) and little-endian well-known
// binary.
func appendBlob(dst []byte, srs int32, g orb.Geometry) []byte {
	flags := byte(flagLittleEndian)
	_, point := g.(orb.Point)
	if !point {
		flags |= flagEnvelopeXY
	}
	dst = append(dst, 'G', 'P', 0, flags)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(srs))
	if !point {
		b := g.Bound()
		dst = appendFloats(dst, b.Min[0], b.Max[0], b.Min[1], b.Max[1])
	}
	return appendWKB(dst, g)
}

func appendWKB(dst []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case orb.Point:
		return appendFloats(appendHead(dst, wkbPoint), g[0], g[1])
	case orb.MultiPoint:
		return appendParts(appendHead(dst, wkbMultiPoint), g)
	case orb.LineString:
		return appendPositions(appendHead(dst, wkbLineString), g)
	case orb.MultiLineString:
		return appendParts(appendHead(dst, wkbMultiLineString), g)
	case orb.Ring:
		return appendWKB(dst, orb.Polygon{g})
	case orb.Polygon:
		dst = appendCount(appendHead(dst, wkbPolygon), len(g))
		for _, ring := range g {
			dst = appendPositions(dst, ring)
		}
		return dst
	case orb.MultiPolygon:
		return appendParts(appendHead(dst, wkbMultiPolygon), g)
	}
	panic(fmt.Sprintf("geopackage: no such geometry: %T", g))
}

func appendHead(dst []byte, kind uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(dst, 1), kind)
}

func appendCount(dst []byte, n int) []byte { return binary.LittleEndian.AppendUint32(dst, uint32(n)) }

func appendFloats(dst []byte, numbers ...float64) []byte {
	for _, f := range numbers {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
	}
	return dst
}

func appendPositions(dst []byte, positions []orb.Point) []byte {
	dst = appendCount(dst, len(positions))
	for _, p := range positions {
		dst = appendFloats(dst, p[0], p[1])
	}
	return dst
}

func appendParts[G orb.Geometry](dst []byte, parts []G) []byte {
	dst = appendCount(dst, len(parts))
	for _, part := range parts {
		dst = appendWKB(dst, part)
	}
	return dst
}

// header is what stands before the well-known binary of a blob.
type header struct {
	flags    byte
	srs      int32
	envelope []byte // empty where the header has none
	wkb      []byte
}

func (h *header) order() binary.ByteOrder { return byteOrder(h.flags & flagLittleEndian) }

// parseHeader checks a blob's header and parts the rest.
func parseHeader(blob []byte) (h header, err error) {
	if len(blob) < headerSize || blob[0] != 'G' || blob[1] != 'P' {
		return h, errors.New("not a GeoPackage geometry")
	}
	h.flags = blob[3]
	if h.flags&flagExtended != 0 {
		return h, errors.New("a geometry of an extended GeoPackage type")
	}
	indicator := int(h.flags & maskEnvelope >> 1)
	if indicator >= len(envelopeSizes) {
		return h, fmt.Errorf("a geometry with envelope indicator %d", indicator)
	}
	end := headerSize + envelopeSizes[indicator]
	if len(blob) < end {
		return h, errTruncated
	}
	h.srs = int32(h.order().Uint32(blob[4:]))
	h.envelope, h.wkb = blob[headerSize:end], blob[end:]
	return h, nil
}

// parseBlob reads a blob of any maker, without heights and measures. An empty
// geometry is none. The blob must be in a coordinate system, or in one of the
// two that GeoPackage calls undefined.
func parseBlob(blob []byte, srs int32) (orb.Geometry, error) {
	h, err := parseHeader(blob)
	if err != nil {
		return nil, err
	}
	if h.srs != srs && h.srs != 0 && h.srs != -1 {
		return nil, &spatial.InvalidError{Rule: "geom_srs", Detail: fmt.Sprintf("the geometry says coordinate system %d in a layer of %d", h.srs, srs),
			Fix: "transform it with the program that wrote it"}
	}
	return h.geometry()
}

func (h *header) geometry() (orb.Geometry, error) {
	if h.flags&flagEmpty != 0 {
		return nil, nil
	}
	r := wkbReader{data: h.wkb}
	g := r.geometry(true)
	if r.err == nil && len(r.data) > 0 {
		r.err = fmt.Errorf("%d bytes follow the geometry", len(r.data))
	}
	if r.err != nil {
		return nil, r.err
	}
	if isEmpty(g) {
		return nil, nil
	}
	return g, nil
}

// isEmpty knows the two ways of well-known binary to say nothing: no parts,
// and a point that is no number.
func isEmpty(g orb.Geometry) bool {
	switch g := g.(type) {
	case orb.Point:
		return math.IsNaN(g[0]) && math.IsNaN(g[1])
	case orb.MultiPoint:
		return len(g) == 0
	case orb.LineString:
		return len(g) == 0
	case orb.MultiLineString:
		return len(g) == 0
	case orb.Polygon:
		return len(g) == 0
	case orb.MultiPolygon:
		return len(g) == 0
	}
	return false
}

// parseBound is the box of a blob; ok is false for an empty geometry. It
// reads only the header where that has an envelope.
func parseBound(blob []byte) (b orb.Bound, ok bool, err error) {
	h, err := parseHeader(blob)
	if err != nil || h.flags&flagEmpty != 0 {
		return orb.Bound{}, false, err
	}
	if len(h.envelope) > 0 {
		r := wkbReader{data: h.envelope, order: h.order()}
		minX, maxX, minY, maxY := r.float(), r.float(), r.float(), r.float()
		return orb.Bound{Min: orb.Point{minX, minY}, Max: orb.Point{maxX, maxY}}, !math.IsNaN(minX), r.err
	}
	g, err := h.geometry()
	if err != nil || g == nil {
		return orb.Bound{}, false, err
	}
	return g.Bound(), true, nil
}

func byteOrder(flag byte) binary.ByteOrder {
	if flag == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// wkbReader eats well-known binary (ISO or extended) and keeps the first
// fault.
type wkbReader struct {
	data  []byte
	order binary.ByteOrder
	size  int // bytes of a position
	err   error
}

func (r *wkbReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}

func (r *wkbReader) uint32() uint32 {
	if len(r.data) < 4 {
		r.fail(errTruncated)
		return 0
	}
	n := r.order.Uint32(r.data)
	r.data = r.data[4:]
	return n
}

func (r *wkbReader) float() float64 {
	if len(r.data) < 8 {
		r.fail(errTruncated)
		return 0
	}
	f := math.Float64frombits(r.order.Uint64(r.data))
	r.data = r.data[8:]
	return f
}

// count reads the number of things of at least so many bytes each, and
// believes no number that the data cannot hold.
func (r *wkbReader) count(size int) int {
	n := int(r.uint32())
	if n > len(r.data)/size {
		r.fail(errTruncated)
		return 0
	}
	return n
}

// head reads byte order and type, and from it the size of a position.
func (r *wkbReader) head() (kind uint32) {
	if len(r.data) < 5 || r.data[0] > 1 {
		r.fail(errTruncated)
		return 0
	}
	r.order = byteOrder(r.data[0])
	r.data = r.data[1:]
	kind = r.uint32()
	flags, kind := kind>>29, kind&0x1fffffff
	if flags&1 != 0 {
		r.fail(errors.New("well-known binary with a coordinate system of its own"))
		return 0
	}
	dimensions := 2 + int(flags>>2) + int(flags>>1&1)
	switch kind / 1000 {
	case 1, 2:
		dimensions++
	case 3:
		dimensions += 2
	}
	r.size = 8 * dimensions
	return kind % 1000
}

func (r *wkbReader) geometry(multi bool) orb.Geometry {
	kind := r.head()
	switch {
	case r.err != nil:
		return nil
	case kind == wkbPoint:
		return r.position()
	case kind == wkbLineString:
		return orb.LineString(r.positions())
	case kind == wkbPolygon:
		return r.polygon()
	case kind == wkbMultiPoint && multi:
		return orb.MultiPoint(readParts[orb.Point](r))
	case kind == wkbMultiLineString && multi:
		return orb.MultiLineString(readParts[orb.LineString](r))
	case kind == wkbMultiPolygon && multi:
		return orb.MultiPolygon(readParts[orb.Polygon](r))
	}
	r.fail(unsupported(kind))
	return nil
}

// kindNames are the types of well-known binary that no layer holds.
var kindNames = map[uint32]string{7: "GEOMETRYCOLLECTION", 8: "CIRCULARSTRING", 9: "COMPOUNDCURVE", 10: "CURVEPOLYGON", 11: "MULTICURVE",
	12: "MULTISURFACE", 13: "CURVE", 14: "SURFACE", 15: "POLYHEDRALSURFACE", 16: "TIN", 17: "TRIANGLE"}

func unsupported(kind uint32) error {
	name, known := kindNames[kind]
	switch {
	case !known:
		return fmt.Errorf("geometry type %d is not supported", kind)
	case kind == 7:
		return &spatial.InvalidError{Rule: "geom_kind", Detail: "a " + name + " is no one feature",
			Fix: "split it: ogr2ogr -explodecollections new.gpkg old.gpkg"}
	}
	return &spatial.InvalidError{Rule: "geom_kind", Detail: "a " + name + ": curves and surfaces are not supported",
		Fix: "make lines of the curves: ogr2ogr -nlt CONVERT_TO_LINEAR new.gpkg old.gpkg"}
}

func readParts[G orb.Geometry](r *wkbReader) []G {
	parts := make([]G, 0, r.count(5))
	for range cap(parts) {
		part, ok := r.geometry(false).(G)
		if !ok {
			r.fail(errors.New("a part of another kind than its whole"))
			return nil
		}
		parts = append(parts, part)
	}
	return parts
}

func (r *wkbReader) polygon() orb.Polygon {
	rings := make(orb.Polygon, 0, r.count(4))
	for range cap(rings) {
		rings = append(rings, r.positions())
	}
	return rings
}

func (r *wkbReader) positions() []orb.Point {
	positions := make([]orb.Point, r.count(r.size))
	for i := range positions {
		positions[i] = r.position()
	}
	return positions
}

func (r *wkbReader) position() orb.Point {
	if len(r.data) < r.size {
		r.fail(errTruncated)
		return orb.Point{}
	}
	p := orb.Point{math.Float64frombits(r.order.Uint64(r.data)), math.Float64frombits(r.order.Uint64(r.data[8:]))}
	r.data = r.data[r.size:]
	return p
}
