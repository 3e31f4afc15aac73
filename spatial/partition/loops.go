package partition

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

// loopFaults follows the segments without a reverse around: clockwise they
// enclose a gap; counter-clockwise they are the outer boundary, or an overlap
// if another face covers them.
func (e *edgeSet) loopFaults(faces []face) []Fault {
	var faults []Fault
	for _, loop := range e.loops() {
		codes := e.codesAlong(loop, faces)
		area := geodesic.Area(orb.Polygon{ringOf(loop)})
		switch rule := e.judge(loop, faces); rule {
		case "gap", "overlap":
			faults = append(faults, Fault{Rule: rule, At: e.place(loop).LL(), Codes: codes, Area: area,
				Detail: fmt.Sprintf("%s of %.3g m² between %v", rule, float64(area), codes)})
		}
	}
	return faults
}

// place is a vertex of the loop where the same face goes on: where two faces
// part, their edges still agree.
func (e *edgeSet) place(loop []halfEdge) Vertex {
	for i, h := range loop {
		if e.owner[h] == e.owner[loop[(i+1)%len(loop)]] {
			return h.to
		}
	}
	return loop[0].from
}

func (e *edgeSet) judge(loop []halfEdge, faces []face) string {
	vertices := make([]Vertex, len(loop))
	for i, h := range loop {
		vertices[i] = h.from
	}
	if winding(vertices) <= 0 {
		return "gap"
	}
	if coveredTwice(loop[0], e.owner[loop[0]], faces) {
		return "overlap"
	}
	return "outer"
}

// coveredTwice says whether the middle of a segment lies inside another face
// than its own. It reckons in half steps, so that the middle is exact.
func coveredTwice(h halfEdge, owner int32, faces []face) bool {
	middle := Vertex{h.from.X + h.to.X, h.from.Y + h.to.Y}
	for i := range faces {
		if int32(i) != owner && faces[i].mayHold(middle) && faces[i].doubled().locate(middle) == inside {
			return true
		}
	}
	return false
}

// mayHold says whether a position in half steps lies in the face's box.
func (f *face) mayHold(p Vertex) bool {
	low, high := Vertex{math.MaxInt64, math.MaxInt64}, Vertex{math.MinInt64, math.MinInt64}
	for _, ring := range f.rings {
		for _, v := range ring {
			low = Vertex{min(low.X, v.X), min(low.Y, v.Y)}
			high = Vertex{max(high.X, v.X), max(high.Y, v.Y)}
		}
	}
	return len(f.rings) > 0 && 2*low.X <= p.X && p.X <= 2*high.X && 2*low.Y <= p.Y && p.Y <= 2*high.Y
}

func (f *face) doubled() *face {
	twice := &face{code: f.code, rings: make([][]Vertex, len(f.rings))}
	for i, ring := range f.rings {
		for _, v := range ring {
			twice.rings[i] = append(twice.rings[i], Vertex{2 * v.X, 2 * v.Y})
		}
	}
	return twice
}

func ringOf(loop []halfEdge) orb.Ring {
	ring := make(orb.Ring, 0, len(loop)+1)
	for _, h := range loop {
		ring = append(ring, h.from.LL())
	}
	return append(ring, ring[0])
}

func (e *edgeSet) codesAlong(loop []halfEdge, faces []face) []string {
	var codes []string
	for _, h := range loop {
		codes = append(codes, faces[e.owner[h]].code)
	}
	return distinct(codes...)
}

// loops chains the segments without a reverse into closed walks, turning as
// far left as possible where several go on, so that touching loops part.
func (e *edgeSet) loops() [][]halfEdge {
	next := map[Vertex][]halfEdge{}
	var open []halfEdge
	for _, h := range e.order {
		if _, paired := e.owner[h.reverse()]; !paired {
			next[h.from] = append(next[h.from], h)
			open = append(open, h)
		}
	}
	used := map[halfEdge]bool{}
	var loops [][]halfEdge
	for _, start := range open {
		if !used[start] {
			loops = append(loops, walk(start, next, used))
		}
	}
	return loops
}

func walk(start halfEdge, next map[Vertex][]halfEdge, used map[halfEdge]bool) []halfEdge {
	loop := []halfEdge{start}
	used[start] = true
	for h := start; h.to != start.from; {
		onward := slices.DeleteFunc(slices.Clone(next[h.to]), func(n halfEdge) bool { return used[n] })
		if len(onward) == 0 {
			break // not closed: a fault reported elsewhere took a segment away
		}
		h = slices.MaxFunc(onward, func(a, b halfEdge) int { return cmp.Compare(turn(h, a), turn(h, b)) })
		used[h] = true
		loop = append(loop, h)
	}
	return loop
}

// turn is the angle from one segment's direction to the next's, in (-π, π],
// left positive.
func turn(a, b halfEdge) float64 {
	ax, ay := float64(a.to.X-a.from.X), float64(a.to.Y-a.from.Y)
	bx, by := float64(b.to.X-b.from.X), float64(b.to.Y-b.from.Y)
	return math.Atan2(ax*by-ay*bx, ax*bx+ay*by)
}
