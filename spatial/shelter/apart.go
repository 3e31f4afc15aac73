package shelter

// solve finds the optimal flow. Sites that no origins have in common, not even
// by way of others, have nothing to do with each other: each such part is
// solved by itself, on all processors.
func (t *transport) solve() *flow {
	parts := t.apart()
	if len(parts) == 1 {
		return t.solveWhole()
	}
	solved := make([]*flow, len(parts))
	each(len(parts), func(i int) { solved[i] = parts[i].task().solveWhole() })
	f := t.newFlow()
	f.price[t.nowhere()] = t.far
	for i, p := range parts {
		f.take(solved[i], p)
	}
	for i, n := range t.people { // those without a site
		if last := t.first[i+1] - 1; last == t.first[i] {
			f.sent[last] = n
		}
		f.load[t.nowhere()] += f.sent[t.first[i+1]-1]
	}
	return f
}

// section is some sites of a transport and the origins that have links to them.
type section struct {
	*transport
	origins, sites []int32
	number         []int32 // of each site of the transport in its part
}

// apart are the parts of the transport.
func (t *transport) apart() []*section {
	joined := newPieces(len(t.room))
	for i := range t.people {
		links := t.site[t.first[i] : t.first[i+1]-1]
		for _, j := range links {
			joined.join(links[0], j)
		}
	}
	parts, at, number := []*section(nil), make([]*section, len(t.room)), make([]int32, len(t.room))
	for j := range t.room {
		p := &at[joined.root(int32(j))]
		if *p == nil {
			*p = &section{transport: t, number: number}
			parts = append(parts, *p)
		}
		number[j] = int32(len((*p).sites))
		(*p).sites = append((*p).sites, int32(j))
	}
	for i := range t.people {
		if t.first[i] < t.first[i+1]-1 {
			p := at[joined.root(t.site[t.first[i]])]
			p.origins = append(p.origins, int32(i))
		}
	}
	return parts
}

// task is the part as a transport.
func (p *section) task() *transport {
	t := &transport{first: make([]int32, 1, len(p.origins)+1), atSite: make([]int32, len(p.sites)+1)}
	for _, j := range p.sites {
		t.room = append(t.room, p.transport.room[j])
	}
	for k, i := range p.origins {
		t.people = append(t.people, p.people[i])
		for l := p.first[i]; l < p.first[i+1]; l++ {
			j := int32(len(p.sites)) // nowhere
			if p.site[l] != p.nowhere() {
				j = p.number[p.site[l]]
			}
			t.site, t.origin, t.cost = append(t.site, j), append(t.origin, int32(k)), append(t.cost, p.cost[l])
			t.most = max(t.most, p.cost[l])
		}
		t.first = append(t.first, int32(len(t.site)))
	}
	t.far = farOf(t.most, len(t.room))
	t.listBySite()
	return t
}

// take copies the solution of a part.
func (f *flow) take(solved *flow, p *section) {
	for k, i := range p.origins {
		copy(f.sent[f.first[i]:f.first[i+1]], solved.sent[solved.first[k]:solved.first[k+1]])
	}
	f.walk += solved.walk
	for k, j := range p.sites {
		f.load[j], f.price[j] = solved.load[k], solved.price[k]
		if solved.price[k] > solved.far/2 && solved.price[k] < never { // by way of nowhere
			f.price[j] += f.far - solved.far
		}
		switch parent := solved.tree.parent[k]; {
		case parent == solved.nowhere():
			f.tree.hang(j, f.nowhere())
		case parent >= 0:
			f.tree.hang(j, p.sites[parent])
		}
	}
}
