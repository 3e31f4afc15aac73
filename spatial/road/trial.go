package road

// Trial tries one more start beside those of some times: it finds what the start
// would reach sooner than they do. It is one goroutine's and used again.
type Trial struct {
	times    *Times
	start    Start
	node     []Millis // by the new start; Unreachable where it is not sooner
	improved []int32  // nodes where it is
	edges    []int32
	seen     []bool  // by edge
	junction []int32 // by node: the junction it belongs to
	queue    queue
}

// Trial is one for the starts of the times.
func (t *Times) Trial() *Trial {
	tr := &Trial{times: t, node: make([]Millis, t.graph.nodes), seen: make([]bool, len(t.graph.edges)), junction: t.graph.junctionsOfNodes(), queue: newQueue(t.graph.longest)}
	for i := range tr.node {
		tr.node[i] = Unreachable
	}
	return tr
}

// Try finds where a start is sooner. Cost: 50 ns for each node where it is.
func (tr *Trial) Try(start Start) {
	tr.forget()
	tr.start = start
	if start.Edge < 0 {
		return
	}
	g, q := tr.times.graph, &tr.queue
	var begins []entry
	g.leave(start.Position, func(node int32, cost Millis) {
		if l := newLabel(start.After, 0).after(cost); tr.offer(node, l) {
			begins = append(begins, entry{l, node})
		}
	})
	q.begin(latestFirst(begins))
	for q.held > 0 {
		for i := 0; i < len(*q.current()); i++ {
			e := (*q.current())[i]
			if e.label.time() != tr.node[e.node] {
				continue
			}
			for _, h := range g.out.from(e.node) {
				if l := e.label.after(h.cost); tr.offer(h.to, l) {
					q.push(entry{l, h.to})
				}
			}
		}
		q.next()
	}
	tr.touch()
}

// offer takes a time at a node if it is sooner than all others.
func (tr *Trial) offer(node int32, l label) bool {
	if l == unreached || l.time() >= tr.node[node] {
		return false
	}
	if others := tr.times.node[node]; others != unreached && l.time() >= others.time() {
		return false
	}
	if tr.node[node] == Unreachable {
		tr.improved = append(tr.improved, node)
	}
	tr.node[node] = l.time()
	return true
}

// touch lists the edges that lead away from where the start is sooner, and its
// own.
func (tr *Trial) touch() {
	g := tr.times.graph
	add := func(edge int32) {
		if !tr.seen[edge] {
			tr.seen[edge] = true
			tr.edges = append(tr.edges, edge)
		}
	}
	add(tr.start.Edge)
	for _, node := range tr.improved {
		for i := g.out.first[node]; i < g.out.first[node+1]; i++ {
			if arc := g.out.arcs[i]; arc >= 0 {
				add(arc / 2)
			}
		}
	}
}

func (tr *Trial) forget() {
	for _, node := range tr.improved {
		tr.node[node] = Unreachable
	}
	for _, edge := range tr.edges {
		tr.seen[edge] = false
	}
	tr.improved, tr.edges = tr.improved[:0], tr.edges[:0]
}

// Edges are those on which there may be positions that the start reaches sooner,
// in no order; but for positions at junctions, for which see [Trial.Junctions].
// Valid until the next Try.
func (tr *Trial) Edges() []int32 { return tr.edges }

// Junctions yields the junctions that the start may reach sooner, in no order,
// some of them more than once. See [Position.Junction].
func (tr *Trial) Junctions(yield func(int32) bool) {
	if j, ok := tr.start.Junction(); ok && !yield(j) {
		return
	}
	for _, node := range tr.improved {
		if !yield(tr.junction[node]) {
			return
		}
	}
}

// At is how soon the start reaches a position; [Unreachable], or later than
// others, where it is not sooner than they are.
func (tr *Trial) At(p Position) Millis {
	best := Unreachable
	g := tr.times.graph
	g.enter(p, func(node int32, cost Millis) {
		if t := tr.node[node]; t < Unreachable-cost {
			best = min(best, t+cost)
		}
	})
	if d := g.direct(tr.start.Position, p); d < Unreachable-tr.start.After {
		best = min(best, tr.start.After+d)
	}
	return best
}

// Junctions are a position at each junction that the profile may come to, in no
// order that means anything, always the same.
func (g *Graph) Junctions() []Position {
	seen := make([]bool, len(g.junctions))
	var all []Position
	for i := range int32(len(g.edges)) {
		if !g.Usable(i) {
			continue
		}
		for end, junction := range [2]int32{g.edges[i].from, g.edges[i].to} {
			if !seen[junction] {
				seen[junction] = true
				all = append(all, Position{Edge: i, Fraction: float64(end), At: g.junctions[junction], junction: junction})
			}
		}
	}
	return all
}
