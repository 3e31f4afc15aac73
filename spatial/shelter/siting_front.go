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

// beats says whether one point is nowhere worse than another. Points that are
// equal in all count as one.
func (p *FrontPoint) beats(o *FrontPoint) bool {
	return p.Covered >= o.Covered && p.Area <= o.Area && p.nearer(o)
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

func (f *frontier) add(p FrontPoint) {
	f.list = append(slices.DeleteFunc(f.list, func(q FrontPoint) bool { return p.beats(&q) }), p)
}

func (f *frontier) join(o *frontier) {
	for _, p := range o.list {
		if f.takes(&p) {
			f.add(p)
		}
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

// frontClosings is how many sites may be closed to find the front with
// capacities if nothing else is asked for. Closing one takes some tenths of a
// millisecond in a district.
const frontClosings = 20_000

// frontWithCapacities looks at every choice: beginning with the optimal flow of
// all sites open, it decides of one site after the other, on all processors.
// Where that would close too many sites there is no front.
func (s *Siting) frontWithCapacities() (points []FrontPoint, complete bool) {
	most := s.work(frontClosings)
	if toClose(len(s.Candidates), s.Choose, most) > most {
		return nil, false
	}
	parts := make([]front, len(s.Candidates))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	f := newTransport(peopleOf(s.Demands), s.Capacities(), s.Reach).solve()
	for i, first := range s.Candidates { // the first site that is kept
		parts[i] = front{Siting: s, total: Total(s.Demands)}
		begin := f
		slots <- struct{}{}
		wait.Go(func() {
			parts[i].decide(begin, []int{first}, i+1)
			<-slots
		})
		f = f.without(first)
	}
	wait.Wait()
	all := &frontier{}
	for i := range parts {
		all.join(&parts[i].frontier)
	}
	return all.points(), true
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

// front is the part of the front of choices that have one site and none of
// those before it.
type front struct {
	*Siting
	frontier
	total int64
	spare []*flow // to be used again
}

// decide looks at all choices that have those kept and otherwise only some of
// the candidates from next on.
func (v *front) decide(f *flow, kept []int, next int) {
	switch {
	case next == len(v.Candidates):
		v.offer(f, kept)
		return
	case len(kept) < v.Choose:
		v.decide(f, append(kept, v.Candidates[next]), next+1)
		fewer := v.without(f, v.Candidates[next])
		v.decide(fewer, kept, next+1)
		v.spare = append(v.spare, fewer)
	default:
		last := v.without(f, v.Candidates[next:]...)
		v.offer(last, kept)
		v.spare = append(v.spare, last)
	}
}

// without is the flow with some sites closed.
func (v *front) without(f *flow, sites ...int) *flow {
	n := len(v.spare)
	if n == 0 {
		return f.without(sites...)
	}
	next := v.spare[n-1]
	v.spare = v.spare[:n-1]
	next.copy(f)
	next.closeAll(sites)
	return next
}

func (v *front) offer(f *flow, kept []int) {
	p := FrontPoint{Covered: v.total - f.unserved(), Walking: f.walk}
	for _, j := range kept {
		p.Area += v.Facilities[j].Area
	}
	if v.takes(&p) {
		p.Sites = slices.Sorted(slices.Values(kept))
		v.add(p)
	}
}
