package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// conformance lists the conformance classes that hold.
var conformance = []string{
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
	"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
	"http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	"http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
	"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
	"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
	"http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
	"http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
	"http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
	"http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
	"http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
	"http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
}

func (s *Server) landingRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/", summary: "The map, or links to everything there is",
			parameters: []parameter{landingFormat}, media: []string{mediaHTML, mediaJSON}, handle: s.landing},
		{method: http.MethodGet, path: "/conformance", summary: "The conformance classes that the service keeps",
			parameters: []parameter{jsonFormat}, media: []string{mediaJSON}, handle: s.conformance},
	}
}

// formatParam is the f parameter of a route that answers in the given
// formats.
func formatParam(formats ...string) *param[string] {
	list := strings.Join(formats, ", ")
	return &param[string]{
		declaration{name: "f", in: inQuery, description: "format of the answer, instead of the Accept header", example: formats[0],
			schema: jsonSchema{"type": "string", "enum": formats}},
		func(text string) (string, error) {
			if !slices.Contains(formats, text) {
				return "", fmt.Errorf("%q is not among the formats here: %s", shorten(text), list)
			}
			return text, nil
		},
	}
}

var (
	landingFormat = formatParam("html", "json")
	jsonFormat    = formatParam("json")
	pageFormat    = formatParam("json", "html")
	geojsonFormat = formatParam("geojson", "json")
	itemFormat    = formatParam("geojson", "json", "html")
	itemsFormat   = formatParam("geojson", "json", "html", "csv", "xlsx")
)

// landing shows the map to browsers and links to programs.
func (s *Server) landing(w http.ResponseWriter, r *request) error {
	if s.config.Page != nil && r.as(landingFormat) == "html" {
		s.config.Page.ServeHTTP(w, r.Request)
		return nil
	}
	base := s.base(r.Request)
	from := provenanceOf(r.snapshot, slices.Collect(r.snapshot.Layers())...)
	from.head(w.Header())
	return writeJSON(w, mediaJSON, struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		provenance
		Links []link `json:"links"`
	}{"网格 wangge", "The district's spatial layers: features, vector tiles and analyses", from, []link{
		s.self(r, mediaJSON),
		{Href: base + "/openapi.json", Rel: "service-desc", Type: mediaOpenAPI, Title: "the API definition"},
		{Href: base + "/conformance", Rel: "conformance", Type: mediaJSON, Title: "conformance classes"},
		{Href: base + "/collections", Rel: "data", Type: mediaJSON, Title: "the layers"},
		{Href: base + "/tileMatrixSets", Rel: "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", Type: mediaJSON, Title: "the tile matrix sets"},
		{Href: base + "/nearest{?lon,lat,k,to,kind,available}", Rel: "related", Type: mediaJSON, Title: "the nearest response points", Templated: true},
		{Href: base + "/grids/at{?lon,lat}", Rel: "related", Type: mediaJSON, Title: "the grid at a place", Templated: true},
	}})
}

// formatMedia is what each format is called in an Accept header.
var formatMedia = map[string]string{"json": mediaJSON, "geojson": mediaGeoJSON, "html": mediaHTML, "csv": mediaCSV, "xlsx": mediaXLSX}

// as is the format to answer in: the one that f names, else the one that the
// Accept header likes best. Who likes a page by name as much as anything else
// is a person; who names none is a program.
func (r *request) as(p *param[string]) string {
	if p.given(r) {
		return p.of(r)
	}
	formats, _ := p.schema["enum"].([]string)
	best, most := "", 0.0
	for _, format := range formats {
		if weight := accepted(r.Request, formatMedia[format]); weight > most || weight == most && weight > 0 && format == "html" {
			best, most = format, weight
		}
	}
	if best != "" {
		return best
	}
	return strings.Replace(formats[0], "html", "json", 1)
}

// accepted is how much a client that names a media type wants it.
func accepted(r *http.Request, media string) float64 {
	for element := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if name, weight := weighted(element); name == media {
			return weight
		}
	}
	return 0
}

func (s *Server) conformance(w http.ResponseWriter, _ *request) error {
	return writeJSON(w, mediaJSON, map[string][]string{"conformsTo": conformance})
}
