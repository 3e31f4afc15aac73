package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/spatial"
)

// origin is a place to ask from, under the id it was given (JSON).
type origin struct {
	id json.RawMessage
	at orb.Point
}

// origins are the places of a batch.
type origins struct {
	layer    *spatial.Layer // nil if they came with the request
	all      iter.Seq[origin]
	excluded int // features without geometry
}

const fromCentroids = "; from the planar centroid of origins that are lines or areas"

// nearestToEach streams the candidates for each of many places.
func (s *Server) nearestToEach(w http.ResponseWriter, r *request) error {
	from, err := r.origins()
	if err != nil {
		return err
	}
	who, err := r.responders()
	if err != nil {
		return err
	}
	head := analysis{provenanceOf(r.snapshot, who.layer), straightLine, crs84, parametersOf(r), who.excluded}
	if from.layer != nil {
		head.provenance = provenanceOf(r.snapshot, who.layer, from.layer)
		head.Method += fromCentroids
	}
	head.Excluded["origins_without_geometry"] = from.excluded
	return writeResults(w, head, from.all, who)
}

func writeResults(w http.ResponseWriter, head analysis, from iter.Seq[origin], who *responders) error {
	start, err := encode(head)
	if err != nil {
		return err
	}
	head.head(w.Header())
	w.Header().Set("Content-Type", mediaJSON)
	out := stream{to: w, buf: append(open(start), `,"results":[`...)}
	separator := "\n"
	for o := range from {
		out.buf = append(append(out.buf, separator...), `{"id":`...)
		out.buf = append(append(out.buf, o.id...), `,"candidates":`...)
		out.buf = append(who.appendCandidates(out.buf, o.at), '}')
		if err := out.drain(); err != nil {
			return err
		}
		separator = ",\n"
	}
	out.buf = append(out.buf, "\n]}\n"...)
	return out.flush()
}

// origins reads the body: {"layer": …} or {"features": …} with the options of
// the question, or a GeoJSON FeatureCollection as it is.
func (r *request) origins() (*origins, error) {
	body, err := decodeBody(r)
	if err != nil {
		return nil, err
	}
	if string(body["type"]) == `"FeatureCollection"` {
		return parseOrigins(body["features"])
	}
	if err := r.options(body); err != nil {
		return nil, err
	}
	layer, features := body["layer"], body["features"]
	switch {
	case layer != nil && features != nil:
		return nil, invalidBody("body_origins", "it has both layer and features", "give one of them")
	case layer != nil:
		return r.layerOrigins(layer)
	case features == nil:
		return nil, invalidBody("body_origins", "it has neither layer nor features",
			`send {"layer":"risk_points"}, {"features":FeatureCollection} or a FeatureCollection`)
	}
	var collection struct{ Features json.RawMessage }
	if json.Unmarshal(features, &collection) == nil {
		features = collection.Features
	}
	return parseOrigins(features)
}

func invalidBody(rule, detail, fix string) error {
	return &spatial.InvalidError{Rule: rule, Where: "body", Detail: detail, Fix: fix}
}

// maxMembers is more members than any body has, so that none costs much
// more memory than it is long.
const maxMembers = 100

// decodeBody reads the whole body as one JSON object.
func decodeBody(r *request) (map[string]json.RawMessage, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, &problem{Status: http.StatusUnsupportedMediaType, Kind: "coding", Rule: "body_coding", Where: "body",
			Detail: fmt.Sprintf("it is encoded as %q", shorten(coding)), Fix: "send it uncompressed, without Content-Encoding"}
	}
	decoder := json.NewDecoder(r.Body)
	members, err := decodeMembers(decoder)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return members, nil
		}
		err = errors.New("something follows its end")
	}
	var told *spatial.InvalidError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &told) || errors.As(err, &large):
		return nil, err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("it ends too early")
	}
	return nil, invalidBody("body_json", fmt.Sprintf("it is not a JSON object: %v (near byte %d)", err, decoder.InputOffset()), "send application/json")
}

func decodeMembers(decoder *json.Decoder) (map[string]json.RawMessage, error) {
	start, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if start != json.Delim('{') {
		return nil, errors.New("it does not begin with {")
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		if len(members) == maxMembers {
			return nil, invalidBody("body_members", fmt.Sprintf("it has more than %d members", maxMembers), "leave out what is not asked for")
		}
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		if _, twice := members[name.(string)]; twice { // a decoder gives no other token in a name's place
			return nil, &spatial.InvalidError{Rule: "member_repeated", Where: fmt.Sprintf("member %q of the body", shorten(name.(string))), Detail: "it stands twice", Fix: "give it once"}
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		members[name.(string)] = value
	}
	_, err = decoder.Token()
	return members, err
}

// options reads members of the body that are parameters of the question; they
// stand above those in the address.
func (r *request) options(body map[string]json.RawMessage) error {
	for name, raw := range body {
		if name == "layer" || name == "features" {
			continue
		}
		i := slices.IndexFunc(responseParams, func(p parameter) bool { return p.declared().name == name })
		if i < 0 {
			return &spatial.InvalidError{Rule: "member_unknown", Where: fmt.Sprintf("member %q of the body", shorten(name)),
				Detail: "no member has this name here", Fix: "use layer or features, and k, to, by, kind, available"}
		}
		value, err := responseParams[i].read(scalarText(raw))
		var invalid *spatial.InvalidError
		if errors.As(err, &invalid) {
			invalid.Where = "member " + name + " of the body"
		}
		if err != nil {
			return err
		}
		r.values[name] = value
	}
	return nil
}

// scalarText is a JSON string's text, or the JSON of anything else.
func scalarText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// layerOrigins asks from every feature of a layer.
func (r *request) layerOrigins(raw json.RawMessage) (*origins, error) {
	id, err := parseLayer(scalarText(raw))
	if err != nil {
		return nil, err
	}
	layer, err := r.snapshot.Layer(id)
	if err != nil {
		return nil, err
	}
	r.values["layer"] = id
	from := &origins{layer: layer, all: func(yield func(origin) bool) {
		for f := range layer.All() {
			if f.HasGeometry() && !yield(origin{json.RawMessage(fmt.Sprint(f.ID())), centre(f.Geometry())}) {
				return
			}
		}
	}}
	for f := range layer.All() {
		if !f.HasGeometry() {
			from.excluded++
		}
	}
	return from, nil
}

func centre(g orb.Geometry) orb.Point {
	if p, ok := g.(orb.Point); ok {
		return p
	}
	p, _ := planar.CentroidArea(g)
	return p
}

// point is a GeoJSON Feature as far as a batch reads it.
type point struct {
	ID       json.RawMessage `json:"id"`
	Geometry *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

// parseOrigins reads GeoJSON point features one by one, as a list of them may
// be long. One without an id is called by its place in the list, from 0.
func parseOrigins(raw json.RawMessage) (*origins, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, _ := decoder.Token(); start != json.Delim('[') {
		return nil, invalidBody("body_features", "its features are missing or not a list", "send a FeatureCollection of points")
	}
	from := &origins{}
	var list []origin
	for i := 0; decoder.More(); i++ {
		var f point
		if err := decoder.Decode(&f); err != nil {
			return nil, &spatial.InvalidError{Rule: "body_features", Where: featureAt(i), Detail: "it is not a GeoJSON feature", Fix: "send a FeatureCollection of points"}
		}
		o, given, err := f.origin(i)
		if err != nil {
			return nil, err
		}
		if !given {
			from.excluded++
			continue
		}
		list = append(list, o)
	}
	from.all = slices.Values(list)
	return from, nil
}

func featureAt(i int) string { return fmt.Sprintf("feature %d of the body", i) }

func (f *point) origin(i int) (o origin, given bool, err error) {
	if f.Geometry == nil {
		return origin{}, false, nil
	}
	where := featureAt(i)
	if f.Geometry.Type != "Point" {
		return origin{}, false, &spatial.InvalidError{Rule: "origin_kind", Where: where,
			Detail: fmt.Sprintf("its geometry is a %q", shorten(f.Geometry.Type)), Fix: "send points; or a layer, which may hold anything"}
	}
	at, err := parsePosition(f.Geometry.Coordinates)
	if err != nil {
		detail := err.Error()
		if invalid := (*spatial.InvalidError)(nil); errors.As(err, &invalid) {
			detail = invalid.Detail
		}
		return origin{}, false, &spatial.InvalidError{Rule: "origin_position", Where: where, Detail: detail, Fix: "give [longitude, latitude] in degrees"}
	}
	switch id := strings.TrimSpace(string(f.ID)); {
	case id == "" || id == "null":
		o.id = json.RawMessage(fmt.Sprint(i))
	case strings.ContainsAny(id[:1], `"-0123456789`) && utf8.ValidString(id):
		o.id = json.RawMessage(id)
	default:
		return origin{}, false, &spatial.InvalidError{Rule: "origin_id", Where: where, Detail: "its id is neither text in UTF-8 nor a number", Fix: "leave it out"}
	}
	o.at = at
	return o, true, nil
}

// maxPosition is longer in bytes than a position is written.
const maxPosition = 1000

// parsePosition reads [lon, lat] or [lon, lat, height].
func parsePosition(raw json.RawMessage) (orb.Point, error) {
	if len(raw) > maxPosition {
		return orb.Point{}, errors.New("its coordinates are not one position")
	}
	var numbers []*float64
	if err := json.Unmarshal(raw, &numbers); err != nil {
		return orb.Point{}, errors.New("its coordinates are not a list of numbers")
	}
	if len(numbers) < 2 || numbers[0] == nil || numbers[1] == nil {
		return orb.Point{}, errors.New("its coordinates are not two numbers")
	}
	p := orb.Point{*numbers[0], *numbers[1]}
	return p, spatial.ValidateGeometry(p)
}
