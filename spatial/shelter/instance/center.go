package instance

import "slices"

// Center finds p sites with the least greatest cost of a demand that goes to
// its cheapest one. With a cost p sites serve everybody, or the bound on how
// many they leave is above none, or neither can be said within the nodes. It
// halves the costs that there are in search of the least one with which sites
// are found, and of the greatest that is ruled out; first with few nodes each,
// then with as many as may be looked at.
func Center(table Table, p, nodes int) *Answer {
	c := &center{table: table, p: p, costs: costsOf(table), best: newSearch(table, p, nodes).answer()}
	c.best.Value = c.best.greatest(table)
	c.high = slices.Index(c.costs, c.best.Value)
	for _, few := range []int{min(nodes, 50), nodes} {
		c.nodes, c.tried = few, make([]bool, len(c.costs))
		for from, to := c.low, c.high; from < to; {
			if middle := (from + to) / 2; c.found(middle) {
				to = c.high
			} else {
				from = middle + 1
			}
		}
		for from, to := c.low, c.high; from < to; {
			if middle := (from + to) / 2; c.ruledOut(middle) {
				from = c.low
			} else {
				to = middle
			}
		}
	}
	c.best.Bound, c.best.Nodes = c.costs[c.low], c.looked
	return c.best
}

// center is the search: the answer is one of costs[low..high].
type center struct {
	table     Table
	p, nodes  int
	costs     []int64
	low, high int
	best      *Answer // of costs[high]
	tried     []bool  // by cost, with so many nodes
	looked    int
}

func (c *center) found(at int) bool {
	c.try(at)
	return at >= c.high
}

func (c *center) ruledOut(at int) bool {
	c.try(at)
	return at < c.low
}

// try moves low or high past a cost, if it can be said which.
func (c *center) try(at int) {
	if c.tried[at] || at < c.low || at >= c.high {
		return
	}
	c.tried[at] = true
	sites, bound, looked := newCover(c.table, c.costs[at]).solve(c.p, c.nodes, len(c.table))
	c.looked += looked
	switch {
	case sites != nil:
		c.best = &Answer{Sites: sites, Assign: make([]int, len(c.table[0]))}
		c.best.assign(c.table)
		c.best.Value = c.best.greatest(c.table)
		c.high = slices.Index(c.costs, c.best.Value)
	case bound > 0:
		c.low = at + 1
	}
}

func costsOf(table Table) []int64 {
	var all []int64
	for _, row := range table {
		all = append(all, row...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// assign sends every demand to its cheapest site.
func (a *Answer) assign(table Table) {
	for i := range a.Assign {
		a.Assign[i] = a.Sites[0]
		for _, j := range a.Sites {
			if table[j][i] < table[a.Assign[i]][i] {
				a.Assign[i] = j
			}
		}
	}
}

func (a *Answer) greatest(table Table) int64 {
	most := int64(0)
	for i, j := range a.Assign {
		most = max(most, table[j][i])
	}
	return most
}
