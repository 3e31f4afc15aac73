package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/xuri/excelize/v2"

	"wangge/spatial/relate"
)

// smallTown is a store with a few roads, two stations and three points of risk,
// brought in from files. The river road leads from the western station past the
// points to the eastern one; the bridge is the only way to the third point.
func smallTown(t *testing.T) string {
	t.Helper()
	store := filepath.Join(t.TempDir(), "town.gpkg")
	if code, out, errOut := wangge(t, "init", "--store", store); code != 0 {
		t.Fatal(out, errOut)
	}
	line := func(name string, at string) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"name":%q,"class":"local","oneway":false,"closed":false},"geometry":{"type":"LineString","coordinates":%s}}`, name, at)
	}
	point := func(properties, at string) string {
		return fmt.Sprintf(`{"type":"Feature","properties":%s,"geometry":{"type":"Point","coordinates":%s}}`, properties, at)
	}
	for layer, features := range map[string][]string{
		"roads": {line("河边路", `[[114.10,22.55],[114.11,22.55],[114.12,22.55],[114.13,22.55]]`), line("长桥", `[[114.12,22.55],[114.12,22.56]]`), line("横街", `[[114.11,22.55],[114.11,22.545]]`)},
		"response_points": {point(`{"name":"西站","kind":"fire_station","turnout":60,"available":true}`, `[114.101,22.5501]`),
			point(`{"name":"东站","kind":"hospital","turnout":120,"available":true}`, `[114.129,22.5501]`)},
		"risk_points": {point(`{"name":"甲","level":"low","grid":"44030300200718"}`, `[114.105,22.5501]`), point(`{"name":"乙","level":"general","grid":"44030300200718"}`, `[114.128,22.5501]`),
			point(`{"name":"丙","level":null,"grid":"44030300200718"}`, `[114.12,22.559]`)},
	} {
		file := written(t, layer+".geojson", `{"type":"FeatureCollection","features":[`+strings.Join(features, ",")+`]}`)
		if code, out, errOut := wangge(t, "import", layer, file, "--store", store, "--as-of", "2024-11-04"); code != 0 {
			t.Fatal(layer, out, errOut)
		}
	}
	return store
}

// TestNearestCommand asks about a place, a name, a layer and a file.
func TestNearestCommand(t *testing.T) {
	store := smallTown(t)
	places := written(t, "places.csv", "lon,lat,what\n114.104,22.5501,一\n114.127,22.5501,二\n")
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"a place":             {[]string{"114.105,22.5502"}, []string{"西站", "nearest of 2; the next, 东站, is"}},
		"by road, with a way": {[]string{"114.105,22.5502", "--by", "time", "--route", "--k", "2"}, []string{"河边路, 22 m away, left", "call 60 + turnout 60", "way of 2", "later than the first"}},
		"by name":             {[]string{"乙", "--by", "time"}, []string{"place       乙", "东站"}},
		"a kind":              {[]string{"114.105,22.5502", "--kind", "hospital"}, []string{"东站", "the only one"}},
		"with a road closed":  {[]string{"丙", "--by", "time", "--close", "长桥"}, []string{"those near are closed"}},
		"a layer":             {[]string{"--layer", "risk_points", "--by", "time"}, []string{"西站", "东站", "3 min"}},
		"a file":              {[]string{"--file", places, "--format", "csv"}, []string{"西站", "东站", "lon,lat"}},
	} {
		code, out, errOut := wangge(t, append([]string{"nearest", "--store", store}, test.args...)...)
		if code != 0 {
			t.Errorf("%s: %d %s", name, code, errOut)
		}
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, out)
			}
		}
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"nowhere":            {nil, "say where"},
		"twice":              {[]string{"114,22", "--layer", "risk_points"}, "say one place"},
		"an unknown name":    {[]string{"没有这个地方"}, "nothing is called"},
		"an unknown layer":   {[]string{"--layer", "trees"}, "the store has"},
		"k = 0":              {[]string{"114,22", "--k", "0"}, "1 to 100"},
		"a closed line":      {[]string{"114,22", "--close", "长桥"}, "--by time"},
		"a road of nowhere":  {[]string{"114,22", "--by", "time", "--close", "短桥"}, "短桥"},
		"a way in a line":    {[]string{"114,22", "--route"}, "--by time"},
		"a workbook nowhere": {[]string{"--layer", "risk_points", "--format", "xlsx"}, "--out"},
		"an unknown profile": {[]string{"114,22", "--by", "time", "--profile", "flying"}, "driving"},
	} {
		if code, out, errOut := wangge(t, append([]string{"nearest", "--store", store}, test.args...)...); code == 0 || !strings.Contains(errOut, test.want) {
			t.Errorf("%s: %d %s %s", name, code, out, errOut)
		}
	}
}

// TestNearestFiles: the answers for a layer are whole in every format.
func TestNearestFiles(t *testing.T) {
	store := smallTown(t)
	ask := func(format string, more ...string) string {
		code, out, errOut := wangge(t, append([]string{"nearest", "--store", store, "--layer", "risk_points", "--by", "time", "--k", "2", "--format", format}, more...)...)
		if code != 0 || format != "json" && !strings.Contains(errOut, "3 places asked about, 3 answered") {
			t.Fatal(code, errOut)
		}
		return out
	}
	rows, err := csv.NewReader(strings.NewReader(ask("csv"))).ReadAll()
	if err != nil || len(rows) != 7 || rows[1][5] != "西站" || rows[2][2] != "2" {
		t.Errorf("%v %v", err, rows)
	}
	all, err := geojson.UnmarshalFeatureCollection([]byte(ask("geojson")))
	if err != nil || len(all.Features) != 6 || all.Features[0].Geometry == nil || all.Features[0].Properties["travel"] == nil {
		t.Errorf("%v %v", err, all)
	}
	var answer struct{ Counts struct{ Asked int } }
	if err := json.Unmarshal([]byte(ask("json")), &answer); err != nil || answer.Counts.Asked != 3 {
		t.Errorf("%v %v", err, answer)
	}
	book := filepath.Join(t.TempDir(), "nearest.xlsx")
	ask("xlsx", "--out", book)
	if cells := sheet(t, book); len(cells) < 7 {
		t.Errorf("%v", cells)
	}
}

// sheet is the first sheet of a workbook.
func sheet(t *testing.T, book string) [][]string {
	t.Helper()
	file, err := excelize.OpenFile(book)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cells, err := file.GetRows(file.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	return cells
}

// TestResponseReport writes each report.
func TestResponseReport(t *testing.T) {
	store := smallTown(t)
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"areas":             {[]string{"areas"}, []string{"西站", "东站", "in all"}},
		"areas as GeoJSON":  {[]string{"areas", "--format", "geojson"}, []string{`"type":"MultiPolygon"`, `"road_share"`}},
		"areas as CSV":      {[]string{"areas", "--format", "csv"}, []string{"道路长度", "东站"}},
		"points":            {[]string{"points", "--minutes", "3.2"}, []string{"2 in all"}},
		"points as GeoJSON": {[]string{"points", "--minutes", "3.2", "--format", "geojson"}, []string{`"numberReturned":2`, `"name":"丙"`}},
		"unreachable":       {[]string{"unreachable"}, []string{"0 in all"}},
		"without":           {[]string{"without", "--station", "1"}, []string{"without", "东站"}},
		"additional":        {[]string{"additional", "--weight", "risk_points", "--minutes", "3.2"}, []string{"of 3 are beyond", "fewer"}},
	} {
		code, out, errOut := wangge(t, append([]string{"response-report", "--store", store}, test.args...)...)
		if code != 0 {
			t.Errorf("%s: %d %s", name, code, errOut)
		}
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, out)
			}
		}
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no station":      {[]string{"without"}, "--station"},
		"another station": {[]string{"without", "--station", "77"}, "77"},
		"no minutes":      {[]string{"points", "--minutes", "0"}, "more than 0"},
		"no streets":      {[]string{"beyond"}, "streets"},
		"no report":       {[]string{"weather"}, "areas"},
	} {
		if code, out, errOut := wangge(t, append([]string{"response-report", "--store", store}, test.args...)...); code == 0 || !strings.Contains(errOut, test.want) {
			t.Errorf("%s: %d %s %s", name, code, out, errOut)
		}
	}
}

// TestReservoir: the station that is nearest in a straight line across the
// reservoir is not the first by road, and no way of the answer is through water.
func TestReservoir(t *testing.T) {
	address := serve(t, referenceCopy(t))
	const place = "/nearest?lon=114.1486&lat=22.5860"
	at := orb.Point{114.1486, 22.5860}
	var straight, byRoad struct {
		Candidates []struct {
			ID    int64
			At    orb.Point
			Route struct{ Geometry geojson.Geometry }
		}
	}
	for target, into := range map[string]any{place: &straight, place + "&by=time&route=true": &byRoad} {
		if err := json.Unmarshal(get(t, address+target), into); err != nil {
			t.Fatal(err)
		}
	}
	water, err := geojson.UnmarshalFeatureCollection(get(t, address+"/collections/water/items?kind=reservoir"))
	if err != nil || len(water.Features) == 0 {
		t.Fatal(err)
	}
	reservoir := relate.New(water.Features[0].Geometry)
	if !relate.Intersects(relate.New(orb.LineString{at, straight.Candidates[0].At}), reservoir) {
		t.Fatal("the straight line does not cross the reservoir: the test needs another place")
	}
	if straight.Candidates[0].ID == byRoad.Candidates[0].ID {
		t.Error("the station beyond the reservoir is first by road, too")
	}
	if way := byRoad.Candidates[0].Route.Geometry.Geometry(); relate.Intersects(relate.New(way), reservoir) {
		t.Errorf("the way leads through the reservoir: %v", way)
	}
}
