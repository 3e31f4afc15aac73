package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wangge/spatial"
)

// TestNewLayerIsPublishedAtOnce: a layer made while the service runs is
// everywhere in the next answer.
func TestNewLayerIsPublishedAtOnce(t *testing.T) {
	state := &moving{fixed{snapshot: district(t)}}
	s := server(t, state, Config{})
	decoded(t, askOf(s, http.MethodGet, "/collections/trees", ""), http.StatusNotFound)
	schema := &spatial.Schema{ID: "trees", Title: spatial.Title{ZH: "古树", EN: "Trees"}, Geometry: spatial.Points, AsOf: "2024-12-30", Group: "user",
		Fields: []spatial.Field{{Name: "girth", Type: spatial.TypeFloat, Unit: "m"}}}
	next, err := state.snapshot.Apply(spatial.Change{Base: 7, Create: []*spatial.Schema{schema}, Layers: []spatial.LayerChange{
		{Layer: "trees", Put: []spatial.Row{{ID: 1, Geometry: spot(1, 0.5), Values: []spatial.Value{spatial.Float(2.5)}}}}}}, 8)
	if err != nil {
		t.Fatal(err)
	}
	state.snapshot = next
	for _, target := range []string{"/collections", "/collections/trees", "/collections/trees/items?filter=girth+%3E+2", "/collections/trees/queryables", "/tiles/trees.json"} {
		w := askOf(s, http.MethodGet, target, "")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "trees") && !strings.Contains(w.Body.String(), "girth") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	if w := askOf(s, http.MethodGet, "/tiles/grids,trees/14/13381/7146.mvt", ""); w.Code >= 400 {
		t.Errorf("tile: %d %s", w.Code, w.Body)
	}
}

// TestForwardedHeadersAreNotTrusted: who writes them is not known; the
// operator names the public address instead.
func TestForwardedHeadersAreNotTrusted(t *testing.T) {
	for _, target := range []string{"/collections", "/collections/risk_points/items?limit=1", "/tiles/grids.json", "/openapi.json", "/collections/grids?f=html"} {
		w := ask(t, http.MethodGet, target, "", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "X-Forwarded-Prefix", "/evil", "Forwarded", "host=evil.example")
		if strings.Contains(w.Body.String(), "evil") || strings.Contains(fmt.Sprint(w.Header()), "evil") || strings.Contains(w.Body.String(), "https://example.com") {
			t.Errorf("%s follows forwarded headers", target)
		}
	}
}

// FuzzTilePath: whatever stands in a tile's address, the answer is a tile or
// a problem of the client's.
func FuzzTilePath(f *testing.F) {
	for _, seed := range []string{"grids/14/13380/7145", "grids/-1/0/0", "grids/21/0/0", "grids/0/1/0", "grids/1e9/NaN/Inf", "grids,,x/0/0/0", "%ff/0/0/0",
		"grids/00/0/0", "grids/99999999999999999999/0/0", "grids/0x1/0/0", "grids/14/+1/1", "../../etc/0/0/0"} {
		f.Add(seed)
	}
	s := server(f, fixed{snapshot: district(f)}, Config{})
	f.Fuzz(func(t *testing.T, path string) {
		w := askOf(s, http.MethodGet, "/tiles/"+strings.ReplaceAll(url.PathEscape(path), "%2F", "/")+".mvt", "")
		if w.Code >= 500 || w.Code >= 400 && w.Header().Get("Content-Type") != mediaProblem {
			t.Fatalf("%q: %d %s", path, w.Code, w.Body)
		}
	})
}
