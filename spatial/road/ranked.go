package road

// Ranked are how soon every node is reached from each of the nearest k of some
// starts. It is immutable.
type Ranked struct {
	graph  *Graph
	starts []Start
	k      int
	node   []label // of node i are node[k*i:k*(i+1)], ascending
	onEdge map[int32][]int32
}

// Reach is that a position is reached from a start.
type Reach struct {
	Start int
	Time  Millis
}

// Ranked are the times from the nearest k of the starts: those with the least
// times, and of several as near the first. k is at least 1. Cost: about 100 ns
// a node for each of k.
func (g *Graph) Ranked(starts []Start, k int) *Ranked {
	r := &Ranked{graph: g, starts: starts, k: k, node: make([]label, k*g.nodes), onEdge: g.standing(starts)}
	for i := range r.node {
		r.node[i] = unreached
	}
	room := g.room()
	defer g.rooms.Put(room)
	q := &room.queue
	q.begin(room.beginsRanked(starts, r))
	for q.held > 0 {
		for i := 0; i < len(*q.current()); i++ {
			e := (*q.current())[i]
			if !r.holds(e) {
				continue
			}
			for _, h := range g.out.from(e.node) {
				if l := e.label.after(h.cost); l != unreached && offer(r.of(h.to), l) {
					q.push(entry{l, h.to})
				}
			}
		}
		q.next()
	}
	return r
}

// beginsRanked labels the nodes that the starts lead to first.
func (r *search) beginsRanked(starts []Start, ranked *Ranked) []entry {
	r.begins = r.begins[:0]
	for i, s := range starts {
		if s.Edge < 0 {
			continue
		}
		r.graph.leave(s.Position, func(node int32, cost Millis) {
			if l := newLabel(s.After, int32(i)).after(cost); l != unreached && offer(ranked.of(node), l) {
				r.begins = append(r.begins, entry{l, node})
			}
		})
	}
	return latestFirst(r.begins)
}

func (r *Ranked) of(node int32) []label { return r.node[r.k*int(node) : r.k*(int(node)+1)] }

func (r *Ranked) holds(e entry) bool {
	for _, l := range r.of(e.node) {
		if l >= e.label {
			return l == e.label
		}
	}
	return false
}

// offer puts a label among the least ones, ascending and each of another
// start; false if it is not one of them.
func offer(least []label, l label) bool {
	if l >= least[len(least)-1] {
		return false
	}
	at := len(least) - 1
	for i, other := range least {
		if other.start() == l.start() && other != unreached {
			if other <= l {
				return false
			}
			at = i
			break
		}
	}
	for ; at > 0 && least[at-1] > l; at-- {
		least[at] = least[at-1]
	}
	least[at] = l
	return true
}

// At are the nearest starts of a position, the soonest first, written over
// into if that is long enough; there are fewer than k where no more reach it.
func (r *Ranked) At(p Position, into []Reach) []Reach {
	var few [8]label
	least := append(few[:0], make([]label, r.k)...)
	for i := range least {
		least[i] = unreached
	}
	r.graph.enter(p, func(node int32, cost Millis) {
		for _, l := range r.of(node) {
			if l = l.after(cost); l != unreached {
				offer(least, l)
			}
		}
	})
	offerDirect := func(i int32) {
		if d := r.graph.direct(r.starts[i].Position, p); d < Unreachable {
			if l := newLabel(r.starts[i].After, i).after(d); l != unreached {
				offer(least, l)
			}
		}
	}
	for _, i := range r.onEdge[p.Edge] {
		offerDirect(i)
	}
	if _, split := r.graph.split[p.junction]; split {
		for i := range r.starts {
			offerDirect(int32(i))
		}
	}
	into = into[:0]
	for _, l := range least {
		if l != unreached {
			into = append(into, Reach{int(l.start()), l.time()})
		}
	}
	return into
}
