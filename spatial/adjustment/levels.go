package adjustment

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/history"
	"wangge/spatial/partition"
)

// levels redraws the areas and, level by level, those they make up, with all
// that stands in them.
func (p *planner) levels(redrawn []partition.Redrawn) {
	layer := p.areas
	for len(redrawn) > 0 {
		p.redraw(layer, redrawn)
		p.attach(layer, redrawn)
		parents, field, ok := p.above(layer)
		if !ok {
			break
		}
		redrawn = p.dissolve(layer, field, parents, redrawn)
		p.undoing.verbatim(parents.ID(), redrawn)
		layer = parents
	}
}

// upward is the level above another, and the field that says which of its
// areas one makes up.
type upward struct {
	parents *spatial.Layer
	field   int
}

// above is the layer whose areas those of a layer make up, and the field that
// says which.
func (p *planner) above(layer *spatial.Layer) (parents *spatial.Layer, field int, ok bool) {
	up, known := p.up[layer]
	if !known {
		up = upwardOf(p.snapshot, layer)
		p.up[layer] = up
	}
	return up.parents, up.field, up.parents != nil
}

func upwardOf(s *spatial.Snapshot, layer *spatial.Layer) upward {
	for i := range layer.Schema().Fields {
		if to, err := s.Layer(layer.Schema().Fields[i].References); err == nil && to.Schema().Partition {
			return upward{to, i}
		}
	}
	return upward{}
}

// redraw takes new geometry into the rows of a level.
func (p *planner) redraw(layer *spatial.Layer, redrawn []partition.Redrawn) {
	for _, r := range redrawn {
		feature, err := layer.ByCode(r.Code)
		switch {
		case err != nil:
			p.put(layer, p.newRow(layer, r))
		case r.Geometry == nil:
			p.gone[layer.ID()] = append(p.gone[layer.ID()], feature.ID())
		default:
			row := p.row(feature)
			row.Geometry = r.Geometry
			measure(layer.Schema(), row)
			p.put(layer, row)
		}
	}
}

// measure sets the field for the area on the ellipsoid, if there is one.
func measure(s *spatial.Schema, row spatial.Row) {
	if i := s.FieldIndex("area"); i >= 0 && s.Fields[i].Type == spatial.TypeFloat && s.Fields[i].Unit == "m²" {
		row.Values[i] = spatial.Float(float64(geodesic.Area(row.Geometry)))
	}
}

// newRow is that of an area split off: like the one it was part of, with its
// own code and number, and nothing counted yet.
func (p *planner) newRow(layer *spatial.Layer, r partition.Redrawn) spatial.Row {
	if row, ok := p.undoing.back(r.Code); ok && layer == p.areas {
		return row
	}
	schema := layer.Schema()
	origin, _ := p.origin(r.Code)
	row := spatial.Row{ID: p.nextID(layer), Geometry: r.Geometry, Values: origin.Row().Values}
	code := schema.FieldIndex(schema.Code)
	prefix := origin.Attribute(schema.Fields[code].Prefix).Text()
	was, is := number(origin.Code(), prefix), number(r.Code, prefix)
	for i := range schema.Fields {
		switch f := &schema.Fields[i]; {
		case i == code:
			row.Values[i] = spatial.Text(r.Code)
		case f.SumOver != "" || f.CountOf != "" || len(f.SumOf) > 0:
			row.Values[i] = spatial.Int(0)
		case f.Type == spatial.TypeInt && is > 0 && row.Values[i].Int() == int64(was):
			row.Values[i] = spatial.Int(int64(is))
		case f.Name == schema.Label:
			row.Values[i] = spatial.Text(replaceLast(row.Values[i].Text(), strconv.Itoa(was), strconv.Itoa(is)))
		}
	}
	measure(schema, row)
	return row
}

// number is what follows the prefix of a code, 0 if that is no number.
func number(code, prefix string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(code, prefix))
	if err != nil {
		return 0
	}
	return n
}

func replaceLast(text, old, with string) string {
	i := strings.LastIndex(text, old)
	if i < 0 {
		return text + " " + with
	}
	return text[:i] + with + text[i+len(old):]
}

// nextID is an id that no row of the layer has, is about to have, or had as
// far as its history tells.
func (p *planner) nextID(layer *spatial.Layer) int64 {
	next := layer.LastID() + 1
	for id := range p.rows[layer.ID()] {
		next = max(next, id+1)
	}
	for len(history.Of(p.snapshot, layer.ID(), next)) > 0 {
		next++
	}
	return next
}

// dissolve makes the parents of redrawn areas anew, where the outline of what
// they are made of has changed.
func (p *planner) dissolve(layer *spatial.Layer, field int, parents *spatial.Layer, redrawn []partition.Redrawn) []partition.Redrawn {
	type sides struct{ before, after []orb.Geometry }
	touched := map[string]*sides{}
	of := func(code string) *sides {
		if touched[code] == nil {
			touched[code] = &sides{}
		}
		return touched[code]
	}
	for _, r := range redrawn {
		feature, err := layer.ByCode(r.Code)
		if err == nil {
			parent := of(feature.Value(field).Text())
			parent.before = append(parent.before, feature.Geometry())
		} else {
			feature, _ = p.origin(r.Code)
		}
		if r.Geometry != nil {
			parent := of(feature.Value(field).Text())
			parent.after = append(parent.after, r.Geometry)
		}
	}
	var changed []partition.Redrawn
	for _, code := range slices.Sorted(maps.Keys(touched)) {
		parent, err := parents.ByCode(code)
		if err != nil {
			continue
		}
		if outline, differs := partition.Redissolve(parent.Geometry(), touched[code].before, touched[code].after); differs {
			changed = append(changed, partition.Redrawn{Code: code, Geometry: outline})
		}
	}
	return changed
}

// row is a feature's row as planned so far, free to be changed.
func (p *planner) row(f spatial.Feature) spatial.Row {
	if row, planned := p.rows[f.Layer().ID()][f.ID()]; planned {
		return row
	}
	return f.Row()
}

func (p *planner) put(layer *spatial.Layer, row spatial.Row) {
	if p.rows[layer.ID()] == nil {
		p.rows[layer.ID()] = map[int64]spatial.Row{}
	}
	p.rows[layer.ID()][row.ID] = row
}

// finish makes the change of the rows.
func (p *planner) finish() {
	for layer := range p.snapshot.Layers() {
		rows, gone := p.rows[layer.ID()], p.gone[layer.ID()]
		if len(rows)+len(gone) == 0 {
			continue
		}
		put := slices.Collect(maps.Values(rows))
		slices.SortFunc(put, func(a, b spatial.Row) int { return cmp.Compare(a.ID, b.ID) })
		p.plan.Change.Layers = append(p.plan.Change.Layers, spatial.LayerChange{Layer: layer.ID(), Put: put, Delete: gone})
	}
	p.plan.Change.Base = p.snapshot.Version()
}
