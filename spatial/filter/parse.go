package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wangge/spatial"
)

// What a filter may be at most.
const (
	MaxBytes     = 64 << 10
	MaxDepth     = 32   // parentheses and NOTs inside each other
	MaxParts     = 500  // conditions, and values in IN lists
	MaxPositions = 5000 // of all geometries together
)

const dwithin = "S_DWITHIN"

var relations = []string{"S_INTERSECTS", "S_DISJOINT", "S_WITHIN", "S_CONTAINS", dwithin}

// reserved words name no property unless they stand in double quotes.
var reserved = map[string]bool{"AND": true, "OR": true, "NOT": true, "IN": true, "LIKE": true, "BETWEEN": true, "IS": true, "NULL": true, "TRUE": true, "FALSE": true}

// parser is at one of the tokens of a text.
type parser struct {
	source    string
	tokens    []token
	depth     int
	parts     int
	positions int
}

// Parse reads CQL2 text. Errors say at which character, what is wrong and
// how it is written.
func Parse(source string) (Expr, error) {
	if len(source) > MaxBytes {
		return nil, &spatial.InvalidError{Rule: "filter_length", Where: "filter",
			Detail: fmt.Sprintf("it has %d bytes; at most %d are read", len(source), MaxBytes), Fix: "ask in parts"}
	}
	if !utf8.ValidString(source) {
		return nil, &spatial.InvalidError{Rule: "filter_utf8", Where: "filter", Detail: "it is not UTF-8", Fix: "percent-encode the bytes of UTF-8"}
	}
	tokens, err := scan(source)
	if err != nil {
		return nil, err
	}
	p := &parser{source: source, tokens: tokens}
	expr, err := p.or()
	if err == nil && p.next().kind != end {
		err = p.expected("AND, OR or the end")
	}
	if err != nil {
		return nil, err
	}
	return expr, nil
}

func (p *parser) next() token { return p.tokens[0] }

func (p *parser) take() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

// is says whether a keyword or symbol comes next.
func (p *parser) is(what string) bool {
	t := p.next()
	return t.kind == word && strings.EqualFold(t.text, what) || t.kind == symbol && t.text == what
}

// accept takes a keyword or symbol if it comes next.
func (p *parser) accept(what string) bool {
	ok := p.is(what)
	if ok {
		p.take()
	}
	return ok
}

func (p *parser) need(what string) error {
	if !p.accept(what) {
		return p.expected(what)
	}
	return nil
}

func (p *parser) expected(what string) error {
	t := p.next()
	found := fmt.Sprintf("%q stands", shorten(t.text))
	if t.kind == end {
		found = "the text ends"
	}
	return p.fault(t.at, "filter_syntax", found+" where "+what+" is expected", "write like name = '新秀' AND people >= 10")
}

func (p *parser) fault(at int, rule, detail, fix string) error {
	return faultAt(p.source, at, rule, detail, fix)
}

// char counts the characters up to a byte, from 1.
func (p *parser) char(at int) int { return utf8.RuneCountInString(p.source[:at]) + 1 }

// shorten cuts foreign text to what fits into a message.
func shorten(s string) string {
	const most = 40
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// count bounds the parts of a filter.
func (p *parser) count() error {
	if p.parts++; p.parts > MaxParts {
		return p.fault(p.next().at, "filter_parts", fmt.Sprintf("there are more than %d conditions and values", MaxParts), "ask in parts")
	}
	return nil
}

// deeper bounds how far parentheses and NOTs nest; the caller goes up again.
func (p *parser) deeper() error {
	if p.depth++; p.depth > MaxDepth {
		return p.fault(p.next().at, "filter_depth", fmt.Sprintf("parentheses and NOTs nest deeper than %d", MaxDepth), "leave out those that change nothing")
	}
	return nil
}

func (p *parser) or() (Expr, error) {
	parts, err := p.list("OR", p.and)
	if err != nil || len(parts) == 1 {
		return first(parts), err
	}
	return or{parts}, nil
}

func (p *parser) and() (Expr, error) {
	parts, err := p.list("AND", p.not)
	if err != nil || len(parts) == 1 {
		return first(parts), err
	}
	return and{parts}, nil
}

func (p *parser) list(word string, part func() (Expr, error)) ([]Expr, error) {
	var parts []Expr
	for {
		e, err := part()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, e); !p.accept(word) {
			return parts, nil
		}
	}
}

func first(parts []Expr) Expr {
	if len(parts) == 0 {
		return nil
	}
	return parts[0]
}

func (p *parser) not() (Expr, error) {
	if !p.accept("NOT") {
		return p.primary()
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	of, err := p.not()
	return not{of}, err
}

func (p *parser) primary() (Expr, error) {
	if err := p.count(); err != nil {
		return nil, err
	}
	if p.is("(") {
		return p.group()
	}
	if t := p.next(); t.kind == word && p.tokens[1].text == "(" && p.tokens[1].kind == symbol && !isInstant(t) {
		return p.relation()
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.predicate(left)
}

func (p *parser) group() (Expr, error) {
	p.take()
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	return e, p.need(")")
}

// predicate reads what is said of an operand.
func (p *parser) predicate(left operand) (Expr, error) {
	if t := p.next(); t.kind == symbol && slices.Contains([]string{"=", "<>", "<", ">", "<=", ">="}, t.text) {
		p.take()
		right, err := p.operand()
		return compare{left, t.text, right}, err
	}
	if p.accept("IS") {
		negative := p.accept("NOT")
		return isNull{left, negative}, p.need("NULL")
	}
	negative := p.accept("NOT")
	switch {
	case p.accept("BETWEEN"):
		return p.between(left, negative)
	case p.accept("IN"):
		return p.in(left, negative)
	case p.accept("LIKE"):
		pattern, err := p.operand()
		return like{left, negative, pattern}, err
	case !negative && !left.isProperty() && left.value.Type() == spatial.TypeBool:
		return truth{left.value.Bool()}, nil
	}
	return nil, p.expected("a comparison (= <> < > <= >= IN LIKE BETWEEN IS)")
}

func (p *parser) between(of operand, negative bool) (Expr, error) {
	low, err := p.operand()
	if err == nil {
		err = p.need("AND")
	}
	if err != nil {
		return nil, err
	}
	high, err := p.operand()
	return between{of, negative, low, high}, err
}

func (p *parser) in(of operand, negative bool) (Expr, error) {
	if err := p.need("("); err != nil {
		return nil, err
	}
	var set []operand
	for {
		if err := p.count(); err != nil {
			return nil, err
		}
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		if set = append(set, o); !p.accept(",") {
			return in{of, negative, set}, p.need(")")
		}
	}
}

// operand reads a property or a literal.
func (p *parser) operand() (operand, error) {
	t := p.next()
	switch {
	case t.kind == quoted && t.text != "":
		p.take()
		return operand{name: t.text, at: p.char(t.at)}, nil
	case t.kind == text:
		p.take()
		return operand{value: spatial.Text(t.text), at: p.char(t.at)}, nil
	case t.kind == number:
		v, err := p.number()
		return operand{value: v, at: p.char(t.at)}, err
	case p.is("TRUE"), p.is("FALSE"):
		p.take()
		return operand{value: spatial.Bool(strings.EqualFold(t.text, "TRUE")), at: p.char(t.at)}, nil
	case p.is("NULL"):
		return operand{}, p.fault(t.at, "filter_null", "nothing equals NULL", "write IS NULL or IS NOT NULL")
	case isInstant(t) && p.tokens[1].text == "(" && p.tokens[1].kind == symbol:
		return p.instant()
	case t.kind == word && !reserved[strings.ToUpper(t.text)]:
		p.take()
		return operand{name: t.text, at: p.char(t.at)}, nil
	}
	return operand{}, p.expected("a property or a value")
}

func (p *parser) number() (spatial.Value, error) {
	t := p.take()
	if i, err := strconv.ParseInt(t.text, 10, 64); err == nil {
		return spatial.Int(i), nil
	}
	v, err := spatial.ParseValue(spatial.TypeFloat, t.text)
	if err != nil {
		return v, p.fault(t.at, "filter_number", fmt.Sprintf("%q is not a finite number", shorten(t.text)), "write it like 12 or 1.5")
	}
	return v, nil
}

func isInstant(t token) bool {
	return t.kind == word && (strings.EqualFold(t.text, "DATE") || strings.EqualFold(t.text, "TIMESTAMP"))
}

// instant reads DATE('…') or TIMESTAMP('…').
func (p *parser) instant() (operand, error) {
	function := p.take()
	p.take()
	t := p.take()
	value, err := parseInstant(function.text, t)
	if err != nil {
		return operand{}, p.fault(t.at, "filter_instant", fmt.Sprintf("%q is not what %s takes", shorten(t.text), strings.ToUpper(function.text)),
			"write DATE('2024-11-04') or TIMESTAMP('2024-11-04T08:00:00Z')")
	}
	return operand{value: value, at: p.char(function.at)}, p.need(")")
}

func parseInstant(function string, t token) (spatial.Value, error) {
	if t.kind != text {
		return spatial.Null, strconv.ErrSyntax
	}
	if strings.EqualFold(function, "DATE") {
		at, err := time.Parse(time.DateOnly, t.text)
		return spatial.Date(at), err
	}
	at, err := time.Parse(time.RFC3339Nano, t.text)
	return spatial.Time(at), err
}

// relation reads S_INTERSECTS(geometry, literal) and its like; the literal
// may come first.
func (p *parser) relation() (Expr, error) {
	t := p.take()
	r := relation{name: strings.ToUpper(t.text), at: p.char(t.at)}
	if !slices.Contains(relations, r.name) {
		return nil, p.fault(t.at, "filter_function", fmt.Sprintf("there is no function %s", shorten(t.text)),
			"use "+strings.Join(relations, ", ")+", DATE or TIMESTAMP")
	}
	p.take()
	turned := p.atShape()
	for i := range 2 {
		if err := p.relationPart(&r, (i == 0) == turned); err != nil {
			return nil, err
		}
		if i == 0 {
			if err := p.need(","); err != nil {
				return nil, err
			}
		}
	}
	if r.name == dwithin {
		if err := p.distance(&r); err != nil {
			return nil, err
		}
	}
	if turned {
		r.name = mirrored(r.name)
	}
	return r, p.need(")")
}

// mirrored is the relation of b to a that a has to b by the given name.
func mirrored(name string) string {
	switch name {
	case "S_WITHIN":
		return "S_CONTAINS"
	case "S_CONTAINS":
		return "S_WITHIN"
	}
	return name
}

func (p *parser) relationPart(r *relation, shape bool) (err error) {
	if shape {
		if !p.atShape() {
			return p.expected("a geometry like POINT(114.12 22.55) or ENVELOPE(114.1, 22.5, 114.2, 22.6)")
		}
		r.shape, err = p.shape()
		return err
	}
	r.property, err = p.operand()
	if err == nil && !r.property.isProperty() {
		err = fault(r.property.at, "filter_syntax", r.name+" takes a geometry property here", "write "+r.name+"(geometry, …)")
	}
	return err
}

// units of S_DWITHIN in metres.
var units = map[string]float64{"METRES": 1, "METERS": 1, "METRE": 1, "METER": 1, "M": 1, "KILOMETRES": 1000, "KILOMETERS": 1000, "KM": 1000}

// maxDistance is beyond half of the earth's girth.
const maxDistance = 20_100_000

func (p *parser) distance(r *relation) error {
	if err := p.need(","); err != nil {
		return err
	}
	t := p.next()
	if t.kind != number {
		return p.expected("a distance")
	}
	v, err := p.number()
	if err != nil {
		return err
	}
	scale := 1.0
	if p.accept(",") {
		unit := p.take()
		var ok bool
		if scale, ok = units[strings.ToUpper(unit.text)]; !ok {
			return p.fault(unit.at, "filter_unit", fmt.Sprintf("the unit %q is not known", shorten(unit.text)), "use metres or kilometres")
		}
	}
	if r.distance = v.Float() * scale; r.distance < 0 || r.distance > maxDistance {
		return p.fault(t.at, "filter_distance", fmt.Sprintf("%v is not a distance on the earth", v), fmt.Sprintf("give 0 to %d metres", maxDistance))
	}
	return nil
}
