package api

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"wangge/spatial"
	"wangge/tiles"
)

// gate is a condition that holds up who asks it, until it is opened.
type gate struct {
	reached sync.Once
	at      chan struct{} // closed when somebody stands there
	open    chan struct{}
}

func (g *gate) Holds(spatial.Feature) bool {
	g.reached.Do(func() { close(g.at) })
	<-g.open
	return true
}

func (g *gate) Cost() int { return 1 }

// TestOverload: while the one place for making tiles is taken two thousand
// clients ask for as many cold tiles. Some wait, the others are told to come
// back, the warm tile is given all the while, and memory does not grow by more
// than who waits.
func TestOverload(t *testing.T) {
	const clients, places = 2000, 64
	snapshot := district(t)
	s := server(t, fixed{snapshot: snapshot}, Config{})
	s.renderer = tiles.NewRenderer(1<<20, 1)
	warm := askOf(s, http.MethodGet, inTown, "").Body.String()
	view, err := tiles.NewView(snapshot, "grids")
	if err != nil {
		t.Fatal(err)
	}
	hold := &gate{at: make(chan struct{}), open: make(chan struct{})}
	view.Where, view.Filter = []tiles.Condition{hold}, "held"
	held := make(chan error)
	go func() {
		_, err := s.renderer.Render(t.Context(), view, tiles.ID{}, tiles.Gzip)
		held <- err
	}()
	<-hold.at
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var given, refused atomic.Int64
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			w := askOf(s, http.MethodGet, fmt.Sprintf("/tiles/grids/16/%d/28500.mvt", i), "")
			switch {
			case w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") != "" && strings.Contains(w.Body.String(), "tiles_waiting"):
				refused.Add(1)
			case w.Code == http.StatusOK || w.Code == http.StatusNoContent:
				given.Add(1)
			default:
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	for refused.Load() < clients-places {
		if got := askOf(s, http.MethodGet, inTown, ""); got.Code != http.StatusOK || got.Body.String() != warm {
			t.Fatalf("the warm tile: %d", got.Code)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	close(hold.open)
	group.Wait()
	if err := <-held; err != nil {
		t.Error(err)
	}
	if given.Load() != places || refused.Load() != clients-places {
		t.Errorf("%d were given a tile, %d were refused", given.Load(), refused.Load())
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
}
