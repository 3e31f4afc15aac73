package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/response"
)

// origins are the places of a batch.
type origins struct {
	layer    *spatial.Layer    // nil if they came with the request
	ids      []json.RawMessage // that they were given, if they came with the request
	features []spatial.Feature // of the layer
	points   []orb.Point
	places   *response.Places // of the layer, on the road; nil in a straight line
	excluded int              // features without geometry
}

const fromCentroids = "; from the planar centroid of origins that are lines or areas"

// nearestToEach streams the candidates for each of many places.
func (s *Server) nearestToEach(w http.ResponseWriter, r *request) error {
	from, tried, err := r.origins()
	if err != nil {
		return err
	}
	a, err := r.asking(tried)
	if err != nil {
		return err
	}
	var more []*spatial.Layer
	if from.layer != nil {
		more = append(more, from.layer)
	}
	head := r.head(a, more...)
	if from.layer != nil && a.byRoad == nil {
		head.Method += fromCentroids
	}
	if err := r.locate(from, a); err != nil {
		return err
	}
	head.Excluded["origins_without_geometry"] = from.excluded
	out, err := results(w, r, a, head)
	if err != nil {
		return err
	}
	if a.byRoad != nil {
		return a.byRoad.each(a, from, out)
	}
	return a.each(from, out)
}

// resultStream writes the results of a batch, and what they add up to.
type resultStream struct {
	stream
	separator   string
	asked       int
	unreachable int
	without     int // features without geometry
}

// results begins the answer of a batch.
func results(w http.ResponseWriter, r *request, a *asking, head analysis) (*resultStream, error) {
	start, err := encode(head)
	if err != nil {
		return nil, err
	}
	head.head(w.Header())
	if datumParam.given(r) {
		a.in.head(w.Header())
	}
	w.Header().Set("Content-Type", mediaJSON)
	out := &resultStream{stream: stream{to: w, buf: open(start)}, separator: "\n", without: head.Excluded["origins_without_geometry"]}
	if a.byRoad != nil {
		out.buf = appendObeyed(append(out.buf, `,"closures":`...), a.byRoad.obeyed)
	}
	out.buf = appendNone(out.buf, a.none())
	out.buf = append(out.buf, `,"results":[`...)
	return out, nil
}

// begin begins the result of a place.
func (s *resultStream) begin(from *origins, i int) {
	s.buf = append(append(s.buf, s.separator...), `{"id":`...)
	switch {
	case from.places != nil && from.layer != nil:
		s.buf = strconv.AppendInt(s.buf, from.places.Feature(i).ID(), 10)
	case from.layer != nil:
		s.buf = strconv.AppendInt(s.buf, from.features[i].ID(), 10)
	default:
		s.buf = append(s.buf, from.ids[i]...)
	}
	s.buf = append(s.buf, `,"candidates":`...)
	s.separator = ",\n"
	s.asked++
}

// end ends the answer: how many places were asked about, and of how many
// nothing can be said, is known only now.
func (s *resultStream) end() error {
	s.buf = append(s.buf, "\n],\"counts\":{\"asked\":"...)
	for _, count := range []struct {
		name string
		n    int
	}{{"", s.asked}, {`,"answered":`, s.asked - s.unreachable}, {`,"unreachable":`, s.unreachable}, {`,"without_geometry":`, s.without}} {
		s.buf = strconv.AppendInt(append(s.buf, count.name...), int64(count.n), 10)
	}
	s.buf = append(s.buf, "}}\n"...)
	return s.flush()
}

// each answers for every place in a straight line.
func (a *asking) each(from *origins, out *resultStream) error {
	for i, ranked := range a.index.Each(from.points, a.k+1) {
		out.begin(from, i)
		if len(ranked) == 0 {
			out.unreachable++
		}
		out.buf = append(a.appendCandidates(out.buf, ranked), '}')
		if err := out.drain(); err != nil {
			return err
		}
	}
	return out.end()
}

// mostReaches bounds what a batch by road holds at once, in places times
// candidates: 400 MB.
const mostReaches = 50_000_000

// locate brings the origins where they are asked from.
func (r *request) locate(from *origins, a *asking) (err error) {
	switch {
	case a.byRoad != nil && from.layer != nil:
		if from.places, err = response.PlacesOf(r.snapshot, from.layer.ID(), a.byRoad.profile); err != nil {
			return err
		}
		from.excluded = from.places.Without()
	case a.byRoad != nil:
		from.places = a.byRoad.Places(from.points)
	case from.layer != nil:
		for f := range from.layer.All() {
			if !f.HasGeometry() {
				from.excluded++
				continue
			}
			from.features, from.points = append(from.features, f), append(from.points, centre(f.Geometry()))
		}
	}
	if from.places != nil && from.places.Len() > mostReaches/(a.k+1) {
		return &spatial.InvalidError{Rule: "batch_size", Where: "k", Detail: fmt.Sprintf("%d candidates for each of %d places by road are too many to hold at once", a.k, from.places.Len()),
			Fix: fmt.Sprintf("ask for at most %d", max(1, mostReaches/from.places.Len()-1))}
	}
	return nil
}

// each answers for every place by road.
func (b *byRoad) each(a *asking, from *origins, out *resultStream) error {
	places := from.places
	ranking := b.Rank(places, a.k, a.allows)
	for i := range places.Len() {
		found := ranking.At(i)
		out.begin(from, i)
		out.buf = append(out.buf, '[')
		for j := range found.Arrivals {
			if j > 0 {
				out.buf = append(out.buf, ',')
			}
			out.buf = b.appendArrival(a, out.buf, &found, j, places.Point(i))
		}
		out.buf = append(out.buf, ']')
		if why := b.none(a, &found); why != nil {
			out.unreachable++
			out.buf = format.AppendString(append(out.buf, `,"unreachable":`...), why.Detail)
		}
		out.buf = append(out.buf, '}')
		if err := out.drain(); err != nil {
			return err
		}
	}
	return out.end()
}

// batchParams are the options that may stand in the body of a batch.
var batchParams = append(slices.Clone(responseParams), datumParam)

// origins reads the body: {"layer": …} or {"features": …} with the options of
// the question and closures to be tried, or a GeoJSON FeatureCollection as it
// is.
func (r *request) origins() (from *origins, tried []closure.Closure, err error) {
	body, err := decodeBody(r)
	if err != nil {
		return nil, nil, err
	}
	if string(body["type"]) == `"FeatureCollection"` {
		from, err = r.parseOrigins(body["features"])
		return from, nil, err
	}
	if err := r.options(body); err != nil {
		return nil, nil, err
	}
	if routeParam.of(r) {
		return nil, nil, routeParam.refuse("a batch tells no ways: ask for one place with GET")
	}
	if tried, err = r.triedClosures(node{members: body}); err != nil {
		return nil, nil, err
	}
	layer, features := body["layer"], body["features"]
	switch {
	case layer != nil && features != nil:
		return nil, nil, invalidBody("body_origins", "it has both layer and features", "give one of them")
	case layer != nil:
		from, err = r.layerOrigins(layer)
		return from, tried, err
	case features == nil:
		return nil, nil, invalidBody("body_origins", "it has neither layer nor features",
			`send {"layer":"risk_points"}, {"features":FeatureCollection} or a FeatureCollection`)
	}
	var collection struct{ Features json.RawMessage }
	if json.Unmarshal(features, &collection) == nil {
		features = collection.Features
	}
	from, err = r.parseOrigins(features)
	return from, tried, err
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
		if name == "layer" || name == "features" || name == "what_if" {
			continue
		}
		i := slices.IndexFunc(batchParams, func(p parameter) bool { return p.declared().name == name })
		if i < 0 {
			return &spatial.InvalidError{Rule: "member_unknown", Where: fmt.Sprintf("member %q of the body", shorten(name)),
				Detail: "no member has this name here", Fix: "use layer or features, what_if, and " + strings.Join(parameterNames(batchParams), ", ")}
		}
		value, err := batchParams[i].read(scalarText(raw))
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
	return &origins{layer: layer}, nil
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
func (r *request) parseOrigins(raw json.RawMessage) (*origins, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, _ := decoder.Token(); start != json.Delim('[') {
		return nil, invalidBody("body_features", "its features are missing or not a list", "send a FeatureCollection of points")
	}
	from, in := &origins{}, datumParam.of(r)
	for i := 0; decoder.More(); i++ {
		var f point
		if err := decoder.Decode(&f); err != nil {
			return nil, &spatial.InvalidError{Rule: "body_features", Where: featureAt(i), Detail: "it is not a GeoJSON feature", Fix: "send a FeatureCollection of points"}
		}
		id, at, given, err := f.origin(i, in)
		if err != nil {
			return nil, err
		}
		if !given {
			from.excluded++
			continue
		}
		from.ids, from.points = append(from.ids, id), append(from.points, at)
	}
	return from, nil
}

func featureAt(i int) string { return fmt.Sprintf("feature %d of the body", i) }

// origin is a feature's place in degrees, under the id it was given, as JSON.
func (f *point) origin(i int, in frame) (id json.RawMessage, at orb.Point, given bool, err error) {
	if f.Geometry == nil {
		return nil, at, false, nil
	}
	where := featureAt(i)
	if f.Geometry.Type != "Point" {
		return nil, at, false, &spatial.InvalidError{Rule: "origin_kind", Where: where,
			Detail: fmt.Sprintf("its geometry is a %q", shorten(f.Geometry.Type)), Fix: "send points; or a layer, which may hold anything"}
	}
	at, err = parsePosition(f.Geometry.Coordinates)
	if err == nil && !in.plain() {
		var g orb.Geometry
		if g, err = in.toLL(at); err == nil {
			at = g.(orb.Point)
		}
	}
	if err != nil {
		detail := err.Error()
		if invalid := (*spatial.InvalidError)(nil); errors.As(err, &invalid) {
			detail = invalid.Detail
		}
		return nil, at, false, &spatial.InvalidError{Rule: "origin_position", Where: where, Detail: detail, Fix: "give [longitude, latitude] in degrees"}
	}
	switch text := strings.TrimSpace(string(f.ID)); {
	case text == "" || text == "null":
		id = json.RawMessage(fmt.Sprint(i))
	case strings.ContainsAny(text[:1], `"-0123456789`) && utf8.ValidString(text):
		id = json.RawMessage(text)
	default:
		return nil, at, false, &spatial.InvalidError{Rule: "origin_id", Where: where, Detail: "its id is neither text in UTF-8 nor a number", Fix: "leave it out"}
	}
	return id, at, true, nil
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
