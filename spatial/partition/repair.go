package partition

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Area is a polygon feature on its way into a partition: what to call it, and
// its polygon or multipolygon in degrees, longitude first.
type Area struct {
	Code     string
	Geometry orb.Geometry
}

// Sliver is a piece of the plane that lies between areas but in none of them,
// a gap, or in several, an overlap.
type Sliver struct {
	Rule    string   // "gap" or "overlap"
	Codes   []string // the areas around a gap, or those that overlap; ascending
	Polygon orb.Polygon
	Area    geodesic.SquareMeters
	Width   geodesic.Meters // mean: twice the area by the perimeter
}

// Slivers finds every gap and overlap between areas as they are given: it
// reckons on a lattice fine enough to hold the coordinates of most files bit
// for bit. A gap is closed
// in by areas; overlaps come a piece at a time, so two areas may have many.
func Slivers(areas []Area) []Sliver {
	if len(areas) == 0 {
		return nil
	}
	fine := frameAround(areas)
	a := arrange(fine.faces(areas))
	var found []Sliver
	for _, c := range a.cells() {
		if len(c.covers) != 1 {
			found = append(found, a.sliver(c, fine))
		}
	}
	return found
}

// Repaired is a coverage that was mended.
type Repaired struct {
	Areas []Area          // in the order given; their geometry is on the lattice
	Moved geodesic.Meters // the farthest that a vertex was moved
	Left  []Sliver        // gaps and overlaps wider than the tolerance, left as they are
}

// Repair makes areas whose edges should agree, but do not, a partition: it
// moves vertices by at most the tolerance onto each other and onto edges, puts
// all on the lattice, and gives what gaps and overlaps are still no wider than
// the tolerance to the area along most of their edge. Wider ones are left, and
// told. The error is an [*spatial.InvalidError] where nothing is left of an
// area, or the tolerance is no length from 0.1 mm to 10 m.
func Repair(areas []Area, tolerance geodesic.Meters) (*Repaired, error) {
	if !(tolerance >= 1e-4 && tolerance <= 10) {
		return nil, &spatial.InvalidError{Rule: "tolerance", Detail: fmt.Sprintf("the tolerance %v m is not between 0.0001 and 10 m", float64(tolerance))}
	}
	faces := lattice.faces(areas)
	metric := metricAt(faces)
	moved := cluster(faces, metric, float64(tolerance))
	meetEdges(faces, metric, float64(tolerance))
	a := arrange(faces)
	cells := a.cells()
	owner := a.assign(cells, metric, float64(tolerance))
	r := &Repaired{Areas: make([]Area, len(areas)), Moved: geodesic.Meters(moved)}
	for i := range areas {
		r.Areas[i] = Area{areas[i].Code, a.dissolve(int32(i), cells, owner)}
		if r.Areas[i].Geometry == nil {
			return nil, &spatial.InvalidError{Rule: "area_lost", Where: areas[i].Code, Detail: fmt.Sprintf("nothing is left of it at a tolerance of %v m", float64(tolerance)),
				Fix: "use a smaller tolerance"}
		}
	}
	for i, c := range cells {
		if owner[i] < 0 {
			r.Left = append(r.Left, a.sliver(c, lattice))
		}
	}
	return r, nil
}

// frame is a lattice: its origin in degrees and steps to a degree.
type frame struct {
	origin    orb.Point
	perDegree float64
}

// lattice is that of [Vertex].
var lattice = frame{perDegree: perDegree}

// frameAround is the finest lattice whose numbers box indexes still tell
// apart: steps of 2⁻⁵⁰ degree for an extent of four degrees. Its origin is in
// whole degrees, so that most differences from it are exact.
func frameAround(areas []Area) frame {
	var box orb.Bound
	first := true
	for _, area := range areas {
		if area.Geometry == nil {
			continue
		}
		if b := area.Geometry.Bound(); first {
			box, first = b, false
		} else {
			box = box.Union(b)
		}
	}
	origin := orb.Point{math.Floor(box.Min[0]), math.Floor(box.Min[1])}
	extent := max(box.Max[0]-origin[0], box.Max[1]-origin[1], 1)
	return frame{origin, math.Exp2(math.Floor(52 - math.Log2(extent)))}
}

func (f frame) vertex(p orb.Point) Vertex {
	return Vertex{int64(math.Round((p[0] - f.origin[0]) * f.perDegree)), int64(math.Round((p[1] - f.origin[1]) * f.perDegree))}
}

func (f frame) ll(v Vertex) orb.Point {
	return orb.Point{f.origin[0] + float64(v.X)/f.perDegree, f.origin[1] + float64(v.Y)/f.perDegree}
}

// faces puts areas on the lattice, shells counter-clockwise. Vertices that
// fall on the one before are left out.
func (f frame) faces(areas []Area) []face {
	faces := make([]face, len(areas))
	for i, area := range areas {
		faces[i].code = area.Code
		for polygon := range polygonsOf(area.Geometry) {
			for k, ring := range polygon {
				faces[i].rings = append(faces[i].rings, f.ring(ring, k == 0))
			}
		}
	}
	return faces
}

func (f frame) ring(ring orb.Ring, shell bool) []Vertex {
	vertices := make([]Vertex, 0, len(ring))
	for _, p := range ring[:max(len(ring)-1, 0)] {
		vertices = append(vertices, f.vertex(p))
	}
	vertices = compactRing(vertices)
	if (winding(vertices) > 0) != shell {
		slices.Reverse(vertices)
	}
	return vertices
}

// compactRing leaves out vertices equal to the one before.
func compactRing(ring []Vertex) []Vertex {
	ring = slices.Compact(ring)
	for len(ring) > 1 && ring[0] == ring[len(ring)-1] {
		ring = ring[:len(ring)-1]
	}
	return ring
}

// metric measures steps of a lattice in metres, near one latitude.
type metric struct{ x, y float64 }

func metricNear(p orb.Point, perDegree float64) metric {
	const span = 1e-3
	return metric{
		x: float64(geodesic.Distance(p, orb.Point{p[0] + span, p[1]})) / span / perDegree,
		y: float64(geodesic.Distance(p, orb.Point{p[0], p[1] + span})) / span / perDegree,
	}
}

func metricAt(faces []face) metric {
	for _, f := range faces {
		for _, ring := range f.rings {
			for _, v := range ring {
				return metricNear(v.LL(), perDegree)
			}
		}
	}
	return metric{1, 1}
}

func (m metric) distance(a, b Vertex) float64 {
	return math.Hypot(float64(a.X-b.X)*m.x, float64(a.Y-b.Y)*m.y)
}

// offset is the distance of p from a segment, and infinite where its foot is
// no point inside it.
func (m metric) offset(p Vertex, h halfEdge) float64 {
	dx, dy := float64(h.to.X-h.from.X)*m.x, float64(h.to.Y-h.from.Y)*m.y
	px, py := float64(p.X-h.from.X)*m.x, float64(p.Y-h.from.Y)*m.y
	along := (px*dx + py*dy) / (dx*dx + dy*dy)
	if !(along > 0 && along < 1) {
		return math.Inf(1)
	}
	return math.Abs(px*dy-py*dx) / math.Hypot(dx, dy)
}

// box is that of a vertex and all within a distance of it.
func (m metric) box(v Vertex, reach float64) (low, high [2]float64) {
	x, y := float64(v.X), float64(v.Y)
	return [2]float64{x - reach/m.x, y - reach/m.y}, [2]float64{x + reach/m.x, y + reach/m.y}
}

// cluster moves each vertex onto the nearest of those before it that moved
// nowhere, if one is within reach, and returns the farthest that one moved.
func cluster(faces []face, m metric, reach float64) (farthest float64) {
	var kept rtree.RTreeGN[float64, Vertex]
	home := map[Vertex]Vertex{}
	settle := func(v Vertex) Vertex {
		best, least := v, reach
		low, high := m.box(v, reach)
		kept.Search(low, high, func(_, _ [2]float64, k Vertex) bool {
			if d := m.distance(v, k); d < least || d == least && less(k, best) {
				best, least = k, d
			}
			return true
		})
		if best == v {
			at := [2]float64{float64(v.X), float64(v.Y)}
			kept.Insert(at, at, v)
		}
		return best
	}
	for i := range faces {
		for k, ring := range faces[i].rings {
			for j, v := range ring {
				if _, settled := home[v]; !settled {
					home[v] = settle(v)
				}
				farthest = max(farthest, m.distance(v, home[v]))
				ring[j] = home[v]
			}
			faces[i].rings[k] = compactRing(ring)
		}
	}
	return farthest
}

// meetEdges puts into each edge the vertices within reach of it, in its order.
func meetEdges(faces []face, m metric, reach float64) {
	var vertices rtree.RTreeGN[float64, Vertex]
	seen := map[Vertex]bool{}
	for i := range faces {
		for h := range faces[i].halfEdges() {
			if !seen[h.from] {
				seen[h.from] = true
				at := [2]float64{float64(h.from.X), float64(h.from.Y)}
				vertices.Insert(at, at, h.from)
			}
		}
	}
	for i := range faces {
		for k, ring := range faces[i].rings {
			var led []Vertex
			for j, from := range ring {
				h := halfEdge{from, ring[(j+1)%len(ring)]}
				led = append(append(led, from), m.near(h, &vertices, reach)...)
			}
			faces[i].rings[k] = led
		}
	}
}

func (m metric) near(h halfEdge, vertices *rtree.RTreeGN[float64, Vertex], reach float64) []Vertex {
	var on []Vertex
	low, high := h.box()
	vertices.Search([2]float64{low[0] - reach/m.x, low[1] - reach/m.y}, [2]float64{high[0] + reach/m.x, high[1] + reach/m.y},
		func(_, _ [2]float64, v Vertex) bool {
			if v != h.from && v != h.to && m.offset(v, h) <= reach {
				on = append(on, v)
			}
			return true
		})
	slices.SortFunc(on, func(a, b Vertex) int { return cmp.Compare(m.distance(h.from, a), m.distance(h.from, b)) })
	return on
}

// assign gives each cell its area: the one that covers it, or for one that is
// none's or several's and no wider than the tolerance, the one along most of
// its edge, the first among equals. The rest get -1.
func (a *arrangement) assign(cells []cell, m metric, tolerance float64) []int32 {
	owner := make([]int32, len(cells))
	at := map[int32]int{}
	for i, c := range cells {
		at[c.outer] = i
		if owner[i] = -1; len(c.covers) == 1 {
			owner[i] = c.covers[0]
		}
	}
	for changed := true; changed; {
		changed = false
		for i, c := range cells {
			if owner[i] < 0 && a.width(c, m) <= tolerance {
				owner[i] = a.alongMost(c, at, owner, m)
				changed = changed || owner[i] >= 0
			}
		}
	}
	return owner
}

// alongMost is the area that has most of a cell's edge on its other side; of
// an overlap, only those that overlap there.
func (a *arrangement) alongMost(c cell, at map[int32]int, owner []int32, m metric) int32 {
	along := map[int32]float64{}
	for h := range a.edgesOf(c) {
		beyond, ok := at[a.cellOf(h.reverse())]
		if !ok || owner[beyond] < 0 || len(c.covers) > 1 && !slices.Contains(c.covers, owner[beyond]) {
			continue
		}
		along[owner[beyond]] += m.distance(h.from, h.to)
	}
	best := int32(-1)
	for face, length := range along {
		if best < 0 || length > along[best] || length == along[best] && face < best {
			best = face
		}
	}
	return best
}

// edgesOf yields the edges around a cell, those of what lies in it too.
func (a *arrangement) edgesOf(c cell) func(yield func(halfEdge) bool) {
	return func(yield func(halfEdge) bool) {
		for _, i := range append([]int32{c.outer}, c.inner...) {
			for _, h := range a.cycles[i].edges {
				if !yield(h) {
					return
				}
			}
		}
	}
}

// width is a cell's mean width in metres: twice its area by its perimeter.
func (a *arrangement) width(c cell, m metric) float64 {
	perimeter := 0.0
	for h := range a.edgesOf(c) {
		perimeter += m.distance(h.from, h.to)
	}
	return 2 * a.area(c, m) / perimeter
}

// area is a cell's in square metres, exact up to the metric however thin it is.
func (a *arrangement) area(c cell, m metric) float64 {
	area := 0.0
	for _, i := range append([]int32{c.outer}, c.inner...) {
		area += areaOf(a.cycles[i].edges.vertices())
	}
	return area * m.x * m.y
}

// sliver describes a cell.
func (a *arrangement) sliver(c cell, f frame) Sliver {
	s := Sliver{Rule: "overlap"}
	if len(c.covers) == 0 {
		s.Rule = "gap"
	}
	for _, i := range append([]int32{c.outer}, c.inner...) {
		var ring orb.Ring
		for _, h := range a.cycles[i].edges {
			ring = append(ring, f.ll(h.from))
		}
		s.Polygon = append(s.Polygon, append(ring, ring[0]))
	}
	m := metricNear(s.Polygon[0][0], f.perDegree)
	s.Area, s.Width = geodesic.SquareMeters(a.area(c, m)), geodesic.Meters(a.width(c, m))
	s.Codes = a.codesOf(c)
	return s
}

func (a *arrangement) codesOf(c cell) []string {
	var codes []string
	for _, f := range c.covers {
		codes = append(codes, a.faces[f].code)
	}
	if len(c.covers) == 0 {
		for h := range a.edgesOf(c) {
			for _, f := range a.sides[h.reverse()] {
				codes = append(codes, a.faces[f].code)
			}
		}
	}
	return distinct(codes...)
}

// dissolve is an area's geometry: the cells that are its own, and those with
// no owner that it covers, joined. It is nil if there are none.
func (a *arrangement) dissolve(owned int32, cells []cell, owner []int32) orb.Geometry {
	mine := map[int32]bool{}
	for i, c := range cells {
		if owner[i] == owned || owner[i] < 0 && slices.Contains(c.covers, owned) {
			mine[c.outer] = true
		}
	}
	var edges []halfEdge
	for _, c := range cells {
		if !mine[c.outer] {
			continue
		}
		for h := range a.edgesOf(c) {
			if !mine[a.cellOf(h.reverse())] {
				edges = append(edges, h)
			}
		}
	}
	return polygonOf(edges)
}

// polygonOf makes polygons of the edges around an area.
func polygonOf(edges []halfEdge) orb.Geometry {
	var rings [][]Vertex
	for _, l := range loops(edges) {
		rings = append(rings, simpleRings(l.vertices())...)
	}
	return polygonOfRings(rings)
}

// polygonOfRings puts holes into their outlines. It is nil if there are none.
func polygonOfRings(rings [][]Vertex) orb.Geometry {
	var shells orb.MultiPolygon
	var outlines []face
	var holes [][]Vertex
	for _, ring := range rings {
		if winding(ring) < 0 {
			holes = append(holes, ring)
			continue
		}
		outlines = append(outlines, face{rings: [][]Vertex{ring}})
		shells = append(shells, orb.Polygon{closed(ring)})
	}
	for _, hole := range holes {
		i := around(outlines, hole)
		shells[i] = append(shells[i], closed(hole))
	}
	switch len(shells) {
	case 0:
		return nil
	case 1:
		return shells[0]
	}
	return shells
}

// around is the smallest outline that a hole lies in. They may touch.
func around(outlines []face, hole []Vertex) int {
	best := -1
	for i := range outlines {
		in := !slices.ContainsFunc(hole, func(v Vertex) bool { return outlines[i].locate(v) == outside })
		if in && (best < 0 || areaOf(outlines[i].rings[0]) < areaOf(outlines[best].rings[0])) {
			best = i
		}
	}
	return best
}

func areaOf(ring []Vertex) float64 {
	twice := twiceArea(ring)
	return twice.float() / 2
}

// simpleRings cuts a closed walk where it passes a vertex again.
func simpleRings(walk []Vertex) [][]Vertex {
	var rings [][]Vertex
	var open []Vertex
	at := map[Vertex]int{}
	for _, v := range walk {
		if i, again := at[v]; again {
			ring := slices.Clone(open[i:])
			for _, passed := range ring {
				delete(at, passed)
			}
			open = open[:i]
			rings = append(rings, ring)
		}
		at[v] = len(open)
		open = append(open, v)
	}
	return append(rings, open)
}

func closed(ring []Vertex) orb.Ring {
	all := make(orb.Ring, 0, len(ring)+1)
	for _, v := range ring {
		all = append(all, v.LL())
	}
	return append(all, all[0])
}
