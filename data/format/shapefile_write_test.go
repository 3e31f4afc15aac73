package format_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/datum"
)

var zones = &spatial.Schema{ID: "zones", Title: spatial.Title{ZH: "区域"}, Geometry: spatial.Points | spatial.Lines | spatial.Polygons, AsOf: "2024-11-04", Fields: []spatial.Field{
	{Name: "code", Type: spatial.TypeText}, {Name: "residents_of_the_zone", Type: spatial.TypeInt}, {Name: "residents_of_the_city", Type: spatial.TypeInt},
	{Name: "area", Type: spatial.TypeFloat}, {Name: "open", Type: spatial.TypeBool}, {Name: "since", Type: spatial.TypeDate}, {Name: "seen", Type: spatial.TypeTime}, {Name: "big", Type: spatial.TypeInt}}}

// zoneRows have every kind of geometry, holes, an island in a hole, nulls,
// and numbers at the ends of what there is.
func zoneRows() []spatial.Row {
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	square := func(x, y, side float64, counterclockwise bool) orb.Ring {
		r := orb.Ring{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
		if !counterclockwise {
			slices.Reverse(r)
		}
		return r
	}
	values := func(code string, n int64, x float64) []spatial.Value {
		return []spatial.Value{spatial.Text(code), spatial.Int(n), spatial.Null, spatial.Float(x), spatial.Bool(n > 0), spatial.Date(day), spatial.Time(day.Add(1500 * time.Millisecond)), spatial.Int(-1 << 63)}
	}
	return []spatial.Row{
		{ID: 3, Geometry: orb.Polygon{square(114, 22, 0.5, true), square(114.1, 22.1, 0.1, false)}, Values: values("新秀社区18网格", 5, 0.1)},
		{ID: 4, Geometry: orb.MultiPolygon{{square(114, 22, 0.5, true), square(114.1, 22.1, 0.2, false)}, {square(114.15, 22.15, 0.05, true)}}, Values: values("44030300200718", -7, 1e-300)},
		{ID: 5, Geometry: orb.Point{114.123456789, 22.5}, Values: values("甲", 1<<50, 1.7976931348623157e308)},
		{ID: 6, Geometry: orb.MultiPoint{{114, 22}, {114.1, 22.1}}, Values: values("乙", 0, 12345678.9)},
		{ID: 8, Geometry: orb.LineString{{114, 22}, {114.1, 22.1}}, Values: values("丙", 1, -0.5)},
		{ID: 9, Geometry: orb.MultiLineString{{{114, 22}, {114.1, 22.1}}, {{114.2, 22}, {114.2, 22.1}, {114.3, 22}}}, Values: values("丁", 1, 3)},
		{ID: 12, Values: make([]spatial.Value, 8)},
	}
}

func writeShapefile(t testing.TB, s format.Selection, encoding string) string {
	t.Helper()
	var out, again bytes.Buffer
	if err := format.WriteShapefile(&out, s, encoding); err != nil {
		t.Fatal(err)
	}
	if err := format.WriteShapefile(&again, s, encoding); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Fatalf("written twice, it differs: %v", err)
	}
	path := filepath.Join(t.TempDir(), "out.zip")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readRow is all that a file holds: geometries and values by column.
type readRow struct {
	geometry orb.Geometry
	values   map[string]spatial.Value
}

func readAll(t testing.TB, f format.Features) (all []readRow) {
	t.Helper()
	for range 2 { // as often as needed
		all = nil
		err := f.Each(func(r *format.Record) error {
			row := readRow{orb.Clone(r.Geometry), map[string]spatial.Value{}}
			for _, c := range r.Cells {
				row.values[c.Column] = c.Value
			}
			all = append(all, row)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func openFile(t testing.TB, path string) format.Features {
	t.Helper()
	f, err := format.OpenShapefile(path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestShapefileRoundTrip(t *testing.T) {
	layer := layerOf(t, zones, zoneRows()...)
	for _, encoding := range []string{"", "gbk", "gb18030"} {
		t.Run("encoding "+encoding, func(t *testing.T) {
			s := whole(layer)
			s.CRS = datum.EPSG4490
			path := writeShapefile(t, s, encoding)
			byID := map[int64]readRow{}
			for _, name := range []string{"point", "multipoint", "line", "polygon"} {
				f := openFile(t, path+":zones_"+name)
				for _, row := range readAll(t, f) {
					byID[row.values["id"].Int()] = row
				}
				if crs, ok := f.CRS(); crs != datum.EPSG4490 || !ok {
					t.Errorf("%s: system %v %v", name, crs, ok)
				}
			}
			for _, want := range zoneRows() {
				got := byID[want.ID]
				if !reflect.DeepEqual(got.geometry, want.Geometry) {
					t.Errorf("row %d: geometry %v, want %v", want.ID, got.geometry, want.Geometry)
				}
				for i, f := range zones.Fields {
					w := want.Values[i]
					if f.Type == spatial.TypeTime || f.Name == "big" {
						if g := got.values[f.Name]; g.Text() != w.String() {
							t.Errorf("row %d, %s: %v, want the text %v", want.ID, f.Name, g, w)
						}
					} else if got.values[f.Name] != w {
						t.Errorf("row %d, %s: %v, want %v", want.ID, f.Name, got.values[f.Name], w)
					}
				}
			}
		})
	}
	if _, err := format.OpenShapefile(writeShapefile(t, whole(layer), ""), ""); err == nil || !strings.Contains(err.Error(), "zones_point, zones_multipoint, zones_line, zones_polygon") {
		t.Errorf("several layers: %v", err)
	}
}

func TestShapefileInProjectedCoordinates(t *testing.T) {
	layer := layerOf(t, stations, stationRows()...)
	for _, crs := range []datum.CRS{datum.CRS84, datum.EPSG4490, datum.EPSG4547, datum.EPSG4526, datum.EPSG3857, datum.GCJ02} {
		s := whole(layer)
		s.CRS = crs
		f := openFile(t, writeShapefile(t, s, ""))
		if got, ok := f.CRS(); crs.SurveyGrade() != ok || ok && got != crs {
			t.Errorf("%v: read as %v %v", crs, got, ok)
		}
		all := readAll(t, f)
		if p, ok := all[0].geometry.(orb.Point); len(all) != 3 || !ok || p != datum.FromLL(crs, orb.Point{114.1447, 22.5565}) {
			t.Errorf("%v: %v", crs, all)
		}
	}
}

func TestShapefileRefusesWhatItCannotHold(t *testing.T) {
	table := func(v string) *spatial.Layer {
		return layerOf(t, &spatial.Schema{ID: "x", Fields: []spatial.Field{{Name: "a", Type: spatial.TypeText}}}, spatial.Row{ID: 7, Values: []spatial.Value{spatial.Text(v)}})
	}
	for name, c := range map[string]struct{ value, encoding, rule string }{
		"long text":      {strings.Repeat("网", 85), "", "dbf_text"},
		"no such letter": {"😀", "gbk", "dbf_encoding"},
		"encoding":       {"a", "koi8-r", "encoding_name"},
	} {
		err := format.WriteShapefile(new(bytes.Buffer), whole(table(c.value)), c.encoding)
		var invalid *spatial.InvalidError
		if !errors.As(err, &invalid) || invalid.Rule != c.rule || c.rule != "encoding_name" && !strings.Contains(invalid.Where, "x 7, field a") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// gdal runs a program of GDAL; without it the test is skipped, or fails where
// CI says that all must be there.
func gdal(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%s %v: %v\n%s", name, args, err, complaints.String())
	}
	return string(out)
}

// gdalFeatures are a layer's features as GDAL reads them: properties and
// geometry, as GeoJSON.
func gdalFeatures(t *testing.T, path string, layer ...string) []gdalFeature {
	t.Helper()
	args := append([]string{"-f", "GeoJSON", "-lco", "RFC7946=NO", "-lco", "COORDINATE_PRECISION=15", "/vsistdout/", path}, layer...)
	var collection struct{ Features []gdalFeature }
	if err := json.Unmarshal([]byte(gdal(t, "ogr2ogr", args...)), &collection); err != nil {
		t.Fatal(err)
	}
	return collection.Features
}

type gdalFeature struct {
	Properties map[string]any
	Geometry   *struct {
		Type        string
		Coordinates any
	}
}

func TestGDALReadsShapefiles(t *testing.T) {
	layer := layerOf(t, zones, zoneRows()...)
	for _, encoding := range []string{"utf-8", "gbk", "big5"} {
		s := whole(layer)
		rows := zoneRows()
		if encoding == "big5" {
			for i := range rows[:6] {
				rows[i].Values[0] = spatial.Text("羅湖區")
			}
			s = whole(layerOf(t, zones, rows...))
		}
		path := "/vsizip/" + writeShapefile(t, s, encoding)
		polygons := gdalFeatures(t, path+"/zones_polygon.shp")
		if len(polygons) != 2 || polygons[0].Properties["code"] != rows[0].Values[0].Text() || polygons[0].Properties["residents_"] != 5.0 || polygons[0].Properties["since"] != "2024-02-29" {
			t.Errorf("%s: %v", encoding, polygons)
		}
		if n := fmt.Sprint(polygons[0].Geometry.Type, len(polygons[0].Geometry.Coordinates.([]any)), polygons[1].Geometry.Type, len(polygons[1].Geometry.Coordinates.([]any))); n != "Polygon2MultiPolygon2" {
			t.Errorf("%s: shapes %s", encoding, n)
		}
		points := gdalFeatures(t, path+"/zones_point.shp")
		if len(points) != 2 || points[1].Geometry != nil || points[1].Properties["code"] != nil || points[1].Properties["residents_"] != nil || points[0].Properties["area"] != 1.7976931348623157e308 {
			t.Errorf("%s: points %v", encoding, points)
		}
	}
}

func TestGDALReadsGeoPackages(t *testing.T) {
	layer := layerOf(t, zones, zoneRows()...)
	path := filepath.Join(t.TempDir(), "zones.gpkg")
	s := whole(layer)
	s.CRS = datum.EPSG4547
	if err := format.WriteGeoPackage(path, s); err != nil {
		t.Fatal(err)
	}
	all := gdalFeatures(t, path, "zones")
	if len(all) != 7 || all[0].Properties["code"] != "新秀社区18网格" || all[6].Geometry != nil || all[6].Properties["code"] != nil {
		t.Errorf("%v", all)
	}
	f, err := format.OpenGeoPackage(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if crs, ok := f.CRS(); crs != datum.EPSG4547 || !ok {
		t.Errorf("system %v %v", crs, ok)
	}
	for i, got := range readAll(t, f) {
		want := zoneRows()[i]
		shape, err := datum.Transform(datum.CRS84, datum.EPSG4547, want.Geometry)
		if err != nil || !reflect.DeepEqual(got.geometry, shape) {
			t.Errorf("row %d: %v, want %v", want.ID, got.geometry, shape)
		}
		for k, field := range zones.Fields {
			if got.values[field.Name] != want.Values[k] {
				t.Errorf("row %d, %s: %v, want %v", want.ID, field.Name, got.values[field.Name], want.Values[k])
			}
		}
	}
}

func TestShapefilesOfGDAL(t *testing.T) {
	gpkg := filepath.Join(t.TempDir(), "zones.gpkg")
	if err := format.WriteGeoPackage(gpkg, whole(layerOf(t, zones, zoneRows()...))); err != nil {
		t.Fatal(err)
	}
	for _, encoding := range []string{"UTF-8", "CP936"} {
		path := filepath.Join(t.TempDir(), "罗湖.shp")
		gdal(t, "ogr2ogr", "-f", "ESRI Shapefile", "-lco", "ENCODING="+encoding, "-where", "id IN (3, 4)", "-select", "code", path, gpkg, "zones", "-nlt", "MULTIPOLYGON")
		all := readAll(t, openFile(t, path))
		if len(all) != 2 || all[0].values["code"].Text() != "新秀社区18网格" {
			t.Fatalf("%s: %v", encoding, all)
		}
		for i, row := range all {
			if got, want := fmt.Sprint(row.geometry.GeoJSONType(), row.geometry.Bound()), fmt.Sprint(zoneRows()[i].Geometry.GeoJSONType(), zoneRows()[i].Geometry.Bound()); got != want {
				t.Errorf("%s: %s, want %s", encoding, got, want)
			}
		}
	}
}
