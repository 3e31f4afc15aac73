package road

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// twin finds times by Bellman and Ford over arcs, going on from those whose time
// has changed: how soon the end of each is reached. It knows junctions and
// restrictions, and no nodes.
type twin struct {
	g     *Graph
	start Start
	ends  []int
}

const never = math.MaxInt / 4

func (w *twin) junctions(arc int) (from, to int32) {
	e := w.g.edges[arc/2]
	if arc%2 == 1 {
		return e.to, e.from
	}
	return e.from, e.to
}

func (w *twin) cost(arc int) int {
	if w.g.cost[arc] == Unreachable {
		return never
	}
	return int(w.g.cost[arc])
}

// walked is the time along an arc to a fraction of its edge.
func (w *twin) walked(arc int, fraction float64) int {
	along := int(math.Floor(float64(w.cost(arc))*fraction + 0.5))
	if arc%2 == 1 {
		return w.cost(arc) - along
	}
	return along
}

func (w *twin) follows(a, b int) bool {
	_, to := w.junctions(a)
	from, _ := w.junctions(b)
	if to != from || w.cost(a) == never || w.cost(b) == never {
		return false
	}
	for _, t := range w.g.turns {
		if int(t.from) == a && t.only != (int(t.to) == b) {
			return false
		}
	}
	return true
}

func newTwin(g *Graph, start Start) *twin {
	w := &twin{g: g, start: start, ends: make([]int, 2*g.Edges())}
	for arc := range w.ends {
		w.ends[arc] = never
		from, _ := w.junctions(arc)
		switch {
		case w.cost(arc) == never:
		case start.junction >= 0 && from == start.junction:
			w.ends[arc] = int(start.After) + w.cost(arc)
		case start.junction < 0 && arc/2 == int(start.Edge):
			w.ends[arc] = int(start.After) + w.cost(arc) - w.walked(arc, start.Fraction)
		}
	}
	away := map[int32][]int{} // arcs by where they begin
	for b := range w.ends {
		from, _ := w.junctions(b)
		away[from] = append(away[from], b)
	}
	var open []int
	for arc, end := range w.ends {
		if end < never {
			open = append(open, arc)
		}
	}
	for ; len(open) > 0; open = open[1:] {
		a := open[0]
		_, to := w.junctions(a)
		for _, b := range away[to] {
			if d := w.ends[a] + w.cost(b); w.follows(a, b) && d < w.ends[b] {
				w.ends[b] = d
				open = append(open, b)
			}
		}
	}
	return w
}

func (w *twin) at(p Position) int {
	best, s := never, w.start
	if s.junction >= 0 && s.junction == p.junction {
		return int(s.After)
	}
	for arc := range w.ends {
		from, to := w.junctions(arc)
		switch {
		case w.cost(arc) == never:
		case p.junction >= 0:
			if to == p.junction {
				best = min(best, w.ends[arc])
			}
		case arc/2 == int(p.Edge):
			best = min(best, w.onto(arc, from, p))
		}
	}
	return best
}

// onto is how soon a position between the ends of an arc is reached along it.
func (w *twin) onto(arc int, from int32, p Position) int {
	best, s := never, w.start
	if s.junction == from {
		best = int(s.After) + w.walked(arc, p.Fraction)
	}
	if forward := s.Fraction <= p.Fraction; s.junction < 0 && s.Edge == p.Edge && (s.Fraction == p.Fraction || forward == (arc%2 == 0)) {
		best = min(best, int(s.After)+w.walked(arc, p.Fraction)-w.walked(arc, s.Fraction))
	}
	for b := range w.ends {
		if w.follows(b, arc) {
			best = min(best, w.ends[b]+w.walked(arc, p.Fraction))
		}
	}
	return best
}

// TestTimesAreBellmanAndFords compares the nearest start, the nearest few, the
// table, and the way back on the reversed graph with the twin's, and follows
// the routes.
func TestTimesAreBellmanAndFords(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	cases := 0
	for cases < 10_000 {
		g := someGraph(t, random)
		var starts []Start
		for range 1 + random.IntN(4) {
			if p, ok := somePosition(random, g); ok {
				starts = append(starts, Start{p, Millis(random.IntN(3) * 20_000)})
			}
		}
		if len(starts) == 0 {
			continue
		}
		cases += compare(t, random, g, starts)
		if t.Failed() {
			t.FailNow()
		}
	}
}

func compare(t *testing.T, random *rand.Rand, g *Graph, starts []Start) (cases int) {
	times := g.From(starts)
	table, err := g.Table(starts)
	if err != nil {
		t.Fatal(err)
	}
	var twins []*twin
	for _, s := range starts {
		twins = append(twins, newTwin(g, s))
	}
	k := 1 + random.IntN(3)
	ranked := g.Ranked(starts, k)
	for range 15 {
		p, ok := somePosition(random, g)
		if !ok {
			break
		}
		cases++
		row := table.At(p, nil)
		best, first := never, -1
		var all []Reach
		for i, w := range twins {
			want := w.at(p)
			if want < never {
				all = append(all, Reach{i, Millis(want)})
			}
			if got := int(row[i]); got != want && !(want == never && row[i] == Unreachable) {
				t.Errorf("table: start %+v to %+v: %d ms, the twin's %d", starts[i], p, got, want)
			}
			if want < best {
				best, first = want, i
			}
			checkRoute(t, g, starts[i].Position, p, want-int(starts[i].After))
			back, _, ok := g.Reverse().From([]Start{{Position: p, After: starts[i].After}}).At(starts[i].Position)
			if ok != (want < never) || ok && int(back) != want {
				t.Errorf("reversed: start %+v to %+v: %d ms, the twin's %d", starts[i], p, back, want)
			}
		}
		slices.SortStableFunc(all, func(a, b Reach) int { return cmp.Compare(a.Time, b.Time) })
		if got, want := ranked.At(p, nil), all[:min(k, len(all))]; !slices.Equal(got, want) {
			t.Errorf("nearest %d of %+v to %+v: %v, the twin's %v", k, starts, p, got, want)
		}
		time, start, ok := times.At(p)
		if ok != (first >= 0) || ok && (int(time) != best || start != first) {
			t.Errorf("nearest of %+v to %+v: start %d in %d ms, the twin's %d in %d", starts, p, start, time, first, best)
		}
	}
	return cases
}

// checkRoute drives a route: it has the time asked for, and every bit of its
// line lies on an edge that is open in that direction.
func checkRoute(t *testing.T, g *Graph, from, to Position, want int) {
	t.Helper()
	route, ok := g.Route(from, to)
	if ok != (want < never/2) {
		t.Errorf("route from %+v to %+v: found %v, want %d ms", from, to, ok, want)
	}
	if !ok {
		return
	}
	if int(route.Time) != want || route.Line[0] != from.At || len(route.Line) > 1 && route.Line[len(route.Line)-1] != to.At {
		t.Errorf("route from %+v to %+v: %d ms along %v, want %d ms", from, to, route.Time, route.Line, want)
	}
	most := 0
	for i := 1; i < len(route.Line); i++ {
		most += g.bit(t, route.Line[i-1].X(), route.Line[i-1].Y(), route.Line[i].X(), route.Line[i].Y())
	}
	if most > want+len(route.Line)+2 {
		t.Errorf("route from %+v to %+v: its line takes %d ms, not %d", from, to, most, want)
	}
}
