package instance

import (
	"cmp"
	"slices"
)

// offer makes an answer of the sites that prices open: what they serve just
// once stays, the rest goes, the largest first, where it is cheapest and there
// is room; then demands move and change places as long as that helps.
func (s *allocation) offer(n *node, chosen []choice) {
	p := &packing{allocation: s, node: n, site: slices.Repeat([]int{-1}, len(s.Demand)), room: make([]int64, len(s.Capacity)), opened: make([]bool, len(s.Capacity))}
	for j := range n.decided {
		p.opened[j] = n.decided[j] == taken
	}
	visits := s.visits(chosen)
	for _, c := range chosen {
		p.opened[c.site] = true
	}
	copy(p.room, s.Capacity)
	for _, c := range chosen {
		for _, i := range c.served {
			if visits[i] == 1 && s.Demand[i] <= p.room[c.site] { // a cut demand may not fit
				p.put(i, c.site)
			}
		}
	}
	if !p.fill() {
		return
	}
	p.improve()
	if value := p.value(); value < s.value {
		s.value, s.best, s.sites = value, p.site, p.sites()
	}
}

// packing is demands put to sites.
type packing struct {
	*allocation
	node   *node
	site   []int // by demand; -1 for none
	room   []int64
	opened []bool
}

func (p *packing) put(i, j int) {
	if k := p.site[i]; k >= 0 {
		p.room[k] += p.Demand[i]
	}
	p.site[i] = j
	p.room[j] -= p.Demand[i]
}

// fill puts what is left, and opens more sites if it must and may.
func (p *packing) fill() bool {
	var left []int
	for i, j := range p.site {
		if j < 0 {
			left = append(left, i)
		}
	}
	slices.SortStableFunc(left, func(a, b int) int { return cmp.Compare(p.Demand[b], p.Demand[a]) })
	for _, i := range left {
		j := p.cheapest(i)
		if j < 0 {
			return false
		}
		p.opened[j] = true
		p.put(i, j)
	}
	return true
}

// cheapest is the site with room for a demand that costs least, opening it
// included; -1 if there is none.
func (p *packing) cheapest(i int) int {
	best, least := -1, int64(0)
	for j := range p.Capacity {
		if p.node.decided[j] == barred || p.node.barred[j][i] || p.room[j] < p.Demand[i] || !p.opened[j] && p.Choose > 0 {
			continue
		}
		cost := p.Table[j][i]
		if !p.opened[j] {
			cost += p.Fixed[j]
		}
		if best < 0 || cost < least {
			best, least = j, cost
		}
	}
	return best
}

// improve moves demands, and swaps two, as long as that helps.
func (p *packing) improve() {
	for changed := true; changed; {
		changed = false
		for i := range p.Demand {
			if p.shift(i) {
				changed = true
			}
			for k := range i {
				if p.swap(i, k) {
					changed = true
				}
			}
		}
	}
}

func (p *packing) shift(i int) bool {
	from := p.site[i]
	for j := range p.Capacity {
		if p.opened[j] && !p.node.barred[j][i] && p.room[j] >= p.Demand[i] && p.Table[j][i] < p.Table[from][i] {
			p.put(i, j)
			return true
		}
	}
	return false
}

func (p *packing) swap(i, k int) bool {
	a, b := p.site[i], p.site[k]
	more := p.Demand[i] - p.Demand[k]
	if a == b || p.Table[b][i]+p.Table[a][k] >= p.Table[a][i]+p.Table[b][k] ||
		p.room[b] < more || p.room[a] < -more || p.node.barred[b][i] || p.node.barred[a][k] {
		return false
	}
	p.put(i, b)
	p.put(k, a)
	return true
}

// sites are those that are open: where the number is free, those in use.
func (p *packing) sites() []int {
	var sites []int
	for j := range p.opened {
		if p.Choose > 0 && p.opened[j] || p.Choose == 0 && slices.Contains(p.site, j) {
			sites = append(sites, j)
		}
	}
	return sites
}

func (p *packing) value() int64 {
	total := int64(0)
	for _, j := range p.sites() {
		total += p.Fixed[j]
	}
	for i, j := range p.site {
		total += p.Table[j][i]
	}
	return total
}
