package data

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/history"
	"wangge/spatial/partition"
)

// Report is what a check of a snapshot found: the facts it proved, in words,
// and the faults.
type Report struct {
	Proved []string
	Faults []*spatial.InvalidError
}

// Check proves what the schemas promise of a snapshot and a store cannot
// hold by constraints alone: partitions without gap or overlap, levels that
// nest, features inside the areas they refer to, totals and counts that
// agree, references that lead somewhere, a history in order. Of internal
// layers only the rows are looked at.
func Check(s *spatial.Snapshot) *Report {
	r := &Report{}
	for layer := range s.Layers() {
		schema := layer.Schema()
		if schema.Internal {
			r.rows(layer)
			continue
		}
		if schema.Partition {
			r.partition(layer)
		}
		r.rows(layer)
		for i := range schema.Fields {
			r.field(s, layer, &schema.Fields[i])
		}
	}
	r.history(s)
	return r
}

// history checks that what is kept of every feature is in order.
func (r *Report) history(s *spatial.Snapshot) {
	faults := history.Check(s)
	r.Faults = append(r.Faults, faults...)
	rows := 0
	for _, id := range history.Tracked(s) {
		if kept, err := s.Layer(history.LayerOf(id)); err == nil {
			rows += kept.Len()
		}
	}
	if len(faults) == 0 && rows > 0 {
		r.prove("history: %d kept states follow one another", rows)
	}
}

// field checks what one field promises about other layers.
func (r *Report) field(s *spatial.Snapshot, layer *spatial.Layer, f *spatial.Field) {
	if target := r.target(s, layer, f, f.References); target != nil {
		r.references(layer, f, target)
	}
	if parts := r.target(s, layer, f, f.SumOver); parts != nil {
		r.totals(layer, f, parts, func(part spatial.Feature) int64 { return part.Attribute(f.Name).Int() })
	}
	if parts := r.target(s, layer, f, f.CountOf); parts != nil {
		r.totals(layer, f, parts, func(part spatial.Feature) int64 { return counted(f, part) })
	}
}

func counted(f *spatial.Field, part spatial.Feature) int64 {
	if f.Where.Picks(part) {
		return 1
	}
	return 0
}

// target is the layer a field's rule names; nil if it names none, or one
// that does not exist, which is a fault.
func (r *Report) target(s *spatial.Snapshot, layer *spatial.Layer, f *spatial.Field, id spatial.LayerID) *spatial.Layer {
	if id == "" {
		return nil
	}
	target, err := s.Layer(id)
	if err != nil {
		r.fault("schema_field", fmt.Sprintf("%s, field %s", layer.ID(), f.Name), nil, fmt.Sprintf("the layer %q it names does not exist", id))
		return nil
	}
	return target
}

func (r *Report) prove(format string, args ...any) {
	r.Proved = append(r.Proved, fmt.Sprintf(format, args...))
}

func (r *Report) fault(rule, where string, at *orb.Point, detail string) {
	r.Faults = append(r.Faults, &spatial.InvalidError{Rule: rule, Where: where, At: at, Detail: detail})
}

// since says whether no fault was added after there were n.
func (r *Report) since(n int) bool { return len(r.Faults) == n }

func (r *Report) take(layer *spatial.Layer, faults []partition.Fault) {
	for _, f := range faults {
		where := strings.TrimSpace(string(layer.ID()) + " " + strings.Join(f.Codes, ", "))
		r.fault(string(layer.ID())+"_"+f.Rule, where, &f.At, f.Detail)
	}
}

func (r *Report) partition(layer *spatial.Layer) {
	n := len(r.Faults)
	r.take(layer, partition.Prove(layer))
	if r.since(n) {
		r.prove("%s: %d polygons, 0 gaps, 0 overlaps", layer.ID(), layer.Len())
	}
}

// rows checks each row against its schema.
func (r *Report) rows(layer *spatial.Layer) {
	n := len(r.Faults)
	for f := range layer.All() {
		r.row(f)
	}
	if r.since(n) && !layer.Schema().Internal {
		r.prove("%s: %d rows keep the rules of their fields", layer.ID(), layer.Len())
	}
}

// row checks a row against its schema.
func (r *Report) row(f spatial.Feature) {
	err := f.Layer().Schema().ValidateRow(f.Row())
	if err == nil {
		return
	}
	if invalid, ok := err.(*spatial.InvalidError); ok {
		r.Faults = append(r.Faults, invalid)
		return
	}
	r.fault("row", "", nil, err.Error())
}

// references checks that the codes in a field exist, and that what refers to
// an area stands in it: the parts of a partition make it up, a point is where
// partition.Locate finds it, anything else lies wholly within.
func (r *Report) references(layer *spatial.Layer, f *spatial.Field, target *spatial.Layer) {
	n := len(r.Faults)
	if layer.Schema().Partition && target.Schema().Partition {
		r.take(layer, partition.ProveNested(layer, f.Name, target))
		if r.since(n) {
			r.prove("%s: their union is each of the %s", layer.ID(), target.ID())
		}
		return
	}
	for feature := range layer.All() {
		r.reference(feature, f, target)
	}
	if r.since(n) {
		r.prove("%s: each in the %s its %s names", layer.ID(), target.ID(), f.Name)
	}
}

func (r *Report) reference(feature spatial.Feature, f *spatial.Field, target *spatial.Layer) {
	code := feature.Attribute(f.Name)
	if code.IsNull() {
		return
	}
	schema := feature.Layer().Schema()
	where := fmt.Sprintf("%s %d", schema.ID, feature.ID())
	area, err := target.ByCode(code.Text())
	if err != nil {
		r.fault(schema.Constraint(f.Name, "references"), where, nil, fmt.Sprintf("%s refers to %q, which %s does not have", f.Name, code, target.ID()))
		return
	}
	if !target.Schema().Partition || !feature.HasGeometry() {
		return
	}
	if at, ok := stands(feature, area, target); !ok {
		r.fault(schema.Constraint(f.Name, "located"), where, &at, fmt.Sprintf("it does not stand in %s %s", target.ID(), code))
	}
}

// stands says whether a feature is in an area, and if not, at what position
// it is outside.
func stands(feature, area spatial.Feature, areas *spatial.Layer) (orb.Point, bool) {
	if p, ok := feature.Geometry().(orb.Point); ok {
		found, ok := partition.Locate(areas, p)
		return p, ok && found.ID() == area.ID()
	}
	return partition.Within(feature.Geometry(), area.Geometry())
}

// totals checks that a field of each feature is the sum of measure over the
// parts that refer to it.
func (r *Report) totals(layer *spatial.Layer, f *spatial.Field, parts *spatial.Layer, measure func(spatial.Feature) int64) {
	refers := slices.IndexFunc(parts.Schema().Fields, func(p spatial.Field) bool { return p.References == layer.ID() })
	if refers < 0 {
		r.fault("schema_field", fmt.Sprintf("%s, field %s", layer.ID(), f.Name), nil, fmt.Sprintf("%s has no field that refers to %s", parts.ID(), layer.ID()))
		return
	}
	sums := map[string]int64{}
	for part := range parts.All() {
		sums[part.Value(refers).Text()] += measure(part)
	}
	r.compare(layer, f, parts, sums)
}

func (r *Report) compare(layer *spatial.Layer, f *spatial.Field, parts *spatial.Layer, sums map[string]int64) {
	n, total := len(r.Faults), int64(0)
	for feature := range layer.All() {
		have, want := feature.Attribute(f.Name).Int(), sums[feature.Code()]
		total += have
		if have != want {
			r.fault(layer.Schema().Constraint(f.Name, "total"), fmt.Sprintf("%s %s", layer.ID(), feature.Code()), nil,
				fmt.Sprintf("%s is %d, but its %s make %d", f.Name, have, parts.ID(), want))
		}
	}
	if r.since(n) {
		r.prove("%s: %s equals its %s, %d in all", layer.ID(), f.Name, parts.ID(), total)
	}
}
