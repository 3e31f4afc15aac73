package road

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

// lookup finds the edges near a place: a tree of boxes in space over the segments
// of all lines (Goldsmith and Salmon 1987, doi:10.1109/MCG.1987.276983, split in
// halves). Its distances are straight lines through the earth, which are never
// longer than those on it.
type lookup struct {
	nodes    []lookupNode
	segments []segment
}

// lookupNode is a box around some segments: two nodes, the first of which follows
// it, or a leaf.
type lookupNode struct {
	low, high   geodesic.Space
	second      int32 // the other node; 0 for a leaf
	first, last int32 // segments of a leaf
}

// segment is a straight bit of an edge: the chord from one vertex to the next.
type segment struct {
	from, way geodesic.Space
	length2   float64 // of way, squared
	rise      float64 // how far the geodesic may rise above the chord
	edge      int32
}

const (
	leafSegments = 6
	unsure       = 0.002 // m; what distances on the ellipsoid and in space may be off together
	leastRadius  = 6_335_439.0
)

func newLookup(edges []Edge) *lookup {
	l := &lookup{}
	for i := range edges {
		line := edges[i].Line
		at := geodesic.InSpace(line[0])
		for j := 1; j < len(line); j++ {
			next := geodesic.InSpace(line[j])
			s := segment{from: at, edge: int32(i)}
			for k := range at {
				s.way[k] = next[k] - at[k]
				s.length2 += s.way[k] * s.way[k]
			}
			// An arc over a chord c rises by at most c²/4R above it.
			s.rise = s.length2/(4*leastRadius) + unsure
			l.segments = append(l.segments, s)
			at = next
		}
	}
	if len(l.segments) > 0 {
		l.grow(0, len(l.segments))
	}
	return l
}

// grow makes the node of a stretch of segments and those below it.
func (l *lookup) grow(first, last int) {
	some := l.segments[first:last]
	at := len(l.nodes)
	l.nodes = append(l.nodes, boxAround(some))
	if len(some) <= leafSegments {
		l.nodes[at].first, l.nodes[at].last = int32(first), int32(last)
		return
	}
	n, axis := &l.nodes[at], 0
	for k := range n.low {
		if n.high[k]-n.low[k] > n.high[axis]-n.low[axis] {
			axis = k
		}
	}
	slices.SortFunc(some, func(a, b segment) int {
		x, y := 2*a.from[axis]+a.way[axis], 2*b.from[axis]+b.way[axis]
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return int(a.edge - b.edge)
	})
	middle := (first + last) / 2
	l.grow(first, middle)
	l.nodes[at].second = int32(len(l.nodes))
	l.grow(middle, last)
}

func boxAround(some []segment) lookupNode {
	inf := math.Inf(1)
	n := lookupNode{low: geodesic.Space{inf, inf, inf}, high: geodesic.Space{-inf, -inf, -inf}}
	for i := range some {
		s := &some[i]
		for k := range s.from {
			a, b := s.from[k], s.from[k]+s.way[k]
			n.low[k], n.high[k] = min(n.low[k], a-s.rise, b-s.rise), max(n.high[k], a+s.rise, b+s.rise)
		}
	}
	return n
}

// below is a distance that nothing in the node is nearer than.
func (n *lookupNode) below(p geodesic.Space) float64 {
	sum := 0.0
	for k, x := range p {
		if d := max(n.low[k]-x, x-n.high[k]); d > 0 {
			sum += d * d
		}
	}
	return math.Sqrt(sum)
}

// below is a distance that nothing on the geodesic over the segment is nearer than.
func (s *segment) below(p geodesic.Space) float64 {
	x, y, z := p[0]-s.from[0], p[1]-s.from[1], p[2]-s.from[2]
	t := x*s.way[0] + y*s.way[1] + z*s.way[2]
	if t > 0 {
		t = min(t/s.length2, 1) // longer than nothing, or t were 0
		x, y, z = x-t*s.way[0], y-t*s.way[1], z-t*s.way[2]
	}
	return math.Sqrt(x*x+y*y+z*z) - s.rise
}

// near yields the edges that are usable and may be as near as a distance, with the
// distance that they are not nearer than; the distance that yield returns holds
// from then on. An edge may come more than once.
func (l *lookup) near(p geodesic.Space, usable func(edge int32) bool, within float64, yield func(edge int32, below float64) (within float64)) {
	if len(l.nodes) == 0 {
		return
	}
	type open struct {
		node  int32
		below float64
	}
	stack := append(make([]open, 0, 64), open{0, 0})
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if top.below > within {
			continue
		}
		n := &l.nodes[top.node]
		if n.second == 0 {
			for i := n.first; i < n.last; i++ {
				s := &l.segments[i]
				if d := s.below(p); d <= within && usable(s.edge) {
					within = yield(s.edge, d)
				}
			}
			continue
		}
		one, other := open{top.node + 1, l.nodes[top.node+1].below(p)}, open{n.second, l.nodes[n.second].below(p)}
		if one.below < other.below {
			one, other = other, one
		}
		stack = append(stack, one, other)
	}
}

// Snap brings a place onto the nearest edge that the graph's profile may use; of
// several as near it is the one with the smallest number. There is none in an
// empty graph: [Nowhere]. p must be finite, degrees lon, lat. Cost: some µs.
func (g *Graph) Snap(p orb.Point) (Position, bool) {
	from, l := geodesic.InSpace(p), g.lookup()
	likely := int32(-1)
	l.near(from, g.Usable, math.Inf(1), func(edge int32, below float64) float64 {
		likely = edge
		return below
	})
	if likely < 0 {
		return Nowhere(), false
	}
	best, least := likely, g.away(p, likely)
	measured := append(make([]int32, 0, 16), likely)
	l.near(from, g.Usable, float64(least)+unsure, func(edge int32, _ float64) float64 {
		if !slices.Contains(measured, edge) {
			measured = append(measured, edge)
			if d := g.away(p, edge); d < least || d == least && edge < best {
				best, least = edge, d
			}
		}
		return float64(least) + unsure
	})
	return g.positionNear(p, best), true
}

// Within are the positions of all usable edges that are nearest to a place, of
// those that are no farther than a distance: the nearest first, equals by number.
// Cost: some µs, and 2 µs for each.
func (g *Graph) Within(p orb.Point, distance geodesic.Meters) []Position {
	var edges []int32
	g.lookup().near(geodesic.InSpace(p), g.Usable, float64(distance)+unsure, func(edge int32, _ float64) float64 {
		edges = append(edges, edge)
		return float64(distance) + unsure
	})
	var all []Position
	for _, edge := range Join(edges) {
		if at := g.positionNear(p, edge); at.Away <= distance {
			all = append(all, at)
		}
	}
	slices.SortFunc(all, func(a, b Position) int { return cmp.Or(cmp.Compare(a.Away, b.Away), cmp.Compare(a.Edge, b.Edge)) })
	return all
}

// Around brings a place onto every edge within a distance that the graph's profile
// may use, in order of number; if there is none, onto the nearest as [Graph.Snap]
// does. p must be finite, degrees lon, lat.
func (g *Graph) Around(p orb.Point, within geodesic.Meters) []Position {
	all := g.Within(p, within)
	slices.SortFunc(all, func(a, b Position) int { return cmp.Compare(a.Edge, b.Edge) })
	if nearest, ok := g.Snap(p); len(all) == 0 && ok {
		all = append(all, nearest)
	}
	return all
}

func (n *Network) away(p orb.Point, edge int32) geodesic.Meters {
	d, _ := geodesic.DistanceTo(p, n.edges[edge].Line)
	return d
}
