package postgis

import (
	"encoding/binary"
	"math"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
	geom "github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"
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
