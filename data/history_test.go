package data_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/history"
)

func kept(t *testing.T, s *spatial.Snapshot, of spatial.LayerID) int {
	t.Helper()
	layer, err := s.Layer(history.LayerOf(of))
	if err != nil {
		return 0
	}
	return layer.Len()
}

func feature(t *testing.T, s *spatial.Snapshot, layer spatial.LayerID, id int64) spatial.Feature {
	t.Helper()
	l, err := s.Layer(layer)
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.Feature(id)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// recoded is a plot with a code of its own.
func recoded(id int64, estate, code string) spatial.Row {
	row := plot(id, estate, 0, 0)
	row.Values[0] = spatial.Text(code)
	return row
}

func openAt(t *testing.T, m *memory, now func() time.Time) *data.Live {
	t.Helper()
	live, err := data.OpenWithClock(t.Context(), m, now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return live
}

func edit(t *testing.T, live *data.Live, changes ...spatial.LayerChange) *spatial.Snapshot {
	t.Helper()
	s, err := live.Edit(t.Context(), plan(spatial.Change{Layers: changes}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEditKeepsWhatItReplaces(t *testing.T) {
	now := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	m := parcelled(t)
	live := openAt(t, m, func() time.Time { return now })
	s := edit(t, live, rows("plots", recoded(1, "e1", "new")))
	if m.now().Version() != s.Version() || kept(t, m.now(), "plots") != 1 || len(m.log) != 2 {
		t.Errorf("the store is at version %d, with %d rows kept", m.now().Version(), kept(t, m.now(), "plots"))
	}
	e := history.Of(s, "plots", 1)
	if len(e) != 1 || !e[0].RecordedTo.Equal(now) || e[0].Row.Values[0] != spatial.Text("p1") {
		t.Fatalf("kept are %v", e)
	}
	then, err := live.At(live.Current(), now.Add(-time.Second), time.Time{})
	if err != nil || feature(t, then, "plots", 1).Code() != "p1" || feature(t, live.Current(), "plots", 1).Code() != "new" {
		t.Errorf("the code is not what it was: %v", err)
	}
	if _, err := live.Edit(t.Context(), plan(spatial.Change{Effective: now.Add(-time.Hour), Layers: []spatial.LayerChange{rows("plots", recoded(1, "e1", "p1"))}})); err == nil {
		t.Error("a change that begins before what it replaces was committed")
	}
}

func TestForeignCommitsAreKeptOnce(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		if err := live.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		others := []*data.Live{open(t, m), open(t, m)}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		for _, other := range others {
			go other.Follow(ctx)
		}
		settle()
		m.commits(t, rows("plots", recoded(1, "e1", "a")))
		m.commits(t, rows("plots", recoded(2, "e1", "b")), rows(sites.ID, site(1, 114)))
		time.Sleep(5 * time.Second)
		if n := kept(t, m.now(), "plots"); n != 2 {
			t.Errorf("%d rows are kept", n)
		}
		for _, l := range append(others, live) {
			if l.Fault() != nil || l.Current().Version() != m.now().Version() {
				t.Errorf("a replica is at %d: %v", l.Current().Version(), l.Fault())
			}
		}
		if faults := data.Check(m.now()).Faults; len(faults) > 0 {
			t.Error(faults)
		}
	})
}

// TestForeignEditsBesideOurs checks that an edit of one replica, which keeps
// what it replaces, is not kept again by another.
func TestForeignEditsBesideOurs(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		other := open(t, m)
		edit(t, other, rows("plots", recoded(1, "e1", "a")))
		settle()
		edit(t, other, rows("plots", recoded(1, "e1", "b")))
		settle()
		if n := kept(t, live.Current(), "plots"); n != 2 || live.Current().Version() != m.now().Version() {
			t.Errorf("%d rows are kept, at version %d of %d", n, live.Current().Version(), m.now().Version())
		}
	})
}

func TestForeignFiguresAreNotKept(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		row := plot(1, "e1", 0, 0)
		row.Values[2] = spatial.Int(99)
		m.commits(t, rows("plots", row))
		version := m.now().Version()
		settle()
		if m.now().Version() != version || live.Current().Version() != version {
			t.Errorf("the store went from %d to %d", version, m.now().Version())
		}
	})
}

func TestInternalLayersAreNotTold(t *testing.T) {
	m := parcelled(t)
	live := open(t, m)
	secrets := &spatial.Schema{ID: "secrets", Internal: true, Fields: sites.Fields}
	last := next(t, live, data.Event{})
	if err := live.Prepare(t.Context(), secrets); err != nil {
		t.Fatal(err)
	}
	made := next(t, live, last)
	if made.All || len(made.Touched) != 0 || made.Version <= last.Version {
		t.Errorf("the making of internal layers is told: %+v", made)
	}
	edit(t, live, spatial.LayerChange{Layer: "secrets", Put: []spatial.Row{{ID: 1, Values: []spatial.Value{spatial.Int(1)}}}},
		rows("plots", recoded(1, "e1", "a")))
	if told := next(t, live, made); told.All || len(told.Touched) != 1 || told.Touched[0].Layer != "plots" {
		t.Errorf("told is %+v", told)
	}
	version := live.Current().Version()
	if err := live.Prepare(t.Context(), secrets); err != nil || live.Current().Version() != version {
		t.Errorf("what is there was made again: %v", err)
	}
}

func TestPastStatesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := parcelled(t)
		live := open(t, m)
		before := time.Now().Add(-time.Hour)
		edit(t, live, rows("plots", recoded(1, "e1", "a")))
		at := func(when time.Time) *spatial.Snapshot {
			s, err := live.At(live.Current(), when, time.Time{})
			if err != nil {
				t.Error(err)
			}
			return s
		}
		first := at(before)
		var asking sync.WaitGroup
		for range 8 {
			asking.Go(func() {
				if at(before.In(time.FixedZone("", 8*3600))) != first {
					t.Error("a state was made twice")
				}
			})
		}
		asking.Wait()
		if at(time.Now()) != live.Current() || at(time.Time{}) != live.Current() {
			t.Error("the state of now is another one")
		}
		for n := range 8 {
			at(before.Add(time.Duration(n+1) * time.Second))
		}
		if at(before) == first {
			t.Error("a state is kept for ever")
		}
		edit(t, live, rows("plots", recoded(1, "e1", "b")))
		if at(before).Version() != live.Current().Version() {
			t.Error("an old snapshot's past is given")
		}
	})
}

// TestPastStatesKeepTheRules moves boundaries at random, of estates with them
// or of plots alone, and proves the state of every date.
func TestPastStatesKeepTheRules(t *testing.T) {
	now := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	start := now
	random := rand.New(rand.NewPCG(1, 4))
	live := openAt(t, parcelled(t), func() time.Time { return now })
	states := []*spatial.Snapshot{live.Current()}
	for range 30 {
		now = now.Add(time.Hour)
		by := exact(float64(random.IntN(900)) * 1e-6)
		changes := []spatial.LayerChange{rows("plots", shifted(by)...), estateWith(t, nil, by)}
		if random.IntN(3) == 0 {
			changes = []spatial.LayerChange{rows("plots", recoded(3, "e2", "p3"+string(rune('a'+random.IntN(9)))))}
		}
		states = append(states, edit(t, live, changes...))
	}
	for i, state := range states {
		then, err := live.At(live.Current(), start.Add(time.Duration(i)*time.Hour), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if faults := data.Check(then).Faults; len(faults) > 0 {
			t.Fatalf("state %d: %v", i, faults)
		}
		for _, id := range []spatial.LayerID{"plots", "estates"} {
			wantSame(t, state, then, id)
		}
	}
}

func wantSame(t *testing.T, want, got *spatial.Snapshot, id spatial.LayerID) {
	t.Helper()
	a, _ := want.Layer(id)
	b, _ := got.Layer(id)
	rows := func(l *spatial.Layer) (rows []spatial.Row) {
		for f := range l.All() {
			rows = append(rows, f.Row())
		}
		return rows
	}
	same := func(a, b spatial.Row) bool {
		return a.ID == b.ID && slices.Equal(a.Values, b.Values) && orb.Equal(a.Geometry, b.Geometry)
	}
	if !slices.EqualFunc(rows(a), rows(b), same) {
		t.Errorf("%s are %v, want %v", id, rows(b), rows(a))
	}
}

func TestWithInternal(t *testing.T) {
	secrets := &spatial.Schema{ID: "secrets", Internal: true}
	source := data.WithInternal(two{}, secrets)
	var ids []spatial.LayerID
	for _, s := range source.Schemas() {
		ids = append(ids, s.ID)
		for range source.Rows(s.ID) {
			t.Errorf("a row in %s", s.ID)
		}
	}
	if want := []spatial.LayerID{"estates", "plots", "estates_history", "plots_history", "secrets"}; !slices.Equal(ids, want) {
		t.Errorf("the layers are %v, want %v", ids, want)
	}
}

// two is a source of two empty layers.
type two struct{}

func (two) Schemas() []*spatial.Schema { return []*spatial.Schema{estates, plots} }

func (two) Rows(spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(func(spatial.Row, error) bool) {}
}
