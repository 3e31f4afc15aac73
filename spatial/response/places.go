package response

import (
	"runtime"
	"sync"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/road"
)

// Places are where responders are sent to, with the roads by which they are
// reached. They are immutable.
type Places struct {
	features []spatial.Feature // none if they are no layer's
	points   []orb.Point
	first    []int32         // accesses of place i are from first[i] to first[i+1]
	accesses []road.Position // the nearest first
	hindered []Hindrance     // by place
	without  int
}

// PlacesOf are the features of a layer that have geometry, in id order, on the
// roads of a profile. They are made once for each state of the layers. The
// error is [spatial.ErrNotFound] without a layer, and [spatial.InvalidError]
// for an unknown profile. Cost: some 20 µs a feature, on all processors.
func PlacesOf(s *spatial.Snapshot, layer spatial.LayerID, profile string) (*Places, error) {
	known, err := spatial.Derive(s, layersOf(s, layer), func(s *spatial.Snapshot) (*snapped, error) {
		n, err := road.Of(s)
		if err != nil {
			return nil, err
		}
		features, err := s.Layer(layer)
		if err != nil {
			return nil, err
		}
		barriers, err := barriersOf(s)
		return &snapped{network: n, barriers: barriers, layer: features, by: map[string]func() *Places{}}, err
	})
	if err != nil {
		return nil, err
	}
	return known.find(profile)
}

// snapped are the places of a layer by profile.
type snapped struct {
	network  *road.Network
	barriers *barriers
	layer    *spatial.Layer
	mu       sync.Mutex
	by       map[string]func() *Places
}

func (k *snapped) find(profile string) (*Places, error) {
	g, err := k.network.Profile(profile)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	build, ok := k.by[profile]
	if !ok {
		build = sync.OnceValue(func() *Places { return placesIn(g, k.barriers, k.layer) })
		k.by[profile] = build
	}
	k.mu.Unlock()
	return build(), nil
}

func placesIn(g *road.Graph, b *barriers, layer *spatial.Layer) *Places {
	p := &Places{}
	for f := range layer.All() {
		if !f.HasGeometry() {
			p.without++
			continue
		}
		p.features = append(p.features, f)
		p.points = append(p.points, placeOf(f.Geometry()))
	}
	p.snap(g, b)
	return p
}

// Places are points (degrees lon, lat) with the roads by which they are reached.
// They must be finite.
func (v *Service) Places(points []orb.Point) *Places {
	p := &Places{points: points}
	p.snap(v.open, v.barriers)
	return p
}

func (p *Places) snap(g *road.Graph, b *barriers) {
	found := make([][]road.Position, len(p.points))
	p.hindered = make([]Hindrance, len(p.points))
	abreast(len(p.points), func(from, to int) {
		for i := from; i < to; i++ {
			found[i], p.hindered[i] = b.accesses(g, p.points[i])
		}
	})
	p.first = make([]int32, len(p.points)+1)
	for i := range found {
		p.first[i+1] = p.first[i] + int32(len(found[i]))
	}
	p.accesses = make([]road.Position, 0, p.first[len(found)])
	for _, some := range found {
		p.accesses = append(p.accesses, some...)
	}
}

// of are the accesses of a place.
func (p *Places) of(i int) []road.Position { return p.accesses[p.first[i]:p.first[i+1]] }

// abreast does stretches of n things on all processors.
func abreast(n int, do func(from, to int)) {
	const stretch = 512
	next := make(chan int, n/stretch+1)
	for from := 0; from < n; from += stretch {
		next <- from
	}
	close(next)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(next)) {
		wait.Go(func() {
			for from := range next {
				do(from, min(from+stretch, n))
			}
		})
	}
	wait.Wait()
}

// Len is how many there are.
func (p *Places) Len() int { return len(p.points) }

// Feature is the feature of a place; only of a layer's places.
func (p *Places) Feature(i int) spatial.Feature { return p.features[i] }

// Point is where a place is, degrees lon, lat.
func (p *Places) Point(i int) orb.Point { return p.points[i] }

// Without is how many features of the layer have no geometry and so are no
// places.
func (p *Places) Without() int { return p.without }

// Ranking is who gets to each of some places first.
type Ranking struct {
	service *Service
	places  *Places
	k       int
	kept    int
	reaches []reach // k+1 a place; the responder is -1 where there are fewer
	cannot  []int32 // by place, how many responders cannot get there
}

// Rank ranks the k responders that get to each place first, as [Service.Nearest]
// does. Cost: 1 µs a place, on all processors.
func (v *Service) Rank(p *Places, k int, keep func(spatial.Feature) bool) *Ranking {
	k = max(k, 1)
	r := &Ranking{service: v, places: p, k: k, cannot: make([]int32, p.Len()), reaches: make([]reach, (k+1)*p.Len())}
	kept := v.kept(keep)
	r.kept = len(kept)
	v.table()
	abreast(p.Len(), func(from, to int) {
		one := ranker{Service: v, kept: kept, k: k + 1}
		for i := from; i < to; i++ {
			row := r.reaches[(k+1)*i : (k+1)*(i+1) : (k+1)*(i+1)]
			ranked, cannot := one.rank(p.of(i), row)
			for j := len(ranked); j <= k; j++ {
				row[j].responder = -1
			}
			r.cannot[i] = int32(cannot)
		}
	})
	return r
}

// Places are those ranked for.
func (r *Ranking) Places() *Places { return r.places }

// Service is whose ranking it is.
func (r *Ranking) Service() *Service { return r.service }

// At is the answer for a place. Times too long to be told count as unreachable.
func (r *Ranking) At(i int) Answer {
	a := Answer{Kept: r.kept, Unreachable: int(r.cannot[i])}
	a.Place, a.Hindrance = r.service.nearestOpen(r.places, i)
	for _, reached := range r.reached(i) {
		arrival := r.service.arrival(r.places.of(i)[reached.access], reached)
		switch {
		case arrival.Time == road.Unreachable:
			a.Unreachable++
		case len(a.Arrivals) < r.k:
			a.Arrivals = append(a.Arrivals, arrival)
		default:
			a.Next = &arrival
		}
	}
	if len(a.Arrivals) > 0 {
		a.Place = a.Arrivals[0].Place
	}
	return a
}

// nearestOpen is the nearest access of a place that is not closed.
func (v *Service) nearestOpen(p *Places, i int) (road.Position, Hindrance) {
	for _, at := range p.of(i) {
		if v.graph.Usable(at.Edge) {
			return at, Free
		}
	}
	if p.hindered[i] == Free {
		return road.Nowhere(), Closed
	}
	return road.Nowhere(), p.hindered[i]
}

func (r *Ranking) reached(i int) []reach {
	row := r.reaches[(r.k+1)*i : (r.k+1)*(i+1)]
	for j := range row {
		if row[j].responder < 0 {
			return row[:j]
		}
	}
	return row
}

// First is who gets to a place first, and when; the responder is -1 and the
// time [road.Unreachable] if nobody does.
func (r *Ranking) First(i int) (responder int, time road.Millis) { return r.ranked(i, 0) }

// ranked is who has a rank at a place, from 0, and when it gets there.
func (r *Ranking) ranked(i, rank int) (responder int, time road.Millis) {
	one := r.reaches[(r.k+1)*i+rank]
	if one.responder < 0 {
		return -1, road.Unreachable
	}
	if time = r.service.whole(one.time); time == road.Unreachable {
		return -1, time
	}
	return int(one.responder), time
}

// Time is how soon a place is reached; false if it is not.
func (r *Ranking) Time(i int) (road.Millis, bool) {
	_, time := r.First(i)
	return time, time < road.Unreachable
}

// Unreachable is how many places nobody reaches.
func (r *Ranking) Unreachable() (n int) {
	for i := range r.places.Len() {
		if who, _ := r.First(i); who < 0 {
			n++
		}
	}
	return n
}

// Difference is what is otherwise at a place in another ranking.
type Difference struct {
	Place         int         // index into the places
	Before, After *Arrival    // who gets there first; nil if nobody does
	Longer        road.Millis // after less before; [road.Unreachable] if nobody gets there any more, and less that if somebody does now
	Moved         bool        // it is another responder
}

// Differences are the places that another responder reaches first, or at
// another time, in two rankings for the same places, in their order.
func Differences(before, after *Ranking) []Difference {
	var all []Difference
	for i := range before.places.Len() {
		wasBy, was := before.First(i)
		isBy, is := after.First(i)
		if wasBy == isBy && was == is {
			continue
		}
		all = append(all, Difference{i, before.first(i), after.first(i), is - was, wasBy != isBy})
		d := &all[len(all)-1]
		switch road.Unreachable {
		case is:
			d.Longer = road.Unreachable
		case was:
			d.Longer = -road.Unreachable
		}
	}
	return all
}

func (r *Ranking) first(i int) *Arrival {
	if answer := r.At(i); len(answer.Arrivals) > 0 {
		return &answer.Arrivals[0]
	}
	return nil
}
