package history

import (
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Record is a change that keeps, beside what it does, what it replaces. It
// makes the layers for that where they are missing. The change's Effective is
// when its result begins to hold, or else recorded is. An
// [*spatial.InvalidError] refuses one that would hold from before what it
// replaces, or only from some time in the future on. Where the clock stands
// before what was recorded last, the time of that counts as recorded.
func Record(s *spatial.Snapshot, c spatial.Change, recorded time.Time) (spatial.Change, error) {
	kept, err := newRecorder(s, s, c, recorded).keep()
	if err != nil {
		return c, err
	}
	c.Create = append(slices.Clone(c.Create), kept.Create...)
	c.Layers = append(slices.Clone(c.Layers), kept.Layers...)
	return c, nil
}

// Missing is the change that keeps what others replaced between two states
// without keeping it: c leads from before to after, and what is returned is to
// follow after. It is empty where nothing is missing. Of a feature that was
// replaced several times in between only what was there before can be kept;
// if anything was kept of it in between, it counts as done.
func Missing(before, after *spatial.Snapshot, c spatial.Change, recorded time.Time) (spatial.Change, error) {
	r := newRecorder(before, after, c, recorded)
	r.change.Base, r.change.Effective, r.change.Adjustment = after.Version(), time.Time{}, 0
	kept, err := r.keep()
	kept.Base = after.Version()
	kept.Note = "kept what another program replaced"
	return kept, err
}

// recorder keeps what a change of one state replaces, in the history of
// another, which is the same or a later one.
type recorder struct {
	before, after       *spatial.Snapshot
	change              spatial.Change
	recorded, effective time.Time
}

func newRecorder(before, after *spatial.Snapshot, c spatial.Change, recorded time.Time) *recorder {
	r := &recorder{before: before, after: after, change: c, recorded: recorded.Truncate(time.Microsecond)}
	for _, schema := range tracked(schemasOf(after)) {
		if b, ok := bookOf(after, schema.ID); ok {
			r.recorded = later(r.recorded, b.ended())
		}
	}
	return r
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// keep is what is to be done beside the change: layers to make, rows to add.
func (r *recorder) keep() (spatial.Change, error) {
	var kept spatial.Change
	if r.effective = r.change.Effective.Truncate(time.Microsecond); r.effective.IsZero() {
		r.effective = r.recorded
	}
	if r.effective.After(r.recorded) {
		return kept, &spatial.InvalidError{Rule: "effective_future", Where: "the change",
			Detail: fmt.Sprintf("it would hold from %s on, which is not yet", stamp(r.effective)), Fix: "put it into effect when that time has come"}
	}
	for _, schema := range r.tracked() {
		b, made, err := r.book(schema)
		if err != nil {
			return kept, err
		}
		rows, err := r.rows(b)
		if err != nil {
			return kept, err
		}
		if made && (len(rows) > 0 || r.created(schema.ID) != nil) {
			kept.Create = append(kept.Create, b.kept.Schema())
		}
		if len(rows) > 0 {
			kept.Layers = append(kept.Layers, spatial.LayerChange{Layer: b.kept.ID(), Put: rows})
		}
	}
	return kept, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// tracked are the tracked layers that the change makes, drops or has rows of.
func (r *recorder) tracked() []*spatial.Schema {
	var concerned []*spatial.Schema
	known := schemasOf(r.before)
	for _, schema := range r.change.Create {
		if _, err := r.before.Layer(schema.ID); err != nil {
			known = append(known, schema)
		}
	}
	for _, schema := range tracked(known) {
		if len(r.of(schema.ID).Put)+len(r.of(schema.ID).Delete) > 0 || r.dropped(schema.ID) || r.created(schema.ID) != nil {
			concerned = append(concerned, schema)
		}
	}
	return concerned
}

func (r *recorder) of(id spatial.LayerID) spatial.LayerChange {
	for _, c := range r.change.Layers {
		if c.Layer == id {
			return c
		}
	}
	return spatial.LayerChange{}
}

func (r *recorder) dropped(id spatial.LayerID) bool { return slices.Contains(r.change.Drop, id) }

func (r *recorder) created(id spatial.LayerID) *spatial.Schema {
	for _, schema := range r.change.Create {
		if schema.ID == id {
			return schema
		}
	}
	return nil
}

// book opens the history of a layer, a new one if there is none.
func (r *recorder) book(schema *spatial.Schema) (b book, made bool, err error) {
	kept, err := r.after.Layer(LayerOf(schema.ID))
	if made = err != nil; made {
		if kept, err = spatial.NewLayer(SchemaOf(schema), 0, func(func(spatial.Row, error) bool) {}); err != nil {
			return b, made, err
		}
	}
	b, ok := newBook(schema, kept)
	if !ok {
		return b, made, &spatial.InvalidError{Rule: "history_layer", Where: "layer " + string(kept.ID()),
			Detail: fmt.Sprintf("it is not made to keep the history of %s", schema.ID), Fix: "give it another name"}
	}
	return b, made, nil
}

// rows are what is to be added to the history of a layer.
func (r *recorder) rows(b book) ([]spatial.Row, error) {
	old, err := r.before.Layer(b.now.ID)
	if err != nil {
		return nil, nil // what a new layer begins with was there always
	}
	var rows []spatial.Row
	next := b.next()
	for _, e := range r.replaced(b, old) {
		row, err := r.row(b, next+int64(len(rows)), e)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// replaced are the states of features that the change ends, in its order.
func (r *recorder) replaced(b book, old *spatial.Layer) []Entry {
	var ended []Entry
	end := func(id int64, put *spatial.Row) {
		f, err := old.Feature(id)
		switch there := err == nil; {
		case r.done(b, id), !there && put == nil:
		case !there:
			ended = append(ended, Entry{Feature: id})
		case put == nil || r.kept(f, put):
			row := f.Row()
			ended = append(ended, Entry{Feature: id, Row: &row})
		}
	}
	change := r.of(b.now.ID)
	for i := range change.Put {
		end(change.Put[i].ID, &change.Put[i])
	}
	for _, id := range change.Delete {
		end(id, nil)
	}
	if r.dropped(b.now.ID) {
		r.rest(old, change, func(id int64) { end(id, nil) })
	}
	return ended
}

// rest yields the features of a dropped layer that have no row in it anew.
func (r *recorder) rest(old *spatial.Layer, change spatial.LayerChange, yield func(int64)) {
	again := map[int64]bool{}
	for i := range change.Put {
		again[change.Put[i].ID] = true
	}
	for f := range old.All() {
		if !again[f.ID()] {
			yield(f.ID())
		}
	}
}

// done says whether something was kept of a feature since the state before.
func (r *recorder) done(b book, id int64) bool {
	if r.before == r.after {
		return false
	}
	now, ok := b.last(id)
	if !ok {
		return false
	}
	if b, ok = bookOf(r.before, b.now.ID); !ok {
		return true
	}
	was, ok := b.last(id)
	return !ok || was.ID() != now.ID()
}

// kept says whether a row differs from what it replaces in what is kept.
func (r *recorder) kept(old spatial.Feature, row *spatial.Row) bool {
	schema := old.Layer().Schema()
	if schema.Partition && (r.change.Adjustment != 0 || !orb.Equal(old.Geometry(), row.Geometry)) {
		return true
	}
	now := schema
	if made := r.created(schema.ID); made != nil {
		now = made
	}
	for i, f := range schema.Fields {
		if (f.Name == schema.Code || f.References != "") && old.Value(i) != valueOf(now, row, f.Name) {
			return true
		}
	}
	return false
}

func valueOf(s *spatial.Schema, row *spatial.Row, field string) spatial.Value {
	if i := s.FieldIndex(field); i >= 0 && i < len(row.Values) {
		return row.Values[i]
	}
	return spatial.Null
}

// row is an entry that ends now, after the one before it.
func (r *recorder) row(b book, id int64, e Entry) (spatial.Row, error) {
	e.ValidTo, e.RecordedTo = r.effective, r.recorded
	e.Version, e.Adjustment = r.before.Version(), r.change.Adjustment
	var previous int64
	if last, ok := b.last(e.Feature); ok {
		previous = last.ID()
		e.ValidFrom, e.RecordedFrom = b.time(last, fieldValidTo), b.time(last, fieldRecordedTo)
	}
	if e.ValidTo.Before(e.ValidFrom) {
		return spatial.Row{}, &spatial.InvalidError{Rule: "effective_before", Where: fmt.Sprintf("%s %d", b.now.ID, e.Feature),
			Detail: fmt.Sprintf("it would hold from %s on, but what it replaces began to hold at %s", stamp(e.ValidTo), stamp(e.ValidFrom))}
	}
	return b.row(id, previous, e), nil
}
