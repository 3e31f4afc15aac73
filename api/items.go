package api

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
)

func (s *Server) itemRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/collections/{layer}/items", summary: "Features of a layer, in order of their ids", filters: true,
			parameters: []parameter{layerParam, bboxParam, datetimeParam, limitParam, cursorParam, propertiesParam, geojsonFormat},
			media:      []string{mediaGeoJSON}, handle: s.items},
		{method: http.MethodGet, path: "/collections/{layer}/items/{id}", summary: "One feature",
			parameters: []parameter{layerParam, itemParam, propertiesParam, geojsonFormat}, media: []string{mediaGeoJSON}, handle: s.item},
	}
}

const (
	defaultLimit = 100
	maxLimit     = 10_000
)

var (
	bboxParam = &param[[]orb.Bound]{
		declaration{name: "bbox", in: inQuery, example: "114.10,22.54,114.12,22.56",
			description: "only features that meet this box: west,south,east,north in degrees; west may be greater than east across the 180th meridian",
			schema:      jsonSchema{"type": "array", "items": jsonSchema{"type": "number"}, "minItems": 4, "maxItems": 6}},
		parseBBox,
	}
	limitParam = &param[int]{
		declaration{name: "limit", in: inQuery, example: "100", initial: strconv.Itoa(defaultLimit),
			description: fmt.Sprintf("most features in one answer; more than %d are cut to that, and the next link leads on", maxLimit),
			schema:      jsonSchema{"type": "integer", "minimum": 1, "maximum": maxLimit, "default": defaultLimit}},
		parseLimit,
	}
	cursorParam = &param[cursor]{
		declaration{name: "cursor", in: inQuery, example: "AAAAAAAAAGQAAAAA", schema: jsonSchema{"type": "string"},
			description: "where to go on, from the next link of the page before"},
		parseCursor,
	}
	datetimeParam = &param[string]{
		declaration{name: "datetime", in: inQuery, example: "2024-11-04T00:00:00Z/..", schema: jsonSchema{"type": "string"},
			description: "an instant, or an interval with / and .. for an open end; features of a layer without temporal geometry always match"},
		parseDatetime,
	}
	propertiesParam = &param[[]string]{
		declaration{name: "properties", in: inQuery, example: "code,name",
			description: "only these properties, with commas between; nothing for none",
			schema:      jsonSchema{"type": "array", "items": jsonSchema{"type": "string"}}},
		func(text string) ([]string, error) {
			return strings.FieldsFunc(text, func(r rune) bool { return r == ',' }), nil
		},
	}
	itemParam = &param[string]{
		declaration{name: "id", in: inPath, example: "44030300200718", required: true, schema: jsonSchema{"type": "string"},
			description: "the feature's id, else its code; grids also like 440303002007-18 and 新秀社区18网格"},
		func(text string) (string, error) { return text, nil },
	}
)

// parseLimit reads a count and cuts it to the most that is served at once, as
// OGC API - Features asks.
func parseLimit(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || n == 0 {
		return 0, fmt.Errorf("%q is not a whole number of at least 1", shorten(text))
	}
	return int(min(n, maxLimit)), nil
}

// parseDatetime checks the form of an instant or interval (RFC 3339).
func parseDatetime(text string) (string, error) {
	ends := strings.Split(text, "/")
	if len(ends) > 2 {
		return "", fmt.Errorf("%d parts; an interval has two", len(ends))
	}
	var times []time.Time
	for _, end := range ends {
		if len(ends) == 2 && (end == "" || end == "..") {
			continue
		}
		at, err := parseInstant(end)
		if err != nil {
			return "", err
		}
		times = append(times, at)
	}
	if len(times) == 2 && times[1].Before(times[0]) {
		return "", fmt.Errorf("the interval ends before it begins")
	}
	return text, nil
}

func parseInstant(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not an instant", shorten(text))
}

// items answers with a page of the features that a query selects.
func (s *Server) items(w http.ResponseWriter, r *request) error {
	layer, err := r.layer()
	if err != nil {
		return err
	}
	fields, err := r.fields(layer.Schema())
	if err != nil {
		return err
	}
	equals, err := parseFilters(layer.Schema(), r.filters)
	if err != nil {
		return err
	}
	place := cursorParam.of(r)
	hash := queryHash(layer.ID(), r.query)
	if cursorParam.given(r) && place.query != hash {
		return cursorParam.refuse("it belongs to another query")
	}
	selected := selection{layer: layer, boxes: bboxParam.of(r), equals: equals}
	return s.writePage(w, r, layer, selected.page(place.after, limitParam.of(r)), fields)
}

// fields are the indexes of the properties asked for; all if none are named.
func (r *request) fields(schema *spatial.Schema) ([]int, error) {
	if !propertiesParam.given(r) {
		return allFields(schema), nil
	}
	fields := []int{}
	for _, name := range propertiesParam.of(r) {
		i := schema.FieldIndex(name)
		if i < 0 {
			return nil, propertiesParam.refuse(fmt.Sprintf("%s has no property %q; it has %s", schema.ID, shorten(name), fieldNames(schema)))
		}
		fields = append(fields, i)
	}
	return fields, nil
}

func allFields(schema *spatial.Schema) []int {
	fields := make([]int, len(schema.Fields))
	for i := range fields {
		fields[i] = i
	}
	return fields
}

func fieldNames(schema *spatial.Schema) string {
	names := make([]string, len(schema.Fields))
	for i := range schema.Fields {
		names[i] = schema.Fields[i].Name
	}
	return strings.Join(names, ", ")
}

// pageHead is a FeatureCollection up to its features.
type pageHead struct {
	Type           string `json:"type"`
	NumberMatched  int    `json:"numberMatched"`
	NumberReturned int    `json:"numberReturned"`
	TimeStamp      string `json:"timeStamp"`
	provenance
	Links []link `json:"links"`
}

func (s *Server) writePage(w http.ResponseWriter, r *request, layer *spatial.Layer, p page, fields []int) error {
	head := pageHead{Type: "FeatureCollection", NumberMatched: p.matched, NumberReturned: len(p.features),
		TimeStamp: time.Now().UTC().Format(time.RFC3339), provenance: provenanceOf(r.snapshot, layer),
		Links: []link{s.self(r, mediaGeoJSON), s.up(r, layer)}}
	if p.more {
		next := s.next(r, layer, p.features[len(p.features)-1].ID())
		head.Links = append(head.Links, next)
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"; type="%s"`, next.Href, next.Type))
	}
	head.head(w.Header())
	w.Header().Set("Content-Type", mediaGeoJSON)
	return writeFeatures(w, head, p.features, fields)
}

// writeFeatures streams a page as it is encoded.
func writeFeatures(w http.ResponseWriter, head pageHead, features []spatial.Feature, fields []int) error {
	start, err := encode(head)
	if err != nil {
		return err
	}
	out := stream{to: w}
	out.buf = append(open(start), `,"features":[`...)
	for i, f := range features {
		if i > 0 {
			out.buf = append(out.buf, ',')
		}
		out.buf = append(out.buf, '\n')
		out.buf = format.AppendFeature(out.buf, f, fields)
		if err := out.drain(); err != nil {
			return err
		}
	}
	out.buf = append(out.buf, "\n]}\n"...)
	return out.flush()
}

// up is the link to the layer of a page or feature.
func (s *Server) up(r *request, layer *spatial.Layer) link {
	return link{Href: s.base(r.Request) + "/collections/" + string(layer.ID()), Rel: "collection", Type: mediaJSON, Title: both(layer.Schema().Title)}
}

// next is the link to the page after the feature with an id.
func (s *Server) next(r *request, layer *spatial.Layer, after int64) link {
	query := maps.Clone(r.query)
	query["cursor"] = []string{cursor{after, queryHash(layer.ID(), r.query)}.String()}
	href := s.base(r.Request) + "/collections/" + string(layer.ID()) + "/items?" + query.Encode()
	return link{Href: href, Rel: "next", Type: mediaGeoJSON, Title: "the next page"}
}

// item answers with one feature.
func (s *Server) item(w http.ResponseWriter, r *request) error {
	layer, err := r.layer()
	if err != nil {
		return err
	}
	fields, err := r.fields(layer.Schema())
	if err != nil {
		return err
	}
	feature, err := find(r.snapshot, layer, itemParam.of(r))
	if err != nil {
		return err
	}
	tail := struct {
		provenance
		Links []link `json:"links"`
	}{provenanceOf(r.snapshot, layer), []link{s.self(r, mediaGeoJSON), s.canonical(r, feature), s.up(r, layer)}}
	tail.head(w.Header())
	return writeFeature(w, feature, fields, tail)
}

// writeFeature answers with a feature and the members of about beside it.
func writeFeature(w http.ResponseWriter, feature spatial.Feature, fields []int, about any) error {
	rest, err := encode(about)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaGeoJSON)
	body := append(open(format.AppendFeature(nil, feature, fields)), ',')
	_, err = w.Write(append(append(body, rest[1:]...), '\n'))
	return err
}

// canonical is the address of a feature by its id.
func (s *Server) canonical(r *request, f spatial.Feature) link {
	href := fmt.Sprintf("%s/collections/%s/items/%d", s.base(r.Request), url.PathEscape(string(f.Layer().ID())), f.ID())
	return link{Href: href, Rel: "canonical", Type: mediaGeoJSON, Title: "the feature by its id"}
}

// open is a JSON object without its closing brace, to be gone on with.
func open(object []byte) []byte { return object[:len(object)-1] }

// stream collects an answer and sends it in pieces.
type stream struct {
	to  http.ResponseWriter
	buf []byte
}

const streamPiece = 32 << 10

// drain sends what is collected once there is enough.
func (s *stream) drain() error {
	if len(s.buf) < streamPiece {
		return nil
	}
	return s.flush()
}

func (s *stream) flush() error {
	_, err := s.to.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}
