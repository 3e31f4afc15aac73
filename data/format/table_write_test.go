package format_test

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/xuri/excelize/v2"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/datum"
)

// layerOf is a layer made of rows.
func layerOf(t testing.TB, schema *spatial.Schema, rows ...spatial.Row) *spatial.Layer {
	t.Helper()
	var all iter.Seq2[spatial.Row, error] = func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
	layer, err := spatial.NewLayer(schema, 1, all)
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func whole(l *spatial.Layer) format.Selection {
	fields := make([]int, len(l.Schema().Fields))
	for i := range fields {
		fields[i] = i
	}
	return format.Selection{Layer: l, Fields: fields, Features: l.All()}
}

var stations = &spatial.Schema{ID: "stations", Title: spatial.Title{ZH: "站", EN: "Stations"}, Geometry: spatial.Points, AsOf: "2024-11-04", Code: "code", Fields: []spatial.Field{
	{Name: "code", Type: spatial.TypeText, Digits: 25}, {Name: "name", Type: spatial.TypeText}, {Name: "staff", Type: spatial.TypeInt},
	{Name: "area", Type: spatial.TypeFloat}, {Name: "open", Type: spatial.TypeBool}, {Name: "since", Type: spatial.TypeDate}, {Name: "seen", Type: spatial.TypeTime}}}

func stationRows() []spatial.Row {
	day := time.Date(2024, 11, 4, 0, 0, 0, 0, time.UTC)
	return []spatial.Row{
		{ID: 1, Geometry: orb.Point{114.1447, 22.5565}, Values: []spatial.Value{spatial.Text("0440303002007180000100001"[:25]), spatial.Text("深水\"楼\",\n甲"),
			spatial.Int(-5), spatial.Float(0.1), spatial.Bool(true), spatial.Date(day), spatial.Time(day.Add(1500 * time.Millisecond))}},
		{ID: 7, Values: []spatial.Value{spatial.Text("4403030020071800001000001"), spatial.Text("=1+1"), spatial.Int(9_007_199_254_740_991), spatial.Null, spatial.Null, spatial.Null, spatial.Null}},
		{ID: 9, Geometry: orb.Point{114, 22}, Values: []spatial.Value{spatial.Text("4403030020071800001000002"), spatial.Text(""), spatial.Null, spatial.Null, spatial.Bool(false), spatial.Null, spatial.Null}},
	}
}

func TestWriteCSV(t *testing.T) {
	var out bytes.Buffer
	if err := format.WriteCSV(&out, whole(layerOf(t, stations, stationRows()...))); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffid,code,name,staff,area,open,since,seen,lon,lat\n" +
		"1,0440303002007180000100001,\"深水\"\"楼\"\",\n甲\",-5,0.1,true,2024-11-04,2024-11-04T00:00:01.5Z,114.1447,22.5565\n" +
		"7,4403030020071800001000001,'=1+1,9007199254740991,,,,,,\n" +
		"9,4403030020071800001000002,\"\",,,false,,,114,22\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestGeometryColumns(t *testing.T) {
	table := func(kind spatial.GeometryKind, synthetic bool, g orb.Geometry) *spatial.Layer {
		return layerOf(t, &spatial.Schema{ID: "x", Geometry: kind, Synthetic: synthetic}, spatial.Row{ID: 1, Geometry: g})
	}
	square := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 0}}
	for name, c := range map[string]struct {
		layer *spatial.Layer
		crs   datum.CRS
		want  string
	}{
		"projected":   {table(spatial.Points, false, orb.Point{114.119, 22.531}), datum.EPSG4547, "id,easting,northing|1,512241.9297,2492605.0386"},
		"shifted":     {table(spatial.Points, false, orb.Point{}), datum.GCJ02, "id,lon_gcj02,lat_gcj02|1,0,0"},
		"multipoints": {table(spatial.Points, false, orb.MultiPoint{{1, 2}, {3, 4.5}}), 0, `id,wkt|1,"MULTIPOINT((1 2),(3 4.5))"`},
		"mixed":       {table(spatial.Points|spatial.Polygons, false, orb.Point{1, 2}), 0, `id,wkt|1,POINT(1 2)`},
		"hole":        {table(spatial.Polygons, false, orb.Polygon{square, {{1, .5}, {2, 1}, {2, .5}, {1, .5}}}), 0, `id,wkt|1,"POLYGON((0 0,4 0,4 4,0 0),(1 0.5,2 1,2 0.5,1 0.5))"`},
		"parts":       {table(spatial.Polygons, false, orb.MultiPolygon{{square}, {square}}), 0, `id,wkt|1,"MULTIPOLYGON(((0 0,4 0,4 4,0 0)),((0 0,4 0,4 4,0 0)))"`},
		"lines":       {table(spatial.Lines, false, orb.MultiLineString{{{0, 0}, {1, 1}}}), 0, `id,wkt|1,"MULTILINESTRING((0 0,1 1))"`},
		"a table":     {table(spatial.NoGeometry, false, nil), 0, `id|1`},
		"synthetic":   {table(spatial.NoGeometry, true, nil), 0, `id,is_synthetic_data|1,true`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := whole(c.layer)
			s.CRS = c.crs
			if err := format.WriteCSV(&out, s); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(strings.Trim(out.String(), "\ufeff\n"), "\n", "|")
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestWriteXLSX(t *testing.T) {
	var out bytes.Buffer
	if err := format.WriteXLSX(&out, whole(layerOf(t, stations, stationRows()...))); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	if got := book.GetSheetList(); !slices.Equal(got, []string{"stations", "说明"}) {
		t.Errorf("sheets %q", got)
	}
	rows, err := book.GetRows("stations")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"id", "code", "name", "staff", "area", "open", "since", "seen", "lon", "lat"},
		{"1", "0440303002007180000100001", "深水\"楼\",\n甲", "-5", "0.1", "TRUE", "2024-11-04", "2024-11-04T00:00:01.5Z", "114.1447", "22.5565"},
		{"7", "4403030020071800001000001", "=1+1", "9007199254740991"},
		{"9", "4403030020071800001000002", "", "", "", "FALSE", "", "", "114", "22"}}
	if !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("got\n%q\nwant\n%q", rows, want)
	}
	if kind, _ := book.GetCellType("stations", "B3"); kind != excelize.CellTypeInlineString {
		t.Errorf("a code is of kind %v", kind)
	}
}

func TestLongCells(t *testing.T) {
	line := make(orb.LineString, 4000)
	for i := range line {
		line[i] = orb.Point{114.123456789 + float64(i)*1e-9, 22.5}
	}
	long := layerOf(t, &spatial.Schema{ID: "x", Geometry: spatial.Lines}, spatial.Row{ID: 1, Geometry: line})
	var out bytes.Buffer
	if err := format.WriteXLSX(&out, whole(long)); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	if cell, _ := book.GetCellValue("x", "B2"); !strings.Contains(cell, "too long") {
		t.Errorf("the cell says %.60q", cell)
	}
	words := layerOf(t, &spatial.Schema{ID: "x", Fields: []spatial.Field{{Name: "a", Type: spatial.TypeText}}},
		spatial.Row{ID: 3, Values: []spatial.Value{spatial.Text(strings.Repeat("深", 32768))}})
	if err := format.WriteXLSX(&out, whole(words)); err == nil || !strings.Contains(err.Error(), "x 3, column a") {
		t.Errorf("got %v", err)
	}
}
