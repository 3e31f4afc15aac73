package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const playgrounds = `{"type":"FeatureCollection","features":[
{"type":"Feature","id":"a7","properties":{"名称":"翠竹公园游乐场","size":120.5},"geometry":{"type":"Point","coordinates":[114.128,22.573]}},
{"type":"Feature","properties":{"名称":null,"size":80},"geometry":{"type":"Polygon","coordinates":[[[114.12,22.56],[114.121,22.56],[114.121,22.561],[114.12,22.56]]]}}]}`

func written(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// importsWhileServing makes a file into a layer, which a running service lists
// and serves as features and tiles.
func importsWhileServing(t *testing.T, store string) {
	file := written(t, "playgrounds.geojson", playgrounds)
	address := serve(t, store)
	if code, out, errOut := wangge(t, "import", "playgrounds", file, "--store", store, "--dry-run"); code != 0 || !strings.Contains(out, "nothing was changed") {
		t.Fatal(code, out, errOut)
	}
	if code, out, errOut := wangge(t, "import", "playgrounds", file, "--store", store, "--as-of", "2024-11-04"); code != 0 {
		t.Fatal(code, out, errOut)
	}
	awaitLayer(t, address, "playgrounds")
	var page struct {
		NumberMatched int
		Synthetic     bool
		Features      []struct{ Properties map[string]any }
	}
	if err := json.Unmarshal(get(t, address+"/collections/playgrounds/items"), &page); err != nil {
		t.Fatal(err)
	}
	if page.NumberMatched != 2 || page.Synthetic || page.Features[0].Properties["source_id"] != "a7" {
		t.Errorf("items: %+v", page)
	}
	if tile := get(t, address+"/tiles/playgrounds/12/3346/1784.mvt"); !strings.Contains(string(tile), "翠竹公园游乐场") {
		t.Errorf("the tile of %d bytes lacks the name", len(tile))
	}
	for _, args := range [][]string{{}, {"--dry-run"}} {
		code, _, errOut := wangge(t, append([]string{"import", "playgrounds", file, "--store", store}, args...)...)
		if code != 1 || !strings.Contains(errOut, "choose another name") {
			t.Errorf("a second import %v: %d %s", args, code, errOut)
		}
	}
	for _, args := range [][]string{{}, {"--sample"}} {
		code, _, errOut := wangge(t, append([]string{"init", "--store", store}, args...)...)
		if code != 1 || !strings.Contains(errOut, "holds layers already") {
			t.Errorf("a second init %v: %d %s", args, code, errOut)
		}
	}
}

// comesAndGoes takes a layer of a user's own through its life: a table becomes
// a layer, a later one brings it up to date, a bad one changes nothing, and
// what is exported in any format is what is there.
func comesAndGoes(t *testing.T, store string) {
	table := "编码,名称,经度,纬度,面积（㎡）,容纳人数\n0101,翠竹园,114.128,22.573,120.5,8\n0102,东湖园,114.147,22.562,\"1,200\",9\n"
	args := func(command, file string, more ...string) []string {
		return append([]string{command, "gardens", file, "--store", store}, more...)
	}
	says := func(want int, words string, args []string) {
		t.Helper()
		if code, out, errOut := wangge(t, args...); code != want || !strings.Contains(out+errOut, words) {
			t.Fatalf("%v: code %d, want %d and %q\n%s%s", args, code, want, words, out, errOut)
		}
	}
	report := filepath.Join(t.TempDir(), "report.json")
	says(0, "2 new", args("import", written(t, "gardens.csv", table), "--code", "编码"))
	later := strings.Replace(table, "120.5,8", "130,8~10", 1) + "0103,洪湖园,114.117,22.563,50万,3\n"
	says(1, `row 2, column "容纳人数": "8~10" is a range`, args("import", written(t, "later.csv", later), "--report", report))
	var problems struct {
		Problems []struct{ Row int }
		Refused  int
	}
	if content, err := os.ReadFile(report); err != nil || json.Unmarshal(content, &problems) != nil || problems.Refused != 1 || problems.Problems[0].Row != 2 {
		t.Errorf("report %+v %v", problems, err)
	}
	says(0, "1 new, 1 changed, 1 unchanged", args("import", written(t, "later.csv", later), "--range", "high"))
	for _, name := range []string{"out.csv", "out.xlsx", "out.geojson", "out.gpkg", "out.shp.zip"} {
		out := filepath.Join(t.TempDir(), name)
		says(0, "3 features", args("export", out))
		says(1, "--force", args("export", out))
		says(0, "0 new, 0 changed, 3 unchanged", args("import", out))
	}
	says(1, "no field none", args("export", "x.csv", "--fields", "none"))
	says(0, "1 rows of the layer go", args("import", written(t, "fewer.csv", strings.Replace(later, "0103", "0102", 1)[:strings.Index(later, "0103")]), "--replace", "--range", "high", "--dry-run"))
	says(0, "1 rows of the layer go", args("import", written(t, "fewer.csv", later[:strings.Index(later, "0103")]), "--replace", "--range", "high"))
	says(0, "2 features", args("export", filepath.Join(t.TempDir(), "fewer.csv")))
}

// TestImportPartition: polygons are proved before they are taken, and mended
// where the user says how far.
func TestImportPartition(t *testing.T) {
	store := filepath.Join(t.TempDir(), "empty.gpkg")
	if code, out, errOut := wangge(t, "init", "--store", store); code != 0 {
		t.Fatal(out, errOut)
	}
	file := written(t, "wards.geojson", `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"no":"A"},"geometry":{"type":"Polygon","coordinates":[[[114,22],[114.01,22],[114.01,22.01],[114,22.01],[114,22]]]}},
{"type":"Feature","properties":{"no":"B"},"geometry":{"type":"Polygon","coordinates":[[[114.01,22],[114.02,22],[114.02,22.01],[114.01,22.01],[114.0100001,22.005],[114.01,22]]]}}]}`)
	gaps := filepath.Join(t.TempDir(), "gaps.geojson")
	args := []string{"import", "wards", file, "--store", store, "--partition", "--code", "no"}
	if code, out, errOut := wangge(t, append(args, "--slivers", gaps)...); code != 1 || !strings.Contains(out, "1 gaps (5.7 m²) and overlaps of 0 pairs") || !strings.Contains(errOut, "--repair") {
		t.Errorf("a gap is taken: %d\n%s%s", code, out, errOut)
	}
	if content, err := os.ReadFile(gaps); err != nil || !strings.Contains(string(content), `"rule":"gap"`) {
		t.Errorf("gaps: %s %v", content, err)
	}
	if code, out, errOut := wangge(t, append(args, "--repair", "10cm")...); code != 0 {
		t.Errorf("repair: %d\n%s%s", code, out, errOut)
	}
	if code, out, errOut := wangge(t, "check", "--store", store); code != 0 || !strings.Contains(out, "wards: 2 polygons, 0 gaps, 0 overlaps") {
		t.Errorf("check: %d\n%s%s", code, out, errOut)
	}
}

// awaitLayer waits until the service has a layer.
func awaitLayer(t testing.TB, address, layer string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(address + "/collections/" + layer)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("the layer %s did not appear", layer)
}

// TestImportRefuses: what is wrong with a file or its use is said with the
// place, and nothing is written.
func TestImportRefuses(t *testing.T) {
	store := filepath.Join(t.TempDir(), "empty.gpkg")
	if code, out, errOut := wangge(t, "init", "--store", store); code != 0 {
		t.Fatal(out, errOut)
	}
	good := written(t, "good.geojson", playgrounds)
	tests := map[string]struct {
		args []string
		says string
	}{
		"an open ring":      {[]string{"x", written(t, "open.geojson", strings.Replace(playgrounds, ",[114.12,22.56]]]", "]]", 1))}, "ring"},
		"half a file":       {[]string{"x", written(t, "half.json", playgrounds[:200])}, "half.json"},
		"another format":    {[]string{"x", written(t, "x.kml", "")}, "ogr2ogr"},
		"a lost code":       {[]string{"x", written(t, "x.csv", "编码,名称\n4.40303E+24,甲\n")}, "文本"},
		"an unknown system": {[]string{"x", good, "--srs", "2154"}, "--srs"},
		"an unknown column": {[]string{"x", good, "--field", "甲=a"}, "名称"},
		"no tolerance":      {[]string{"x", good, "--repair", "much"}, "--partition"},
		"a bad report":      {[]string{"x", good, "--report", "r.pdf"}, ".json"},
		"a bad layer name":  {[]string{"Spiel Platz", good}, "lower-case"},
		"a bad date":        {[]string{"x", good, "--as-of", "last year"}, "2024-12-30"},
		"a missing file":    {[]string{"x", "nowhere.geojson"}, "nowhere.geojson"},
		"a reserved name":   {[]string{"wangge_layer", good}, "wangge_layer"},
		"latitude first":    {[]string{"x", written(t, "latlon.geojson", strings.Replace(playgrounds, "[114.128,22.573]", "[22.573,114.128]", 1))}, "longitude before latitude"},
		"a store not there": {[]string{"x", good, "--store", store + ".none"}, "wangge init"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"import", "--store", store}, tt.args...)
			code, out, errOut := wangge(t, args...)
			if code == 0 || !strings.Contains(out+errOut, tt.says) {
				t.Errorf("code %d\n%s%s", code, out, errOut)
			}
		})
	}
	if code, out, _ := wangge(t, "check", "--store", store); code != 0 || !strings.Contains(out, "version 0") {
		t.Errorf("the store changed: %s", out)
	}
}
