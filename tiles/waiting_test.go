package tiles

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// TestHitsNeverWait holds the only slot, as a slow render would: a tile in
// the memo is handed out all the same, a cold one waits until its context
// ends, and is there once the slot is free.
func TestHitsNeverWait(t *testing.T) {
	layer, err := spatial.NewLayer(&spatial.Schema{ID: "points", Geometry: spatial.Points}, 1, func(yield func(spatial.Row, error) bool) {
		yield(spatial.Row{ID: 1, Geometry: orb.Point{114.1, 22.5}}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	s, r, layers := spatial.New(1, layer), NewRenderer(1<<20, 1), []spatial.LayerID{"points"}
	warm, cold := ID{}, ID{Z: 1, X: 1}
	first, err := r.Render(context.Background(), s, layers, warm)
	if err != nil {
		t.Fatal(err)
	}
	r.slots <- struct{}{}
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if tile, err := r.Render(context.Background(), s, layers, warm); tile != first || err != nil {
		t.Errorf("the warm tile: %v, %v", tile, err)
	}
	if _, err := r.Render(soon, s, layers, cold); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the cold tile: %v", err)
	}
	<-r.slots
	if tile, err := r.Render(context.Background(), s, layers, cold); err != nil || tile.Empty() {
		t.Errorf("the cold tile after the slot is free: %v, %v", tile, err)
	}
}
