package api

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"wangge/spatial/datum"
	"wangge/tiles"
)

// featuresOf decodes a tile of one layer.
func featuresOf(t *testing.T, body string) []*geojson.Feature {
	t.Helper()
	layers, err := mvt.Unmarshal([]byte(body))
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	return layers[0].Features
}

// TestRowBeforeColumn: OGC's path has z, y, x.
func TestRowBeforeColumn(t *testing.T) {
	usual := ask(t, http.MethodGet, "/tiles/grids/12/3345/1785.mvt", "")
	swapped := ask(t, http.MethodGet, "/collections/grids/tiles/WebMercatorQuad/12/1785/3345", "")
	if swapped.Code != http.StatusOK || swapped.Body.String() != usual.Body.String() || swapped.Header().Get("ETag") != usual.Header().Get("ETag") {
		t.Errorf("%d, %d bytes; by x and y %d bytes", swapped.Code, swapped.Body.Len(), usual.Body.Len())
	}
}

// TestMatrixDocuments compares with the figures of OGC's register.
func TestMatrixDocuments(t *testing.T) {
	for id, want := range map[string]struct {
		scale, cell, first float64
		columns            float64
		axes               string
	}{
		"WebMercatorQuad": {559082264.028717, 156543.033928041, -20037508.3427892, 1, "[X Y]"},
		"WorldCRS84Quad":  {279541132.014358, 0.703125, -180, 2, "[Lon Lat]"},
		"CGCS2000Quad":    {279541132.014358, 0.703125, 90, 2, "[Lat Lon]"},
	} {
		d := get(t, "/tileMatrixSets/"+id)
		first := d["tileMatrices"].([]any)[0].(map[string]any)
		for name, want := range map[string]float64{"scaleDenominator": want.scale, "cellSize": want.cell, "matrixWidth": want.columns, "matrixHeight": 1} {
			if got := first[name].(float64); math.Abs(got-want) > 1e-9*want {
				t.Errorf("%s: %s %v, want %v", id, name, got, want)
			}
		}
		if origin := first["pointOfOrigin"].([]any)[0].(float64); math.Abs(origin-want.first) > 1e-6 || fmt.Sprint(d["orderedAxes"]) != want.axes {
			t.Errorf("%s: origin %v, axes %v", id, origin, d["orderedAxes"])
		}
	}
	if w := ask(t, http.MethodGet, "/tileMatrixSets/Nonsense", ""); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "/tileMatrixSets lists them") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestTilesets follows the links of a layer to a tile of each matrix: every one
// holds the grids, where the limits say.
func TestTilesets(t *testing.T) {
	list := get(t, "http://example.org/collections/grids/tiles")["tilesets"].([]any)
	if len(list) != 3 {
		t.Fatalf("%d tilesets", len(list))
	}
	for _, each := range list {
		links := each.(map[string]any)["links"].([]any)
		set := get(t, links[0].(map[string]any)["href"].(string))
		limit := set["tileMatrixSetLimits"].([]any)[11].(map[string]any)
		address := strings.NewReplacer("{tileMatrix}", "11", "{tileRow}", fmt.Sprint(limit["minTileRow"]), "{tileCol}", fmt.Sprint(limit["minTileCol"])).
			Replace(links[1].(map[string]any)["href"].(string))
		w := ask(t, http.MethodGet, address, "")
		if w.Code != http.StatusOK || len(featuresOf(t, w.Body.String())) == 0 {
			t.Errorf("%s: %d", address, w.Code)
		}
		properties := set["layers"].([]any)[0].(map[string]any)["propertiesSchema"].(map[string]any)["properties"].(map[string]any)
		if properties["code"] == nil || set["boundingBox"] == nil {
			t.Errorf("%v", set)
		}
	}
	if w := ask(t, http.MethodGet, "/collections/statistics/tiles", ""); w.Code != http.StatusNotFound {
		t.Errorf("tilesets of a table: %d", w.Code)
	}
}

func TestTileChoices(t *testing.T) {
	const tile = "/tiles/risk_points/12/3345/1785.mvt"
	all := featuresOf(t, ask(t, http.MethodGet, tile, "").Body.String())
	low := featuresOf(t, ask(t, http.MethodGet, tile+"?filter=level='low'", "").Body.String())
	if len(low) == 0 || len(low) >= len(all) {
		t.Errorf("%d features, %d under a filter", len(all), len(low))
	}
	for _, f := range low {
		if f.Properties["level"] != "low" {
			t.Errorf("the filter let %v through", f.Properties)
		}
	}
	few := featuresOf(t, ask(t, http.MethodGet, tile+"?properties=people,level", "").Body.String())
	if len(few) != len(all) || len(few[1].Properties) != 2 || few[1].Properties["people"] == nil {
		t.Errorf("%d features, tags %v", len(few), few[1].Properties)
	}
	none := featuresOf(t, ask(t, http.MethodGet, tile+"?properties=", "").Body.String())
	if len(none[0].Properties) != 0 {
		t.Errorf("tags %v", none[0].Properties)
	}
	for query, says := range map[string]string{
		"filter=storeys>3":   "storeys",
		"filter=level=":      "filter_syntax",
		"properties=storeys": "none of the layers has a property",
		"datum=nad27":        "wgs84, gcj02, bd09",
		"datum=gcj02&filter-crs=CRS84&filter=level='low'": "says it for all",
	} {
		if w := ask(t, http.MethodGet, tile+"?"+query, ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	if w := ask(t, http.MethodGet, "/tiles/risk_points,grids/12/3345/1785.mvt?filter=level='low'", ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "grids: ") {
		t.Errorf("a filter that one layer cannot answer: %d %s", w.Code, w.Body)
	}
}

// TestTileDatum: a moved tile has each point where the vendor's map has it, and
// says that it is derived.
func TestTileDatum(t *testing.T) {
	w := ask(t, http.MethodGet, "/tiles/risk_points/12/3345/1785.mvt?datum=gcj02", "")
	if w.Header().Get("Content-Crs") != "<GCJ-02>" {
		t.Errorf("Content-Crs: %s", w.Header().Get("Content-Crs"))
	}
	layers, err := mvt.Unmarshal(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	layers.ProjectToWGS84(maptile.New(3345, 1785, 12))
	points, _ := district(t).Layer("risk_points")
	for _, f := range layers[0].Features {
		stored, err := points.Feature(int64(f.ID.(float64)))
		if err != nil {
			t.Fatal(err)
		}
		want := datum.FromLL(datum.GCJ02, stored.Geometry().(orb.Point))
		if got := f.Geometry.(orb.Point); math.Abs(got[0]-want[0]) > 3e-5 || math.Abs(got[1]-want[1]) > 3e-5 {
			t.Errorf("%v, want %v", got, want)
		}
	}
	described := get(t, "/tiles/risk_points.json?datum=gcj02")
	if !strings.Contains(described["attribution"].(string), "derived") || !strings.Contains(described["tiles"].([]any)[0].(string), "datum=gcj02") {
		t.Errorf("%v", described)
	}
}

func TestTileCodings(t *testing.T) {
	for accept, want := range map[string]tiles.Coding{
		"": tiles.Identity, "zstd": tiles.Zstd, "gzip, deflate, br, zstd": tiles.Zstd, "gzip, zstd;q=0.5": tiles.Gzip,
		"zstd;q=0": tiles.Identity, "*": tiles.Gzip, "zstd;q=0.5, identity": tiles.Identity, "br": tiles.Identity, "*, gzip;q=0": tiles.Identity,
	} {
		if got := codingFor([]string{accept}); got != want {
			t.Errorf("%q: %v, want %v", accept, got, want)
		}
	}
}
