package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// TestRestartedDatabase: while the database is away the last snapshot is
// served and said to be old; once it is back, what other programs did is
// there, and edits go on.
func TestRestartedDatabase(t *testing.T) {
	url, dir := postgistest.Hold(t, "", "")
	settleTown(t, url)
	live := follow(t, url)
	for _, mode := range []string{"fast", "immediate"} {
		t.Run(mode, func(t *testing.T) {
			before := live.Current()
			postgistest.Cluster(t, "stop", dir, mode)
			eventually(t, "the outage is told", func() bool { return isUnreadable(live.Fault()) })
			if live.Current() != before {
				t.Error("the snapshot changed")
			}
			if text := live.Fault().Error(); strings.Contains(text, dir) {
				t.Errorf("the fault tells strangers too much: %s", text)
			}
			if _, err := live.Edit(t.Context(), build); err == nil {
				t.Error("an edit without a database was acknowledged")
			}
			postgistest.Cluster(t, "start", dir)
			postgistest.Exec(t, url, "UPDATE blocks SET code = code || 'b' WHERE id = 2")
			eventually(t, "the restarted database is followed", func() bool { return live.Fault() == nil && live.Current().Version() > before.Version() })
			if _, err := live.Edit(t.Context(), build); err != nil {
				t.Error(err)
			}
			sameRows(t, live.Current(), follow(t, url).Current())
		})
	}
}

func isUnreadable(err error) bool {
	var unreadable *data.UnreadableError
	return errors.As(err, &unreadable)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 40 seconds: %s", what)
		}
	}
}

// TestBrokenForeignCommit: a commit of another program that opens a gap
// between two grids is not served; what follows it waits for the repair.
func TestBrokenForeignCommit(t *testing.T) {
	for name, made := range both {
		t.Run(name, func(t *testing.T) {
			store := made(t)
			address := serve(t, store)
			grid := "/collections/grids/items?name=" + "新秀社区18网格"
			before := get(t, address+grid)
			plant(t, store, "grids", "新秀社区18网格", func(_ *spatial.Schema, r *spatial.Row) { push(r, 5) })
			eventually(t, "the fault is told", func() bool { return readiness(t, address) != "" })
			text := readiness(t, address)
			for _, want := range []string{"grids", "44030300200718", "not published", " at 114."} {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q: %s", want, text)
				}
			}
			plant(t, store, "buildings", "深水楼", func(s *spatial.Schema, r *spatial.Row) { r.Values[s.FieldIndex("name")] = spatial.Text("浅水楼") })
			time.Sleep(300 * time.Millisecond) // enough, as the fault took less
			if after := get(t, address+grid); geometryIn(t, after) != geometryIn(t, before) {
				t.Error("the broken grid is served")
			}
			if strings.Contains(string(get(t, address+"/collections/buildings/items?name=浅水楼")), "浅水楼\",") {
				t.Error("what follows the broken commit is served before it is repaired")
			}
			plant(t, store, "grids", "新秀社区18网格", func(_ *spatial.Schema, r *spatial.Row) { push(r, -5) })
			eventually(t, "the repair is served", func() bool { return readiness(t, address) == "" })
			if house := string(get(t, address+"/collections/buildings/items?name=浅水楼")); !strings.Contains(house, "浅水楼") {
				t.Errorf("the building's new name is not served: %s", house)
			}
		})
	}
}

// push moves a vertex of a grid by steps of the lattice.
func push(r *spatial.Row, steps int64) {
	ring := r.Geometry.(orb.Polygon)[0]
	ring[2][0] = float64(int64(ring[2][0]*1e9+0.5)+steps) / 1e9
}

// readiness is what the service says is wrong with its state.
func readiness(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get(address + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode == http.StatusOK {
		return ""
	}
	return string(body)
}

func geometryIn(t *testing.T, page []byte) string {
	t.Helper()
	var p struct {
		Features []struct{ Geometry json.RawMessage }
	}
	if err := json.Unmarshal(page, &p); err != nil || len(p.Features) != 1 {
		t.Fatalf("%v: %s", err, page)
	}
	return string(p.Features[0].Geometry)
}
