package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// servant is the variable that tells a test process to be the service that
// will be killed, and its store.
const servant = "WANGGE_TEST_SERVANT"

// TestKilledService kills a service that edits, with a signal that it cannot
// catch, at any time. Each time the check passes, every acknowledged edit is
// there, and no other but perhaps the one under way. WANGGE_SOAK=1 makes it
// two hundred times.
func TestKilledService(t *testing.T) {
	if place := os.Getenv(servant); place != "" {
		serveUntilKilled(t, place)
		return
	}
	kills := 10
	if soak() {
		kills = 200
	}
	for name, fresh := range map[string]func(testing.TB) string{
		"geopackage": func(t testing.TB) string { return filepath.Join(t.TempDir(), "killed.gpkg") },
		"postgis":    func(t testing.TB) string { return postgistest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			store := fresh(t)
			settleTown(t, store)
			houses := 0
			for kill := range kills {
				acknowledged := killedAfter(t, store, time.Duration(kill*37%200)*time.Millisecond)
				if acknowledged <= houses {
					t.Fatalf("kill %d: %d houses were acknowledged, after %d", kill, acknowledged, houses)
				}
				if houses = housesThere(t, store); houses < acknowledged || houses > acknowledged+1 {
					t.Fatalf("kill %d: %d houses are there, %d were acknowledged", kill, houses, acknowledged)
				}
				if code, out, errOut := wangge(t, "check", "--store", store); code != 0 {
					t.Fatalf("kill %d: %s%s", kill, out, errOut)
				}
			}
			t.Logf("%d kills, %d acknowledged edits", kills, houses)
		})
	}
}

// killedAfter runs a service that edits, kills it some time after its first
// edit, and returns the last house it acknowledged.
func killedAfter(t *testing.T, store string, work time.Duration) (last int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledService$")
	cmd.Env = append(os.Environ(), servant+"="+store, "TMPDIR="+t.TempDir())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // killed: its error says so
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var house int
		if _, err := fmt.Sscanf(lines.Text(), "house %d", &house); err != nil {
			t.Errorf("the service says %q", lines.Text())
			continue
		}
		if last == 0 {
			time.AfterFunc(work, func() { _ = cmd.Process.Kill() })
		}
		last = house
	}
	if last == 0 {
		t.Fatal("the service ended without an edit")
	}
	return last
}

// serveUntilKilled builds houses one after another and prints each once it is
// acknowledged. It ends, too, when its parent does.
func serveUntilKilled(t *testing.T, place string) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	ctx := context.Background()
	store, err := storeFlag{Store: place}.open(ctx, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	live, err := data.Open(ctx, store, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	go live.Follow(ctx)
	for {
		s, err := live.Edit(ctx, build)
		if err != nil {
			t.Fatal(err)
		}
		layer, err := s.Layer("houses")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("house %d\n", layer.Len())
	}
}

func housesThere(t *testing.T, place string) int {
	t.Helper()
	store, err := storeFlag{Store: place}.open(t.Context(), slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	layer, err := s.Layer("houses")
	if err != nil {
		t.Fatal(err)
	}
	for id := range int64(layer.Len()) {
		if _, err := layer.Feature(id + 1); err != nil {
			t.Error(err)
		}
	}
	return layer.Len()
}

// settleTown makes a store of two blocks side by side.
func settleTown(t *testing.T, place string) {
	t.Helper()
	if code, out, errOut := wangge(t, "init", "--store", place); code != 0 {
		t.Fatal(out, errOut)
	}
	store, err := storeFlag{Store: place}.open(t.Context(), slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	text := func(name string) spatial.Field {
		return spatial.Field{Name: name, Type: spatial.TypeText, Required: true}
	}
	people := spatial.Field{Name: "people", Type: spatial.TypeInt, Required: true}
	total, in, code := people, text("block"), text("code")
	total.SumOver, in.References, code.Unique = "houses", "blocks", true
	change := spatial.Change{Create: []*spatial.Schema{
		{ID: "blocks", Geometry: spatial.Polygons, Partition: true, Code: "code", AsOf: "2024-11-04", Fields: []spatial.Field{code, total}},
		{ID: "houses", Geometry: spatial.Points, AsOf: "2024-11-04", Fields: []spatial.Field{in, people}},
	}, Layers: []spatial.LayerChange{{Layer: "blocks", Put: blocks(0, 0, 0)}}}
	if change.Base, err = store.Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

// blocks are the two, their common boundary moved east by some steps of the
// lattice, with the people of each.
func blocks(steps int, west, east int64) []spatial.Row {
	between := float64(114_001_000_000+steps) / 1e9
	block := func(id int64, from, to float64, people int64) spatial.Row {
		return spatial.Row{ID: id, Geometry: orb.Polygon{{{from, 22}, {to, 22}, {to, 22.001}, {from, 22.001}, {from, 22}}},
			Values: []spatial.Value{spatial.Text(strings.Repeat("b", int(id))), spatial.Int(people)}}
	}
	return []spatial.Row{block(1, 114, between, west), block(2, between, 114.002, east)}
}

// build plans one more house in the western block, its people in the block's
// total, and the blocks' boundary moved: what is true of any two of these
// layers is false if only a part was written.
func build(s *spatial.Snapshot) (spatial.Change, error) {
	houses, err := s.Layer("houses")
	if err != nil {
		return spatial.Change{}, err
	}
	id, people := int64(houses.Len()+1), int64(0)
	for f := range houses.All() {
		people += f.Attribute("people").Int()
	}
	house := spatial.Row{ID: id, Geometry: orb.Point{114.0005, 22.0005}, Values: []spatial.Value{spatial.Text("b"), spatial.Int(id % 7)}}
	return spatial.Change{Layers: []spatial.LayerChange{
		{Layer: "blocks", Put: blocks(int(id%1000), people+id%7, 0)}, {Layer: "houses", Put: []spatial.Row{house}}}}, nil
}
