package road

import (
	"slices"
	"sync"
)

// Graph is a network as a profile may use it. It is immutable.
//
// An edge is two arcs, along its line (2i) and against it (2i+1). A node is a
// junction; but a junction with turn restrictions has a node for each arc that
// comes in and one for each that goes out, joined by links of no time where
// the turn is allowed.
type Graph struct {
	*Network
	profile  Profile
	cost     []Millis // by arc; Unreachable where the profile may not go
	tail     []int32  // by arc
	head     []int32  // by arc
	nodes    int
	split    map[int32]crossing // by junction
	links    []link
	out, in  adjacency
	longest  Millis     // what a hop takes at most
	reversed bool       // times are towards the starts; see Reverse
	rooms    *sync.Pool // of *search, for graphs of the same nodes and longest hop
}

// crossing is a junction with turn restrictions.
type crossing struct{ ins, outs []int32 }

type link struct{ from, to int32 }

// adjacency lists the hops from each node.
type adjacency struct {
	first []int32 // of node i are hops[first[i]:first[i+1]]
	hops  []hop
	arcs  []int32 // of hops; -1 for a link
}

type hop struct {
	to   int32
	cost Millis
}

// Graph is the network for a profile.
func (n *Network) Graph(p Profile) *Graph {
	g := &Graph{Network: n, profile: p, nodes: len(n.junctions)}
	g.cost = make([]Millis, 2*len(n.edges))
	g.tail, g.head = make([]int32, 2*len(n.edges)), make([]int32, 2*len(n.edges))
	for i := range n.edges {
		e := &n.edges[i]
		time := Over(e.Length, p.speed(e.class, e.limit))
		if e.closed || e.access != "" && slices.Contains(p.Barred, e.access) {
			time = Unreachable
		}
		along, against := 2*i, 2*i+1
		g.cost[along], g.cost[against] = time, time
		if e.oneway && p.Oneway {
			g.cost[against] = Unreachable
		}
		g.tail[along], g.head[along] = e.from, e.to
		g.tail[against], g.head[against] = e.to, e.from
	}
	if p.Turns && len(n.turns) > 0 {
		g.splitCrossings()
	}
	g.join()
	return g
}

// ProfileName is the name of the graph's profile.
func (g *Graph) ProfileName() string { return g.profile.Name }

// splitCrossings gives junctions with restrictions their nodes and links.
func (g *Graph) splitCrossings() {
	g.split = map[int32]crossing{}
	for _, t := range g.turns {
		g.split[g.head[t.from]] = crossing{}
	}
	var restricted []int32
	for j := range g.split {
		restricted = append(restricted, j)
	}
	slices.Sort(restricted)
	into, out := map[int32][]int32{}, map[int32][]int32{}
	for arc := range g.cost {
		for _, end := range []struct {
			node *int32
			arcs map[int32][]int32
		}{{&g.head[arc], into}, {&g.tail[arc], out}} {
			if _, ok := g.split[*end.node]; ok {
				end.arcs[*end.node] = append(end.arcs[*end.node], int32(arc))
			}
		}
	}
	for _, j := range restricted {
		g.splitCrossing(j, into[j], out[j])
	}
}

func (g *Graph) splitCrossing(j int32, into, out []int32) {
	var c crossing
	node := func() int32 { g.nodes++; return int32(g.nodes - 1) }
	for _, arc := range into {
		g.head[arc] = node()
		c.ins = append(c.ins, g.head[arc])
	}
	for _, arc := range out {
		g.tail[arc] = node()
		c.outs = append(c.outs, g.tail[arc])
	}
	for _, from := range into {
		for _, to := range out {
			if g.allows(from, to) {
				g.links = append(g.links, link{g.head[from], g.tail[to]})
			}
		}
	}
	g.split[j] = c
}

// allows says whether no restriction is against a turn.
func (g *Graph) allows(from, to int32) bool {
	for _, t := range g.turns {
		if t.from == from && (t.to == to) != t.only {
			return false
		}
	}
	return true
}

// join makes the lists of hops.
func (g *Graph) join() {
	g.longest, g.rooms = 0, &sync.Pool{}
	forward, backward := make([]hopFrom, 0, len(g.cost)+len(g.links)), make([]hopFrom, 0, len(g.cost)+len(g.links))
	for arc, cost := range g.cost {
		if cost < Unreachable {
			forward = append(forward, hopFrom{g.tail[arc], int32(arc), hop{g.head[arc], cost}})
			backward = append(backward, hopFrom{g.head[arc], int32(arc), hop{g.tail[arc], cost}})
			g.longest = max(g.longest, cost)
		}
	}
	for _, l := range g.links {
		forward = append(forward, hopFrom{l.from, -1, hop{l.to, 0}})
		backward = append(backward, hopFrom{l.to, -1, hop{l.from, 0}})
	}
	g.out, g.in = newAdjacency(g.nodes, forward), newAdjacency(g.nodes, backward)
}

type hopFrom struct {
	from, arc int32
	hop
}

// newAdjacency sorts hops by the node they start from, otherwise in order.
func newAdjacency(nodes int, all []hopFrom) adjacency {
	a := adjacency{first: make([]int32, nodes+1), hops: make([]hop, len(all)), arcs: make([]int32, len(all))}
	for i := range all {
		a.first[all[i].from+1]++
	}
	for i := range nodes {
		a.first[i+1] += a.first[i]
	}
	next := slices.Clone(a.first[:nodes])
	for i := range all {
		at := next[all[i].from]
		a.hops[at], a.arcs[at] = all[i].hop, all[i].arc
		next[all[i].from]++
	}
	return a
}

// driven says whether a road leads from a node, rather than a link alone.
func (a *adjacency) driven(node int32) bool {
	return slices.ContainsFunc(a.arcs[a.first[node]:a.first[node+1]], func(arc int32) bool { return arc >= 0 })
}

func (a *adjacency) from(node int32) []hop { return a.hops[a.first[node]:a.first[node+1]] }

// Without is the graph with edges closed, in both directions and from junction
// to junction. Numbers of edges and junctions stay as they are. Cost: about
// 20 ns an edge.
func (g *Graph) Without(closed func(edge int32) bool) *Graph {
	next := *g
	next.cost = slices.Clone(g.cost)
	for i := range g.edges {
		if closed(int32(i)) {
			next.cost[2*i], next.cost[2*i+1] = Unreachable, Unreachable
		}
	}
	next.join()
	if g.reversed {
		next.out, next.in = next.in, next.out
	}
	return &next
}

// Reverse is the graph with all directions turned round: times from a start
// become times to it.
func (g *Graph) Reverse() *Graph {
	next := *g
	next.out, next.in = g.in, g.out
	next.reversed = !g.reversed
	return &next
}

// Usable says whether an edge may be used in some direction.
func (g *Graph) Usable(edge int32) bool {
	return g.cost[2*edge] < Unreachable || g.cost[2*edge+1] < Unreachable
}

// Leads says whether some road may be used at a position: its edge, or one that
// meets it at its junction.
func (g *Graph) Leads(p Position) bool {
	if g.Usable(p.Edge) {
		return true
	}
	at, ok := p.Junction()
	if !ok {
		return false
	}
	return slices.ContainsFunc(g.arrivals(at), g.in.driven) || slices.ContainsFunc(g.departures(at), g.out.driven)
}

// Nodes is how many there are.
func (g *Graph) Nodes() int { return g.nodes }

// ends are the nodes where an arc begins and ends in the graph's direction.
func (g *Graph) ends(arc int32) (tail, head int32) {
	if g.reversed {
		return g.head[arc], g.tail[arc]
	}
	return g.tail[arc], g.head[arc]
}

// part is the time from where an arc begins, in the graph's direction, to the
// position a fraction along its edge's line. The parts of an arc before and
// after a position add up to its whole.
func (g *Graph) part(arc int32, fraction float64) Millis {
	cost := g.cost[arc]
	along := Millis(float64(cost)*fraction + 0.5)
	if (arc&1 == 1) != g.reversed {
		return cost - along
	}
	return along
}

// arrivals are the nodes by which a junction is reached, departures those it is
// left by, in the graph's direction.
func (g *Graph) arrivals(junction int32) []int32 { return g.nodesOf(junction, g.reversed) }

func (g *Graph) departures(junction int32) []int32 { return g.nodesOf(junction, !g.reversed) }

func (g *Graph) nodesOf(junction int32, outs bool) []int32 {
	c, ok := g.split[junction]
	switch {
	case !ok:
		return []int32{junction}
	case outs:
		return c.outs
	}
	return c.ins
}

// junctionsOfNodes is the junction that each node belongs to.
func (g *Graph) junctionsOfNodes() []int32 {
	of := make([]int32, g.nodes)
	for i := range of {
		of[i] = int32(i)
	}
	for j, c := range g.split {
		for _, node := range slices.Concat(c.ins, c.outs) {
			of[node] = j
		}
	}
	return of
}
