package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// binder gives conditions their meaning for a layer.
type binder struct {
	schema *spatial.Schema
	toLL   func(orb.Geometry) (orb.Geometry, error)
}

// geometryNames are what the geometry of a feature is called, unless a field
// has the name.
var geometryNames = []string{"geometry", "geom"}

func (e and) bind(b *binder) (node, error) {
	parts, err := b.all(e.of)
	return allOf(parts), err
}

func (e or) bind(b *binder) (node, error) {
	parts, err := b.all(e.of)
	return anyOf(parts), err
}

func (b *binder) all(of []Expr) ([]node, error) {
	parts := make([]node, len(of))
	for i, e := range of {
		var err error
		if parts[i], err = e.bind(b); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func (e not) bind(b *binder) (node, error) { return b.opposite(true, e.of) }

func (e truth) bind(*binder) (node, error) { return constant(triOf(e.value)), nil }

// opposite binds a condition, turned round if not is set.
func (b *binder) opposite(not bool, e Expr) (node, error) {
	n, err := e.bind(b)
	if err != nil || !not {
		return n, err
	}
	return opposite{n}, nil
}

func (e compare) bind(b *binder) (node, error) {
	left, right, op := e.left, e.right, e.op
	if !left.isProperty() {
		left, right, op = right, left, turned[op]
	}
	field, err := b.field(left)
	if err != nil {
		return nil, err
	}
	if right.isProperty() {
		return b.twoFields(field, op, right)
	}
	value, err := b.value(field, right)
	if err == nil && op != "=" && op != "<>" {
		err = b.ordered(field, right)
	} else if err == nil {
		err = b.listed(field, value, right)
	}
	return comparison{b.code(field), field, op, value}, err
}

// turned are the comparisons as read from the right.
var turned = map[string]string{"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

func (b *binder) twoFields(left int, op string, right operand) (node, error) {
	other, err := b.field(right)
	if err != nil {
		return nil, err
	}
	f, g := &b.schema.Fields[left], &b.schema.Fields[other]
	if classOf(f.Type) != classOf(g.Type) {
		return nil, fault(right.at, "filter_type", fmt.Sprintf("field %s is of type %v and field %s of type %v", f.Name, f.Type, g.Name, g.Type),
			fmt.Sprintf("compare %s with a value like %s", f.Name, examples[f.Type]))
	}
	if op != "=" && op != "<>" {
		if err := b.ordered(left, right); err != nil {
			return nil, err
		}
	}
	return pair{left, op, other}, nil
}

func (e between) bind(b *binder) (node, error) {
	low, high := compare{e.of, ">=", e.low}, compare{e.of, "<=", e.high}
	if e.low.isProperty() || e.high.isProperty() || !e.of.isProperty() {
		return nil, fault(e.of.at, "filter_type", "BETWEEN takes a property and two values", "write people BETWEEN 1 AND 10")
	}
	return b.opposite(e.not, and{[]Expr{low, high}})
}

func (e in) bind(b *binder) (node, error) {
	if !e.of.isProperty() {
		return nil, fault(e.of.at, "filter_type", "IN takes a property before it", "write level IN ('general', 'low')")
	}
	equals := make([]Expr, len(e.set))
	for i, o := range e.set {
		if o.isProperty() {
			return nil, fault(o.at, "filter_type", fmt.Sprintf("%q is a property, not a value", shorten(o.name)), "put text into single quotes")
		}
		equals[i] = compare{e.of, "=", o}
	}
	return b.opposite(e.not, or{equals})
}

func (e like) bind(b *binder) (node, error) {
	if !e.of.isProperty() {
		return nil, fault(e.of.at, "filter_type", "LIKE takes a property before it", "write name LIKE '新秀%'")
	}
	field, err := b.field(e.of)
	if err != nil {
		return nil, err
	}
	f := &b.schema.Fields[field]
	if f.Type != spatial.TypeText || e.pattern.value.Type() != spatial.TypeText {
		return nil, fault(e.pattern.at, "filter_type", fmt.Sprintf("LIKE compares text with a pattern; field %s is of type %v", f.Name, f.Type),
			"write name LIKE '新秀%'")
	}
	pattern, ok := parsePattern(e.pattern.value.Text())
	if !ok {
		return nil, fault(e.pattern.at, "filter_pattern", "the pattern ends with a single \\", `write \\ for a backslash`)
	}
	var n node = likeness{field, pattern}
	if e.not {
		n = opposite{n}
	}
	return n, nil
}

func (e isNull) bind(b *binder) (node, error) {
	if !e.of.isProperty() {
		return nil, fault(e.of.at, "filter_type", "IS NULL takes a property", "write level IS NULL")
	}
	var n node = absence{-1}
	if !b.isGeometry(e.of.name) {
		field, err := b.field(e.of)
		if err != nil {
			return nil, err
		}
		n = absence{field}
	}
	if e.not {
		n = opposite{n}
	}
	return n, nil
}

func (e relation) bind(b *binder) (node, error) {
	if !b.isGeometry(e.property.name) {
		return nil, fault(e.property.at, "filter_property", fmt.Sprintf("%q is not the geometry of %s", shorten(e.property.name), b.schema.ID), b.geometryFix(e.name))
	}
	shape, err := b.toLL(e.shape)
	if _, box := shape.(orb.Bound); err == nil && box {
		err = spatial.ValidateGeometry(orb.MultiPoint{shape.Bound().Min, shape.Bound().Max})
	} else if err == nil {
		err = spatial.ValidateGeometry(shape)
	}
	if err != nil {
		return nil, geometryFault(e.at, err)
	}
	return newRelationship(e.name, shape, e.distance), nil
}

func (b *binder) geometryFix(name string) string {
	if b.schema.Geometry == spatial.NoGeometry {
		return "it is a table; ask for its properties only"
	}
	return "write " + name + "(geometry, …)"
}

func geometryFault(at int, err error) error {
	var invalid *spatial.InvalidError
	if errors.As(err, &invalid) {
		return &spatial.InvalidError{Rule: invalid.Rule, Where: place(at), At: invalid.At, Detail: invalid.Detail, Fix: invalid.Fix}
	}
	return fault(at, "filter_geometry", err.Error(), "check the coordinates and filter-crs")
}

// field is the index of the field that a property names.
func (b *binder) field(o operand) (int, error) {
	if !o.isProperty() {
		return 0, fault(o.at, "filter_type", fmt.Sprintf("%s is compared with a value, not with a property", o), "write like name = '新秀'")
	}
	if i := b.schema.FieldIndex(o.name); i >= 0 {
		return i, nil
	}
	if b.isGeometry(o.name) {
		return 0, fault(o.at, "filter_property", "the geometry cannot be compared", "use S_INTERSECTS, S_WITHIN, S_DWITHIN and their like")
	}
	return 0, fault(o.at, "filter_property", fmt.Sprintf("%s has no property %q", b.schema.ID, shorten(o.name)),
		"it has "+strings.Join(b.properties(), ", ")+"; text values take single quotes")
}

func (b *binder) properties() []string {
	var names []string
	for i := range b.schema.Fields {
		names = append(names, quoteName(b.schema.Fields[i].Name))
	}
	if b.schema.Geometry != spatial.NoGeometry {
		names = append(names, geometryNames[0])
	}
	return names
}

func (b *binder) isGeometry(name string) bool {
	return b.schema.Geometry != spatial.NoGeometry && slices.Contains(geometryNames, name) && b.schema.FieldIndex(name) < 0
}

// class are the types whose values compare with each other.
func classOf(t spatial.Type) spatial.Type {
	if t == spatial.TypeInt {
		return spatial.TypeFloat
	}
	return t
}

// examples show how values of each type are written.
var examples = map[spatial.Type]string{
	spatial.TypeText: "'新秀'", spatial.TypeInt: "12", spatial.TypeFloat: "1.5", spatial.TypeBool: "TRUE",
	spatial.TypeDate: "DATE('2024-11-04')", spatial.TypeTime: "TIMESTAMP('2024-11-04T08:00:00Z')",
}

// value is a literal to be compared with a field.
func (b *binder) value(field int, o operand) (spatial.Value, error) {
	f := &b.schema.Fields[field]
	if classOf(f.Type) != classOf(o.value.Type()) {
		return spatial.Null, fault(o.at, "filter_type",
			fmt.Sprintf("field %s of %s is of type %v, and %s is of type %v", f.Name, b.schema.ID, f.Type, shorten(o.String()), o.value.Type()),
			"write a value like "+examples[f.Type])
	}
	return o.value, nil
}

// ordered refuses less and more of truth values.
func (b *binder) ordered(field int, o operand) error {
	if f := &b.schema.Fields[field]; f.Type == spatial.TypeBool {
		return fault(o.at, "filter_type", fmt.Sprintf("field %s is true or false; neither is more", f.Name), "write "+f.Name+" = TRUE")
	}
	return nil
}

// listed refuses a value that a closed field never has.
func (b *binder) listed(field int, v spatial.Value, o operand) error {
	f := &b.schema.Fields[field]
	var known []string
	for _, l := range f.Values {
		allowed, err := spatial.ParseValue(f.Type, l.Value)
		if err == nil && Compare(allowed, v) == 0 {
			return nil
		}
		known = append(known, literal(allowed))
	}
	if len(known) == 0 {
		return nil
	}
	return fault(o.at, "filter_value", fmt.Sprintf("field %s of %s is never %s", f.Name, b.schema.ID, shorten(literal(v))),
		"use one of "+strings.Join(known, ", ")+"; or IS NULL")
}

// code says whether a field's values lead to their feature directly.
func (b *binder) code(field int) bool {
	f := &b.schema.Fields[field]
	return f.Name == b.schema.Code && f.Unique
}

// fault refuses a filter at one of its characters, counted from 1.
func fault(at int, rule, detail, fix string) error {
	return &spatial.InvalidError{Rule: rule, Where: place(at), Detail: detail, Fix: fix}
}

func place(at int) string { return fmt.Sprintf("filter, character %d", at) }
