package shelter

import (
	"fmt"
	"slices"

	"wangge/spatial"
)

// solveWithCapacities begins with all candidates open and closes them one by
// one, moving on only the people that are there. What the flow loses by a site
// is never less in a part of the open sites than in all of them (people served
// and walking saved are of that kind), so no choice is better than the flow of
// all sites open, less the smallest losses by as many as have to close.
func (s *Siting) solveWithCapacities() (*Sites, error) {
	if s.Objective == Center {
		return s.centerWithCapacities(), nil
	}
	b := s.byLosses(s.transport())
	b.search()
	return b.answer(), nil
}

// closings is how many sites may be closed if nothing else is asked for.
const closings = 5000

// byLosses is a search for the best two choices.
type byLosses struct {
	*Siting
	root  *flow
	best  best2
	work  int
	left  int   // how many more sites may be closed
	bound Score // of what was not looked at
	// enough ends the search with a choice that is as good.
	enough *Score
}

func (s *Siting) byLosses(t *transport) *byLosses {
	work := s.work(closings)
	return &byLosses{Siting: s, root: t.solve(), work: work, left: work, bound: Score{1 << 62, 1 << 62}}
}

// transport is the task of the siting with all candidates open; only median
// asks how far people go.
func (s *Siting) transport() *transport {
	if s.Objective == Median {
		return newTransport(peopleOf(s.Demands), s.Capacities(), s.Reach)
	}
	return s.within(none)
}

// within is the task of sending people no farther than a limit.
func (s *Siting) within(limit int32) *transport {
	return newFlat(peopleOf(s.Demands), s.Capacities(), s.Reach, limit)
}

// search begins with the choice of those whose loss is largest.
func (b *byLosses) search() {
	losses := b.losses(b.root, b.Candidates)
	first := sitesOf(losses[len(losses)-b.Choose:])
	slices.Sort(first)
	b.best.offer(Choice{first, b.score(b.root.without(b.others(first)...))})
	b.branch(b.root, nil, losses)
}

func (b *byLosses) score(f *flow) Score {
	switch b.Objective {
	case Deficit:
		return Score{0, lacking(f.unserved(), shareOf(float64(b.PerPerson)))}
	case Median:
		return Score{f.unserved(), f.walk}
	}
	return Score{f.unserved(), 0}
}

// loss is what the flow loses by closing a site.
type loss struct {
	site int
	lost Score
}

// losses are those by each site, the smallest first.
func (b *byLosses) losses(f *flow, sites []int) []loss {
	all := make([]loss, len(sites))
	before := b.score(f)
	each(len(sites), func(i int) {
		all[i] = loss{sites[i], b.score(f.without(sites[i])).minus(before)}
	})
	b.left -= len(sites)
	slices.SortStableFunc(all, func(a, b loss) int { return a.lost.compare(b.lost) })
	return all
}

// without is the flow with some sites closed.
func (f *flow) without(sites ...int) *flow {
	next := f.clone()
	next.closeAll(sites)
	return next
}

func (f *flow) closeAll(sites []int) {
	for _, j := range sites {
		f.close(int32(j))
	}
}

// branch looks at all choices that keep some sites and close enough of others.
func (b *byLosses) branch(f *flow, keep []int, open []loss) {
	surplus := len(keep) + len(open) - b.Choose
	if len(keep) == b.Choose && surplus > 0 {
		f, open, surplus = f.without(sitesOf(open)...), nil, 0
	}
	if surplus == 0 {
		b.best.offer(Choice{slices.Sorted(slices.Values(append(sitesOf(open), keep...))), b.score(f)})
		return
	}
	bound := b.score(f)
	for _, l := range open[:surplus] {
		bound = bound.plus(l.lost)
	}
	bound = bound.floor()
	switch {
	case !b.best.beats(bound) || b.enough != nil && (b.enough.less(bound) || b.best.n > 0 && !b.enough.less(b.best.first.Score)):
		return
	case b.left <= 0:
		b.bound = least(b.bound, bound)
		return
	}
	closed, rest := open[0].site, open[1:]
	next := f.without(closed)
	b.left--
	below := slices.Clone(rest)
	if surplus > 1 {
		below = b.losses(next, sitesOf(rest))
	}
	b.branch(next, keep, below)
	b.branch(f, append(slices.Clone(keep), closed), rest)
}

func sitesOf(losses []loss) []int {
	var sites []int
	for _, l := range losses {
		sites = append(sites, l.site)
	}
	return sites
}

func (b *byLosses) answer() *Sites {
	sites := b.best.answer()
	if b.left <= 0 {
		sites.RunnerUpExact = false
		sites.Bound = least(sites.Bound, b.bound)
	}
	chosen := b.root.without(b.others(sites.Best.Sites)...)
	for _, site := range sites.Best.Sites {
		sites.Marginal = append(sites.Marginal, Gain{site, b.score(chosen.without(site))})
	}
	sites.Before = b.score(b.root.without(b.Candidates...))
	sites.Evaluated = b.work - max(b.left, 0)
	sites.Method = spatial.Title{ZH: fmt.Sprintf("在最优流上按损失分支定界，关闭%d次", sites.Evaluated), EN: fmt.Sprintf("branch and bound by losses on the optimal flow, %d sites closed", sites.Evaluated)}
	return sites
}

// others are the candidates that are not among some sites.
func (s *Siting) others(sites []int) []int {
	return slices.DeleteFunc(slices.Clone(s.Candidates), func(j int) bool { return slices.Contains(sites, j) })
}
