package spatial

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"sync"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// Layer is one layer of a snapshot: its rows in id order and an R-tree over
// their boxes. It is immutable and safe for any number of readers.
type Layer struct {
	schema  *Schema
	version Version // of the last change that touched it
	chunks  []*chunk
	count   int
	tree    *rtree.RTreeGN[float64, int64]
	codes   func() map[string]int64
}

// NewLayer builds a layer from rows in ascending order of id, as of a
// version. It fails on rows out of order or of the wrong shape, and with the
// first error of the sequence.
func NewLayer(schema *Schema, version Version, rows iter.Seq2[Row, error]) (*Layer, error) {
	l := &Layer{schema: schema, version: version, tree: new(rtree.RTreeGN[float64, int64])}
	batch := make([]Row, 0, chunkRows)
	last := int64(0)
	for row, err := range rows {
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", schema.ID, err)
		}
		if row.ID <= last {
			return nil, fmt.Errorf("layer %s: id %d after %d: rows must ascend from 1", schema.ID, row.ID, last)
		}
		last = row.ID
		if batch = append(batch, row); len(batch) == chunkRows {
			if err := l.appendChunk(batch); err != nil {
				return nil, err
			}
			batch = batch[:0]
		}
	}
	if err := l.appendChunk(batch); err != nil {
		return nil, err
	}
	l.index()
	l.codes = sync.OnceValue(l.indexCodes)
	return l, nil
}

func (l *Layer) appendChunk(rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	c, err := newChunk(l.schema, rows)
	if err != nil {
		return err
	}
	l.chunks = append(l.chunks, c)
	l.count += len(rows)
	return nil
}

// index puts the boxes of all rows into the tree.
func (l *Layer) index() {
	for f := range l.All() {
		if b, ok := f.Bound(); ok {
			l.tree.Insert(b.Min, b.Max, f.ID())
		}
	}
}

func (l *Layer) indexCodes() map[string]int64 {
	field := l.schema.FieldIndex(l.schema.Code)
	if field < 0 {
		return nil
	}
	codes := make(map[string]int64, l.count)
	for f := range l.All() {
		codes[f.Value(field).Text()] = f.ID()
	}
	return codes
}

// ID is the layer's id.
func (l *Layer) ID() LayerID { return l.schema.ID }

// Schema describes the layer; read-only.
func (l *Layer) Schema() *Schema { return l.schema }

// Version is that of the last change that touched the layer.
func (l *Layer) Version() Version { return l.version }

// Len is the number of features.
func (l *Layer) Len() int { return l.count }

// Bound is the box around all geometry in degrees; ok is false if there is
// none.
func (l *Layer) Bound() (b orb.Bound, ok bool) {
	if l.tree.Len() == 0 {
		return orb.Bound{}, false
	}
	low, high := l.tree.Bounds()
	return orb.Bound{Min: low, Max: high}, true
}

// Feature finds a feature by id; the error is [ErrNotFound].
func (l *Layer) Feature(id int64) (Feature, error) {
	if f, ok := l.lookup(id); ok {
		return f, nil
	}
	return Feature{}, fmt.Errorf("%s %d: %w", l.ID(), id, ErrNotFound)
}

func (l *Layer) lookup(id int64) (Feature, bool) {
	i := l.chunkAt(id)
	if i == len(l.chunks) {
		return Feature{}, false
	}
	row, ok := slices.BinarySearch(l.chunks[i].ids, id)
	return Feature{l, l.chunks[i], row}, ok
}

// chunkAt is the first chunk whose last id is not below id.
func (l *Layer) chunkAt(id int64) int {
	return sort.Search(len(l.chunks), func(i int) bool {
		ids := l.chunks[i].ids
		return ids[len(ids)-1] >= id
	})
}

// ByCode finds a feature by its code; the error is [ErrNotFound].
func (l *Layer) ByCode(code string) (Feature, error) {
	if id, ok := l.codes()[code]; ok {
		return l.Feature(id)
	}
	return Feature{}, fmt.Errorf("%s %q: %w", l.ID(), code, ErrNotFound)
}

// All yields the features in id order.
func (l *Layer) All() iter.Seq[Feature] { return l.After(0) }

// After yields the features with ids above the given one, in id order.
func (l *Layer) After(id int64) iter.Seq[Feature] {
	return func(yield func(Feature) bool) {
		for i := l.chunkAt(id + 1); i < len(l.chunks); i++ {
			first, _ := slices.BinarySearch(l.chunks[i].ids, id+1)
			for row := first; row < len(l.chunks[i].ids); row++ {
				if !yield(Feature{l, l.chunks[i], row}) {
					return
				}
			}
		}
	}
}

// Intersecting yields the features whose boxes meet b (degrees, edges
// included), in no particular order.
func (l *Layer) Intersecting(b orb.Bound) iter.Seq[Feature] {
	return func(yield func(Feature) bool) {
		l.tree.Search(b.Min, b.Max, func(_, _ [2]float64, id int64) bool {
			f, ok := l.lookup(id)
			return !ok || yield(f)
		})
	}
}

// Nearby yields features in ascending order of a distance, with it. below
// must never exceed the distance of anything within a box; of is the exact
// distance of a feature, and may be infinite to leave it out. Equal distances
// come in no particular order. The search visits only what it must.
func (l *Layer) Nearby(below func(orb.Bound) float64, of func(Feature) float64) iter.Seq2[Feature, float64] {
	distance := func(low, high [2]float64, id int64, item bool) float64 {
		if f, ok := l.lookup(id); item && ok {
			return of(f)
		}
		return below(orb.Bound{Min: low, Max: high})
	}
	return func(yield func(Feature, float64) bool) {
		l.tree.Nearby(distance, func(_, _ [2]float64, id int64, d float64) bool {
			f, ok := l.lookup(id)
			return !ok || yield(f, d)
		})
	}
}

// apply is the layer after puts (in ascending id order) and deletes.
func (l *Layer) apply(c LayerChange, version Version) (*Layer, error) {
	next := &Layer{schema: l.schema, version: version, tree: l.tree.Copy()}
	edits, err := l.edits(c)
	if err != nil {
		return nil, err
	}
	if err := next.merge(l, edits); err != nil {
		return nil, err
	}
	next.reindex(l, edits)
	next.codes = sync.OnceValue(next.indexCodes)
	return next, nil
}

// edit is what happens to one id: a new row, or none for a removal.
type edit struct {
	id  int64
	row *Row
}

func (l *Layer) edits(c LayerChange) ([]edit, error) {
	edits := make([]edit, 0, len(c.Put)+len(c.Delete))
	for i := range c.Put {
		edits = append(edits, edit{c.Put[i].ID, &c.Put[i]})
	}
	for _, id := range c.Delete {
		if _, err := l.Feature(id); err != nil {
			return nil, err
		}
		edits = append(edits, edit{id: id})
	}
	slices.SortFunc(edits, func(a, b edit) int { return int(min(max(a.id-b.id, -1), 1)) })
	return edits, nil
}

// merge fills l with old's chunks, rebuilding those that edits touch. An
// edit belongs to the first chunk that ends at or after its id; what lies
// beyond the last chunk goes into it.
func (l *Layer) merge(old *Layer, edits []edit) error {
	if len(old.chunks) == 0 {
		return l.rebuild(&chunk{}, old, edits)
	}
	for i, c := range old.chunks {
		n := len(edits)
		if i < len(old.chunks)-1 {
			last := c.ids[len(c.ids)-1]
			n = sort.Search(len(edits), func(k int) bool { return edits[k].id > last })
		}
		if n == 0 {
			l.chunks = append(l.chunks, c)
			l.count += len(c.ids)
			continue
		}
		if err := l.rebuild(c, old, edits[:n]); err != nil {
			return err
		}
		edits = edits[n:]
	}
	return nil
}

// rebuild appends c's rows with the edits, in chunks of the usual size.
func (l *Layer) rebuild(c *chunk, old *Layer, edits []edit) error {
	rows := make([]Row, 0, len(c.ids)+len(edits))
	for i := range c.ids {
		f := Feature{old, c, i}
		for len(edits) > 0 && edits[0].id < f.ID() {
			rows = appendPut(rows, edits[0])
			edits = edits[1:]
		}
		if len(edits) == 0 || edits[0].id != f.ID() {
			rows = append(rows, f.Row())
			continue
		}
		rows = appendPut(rows, edits[0])
		edits = edits[1:]
	}
	for _, e := range edits {
		rows = appendPut(rows, e)
	}
	for part := range slices.Chunk(rows, chunkRows) {
		if err := l.appendChunk(part); err != nil {
			return err
		}
	}
	return nil
}

func appendPut(rows []Row, e edit) []Row {
	if e.row == nil {
		return rows
	}
	return append(rows, *e.row)
}

// reindex replaces the boxes of the edited rows in the tree.
func (l *Layer) reindex(old *Layer, edits []edit) {
	for _, e := range edits {
		if b, ok := old.boundOf(e.id); ok {
			l.tree.Delete(b.Min, b.Max, e.id)
		}
		if b, ok := l.boundOf(e.id); ok {
			l.tree.Insert(b.Min, b.Max, e.id)
		}
	}
}

func (l *Layer) boundOf(id int64) (b orb.Bound, ok bool) {
	if f, found := l.lookup(id); found {
		return f.Bound()
	}
	return b, false
}
