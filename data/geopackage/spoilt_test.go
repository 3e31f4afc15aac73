package geopackage_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/data/geopackage"
	"wangge/spatial"
)

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func refusal(t *testing.T, when string, err error, rule string) {
	t.Helper()
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) || invalid.Rule != rule || invalid.Where == "" || invalid.Fix == "" {
		t.Errorf("%s: got %v, want %s with place and fix", when, err, rule)
	}
}

// Whatever another program does to the tables is named by every look at the
// store, and by the next start.
func TestTablesSpoiltByOthers(t *testing.T) {
	for name, c := range map[string]struct {
		edits []string
		rule  string
	}{
		"dropped table":  {[]string{"DROP TABLE posts"}, "layer_table"},
		"renamed table":  {[]string{"ALTER TABLE posts RENAME TO poles"}, "layer_table"},
		"dropped column": {[]string{"ALTER TABLE posts DROP COLUMN height"}, "layer_column"},
		"renamed column": {[]string{"ALTER TABLE posts RENAME COLUMN height TO tall"}, "layer_column"},
		"broken schema":  {[]string{"UPDATE wangge_layer SET schema = '{\"id\": ' WHERE id = 'posts'", "CREATE TABLE shape (n)"}, "layer_schema"},
		"empty schema":   {[]string{"UPDATE wangge_layer SET schema = '{}' WHERE id = 'posts'", "CREATE TABLE shape (n)"}, "layer_schema"},
	} {
		t.Run(name, func(t *testing.T) {
			store, path := small(t)
			if _, err := store.Version(t.Context()); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(c.edits[0], "DROP COLUMN") {
				c.edits = append([]string{"PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = replace(sql, ' CONSTRAINT \"posts_height_type\" CHECK (typeof(\"height\") IN (''real'', ''null''))', '') WHERE name = 'posts'",
					"PRAGMA writable_schema = RESET"}, c.edits...)
			}
			run(t, foreign(t, path), c.edits...)
			_, err := store.Version(t.Context())
			refusal(t, "version", err, c.rule)
			_, err = store.Load(t.Context())
			refusal(t, "load", err, c.rule)
			_, _, err = store.Since(t.Context(), 1)
			refusal(t, "since", err, c.rule)
			_, err = store.Commit(t.Context(), put(1, "wards", ward(3, 114, 22)))
			refusal(t, "commit", err, c.rule)
			_, err = geopackage.Open(t.Context(), path, quiet)
			refusal(t, "open", err, c.rule)
		})
	}
}

// A column that a GIS adds to a layer is its own: it neither disturbs nor is
// lost when the row is written.
func TestColumnsOfOthersAreKept(t *testing.T) {
	store, path := small(t)
	tool(t, "ogrinfo", "-q", "-sql", "ALTER TABLE wards ADD COLUMN remark TEXT", path)
	db := foreign(t, path)
	run(t, db, "UPDATE wards SET remark = '记' || id")
	v := must(t, store)
	commit(t, store, put(v, "wards", ward(1, 113, 22)))
	if _, err := store.Upsert(t.Context(), v+1, wards, sequence(ward(2, 113, 22), ward(3, 113, 23)), "", nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, db, "SELECT group_concat(coalesce(remark, '-')) FROM (SELECT remark FROM wards ORDER BY id)"); got != "记1,记2,-" {
		t.Errorf("got %s", got)
	}
}

// A copy put in the place of another file finds that one's log beside it.
func TestLogOfAnotherFile(t *testing.T) {
	store, path := small(t)
	dir := t.TempDir()
	place := filepath.Join(dir, "place.gpkg")
	commit(t, store, spatial.Change{Base: 1, Create: []*spatial.Schema{dots}})
	for i := range int64(200) {
		commit(t, store, put(must(t, store), "dots", spatial.Row{ID: i + 1, Values: []spatial.Value{spatial.Int(i)}}))
	}
	copyFile(t, path, place)
	copyFile(t, path+"-wal", place+"-wal")

	killed, err := geopackage.Open(t.Context(), place, quiet)
	if err != nil {
		t.Fatalf("a file with the log of its own killed writer: %v", err)
	}
	sameAsLoaded(t, store, loaded(t, killed))
	if err := killed.Close(); err != nil {
		t.Fatal(err)
	}

	other, otherPath := small(t)
	commit(t, other, put(1, "posts", post(2, 114, 22)))
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, otherPath, place)
	copyFile(t, path+"-wal", place+"-wal")
	before, err := os.ReadFile(place)
	if err != nil {
		t.Fatal(err)
	}
	_, err = geopackage.Open(t.Context(), place, quiet)
	refusal(t, "open", err, "store_log")
	if after, err := os.ReadFile(place); err != nil || string(after) != string(before) {
		t.Error("the refusal changed the file")
	}
	if err := os.Rename(place+"-wal", filepath.Join(dir, "kept")); err != nil {
		t.Fatal(err)
	}
	if n := count(t, openStore(t, place), "posts"); n != 2 {
		t.Errorf("%d posts", n)
	}
}

func TestTruncatedFile(t *testing.T) {
	store, path := small(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []int64{8, 2} {
		cut := filepath.Join(t.TempDir(), "cut.gpkg")
		copyFile(t, path, cut)
		if err := os.Truncate(cut, info.Size()-info.Size()/part); err != nil {
			t.Fatal(err)
		}
		opened, err := geopackage.Open(t.Context(), cut, quiet)
		if err == nil {
			_, err = opened.Load(t.Context())
			_ = opened.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("without 1/%d of it: %v", part, err)
		}
	}
}

func TestReadOnlyDirectory(t *testing.T) {
	store, path := small(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if os.WriteFile(filepath.Join(dir, "probe"), nil, 0o600) == nil {
		t.Skip("this user may write read-only directories")
	}
	if _, err := geopackage.Open(t.Context(), path, quiet); err == nil || !strings.Contains(err.Error(), "directory must be writable") {
		t.Errorf("got %v", err)
	}
	if rows := rowsOf(t, openFile(t, path), "posts"); len(rows) != 1 {
		t.Errorf("reading gave %v", rows)
	}
}

func TestInterruptedFillSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "town.gpkg")
	store := openStore(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	err := store.Fill(ctx, town{}, func(layer spatial.LayerID, done int) { cancel() })
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "interrupted, nothing was written") {
		t.Errorf("got %v", err)
	}
	if v := must(t, store); v != 0 {
		t.Errorf("version %d", v)
	}
}

func TestUpsertRefuses(t *testing.T) {
	store, path := small(t)
	broken := func(yield func(spatial.Row, error) bool) {
		_ = yield(ward(5, 114, 22), nil) && yield(spatial.Row{}, errors.New("the file ends here"))
	}
	taken := ward(7, 114, 22)
	taken.Values[0] = spatial.Text("01")
	narrow := &spatial.Schema{ID: "wards", Geometry: spatial.Polygons, Fields: wards.Fields[:1]}
	for name, c := range map[string]struct {
		base   spatial.Version
		schema *spatial.Schema
		want   string
	}{
		"conflict":     {base: 9, schema: wards, want: "conflict"},
		"other fields": {base: 1, schema: narrow, want: "layer_fields"},
	} {
		_, err := store.Upsert(t.Context(), c.base, c.schema, sequence(), "", nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := store.Upsert(t.Context(), 1, wards, broken, "", nil)
	if err == nil || !strings.Contains(err.Error(), "the file ends here") {
		t.Errorf("got %v", err)
	}
	_, err = store.Upsert(t.Context(), 1, wards, sequence(ward(5, 114, 22), ward(5, 114, 22)), "", nil)
	if err == nil || !strings.Contains(err.Error(), "wards 5: the row stands twice") {
		t.Errorf("got %v", err)
	}
	_, err = store.Upsert(t.Context(), 1, wards, sequence(taken), "", nil)
	if err == nil || !strings.Contains(err.Error(), "wards_code_unique") || !strings.Contains(err.Error(), "wards 7") {
		t.Errorf("got %v", err)
	}
	if got := ask(t, foreign(t, path), "SELECT (SELECT count(*) FROM wards) || ' ' || version || committing FROM wangge_store"); got != "2 10" {
		t.Errorf("left behind: %s", got)
	}
}
