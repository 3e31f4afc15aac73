package api

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/response"
	"wangge/spatial/road"
)

const byTheRoad = "soonest by road: call handling, turnout, travel on the quickest way over roads that are open, and access on foot from the road; whole milliseconds, equal times in order of id"

// byRoad is how a question is answered by time.
type byRoad struct {
	*response.Service
	obeyed  []closure.Closure // in force, and for the profile
	tried   []closure.Closure
	profile string
}

// profile is how one goes.
func (r *request) profile() string {
	if name := profileParam.of(r); name != "" {
		return name
	}
	return defaultProfile
}

// assumed are the parameters that a request leaves as they are or sets.
func (r *request) assumed() response.Parameters {
	p := response.Defaults()
	if callParam.given(r) {
		p.Handling = callParam.of(r)
	}
	if turnoutParam.given(r) {
		p.Turnout = turnoutParam.of(r)
	}
	return p
}

// byRoad finds the service that answers, with closures tried on top of those
// in force.
func (r *request) byRoad(tried []closure.Closure) (*byRoad, error) {
	n, err := r.network()
	if err != nil {
		return nil, err
	}
	b := &byRoad{profile: r.profile(), tried: tried}
	for _, c := range r.closures().Closures {
		if c.Concerns(b.profile) {
			b.obeyed = append(b.obeyed, c)
		}
	}
	closed, err := r.closedEdges(n)
	if err != nil {
		return nil, err
	}
	b.Service, err = r.service(road.Join(closed, closure.Edges(n, b.profile, tried)))
	return b, err
}

// service is the service with some edges closed.
func (r *request) service(closed []int32) (*response.Service, error) {
	v, err := response.On(r.snapshot, response.Query{Responders: r.to(), Profile: r.profile(), Parameters: r.assumed(), Closed: closed})
	if err != nil {
		return nil, unknownLayer(err)
	}
	return v, nil
}

// network is the roads; a store without any is told so.
func (r *request) network() (*road.Network, error) {
	n, err := road.Of(r.snapshot)
	switch {
	case errors.Is(err, spatial.ErrNotFound):
		return nil, &spatial.InvalidError{Rule: "no_roads", Where: "layer roads", Detail: "the store has no layer of roads, so nothing is known of ways and times",
			Fix: "import the layer roads, or ask with by=distance"}
	case err != nil:
		return nil, err
	case n.Edges() == 0:
		return nil, &spatial.InvalidError{Rule: "no_roads", Where: "layer roads", Detail: "the layer roads has no lines, so nothing is known of ways and times",
			Fix: "import roads, or ask with by=distance"}
	}
	return n, nil
}

// closedEdges are those that the closures the request obeys close to its
// profile.
func (r *request) closedEdges(n *road.Network) ([]int32, error) {
	set, profile := r.closures(), r.profile()
	if len(set.Closures) == 0 {
		return nil, nil
	}
	return kept(r.snapshot, append(road.Layers(r.snapshot), closure.Layer), "closed "+profile+" "+set.Name(), func() ([]int32, error) {
		return closure.Edges(n, profile, set.Closures), nil
	})
}

// tell completes what an answer says of itself.
func (b *byRoad) tell(r *request, head *analysis) {
	for _, id := range b.Layers() {
		if layer, err := r.snapshot.Layer(id); err == nil {
			head.AsOf[id] = layer.Schema().AsOf
			head.Synthetic = head.Synthetic || layer.Schema().Synthetic
		}
	}
	head.Method = byTheRoad
	assumed := b.Query().Parameters
	head.Parameters["profile"], head.Parameters["closures"] = b.profile, !closuresParam.given(r) || closuresParam.of(r)
	head.Parameters["call"], head.Parameters["turnout"] = assumed.Handling.Seconds(), assumed.Turnout.Seconds()
	head.Parameters["yard_speed"], head.Parameters["walking_speed"] = assumed.Yard, assumed.Walking
}

// farFromRoad is how far from a road a place may be, in metres, before that
// raises a doubt.
const farFromRoad = 200

// answer appends the members of an answer about a place.
func (b *byRoad) answer(a *asking, dst []byte, doubts []doubt, p orb.Point, route bool) []byte {
	found := b.Nearest(p, max(a.k, 2), a.allows)
	if found.Place.Edge >= 0 && found.Place.Away > farFromRoad {
		doubts = append(doubts[:len(doubts):len(doubts)], doubt{"far_from_road", fmt.Sprintf("the nearest road that is open is %.0f m away; the rest is taken to be walked in a straight line", found.Place.Away)})
	}
	if found.Hindrance == response.NoRoad {
		doubts = append(doubts[:len(doubts):len(doubts)], doubt{"far_from_road", "there is no road within 10 km"})
	}
	dst = appendDoubts(a.appendPlace(dst, p), doubts)
	dst = append(b.appendPosition(a.in, append(dst, `,"road":`...), found.Place), '}')
	dst = appendObeyed(append(dst, `,"closures":`...), b.obeyed)
	dst = append(dst, `,"candidates":[`...)
	for i := range min(a.k, len(found.Arrivals)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = b.appendArrival(a, dst, &found, i, p)
		if route {
			dst = b.appendRoute(a.in, append(dst[:len(dst)-1], `,"route":`...), found.Arrivals[i])
			dst = append(dst, '}')
		}
	}
	dst = append(dst, `],"runner_up":`...)
	if len(found.Arrivals) > 1 {
		dst = b.appendArrival(a, dst, &found, 1, p)
	} else {
		dst = append(dst, "null"...)
	}
	dst = strconv.AppendInt(append(dst, `,"unreachable":`...), int64(found.Unreachable), 10)
	return appendNone(dst, b.none(a, &found))
}

// none says why nobody gets to a place, if nobody does.
func (b *byRoad) none(a *asking, found *response.Answer) *refusal {
	switch {
	case len(found.Arrivals) > 0:
		return nil
	case a.counted == 0:
		return a.responders.none()
	case found.Hindrance == response.OverWater:
		return &refusal{"no road leads here: all that are near lie across a water or a railway", "ask with by=distance for the nearest in a straight line"}
	case found.Hindrance == response.Closed:
		return &refusal{"no road leads here: those near are closed", "ask with closures=false for the ways there would be without closures, or with by=distance"}
	case found.Hindrance == response.NoRoad && b.Network().Edges() > 0:
		return &refusal{fmt.Sprintf("no road is open to %s within 10 km", b.profile), "ask with another profile, with closures=false, or with by=distance"}
	case found.Place.Edge < 0:
		return &refusal{fmt.Sprintf("no road is open to %s at all", b.profile), "ask with another profile, with closures=false, or with by=distance"}
	}
	told := &refusal{fmt.Sprintf("no open road leads here from any of the %d candidates: the road at this place is cut off from theirs", found.Kept),
		"ask with by=distance for the nearest in a straight line, or with profile=walking"}
	if len(b.obeyed)+len(b.tried) > 0 {
		told.Fix += "; with closures=false for the ways there would be without closures"
	}
	return told
}

// appendArrival appends a candidate with its times.
func (b *byRoad) appendArrival(a *asking, dst []byte, found *response.Answer, i int, p orb.Point) []byte {
	arrival := &found.Arrivals[i]
	stands := &b.Responders()[arrival.Responder]
	dst = a.appendFeature(dst, arrival.Feature)
	dst = append(dst, `,"distance":`...)
	distance, at := straight(p, arrival.Feature)
	dst = appendMeters(dst, distance)
	dst = a.in.appendPosition(append(dst, `,"at":`...), at)
	dst = appendSeconds(append(dst, `,"time":`...), arrival.Time)
	dst = appendParts(append(dst, `,"parts":`...), arrival.Parts)
	dst = b.appendPosition(a.in, append(dst, `,"road":`...), stands.At)
	dst = append(dst, `,"reason":`...)
	return append(b.appendReason(dst, found, i), '}')
}

// appendReason says why a candidate has its rank, as a JSON string; of a later
// one, what makes it later than the first.
func (b *byRoad) appendReason(dst []byte, found *response.Answer, i int) []byte {
	if i > 0 {
		return append(appendLater(append(dst, '"'), found, i), '"')
	}
	dst = strconv.AppendInt(append(dst, `"soonest of `...), int64(found.Kept), 10)
	if found.Unreachable > 0 {
		dst = strconv.AppendInt(append(dst, ", "...), int64(found.Unreachable), 10)
		dst = append(dst, " of which cannot get here"...)
	}
	next := found.Next
	if len(found.Arrivals) > 1 {
		next = &found.Arrivals[1]
	}
	if next == nil {
		return append(dst, `; there is no other"`...)
	}
	dst = appendInner(append(dst, "; the next, "...), nameOf(next.Feature))
	lead := next.Time - found.Arrivals[0].Time
	if lead == 0 {
		return append(dst, `, is as soon and has the greater id"`...)
	}
	return append(appendSpan(append(dst, ", is "...), lead), ` later"`...)
}

// appendLater says how much later a candidate is, and of which parts.
func appendLater(dst []byte, found *response.Answer, i int) []byte {
	first, this := &found.Arrivals[0], &found.Arrivals[i]
	if this.Time == first.Time {
		return append(dst, "as soon as the first, and has the greater id"...)
	}
	dst = append(appendSpan(dst, this.Time-first.Time), " later than the first"...)
	for _, part := range [...]struct {
		name string
		more road.Millis
	}{{" travel", this.Parts.Travel - first.Parts.Travel}, {" turnout", this.Parts.Turnout - first.Parts.Turnout}} {
		switch {
		case part.more > 0:
			dst = append(append(appendSpan(append(dst, ", "...), part.more), " more"...), part.name...)
		case part.more < 0:
			dst = append(append(appendSpan(append(dst, ", "...), -part.more), " less"...), part.name...)
		}
	}
	return dst
}

// appendSpan writes a time in whole seconds, unless it is short.
func appendSpan(dst []byte, t road.Millis) []byte {
	precision := 0
	if t < 10_000 {
		precision = 1
	}
	return append(strconv.AppendFloat(dst, t.Seconds(), 'f', precision, 64), " s"...)
}

// appendSeconds writes a time to the millisecond.
func appendSeconds(dst []byte, t road.Millis) []byte {
	return strconv.AppendFloat(dst, t.Seconds(), 'f', -1, 64)
}

func appendParts(dst []byte, p response.Parts) []byte {
	dst = appendSeconds(append(dst, `{"call":`...), p.Handling)
	dst = appendSeconds(append(dst, `,"turnout":`...), p.Turnout)
	dst = appendSeconds(append(dst, `,"travel":`...), p.Travel)
	return append(appendSeconds(append(dst, `,"access":`...), p.Access), '}')
}

// appendPosition appends where something comes onto the road; null if it does
// not.
func (b *byRoad) appendPosition(in frame, dst []byte, at road.Position) []byte {
	if at.Edge < 0 {
		return append(dst, "null"...)
	}
	e := b.Network().Edge(at.Edge)
	dst = strconv.AppendInt(append(dst, `{"id":`...), e.Road, 10)
	dst = format.AppendString(append(dst, `,"name":`...), e.Name())
	dst = in.appendPosition(append(dst, `,"at":`...), billionths(at.At))
	dst = appendMeters(append(dst, `,"distance":`...), float64(at.Away))
	dst = format.AppendString(append(dst, `,"side":`...), at.Side.String())
	return append(dst, '}')
}

// appendRoute appends the way of a candidate; null if it stands on no road.
func (b *byRoad) appendRoute(in frame, dst []byte, a response.Arrival) []byte {
	way, ok := b.Route(a)
	if !ok {
		return append(dst, "null"...)
	}
	way.Line = slices.CompactFunc(way.Line, func(a, b orb.Point) bool { return billionths(a) == billionths(b) })
	line, err := in.fromLL(way.Line)
	if err != nil {
		line = way.Line // positions are within the domain of the datums
	}
	dst = format.AppendGeometry(append(dst, `{"geometry":`...), line)
	dst = appendMeters(append(dst, `,"length":`...), float64(way.Length))
	dst = append(dst, `,"roads":[`...)
	for i, stretch := range way.Roads {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"id":`...), stretch.Road, 10)
		dst = format.AppendString(append(dst, `,"name":`...), stretch.Name)
		dst = append(appendMeters(append(dst, `,"length":`...), float64(stretch.Length)), '}')
	}
	return append(dst, "]}"...)
}

// appendObeyed appends the closures in force that were obeyed.
func appendObeyed(dst []byte, set []closure.Closure) []byte {
	dst = append(dst, '[')
	for i, c := range set {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"id":`...), c.ID, 10)
		dst = format.AppendString(append(dst, `,"name":`...), c.Name)
		dst = append(dst, `,"until":`...)
		if c.Until.IsZero() {
			dst = append(dst, "null}"...)
			continue
		}
		dst = append(c.Until.UTC().AppendFormat(append(dst, '"'), "2006-01-02T15:04:05.999999Z07:00"), `"}`...)
	}
	return append(dst, ']')
}
