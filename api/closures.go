package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/closure"
	"wangge/spatial/geodesic"
	"wangge/spatial/relate"
	"wangge/spatial/road"
)

// closers are the roles that may close roads: the district's grid centre, and
// a street office in its street.
var closers = []adjustment.Role{adjustment.Proposer, adjustment.Reviewer, adjustment.Admin}

func (s *Server) closureRoutes() []route {
	routes := []route{
		{method: http.MethodGet, path: "/closures", summary: "Closures of roads, with what each closes and whether it is in force",
			parameters: []parameter{closureStateParam, instantParam, datumParam, geojsonFormat}, media: []string{mediaGeoJSON}, volatile: true, handle: s.closureList},
		{method: http.MethodGet, path: "/closures/{id}", summary: "One closure, with what whoever asks may do to it",
			parameters: []parameter{closureParam, datumParam, geojsonFormat}, media: []string{mediaGeoJSON}, volatile: true, handle: s.closure},
	}
	if s.config.Ledger == nil {
		return routes
	}
	change := []parameter{closureParam, tagParam, keyParam, datumParam}
	return append(routes,
		route{method: http.MethodGet, path: "/closures/{id}/audit", summary: "What was done to a closure through the service, by whom and when, oldest first",
			parameters: []parameter{closureParam, jsonFormat}, media: []string{mediaJSON}, roles: signedIn, handle: s.closureAudit},
		route{method: http.MethodPost, path: "/closures", summary: "Close roads for a period: what a line or area meets, or by name. Answers by time follow at once",
			parameters: []parameter{keyParam, datumParam}, body: mediaJSON, media: []string{mediaGeoJSON}, roles: closers, handle: s.closeRoads},
		route{method: http.MethodPatch, path: "/closures/{id}", summary: "Change a closure: members that are given replace those it has",
			parameters: change, body: mediaJSON, media: []string{mediaGeoJSON}, roles: closers, handle: s.editClosure},
		route{method: http.MethodDelete, path: "/closures/{id}", summary: "Open the roads again that a closure closes",
			parameters: change[:3], media: []string{mediaGeoJSON}, roles: closers, handle: s.reopen},
	)
}

var (
	closureParam = &param[int64]{
		declaration{name: "id", in: inPath, example: "3", required: true, schema: jsonSchema{"type": "integer", "minimum": 1}, description: "number of a closure"},
		func(text string) (int64, error) {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil || id < 1 {
				return 0, fmt.Errorf("%q is not the number of a closure", shorten(text))
			}
			return id, nil
		},
	}
	tagParam = &param[string]{
		declaration{name: "If-Match", in: inHeader, example: `"3f9c24e83b124d6a"`, schema: jsonSchema{"type": "string"},
			description: "the ETag of the closure as it was read: refused with 412 if it has changed since, by whatever program"},
		func(text string) (string, error) {
			if text == "*" {
				return "", nil
			}
			inner, ok := strings.CutPrefix(text, `"`)
			inner, closed := strings.CutSuffix(inner, `"`)
			if !ok || !closed || inner == "" {
				return "", fmt.Errorf("%q is not the ETag of a closure", shorten(text))
			}
			return inner, nil
		},
	}
	closureStateParam = &param[closureState]{
		declaration{name: "state", in: inQuery, example: "active", description: "only closures in force, to come, or over",
			schema: jsonSchema{"type": "string", "enum": []closureState{closureActive, closureComing, closurePast}}},
		func(text string) (closureState, error) {
			if state := closureState(text); state == closureActive || state == closureComing || state == closurePast {
				return state, nil
			}
			return "", fmt.Errorf("%q is none of active, coming, past", shorten(text))
		},
	}
	instantParam = &param[time.Time]{
		declaration{name: "at", in: inQuery, example: "2026-11-30T08:00:00+08:00", schema: jsonSchema{"type": "string", "format": "date-time"}, description: "the moment that is asked about; now if left out"},
		func(text string) (time.Time, error) {
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				err = fmt.Errorf("%q is no time", shorten(text))
			}
			return at, err
		},
	}
	closuresParam = &param[bool]{
		declaration{name: "closures", in: inQuery, example: "false", schema: jsonSchema{"type": "boolean", "default": true},
			description: "by time: whether roads are closed that closures in force close; false: as if there were none"},
		parseFlag,
	}
)

// closureState is how a closure stands to a moment.
type closureState string

const (
	closureActive closureState = "active"
	closureComing closureState = "coming"
	closurePast   closureState = "past"
)

func stateOf(c closure.Closure, at time.Time) closureState {
	switch {
	case c.In(at):
		return closureActive
	case c.Since.After(at) && (c.Until.IsZero() || c.Until.After(c.Since)):
		return closureComing
	}
	return closurePast
}

// inForce are the closures in force at the moment of the request.
func (r *request) inForce() *closure.Set { return closure.Scheduled(r.whole).At(r.moment) }

// closures are those that the answer obeys.
func (r *request) closures() *closure.Set {
	if closuresParam.given(r) && !closuresParam.of(r) {
		return closure.None()
	}
	return r.inForce()
}

// closed is a closure as clients read it.
type closed struct {
	Type       string           `json:"type"`
	ID         int64            `json:"id,omitempty"`
	Geometry   json.RawMessage  `json:"geometry"`
	Properties closedProperties `json:"properties"`
}

type closedProperties struct {
	Name    string          `json:"name"`
	Reason  string          `json:"reason"`
	Since   *time.Time      `json:"since"`
	Until   *time.Time      `json:"until"`
	Traffic string          `json:"traffic"`
	Roads   []string        `json:"roads"`
	State   closureState    `json:"state"`
	Edges   int             `json:"edges"`
	Length  geodesic.Meters `json:"length"`
	Closed  []closedRoad    `json:"closed_roads"`
	Doubts  []doubt         `json:"doubts"`
	Actions []string        `json:"actions"`
}

// closedRoad is what is closed of a road.
type closedRoad struct {
	ID     int64           `json:"id"`
	Name   string          `json:"name"`
	Length geodesic.Meters `json:"length"`
}

var closesNothing = doubt{"closes_nothing", "it meets no road, or names none that there is"}

// closed tells a closure to whoever asks, as it stands at a moment.
func (r *request) closed(c closure.Closure, at time.Time) (closed, error) {
	told := closed{Type: "Feature", ID: c.ID, Properties: closedProperties{Name: c.Name, Reason: c.Reason, Since: instant(c.Since), Until: instant(c.Until), Traffic: c.Traffic,
		Roads: emptyNotNull(c.Roads), State: stateOf(c, at), Closed: []closedRoad{}, Doubts: []doubt{}, Actions: emptyNotNull(ledger.ClosureActions(r.whole, r.actor, c))}}
	if told.Properties.Traffic == "" {
		told.Properties.Traffic = closure.All
	}
	var edges []int32
	if n, err := road.Of(r.snapshot); err == nil {
		edges = c.Edges(n)
		told.Properties.Edges, told.Properties.Length, told.Properties.Closed = len(edges), millimetres(n.LengthOf(edges)), closedRoads(n, edges)
	} else if !errors.Is(err, spatial.ErrNotFound) {
		return told, err
	}
	if len(edges) == 0 {
		told.Properties.Doubts = append(told.Properties.Doubts, closesNothing)
	}
	var err error
	told.Geometry, err = datumParam.of(r).geometry(c.Geometry)
	return told, err
}

// closedRoads adds edges up by road, in order of id.
func closedRoads(n *road.Network, edges []int32) []closedRoad {
	list := []closedRoad{}
	for _, i := range edges {
		e := n.Edge(i)
		if last := len(list) - 1; last < 0 || list[last].ID != e.Road { // edges ascend by road
			list = append(list, closedRoad{ID: e.Road, Name: e.Name()})
		}
		list[len(list)-1].Length += e.Length
	}
	for i := range list {
		list[i].Length = millimetres(list[i].Length)
	}
	return list
}

// millimetres rounds metres to what is worth telling.
func millimetres(m geodesic.Meters) geodesic.Meters {
	return geodesic.Meters(math.Round(float64(m)*1000) / 1000)
}

func (s *Server) closureList(w http.ResponseWriter, r *request) error {
	at := r.moment
	if instantParam.given(r) {
		at = instantParam.of(r)
	}
	plan := closure.Scheduled(r.snapshot)
	set := plan.At(at)
	var layers []*spatial.Layer
	for _, id := range []spatial.LayerID{closure.Layer, "roads"} {
		if layer, err := r.snapshot.Layer(id); err == nil {
			layers = append(layers, layer)
		}
	}
	answer := struct {
		Type string `json:"type"`
		provenance
		Now        time.Time  `json:"now"`
		Active     []int64    `json:"active"`
		NextChange *time.Time `json:"next_change"`
		Features   []closed   `json:"features"`
	}{"FeatureCollection", provenanceOf(r.snapshot, layers...), at.UTC(), []int64{}, instant(set.Next), []closed{}}
	for _, c := range set.Closures {
		answer.Active = append(answer.Active, c.ID)
	}
	for _, c := range plan.All() {
		if closureStateParam.given(r) && stateOf(c, at) != closureStateParam.of(r) {
			continue
		}
		told, err := r.closed(c, at)
		if err != nil {
			return err
		}
		answer.Features = append(answer.Features, told)
	}
	answer.head(w.Header())
	w.Header().Set("Cache-Control", r.keeping())
	datumParam.of(r).head(w.Header())
	return writeJSON(w, mediaGeoJSON, answer)
}

func (s *Server) closure(w http.ResponseWriter, r *request) error {
	c, err := ledger.FindClosure(r.snapshot, closureParam.of(r))
	if err != nil {
		return unfoundClosure(r, err)
	}
	return s.writeClosure(w, r, c, http.StatusOK)
}

func unfoundClosure(r *request, err error) error {
	if !errors.Is(err, spatial.ErrNotFound) {
		return err
	}
	return &problem{Status: http.StatusNotFound, Kind: "not-found", Rule: "closure_known", Where: fmt.Sprintf("closure %d", closureParam.of(r)),
		Detail: "there is no closure of this number", Fix: "/closures lists them"}
}

// writeClosure answers with a closure and the tag of its content.
func (s *Server) writeClosure(w http.ResponseWriter, r *request, c closure.Closure, status int) error {
	now := s.state.Current()
	if status != http.StatusOK || r.Method != http.MethodGet { // it was just written
		r.whole, r.snapshot = now, now.Published()
	}
	told, err := r.closed(c, r.moment)
	if err != nil {
		return err
	}
	body, err := encode(told)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", `"`+ledger.ClosureTag(c)+`"`)
	h.Set("Cache-Control", r.keeping())
	h.Set(headerVersion, strconv.FormatInt(int64(r.whole.Version()), 10))
	datumParam.of(r).head(h)
	h.Set("Content-Type", mediaGeoJSON)
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// closureMembers are those of a body that describes a closure.
var closureMembers = []string{"name", "reason", "since", "until", "traffic", "roads", "geometry", "datum"}

// closureBody is c with what a body says in place of what it said.
func (r *request) closureBody(body node, c closure.Closure) (closure.Closure, error) {
	var err error
	for _, t := range []struct {
		name string
		most int
		to   *string
	}{{"name", maxTitle, &c.Name}, {"reason", maxReason, &c.Reason}, {"traffic", maxCode, &c.Traffic}} {
		if _, given := body.members[t.name]; given {
			if *t.to, err = body.text(t.name, t.most); err != nil {
				return c, err
			}
		}
	}
	for name, to := range map[string]*time.Time{"since": &c.Since, "until": &c.Until} {
		if _, given := body.members[name]; given {
			if *to, err = body.instant(name); err != nil {
				return c, err
			}
			*to = to.Truncate(time.Microsecond)
		}
	}
	if !slices.Contains([]string{"", closure.All, closure.Driving, closure.Walking}, c.Traffic) {
		return c, body.refuse("traffic", "closure_traffic", fmt.Sprintf("%q is no kind of traffic", shorten(c.Traffic)), "give all, driving or walking")
	}
	if _, given := body.members["roads"]; given {
		if c.Roads, err = body.roadNames(); err != nil {
			return c, err
		}
	}
	if _, given := body.members["geometry"]; given {
		c.Geometry, err = r.closureShape(body)
	}
	return c, err
}

// maxRoads is the most names of roads in one closure.
const maxRoads = 100

// roadNames are the names of roads in a list, or in a text with commas between.
func (n node) roadNames() ([]string, error) {
	if !n.has("roads") {
		return nil, nil
	}
	var list string
	if json.Unmarshal(n.members["roads"], &list) == nil {
		text, err := n.text("roads", maxRoads*maxCode)
		return closure.Names(text), err
	}
	names, err := n.texts("roads", maxRoads)
	return closure.Names(strings.Join(names, "、")), err
}

// closureShape reads a line or an area in the coordinates of the request, and
// rounds it to what stores keep.
func (r *request) closureShape(body node) (orb.Geometry, error) {
	if !body.has("geometry") {
		return nil, nil
	}
	in, err := r.bodyFrame(body)
	if err != nil {
		return nil, err
	}
	return body.shape("geometry", in)
}

// maxShape is the most positions of the shape of a closure: each is held against
// every piece of road near.
const maxShape = 2000

// shape reads a line or polygon, or several, that a member holds.
func (n node) shape(name string, in frame) (orb.Geometry, error) {
	g, err := parseGeometry(n.members[name], n.place(name))
	if err != nil {
		return nil, err
	}
	if err := spatial.ValidateGeometry(g); err != nil {
		return nil, placed(n.place(name), err)
	}
	if count := relate.New(g).Vertices(); count > maxShape {
		return nil, n.refuse(name, "closure_size", fmt.Sprintf("it has %d positions, more than %d", count, maxShape), "draw it with fewer: what it meets is what counts")
	}
	if err := in.toDegrees(&g); err != nil {
		return nil, placed(n.place(name), err)
	}
	g = project.Geometry(orb.Clone(g), billionths)
	return g, placed(n.place(name), spatial.ValidateGeometry(g))
}

// billionths rounds a position to whole billionths of a degree.
func billionths(p orb.Point) orb.Point {
	return orb.Point{math.Round(p[0]*1e9) / 1e9, math.Round(p[1]*1e9) / 1e9}
}

// askedFor is the text of a body, member by member.
func askedFor(body node) map[string]string {
	texts := map[string]string{}
	for name, raw := range body.members {
		texts[name] = string(raw)
	}
	return texts
}

func (s *Server) closeRoads(w http.ResponseWriter, r *request) error {
	body, err := r.readObject(maxProposal, closureMembers)
	if err != nil {
		return err
	}
	c, err := r.closureBody(body, closure.Closure{})
	if err != nil {
		return err
	}
	if c.Since.IsZero() {
		c.Since = r.moment.UTC().Truncate(time.Microsecond)
	}
	if c.Name == "" {
		c.Name = strings.Join(c.Roads, "、")
	}
	made, err := s.config.Ledger.Close(r.Context(), ledger.Request{Actor: r.actor, Key: keyParam.of(r)}, askedFor(body), c)
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("%s/closures/%d", s.base(r.Request), made.ID))
	return s.writeClosure(w, r, made, http.StatusCreated)
}

func (s *Server) editClosure(w http.ResponseWriter, r *request) error {
	body, err := r.readObject(maxProposal, closureMembers)
	if err != nil {
		return err
	}
	by := ledger.Request{Actor: r.actor, Key: keyParam.of(r)}
	edited, err := s.config.Ledger.AmendClosure(r.Context(), by, closureParam.of(r), tagParam.of(r), askedFor(body), func(c *closure.Closure) error {
		changed, err := r.closureBody(body, *c)
		*c = changed
		return err
	})
	if err != nil {
		return unfoundClosure(r, err)
	}
	return s.writeClosure(w, r, edited, http.StatusOK)
}

func (s *Server) reopen(w http.ResponseWriter, r *request) error {
	by := ledger.Request{Actor: r.actor, Key: keyParam.of(r)}
	if err := s.config.Ledger.Reopen(r.Context(), by, closureParam.of(r), tagParam.of(r)); err != nil {
		return unfoundClosure(r, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
