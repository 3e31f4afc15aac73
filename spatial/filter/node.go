package filter

import (
	"cmp"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// tri is a truth value of SQL: false, unknown or true, in this order, so
// that AND is the least and OR the greatest.
type tri int8

const (
	no      tri = -1
	unknown tri = 0
	yes     tri = 1
)

func triOf(b bool) tri {
	if b {
		return yes
	}
	return no
}

// node is a condition on features of a layer.
type node interface {
	holds(f spatial.Feature) tri
	cost() int    // work on one feature, in comparisons
	reach() reach // where features it holds for can be found
}

// reach is where to look: features of these codes and in these boxes, or, if
// not narrow, everywhere.
type reach struct {
	narrow bool
	codes  []string
	boxes  []orb.Bound
}

type constant tri

func (c constant) holds(spatial.Feature) tri { return tri(c) }
func (c constant) cost() int                 { return 0 }
func (c constant) reach() reach              { return reach{narrow: tri(c) == no} }

type allOf []node

func (a allOf) holds(f spatial.Feature) tri {
	least := yes
	for _, n := range a {
		if least = min(least, n.holds(f)); least == no {
			return no
		}
	}
	return least
}

func (a allOf) cost() int { return costOf(a) }

func costOf(nodes []node) (sum int) {
	for _, n := range nodes {
		sum += n.cost()
	}
	return sum
}

// reach is the narrowest of all: codes before boxes.
func (a allOf) reach() reach {
	var best reach
	for _, n := range a {
		if r := n.reach(); r.narrow && (!best.narrow || len(r.boxes) < len(best.boxes)) {
			best = r
		}
	}
	return best
}

type anyOf []node

func (a anyOf) holds(f spatial.Feature) tri {
	most := no
	for _, n := range a {
		if most = max(most, n.holds(f)); most == yes {
			return yes
		}
	}
	return most
}

func (a anyOf) cost() int { return costOf(a) }

func (a anyOf) reach() reach {
	all := reach{narrow: true}
	for _, n := range a {
		r := n.reach()
		all.narrow = all.narrow && r.narrow
		all.codes, all.boxes = append(all.codes, r.codes...), append(all.boxes, r.boxes...)
	}
	if !all.narrow {
		return reach{}
	}
	return all
}

type opposite struct{ of node }

func (o opposite) holds(f spatial.Feature) tri { return -o.of.holds(f) }
func (o opposite) cost() int                   { return o.of.cost() }
func (o opposite) reach() reach                { return reach{} }

// comparison is one of a field with a value.
type comparison struct {
	code  bool // the field is the layer's code
	field int
	op    string
	value spatial.Value
}

func (c comparison) holds(f spatial.Feature) tri { return judge(f.Value(c.field), c.op, c.value) }
func (c comparison) cost() int                   { return 1 }

func (c comparison) reach() reach {
	if !c.code || c.op != "=" {
		return reach{}
	}
	return reach{narrow: true, codes: []string{c.value.Text()}}
}

// pair is a comparison of two fields.
type pair struct {
	left  int
	op    string
	right int
}

func (p pair) holds(f spatial.Feature) tri { return judge(f.Value(p.left), p.op, f.Value(p.right)) }
func (p pair) cost() int                   { return 1 }
func (p pair) reach() reach                { return reach{} }

func judge(a spatial.Value, op string, b spatial.Value) tri {
	if a.IsNull() || b.IsNull() {
		return unknown
	}
	o := Compare(a, b)
	switch op {
	case "=":
		return triOf(o == 0)
	case "<>":
		return triOf(o != 0)
	case "<":
		return triOf(o < 0)
	case "<=":
		return triOf(o <= 0)
	case ">":
		return triOf(o > 0)
	}
	return triOf(o >= 0)
}

// Compare orders values of one class, neither null: text by code point, no
// before yes. Numbers of both types are one class.
func Compare(a, b spatial.Value) int {
	switch a.Type() {
	case spatial.TypeText:
		return strings.Compare(a.Text(), b.Text())
	case spatial.TypeInt:
		if b.Type() == spatial.TypeInt {
			return cmp.Compare(a.Int(), b.Int())
		}
		return cmp.Compare(a.Float(), b.Float())
	case spatial.TypeFloat:
		return cmp.Compare(a.Float(), b.Float())
	case spatial.TypeBool:
		return cmp.Compare(int(triOf(a.Bool())), int(triOf(b.Bool())))
	}
	return a.Time().Compare(b.Time())
}

// absence asks for features without a value; field -1 is the geometry.
type absence struct{ field int }

func (a absence) holds(f spatial.Feature) tri {
	if a.field < 0 {
		return triOf(!f.HasGeometry())
	}
	return triOf(f.Value(a.field).IsNull())
}

func (a absence) cost() int    { return 1 }
func (a absence) reach() reach { return reach{} }

// likeness compares text with a pattern.
type likeness struct {
	field   int
	pattern pattern
}

func (l likeness) holds(f spatial.Feature) tri {
	v := f.Value(l.field)
	if v.IsNull() {
		return unknown
	}
	return triOf(l.pattern.matches(v.Text()))
}

func (l likeness) cost() int    { return 2 + len(l.pattern) }
func (l likeness) reach() reach { return reach{} }

// pattern is a text in which anyRune stands for one character and anyText
// for any number of them.
type pattern []rune

const (
	anyRune rune = -1 - iota
	anyText
)

// parsePattern reads % _ and \; a \ at the end escapes nothing.
func parsePattern(text string) (pattern, bool) {
	var p pattern
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
			continue
		case r == '_':
			r = anyRune
		case r == '%':
			r = anyText
		}
		if r != anyText || !slices.Equal(p[max(len(p)-1, 0):], pattern{anyText}) {
			p = append(p, r)
		}
	}
	return p, !escaped
}

// matches goes back to the last anyText only, which is enough: what matched
// before it need not match later.
func (p pattern) matches(text string) bool {
	runes := []rune(text)
	at, star, resume := 0, -1, 0
	for i := 0; i < len(runes); {
		switch {
		case at < len(p) && p[at] == anyText:
			star, resume = at, i
			at++
		case at < len(p) && (p[at] == anyRune || p[at] == runes[i]):
			at, i = at+1, i+1
		case star >= 0:
			resume++
			at, i = star+1, resume
		default:
			return false
		}
	}
	for at < len(p) && p[at] == anyText {
		at++
	}
	return at == len(p)
}
