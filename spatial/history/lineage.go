package history

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"wangge/spatial"
)

// Kind is how land passed between areas.
type Kind string

// The kinds.
const (
	Split    Kind = "split"    // to an area that was not there before
	Merge    Kind = "merge"    // from an area that is not there any more
	Transfer Kind = "transfer" // between areas that are there before and after
)

// Descent is land that passed between areas by one change.
type Descent struct {
	Kind       Kind
	Adjustment int64
	At         time.Time // when it took effect
	Passed
}

// Lineage tells, oldest first, by what changes land passed to an area of a
// layer and from it, and those of the areas it passed from or to: all of the
// past that hangs together with it.
func Lineage(s *spatial.Snapshot, layer spatial.LayerID, id int64) []Descent {
	all := changes(s, layer)
	codes := codesOf(s, layer, id)
	found := map[int]bool{}
	for grown := true; grown; {
		grown = false
		for i, d := range all {
			if !found[i] && (codes[d.From] || codes[d.To]) {
				found[i], codes[d.From], codes[d.To], grown = true, true, true, true
			}
		}
	}
	var list []Descent
	for _, i := range slices.Sorted(maps.Keys(found)) {
		list = append(list, all[i])
	}
	return list
}

// codesOf are the codes that an area has and had.
func codesOf(s *spatial.Snapshot, id spatial.LayerID, feature int64) map[string]bool {
	codes := map[string]bool{}
	layer, err := s.Layer(id)
	if err != nil {
		return codes
	}
	if f, err := layer.Feature(feature); err == nil {
		codes[f.Code()] = true
	}
	for _, e := range Of(s, id, feature) {
		if e.Row != nil {
			codes[e.code(layer)] = true
		}
	}
	return codes
}

func (e Entry) code(layer *spatial.Layer) string {
	return e.Row.Values[layer.Schema().FieldIndex(layer.Schema().Code)].Text()
}

// descents are those of a layer, by what they were derived from.
type descents []Descent

// changes are all by which land of a layer passed, oldest first: what was
// replaced on the same version is one change.
func changes(s *spatial.Snapshot, id spatial.LayerID) []Descent {
	layer, err := s.Layer(id)
	from, err2 := s.Layer(LayerOf(id))
	if err != nil || err2 != nil {
		return nil
	}
	list, _ := spatial.Derive(s, []spatial.LayerID{id, from.ID()}, func(s *spatial.Snapshot) (descents, error) {
		var list descents
		for _, change := range replacedTogether(s, layer, from) {
			list = append(list, change.descents()...)
		}
		return list, nil
	})
	return list
}

// change is what became of some areas at once.
type change struct {
	adjustment int64
	at         time.Time
	was, is    areas
}

func replacedTogether(s *spatial.Snapshot, layer, from *spatial.Layer) []*change {
	var order []*change
	byVersion := map[spatial.Version]*change{}
	features := map[int64]bool{}
	for f := range from.All() {
		if id, err := strconv.ParseInt(f.Code(), 10, 64); err == nil {
			features[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(features)) {
		entries := Of(s, layer.ID(), id)
		for i, e := range entries {
			c := byVersion[e.Version]
			if c == nil {
				c = &change{e.Adjustment, e.ValidTo, areas{}, areas{}}
				byVersion[e.Version], order = c, append(order, c)
			}
			if e.Row != nil {
				c.was[e.code(layer)] = e.Row.Geometry
			}
			if next, ok := after(layer, entries, i); ok {
				c.is[next.code(layer)] = next.Row.Geometry
			}
		}
	}
	slices.SortStableFunc(order, func(a, b *change) int { return a.at.Compare(b.at) })
	return order
}

// after is the state that came after an entry, if there was one.
func after(layer *spatial.Layer, entries []Entry, i int) (Entry, bool) {
	if i+1 < len(entries) {
		return entries[i+1], entries[i+1].Row != nil
	}
	f, err := layer.Feature(entries[i].Feature)
	if err != nil {
		return Entry{}, false
	}
	row := f.Row()
	return Entry{Row: &row}, true
}

func (c *change) descents() []Descent {
	var list []Descent
	for _, p := range passed(c.was, c.is) {
		kind := Transfer
		if _, before := c.was[p.To]; !before {
			kind = Split
		} else if _, left := c.is[p.From]; !left {
			kind = Merge
		}
		list = append(list, Descent{kind, c.adjustment, c.at, p})
	}
	return list
}
