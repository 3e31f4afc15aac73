package data_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

var sites = &spatial.Schema{ID: "sites", Geometry: spatial.Points, Fields: []spatial.Field{{Name: "n", Type: spatial.TypeInt}}}

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

var quiet = slog.New(slog.DiscardHandler)

func open(t testing.TB, m *memory) *data.Live {
	t.Helper()
	live, err := data.Open(t.Context(), m, quiet)
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

func TestVersionsMayHaveGaps(t *testing.T) {
	m := newMemory(t)
	m.skip = 3
	live := open(t, m)
	next, err := live.Edit(t.Context(), plan(put(1)))
	if err != nil || next.Version() != 5 || count(t, next) != 1 || m.loads != 1 {
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
		pass(func() { m.loadErr, m.gap = errors.New("disk of 10.0.0.7"), true; _ = m.foreign(2) })
		if count(t, live.Current()) != 1 || live.Fault() == nil {
			t.Errorf("a failed load must keep the old snapshot and be told, got %v", live.Fault())
		}
		if fault := live.Fault(); !errors.Is(fault, m.loadErr) || strings.Contains(fault.Error(), "10.0.0.7") {
			t.Errorf("the fault is for strangers, its cause for the log: %v", fault)
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
