package adjustment

import (
	"cmp"
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// transfer is a feature that goes from one area of a level to another.
type transfer struct {
	feature spatial.Feature
	from    string
	to      string
	level   spatial.LayerID
}

// deltas are changes of totals: by code, by field.
type deltas map[string]map[string]int64

func (d deltas) add(code, field string, n int64) {
	if n == 0 {
		return
	}
	if d[code] == nil {
		d[code] = map[string]int64{}
	}
	d[code][field] += n
}

// count brings the totals of the areas up to date, level by level: by what
// moved between them, then by what that changed in the level below.
func (p *planner) count() {
	var below deltas
	for layer, under := p.areas, (*spatial.Layer)(nil); layer != nil; {
		changed := p.moved(layer)
		if under != nil {
			p.carry(under, layer, below, changed)
		}
		p.total(layer, changed)
		parents, _, ok := p.above(layer)
		if !ok {
			return
		}
		layer, under, below = parents, layer, changed
	}
}

// moved are the changes that features moving between areas of a level make.
func (p *planner) moved(level *spatial.Layer) deltas {
	changed := deltas{}
	for _, t := range p.transfers {
		if t.level != level.ID() {
			continue
		}
		for i := range level.Schema().Fields {
			f := &level.Schema().Fields[i]
			n := int64(0)
			switch t.feature.Layer().ID() {
			case f.SumOver:
				n = t.feature.Attribute(f.Name).Int()
			case f.CountOf:
				if f.Where.Picks(t.feature) {
					n = 1
				}
			}
			changed.add(t.from, f.Name, -n)
			changed.add(t.to, f.Name, n)
		}
	}
	return changed
}

// carry adds up to a level what changed in the one under it, areas come and
// gone included.
func (p *planner) carry(under, level *spatial.Layer, below, changed deltas) {
	parentOf := func(code string) string {
		origin, err := p.originIn(under, code)
		if err != nil {
			return ""
		}
		for i := range under.Schema().Fields {
			if under.Schema().Fields[i].References == level.ID() {
				return origin.Value(i).Text()
			}
		}
		return ""
	}
	for i := range level.Schema().Fields {
		f := &level.Schema().Fields[i]
		if f.SumOver == under.ID() {
			for code, fields := range below {
				changed.add(parentOf(code), f.Name, fields[f.Name])
			}
		}
		if f.CountOf == under.ID() {
			for _, id := range p.gone[under.ID()] {
				gone, _ := under.Feature(id)
				changed.add(parentOf(gone.Code()), f.Name, -1)
			}
			for code := range p.splitFrom {
				if under == p.areas {
					changed.add(parentOf(code), f.Name, 1)
				}
			}
		}
	}
}

func (p *planner) originIn(layer *spatial.Layer, code string) (spatial.Feature, error) {
	if layer == p.areas {
		return p.origin(code)
	}
	return layer.ByCode(code)
}

// total writes changed totals into the rows of a level.
func (p *planner) total(level *spatial.Layer, changed deltas) {
	schema := level.Schema()
	for _, code := range slices.Sorted(maps.Keys(changed)) {
		row, ok := p.rowOf(level, code)
		if !ok {
			continue // absorbed
		}
		for field, n := range changed[code] {
			if n != 0 {
				i := schema.FieldIndex(field)
				row.Values[i] = spatial.Int(row.Values[i].Int() + n)
				p.put(level, row)
			}
		}
	}
}

// rowOf is the row of an area as planned so far; ok is false if it is gone.
func (p *planner) rowOf(level *spatial.Layer, code string) (spatial.Row, bool) {
	if f, err := level.ByCode(code); err == nil {
		return p.row(f), !slices.Contains(p.gone[level.ID()], f.ID())
	}
	at := level.Schema().FieldIndex(level.Schema().Code)
	for _, row := range p.rows[level.ID()] {
		if row.Values[at].Text() == code {
			return row, true
		}
	}
	return spatial.Row{}, false
}

// describe tells every area of every level that changes, before and after.
func (p *planner) describe() {
	census := p.census()
	for layer, ok := p.areas, true; ok; layer, _, ok = p.above(layer) {
		var units []Unit
		for id, row := range p.rows[layer.ID()] {
			units = append(units, p.unit(layer, id, &row))
		}
		for _, id := range p.gone[layer.ID()] {
			units = append(units, p.unit(layer, id, nil))
		}
		slices.SortFunc(units, func(a, b Unit) int { return cmp.Compare(a.Code, b.Code) })
		p.compare(layer, units, census)
		p.plan.Units = append(p.plan.Units, units...)
	}
}

func (p *planner) unit(layer *spatial.Layer, id int64, after *spatial.Row) Unit {
	schema := layer.Schema()
	u := Unit{Level: layer.ID()}
	if f, err := layer.Feature(id); err == nil {
		before := f.Row()
		u.Code, u.Name, u.Before = f.Code(), f.Label(), stateOf(schema, &before)
	}
	if after != nil {
		u.After = stateOf(schema, after)
		u.Code = after.Values[schema.FieldIndex(schema.Code)].Text()
		if i := schema.FieldIndex(schema.Label); i >= 0 {
			u.Name = after.Values[i].Text()
		}
	}
	return u
}

func stateOf(schema *spatial.Schema, row *spatial.Row) *State {
	s := &State{Geometry: row.Geometry, Totals: map[string]int64{}}
	for i := range schema.Fields {
		if f := &schema.Fields[i]; f.SumOver != "" || f.CountOf != "" {
			s.Totals[f.Name] = row.Values[i].Int()
		}
	}
	return s
}

// compare tells the shapes of the units of a level, their neighbours and what
// stands in them.
func (p *planner) compare(level *spatial.Layer, units []Unit, census *census) {
	was := func(code string) orb.Geometry {
		f, err := level.ByCode(code)
		if err != nil {
			return nil
		}
		return f.Geometry()
	}
	redrawn, codes := map[string]*State{}, []string{}
	for _, u := range units {
		redrawn[u.Code], codes = u.After, append(codes, u.Code)
	}
	is := func(code string) orb.Geometry {
		switch after, changed := redrawn[code]; {
		case !changed:
			return was(code)
		case after == nil:
			return nil
		default:
			return after.Geometry
		}
	}
	for _, u := range units {
		before, after := census.of(level, u.Code)
		if u.Before != nil {
			u.Before.shape(bordering(level, u.Before.Geometry, nil, was))
			u.Before.Counts = before
		}
		if u.After != nil {
			u.After.shape(bordering(level, u.After.Geometry, codes, is))
			u.After.Counts = after
		}
	}
}
