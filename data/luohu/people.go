package luohu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// caseBuilding is the building of the boundary case.
const caseBuilding = "深水楼"

// stemOf is a community's name without 社区.
func stemOf(name string) string { return strings.TrimSuffix(name, "社区") }

// markCase puts a small building of 新秀18 close to its edge with 新兴13, in
// place of the nearest one there, and returns its index.
func (u *units) markCase(all []building) int {
	from, to := u.gridIndex(fmt.Sprintf("%s%02d", caseFrom, caseFromNumber)), u.gridIndex(fmt.Sprintf("%s%02d", caseTo, caseToNumber))
	shared := u.between(u.grids[from].face, u.grids[to].face)
	best := u.nearestTo(all, from, shared)
	b := &all[best]
	u.moveTo(all, best, shared)
	b.centre = centroid(vecs(b.ring))
	b.name, b.storeys, b.use = caseBuilding, 3, "residential"
	b.people, b.rooms, b.households, b.legal = [4]int{1, 0, 0, 0}, 5, 1, 0
	b.floor = area(vecs(b.ring)) * 3
	return best
}

// nearestTo is the building of a grid nearest to some edges.
func (u *units) nearestTo(all []building, grid int, edges [][2]vec) int {
	best, least := -1, math.Inf(1)
	for i := range all {
		if all[i].grid != grid {
			continue
		}
		for _, s := range edges {
			if d := toSegment(all[i].centre, s[0], s[1]); d < least {
				best, least = i, d
			}
		}
	}
	return best
}

// moveTo gives a building a small footprint beside one of the edges, as close
// to it as the setback of a street, where it touches no other building.
func (u *units) moveTo(all []building, i int, edges [][2]vec) {
	outer := u.sitesOf(all[i].grid)
	for _, off := range []float64{15, 18, 22, 27} {
		for _, e := range edges {
			along := e[1].sub(e[0]).unit()
			for t := 0.3; t < 0.75; t += 0.05 {
				c := e[0].lerp(e[1], t).add(along.left().mul(off))
				ring := footprint(c, along, vec{7, 5}, shapes["box"], vec{1, 1})
				if encloses(outer, ring) && clearOf(all, i, ring) {
					all[i].ring = ring
					return
				}
			}
		}
	}
}

func clearOf(all []building, i int, ring []site) bool {
	for k := range all {
		if k != i && all[k].grid == all[i].grid && !apart(all[k].ring, ring) {
			return false
		}
	}
	return true
}

func (u *units) gridIndex(code string) int {
	i, _ := slices.BinarySearchFunc(u.grids, code, func(g grid, code string) int { return strings.Compare(g.code, code) })
	return i
}

// between are the edges that two faces share.
func (u *units) between(f, g int32) [][2]vec {
	var out [][2]vec
	ring := u.faces[f].ring
	for i, v := range ring {
		w := ring[(i+1)%len(ring)]
		if other, ok := u.left[edge{w, v}]; ok && other == g {
			out = append(out, [2]vec{u.at[v], u.at[w]})
		}
	}
	return out
}

// settlePeople shares residents, rooms and legal persons out over the
// buildings so that each total is exact; the case's building is set apart.
func (u *units) settlePeople(r *rand.Rand, all []building, kinds []string, special int) {
	living, rooms, legal := make([]float64, len(all)), make([]float64, len(all)), make([]float64, len(all))
	types := [4][]float64{}
	for t := range types {
		types[t] = make([]float64, len(all))
	}
	for i := range all {
		if i == special {
			continue
		}
		st := styles[kinds[all[i].grid]]
		crowd := math.Pow(u.plan.communities[u.grids[all[i].grid].community].density, 0.8)
		living[i] = all[i].floor / st.person * crowd * between(r, 0.7, 1.3)
		rooms[i] = all[i].floor / st.room * math.Sqrt(crowd) * between(r, 0.85, 1.15)
		legal[i] = all[i].floor / 1000 * st.legal * crowd * between(r, 0.4, 1.6)
		for t, w := range st.split {
			types[t][i] = living[i] * w * between(r, 0.75, 1.25)
		}
	}
	for t, kind := range residentTypes {
		total := kind.total
		if t == 0 {
			total -= all[special].people[0]
		}
		for i, n := range share(total, types[t]) {
			all[i].people[t] += n
		}
	}
	settleRooms(all, rooms, special)
	for i, n := range share(legalCount, legal) {
		all[i].legal += n
	}
	for i := range all {
		if i != special {
			all[i].households = min(all[i].rooms, (all[i].residents()*10+12)/25)
		}
	}
}

// settleRooms gives every building one room at least.
func settleRooms(all []building, weights []float64, special int) {
	total := roomCount - all[special].rooms - (len(all) - 1)
	for i, n := range share(total, weights) {
		if i != special {
			all[i].rooms = n + 1
		}
	}
}

// nameBuildings names buildings after their community and kind of block.
func (u *units) nameBuildings(r *rand.Rand, all []building, kinds []string) {
	estates := map[string]int{}
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].grid == all[i].grid {
			j++
		}
		g := u.grids[all[i].grid]
		st := styles[kinds[all[i].grid]]
		stem := stemOf(u.plan.communities[g.community].name)
		base := stem + st.forms[r.IntN(len(st.forms))]
		estates[base]++
		if n := estates[base]; n > 1 {
			base += ordinal(n) + "期"
		}
		for k := i; k < j; k++ {
			if all[k].name == "" {
				all[k].name = base + houseNumber(kinds[all[i].grid], k-i, j-i)
			}
		}
		i = j
	}
}

func houseNumber(kind string, k, n int) string {
	switch {
	case n == 1:
		return ""
	case kind == "village":
		return fmt.Sprintf("%d号", k+1)
	case (kind == "office" || kind == "commercial") && n <= 26:
		return string(rune('A'+k)) + "座"
	}
	return fmt.Sprintf("%d栋", k+1)
}

func (u *units) buildingCode(b *building) string {
	return fmt.Sprintf("%s%05d", u.grids[b.grid].code, b.number)
}

func (u *units) buildingRows(all []building) []spatial.Row {
	out := make([]spatial.Row, len(all))
	for i := range all {
		b := &all[i]
		ring := make(orb.Ring, 0, len(b.ring)+1)
		for _, s := range b.ring {
			ring = append(ring, s.point())
		}
		ring = append(ring, ring[0])
		values := []spatial.Value{spatial.Text(u.buildingCode(b)), spatial.Text(b.name), spatial.Text(u.grids[b.grid].code), spatial.Text(b.use),
			spatial.Int(int64(b.storeys)), spatial.Int(int64(b.year)), metres(float64(int(b.floor)))}
		out[i] = row(i+1, orb.Polygon{ring}, append(values, b.tally().values()...)...)
	}
	return out
}

// tally are the figures that add up from buildings to the district, in the
// order of the people fields.
type tally struct {
	people                   [4]int
	rooms, households, legal int
}

func (b *building) tally() tally { return tally{b.people, b.rooms, b.households, b.legal} }

func (t *tally) add(o tally) {
	for i := range t.people {
		t.people[i] += o.people[i]
	}
	t.rooms += o.rooms
	t.households += o.households
	t.legal += o.legal
}

func (t tally) values() []spatial.Value {
	all := 0
	for _, n := range t.people {
		all += n
	}
	return ints(all, t.people[0], t.people[1], t.people[2], t.people[3], t.rooms, t.households, t.legal)
}

func ints(ns ...int) []spatial.Value {
	out := make([]spatial.Value, len(ns))
	for i, n := range ns {
		out[i] = spatial.Int(int64(n))
	}
	return out
}
