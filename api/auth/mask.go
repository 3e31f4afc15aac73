package auth

import (
	"fmt"
	"slices"

	"wangge/spatial"
)

// Rounding alone would not do: where two houses of a grid are withheld and the
// grid is shown as 10, so that it holds 8 at least, each has 4. So a total is
// shown only where all that it may be, as it is shown, is possible by its
// parts as they are shown: then it says nothing about them that they do not
// say themselves, and neither do several totals together, of one date or two.
// Where a row's own parts are too exact for its total, the parts go; where the
// rows below are, the total goes.

// masked are layers as readers without the right see them.
type masked []*spatial.Layer

// within is what a count may be, as far as a reader knows.
type within struct{ low, high int64 }

func (w within) plus(o within) within { return within{w.low + o.low, w.high + o.high} }

// admits says whether all of o is possible.
func (w within) admits(o within) bool { return w.low <= o.low && o.high <= w.high }

func (w within) and(o within) within { return within{max(w.low, o.low), min(w.high, o.high)} }

// cell is a count as a reader sees it.
type cell struct {
	shown bool
	within
}

func cellOf(v spatial.Value) cell {
	figure := Figure(v)
	if figure.IsNull() {
		return cell{within: within{0, threshold - 1}}
	}
	n := int64(figure.Float())
	return cell{true, within{max(n-step/2, threshold), n + step/2}}
}

// masking is the work of masking the layers of a snapshot.
type masking struct {
	snapshot *spatial.Snapshot
	layers   map[spatial.LayerID]*spatial.Layer
	sums     map[spatial.LayerID]map[string][]within // by layer, code and field: of the rows below, as they are shown
}

// maskAll masks layers, those that are summed over before those of the sums.
func maskAll(s *spatial.Snapshot, ids []spatial.LayerID) (masked, error) {
	m := &masking{s, map[spatial.LayerID]*spatial.Layer{}, map[spatial.LayerID]map[string][]within{}}
	var all masked
	for _, id := range ids {
		if err := m.layer(id, len(ids)); err != nil {
			return nil, err
		}
		all = append(all, m.layers[id])
	}
	return all, nil
}

func (m *masking) layer(id spatial.LayerID, depth int) error {
	if m.layers[id] != nil {
		return nil
	}
	layer, err := m.snapshot.Layer(id)
	if err != nil || depth < 0 {
		return fmt.Errorf("withhold counts of %s: sums over sums in a circle: %w", id, err)
	}
	schema := layer.Schema()
	for _, i := range personal(schema) {
		below := schema.Fields[i].SumOver
		if l, err := m.snapshot.Layer(below); err != nil || len(personal(l.Schema())) == 0 {
			continue // the sum is all there is
		}
		if err := m.layer(below, depth-1); err != nil {
			return err
		}
	}
	m.layers[id] = m.mask(layer)
	return nil
}

var note = spatial.Title{ZH: "人数类数字：小于5的不显示，其余取5的整数倍", EN: "figures of people: below 5 withheld, others rounded to multiples of 5"}

// mask decides row by row what is shown, and adds up for the layers above.
func (m *masking) mask(layer *spatial.Layer) *spatial.Layer {
	schema := layer.Schema()
	fields := personal(schema)
	parents := m.parents(schema)
	shown := make([]bool, 0, layer.Len()*len(schema.Fields))
	row := make([]cell, len(schema.Fields))
	for f := range layer.All() {
		m.show(f, fields, row)
		for _, p := range parents {
			p.add(f, row)
		}
		for i := range row {
			shown = append(shown, row[i].shown)
		}
	}
	return layer.Mask(fields, note, func(row, field int, v spatial.Value) spatial.Value {
		if !shown[row*len(schema.Fields)+field] {
			return spatial.Null
		}
		return Figure(v)
	})
}

// show decides what of a row is shown.
func (m *masking) show(f spatial.Feature, fields []int, row []cell) {
	schema := f.Layer().Schema()
	below := m.sums[schema.ID][f.Code()]
	for _, i := range fields {
		row[i] = cellOf(f.Value(i))
		if schema.Fields[i].SumOver == "" || below == nil {
			continue
		}
		if row[i].shown && !below[i].admits(row[i].within) {
			row[i] = cell{within: below[i]}
		}
		row[i].within = row[i].and(below[i])
	}
	for _, i := range fields {
		showParts(schema, i, below, row)
	}
}

// showParts withholds the parts of a total within a row where they are too
// exact for it, or the total if all of them are withheld anyway.
func showParts(schema *spatial.Schema, total int, below []within, row []cell) {
	var parts []int
	var sum within
	for _, name := range schema.Fields[total].SumOf {
		i := schema.FieldIndex(name)
		parts, sum = append(parts, i), sum.plus(row[i].within)
	}
	if len(parts) == 0 || sum.admits(row[total].within) {
		return
	}
	if !slices.ContainsFunc(parts, func(i int) bool { return row[i].shown }) {
		row[total] = cell{within: sum.and(row[total].possible(below, total))}
		return
	}
	for _, i := range parts {
		if row[i].shown { // others are small
			row[i] = cell{within: within{0, row[total].high}}
		}
	}
	narrow(row, parts, row[total].within)
	for _, i := range parts {
		row[i].within = row[i].possible(below, i)
	}
}

// possible is what a cell may be by the rows below, too.
func (c cell) possible(below []within, field int) within {
	if below == nil || below[field] == (within{}) {
		return c.within
	}
	return c.and(below[field])
}

// narrow takes from what parts may be what their total makes impossible.
func narrow(row []cell, parts []int, total within) {
	var sum within
	for _, i := range parts {
		sum = sum.plus(row[i].within)
	}
	for _, i := range parts {
		part := row[i].within
		row[i].within = part.and(within{total.low - (sum.high - part.high), total.high - (sum.low - part.low)})
	}
}

// parent adds up rows for a layer above.
type parent struct {
	sums   map[string][]within
	refers int    // field of the row that says where it belongs
	fields []int  // of the parent, that are summed
	from   []int  // of the row
	exact  []bool // those of the row that everybody sees
	width  int
}

func (p *parent) add(f spatial.Feature, row []cell) {
	code := f.Value(p.refers).Text()
	sums := p.sums[code]
	if sums == nil {
		sums = make([]within, p.width)
		p.sums[code] = sums
	}
	for n, i := range p.fields {
		part := row[p.from[n]].within
		if p.exact[n] {
			part = within{f.Value(p.from[n]).Int(), f.Value(p.from[n]).Int()}
		}
		sums[i] = sums[i].plus(part)
	}
}

// parents are the layers that sum over one.
func (m *masking) parents(schema *spatial.Schema) []*parent {
	var all []*parent
	for i := range schema.Fields {
		above, err := m.snapshot.Layer(schema.Fields[i].References)
		if err != nil {
			continue
		}
		p := &parent{sums: map[string][]within{}, refers: i, width: len(above.Schema().Fields)}
		for _, n := range personal(above.Schema()) {
			field := &above.Schema().Fields[n]
			if from := schema.FieldIndex(field.Name); field.SumOver == schema.ID && from >= 0 {
				p.fields, p.from, p.exact = append(p.fields, n), append(p.from, from), append(p.exact, !slices.Contains(personal(schema), from))
			}
		}
		if len(p.fields) > 0 {
			m.sums[above.ID()] = p.sums
			all = append(all, p)
		}
	}
	return all
}
