package geopackage

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	gogeom "github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"
	"github.com/twpayne/go-geom/encoding/wkb"
)

// shapes pairs each kind of geometry with what go-geom makes of the same
// positions.
func shapes() map[string]struct {
	ours   orb.Geometry
	theirs gogeom.T
} {
	ring := []float64{0, 0, 2, 0, 2, 2, 0, 2, 0, 0}
	hole := []float64{0.5, 0.5, 0.5, 1, 1, 1, 0.5, 0.5}
	both := append(append([]float64{}, ring...), hole...)
	polygon := orb.Polygon{{{0, 0}, {2, 0}, {2, 2}, {0, 2}, {0, 0}}, {{0.5, 0.5}, {0.5, 1}, {1, 1}, {0.5, 0.5}}}
	return map[string]struct {
		ours   orb.Geometry
		theirs gogeom.T
	}{
		"point":           {orb.Point{114.1, math.Pi}, gogeom.NewPointFlat(gogeom.XY, []float64{114.1, math.Pi})},
		"multipoint":      {orb.MultiPoint{{1, 2}, {3, 4}}, gogeom.NewMultiPointFlat(gogeom.XY, []float64{1, 2, 3, 4})},
		"linestring":      {orb.LineString{{1, 2}, {3, 4}}, gogeom.NewLineStringFlat(gogeom.XY, []float64{1, 2, 3, 4})},
		"multilinestring": {orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, gogeom.NewMultiLineStringFlat(gogeom.XY, []float64{1, 2, 3, 4, 5, 6, 7, 8}, []int{4, 8})},
		"polygon":         {polygon, gogeom.NewPolygonFlat(gogeom.XY, both, []int{10, 18})},
		"multipolygon":    {orb.MultiPolygon{polygon, polygon[:1]}, gogeom.NewMultiPolygonFlat(gogeom.XY, append(append([]float64{}, both...), ring...), [][]int{{10, 18}, {28}})},
	}
}

func TestBlobAgreesWithGoGeom(t *testing.T) {
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
				theirs, err := wkb.Marshal(shape.theirs, order)
				if err != nil {
					t.Fatal(err)
				}
				header := []byte{'G', 'P', 0, 0, 0, 0, 0, 0} // big-endian, without envelope
				got, err := parseBlob(append(header, theirs...), srid)
				if err != nil || !reflect.DeepEqual(got, shape.ours) {
					t.Errorf("read %v, %v, want %v", got, err, shape.ours)
				}
			}
			blob := appendBlob(nil, srid, shape.ours)
			h, err := parseHeader(blob)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := wkb.Unmarshal(h.wkb)
			if err != nil || !reflect.DeepEqual(theirs.FlatCoords(), shape.theirs.FlatCoords()) {
				t.Errorf("go-geom reads %v, %v", theirs, err)
			}
			if b, ok, err := parseBound(blob); b != shape.ours.Bound() || !ok || err != nil {
				t.Errorf("bound %v %v %v, want %v", b, ok, err, shape.ours.Bound())
			}
		})
	}
}

func TestHeightsAndMeasuresAreLeftOut(t *testing.T) {
	want := orb.LineString{{1, 2}, {5, 6}}
	for layout, flat := range map[gogeom.Layout][]float64{
		gogeom.XYZ: {1, 2, 9, 5, 6, 9}, gogeom.XYM: {1, 2, 9, 5, 6, 9}, gogeom.XYZM: {1, 2, 9, 8, 5, 6, 9, 8},
	} {
		line := gogeom.NewLineStringFlat(layout, flat)
		iso, err := wkb.Marshal(line, wkb.NDR)
		if err != nil {
			t.Fatal(err)
		}
		extended, err := ewkb.Marshal(line, ewkb.XDR)
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range [][]byte{iso, extended} {
			got, err := parseBlob(append([]byte{'G', 'P', 0, 1, 0, 0, 0, 0}, body...), srid)
			if err != nil || !reflect.DeepEqual(got, orb.Geometry(want)) {
				t.Errorf("%v: %v, %v", layout, got, err)
			}
		}
	}
}

func TestParseBlobRefuses(t *testing.T) {
	whole := appendBlob(nil, srid, shapes()["multipolygon"].ours)
	for n := range whole {
		if g, err := parseBlob(whole[:n], srid); err == nil {
			t.Fatalf("the first %d of %d bytes read as %v", n, len(whole), g)
		}
	}
	change := func(at int, b byte) []byte {
		blob := append([]byte{}, whole...)
		blob[at] = b
		return blob
	}
	for name, c := range map[string]struct {
		blob []byte
		want string
	}{
		"no blob":          {[]byte("POINT(1 2)"), "not a GeoPackage geometry"},
		"extended":         {change(3, 0x23), "extended"},
		"envelope":         {change(3, 0x0b), "envelope indicator 5"},
		"too many parts":   {change(headerSize+32+8, 0x7f), "too early"},
		"trailing":         {append(append([]byte{}, whole...), 0), "1 bytes follow"},
		"collection":       {change(headerSize+32+1, 7), "GEOMETRYCOLLECTION"},
		"part of own kind": {change(headerSize+32+9+1, 1), "another kind"},
	} {
		if _, err := parseBlob(c.blob, srid); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if g, err := parseBlob([]byte{'G', 'P', 0, 0x11, 0, 0, 0, 0}, srid); g != nil || err != nil {
		t.Errorf("an empty geometry reads as %v, %v", g, err)
	}
}

// Whatever parses is written and read again as the same, and the bound of
// anything parses or fails without harm.
func FuzzParseBlob(f *testing.F) {
	for _, shape := range shapes() {
		f.Add(appendBlob(nil, srid, shape.ours))
	}
	for _, text := range []string{ // heights, measures, either order, envelopes, empty, foreign systems, curves
		"47500001E610000001E9030000000000000000F03F00000000000000400000000000000840",
		"47500000000010E60000000BB9000000023FF000000000000040000000000000004008000000000000401000000000000040140000000000004018000000000000401C0000000000004020000000000000",
		"47500011E61000000101000000000000000000F87F000000000000F87F", "47500001E6100000010300000000000000", "475000008A110000",
		"47500001FFFFFFFF010400000001000000010100000000000000000000000000000000000000", "47500001C311000001010000000000000000000000",
		"47500001E6100000010800000000000000", "475000018A110000010700000000000000", "47500029E6100000", "475000078A110000",
	} {
		blob, err := hex.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		_, _, _ = parseBound(blob)
		g, err := parseBlob(blob, srid)
		if err != nil || g == nil {
			return
		}
		again, err := parseBlob(appendBlob(nil, srid, g), srid)
		if err != nil {
			t.Fatal(err)
		}
		if string(appendWKB(nil, again)) != string(appendWKB(nil, g)) {
			t.Fatalf("%v became %v", g, again)
		}
	})
}
