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
	graph      *road.Graph
	responders []Responder
	starts     []road.Start // as many as responders
	table      func() *road.Table
}

// Responder is a feature that may respond.
type Responder struct {
	Feature spatial.Feature
	Place   orb.Point     // where it stands
	At      road.Position // where it comes onto the road; Edge -1 if it stands nowhere or there is no road
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
	layers := append(road.Layers(s), q.Responders)
	known, err := spatial.Derive(s, layers, func(s *spatial.Snapshot) (*services, error) {
		n, err := road.Of(s)
		if err != nil {
			return nil, err
		}
		responders, err := s.Layer(q.Responders)
		if err != nil {
			return nil, err
		}
		return &services{network: n, responders: responders, layers: layers}, nil
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
	g, err := k.network.Profile(q.Profile)
	if err != nil {
		return nil, err
	}
	for _, edge := range q.Closed {
		if edge < 0 || int(edge) >= k.network.Edges() {
			return nil, &spatial.InvalidError{Rule: "edge_unknown", Where: "closed edges", Detail: fmt.Sprintf("there is no edge %d", edge)}
		}
	}
	if len(q.Closed) > 0 {
		g = g.Without(func(edge int32) bool { _, closed := slices.BinarySearch(q.Closed, edge); return closed })
	}
	v := &Service{query: q, layers: k.layers, graph: g}
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
		r.At, _ = v.graph.Snap(r.Place)
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
	Place       road.Position // the place brought onto the road; Edge -1 if there is no road
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
}

// Parts are what the time of a response is made up of.
type Parts struct {
	Handling road.Millis // from the call to the order
	Turnout  road.Millis // from the order to leaving
	Travel   road.Millis // by road, and from the responder's place onto it
	Access   road.Millis // from the road to the place on foot
}

// Nearest ranks the k responders that get to p (degrees lon, lat) first, of
// those that keep holds for; nil keeps all. Equal times are in order of id. p
// must be finite. Cost: that of bringing p onto the road, and 10 ns a
// responder.
func (v *Service) Nearest(p orb.Point, k int, keep func(spatial.Feature) bool) Answer {
	at, _ := v.graph.Snap(p)
	r := ranker{Service: v, kept: v.kept(keep), k: max(k, 0) + 1}
	ranked, unreachable := r.rank(at, nil)
	return v.answer(at, ranked, max(k, 0), len(r.kept), unreachable)
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
	times []road.Millis
}

// reach is when a responder reaches the road at a place, counted from the
// order.
type reach struct {
	time      road.Millis
	responder int32
}

func (r *ranker) rank(at road.Position, into []reach) (ranked []reach, unreachable int) {
	r.times = r.table().At(at, r.times)
	ranked = into[:0]
	for _, i := range r.kept {
		t := r.times[i]
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
		ranked[j] = reach{t, i}
	}
	return ranked, unreachable
}

// answer puts reaches in words; those whose whole time is too long to be told
// count as unreachable.
func (v *Service) answer(at road.Position, ranked []reach, k, kept, unreachable int) Answer {
	a := Answer{Place: at, Kept: kept, Unreachable: unreachable}
	for _, r := range ranked {
		arrival, ok := v.arrival(at, r)
		switch {
		case !ok:
			a.Unreachable++
		case len(a.Arrivals) < k:
			a.Arrivals = append(a.Arrivals, arrival)
		case a.Next == nil:
			a.Next = &arrival
		}
	}
	return a
}

func (v *Service) arrival(at road.Position, r reach) (Arrival, bool) {
	responder := &v.responders[r.responder]
	parts := Parts{Handling: v.query.Parameters.Handling, Turnout: responder.Turnout, Travel: r.time - responder.Turnout, Access: v.access(at)}
	time := v.whole(at, r.time)
	return Arrival{int(r.responder), responder.Feature, time, parts}, time < road.Unreachable
}

func (v *Service) access(at road.Position) road.Millis {
	return road.Over(at.Away, v.query.Parameters.Walking)
}

// whole is the time from the call to being at a place whose road is reached at
// a time.
func (v *Service) whole(at road.Position, reached road.Millis) road.Millis {
	return plus(plus(v.query.Parameters.Handling, reached), v.access(at))
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

// Route is the way of an arrival from where its responder comes onto the road.
func (v *Service) Route(a Arrival, to road.Position) (road.Route, bool) {
	from := v.responders[a.Responder].At
	if from.Edge < 0 || to.Edge < 0 {
		return road.Route{}, false
	}
	return v.graph.Route(from, to)
}
