package adjustment

import (
	"container/heap"
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/partition"
)

// metresPerDegree is that of latitude, good to a percent: distances are
// compared, and lines drawn between, never measured.
const metresPerDegree = 111_000.0

// mostNodes is how many nodes a terrain has at most, about.
const mostNodes = 20_000

// terrain is a raster of nodes over an area, each with its distances from two
// sets of outlines: where they are equal lies the line between the two.
type terrain struct {
	origin  orb.Point
	dx, dy  float64 // degrees
	nx, ny  int
	chosen  []float64 // metres to the nearest of the chosen outlines
	rest    []float64
	nearest []int32 // which of the rest that is
}

func newTerrain(area orb.Geometry, chosen, rest []spatial.Feature) *terrain {
	box := area.Bound()
	east := metresPerDegree * math.Cos(box.Center()[1]*math.Pi/180)
	width, height := (box.Max[0]-box.Min[0])*east, (box.Max[1]-box.Min[1])*metresPerDegree
	step := max(1, math.Sqrt(width*height/mostNodes))
	t := &terrain{dx: step / east, dy: step / metresPerDegree}
	t.origin = orb.Point{box.Min[0] - 3*t.dx, box.Min[1] - 3*t.dy}
	t.nx, t.ny = int(width/step)+8, int(height/step)+8
	mine, theirs := edgesOf(chosen, t.origin, east), edgesOf(rest, t.origin, east)
	for j := range t.ny {
		for i := range t.nx {
			x, y := float64(i)*step, float64(j)*step
			d, _ := nearestEdge(mine, x, y)
			e, k := nearestEdge(theirs, x, y)
			t.chosen, t.rest, t.nearest = append(t.chosen, d), append(t.rest, e), append(t.nearest, k)
		}
	}
	return t
}

// edge is one of an outline, in metres from a terrain's origin.
type edge struct {
	ax, ay, bx, by float64
	of             int32
}

func edgesOf(features []spatial.Feature, origin orb.Point, east float64) []edge {
	var edges []edge
	for k, f := range features {
		for _, polygon := range partsOf(f.Geometry()) {
			for _, ring := range polygon {
				for i := 1; i < len(ring); i++ {
					edges = append(edges, edge{(ring[i-1][0] - origin[0]) * east, (ring[i-1][1] - origin[1]) * metresPerDegree,
						(ring[i][0] - origin[0]) * east, (ring[i][1] - origin[1]) * metresPerDegree, int32(k)})
				}
			}
		}
	}
	return edges
}

func nearestEdge(edges []edge, x, y float64) (distance float64, of int32) {
	least := math.Inf(1)
	for i := range edges {
		e := &edges[i]
		dx, dy := e.bx-e.ax, e.by-e.ay
		along := ((x-e.ax)*dx + (y-e.ay)*dy) / (dx*dx + dy*dy)
		along = min(max(along, 0), 1)
		ox, oy := x-e.ax-along*dx, y-e.ay-along*dy
		if d := ox*ox + oy*oy; d < least {
			least, of = d, e.of
		}
	}
	return math.Sqrt(least), of
}

func (t *terrain) position(i, j int) orb.Point {
	return partition.VertexOf(orb.Point{t.origin[0] + float64(i)*t.dx, t.origin[1] + float64(j)*t.dy}).LL()
}

// pieces are polygons that make up the land nearer to the chosen outlines
// than to the rest, and within reach of them. Their edges agree, so that they
// can be dissolved.
func (t *terrain) pieces(reach float64) []orb.Geometry {
	var pieces []orb.Geometry
	for j := range t.ny - 1 {
		for i := range t.nx - 1 {
			a, b, c, d := t.node(i, j, reach), t.node(i+1, j, reach), t.node(i+1, j+1, reach), t.node(i, j+1, reach)
			for _, corners := range [...][3]node{{a, b, c}, {a, c, d}} {
				if ring := below(corners); len(ring) > 0 {
					pieces = append(pieces, orb.Polygon{append(ring, ring[0])})
				}
			}
		}
	}
	return pieces
}

// node is one of a terrain: its height is below zero in the land sought.
type node struct {
	at     orb.Point
	height float64
	number int
}

func (t *terrain) node(i, j int, reach float64) node {
	k := j*t.nx + i
	n := node{t.position(i, j), max(t.chosen[k]-t.rest[k], t.chosen[k]-reach), k}
	if i == 0 || j == 0 || i == t.nx-1 || j == t.ny-1 {
		n.height = 1
	}
	return n
}

// below is the part of a triangle where the height is below zero.
func below(corners [3]node) orb.Ring {
	var ring orb.Ring
	for i, from := range corners {
		to := corners[(i+1)%3]
		if from.height < 0 {
			ring = append(ring, from.at)
		}
		if (from.height < 0) != (to.height < 0) {
			ring = append(ring, level(from, to))
		}
	}
	return ring
}

// level is where the height is zero between two nodes, the same whichever is
// first, and neither of them.
func level(a, b node) orb.Point {
	if a.number > b.number {
		a, b = b, a
	}
	part := min(max(a.height/(a.height-b.height), 0.02), 0.98)
	return partition.VertexOf(orb.Point{a.at[0] + part*(b.at[0]-a.at[0]), a.at[1] + part*(b.at[1]-a.at[1])}).LL()
}

// between finds the fewest of the rest whose land lies between that of the
// chosen and another area, on a way through an area.
func (t *terrain) between(through, to orb.Geometry) []int32 {
	inside, goal := partition.NewGround(through), partition.NewGround(to)
	standing := make([]int8, t.nx*t.ny) // 0 unknown, 1 in the area, 2 in the goal, 3 elsewhere
	where := func(k int) int8 {
		if standing[k] == 0 {
			at := t.position(k%t.nx, k/t.nx)
			standing[k] = 3
			if _, in := inside.Holds(at); in {
				standing[k] = 1
			} else if _, in := goal.Holds(at); in {
				standing[k] = 2
			}
		}
		return standing[k]
	}
	came, done := map[int]int{}, map[int]bool{}
	open := &ways{}
	for k := range t.chosen {
		if t.chosen[k] < t.rest[k] && where(k) == 1 {
			came[k] = k
			*open = append(*open, way{0, k, k})
		}
	}
	for heap.Init(open); open.Len() > 0; {
		w := heap.Pop(open).(way)
		if done[w.at] {
			continue
		}
		done[w.at], came[w.at] = true, w.from
		if where(w.at) == 2 {
			return t.passed(w.at, came)
		}
		for _, next := range [...]int{w.at - 1, w.at + 1, w.at - t.nx, w.at + t.nx} {
			if next < 0 || next >= len(t.chosen) || done[next] || where(next) == 3 {
				continue
			}
			cost := w.cost + 1
			if t.owner(next) != t.owner(w.at) && t.owner(next) >= 0 {
				cost += 1_000_000
			}
			heap.Push(open, way{cost, next, w.at})
		}
	}
	return nil
}

// owner is which of the rest a node is nearest to, -1 for a chosen one.
func (t *terrain) owner(k int) int32 {
	if t.chosen[k] < t.rest[k] {
		return -1
	}
	return t.nearest[k]
}

// passed are the rest whose land a way leads through, from its beginning.
func (t *terrain) passed(at int, came map[int]int) []int32 {
	var passed []int32
	at = came[at] // the end is in the goal
	for ; came[at] != at; at = came[at] {
		if of := t.owner(at); of >= 0 && (len(passed) == 0 || passed[0] != of) {
			passed = append([]int32{of}, passed...)
		}
	}
	return passed
}

// way is a step of a search: what it costs to be at a node, and from where.
type way struct{ cost, at, from int }

// ways are a heap, the cheapest first.
type ways []way

func (w ways) Len() int { return len(w) }
func (w ways) Less(i, j int) bool {
	return w[i].cost < w[j].cost || w[i].cost == w[j].cost && w[i].at < w[j].at
}
func (w ways) Swap(i, j int) { w[i], w[j] = w[j], w[i] }

// Push is that of [heap.Interface].
func (w *ways) Push(x any) { *w = append(*w, x.(way)) }

// Pop is that of [heap.Interface].
func (w *ways) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}
