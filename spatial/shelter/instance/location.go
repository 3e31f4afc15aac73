package instance

import (
	"cmp"
	"math"
	"slices"
)

// Location is a capacitated location problem in which each demand is served
// whole by one site. Where it may be split between sites, values are lower:
// they are not comparable.
type Location struct {
	Capacity []int64 // by site
	Fixed    []int64 // by site: the cost of opening it
	Demand   []int64
	Table    Table // the cost of serving a demand whole
	Choose   int   // exactly how many sites open; 0: as many as pay
}

// Solve finds the least cost by Lagrangian relaxation of the rule that a
// demand is served once, which leaves a knapsack for each site, with branch and
// bound over sites, and then over the sites of demands (Holmberg, Rönnqvist and
// Yuan 1999, doi:10.1016/S0377-2217(98)00008-3 do the like). nodes is how many
// nodes may be looked at. The answer is nil if the capacities cannot hold the
// demands, see also [Location.TooLarge]; without sites in it, none was found
// within the nodes. Cost: a node
// takes some hundred times the demands times the capacity of each site.
func (l *Location) Solve(nodes int) *Answer {
	if l.TooLarge() >= 0 {
		return nil
	}
	s := &allocation{Location: l, value: math.MaxInt64, open: math.MaxInt64, left: nodes}
	root := node{decided: make([]state, len(l.Capacity)), barred: make([][]bool, len(l.Capacity)), prices: make([]int64, len(l.Demand))}
	for j := range root.barred {
		root.barred[j] = make([]bool, len(l.Demand))
		for i, d := range l.Demand {
			root.barred[j][i] = d > l.Capacity[j]
		}
	}
	for i := range root.prices {
		var costs []int64
		for j := range l.Capacity {
			costs = append(costs, l.Table[j][i])
		}
		slices.Sort(costs)
		root.prices[i] = costs[min(1, len(costs)-1)] * scale
	}
	s.visit(root, 600)
	if s.best == nil && s.open == math.MaxInt64 {
		return nil
	}
	a := &Answer{Value: s.value, Bound: min(s.value, s.open), Nodes: s.nodes, Assign: s.best}
	a.Sites = slices.Clone(s.sites)
	slices.Sort(a.Sites)
	return a
}

// TooLarge is a demand that is more than any site holds; -1 if there is none.
func (l *Location) TooLarge() int {
	most := slices.Max(l.Capacity)
	return slices.IndexFunc(l.Demand, func(d int64) bool { return d > most })
}

// allocation is the search.
type allocation struct {
	*Location
	best        []int // by demand: its site
	sites       []int
	value, open int64
	left, nodes int
}

// node is what is decided: of sites, and for each which demands it may not
// serve.
type node struct {
	decided []state
	barred  [][]bool
	prices  []int64
}

func (n *node) clone() node {
	c := node{decided: slices.Clone(n.decided), barred: slices.Clone(n.barred), prices: slices.Clone(n.prices)}
	for j := range c.barred {
		c.barred[j] = slices.Clone(c.barred[j])
	}
	return c
}

// choice is a site, what it takes from the sum of prices, and whom it serves.
type choice struct {
	site   int
	worth  int64
	served []int
}

// visit looks at all that keeps to what a node has decided.
func (s *allocation) visit(n node, passes int) {
	s.nodes++
	s.left--
	bound, chosen := s.raise(&n, passes)
	switch {
	case chosen == nil || bound >= s.value:
		return
	case s.left <= 0:
		s.open = min(s.open, bound)
		return
	}
	if j := s.siteToBranch(&n, chosen); j >= 0 {
		for _, what := range []state{taken, barred} {
			next := n.clone()
			next.decided[j] = what
			s.visit(next, 60)
		}
		return
	}
	s.branchOnDemand(&n, chosen)
}

// siteToBranch is the free site with the least worth of those chosen, or else
// any free site; -1 if there is none.
func (s *allocation) siteToBranch(n *node, chosen []choice) int {
	for _, c := range chosen {
		if n.decided[c.site] == free {
			return c.site
		}
	}
	return slices.Index(n.decided, free)
}

// branchOnDemand gives one demand to each of its sites in turn: the largest of
// those that are not served just once, or that may still go to several sites.
func (s *allocation) branchOnDemand(n *node, chosen []choice) {
	visits := s.visits(chosen)
	at := -1
	for _, odd := range []bool{true, false} {
		for i := range s.Demand {
			if (visits[i] != 1) == odd && len(s.sitesFor(n, i)) > 1 && (at < 0 || s.Demand[i] > s.Demand[at]) {
				at = i
			}
		}
		if at >= 0 {
			break
		}
	}
	if at < 0 {
		return // everything is decided; the only candidate was offered
	}
	for _, j := range s.sitesFor(n, at) {
		next := n.clone()
		for k := range next.barred {
			next.barred[k][at] = next.barred[k][at] || k != j
		}
		s.visit(next, 40)
	}
}

// sitesFor are the sites that may serve a demand, the cheapest first.
func (s *allocation) sitesFor(n *node, i int) []int {
	var sites []int
	for j := range s.Capacity {
		if n.decided[j] != barred && !n.barred[j][i] {
			sites = append(sites, j)
		}
	}
	slices.SortFunc(sites, func(a, b int) int { return cmp.Or(cmp.Compare(s.Table[a][i], s.Table[b][i]), cmp.Compare(a, b)) })
	return sites
}

// raise improves prices by subgradients. It hands back the best bound and the
// choice that belongs to it, nil if nothing is left to choose.
func (s *allocation) raise(n *node, passes int) (bound int64, chosen []choice) {
	bound = math.MinInt64
	best := slices.Clone(n.prices)
	step, stale := 2.0, 0
	for range passes {
		lagrangian, now := s.relax(n)
		if now == nil {
			return math.MaxInt64, nil
		}
		s.offer(n, now)
		if lower := ceiling(lagrangian); lower > bound {
			bound, chosen, stale = lower, now, 0
			copy(best, n.prices)
		} else if stale++; stale > 15 {
			step, stale = step/2, 0
		}
		if bound >= s.value || step < 1e-3 || !s.follow(n, now, step, lagrangian) {
			break
		}
	}
	copy(n.prices, best)
	return bound, chosen
}

// relax is the bound by prices and the sites that it opens; nil if it cannot
// open as many as it must, or they do not hold everybody.
func (s *allocation) relax(n *node) (bound int64, chosen []choice) {
	for _, p := range n.prices {
		bound += p
	}
	all := make([]choice, 0, len(s.Capacity))
	room := int64(0)
	for j := range s.Capacity {
		if n.decided[j] == barred {
			continue
		}
		room += s.Capacity[j]
		profit, served := s.knapsack(n, j)
		all = append(all, choice{j, s.Fixed[j]*scale - profit, served})
	}
	slices.SortStableFunc(all, func(a, b choice) int {
		return cmp.Or(-cmp.Compare(min(n.decided[a.site], taken), min(n.decided[b.site], taken)), cmp.Compare(a.worth, b.worth))
	})
	open := s.Choose
	if open == 0 {
		for open < len(all) && (n.decided[all[open].site] == taken || all[open].worth < 0) {
			open++
		}
	}
	if room < sum(s.Demand) || len(all) < open || s.Choose > 0 && len(all) > open && n.decided[all[open].site] == taken {
		return 0, nil
	}
	for _, c := range all[:open] {
		bound += c.worth
	}
	return bound, append([]choice{}, all[:open]...)
}

func sum(numbers []int64) int64 {
	total := int64(0)
	for _, n := range numbers {
		total += n
	}
	return total
}

// maxKnapsack is the size of the table up to which knapsacks are exact; larger
// ones may cut a demand in two, which is a bound as well.
const maxKnapsack = 4_000_000

// knapsack is the most that prices exceed costs of demands that a site can
// hold together, and which they are.
func (s *allocation) knapsack(n *node, j int) (profit int64, served []int) {
	var items []int
	weight := int64(0)
	for i, d := range s.Demand {
		if !n.barred[j][i] && n.prices[i] > s.Table[j][i]*scale {
			items = append(items, i)
			weight += d
		}
	}
	gain := func(i int) int64 { return n.prices[i] - s.Table[j][i]*scale }
	room := s.Capacity[j]
	if weight <= room {
		for _, i := range items {
			profit += gain(i)
		}
		return profit, items
	}
	if room*int64(len(items)) > maxKnapsack {
		return s.fractional(items, gain, room)
	}
	width := int(room) + 1
	most, took := make([]int64, width), make([]bool, width*len(items))
	for k, i := range items {
		d, g := int(s.Demand[i]), gain(i)
		for w := width - 1; w >= d; w-- {
			if v := most[w-d] + g; v > most[w] {
				most[w], took[k*width+w] = v, true
			}
		}
	}
	w := width - 1
	for k := len(items) - 1; k >= 0; k-- {
		if took[k*width+w] {
			served = append(served, items[k])
			w -= int(s.Demand[items[k]])
		}
	}
	return most[width-1], served
}

// fractional fills a site by gain for each unit of demand, and cuts the last.
func (s *allocation) fractional(items []int, gain func(int) int64, room int64) (profit int64, served []int) {
	slices.SortStableFunc(items, func(a, b int) int {
		return cmp.Compare(float64(gain(b))*float64(s.Demand[a]), float64(gain(a))*float64(s.Demand[b]))
	})
	for _, i := range items {
		d := s.Demand[i]
		if d > room {
			return profit + int64(math.Ceil(float64(gain(i))*float64(room)/float64(d)*(1+1e-12))) + 1, served
		}
		profit, room, served = profit+gain(i), room-d, append(served, i)
	}
	return profit, served
}

// visits is how often each demand is served.
func (s *allocation) visits(chosen []choice) []int64 {
	visits := make([]int64, len(s.Demand))
	for _, c := range chosen {
		for _, i := range c.served {
			visits[i]++
		}
	}
	return visits
}

// follow moves prices along the subgradient, and says whether there is any.
func (s *allocation) follow(n *node, chosen []choice, step float64, bound int64) bool {
	visits, norm := s.visits(chosen), int64(0)
	for _, v := range visits {
		norm += (1 - v) * (1 - v)
	}
	if norm == 0 {
		return false
	}
	over := float64(bound) * 0.1
	if s.best != nil {
		over = float64(s.value*scale - bound)
	}
	move := step * max(over, scale) / float64(norm)
	for i, v := range visits {
		n.prices[i] += int64(math.Round(move * float64(1-v)))
	}
	return true
}
