package storetest

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/data"
	"wangge/spatial"
)

func load(t *testing.T, store data.Store) *spatial.Snapshot {
	t.Helper()
	s, err := store.Load(t.Context())
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return s
}

func fill(t *testing.T, store data.Store, from data.Source) {
	t.Helper()
	if err := store.Fill(t.Context(), from, nil); err != nil {
		t.Fatalf("fill: %v", err)
	}
}

func commit(t *testing.T, store data.Store, c spatial.Change) spatial.Version {
	t.Helper()
	version, err := store.Commit(t.Context(), c)
	if err != nil {
		t.Fatalf("commit on version %d: %v", c.Base, err)
	}
	return version
}

// apply is what the state must be after a commit.
func apply(t *testing.T, s *spatial.Snapshot, c spatial.Change, version spatial.Version) *spatial.Snapshot {
	t.Helper()
	next, err := s.Apply(c, version)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	return next
}

// expect loads the store and compares it, bit for bit, with what it must
// hold.
func expect(t *testing.T, store data.Store, want *spatial.Snapshot) {
	t.Helper()
	version, err := store.Version(t.Context())
	if err != nil {
		t.Fatalf("version: %v", err)
	}
	if version != want.Version() {
		t.Errorf("version %d, want %d", version, want.Version())
	}
	compare(t, load(t, store), want)
}

func compare(t *testing.T, got, want *spatial.Snapshot) {
	t.Helper()
	if got.Version() != want.Version() {
		t.Errorf("loaded version %d, want %d", got.Version(), want.Version())
	}
	if g, w := layerIDs(got), layerIDs(want); !slices.Equal(g, w) {
		t.Fatalf("layers %v, want %v", g, w)
	}
	for w := range want.Layers() {
		g, err := got.Layer(w.ID())
		if err != nil {
			t.Fatal(err)
		}
		compareLayer(t, g, w)
	}
}

func layerIDs(s *spatial.Snapshot) []spatial.LayerID {
	var ids []spatial.LayerID
	for l := range s.Layers() {
		ids = append(ids, l.ID())
	}
	return ids
}

func compareLayer(t *testing.T, got, want *spatial.Layer) {
	t.Helper()
	if !reflect.DeepEqual(got.Schema(), want.Schema()) {
		t.Errorf("schema of %s is\n%+v, want\n%+v", want.ID(), got.Schema(), want.Schema())
	}
	if got.Version() != want.Version() {
		t.Errorf("layer %s is at version %d, want %d", want.ID(), got.Version(), want.Version())
	}
	compareRows(t, got, want)
}

func compareRows(t *testing.T, got, want *spatial.Layer) {
	t.Helper()
	if got.Len() != want.Len() {
		t.Errorf("layer %s has %d rows, want %d", want.ID(), got.Len(), want.Len())
	}
	for f := range want.All() {
		g, err := got.Feature(f.ID())
		if err != nil {
			t.Error(err)
			continue
		}
		compareRow(t, want.Schema(), g.Row(), f.Row())
	}
}

func compareRow(t *testing.T, schema *spatial.Schema, got, want spatial.Row) {
	t.Helper()
	if !sameGeometry(got.Geometry, want.Geometry) {
		t.Errorf("%s %d: geometry %v, want %v", schema.ID, want.ID, got.Geometry, want.Geometry)
	}
	for i := range schema.Fields {
		if got.Values[i] != want.Values[i] {
			t.Errorf("%s %d: %s is %q (%v), want %q (%v)", schema.ID, want.ID, schema.Fields[i].Name,
				got.Values[i], got.Values[i].Type(), want.Values[i], want.Values[i].Type())
		}
	}
}

// sameGeometry compares kind, parts and the bits of every coordinate.
func sameGeometry(a, b orb.Geometry) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return bytes.Equal(wkb.MustMarshal(a), wkb.MustMarshal(b))
}
