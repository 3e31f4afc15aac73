package response

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
)

// Query says who responds, how they travel, and what is closed.
type Query struct {
	Responders spatial.LayerID
	Profile    string
	Parameters Parameters
	Closed     []int32 // edges of the network
}

// Service answers by road: how soon responders get to places, on one state of
// the layers of roads and responders. It is immutable and safe for any number
// of readers.
type Service struct {
	query      Query
	layers     []spatial.LayerID
	barriers   *barriers
	open       *road.Graph // without closures
	graph      *road.Graph
	responders []Responder
	starts     []road.Start // as many as responders
	table      func() *road.Table
}

// Responder is a feature that may respond.
type Responder struct {
	Feature spatial.Feature
	Place   orb.Point     // where it stands
	At      road.Position // where it comes onto the road; Edge -1 if it stands nowhere or does not get onto one
	CutOff  bool          // the road it stands at is closed
	Turnout road.Millis   // from the order to leaving
	Given   bool          // the turnout is its own, from the field turnout in seconds
	leaving road.Millis   // turnout and the way onto the road
}

// On makes a service of a snapshot, or finds it among the last ones that were
// made on the same state of its layers. The error is [spatial.ErrNotFound]
// without one of the layers and [spatial.InvalidError] for an unknown profile,
// impossible parameters, and more responders than a table holds. Cost: some ms
// for the first question, and then some µs.
func On(s *spatial.Snapshot, q Query) (*Service, error) {
	if err := q.Parameters.Validate(); err != nil {
		return nil, err
	}
	layers := layersOf(s, q.Responders)
	known, err := spatial.Derive(s, layers, func(s *spatial.Snapshot) (*services, error) {
		n, err := road.Of(s)
		if err != nil {
			return nil, err
		}
		responders, err := s.Layer(q.Responders)
		if err != nil {
			return nil, err
		}
		barriers, err := barriersOf(s)
		return &services{network: n, responders: responders, barriers: barriers, layers: layers}, err
	})
	if err != nil {
		return nil, err
	}
	return known.find(q)
}

// services are those made last on one state of the layers.
type services struct {
	network    *road.Network
	responders *spatial.Layer
	barriers   *barriers
	layers     []spatial.LayerID
	mu         sync.Mutex
	recent     []*made // the latest used first
}

type made struct {
	key   string
	build func() (*Service, error)
}

// remembered is how many services are kept for one state.
const remembered = 8

func (k *services) find(q Query) (*Service, error) {
	q.Closed = road.Join(q.Closed)
	key := q.key()
	k.mu.Lock()
	at := slices.IndexFunc(k.recent, func(m *made) bool { return m.key == key })
	var m *made
	if at >= 0 {
		m = k.recent[at]
		k.recent = slices.Delete(k.recent, at, at+1)
	} else {
		m = &made{key, sync.OnceValues(func() (*Service, error) { return k.make(q) })}
	}
	k.recent = slices.Insert(k.recent, 0, m)
	k.recent = k.recent[:min(len(k.recent), remembered)]
	k.mu.Unlock()
	return m.build()
}

func (q Query) key() string {
	key := fmt.Appendf(nil, "%s\x00%d\x00%d\x00%x\x00%x\x00", q.Profile, q.Parameters.Handling, q.Parameters.Turnout,
		math.Float64bits(q.Parameters.Yard), math.Float64bits(q.Parameters.Walking))
	for _, edge := range q.Closed {
		key = binary.LittleEndian.AppendUint32(key, uint32(edge))
	}
	return string(key)
}

func (k *services) make(q Query) (*Service, error) {
	open, err := k.network.Profile(q.Profile)
	if err != nil {
		return nil, err
	}
	g := open
	for _, edge := range q.Closed {
		if edge < 0 || int(edge) >= k.network.Edges() {
			return nil, &spatial.InvalidError{Rule: "edge_unknown", Where: "closed edges", Detail: fmt.Sprintf("there is no edge %d", edge)}
		}
	}
	if len(q.Closed) > 0 {
		g = g.Without(func(edge int32) bool { _, closed := slices.BinarySearch(q.Closed, edge); return closed })
	}
	v := &Service{query: q, layers: k.layers, barriers: k.barriers, open: open, graph: g}
	for f := range k.responders.All() {
		v.add(f)
	}
	if !g.HoldsTable(len(v.starts)) {
		return nil, &spatial.InvalidError{Rule: "table_size", Where: string(q.Responders),
			Detail: fmt.Sprintf("%d responders are too many to reckon times by road with", len(v.starts)), Fix: "ask by distance, or a layer of fewer"}
	}
	v.table = sync.OnceValue(func() *road.Table {
		t, _ := g.Table(v.starts) // it holds
		return t
	})
	return v, nil
}

// add takes in a responder.
func (v *Service) add(f spatial.Feature) {
	r := Responder{Feature: f, At: road.Nowhere(), Turnout: v.query.Parameters.Turnout}
	if s := f.Attribute("turnout"); s.Type() == spatial.TypeInt && s.Int() >= 0 && s.Int() <= int64(longest/1000) {
		r.Turnout, r.Given = road.Millis(s.Int()*1000), true
	}
	if f.HasGeometry() {
		r.Place = placeOf(f.Geometry())
		r.At = v.barriers.nearest(v.open, r.Place)
	}
	if r.CutOff = r.At.Edge >= 0 && !v.graph.Usable(r.At.Edge); r.CutOff {
		r.At = road.Nowhere()
	}
	if r.leaving = plus(r.Turnout, road.Over(r.At.Away, v.query.Parameters.Yard)); r.leaving == road.Unreachable {
		r.At = road.Nowhere()
	}
	v.responders = append(v.responders, r)
	v.starts = append(v.starts, road.Start{Position: r.At, After: min(r.leaving, longest*2)})
}

// placeOf is where a feature is reached: a point itself, on a line its middle,
// in an area a place inside.
func placeOf(g orb.Geometry) orb.Point {
	if p, ok := g.(orb.Point); ok {
		return p
	}
	return geodesic.PointOnSurface(g)
}

// plus adds times; [road.Unreachable] if one is or the sum is too long.
func plus(a, b road.Millis) road.Millis {
	if int64(a)+int64(b) >= int64(road.Unreachable) {
		return road.Unreachable
	}
	return a + b
}

// Network is the roads.
func (v *Service) Network() *road.Network { return v.graph.Network }

// Graph is the roads as the profile may use them, without what is closed.
func (v *Service) Graph() *road.Graph { return v.graph }

// Layers are those the service is made from.
func (v *Service) Layers() []spatial.LayerID { return slices.Clone(v.layers) }

// Query is what the service was asked for.
func (v *Service) Query() Query { return v.query }

// Responders are the features of the layer in id order; read-only.
func (v *Service) Responders() []Responder { return v.responders }

// Answer is who gets to a place first.
type Answer struct {
	Place       road.Position // where the soonest comes from the road to the place, or else the nearest open road by which it may be; Edge -1 if there is none
	Hindrance   Hindrance     // why there is none
	Arrivals    []Arrival     // the soonest first
	Next        *Arrival      // the runner-up: the first after those, nil if none
	Kept        int           // responders asked about, those without geometry aside
	Unreachable int           // of those, that cannot get there
}

// Arrival is that a responder gets to a place.
type Arrival struct {
	Responder int // index into [Service.Responders]
	Feature   spatial.Feature
	Time      road.Millis // the sum of the parts
	Parts     Parts
	Place     road.Position // where it comes from the road to the place
}

// Parts are what the time of a response is made up of.
type Parts struct {
	Handling road.Millis // from the call to the order
	Turnout  road.Millis // from the order to leaving
	Travel   road.Millis // by road, and from the responder's place onto it
	Access   road.Millis // from the road to the place on foot
}

// Nearest ranks the k responders that get to p (degrees lon, lat) first, of
// those that keep holds for; nil keeps all. A place is reached from any road
// within 100 m, or where there is none from those hardly farther than the nearest,
// whichever is soonest with the way on foot; but not across a water or a railway.
// A closure takes such a road away and gives no other for it, so that nobody ever
// comes sooner for a closure. Equal times are in order of id. p must be finite.
// Cost: some 30 µs.
func (v *Service) Nearest(p orb.Point, k int, keep func(spatial.Feature) bool) Answer {
	r := v.Rank(v.Places([]orb.Point{p}), max(k, 1), keep)
	answer := r.At(0)
	if k < 1 {
		answer.Arrivals, answer.Next = nil, nil
	}
	return answer
}

// kept are the responders that keep holds for and that stand somewhere.
func (v *Service) kept(keep func(spatial.Feature) bool) []int32 {
	kept := make([]int32, 0, len(v.responders))
	for i := range v.responders {
		if f := v.responders[i].Feature; f.HasGeometry() && (keep == nil || keep(f)) {
			kept = append(kept, int32(i))
		}
	}
	return kept
}

// ranker finds the soonest k of some responders. It is one goroutine's.
type ranker struct {
	*Service
	kept  []int32
	k     int
	times []road.Millis // by responder over one access
	all   []reach       // by responder
}

// reach is when a responder reaches a place, counted from the order, and over
// which access.
type reach struct {
	time      road.Millis
	responder int32
	access    int32
}

func (r *ranker) rank(accesses []road.Position, into []reach) (ranked []reach, unreachable int) {
	r.reach(accesses)
	ranked = into[:0]
	for _, i := range r.kept {
		t := r.all[i].time
		switch {
		case t == road.Unreachable:
			unreachable++
			continue
		case len(ranked) == r.k && t >= ranked[r.k-1].time:
			continue
		case len(ranked) < r.k:
			ranked = append(ranked, reach{})
		}
		j := len(ranked) - 1
		for ; j > 0 && ranked[j-1].time > t; j-- {
			ranked[j] = ranked[j-1]
		}
		ranked[j] = r.all[i]
	}
	return ranked, unreachable
}

// reach finds the soonest access for each responder.
func (r *ranker) reach(accesses []road.Position) {
	r.all = r.all[:0]
	for i := range r.responders {
		r.all = append(r.all, reach{road.Unreachable, int32(i), -1})
	}
	for a := range accesses {
		if !r.graph.Usable(accesses[a].Edge) {
			continue
		}
		walk := r.walk(accesses[a])
		r.times = r.table().At(accesses[a], r.times)
		for _, i := range r.kept {
			if t := r.times[i]; t < road.Unreachable-walk && t+walk < r.all[i].time {
				r.all[i].time, r.all[i].access = t+walk, int32(a)
			}
		}
	}
}

// walk is the time from a road to a place.
func (v *Service) walk(at road.Position) road.Millis {
	return road.Over(at.Away, v.query.Parameters.Walking)
}

// whole is the time from the call to being at a place that is reached at a time
// after the order.
func (v *Service) whole(reached road.Millis) road.Millis {
	return plus(v.query.Parameters.Handling, reached)
}

func (v *Service) arrival(at road.Position, r reach) Arrival {
	responder, walk := &v.responders[r.responder], v.walk(at)
	parts := Parts{Handling: v.query.Parameters.Handling, Turnout: responder.Turnout, Travel: r.time - walk - responder.Turnout, Access: walk}
	return Arrival{int(r.responder), responder.Feature, v.whole(r.time), parts, at}
}

// Reason says in words why an arrival has its rank.
func (a *Answer) Reason(i int) string {
	next := a.Next
	if i+1 < len(a.Arrivals) {
		next = &a.Arrivals[i+1]
	}
	text := fmt.Sprintf("soonest of %d", a.Kept)
	if i > 0 {
		text = fmt.Sprintf("number %d of %d", i+1, a.Kept)
	}
	if a.Unreachable > 0 {
		text += fmt.Sprintf(", %d of which cannot get there", a.Unreachable)
	}
	switch {
	case next == nil:
		return text + "; there is no other"
	case next.Time == a.Arrivals[i].Time:
		return text + fmt.Sprintf("; the next, %s, is as soon and has the greater id", nameOf(next.Feature))
	}
	return text + fmt.Sprintf("; the next, %s, takes %.0f s longer", nameOf(next.Feature), (next.Time-a.Arrivals[i].Time).Seconds())
}

func nameOf(f spatial.Feature) string {
	if name := f.Label(); name != "" {
		return name
	}
	return fmt.Sprintf("%s %d", f.Layer().ID(), f.ID())
}

// Route is the way of an arrival from where its responder comes onto the road to
// where it leaves it.
func (v *Service) Route(a Arrival) (road.Route, bool) {
	from := v.responders[a.Responder].At
	if from.Edge < 0 || a.Place.Edge < 0 {
		return road.Route{}, false
	}
	return v.graph.Route(from, a.Place)
}
