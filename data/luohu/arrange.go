package luohu

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// segment is a piece of a planned line before it is cut at crossings.
type segment struct {
	a, b vec
	mark mark
}

// mark is what an edge of the subdivision carries.
type mark struct {
	class class
	line  int32 // index in plan.lines, -1 for none
}

// edge is a directed pair of vertex numbers.
type edge struct{ a, b int32 }

func (e edge) reverse() edge { return edge{e.b, e.a} }

// either is the same key for both directions of an edge.
func (e edge) either() edge {
	if e.a > e.b {
		return e.reverse()
	}
	return e
}

// arrangement is a planar graph of cut segments.
type arrangement struct {
	sites []site
	at    []vec
	index map[site]int32
	edges map[edge]mark // keyed by edge.either
}

// arrange cuts all segments at their crossings, keeps what lies within the
// outline, removes dead ends, and joins faces too small for a block.
func arrange(outline []vec, segments []segment, least float64) *arrangement {
	a := &arrangement{index: map[site]int32{}, edges: map[edge]mark{}}
	for i, cuts := range cutPoints(segments) {
		a.insert(outline, segments[i], cuts)
	}
	a.prune()
	for a.joinSmallest(least) {
		a.prune()
	}
	return a
}

func (a *arrangement) vertex(v vec) int32 {
	s := v.site()
	if i, ok := a.index[s]; ok {
		return i
	}
	i := int32(len(a.sites))
	a.index[s] = i
	a.sites = append(a.sites, s)
	a.at = append(a.at, s.vec())
	return i
}

// insert adds the pieces of a segment that lie within the outline.
func (a *arrangement) insert(outline []vec, s segment, cuts []float64) {
	slices.Sort(cuts)
	from, done := a.vertex(s.a), 0.0
	for _, t := range append(cuts, 1) {
		if t <= done {
			continue
		}
		to := a.vertex(s.a.lerp(s.b, t))
		middle := s.a.lerp(s.b, (done+t)/2)
		if from != to && (s.mark.line == onOutline || inside(outline, middle)) {
			a.add(edge{from, to}, s.mark)
		}
		from, done = to, t
	}
}

// onOutline marks segments of the district's own ring.
const onOutline = -2

func (a *arrangement) add(e edge, m mark) {
	old, ok := a.edges[e.either()]
	if !ok || m.class < shore && m.class > old.class {
		a.edges[e.either()] = m
	}
}

// cutPoints lists for each segment where others cross it, from 0 to 1.
func cutPoints(segments []segment) [][]float64 {
	cuts := make([][]float64, len(segments))
	buckets := map[[2]int32][]int32{}
	const size = 120.0
	for i, s := range segments {
		lo, hi := bounds([]vec{s.a, s.b})
		for x := int32(math.Floor(lo.X / size)); x <= int32(math.Floor(hi.X/size)); x++ {
			for y := int32(math.Floor(lo.Y / size)); y <= int32(math.Floor(hi.Y/size)); y++ {
				for _, j := range buckets[[2]int32{x, y}] {
					cutPair(segments, cuts, i, int(j))
				}
				buckets[[2]int32{x, y}] = append(buckets[[2]int32{x, y}], int32(i))
			}
		}
	}
	return cuts
}

// cutPair notes the crossing of two segments at both. Positions on the second
// are moved to the very site found on the first by rounding alike.
func cutPair(segments []segment, cuts [][]float64, i, j int) {
	p, q := segments[i], segments[j]
	if p.a == q.a || p.a == q.b || p.b == q.a || p.b == q.b {
		return
	}
	s, t, ok := meet(p.a, p.b, q.a, q.b)
	if !ok || s < 0 || s > 1 || t < 0 || t > 1 || slices.Contains(cuts[i], s) {
		return
	}
	cuts[i] = append(cuts[i], s)
	cuts[j] = append(cuts[j], t)
}

// sortedEdges lists the edges of a map in a stable order.
func sortedEdges[V any](edges map[edge]V) []edge {
	return slices.SortedFunc(maps.Keys(edges), func(p, q edge) int { return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b)) })
}

// prune removes dead ends until none is left.
func (a *arrangement) prune() {
	degree := make([]int, len(a.sites))
	ends := make([][]edge, len(a.sites))
	for _, e := range sortedEdges(a.edges) {
		degree[e.a]++
		degree[e.b]++
		ends[e.a] = append(ends[e.a], e)
		ends[e.b] = append(ends[e.b], e)
	}
	for v := range degree {
		for v := int32(v); degree[v] == 1; {
			for _, e := range ends[v] {
				if _, ok := a.edges[e]; ok {
					delete(a.edges, e)
					degree[e.a]--
					degree[e.b]--
					v = e.a + e.b - v
					break
				}
			}
		}
	}
}

// trace returns the rings around the faces, counter-clockwise, without the
// outer one.
func (a *arrangement) trace() [][]int32 {
	next := a.successors()
	used := map[edge]bool{}
	var rings [][]int32
	for _, e := range sortedEdges(a.edges) {
		for _, start := range []edge{e, e.reverse()} {
			if used[start] {
				continue
			}
			var ring []int32
			for at := start; !used[at]; at = next[at] {
				used[at] = true
				ring = append(ring, at.a)
			}
			if area(a.positions(ring)) > 0 {
				rings = append(rings, ring)
			}
		}
	}
	return rings
}

// successors gives for each directed edge the next one around the face on its left.
func (a *arrangement) successors() map[edge]edge {
	around := make([][]int32, len(a.sites))
	for _, e := range sortedEdges(a.edges) {
		around[e.a] = append(around[e.a], e.b)
		around[e.b] = append(around[e.b], e.a)
	}
	next := make(map[edge]edge, 2*len(a.edges))
	for v, ends := range around {
		angle := func(w int32) float64 { d := a.at[w].sub(a.at[v]); return math.Atan2(d.Y, d.X) }
		slices.SortFunc(ends, func(p, q int32) int {
			if angle(p) < angle(q) {
				return -1
			}
			return 1
		})
		for i, w := range ends {
			before := ends[(i+len(ends)-1)%len(ends)]
			next[edge{w, int32(v)}] = edge{int32(v), before}
		}
	}
	return next
}

func (a *arrangement) positions(ring []int32) []vec {
	out := make([]vec, len(ring))
	for i, v := range ring {
		out[i] = a.at[v]
	}
	return out
}

// joinSmallest removes the boundary between the smallest face, if it is too
// small or too thin, and the neighbour it shares most of it with.
func (a *arrangement) joinSmallest(least float64) bool {
	rings := a.trace()
	left := map[edge]int{}
	for f, ring := range rings {
		for i, v := range ring {
			left[edge{v, ring[(i+1)%len(ring)]}] = f
		}
	}
	worst, size := -1, math.Inf(1)
	for f, ring := range rings {
		ps := a.positions(ring)
		m := area(ps)
		if thin := compactness(ps); thin < 0.2 {
			m = min(m, m*thin/0.2*0.35)
		}
		if m < min(size, least) {
			worst, size = f, m
		}
	}
	if worst < 0 {
		return false
	}
	return a.join(rings[worst], left)
}

// join removes the edges a face shares with the neighbour of the longest
// common boundary; roads and waters count least.
func (a *arrangement) join(ring []int32, left map[edge]int) bool {
	common := map[int]float64{}
	best := -1
	each := func(do func(e edge, other int)) {
		for i, v := range ring {
			e := edge{v, ring[(i+1)%len(ring)]}
			if other, ok := left[e.reverse()]; ok {
				do(e, other)
			}
		}
	}
	each(func(e edge, other int) {
		weight := a.at[e.b].sub(a.at[e.a]).len()
		switch a.edges[e.either()].class {
		case shore, river:
			weight *= 0.02
		case expressway, arterial, secondary:
			weight *= 0.01
		}
		common[other] += weight
		if best < 0 || common[other] > common[best] {
			best = other
		}
	})
	each(func(e edge, other int) {
		if other == best {
			delete(a.edges, e.either())
		}
	})
	return best >= 0
}

// check reports an edge with the same face on both sides, which would make a
// ring touch itself.
func (a *arrangement) check() error {
	for _, ring := range a.trace() {
		seen := map[int32]bool{}
		for _, v := range ring {
			if seen[v] {
				p := a.sites[v].point()
				return fmt.Errorf("a face of the plan touches itself at %v %v", p[0], p[1])
			}
			seen[v] = true
		}
	}
	return nil
}
