package format

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// kinds is the set of kinds of value that a column has shown.
type kinds uint16

const (
	sawNull    kinds = 1 << iota
	sawNothing       // a sign for nothing
	sawBool
	sawInt
	sawFloat
	sawMeasure // a number with a unit
	sawRange
	sawDate
	sawTime
	sawText
)

// column is what a first reading learns of a column.
type column struct {
	name   string
	kinds  kinds
	unit   string // of its values or its name; as in units
	mixed  bool   // values are of several dimensions
	length int    // of values that are all digits; -1 if they differ
	eight  bool   // all whole numbers are days like 20241104
}

// survey is what the first reading of a file finds. It holds one column's
// worth of facts for each column and no values.
type survey struct {
	loose   bool // a text may be a number or a date
	pick    Pick
	columns []*column
	byName  map[string]*column
	records int
	kinds   spatial.GeometryKind
	missing int
	bound   orb.Bound // of all positions, in the file's coordinates
	placed  bool      // bound is of something
	marked  int       // records marked as synthetic
}

func (s *survey) see(r *Record) error {
	s.records++
	if r.Fault != nil {
		return nil
	}
	if r.Geometry == nil {
		s.missing++
	} else {
		s.kinds |= spatial.KindOf(r.Geometry)
		s.widen(r.Geometry)
	}
	for _, cell := range r.Cells {
		if cell.Column == syntheticColumn {
			if b, ok := parseBool(cell.Value.String()); ok && b {
				s.marked++
			}
			continue
		}
		c := s.byName[cell.Column]
		if c == nil {
			if len(s.columns) == maxColumns {
				return &spatial.InvalidError{Rule: "columns", Where: r.Where,
					Detail: fmt.Sprintf("the features have more than %d different properties", maxColumns), Fix: "put values into values, not into names"}
			}
			if strings.IndexByte(cell.Column, 0) >= 0 {
				return &spatial.InvalidError{Rule: "text_zero", Where: fmt.Sprintf("%s, column %q", r.Where, cell.Column), Detail: "its name holds a zero character", Fix: "remove it"}
			}
			c = &column{name: cell.Column, unit: unitIn(cell.Column), eight: true}
			s.byName[cell.Column] = c
			s.columns = append(s.columns, c)
		}
		c.see(cell.Value, s.loose, s.pick)
	}
	return nil
}

// widen takes a geometry's positions into the bound, as far as they are
// numbers.
func (s *survey) widen(g orb.Geometry) {
	b := g.Bound()
	if math.IsNaN(b.Min[0]+b.Min[1]+b.Max[0]+b.Max[1]) || b.Min[0] > b.Max[0] {
		return
	}
	if s.placed {
		b = s.bound.Union(b)
	}
	s.bound, s.placed = b, true
}

func (c *column) see(v spatial.Value, loose bool, pick Pick) {
	switch v.Type() {
	case 0:
		c.kinds |= sawNull
	case spatial.TypeBool:
		c.kinds |= sawBool
	case spatial.TypeInt:
		c.kinds |= sawInt
		c.whole(v.String())
	case spatial.TypeFloat:
		c.kinds |= sawFloat
	case spatial.TypeDate:
		c.kinds |= sawDate
	case spatial.TypeTime:
		c.kinds |= sawTime
	default:
		c.kinds |= c.text(v.Text(), loose, pick)
	}
}

// whole takes note of the length of a row of digits.
func (c *column) whole(s string) {
	if c.length == 0 {
		c.length = len(s)
	}
	if c.length != len(s) {
		c.length = -1
	}
	if _, day, _, ok := parseTime(s); len(s) != 8 || !ok || !day {
		c.eight = false
	}
}

// text tells what kind of value a text is.
func (c *column) text(s string, loose bool, pick Pick) kinds {
	if _, day, zone, ok := parseTime(s); ok && !onlyDigits(s) && (loose || day && len(s) == 10 && s[4] == '-') {
		if day && !zone {
			return sawDate
		}
		return sawTime
	}
	if !loose {
		return sawText
	}
	if s == "" {
		return sawNull
	}
	if isNothing(spatial.Text(s)) {
		return sawNothing
	}
	if m, ok := parseMeasure(s); ok {
		return c.measure(m, s)
	}
	if _, _, ok := approximate(s); ok {
		if pick != PickNone {
			return sawFloat
		}
		return sawRange
	}
	switch strings.ToLower(halfWidth(s)) {
	case "true", "false", "是", "否":
		return sawBool
	}
	return sawText
}

// measure is the kind of a number, with or without unit.
func (c *column) measure(m measure, s string) kinds {
	plain := strings.TrimLeft(m.digits, "+-")
	integral := onlyDigits(plain)
	switch {
	case integral && (len(plain) > 15 || len(plain) > 1 && plain[0] == '0'), lostDigits.MatchString(s):
		return sawText
	case m.unit != "":
		if c.unit != "" && units[c.unit].dimension != units[m.unit].dimension {
			c.mixed = true
		}
		if c.unit == "" {
			c.unit = m.unit
		}
		return sawMeasure
	case m.ten != 0:
		return sawFloat
	case integral:
		c.whole(plain)
		return sawInt
	}
	return sawFloat
}

// typ is the narrowest type that keeps all values as they are, with a word on
// why if that is not plain.
func (c *column) typ() (t spatial.Type, why string) {
	seen := c.kinds &^ (sawNull | sawNothing)
	numeric := seen&^(sawInt|sawFloat|sawMeasure) == 0 && seen != 0
	switch {
	case seen == 0:
		return spatial.TypeText, ""
	case numeric && isCodeColumn(c.name) && seen == sawInt:
		return spatial.TypeText, "holds codes or numbers of telephones, kept as text"
	case seen == sawInt && c.eight && strings.Contains(c.name, "日期"):
		return spatial.TypeDate, ""
	case seen == sawInt && c.length >= 9:
		return spatial.TypeText, fmt.Sprintf("holds numbers of %d digits each, taken for codes and kept as text", c.length)
	case seen == sawInt:
		return spatial.TypeInt, ""
	case numeric && c.mixed:
		return spatial.TypeText, "mixes units, kept as text"
	case numeric:
		return spatial.TypeFloat, ""
	case seen == sawBool:
		return spatial.TypeBool, ""
	case seen == sawDate:
		return spatial.TypeDate, ""
	case seen&^(sawDate|sawTime) == 0:
		return spatial.TypeTime, ""
	case seen&sawRange != 0 && seen&^(sawInt|sawFloat|sawMeasure|sawRange) == 0:
		return spatial.TypeText, "holds ranges or guesses like \"8~10\" or 约8, kept as text; --range low, mid or high makes numbers of them"
	case seen == sawText, seen == sawText|sawDate:
		return spatial.TypeText, ""
	}
	return spatial.TypeText, "mixes kinds of values, kept as text"
}
