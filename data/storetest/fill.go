package storetest

import (
	"errors"
	"iter"
	"maps"
	"testing"

	"wangge/spatial"
)

func (k kind) testEmpty(t *testing.T) {
	store := k.empty(t)
	expect(t, store, spatial.New(0))
	version := commit(t, store, spatial.Change{Create: []*spatial.Schema{figureSchema()}, Note: "the first"})
	if version != 1 {
		t.Errorf("the first commit made version %d, want 1", version)
	}
}

func (k kind) testFill(t *testing.T) {
	store := k.empty(t)
	done := map[spatial.LayerID]int{}
	progress := func(layer spatial.LayerID, n int) { done[layer] = n }
	if err := store.Fill(t.Context(), district(), progress); err != nil {
		t.Fatal(err)
	}
	expect(t, store, districtSnapshot(t))
	for id, rows := range district().rows {
		if done[id] != len(rows) {
			t.Errorf("progress ended at %d of %s, want %d", done[id], id, len(rows))
		}
	}
}

func districtSnapshot(t *testing.T) *spatial.Snapshot {
	t.Helper()
	want, err := district().snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// failing yields one row of a layer and then an error.
type failing struct {
	source
	layer spatial.LayerID
}

var errSource = errors.New("the source broke off")

func (f failing) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	if id != f.layer {
		return f.source.Rows(id)
	}
	return func(yield func(spatial.Row, error) bool) {
		if yield(f.rows[id][0], nil) {
			yield(spatial.Row{}, errSource)
		}
	}
}

func (k kind) testFillRefuses(t *testing.T) {
	store := k.empty(t)
	with := func(layer spatial.LayerID, rows ...spatial.Row) source {
		s := district()
		s.rows = maps.Clone(s.rows)
		s.rows[layer] = rows
		return s
	}
	if err := store.Fill(t.Context(), failing{district(), "zoo"}, nil); !errors.Is(err, errSource) {
		t.Errorf("a failing source gave %v, want its error", err)
	}
	expect(t, store, spatial.New(0))
	for rule, from := range map[string]source{
		"grids_code_digits":          with("grids", set(gridRow(1, 7, 1), gridCode, spatial.Text("44030300200x01"))),
		"grids_code_unique":          with("grids", gridRow(1, 7, 1), gridRow(2, 7, 1)),
		"grids_community_references": with("grids", gridRow(1, 8, 1)),
		"communities_geom_kind":      with("communities", spatial.Row{ID: 1, Geometry: geometries()[1], Values: district().rows["communities"][0].Values}),
	} {
		wantInvalid(t, store.Fill(t.Context(), from, nil), rule)
		expect(t, store, spatial.New(0))
	}
	if err := store.Fill(t.Context(), with("grids", gridRow(2, 7, 1), gridRow(1, 7, 2)), nil); err == nil {
		t.Error("rows out of order were filled in")
	}
	expect(t, store, spatial.New(0))
	fill(t, store, district())
	if err := store.Fill(t.Context(), district(), nil); err == nil {
		t.Error("a store that is not empty was filled")
	}
	expect(t, store, districtSnapshot(t))
}

func (k kind) testReopen(t *testing.T) {
	place := k.Fresh(t)
	store, err := k.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, store, district())
	version := commit(t, store, spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: "figures", Delete: []int64{3}}}})
	want := load(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	again := k.at(t, place)
	expect(t, again, want)
	if version != 2 {
		t.Errorf("version %d, want 2", version)
	}
}

// testManyRows crosses the sizes of chunks, batches and parameter lists.
func (k kind) testManyRows(t *testing.T) {
	const n = 5000
	schema := zooSchema()
	var rows []spatial.Row
	for id := range int64(n) {
		rows = append(rows, zooRow(id+1, square(114, 22, 0.001), spatial.Text("row"), spatial.Int(id)))
	}
	store := k.empty(t)
	fill(t, store, source{[]*spatial.Schema{schema}, map[spatial.LayerID][]spatial.Row{"zoo": rows[:n/2]}})
	state := load(t, store)
	c := spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: "zoo", Put: rows[n/4:]}}}
	for id := range int64(n / 4) {
		c.Layers[0].Delete = append(c.Layers[0].Delete, id+1)
	}
	state = apply(t, state, c, commit(t, store, c))
	expect(t, store, state)
}
