package partition

import (
	"cmp"
	"fmt"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"wangge/spatial/geodesic"
)

// loopFaults follows the segments without a reverse around. Those with
// another face on their right part what is covered once from what is covered
// more often. The others are the edge of all that is covered: clockwise they
// enclose a gap, counter-clockwise they are the outer boundary.
func (e *edgeSet) loopFaults(faces []face) []Fault {
	land := newCover(faces)
	var edge, within []halfEdge
	for _, h := range e.unpaired() {
		if land.coversRightOf(h, e.ownerOf(h)) {
			within = append(within, h)
		} else {
			edge = append(edge, h)
		}
	}
	var faults []Fault
	for _, loop := range loops(edge) {
		if loop.winding() <= 0 {
			faults = append(faults, e.loopFault("gap", loop, faces))
		}
	}
	for _, loop := range loops(within) {
		faults = append(faults, e.loopFault("overlap", loop, faces))
	}
	return faults
}

func (e *edgeSet) loopFault(rule string, l loop, faces []face) Fault {
	codes := e.codesAlong(l, faces)
	area := geodesic.Area(orb.Polygon{l.ring()})
	return Fault{Rule: rule, At: e.place(l).LL(), Codes: codes, Area: area,
		Detail: fmt.Sprintf("%s of %.3g m² between %v", rule, float64(area), codes)}
}

// unpaired are the segments without a reverse.
func (e *edgeSet) unpaired() []halfEdge {
	var open []halfEdge
	for _, h := range e.order {
		if e.find(h.reverse()) < 0 {
			open = append(open, h)
		}
	}
	return open
}

// place is a vertex of the loop where the same face goes on: where two faces
// part, their edges still agree.
func (e *edgeSet) place(loop loop) Vertex {
	for i, h := range loop {
		if e.ownerOf(h) == e.ownerOf(loop[(i+1)%len(loop)]) {
			return h.to
		}
	}
	return loop[0].from
}

// cover finds the faces that hold the middle of a segment. It reckons in half
// steps, so that the middle is exact.
type cover struct {
	faces   []face
	boxes   rtree.RTreeGN[float64, int32]
	doubled map[int32]*face
}

func newCover(faces []face) *cover {
	c := &cover{faces: faces, doubled: map[int32]*face{}}
	for i := range faces {
		if low, high, ok := faces[i].box(); ok {
			c.boxes.Insert(low, high, int32(i))
		}
	}
	return c
}

// coversRightOf says whether another face than its owner covers a segment
// from both sides, and so covers what is to the right of it.
func (c *cover) coversRightOf(h halfEdge, owner int32) (covered bool) {
	middle := Vertex{h.from.X + h.to.X, h.from.Y + h.to.Y}
	at := [2]float64{float64(middle.X) / 2, float64(middle.Y) / 2}
	c.boxes.Search(at, at, func(_, _ [2]float64, i int32) bool {
		covered = i != owner && c.double(i).locate(middle) == inside
		return !covered
	})
	return covered
}

func (c *cover) double(i int32) *face {
	if c.doubled[i] == nil {
		c.doubled[i] = c.faces[i].doubled()
	}
	return c.doubled[i]
}

func (e *edgeSet) codesAlong(loop loop, faces []face) []string {
	var codes []string
	for _, h := range loop {
		codes = append(codes, faces[e.ownerOf(h)].code)
	}
	return distinct(codes...)
}

// loop is a closed walk along segments.
type loop []halfEdge

func (l loop) winding() int { return winding(l.vertices()) }

func (l loop) vertices() []Vertex {
	vertices := make([]Vertex, len(l))
	for i, h := range l {
		vertices[i] = h.from
	}
	return vertices
}

func (l loop) ring() orb.Ring {
	ring := make(orb.Ring, 0, len(l)+1)
	for _, h := range l {
		ring = append(ring, h.from.LL())
	}
	return append(ring, ring[0])
}

// loops chains segments into closed walks. Where several go on it turns as
// far right as possible, and so keeps to what lies on the right: gaps that
// touch each other or the outer boundary in a vertex part there.
func loops(segments []halfEdge) []loop {
	var ways edgeList
	for _, h := range segments {
		ways.add(h)
	}
	used := make([]bool, len(ways.order))
	var loops []loop
	for start := range ways.order {
		if !used[start] {
			loops = append(loops, ways.walk(start, used))
		}
	}
	return loops
}

func (l *edgeList) walk(start int, used []bool) loop {
	var walk loop
	for at := start; at >= 0; at = l.onward(at, start, used) {
		if walk = append(walk, l.order[at]); used[at] && at == start {
			return walk[:len(walk)-1]
		}
		used[at] = true
	}
	return walk // not closed: a fault reported elsewhere took a segment away
}

// onward is the way on that turns right the most, of those that were not gone
// and the one that the walk began with; -1 if there is none.
func (l *edgeList) onward(at, start int, used []bool) int {
	here, best := l.order[at], -1
	for i := l.first(here.to); i >= 0; i = l.after(i) {
		if l.order[i].from != here.to || used[i] && i != start {
			continue
		}
		if best < 0 || moreRight(here, l.order[i].to, l.order[best].to) < 0 {
			best = i
		}
	}
	return best
}

// moreRight orders ways on from the end of a segment, those farther to the
// right first: counter-clockwise from the way back, which is last.
func moreRight(h halfEdge, p, q Vertex) int {
	ahead := func(v Vertex) int {
		if compareAngles(h.to, h.from, v) < 0 {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(ahead(p), ahead(q)), compareAngles(h.to, p, q))
}
