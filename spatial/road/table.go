package road

import (
	"fmt"
	"runtime"
	"sync"

	"wangge/spatial"
)

// maxTable is the most times that a table holds: 256 MB.
const maxTable = 64 << 20

// Table holds the time from each of some starts to every node. It is
// immutable.
type Table struct {
	graph  *Graph
	starts []Start
	onEdge map[int32][]int32
	times  []Millis // of node i are times[i*len(starts):]
}

// HoldsTable says whether a table of so many starts may be made.
func (g *Graph) HoldsTable(starts int) bool { return g.nodes*starts <= maxTable }

// Table makes the table of some starts, on all processors. The error is
// [spatial.InvalidError] if it would hold more than 64 million times.
func (g *Graph) Table(starts []Start) (*Table, error) {
	if !g.HoldsTable(len(starts)) {
		return nil, &spatial.InvalidError{Rule: "table_size", Where: "the table of travel times",
			Detail: fmt.Sprintf("%d places times %d nodes are more than %d times", len(starts), g.nodes, maxTable), Fix: "ask for fewer places at once"}
	}
	t := &Table{graph: g, starts: starts, times: make([]Millis, g.nodes*len(starts))}
	t.onEdge = g.standing(starts)
	next := make(chan int, (len(starts)+abreast-1)/abreast)
	for first := 0; first < len(starts); first += abreast {
		next <- first
	}
	close(next)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), cap(next)) {
		wait.Go(func() {
			for first := range next {
				t.fill(first, min(first+abreast, len(starts)))
			}
		})
	}
	wait.Wait()
	return t, nil
}

// abreast is how many columns of a table are written together, a line of the
// processor's cache.
const abreast = 8

// fill writes the columns of some starts.
func (t *Table) fill(from, to int) {
	var rooms [abreast]*search
	for i := from; i < to; i++ {
		r := t.graph.room()
		defer t.graph.rooms.Put(r)
		r.search(t.starts[i:i+1], nil, false)
		rooms[i-from] = r
	}
	for node := range t.graph.nodes {
		row := t.times[node*len(t.starts)+from:]
		for i, r := range rooms[:to-from] {
			time := Unreachable
			if l := r.node[node]; l != unreached {
				time = l.time()
			}
			row[i] = time
		}
	}
}

// At is how soon a position is reached from each start, written over into if
// that is long enough; [Unreachable] where it is not.
func (t *Table) At(p Position, into []Millis) []Millis {
	into = append(into[:0], make([]Millis, len(t.starts))...)
	for i := range into {
		into[i] = Unreachable
	}
	t.graph.enter(p, func(node int32, cost Millis) {
		row := t.times[int(node)*len(t.starts):]
		for i := range into {
			if row[i] < Unreachable-cost {
				into[i] = min(into[i], row[i]+cost)
			}
		}
	})
	for _, i := range t.onEdge[p.Edge] {
		t.offerDirect(into, i, p)
	}
	if p.junction >= 0 && t.graph.split != nil {
		for i := range t.starts {
			t.offerDirect(into, int32(i), p)
		}
	}
	return into
}

func (t *Table) offerDirect(into []Millis, i int32, p Position) {
	if d := t.graph.direct(t.starts[i].Position, p); d < Unreachable-t.starts[i].After {
		into[i] = min(into[i], t.starts[i].After+d)
	}
}
