package road

import (
	"cmp"
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
}

// label orders by time, then by number of the start.
type label uint64

const (
	unreached = label(math.MaxUint64)
	tooLate   = label(Unreachable) << 32 // the first of no time
)

func newLabel(time Millis, start int32) label { return label(time)<<32 | label(uint32(start)) }

func (l label) time() Millis { return Millis(l >> 32) }
func (l label) start() int32 { return int32(uint32(l)) }

// after is the label of the same start some time later.
func (l label) after(cost Millis) label {
	if l == unreached || l+label(cost)<<32 >= tooLate {
		return unreached
	}
	return l + label(cost)<<32
}

// From are the times from the nearest of the starts: that with the least time,
// and of several as near the first. Starts without an edge are not used. On a
// reversed graph they are the times to them. The source is Dijkstra's
// algorithm with several sources (doi:10.1007/BF01386390), its queue in
// buckets. Cost: about 60 ns a node.
func (g *Graph) From(starts []Start) *Times {
	r := g.room()
	defer g.rooms.Put(r)
	r.search(starts, nil, false)
	return &Times{graph: g, starts: starts, node: slices.Clone(r.node), onEdge: g.standing(starts)}
}

// standing are the starts by the edge they stand on, junctions aside.
func (g *Graph) standing(starts []Start) map[int32][]int32 {
	on := map[int32][]int32{}
	for i, s := range starts {
		if s.Edge >= 0 && s.junction < 0 && g.Usable(s.Edge) {
			on[s.Edge] = append(on[s.Edge], int32(i))
		}
	}
	return on
}

// search is what a search needs for itself; it is used again.
type search struct {
	graph  *Graph
	node   []label
	parent []int32 // by node: the hop it was reached by
	queue  queue
	begins []entry
}

func (g *Graph) room() *search {
	if r, ok := g.rooms.Get().(*search); ok {
		r.graph = g
		return r
	}
	return &search{graph: g, node: make([]label, g.nodes), queue: newQueue(g.longest)}
}

// search finds labels, and the hops they come by if those are asked for, until
// the nodes to settle have theirs; nil stands for all.
func (r *search) search(starts []Start, settle []int32, parents bool) {
	for i := range r.node {
		r.node[i] = unreached
	}
	if parents {
		r.parent = append(r.parent[:0], make([]int32, len(r.node))...)
		for i := range r.parent {
			r.parent[i] = -1
		}
	}
	r.begin(starts)
	if parents {
		r.runWithParents(settle)
		return
	}
	r.run()
}

// begin labels the nodes that the starts lead to first.
func (r *search) begin(starts []Start) {
	r.begins = r.begins[:0]
	for i, s := range starts {
		if s.Edge < 0 {
			continue
		}
		r.graph.leave(s.Position, func(node int32, cost Millis) {
			if l := newLabel(s.After, int32(i)).after(cost); l < r.node[node] {
				r.node[node] = l
				r.begins = append(r.begins, entry{l, node})
			}
		})
	}
	r.queue.begin(latestFirst(r.begins))
}

func latestFirst(all []entry) []entry {
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(b.label, a.label) })
	return all
}

// run labels all nodes.
func (r *search) run() {
	q, labels := &r.queue, r.node
	first, hops := r.graph.out.first, r.graph.out.hops
	mask := len(q.ring) - 1
	for q.held > 0 {
		current := q.now & mask
		for i := 0; i < len(q.ring[current]); i++ {
			e := q.ring[current][i]
			if e.label != labels[e.node] {
				continue
			}
			for _, h := range hops[first[e.node]:first[e.node+1]] {
				l := e.label + label(h.cost)<<32
				if l >= labels[h.to] || l >= tooLate {
					continue
				}
				labels[h.to] = l
				to := q.bucket(l) & mask
				q.ring[to] = append(q.ring[to], entry{l, h.to})
				q.held++
			}
		}
		q.next()
	}
}

// runWithParents labels nodes and remembers their hops until those to settle
// have their last labels.
func (r *search) runWithParents(settle []int32) {
	q, out := &r.queue, &r.graph.out
	for q.held > 0 && !r.settled(settle) {
		for i := 0; i < len(*q.current()); i++ {
			e := (*q.current())[i]
			if e.label != r.node[e.node] {
				continue
			}
			for k, h := range out.from(e.node) {
				if l := e.label.after(h.cost); l < r.node[h.to] {
					r.node[h.to], r.parent[h.to] = l, out.first[e.node]+int32(k)
					q.push(entry{l, h.to})
				}
			}
		}
		q.next()
	}
}

// settled says whether nodes lie before the current bucket.
func (r *search) settled(nodes []int32) bool {
	for _, node := range nodes {
		if l := r.node[node]; l == unreached || r.queue.bucket(l) >= r.queue.now {
			return false
		}
	}
	return len(nodes) > 0
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
		best = min(best, t.startAt(p.junction))
	}
	return best
}

// startAt is the first start at a junction: where the junction is split the
// nodes it is left by are not those it is reached by.
func (t *Times) startAt(junction int32) label {
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
