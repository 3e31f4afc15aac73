package filter

import (
	"iter"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Filter is a condition on the features of a layer. It is immutable and safe
// for concurrent use.
type Filter struct{ root node }

// New gives a condition its meaning for features of a schema: it refuses
// properties that do not exist and values that do not fit them. toLL turns
// the condition's geometries into degrees, longitude first; nil if they are.
func New(e Expr, schema *spatial.Schema, toLL func(orb.Geometry) (orb.Geometry, error)) (*Filter, error) {
	if toLL == nil {
		toLL = func(g orb.Geometry) (orb.Geometry, error) { return g, nil }
	}
	root, err := e.bind(&binder{schema, toLL})
	if err != nil {
		return nil, err
	}
	return &Filter{root}, nil
}

// All holds where all of the filters do; everywhere if there are none.
func All(filters ...*Filter) *Filter {
	nodes := make(allOf, len(filters))
	for i, f := range filters {
		nodes[i] = f.root
	}
	return &Filter{nodes}
}

// Equal holds where a field of a schema has a value, null included.
func Equal(schema *spatial.Schema, field int, value spatial.Value) *Filter {
	if value.IsNull() {
		return &Filter{absence{field}}
	}
	b := binder{schema: schema}
	return &Filter{comparison{b.code(field), field, "=", value}}
}

// During holds where a date or time field is from one instant to another,
// both included; null leaves an end open.
func During(field int, from, to spatial.Value) *Filter {
	var ends allOf
	if !from.IsNull() {
		ends = append(ends, comparison{false, field, ">=", from})
	}
	if !to.IsNull() {
		ends = append(ends, comparison{false, field, "<=", to})
	}
	return &Filter{append(ends, opposite{absence{field}})}
}

// Meeting holds where the geometry meets any of the given ones (degrees).
func Meeting(geometries ...orb.Geometry) *Filter {
	nodes := make(anyOf, len(geometries))
	for i, g := range geometries {
		nodes[i] = newRelationship("S_INTERSECTS", g, 0)
	}
	return &Filter{nodes}
}

// Holds says whether the condition is true of a feature, neither false nor
// unknown.
func (f *Filter) Holds(feature spatial.Feature) bool { return f.root.holds(feature) == yes }

// Everything says whether the filter was made of no condition at all.
func (f *Filter) Everything() bool {
	all, ok := f.root.(allOf)
	return ok && len(all) == 0
}

// Cost is the work on one feature, in comparisons of a value.
func (f *Filter) Cost() int { return f.root.cost() }

// Candidates are features of a layer in order of their ids, among them all
// that the filter holds for.
func (f *Filter) Candidates(layer *spatial.Layer) iter.Seq[spatial.Feature] {
	r := f.root.reach()
	if !r.narrow || spansLayer(r.boxes, layer) {
		return layer.All()
	}
	var found []spatial.Feature
	for _, code := range r.codes {
		if feature, err := layer.ByCode(code); err == nil {
			found = append(found, feature)
		}
	}
	for _, box := range r.boxes {
		found = slices.AppendSeq(found, layer.Intersecting(box))
	}
	slices.SortFunc(found, func(a, b spatial.Feature) int { return int(min(max(a.ID()-b.ID(), -1), 1)) })
	return slices.Values(slices.CompactFunc(found, func(a, b spatial.Feature) bool { return a.ID() == b.ID() }))
}

// spansLayer says whether one box holds the whole layer, as the first look
// of a desktop client does: then its order saves the sorting.
func spansLayer(boxes []orb.Bound, layer *spatial.Layer) bool {
	whole, ok := layer.Bound()
	return ok && slices.ContainsFunc(boxes, func(b orb.Bound) bool { return b.Contains(whole.Min) && b.Contains(whole.Max) })
}
