package instance

import (
	"cmp"
	"math"
	"slices"
)

// Table is what each site costs each demand: by site, then demand, at least 0.
type Table [][]int64

// Answer is some sites, what they cost, and what is known of the optimum.
type Answer struct {
	Sites  []int // ascending
	Value  int64
	Bound  int64 // no answer costs less
	Nodes  int   // of the search
	Assign []int // by demand: its site, where each has one
}

// Exact says whether no answer can be better.
func (a *Answer) Exact() bool { return a.Value == a.Bound }

// Gap is how far the value may be above the optimum, relative to the value.
func (a *Answer) Gap() float64 {
	if a.Exact() {
		return 0
	}
	return float64(a.Value-a.Bound) / float64(a.Value)
}

// scale is how finely multipliers are reckoned.
const scale = 1000

// Median finds p sites with the least cost when every demand goes to its
// cheapest one, by Lagrangian relaxation of the rule that it goes to one, with
// branch and bound (Beasley 1985, doi:10.1016/0377-2217(85)90022-7 has the
// like for p-median on graphs). nodes is how many nodes may be looked at; if
// they do not suffice the bound is below the value. Cost: a node some hundred
// passes over the table.
func Median(table Table, p, nodes int) *Answer {
	s := newSearch(table, p, nodes)
	s.node(make([]state, len(table)), slices.Clone(s.prices), 1500)
	return s.answer()
}

// answer is the best that was found.
func (s *search) answer() *Answer {
	sites := slices.Clone(s.best)
	slices.Sort(sites)
	a := &Answer{Sites: sites, Value: s.value, Bound: min(s.value, s.open), Nodes: s.nodes}
	a.Assign = make([]int, s.demands)
	a.assign(s.table)
	return a
}

// state is what is decided of a site.
type state int8

const (
	free state = iota
	taken
	barred
)

// search is a branch and bound.
type search struct {
	table   Table
	demands int
	p       int
	best    []int
	value   int64
	open    int64 // the least bound of what was not looked at
	left    int
	nodes   int
	prices  []int64 // by demand, scaled: the multipliers
	goal    int64   // a value that is good enough to stop at
}

func newSearch(table Table, p, nodes int) *search {
	s := &search{table: table, demands: len(table[0]), p: p, value: math.MaxInt64, open: math.MaxInt64, left: nodes, goal: -1}
	s.prices = make([]int64, s.demands)
	for i := range s.prices {
		low, second := int64(math.MaxInt64), int64(math.MaxInt64)
		for j := range table {
			if c := table[j][i]; c < low {
				low, second = c, low
			} else {
				second = min(second, c)
			}
		}
		if second == math.MaxInt64 {
			second = low
		}
		s.prices[i] = second * scale
	}
	s.offer(s.greedy())
	return s
}

// cost is that of some sites.
func (s *search) cost(sites []int) int64 {
	total := int64(0)
	for i := range s.demands {
		least := int64(math.MaxInt64)
		for _, j := range sites {
			least = min(least, s.table[j][i])
		}
		total += least
	}
	return total
}

// offer takes sites if they are better than the best, after exchanging them as
// long as that helps.
func (s *search) offer(sites []int) {
	if cost := s.cost(sites); cost < s.value {
		s.best, s.value = s.exchange(slices.Clone(sites), cost)
	}
}

// greedy takes the site that saves most each time.
func (s *search) greedy() []int {
	least := slices.Repeat([]int64{math.MaxInt64 / int64(s.demands+1)}, s.demands)
	var sites []int
	for range s.p {
		best, saved := -1, int64(-1)
		for j := range s.table {
			if slices.Contains(sites, j) {
				continue
			}
			sum := int64(0)
			for i, c := range s.table[j] {
				sum += max(0, least[i]-c)
			}
			if sum > saved {
				best, saved = j, sum
			}
		}
		sites = append(sites, best)
		for i, c := range s.table[best] {
			least[i] = min(least[i], c)
		}
	}
	return sites
}

// exchange swaps one site for another as long as that helps, the best swap
// each time (Whitaker 1983): for each new site what it gains, and for each old
// one what closing it then loses.
func (s *search) exchange(sites []int, cost int64) ([]int, int64) {
	first, second := make([]int, s.demands), make([]int64, s.demands)
	loss := make([]int64, len(sites))
	for {
		s.rank(sites, first, second)
		bestIn, bestOut, change := -1, -1, int64(0)
		for in := range s.table {
			if slices.Contains(sites, in) {
				continue
			}
			gain := int64(0)
			clear(loss)
			for i, c := range s.table[in] {
				k := first[i]
				if own := s.table[sites[k]][i]; c < own {
					gain += own - c
				} else {
					loss[k] += min(c, second[i]) - own
				}
			}
			for k := range loss {
				// Demands that come to the new site lose nothing by k's closing.
				if d := loss[k] - gain; d < change {
					bestIn, bestOut, change = in, k, d
				}
			}
		}
		if bestIn < 0 {
			return sites, cost
		}
		sites[bestOut] = bestIn
		cost += change
	}
}

// rank finds for each demand its cheapest site and the cost of the next.
func (s *search) rank(sites, first []int, second []int64) {
	for i := range s.demands {
		first[i], second[i] = 0, math.MaxInt64/int64(s.demands+1)
		for k := 1; k < len(sites); k++ {
			c, own := s.table[sites[k]][i], s.table[sites[first[i]]][i]
			if c < own {
				first[i], second[i] = k, own
			} else {
				second[i] = min(second[i], c)
			}
		}
	}
}

// worth is what a site takes from the sum of all prices: below 0 where prices
// are above costs. A choice of sites costs no less than the sum of prices and
// the p least worths.
type worth struct {
	site int
	sum  int64
}

// node looks at all choices that keep to what is decided.
func (s *search) node(decided []state, prices []int64, passes int) {
	s.nodes++
	s.left--
	bound, worths := s.raise(decided, prices, passes)
	if s.done(bound) {
		return
	}
	if s.left <= 0 {
		s.open = min(s.open, bound)
		return
	}
	at := s.branchOn(decided, worths)
	if at < 0 {
		return
	}
	for _, what := range []state{taken, barred} {
		next := slices.Clone(decided)
		next[at] = what
		s.node(next, slices.Clone(prices), 80)
	}
}

// done says whether a node with a bound can hold nothing better.
func (s *search) done(bound int64) bool {
	return bound >= s.value || s.value <= s.goal || s.goal >= 0 && bound > s.goal
}

// branchOn is the site, still free, that would be missed most; -1 if none is.
func (s *search) branchOn(decided []state, worths []worth) int {
	for _, w := range worths {
		if decided[w.site] == free {
			return w.site
		}
	}
	return -1
}

// raise improves the prices by subgradients, decides what their bound decides,
// and hands back the best bound and the worths, taken sites first.
func (s *search) raise(decided []state, prices []int64, passes int) (bound int64, worths []worth) {
	bound = math.MinInt64
	best := slices.Clone(prices)
	step, stale := 2.0, 0
	visits := make([]int64, s.demands)
	for range passes {
		lagrangian, all := s.relax(decided, prices)
		if all == nil {
			return math.MaxInt64, nil // too many are taken, or too few left
		}
		chosen := sitesOf(all[:s.p])
		s.offer(chosen)
		if lower := ceiling(lagrangian); lower > bound {
			bound, stale = lower, 0
			copy(best, prices)
		} else if stale++; stale > 20 {
			step, stale = step/2, 0
		}
		if s.done(bound) || step < 1e-3 {
			break
		}
		s.decide(decided, lagrangian, all)
		if !s.follow(chosen, prices, visits, step, lagrangian) {
			break // what is chosen keeps the rule
		}
	}
	copy(prices, best)
	_, worths = s.relax(decided, prices)
	if worths == nil {
		return math.MaxInt64, nil
	}
	return bound, worths
}

// relax is the bound by prices, scaled, and all worths that are not barred: the
// taken ones, then the rest, the least first.
func (s *search) relax(decided []state, prices []int64) (bound int64, all []worth) {
	for _, p := range prices {
		bound += p
	}
	for j := range s.table {
		if decided[j] == barred {
			continue
		}
		sum := int64(0)
		for i, c := range s.table[j] {
			sum += min(0, c*scale-prices[i])
		}
		all = append(all, worth{j, sum})
	}
	slices.SortFunc(all, func(a, b worth) int {
		return cmp.Or(-cmp.Compare(min(decided[a.site], taken), min(decided[b.site], taken)), cmp.Compare(a.sum, b.sum), cmp.Compare(a.site, b.site))
	})
	if len(all) < s.p || len(all) > s.p && decided[all[s.p].site] == taken {
		return 0, nil
	}
	for _, w := range all[:s.p] {
		bound += w.sum
	}
	return bound, all
}

// decide takes sites without which the bound is no better than the best, and
// bars those with which it is not.
func (s *search) decide(decided []state, bound int64, all []worth) {
	last := all[s.p-1].sum
	for _, w := range all[s.p:] {
		if decided[w.site] == free && ceiling(bound-last+w.sum) >= s.value && decided[all[s.p-1].site] == free {
			decided[w.site] = barred
		}
	}
	if len(all) == s.p {
		return
	}
	next := all[s.p].sum
	for _, w := range all[:s.p] {
		if decided[w.site] == free && ceiling(bound-w.sum+next) >= s.value {
			decided[w.site] = taken
		}
	}
}

// follow moves prices along the subgradient: up where nobody serves a demand,
// down where several do. It says whether there is any.
func (s *search) follow(chosen []int, prices, visits []int64, step float64, bound int64) bool {
	for i := range visits {
		visits[i] = 1
	}
	for _, j := range chosen {
		for i, c := range s.table[j] {
			if c*scale < prices[i] {
				visits[i]--
			}
		}
	}
	norm := int64(0)
	for _, v := range visits {
		norm += v * v
	}
	if norm == 0 {
		return false
	}
	move := step * max(float64(s.value*scale-bound), scale) / float64(norm)
	for i, v := range visits {
		prices[i] = max(0, prices[i]+int64(math.Round(move*float64(v))))
	}
	return true
}

func sitesOf(all []worth) []int {
	sites := make([]int, len(all))
	for k, w := range all {
		sites[k] = w.site
	}
	return sites
}

// ceiling is the least whole cost that is not below a scaled bound.
func ceiling(bound int64) int64 {
	q := bound / scale
	if q*scale < bound {
		q++
	}
	return q
}
