package api

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/response"
	"wangge/spatial/road"
)

func (s *Server) nearestRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/nearest", summary: "Who gets to a place first: response points in a straight line, or by road with its parts, route and runner-up",
			parameters: slices.Concat([]parameter{lonParam, latParam}, responseParams, []parameter{datumParam, jsonFormat}),
			media:      []string{mediaJSON}, handle: s.nearest},
		{method: http.MethodPost, path: "/nearest", summary: "The same for each of many places: a layer's features or GeoJSON points, with closures to be tried; the answer streams",
			parameters: slices.Concat(responseParams, []parameter{datumParam}), body: mediaJSON, media: []string{mediaJSON}, handle: s.nearestToEach},
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
		declaration{name: "by", in: inQuery, initial: "distance", example: "distance", description: "what nearest means: distance in a straight line, or time by road from the call to being there",
			schema: jsonSchema{"type": "string", "enum": []string{"distance", "time"}, "default": "distance"}},
		func(text string) (string, error) {
			if text != "distance" && text != "time" {
				return "", fmt.Errorf("%q is neither distance nor time", shorten(text))
			}
			return text, nil
		},
	}
	kindParam = &param[string]{
		declaration{name: "kind", in: inQuery, example: "emergency_service_station", description: "only candidates of this kind, a value of their field kind",
			schema: jsonSchema{"type": "string"}},
		func(text string) (string, error) { return text, nil },
	}
	availableParam = &param[bool]{
		declaration{name: "available", in: inQuery, example: "true", description: "only candidates whose field available is so; without it all",
			schema: jsonSchema{"type": "boolean"}},
		parseFlag,
	}
	skillParam = &param[string]{
		declaration{name: "skill", in: inQuery, example: "排水", description: "only candidates whose field skills, a list with commas, has this",
			schema: jsonSchema{"type": "string"}},
		func(text string) (string, error) { return text, nil },
	}
	profileParam = &param[string]{
		declaration{name: "profile", in: inQuery, example: "driving", description: "by time: how one goes, driving if nothing is said",
			schema: jsonSchema{"type": "string", "enum": []string{"driving", "walking"}, "default": defaultProfile}},
		func(text string) (string, error) {
			if _, err := road.ProfileNamed(text); err != nil {
				return "", fmt.Errorf("%q is neither driving nor walking", shorten(text))
			}
			return text, nil
		},
	}
	callParam    = secondsParam("call", "by time: seconds from the call to the order; 60 if nothing is said")
	turnoutParam = secondsParam("turnout", "by time: seconds from the order to leaving, of candidates that have none of their own; 90 if nothing is said")
	routeParam   = flagParam("route", "by time: whether each candidate has the line of its way; only for one place")

	// askParams are who is asked about, and roadParams how by road.
	askParams      = []parameter{toParam, kindParam, availableParam, skillParam}
	roadParams     = []parameter{profileParam, callParam, turnoutParam, closuresParam}
	responseParams = slices.Concat([]parameter{kParam, byParam}, askParams, roadParams, []parameter{routeParam})
)

const (
	defaultProfile = "driving"
	aDay           = 24 * 60 * 60 // seconds
)

func secondsParam(name, description string) *param[road.Millis] {
	parse := parseWithin(0, aDay)
	return &param[road.Millis]{
		declaration{name: name, in: inQuery, example: "60", description: description, schema: jsonSchema{"type": "number", "minimum": 0, "maximum": aDay}},
		func(text string) (road.Millis, error) {
			seconds, err := parse(text)
			return road.Millis(math.Round(seconds * 1000)), err
		},
	}
}

// responders are the candidates that a question allows. They are kept for as
// long as their layer is as it is.
type responders struct {
	layer    *spatial.Layer
	keep     []equality
	names    []string // of the fields in keep
	skill    string   // that is asked for
	skills   int      // the field of skills
	fields   candidateFields
	counted  int            // candidates there are
	excluded map[string]int // features of the layer left out, by reason
	index    *response.Index
}

// candidateFields are the fields that a candidate is described by; -1 where
// the layer has none.
type candidateFields struct{ code, label, kind, available int }

func fieldsOfCandidates(schema *spatial.Schema) candidateFields {
	return candidateFields{schema.FieldIndex(schema.Code), schema.FieldIndex(schema.Label), schema.FieldIndex("kind"), schema.FieldIndex("available")}
}

// to is the layer of the candidates.
func (r *request) to() spatial.LayerID { return cmp.Or(toParam.of(r), "response_points") }

// responders reads who is asked about from a request.
func (r *request) responders() (*responders, error) {
	layer, err := r.snapshot.Layer(r.to())
	if err != nil {
		return nil, unknownLayer(err)
	}
	name := fmt.Sprintf("%v %q %v %q %q", kindParam.given(r), kindParam.of(r), availableParam.given(r), strconv.FormatBool(availableParam.of(r)), skillParam.of(r))
	return kept(r.snapshot, []spatial.LayerID{layer.ID()}, "responders "+name, func() (*responders, error) {
		c := &responders{layer: layer, fields: fieldsOfCandidates(layer.Schema())}
		if kindParam.given(r) {
			err = c.narrow("kind", kindParam.of(r))
		}
		if err == nil && availableParam.given(r) {
			err = c.narrow("available", strconv.FormatBool(availableParam.of(r)))
		}
		if err == nil && skillParam.of(r) != "" {
			err = c.narrowToSkill(skillParam.of(r))
		}
		if err != nil {
			return nil, err
		}
		c.count()
		c.index = response.NewIndex(layer, c.allows)
		return c, nil
	})
}

// narrow keeps only candidates with a value.
func (c *responders) narrow(field, text string) error {
	schema := c.layer.Schema()
	if schema.FieldIndex(field) < 0 {
		return noField(schema, field, field)
	}
	equals, err := parseFilters(schema, map[string][]string{field: {text}})
	c.keep = append(c.keep, equals...)
	c.names = append(c.names, field)
	return err
}

func noField(schema *spatial.Schema, parameter, field string) error {
	return &spatial.InvalidError{Rule: "filter_field", Where: "parameter " + parameter,
		Detail: fmt.Sprintf("%s has no field %s; it has %s", schema.ID, field, fieldNames(schema)), Fix: "leave the parameter out"}
}

func (c *responders) narrowToSkill(skill string) error {
	schema := c.layer.Schema()
	if c.skills = schema.FieldIndex("skills"); c.skills < 0 || schema.Fields[c.skills].Type != spatial.TypeText {
		return noField(schema, "skill", "skills")
	}
	c.skill = skill
	return nil
}

// count counts the features that are left out by the first reason each.
func (c *responders) count() {
	c.excluded = map[string]int{"without_geometry": 0}
	for _, name := range c.names {
		c.excluded["other_"+name] = 0
	}
	if c.skill != "" {
		c.excluded["other_skill"] = 0
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
	if c.skill != "" && !slices.Contains(closure.Names(f.Value(c.skills).Text()), c.skill) {
		return "other_skill"
	}
	return ""
}

func (c *responders) allows(f spatial.Feature) bool { return c.reasonAgainst(f) == "" }

// none says why no candidate is left, if none is.
func (c *responders) none() *refusal {
	if c.counted > 0 {
		return nil
	}
	schema := c.layer.Schema()
	told := &refusal{fmt.Sprintf("%s has no feature with geometry that is asked for", schema.ID), "import some, or ask another layer with to="}
	switch {
	case c.layer.Len() == 0:
		told.Detail = fmt.Sprintf("%s is empty", schema.ID)
	case c.excluded["without_geometry"] < c.layer.Len():
		told.Fix = "ask for fewer conditions"
		if i := c.fields.kind; i >= 0 {
			told.Fix += "; its kinds are " + strings.Join(occurring(c.layer, i), ", ")
		}
	}
	return told
}

// refusal is why something cannot be answered, and what to do about it.
type refusal struct {
	Detail string `json:"detail"`
	Fix    string `json:"fix"`
}

// occurring are the values of a field that occur, sorted.
func occurring(layer *spatial.Layer, field int) []string {
	var values []string
	for f := range layer.All() {
		if text := f.Value(field).String(); text != "" && !slices.Contains(values, text) && len(values) < 20 {
			values = append(values, text)
		}
	}
	slices.Sort(values)
	return values
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
		switch value := value.(type) {
		case frame:
			if datumParam.given(r) {
				values[name] = value.crs.String()
			}
		case road.Millis:
			values[name] = value.Seconds()
		default:
			if name != "f" {
				values[name] = value
			}
		}
	}
	return values
}

// asking is a question about who is nearest.
type asking struct {
	*responders
	k  int
	in frame // of coordinates that are told

	byRoad *byRoad // nil in a straight line
}

// asking reads the question from a request; tried closures are added to those
// in force.
func (r *request) asking(tried []closure.Closure) (*asking, error) {
	who, err := r.responders()
	if err != nil {
		return nil, err
	}
	a := &asking{responders: who, k: kParam.of(r), in: datumParam.of(r)}
	if byParam.of(r) == "time" {
		a.byRoad, err = r.byRoad(tried)
		return a, err
	}
	for _, p := range append(slices.Clone(roadParams), routeParam) {
		if _, given := r.values[p.declared().name]; given {
			return nil, p.declared().refuse("it is about ways by road: ask with by=time, or leave it out")
		}
	}
	if len(tried) > 0 {
		return nil, invalidBody("what_if", "closures are about ways by road", "ask with by=time")
	}
	return a, nil
}

// head is what the answer says of itself.
func (r *request) head(a *asking, more ...*spatial.Layer) analysis {
	head := analysis{provenanceOf(r.snapshot, append([]*spatial.Layer{a.layer}, more...)...), straightLine, crs84, parametersOf(r), map[string]int{}}
	for reason, n := range a.excluded {
		head.Excluded[reason] = n
	}
	if datumParam.given(r) {
		head.CRS = a.in.name()
	}
	if a.byRoad != nil {
		a.byRoad.tell(r, &head)
	}
	return head
}

// nearest answers with the candidates for one place.
func (s *Server) nearest(w http.ResponseWriter, r *request) error {
	a, err := r.asking(nil)
	if err != nil {
		return err
	}
	p, err := a.place(r)
	if err != nil {
		return err
	}
	head := r.head(a)
	start, err := encode(head)
	if err != nil {
		return err
	}
	head.head(w.Header())
	if datumParam.given(r) {
		a.in.head(w.Header())
	}
	w.Header().Set("Content-Type", mediaJSON)
	body := a.answer(open(start), r.doubtsAbout, p, routeParam.of(r))
	s.keepNearest(r, w.Header(), a, start)
	_, err = w.Write(append(body, "}\n"...))
	return err
}

// place is where a request asks about, in degrees.
func (a *asking) place(r *request) (orb.Point, error) {
	g, err := a.in.toLL(orb.Point{lonParam.of(r), latParam.of(r)})
	if err != nil {
		return orb.Point{}, &spatial.InvalidError{Rule: "parameter_lon", Where: "query parameters lon and lat", Detail: err.Error(), Fix: "give degrees, longitude before latitude"}
	}
	return g.(orb.Point), nil
}

// answer appends the members of an answer about a place.
func (a *asking) answer(dst []byte, doubts func(orb.Point) []doubt, p orb.Point, route bool) []byte {
	if a.byRoad != nil {
		return a.byRoad.answer(a, dst, doubts(p), p, route)
	}
	ranked := a.index.Nearest(p, max(a.k+1, 2))
	dst = a.appendPlace(dst, p)
	dst = append(appendDoubts(dst, doubts(p)), '}')
	dst = append(a.appendCandidates(append(dst, `,"candidates":`...), ranked), `,"runner_up":`...)
	if len(ranked) > 1 {
		dst = a.appendCandidate(dst, ranked, 1)
	} else {
		dst = append(dst, "null"...)
	}
	return appendNone(dst, a.none())
}

// appendPlace appends the place that was asked about, up to its doubts.
func (a *asking) appendPlace(dst []byte, p orb.Point) []byte {
	dst = append(dst, `,"place":{"at":`...)
	return a.in.appendPosition(dst, p)
}

// appendDoubts appends why a place may be meant otherwise.
func appendDoubts(dst []byte, doubts []doubt) []byte {
	dst = append(dst, `,"doubts":[`...)
	for i, d := range doubts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = format.AppendString(append(dst, `{"kind":`...), d.Kind)
		dst = append(format.AppendString(append(dst, `,"detail":`...), d.Detail), '}')
	}
	return append(dst, ']')
}

// appendNone appends why there is no candidate, if there is none.
func appendNone(dst []byte, why *refusal) []byte {
	if why == nil {
		return dst
	}
	dst = format.AppendString(append(dst, `,"none":{"detail":`...), why.Detail)
	return append(format.AppendString(append(dst, `,"fix":`...), why.Fix), '}')
}

// appendPosition appends a position in these coordinates. Answers have only
// positions that lie within the domain of the datums.
func (f frame) appendPosition(dst []byte, p orb.Point) []byte {
	if !f.plain() {
		if g, err := f.fromLL(p); err == nil {
			p = g.(orb.Point)
		}
	}
	dst = strconv.AppendFloat(append(dst, '['), p[0], 'f', -1, 64)
	return append(strconv.AppendFloat(append(dst, ','), p[1], 'f', -1, 64), ']')
}

// appendCandidates appends the first k of a ranking as a JSON array.
func (a *asking) appendCandidates(dst []byte, ranked []response.Candidate) []byte {
	dst = append(dst, '[')
	for i := range min(a.k, len(ranked)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = a.appendCandidate(dst, ranked, i)
	}
	return append(dst, ']')
}

func (a *asking) appendCandidate(dst []byte, ranked []response.Candidate, i int) []byte {
	dst = a.appendFeature(dst, ranked[i].Feature)
	dst = append(dst, `,"distance":`...)
	dst = appendMeters(dst, float64(ranked[i].Distance))
	dst = a.in.appendPosition(append(dst, `,"at":`...), ranked[i].At)
	dst = append(dst, `,"reason":`...)
	return append(a.appendReason(dst, ranked, i), '}')
}

// appendFeature appends the beginning of a candidate.
func (c *responders) appendFeature(dst []byte, f spatial.Feature) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, f.ID(), 10)
	dst = append(dst, `,"layer":`...)
	dst = format.AppendString(dst, string(c.layer.ID()))
	dst = c.appendField(dst, `,"code":`, f, c.fields.code)
	dst = c.appendField(dst, `,"name":`, f, c.fields.label)
	dst = c.appendField(dst, `,"kind":`, f, c.fields.kind)
	return c.appendField(dst, `,"available":`, f, c.fields.available)
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

// appendReason says why a candidate has its rank, as a JSON string.
func (c *responders) appendReason(dst []byte, ranked []response.Candidate, i int) []byte {
	dst = append(dst, '"')
	if i > 0 {
		dst = appendWhole(dst, float64(ranked[i].Distance-ranked[0].Distance))
		return append(dst, ` m farther than the nearest"`...)
	}
	if len(ranked) == 1 {
		return append(dst, `the only one"`...)
	}
	dst = strconv.AppendInt(append(dst, "nearest of "...), int64(c.counted), 10)
	lead := ranked[1].Distance - ranked[0].Distance
	if lead > 0 {
		dst = append(dst, "; the next, "...)
	} else {
		dst = append(dst, "; "...)
	}
	dst = appendInner(dst, nameOf(ranked[1].Feature))
	if lead == 0 {
		return append(dst, ` is as near and has the greater id"`...)
	}
	return append(appendWhole(append(dst, ", is "...), float64(lead)), ` m farther"`...)
}

// appendInner appends a text as it stands within a JSON string.
func appendInner(dst []byte, text string) []byte {
	start := len(dst)
	dst = format.AppendString(dst, text)
	copy(dst[start:], dst[start+1:len(dst)-1])
	return dst[:len(dst)-2]
}

// appendWhole appends a number without its fraction, as %.0f does.
func appendWhole(dst []byte, n float64) []byte { return strconv.AppendFloat(dst, n, 'f', 0, 64) }

// nameOf is what to call a feature in a sentence.
func nameOf(f spatial.Feature) string {
	if name := f.Label(); name != "" {
		return name
	}
	return fmt.Sprintf("%s %d", f.Layer().ID(), f.ID())
}
