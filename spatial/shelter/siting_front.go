package shelter

import (
	"cmp"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"wangge/spatial/geodesic"
)

// FrontPoint is a choice, of as many sites as may be chosen or fewer, that no
// other one beats in people covered, how far they walk in the mean, and area of
// the sites chosen all at once. With capacities the people covered are as many
// as can be served, and their walking is the least with which they can.
type FrontPoint struct {
	Choice
	Covered int64
	Walking int64 // of all of them
	Area    geodesic.SquareMeters
}

// frontier holds points of which none beats another.
type frontier struct{ list []FrontPoint }

// beats says whether one point is nowhere worse than another, and where it is
// nowhere better, whether its sites come first: points that are equal in all
// count as one. A point without sites comes before all others.
func (p *FrontPoint) beats(o *FrontPoint) bool {
	if p.Covered < o.Covered || p.Area > o.Area || !p.nearer(o) {
		return false
	}
	return p.Covered > o.Covered || p.Area < o.Area || !o.nearer(p) || slices.Compare(p.Sites, o.Sites) <= 0
}

// nearer says whether those covered walk no farther in the mean.
func (p *FrontPoint) nearer(o *FrontPoint) bool {
	high, low := bits.Mul64(uint64(p.Walking), uint64(o.Covered))
	otherHigh, otherLow := bits.Mul64(uint64(o.Walking), uint64(p.Covered))
	return cmp.Or(cmp.Compare(high, otherHigh), cmp.Compare(low, otherLow)) <= 0
}

func (f *frontier) takes(p *FrontPoint) bool {
	return !slices.ContainsFunc(f.list, func(q FrontPoint) bool { return q.beats(p) })
}

// add takes a point that none beats, and drops those that it beats.
func (f *frontier) add(p FrontPoint) {
	if !f.takes(&p) {
		return
	}
	f.list = append(slices.DeleteFunc(f.list, func(q FrontPoint) bool { return p.beats(&q) }), p)
}

func (f *frontier) join(o *frontier) {
	for _, p := range o.list {
		f.add(p)
	}
}

// points are those of the front, most people first.
func (f *frontier) points() []FrontPoint {
	slices.SortFunc(f.list, func(a, b FrontPoint) int {
		if a.Covered != b.Covered {
			return int(b.Covered - a.Covered)
		}
		return Choice{a.Sites, Score{0, a.Walking}}.compare(Choice{b.Sites, Score{0, b.Walking}})
	})
	return f.list
}

// frontClosings is how much may be done to find the front with capacities if
// nothing else is asked for, in sites closed. Closing one takes some tenths of
// a millisecond in a district, and solving a choice by itself as long as
// closing so many.
const (
	frontClosings = 17_000
	oneSolved     = 60
)

// addFront finds the front with capacities by looking at every choice, where
// that is not too much. Then the best two are known too, if the search for them
// was given up.
func (s *Siting) addFront(sites *Sites) {
	if most := s.work(frontClosings); s.toLookAt(most) > most {
		return
	}
	total, all, best := Total(s.Demands), frontier{}, best2{}
	s.eachChoice(Median, func(chosen []int, f *flow) {
		p := FrontPoint{Choice: Choice{Sites: chosen}, Covered: total - f.unserved(), Walking: f.walk}
		for _, j := range chosen {
			p.Area += s.Facilities[j].Area
		}
		all.add(p)
		if len(chosen) == s.Choose {
			best.offer(Choice{chosen, s.scoreOf(f)})
		}
	})
	sites.Front, sites.FrontComplete = all.points(), true
	if s.Objective != Center && sites.Bound != sites.Best.Score {
		known := best.answer()
		sites.Best, sites.Bound, sites.RunnerUp, sites.RunnerUpExact = known.Best, known.Bound, known.RunnerUp, true
		sites.Method = s.everyChoice()
		s.worth(sites, s.alone(s.Objective, sites.Best.Sites))
	}
}

// toLookAt is what it takes to look at all choices, in sites closed, or more
// than limit.
func (s *Siting) toLookAt(limit int) int {
	n, k := len(s.Candidates), s.Choose
	return min(toClose(n, k, limit), oneSolved*choices(n, k, limit))
}

// toClose is how many sites are closed to look at all choices of at most k of
// n, or more than limit: one for each way to decide of some sites, keeping at
// most k, and then to close the next.
func toClose(n, k, limit int) (total int) {
	for decided := range n {
		if total += 1 + choices(decided, min(k, decided), limit); total > limit {
			break
		}
	}
	return total
}

// eachChoice gives all choices of at least one site and at most as many as may
// be chosen, with the optimal flow of each, on all processors. It begins with
// that of all sites open, and decides of one site after the other; or solves
// each by itself if that is less to do. The flow is only lent. Choices come in
// some order, one at a time.
func (s *Siting) eachChoice(o Objective, look func(sites []int, f *flow)) {
	var mutex sync.Mutex
	told := func(sites []int, f *flow) {
		sites = slices.Sorted(slices.Values(sites))
		mutex.Lock()
		defer mutex.Unlock()
		look(sites, f)
	}
	n, k := len(s.Candidates), s.Choose
	if ways := choices(n, k, frontClosings); oneSolved*ways < toClose(n, k, oneSolved*ways) {
		var all [][]int
		for size := 1; size <= k; size++ {
			combinations(s.Candidates, size, func(sites []int) { all = append(all, slices.Clone(sites)) })
		}
		each(len(all), func(i int) { told(all[i], s.alone(o, all[i])) })
		return
	}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	f := s.alone(o, s.Candidates)
	for i, first := range s.Candidates { // the first site that is kept
		begin := f
		slots <- struct{}{}
		wait.Go(func() {
			d := decider{Siting: s, look: told}
			d.decide(begin, []int{first}, i+1)
			<-slots
		})
		f = f.without(first)
	}
	wait.Wait()
}

// decider looks at choices.
type decider struct {
	*Siting
	look  func(sites []int, f *flow)
	spare []*flow // to be used again
}

// decide looks at all choices that have those kept and otherwise only some of
// the candidates from next on.
func (d *decider) decide(f *flow, kept []int, next int) {
	switch {
	case next == len(d.Candidates):
		d.look(kept, f)
	case len(kept) < d.Choose:
		d.decide(f, append(kept, d.Candidates[next]), next+1)
		fewer := d.without(f, d.Candidates[next])
		d.decide(fewer, kept, next+1)
		d.spare = append(d.spare, fewer)
	default:
		last := d.without(f, d.Candidates[next:]...)
		d.look(kept, last)
		d.spare = append(d.spare, last)
	}
}

// without is the flow with some sites closed.
func (d *decider) without(f *flow, sites ...int) *flow {
	n := len(d.spare)
	if n == 0 {
		return f.without(sites...)
	}
	next := d.spare[n-1]
	d.spare = d.spare[:n-1]
	next.copy(f)
	next.closeAll(sites)
	return next
}
