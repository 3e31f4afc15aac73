package storetest

import (
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// source is a data.Source in memory.
type source struct {
	schemas []*spatial.Schema
	rows    map[spatial.LayerID][]spatial.Row
}

func (s source) Schemas() []*spatial.Schema { return s.schemas }

func (s source) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for _, row := range s.rows[id] {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// snapshot is what a store must hold once the source was filled in.
func (s source) snapshot() (*spatial.Snapshot, error) {
	var layers []*spatial.Layer
	for _, schema := range s.schemas {
		layer, err := spatial.NewLayer(schema, 1, s.Rows(schema.ID))
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return spatial.New(1, layers...), nil
}

// district is a small source with every type, every kind of geometry and
// every kind of rule.
func district() source {
	return source{
		schemas: []*spatial.Schema{communitySchema(), gridSchema(), zooSchema(), figureSchema()},
		rows: map[spatial.LayerID][]spatial.Row{
			"communities": {
				{ID: 1, Geometry: square(114.1, 22.5, 0.02), Values: []spatial.Value{spatial.Text("440303002007"), spatial.Text("新秀社区")}},
				{ID: 2, Geometry: square(114.12, 22.5, 0.02), Values: []spatial.Value{spatial.Text("440303002017"), spatial.Text("新兴社区")}},
			},
			"grids":   {gridRow(1, 7, 1), gridRow(2, 7, 18), gridRow(5, 17, 13), gridRow(9, 17, 14)},
			"zoo":     zooRows(),
			"figures": {{ID: 3, Values: []spatial.Value{spatial.Text("residents"), spatial.Int(1191907)}}, {ID: 4, Values: []spatial.Value{spatial.Null, spatial.Null}}},
		},
	}
}

func communitySchema() *spatial.Schema {
	return &spatial.Schema{
		ID: "communities", Title: spatial.Title{ZH: "社区", EN: "Communities"}, Group: "grid", Geometry: spatial.Polygons,
		Fields: []spatial.Field{
			{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: 12},
			{Name: "name", Type: spatial.TypeText, Title: spatial.Title{ZH: "名称", EN: "Name"}},
		},
		Code: "code", Label: "name", AsOf: "2023-06-30", Synthetic: true, Source: "made up", Licence: "CC0-1.0",
		Note: spatial.Title{ZH: "样例", EN: "A sample; it's \"quoted\""},
	}
}

// The indexes of gridSchema's fields.
const (
	gridCode = iota
	gridCommunity
	gridKind
	gridMen
	gridWomen
	gridResidents
	gridTag
)

func gridSchema() *spatial.Schema {
	least := 0.0
	return &spatial.Schema{
		ID: "grids", Title: spatial.Title{ZH: "网格", EN: "Grids"}, Geometry: spatial.Polygons,
		Fields: []spatial.Field{
			{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: 14, Prefix: "community"},
			{Name: "community", Type: spatial.TypeText, Required: true, References: "communities"},
			{Name: "kind", Type: spatial.TypeText, Values: []spatial.Label{
				{Value: "基础", Title: spatial.Title{EN: "basic"}, Color: "#123456"}, {Value: "it's other"}}},
			{Name: "men", Type: spatial.TypeInt, Unit: "persons", Min: &least},
			{Name: "women", Type: spatial.TypeInt, Unit: "persons", Min: &least},
			{Name: "residents", Type: spatial.TypeInt, SumOf: []string{"men", "women"}},
			{Name: "tag", Type: spatial.TypeInt, Unique: true, Detail: true},
		},
		Code: "code", AsOf: "2024-12-30",
	}
}

func gridRow(id int64, community, number int) spatial.Row {
	code := fmt.Sprintf("440303002%03d", community)
	return spatial.Row{
		ID:       id,
		Geometry: square(114.1+0.001*float64(id%1000), 22.5+0.001*float64(id/1000), 0.001),
		Values: []spatial.Value{
			gridCode: spatial.Text(fmt.Sprintf("%s%02d", code, number)), gridCommunity: spatial.Text(code),
			gridKind: spatial.Text("it's other"), gridMen: spatial.Int(2), gridWomen: spatial.Null,
			gridResidents: spatial.Int(2), gridTag: spatial.Null,
		},
	}
}

// zooSchema has a field of every type, and none of the rules.
func zooSchema() *spatial.Schema {
	return &spatial.Schema{
		ID: "zoo", Title: spatial.Title{ZH: "各样"}, Geometry: spatial.Points | spatial.Lines | spatial.Polygons,
		Fields: []spatial.Field{
			{Name: "words", Type: spatial.TypeText}, {Name: "whole", Type: spatial.TypeInt},
			{Name: "real", Type: spatial.TypeFloat}, {Name: "truth", Type: spatial.TypeBool},
			{Name: "day", Type: spatial.TypeDate}, {Name: "moment", Type: spatial.TypeTime},
		},
		Label: "words", AsOf: "2024-11-04",
	}
}

func zooRow(id int64, g orb.Geometry, values ...spatial.Value) spatial.Row {
	row := spatial.Row{ID: id, Geometry: g, Values: make([]spatial.Value, 6)}
	copy(row.Values, values)
	return row
}

func zooRows() []spatial.Row {
	var rows []spatial.Row
	add := func(g orb.Geometry, values ...spatial.Value) {
		rows = append(rows, zooRow(int64(3*len(rows)+1), g, values...))
	}
	for _, g := range geometries() {
		add(g, spatial.Text(fmt.Sprintf("%T", g)))
	}
	for _, words := range []string{"", " ", "罗湖区 🏙 ḗ", "'; DROP TABLE zoo; --", `back\slash "quoted" \N`, "line\nbreak\ttab\r\n", strings.Repeat("长", 5000)} {
		add(nil, spatial.Text(words))
	}
	for _, whole := range []int64{0, -1, math.MaxInt64, math.MinInt64, 1<<53 + 1} {
		add(nil, spatial.Null, spatial.Int(whole))
	}
	for _, real := range []float64{0, 3, 0.1, -1.0 / 3, math.MaxFloat64, math.SmallestNonzeroFloat64, 1e15, 1e16, 123456789.123456789} {
		add(nil, spatial.Null, spatial.Null, spatial.Float(real))
	}
	for _, truth := range []bool{true, false} {
		add(nil, spatial.Null, spatial.Null, spatial.Null, spatial.Bool(truth))
	}
	for _, at := range []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1582, 10, 10, 23, 59, 59, 999999000, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC), time.Unix(0, 0), time.Date(2000, 2, 29, 12, 0, 0, 0, time.UTC),
		time.Date(2024, 11, 4, 8, 30, 0, 123456000, time.FixedZone("", 8*3600)), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		add(nil, spatial.Null, spatial.Null, spatial.Null, spatial.Null, spatial.Date(at), spatial.Time(at))
	}
	return rows
}

// geometries are of every kind, with holes, parts and coordinates that only
// survive if no digit is touched.
func geometries() []orb.Geometry {
	donut := orb.Polygon{square(114.1, 22.5, 0.01)[0], square(114.104, 22.504, 0.002)[0]}
	return []orb.Geometry{
		nil,
		orb.Point{114.123456789, 22.587654321},
		orb.Point{1.0 / 3, math.Nextafter(22.5, 23)},
		orb.Point{math.Copysign(0, -1), 0},
		orb.Point{-180, 90},
		orb.Point{math.SmallestNonzeroFloat64, -math.Pi},
		orb.MultiPoint{{114.1, 22.5}},
		orb.MultiPoint{{114.1, 22.5}, {114.2, 22.6}, {114.1, 22.6}},
		orb.LineString{{114.1, 22.5}, {114.2, 22.6}},
		orb.LineString(circle(114.1, 22.5, 0.01, 5000)),
		orb.MultiLineString{{{114.1, 22.5}, {114.2, 22.6}}},
		orb.MultiLineString{{{114.1, 22.5}, {114.2, 22.6}}, {{114, 22}, {114, 23}, {115, 23}}},
		square(114.1, 22.5, 0.1),
		orb.Polygon{circle(114.1, 22.5, 0.01, 3000)},
		donut,
		orb.MultiPolygon{square(114.1, 22.5, 0.1)},
		orb.MultiPolygon{donut, square(114.2, 22.5, 0.01), {square(114.3, 22.5, 0.01)[0], square(114.302, 22.502, 0.001)[0], square(114.305, 22.505, 0.001)[0]}},
	}
}

// figureSchema is a table without geometry.
func figureSchema() *spatial.Schema {
	return &spatial.Schema{
		ID: "figures", Title: spatial.Title{ZH: "数字"}, Geometry: spatial.NoGeometry,
		Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}, {Name: "figure", Type: spatial.TypeInt}},
		AsOf:   "2024-12-30",
	}
}

// square is a counter-clockwise square from its south-west corner, degrees.
func square(lon, lat, side float64) orb.Polygon {
	return orb.Polygon{{{lon, lat}, {lon + side, lat}, {lon + side, lat + side}, {lon, lat + side}, {lon, lat}}}
}

// circle is a closed ring of n sides, degrees.
func circle(lon, lat, radius float64, n int) orb.Ring {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		ring = append(ring, orb.Point{lon + radius*cos, lat + radius*sin})
	}
	return append(ring, ring[0])
}
