package filter

import (
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"wangge/spatial"
)

// Expr is a condition as it was written, before it is known what it is
// about. [Expr.String] writes it in CQL2 text that [Parse] reads back.
type Expr interface {
	String() string
	// bind gives the condition its meaning for features of a schema.
	bind(*binder) (node, error)
}

// The conditions.
type (
	and     struct{ of []Expr }
	or      struct{ of []Expr }
	not     struct{ of Expr }
	truth   struct{ value bool }
	compare struct {
		left  operand
		op    string // = <> < > <= >=
		right operand
	}
	between struct {
		of        operand
		not       bool
		low, high operand
	}
	in struct {
		of  operand
		not bool
		set []operand
	}
	like struct {
		of      operand
		not     bool
		pattern operand
	}
	isNull struct {
		of  operand
		not bool
	}
	relation struct {
		name     string // S_INTERSECTS …
		at       int
		property operand
		shape    orb.Geometry
		distance float64 // metres; of S_DWITHIN only
	}
)

// operand is a property or, if that has no name, a literal.
type operand struct {
	name  string
	value spatial.Value
	at    int // where it stands: a character of the text, from 1
}

func (o operand) isProperty() bool { return o.name != "" }

func (o operand) String() string {
	if o.isProperty() {
		return quoteName(o.name)
	}
	return literal(o.value)
}

// quoteName writes a property: plain where that reads back.
func quoteName(name string) string {
	if isWord(name) && !reserved[strings.ToUpper(name)] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func literal(v spatial.Value) string {
	switch v.Type() {
	case spatial.TypeText:
		return "'" + strings.ReplaceAll(v.Text(), "'", "''") + "'"
	case spatial.TypeBool:
		return strings.ToUpper(v.String())
	case spatial.TypeDate:
		return "DATE('" + v.String() + "')"
	case spatial.TypeTime:
		return "TIMESTAMP('" + v.String() + "')"
	case spatial.TypeFloat:
		return decimal(v.Float())
	}
	return v.String()
}

// decimal writes a number that reads back as one with a fraction.
func decimal(f float64) string {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

func (e and) String() string {
	return join(e.of, " AND ", func(part Expr) bool { return isList(part) })
}

func (e or) String() string {
	return join(e.of, " OR ", func(part Expr) bool { _, ok := part.(or); return ok })
}

func isList(e Expr) bool {
	switch e.(type) {
	case and, or:
		return true
	}
	return false
}

func join(parts []Expr, word string, nested func(Expr) bool) string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		if texts[i] = part.String(); nested(part) {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, word)
}

func (e not) String() string {
	if isList(e.of) {
		return "NOT (" + e.of.String() + ")"
	}
	return "NOT " + e.of.String()
}

func (e truth) String() string { return literal(spatial.Bool(e.value)) }

func (e compare) String() string { return e.left.String() + " " + e.op + " " + e.right.String() }

func (e between) String() string {
	return e.of.String() + negated(e.not) + " BETWEEN " + e.low.String() + " AND " + e.high.String()
}

func negated(not bool) string {
	if not {
		return " NOT"
	}
	return ""
}

func (e in) String() string {
	texts := make([]string, len(e.set))
	for i, o := range e.set {
		texts[i] = o.String()
	}
	return e.of.String() + negated(e.not) + " IN (" + strings.Join(texts, ", ") + ")"
}

func (e like) String() string {
	return e.of.String() + negated(e.not) + " LIKE " + e.pattern.String()
}

func (e isNull) String() string { return e.of.String() + " IS" + negated(e.not) + " NULL" }

func (e relation) String() string {
	text := e.name + "(" + e.property.String() + ", " + shapeText(e.shape)
	if e.name == dwithin {
		text += ", " + decimal(e.distance) + ", metres"
	}
	return text + ")"
}

func shapeText(g orb.Geometry) string {
	b, ok := g.(orb.Bound)
	if !ok {
		return wkt.MarshalString(g)
	}
	numbers := []string{}
	for _, f := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		numbers = append(numbers, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return "ENVELOPE(" + strings.Join(numbers, ", ") + ")"
}
