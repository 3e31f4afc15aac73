package data_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

var sites = &spatial.Schema{ID: "sites", Geometry: spatial.Points, Fields: []spatial.Field{{Name: "n", Type: spatial.TypeInt}}}

// memory is a store in memory whose Commit and Load can be made to fail.
type memory struct {
	mu       sync.Mutex
	state    *spatial.Snapshot
	loads    int
	onCommit func(*memory) error // runs before a commit
	lose     error               // returned by Commit after it has committed
	loadErr  error
	skip     spatial.Version // added to every new version
	silent   bool            // Version never answers
}

func newMemory(t testing.TB) *memory {
	t.Helper()
	layer, err := spatial.NewLayer(sites, 1, func(func(spatial.Row, error) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	return &memory{state: spatial.New(1, layer)}
}

func (m *memory) Load(context.Context) (*spatial.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loads++
	return m.state, m.loadErr
}

func (m *memory) Version(ctx context.Context) (spatial.Version, error) {
	m.mu.Lock()
	version, silent := m.state.Version(), m.silent
	m.mu.Unlock()
	if silent {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return version, nil
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
	if err == nil {
		m.state = next
	}
	return err
}

func (m *memory) Fill(context.Context, data.Source, data.Progress) error {
	return errors.ErrUnsupported
}
func (m *memory) Close() error { return nil }

func (m *memory) Since(context.Context, spatial.Version) (spatial.Change, spatial.Version, error) {
	return spatial.Change{}, 0, data.ErrGap
}

func (m *memory) Watch(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}

func (m *memory) Upsert(context.Context, spatial.Version, *spatial.Schema, iter.Seq2[spatial.Row, error], string, data.Progress) (spatial.Version, error) {
	return 0, errors.ErrUnsupported
}

// foreign commits behind the back of whoever holds m.
func (m *memory) foreign(id int64) error {
	c := put(id)
	c.Base = m.state.Version()
	return m.apply(c)
}

func put(id int64) spatial.Change {
	row := spatial.Row{ID: id, Geometry: orb.Point{114, 22.5}, Values: []spatial.Value{spatial.Int(id)}}
	return spatial.Change{Layers: []spatial.LayerChange{{Layer: sites.ID, Put: []spatial.Row{row}}}}
}

func count(t testing.TB, s *spatial.Snapshot) int {
	t.Helper()
	layer, err := s.Layer(sites.ID)
	if err != nil {
		t.Fatal(err)
	}
	return layer.Len()
}

func open(t testing.TB, m *memory) *data.Live {
	t.Helper()
	live, err := data.Open(t.Context(), m, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return live
}

func plan(c spatial.Change) func(*spatial.Snapshot) (spatial.Change, error) {
	return func(*spatial.Snapshot) (spatial.Change, error) { return c, nil }
}

func TestEditPublishesWhatItCommitted(t *testing.T) {
	m := newMemory(t)
	live := open(t, m)
	before := live.Current()
	next, err := live.Edit(t.Context(), plan(put(7)))
	if err != nil {
		t.Fatal(err)
	}
	if live.Current() != next || next.Version() != 2 || count(t, next) != 1 {
		t.Errorf("version %d with %d sites is not what was committed", next.Version(), count(t, next))
	}
	if count(t, before) != 0 {
		t.Error("an old snapshot changed")
	}
	if m.loads != 1 {
		t.Errorf("%d loads for an edit that applies", m.loads)
	}
}

func TestEditWithoutChangeCommitsNothing(t *testing.T) {
	m := newMemory(t)
	live := open(t, m)
	next, err := live.Edit(t.Context(), plan(spatial.Change{Note: "nothing"}))
	if err != nil || next != live.Current() || m.state.Version() != 1 {
		t.Errorf("%v, version %d", err, m.state.Version())
	}
}

func TestEditPlansAgainAfterAConflict(t *testing.T) {
	m := newMemory(t)
	live := open(t, m)
	m.onCommit = func(m *memory) error { m.onCommit = nil; return m.foreign(1) }
	var seen []int
	next, err := live.Edit(t.Context(), func(s *spatial.Snapshot) (spatial.Change, error) {
		seen = append(seen, count(t, s))
		return put(2), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count(t, next) != 2 || len(seen) != 2 || seen[1] != 1 {
		t.Errorf("planned on %v sites, ended with %d", seen, count(t, next))
	}
}

func TestEditGivesUpOnEndlessConflicts(t *testing.T) {
	m := newMemory(t)
	live := open(t, m)
	id, plans := int64(100), 0
	m.onCommit = func(m *memory) error { id++; return m.foreign(id) }
	_, err := live.Edit(t.Context(), func(*spatial.Snapshot) (spatial.Change, error) { plans++; return put(2), nil })
	if !errors.Is(err, spatial.ErrConflict) || plans != 4 {
		t.Errorf("%v after %d plans", err, plans)
	}
}

func TestEditDoesNotRepeatAPlanThatRefuses(t *testing.T) {
	live := open(t, newMemory(t))
	for _, refusal := range []error{spatial.ErrConflict, spatial.ErrNotFound, &spatial.InvalidError{Rule: "x"}} {
		plans := 0
		_, err := live.Edit(t.Context(), func(*spatial.Snapshot) (spatial.Change, error) { plans++; return spatial.Change{}, refusal })
		if !errors.Is(err, refusal) || plans != 1 {
			t.Errorf("%v after %d plans, want %v", err, plans, refusal)
		}
	}
}

func TestCommitOfUnknownOutcomeIsLookedUp(t *testing.T) {
	lost := errors.New("connection lost")
	for _, c := range []struct {
		name      string
		sabotage  func(*memory)
		committed int
	}{
		{"after the commit", func(m *memory) { m.lose = lost }, 1},
		{"before the commit", func(m *memory) { m.onCommit = func(*memory) error { return lost } }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory(t)
			live := open(t, m)
			c.sabotage(m)
			ctx, cancel := context.WithCancel(t.Context())
			_, err := live.Edit(ctx, func(*spatial.Snapshot) (spatial.Change, error) { cancel(); return put(1), nil })
			if !errors.Is(err, lost) {
				t.Fatalf("got %v", err)
			}
			if got := count(t, live.Current()); got != c.committed {
				t.Errorf("current has %d sites, the store %d", got, c.committed)
			}
		})
	}
}

func TestVersionsWithGapsAreLoaded(t *testing.T) {
	m := newMemory(t)
	m.skip = 3
	live := open(t, m)
	next, err := live.Edit(t.Context(), plan(put(1)))
	if err != nil || next.Version() != 5 || m.loads != 2 {
		t.Errorf("%v: version %d after %d loads", err, next.Version(), m.loads)
	}
}

func TestEditWaitingForAnotherCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := open(t, newMemory(t))
		release := make(chan struct{})
		go live.Edit(t.Context(), func(*spatial.Snapshot) (spatial.Change, error) { <-release; return put(1), nil })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := live.Edit(ctx, plan(put(2))); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(release)
		synctest.Wait()
		if count(t, live.Current()) != 1 {
			t.Error("the edit in front was disturbed")
		}
	})
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t)
		live := open(t, m)
		ctx, cancel := context.WithCancel(t.Context())
		go live.Follow(ctx)

		pass := func(change func()) {
			m.mu.Lock()
			change()
			m.mu.Unlock()
			time.Sleep(3 * time.Second)
			synctest.Wait()
		}
		pass(func() { _ = m.foreign(1) })
		if count(t, live.Current()) != 1 || live.Fault() != nil {
			t.Errorf("the other program's commit is not current: %v", live.Fault())
		}
		pass(func() { m.loadErr = errors.New("disk"); _ = m.foreign(2) })
		if count(t, live.Current()) != 1 || live.Fault() == nil {
			t.Errorf("a failed load must keep the old snapshot and be told, got %v", live.Fault())
		}
		pass(func() { m.loadErr = nil })
		if count(t, live.Current()) != 2 || live.Fault() != nil {
			t.Errorf("no recovery: %v", live.Fault())
		}
		cancel()
	})
}

// TestFollowTellsOfASilentStore: a store that does not answer, such as one
// behind a dead connection, is a fault, and its return is seen.
func TestFollowTellsOfASilentStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t)
		live := open(t, m)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		m.silent = true
		go live.Follow(ctx)
		time.Sleep(20 * time.Second)
		if !errors.Is(live.Fault(), context.DeadlineExceeded) {
			t.Errorf("a silent store: %v", live.Fault())
		}
		m.mu.Lock()
		m.silent = false
		m.mu.Unlock()
		time.Sleep(3 * time.Second)
		if live.Fault() != nil {
			t.Errorf("no recovery: %v", live.Fault())
		}
	})
}

// Readers, writers and a follower together, for the race detector; every
// edit must be in the end state.
func TestConcurrentEdits(t *testing.T) {
	m := newMemory(t)
	live := open(t, m)
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for last := spatial.Version(0); ; {
				select {
				case <-done:
					return
				default:
				}
				s := live.Current()
				if s.Version() < last || int(s.Version()) != count(t, s)+1 {
					t.Errorf("version %d after %d holds %d sites", s.Version(), last, count(t, s))
					return
				}
				last = s.Version()
			}
		})
	}
	for w := range int64(4) {
		writers.Go(func() {
			for i := range int64(25) {
				if _, err := live.Edit(t.Context(), plan(put(1+w*100+i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if count(t, live.Current()) != 100 {
		t.Errorf("%d of 100 edits arrived", count(t, live.Current()))
	}
}
