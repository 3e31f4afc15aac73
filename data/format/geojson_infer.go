package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"wangge/spatial"
)

// kinds is the set of kinds of value that a property has shown.
type kinds uint8

const (
	sawNull kinds = 1 << iota
	sawBool
	sawInt
	sawBig // a whole number beyond 2⁵³, which readers of JSON would round
	sawFloat
	sawDate
	sawText
	sawNested
)

// exact is the size up to which every whole number is a float64.
const exact = 1 << 53

func kindOf(raw []byte) kinds {
	switch raw[0] {
	case 'n':
		return sawNull
	case 't', 'f':
		return sawBool
	case '{', '[':
		return sawNested
	case '"':
		if _, err := time.Parse(`"`+time.DateOnly+`"`, string(raw)); err == nil {
			return sawDate
		}
		return sawText
	}
	if !bytes.ContainsAny(raw, ".eE") {
		if i, err := strconv.ParseInt(string(raw), 10, 64); err != nil || i > exact || i < -exact {
			return sawBig
		}
		return sawInt
	}
	if f, err := strconv.ParseFloat(string(raw), 64); err != nil || math.IsInf(f, 0) {
		return sawText
	}
	return sawFloat
}

// typ is the narrowest type that keeps all values as they are.
func (k kinds) typ() spatial.Type {
	switch k &^ sawNull {
	case sawBool:
		return spatial.TypeBool
	case sawInt:
		return spatial.TypeInt
	case sawFloat, sawInt | sawFloat:
		return spatial.TypeFloat
	case sawDate:
		return spatial.TypeDate
	}
	return spatial.TypeText
}

// column is a property on its way to becoming a field.
type column struct {
	key   string
	kinds kinds
	codes bool // a number like 4.40303E+24 was among the values
	field spatial.Field
}

// columns are the properties of a file in order of appearance, after the
// features' own id.
type columns struct {
	all   []*column
	byKey map[string]*column
	id    *column
}

func newColumns() *columns {
	return &columns{byKey: map[string]*column{}, id: &column{key: "source_id"}}
}

// see takes note of a feature's values.
func (c *columns) see(f feature) error {
	if f.id != nil {
		c.id.kinds |= kindOf(f.id)
	}
	for _, m := range f.properties {
		col := c.byKey[m.key]
		if col == nil {
			if len(c.all) == maxColumns {
				return &spatial.InvalidError{Rule: "geojson_columns", Where: fmt.Sprintf("feature %d, byte %d", f.number, m.at),
					Detail: fmt.Sprintf("the features have more than %d different properties", maxColumns), Fix: "put values into values, not into names"}
			}
			col = &column{key: m.key}
			c.byKey[m.key] = col
			c.all = append(c.all, col)
		}
		col.kinds |= kindOf(m.raw)
		col.codes = col.codes || lostDigits.Match(m.raw)
		if strings.IndexByte(m.key, 0) >= 0 || m.raw[0] == '"' && bytes.Contains(m.raw, []byte(`\u0000`)) {
			return &spatial.InvalidError{Rule: "text_zero", Where: fmt.Sprintf("feature %d, property %q, byte %d", f.number, m.key, m.at),
				Detail: "its name or text holds a zero character", Fix: "remove it"}
		}
	}
	return nil
}

// maxColumns is less than either store can hold in a table.
const maxColumns = 1000

// lostDigits are codes that a spreadsheet made numbers of.
var lostDigits = regexp.MustCompile(`^[0-9]\.[0-9]+[eE]\+?(1[5-9]|2[0-9])$`)

// name turns keys into fields.
func (c *columns) name() {
	if c.id.kinds != 0 {
		c.all = append([]*column{c.id}, c.all...)
	}
	taken := map[string]bool{"id": true, "geom": true, "fid": true, "geometry": true}
	for i, col := range c.all {
		name := fieldName(col.key, i+1)
		if taken[name] {
			name = free(name, taken)
		}
		taken[name] = true
		col.field = spatial.Field{Name: name, Type: col.kinds.typ()}
		if name != col.key {
			col.field.Title = titleOf(col.key)
		}
	}
}

// notInName are runs of what a field's name cannot hold.
var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// fieldName is the nearest valid name to a key; a key in another script gets
// the number of its column.
func fieldName(key string, number int) string {
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(key), "_"), "_")
	switch {
	case strings.ContainsFunc(key, func(r rune) bool { return r > 0x7f }), name == "":
		return fmt.Sprintf("field_%d", number)
	case name[0] >= '0' && name[0] <= '9':
		name = "field_" + name
	}
	return name[:min(len(name), 40)]
}

// free adds the first number that makes a name the only one.
func free(name string, taken map[string]bool) string {
	for n := 2; ; n++ {
		if numbered := fmt.Sprintf("%s_%d", name, n); !taken[numbered] {
			return numbered
		}
	}
}

func titleOf(key string) spatial.Title {
	if strings.ContainsFunc(key, func(r rune) bool { return r > 0x7f }) {
		return spatial.Title{ZH: key}
	}
	return spatial.Title{ZH: key, EN: key}
}

func (c *columns) fields() []spatial.Field {
	fields := make([]spatial.Field, len(c.all))
	for i, col := range c.all {
		fields[i] = col.field
	}
	return fields
}

// label is the text field that people would call a feature by.
func (c *columns) label() string {
	for _, col := range c.all {
		switch strings.ToLower(col.key) {
		case "name", "名称", "名字":
			if col.field.Type == spatial.TypeText {
				return col.field.Name
			}
		}
	}
	return ""
}

func (c *columns) warnings() []string {
	var all []string
	tell := func(col *column, what string) { all = append(all, fmt.Sprintf("property %q %s", col.key, what)) }
	for _, col := range c.all {
		if seen := col.kinds &^ sawNull; col.field.Type == spatial.TypeText {
			switch {
			case seen&sawNested != 0:
				tell(col, "holds objects or lists, kept as their JSON text")
			case seen&sawBig != 0:
				tell(col, "holds whole numbers too large for a number, kept as text")
			case seen != sawText && seen != sawText|sawDate && seen != 0:
				tell(col, "mixes kinds of values, kept as text")
			}
		}
		if col.codes {
			tell(col, "holds numbers like 4.40303E+24: codes that lost their digits in a spreadsheet? Store codes as text")
		}
		if col.field.Name != strings.ToLower(col.key) {
			tell(col, "became the field "+col.field.Name)
		}
	}
	return all
}

// values are a feature's values in the order of the fields.
func (c *columns) values(f feature) []spatial.Value {
	values := make([]spatial.Value, len(c.all))
	for i, col := range c.all {
		raw := f.id
		if col != c.id {
			m, ok := f.properties.find(col.key)
			if !ok {
				continue
			}
			raw = m.raw
		}
		if raw != nil {
			values[i] = valueOf(raw, col.field.Type)
		}
	}
	return values
}

// valueOf reads a value that [kinds.typ] found to be of the type.
func valueOf(raw []byte, t spatial.Type) spatial.Value {
	if isNull(raw) {
		return spatial.Null
	}
	text := string(raw)
	switch raw[0] {
	case '"':
		text = unquote(raw)
	case '{', '[':
		var compact bytes.Buffer
		if json.Compact(&compact, raw) == nil {
			text = compact.String()
		}
	}
	if v, err := spatial.ParseValue(t, text); err == nil {
		return v
	}
	return spatial.Text(text)
}
