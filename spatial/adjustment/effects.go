package adjustment

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

// Count is how many features of a layer stand in an area: all of them, or
// those with one value of a field.
type Count struct {
	Layer spatial.LayerID
	Field string // "" for all
	Value string // "" with a field: those without a value
	N     int
}

// shape tells the geometry of a state: its measures, and who is next to it.
func (s *State) shape(neighbours []string) {
	s.Parts = len(partsOf(s.Geometry))
	s.Area, s.Perimeter = geodesic.Area(s.Geometry), geodesic.Length(s.Geometry)
	s.Compactness = compactness(s.Area, s.Perimeter)
	s.Neighbours = neighbours
}

// bordering are the codes of the areas of the lowest level, as some function
// knows them, that share an edge with a geometry.
func (p *planner) bordering(g orb.Geometry, known func(code string) orb.Geometry) []string {
	return bordering(p.areas, g, p.codesDrawn(), known)
}

// codesDrawn are the areas of the lowest level that were redrawn.
func (p *planner) codesDrawn() []string {
	var codes []string
	for _, r := range p.draft.Changes() {
		codes = append(codes, r.Code)
	}
	return codes
}

// bordering are the codes, ascending, of the areas of a level that share an
// edge with a geometry: as known now, those of more codes too.
func bordering(level *spatial.Layer, g orb.Geometry, more []string, known func(code string) orb.Geometry) []string {
	box := g.Bound()
	codes := slices.Clone(more)
	for f := range level.Intersecting(box.Pad(1e-9)) {
		codes = append(codes, f.Code())
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	var areas []orb.Geometry
	for _, code := range codes {
		areas = append(areas, known(code))
	}
	var found []string
	for _, i := range partition.Borders(g, areas) {
		found = append(found, codes[i])
	}
	return found
}

// tally counts the features of a layer by the area they refer to: how many,
// and how many with each value of the fields whose values have colours.
type tally map[string]map[category]int

type category struct{ field, value string }

// tallyOf counts a layer's features by a field that refers to areas. It is
// made once for a layer, and holds until that changes.
func tallyOf(s *spatial.Snapshot, layer *spatial.Layer, field int) tally {
	counts, _ := spatial.Derive(s, []spatial.LayerID{layer.ID()}, func(s *spatial.Snapshot) (tally, error) {
		counts := tally{}
		for f := range layer.All() {
			counts.add(f, f.Value(field).Text(), categories(layer.Schema()), 1)
		}
		return counts, nil
	})
	return counts
}

func (t tally) add(f spatial.Feature, code string, fields []int, n int) {
	if t[code] == nil {
		t[code] = map[category]int{}
	}
	t[code][category{}] += n
	for _, i := range fields {
		t[code][category{f.Layer().Schema().Fields[i].Name, f.Value(i).String()}] += n
	}
}

// categories are the fields whose values have colours: levels and states.
func categories(s *spatial.Schema) []int {
	var fields []int
	for i := range s.Fields {
		if slices.ContainsFunc(s.Fields[i].Values, func(l spatial.Label) bool { return l.Color != "" }) {
			fields = append(fields, i)
		}
	}
	return fields
}

// census counts what stands in the units of a plan.
type census struct {
	planner *planner
	top     *spatial.Layer
	before  map[spatial.LayerID]tally // by layer counted
	moved   map[spatial.LayerID]tally
	levels  map[spatial.LayerID]spatial.LayerID // level that a layer refers to
}

func (p *planner) census() *census {
	c := &census{planner: p, before: map[spatial.LayerID]tally{}, moved: map[spatial.LayerID]tally{}, levels: map[spatial.LayerID]spatial.LayerID{}}
	for level, ok := p.areas, true; ok; level, _, ok = p.above(level) {
		c.top = level
		for layer := range p.snapshot.Layers() {
			field := references(layer.Schema(), level.ID())
			if _, counted := c.levels[layer.ID()]; counted || field < 0 || layer.Schema().Partition {
				continue
			}
			c.levels[layer.ID()] = level.ID()
			c.before[layer.ID()] = tallyOf(p.snapshot, layer, field)
			c.moved[layer.ID()] = tally{}
		}
	}
	for _, t := range p.transfers {
		layer := t.feature.Layer()
		c.moved[layer.ID()].add(t.feature, t.from, categories(layer.Schema()), -1)
		c.moved[layer.ID()].add(t.feature, t.to, categories(layer.Schema()), 1)
	}
	return c
}

// of counts what stands in an area of a level, before and after. The topmost
// of several levels is not counted.
func (c *census) of(level *spatial.Layer, code string) (before, after []Count) {
	if level == c.top && level != c.planner.areas {
		return nil, nil
	}
	codesOn := map[spatial.LayerID][]string{}
	for layer := range c.planner.snapshot.Layers() {
		refers, counted := c.levels[layer.ID()]
		if !counted {
			continue
		}
		codes, known := codesOn[refers]
		if !known {
			codes, _ = c.under(level, code, refers)
			codesOn[refers] = codes
		}
		was, is := map[category]int{}, map[category]int{}
		for _, code := range codes {
			for k, n := range c.before[layer.ID()][code] {
				was[k] += n
				is[k] += n
			}
			for k, n := range c.moved[layer.ID()][code] {
				is[k] += n
			}
		}
		before, after = append(before, countsOf(layer.ID(), was)...), append(after, countsOf(layer.ID(), is)...)
	}
	return before, after
}

func countsOf(layer spatial.LayerID, counts map[category]int) []Count {
	var all []Count
	for k, n := range counts {
		if n != 0 {
			all = append(all, Count{layer, k.field, k.value, n})
		}
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Value, b.Value)) })
	return all
}

// under are the codes of the areas of a lower level that make up one: those
// split off and gone included.
func (c *census) under(level *spatial.Layer, code string, lower spatial.LayerID) (codes []string, below bool) {
	if level.ID() == lower {
		return []string{code}, true
	}
	p := c.planner
	for children, ok := p.areas, true; ok; {
		parents, field, more := p.above(children)
		if more && parents == level {
			for _, child := range p.childCodes(children, field, code) {
				some, found := c.under(children, child, lower)
				codes, below = append(codes, some...), below || found
			}
			return codes, below
		}
		children, ok = parents, more
	}
	return nil, false
}

// makeUp are the codes of the areas of a level by that of the one they make up.
type makeUp map[string][]string

// childCodes are the areas of a level that make up one, those split off too.
func (p *planner) childCodes(children *spatial.Layer, field int, parent string) []string {
	known, _ := spatial.Derive(p.snapshot, []spatial.LayerID{children.ID()}, func(*spatial.Snapshot) (makeUp, error) {
		m := makeUp{}
		for f := range children.All() {
			m[f.Value(field).Text()] = append(m[f.Value(field).Text()], f.Code())
		}
		return m, nil
	})
	codes := slices.Clone(known[parent])
	for code := range p.splitFrom {
		if origin, err := p.origin(code); err == nil && children == p.areas && origin.Value(field).Text() == parent {
			codes = append(codes, code)
		}
	}
	return codes
}
