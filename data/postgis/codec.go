package postgis

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	geom "github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"
)

// srid is CGCS2000, longitude first as PostGIS keeps all degrees.
const srid = 4490

// registerGeometry teaches a connection the type geometry.
func registerGeometry(ctx context.Context, conn *pgx.Conn) error {
	var oid uint32
	if err := conn.QueryRow(ctx, "SELECT 'geometry'::regtype::oid").Scan(&oid); err != nil {
		return fmt.Errorf("look up the type geometry: %w", err)
	}
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "geometry", OID: oid, Codec: geometryCodec{}})
	return nil
}

// geometryCodec carries orb geometry as EWKB, PostGIS's binary form. It
// refuses any SRID but 4490, on the way in and out.
type geometryCodec struct{}

func (geometryCodec) FormatSupported(format int16) bool { return format == pgtype.BinaryFormatCode }
func (geometryCodec) PreferredFormat() int16            { return pgtype.BinaryFormatCode }

func (geometryCodec) PlanEncode(_ *pgtype.Map, _ uint32, _ int16, value any) pgtype.EncodePlan {
	if _, ok := value.(orb.Geometry); ok {
		return encodeGeometry{}
	}
	return nil
}

func (geometryCodec) PlanScan(_ *pgtype.Map, _ uint32, _ int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*orb.Geometry); ok {
		return scanGeometry{}
	}
	return nil
}

func (geometryCodec) DecodeDatabaseSQLValue(_ *pgtype.Map, _ uint32, _ int16, src []byte) (driver.Value, error) {
	return src, nil
}

func (geometryCodec) DecodeValue(_ *pgtype.Map, _ uint32, _ int16, src []byte) (any, error) {
	return decode(src)
}

type encodeGeometry struct{}

func (encodeGeometry) Encode(value any, buf []byte) ([]byte, error) {
	wire, err := toWire(value.(orb.Geometry))
	if err != nil {
		return nil, err
	}
	b, err := ewkb.Marshal(wire, binary.LittleEndian)
	if err != nil {
		return nil, fmt.Errorf("encode geometry: %w", err)
	}
	return append(buf, b...), nil
}

type scanGeometry struct{}

func (scanGeometry) Scan(src []byte, target any) (err error) {
	*target.(*orb.Geometry), err = decode(src)
	return err
}

func toWire(g orb.Geometry) (geom.T, error) {
	switch g := g.(type) {
	case orb.Point:
		return geom.NewPointFlat(geom.XY, g[:]).SetSRID(srid), nil
	case orb.MultiPoint:
		return geom.NewMultiPointFlat(geom.XY, flat(nil, g)).SetSRID(srid), nil
	case orb.LineString:
		return geom.NewLineStringFlat(geom.XY, flat(nil, g)).SetSRID(srid), nil
	case orb.MultiLineString:
		coords, ends := flatParts(nil, nil, g)
		return geom.NewMultiLineStringFlat(geom.XY, coords, ends).SetSRID(srid), nil
	case orb.Polygon:
		coords, ends := flatParts(nil, nil, g)
		return geom.NewPolygonFlat(geom.XY, coords, ends).SetSRID(srid), nil
	case orb.MultiPolygon:
		coords, endss := flatPolygons(g)
		return geom.NewMultiPolygonFlat(geom.XY, coords, endss).SetSRID(srid), nil
	}
	return nil, fmt.Errorf("encode geometry: a %T is not kept", g)
}

func flat[S ~[]orb.Point](coords []float64, positions S) []float64 {
	for _, p := range positions {
		coords = append(coords, p[0], p[1])
	}
	return coords
}

func flatParts[P ~[]S, S ~[]orb.Point](coords []float64, ends []int, parts P) ([]float64, []int) {
	for _, part := range parts {
		coords = flat(coords, part)
		ends = append(ends, len(coords))
	}
	return coords, ends
}

func flatPolygons(polygons orb.MultiPolygon) (coords []float64, endss [][]int) {
	for _, polygon := range polygons {
		var ends []int
		coords, ends = flatParts(coords, nil, polygon)
		endss = append(endss, ends)
	}
	return coords, endss
}
