// Package luohutest gives tests the reference dataset in memory.
//
// It makes it once for each test binary, when the first test asks for it. It
// knows nothing about stores and about who tests what.
//
// Invariant: every caller gets the same snapshot, at version 1, which nobody can
// change.
package luohutest

import (
	"sync"
	"testing"

	"wangge/data/luohu"
	"wangge/spatial"
)

// Dataset is the reference dataset at its own size.
func Dataset(t testing.TB) *luohu.Dataset {
	t.Helper()
	set, err := dataset()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Snapshot is the snapshot of the reference dataset.
func Snapshot(t testing.TB) *spatial.Snapshot {
	t.Helper()
	s, err := snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Layer is a layer of the reference dataset.
func Layer(t testing.TB, id spatial.LayerID) *spatial.Layer {
	t.Helper()
	layer, err := Snapshot(t).Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

var dataset = sync.OnceValues(func() (*luohu.Dataset, error) { return luohu.Generate(1, nil) })

var snapshot = sync.OnceValues(func() (*spatial.Snapshot, error) {
	set, err := dataset()
	if err != nil {
		return nil, err
	}
	var layers []*spatial.Layer
	for _, schema := range set.Schemas() {
		layer, err := spatial.NewLayer(schema, 1, set.Rows(schema.ID))
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return spatial.New(1, layers...), nil
})
