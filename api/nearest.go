package api

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/response"
)

func (s *Server) nearestRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/nearest", summary: "The nearest response points to a place, in a straight line",
			parameters: slices.Concat([]parameter{lonParam, latParam}, responseParams, []parameter{jsonFormat}),
			media:      []string{mediaJSON}, handle: s.nearest},
		{method: http.MethodPost, path: "/nearest", summary: "The nearest response points to each of many places: a layer's features or GeoJSON points",
			parameters: responseParams, body: mediaJSON, media: []string{mediaJSON}, handle: s.nearestToEach},
	}
}

const maxCandidates = 100

var (
	lonParam = &param[float64]{
		declaration{name: "lon", in: inQuery, required: true, example: "114.1317", description: "longitude in degrees",
			schema: jsonSchema{"type": "number", "minimum": -180, "maximum": 180}},
		parseWithin(-180, 180),
	}
	latParam = &param[float64]{
		declaration{name: "lat", in: inQuery, required: true, example: "22.5469", description: "latitude in degrees",
			schema: jsonSchema{"type": "number", "minimum": -90, "maximum": 90}},
		parseWithin(-90, 90),
	}
	kParam = &param[int]{
		declaration{name: "k", in: inQuery, initial: "1", example: "3", description: "how many candidates",
			schema: jsonSchema{"type": "integer", "minimum": 1, "maximum": maxCandidates, "default": 1}},
		parseCount(maxCandidates),
	}
	toParam = &param[spatial.LayerID]{
		declaration{name: "to", in: inQuery, initial: "response_points", example: "response_points", description: "the layer of the candidates",
			schema: jsonSchema{"type": "string", "default": "response_points"}},
		parseLayer,
	}
	byParam = &param[string]{
		declaration{name: "by", in: inQuery, initial: "distance", example: "distance", description: "what nearest means: distance in a straight line",
			schema: jsonSchema{"type": "string", "enum": []string{"distance", "time"}, "default": "distance"}},
		parseBy,
	}
	kindParam = &param[string]{
		declaration{name: "kind", in: inQuery, example: "emergency_service_station", description: "only candidates of this kind, a value of their field kind",
			schema: jsonSchema{"type": "string"}},
		func(text string) (string, error) { return text, nil },
	}
	availableParam = &param[bool]{
		declaration{name: "available", in: inQuery, example: "true", description: "only candidates whose field available is so; without it all",
			schema: jsonSchema{"type": "boolean"}},
		func(text string) (bool, error) {
			value, err := strconv.ParseBool(text)
			if err != nil {
				err = fmt.Errorf("%q is neither true nor false", shorten(text))
			}
			return value, err
		},
	}
	responseParams = []parameter{kParam, toParam, byParam, kindParam, availableParam}
)

func parseBy(text string) (string, error) {
	switch text {
	case "distance":
		return text, nil
	case "time":
		return "", &problem{Status: http.StatusNotImplemented, Kind: "not-yet", Rule: "by_time", Where: "parameter by",
			Detail: "travel times are not there yet", Fix: "ask with by=distance, the straight line"}
	}
	return "", fmt.Errorf("%q is neither distance nor time", shorten(text))
}

// responders are the candidates a question allows.
type responders struct {
	layer    *spatial.Layer
	k        int
	keep     []equality
	names    []string // of the fields in keep
	fields   candidateFields
	counted  int            // candidates there are
	excluded map[string]int // features of the layer left out, by reason
}

// candidateFields are the fields that a candidate is described by; -1 where
// the layer has none.
type candidateFields struct{ code, label, kind, available int }

func fieldsOfCandidates(schema *spatial.Schema) candidateFields {
	return candidateFields{schema.FieldIndex(schema.Code), schema.FieldIndex(schema.Label), schema.FieldIndex("kind"), schema.FieldIndex("available")}
}

// responders reads who is asked about from a request.
func (r *request) responders() (*responders, error) {
	layer, err := r.snapshot.Layer(toParam.of(r))
	if err != nil {
		return nil, err
	}
	c := &responders{layer: layer, k: kParam.of(r), fields: fieldsOfCandidates(layer.Schema())}
	if kindParam.given(r) {
		err = c.narrow("kind", kindParam.of(r))
	}
	if err == nil && availableParam.given(r) {
		err = c.narrow("available", strconv.FormatBool(availableParam.of(r)))
	}
	c.count()
	return c, err
}

// narrow keeps only candidates with a value.
func (c *responders) narrow(field, text string) error {
	schema := c.layer.Schema()
	if schema.FieldIndex(field) < 0 {
		return &spatial.InvalidError{Rule: "filter_field", Where: "parameter " + field,
			Detail: fmt.Sprintf("%s has no field %s; it has %s", schema.ID, field, fieldNames(schema)), Fix: "leave the parameter out"}
	}
	equals, err := parseFilters(schema, map[string][]string{field: {text}})
	c.keep = append(c.keep, equals...)
	c.names = append(c.names, field)
	return err
}

// count counts the features that are left out by the first reason each.
func (c *responders) count() {
	c.excluded = map[string]int{"without_geometry": 0}
	for _, name := range c.names {
		c.excluded["other_"+name] = 0
	}
	for f := range c.layer.All() {
		if reason := c.reasonAgainst(f); reason != "" {
			c.excluded[reason]++
			continue
		}
		c.counted++
	}
}

func (c *responders) reasonAgainst(f spatial.Feature) string {
	if !f.HasGeometry() {
		return "without_geometry"
	}
	for i, e := range c.keep {
		if f.Value(e.field) != e.value {
			return "other_" + c.names[i]
		}
	}
	return ""
}

// to ranks the candidates for a place. It gives one more than asked for where
// there is one, to compare the last with.
func (c *responders) to(p orb.Point) []response.Candidate {
	return response.Nearest(c.layer, p, c.k+1, func(f spatial.Feature) bool { return c.reasonAgainst(f) == "" })
}

const straightLine = "straight line, geodesic on the ellipsoid; equal distances in order of id"

// analysis is what every analysis says of itself.
type analysis struct {
	provenance
	Method     string         `json:"method"`
	CRS        string         `json:"crs"`
	Parameters map[string]any `json:"parameters"`
	Excluded   map[string]int `json:"excluded"`
}

// parametersOf are the values a request is answered with, defaults included.
func parametersOf(r *request) map[string]any {
	values := map[string]any{}
	for name, value := range r.values {
		if name != "f" {
			values[name] = value
		}
	}
	return values
}

// nearest answers with the candidates for one place.
func (s *Server) nearest(w http.ResponseWriter, r *request) error {
	who, err := r.responders()
	if err != nil {
		return err
	}
	head := analysis{provenanceOf(r.snapshot, who.layer), straightLine, crs84, parametersOf(r), who.excluded}
	start, err := encode(head)
	if err != nil {
		return err
	}
	head.head(w.Header())
	w.Header().Set("Content-Type", mediaJSON)
	body := append(open(start), `,"candidates":`...)
	body = who.appendCandidates(body, orb.Point{lonParam.of(r), latParam.of(r)})
	_, err = w.Write(append(body, "}\n"...))
	return err
}

// appendCandidates ranks the candidates for a place as a JSON array.
func (c *responders) appendCandidates(dst []byte, p orb.Point) []byte {
	ranked := c.to(p)
	dst = append(dst, '[')
	for i := range min(c.k, len(ranked)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = c.appendCandidate(dst, ranked, i)
	}
	return append(dst, ']')
}

func (c *responders) appendCandidate(dst []byte, ranked []response.Candidate, i int) []byte {
	f := ranked[i].Feature
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, f.ID(), 10)
	dst = append(dst, `,"layer":`...)
	dst = format.AppendString(dst, string(c.layer.ID()))
	dst = c.appendField(dst, `,"code":`, f, c.fields.code)
	dst = c.appendField(dst, `,"name":`, f, c.fields.label)
	dst = c.appendField(dst, `,"kind":`, f, c.fields.kind)
	dst = c.appendField(dst, `,"available":`, f, c.fields.available)
	dst = append(dst, `,"distance":`...)
	dst = appendMeters(dst, float64(ranked[i].Distance))
	dst = append(dst, `,"at":[`...)
	dst = strconv.AppendFloat(dst, ranked[i].At[0], 'f', -1, 64)
	dst = append(dst, ',')
	dst = strconv.AppendFloat(dst, ranked[i].At[1], 'f', -1, 64)
	dst = append(dst, `],"reason":`...)
	dst = format.AppendString(dst, c.reason(ranked, i))
	return append(dst, '}')
}

func (c *responders) appendField(dst []byte, key string, f spatial.Feature, field int) []byte {
	if field < 0 {
		return dst
	}
	return format.AppendValue(append(dst, key...), f.Value(field))
}

// appendMeters writes metres to the millimetre.
func appendMeters(dst []byte, m float64) []byte {
	return strconv.AppendFloat(dst, math.Round(m*1000)/1000, 'f', -1, 64)
}

// reason says why a candidate has its rank.
func (c *responders) reason(ranked []response.Candidate, i int) string {
	if i > 0 {
		return fmt.Sprintf("%.0f m farther than the nearest", ranked[i].Distance-ranked[0].Distance)
	}
	if len(ranked) == 1 {
		return "the only one"
	}
	lead := ranked[1].Distance - ranked[0].Distance
	if lead == 0 {
		return fmt.Sprintf("nearest of %d; %s is as near and has the greater id", c.counted, nameOf(ranked[1].Feature))
	}
	return fmt.Sprintf("nearest of %d; the next, %s, is %.0f m farther", c.counted, nameOf(ranked[1].Feature), lead)
}

// nameOf is what to call a feature in a sentence.
func nameOf(f spatial.Feature) string {
	if name := f.Label(); name != "" {
		return name
	}
	return fmt.Sprintf("%s %d", f.Layer().ID(), f.ID())
}
