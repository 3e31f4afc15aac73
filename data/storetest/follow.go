package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"wangge/data"
	"wangge/spatial"
)

// follow is a live store at a place that follows other programs until the
// test ends.
func (k kind) follow(t *testing.T, place string) *data.Live {
	t.Helper()
	live, err := data.Open(t.Context(), k.at(t, place), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); live.Follow(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return live
}

// await is the event after which a live store is as current as the store.
func await(t *testing.T, live *data.Live, store data.Store, last data.Event) (event data.Event, events int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	version, err := store.Version(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for event = last; event.Version < version; events++ {
		if event, err = live.Next(ctx, event); err != nil {
			t.Fatalf("version %d was not reached: %v, %v", version, err, live.Fault())
		}
	}
	return event, events
}

// testBulk: a change of as many rows as a district has risk points is one
// event, and is followed without a fault.
func (k kind) testBulk(t *testing.T) {
	const points = 42336
	if testing.Short() {
		t.Skip("many rows")
	}
	rows := make([]spatial.Row, points)
	for i := range rows {
		rows[i] = zooRow(int64(i+1), square(114+float64(i%200)/1e3, 22+float64(i/200)/1e3, 0.001), spatial.Null, spatial.Int(0))
	}
	place := k.Fresh(t)
	store := k.at(t, place)
	fill(t, store, source{[]*spatial.Schema{zooSchema()}, map[spatial.LayerID][]spatial.Row{"zoo": rows}})
	live := k.follow(t, place)
	last := data.Event{Version: live.Current().Version()}
	exec := k.Client(t, place)
	must(t, exec, "UPDATE zoo SET whole = id")
	event, events := await(t, live, store, last)
	if events != 1 {
		t.Errorf("%d events", events)
	}
	if !event.All && (len(event.Touched) != 1 || len(event.Touched[0].Bounds) > 16) {
		t.Errorf("touched %v", event.Touched)
	}
	expectRows(t, store, live.Current())
}

// testReplicas: several live stores of one place, one of which loses its
// connections now and then, end with the same rows.
func (k kind) testReplicas(t *testing.T) {
	place := k.Fresh(t)
	store := k.at(t, place)
	fill(t, store, district())
	replicas := []*data.Live{k.follow(t, place), k.follow(t, place), k.follow(t, place)}
	for i := range int64(30) {
		edit := func(*spatial.Snapshot) (spatial.Change, error) { return put("figures", figureRow(100+i, i)), nil }
		if _, err := replicas[i%3].Edit(t.Context(), edit); err != nil {
			if k.Sever == nil || i%10 != 6 { // after the cut
				t.Fatal(err)
			}
			t.Logf("edit %d: %v", i, err)
			if _, err := replicas[i%3].Edit(t.Context(), edit); err != nil {
				t.Fatalf("again: %v", err)
			}
		}
		must(t, k.Client(t, place), fmt.Sprintf("UPDATE grids SET men = %d, residents = %[1]d WHERE id = 1", i))
		if k.Sever != nil && i%10 == 5 {
			k.Sever(t, place)
			time.Sleep(100 * time.Millisecond)
		}
	}
	for _, live := range replicas {
		await(t, live, store, data.Event{})
		expectRows(t, store, live.Current())
	}
}
