package format

import (
	"math"
	"strconv"

	"github.com/paulmach/orb"
)

// decimals of coordinates in text: 0.1 mm in either unit.
const (
	degreeDecimals = 9
	metreDecimals  = 4
)

// appendCoordinate writes a coordinate rounded to so many decimals, without
// trailing zeros and without an exponent.
func appendCoordinate(dst []byte, x float64, decimals int) []byte {
	if decimals == degreeDecimals {
		return appendDegrees(dst, x)
	}
	scale := math.Pow10(decimals)
	return strconv.AppendFloat(dst, math.RoundToEven(x*scale)/scale, 'f', -1, 64)
}

// appendWKT writes a geometry as well-known text, easting before northing;
// nothing for nil.
func appendWKT(dst []byte, g orb.Geometry, decimals int) []byte {
	position := func(dst []byte, p orb.Point) []byte {
		dst = appendCoordinate(dst, p[0], decimals)
		dst = append(dst, ' ')
		return appendCoordinate(dst, p[1], decimals)
	}
	ring := func(dst []byte, r orb.Ring) []byte { return appendParts(dst, r, position) }
	line := func(dst []byte, l orb.LineString) []byte { return appendParts(dst, l, position) }
	polygon := func(dst []byte, p orb.Polygon) []byte { return appendParts(dst, p, ring) }
	switch g := g.(type) {
	case orb.Point:
		return appendParts(append(dst, "POINT"...), []orb.Point{g}, position)
	case orb.MultiPoint:
		one := func(dst []byte, p orb.Point) []byte { return appendParts(dst, []orb.Point{p}, position) }
		return appendParts(append(dst, "MULTIPOINT"...), g, one)
	case orb.LineString:
		return line(append(dst, "LINESTRING"...), g)
	case orb.MultiLineString:
		return appendParts(append(dst, "MULTILINESTRING"...), g, line)
	case orb.Polygon:
		return polygon(append(dst, "POLYGON"...), g)
	case orb.MultiPolygon:
		return appendParts(append(dst, "MULTIPOLYGON"...), g, polygon)
	}
	return dst
}

func appendParts[E any](dst []byte, parts []E, appendPart func([]byte, E) []byte) []byte {
	dst = append(dst, '(')
	for i, part := range parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendPart(dst, part)
	}
	return append(dst, ')')
}
