package shelter

import (
	"fmt"
	"slices"

	"wangge/spatial"
)

// solveWithCapacities moves only the people that are there on when a site is
// closed or opened. What the flow loses by a site is never less in a part of the
// open sites than in all of them (people served and walking saved are of that
// kind), so there are two ways to branch and bound: from all candidates open,
// closing one by one, and from none, opening them. The second is shorter where
// few of many are chosen; but walking cannot be reckoned that way, as people
// would also have to move to the new site from others.
func (s *Siting) solveWithCapacities() (*Sites, error) {
	few := 4*s.Choose < len(s.Candidates)
	switch {
	case s.Objective == Center:
		return s.centerWithCapacities(), nil
	case few && s.Objective != Median:
		return s.openings(), nil
	case few && choices(len(s.Candidates), s.Choose, fewChoices) <= s.work(fewChoices):
		return s.solveEach(), nil
	}
	return s.losses(), nil
}

// losses begins with all candidates.
func (s *Siting) losses() *Sites {
	b := s.byLosses(s.alone(s.Objective, s.Candidates))
	b.search()
	return b.answer()
}

// fewChoices may each be solved by itself, if nothing else is asked for.
const fewChoices = 200

// solveEach solves every choice by itself.
func (s *Siting) solveEach() *Sites {
	var all [][]int
	combinations(s.Candidates, s.Choose, func(sites []int) { all = append(all, slices.Clone(sites)) })
	found := make([]Choice, len(all))
	each(len(all), func(i int) {
		found[i] = Choice{slices.Sorted(slices.Values(all[i])), s.scoreOf(s.alone(s.Objective, all[i]))}
	})
	var best best2
	for _, c := range found {
		best.offer(c)
	}
	sites := best.answer()
	s.worth(sites, s.alone(s.Objective, sites.Best.Sites))
	sites.Before, sites.Evaluated = s.scoreOf(s.alone(s.Objective, nil)), len(all)
	sites.Method = s.everyChoice()
	return sites
}

// combinations gives all choices of k of a list.
func combinations(list []int, k int, look func([]int)) {
	var choose func(chosen []int, from int)
	choose = func(chosen []int, from int) {
		if len(chosen) == k {
			look(chosen)
			return
		}
		for i := from; i+k-len(chosen) <= len(list); i++ {
			choose(append(chosen, list[i]), i+1)
		}
	}
	choose(nil, 0)
}

// alone is the optimal flow with some of the candidates; only median asks how
// far people go.
func (s *Siting) alone(o Objective, sites []int) *flow {
	room := s.Capacities()
	for _, j := range s.others(sites) {
		room[j] = 0
	}
	if o == Median {
		return newTransport(peopleOf(s.Demands), room, s.Reach).solve()
	}
	return newFlat(peopleOf(s.Demands), room, s.Reach, none).solve()
}

// worth fills in what each site of the best choice is worth.
func (s *Siting) worth(sites *Sites, chosen *flow) {
	sites.Marginal = nil
	for _, site := range sites.Best.Sites {
		sites.Marginal = append(sites.Marginal, Gain{site, s.scoreOf(chosen.without(site))})
	}
}

// openings begins with none of the candidates.
func (s *Siting) openings() *Sites {
	room := s.Capacities()
	root := s.alone(s.Objective, nil)
	b := &byGains[*flow]{Siting: s, work: s.work(closings), score: s.scoreOf,
		with: func(at *flow, candidate int) *flow {
			next := at.clone()
			next.open(int32(s.Candidates[candidate]), room[s.Candidates[candidate]])
			return next
		}}
	sites := b.search(root)
	s.worth(sites, s.alone(s.Objective, sites.Best.Sites))
	sites.Before = s.scoreOf(root)
	sites.Method = spatial.Title{ZH: fmt.Sprintf("在最大流上按增益分支定界，开放%d次", sites.Evaluated), EN: fmt.Sprintf("branch and bound by gains on the maximum flow, %d sites opened", sites.Evaluated)}
	return sites
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

func (s *Siting) byLosses(root *flow) *byLosses {
	work := s.work(closings)
	return &byLosses{Siting: s, root: root, work: work, left: work, bound: Score{1 << 62, 1 << 62}}
}

// within is the task of sending people no farther than a limit.
func (s *Siting) within(limit int32) *transport {
	return newFlat(peopleOf(s.Demands), s.Capacities(), s.Reach, limit)
}

// search begins with the choice of those whose loss is largest.
func (b *byLosses) search() {
	losses := b.lossesOf(b.root, b.Candidates)
	first := sitesOf(losses[len(losses)-b.Choose:])
	slices.Sort(first)
	b.best.offer(Choice{first, b.scoreOf(b.root.without(b.others(first)...))})
	b.branch(b.root, nil, losses)
}

// scoreOf is the score of a flow.
func (s *Siting) scoreOf(f *flow) Score {
	switch s.Objective {
	case Deficit:
		return Score{0, lacking(f.unserved(), shareOf(float64(s.PerPerson)))}
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

// lossesOf are those by each site, the smallest first.
func (b *byLosses) lossesOf(f *flow, sites []int) []loss {
	all := make([]loss, len(sites))
	before := b.scoreOf(f)
	each(len(sites), func(i int) {
		all[i] = loss{sites[i], b.scoreOf(f.without(sites[i])).minus(before)}
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
		b.best.offer(Choice{slices.Sorted(slices.Values(append(sitesOf(open), keep...))), b.scoreOf(f)})
		return
	}
	bound := b.scoreOf(f)
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
		below = b.lossesOf(next, sitesOf(rest))
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
	b.worth(sites, b.root.without(b.others(sites.Best.Sites)...))
	sites.Before = b.scoreOf(b.root.without(b.Candidates...))
	sites.Evaluated = b.work - max(b.left, 0)
	sites.Method = spatial.Title{ZH: fmt.Sprintf("在最优流上按损失分支定界，关闭%d次", sites.Evaluated), EN: fmt.Sprintf("branch and bound by losses on the optimal flow, %d sites closed", sites.Evaluated)}
	return sites
}

// others are the candidates that are not among some sites.
func (s *Siting) others(sites []int) []int {
	return slices.DeleteFunc(slices.Clone(s.Candidates), func(j int) bool { return slices.Contains(sites, j) })
}
