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
		"another format":    {[]string{"x", written(t, "x.shp", "")}, "ogr2ogr"},
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
			if code == 0 || !strings.Contains(errOut, tt.says) {
				t.Errorf("code %d\n%s%s", code, out, errOut)
			}
		})
	}
	if code, out, _ := wangge(t, "check", "--store", store); code != 0 || !strings.Contains(out, "version 0") {
		t.Errorf("the store changed: %s", out)
	}
}
