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

	"wangge/spatial"
	"wangge/spatial/filter"
)

func (s *Server) itemRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/collections/{layer}/items", summary: "Features of a layer, in order of their ids", filters: true,
			parameters: []parameter{layerParam, bboxParam, bboxCRSParam, datetimeParam, knownParam, filterParam, filterLangParam, filterCRSParam, crsParam, datumParam,
				sortbyParam, limitParam, cursorParam, propertiesParam, itemsFormat},
			media: []string{mediaGeoJSON, mediaHTML, mediaCSV, mediaXLSX}, handle: s.items},
		{method: http.MethodGet, path: "/collections/{layer}/items/{id}", summary: "One feature",
			parameters: []parameter{layerParam, itemParam, momentParam, knownParam, crsParam, datumParam, propertiesParam, itemFormat}, media: []string{mediaGeoJSON, mediaHTML}, handle: s.item},
	}
}

const (
	defaultLimit = 100
	maxLimit     = 10_000
)

var (
	bboxParam = &param[bboxNumbers]{
		declaration{name: "bbox", in: inQuery, example: "114.10,22.54,114.12,22.56",
			description: "only features that meet this box: west,south,east,north in degrees, or the same corners in the system of bbox-crs; west may be greater than east across the 180th meridian",
			schema:      jsonSchema{"type": "array", "items": jsonSchema{"type": "number"}, "minItems": 4, "maxItems": 6}},
		parseBBox,
	}
	limitParam = &param[int]{
		declaration{name: "limit", in: inQuery, example: "100", initial: strconv.Itoa(defaultLimit),
			description: fmt.Sprintf("most features in one answer; more than %d are cut to that, and the next link leads on", maxLimit),
			schema:      jsonSchema{"type": "integer", "minimum": 1, "maximum": maxLimit, "default": defaultLimit}},
		parseLimit,
	}
	cursorParam = &param[*cursor]{
		declaration{name: "cursor", in: inQuery, example: "AAAAAAAAAGQAAAAA", schema: jsonSchema{"type": "string"},
			description: "where to go on, from the next link of the page before"},
		parseCursor,
	}
	datetimeParam = &param[interval]{
		declaration{name: "datetime", in: inQuery, example: "2024-11-04T00:00:00Z/..", schema: jsonSchema{"type": "string"},
			description: "an instant, or an interval with / and .. for an open end (RFC 3339); a day without time is the whole day. It asks about the field that /queryables marks as primary-instant. In layers without one it is an instant or a day, and the answer is from the boundaries, codes and attachments that held then"},
		parseDatetime,
	}
	sortbyParam = &param[[]string]{
		declaration{name: "sortby", in: inQuery, example: "-as_of,name", schema: jsonSchema{"type": "array", "items": jsonSchema{"type": "string"}},
			description: "fields to sort by, each with - before it for descending order; features without a value come last, equal ones in order of ids"},
		splitNames,
	}
	filterParam = &param[filter.Expr]{
		declaration{name: "filter", in: inQuery, example: "name LIKE '新秀%'", schema: jsonSchema{"type": "string", "maxLength": filter.MaxBytes},
			description: "a condition in CQL2 text: AND OR NOT = <> < > <= >= IN LIKE BETWEEN IS NULL, DATE('…'), TIMESTAMP('…'), S_INTERSECTS S_DISJOINT S_WITHIN S_CONTAINS (geometry, WKT), S_DWITHIN(geometry, WKT, distance, metres)"},
		parseFilterText,
	}
	filterLangParam = &param[string]{
		declaration{name: "filter-lang", in: inQuery, example: "cql2-text", schema: jsonSchema{"type": "string", "enum": []string{"cql2-text"}, "default": "cql2-text"},
			description: "language of filter"},
		func(text string) (string, error) {
			if text != "cql2-text" {
				return "", fmt.Errorf("%q is not read here; filter takes cql2-text", shorten(text))
			}
			return text, nil
		},
	}
	propertiesParam = &param[[]string]{
		declaration{name: "properties", in: inQuery, example: "code,name",
			description: "only these properties, with commas between; nothing for none",
			schema:      jsonSchema{"type": "array", "items": jsonSchema{"type": "string"}}},
		splitNames,
	}
	itemParam = &param[string]{
		declaration{name: "id", in: inPath, example: "44030300200718", required: true, schema: jsonSchema{"type": "string"},
			description: "the feature's id, else its code; grids also like 440303002007-18 and 新秀社区18网格"},
		func(text string) (string, error) { return text, nil },
	}
)

func splitNames(text string) ([]string, error) {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' }), nil
}

// parseFilterText keeps the place and the remedy that the parser names.
func parseFilterText(text string) (filter.Expr, error) {
	e, err := filter.Parse(text)
	if err != nil {
		return nil, problemOf(err)
	}
	return e, nil
}

// parseLimit reads a count and cuts it to the most that is served at once, as
// OGC API - Features asks.
func parseLimit(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || n == 0 {
		return 0, fmt.Errorf("%q is not a whole number of at least 1", shorten(text))
	}
	return int(min(n, maxLimit)), nil
}

// items answers with a page of the features that a query selects.
func (s *Server) items(w http.ResponseWriter, r *request) error {
	if err := s.pastItems(r); err != nil {
		return err
	}
	selected, err := r.selection()
	if err != nil {
		return err
	}
	fields, err := r.fields(selected.layer.Schema())
	if err != nil {
		return err
	}
	in, err := r.frame(crsParam)
	if err != nil {
		return err
	}
	list := listing{selection: selected, fields: fields, in: in, hash: queryHash(selected.layer.ID(), r.query)}
	after := cursorParam.of(r)
	if after != nil && !after.fits(selected.layer.Schema(), list.hash, selected.sort) {
		return cursorParam.refuse("it belongs to another query")
	}
	as := r.as(itemsFormat)
	if list.page, err = selected.page(r.Context(), after, pageLimit(r, as)); err != nil {
		return err
	}
	switch as {
	case "html":
		r.provenance(selected.layer).head(w.Header())
		return s.itemsPage(w, r, &list)
	case "csv", "xlsx":
		return s.writeFile(w, r, &list, as)
	}
	return s.writePage(w, r, &list)
}

// listing is a page and how it is to be written.
type listing struct {
	*selection
	page
	fields []int
	in     frame
	hash   uint32
}

// selection reads which features a request asks for.
func (r *request) selection() (*selection, error) {
	layer, err := r.layer()
	if err != nil {
		return nil, err
	}
	schema := layer.Schema()
	s := &selection{layer: layer}
	if s.sort, err = parseSort(schema, sortbyParam.of(r)); err != nil {
		return nil, err
	}
	var all []*filter.Filter
	for _, read := range []func(*spatial.Schema) ([]*filter.Filter, error){r.equalFilters, r.bboxFilter, r.datetimeFilter, r.textFilter} {
		parts, err := read(schema)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	s.where = filter.All(all...)
	return s, nil
}

func (r *request) equalFilters(schema *spatial.Schema) ([]*filter.Filter, error) {
	equals, err := parseFilters(schema, r.filters)
	filters := make([]*filter.Filter, len(equals))
	for i, e := range equals {
		filters[i] = filter.Equal(schema, e.field, e.value)
	}
	return filters, err
}

func (r *request) bboxFilter(*spatial.Schema) ([]*filter.Filter, error) {
	in, err := r.frame(bboxCRSParam)
	if err != nil || !bboxParam.given(r) {
		return nil, err
	}
	areas, err := in.areas(bboxParam.of(r))
	if err != nil {
		return nil, bboxParam.refuse(err.Error())
	}
	return []*filter.Filter{filter.Meeting(areas...)}, nil
}

func (r *request) datetimeFilter(schema *spatial.Schema) ([]*filter.Filter, error) {
	if !datetimeParam.given(r) || r.when.Datetime != "" {
		return nil, nil
	}
	f, err := datetimeParam.of(r).during(schema)
	return []*filter.Filter{f}, err
}

func (r *request) textFilter(schema *spatial.Schema) ([]*filter.Filter, error) {
	in, err := r.frame(filterCRSParam)
	if err != nil || !filterParam.given(r) {
		return nil, err
	}
	f, err := filter.New(filterParam.of(r), schema, in.toLL)
	return []*filter.Filter{f}, err
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
	Coordinates *coordinates `json:"coordinates,omitempty"`
	Links       []link       `json:"links"`
}

func (s *Server) writePage(w http.ResponseWriter, r *request, l *listing) error {
	head := pageHead{Type: "FeatureCollection", NumberMatched: l.matched, NumberReturned: len(l.features),
		TimeStamp: time.Now().UTC().Format(time.RFC3339), provenance: r.provenance(l.layer), Coordinates: l.in.describe(),
		Links: []link{s.self(r, mediaGeoJSON), s.up(r, l.layer)}}
	if l.more {
		next := s.next(r, l)
		head.Links = append(head.Links, next)
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"; type="%s"`, next.Href, next.Type))
	}
	head.head(w.Header())
	l.in.head(w.Header())
	w.Header().Set("Content-Type", mediaGeoJSON)
	return writeFeatures(w, head, l)
}

// writeFeatures streams a page as it is encoded.
func writeFeatures(w http.ResponseWriter, head pageHead, l *listing) error {
	start, err := encode(head)
	if err != nil {
		return err
	}
	out := stream{to: w}
	out.buf = append(open(start), `,"features":[`...)
	for i, f := range l.features {
		if i > 0 {
			out.buf = append(out.buf, ',')
		}
		if out.buf, err = l.in.appendFeature(append(out.buf, '\n'), f, l.fields); err != nil {
			return err
		}
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

// next is the link to the page after this one.
func (s *Server) next(r *request, l *listing) link {
	query := maps.Clone(r.query)
	query["cursor"] = []string{l.cursorAfter(l.features[len(l.features)-1], l.hash).String()}
	href := s.base(r.Request) + "/collections/" + string(l.layer.ID()) + "/items?" + query.Encode()
	return link{Href: href, Rel: "next", Type: mediaGeoJSON, Title: "the next page"}
}

// item answers with one feature.
func (s *Server) item(w http.ResponseWriter, r *request) error {
	if err := s.past(r); err != nil {
		return err
	}
	layer, err := r.layer()
	if err != nil {
		return err
	}
	fields, err := r.fields(layer.Schema())
	if err != nil {
		return err
	}
	feature, alias, err := r.known(layer, itemParam.of(r))
	if err != nil {
		return err
	}
	in, err := r.frame(crsParam)
	if err != nil {
		return err
	}
	if r.as(itemFormat) == "html" {
		r.provenance(layer).head(w.Header())
		return s.itemPage(w, r, feature, fields)
	}
	tail := struct {
		provenance
		Coordinates *coordinates `json:"coordinates,omitempty"`
		Alias       *formerly    `json:"alias,omitempty"`
		Links       []link       `json:"links"`
	}{r.provenance(layer), in.describe(), alias, []link{s.self(r, mediaGeoJSON), s.canonical(r, feature), s.up(r, layer)}}
	tail.head(w.Header())
	in.head(w.Header())
	return writeFeature(w, in, feature, fields, tail)
}

// writeFeature answers with a feature and the members of about beside it.
func writeFeature(w http.ResponseWriter, in frame, feature spatial.Feature, fields []int, about any) error {
	rest, err := encode(about)
	if err != nil {
		return err
	}
	body, err := in.appendFeature(nil, feature, fields)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaGeoJSON)
	body = append(open(body), ',')
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
