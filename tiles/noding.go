package tiles

import (
	"cmp"
	"slices"
)

// Rounding can make rings touch or cross themselves and each other. Such rings
// are drawn anew: their edges are snap rounded (Hobby, Practical segment
// intersection with finite precision output, 1999), which leaves none that
// cross and moves none by more than half a unit; those that bound what lies
// inside are kept and traced.

// segment is an edge from one position to another.
type segment struct{ from, to px }

func (s segment) lowX() int64  { return min(s.from[0], s.to[0]) }
func (s segment) highX() int64 { return max(s.from[0], s.to[0]) }

// meets says whether two edges have a position in common.
func (s segment) meets(o segment) bool {
	if s.highX() < o.lowX() || o.highX() < s.lowX() ||
		max(s.from[1], s.to[1]) < min(o.from[1], o.to[1]) || max(o.from[1], o.to[1]) < min(s.from[1], s.to[1]) {
		return false
	}
	return sign(cross(s.from, s.to, o.from))*sign(cross(s.from, s.to, o.to)) <= 0 &&
		sign(cross(o.from, o.to, s.from))*sign(cross(o.from, o.to, s.to)) <= 0
}

// crosses says whether two edges cross inside both.
func (s segment) crosses(o segment) bool {
	return sign(cross(s.from, s.to, o.from))*sign(cross(s.from, s.to, o.to)) < 0 &&
		sign(cross(o.from, o.to, s.from))*sign(cross(o.from, o.to, s.to)) < 0
}

func sign(n int64) int { return cmp.Compare(n, 0) }

// sweep looks for edges that meet. Its slices are scratch.
type sweep struct {
	edges []placed
	order []uint64 // numbers of edges by their western ends
}

// convex says whether a tidied ring turns to one side only, once around.
func convex(ring []px) bool {
	n := len(ring)
	if n < 3 {
		return false
	}
	a, b := ring[n-2], ring[n-1]
	side, east, turns := 0, b[0] >= a[0], 0
	for _, c := range ring {
		turn := sign(cross(a, b, c))
		if side == 0 {
			side = turn
		}
		if turn != side {
			return false
		}
		if now := c[0] >= b[0]; now != east {
			east = now
			turns++
		}
		a, b = b, c
	}
	return turns <= 2
}

// simple says whether the tidied rings of a polygon touch neither themselves
// nor each other.
func (w *sweep) simple(rings [][]px) bool {
	if len(rings) == 0 || len(rings) == 1 && convex(rings[0]) {
		return true
	}
	w.edges = appendEdges(w.edges[:0], rings)
	w.order = w.order[:0]
	for i := range w.edges {
		w.order = append(w.order, uint64(w.edges[i].west-low)<<32|uint64(i))
	}
	const few = 8
	if len(w.order) > few {
		slices.Sort(w.order)
	}
	for i, first := range w.order {
		a := &w.edges[uint32(first)]
		for _, second := range w.order[i+1:] {
			b := &w.edges[uint32(second)]
			if b.west > a.east {
				if len(w.order) > few {
					break
				}
				continue
			}
			if a.south >= b.north && b.south >= a.north && a.meets(b.segment) && !a.beside(b) {
				return false
			}
		}
	}
	return true
}

// placed is an edge with its place, which ring, which edge of how many, and
// its box.
type placed struct {
	segment
	west, north, east, south int64
	ring, i, n               int32
}

// beside says whether one edge follows the other in a ring.
func (e *placed) beside(o *placed) bool {
	return e.ring == o.ring && ((e.i+1)%e.n == o.i || (o.i+1)%o.n == e.i)
}

func appendEdges(edges []placed, rings [][]px) []placed {
	for r, ring := range rings {
		for i, p := range ring {
			q := ring[0]
			if i+1 < len(ring) {
				q = ring[i+1]
			}
			edges = append(edges, placed{segment{p, q}, min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0]), max(p[1], q[1]), int32(r), int32(i), int32(len(ring))})
		}
	}
	return edges
}

// redrawn are the rings of what rings wind around, at least once and in the
// sense of a shell: simple ones that touch in single positions at most, shells
// of positive and holes of negative area.
func redrawn(rings [][]px) [][]px { return trace(bounding(snapped(appendEdges(nil, rings)))) }

// snapped are edges that meet only at their ends, each with how often it is
// passed in its direction more than against it.
func snapped(edges []placed) map[segment]int {
	hot := map[px]bool{}
	for i, a := range edges {
		hot[a.from] = true
		for _, b := range edges[i+1:] {
			if a.crosses(b.segment) {
				hot[a.crossing(b.segment)] = true
			}
		}
	}
	pixels := make([]px, 0, len(hot))
	for p := range hot {
		pixels = append(pixels, p)
	}
	slices.SortFunc(pixels, comparePx)
	passed := map[segment]int{}
	var through []px
	for _, e := range edges {
		through = e.through(pixels, through[:0])
		for i := range len(through) - 1 {
			if s := (segment{through[i], through[i+1]}); comparePx(s.from, s.to) < 0 {
				passed[s]++
			} else {
				passed[segment{s.to, s.from}]--
			}
		}
	}
	return passed
}

func comparePx(a, b px) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }

// crossing is where two edges cross, rounded to the lattice.
func (s segment) crossing(o segment) px {
	from, to := cross(o.from, o.to, s.from), cross(o.from, o.to, s.to)
	var p px
	for axis := range p {
		n, d := (s.to[axis]-s.from[axis])*from, from-to
		if d < 0 {
			n, d = -n, -d
		}
		p[axis] = s.from[axis] + floor(2*n+d, 2*d)
	}
	return p
}

// through are the pixels that an edge passes, in its direction.
func (s segment) through(pixels []px, found []px) []px {
	first, _ := slices.BinarySearchFunc(pixels, s.lowX(), func(p px, x int64) int { return cmp.Compare(p[0], x) })
	for _, p := range pixels[first:] {
		if p[0] > s.highX() {
			break
		}
		if s.enters(p) {
			found = append(found, p)
		}
	}
	d := px{s.to[0] - s.from[0], s.to[1] - s.from[1]}
	slices.SortFunc(found, func(a, b px) int {
		return cmp.Or(cmp.Compare(a[0]*d[0]+a[1]*d[1], b[0]*d[0]+b[1]*d[1]), comparePx(a, b))
	})
	return found
}

// enters says whether an edge passes the unit square around a position, of
// which the far edges do not count.
func (s segment) enters(p px) bool {
	const unit = 1 << 16 // finer than edges on the lattice can cut a corner
	at := func(q px) px { return px{q[0] * unit, q[1] * unit} }
	a, b, c := at(s.from), at(s.to), at(p)
	west, north, east, south := c[0]-unit/2, c[1]-unit/2, c[0]+unit/2-1, c[1]+unit/2-1
	if max(a[0], b[0]) < west || min(a[0], b[0]) > east || max(a[1], b[1]) < north || min(a[1], b[1]) > south {
		return false
	}
	side := sign(cross(a, b, px{west, north}))
	for _, corner := range [...]px{{east, north}, {east, south}, {west, south}} {
		if sign(cross(a, b, corner)) != side {
			return true
		}
	}
	return side == 0
}

// bounding are the edges with the inside on one side only, in the direction
// that has it where a shell has it.
func bounding(passed map[segment]int) []segment {
	edges := make([]segment, 0, len(passed))
	for e, n := range passed {
		if n != 0 {
			edges = append(edges, e)
		}
	}
	slices.SortFunc(edges, func(a, b segment) int { return cmp.Or(comparePx(a.from, b.from), comparePx(a.to, b.to)) })
	var kept []segment
	for _, e := range edges {
		beyond := around(e, edges, passed)
		// An edge that is passed downwards, or for level ones to the east, adds
		// to what is before it: on the screen a shell runs clockwise.
		before := beyond + passed[e]*direction(e)
		switch {
		case before > 0 && beyond <= 0:
			kept = append(kept, facing(e, direction(e)))
		case before <= 0 && beyond > 0:
			kept = append(kept, facing(e, -direction(e)))
		}
	}
	return kept
}

// direction is 1 for an edge that has a shell's inside to its west or, if it is
// level, to its south.
func direction(e segment) int {
	if e.from[1] != e.to[1] {
		return sign(e.to[1] - e.from[1])
	}
	return sign(e.to[0] - e.from[0])
}

func facing(e segment, direction int) segment {
	if direction > 0 {
		return e
	}
	return segment{e.to, e.from}
}

// around is how often edges wind around what lies just to the east of the
// middle of an edge or, if it is level, just to its north.
func around(e segment, edges []segment, passed map[segment]int) (n int) {
	middle := px{e.from[0] + e.to[0], e.from[1] + e.to[1]}
	along, across := 0, 1 // the ray goes east
	level := e.from[1] == e.to[1]
	if level {
		along, across = 1, 0
	}
	for _, o := range edges {
		a, b := px{2 * o.from[0], 2 * o.from[1]}, px{2 * o.to[0], 2 * o.to[1]}
		if (a[across] > middle[across]) == (b[across] > middle[across]) || o == e {
			continue
		}
		// where the edge stands on the ray's line, less the middle, times the
		// edge's extent across
		ahead := (a[along]-middle[along])*(b[across]-a[across]) + (b[along]-a[along])*(middle[across]-a[across])
		if b[across] < a[across] {
			ahead = -ahead
		}
		if level {
			ahead = -ahead // the ray goes north
		}
		if ahead > 0 {
			n += passed[o] * sign(b[across]-a[across])
		}
	}
	return n
}

// trace puts edges together to simple rings.
func trace(edges []segment) (rings [][]px) {
	leaving := map[px][]px{}
	for _, e := range edges {
		leaving[e.from] = append(leaving[e.from], e.to)
	}
	for _, e := range edges {
		if !take(leaving, e.from, e.to) {
			continue
		}
		path := []px{e.from, e.to}
		for path[len(path)-1] != path[0] {
			last, at := path[len(path)-2], path[len(path)-1]
			next := inmost(last, at, leaving[at])
			take(leaving, at, next)
			path = append(path, next)
		}
		rings = append(rings, loops(path)...)
	}
	return rings
}

// take removes an edge, if it is there.
func take(leaving map[px][]px, from, to px) bool {
	i := slices.Index(leaving[from], to)
	if i < 0 {
		return false
	}
	leaving[from] = slices.Delete(leaving[from], i, i+1)
	return true
}

// inmost is the way on that turns most to the inside, which lies on the right
// of a path on the screen.
func inmost(last, at px, ways []px) px {
	best := ways[0]
	for _, way := range ways[1:] {
		if moreRight(last, at, way, best) {
			best = way
		}
	}
	return best
}

// moreRight says whether a path that comes from last to at turns further to the
// right, on the screen, towards a than towards b.
func moreRight(last, at, a, b px) bool {
	turnA, turnB := sign(cross(last, at, a)), sign(cross(last, at, b))
	if turnA != turnB {
		return turnA > turnB
	}
	return turnA != 0 && cross(at, b, a) > 0
}

// loops cuts a closed path where it comes back to a position.
func loops(path []px) (rings [][]px) {
	var open []px
	for _, p := range path {
		if i := slices.Index(open, p); i >= 0 {
			if ring := tidyRing(slices.Clone(open[i:])); len(ring) > 0 {
				rings = append(rings, ring)
			}
			open = open[:i]
		}
		open = append(open, p)
	}
	return rings
}
