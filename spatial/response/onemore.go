package response

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/road"
)

// Objective is what one more responder is to improve.
type Objective string

// The objectives. What they leave equal is decided by the other one.
const (
	FewestBeyond Objective = "beyond" // least weight beyond the limit
	LeastTime    Objective = "time"   // least weight that nobody reaches, then least weight times time
)

// MoreOptions say what one more responder is to improve, and where it may be.
type MoreOptions struct {
	Objective  Objective
	Limit      road.Millis                // from the call
	Weight     string                     // field of the places; each counts 1 if it is ""
	Candidates *Places                    // nil: every junction that the profile may come to
	Turnout    road.Millis                // of the new responder
	Keep       func(spatial.Feature) bool // the responders there are; nil keeps all
}

// Benefit is how well places are reached.
type Benefit struct {
	Beyond    int64 // weight of those that are not reached within the limit
	Unreached int64 // weight of those that are not reached at all
	Time      int64 // weight times milliseconds of those that are
}

// Site is a place for one more responder, and what it would bring.
type Site struct {
	Candidate int // index into the candidates
	At        orb.Point
	Position  road.Position
	With      Benefit
}

// More is where one more responder helps most.
type More struct {
	Candidates int
	Weight     int64 // of all places
	Before     Benefit
	Sites      []Site // the best ones first, at most 20: the second is the runner-up
}

const maxSites = 20

// OneMore finds where one more responder would help most, by trying every
// candidate: exact, not a guess. The error is [spatial.InvalidError] for an
// unknown objective, an impossible turnout, and weights that are none. Equally good ones are in the order of
// candidates. Cost: for each candidate 50 ns for every junction and place that
// it would reach sooner than others do, on all processors.
func (v *Service) OneMore(p *Places, o MoreOptions) (More, error) {
	if o.Objective != FewestBeyond && o.Objective != LeastTime {
		return More{}, &spatial.InvalidError{Rule: "objective_unknown", Where: "objective", Detail: fmt.Sprintf("there is no objective %q", o.Objective), Fix: "use beyond or time"}
	}
	if o.Turnout < 0 || o.Turnout > longest {
		return More{}, refuse("turnout", fmt.Sprintf("%g s is not from 0 to a day", o.Turnout.Seconds()))
	}
	m, err := v.newMore(p, o)
	if err != nil {
		return More{}, err
	}
	starts, points := v.candidates(o)
	sites := make([]Site, len(starts))
	abreast(len(starts), func(from, to int) {
		j := m.judge()
		for i := from; i < to; i++ {
			sites[i] = Site{i, points[i], starts[i].Position, j.with(starts[i])}
		}
	})
	best := make([]Site, 0, maxSites+1)
	for _, s := range sites {
		at, _ := slices.BinarySearchFunc(best, s, func(a, b Site) int {
			return cmp.Or(o.Objective.compare(a.With, b.With), cmp.Compare(a.Candidate, b.Candidate))
		})
		if at < maxSites {
			best = slices.Insert(best, at, s)
			best = best[:min(len(best), maxSites)]
		}
	}
	return More{len(starts), m.weight, m.before, best}, nil
}

// compare orders benefits, the better first.
func (o Objective) compare(a, b Benefit) int {
	beyond, unreached, time := cmp.Compare(a.Beyond, b.Beyond), cmp.Compare(a.Unreached, b.Unreached), cmp.Compare(a.Time, b.Time)
	if o == LeastTime {
		return cmp.Or(unreached, time, beyond)
	}
	return cmp.Or(beyond, unreached, time)
}

// candidates are where the new responder would start.
func (v *Service) candidates(o MoreOptions) (starts []road.Start, points []orb.Point) {
	if o.Candidates == nil {
		for _, at := range v.graph.Junctions() {
			starts, points = append(starts, road.Start{Position: at, After: o.Turnout}), append(points, at.At)
		}
		return starts, points
	}
	for i := range o.Candidates.Len() {
		at, _ := v.nearestOpen(o.Candidates, i)
		leaving := plus(o.Turnout, road.Over(at.Away, v.query.Parameters.Yard))
		if leaving == road.Unreachable {
			at = road.Nowhere()
		}
		starts = append(starts, road.Start{Position: at, After: min(leaving, longest*2)})
	}
	return starts, o.Candidates.points
}

// more is what trials are judged by.
type more struct {
	service *Service
	limit   road.Millis
	times   *road.Times
	places  []served
	on      [][]way         // to places, by edge
	at      map[int32][]way // those over junctions, which are on many edges, by junction
	weight  int64
	before  Benefit
}

// served is a place with the soonest time so far.
type served struct {
	now    road.Millis // from the order
	weight int64
}

// way is an access of a place.
type way struct {
	place int32
	at    road.Position
	walk  road.Millis
}

func (v *Service) newMore(p *Places, o MoreOptions) (*more, error) {
	if o.Weight != "" && !p.has(o.Weight, spatial.TypeInt) {
		return nil, &spatial.InvalidError{Rule: "weight", Where: "field " + o.Weight, Detail: "the places have no such field of whole numbers"}
	}
	starts := make([]road.Start, len(v.starts))
	for i := range starts {
		starts[i].Position = road.Nowhere()
	}
	for _, i := range v.kept(o.Keep) {
		starts[i] = v.starts[i]
	}
	m := &more{service: v, limit: o.Limit, times: v.graph.From(starts), on: make([][]way, v.graph.Edges()), at: map[int32][]way{}}
	weigh := p.counter(o.Weight, "")
	for i := range p.Len() {
		weight := int64(1)
		if o.Weight != "" {
			weight = weigh(i).sum
		}
		if weight < 0 || m.weight+weight > math.MaxInt32 {
			return nil, &spatial.InvalidError{Rule: "weight", Where: "field " + o.Weight, Detail: fmt.Sprintf("weights such as %d are below 0 or add up to more than 2³¹", weight)}
		}
		m.weight += weight
		m.places = append(m.places, served{m.add(int32(i), p.of(i)), weight})
		m.before = m.before.plus(m.of(m.places[i], m.places[i].now), 1)
	}
	return m, nil
}

// add takes in the accesses of a place, and tells the soonest time so far.
func (m *more) add(place int32, accesses []road.Position) road.Millis {
	soonest := road.Unreachable
	for _, at := range accesses {
		if !m.service.graph.Usable(at.Edge) {
			continue
		}
		w := way{place, at, m.service.walk(at)}
		if t, _, ok := m.times.At(at); ok {
			soonest = min(soonest, plus(t, w.walk))
		}
		if junction, ok := at.Junction(); ok {
			m.at[junction] = append(m.at[junction], w)
		} else {
			m.on[at.Edge] = append(m.on[at.Edge], w)
		}
	}
	return soonest
}

// of is what a place adds if it is reached at a time.
func (m *more) of(s served, reached road.Millis) Benefit {
	time := m.service.whole(reached)
	switch {
	case time == road.Unreachable:
		return Benefit{Beyond: s.weight, Unreached: s.weight}
	case time > m.limit:
		return Benefit{Beyond: s.weight, Time: s.weight * int64(time)}
	}
	return Benefit{Time: s.weight * int64(time)}
}

func (b Benefit) plus(o Benefit, times int64) Benefit {
	return Benefit{b.Beyond + times*o.Beyond, b.Unreached + times*o.Unreached, b.Time + times*o.Time}
}

// judge is a trial and the places that it reaches sooner. It is one goroutine's.
type judge struct {
	*more
	trial  *road.Trial
	sooner []road.Millis // by place; Unreachable where it is not
	served []int32       // places where it is
}

func (m *more) judge() *judge {
	j := &judge{more: m, trial: m.times.Trial(), sooner: make([]road.Millis, len(m.places))}
	for i := range j.sooner {
		j.sooner[i] = road.Unreachable
	}
	return j
}

// with is how well places are reached with one more start.
func (j *judge) with(start road.Start) Benefit {
	j.trial.Try(start)
	for _, edge := range j.trial.Edges() {
		j.offer(j.on[edge])
	}
	for junction := range j.trial.Junctions {
		j.offer(j.at[junction])
	}
	b := j.before
	for _, i := range j.served {
		s := j.places[i]
		b = b.plus(j.of(s, s.now), -1).plus(j.of(s, j.sooner[i]), 1)
		j.sooner[i] = road.Unreachable
	}
	j.served = j.served[:0]
	return b
}

func (j *judge) offer(ways []way) {
	for _, w := range ways {
		t := plus(j.trial.At(w.at), w.walk)
		if t >= j.places[w.place].now || t >= j.sooner[w.place] {
			continue
		}
		if j.sooner[w.place] == road.Unreachable {
			j.served = append(j.served, w.place)
		}
		j.sooner[w.place] = t
	}
}
