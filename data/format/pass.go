package format

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"wangge/data/geopackage"
	"wangge/spatial"
)

// fate is what a row does to the layer.
type fate uint8

const (
	inserted fate = iota
	changed
	same
)

// pass is one walk through the file that turns records into rows. Two passes
// over a file do the same.
type pass struct {
	in    *Import
	next  int64          // id of the next new row
	codes map[string]int // record that has each code
	ids   map[int64]bool // rows of the layer that the file has; only where rows may go
	kept  int            // geometries that stay because the file has none

	judged bool // an earlier pass found no fault
}

func (in *Import) newPass() *pass {
	p := &pass{in: in, next: 1, codes: map[string]int{}, ids: map[int64]bool{}}
	if in.layer != nil {
		for f := range in.layer.All() {
			p.next = max(p.next, f.ID()+1)
		}
	}
	return p
}

// take turns a record into a row of its own memory.
func (p *pass) take(r *Record) (spatial.Row, fate, *Problem) {
	row, what, column, err := p.row(r)
	if err == nil {
		if what == inserted {
			p.next++
		}
		return row, what, nil
	}
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		invalid = &spatial.InvalidError{Rule: "row", Detail: err.Error()}
	}
	placed := *invalid
	placed.Where = joined(r.Where, column, invalid.Where)
	return row, what, &Problem{Row: r.Number, Column: column, InvalidError: &placed}
}

// joined is the place of a fault, from the row to the part of it.
func joined(where, column, within string) string {
	if column != "" {
		where += fmt.Sprintf(", column %q", column)
	}
	record, _, _ := strings.Cut(where, ",")
	switch {
	case within == "":
		return where
	case strings.HasPrefix(within, record):
		return within
	}
	return where + ", " + within
}

func (p *pass) row(r *Record) (row spatial.Row, what fate, column string, err error) {
	in := p.in
	if r.Fault != nil {
		return row, what, "", r.Fault
	}
	values := make([]spatial.Value, len(in.Schema.Fields))
	given := make([]bool, len(values))
	for _, cell := range r.Cells {
		t := in.columns[cell.Column]
		if t == nil {
			continue
		}
		if values[t.index], err = t.value(cell.Value); err != nil {
			return row, what, cell.Column, err
		}
		given[t.index] = true
	}
	row = spatial.Row{ID: p.next, Values: values}
	if row.Geometry, err = in.located.degrees(r.Geometry); err != nil {
		return row, what, "", err
	}
	old, known, err := p.known(values, r)
	if err != nil {
		return row, what, p.columnOf(in.Schema.Code), err
	}
	if known {
		what = p.keep(&row, old, given)
	} else if row.Geometry != nil {
		row.Geometry = orb.Clone(row.Geometry)
	}
	if what != same && !p.judged {
		column, err = p.check(row)
	}
	return row, what, column, err
}

// known finds the layer's row of the same code.
func (p *pass) known(values []spatial.Value, r *Record) (old spatial.Feature, known bool, err error) {
	s := p.in.Schema
	if s.Code == "" {
		return old, false, nil
	}
	code := values[s.FieldIndex(s.Code)].Text()
	if code == "" {
		return old, false, &spatial.InvalidError{Rule: s.Constraint(s.Code, "required"), Detail: "the code is missing"}
	}
	if first, twice := p.codes[code]; twice {
		return old, false, &spatial.InvalidError{Rule: s.Constraint(s.Code, "unique"), Detail: fmt.Sprintf("the code %q stands in row %d already", code, first)}
	}
	p.codes[code] = r.Number
	if p.in.layer == nil {
		return old, false, nil
	}
	old, err = p.in.layer.ByCode(code)
	if err != nil {
		return old, false, nil
	}
	if p.in.options.Mode == Append {
		return old, false, &spatial.InvalidError{Rule: s.Constraint(s.Code, "unique"), Detail: fmt.Sprintf("the layer has the code %q already", code),
			Fix: "import without --append to bring its row up to date"}
	}
	p.ids[old.ID()] = true
	return old, true, nil
}

// keep fills a row with what the file does not say of the one it replaces.
func (p *pass) keep(row *spatial.Row, old spatial.Feature, given []bool) fate {
	what := same
	row.ID = old.ID()
	for i := range row.Values {
		if !given[i] {
			row.Values[i] = old.Value(i)
		} else if row.Values[i] != old.Value(i) {
			what = changed
		}
	}
	switch {
	case row.Geometry == nil && old.HasGeometry():
		row.Geometry = old.Geometry()
		p.kept++
	case row.Geometry == nil:
	case alike(row.Geometry, old.Geometry()):
		row.Geometry = old.Geometry()
	default:
		row.Geometry = orb.Clone(row.Geometry)
		what = changed
	}
	return what
}

// alike says whether two geometries are the same to 0.1 mm, whichever way
// their rings run and wherever they begin.
func alike(a, b orb.Geometry) bool {
	if b == nil || spatial.KindOf(a) != spatial.KindOf(b) {
		return false
	}
	if pa, ok := a.(orb.Point); ok {
		pb, isPoint := b.(orb.Point)
		return isPoint && onLattice(pa) == onLattice(pb)
	}
	return orb.Equal(canonical(a), canonical(b))
}

// canonical is a copy on the lattice, its rings counterclockwise from their
// least corner, a lone part without its Multi.
func canonical(g orb.Geometry) orb.Geometry {
	g = project.Geometry(orb.Clone(g), onLattice)
	switch g := g.(type) {
	case orb.MultiPoint:
		if len(g) == 1 {
			return g[0]
		}
	case orb.MultiLineString:
		if len(g) == 1 {
			return g[0]
		}
	case orb.Polygon:
		turnRings(g)
	case orb.MultiPolygon:
		for _, polygon := range g {
			turnRings(polygon)
		}
		if len(g) == 1 {
			return g[0]
		}
	}
	return g
}

func turnRings(p orb.Polygon) {
	for _, ring := range p {
		if len(ring) < 2 {
			continue
		}
		open := ring[:len(ring)-1]
		if twiceArea(ring) < 0 {
			slices.Reverse(open)
		}
		least := 0
		for i, q := range open {
			if q[0] < open[least][0] || q[0] == open[least][0] && q[1] < open[least][1] {
				least = i
			}
		}
		turned := slices.Concat(open[least:], open[:least])
		copy(open, turned)
		ring[len(ring)-1] = ring[0]
	}
}

// check holds a row against the rules of its schema and the codes it refers
// to.
func (p *pass) check(row spatial.Row) (column string, err error) {
	s := p.in.Schema
	if err := geopackage.Validate(s, row); err != nil {
		return p.blame(s, row, err)
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.References == "" || f.References == s.ID || row.Values[i].IsNull() {
			continue
		}
		target, err := p.in.state.Layer(f.References)
		if err != nil {
			continue
		}
		if _, err := target.ByCode(row.Values[i].Text()); err != nil {
			return p.columnOf(f.Name), &spatial.InvalidError{Rule: s.Constraint(f.Name, "reference"),
				Detail: fmt.Sprintf("the layer %s has no code %q", f.References, row.Values[i]), Fix: "correct the code, or import " + string(f.References) + " first"}
		}
	}
	return "", nil
}

// blame finds the column whose value breaks a rule.
func (p *pass) blame(s *spatial.Schema, row spatial.Row, err error) (column string, _ error) {
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		return "", err
	}
	bad := *invalid
	bad.Where = strings.TrimPrefix(strings.TrimPrefix(bad.Where, fmt.Sprintf("%s %d", s.ID, row.ID)), ", ")
	field, isField := strings.CutPrefix(bad.Where, "field ")
	if column = p.columnOf(field); isField && column != "" {
		bad.Where = ""
	}
	return column, &bad
}

// columnOf is the file's column of a field, "" if none.
func (p *pass) columnOf(field string) string {
	for _, t := range p.in.targets {
		if t.field.Name == field {
			return t.column
		}
	}
	return ""
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
