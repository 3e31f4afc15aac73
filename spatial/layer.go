package spatial

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sort"
	"sync"

	"github.com/paulmach/orb"
)

// Layer is one layer of a snapshot: its rows in id order, and indexes of
// their boxes, codes and places. It is immutable and safe for any number of readers.
type Layer struct {
	schema    *Schema
	version   Version // of the last change that touched it
	code      int     // the field of the code, -1 if none
	chunks    []*chunk
	count     int
	boxes     boxes
	codes     codes
	standings standings
	traces    traces
	bound     orb.Bound // around all geometry, if there is any
	masked    bool      // see [Layer.Mask]
}

// NewLayer builds a layer from rows in ascending order of id, as of a
// version. It fails on rows out of order or of the wrong shape, and with the
// first error of the sequence. Of the rows it holds no more than a chunk
// beside the layer; sorting the indexes takes 96 bytes a row for a moment.
func NewLayer(schema *Schema, version Version, rows iter.Seq2[Row, error]) (*Layer, error) {
	l := &Layer{schema: schema, version: version, code: schema.FieldIndex(schema.Code), traces: traces{since: version}, bound: noBound()}
	batch := make([]Row, 0, chunkRows)
	weight, last := 0, int64(0)
	for row, err := range rows {
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", schema.ID, err)
		}
		if row.ID <= last {
			return nil, fmt.Errorf("layer %s: id %d after %d: rows must ascend from 1", schema.ID, row.ID, last)
		}
		last = row.ID
		batch = append(batch, row)
		if weight += weightOf(positions(row.Geometry)); weight >= chunkRows {
			if err := l.appendChunk(batch); err != nil {
				return nil, err
			}
			batch, weight = batch[:0], 0
		}
	}
	if err := l.appendChunk(batch); err != nil {
		return nil, err
	}
	l.index()
	return l, nil
}

func (l *Layer) appendChunk(rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	sources := make([]source, len(rows))
	for i := range rows {
		sources[i].put = &rows[i]
	}
	c, err := newChunk(l.schema, sources)
	if err != nil {
		return err
	}
	l.chunks = append(l.chunks, c)
	l.count += len(rows)
	if b, ok := boundOf(c.shapes.position); ok {
		l.bound = l.bound.Union(b)
	}
	return nil
}

// index makes the indexes from the rows.
func (l *Layer) index() {
	var wait sync.WaitGroup
	wait.Go(func() {
		l.codes = newCodes(l)
		l.standings = newStandings(l)
	})
	l.boxes = newBoxes(l)
	wait.Wait()
}

// ID is the layer's id.
func (l *Layer) ID() LayerID { return l.schema.ID }

// Schema describes the layer; read-only.
func (l *Layer) Schema() *Schema { return l.schema }

// Version is that of the last change that touched the layer.
func (l *Layer) Version() Version { return l.version }

// Len is the number of features.
func (l *Layer) Len() int { return l.count }

// LastID is the greatest id of a feature, 0 without any.
func (l *Layer) LastID() int64 {
	if len(l.chunks) == 0 {
		return 0
	}
	return l.chunks[len(l.chunks)-1].last
}

// Bound is the box around all geometry in degrees; ok is false if there is
// none.
func (l *Layer) Bound() (b orb.Bound, ok bool) {
	if l.boxes.empty() {
		return orb.Bound{}, false
	}
	return l.bound, true
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
	row, ok := l.chunks[i].find(id)
	return Feature{l, l.chunks[i], row}, ok
}

// chunkAt is the first chunk whose last id is not below id.
func (l *Layer) chunkAt(id int64) int {
	return sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].last >= id })
}

// ByCode finds a feature by its code; the error is [ErrNotFound]. Of several
// features with the code it is the one with the greatest id.
func (l *Layer) ByCode(code string) (Feature, error) {
	if f, ok := l.codes.find(l, code); ok {
		return f, nil
	}
	return Feature{}, fmt.Errorf("%s %q: %w", l.ID(), code, ErrNotFound)
}

// All yields the features in id order.
func (l *Layer) All() iter.Seq[Feature] { return l.After(0) }

// After yields the features with ids above the given one, in id order.
func (l *Layer) After(id int64) iter.Seq[Feature] {
	return func(yield func(Feature) bool) {
		for i := l.chunkAt(id + 1); i < len(l.chunks); i++ {
			first, _ := l.chunks[i].find(id + 1)
			for row := first; row < l.chunks[i].rows; row++ {
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
		for id := range l.boxes.candidates(b) {
			f, _ := l.lookup(id)
			if box, ok := f.Bound(); ok && box.Intersects(b) && !yield(f) {
				return
			}
		}
	}
}

// Nearby yields features in ascending order of a distance, with it. below
// must never exceed the distance of anything within a box; of is the exact
// distance of a feature, and may be infinite to leave it out. Equal distances
// come in no particular order. The search visits only what it must.
func (l *Layer) Nearby(below func(orb.Bound) float64, of func(Feature) float64) iter.Seq2[Feature, float64] {
	return l.boxes.nearby(l, below, of)
}

// apply is the layer after puts and deletes.
func (l *Layer) apply(c LayerChange, version Version) (*Layer, error) {
	edits, err := l.edits(c)
	if err != nil {
		return nil, err
	}
	next := &Layer{schema: l.schema, version: version, code: l.code}
	if next.chunks, err = l.merge(edits); err != nil {
		return nil, err
	}
	next.count = l.count + added(edits)
	next.boxes = l.boxes.edit(marks(next, edits, boxOf))
	next.codes = l.codes.edit(marks(next, edits, l.codes.of))
	next.standings = l.standings.edit(marks(next, edits, l.standings.of))
	next.traces = l.traces.edit(next, edits)
	next.bound = next.boundAfter(l.bound, edits)
	return next, nil
}

// edit is what happens to one id: a new row, or none for a removal.
type edit struct {
	id    int64
	row   *Row
	old   Feature
	there bool // old is
}

// edits are in id order.
func (l *Layer) edits(c LayerChange) ([]edit, error) {
	edits := make([]edit, 0, len(c.Put)+len(c.Delete))
	for i := range c.Put {
		old, there := l.lookup(c.Put[i].ID)
		edits = append(edits, edit{c.Put[i].ID, &c.Put[i], old, there})
	}
	for _, id := range c.Delete {
		old, err := l.Feature(id)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit{id: id, old: old, there: true})
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.id, b.id) })
	return edits, nil
}

// added is by how many rows the edits make a layer longer.
func added(edits []edit) int {
	n := 0
	for _, e := range edits {
		if e.row != nil {
			n++
		}
		if e.there {
			n--
		}
	}
	return n
}

// merge is the chunks after edits.
func (l *Layer) merge(edits []edit) ([]*chunk, error) {
	reaches := func(c *chunk, e edit) bool { return c.last >= e.id }
	small := func(chunks []*chunk) bool { return len(chunks) == 1 && chunks[0].weight < chunkRows/4 }
	return splice(l.chunks, edits, reaches, small, func(chunks []*chunk, edits []edit) ([]*chunk, error) {
		return newChunks(l.schema, mergeRows(chunks, edits))
	})
}

// mergeRows are the rows of chunks with edits.
func mergeRows(chunks []*chunk, edits []edit) []source {
	var rows []source
	for _, c := range chunks {
		for i := range c.rows {
			id := c.ids.at(i)
			for len(edits) > 0 && edits[0].id < id {
				rows, edits = appendPut(rows, edits[0]), edits[1:]
			}
			if len(edits) == 0 || edits[0].id != id {
				rows = append(rows, source{from: c, row: i})
				continue
			}
			rows, edits = appendPut(rows, edits[0]), edits[1:]
		}
	}
	for _, e := range edits {
		rows = appendPut(rows, e)
	}
	return rows
}

func appendPut(rows []source, e edit) []source {
	if e.row == nil {
		return rows
	}
	return append(rows, source{put: e.row})
}

// marks are what edits change in an index of one entry for each feature at
// most, l being the layer after them.
func marks[E comparable](l *Layer, edits []edit, entry func(Feature) (E, bool)) []mark[E] {
	var changed []mark[E]
	for _, e := range edits {
		var old, now E
		var had, has bool
		if e.there {
			old, had = entry(e.old)
		}
		if f, ok := l.lookup(e.id); ok {
			now, has = entry(f)
		}
		if had && has && old == now {
			continue
		}
		if had {
			changed = append(changed, mark[E]{old, true})
		}
		if has {
			changed = append(changed, mark[E]{now, false})
		}
	}
	return changed
}

// boundAfter is the box around all geometry after edits, from that before. It
// looks for what is outermost now only where something outermost has left.
func (l *Layer) boundAfter(before orb.Bound, edits []edit) orb.Bound {
	within, left := before, false
	for _, e := range edits {
		if e.there {
			b, ok := e.old.Bound()
			left = left || ok && touches(b, before)
		}
		if f, ok := l.lookup(e.id); ok && f.HasGeometry() {
			b, _ := f.Bound()
			within = within.Union(b)
		}
	}
	switch {
	case l.boxes.empty():
		return noBound()
	case left:
		return l.boundWithin(within)
	}
	return within
}

// boundWithin is the box around all geometry, which is known to lie within
// another. Of the boxes rounded outward those that reach the farthest are
// looked at, a strip for each side, until one reaches as far as is known.
func (l *Layer) boundWithin(most orb.Bound) orb.Bound {
	found := noBound()
	for side, strip := range l.boxes.sides() {
		for id := range l.boxes.candidates(strip) {
			f, _ := l.lookup(id)
			if b, ok := f.Bound(); ok {
				found = found.Union(b)
			}
			if sidesOf(found)[side] == sidesOf(most)[side] {
				break
			}
		}
	}
	return found
}
