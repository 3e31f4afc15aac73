package instance

import (
	"math/bits"
	"slices"
)

// cover is the question whether p sites cover all demands, less what follows
// from the rest of it.
type cover struct {
	sites   []int // those left
	demands []int
	near    [][]uint64 // by site: a bit for each demand it covers
	by      [][]uint64 // by demand: a bit for each site that covers it
}

// newCover drops sites that cover no more than another, and demands that are
// covered by all sites that cover another one, until there are none of either.
func newCover(table Table, limit int64) *cover {
	c := &cover{near: bitsets(len(table), len(table[0])), by: bitsets(len(table[0]), len(table))}
	for j, row := range table {
		c.sites = append(c.sites, j)
		for i, cost := range row {
			if cost <= limit {
				set(c.near[j], i)
				set(c.by[i], j)
			}
		}
	}
	for i := range table[0] {
		c.demands = append(c.demands, i)
	}
	for {
		demands, sites := len(c.demands), len(c.sites)
		c.demands = drop(c.demands, c.by, c.near, func(a, b []uint64) bool { return within(b, a) })
		c.sites = drop(c.sites, c.near, c.by, within)
		if demands == len(c.demands) && sites == len(c.sites) {
			return c
		}
	}
}

// drop takes out those whose set stands in a relation to that of another one
// that stays; of equal ones the first stays. It takes them out of the others'
// sets too.
func drop(list []int, sets, others [][]uint64, needless func(a, b []uint64) bool) []int {
	gone := make([]bool, len(sets))
	for _, a := range list {
		for _, b := range list {
			if a != b && !gone[b] && needless(sets[a], sets[b]) && (a > b || !needless(sets[b], sets[a])) {
				gone[a] = true
				break
			}
		}
	}
	for _, other := range others {
		for a := range gone {
			if gone[a] {
				other[a/64] &^= 1 << (a % 64)
			}
		}
	}
	return slices.DeleteFunc(list, func(a int) bool { return gone[a] })
}

func bitsets(n, width int) [][]uint64 {
	all := make([][]uint64, n)
	for i := range all {
		all[i] = make([]uint64, (width+63)/64)
	}
	return all
}

func set(s []uint64, i int) { s[i/64] |= 1 << (i % 64) }

// within says whether all of a is in b.
func within(a, b []uint64) bool {
	for i := range a {
		if a[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

// table is 1 where a site that is left does not cover a demand that is left.
func (c *cover) table() Table {
	t := make(Table, len(c.sites))
	for k, j := range c.sites {
		t[k] = make([]int64, len(c.demands))
		for l, i := range c.demands {
			if c.near[j][i/64]>>(i%64)&1 == 0 {
				t[k][l] = 1
			}
		}
	}
	return t
}

// solve finds p sites that cover everything, or says by its bound that there
// are none: it is how many demands must stay uncovered.
func (c *cover) solve(p, nodes, all int) (sites []int, bound int64, looked int) {
	if c.hopeless() {
		return nil, 1, 0
	}
	if len(c.sites) <= p {
		return fillUp(c.sites, p, all), 0, 0
	}
	s := newSearch(c.table(), p, nodes)
	s.goal = 0
	if s.value > 0 {
		s.node(make([]state, len(c.sites)), slices.Clone(s.prices), 1500)
	}
	if s.value > 0 {
		return nil, min(s.value, s.open), s.nodes
	}
	for _, k := range s.best {
		sites = append(sites, c.sites[k])
	}
	slices.Sort(sites)
	return sites, 0, s.nodes
}

// hopeless says whether some demand is covered by no site.
func (c *cover) hopeless() bool {
	return slices.ContainsFunc(c.demands, func(i int) bool {
		return !slices.ContainsFunc(c.by[i], func(w uint64) bool { return bits.OnesCount64(w) > 0 })
	})
}

// fillUp adds the first of the other sites until there are p.
func fillUp(sites []int, p, all int) []int {
	filled := slices.Clone(sites)
	for j := 0; len(filled) < p && j < all; j++ {
		if !slices.Contains(sites, j) {
			filled = append(filled, j)
		}
	}
	slices.Sort(filled)
	return filled
}
