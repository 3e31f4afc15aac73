package road

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

// bit is the time of a straight bit of a route, on the quickest edge that has
// it and is open that way.
func (g *Graph) bit(t *testing.T, x1, y1, x2, y2 float64) int {
	t.Helper()
	a, b := orb.Point{x1, y1}, orb.Point{x2, y2}
	best := Unreachable
	for _, i := range g.around(a, b) {
		e := &g.edges[i]
		for j := 1; j < len(e.Line); j++ {
			p, q := e.Line[j-1], e.Line[j]
			if !onSegment(p, q, a) || !onSegment(p, q, b) {
				continue
			}
			arc := 2 * int(i)
			if geodesic.Distance(p, a) > geodesic.Distance(p, b) {
				arc++
			}
			if g.cost[arc] < Unreachable {
				part := float64(geodesic.Distance(a, b)/e.Length) * float64(g.cost[arc])
				best = min(best, Millis(math.Round(part)))
			}
		}
	}
	if best == Unreachable {
		t.Errorf("the route runs from %v to %v, where it may not", a, b)
	}
	return int(best)
}

// around are the edges whose boxes are near both of two positions.
func (g *Graph) around(a, b orb.Point) (found []int32) {
	box := orb.LineString{a, b}.Bound().Pad(1e-6)
	g.boxes.Search(box.Min, box.Max, func(_, _ [2]float64, i int32) bool {
		found = append(found, i)
		return true
	})
	return found
}

func onSegment(p, q, a orb.Point) bool {
	return float64(geodesic.Distance(p, a)+geodesic.Distance(a, q)-geodesic.Distance(p, q)) < 1e-4
}
