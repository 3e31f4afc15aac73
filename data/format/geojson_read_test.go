package format_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"pgregory.net/rapid"

	"wangge/data/format"
	"wangge/spatial"
)

var options = format.Options{Layer: "sites", AsOf: "2024-11-04", Source: "dir/sites of.2024.geojson"}

// unclosed is a file in memory.
type unclosed struct{ io.ReadSeeker }

func (unclosed) Close() error { return nil }

func memory(text string) io.ReadSeekCloser { return unclosed{strings.NewReader(text)} }

// readGeoJSON reads a file into an empty store; the error is also that of the
// first problem.
func readGeoJSON(file io.ReadSeekCloser, o format.Options) (*format.Import, error) {
	f, err := format.OpenGeoJSON(file)
	if err != nil {
		return nil, err
	}
	in, err := format.Read(f, spatial.New(0), o)
	if err != nil {
		return nil, err
	}
	return in, in.Err()
}

func read(t testing.TB, text string) *format.Import {
	t.Helper()
	in, err := readGeoJSON(memory(text), options)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func rowsOf(t testing.TB, in *format.Import) []spatial.Row {
	t.Helper()
	var rows []spatial.Row
	for row, err := range in.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// collection wraps features, each given as its inner members.
func collection(features ...string) string {
	for i := range features {
		features[i] = `{"type":"Feature",` + features[i] + `}`
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",\n") + `]}`
}

func properties(values ...string) string {
	features := make([]string, len(values))
	for i, v := range values {
		features[i] = `"geometry":{"type":"Point","coordinates":[114,22]},"properties":{"v":` + v + `}`
	}
	return collection(features...)
}

func TestReadGeoJSON(t *testing.T) {
	in := read(t, "\ufeff"+`{"type": "FeatureCollection", "name": "x", "crs": {"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},
"features": [
 {"type":"Feature","id":"a7","properties":{"名称":"深水楼","OA11CD":"E00023412","id":3,"n":1},"geometry":{"type":"Point","coordinates":[114.1,22.5]}},
 {"properties":null,"type":"Feature","geometry":null},
 {"type":"Feature","geometry":{"coordinates":[[[0,0],[1,0],[1,1],[0,0]]],"type":"Polygon"},"properties":{"n":2.5, "n":3.5}}
]}`)
	wantSchema := &spatial.Schema{ID: "sites", Title: spatial.Title{ZH: "sites of.2024", EN: "sites of.2024"}, Group: "user",
		Geometry: spatial.Points | spatial.Polygons, Label: "name", AsOf: "2024-11-04", Source: options.Source, Fields: []spatial.Field{
			{Name: "source_id", Type: spatial.TypeText, Title: spatial.Title{ZH: "@id", EN: "@id"}},
			{Name: "name", Type: spatial.TypeText, Title: spatial.Title{ZH: "名称"}},
			{Name: "oa11cd", Type: spatial.TypeText, Title: spatial.Title{ZH: "OA11CD", EN: "OA11CD"}},
			{Name: "source_id_2", Type: spatial.TypeInt, Title: spatial.Title{ZH: "id", EN: "id"}},
			{Name: "n", Type: spatial.TypeFloat},
		}}
	if !reflect.DeepEqual(in.Schema, wantSchema) {
		t.Errorf("schema\n%+v, want\n%+v", in.Schema, wantSchema)
	}
	text, null := spatial.Text, spatial.Null
	wantRows := []spatial.Row{
		{ID: 1, Geometry: orb.Point{114.1, 22.5}, Values: []spatial.Value{text("a7"), text("深水楼"), text("E00023412"), spatial.Int(3), spatial.Float(1)}},
		{ID: 2, Values: []spatial.Value{null, null, null, null, null}},
		{ID: 3, Geometry: orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}, Values: []spatial.Value{null, null, null, null, spatial.Float(3.5)}},
	}
	if got := rowsOf(t, in); !reflect.DeepEqual(got, wantRows) {
		t.Errorf("rows\n%+v, want\n%+v", got, wantRows)
	}
	want := []string{"1 of 3 features have no geometry", "the coordinate system is OGC:CRS84, as the file says"}
	for _, note := range want {
		if !slices.Contains(in.Report.Notes, note) {
			t.Errorf("notes %q lack %q", in.Report.Notes, note)
		}
	}
	if m := in.Report.Mapping; len(m) != 5 || m[1].Column != "名称" || m[1].Field != "name" {
		t.Errorf("mapping %+v", m)
	}
	if in.Report.Features != 3 || in.Report.New != 3 {
		t.Errorf("report %+v", in.Report)
	}
}

func TestTypesAreInferred(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []string
		typ    spatial.Type
		want   []string
	}{
		{"int", []string{"1", "-5", "null", "9007199254740992"}, spatial.TypeInt, []string{"1", "-5", "", "9007199254740992"}},
		{"beyond 2^53", []string{"1", "9007199254740993"}, spatial.TypeText, []string{"1", "9007199254740993"}},
		{"25 digits", []string{"4403030020071800001000001"}, spatial.TypeText, []string{"4403030020071800001000001"}},
		{"float", []string{"1.5", "2", "1e3"}, spatial.TypeFloat, []string{"1.5", "2", "1000"}},
		{"float beyond", []string{"1.5", "1e999"}, spatial.TypeText, []string{"1.5", "1e999"}},
		{"bool", []string{"true", "false", "null"}, spatial.TypeBool, []string{"true", "false", ""}},
		{"date", []string{`"2024-11-04"`, `"2024-02-29"`}, spatial.TypeDate, []string{"2024-11-04", "2024-02-29"}},
		{"no date", []string{`"2024-11-04"`, `"2023-02-29"`}, spatial.TypeText, []string{"2024-11-04", "2023-02-29"}},
		{"date and empty", []string{`"2024-11-04"`, `""`}, spatial.TypeText, []string{"2024-11-04", ""}},
		{"instants stay text", []string{`"2024-11-04T08:00:00+08:00"`}, spatial.TypeText, []string{"2024-11-04T08:00:00+08:00"}},
		{"mixed", []string{"1", `"8~10"`, "true", "1.50"}, spatial.TypeText, []string{"1", "8~10", "true", "1.5"}},
		{"nested", []string{`{"a": [1, {"b":"}"}]}`, "[ ]"}, spatial.TypeText, []string{`{"a":[1,{"b":"}"}]}`, "[]"}},
		{"null", []string{"null"}, spatial.TypeText, []string{""}},
		{"escapes", []string{`"\u6df1\"\\\n\ud83c\udfd9"`}, spatial.TypeText, []string{"深\"\\\n🏙"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := read(t, properties(c.values...))
			if got := in.Schema.Fields[0].Type; got != c.typ {
				t.Errorf("type %v, want %v", got, c.typ)
			}
			for i, row := range rowsOf(t, in) {
				if got := row.Values[0]; got.String() != c.want[i] || got.IsNull() != (c.values[i] == "null") {
					t.Errorf("value %d is %q, want %q", i, got, c.want[i])
				}
			}
		})
	}
}

func TestFieldNames(t *testing.T) {
	in := read(t, collection(`"id":5,"geometry":null,"properties":{"Name":1,"name":2,"NAME ":3,"geom":4,"id":5,"source_id":6,"2号":7,"2nd":8,"":9,
		"`+strings.Repeat("a", 60)+`":10,"`+strings.Repeat("a", 61)+`":11,"面积(m²)":12,"select":13,"_x_":14}`))
	var names []string
	for _, f := range in.Schema.Fields {
		names = append(names, f.Name)
	}
	long := strings.Repeat("a", 40)
	want := []string{"source_id", "name", "name_2", "name_3", "geom_2", "source_id_2", "source_id_3", "field_8", "field_2nd", "field_10", long, long + "_2", "area", "select", "x"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q\nwant %q", names, want)
	}
	for i, v := range rowsOf(t, in)[0].Values[1:] {
		if v.Int() != int64(i+1) {
			t.Errorf("%s holds %v", names[i+1], v)
		}
	}
}

func TestShapesOfFiles(t *testing.T) {
	point := `{"type":"Point","coordinates":[114,22]}`
	f := `{"type":"Feature","properties":{"a":1},"geometry":` + point + `}`
	for name, c := range map[string]struct {
		text string
		rows int
	}{
		"collection, type last": {`{"features":[` + f + `,` + f + `],"type":"FeatureCollection"}`, 2},
		"feature":               {f, 1},
		"geometry":              {point, 1},
		"newline-delimited":     {f + "\n" + f + "\r\n\n" + point + "\n", 3},
		"record separators":     {"\x1e" + f + "\n\x1e" + f + "\n", 2},
		"collections in a row":  {`{"type":"FeatureCollection","features":[` + f + `]}` + `{"type":"FeatureCollection","features":[` + f + `]}`, 2},
		"other members":         {`{"bbox":[1,2,3,4],"type":"FeatureCollection","x":{"features":[]},"features":[` + f + `],"crs":null}`, 1},
		"every kind": {collection(`"geometry":{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`, `"geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}`,
			`"geometry":{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}`, `"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}`), 4},
	} {
		t.Run(name, func(t *testing.T) {
			in := read(t, c.text)
			if rows := rowsOf(t, in); len(rows) != c.rows || in.Report.Features != c.rows {
				t.Errorf("%d rows, %d reported, want %d", len(rows), in.Report.Features, c.rows)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"heights": {collection(`"geometry":{"type":"Point","coordinates":[114,22,5.5]}`), "1 of 1 features have heights"},
		"empty":   {collection(`"geometry":{"type":"Polygon","coordinates":[[]]}`), "1 of 1 features have an empty geometry"},
		"mixed":   {properties("1", `"x"`), "mixes kinds of values"},
		"nested":  {properties(`{}`), "kept as their JSON text"},
		"big":     {properties("12345678901234567890"), "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(read(t, c.text).Report.Notes, "\n"); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func manyNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf(`"n%d":%d`, i, i)
	}
	return strings.Join(names, ",")
}

func TestReadGeoJSONRefuses(t *testing.T) {
	geometry := func(kind, coordinates string) string {
		good := `"properties":{},"geometry":{"type":"Point","coordinates":[114,22]}`
		return collection(good, `"properties":{},"geometry":{"type":"`+kind+`","coordinates":`+coordinates+`}`)
	}
	crs := func(name string) string {
		return `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"` + name + `"}},"features":[]}`
	}
	for name, c := range map[string]struct{ text, rule, where, fix string }{
		"unclosed ring":      {geometry("Polygon", "[[[0,0],[1,0],[1,1],[0,1]]]"), "ring_closed", "feature 2", "repeat the first position"},
		"short ring":         {geometry("Polygon", "[[[0,0],[1,0],[0,0]]]"), "ring_length", "feature 2", ""},
		"ring of two parts":  {geometry("MultiPolygon", "[[[[0,0],[1,0],[1,1],[0,0]]],[[[0,0],[1,0],[1,1],[0,1]]]]"), "ring_closed", "part 2", "repeat"},
		"null coordinate":    {geometry("Point", "[114,null]"), "position_finite", fmt.Sprint("feature 2, geometry.coordinates[1], byte ", strings.Index(geometry("Point", "[114,null]"), "null")), "[longitude, latitude]"},
		"deep null":          {geometry("Polygon", "[[[0,0],[1,null],[1,1],[0,0]]]"), "position_finite", "geometry.coordinates[0][1][1]", ""},
		"text coordinate":    {geometry("Point", `["114",22]`), "position_finite", "coordinates[0]", ""},
		"huge coordinate":    {geometry("Point", "[1e999,22]"), "position_finite", "coordinates[0]", ""},
		"latitude 95":        {geometry("Point", "[114,95]"), "position_on_earth", "feature 2, byte", "longitude before latitude"},
		"latitude first":     {collection(`"geometry":{"type":"Point","coordinates":[22.5,114.1]}`), "position_on_earth", "coordinates", "longitude before latitude"},
		"metres":             {geometry("Point", "[512241.9,2492605.0]"), "crs_unknown", "coordinates", "--srs"},
		"one number":         {geometry("Point", "[114]"), "geojson_position", "feature 2, geometry.coordinates", ""},
		"flat line":          {geometry("LineString", "[114,22,115,23]"), "geojson_coordinates", "coordinates[0]", "nest"},
		"line of one":        {geometry("LineString", "[[114,22]]"), "geometry_empty", "feature 2", ""},
		"coordinates object": {geometry("Point", `{"x":1}`), "geojson_coordinates", "feature 2", ""},
		"unknown kind":       {geometry("Circle", "[1,2]"), "geometry_kind", "feature 2", ""},
		"lower case kind":    {geometry("point", "[1,2]"), "geometry_kind", "feature 2", ""},
		"collection":         {collection(`"geometry":{"type":"GeometryCollection","geometries":[]}`), "geometry_kind", "feature 1", "split it"},
		"geometry is text":   {collection(`"geometry":"POINT(1 2)"`), "geometry_kind", "feature 1", ""},
		"properties list":    {collection(`"geometry":null,"properties":[1]`), "geojson_properties", "feature 1", ""},
		"not a feature":      {`{"type":"FeatureCollection","features":[{"attributes":{}}]}`, "geojson_type", "feature 1", "ogr2ogr"},
		"features no list":   {`{"type":"FeatureCollection","features":{}}`, "geojson_type", "byte", ""},
		"no type":            {`{"features":[]}`, "geojson_type", "byte", "FeatureCollection"},
		"topojson":           {`{"type":"Topology","arcs":[]}`, "geojson_type", "byte", "ogr2ogr"},
		"list":               {`[1,2]`, "geojson_type", "byte 1", ""},
		"empty file":         {"", "file_empty", "", ""},
		"no features":        {collection(), "file_empty", "", ""},
		"cut off":            {geometry("Point", "[114,22]")[:100], "json_syntax", "byte", "not complete"},
		"NaN":                {geometry("Point", "[NaN,22]"), "json_syntax", "byte", "NaN"},
		"comment":            {"// hello\n{}", "json_syntax", "byte", "comments"},
		"trailing comma":     {`{"type":"FeatureCollection","features":[],}`, "json_syntax", "byte", ""},
		"GBK":                {properties("\"\xc9\xee\xcb\xae\xc2\xa5\""), "encoding", "", "UTF-8"},
		"UTF-16":             {"\xff\xfe{\x00", "encoding", "", "UTF-8"},
		"too many names":     {collection(`"geometry":null,"properties":{` + manyNames(1001) + `}`), "columns", "feature 1", "values"},
		"zero character":     {properties(`"a\u0000b"`), "sites_v_unicode", `feature 1`, ""},
		"zero in a name":     {collection(`"geometry":null,"properties":{"a\u0000b":1}`), "text_zero", "feature 1", "remove"},
		"lost digits":        {properties("4.40303E+24"), "digits_lost", `feature 1, byte 40, column "v"`, "文本"},
		"null":               {"null", "geojson_type", "byte", ""},
		"too deep":           {collection(`"geometry":null,"properties":{"a":` + strings.Repeat("[", 10001)), "json_depth", "byte", "damaged"},
		"lambert":            {crs("urn:ogc:def:crs:EPSG::2154"), "crs", "byte 34", "ogr2ogr -t_srs"},
		"crs without name":   {`{"type":"Point","coordinates":[1,2],"crs":{"type":"link"}}`, "crs", "crs", "ogr2ogr"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readGeoJSON(memory(c.text), options)
			var invalid *spatial.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("got %v, want %s", err, c.rule)
			}
			if invalid.Rule != c.rule || !strings.Contains(invalid.Where, c.where) || !strings.Contains(invalid.Fix, c.fix) || invalid.Detail == "" {
				t.Errorf("got %v\nwant rule %s, place %q, fix %q", err, c.rule, c.where, c.fix)
			}
		})
	}
	for _, known := range []string{"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4490", "EPSG:4326", "epsg:4490", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"} {
		if _, err := readGeoJSON(memory(strings.Replace(crs(known), "[]", `[{"type":"Feature","geometry":null}]`, 1)), options); err != nil {
			t.Errorf("%s: %v", known, err)
		}
	}
}

// brokenOff fails in the middle, as a removed disk does.
type brokenOff struct{ io.ReadSeeker }

func (b brokenOff) Read(p []byte) (int, error) {
	n, err := b.ReadSeeker.Read(p[:min(len(p), 10)])
	if n < 10 {
		return n, io.ErrClosedPipe
	}
	return n, err
}

func TestReadErrorsPass(t *testing.T) {
	if _, err := readGeoJSON(unclosed{brokenOff{strings.NewReader(properties("1"))}}, options); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

func TestRowsCanBeLeftEarly(t *testing.T) {
	in := read(t, properties("1", "2", "3"))
	for row, err := range in.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		if row.ID == 2 {
			break
		}
	}
	if len(rowsOf(t, in)) != 3 {
		t.Error("a second walk is short")
	}
}

// What is written reads back as the same rows: positions of the lattice,
// rings wound as RFC 7946 wants.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		schema := &spatial.Schema{ID: "sites", Geometry: spatial.Points | spatial.Lines | spatial.Polygons, Fields: []spatial.Field{
			{Name: "words", Type: spatial.TypeText}, {Name: "whole", Type: spatial.TypeInt}, {Name: "real", Type: spatial.TypeFloat},
			{Name: "truth", Type: spatial.TypeBool}, {Name: "day", Type: spatial.TypeDate}}}
		lattice := func(limit int64, label string) float64 {
			return float64(rapid.Int64Range(-limit*1e9, limit*1e9).Draw(rt, label)) / 1e9
		}
		point := func() orb.Point { return orb.Point{lattice(179, "lon"), lattice(89, "lat")} }
		ring := func() orb.Ring {
			p, side := point(), 0.25
			p[0], p[1] = math.Floor(p[0]), math.Floor(p[1])
			return orb.Ring{p, {p[0] + side, p[1]}, {p[0] + side, p[1] + side}, {p[0], p[1] + side}, p}
		}
		var want []spatial.Row
		text := `{"type":"FeatureCollection","features":[`
		for i := range rapid.IntRange(1, 5).Draw(rt, "rows") {
			geometries := []orb.Geometry{nil, point(), orb.MultiPoint{point(), point()}, orb.LineString{point(), point()},
				orb.MultiLineString{{point(), point()}}, orb.Polygon{ring()}, twoSquares(ring())}
			row := spatial.Row{ID: int64(i + 1), Geometry: rapid.SampledFrom(geometries).Draw(rt, "geometry"), Values: []spatial.Value{
				spatial.Text("x" + strings.ReplaceAll(rapid.String().Draw(rt, "words"), "\x00", "")), spatial.Int(rapid.Int64Range(-1<<53, 1<<53).Draw(rt, "whole")),
				spatial.Float(rapid.Float64().Draw(rt, "real") + 0.5), spatial.Bool(rapid.Bool().Draw(rt, "truth")),
				spatial.Date(time.Unix(rapid.Int64Range(-1e9, 1e9).Draw(rt, "day"), 0).UTC())}}
			want = append(want, row)
			if i > 0 {
				text += ","
			}
			text = string(format.AppendFeature([]byte(text), feature(t, schema, row), []int{0, 1, 2, 3, 4}))
		}
		in := read(t, text+"]}")
		for i, row := range rowsOf(t, in) {
			if !reflect.DeepEqual(row.Geometry, want[i].Geometry) {
				rt.Errorf("geometry %v, want %v", row.Geometry, want[i].Geometry)
			}
			for k, v := range row.Values[1:] {
				if w := want[i].Values[k]; v.String() != w.String() {
					rt.Errorf("value %v, want %v", v, w)
				}
			}
		}
	})
}

// twoSquares is a square and another beside it.
func twoSquares(r orb.Ring) orb.MultiPolygon {
	beside := slices.Clone(r)
	for i := range beside {
		beside[i][0] += 0.5
	}
	return orb.MultiPolygon{{r}, {beside}}
}

// Whatever bytes come in, the reader refuses or yields valid rows, as many as
// it reported, and agrees with orb on positions.
func FuzzGeoJSON(f *testing.F) {
	for _, seed := range []string{properties("1", `"x"`, "null", `{"a":[]}`), collection(`"id":1,"geometry":null`), `{"type":"Point","coordinates":[1,2,3]}`,
		"\x1e{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}}\n", `{"features":[],"type":"FeatureCollection"}`,
		`{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]],"crs":{"properties":{"name":"EPSG:4490"}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		in, err := readGeoJSON(memory(string(text)), options)
		if err != nil {
			return
		}
		rows := rowsOf(t, in)
		if len(rows) != in.Report.Features {
			t.Errorf("%d rows of %d features", len(rows), in.Report.Features)
		}
		theirs, err := geojson.UnmarshalFeatureCollection(text)
		if err != nil || len(theirs.Features) != len(rows) {
			return
		}
		for i, row := range rows {
			if g := theirs.Features[i].Geometry; g != nil && row.Geometry != nil && !orb.Equal(g, row.Geometry) {
				t.Errorf("row %d is %v, orb reads %v", i, row.Geometry, g)
			}
		}
	})
}

func ExampleRead() {
	file, err := format.OpenGeoJSON(memory(`{"type":"Feature","properties":{"名称":"深水楼","rooms":5},"geometry":{"type":"Point","coordinates":[114.1447,22.5565]}}`))
	if err != nil {
		panic(err)
	}
	in, err := format.Read(file, spatial.New(0), format.Options{Layer: "sites", AsOf: "2024-12-30", Source: "sites.geojson"})
	if err != nil {
		panic(err)
	}
	for row := range in.Rows() {
		fmt.Println(row.ID, row.Geometry, row.Values[0], row.Values[1])
	}
	fmt.Println(in.Report.Mapping[0].Column, "→", in.Report.Mapping[0].Field)
	// Output:
	// 1 [114.1447 22.5565] 深水楼 5
	// 名称 → name
}
