package spatial

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/paulmach/orb"
)

// LayerID names a layer. It is also its table's name and its place in URLs:
// lower-case letters, digits and underscores, at most 48 bytes.
type LayerID string

// Title is a text in both languages of the service.
type Title struct {
	ZH string `json:"zh,omitempty"`
	EN string `json:"en,omitempty"`
}

// GeometryKind is the set of geometry kinds a layer may hold; each includes
// its Multi form. NoGeometry marks a table.
type GeometryKind uint8

// The kinds of geometry, to be joined with |.
const (
	NoGeometry GeometryKind = 0
	Points     GeometryKind = 1 << (iota - 1)
	Lines
	Polygons
)

var kindNames = []struct {
	kind GeometryKind
	name string
}{{Points, "point"}, {Lines, "line"}, {Polygons, "polygon"}}

// KindOf is the kind of a geometry; NoGeometry for nil, an empty bound or a
// collection, which no layer holds.
func KindOf(g orb.Geometry) GeometryKind {
	switch g.(type) {
	case orb.Point, orb.MultiPoint:
		return Points
	case orb.LineString, orb.MultiLineString:
		return Lines
	case orb.Polygon, orb.MultiPolygon:
		return Polygons
	}
	return NoGeometry
}

// String lists the kinds: "point", "point+polygon", "none".
func (k GeometryKind) String() string {
	var names []string
	for _, n := range kindNames {
		if k&n.kind != 0 {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, "+")
}

// MarshalText writes [GeometryKind.String].
func (k GeometryKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads [GeometryKind.String].
func (k *GeometryKind) UnmarshalText(b []byte) error {
	*k = NoGeometry
	if string(b) == "none" {
		return nil
	}
	for name := range strings.SplitSeq(string(b), "+") {
		kind, ok := kindNamed(name)
		if !ok {
			return fmt.Errorf("unknown geometry kind %q: use point, line, polygon, a + between them, or none", b)
		}
		*k |= kind
	}
	return nil
}

func kindNamed(name string) (GeometryKind, bool) {
	for _, n := range kindNames {
		if n.name == name {
			return n.kind, true
		}
	}
	return NoGeometry, false
}

// Label gives a value of an enumerated field its words.
type Label struct {
	Value string `json:"value"` // as Value.String writes it
	Title Title  `json:"title"`
	Color string `json:"color,omitempty"` // CSS, where the field has standard colours
}

// Where picks the features of which a field has a value, as [Value.String]
// writes it; those without a value if it is empty.
type Where struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Picks says whether a feature is among them. Nil picks all.
func (w *Where) Picks(f Feature) bool {
	return w == nil || f.Attribute(w.Field).String() == w.Value
}

// Field describes one attribute of a layer and the rules its values keep.
// The same declaration makes the column and its named constraints in both
// stores, the check of a row in memory, and the words on the map.
type Field struct {
	Name       string   `json:"name"` // column, JSON key and MVT tag: lower snake case
	Type       Type     `json:"type"`
	Title      Title    `json:"title,omitzero"`
	Unit       string   `json:"unit,omitempty"`        // "m", "m²", "persons"; empty for none
	Values     []Label  `json:"values,omitempty"`      // closes the set of values when not empty
	Required   bool     `json:"required,omitempty"`    // never null
	Unique     bool     `json:"unique,omitempty"`      // no two rows alike, nulls aside
	Min        *float64 `json:"min,omitempty"`         // least value, inclusive
	Digits     int      `json:"digits,omitempty"`      // text of exactly so many decimal digits
	References LayerID  `json:"references,omitempty"`  // the value is the code of a feature there
	Prefix     string   `json:"prefix,omitempty"`      // field of the row whose value this one begins with
	SumOf      []string `json:"sum_of,omitempty"`      // fields of the row that add up to this one
	SumOver    LayerID  `json:"sum_over,omitempty"`    // total of the field of this name over the features there that refer to this one
	CountOf    LayerID  `json:"count_of,omitempty"`    // number of features there that refer to this one
	Where      *Where   `json:"where,omitempty"`       // counts only those with this value
	Detail     bool     `json:"detail_only,omitempty"` // served with items but left out of tiles
	FromZoom   int      `json:"from_zoom,omitempty"`   // tiles carry it from this zoom on
	Personal   bool     `json:"personal,omitempty"`    // counts people or what tells of them: small values are withheld from readers without the right
}

// Schema describes a layer. It is shared by every snapshot and read-only.
type Schema struct {
	ID          LayerID      `json:"id"`
	Internal    bool         `json:"internal,omitempty"` // bookkeeping of the service: kept in the store, never published
	Title       Title        `json:"title"`
	Description Title        `json:"description,omitzero"`
	Group       string       `json:"group,omitempty"` // heading in the layer list: base, grid, people, risk, response, service, user
	Geometry    GeometryKind `json:"geometry"`
	Partition   bool         `json:"partition,omitempty"` // its polygons cover an area without gap or overlap, and so make up those they refer to
	Fields      []Field      `json:"fields"`
	Code        string       `json:"code,omitempty"`  // name of the field that holds the code
	Label       string       `json:"label,omitempty"` // name of the field that people call a feature by
	Rank        string       `json:"rank,omitempty"`  // name of the field whose values, listed from the highest, say how much a feature matters: clusters count by it
	AsOf        string       `json:"as_of"`           // date of the data, 2006-01-02
	Synthetic   bool         `json:"synthetic"`       // generated, not surveyed
	Source      string       `json:"source,omitempty"`
	Licence     string       `json:"licence,omitempty"`
	Note        Title        `json:"note,omitzero"` // what a reader must know, such as "count not in the source"
}

// FieldIndex is the position of a field in rows of the layer, -1 if none.
func (s *Schema) FieldIndex(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// reserved are names that every feature has beside its attributes.
var reserved = map[string]bool{"id": true, "geom": true, "fid": true, "geometry": true}

// Validate reports the first fault of the schema itself: names, references
// between its fields, titles.
func (s *Schema) Validate() error {
	if !identifier.MatchString(string(s.ID)) {
		return &InvalidError{Rule: "layer_id", Where: fmt.Sprintf("layer %q", s.ID),
			Detail: "a layer id is lower-case letters, digits and underscores, begins with a letter and has at most 48 characters"}
	}
	seen := map[string]bool{}
	for i := range s.Fields {
		f := &s.Fields[i]
		if err := s.validateField(f, seen); err != nil {
			return within("layer "+string(s.ID), err)
		}
		seen[f.Name] = true
	}
	for _, name := range []string{s.Code, s.Label, s.Rank} {
		if name != "" && !seen[name] {
			return &InvalidError{Rule: "schema_field", Where: "layer " + string(s.ID), Detail: fmt.Sprintf("no field is named %q", name)}
		}
	}
	return s.validateRank()
}

func (s *Schema) validateRank() error {
	if s.Rank == "" {
		return nil
	}
	f := &s.Fields[s.FieldIndex(s.Rank)]
	if f.Type != TypeText || f.Personal || len(f.Values) == 0 || len(f.Values) >= MaxRanks {
		return &InvalidError{Rule: "schema_rank", Where: fmt.Sprintf("layer %s field %q", s.ID, f.Name),
			Detail: fmt.Sprintf("ranks are the listed values of a text field that is not personal, at most %d of them", MaxRanks-1)}
	}
	return nil
}

func (s *Schema) validateField(f *Field, seen map[string]bool) error {
	bad := func(detail string) error {
		return &InvalidError{Rule: "schema_field", Where: fmt.Sprintf("field %q", f.Name), Detail: detail}
	}
	switch {
	case !identifier.MatchString(f.Name):
		return bad("a field name is lower-case letters, digits and underscores, begins with a letter and has at most 48 characters")
	case reserved[f.Name]:
		return bad("the name is reserved")
	case seen[f.Name]:
		return bad("the name stands twice")
	case f.Type < TypeText || f.Type > TypeTime:
		return bad("the field has no type")
	case f.Type != TypeText && (f.Digits > 0 || f.Prefix != ""):
		return bad("only text has digits or a prefix")
	case f.Type != TypeInt && len(f.SumOf) > 0:
		return bad("only whole numbers are sums")
	case f.Where != nil && f.CountOf == "":
		return bad("only a count has a condition")
	case f.Prefix != "" && s.FieldIndex(f.Prefix) < 0:
		return bad(fmt.Sprintf("its prefix field %q does not exist", f.Prefix))
	}
	for _, part := range f.SumOf {
		if s.FieldIndex(part) < 0 {
			return bad(fmt.Sprintf("its summand %q does not exist", part))
		}
	}
	return nil
}

// Constraint is the name of a rule of a field, the same in error messages
// and in the stores' tables: <layer>_<field>_<rule>.
func (s *Schema) Constraint(field, rule string) string {
	return string(s.ID) + "_" + field + "_" + rule
}
