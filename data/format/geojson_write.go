package format

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// AppendFeature appends f as a GeoJSON Feature with the attributes at the
// given indexes of its schema's fields, in that order. Nulls are kept, dates
// are "2006-01-02", instants RFC 3339 in UTC. The same feature always gives
// the same bytes.
func AppendFeature(dst []byte, f spatial.Feature, fields []int) []byte {
	return appendFeature(dst, f, f.Geometry(), fields)
}

func appendFeature(dst []byte, f spatial.Feature, g orb.Geometry, fields []int) []byte {
	dst = append(dst, `{"type":"Feature","id":`...)
	dst = strconv.AppendInt(dst, f.ID(), 10)
	dst = append(dst, `,"geometry":`...)
	dst = AppendGeometry(dst, g)
	dst = append(dst, `,"properties":{`...)
	schema := f.Layer().Schema()
	for n, i := range fields {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, schema.Fields[i].Name)
		dst = append(dst, ':')
		dst = AppendValue(dst, f.Value(i))
	}
	return append(dst, "}}"...)
}

// WriteGeoJSON writes a selection as a FeatureCollection, one feature a line,
// that names the layer and the date and says if the data are synthetic. Other
// coordinates than degrees of WGS 84 or CGCS2000 are named by a crs member, as
// in the format of 2008.
func WriteGeoJSON(w io.Writer, s Selection) error {
	out := bufio.NewWriterSize(w, 1<<16)
	line, between := appendCollectionHead(nil, s), ""
	for f := range s.Features {
		g, err := datum.Transform(datum.CRS84, s.CRS, f.Geometry())
		if err != nil {
			return fmt.Errorf("%s %d: %w", s.Layer.ID(), f.ID(), err)
		}
		line = appendFeature(append(append(line, between...), '\n'), f, g, s.Fields)
		if _, err := out.Write(line); err != nil {
			return err
		}
		line, between = line[:0], ","
	}
	if _, err := out.Write(append(line, "\n]}\n"...)); err != nil {
		return err
	}
	return out.Flush()
}

func appendCollectionHead(dst []byte, s Selection) []byte {
	schema := s.Layer.Schema()
	dst = AppendString(append(dst, `{"type":"FeatureCollection","name":`...), string(schema.ID))
	dst = AppendString(append(dst, `,"as_of":`...), schema.AsOf)
	dst = strconv.AppendBool(append(dst, `,"synthetic":`...), schema.Synthetic)
	if s.CRS != datum.CRS84 && s.CRS != datum.EPSG4326 && s.CRS != datum.EPSG4490 {
		name := s.CRS.String()
		if code, ok := strings.CutPrefix(name, "EPSG:"); ok {
			name = "urn:ogc:def:crs:EPSG::" + code
		}
		dst = AppendString(append(dst, `,"crs":{"type":"name","properties":{"name":`...), name)
		dst = append(dst, "}}"...)
	}
	return append(dst, `,"features":[`...)
}

// AppendValue appends an attribute value as JSON.
func AppendValue(dst []byte, v spatial.Value) []byte {
	switch v.Type() {
	case spatial.TypeText:
		return AppendString(dst, v.Text())
	case spatial.TypeInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case spatial.TypeFloat:
		return appendFloat(dst, v.Float())
	case spatial.TypeBool:
		return strconv.AppendBool(dst, v.Bool())
	case spatial.TypeDate:
		return appendTime(dst, v.Time(), time.DateOnly)
	case spatial.TypeTime:
		return appendTime(dst, v.Time(), time.RFC3339Nano)
	}
	return append(dst, "null"...)
}

func appendTime(dst []byte, t time.Time, layout string) []byte {
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, layout)
	return append(dst, '"')
}

// appendFloat writes the shortest text that reads back as the same number.
// From 2⁵³ on it has an exponent, lest it be taken for an exact whole number.
func appendFloat(dst []byte, f float64) []byte {
	if size := math.Abs(f); f != 0 && (size < 1e-6 || size >= 1<<53) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// AppendGeometry appends g (degrees lon, lat) as a GeoJSON geometry, null for
// nil. Coordinates have at most nine decimals, about 0.1 mm, which is exact
// for the stored lattice of 10⁻⁹ degree. Outer rings run counterclockwise and
// holes clockwise, as RFC 7946 §3.1.6 wants; g itself is not touched.
func AppendGeometry(dst []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case nil:
		return append(dst, "null"...)
	case orb.Ring:
		return AppendGeometry(dst, orb.Polygon{g})
	case orb.Bound:
		return AppendGeometry(dst, g.ToPolygon())
	case orb.Collection:
		return appendCollection(dst, g)
	}
	dst = append(dst, `{"type":"`...)
	dst = append(dst, g.GeoJSONType()...)
	dst = append(dst, `","coordinates":`...)
	dst = appendCoordinates(dst, g)
	return append(dst, '}')
}

func appendCollection(dst []byte, members orb.Collection) []byte {
	dst = append(dst, `{"type":"GeometryCollection","geometries":`...)
	dst = appendList(dst, members, AppendGeometry)
	return append(dst, '}')
}

func appendCoordinates(dst []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case orb.Point:
		return appendPosition(dst, g)
	case orb.MultiPoint:
		return appendList(dst, g, appendPosition)
	case orb.LineString:
		return appendList(dst, g, appendPosition)
	case orb.MultiLineString:
		return appendList(dst, g, func(dst []byte, l orb.LineString) []byte { return appendList(dst, l, appendPosition) })
	case orb.Polygon:
		return appendPolygon(dst, g)
	case orb.MultiPolygon:
		return appendList(dst, g, appendPolygon)
	}
	panic(fmt.Sprintf("geojson: no such geometry: %T", g))
}

func appendList[E any](dst []byte, parts []E, appendPart func([]byte, E) []byte) []byte {
	dst = append(dst, '[')
	for i, part := range parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendPart(dst, part)
	}
	return append(dst, ']')
}

func appendPolygon(dst []byte, p orb.Polygon) []byte {
	dst = append(dst, '[')
	for i, ring := range p {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRing(dst, ring, i == 0)
	}
	return append(dst, ']')
}

// appendRing writes a ring counterclockwise or clockwise.
func appendRing(dst []byte, r orb.Ring, counterclockwise bool) []byte {
	if area := twiceArea(r); area == 0 || area > 0 == counterclockwise {
		return appendList(dst, r, appendPosition)
	}
	dst = append(dst, '[')
	for i := len(r) - 1; i >= 0; i-- {
		dst = appendPosition(dst, r[i])
		if i > 0 {
			dst = append(dst, ',')
		}
	}
	return append(dst, ']')
}

// twiceArea is twice the signed planar area in square degrees, positive for
// a counterclockwise ring. It is reckoned from the ring's first position,
// where the numbers are small.
func twiceArea(r orb.Ring) float64 {
	var area float64
	for i := 2; i < len(r); i++ {
		ax, ay := r[i-1][0]-r[0][0], r[i-1][1]-r[0][1]
		bx, by := r[i][0]-r[0][0], r[i][1]-r[0][1]
		area += ax*by - bx*ay
	}
	return area
}

func appendPosition(dst []byte, p orb.Point) []byte {
	dst = append(dst, '[')
	dst = appendDegrees(dst, p[0])
	dst = append(dst, ',')
	dst = appendDegrees(dst, p[1])
	return append(dst, ']')
}

// appendDegrees writes a number of degrees (at most 180 in size) rounded to
// nine decimals, without trailing zeros.
func appendDegrees(dst []byte, degrees float64) []byte {
	n := int64(math.RoundToEven(degrees * 1e9))
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	dst = strconv.AppendInt(dst, n/1e9, 10)
	fraction := n % 1e9
	if fraction == 0 {
		return dst
	}
	digits := [10]byte{0: '.'}
	last := 0
	for i := 9; i > 0; i-- {
		digits[i] = byte('0' + fraction%10)
		if fraction /= 10; last == 0 && digits[i] != '0' {
			last = i
		}
	}
	return append(dst, digits[:last+1]...)
}

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD, since JSON cannot carry them.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, `\n`...)
			case c < ' ':
				dst = append(dst, `\u00`...)
				dst = append(dst, hex[c>>4], hex[c&15])
			default:
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return append(dst, '"')
}
