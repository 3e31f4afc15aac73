package partition

import (
	"fmt"
	"maps"
	"slices"

	"wangge/spatial"
)

// ProveNested reports where a layer of parents is not the dissolve of its
// children: every parent's boundary must be made of exactly the segments that
// part its children from the rest. field names the children's attribute that
// holds the parent's code.
func ProveNested(children *spatial.Layer, field string, parents *spatial.Layer) []Fault {
	return proveNested(slices.Collect(children.All()), field, slices.Collect(parents.All()), children.ID())
}

// ProveNestedIn is [ProveNested] for the parents of some codes only: those
// that a change touched, or whose children it did. It looks at every feature,
// but only at the geometry of those.
func ProveNestedIn(children *spatial.Layer, field string, parents *spatial.Layer, codes map[string]bool) []Fault {
	var some, above []spatial.Feature
	index := children.Schema().FieldIndex(field)
	for f := range children.All() {
		if codes[f.Value(index).Text()] {
			some = append(some, f)
		}
	}
	for f := range parents.All() {
		if codes[f.Code()] {
			above = append(above, f)
		}
	}
	return proveNested(some, field, above, children.ID())
}

// Nesting are two levels of a snapshot: children refer to their parents by a
// field.
type Nesting struct {
	Children, Parents *spatial.Layer
	Field             string
}

// ProveNestingChange says whether parents that were the dissolve of their
// children still are after a change of the features with the given ids. It
// looks at those only: by parent, what the children's boundaries gained and
// lost must be what the parent's did, opposite segments cancelling. That every
// boundary passes no segment both ways is for [ProveChange] of either layer.
// Where it is false, [ProveNestedIn] tells the faults.
func ProveNestingChange(before, after Nesting, children, parents []int64) bool {
	sums := sums{}
	sums.addAll(before.Children, before.Field, children, -1)
	sums.addAll(after.Children, after.Field, children, 1)
	sums.addAll(before.Parents, before.Parents.Schema().Code, parents, 1)
	sums.addAll(after.Parents, after.Parents.Schema().Code, parents, -1)
	for _, sum := range sums {
		if slices.ContainsFunc(sum.times, func(n int) bool { return n != 0 }) {
			return false
		}
	}
	return true
}

// sums are, by code, segments and how often each is passed, less how often
// its reverse is.
type sums map[string]*sum

type sum struct {
	edgeList
	times []int
}

func (s sums) addAll(layer *spatial.Layer, field string, ids []int64, n int) {
	for f := range pick(layer, ids) {
		code := f.Attribute(field).Text()
		if s[code] == nil {
			s[code] = &sum{}
		}
		face := knownFace(code, f.Geometry())
		for h := range face.halfEdges() {
			s[code].add(h, n)
		}
	}
}

func (s *sum) add(h halfEdge, n int) {
	if less(h.to, h.from) {
		h, n = h.reverse(), -n
	}
	i, added := s.edgeList.add(h)
	if added {
		s.times = append(s.times, 0)
	}
	s.times[i] += n
}

func proveNested(children []spatial.Feature, field string, parents []spatial.Feature, id spatial.LayerID) []Fault {
	faces, faults := facesOf(slices.Values(children))
	edges, _ := pair(faces)
	parentOf := make([]string, len(children))
	for i, f := range children {
		parentOf[i] = f.Attribute(field).Text()
	}
	want := edges.outlines(parentOf)
	outlines, more := facesOf(slices.Values(parents))
	return append(append(faults, more...), compareOutlines(want, outlines, id)...)
}

// outlines keeps the segments whose other side belongs to another parent.
func (e *edgeSet) outlines(parentOf []string) map[halfEdge]string {
	outlines := map[halfEdge]string{}
	for i, h := range e.order {
		face := e.owner[i]
		if back := e.find(h.reverse()); back < 0 || parentOf[e.owner[back]] != parentOf[face] {
			outlines[h] = parentOf[face]
		}
	}
	return outlines
}

// compareOutlines consumes want while it walks the parents' rings, and
// reports at most one fault for each parent.
func compareOutlines(want map[halfEdge]string, parents []face, children spatial.LayerID) []Fault {
	var faults []Fault
	for i := range parents {
		p := &parents[i]
		faults = append(faults, p.strayFrom(want, children)...)
	}
	left := map[string]halfEdge{}
	for h, code := range want {
		if at, ok := left[code]; !ok || less(h.from, at.from) {
			left[code] = h
		}
	}
	for i := range parents {
		if h, ok := left[parents[i].code]; ok {
			faults = append(faults, boundaryFault(h, parents[i].code, children))
			delete(left, parents[i].code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(left)) {
		faults = append(faults, Fault{Rule: "boundary", At: left[code].from.LL(), Codes: []string{code},
			Detail: fmt.Sprintf("%s refer to %q, which does not exist", children, code)})
	}
	return faults
}

func (f *face) strayFrom(want map[halfEdge]string, children spatial.LayerID) []Fault {
	var faults []Fault
	for h := range f.halfEdges() {
		if want[h] == f.code {
			delete(want, h)
			continue
		}
		if faults == nil {
			faults = append(faults, boundaryFault(h, f.code, children))
		}
	}
	return faults
}

func boundaryFault(h halfEdge, code string, children spatial.LayerID) Fault {
	return Fault{Rule: "boundary", At: h.from.LL(), Codes: []string{code},
		Detail: fmt.Sprintf("the boundary of %s is not the union of its %s", code, children)}
}

func less(a, b Vertex) bool { return a.X < b.X || a.X == b.X && a.Y < b.Y }
