package spatial

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// Row is a feature on its way into or out of a layer: a stable id, a
// geometry (nil in a table) and one value for each field of the schema, in
// the schema's order.
type Row struct {
	ID       int64
	Geometry orb.Geometry
	Values   []Value
}

// ValidateRow checks a row against the schema: geometry kind and validity as in
// [ValidateGeometry], types, and every rule of a single row. Uniqueness and
// references concern other rows and are left to the store.
func (s *Schema) ValidateRow(r Row) error {
	if err := s.checkRow(r); err != nil {
		return within(fmt.Sprintf("%s %d", s.ID, r.ID), err)
	}
	return nil
}

func (s *Schema) checkRow(r Row) error {
	if r.ID <= 0 {
		return &InvalidError{Rule: "id_positive", Detail: fmt.Sprintf("the id %d is not positive", r.ID)}
	}
	if len(r.Values) != len(s.Fields) {
		return &InvalidError{Rule: "row_width", Detail: fmt.Sprintf("%d values for %d fields", len(r.Values), len(s.Fields))}
	}
	if err := s.validateKind(r.Geometry); err != nil {
		return err
	}
	for i := range s.Fields {
		if err := s.validateValue(&s.Fields[i], r.Values[i], r.Values); err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) validateKind(g orb.Geometry) error {
	if g == nil {
		return nil
	}
	if kind := KindOf(g); kind == NoGeometry || s.Geometry&kind == 0 {
		return &InvalidError{Rule: string(s.ID) + "_geom_kind",
			Detail: fmt.Sprintf("a %s in a layer of %s", g.GeoJSONType(), s.Geometry)}
	}
	return ValidateGeometry(g)
}

func (s *Schema) validateValue(f *Field, v Value, row []Value) error {
	rule, detail := brokenRule(s, f, v, row)
	if rule == "" {
		return nil
	}
	return &InvalidError{Rule: s.Constraint(f.Name, rule), Where: "field " + f.Name, Detail: detail}
}

func brokenRule(s *Schema, f *Field, v Value, row []Value) (rule, detail string) {
	if v.IsNull() {
		if f.Required {
			return "required", "the value is missing"
		}
		return "", ""
	}
	switch {
	case v.Type() != f.Type:
		return "type", fmt.Sprintf("%q is %v, not %v", v, v.Type(), f.Type)
	case !isUnicode(v.Text()):
		return "unicode", fmt.Sprintf("%q holds bytes that are not Unicode, or a zero byte", v)
	case f.Digits > 0 && !allDigits(v.Text(), f.Digits):
		return "digits", fmt.Sprintf("%q is not %d digits", v, f.Digits)
	case f.Min != nil && v.Float() < *f.Min:
		return "min", fmt.Sprintf("%v is less than %v", v, *f.Min)
	case len(f.Values) > 0 && !listed(f.Values, v.String()):
		return "values", fmt.Sprintf("%q is not one of %s", v, labelValues(f.Values))
	case f.Prefix != "" && !strings.HasPrefix(v.Text(), row[s.FieldIndex(f.Prefix)].Text()):
		return "prefix", fmt.Sprintf("%q does not begin with %s %q", v, f.Prefix, row[s.FieldIndex(f.Prefix)])
	case len(f.SumOf) > 0 && !addsUp(s, f, v, row):
		return "sum", fmt.Sprintf("%v is not the sum of %s", v, strings.Join(f.SumOf, ", "))
	}
	return "", ""
}

// isUnicode says whether a text can be kept: valid UTF-8 without zero bytes,
// which PostgreSQL does not take.
func isUnicode(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func allDigits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func listed(labels []Label, value string) bool {
	for i := range labels {
		if labels[i].Value == value {
			return true
		}
	}
	return false
}

func labelValues(labels []Label) string {
	values := make([]string, len(labels))
	for i := range labels {
		values[i] = labels[i].Value
	}
	return strings.Join(values, ", ")
}

func addsUp(s *Schema, f *Field, v Value, row []Value) bool {
	var sum int64
	for _, part := range f.SumOf {
		sum += row[s.FieldIndex(part)].Int()
	}
	return sum == v.Int()
}
