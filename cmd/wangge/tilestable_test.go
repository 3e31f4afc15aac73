package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/data/postgis/postgistest"
	"wangge/tiles"
)

// elsewhere is the URL of another database of the same server.
func elsewhere(t *testing.T, store, database string) string {
	t.Helper()
	u, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + database
	return u.String()
}

// databaseOf is the name of the database of a store.
func databaseOf(t *testing.T, store string) string {
	t.Helper()
	u, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// TestLostListener cuts the connections that a service follows its database by
// and lets it make no others, while a building gets a new name. The service
// says that it is behind, and once it may connect again shows the building's
// new name, in tiles that it had in memory too, and goes on following.
func TestLostListener(t *testing.T) {
	store := referenceDatabase(t)
	address := serve(t, store)
	house := buildingOf(t, address, 1640)
	views := []string{fmt.Sprintf("%s/tiles/buildings/%v.mvt", address, house.tile), fmt.Sprintf("%s/tiles/grids,buildings/%d/%d/%d.mvt", address, house.tile.Z-2, house.tile.X/4, house.tile.Y/4)}
	for _, view := range views {
		get(t, view)
	}
	editor, err := pgx.Connect(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer editor.Close(t.Context())
	rename := func(name string) {
		if _, err := editor.Exec(t.Context(), "UPDATE buildings SET name = $1 WHERE id = 1640", name); err != nil {
			t.Fatal(err)
		}
	}
	gate, database := elsewhere(t, store, "postgres"), databaseOf(t, store)
	postgistest.Exec(t, gate, "ALTER DATABASE "+database+" ALLOW_CONNECTIONS false",
		fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s' AND pid <> %d", database, editor.PgConn().PID()))
	rename("断线时改的名")
	eventually(t, "the service says that it is behind", func() bool { return readiness(t, address) != "" })
	for _, view := range views {
		answer, err := http.Get(view)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Data-Behind") == "" {
			t.Errorf("a tile while the service is behind: %s, %v", answer.Status, answer.Header)
		}
	}
	postgistest.Exec(t, gate, "ALTER DATABASE "+database+" ALLOW_CONNECTIONS true")
	eventually(t, "the service has caught up", func() bool { return readiness(t, address) == "" })
	fresh := serve(t, store)
	for _, view := range views {
		shown := get(t, view)
		if !bytes.Contains(shown, []byte("断线时改的名")) {
			t.Errorf("%s is stale", view)
		}
		if !bytes.Equal(shown, get(t, strings.Replace(view, address, fresh, 1))) {
			t.Errorf("%s differs from that of a service that has just been started", view)
		}
	}
	rename("再改的名")
	await(t, address, house, "再改的名")
}

// TestTilesAreTheSameEverywhere holds that the bytes of tiles depend on the
// data only: they are the same again and again from a service without a memo,
// from one that has been started anew, from one processor and two, and from a
// database that was dumped and restored (and in a file: see [TestStores]).
// WANGGE_SOAK=1 makes them a hundred times.
func TestTilesAreTheSameEverywhere(t *testing.T) {
	store := referenceDatabase(t)
	want := townTiles(t, store)
	same := func(what string, have map[string][sha256.Size]byte) {
		t.Helper()
		for address, digest := range want {
			if have[address] != digest {
				t.Errorf("%s: %s has other bytes", what, address)
			}
		}
	}
	same("started anew", townTiles(t, store))
	same("restored", townTiles(t, restored(t, store)))
	rebuilds := 4
	if soak() {
		rebuilds = 100
	}
	s := referenceSnapshot(t)
	var first map[tiles.ID][sha256.Size]byte
	for i := range rebuilds {
		previous := runtime.GOMAXPROCS(1 + i%2)
		made := map[tiles.ID][sha256.Size]byte{}
		r := tiles.NewRenderer(64<<20, 2)
		view, err := tiles.NewView(s, composite...)
		if err != nil {
			t.Fatal(err)
		}
		for z := range uint32(tiles.MaxZoom + 1) {
			for _, c := range []tiles.Coding{tiles.Gzip, tiles.Zstd} {
				tile, err := r.Render(t.Context(), view, tiles.At(orb.Point{114.118, 22.546}, z), c)
				if err != nil {
					t.Fatal(err)
				}
				id := tiles.ID{Z: z, X: uint32(c)}
				if made[id] = sha256.Sum256(tile.Bytes); first != nil && made[id] != first[id] {
					t.Errorf("zoom %d in %v: other bytes the %dth time", z, c, i+1)
				}
			}
		}
		if first == nil {
			first = made
		}
		runtime.GOMAXPROCS(previous)
	}
}

// restored is a copy of a database by way of pg_dump and pg_restore.
func restored(t *testing.T, store string) string {
	t.Helper()
	copied := databaseOf(t, store) + "_restored"
	gate := elsewhere(t, store, "postgres")
	postgistest.Exec(t, gate, "CREATE DATABASE "+copied)
	t.Cleanup(func() { postgistest.Exec(t, gate, "DROP DATABASE "+copied+" WITH (FORCE)") })
	file := filepath.Join(t.TempDir(), "dump")
	began := time.Now()
	for _, command := range [][]string{
		{"pg_dump", "-Fc", "-Z0", "-f", file, plainURL(t, store)},
		{"pg_restore", "-d", plainURL(t, elsewhere(t, store, copied)), "--exit-on-error", file},
	} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command[0], err, out)
		}
	}
	if info, err := os.Stat(file); err == nil {
		t.Logf("dumped and restored %d bytes in %v", info.Size(), time.Since(began).Round(time.Millisecond))
	}
	u, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + copied
	return u.String()
}

// plainURL is a URL without a search path, which dumps set themselves.
func plainURL(t *testing.T, store string) string {
	t.Helper()
	u, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Del("options")
	u.RawQuery = query.Encode()
	return u.String()
}
