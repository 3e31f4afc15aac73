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
	geojsonFormat = formatParam("geojson", "json")
)

// landing shows the map to browsers and links to programs.
func (s *Server) landing(w http.ResponseWriter, r *request) error {
	if s.config.Page != nil && wantsPage(r) {
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
		{Href: base + "/nearest{?lon,lat,k,to,kind,available}", Rel: "related", Type: mediaJSON, Title: "the nearest response points", Templated: true},
		{Href: base + "/grids/at{?lon,lat}", Rel: "related", Type: mediaJSON, Title: "the grid at a place", Templated: true},
	}})
}

// wantsPage: who does not ask for a page by name, and as much as for JSON, is
// a program.
func wantsPage(r *request) bool {
	if landingFormat.given(r) {
		return landingFormat.of(r) == "html"
	}
	page, data := 0.0, 0.0
	for element := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		switch media, weight := weighted(element); media {
		case mediaHTML:
			page = weight
		case mediaJSON:
			data = weight
		}
	}
	return page > 0 && page >= data
}

func (s *Server) conformance(w http.ResponseWriter, _ *request) error {
	return writeJSON(w, mediaJSON, map[string][]string{"conformsTo": conformance})
}
