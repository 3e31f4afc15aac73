package postgis

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	geom "github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"

	"wangge/spatial"
)

var shapes = []orb.Geometry{
	orb.Point{114.123456789, math.Nextafter(22.5, 23)},
	orb.MultiPoint{{1, 2}, {3, 4}},
	orb.LineString{{1, 2}, {3, 4}},
	orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}, {9, 10}}},
	square(1, 2),
	orb.Polygon{square(1, 2)[0], square(1.25, 2.25)[0]},
	orb.MultiPolygon{{square(1, 2)[0], square(3, 4)[0]}, square(5, 6), square(7, 8)},
}

func TestCodec(t *testing.T) {
	for _, g := range shapes {
		b, err := encodeGeometry{}.Encode(g, []byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		var got orb.Geometry
		if err := (scanGeometry{}).Scan(b[len("before"):], &got); err != nil || !reflect.DeepEqual(got, g) {
			t.Errorf("got %v, %v, want %v", got, err, g)
		}
	}
	var none orb.Geometry = orb.Point{}
	if err := (scanGeometry{}).Scan(nil, &none); err != nil || none != nil {
		t.Errorf("null became %v, %v", none, err)
	}
}

func TestCodecRefuses(t *testing.T) {
	for _, g := range []orb.Geometry{orb.Collection{orb.Point{}}, orb.Ring{}, orb.Bound{}} {
		if _, err := (encodeGeometry{}).Encode(g, nil); err == nil {
			t.Errorf("a %T was encoded", g)
		}
	}
	for name, wire := range map[string]geom.T{
		"another SRID": geom.NewPointFlat(geom.XY, []float64{1, 2}).SetSRID(4326), "no SRID": geom.NewPointFlat(geom.XY, []float64{1, 2}),
		"height": geom.NewPointFlat(geom.XYZ, []float64{1, 2, 3}).SetSRID(srid), "empty": geom.NewPointEmpty(geom.XY).SetSRID(srid),
		"collection": geom.NewGeometryCollection().SetSRID(srid),
	} {
		b, err := ewkb.Marshal(wire, binary.LittleEndian)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(b); err == nil {
			t.Errorf("%s: decoded as %v", name, got)
		}
	}
}

// TestWireBothOrders: what go-geom writes, in either byte order, is read.
func TestWireBothOrders(t *testing.T) {
	for _, g := range shapes {
		wire, err := toWire(g)
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			b, err := ewkb.Marshal(wire, order)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := decode(b); err != nil || !reflect.DeepEqual(got, g) {
				t.Errorf("%v: got %v, %v, want %v", order, got, err, g)
			}
		}
	}
}

// TestWireRefuses: a geometry that cannot be taken names the rule.
func TestWireRefuses(t *testing.T) {
	tests := []struct{ name, hex, rule string }{
		{"nothing", "", "geometry_wkb"},
		{"a byte order of 2", "0201000020" + "8a110000", "geometry_wkb"},
		{"too short", "0101000020" + "8a110000" + "0000", "geometry_wkb"},
		{"too long", "0101000020" + "8a110000" + strings.Repeat("00", 17), "geometry_wkb"},
		{"a point with height", "01010000a0" + "8a110000" + strings.Repeat("00", 24), "geometry_flat"},
		{"a point with measure", "0101000060" + "8a110000" + strings.Repeat("00", 24), "geometry_flat"},
		{"another SRID", "0101000020" + "e6100000" + strings.Repeat("00", 16), "geometry_srid"},
		{"no SRID", "0101000000" + strings.Repeat("00", 16), "geometry_srid"},
		{"a collection", "0107000020" + "8a110000" + "00000000", "geometry_kind"},
		{"a curve", "0108000020" + "8a110000" + "00000000", "geometry_kind"},
		{"four thousand million positions", "0102000020" + "8a110000" + "ffffffff", "geometry_wkb"},
		{"as many rings", "0103000020" + "8a110000" + "ffffffff", "geometry_wkb"},
		{"as many polygons", "0106000020" + "8a110000" + "ffffffff" + strings.Repeat("00", 16), "geometry_wkb"},
		{"a line among points", "0104000020" + "8a110000" + "01000000" + "0102000000" + "00000000", "geometry_wkb"},
	}
	for _, tt := range tests {
		b, err := hex.DecodeString(tt.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(b)
		var invalid *spatial.InvalidError
		if !errors.As(err, &invalid) || invalid.Rule != tt.rule {
			t.Errorf("%s: got %v, %v, want %s", tt.name, got, err, tt.rule)
		}
	}
}

// FuzzWKB: any bytes are read or refused, with memory in proportion, and what
// is read is written and read again the same.
func FuzzWKB(f *testing.F) {
	for _, g := range shapes {
		b, err := encodeGeometry{}.Encode(g, nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		g, err := decode(src)
		if err != nil || g == nil {
			return
		}
		b, err := encodeGeometry{}.Encode(g, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > len(src)+16 { // of SRIDs in parts we write none
			t.Errorf("%d bytes became %d", len(src), len(b))
		}
		again, err := decode(b)
		if err != nil || !orb.Equal(g, again) && orb.Equal(g, g) {
			t.Errorf("%v became %v, %v", g, again, err)
		}
	})
}
