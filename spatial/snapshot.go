package spatial

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

// Version numbers the states of a store in the order of their commits,
// starting from 1.
type Version int64

// Snapshot is the state of all layers at one version. It never changes;
// [Snapshot.Apply] makes the next one and shares with it all that is alike.
type Snapshot struct {
	version Version
	layers  []*Layer
	derived *derivations
}

// New is a snapshot of layers, in the order they are to be listed.
func New(version Version, layers ...*Layer) *Snapshot {
	return &Snapshot{version: version, layers: slices.Clone(layers), derived: newDerivations()}
}

// Version names the state.
func (s *Snapshot) Version() Version { return s.version }

// Layers yields the layers in listing order.
func (s *Snapshot) Layers() iter.Seq[*Layer] { return slices.Values(s.layers) }

// Layer finds a layer; the error is [ErrNotFound].
func (s *Snapshot) Layer(id LayerID) (*Layer, error) {
	if i := s.index(id); i >= 0 {
		return s.layers[i], nil
	}
	return nil, fmt.Errorf("layer %q: %w", id, ErrNotFound)
}

func (s *Snapshot) index(id LayerID) int {
	return slices.IndexFunc(s.layers, func(l *Layer) bool { return l.ID() == id })
}

// Published is the snapshot without internal layers. It shares what is derived.
func (s *Snapshot) Published() *Snapshot {
	layers := slices.DeleteFunc(slices.Clone(s.layers), func(l *Layer) bool { return l.schema.Internal })
	return &Snapshot{version: s.version, layers: layers, derived: s.derived}
}

// With is the snapshot with other layers in place of those of their ids, at
// the same version. It shares nothing that is derived from those.
func (s *Snapshot) With(layers ...*Layer) *Snapshot {
	next := &Snapshot{version: s.version, layers: slices.Clone(s.layers)}
	for _, layer := range layers {
		if i := next.index(layer.ID()); i >= 0 {
			next.layers[i] = layer
		}
	}
	next.derived = s.derived.carry(func(id LayerID) Version {
		if i := next.index(id); i < 0 || next.layers[i] != s.layers[i] {
			return -1
		}
		return next.versionOf(id)
	})
	return next
}

// Synthetic says whether any layer is generated rather than surveyed.
func (s *Snapshot) Synthetic() bool {
	return slices.ContainsFunc(s.layers, func(l *Layer) bool { return l.schema.Synthetic })
}

// Change is a set of edits that become visible together. It is planned on a
// snapshot, whose version is its Base, and refused by a store that has moved
// on.
type Change struct {
	Base   Version
	Create []*Schema     // new layers, empty until Layers fills them
	Drop   []LayerID     // layers to remove, with all their rows
	Layers []LayerChange // at most one for each layer
	Note   string        // why, for the change log

	Effective  time.Time // since when the result holds in the world; zero: since the commit
	Adjustment int64     // the adjustment that makes it, 0 for none
}

// LayerChange is the part of a change in one layer.
type LayerChange struct {
	Layer  LayerID
	Put    []Row   // inserted, or replacing the row of the same id whole
	Delete []int64 // ids that must exist
}

// Validate refuses a change that names a layer, or a row of a layer, twice:
// what should become of it would depend on the order.
func (c Change) Validate() error {
	seen := map[LayerID]bool{}
	for _, l := range c.Layers {
		if seen[l.Layer] {
			return &InvalidError{Rule: "layer_once", Where: string(l.Layer), Detail: "the layer stands twice in one change"}
		}
		seen[l.Layer] = true
		if id, twice := l.repeated(); twice {
			return &InvalidError{Rule: "row_once", Where: fmt.Sprintf("%s %d", l.Layer, id), Detail: "the row stands twice in one change"}
		}
	}
	return nil
}

func (c LayerChange) repeated() (int64, bool) {
	seen := make(map[int64]bool, len(c.Put)+len(c.Delete))
	for i := range c.Put {
		if id := c.Put[i].ID; seen[id] {
			return id, true
		}
		seen[c.Put[i].ID] = true
	}
	for _, id := range c.Delete {
		if seen[id] {
			return id, true
		}
		seen[id] = true
	}
	return 0, false
}

// Apply is the snapshot after a change, at the version its commit was given.
// The receiver is untouched. One goroutine at a time may apply changes to
// snapshots that descend from each other; readers need not wait. Cost: that
// of the chunks and index pages the rows fall into, about 0.1 ms for one row
// whatever the size of the layer, and 2 µs a row where neighbours change
// together. Rows scattered over all chunks have the whole layer written anew,
// as long as loading it takes: 42,336 among 4.2 million, 2 s.
func (s *Snapshot) Apply(c Change, version Version) (*Snapshot, error) {
	if c.Base != s.version {
		return nil, fmt.Errorf("apply a change planned on version %d to version %d: %w", c.Base, s.version, ErrConflict)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	next := &Snapshot{version: version, layers: slices.Clone(s.layers)}
	for _, id := range c.Drop {
		if err := next.drop(id); err != nil {
			return nil, err
		}
	}
	for _, schema := range c.Create {
		if err := next.create(schema); err != nil {
			return nil, err
		}
	}
	for _, change := range c.Layers {
		if err := next.applyLayer(change); err != nil {
			return nil, fmt.Errorf("apply to %s: %w", change.Layer, err)
		}
	}
	next.derived = s.derived.carry(next.versionOf)
	return next, nil
}

func (s *Snapshot) create(schema *Schema) error {
	if s.index(schema.ID) >= 0 {
		return fmt.Errorf("create layer %s: it exists: %w", schema.ID, ErrConflict)
	}
	layer, err := NewLayer(schema, s.version, func(func(Row, error) bool) {})
	if err != nil {
		return err
	}
	s.layers = append(s.layers, layer)
	return nil
}

func (s *Snapshot) drop(id LayerID) error {
	i := s.index(id)
	if i < 0 {
		return fmt.Errorf("drop layer %q: %w", id, ErrNotFound)
	}
	s.layers = slices.Delete(s.layers, i, i+1)
	return nil
}

func (s *Snapshot) applyLayer(c LayerChange) error {
	i := s.index(c.Layer)
	if i < 0 {
		return fmt.Errorf("layer %q: %w", c.Layer, ErrNotFound)
	}
	next, err := s.layers[i].apply(c, s.version)
	if err != nil {
		return err
	}
	s.layers[i] = next
	return nil
}

// versionOf is the version of a layer, 0 if there is none.
func (s *Snapshot) versionOf(id LayerID) Version {
	if i := s.index(id); i >= 0 {
		return s.layers[i].version
	}
	return 0
}
