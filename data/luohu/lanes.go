package luohu

import (
	"math"
	"slices"
)

// lane is a way through a block, from edge to edge of its grid.
type lane struct {
	grid int
	ends [2]laneEnd
}

// laneEnd is where a lane meets the grid's boundary: at a place on an edge.
type laneEnd struct {
	from, to int32
	at       vec
}

// lanes are the first cuts through blocks with many plots.
func (u *units) lanes(blocks []block) []lane {
	var out []lane
	for i := range blocks {
		b := &blocks[i]
		if b.divider == (vec{}) || len(b.made) < 5 {
			continue
		}
		ring := u.faces[u.grids[b.grid].face].ring
		var ends []laneEnd
		for k, v := range ring {
			w := ring[(k+1)%len(ring)]
			da, db := u.at[v].dot(b.divider)-b.dividerAt, u.at[w].dot(b.divider)-b.dividerAt
			if (da > 0) != (db > 0) {
				ends = append(ends, laneEnd{v, w, u.at[v].lerp(u.at[w], da/(da-db))})
			}
		}
		if len(ends) == 2 && u.open(b, ends) {
			out = append(out, lane{b.grid, [2]laneEnd{ends[0], ends[1]}})
		}
	}
	return out
}

// open reports whether a way runs over ground that is built on and not too
// close to a corner of the grid.
func (u *units) open(b *block, ends []laneEnd) bool {
	for _, e := range ends {
		if min(e.at.sub(u.at[e.from]).len(), e.at.sub(u.at[e.to]).len()) < 2 {
			return false
		}
	}
	for t := 0.1; t < 1; t += 0.1 {
		if u.ground.coverAt(ends[0].at.lerp(ends[1].at, t)) != built {
			return false
		}
	}
	return true
}

// joinLanes adds lanes to the network: each end becomes a vertex of the road
// it meets, or is drawn back from a boundary that is no road.
func (u *units) joinLanes(all []road, lanes []lane) []road {
	roadAt := map[step]int{}
	for i, rd := range all {
		for k := 1; k < len(rd.line); k++ {
			roadAt[step{rd.line[k-1], rd.line[k]}] = i
			roadAt[step{rd.line[k], rd.line[k-1]}] = i
		}
	}
	next := map[int]int{}
	for _, l := range lanes {
		var line []site
		joined := 0
		for k, e := range l.ends {
			s := e.at.site()
			if i, ok := roadAt[step{u.sites[e.from], u.sites[e.to]}]; ok && all[i].class != expressway && !all[i].bridge {
				insert(&all[i], u.sites[e.from], u.sites[e.to], s)
				joined++
			} else {
				other := l.ends[1-k].at
				s = e.at.lerp(other, min(0.4, 28/math.Max(1, other.sub(e.at).len()))).site()
			}
			line = append(line, s)
		}
		if joined == 0 {
			continue
		}
		c := u.grids[l.grid].community
		next[c]++
		all = append(all, road{class: alley, name: stemOf(u.plan.communities[c].name) + ordinal(next[c]) + "巷", nameE: "Lane", line: line})
	}
	return all
}

// step is a directed pair of neighbouring sites.
type step struct{ a, b site }

// insert puts a site into the stretch of a road between two of its vertices.
func insert(rd *road, a, b, s site) {
	i, j := slices.Index(rd.line, a), slices.Index(rd.line, b)
	if i < 0 || j < 0 {
		return
	}
	from, d := a.vec(), s.vec().sub(a.vec()).len()
	k := i
	for k != j {
		next := k + 1
		if j < i {
			next = k - 1
		}
		if rd.line[next].vec().sub(from).len() > d {
			rd.line = slices.Insert(rd.line, max(k, next), s)
			return
		}
		k = next
	}
}
