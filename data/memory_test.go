package data_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"

	"wangge/data"
	"wangge/spatial"
)

// memory is a store in memory that can be made to fail. Its log reaches back
// to the beginning.
type memory struct {
	mu       sync.Mutex
	state    *spatial.Snapshot
	log      []logged
	wake     func()
	loads    int
	sinces   int
	onCommit func(*memory) error // runs before a commit
	lose     error               // returned by Commit after it has committed
	loadErr  error
	gap      bool            // Since does not reach back
	skip     spatial.Version // added to every new version
	silent   bool            // nothing is answered
}

type logged struct {
	version spatial.Version
	change  spatial.Change
}

func newMemory(t testing.TB) *memory {
	t.Helper()
	layer, err := spatial.NewLayer(sites, 1, func(func(spatial.Row, error) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	return &memory{state: spatial.New(1, layer)}
}

func (m *memory) Load(ctx context.Context) (*spatial.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.answer(ctx); err != nil {
		return nil, err
	}
	m.loads++
	return ownCopy(m.state), m.loadErr
}

// ownCopy is a state for one reader alone, as every store loads it: only one
// may apply changes to snapshots that descend from each other.
func ownCopy(s *spatial.Snapshot) *spatial.Snapshot {
	var layers []*spatial.Layer
	for l := range s.Layers() {
		layer, err := spatial.NewLayer(l.Schema(), l.Version(), func(yield func(spatial.Row, error) bool) {
			for f := range l.All() {
				if !yield(f.Row(), nil) {
					return
				}
			}
		})
		if err != nil {
			panic(err) // they were rows of a layer
		}
		layers = append(layers, layer)
	}
	return spatial.New(s.Version(), layers...)
}

// answer waits for the end of ctx if the store is silent.
func (m *memory) answer(ctx context.Context) error {
	if !m.silent {
		return nil
	}
	m.mu.Unlock()
	<-ctx.Done()
	m.mu.Lock()
	return ctx.Err()
}

func (m *memory) Version(ctx context.Context) (spatial.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.Version(), m.answer(ctx)
}

// now is the state, while others may be writing.
func (m *memory) now() *spatial.Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

func (m *memory) Commit(_ context.Context, c spatial.Change) (spatial.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.onCommit != nil {
		if err := m.onCommit(m); err != nil {
			return 0, err
		}
	}
	if err := m.apply(c); err != nil {
		return 0, err
	}
	return m.state.Version(), m.lose
}

func (m *memory) apply(c spatial.Change) error {
	next, err := m.state.Apply(c, m.state.Version()+1+m.skip)
	if err != nil {
		return err
	}
	m.state = next
	m.log = append(m.log, logged{next.Version(), c})
	if m.wake != nil {
		m.wake()
	}
	return nil
}

func (m *memory) Since(_ context.Context, base spatial.Version) (spatial.Change, spatial.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sinces++
	c := spatial.Change{Base: base}
	if m.gap || base > m.state.Version() {
		return c, 0, data.ErrGap
	}
	touched := map[spatial.LayerID]map[int64]bool{}
	for _, entry := range m.log {
		if entry.version > base {
			entry.note(touched)
		}
	}
	for id, rows := range touched {
		c.Layers = append(c.Layers, m.rowsNow(id, rows))
	}
	return c, m.state.Version(), nil
}

func (e logged) note(touched map[spatial.LayerID]map[int64]bool) {
	for _, change := range e.change.Layers {
		if touched[change.Layer] == nil {
			touched[change.Layer] = map[int64]bool{}
		}
		for _, row := range change.Put {
			touched[change.Layer][row.ID] = true
		}
		for _, id := range change.Delete {
			touched[change.Layer][id] = true
		}
	}
}

func (m *memory) rowsNow(id spatial.LayerID, rows map[int64]bool) spatial.LayerChange {
	c := spatial.LayerChange{Layer: id}
	layer, _ := m.state.Layer(id)
	for row := range rows {
		if f, err := layer.Feature(row); err == nil {
			c.Put = append(c.Put, f.Row())
		} else {
			c.Delete = append(c.Delete, row)
		}
	}
	return c
}

func (m *memory) Watch(ctx context.Context, wake func()) error {
	m.mu.Lock()
	m.wake = wake
	m.mu.Unlock()
	<-ctx.Done()
	return nil
}

func (m *memory) Fill(context.Context, data.Source, data.Progress) error {
	return errors.ErrUnsupported
}
func (m *memory) Close() error { return nil }

func (m *memory) Upsert(context.Context, spatial.Version, *spatial.Schema, iter.Seq2[spatial.Row, error], string, data.Progress) (spatial.Version, error) {
	return 0, errors.ErrUnsupported
}
