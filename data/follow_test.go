package data_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

var (
	plots = &spatial.Schema{ID: "plots", Geometry: spatial.Polygons, Partition: true, Code: "code", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Required: true, Unique: true}, {Name: "estate", Type: spatial.TypeText, References: "estates"},
		{Name: "people", Type: spatial.TypeInt}}}
	estates = &spatial.Schema{ID: "estates", Geometry: spatial.Polygons, Partition: true, Code: "code", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Required: true, Unique: true}}}
)

// plot is a square of a thousandth of a degree whose west side is moved.
func plot(id int64, estate string, west, east float64) spatial.Row {
	low := 114 + float64(id)/1000
	ring := orb.Ring{{low + west, 22}, {low + 0.001 + east, 22}, {low + 0.001 + east, 22.001}, {low + west, 22.001}, {low + west, 22}}
	for i := range ring {
		ring[i] = orb.Point{exact(ring[i][0]), exact(ring[i][1])}
	}
	return spatial.Row{ID: id, Geometry: orb.Polygon{ring}, Values: []spatial.Value{spatial.Text(fmt.Sprint("p", id)), spatial.Text(estate), spatial.Int(id)}}
}

// exact is the position on the lattice, but for what is deliberately off it.
func exact(x float64) float64 {
	n := float64(int64(x*1e9 + 0.5))
	if d := x*1e9 - n; d > 0.2 || d < -0.2 {
		return x
	}
	return n / 1e9
}

func estate(id int64, west, east float64) spatial.Row {
	row := plot(1, "", 0, 0)
	row.ID, row.Values = id, []spatial.Value{spatial.Text(fmt.Sprint("e", id))}
	row.Geometry = orb.Polygon{{{west, 22}, {east, 22}, {east, 22.001}, {west, 22.001}, {west, 22}}}
	return row
}

// parcelled is a store of four plots in a row, two estates above them, and a
// layer of sites.
func parcelled(t *testing.T) *memory {
	t.Helper()
	m := newMemory(t)
	rows := []spatial.Row{plot(1, "e1", 0, 0), plot(2, "e1", 0, 0), plot(3, "e2", 0, 0), plot(4, "e2", 0, 0)}
	// The estates have the plots' vertices.
	two := func(id int64, a, b spatial.Row) spatial.Row {
		r, s := a.Geometry.(orb.Polygon)[0], b.Geometry.(orb.Polygon)[0]
		row := estate(id, 0, 0)
		row.Geometry = orb.Polygon{{r[0], r[1], s[1], s[2], r[2], r[3], r[0]}}
		return row
	}
	if err := m.apply(spatial.Change{Base: 1, Create: []*spatial.Schema{estates, plots}, Layers: []spatial.LayerChange{
		{Layer: "estates", Put: []spatial.Row{two(1, rows[0], rows[1]), two(2, rows[2], rows[3])}}, {Layer: "plots", Put: rows}}}); err != nil {
		t.Fatal(err)
	}
	return m
}

// commits is a change of another program.
func (m *memory) commits(t *testing.T, changes ...spatial.LayerChange) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.apply(spatial.Change{Base: m.state.Version(), Layers: changes}); err != nil {
		t.Fatal(err)
	}
}

func rows(layer spatial.LayerID, rows ...spatial.Row) spatial.LayerChange {
	return spatial.LayerChange{Layer: layer, Put: rows}
}

// following runs a test with a live store that follows in the clockwork of
// synctest; settle waits until everything has come to rest.
func following(t *testing.T, test func(t *testing.T, m *memory, live *data.Live, settle func())) {
	synctest.Test(t, func(t *testing.T) {
		m := parcelled(t)
		live := open(t, m)
		if live.Fault() != nil {
			t.Fatal(live.Fault())
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go live.Follow(ctx)
		synctest.Wait()
		test(t, m, live, func() { time.Sleep(200 * time.Millisecond); synctest.Wait() })
	})
}

func TestAForeignCommitIsCurrentSoon(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		m.commits(t, rows(sites.ID, put(1).Layers[0].Put...))
		settle()
		if count(t, live.Current()) != 1 || m.loads != 1 {
			t.Errorf("%d sites after %d loads", count(t, live.Current()), m.loads)
		}
		m.commits(t, spatial.LayerChange{Layer: sites.ID, Delete: []int64{1}})
		settle()
		if count(t, live.Current()) != 0 {
			t.Error("a removed row is still there")
		}
	})
}

// A row that came and went between two catch-ups is no news.
func TestRowsThatCameAndWent(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		m.mu.Lock()
		_ = m.foreign(1)
		_ = m.apply(spatial.Change{Base: m.state.Version(), Layers: []spatial.LayerChange{{Layer: sites.ID, Delete: []int64{1}}}})
		_ = m.foreign(2)
		m.mu.Unlock()
		settle()
		if count(t, live.Current()) != 1 || live.Current().Version() != m.now().Version() || m.loads != 1 {
			t.Errorf("%d sites at version %d after %d loads", count(t, live.Current()), live.Current().Version(), m.loads)
		}
	})
}

func TestABurstOfCommitsCostsFewCatchUps(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		for id := range int64(1000) {
			m.commits(t, rows(sites.ID, put(id + 1).Layers[0].Put...))
			time.Sleep(time.Millisecond)
		}
		settle()
		if count(t, live.Current()) != 1000 || m.sinces > 60 || m.loads != 1 {
			t.Errorf("%d of 1000 sites, %d catch-ups in a second, %d loads", count(t, live.Current()), m.sinces, m.loads)
		}
	})
}

func TestAGapIsLoaded(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		m.gap = true
		m.commits(t, rows(sites.ID, put(1).Layers[0].Put...))
		settle()
		if count(t, live.Current()) != 1 || m.loads != 2 {
			t.Errorf("%d sites after %d loads", count(t, live.Current()), m.loads)
		}
	})
}

// A commit that opens a gap between two plots stays unpublished, with what
// is committed after it, until the repair, which brings all at once.
func TestABrokenPartitionIsHeldBack(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		good := live.Current()
		m.commits(t, rows("plots", plot(3, "e2", 0.0001, 0)))
		settle()
		wantHeld(t, live, good, "plots", "e2", "114.003")
		m.commits(t, rows(sites.ID, put(1).Layers[0].Put...))
		settle()
		wantHeld(t, live, good, "plots")
		if _, err := live.Edit(t.Context(), plan(put(2))); !isHeld(err) || !strings.Contains(err.Error(), "repair it first") {
			t.Errorf("an edit meanwhile: %v", err)
		}
		if m.loads != 1 {
			t.Errorf("%d loads", m.loads)
		}
		m.commits(t, rows("plots", plot(3, "e2", 0, 0)))
		settle()
		if live.Fault() != nil || count(t, live.Current()) != 1 || live.Current().Version() != m.now().Version() {
			t.Errorf("after the repair: %v, %d sites", live.Fault(), count(t, live.Current()))
		}
		if _, err := live.Edit(t.Context(), plan(put(2))); err != nil {
			t.Error(err)
		}
	})
}

func isHeld(err error) bool {
	var broken *data.BrokenError
	return errors.As(err, &broken) && !broken.Published
}

func wantHeld(t *testing.T, live *data.Live, good *spatial.Snapshot, words ...string) {
	t.Helper()
	if live.Current() != good {
		t.Error("the broken state was published")
	}
	fault := live.Fault()
	if !isHeld(fault) {
		t.Fatalf("the fault is %v", fault)
	}
	for _, word := range words {
		if !strings.Contains(fmt.Sprint(fault.(*data.BrokenError).Faults), word) {
			t.Errorf("the fault does not say %q: %v", word, fault.(*data.BrokenError).Faults)
		}
	}
}

// Held back is, too, what breaks a level above or a row's own rules.
func TestOtherFaultsAreHeldBack(t *testing.T) {
	for name, tt := range map[string]struct {
		change spatial.LayerChange
		says   string
	}{
		"a plot of another estate": {rows("plots", plot(2, "e2", 0, 0)), "plots_boundary"},
		"an estate that is gone":   {spatial.LayerChange{Layer: "estates", Delete: []int64{2}}, "e2"},
		"a plot that is gone":      {spatial.LayerChange{Layer: "plots", Delete: []int64{1}}, "plots_boundary"},
		"an overlap":               {rows("plots", plot(5, "e2", -0.0005, 0)), "plots_"},
		"a row without its code":   {rows("plots", func() spatial.Row { r := plot(1, "e1", 0, 0); r.Values[0] = spatial.Null; return r }()), "plots_code_required"},
	} {
		t.Run(name, func(t *testing.T) {
			following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
				good := live.Current()
				m.commits(t, tt.change)
				settle()
				wantHeld(t, live, good, tt.says)
			})
		})
	}
}

// A total that no longer agrees is for the check to report.
func TestTotalsAreNotHeldBack(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		row := plot(2, "e1", 0, 0)
		row.Values[2] = spatial.Int(4711)
		m.commits(t, rows("plots", row))
		settle()
		if live.Fault() != nil || live.Current().Version() != m.now().Version() {
			t.Errorf("%v", live.Fault())
		}
	})
}

// shifted is the boundary of plots 1 and 2 moved off the lattice, as a
// drawing program leaves it.
func shifted(by float64) []spatial.Row {
	return []spatial.Row{plot(1, "e1", 0, by), plot(2, "e1", by, 0)}
}

func TestRowsOffTheLatticeAreWrittenBack(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		// The estate's outline gets the moved ends of the boundary, too.
		m.commits(t, rows("plots", shifted(1.000034e-4)...), estateWith(t, m, 1.00003e-4))
		version := m.now().Version()
		settle()
		if live.Fault() != nil || live.Current().Version() != version+1 || m.now().Version() != version+1 {
			t.Fatalf("%v: current %d, store %d, edited %d", live.Fault(), live.Current().Version(), m.now().Version(), version)
		}
		layer, _ := live.Current().Layer("plots")
		f, _ := layer.Feature(2)
		if at := f.Geometry().(orb.Polygon)[0][0]; at != (orb.Point{114.002100003, 22}) {
			t.Errorf("the boundary is at %v", at)
		}
		if report := data.Check(live.Current()); len(report.Faults) > 0 {
			t.Error(report.Faults)
		}
	})
}

func estateWith(t *testing.T, m *memory, by float64) spatial.LayerChange {
	t.Helper()
	both := shifted(by)
	r, s := both[0].Geometry.(orb.Polygon)[0], both[1].Geometry.(orb.Polygon)[0]
	row := estate(1, 0, 0)
	row.Geometry = orb.Polygon{{r[0], r[1], s[1], s[2], r[2], r[3], r[0]}}
	return rows("estates", row)
}

// Several replicas see the same rows off the lattice: one writes them back,
// all end alike.
func TestReplicasWriteBackOnce(t *testing.T) {
	following(t, func(t *testing.T, m *memory, live *data.Live, settle func()) {
		others := []*data.Live{open(t, m), open(t, m)}
		m.commits(t, rows("plots", shifted(1.000034e-4)...), estateWith(t, m, 1.00003e-4))
		version := m.now().Version()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		for _, other := range others {
			go other.Follow(ctx)
		}
		time.Sleep(5 * time.Second)
		if m.now().Version() != version+1 {
			t.Errorf("the store went from %d to %d", version, m.now().Version())
		}
		for _, l := range append(others, live) {
			if l.Fault() != nil || l.Current().Version() != version+1 {
				t.Errorf("a replica is at %d: %v", l.Current().Version(), l.Fault())
			}
		}
	})
}

// A store that is broken already is served, as there is nothing older.
func TestOpenABrokenStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := parcelled(t)
		m.commits(t, rows("plots", plot(3, "e2", 0.0001, 0)))
		live := open(t, m)
		var broken *data.BrokenError
		if !errors.As(live.Fault(), &broken) || !broken.Published || live.Current().Version() != m.now().Version() {
			t.Fatalf("%v at version %d", live.Fault(), live.Current().Version())
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go live.Follow(ctx)
		if _, err := live.Edit(t.Context(), plan(put(1))); err != nil || live.Fault() == nil {
			t.Errorf("an edit elsewhere: %v, fault %v", err, live.Fault())
		}
		m.commits(t, rows("plots", plot(3, "e2", 0, 0)))
		time.Sleep(3 * time.Second)
		if live.Fault() != nil || live.Current().Version() != m.now().Version() {
			t.Errorf("after the repair: %v", live.Fault())
		}
	})
}

// An edit of our own may not break a partition either.
func TestEditRefusesToBreakAPartition(t *testing.T) {
	m := parcelled(t)
	live := open(t, m)
	version := m.now().Version()
	_, err := live.Edit(t.Context(), plan(spatial.Change{Layers: []spatial.LayerChange{rows("plots", plot(3, "e2", 0.0001, 0))}}))
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) || invalid.At == nil || m.now().Version() != version || live.Fault() != nil {
		t.Errorf("%v, fault %v, version %d", err, live.Fault(), m.now().Version())
	}
}

// A load that a silent store never ends is given up; one that takes long in a
// store that answers is not.
func TestLoadIsPatientWithTheLiving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t)
		m.silent = true
		if _, err := data.Open(t.Context(), m, quiet); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a silent store: %v", err)
		}
		m.silent = false
		if _, err := data.Open(t.Context(), slow{m}, quiet); err != nil {
			t.Errorf("a slow store: %v", err)
		}
	})
}

// slow loads for a quarter of an hour.
type slow struct{ *memory }

func (s slow) Load(ctx context.Context) (*spatial.Snapshot, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(15 * time.Minute):
		return s.memory.Load(ctx)
	}
}

// TestRowThatCannotBeReadIsNamed: a broken row is no silent store.
func TestRowThatCannotBeReadIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t)
		live := open(t, m)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go live.Follow(ctx)
		m.mu.Lock()
		m.gap = true
		m.loadErr = fmt.Errorf("load: %w", &spatial.InvalidError{Rule: "position_on_earth", Where: "sites 7"})
		_ = m.foreign(1)
		m.mu.Unlock()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		var broken *data.BrokenError
		if !errors.As(live.Fault(), &broken) || broken.Published || broken.Faults[0].Where != "sites 7" {
			t.Errorf("got %v", live.Fault())
		}
	})
}
