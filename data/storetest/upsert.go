package storetest

import (
	"errors"
	"iter"
	"testing"

	"wangge/data"
	"wangge/spatial"
)

// stream yields rows, and then an error unless it is nil.
func stream(err error, rows ...spatial.Row) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
		if err != nil {
			yield(spatial.Row{}, err)
		}
	}
}

// testUpsert: rows in any order make a layer, or go into one that is there.
func (k kind) testUpsert(t *testing.T) {
	const many = 3000
	store := k.filled(t)
	state := load(t, store)
	fresh := zooSchema()
	fresh.ID = "fresh"
	var rows []spatial.Row
	for i := range int64(many) {
		rows = append(rows, zooRow(1+(i*7919)%many, square(114, 22, 0.001), spatial.Text("row"), spatial.Int(i)))
	}
	done := 0
	progress := func(layer spatial.LayerID, n int) {
		if layer != "fresh" || n < done {
			t.Errorf("progress goes from %d to %d of %s", done, n, layer)
		}
		done = n
	}
	upsert := func(into *spatial.Schema, p data.Progress, rows ...spatial.Row) {
		t.Helper()
		version, err := store.Upsert(t.Context(), state.Version(), into, stream(nil, rows...), "from a file", p)
		if err != nil {
			t.Fatal(err)
		}
		c := spatial.Change{Base: state.Version(), Layers: []spatial.LayerChange{{Layer: into.ID, Put: rows}}}
		if _, err := state.Layer(into.ID); err != nil {
			c.Create = []*spatial.Schema{into}
		}
		state = apply(t, state, c, version)
		expect(t, store, state)
	}
	upsert(fresh, progress, rows...)
	if done != many {
		t.Errorf("progress ended at %d of %d", done, many)
	}
	before := state
	upsert(fresh, nil, zooRow(many+5, nil), zooRow(2, square(1, 2, 3), spatial.Text("replaced")), zooRow(many+1, nil))
	upsert(gridSchema(), nil, gridRow(2, 7, 18), gridRow(40, 7, 40))
	upsert(gridSchema(), nil)
	since(t, store, before)
}

// testUpsertRefuses: one bad row, or a source that breaks off, and nothing
// was done.
func (k kind) testUpsertRefuses(t *testing.T) {
	store := k.filled(t)
	want := districtSnapshot(t)
	fresh := gridSchema()
	fresh.ID = "fresh"
	upsert := func(base spatial.Version, into *spatial.Schema, rows iter.Seq2[spatial.Row, error]) error {
		_, err := store.Upsert(t.Context(), base, into, rows, "", nil)
		expect(t, store, want)
		return err
	}
	for rule, row := range map[string]spatial.Row{
		"code_digits":          set(gridRow(3, 7, 3), gridCode, spatial.Text("44030300200x01")),
		"code_required":        set(gridRow(3, 7, 3), gridCode, spatial.Null),
		"residents_sum":        set(gridRow(3, 7, 3), gridResidents, spatial.Int(3)),
		"code_unique":          gridRow(3, 7, 31),
		"community_references": gridRow(3, 8, 3),
	} {
		wantInvalid(t, upsert(1, gridSchema(), stream(nil, gridRow(30, 7, 30), gridRow(31, 7, 31), row)), "grids_"+rule)
		wantInvalid(t, upsert(1, fresh, stream(nil, gridRow(30, 7, 30), gridRow(31, 7, 31), row)), "fresh_"+rule)
	}
	wantInvalid(t, upsert(1, gridSchema(), stream(nil, gridRow(3, 7, 18))), "grids_code_unique")
	for _, into := range []*spatial.Schema{gridSchema(), fresh} {
		if err := upsert(1, into, stream(errSource, gridRow(30, 7, 30))); !errors.Is(err, errSource) {
			t.Errorf("a failing source gave %v, want its error", err)
		}
		for _, base := range []spatial.Version{0, 2} {
			if err := upsert(base, into, stream(nil, gridRow(30, 7, 30))); !errors.Is(err, spatial.ErrConflict) {
				t.Errorf("on version %d of a store at 1: %v, want ErrConflict", base, err)
			}
		}
	}
}
