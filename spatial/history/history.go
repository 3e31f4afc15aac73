// Package history tells how the district was at another time: which
// boundaries, codes and attachments held on a date, and what was believed
// about that at some moment. It keeps what changes replace as rows of layers
// beside the ones they were rows of, and reads it back. It is pure: it has no
// clock and commits nothing.
//
// Tracked are partitions with codes, and layers that refer to one. Of these a
// row is kept when it comes, goes, or changes its code, a reference, or, in a
// partition, its geometry; an adjustment keeps all rows of partitions that it
// touches, as their totals change with it. Other edits, such as a count put
// right or a point moved within its grid, are not kept. The rows that a new
// layer begins with are taken to have been there always. Of history layers
// only rows are added, never changed.
//
// There are two readings of the past. [Of] and [By] give states as they were
// recorded, with the figures of that day. [At] puts the features of today on
// the boundaries of a date: boundaries, codes, attachments and positions are
// those of then, the other attributes of a feature that still exists are
// today's, and totals are added up anew, so that the state keeps the rules
// that [wangge/spatial.Field] promises. Only where a feature was moved within
// its grid, and the grid's boundary had been moved over that place before, it
// stands outside what it is attached to.
//
// Invariant: for every tracked feature, the kept rows in the order of their
// recording, followed by its current row, are all that was ever believed of
// it; each begins where the one before ends, and ends no later than it was
// recorded.
package history

import (
	"cmp"
	"slices"
	"time"

	"wangge/spatial"
)

// Entry is a state of a feature that a change ended. It was believed to hold
// from ValidFrom on; since it was recorded, it is known to have held until
// ValidTo. Times are to the microsecond.
type Entry struct {
	Layer                    spatial.LayerID
	Feature                  int64
	Row                      *spatial.Row    // nil: the feature did not exist
	ValidFrom, ValidTo       time.Time       // ValidFrom is zero if it is not known
	RecordedFrom, RecordedTo time.Time       // likewise
	Version                  spatial.Version // that the change was planned on
	Adjustment               int64           // that made the change, 0 for none
}

// Tracked lists the layers whose history is kept, in listing order.
func Tracked(s *spatial.Snapshot) []spatial.LayerID {
	var ids []spatial.LayerID
	for _, schema := range tracked(schemasOf(s)) {
		ids = append(ids, schema.ID)
	}
	return ids
}

// Schemas describe the layers that keep the history of those of a store.
func Schemas(store []*spatial.Schema) []*spatial.Schema {
	var kept []*spatial.Schema
	for _, schema := range tracked(store) {
		kept = append(kept, SchemaOf(schema))
	}
	return kept
}

func schemasOf(s *spatial.Snapshot) []*spatial.Schema {
	var schemas []*spatial.Schema
	for layer := range s.Layers() {
		schemas = append(schemas, layer.Schema())
	}
	return schemas
}

// tracked picks the layers whose history is kept.
func tracked(schemas []*spatial.Schema) []*spatial.Schema {
	units := map[spatial.LayerID]bool{}
	for _, s := range schemas {
		units[s.ID] = s.Partition && s.Code != ""
	}
	attached := func(f spatial.Field) bool { return units[f.References] }
	return slices.DeleteFunc(slices.Clone(schemas), func(s *spatial.Schema) bool {
		return s.Internal || len(LayerOf(s.ID)) > longest || !units[s.ID] && !slices.ContainsFunc(s.Fields, attached)
	})
}

// longest is the most bytes of a layer's id or a field's name.
const longest = 48

// Of lists the kept states of a feature, oldest first; the current one is not
// among them.
func Of(s *spatial.Snapshot, layer spatial.LayerID, id int64) []Entry {
	b, ok := bookOf(s, layer)
	if !ok {
		return nil
	}
	var entries []Entry
	for kept, ok := b.last(id); ok; kept, ok = b.before(kept) {
		entries = append(entries, b.entry(kept))
	}
	slices.Reverse(entries)
	return entries
}

// By lists what an adjustment ended, in listing order of layers, then by id.
func By(s *spatial.Snapshot, adjustment int64) []Entry {
	var entries []Entry
	for _, id := range Tracked(s) {
		from := len(entries)
		b, kept := found(s, id, func(x *index) []int64 { return x.adjustments[adjustment] })
		for _, f := range kept {
			entries = append(entries, b.entry(f))
		}
		slices.SortStableFunc(entries[from:], func(a, b Entry) int { return cmp.Compare(a.Feature, b.Feature) })
	}
	return entries
}

// Used says whether a code is or was that of a feature of the layer.
func Used(s *spatial.Snapshot, layer spatial.LayerID) func(code string) bool {
	return func(code string) bool {
		if now, err := s.Layer(layer); err == nil {
			if _, err := now.ByCode(code); err == nil {
				return true
			}
		}
		_, was := Former(s, layer, code)
		return was
	}
}

// Former finds the feature that had a code before: the state of it that was
// ended last.
func Former(s *spatial.Snapshot, layer spatial.LayerID, code string) (Entry, bool) {
	b, kept := found(s, layer, func(x *index) []int64 { return x.codes[code] })
	if len(kept) == 0 {
		return Entry{}, false
	}
	return b.entry(kept[len(kept)-1]), true
}

// index finds kept states by what they say: ids of rows of a history layer,
// ascending.
type index struct {
	codes       map[string][]int64
	adjustments map[int64][]int64
}

// found are the kept states of a layer that the index gives.
func found(s *spatial.Snapshot, layer spatial.LayerID, pick func(*index) []int64) (book, []spatial.Feature) {
	b, ok := bookOf(s, layer)
	if !ok || b.kept.Len() == 0 {
		return b, nil
	}
	x, err := spatial.Derive(s, []spatial.LayerID{layer, b.kept.ID()}, func(s *spatial.Snapshot) (*index, error) {
		b, _ := bookOf(s, layer)
		return newIndex(b), nil
	})
	if err != nil {
		return b, nil
	}
	var kept []spatial.Feature
	for _, id := range pick(x) {
		if f, err := b.kept.Feature(id); err == nil {
			kept = append(kept, f)
		}
	}
	return b, kept
}

func newIndex(b book) *index {
	x := &index{codes: map[string][]int64{}, adjustments: map[int64][]int64{}}
	code := b.code()
	for f := range b.kept.All() {
		if code >= 0 && !f.Value(code).IsNull() {
			text := f.Value(code).Text()
			x.codes[text] = append(x.codes[text], f.ID())
		}
		if by := f.Value(b.at[fieldAdjustment]).Int(); by != 0 {
			x.adjustments[by] = append(x.adjustments[by], f.ID())
		}
	}
	return x
}
