package partition

import (
	"cmp"
	"slices"

	"github.com/tidwall/rtree"
)

// arrangement is the subdivision of the plane that the noded edges of faces
// make. Its cells are told by what covers them: the faces whose winding number
// there is not zero, so that rings may run either way, touch and cross.
type arrangement struct {
	faces   []face
	sides   map[halfEdge][]int32 // the faces that have a directed edge, as often as they do
	cycles  []cycle
	cycleOf map[halfEdge]int32
	lines   []halfEdge        // the noded edges of a line, in its order
	onLine  map[halfEdge]bool // these, both ways
}

// cycle is a closed walk around a cell, which lies to its left: clockwise ones
// are the outer boundary of something that lies in the cell.
type cycle struct {
	edges  loop
	turn   int
	parent int32 // the counter-clockwise cycle around a clockwise one; outermost for none
}

const outermost int32 = -1

// cell is a bounded piece of the plane: the indexes of the faces that cover
// it, ascending.
type cell struct {
	outer  int32
	inner  []int32 // cycles of what lies in it
	covers []int32
}

func arrange(faces []face) *arrangement { return arrangeWith(faces, nil) }

// arrangeWith arranges faces with a line, which parts cells and covers none.
// Edges that faces have in both directions part nothing and are left out.
func arrangeWith(faces []face, line []Vertex) *arrangement {
	noded, line := node(faces, line)
	a := &arrangement{faces: noded, sides: map[halfEdge][]int32{}, cycleOf: map[halfEdge]int32{}, onLine: map[halfEdge]bool{}}
	var edges []halfEdge
	for i := range a.faces {
		for h := range a.faces[i].halfEdges() {
			if h.from == h.to {
				continue
			}
			if a.sides[h] == nil && a.sides[h.reverse()] == nil {
				edges = append(edges, h)
			}
			a.sides[h] = append(a.sides[h], int32(i))
		}
	}
	for i, to := range line[min(1, len(line)):] {
		h := halfEdge{line[i], to}
		if a.sides[h] == nil && a.sides[h.reverse()] == nil && !a.onLine[h] {
			edges = append(edges, h)
		}
		a.lines = append(a.lines, h)
		a.onLine[h], a.onLine[h.reverse()] = true, true
	}
	var order []halfEdge
	for _, h := range edges {
		if a.onLine[h] || len(a.across(nil, h)) > 0 {
			order = append(order, h, h.reverse())
		}
	}
	a.trace(order)
	a.nest()
	return a
}

// trace walks around every cell.
func (a *arrangement) trace(edges []halfEdge) {
	around := map[Vertex][]Vertex{}
	for _, h := range edges {
		around[h.from] = append(around[h.from], h.to)
	}
	for at, ends := range around {
		slices.SortFunc(ends, func(p, q Vertex) int { return compareAngles(at, p, q) })
	}
	for _, start := range edges {
		if _, walked := a.cycleOf[start]; walked {
			continue
		}
		var walk loop
		for h := start; ; {
			a.cycleOf[h] = int32(len(a.cycles))
			walk = append(walk, h)
			ends := around[h.to]
			i := slices.Index(ends, h.from)
			h = halfEdge{h.to, ends[(i+len(ends)-1)%len(ends)]}
			if h == start {
				break
			}
		}
		a.cycles = append(a.cycles, cycle{edges: walk, turn: walk.winding(), parent: outermost})
	}
}

// compareAngles orders directions from a vertex counter-clockwise, from
// straight east.
func compareAngles(at, p, q Vertex) int {
	if c := cmp.Compare(half(at, p), half(at, q)); c != 0 {
		return c
	}
	return -orientation(at, p, q)
}

func half(at, p Vertex) int {
	if p.Y > at.Y || p.Y == at.Y && p.X > at.X {
		return 0
	}
	return 1
}

// nest finds the smallest counter-clockwise cycle around each clockwise one.
func (a *arrangement) nest() {
	var boxes rtree.RTreeGN[float64, int32]
	rings := make([]face, len(a.cycles))
	for i := range a.cycles {
		rings[i] = face{rings: [][]Vertex{a.cycles[i].edges.vertices()}}
		if low, high, ok := rings[i].box(); ok && a.cycles[i].turn > 0 {
			boxes.Insert(low, high, int32(i))
		}
	}
	for i := range a.cycles {
		if a.cycles[i].turn > 0 {
			continue
		}
		p := a.cycles[i].edges[0].from
		at := [2]float64{float64(p.X), float64(p.Y)}
		boxes.Search(at, at, func(_, _ [2]float64, k int32) bool {
			if rings[k].locate(p) == inside && (a.cycles[i].parent == outermost || rings[a.cycles[i].parent].locate(rings[k].rings[0][0]) != outside) {
				a.cycles[i].parent = k
			}
			return true
		})
	}
}

// cells tells every bounded cell with what covers it, in the order of their
// outer cycles.
func (a *arrangement) cells() []cell {
	inner := map[int32][]int32{}
	for i := range a.cycles {
		if a.cycles[i].turn <= 0 {
			inner[a.cycles[i].parent] = append(inner[a.cycles[i].parent], int32(i))
		}
	}
	windings := map[int32][]count{outermost: nil}
	for queue := []int32{outermost}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		around := inner[at]
		if at != outermost {
			around = append([]int32{at}, around...)
		}
		for _, c := range around {
			for _, h := range a.cycles[c].edges {
				beyond := a.cellOf(h.reverse())
				if _, known := windings[beyond]; !known {
					windings[beyond] = a.across(windings[at], h)
					queue = append(queue, beyond)
				}
			}
		}
	}
	var cells []cell
	for i := range a.cycles {
		if a.cycles[i].turn > 0 {
			cells = append(cells, cell{outer: int32(i), inner: inner[int32(i)], covers: covers(windings[int32(i)])})
		}
	}
	return cells
}

// cellOf is the cell to the left of an edge, by its outer cycle.
func (a *arrangement) cellOf(h halfEdge) int32 {
	c := a.cycleOf[h]
	if a.cycles[c].turn > 0 {
		return c
	}
	return a.cycles[c].parent
}

// count is a face's winding number, where it is not zero.
type count struct {
	face int32
	n    int
}

// across are the winding numbers to the right of an edge, given those to its
// left.
func (a *arrangement) across(left []count, h halfEdge) []count {
	right := slices.Clone(left)
	add := func(face int32, n int) {
		i, ok := slices.BinarySearchFunc(right, face, func(c count, f int32) int { return cmp.Compare(c.face, f) })
		if !ok {
			right = slices.Insert(right, i, count{face: face})
		}
		if right[i].n += n; right[i].n == 0 {
			right = slices.Delete(right, i, i+1)
		}
	}
	for _, f := range a.sides[h] {
		add(f, -1)
	}
	for _, f := range a.sides[h.reverse()] {
		add(f, 1)
	}
	return right
}

func covers(windings []count) []int32 {
	faces := make([]int32, len(windings))
	for i, c := range windings {
		faces[i] = c.face
	}
	return faces
}
