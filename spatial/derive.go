package spatial

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// Derive is what build computes from the named layers of a snapshot: an
// index, a graph, a partition. It is built once, whoever asks first, and
// handed on to later snapshots for as long as those layers are untouched, so
// build may read nothing else. Its type T tells derivations of the same
// layers apart. An error is kept like a result, and so is a panic.
func Derive[T any](s *Snapshot, layers []LayerID, build func(*Snapshot) (T, error)) (T, error) {
	for _, id := range layers {
		if s.index(id) < 0 {
			var none T
			return none, fmt.Errorf("derive %T: layer %q: %w", none, id, ErrNotFound)
		}
	}
	key := derivationKey{reflect.TypeFor[T](), s.names(layers)}
	d := s.derived.find(key, layers, s.versionOf, func() (any, error) { return build(s) })
	value, err := d.build()
	built, _ := value.(T) // T may be an interface, and nil
	return built, err
}

// names tells lists of layers apart, and masked layers from others.
func (s *Snapshot) names(layers []LayerID) string {
	name := fmt.Sprint(layers)
	for i, id := range layers {
		if s.layers[s.index(id)].masked {
			name += fmt.Sprintf("~%d", i)
		}
	}
	return name
}

// derivations are those asked of a snapshot so far.
type derivations struct {
	mu    sync.Mutex
	known map[derivationKey]*derivation
}

type derivationKey struct {
	of     reflect.Type
	layers string
}

type derivation struct {
	layers   []LayerID
	versions []Version
	build    func() (any, error) // builds once and gives the same ever after
}

func newDerivations() *derivations { return &derivations{known: map[derivationKey]*derivation{}} }

func (d *derivations) find(key derivationKey, layers []LayerID, versionOf func(LayerID) Version, build func() (any, error)) *derivation {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.known[key]
	if !ok {
		found = &derivation{layers: slices.Clone(layers), build: sync.OnceValues(build)}
		for _, id := range layers {
			found.versions = append(found.versions, versionOf(id))
		}
		d.known[key] = found
	}
	return found
}

// carry keeps what was derived from layers that still have their versions.
func (d *derivations) carry(versionOf func(LayerID) Version) *derivations {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := newDerivations()
	for key, old := range d.known {
		if old.fits(versionOf) {
			next.known[key] = old
		}
	}
	return next
}

func (d *derivation) fits(versionOf func(LayerID) Version) bool {
	for i, id := range d.layers {
		if versionOf(id) != d.versions[i] {
			return false
		}
	}
	return true
}
