package luohu

import (
	"container/heap"
	"fmt"
	"math"
	"slices"
)

// units are the grids with their communities and streets.
type units struct {
	*subdivision
	ground      *ground
	plan        *plan
	grids       []grid // by code
	communityOf []int  // of each face
}

// grid is one face with its place in the hierarchy.
type grid struct {
	face      int32
	community int
	number    int
	code      string
	ring      []vec
}

// The two grids of the boundary case, and which communities they are in.
const (
	caseFrom, caseFromNumber = "440303002007", 18 // 新秀社区
	caseTo, caseToNumber     = "440303002017", 13 // 新兴社区
)

// name gives every face a community and a number.
func name(sub *subdivision, g *ground, p *plan) (*units, error) {
	u := &units{subdivision: sub, ground: g, plan: p}
	u.grow()
	u.mend()
	if err := u.number(); err != nil {
		return nil, err
	}
	return u, nil
}

// barrier is the extra way, in metres, of growing across an edge.
var barrier = [...]float64{secondary: 90, arterial: 300, expressway: 450, river: 400, rail: 350, ridge: 40, shore: 100}

// reach is an entry of the growth front.
type reach struct {
	cost      float64
	face      int32
	community int
}

type front []reach

func (q front) Len() int { return len(q) }
func (q front) Less(i, j int) bool {
	if q[i].cost != q[j].cost {
		return q[i].cost < q[j].cost
	}
	return q[i].face < q[j].face
}
func (q front) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *front) Push(x any)   { *q = append(*q, x.(reach)) }
func (q *front) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// grow gives each face the community that reaches it first, going from face
// to face and slowly across main roads, rivers and railways.
func (u *units) grow() {
	u.communityOf = make([]int, len(u.faces))
	centres := make([]vec, len(u.faces))
	for f, fc := range u.faces {
		u.communityOf[f] = -1
		centres[f] = centroid(u.positions(fc.ring))
	}
	q := u.plant(centres)
	for q.Len() > 0 {
		at := heap.Pop(q).(reach)
		if u.communityOf[at.face] >= 0 {
			continue
		}
		u.communityOf[at.face] = at.community
		for _, n := range u.neighbours(at.face) {
			if u.communityOf[n.face] < 0 {
				d := centres[n.face].sub(centres[at.face]).len()
				heap.Push(q, reach{at.cost + d + n.barrier, n.face, at.community})
			}
		}
	}
}

// plant puts each seed into its face, or the nearest one without a seed.
func (u *units) plant(centres []vec) *front {
	q := &front{}
	taken := map[int32]bool{}
	for c, com := range u.plan.communities {
		for k, seed := range com.seeds {
			best, least := int32(-1), math.Inf(1)
			for f, fc := range u.faces {
				d := centres[f].sub(seed).len()
				if d < 1200 && inside(u.positions(fc.ring), seed) {
					d = 0
				}
				if !taken[int32(f)] && d < least {
					best, least = int32(f), d
				}
			}
			taken[best] = true
			heap.Push(q, reach{float64(min(k, 1)), best, c})
		}
	}
	return q
}

type neighbour struct {
	face    int32
	barrier float64
	length  float64
}

// neighbours are the faces across the edges of f, in ring order.
func (u *units) neighbours(f int32) []neighbour {
	var out []neighbour
	ring := u.faces[f].ring
	for i, v := range ring {
		e := edge{v, ring[(i+1)%len(ring)]}
		g, ok := u.left[e.reverse()]
		if !ok {
			continue
		}
		b := 0.0
		if c := u.marks[e.either()].class; int(c) < len(barrier) {
			b = barrier[c]
		}
		length := u.at[e.a].sub(u.at[e.b]).len()
		if k := slices.IndexFunc(out, func(n neighbour) bool { return n.face == g }); k >= 0 {
			out[k].length += length
			out[k].barrier = min(out[k].barrier, b)
			continue
		}
		out = append(out, neighbour{g, b, length})
	}
	return out
}

// mend gives pieces that are cut off from the rest of their street or
// community to a neighbour, and fills holes and pinches.
func (u *units) mend() {
	street := func(c int) int { return u.streetOf(c) }
	for range 8 {
		a := u.joinStrays(len(u.plan.streets), street)
		b := u.joinStrays(len(u.plan.communities), func(c int) int { return c })
		c := u.joinPinched()
		if a+b+c == 0 {
			return
		}
	}
}

// streetOf is the index of a community's street.
func (u *units) streetOf(c int) int {
	return slices.IndexFunc(u.plan.streets, func(s named) bool { return s.code == u.plan.communities[c].code[:9] })
}

// joinStrays moves the smaller components of each label to the community of
// the neighbour with the longest common boundary.
func (u *units) joinStrays(n int, label func(c int) int) int {
	component := make([]int, len(u.faces))
	var sizes []float64
	for f := range component {
		component[f] = -1
	}
	main := slices.Repeat([]int{-1}, n)
	for f := range u.faces {
		if component[f] >= 0 {
			continue
		}
		id, l := len(sizes), label(u.communityOf[f])
		sizes = append(sizes, 0)
		component[f] = id
		for todo := []int32{int32(f)}; len(todo) > 0; {
			at := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			sizes[id] += u.faces[at].mass
			for _, nb := range u.neighbours(at) {
				if component[nb.face] < 0 && label(u.communityOf[nb.face]) == l {
					component[nb.face] = id
					todo = append(todo, nb.face)
				}
			}
		}
		if main[l] < 0 || sizes[id] > sizes[main[l]] {
			main[l] = id
		}
	}
	moved := 0
	for f := range u.faces {
		l := label(u.communityOf[f])
		if component[f] != main[l] {
			moved += u.giveAway(int32(f), func(c int) bool { return label(c) != l })
		}
	}
	return moved
}

// giveAway moves a face to the allowed neighbouring community with the longest
// common boundary.
func (u *units) giveAway(f int32, allowed func(c int) bool) int {
	lengths := map[int]float64{}
	best := -1
	for _, n := range u.neighbours(f) {
		c := u.communityOf[n.face]
		if c == u.communityOf[f] || !allowed(c) {
			continue
		}
		lengths[c] += n.length
		if best < 0 || lengths[c] > lengths[best] {
			best = c
		}
	}
	if best < 0 {
		return 0
	}
	u.communityOf[f] = best
	return 1
}

// joinPinched finds communities whose outline touches itself and hands the
// smallest face at the touching vertex to another community.
func (u *units) joinPinched() int {
	moved := 0
	for c := range u.plan.communities {
		seen := map[int32]int{}
		for f, fc := range u.faces {
			if u.communityOf[f] != c {
				continue
			}
			for i, v := range fc.ring {
				if g, ok := u.left[edge{fc.ring[(i+1)%len(fc.ring)], v}]; !ok || u.communityOf[g] != c {
					seen[v]++
					if seen[v] == 2 && moved == 0 {
						moved += u.giveAway(int32(f), func(int) bool { return true })
					}
				}
			}
		}
	}
	return moved
}

// number numbers the grids of each community in a walk from its north-west.
func (u *units) number() error {
	walks := make([][]int32, len(u.plan.communities))
	for f := range u.faces {
		c := u.communityOf[f]
		walks[c] = append(walks[c], int32(f))
	}
	for c, com := range u.plan.communities {
		if len(walks[c]) == 0 || len(walks[c]) > 99 {
			return fmt.Errorf("%s %s has %d grids", com.code, com.name, len(walks[c]))
		}
		u.walk(walks[c])
	}
	if err := u.placeCase(walks); err != nil {
		return err
	}
	for c, walk := range walks {
		for k, f := range walk {
			u.grids = append(u.grids, grid{f, c, k + 1, fmt.Sprintf("%s%02d", u.plan.communities[c].code, k+1), u.positions(u.faces[f].ring)})
		}
	}
	slices.SortFunc(u.grids, func(a, b grid) int {
		if a.code < b.code {
			return -1
		}
		return 1
	})
	return nil
}

// walk orders faces so that each is close to the one before.
func (u *units) walk(faces []int32) {
	centre := func(f int32) vec { return centroid(u.positions(u.faces[f].ring)) }
	at := vec{-1e5, 1e5}
	for i := range faces {
		best := i
		for k := i; k < len(faces); k++ {
			if centre(faces[k]).sub(at).len() < centre(faces[best]).sub(at).len() {
				best = k
			}
		}
		faces[i], faces[best] = faces[best], faces[i]
		at = centre(faces[i])
	}
}

// placeCase swaps numbers so that 新秀18 and 新兴13 share an edge, the longest
// one along a small street.
func (u *units) placeCase(walks [][]int32) error {
	from, to := u.communityIndex(caseFrom), u.communityIndex(caseTo)
	if len(walks[from]) < caseFromNumber || len(walks[to]) < caseToNumber {
		return fmt.Errorf("新秀 has %d grids, 新兴 %d", len(walks[from]), len(walks[to]))
	}
	i, j, best := -1, -1, 0.0
	for k, f := range walks[from] {
		for _, n := range u.neighbours(f) {
			length := n.length / (1 + n.barrier)
			if l := slices.Index(walks[to], n.face); l >= 0 && length > best {
				i, j, best = k, l, length
			}
		}
	}
	if i < 0 {
		return fmt.Errorf("新秀 and 新兴 do not touch")
	}
	a, b := walks[from], walks[to]
	a[i], a[caseFromNumber-1] = a[caseFromNumber-1], a[i]
	b[j], b[caseToNumber-1] = b[caseToNumber-1], b[j]
	return nil
}

func (u *units) communityIndex(code string) int {
	return slices.IndexFunc(u.plan.communities, func(c community) bool { return c.code == code })
}
