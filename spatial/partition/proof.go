package partition

import (
	"fmt"
	"math"
	"slices"

	"github.com/tidwall/rtree"

	"wangge/spatial"
)

// Prove reports every reason why the polygons of a layer are not a gap-free,
// overlap-free subdivision with identical shared edges; none is the proof.
// Faults come in a stable order. It costs one sort of the segments.
func Prove(layer *spatial.Layer) []Fault {
	return prove(facesOf(layer.All()))
}

// ProveAreas is [Prove] for areas that are in no layer yet.
func ProveAreas(areas []Area) []Fault {
	var faces []face
	var faults []Fault
	for _, area := range areas {
		face, fault := newFace(area.Code, area.Geometry)
		if len(fault) == 0 {
			fault = face.misnested()
		}
		faces, faults = append(faces, face), append(faults, fault...)
	}
	return prove(faces, faults)
}

func prove(faces []face, faults []Fault) []Fault {
	edges, overlaps := pair(faces)
	faults = append(faults, overlaps...)
	faults = append(faults, edges.meetings(faces)...)
	return append(faults, edges.loopFaults(faces)...)
}

// halfEdge is a directed segment; its face lies to the left.
type halfEdge struct{ from, to Vertex }

func (h halfEdge) reverse() halfEdge { return halfEdge{h.to, h.from} }

// edgeSet are directed segments in the order of the faces, and the face of
// each.
type edgeSet struct {
	edgeList
	owner []int32
}

// ownerOf is the face of a segment that is in the set.
func (e *edgeSet) ownerOf(h halfEdge) int32 { return e.owner[e.find(h)] }

// pair collects the directed segments of all faces. A segment that two faces
// have on the same side is an overlap of the two; one that a face has on both
// sides is no boundary of it.
func pair(faces []face) (*edgeSet, []Fault) {
	edges := &edgeSet{}
	var faults []Fault
	for i := range faces {
		for h := range faces[i].halfEdges() {
			at, added := edges.add(h)
			if !added {
				faults = append(faults, shared(h, faces[edges.owner[at]].code, faces[i].code))
				continue
			}
			if back := edges.find(h.reverse()); back >= 0 && edges.owner[back] == int32(i) {
				faults = append(faults, Fault{Rule: "ring", At: h.from.LL(), Codes: []string{faces[i].code},
					Detail: faces[i].code + " lies on both sides of a segment of its own"})
			}
			edges.owner = append(edges.owner, int32(i))
		}
	}
	return edges, faults
}

// halfEdges yields the face's directed segments.
func (f *face) halfEdges() func(yield func(halfEdge) bool) {
	return func(yield func(halfEdge) bool) {
		for _, ring := range f.rings {
			for i, from := range ring {
				if !yield(halfEdge{from, ring[(i+1)%len(ring)]}) {
					return
				}
			}
		}
	}
}

func shared(h halfEdge, a, b string) Fault {
	detail := fmt.Sprintf("%s and %s lie on the same side of a segment", a, b)
	if a == b {
		detail = a + " passes a segment twice"
	}
	return Fault{Rule: "overlap", At: h.from.LL(), Codes: distinct(a, b), Detail: detail}
}

func distinct(codes ...string) []string {
	slices.Sort(codes)
	return slices.Compact(codes)
}

// meetings finds the segments that meet elsewhere than at a common end: they
// cross, or a vertex of one lies inside the other.
func (e *edgeSet) meetings(faces []face) []Fault { return e.someMeetings(faces, math.MaxInt) }

// someMeetings finds up to a number of them.
func (e *edgeSet) someMeetings(faces []face, most int) []Fault {
	var tree rtree.RTreeGN[float64, int32]
	var faults []Fault
	for i, h := range e.order {
		if back := e.find(h.reverse()); back >= 0 && e.owner[back] < e.owner[i] {
			continue // its reverse stands in the tree
		}
		low, high := h.box()
		tree.Search(low, high, func(_, _ [2]float64, k int32) bool {
			if fault, ok := meeting(e.order[k], h); ok {
				fault.Codes = distinct(faces[e.owner[k]].code, faces[e.owner[i]].code)
				fault.Detail += fmt.Sprint(fault.Codes)
				faults = append(faults, fault)
			}
			return len(faults) < most
		})
		if len(faults) >= most {
			break
		}
		tree.Insert(low, high, int32(i))
	}
	return faults
}

func (h halfEdge) box() (low, high [2]float64) {
	a, b := h.from, h.to
	return [2]float64{float64(min(a.X, b.X)), float64(min(a.Y, b.Y))}, [2]float64{float64(max(a.X, b.X)), float64(max(a.Y, b.Y))}
}

func meeting(g, h halfEdge) (Fault, bool) {
	if cross(g.from, g.to, h.from, h.to) {
		return Fault{Rule: "crossing", At: h.from.LL(), Detail: "edges cross beside this vertex: "}, true
	}
	for _, t := range [...]struct {
		vertex Vertex
		on     halfEdge
	}{{h.from, g}, {h.to, g}, {g.from, h}, {g.to, h}} {
		if t.vertex != t.on.from && t.vertex != t.on.to && onSegment(t.vertex, t.on.from, t.on.to) {
			return Fault{Rule: "t_junction", At: t.vertex.LL(), Detail: "a vertex of one edge lies inside another that has no vertex there: "}, true
		}
	}
	return Fault{}, false
}
