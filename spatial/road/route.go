package road

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

// Route is a quickest way from one position to another.
type Route struct {
	Line   orb.LineString // degrees lon, lat; of one point where nothing is driven
	Length geodesic.Meters
	Time   Millis
	Roads  []Stretch
}

// Stretch is what a route has of one road.
type Stretch struct {
	Road   int64 // id of the feature
	Name   string
	Length geodesic.Meters
}

// piece is a part of an edge, driven from one fraction to another.
type piece struct {
	edge     int32
	from, to float64
}

// Route is a quickest way in the graph's direction; on a reversed graph it runs
// from to to from, as one drives it. ok is false if there is none.
func (g *Graph) Route(from, to Position) (Route, bool) {
	if g.reversed {
		return g.Reverse().Route(to, from)
	}
	var last []int32
	g.enter(to, func(node int32, _ Millis) {
		if !slices.Contains(last, node) {
			last = append(last, node)
		}
	})
	r := g.room()
	defer g.rooms.Put(r)
	starts := []Start{{Position: from}}
	r.search(starts, last, true)
	t := &Times{graph: g, starts: starts, node: r.node, onEdge: g.standing(starts)}
	best := t.label(to)
	if best == unreached {
		return Route{}, false
	}
	if d := g.direct(from, to); d == best.time() {
		return g.trace(g.directPiece(from, to), from, d), true
	}
	return g.trace(r.pieces(from, to, best), from, best.time()), true
}

func (g *Graph) directPiece(from, to Position) []piece {
	if from.Edge != to.Edge || from.Fraction == to.Fraction {
		return nil
	}
	return []piece{{from.Edge, from.Fraction, to.Fraction}}
}

// pieces goes back from a position to the start.
func (r *search) pieces(from, to Position, best label) []piece {
	g, node := r.graph, int32(-1)
	g.enter(to, func(n int32, cost Millis) {
		if r.node[n].after(cost) == best && node < 0 {
			node = n
		}
	})
	var back []piece
	if to.junction < 0 {
		back = append(back, g.lastPiece(to, node, best, r.node[node]))
	}
	for r.parent[node] >= 0 {
		arc := g.out.arcs[r.parent[node]]
		if arc < 0 {
			node = r.before(node)
			continue
		}
		back = append(back, wholePiece(arc))
		node, _ = g.ends(arc)
	}
	if from.junction < 0 {
		back = append(back, g.firstPiece(from, node, r.node[node]))
	}
	slices.Reverse(back)
	return back
}

// before is the node at the other end of the link that a node was reached by.
func (r *search) before(node int32) int32 {
	hop := r.parent[node]
	i, _ := slices.BinarySearch(r.graph.out.first, hop+1)
	return int32(i - 1)
}

func wholePiece(arc int32) piece {
	if arc&1 == 1 {
		return piece{arc / 2, 1, 0}
	}
	return piece{arc / 2, 0, 1}
}

// lastPiece is the part of the edge of a position that is driven last.
func (g *Graph) lastPiece(to Position, node int32, best, reached label) piece {
	for arc := 2 * to.Edge; arc <= 2*to.Edge+1; arc++ {
		tail, _ := g.ends(arc)
		if g.cost[arc] < Unreachable && tail == node && reached.after(g.part(arc, to.Fraction)) == best {
			return piece{to.Edge, float64(arc & 1), to.Fraction}
		}
	}
	return piece{to.Edge, to.Fraction, to.Fraction}
}

// firstPiece is the part of the edge of a position that is driven first.
func (g *Graph) firstPiece(from Position, node int32, reached label) piece {
	for arc := 2 * from.Edge; arc <= 2*from.Edge+1; arc++ {
		_, head := g.ends(arc)
		if g.cost[arc] < Unreachable && head == node && g.cost[arc]-g.part(arc, from.Fraction) == reached.time() {
			return piece{from.Edge, from.Fraction, float64(1 - arc&1)}
		}
	}
	return piece{from.Edge, from.Fraction, from.Fraction}
}

// trace draws pieces as one line.
func (g *Graph) trace(pieces []piece, from Position, time Millis) Route {
	r := Route{Line: orb.LineString{from.At}, Time: time}
	for _, p := range pieces {
		e := &g.edges[p.edge]
		length := e.Length * geodesic.Meters(math.Abs(p.to-p.from))
		r.Length += length
		for _, q := range g.between(p.edge, p.from, p.to) {
			if q != r.Line[len(r.Line)-1] {
				r.Line = append(r.Line, q)
			}
		}
		if n := len(r.Roads); n > 0 && (r.Roads[n-1].Road == e.Road || r.Roads[n-1].Name == e.name && e.name != "") {
			r.Roads[n-1].Length += length
			continue
		}
		r.Roads = append(r.Roads, Stretch{e.Road, e.name, length})
	}
	return r
}
