package road

import (
	"math"
	"slices"
)

// Start is where a journey may begin.
type Start struct {
	Position
	After Millis // when it begins; at least 0
}

// Times are how soon every node is reached from the nearest of some starts.
// They are immutable.
type Times struct {
	graph  *Graph
	starts []Start
	node   []label
	onEdge map[int32][]int32 // starts by the edge they stand on
	parent []int32           // by node: the hop it was reached by; nil if not asked for
}

// label orders by time, then by number of the start.
type label uint64

const unreached = label(math.MaxUint64)

func newLabel(time Millis, start int32) label { return label(time)<<32 | label(uint32(start)) }

func (l label) time() Millis { return Millis(l >> 32) }
func (l label) start() int32 { return int32(uint32(l)) }

// after is the label of the same start some time later.
func (l label) after(cost Millis) label {
	if l == unreached || uint64(l.time())+uint64(cost) >= uint64(Unreachable) {
		return unreached
	}
	return l + label(cost)<<32
}

// From are the times from the nearest of the starts: that with the least time,
// and of several as near the first. Starts without an edge are not used. On a
// reversed graph they are the times to them. The source is Dijkstra's
// algorithm with several sources, in a heap of four children
// (doi:10.1007/BF01386390). Cost: about 100 ns a node.
func (g *Graph) From(starts []Start) *Times { return g.search(starts, nil, false) }

// search stops when all of the nodes to settle are settled; nil stands for all.
func (g *Graph) search(starts []Start, settle []int32, parents bool) *Times {
	t := &Times{graph: g, starts: starts, node: make([]label, g.nodes), onEdge: map[int32][]int32{}}
	for i := range t.node {
		t.node[i] = unreached
	}
	if parents {
		t.parent = slices.Repeat([]int32{-1}, g.nodes)
	}
	var queue heap
	for i, s := range starts {
		if s.Edge < 0 || !g.Usable(s.Edge) && s.junction < 0 {
			continue
		}
		if s.junction < 0 {
			t.onEdge[s.Edge] = append(t.onEdge[s.Edge], int32(i))
		}
		g.leave(s.Position, func(node int32, cost Millis) {
			if l := newLabel(s.After, int32(i)).after(cost); l < t.node[node] {
				t.node[node] = l
				queue.push(entry{l, node})
			}
		})
	}
	t.run(&queue, settle)
	return t
}

func (t *Times) run(queue *heap, settle []int32) {
	g, waiting := t.graph, len(settle)
	for len(*queue) > 0 {
		next := queue.pop()
		if next.label != t.node[next.node] {
			continue
		}
		if settle != nil && slices.Contains(settle, next.node) {
			if waiting--; waiting == 0 {
				return
			}
		}
		first := g.out.first[next.node]
		for i, h := range g.out.from(next.node) {
			l := next.label.after(h.cost)
			if l >= t.node[h.to] {
				continue
			}
			t.node[h.to] = l
			if t.parent != nil {
				t.parent[h.to] = first + int32(i)
			}
			queue.push(entry{l, h.to})
		}
	}
}

// leave gives the nodes that can be gone to first from a position, with the
// time it takes.
func (g *Graph) leave(p Position, to func(node int32, cost Millis)) {
	if p.junction >= 0 {
		for _, node := range g.departures(p.junction) {
			to(node, 0)
		}
		return
	}
	for arc := 2 * p.Edge; arc <= 2*p.Edge+1; arc++ {
		if g.cost[arc] < Unreachable {
			_, head := g.ends(arc)
			to(head, g.cost[arc]-g.part(arc, p.Fraction))
		}
	}
}

// enter gives the nodes that a position is reached from last, with the time it
// takes.
func (g *Graph) enter(p Position, from func(node int32, cost Millis)) {
	if p.Edge < 0 {
		return
	}
	if p.junction >= 0 {
		for _, node := range g.arrivals(p.junction) {
			from(node, 0)
		}
		return
	}
	for arc := 2 * p.Edge; arc <= 2*p.Edge+1; arc++ {
		if g.cost[arc] < Unreachable {
			tail, _ := g.ends(arc)
			from(tail, g.part(arc, p.Fraction))
		}
	}
}

// direct is the time between two positions of one edge without leaving it.
func (g *Graph) direct(from, to Position) Millis {
	best := Unreachable
	switch {
	case from.junction >= 0 && from.junction == to.junction:
		return 0
	case from.Edge != to.Edge || from.Edge < 0:
		return best
	}
	for arc := 2 * from.Edge; arc <= 2*from.Edge+1; arc++ {
		if g.cost[arc] == Unreachable {
			continue
		}
		if t := g.part(arc, to.Fraction) - g.part(arc, from.Fraction); t >= 0 && g.ahead(arc, from.Fraction, to.Fraction) {
			best = min(best, t)
		}
	}
	return best
}

// ahead says whether one fraction of an arc does not come after another, in the
// graph's direction. It tells apart what rounding makes equal.
func (g *Graph) ahead(arc int32, from, to float64) bool {
	if (arc&1 == 1) != g.reversed {
		from, to = to, from
	}
	return from <= to
}

// At is how soon a position is reached, and from which of the starts; ok is
// false if it is reached from none.
func (t *Times) At(p Position) (time Millis, start int, ok bool) {
	best := t.label(p)
	if best == unreached {
		return Unreachable, -1, false
	}
	return best.time(), int(best.start()), true
}

func (t *Times) label(p Position) label {
	best := unreached
	t.graph.enter(p, func(node int32, cost Millis) { best = min(best, t.node[node].after(cost)) })
	for _, i := range t.onEdge[p.Edge] {
		if d := t.graph.direct(t.starts[i].Position, p); d < Unreachable {
			best = min(best, newLabel(t.starts[i].After, i).after(d))
		}
	}
	if p.junction >= 0 {
		best = min(best, t.standing(p.junction))
	}
	return best
}

// standing is the first start at a junction: where the junction is split the
// nodes it is left by are not those it is reached by.
func (t *Times) standing(junction int32) label {
	best := unreached
	if _, ok := t.graph.split[junction]; ok {
		for i, s := range t.starts {
			if s.junction == junction {
				best = min(best, newLabel(s.After, int32(i)))
			}
		}
	}
	return best
}
