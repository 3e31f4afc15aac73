package format_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wangge/data/format"
	"wangge/spatial"
)

func feature(t testing.TB, schema *spatial.Schema, row spatial.Row) spatial.Feature {
	t.Helper()
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) { yield(row, nil) })
	if err != nil {
		t.Fatal(err)
	}
	f, err := layer.Feature(row.ID)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAppendFeature(t *testing.T) {
	schema := &spatial.Schema{ID: "sites", Geometry: spatial.Points, Fields: []spatial.Field{
		{Name: "name", Type: spatial.TypeText}, {Name: "rooms", Type: spatial.TypeInt}, {Name: "area", Type: spatial.TypeFloat},
		{Name: "open", Type: spatial.TypeBool}, {Name: "day", Type: spatial.TypeDate}, {Name: "at", Type: spatial.TypeTime},
		{Name: "none", Type: spatial.TypeText},
	}}
	at := time.Date(2024, 11, 4, 8, 30, 0, 5000, time.UTC)
	f := feature(t, schema, spatial.Row{ID: 7, Geometry: orb.Point{114.1447, 22.5565}, Values: []spatial.Value{
		spatial.Text("深水楼 \"A\"\\\n\x01\xff"), spatial.Int(-5), spatial.Float(1e-9), spatial.Bool(true),
		spatial.Date(at), spatial.Time(at), spatial.Null,
	}})
	for _, c := range []struct {
		name   string
		fields []int
		want   string
	}{
		{"all", []int{0, 1, 2, 3, 4, 5, 6}, `{"name":"深水楼 \"A\"\\\n\u0001` + "\uFFFD" + `","rooms":-5,"area":1e-09,"open":true,"day":"2024-11-04","at":"2024-11-04T08:30:00.000005Z","none":null}`},
		{"chosen order", []int{3, 1}, `{"open":true,"rooms":-5}`},
		{"none", nil, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(format.AppendFeature(nil, f, c.fields))
			want := `{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[114.1447,22.5565]},"properties":` + c.want + `}`
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if !json.Valid([]byte(got)) {
				t.Error("not JSON")
			}
		})
	}
}

func TestAppendGeometry(t *testing.T) {
	clockwise := orb.Ring{{0, 0}, {0, 2}, {2, 2}, {2, 0}, {0, 0}}
	hole := orb.Ring{{0.5, 0.5}, {1, 0.5}, {1, 1}, {0.5, 0.5}} // counterclockwise
	for _, c := range []struct {
		name string
		g    orb.Geometry
		want string
	}{
		{"nil", nil, `null`},
		{"negative and small", orb.Point{-0.5, 0.000000001}, `{"type":"Point","coordinates":[-0.5,0.000000001]}`},
		{"rounds", orb.Point{-0.178978317921852, 89.9999999999}, `{"type":"Point","coordinates":[-0.178978318,90]}`},
		{"no negative zero", orb.Point{math.Copysign(0, -1), -1e-12}, `{"type":"Point","coordinates":[0,0]}`},
		{"whole", orb.Point{-180, 90}, `{"type":"Point","coordinates":[-180,90]}`},
		{"multipoint", orb.MultiPoint{{1, 2}, {3, 4}}, `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`},
		{"line", orb.LineString{{1, 2}, {3, 4}}, `{"type":"LineString","coordinates":[[1,2],[3,4]]}`},
		{"lines", orb.MultiLineString{{{1, 2}, {3, 4}}}, `{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}`},
		{"rewound", orb.Polygon{clockwise, hole}, `{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]],[[0.5,0.5],[1,1],[1,0.5],[0.5,0.5]]]}`},
		{"kept", orb.MultiPolygon{{hole}}, `{"type":"MultiPolygon","coordinates":[[[[0.5,0.5],[1,0.5],[1,1],[0.5,0.5]]]]}`},
		{"collection", orb.Collection{orb.Point{1, 2}}, `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`},
		{"bound", orb.Bound{Max: orb.Point{1, 1}}, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(format.AppendGeometry(nil, c.g)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if clockwise[1] != (orb.Point{0, 2}) {
		t.Error("the writer turned its input's ring")
	}
}

// Every position of the lattice reads back as the same float64.
func TestCoordinatesAreExactOnTheLattice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{
			float64(rapid.Int64Range(-180e9, 180e9).Draw(t, "lon")) / 1e9,
			float64(rapid.Int64Range(-90e9, 90e9).Draw(t, "lat")) / 1e9,
		}
		var got struct{ Coordinates orb.Point }
		if err := json.Unmarshal(format.AppendGeometry(nil, p), &got); err != nil {
			t.Fatal(err)
		}
		if got.Coordinates != p {
			t.Fatalf("%v came back as %v", p, got.Coordinates)
		}
	})
}

func TestStringsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "text")
		var got string
		if err := json.Unmarshal(format.AppendString(nil, want), &got); err != nil {
			t.Fatal(err)
		}
		if got != strings.ToValidUTF8(want, "\uFFFD") {
			t.Fatalf("%q came back as %q", want, got)
		}
	})
}

func ExampleAppendGeometry() {
	fmt.Println(string(format.AppendGeometry(nil, orb.Point{114.1447, 22.5565})))
	// Output: {"type":"Point","coordinates":[114.1447,22.5565]}
}

func BenchmarkAppendFeature(b *testing.B) {
	schema := &spatial.Schema{ID: "grids", Geometry: spatial.Polygons, Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}}}
	ring := make(orb.Ring, 0, 101)
	for i := range 100 {
		a := float64(i) / 50 * math.Pi
		ring = append(ring, orb.Point{114 + math.Cos(a)/100, 22.5 + math.Sin(a)/100})
	}
	ring = append(ring, ring[0])
	f := feature(b, schema, spatial.Row{ID: 1, Geometry: orb.Polygon{ring}, Values: []spatial.Value{spatial.Text("新秀社区18网格")}})
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst = format.AppendFeature(dst[:0], f, []int{0})
	}
	b.SetBytes(int64(len(dst)))
}
