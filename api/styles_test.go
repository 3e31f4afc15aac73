package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wangge/spatial"
)

func styleOf(t *testing.T, s *Server, target string) *style {
	t.Helper()
	w := askOf(s, http.MethodGet, target, "")
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", target, w.Code, w.Body)
	}
	var got style
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	return &got
}

// TestStyles follows the links of the list: each style draws each layer that
// has geometry, from tiles whose TileJSON is there, below the public address.
func TestStyles(t *testing.T) {
	public, err := url.Parse("https://maps.example.org/luohu")
	if err != nil {
		t.Fatal(err)
	}
	s := server(t, fixed{snapshot: district(t)}, Config{PublicURL: public})
	var list struct {
		Styles []struct{ Links []link }
	}
	if err := json.Unmarshal(askOf(s, http.MethodGet, "/styles", "").Body.Bytes(), &list); err != nil || len(list.Styles) != len(offers) {
		t.Fatal(list, err)
	}
	for _, listed := range list.Styles {
		got := styleOf(t, s, strings.TrimPrefix(listed.Links[0].Href, public.String()))
		drawn := map[spatial.LayerID]bool{}
		for _, l := range got.Layers {
			if _, ok := got.Sources[l.Source]; l.Type != "background" && !ok {
				t.Errorf("%s is drawn from %q, which is no source", l.ID, l.Source)
			}
			drawn[l.SourceLayer] = true
		}
		for layer := range district(t).Layers() {
			if drawn[layer.ID()] == tabular(layer) {
				t.Errorf("%s: %s is drawn: %v", got.Name, layer.ID(), drawn[layer.ID()])
			}
		}
		for name, source := range got.Sources {
			path, below := strings.CutPrefix(source.URL, public.String())
			if w := askOf(s, http.MethodGet, path, ""); !below || w.Code != http.StatusOK {
				t.Errorf("%s: %s: %d", name, source.URL, w.Code)
			}
			if !strings.Contains(source.Attribution, "synthetic") {
				t.Errorf("%s: attribution %q", name, source.Attribution)
			}
		}
	}
}

// TestStyleCarriesChoices: what the request chose stands in the sources'
// addresses, and nothing else.
func TestStyleCarriesChoices(t *testing.T) {
	cases := []struct{ query, source string }{
		{"?layers=grids", "http://example.com/tiles/grids.json"},
		{"?layers=statistics,risk_points,grids", "http://example.com/tiles/risk_points,grids.json"},
		{"?layers=risk_points&datum=gcj02", "http://example.com/tiles/risk_points.json?datum=gcj02"},
		{"?layers=risk_points&filter=level%3D%27low%27", "http://example.com/tiles/risk_points.json?filter=level%3D%27low%27"},
		{"?layers=grids&datetime=2024-12-30", "http://example.com/tiles/grids.json?datetime=2024-12-30"},
	}
	s := server(t, fixed{snapshot: district(t)}, Config{})
	for _, c := range cases {
		if got := styleOf(t, s, "/styles/district-plain.json"+c.query); len(got.Sources) != 1 || got.Sources["district"].URL != c.source {
			t.Errorf("%s: %v, want %s", c.query, got.Sources, c.source)
		}
	}
}

func TestStyleRefusals(t *testing.T) {
	cases := []struct {
		target string
		status int
	}{
		{"/styles/none.json", http.StatusNotFound},
		{"/styles/district.json?layers=none", http.StatusNotFound},
		{"/styles/district.json?layers=", http.StatusBadRequest},
		{"/styles/district.json?datum=mars", http.StatusBadRequest},
		{"/styles/district.json?filter=level%3D", http.StatusBadRequest},
		{"/styles/district.json?datetime=2999-01-01", http.StatusBadRequest},
		{"/styles/district.json?colour=red", http.StatusBadRequest},
	}
	for _, c := range cases {
		if w := ask(t, http.MethodGet, c.target, ""); w.Code != c.status {
			t.Errorf("%s: %d %s, want %d", c.target, w.Code, w.Body, c.status)
		}
	}
}

// TestPlainStyle: the plain style has no text, as that takes fonts, and
// nothing at its top that Mapbox's version 8 has not.
func TestPlainStyle(t *testing.T) {
	w := ask(t, http.MethodGet, "/styles/district-plain.json", "")
	members := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil {
		t.Fatal(err)
	}
	for name := range members {
		if !slices.Contains([]string{"version", "name", "metadata", "center", "zoom", "sources", "layers"}, name) {
			t.Errorf("member %s", name)
		}
	}
	if strings.Contains(w.Body.String(), `"symbol"`) {
		t.Error("a layer of symbols")
	}
}

func TestStyleUnchanged(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	tag := askOf(s, http.MethodGet, "/styles/district.json", "").Header().Get("ETag")
	if w := askOf(s, http.MethodGet, "/styles/district.json", "", "If-None-Match", tag); tag == "" || w.Code != http.StatusNotModified {
		t.Errorf("%d for %s", w.Code, tag)
	}
	if w := askOf(s, http.MethodGet, "/styles/district-plain.json", "", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("another style: %d", w.Code)
	}
}

// TestManyLayers: no source is of more layers than a tile may have.
func TestManyLayers(t *testing.T) {
	var layers []*spatial.Layer
	for i := range 70 {
		layers = append(layers, layer(t, &spatial.Schema{ID: spatial.LayerID(fmt.Sprintf("survey_%d", i)), Title: spatial.Title{EN: "survey"}, Geometry: spatial.Points, AsOf: "2024-01-01"}))
	}
	got := styleOf(t, server(t, fixed{snapshot: spatial.New(1, layers...)}, Config{}), "/styles/district.json")
	if len(got.Sources) != 2 || len(got.Layers) != 71 {
		t.Errorf("%d sources, %d layers", len(got.Sources), len(got.Layers))
	}
	used := map[string]int{}
	for _, l := range got.Layers {
		used[l.Source]++
	}
	if used["district"] != 64 || used["district-2"] != 6 {
		t.Error(used)
	}
}

// TestColouring: colours are the schema's where it has any, and tiles that do
// not carry the field yet are not taken for features without a value.
func TestColouring(t *testing.T) {
	schema := &spatial.Schema{ID: "survey", Title: spatial.Title{EN: "survey"}, Geometry: spatial.Points, AsOf: "2024-01-01", Fields: []spatial.Field{
		{Name: "kind", Type: spatial.TypeText, Values: []spatial.Label{{Value: "a"}}},
		{Name: "state", Type: spatial.TypeText, FromZoom: 12, Values: []spatial.Label{{Value: "open", Color: "#f00"}, {Value: "closed"}}}}}
	colour, err := json.Marshal(drawnOf(layer(t, schema), "district", true).coloured())
	want := `["step",["zoom"],"` + lookOf("survey").colour + `",12,["match",["to-string",["get","state"]],"open","#f00","closed","` + made[1] + `","` + unclassified + `"]]`
	if err != nil || string(colour) != want {
		t.Errorf("%s, want %s", colour, want)
	}
}

var pageLook = regexp.MustCompile(`(?m)^  ([a-z_]+): \{.*colour: "(#[0-9a-f]{6})"`)

// TestLooksAreThePages: styles show layers in the colours of the map page.
func TestLooksAreThePages(t *testing.T) {
	source, err := os.ReadFile("viewer/src/looks.ts")
	if err != nil {
		t.Fatal(err)
	}
	page := map[spatial.LayerID]string{}
	for _, found := range pageLook.FindAllStringSubmatch(string(source), -1) {
		page[spatial.LayerID(found[1])] = found[2]
	}
	for id, look := range looks {
		if page[id] != look.colour {
			t.Errorf("%s: %s, on the page %s", id, look.colour, page[id])
		}
		for value, colour := range look.colours {
			if !strings.Contains(string(source), value+`: "`+colour+`"`) {
				t.Errorf("%s: %s of %s is not on the page", id, colour, value)
			}
		}
	}
	if len(page) != len(looks) {
		t.Errorf("%d looks on the page, %d here", len(page), len(looks))
	}
	for _, colour := range made {
		if !strings.Contains(string(source), colour) {
			t.Errorf("%s is not on the page", colour)
		}
	}
}
