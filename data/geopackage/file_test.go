package geopackage_test

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data/geopackage"
	"wangge/spatial"
)

func openFile(t *testing.T, path string) *geopackage.File {
	t.Helper()
	f, err := geopackage.OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func rowsOf(t *testing.T, f *geopackage.File, table string) []spatial.Row {
	t.Helper()
	var rows []spatial.Row
	for row, err := range f.Rows(t.Context(), table) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func sequence(rows ...spatial.Row) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func epsg(t *testing.T, code int) geopackage.SRS {
	t.Helper()
	srs, ok := geopackage.EPSG(code)
	if !ok {
		t.Fatalf("EPSG:%d is not known", code)
	}
	return srs
}

var columns = []geopackage.Column{
	{Name: "名称", Title: "点位名称", Type: spatial.TypeText}, {Name: "n", Title: "数", Type: spatial.TypeInt}, {Name: "x", Title: "数", Type: spatial.TypeFloat},
	{Name: "ok", Type: spatial.TypeBool}, {Name: "day", Type: spatial.TypeDate}, {Name: "at", Type: spatial.TypeTime},
}

var moment = time.Date(2024, 11, 4, 8, 30, 0, 120e6, time.UTC)

func fullRow(id int64, g orb.Geometry) spatial.Row {
	return spatial.Row{ID: id, Geometry: g, Values: []spatial.Value{spatial.Text("深水楼'\"一"), spatial.Int(1 << 60), spatial.Float(0.1),
		spatial.Bool(true), spatial.Date(moment), spatial.Time(moment)}}
}

// What is written reads back bit for bit, in each system, and is a GeoPackage
// to GDAL.
func TestWriteFile(t *testing.T) {
	for code, at := range map[int]orb.Point{4490: {114.119, 22.531}, 4326: {114.119, 22.531}, 3857: {12703668.1, 2576000.25},
		4547: {512241.9297, 2492605.0386}, 4526: {38512241.9297, 2492605.0386}} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "导出 a?#%.gpkg")
			table := geopackage.Table{Name: "风险点", Title: "风险点位", Description: "试", Geometry: "GEOMETRY", SRS: epsg(t, code), Columns: columns}
			want := []spatial.Row{fullRow(3, at), fullRow(7, orb.MultiPoint{at, {at[0] + 1, at[1] + 1}}),
				{ID: 9, Values: make([]spatial.Value, len(columns))}}
			if err := geopackage.WriteFile(t.Context(), path, table, sequence(want...)); err != nil {
				t.Fatal(err)
			}
			f := openFile(t, path)
			got := f.Tables()[0]
			if got.Name != table.Name || got.Title != table.Title || got.Geometry != "GEOMETRY" || got.SRS != table.SRS || !slices.Equal(got.Columns, columns) || got.Notes != nil {
				t.Errorf("read back %+v", got)
			}
			if rows := rowsOf(t, f, "风险点"); fmt.Sprint(rows) != fmt.Sprint(want) {
				t.Errorf("got  %v\nwant %v", rows, want)
			}
			wantWords(t, tool(t, "ogrinfo", "-al", path), "Layer name: 风险点", "Feature Count: 3", fmt.Sprintf(`ID["EPSG",%d]`, code),
				"FID Column = id", "名称 (String) = 深水楼", "ok (Integer(Boolean)) = 1", "day (Date) = 2024/11/04", "n (Integer64) = 1152921504606846976")
			if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
				t.Errorf("left beside the file: %q", left)
			}
		})
	}
}

func TestWriteFilePromotesAndRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.gpkg")
	table := geopackage.Table{Name: "a", Geometry: "MULTIPOLYGON", SRS: epsg(t, 4490)}
	square := orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}
	if err := geopackage.WriteFile(t.Context(), path, table, sequence(spatial.Row{ID: 1, Geometry: square})); err != nil {
		t.Fatal(err)
	}
	if got := rowsOf(t, openFile(t, path), "a"); !orb.Equal(got[0].Geometry, orb.MultiPolygon{square}) {
		t.Errorf("got %v", got)
	}
	other := filepath.Join(t.TempDir(), "b.gpkg")
	failing := func(yield func(spatial.Row, error) bool) { yield(spatial.Row{}, errors.New("the source broke")) }
	for name, c := range map[string]struct {
		path  string
		table geopackage.Table
		rows  iter.Seq2[spatial.Row, error]
		want  string
	}{
		"exists":        {path, table, sequence(), "the file exists"},
		"kind":          {other, table, sequence(spatial.Row{ID: 1, Geometry: orb.Point{1, 2}}), "a POINT in a table of MULTIPOLYGON"},
		"source":        {other, table, failing, "the source broke"},
		"twice an id":   {other, table, sequence(spatial.Row{ID: 1}, spatial.Row{ID: 1}), "row 1"},
		"reserved name": {other, geopackage.Table{Name: "a", Columns: []geopackage.Column{{Name: "GEOM", Type: spatial.TypeText}}}, sequence(), "reserved"},
		"table name":    {other, geopackage.Table{Name: "gpkg_contents"}, sequence(), "cannot be named"},
		"no directory":  {filepath.Join(other, "none", "c.gpkg"), table, sequence(), "c.gpkg"},
	} {
		if err := geopackage.WriteFile(t.Context(), c.path, c.table, c.rows); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if left, _ := filepath.Glob(other + "*"); len(left) > 0 {
			t.Errorf("%s: left behind %q", name, left)
		}
	}
}

// gdalFile is a GeoPackage that GDAL makes of GeoJSON.
func gdalFile(t *testing.T, geojson string, options ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.geojson"), []byte(geojson), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "out.gpkg")
	tool(t, "ogr2ogr", append([]string{path, filepath.Join(dir, "in.geojson"), "-nln", "点"}, options...)...)
	return path
}

const twoPoints = `{"type":"FeatureCollection","features":[
	{"type":"Feature","properties":{"名称":"a","n":1,"x":0.5,"at":"2024-11-04T16:30:00+08:00","day":"2024/11/04"},"geometry":{"type":"Point","coordinates":[114.119,22.531,9]}},
	{"type":"Feature","properties":{"名称":null,"n":null,"x":null,"at":null,"day":null},"geometry":null}]}`

func TestOpenFileOfGDAL(t *testing.T) {
	for name, c := range map[string]struct {
		options []string
		code    int
		at      orb.Point
	}{
		"degrees":     {nil, 4326, orb.Point{114.119, 22.531}},
		"metres":      {[]string{"-t_srs", "EPSG:4547"}, 4547, orb.Point{512241.9297, 2492605.0386}},
		"old version": {[]string{"-dsco", "VERSION=1.0"}, 4326, orb.Point{114.119, 22.531}},
		"no index":    {[]string{"-lco", "SPATIAL_INDEX=NO", "-lco", "FID=编号", "-lco", "GEOMETRY_NAME=形状"}, 4326, orb.Point{114.119, 22.531}},
	} {
		t.Run(name, func(t *testing.T) {
			f := openFile(t, gdalFile(t, twoPoints, c.options...))
			table := f.Tables()[0]
			if table.Name != "点" || table.SRS.Organization != "EPSG" || table.SRS.Code != c.code || !strings.Contains(table.SRS.WKT, "AXIS") || len(table.Columns) != 5 ||
				len(table.Notes) != 1 || !strings.Contains(table.Notes[0], "heights") {
				t.Errorf("got %+v", table)
			}
			rows := rowsOf(t, f, "点")
			p, _ := rows[0].Geometry.(orb.Point)
			if len(rows) != 2 || p[0]-c.at[0] > 1e-4 || c.at[0]-p[0] > 1e-4 || p[1]-c.at[1] > 1e-4 || c.at[1]-p[1] > 1e-4 || rows[1].Geometry != nil {
				t.Fatalf("got %v", rows)
			}
			if got, want := fmt.Sprint(rows[0].Values), "[a 1 0.5 2024-11-04T08:30:00Z 2024-11-04]"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if rows[1].ID != 2 || rows[1].Values[0] != spatial.Null {
				t.Errorf("got %v", rows[1])
			}
		})
	}
}

// SQLite keeps any value in any column, and programs make use of it.
func TestWideTypes(t *testing.T) {
	path := gdalFile(t, twoPoints)
	run(t, foreign(t, path), `ALTER TABLE 点 ADD COLUMN photo BLOB`, `ALTER TABLE 点 ADD COLUMN flag BOOLEAN`, `ALTER TABLE 点 ADD COLUMN big BIGINT`,
		`ALTER TABLE 点 ADD COLUMN "say ""hi""" VARCHAR(9)`, `ALTER TABLE 点 ADD COLUMN when_ TIMESTAMP`,
		`UPDATE 点 SET photo = x'ff00', flag = 1, n = 1.5, x = 7, big = 3.0, when_ = '2024-11-04 08:30:00', "say ""hi""" = 12, day = '上周' WHERE fid = 1`)
	f := openFile(t, path)
	if notes := f.Tables()[0].Notes; len(notes) != 2 || !strings.Contains(notes[1], "photo") {
		t.Errorf("notes %q", notes)
	}
	var kinds []string
	for _, v := range rowsOf(t, f, "点")[0].Values {
		kinds = append(kinds, v.Type().String()+" "+v.String())
	}
	if got, want := strings.Join(kinds, ", "),
		"text a, float 1.5, float 7, time 2024-11-04T08:30:00Z, text 上周, bool true, int 3, text 12, time 2024-11-04T08:30:00Z"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestForeignGeometries(t *testing.T) {
	for name, c := range map[string]struct{ spoil, want string }{
		"curve":         {"x'47500001E6100000010800000000000000'", "CIRCULARSTRING"},
		"collection":    {"x'47500001E6100000010700000000000000'", "GEOMETRYCOLLECTION"},
		"other system":  {"CAST(x'47500001C3110000' || substr(geom, 9) AS BLOB)", "coordinate system 4547 in a layer of 4326"},
		"no geometry":   {"'POINT (1 2)'", "not a GeoPackage geometry"},
		"half geometry": {"substr(geom, 1, length(geom) - 4)", "ends too early"},
	} {
		t.Run(name, func(t *testing.T) {
			path := gdalFile(t, flatPoints(), "-lco", "SPATIAL_INDEX=NO")
			run(t, foreign(t, path), "UPDATE 点 SET geom = "+c.spoil+" WHERE fid = 1")
			f := openFile(t, path)
			for _, err := range f.Rows(t.Context(), "点") {
				var invalid *spatial.InvalidError
				if !errors.As(err, &invalid) || !strings.Contains(err.Error(), c.want) || invalid.Where != "table 点, row 1, geometry" {
					t.Errorf("got %v", err)
				}
				break
			}
		})
	}
	for name, blob := range map[string]string{
		"flagged":         "x'47500011E61000000101000000000000000000F87F000000000000F87F'",
		"point of no num": "x'47500001E61000000101000000000000000000F87F000000000000F87F'",
		"no rings":        "x'47500001E6100000010300000000000000'",
		"undefined":       "CAST(x'4750000100000000' || substr(geom, 9) AS BLOB)",
	} {
		path := gdalFile(t, flatPoints(), "-lco", "SPATIAL_INDEX=NO")
		run(t, foreign(t, path), "UPDATE 点 SET geom = "+blob+" WHERE fid = 1")
		if g := rowsOf(t, openFile(t, path), "点")[0].Geometry; (g == nil) != (name != "undefined") {
			t.Errorf("%s: got %v", name, g)
		}
	}
}

func TestViewsAndLeftovers(t *testing.T) {
	path := gdalFile(t, flatPoints())
	run(t, foreign(t, path), "CREATE VIEW 看 AS SELECT 名称, geom FROM 点",
		"INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('看', 'features', 'v'), ('没有', 'features', 'w'), ('pix', 'tiles', 'p')",
		"INSERT INTO gpkg_geometry_columns VALUES ('看', 'geom', 'POINT', 4326, 2, 0)")
	f := openFile(t, path)
	if tables := f.Tables(); len(tables) != 2 || tables[1].Name != "看" {
		t.Errorf("got %+v", tables)
	}
	if rows := rowsOf(t, f, "看"); len(rows) != 2 || rows[1].ID != 2 {
		t.Errorf("got %v", rows)
	}
	for _, err := range f.Rows(t.Context(), "none") {
		if !errors.Is(err, spatial.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.gpkg")
	if err := os.WriteFile(text, []byte(strings.Repeat("a,b\n", 99)), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(dir, "plain.db")
	run(t, foreign(t, plain), "CREATE TABLE t (a)")
	for path, want := range map[string]string{text: "not a GeoPackage", plain: "without the tables", filepath.Join(dir, "none"): "no such file"} {
		if _, err := geopackage.OpenFile(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// A store is read while it is open, and nothing is left beside a file.
func TestOpenFileOfAStore(t *testing.T) {
	store, path := small(t)
	f := openFile(t, path)
	if tables := f.Tables(); len(tables) != 2 || tables[0].Columns[0].Title != "编码" {
		t.Errorf("got %+v", tables)
	}
	commit(t, store, put(1, "posts", post(2, 114, 22)))
	if rows := rowsOf(t, f, "posts"); len(rows) != 2 {
		t.Errorf("got %v", rows)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openFile(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
		t.Errorf("left beside the file: %q", left)
	}
}

// flatPoints are the two points without heights.
func flatPoints() string { return strings.Replace(twoPoints, ",9]", "]", 1) }
