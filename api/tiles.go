package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"wangge/spatial"
	"wangge/tiles"
)

const mediaTile = "application/vnd.mapbox-vector-tile"

// choices are what a request for tiles may choose.
var choices = []parameter{filterParam, filterLangParam, filterCRSParam, propertiesParam, datumParam, momentParam, knownParam}

func (s *Server) tileRoutes() []route {
	tile := route{method: http.MethodGet, path: "/tiles/{layers}/{z}/{x}/{y}.mvt", summary: "One vector tile of layers, in Web Mercator",
		parameters: append([]parameter{layersParam, tileZ, tileX, tileY}, choices...), media: []string{mediaTile}, volatile: true, handle: s.tile}
	alias := tile
	alias.path, alias.summary = "/tiles/{layers}/{z}/{x}/{y}.pbf", "The same tile, by the name that GDAL looks for"
	return append([]route{
		{method: http.MethodGet, path: "/tiles/{layers}.json", summary: "Tiles of layers, described as TileJSON 3",
			parameters: append([]parameter{layersParam}, choices...), media: []string{mediaJSON}, handle: s.tileJSON},
		tile, alias,
	}, s.tilesetRoutes()...)
}

// layersParam names the layers of a tile.
var layersParam = &param[[]spatial.LayerID]{
	declaration{name: "layers", in: inPath, description: "ids of layers with commas between them, as listed by /collections",
		example: "grids,buildings", schema: jsonSchema{"type": "string"}, required: true},
	tiles.ParseLayers,
}

// The address of a tile. Its numbers are checked together.
var (
	tileZ = tileNumber("z", "zoom, 0 to 20", "14")
	tileX = tileNumber("x", "column from the west", "13383")
	tileY = tileNumber("y", "row from the north", "7142")
)

func tileNumber(name, description, example string) *param[string] {
	return &param[string]{
		declaration{name: name, in: inPath, description: description, example: example,
			schema: jsonSchema{"type": "integer", "minimum": 0}, required: true},
		func(text string) (string, error) { return text, nil },
	}
}

func (s *Server) tileJSON(w http.ResponseWriter, r *request) error {
	view, err := s.view(r, layersParam.of(r)...)
	if err != nil {
		return err
	}
	described := tiles.NewTileJSON(view, s.base(r.Request))
	if len(r.query) > 0 {
		described.Tiles[0] += "?" + r.query.Encode()
	}
	return writeJSON(w, mediaJSON, described)
}

func (s *Server) tile(w http.ResponseWriter, r *request) error {
	return s.tileOf(w, r, tiles.WebMercatorQuad, [3]string{tileZ.of(r), tileX.of(r), tileY.of(r)}, layersParam.of(r)...)
}

// tileOf answers with the tile of an address z, x, y.
func (s *Server) tileOf(w http.ResponseWriter, r *request, m *tiles.Matrix, address [3]string, layers ...spatial.LayerID) error {
	id, err := m.ParseID(address[0], address[1], address[2])
	if err != nil {
		return outsideMatrix(err)
	}
	view, err := s.view(r, layers...)
	if err != nil {
		return err
	}
	view.Matrix = m
	tile, err := s.renderer.Render(r.Context(), view, id, codingFor(r.Header.Values("Accept-Encoding")))
	if errors.Is(err, tiles.ErrBusy) {
		w.Header().Set("Retry-After", "1")
		return &problem{Status: http.StatusServiceUnavailable, Kind: "busy", Rule: "tiles_waiting", Detail: err.Error(), Fix: "ask again in a second"}
	}
	if err != nil {
		return err
	}
	return s.writeTile(w, r, tile)
}

// view is what the tiles of a request show.
func (s *Server) view(r *request, layers ...spatial.LayerID) (tiles.View, error) {
	if err := s.past(r); err != nil {
		return tiles.View{}, err
	}
	chosen, err := r.layersNamed(layers)
	if err != nil {
		return tiles.View{}, unknownLayer(err)
	}
	view := tiles.View{Layers: chosen}
	view.Datum = datumParam.of(r).crs
	if err := r.chooseProperties(&view); err != nil {
		return view, err
	}
	return view, r.chooseFeatures(&view)
}

// chooseFeatures binds the filter to each layer.
func (r *request) chooseFeatures(view *tiles.View) error {
	if !filterParam.given(r) {
		return nil
	}
	view.Filter = r.query.Get("filter-crs") + " " + r.query.Get("filter")
	for _, layer := range view.Layers {
		parts, err := r.textFilter(layer.Schema())
		if err != nil {
			return ofLayer(err, layer, len(view.Layers) > 1)
		}
		view.Where = append(view.Where, parts[0])
	}
	return nil
}

// ofLayer says of which layer a filter asks what it cannot answer.
func ofLayer(err error, layer *spatial.Layer, several bool) error {
	var invalid *spatial.InvalidError
	if !several || !errors.As(err, &invalid) {
		return err
	}
	told := *invalid
	told.Detail = fmt.Sprintf("%s: %s", layer.ID(), told.Detail)
	told.Fix = strings.TrimPrefix(told.Fix+"; or ask for layers apart that do not have the same properties", "; or ")
	return &told
}

// chooseProperties keeps the tags that are asked for, in one order whatever
// the order they are asked for in. Each must be known to a layer.
func (r *request) chooseProperties(view *tiles.View) error {
	if !propertiesParam.given(r) {
		return nil
	}
	view.Properties = append([]string{}, propertiesParam.of(r)...)
	for _, name := range view.Properties {
		if !slices.ContainsFunc(view.Layers, func(l *spatial.Layer) bool { return l.Schema().FieldIndex(name) >= 0 }) {
			return propertiesParam.refuse(fmt.Sprintf("none of the layers has a property %q", shorten(name)))
		}
	}
	slices.Sort(view.Properties)
	view.Properties = slices.Compact(view.Properties)
	return nil
}

func outsideMatrix(err error) error {
	if !errors.Is(err, spatial.ErrNotFound) {
		return err
	}
	return &problem{Status: http.StatusNotFound, Kind: "outside-matrix", Detail: err.Error(),
		Fix: "follow the tiles address of /tiles/{layers}.json"}
}

func unknownLayer(err error) error {
	if !errors.Is(err, spatial.ErrNotFound) {
		return err
	}
	return &problem{Status: http.StatusNotFound, Kind: "unknown-layer", Detail: err.Error(),
		Fix: "/collections lists the layers"}
}
