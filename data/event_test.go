package data_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

func next(t *testing.T, live *data.Live, last data.Event) data.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	event, err := live.Next(ctx, last)
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func site(id int64, lon float64) spatial.Row {
	return spatial.Row{ID: id, Geometry: orb.Point{lon, 22.5}, Values: []spatial.Value{spatial.Int(id)}}
}

func TestNextTellsWhatChanged(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		first := next(t, live, data.Event{})
		if !first.All || first.Version != live.Current().Version() || first.Behind {
			t.Errorf("the first event is %+v", first)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := live.Next(ctx, first); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an event out of nothing: %v", err)
		}
		m.commits(t, rows(sites.ID, site(1, 114), site(2, 115)))
		second := next(t, live, first)
		wantTouched(t, second, sites.ID, orb.Point{114, 22.5}, orb.Point{115, 22.5})
		m.commits(t, rows(sites.ID, site(1, 116)))
		third := next(t, live, second)
		wantTouched(t, third, sites.ID, orb.Point{114, 22.5}, orb.Point{116, 22.5})
		if n := len(third.Touched[0].Bounds); n != 2 {
			t.Errorf("%d boxes for a point that moved", n)
		}
		wantTouched(t, next(t, live, first), sites.ID, orb.Point{114, 22.5}, orb.Point{115, 22.5}, orb.Point{116, 22.5})
		if _, err := live.Edit(t.Context(), plan(put(9))); err != nil {
			t.Fatal(err)
		}
		wantTouched(t, next(t, live, third), sites.ID, orb.Point{114, 22.5})
		if old := next(t, live, data.Event{Version: 77}); !old.All {
			t.Errorf("an event of another run: %+v", old)
		}
	})
}

func wantTouched(t *testing.T, e data.Event, layer spatial.LayerID, at ...orb.Point) {
	t.Helper()
	if e.All || len(e.Touched) != 1 || e.Touched[0].Layer != layer {
		t.Fatalf("touched %+v", e)
	}
	for _, p := range at {
		found := false
		for _, b := range e.Touched[0].Bounds {
			found = found || b.Contains(p)
		}
		if !found {
			t.Errorf("%v is in none of %v", p, e.Touched[0].Bounds)
		}
	}
}

// Many changes are one event of few boxes; more than are remembered are all.
func TestNextMergesAndForgets(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		first := next(t, live, data.Event{})
		var many []spatial.Row
		for id := range int64(5000) {
			many = append(many, site(id+1, float64(id)/100))
		}
		m.commits(t, rows(sites.ID, many...))
		event := next(t, live, first)
		wantTouched(t, event, sites.ID, orb.Point{0, 22.5}, orb.Point{49.99, 22.5}, orb.Point{25, 22.5})
		if n := len(event.Touched[0].Bounds); n > 16 {
			t.Errorf("%d boxes", n)
		}
		for id := range int64(300) {
			if _, err := live.Edit(t.Context(), plan(put(id+1))); err != nil {
				t.Fatal(err)
			}
		}
		if e := next(t, live, event); !e.All || e.Version != live.Current().Version() {
			t.Errorf("300 changes later: %+v", e)
		}
	})
}

func TestNextTellsOfAStoreThatIsAway(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		first := next(t, live, data.Event{})
		m.mu.Lock()
		m.silent = true
		m.mu.Unlock()
		away := next(t, live, first)
		if !away.Behind || away.Version != first.Version || away.All || len(away.Touched) != 0 {
			t.Errorf("away: %+v", away)
		}
		m.mu.Lock()
		m.silent = false
		m.mu.Unlock()
		if back := next(t, live, away); back.Behind || back.Version != first.Version {
			t.Errorf("back: %+v", back)
		}
		m.commits(t, rows("plots", plot(3, "e2", 0.0001, 0)))
		if held := next(t, live, first); !held.Behind || held.Version != first.Version {
			t.Errorf("held: %+v", held)
		}
	})
}

// Readers that nobody serves any more leave nothing behind: synctest ends
// only when every goroutine has.
func TestNextLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := open(t, newMemory(t))
		ctx, cancel := context.WithCancel(t.Context())
		for range 100 {
			go func() { _, _ = live.Next(ctx, data.Event{Version: 1}) }()
		}
		synctest.Wait()
		cancel()
	})
}
