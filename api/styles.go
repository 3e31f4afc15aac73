package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/tiles"
)

func (s *Server) styleRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/styles", summary: "Styles that front-ends draw the tiles by",
			parameters: []parameter{jsonFormat}, media: []string{mediaJSON}, handle: s.styles},
		{method: http.MethodGet, path: "/styles/{style}.json", summary: "A style of the layers, as MapLibre and its kin read it (version 8)",
			parameters: []parameter{styleParam, styledParam, datumParam, filterParam, momentParam, knownParam}, media: []string{mediaJSON}, handle: s.style},
	}
}

var (
	styleParam = &param[string]{
		declaration{name: "style", in: inPath, description: "name of a style, as listed by /styles", example: "district",
			schema: jsonSchema{"type": "string"}, required: true},
		func(text string) (string, error) { return text, nil },
	}
	styledParam = &param[[]spatial.LayerID]{
		declaration{name: "layers", in: inQuery, description: "only these layers; without it all", example: "grids,response_points",
			schema: jsonSchema{"type": "string"}},
		tiles.ParseLayers,
	}
)

// offer is a style that there is.
type offer struct {
	name  string
	title spatial.Title
	plain bool // without what only MapLibre knows, and without text, which takes fonts
}

var offers = []offer{
	{"district", spatial.Title{ZH: "全区（MapLibre，含注记）", EN: "the district, with labels, for MapLibre"}, false},
	{"district-plain", spatial.Title{ZH: "全区（OpenLayers 等，无注记）", EN: "the district, without labels, for OpenLayers and older clients"}, true},
}

func (s *Server) styles(w http.ResponseWriter, r *request) error {
	type entry struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Links []link `json:"links"`
	}
	list := make([]entry, len(offers))
	for i, o := range offers {
		list[i] = entry{o.name, both(o.title), []link{{Href: s.base(r.Request) + "/styles/" + o.name + ".json", Rel: "stylesheet", Type: mediaJSON}}}
	}
	return writeJSON(w, mediaJSON, struct {
		Links  []link  `json:"links"`
		Styles []entry `json:"styles"`
	}{[]link{s.self(r, mediaJSON)}, list})
}

func (s *Server) style(w http.ResponseWriter, r *request) error {
	name := styleParam.of(r)
	i := slices.IndexFunc(offers, func(o offer) bool { return o.name == name })
	if i < 0 {
		return &problem{Status: http.StatusNotFound, Kind: "unknown-style", Detail: fmt.Sprintf("no style is named %q", shorten(name)), Fix: "/styles lists them"}
	}
	if err := s.past(r); err != nil {
		return err
	}
	layers, err := r.styled()
	if err != nil {
		return unknownLayer(err)
	}
	if err := r.chooseFeatures(&tiles.View{Layers: layers}); err != nil { // as every tile would
		return err
	}
	provenanceOf(r.snapshot, layers...).head(w.Header())
	return writeJSON(w, mediaJSON, s.newStyle(r, offers[i], layers))
}

// styled are the layers with geometry that a style is asked for.
func (r *request) styled() ([]*spatial.Layer, error) {
	if styledParam.given(r) {
		layers, err := r.layersNamed(styledParam.of(r))
		return slices.DeleteFunc(layers, tabular), err
	}
	return slices.DeleteFunc(slices.Collect(r.snapshot.Layers()), tabular), nil
}

func tabular(l *spatial.Layer) bool { return l.Schema().Geometry == spatial.NoGeometry }

// style is a document of the MapLibre Style Specification, version 8, of which
// the plain one keeps to what Mapbox's has as well.
type style struct {
	Version  int                    `json:"version"`
	Name     string                 `json:"name"`
	Metadata map[string]any         `json:"metadata"`
	Center   [2]float64             `json:"center"` // lon, lat
	Zoom     float64                `json:"zoom"`
	Sources  map[string]styleSource `json:"sources"`
	Layers   []styleLayer           `json:"layers"`
}

// styleSource is tiles, described by TileJSON.
type styleSource struct {
	Type        string `json:"type"`
	URL         string `json:"url"`
	MaxZoom     int    `json:"maxzoom,omitempty"`     // 0: as the TileJSON says
	Attribution string `json:"attribution,omitempty"` // HTML
}

// styleLayer is one way in which features are drawn.
type styleLayer struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Source      string          `json:"source,omitempty"`
	SourceLayer spatial.LayerID `json:"source-layer,omitempty"`
	MinZoom     float64         `json:"minzoom,omitempty"`
	MaxZoom     float64         `json:"maxzoom,omitempty"`
	Filter      expression      `json:"filter,omitempty"`
	Layout      properties      `json:"layout,omitempty"`
	Paint       properties      `json:"paint,omitempty"`
}

type (
	expression []any
	properties map[string]any
)

// newStyle draws layers from one source, and the names of areas that cover the
// ground from others, see [nameSource]. More layers than a tile may have come from further sources.
func (s *Server) newStyle(r *request, as offer, layers []*spatial.Layer) *style {
	whole := tiles.NewTileJSON(tiles.View{Layers: layers}, "")
	t := &style{Version: 8, Name: both(as.title), Metadata: properties{"synthetic": slices.ContainsFunc(layers, synthetic)},
		Center: [2]float64{whole.Center[0], whole.Center[1]}, Zoom: whole.Center[2], Sources: map[string]styleSource{},
		Layers: []styleLayer{{ID: "background", Type: "background", Paint: properties{"background-color": "#e4e8e8"}}}}
	var parts []part
	for members := range slices.Chunk(layers, tiles.MaxLayers) {
		source := "district"
		if n := len(t.Sources); n > 0 {
			source += fmt.Sprintf("-%d", n+1)
		}
		t.Sources[source] = s.styleSource(r, members)
		for _, layer := range members {
			parts = append(parts, drawnOf(layer, source, as.plain).parts()...)
		}
	}
	if !as.plain {
		s.addNameSources(r, t, layers)
	}
	slices.SortStableFunc(parts, func(a, b part) int { return int(a.band - b.band) })
	for _, p := range parts {
		t.Layers = append(t.Layers, p.styleLayer)
	}
	return t
}

// addNameSources adds the tiles that names of areas come from.
func (s *Server) addNameSources(r *request, t *style, layers []*spatial.Layer) {
	members := map[nameSource][]*spatial.Layer{}
	for _, layer := range layers {
		if from, ok := nameSourceOf(layer); ok {
			members[from] = append(members[from], layer)
		}
	}
	for from, layers := range members {
		source := s.styleSource(r, layers)
		source.MaxZoom = from.zoom
		if from.whole {
			source.MaxZoom = wholeZoom(layers, from.zoom)
		}
		source.Attribution = t.Sources["district"].Attribution // clients show it once
		t.Sources[from.id] = source
	}
}

// wholeZoom is the deepest zoom, from 7 to most, at which layers are in one
// tile as a whole.
func wholeZoom(layers []*spatial.Layer, most int) int {
	b := tiles.NewTileJSON(tiles.View{Layers: layers}, "").Bounds
	zoom := most
	for zoom > 7 && tiles.At(orb.Point{b[0], b[3]}, uint32(zoom)) != tiles.At(orb.Point{b[2], b[1]}, uint32(zoom)) {
		zoom--
	}
	return zoom
}

func synthetic(l *spatial.Layer) bool { return l.Schema().Synthetic }

// styleSource is the tiles of layers, with what the request chose.
func (s *Server) styleSource(r *request, layers []*spatial.Layer) styleSource {
	described := tiles.NewTileJSON(tiles.View{Layers: layers}, "")
	address := s.base(r.Request) + "/tiles/" + joined(layers) + ".json"
	chosen := url.Values{}
	for name, texts := range r.query {
		if name != styledParam.name {
			chosen[name] = texts
		}
	}
	if len(chosen) > 0 {
		address += "?" + chosen.Encode()
	}
	return styleSource{Type: "vector", URL: address, Attribution: described.Attribution}
}

func joined(layers []*spatial.Layer) string {
	ids := make([]string, len(layers))
	for i, l := range layers {
		ids[i] = string(l.ID())
	}
	return strings.Join(ids, ",")
}
