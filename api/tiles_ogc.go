package api

import (
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
	"wangge/tiles"
)

// Tiles as OGC API - Tiles 1.0 (OGC 20-057) has them: tile matrix sets (OGC
// 17-083r4), the tilesets of a layer, and their tiles.

func (s *Server) tilesetRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/tileMatrixSets", summary: "The tile matrix sets that tiles come in",
			parameters: []parameter{jsonFormat}, media: []string{mediaJSON}, handle: s.matrices},
		{method: http.MethodGet, path: "/tileMatrixSets/{tms}", summary: "One tile matrix set: its coordinate system, and origin, scale and size at each zoom",
			parameters: []parameter{matrixParam, jsonFormat}, media: []string{mediaJSON}, handle: s.matrix},
		{method: http.MethodGet, path: "/collections/{layer}/tiles", summary: "The tilesets of a layer",
			parameters: []parameter{layerParam, jsonFormat}, media: []string{mediaJSON}, handle: s.tilesets},
		{method: http.MethodGet, path: "/collections/{layer}/tiles/{tms}", summary: "One tileset of a layer: where it has tiles, and what is in them",
			parameters: append([]parameter{layerParam, matrixParam, jsonFormat}, choices...), media: []string{mediaJSON}, handle: s.tileset},
		{method: http.MethodGet, path: "/collections/{layer}/tiles/{tms}/{z}/{row}/{col}", summary: "One vector tile of a layer; the row comes before the column",
			parameters: append([]parameter{layerParam, matrixParam, tileZ, tileRow, tileCol, tileFormat}, choices...),
			media:      []string{mediaTile}, volatile: true, handle: s.layerTile},
	}
}

var (
	matrixParam = &param[*tiles.Matrix]{
		declaration{name: "tms", in: inPath, description: "id of a tile matrix set, as listed by /tileMatrixSets", example: "WebMercatorQuad",
			schema: jsonSchema{"type": "string", "enum": matrixNames()}, required: true},
		parseMatrix,
	}
	tileRow    = tileNumber("row", "row from the north", "7142")
	tileCol    = tileNumber("col", "column from the west", "13383")
	tileFormat = formatParam("mvt")
)

func matrixNames() []string {
	var names []string
	for _, m := range tiles.Matrices() {
		names = append(names, m.ID)
	}
	return names
}

func parseMatrix(text string) (*tiles.Matrix, error) {
	m, err := tiles.FindMatrix(shorten(text))
	if err != nil {
		return nil, &problem{Status: http.StatusNotFound, Kind: "unknown-matrix", Detail: err.Error(), Fix: "/tileMatrixSets lists them"}
	}
	return m, nil
}

// layerTile is asked for by row and column, that is y before x.
func (s *Server) layerTile(w http.ResponseWriter, r *request) error {
	return s.tileOf(w, r, matrixParam.of(r), [3]string{tileZ.of(r), tileCol.of(r), tileRow.of(r)}, layerParam.of(r))
}

// matrixItem is an entry of the list of tile matrix sets.
type matrixItem struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URI   string `json:"uri,omitempty"`
	CRS   string `json:"crs"`
	Links []link `json:"links"`
}

func (s *Server) matrices(w http.ResponseWriter, r *request) error {
	list := []matrixItem{}
	for _, m := range tiles.Matrices() {
		list = append(list, matrixItem{m.ID, both(m.Title), matrixURI(m), m.CRS.URI(),
			[]link{{Href: s.base(r.Request) + "/tileMatrixSets/" + m.ID, Rel: "self", Type: mediaJSON, Title: both(m.Title)}}})
	}
	return writeJSON(w, mediaJSON, map[string]any{"tileMatrixSets": list})
}

// matrixURI is the name in OGC's register, where it is in there.
func matrixURI(m *tiles.Matrix) string {
	if m == tiles.CGCS2000Quad {
		return ""
	}
	return "http://www.opengis.net/def/tilematrixset/OGC/1.0/" + m.ID
}

// matrixDocument is a tile matrix set in JSON.
type matrixDocument struct {
	ID           string       `json:"id"`
	Title        string       `json:"title"`
	URI          string       `json:"uri,omitempty"`
	CRS          string       `json:"crs"`
	OrderedAxes  [2]string    `json:"orderedAxes"`
	ScaleSet     string       `json:"wellKnownScaleSet,omitempty"`
	TileMatrices []tileMatrix `json:"tileMatrices"`
}

type tileMatrix struct {
	ID               string     `json:"id"`
	ScaleDenominator float64    `json:"scaleDenominator"`
	CellSize         float64    `json:"cellSize"`
	CornerOfOrigin   string     `json:"cornerOfOrigin"`
	PointOfOrigin    [2]float64 `json:"pointOfOrigin"` // in the axis order of the coordinate system
	TileWidth        int        `json:"tileWidth"`
	TileHeight       int        `json:"tileHeight"`
	MatrixWidth      uint32     `json:"matrixWidth"`
	MatrixHeight     uint32     `json:"matrixHeight"`
}

const (
	tilePixels = 256     // to which scales are usually given
	pixelSize  = 0.00028 // metres on a screen (OGC 17-083r4, 6.1.1)
	earth      = 6378137 // metres, the semi-major axis
)

func (s *Server) matrix(w http.ResponseWriter, r *request) error {
	return writeJSON(w, mediaJSON, documentOf(matrixParam.of(r)))
}

func documentOf(m *tiles.Matrix) matrixDocument {
	d := matrixDocument{ID: m.ID, Title: both(m.Title), URI: matrixURI(m), CRS: m.CRS.URI(), OrderedAxes: [2]string{"Lon", "Lat"}}
	origin, side, metres := [2]float64{-180, 90}, 180.0, earth*math.Pi/180
	switch m {
	case tiles.WebMercatorQuad:
		origin, side, metres = [2]float64{-math.Pi * earth, math.Pi * earth}, 2*math.Pi*earth, 1
		d.OrderedAxes, d.ScaleSet = [2]string{"X", "Y"}, "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible"
	case tiles.WorldCRS84Quad:
		d.ScaleSet = "http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad"
	}
	if m.CRS.AxisOrder().Swapped() {
		origin, d.OrderedAxes = [2]float64{origin[1], origin[0]}, [2]string{"Lat", "Lon"}
	}
	for z := range m.MaxZoom + 1 {
		cell := side / tilePixels / float64(uint32(1)<<z)
		d.TileMatrices = append(d.TileMatrices, tileMatrix{ID: strconv.Itoa(int(z)), ScaleDenominator: cell * metres / pixelSize, CellSize: cell,
			CornerOfOrigin: "topLeft", PointOfOrigin: origin, TileWidth: tilePixels, TileHeight: tilePixels, MatrixWidth: m.Columns << z, MatrixHeight: m.Rows << z})
	}
	return d
}

// tileset is a layer in one tile matrix set.
type tileset struct {
	Title     string        `json:"title"`
	DataType  string        `json:"dataType"`
	CRS       string        `json:"crs"`
	MatrixURI string        `json:"tileMatrixSetURI,omitempty"`
	Links     []link        `json:"links"`
	Box       *tilesetBox   `json:"boundingBox,omitempty"`
	Limits    []matrixLimit `json:"tileMatrixSetLimits,omitempty"`
	Layers    []tileLayer   `json:"layers,omitempty"`
}

type tilesetBox struct {
	LowerLeft  [2]float64 `json:"lowerLeft"`
	UpperRight [2]float64 `json:"upperRight"`
	CRS        string     `json:"crs"`
}

type matrixLimit struct {
	TileMatrix string `json:"tileMatrix"`
	MinRow     uint32 `json:"minTileRow"`
	MaxRow     uint32 `json:"maxTileRow"`
	MinCol     uint32 `json:"minTileCol"`
	MaxCol     uint32 `json:"maxTileCol"`
}

type tileLayer struct {
	ID              spatial.LayerID `json:"id"`
	Title           string          `json:"title"`
	Description     string          `json:"description,omitempty"`
	DataType        string          `json:"dataType"`
	Dimension       *int            `json:"geometryDimension,omitempty"`
	MinMatrix       string          `json:"minTileMatrix"`
	MaxMatrix       string          `json:"maxTileMatrix"`
	Schema          jsonSchema      `json:"propertiesSchema"`
	AggregatedBelow int             `json:"aggregated_below,omitempty"`
	AggregatedAbove int             `json:"aggregated_above,omitempty"`
}

// relMatrix leads to the definition of a tile matrix set.
const relMatrix = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"

func (s *Server) tilesets(w http.ResponseWriter, r *request) error {
	layer, err := r.mapped()
	if err != nil {
		return err
	}
	provenanceOf(r.snapshot, layer).head(w.Header())
	list := []tileset{}
	for _, m := range tiles.Matrices() {
		list = append(list, s.tilesetOf(r, layer, m))
	}
	return writeJSON(w, mediaJSON, map[string]any{"links": []link{s.self(r, mediaJSON)}, "tilesets": list})
}

// mapped is the request's layer, which must have geometry to have tiles.
func (r *request) mapped() (*spatial.Layer, error) {
	layer, err := r.layer()
	if err == nil && layer.Schema().Geometry == spatial.NoGeometry {
		err = &problem{Status: http.StatusNotFound, Kind: "no-tiles", Detail: string(layer.ID()) + " has no geometry and so no tiles", Fix: "read its items"}
	}
	return layer, err
}

func (s *Server) tilesetOf(r *request, layer *spatial.Layer, m *tiles.Matrix) tileset {
	here := s.base(r.Request) + "/collections/" + string(layer.ID()) + "/tiles/" + m.ID
	query := ""
	if chosen := choiceQuery(r.query); chosen != "" {
		query = "?" + chosen
	}
	return tileset{Title: both(layer.Schema().Title) + ", " + m.ID, DataType: "vector", CRS: m.CRS.URI(), MatrixURI: matrixURI(m), Links: []link{
		{Href: here + query, Rel: "self", Type: mediaJSON, Title: "this tileset"},
		{Href: here + "/{tileMatrix}/{tileRow}/{tileCol}" + query, Rel: "item", Type: mediaTile, Title: "its tiles", Templated: true},
		{Href: s.base(r.Request) + "/tileMatrixSets/" + m.ID, Rel: relMatrix, Type: mediaJSON, Title: "the tile matrix set"},
	}}
}

// choiceQuery is a query without what chooses the format of the answer.
func choiceQuery(query url.Values) string {
	chosen := url.Values{}
	for name, texts := range query {
		if name != "f" {
			chosen[name] = texts
		}
	}
	return chosen.Encode()
}

func (s *Server) tileset(w http.ResponseWriter, r *request) error {
	if _, err := r.mapped(); err != nil {
		return err
	}
	view, err := s.view(r, layerParam.of(r))
	if err != nil {
		return err
	}
	layer, m := view.Layers[0], matrixParam.of(r)
	provenanceOf(r.snapshot, layer).head(w.Header())
	d := s.tilesetOf(r, layer, m)
	view.Matrix = m
	if b, ok := view.Bound(layer); ok {
		d.Box = &tilesetBox{b.Min, b.Max, datum.CRS84.URI()}
		d.Limits = limitsOf(m, b)
	}
	schema := layer.Schema()
	d.Layers = []tileLayer{{ID: layer.ID(), Title: both(schema.Title), Description: both(schema.Description), DataType: "vector", Dimension: dimension(schema.Geometry),
		MinMatrix: "0", MaxMatrix: strconv.Itoa(int(m.MaxZoom)), AggregatedBelow: view.AggregatedBelow(layer), AggregatedAbove: tiles.ClusteredAbove(layer),
		Schema: jsonSchema{"type": "object", "properties": tagSchemas(view)}}}
	return writeJSON(w, mediaJSON, d)
}

// limitsOf are the tiles that a box meets at each zoom.
func limitsOf(m *tiles.Matrix, b orb.Bound) []matrixLimit {
	var limits []matrixLimit
	for z := range m.MaxZoom + 1 {
		from, to := m.At(b.LeftTop(), z), m.At(b.RightBottom(), z)
		limits = append(limits, matrixLimit{strconv.Itoa(int(z)), from.Y, to.Y, from.X, to.X})
	}
	return limits
}

// dimension is that of all geometry of a kind; nil where there are several.
func dimension(kind spatial.GeometryKind) *int {
	for n, k := range []spatial.GeometryKind{spatial.Points, spatial.Lines, spatial.Polygons} {
		if kind == k {
			return &n
		}
	}
	return nil
}

// tagSchemas describes the tags of a view's one layer.
func tagSchemas(view tiles.View) map[string]jsonSchema {
	properties := propertySchemas(view.Layers[0].Schema())
	tags := map[string]jsonSchema{}
	for _, described := range tiles.NewTileJSON(view, "").VectorLayers {
		for name := range described.Fields {
			if tags[name] = properties[name]; tags[name] == nil { // of clusters
				tags[name] = jsonSchema{"type": "integer", "minimum": 1, "description": described.Fields[name]}
			}
		}
	}
	return tags
}
