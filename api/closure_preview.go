package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/geodesic"
	"wangge/spatial/response"
	"wangge/spatial/road"
)

func (s *Server) previewRoutes() []route {
	return []route{{method: http.MethodPost, path: "/closures/preview",
		summary:    "What closing roads would do: which stretches, whose nearest changes and by how much, who can no longer be reached; changes nothing",
		parameters: slices.Concat(reachParams, []parameter{datumParam, pointsParam, listedParam}), body: mediaJSON, media: []string{mediaJSON}, long: true, handle: s.previewClosure}}
}

// maxChanged is the most points that are listed one by one.
const maxChanged = 10_000

var (
	pointsParam = &param[spatial.LayerID]{
		declaration{name: "layer", in: inQuery, initial: string(riskLayer), example: "risk_points", schema: jsonSchema{"type": "string", "default": riskLayer}, description: "the layer of the points that are looked at"},
		parseLayer,
	}
	listedParam = &param[int]{
		declaration{name: "limit", in: inQuery, initial: "200", example: "200", schema: jsonSchema{"type": "integer", "minimum": 1, "maximum": maxChanged, "default": 200},
			description: "most points that are listed, the worst first; all are counted"},
		parseCount(maxChanged),
	}
)

// previewMembers are those of a body that tries closures.
var previewMembers = slices.Concat(closureMembers, parameterNames(reachParams), []string{"what_if", "without", "layer", "limit"})

// previewed is what closures would change.
type previewed struct {
	reachAnalysis
	Edges struct {
		Count  int             `json:"count"`
		Length geodesic.Meters `json:"length"`
	} `json:"edges"`
	Roads   []closedRoad    `json:"roads"`
	Closed  json.RawMessage `json:"closed"` // FeatureCollection of the stretches
	Changed changes         `json:"changed"`
	People  *changedPeople  `json:"people"` // null without buildings
}

// changes are the points whose nearest changes.
type changes struct {
	Layer       spatial.LayerID `json:"layer"`
	Asked       int             `json:"asked"`
	Count       int             `json:"count"`         // whose first responder or its time is another
	Slower      int             `json:"slower"`        // reached, and later than before
	Sooner      int             `json:"sooner"`        // as where a closure in force is left out
	Other       int             `json:"other_station"` // another responder is first
	Unreachable int             `json:"unreachable"`   // reached before, and no more
	Again       int             `json:"reached_again"`
	Mean        float64         `json:"mean_delay"` // of the slower ones, seconds
	Worst       float64         `json:"worst_delay"`
	Listed      int             `json:"listed"`
	Points      []changedPoint  `json:"points"`
}

type changedPoint struct {
	ID     int64        `json:"id"`
	Code   string       `json:"code,omitempty"`
	Name   string       `json:"name,omitempty"`
	At     [2]float64   `json:"at"`
	Level  *string      `json:"level"` // null: unclassified, or a layer without levels
	Before *changedTime `json:"before"`
	After  *changedTime `json:"after"`
	Delay  *float64     `json:"delay"` // null if it is not reached before or after
}

type changedTime struct {
	stationOf
	Time float64 `json:"time"`
}

// changedPeople are residents of buildings whose first responder comes later.
type changedPeople struct {
	Later       int64 `json:"later"`
	Unreachable int64 `json:"unreachable"`
	Buildings   int   `json:"buildings"`
	Withheld    int   `json:"withheld"` // buildings among them whose residents are not told
}

func (s *Server) previewClosure(w http.ResponseWriter, r *request) error {
	body, err := r.readObject(maxProposal, previewMembers)
	if err != nil {
		return err
	}
	if err := r.members(body, slices.Concat(reachParams, []parameter{datumParam, pointsParam, listedParam})); err != nil {
		return err
	}
	tried, err := r.previewedClosures(body)
	if err != nil {
		return err
	}
	without, err := r.without(body)
	if err != nil {
		return err
	}
	before, err := r.byTime()
	if err != nil {
		return err
	}
	after := *before
	if after.byRoad, err = r.otherwise(before.byRoad, tried, without); err != nil {
		return err
	}
	answer, err := r.compared(before, &after, tried)
	if err != nil {
		return err
	}
	answer.head(w.Header())
	before.in.head(w.Header())
	return writeJSON(w, mediaJSON, answer)
}

// previewedClosures are those that a body tries: the one it describes, or what
// stands in what_if.
func (r *request) previewedClosures(body node) ([]closure.Closure, error) {
	described := slices.ContainsFunc([]string{"geometry", "roads"}, body.has)
	switch {
	case body.has("what_if") && described:
		return nil, body.refuse("what_if", "what_if", "it stands beside a closure", "give one of them")
	case body.has("what_if"):
		return r.triedClosures(body)
	case !described && body.has("without"):
		return nil, nil
	}
	if err := r.periodOf(body); err != nil {
		return nil, err
	}
	only := node{body.where, map[string]json.RawMessage{}}
	for _, name := range []string{"name", "traffic", "roads", "geometry", "datum"} {
		if raw, ok := body.members[name]; ok {
			only.members[name] = raw
		}
	}
	return r.tries([]node{only})
}

// periodOf reads the period of a closure that is tried, which is tried as if it
// had begun: what it says must be possible.
func (r *request) periodOf(body node) error {
	for _, name := range []string{"since", "until"} {
		if _, err := body.instant(name); err != nil {
			return err
		}
	}
	return nil
}

// without are closures in force that are not to be obeyed.
func (r *request) without(body node) ([]int64, error) {
	if !body.has("without") {
		return nil, nil
	}
	list, err := body.list("without", maxTried)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for i, raw := range list {
		id, err := strconv.ParseInt(string(raw), 10, 64)
		if err == nil {
			_, err = ledger.FindClosure(r.snapshot, id)
		}
		if err != nil {
			return nil, body.refuse(fmt.Sprintf("without[%d]", i), "closure_known", fmt.Sprintf("%s is not the number of a closure", shorten(string(raw))), "/closures lists them")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// otherwise is how a question is answered with closures tried, and without some
// that are in force.
func (r *request) otherwise(now *byRoad, tried []closure.Closure, without []int64) (*byRoad, error) {
	b := *now
	b.tried = tried
	b.obeyed = slices.DeleteFunc(slices.Clone(now.obeyed), func(c closure.Closure) bool { return slices.Contains(without, c.ID) })
	closed := closure.Edges(now.Network(), now.profile, slices.Concat(b.obeyed, tried))
	var err error
	b.Service, err = r.service(closed)
	return &b, err
}

// compared compares answers before and after.
func (r *request) compared(before, after *asking, tried []closure.Closure) (*previewed, error) {
	points, err := r.ranking(before, pointsParam.of(r))
	if err != nil {
		return nil, err
	}
	homes, err := r.homes(before)
	if err != nil {
		return nil, err
	}
	answer := &previewed{reachAnalysis: r.reachHead(after, "before and after closing the roads, with all else as it is", points, homes)}
	n := before.byRoad.Network()
	var edges []int32
	for _, c := range tried {
		edges = road.Join(edges, c.Edges(n))
	}
	answer.Edges.Count, answer.Edges.Length, answer.Roads = len(edges), millimetres(n.LengthOf(edges)), closedRoads(n, edges)
	if answer.Closed, err = closedLines(n, edges, before.in); err != nil {
		return nil, err
	}
	answer.Changed = changesOf(points, after, before.in, listedParam.of(r))
	answer.Changed.Layer = pointsParam.of(r)
	if homes != nil {
		answer.People = laterPeople(homes, after)
	}
	return answer, nil
}

// closedLines are stretches of road as a FeatureCollection.
func closedLines(n *road.Network, edges []int32, in frame) (json.RawMessage, error) {
	dst := []byte(`{"type":"FeatureCollection","features":[`)
	for k, i := range edges {
		if k > 0 {
			dst = append(dst, ',')
		}
		e := n.Edge(i)
		line, err := in.fromLL(e.Line)
		if err != nil {
			return nil, err
		}
		dst = format.AppendGeometry(append(dst, `{"type":"Feature","geometry":`...), line)
		dst = strconv.AppendInt(append(dst, `,"properties":{"road":`...), e.Road, 10)
		dst = format.AppendString(append(dst, `,"name":`...), e.Name())
		dst = append(appendMeters(append(dst, `,"length":`...), float64(e.Length)), "}}"...)
	}
	return append(dst, "]}"...), nil
}

// changesOf compares who gets to points first with who would.
func changesOf(before *response.Ranking, after *asking, in frame, limit int) changes {
	places := before.Places()
	c := changes{Asked: places.Len(), Points: []changedPoint{}}
	all := response.Differences(before, after.byRoad.Rank(places, 1, after.allows))
	var total road.Millis
	for _, d := range all {
		c.Count++
		if d.Moved {
			c.Other++
		}
		switch {
		case d.Longer == road.Unreachable:
			c.Unreachable++
		case d.Longer == -road.Unreachable:
			c.Again++
		case d.Longer < 0:
			c.Sooner++
		case d.Longer > 0:
			c.Slower++
			c.Mean += d.Longer.Seconds()
			total = max(total, d.Longer)
		}
	}
	if c.Slower > 0 {
		c.Mean = rounded(c.Mean/float64(c.Slower), 3)
	}
	c.Worst = total.Seconds()
	slices.SortStableFunc(all, func(a, b response.Difference) int { return cmp.Compare(b.Longer, a.Longer) })
	for _, d := range all[:min(limit, len(all))] {
		c.Points = append(c.Points, changedPointOf(places, d, in))
	}
	c.Listed = len(c.Points)
	return c
}

func changedPointOf(places *response.Places, d response.Difference, in frame) changedPoint {
	f := places.Feature(d.Place)
	p := changedPoint{ID: f.ID(), Code: f.Code(), Name: f.Label(), At: positionIn(in, places.Point(d.Place)), Before: timeOf(d.Before), After: timeOf(d.After)}
	if v := f.Attribute("level"); !v.IsNull() {
		text := v.String()
		p.Level = &text
	}
	if d.Before != nil && d.After != nil {
		delay := d.Longer.Seconds()
		p.Delay = &delay
	}
	return p
}

// positionIn is a position of degrees in some coordinates.
func positionIn(in frame, p orb.Point) [2]float64 {
	if !in.plain() {
		if g, err := in.fromLL(p); err == nil {
			p = g.(orb.Point)
		}
	}
	return [2]float64{p[0], p[1]}
}

func timeOf(a *response.Arrival) *changedTime {
	if a == nil {
		return nil
	}
	return &changedTime{stationFor(a.Feature), a.Time.Seconds()}
}

// laterPeople adds up who lives where the first responder comes later.
func laterPeople(before *response.Ranking, after *asking) *changedPeople {
	p := &changedPeople{}
	for _, d := range response.Differences(before, after.byRoad.Rank(before.Places(), 1, after.allows)) {
		if d.Longer <= 0 {
			continue
		}
		p.Buildings++
		count := before.Places().Feature(d.Place).Attribute(residents)
		switch {
		case count.IsNull():
			p.Withheld++
		case d.Longer == road.Unreachable:
			p.Unreachable += count.Int()
		default:
			p.Later += count.Int()
		}
	}
	return p
}
