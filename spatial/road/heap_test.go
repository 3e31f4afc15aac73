package road

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// What the tests of the package from outside use.
var (
	City          = city
	NearestByHeap = nearestByHeap
)

// Compare is the comparison with the twin: some places from some starts.
func Compare(t *testing.T, r *rand.Rand, g *Graph) (cases int) {
	var starts []Start
	for range 1 + r.IntN(4) {
		if p, ok := somePosition(r, g); ok {
			starts = append(starts, Start{p, Millis(r.IntN(3) * 20_000)})
		}
	}
	if len(starts) == 0 {
		return 0
	}
	return compare(t, r, g, starts)
}

// city is a graph of about n junctions: crooked streets of all classes, a
// quarter of them one-way, with gaps; and 43 starts.
func city(tb testing.TB, n int) (*Graph, []Start) {
	r := rand.New(rand.NewPCG(5, 8))
	side := 1
	for side*side < n {
		side++
	}
	at := make([]orb.Point, side*side)
	for i := range at {
		at[i] = orb.Point{113.9 + (float64(i%side)+r.Float64()*0.6)/1000, 22.4 + (float64(i/side)+r.Float64()*0.6)/1000}
	}
	var streets []street
	for i := range side {
		for _, upright := range []bool{false, true} {
			var line orb.LineString
			class := someClasses[1+r.IntN(4)]
			for j := range side {
				p := at[i*side+j]
				if upright {
					p = at[j*side+i]
				}
				line = append(line, p)
				if len(line) > 2 && r.IntN(6) == 0 || j == side-1 && len(line) > 1 {
					streets = append(streets, street{line: line, class: class, oneway: r.IntN(4) == 0})
					line = orb.LineString{p}
					if r.IntN(8) == 0 {
						line = nil
					}
				}
			}
		}
	}
	r.Shuffle(len(streets), func(i, j int) { streets[i], streets[j] = streets[j], streets[i] })
	g := drivingOn(tb, networkOf(tb, streets))
	var starts []Start
	for range 43 {
		starts = append(starts, Start{g.Along(int32(r.IntN(g.Edges())), 0.5), Millis(r.IntN(120_000))})
	}
	return g, starts
}

// nearestByHeap is Dijkstra's algorithm as it is in textbooks.
func nearestByHeap(g *Graph, starts []Start) []label {
	labels := make([]label, g.nodes)
	for i := range labels {
		labels[i] = unreached
	}
	var h heap
	for i, s := range starts {
		g.leave(s.Position, func(node int32, cost Millis) {
			if l := newLabel(s.After, int32(i)).after(cost); l < labels[node] {
				labels[node] = l
				h.push(entry{l, node})
			}
		})
	}
	for len(h) > 0 {
		e := h.pop()
		if e.label != labels[e.node] {
			continue
		}
		for _, hop := range g.out.from(e.node) {
			if l := e.label.after(hop.cost); l < labels[hop.to] {
				labels[hop.to] = l
				h.push(entry{l, hop.to})
			}
		}
	}
	return labels
}

// heap is a queue by label with four children to a parent.
type heap []entry

func (e entry) before(o entry) bool {
	return e.label < o.label || e.label == o.label && e.node < o.node
}

func (h *heap) push(e entry) {
	q := append(*h, e)
	i := len(q) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(q[parent]) {
			break
		}
		q[i] = q[parent]
		i = parent
	}
	q[i] = e
	*h = q
}

func (h *heap) pop() entry {
	q := *h
	top, e := q[0], q[len(q)-1]
	q = q[:len(q)-1]
	*h = q
	if len(q) == 0 {
		return top
	}
	i := 0
	for {
		least := 4*i + 1
		if least >= len(q) {
			break
		}
		for c := least + 1; c < min(4*i+5, len(q)); c++ {
			if q[c].before(q[least]) {
				least = c
			}
		}
		if !q[least].before(e) {
			break
		}
		q[i] = q[least]
		i = least
	}
	q[i] = e
	return top
}

// Arc is a hop from junction to junction, for other routers.
type Arc struct {
	Edge     int32
	Tail     int32
	Head     int32
	Cost     Millis // along the edge's line
	Backward Millis // against it
}

// Arcs are those of a graph without split junctions.
func Arcs(g *Graph) []Arc {
	var arcs []Arc
	for i := range int32(len(g.edges)) {
		arcs = append(arcs, Arc{i, g.tail[2*i], g.head[2*i], g.cost[2*i], g.cost[2*i+1]})
	}
	return arcs
}

// Junction is the number of the junction of a position.
func Junction(p Position) int32 { return p.junction }
