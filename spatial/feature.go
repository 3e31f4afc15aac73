package spatial

import (
	"iter"

	"github.com/paulmach/orb"
)

// Feature is a view of one row of a layer. It is small, passed by value, and
// valid as long as anyone holds it, since layers never change.
type Feature struct {
	layer *Layer
	chunk *chunk
	row   int
}

// ID is the feature's stable id, unique in its layer and never used again.
func (f Feature) ID() int64 { return f.chunk.ids.at(f.row) }

// Layer is the layer the feature belongs to.
func (f Feature) Layer() *Layer { return f.layer }

// Value is the attribute at an index of the schema's fields.
func (f Feature) Value(i int) Value { return f.chunk.columns[i].value(f.row) }

// Attribute is the attribute of a name; null if the layer has no such field.
// In loops, look the index up once and use [Feature.Value].
func (f Feature) Attribute(name string) Value {
	if i := f.layer.schema.FieldIndex(name); i >= 0 {
		return f.Value(i)
	}
	return Null
}

// Code is the feature's code, "" in layers without one.
func (f Feature) Code() string { return f.Attribute(f.layer.schema.Code).Text() }

// Label is what people call the feature, "" if nothing.
func (f Feature) Label() string { return f.Attribute(f.layer.schema.Label).String() }

// HasGeometry says whether the feature stands anywhere.
func (f Feature) HasGeometry() bool { return f.chunk.shapes.kinds[f.row] != shapeNone }

// Geometry is the feature's geometry in degrees, nil if it has none. It
// aliases the snapshot: read-only.
func (f Feature) Geometry() orb.Geometry { return f.chunk.shapes.geometry(f.row) }

// Bound is the box around the geometry in degrees; ok is false if there is
// none.
func (f Feature) Bound() (b orb.Bound, ok bool) { return f.chunk.shapes.bound(f.row) }

// Kind is the kind of the feature's geometry.
func (f Feature) Kind() GeometryKind {
	switch f.chunk.shapes.kinds[f.row] {
	case shapePoint, shapeMultiPoint:
		return Points
	case shapeLine, shapeMultiLine:
		return Lines
	case shapePolygon, shapeMultiPolygon:
		return Polygons
	}
	return NoGeometry
}

// Part is one point set, line or ring of a geometry in world coordinates and
// in degrees, both read-only and of the same length.
type Part struct {
	World     []World
	Degrees   []orb.Point
	Shell     bool // an outer ring: begins a polygon
	Clockwise bool // how a ring is wound, with north up; others are not
}

// Parts yields the geometry's parts in order: the points of a multipoint
// together, each line, each ring (closed; holes follow their shell).
func (f Feature) Parts() iter.Seq[Part] {
	return func(yield func(Part) bool) {
		s := &f.chunk.shapes
		from, to := s.parts(f.row)
		for i := from; i < to; i++ {
			begin, end := s.span(i)
			if !yield(Part{World: s.world[begin:end:end], Degrees: s.position[begin:end:end], Shell: s.rings[i]&ringShell != 0, Clockwise: s.rings[i]&ringClockwise != 0}) {
				return
			}
		}
	}
}

// Row is the feature as a row; its geometry aliases the snapshot.
func (f Feature) Row() Row {
	values := make([]Value, len(f.chunk.columns))
	for i := range values {
		values[i] = f.Value(i)
	}
	return Row{ID: f.ID(), Geometry: f.Geometry(), Values: values}
}
