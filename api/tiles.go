package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"wangge/spatial"
	"wangge/tiles"
)

const mediaTile = "application/vnd.mapbox-vector-tile"

func (s *Server) tileRoutes() []route {
	tile := route{method: http.MethodGet, path: "/tiles/{layers}/{z}/{x}/{y}.mvt", summary: "One vector tile of layers, in Web Mercator",
		parameters: []parameter{layersParam, tileZ, tileX, tileY, momentParam, knownParam}, media: []string{mediaTile}, volatile: true, handle: s.tile}
	alias := tile
	alias.path, alias.summary = "/tiles/{layers}/{z}/{x}/{y}.pbf", "The same tile, by the name that GDAL looks for"
	return []route{
		{method: http.MethodGet, path: "/tiles/{layers}.json", summary: "Tiles of layers, described as TileJSON 3",
			parameters: []parameter{layersParam, momentParam, knownParam}, media: []string{mediaJSON}, handle: s.tileJSON},
		tile, alias,
	}
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
	if err := s.past(r); err != nil {
		return err
	}
	view, err := tiles.NewView(r.snapshot, layersParam.of(r)...)
	if err != nil {
		return unknownLayer(err)
	}
	described := tiles.NewTileJSON(view, s.base(r.Request))
	if len(r.query) > 0 {
		described.Tiles[0] += "?" + r.query.Encode()
	}
	return writeJSON(w, mediaJSON, described)
}

func (s *Server) tile(w http.ResponseWriter, r *request) error {
	id, err := tiles.ParseID(tileZ.of(r), tileX.of(r), tileY.of(r))
	if err != nil {
		return outsideMatrix(err)
	}
	if err := s.past(r); err != nil {
		return err
	}
	view, err := tiles.NewView(r.snapshot, layersParam.of(r)...)
	if err != nil {
		return unknownLayer(err)
	}
	tile, err := s.renderer.Render(r.Context(), view, id, codingFor(r.Header.Values("Accept-Encoding")))
	if err != nil {
		return err
	}
	return writeTile(w, r, tile)
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

// writeTile answers with a tile in the coding that suits the client. Caches
// may keep it but ask each time (no-cache): a question that is answered with
// 304 from memory costs little, and nobody shows a stale tile.
func writeTile(w http.ResponseWriter, r *request, tile *tiles.Tile) error {
	h := w.Header()
	h.Set("Cache-Control", r.keeping())
	h.Set(headerVersion, strconv.FormatInt(int64(r.snapshot.Version()), 10))
	h.Set("X-Accel-Expires", "@1") // nginx may keep it, and must ask each time
	h.Add("Vary", "Accept-Encoding")
	h.Set("ETag", tile.ETag)
	switch {
	case matches(r.Header.Values("If-None-Match"), tile.ETag):
		w.WriteHeader(http.StatusNotModified)
		return nil
	case tile.Empty():
		w.WriteHeader(http.StatusNoContent)
		return nil
	case tile.Coding != tiles.Identity:
		h.Set("Content-Encoding", tile.Coding.String())
	}
	h.Set("Content-Type", mediaTile)
	h.Set("Content-Length", strconv.Itoa(len(tile.Bytes)))
	_, err := w.Write(tile.Bytes)
	return err
}

func codingFor(accept []string) tiles.Coding {
	if wantsGzip(accept) {
		return tiles.Gzip
	}
	return tiles.Identity
}

// wantsGzip negotiates the coding (RFC 9110, 12.5.3): gzip if it is welcome
// and no less so than plain bytes.
func wantsGzip(accept []string) bool {
	gzip, identity, other := -1.0, -1.0, -1.0
	for element := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, weight := weighted(element)
		switch name {
		case "gzip", "x-gzip":
			gzip = max(gzip, weight)
		case "identity":
			identity = weight
		case "*":
			other = weight
		}
	}
	if gzip < 0 {
		gzip = other
	}
	return gzip > 0 && gzip >= identity
}

// weighted reads an element like "gzip;q=0.5"; a weight that is not a number
// from 0 to 1 counts as 0.
func weighted(element string) (name string, weight float64) {
	name, parameters, given := strings.Cut(element, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	if !given {
		return name, 1
	}
	text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q=")
	weight, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if !ok || err != nil || !(weight >= 0 && weight <= 1) {
		return name, 0
	}
	return name, weight
}

// matches says whether If-None-Match names an entity tag (RFC 9110, 13.1.2;
// weak comparison) or is *, which any answer matches.
func matches(conditions []string, tag string) bool {
	for element := range strings.SplitSeq(strings.Join(conditions, ","), ",") {
		element = strings.TrimSpace(element)
		if element == "*" || strings.TrimPrefix(element, "W/") == tag {
			return true
		}
	}
	return false
}
