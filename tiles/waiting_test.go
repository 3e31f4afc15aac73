package tiles

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// TestHitsNeverWait holds the only slot, as a slow render would: a tile in
// the memo is handed out all the same, a cold one waits until its context
// ends, and is there once the slot is free.
func TestHitsNeverWait(t *testing.T) {
	v, r := onePoint(t), NewRenderer(1<<20, 1)
	warm, cold := ID{}, ID{Z: 1, X: 1}
	first, err := r.Render(context.Background(), v, warm, Identity)
	if err != nil {
		t.Fatal(err)
	}
	r.slots <- struct{}{}
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if tile, err := r.Render(context.Background(), v, warm, Identity); tile != first || err != nil {
		t.Errorf("the warm tile: %v, %v", tile, err)
	}
	if _, err := r.Render(soon, v, cold, Identity); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the cold tile: %v", err)
	}
	<-r.slots
	if tile, err := r.Render(context.Background(), v, cold, Identity); err != nil || tile.Empty() {
		t.Errorf("the cold tile after the slot is free: %v, %v", tile, err)
	}
}

// onePoint shows a layer of one point.
func onePoint(t *testing.T) View {
	t.Helper()
	layer, err := spatial.NewLayer(&spatial.Schema{ID: "points", Geometry: spatial.Points}, 1, func(yield func(spatial.Row, error) bool) {
		yield(spatial.Row{ID: 1, Geometry: orb.Point{114.1, 22.5}}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return View{Layers: []*spatial.Layer{layer}}
}

// TestAbandonedTilesAreNotRendered gives up on tiles while the only slot is
// held: nothing of them is left to do, and one that somebody still waits for
// is made.
func TestAbandonedTilesAreNotRendered(t *testing.T) {
	v, r := onePoint(t), NewRenderer(1<<20, 1)
	r.slots <- struct{}{}
	key := memoKey(v, ID{}, Identity)
	begun := r.flights.join(key, func(abandoned <-chan struct{}) (*Tile, error) {
		return r.make(abandoned, &r.shared, key, v, ID{}, Identity)
	})
	for i := range uint32(100) {
		soon, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		if _, err := r.Render(soon, v, ID{Z: i % 10}, Identity); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("tile %d: %v", i, err)
		}
		cancel()
	}
	r.flights.mutex.Lock()
	if len(r.flights.flying) != 1 {
		t.Errorf("%d renders wait, want the one that is waited for", len(r.flights.flying))
	}
	r.flights.mutex.Unlock()
	<-r.slots
	<-begun.landed
	if begun.err != nil || begun.tile == nil {
		t.Errorf("the tile that is waited for: %v, %v", begun.tile, begun.err)
	}
	if tile, err := r.Render(context.Background(), v, ID{Z: 3}, Identity); err != nil || tile == nil {
		t.Errorf("an abandoned tile asked for again: %v, %v", tile, err)
	}
}

// TestOverload asks for two thousand cold tiles at once while the only slot is
// held: a bounded number wait, the others are refused at once, the warm tile
// is given all the while, and in the end nothing waits any more.
func TestOverload(t *testing.T) {
	const clients, memory = 2000, 1 << 20
	v, r := onePoint(t), NewRenderer(memory, 1)
	warm, err := r.Render(t.Context(), v, ID{}, Gzip)
	if err != nil {
		t.Fatal(err)
	}
	r.slots <- struct{}{}
	var made, refused atomic.Int64
	var group sync.WaitGroup
	for i := range uint32(clients) {
		group.Go(func() {
			switch _, err := r.Render(context.Background(), v, ID{Z: 12, X: i, Y: i}, Gzip); {
			case err == nil:
				made.Add(1)
			case errors.Is(err, ErrBusy):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	for refused.Load() < clients-waiting-1 {
		if tile, err := r.Render(context.Background(), v, ID{}, Gzip); tile != warm || err != nil {
			t.Fatalf("the warm tile: %v, %v", tile, err)
		}
		runtime.Gosched()
	}
	<-r.slots
	group.Wait()
	stats := r.Stats()
	if made.Load() != waiting+1 || refused.Load() != clients-waiting-1 || stats.Refused != uint64(refused.Load()) {
		t.Errorf("%d tiles were made, %d refused, %d counted", made.Load(), refused.Load(), stats.Refused)
	}
	if stats.Shared.Bytes > memory {
		t.Errorf("the memo takes %d bytes of %d", stats.Shared.Bytes, memory)
	}
	if len(r.flights.flying) != 0 {
		t.Errorf("%d renders still wait", len(r.flights.flying))
	}
}
