package geopackage_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/spatial"
)

func loaded(t testing.TB, store data.Store) *spatial.Snapshot {
	t.Helper()
	s, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// content is everything in a snapshot as text.
func content(s *spatial.Snapshot) string {
	var b strings.Builder
	for layer := range s.Layers() {
		fmt.Fprintln(&b, layer.ID())
		for f := range layer.All() {
			fmt.Fprintln(&b, f.Row())
		}
	}
	return b.String()
}

// caughtUp is a snapshot brought to the store's state by its log.
func caughtUp(t testing.TB, store data.Store, from *spatial.Snapshot) *spatial.Snapshot {
	t.Helper()
	change, version, err := store.Since(t.Context(), from.Version())
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range change.Layers {
		layer, err := from.Layer(part.Layer)
		if err != nil {
			t.Fatal(err)
		}
		change.Layers[i].Delete = slices.DeleteFunc(part.Delete, func(id int64) bool { _, err := layer.Feature(id); return err != nil })
	}
	next, err := from.Apply(change, version)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// sameAsLoaded proves that the log led to what a fresh load finds.
func sameAsLoaded(t testing.TB, store data.Store, got *spatial.Snapshot) {
	t.Helper()
	want := loaded(t, store)
	if got.Version() != want.Version() || content(got) != content(want) {
		t.Fatalf("version %d, want %d, with\n%s\nwant\n%s", got.Version(), want.Version(), content(got), content(want))
	}
}

func TestSinceFollowsEdits(t *testing.T) {
	const other = "(SELECT geom FROM posts WHERE id = 1)"
	for name, c := range map[string]struct {
		edits []string
		want  string // layer: put ids, -deleted ids
	}{
		"nothing":             {nil, ""},
		"attribute":           {[]string{"UPDATE wards SET people = 5 WHERE id = 2"}, "wards 2"},
		"geometry":            {[]string{"UPDATE wards SET geom = (SELECT geom FROM wards WHERE id = 2) WHERE id = 1"}, "wards 1"},
		"no change in it":     {[]string{"UPDATE wards SET people = people"}, "wards 1 2"},
		"new":                 {[]string{"INSERT INTO posts (geom) VALUES (" + other + ")"}, "posts 2"},
		"gone":                {[]string{"DELETE FROM wards WHERE id = 2"}, "wards -2"},
		"come and gone":       {[]string{"INSERT INTO posts (id) VALUES (9)", "DELETE FROM posts WHERE id = 9"}, "posts -9"},
		"another id":          {[]string{"UPDATE posts SET id = 7"}, "posts 7 -1"},
		"replaced by id":      {[]string{"INSERT OR REPLACE INTO wards (id, code, people) VALUES (2, '22', 1)"}, "wards 2"},
		"replaced by code":    {[]string{"INSERT OR REPLACE INTO wards (code, people) VALUES ('02', 1)"}, "wards 3 -2"},
		"code taken":          {[]string{"UPDATE OR REPLACE wards SET code = '02' WHERE id = 1", "UPDATE posts SET ward = NULL"}, "wards 1 -2, posts 1"},
		"recursive triggers":  {[]string{"PRAGMA recursive_triggers = ON", "REPLACE INTO wards (code, people) VALUES ('02', 1)"}, "wards 3 -2"},
		"upsert":              {[]string{"INSERT INTO wards (id, code, people) VALUES (2, '02', 9) ON CONFLICT (id) DO UPDATE SET people = 9"}, "wards 2"},
		"ignored":             {[]string{"INSERT OR IGNORE INTO wards (id, code) VALUES (1, '88')"}, ""},
		"rolled back":         {[]string{"BEGIN", "UPDATE wards SET people = 5", "ROLLBACK"}, ""},
		"several in one":      {[]string{"BEGIN", "UPDATE wards SET people = 5", "DELETE FROM posts", "COMMIT"}, "wards 1 2, posts -1"},
		"by rowid":            {[]string{"UPDATE posts SET rowid = 5"}, "posts 5 -1"},
		"many times":          {[]string{"UPDATE wards SET people = 1", "UPDATE wards SET people = 2", "UPDATE wards SET people = 3"}, "wards 1 2"},
		"rows of two numbers": {[]string{"UPDATE posts SET id = 4000000000"}, "posts 4000000000 -1"},
	} {
		t.Run(name, func(t *testing.T) {
			store, path := small(t)
			before := loaded(t, store)
			run(t, foreign(t, path), c.edits...)
			change, _, err := store.Since(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, part := range change.Layers {
				words := string(part.Layer)
				for _, row := range part.Put {
					words += fmt.Sprint(" ", row.ID)
				}
				for _, id := range part.Delete {
					words += fmt.Sprint(" -", id)
				}
				got = append(got, words)
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			sameAsLoaded(t, store, caughtUp(t, store, before))
		})
	}
}

// Two stores and another program edit the file in turn; a reader that takes
// the log in portions stays equal to a fresh load.
func TestSinceFollowsAnything(t *testing.T) {
	store, path := small(t)
	second := openStore(t, path)
	db := foreign(t, path)
	follower := loaded(t, store)
	random := rand.New(rand.NewPCG(3, 44))
	for range 120 {
		id := 1 + random.Int64N(12)
		switch random.IntN(8) {
		case 0:
			commit(t, store, put(must(t, store), "posts", post(id, 114+random.Float64(), 22)))
		case 1:
			_, err := second.Commit(t.Context(), put(must(t, second), "wards", ward(id, 114+random.Float64(), 22)))
			var taken *spatial.InvalidError
			if err != nil && !errors.As(err, &taken) {
				t.Fatal(err)
			}
		case 2:
			run(t, db, fmt.Sprintf("UPDATE posts SET height = %d WHERE id >= %d", id, id))
		case 3:
			run(t, db, fmt.Sprintf("DELETE FROM posts WHERE id = %d", id))
		case 4:
			run(t, db, fmt.Sprintf("REPLACE INTO posts (id, geom) SELECT %d, geom FROM posts LIMIT 1", id))
		case 5:
			run(t, db, fmt.Sprintf("REPLACE INTO wards (code, people) VALUES ('%02d', 3)", id))
		case 6:
			run(t, db, fmt.Sprintf("UPDATE OR IGNORE posts SET id = %d WHERE id = %d", 1+random.Int64N(12), id))
		case 7:
			follower = caughtUp(t, store, follower)
			sameAsLoaded(t, store, follower)
		}
	}
	sameAsLoaded(t, store, caughtUp(t, store, follower))
	for _, query := range []string{"PRAGMA integrity_check", "SELECT count(*) FROM wangge_edit e JOIN wangge_edit f ON f.n = e.n + 1 AND f.version < e.version"} {
		if got := ask(t, db, query); got != "ok" && got != "0" {
			t.Errorf("%s: %s", query, got)
		}
	}
}

func TestSinceEndsAtAGap(t *testing.T) {
	store, path := small(t)
	gap := func(when string, base spatial.Version, want bool) {
		t.Helper()
		if _, _, err := store.Since(t.Context(), base); errors.Is(err, data.ErrGap) != want || (err != nil) != want {
			t.Errorf("%s: since %d: %v", when, base, err)
		}
	}
	gap("a layer was created", 0, true)
	gap("now", 1, false)
	gap("in the future", 2, true)
	commit(t, store, spatial.Change{Base: 1, Create: []*spatial.Schema{{ID: "figures", Fields: []spatial.Field{{Name: "n", Type: spatial.TypeInt}}}}})
	gap("another was created", 1, true)
	db := foreign(t, path)
	const fill = `INSERT INTO wangge_edit (version, layer, row) WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 200000)
		SELECT n + 2, 'figures', n FROM i`
	run(t, db, fill, "UPDATE wangge_store SET version = 200002")
	gap("a full log", 2, false)
	run(t, db, "INSERT INTO figures (n) VALUES (1), (2)")
	gap("too old", 2, true)
	gap("just too old", 4, true)
	gap("just not", 5, false)
	if got := ask(t, db, "SELECT count(*) FROM wangge_edit"); got != "200000" {
		t.Errorf("%s edits in the log", got)
	}
	v := must(t, store)
	commit(t, store, spatial.Change{Base: v, Drop: []spatial.LayerID{"figures"}})
	gap("a layer was dropped", v, true)
	gap("now", v+1, false)
}

// watch wakes a channel until the test ends.
func watch(t *testing.T, store data.Store, wakes chan<- struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- store.Watch(ctx, func() {
			select {
			case wakes <- struct{}{}:
			default:
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("watch: %v", err)
		}
	})
}

func TestWatchWakes(t *testing.T) {
	store, path := small(t)
	wakes := make(chan struct{}, 1)
	watch(t, store, wakes)
	<-wakes
	db := foreign(t, path)
	for i := range 5 {
		run(t, db, fmt.Sprintf("UPDATE wards SET people = %d", i))
		<-wakes
	}
	commit(t, openStore(t, path), put(must(t, store), "posts", post(2, 114, 22)))
	<-wakes
}

func TestWatchEndsWithTheFile(t *testing.T) {
	store, path := small(t)
	err := store.Watch(t.Context(), func() { _ = os.Rename(path, path+".old") })
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) || invalid.Rule != "store_moved" {
		t.Errorf("got %v", err)
	}
}

// A killed program leaves nothing of its open transaction.
func TestKilledEditor(t *testing.T) {
	store, path := small(t)
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("sqlite3 is not installed")
	}
	commit(t, store, spatial.Change{Base: 1, Create: []*spatial.Schema{{ID: "figures", Fields: []spatial.Field{{Name: "n", Type: spatial.TypeInt}}}}})
	before := loaded(t, store)
	cmd := exec.CommandContext(t.Context(), "sqlite3", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, "INSERT INTO figures (n) VALUES (1); BEGIN IMMEDIATE; INSERT INTO figures (n) VALUES (2), (3); SELECT 'written';")
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	next := caughtUp(t, store, before)
	sameAsLoaded(t, store, next)
	if layer, err := next.Layer("figures"); err != nil || layer.Len() != 1 {
		t.Errorf("%v", err)
	}
	commit(t, store, put(must(t, store), "posts", post(2, 114, 22)))
}

// Programs that know nothing of the log write it all the same.
func TestToolsWriteTheLog(t *testing.T) {
	store, path := small(t)
	commit(t, store, spatial.Change{Base: 1, Create: []*spatial.Schema{{ID: "figures", Fields: []spatial.Field{{Name: "n", Type: spatial.TypeInt}}}}})
	state := loaded(t, store)
	for _, edit := range [][]string{
		{"sqlite3", path, "INSERT INTO figures (n) VALUES (5), (6); UPDATE figures SET n = 7 WHERE id = 2"},
		{"ogrinfo", "-sql", "UPDATE wards SET people = 77 WHERE code = '02'", path},
		{"ogrinfo", "-dialect", "sqlite", "-sql", "UPDATE posts SET height = 3", path},
		{"ogrinfo", "-sql", "DELETE FROM posts WHERE id = 1", path},
		{"ogr2ogr", "-append", "-update", path, gdalFile(t, `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ward":"02"},
			"geometry":{"type":"Point","coordinates":[114.3,22.7]}}]}`), "-nln", "posts"},
	} {
		before := state
		tool(t, edit[0], edit[1:]...)
		if state = caughtUp(t, store, before); state.Version() == before.Version() {
			t.Errorf("%s %q left no trace", edit[0], edit[1:])
		}
		sameAsLoaded(t, store, state)
	}
}

// format1 takes a store back to the layout of the first format.
func format1(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, query := range []string{
		"SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema WHERE type = 'trigger' AND name GLOB 'wangge_*'",
		`SELECT group_concat('CREATE TRIGGER wangge_' || id || '_update AFTER UPDATE ON ' || id ||
			' BEGIN UPDATE wangge_layer SET edits = edits + 1 WHERE id = ''' || id || '''; END', ';') FROM wangge_layer`,
	} {
		drop := ask(t, db, query)
		if strings.HasPrefix(drop, "CREATE") {
			run(t, db, "ALTER TABLE wangge_layer ADD COLUMN edits INTEGER NOT NULL DEFAULT 0")
		}
		run(t, db, drop)
	}
	run(t, db, "DROP TABLE wangge_edit", "DELETE FROM gpkg_extensions WHERE table_name = 'wangge_edit'",
		"ALTER TABLE wangge_store DROP COLUMN committing", "ALTER TABLE wangge_store DROP COLUMN logged_from", "UPDATE wangge_store SET format = 1")
}

func TestUpgrade(t *testing.T) {
	store, path := small(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db := foreign(t, path)
	format1(t, db)
	run(t, db, "UPDATE wards SET people = 5")
	store = openStore(t, path)
	s := loaded(t, store)
	l, _ := s.Layer("wards")
	if s.Version() != 3 || l.Version() != 3 {
		t.Errorf("version %d, wards %d", s.Version(), l.Version())
	}
	if _, _, err := store.Since(t.Context(), 1); !errors.Is(err, data.ErrGap) {
		t.Errorf("since 1: %v", err)
	}
	run(t, db, "UPDATE wards SET people = 6", "DELETE FROM posts")
	sameAsLoaded(t, store, caughtUp(t, store, s))
	fresh, freshPath := small(t)
	const layout = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE type = 'trigger' OR name GLOB 'wangge_edit*' ORDER BY name)"
	if got, want := ask(t, db, layout), ask(t, foreign(t, freshPath), layout); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
}

// A program that makes a table anew may lose its triggers.
func TestLostTriggersAreMended(t *testing.T) {
	store, path := small(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db := foreign(t, path)
	run(t, db, "DROP TRIGGER wangge_wards_update", "UPDATE wards SET people = 5")
	store = openStore(t, path)
	if _, _, err := store.Since(t.Context(), 1); !errors.Is(err, data.ErrGap) {
		t.Errorf("got %v", err)
	}
	s := loaded(t, store)
	run(t, db, "UPDATE wards SET people = 6")
	sameAsLoaded(t, store, caughtUp(t, store, s))
}

// The log has the extent of a row before and after.
func TestLogHasExtents(t *testing.T) {
	store, path := small(t)
	commit(t, store, put(1, "wards", ward(2, 113, 23)))
	db := foreign(t, path)
	run(t, db, "DELETE FROM posts", "UPDATE wards SET id = 3 WHERE id = 1")
	var got []string
	rows, err := db.QueryContext(t.Context(), "SELECT layer || ' ' || row, before, after FROM wangge_edit ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		var before, after []byte
		if err := rows.Scan(&what, &before, &after); err != nil {
			t.Fatal(err)
		}
		got = append(got, what+" "+extent(t, before)+" "+extent(t, after))
	}
	want := []string{"wards 2 114.20,22.60 113.00,23.00", "posts 1 114.15,22.57 -", "wards 1 114.10,22.55 114.10,22.55", "wards 3 - 114.10,22.55"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func extent(t *testing.T, header []byte) string {
	t.Helper()
	if header == nil {
		return "-"
	}
	b, ok, err := geopackage.ParseBound(header)
	if err != nil || !ok {
		t.Fatal(err)
	}
	return fmt.Sprintf("%.2f,%.2f", b.Center()[0], b.Center()[1])
}

// BenchmarkLook is what one look at the counter of commits costs.
func BenchmarkLook(b *testing.B) {
	store := openStore(b, b.TempDir()+"/look.gpkg")
	look, err := store.Looker(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := look(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWake is the time from another program's commit to the wake.
func BenchmarkWake(b *testing.B) {
	path := b.TempDir() + "/wake.gpkg"
	store := openStore(b, path)
	if _, err := store.Commit(b.Context(), spatial.Change{Create: []*spatial.Schema{dots}, Layers: []spatial.LayerChange{
		{Layer: "dots", Put: []spatial.Row{{ID: 1, Geometry: orb.Point{114, 22}, Values: []spatial.Value{spatial.Int(1)}}}}}}); err != nil {
		b.Fatal(err)
	}
	wakes := make(chan struct{}, 1)
	go func() { _ = store.Watch(b.Context(), func() { wakes <- struct{}{} }) }()
	<-wakes
	db, err := geopackage.Foreign(path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var slept time.Duration
	for b.Loop() {
		time.Sleep(7 * time.Millisecond)
		slept += 7 * time.Millisecond
		if _, err := db.ExecContext(b.Context(), "UPDATE dots SET n = n + 1"); err != nil {
			b.Fatal(err)
		}
		<-wakes
	}
	b.ReportMetric(float64(b.Elapsed()-slept)/float64(b.N)/1e6, "ms/wake")
}

var dots = &spatial.Schema{ID: "dots", Geometry: spatial.Points, Fields: []spatial.Field{{Name: "n", Type: spatial.TypeInt}}}
