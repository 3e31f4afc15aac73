package postgis

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wangge/data"
	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// connect is a connection of another program.
func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hangUp(conn) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// awaitBlocked returns when somebody waits for a connection's transaction.
func awaitBlocked(t *testing.T, url string, by *pgx.Conn) {
	t.Helper()
	query := fmt.Sprintf("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %d = ANY (pg_blocking_pids(pid)))", by.PgConn().PID())
	for !ask[bool](t, url, query) {
		time.Sleep(10 * time.Millisecond)
	}
}

// changed is what a store tells of a change, with rows as ids only.
type changed struct{ put, gone []int64 }

func since(t *testing.T, store data.Store, base, want spatial.Version) map[spatial.LayerID]changed {
	t.Helper()
	change, version, err := store.Since(t.Context(), base)
	if err != nil {
		t.Fatalf("since %d: %v", base, err)
	}
	if change.Base != base || version != want {
		t.Errorf("a change from %d to %d, want %d to %d", change.Base, version, base, want)
	}
	all := map[spatial.LayerID]changed{}
	for _, l := range change.Layers {
		all[l.Layer] = changed{putIDs(l), l.Delete}
	}
	return all
}

// TestSinceAnyStatement: each way to change rows in SQL is one version and
// tells the rows it touched.
func TestSinceAnyStatement(t *testing.T) {
	store, url := wards(t)
	conn := connect(t, url)
	const newWard = "INSERT INTO wards (code, geom) VALUES ('07', ST_MakeEnvelope(116, 22, 117, 23, 4490))"
	tests := []struct {
		name, statement string
		want            map[spatial.LayerID]changed
	}{
		{"insert without an id", newWard, map[spatial.LayerID]changed{"wards": {put: []int64{3}}}},
		{"update", "UPDATE wards SET men = 4 WHERE code < '03'", map[spatial.LayerID]changed{"wards": {put: []int64{1, 2}}}},
		{"update of an id", "UPDATE wards SET id = 30 WHERE id = 3", map[spatial.LayerID]changed{"wards": {put: []int64{30}, gone: []int64{3}}}},
		{"the next id is beyond", "INSERT INTO wards (code) VALUES ('08')", map[spatial.LayerID]changed{"wards": {put: []int64{31}}}},
		{"on conflict", "INSERT INTO wards (code) VALUES ('08'), ('09') ON CONFLICT (code) DO UPDATE SET men = 1", map[spatial.LayerID]changed{"wards": {put: []int64{31, 33}}}},
		{"merge", "MERGE INTO wards USING (VALUES (1, NULL), (31, '08'), (40, '40')) AS n (id, code) ON wards.id = n.id WHEN MATCHED AND n.id = 31 THEN DELETE " +
			"WHEN MATCHED THEN UPDATE SET men = 7 WHEN NOT MATCHED THEN INSERT (id, code) VALUES (n.id, n.code)",
			map[spatial.LayerID]changed{"wards": {put: []int64{1, 40}, gone: []int64{31}}}},
		{"delete", "DELETE FROM posts WHERE id = 2", map[spatial.LayerID]changed{"posts": {put: []int64{}, gone: []int64{2}}}},
		{"two layers", "UPDATE posts SET height = 1.5; UPDATE wards SET men = 9 WHERE id = 1; UPDATE wards SET men = 8 WHERE id = 1",
			map[spatial.LayerID]changed{"wards": {put: []int64{1}}, "posts": {put: []int64{1}}}},
		{"in and out", "BEGIN; INSERT INTO wards (id, code) VALUES (50, '50'); DELETE FROM wards WHERE id = 50; COMMIT", map[spatial.LayerID]changed{"wards": {put: []int64{}, gone: []int64{50}}}},
		{"proved on the way", "BEGIN; UPDATE wards SET men = 3 WHERE id = 1; SET CONSTRAINTS ALL IMMEDIATE; UPDATE wards SET men = 3 WHERE id = 2; COMMIT",
			map[spatial.LayerID]changed{"wards": {put: []int64{1, 2}}}},
		{"partly taken back", "BEGIN; UPDATE wards SET men = 5 WHERE id = 1; SAVEPOINT s; UPDATE wards SET men = 5 WHERE id = 2; ROLLBACK TO s; COMMIT",
			map[spatial.LayerID]changed{"wards": {put: []int64{1}}}},
		{"with another search path", "BEGIN; SET LOCAL search_path = pg_catalog; UPDATE " + schemaOf(t, url) + ".wards SET men = 6 WHERE id = 1; COMMIT",
			map[spatial.LayerID]changed{"wards": {put: []int64{1}}}},
		{"serializable", "BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE wards SET men = 6 WHERE id = 1; COMMIT", map[spatial.LayerID]changed{"wards": {put: []int64{1}}}},
	}
	version := spatial.Version(1)
	for _, tt := range tests {
		exec(t, conn, tt.statement)
		version++
		if got := since(t, store, version-1, version); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	for _, statement := range []string{"UPDATE wards SET men = 0 WHERE false", "BEGIN; DELETE FROM posts; ROLLBACK", "SELECT FROM wards"} {
		exec(t, conn, statement)
		if got := since(t, store, version, version); len(got) != 0 {
			t.Errorf("%s: got %v", statement, got)
		}
	}
}

func schemaOf(t *testing.T, url string) string { return ask[string](t, url, "SELECT current_schema()") }

// TestSinceTellsRows: rows are told whole, as Load reads them.
func TestSinceTellsRows(t *testing.T) {
	store, url := wards(t)
	exec(t, connect(t, url), "UPDATE posts SET geom = ST_SetSRID(ST_MakePoint(114.25, 22.5), 4490), state = NULL WHERE id = 1")
	change, _, err := store.Since(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	layer, err := loaded.Layer("posts")
	if err != nil {
		t.Fatal(err)
	}
	f, err := layer.Feature(1)
	if err != nil {
		t.Fatal(err)
	}
	if got := change.Layers[0].Put[0]; !reflect.DeepEqual(got, f.Row()) || layer.Version() != 2 {
		t.Errorf("told %v, loaded %v at version %d", got, f.Row(), layer.Version())
	}
}

func TestSinceCopy(t *testing.T) {
	store, url := wards(t)
	rows := [][]any{{int64(7), "07"}, {int64(5), "05"}}
	if _, err := connect(t, url).CopyFrom(t.Context(), pgx.Identifier{"wards"}, []string{"id", "code"}, pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}
	want := map[spatial.LayerID]changed{"wards": {put: []int64{5, 7}}}
	if got := since(t, store, 1, 2); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

// TestSinceGap: what the log cannot tell row by row is a gap.
func TestSinceGap(t *testing.T) {
	store, url := wards(t)
	conn := connect(t, url)
	wantGap := func(base spatial.Version, what string) {
		t.Helper()
		if _, _, err := store.Since(t.Context(), base); !errors.Is(err, data.ErrGap) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	wantGap(0, "layers made")
	wantGap(7, "a version to come")
	exec(t, conn, "TRUNCATE posts")
	wantGap(1, "a layer emptied")
	if got := since(t, store, 2, 2); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	exec(t, conn, "INSERT INTO posts (id) SELECT generate_series(1, 262145)")
	wantGap(2, "more rows than are counted")
	exec(t, conn, "DELETE FROM posts WHERE id <= 140000", "UPDATE posts SET height = 1.5 WHERE id > 140000")
	since(t, store, 4, 5)
	wantGap(3, "many in all")
	if _, err := store.Commit(t.Context(), spatial.Change{Base: 5, Drop: []spatial.LayerID{"posts"}}); err != nil {
		t.Fatal(err)
	}
	wantGap(5, "a layer dropped")
}

// TestSinceBulk: all risk points of the district at once are one change.
func TestSinceBulk(t *testing.T) {
	store, url := wards(t)
	conn := connect(t, url)
	exec(t, conn, "INSERT INTO posts (id, geom) SELECT i, ST_SetSRID(ST_MakePoint(114 + i * 1e-5, 22.5), 4490) FROM generate_series(3, 42336) AS i",
		"UPDATE posts SET height = 1.5")
	if got := since(t, store, 2, 3); len(got["posts"].put) != 42336 {
		t.Errorf("%d rows", len(got["posts"].put))
	}
	if n := ask[int](t, url, "SELECT count(*) FROM edit WHERE version = 3"); n != 1 {
		t.Errorf("%d entries", n)
	}
	if got := ask[string](t, url, "SELECT old_bound || ' ' || new_bound FROM edit WHERE version = 3"); !strings.HasPrefix(got, "(115.5,22.5),(114.00003,22.5)") {
		t.Errorf("bound %s", got)
	}
}

// TestSinceReverseOrder: what began first and ended last is not missed.
func TestSinceReverseOrder(t *testing.T) {
	store, url := wards(t)
	first, second := connect(t, url), connect(t, url)
	exec(t, first, "BEGIN", "UPDATE wards SET men = 1 WHERE id = 1")
	exec(t, second, "BEGIN", "UPDATE wards SET men = 2 WHERE id = 2", "COMMIT")
	if got := since(t, store, 1, 2); !reflect.DeepEqual(got, map[spatial.LayerID]changed{"wards": {put: []int64{2}}}) {
		t.Errorf("after the second: %v", got)
	}
	exec(t, first, "COMMIT")
	if got := since(t, store, 2, 3); !reflect.DeepEqual(got, map[spatial.LayerID]changed{"wards": {put: []int64{1}}}) {
		t.Errorf("after the first: %v", got)
	}
}

// TestCommitBesideOthers: our commits and other clients' number each
// transaction once, and ours is the one to plan again.
func TestCommitBesideOthers(t *testing.T) {
	store, url := wards(t)
	conn := connect(t, url)
	exec(t, conn, "SET wangge.note = 'by hand'", "UPDATE wards SET men = 1 WHERE id = 1")
	if _, err := store.Commit(t.Context(), edit("wards", ward(3, "03", nil))); !errors.Is(err, spatial.ErrConflict) {
		t.Errorf("on an old version: %v", err)
	}
	c := edit("wards", ward(3, "03", nil))
	c.Base, c.Note = 2, "by us"
	if version, err := store.Commit(t.Context(), c); err != nil || version != 3 {
		t.Fatalf("version %d, %v", version, err)
	}
	if got := since(t, store, 1, 3); !reflect.DeepEqual(got, map[spatial.LayerID]changed{"wards": {put: []int64{1, 3}}}) {
		t.Errorf("got %v", got)
	}
	if got := ask[string](t, url, "SELECT string_agg(note || array_to_string(layers, '+'), ' ' ORDER BY version) FROM change WHERE version > 1"); got != "by handwards by uswards" {
		t.Errorf("notes %q", got)
	}

	t.Run("a row that is held", func(t *testing.T) {
		exec(t, conn, "BEGIN", "UPDATE wards SET men = 2 WHERE id = 1")
		c := edit("wards", ward(1, "01", nil))
		c.Base = 3
		if _, err := store.Commit(t.Context(), c); !errors.Is(err, spatial.ErrConflict) {
			t.Errorf("got %v", err)
		}
		exec(t, conn, "ROLLBACK")
	})
	t.Run("a code that was taken meanwhile", func(t *testing.T) {
		exec(t, conn, "BEGIN", "INSERT INTO wards (code) VALUES ('77')")
		done := make(chan error)
		go func() {
			c := edit("wards", ward(9, "77", nil))
			c.Base = 3
			_, err := store.Commit(t.Context(), c)
			done <- err
		}()
		awaitBlocked(t, url, conn)
		exec(t, conn, "COMMIT")
		if err := <-done; !errors.Is(err, spatial.ErrConflict) {
			t.Errorf("got %v", err)
		}
	})
}

// TestCommitThatWouldDeadlock: of ours and another's transaction that wait for
// each other, the other goes through.
func TestCommitThatWouldDeadlock(t *testing.T) {
	store, url := wards(t)
	conn := connect(t, url)
	exec(t, conn, "BEGIN", "UPDATE posts SET height = NULL WHERE id = 1")
	done := make(chan error)
	go func() { // holds wards 1, waits for posts 1
		_, err := store.Commit(t.Context(), spatial.Change{Base: 1, Layers: []spatial.LayerChange{
			{Layer: "wards", Put: []spatial.Row{ward(1, "01", nil)}}, {Layer: "posts", Delete: []int64{1}}}})
		done <- err
	}()
	awaitBlocked(t, url, conn)
	exec(t, conn, "UPDATE wards SET men = 1 WHERE id = 1", "COMMIT")
	if err := <-done; !errors.Is(err, spatial.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

// TestLimitedRole: who may write to a layer and to nothing else is logged, and
// can neither touch the log nor pretend.
func TestLimitedRole(t *testing.T) {
	store, url := wards(t)
	schema := schemaOf(t, url)
	conn := connect(t, url)
	exec(t, conn, "CREATE ROLE "+schema+"_editor", "GRANT USAGE ON SCHEMA "+schema+" TO "+schema+"_editor",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON wards TO "+schema+"_editor", "SET ROLE "+schema+"_editor",
		"CREATE TEMPORARY TABLE edit (id bigint, version bigint, layer text, ids bigint[], size integer, old_bound box, new_bound box)",
		"CREATE TEMPORARY TABLE store AS SELECT 7 AS version", "GRANT ALL ON edit, store TO PUBLIC")
	t.Cleanup(func() {
		postgistest.Exec(t, url, "DROP OWNED BY "+schema+"_editor", "DROP ROLE "+schema+"_editor")
	})
	exec(t, conn, "INSERT INTO wards (code) VALUES ('03')", "UPDATE wards SET men = 1 WHERE id = 1")
	if got := since(t, store, 1, 3); !reflect.DeepEqual(got, map[spatial.LayerID]changed{"wards": {put: []int64{1, 3}}}) {
		t.Errorf("got %v", got)
	}
	for _, statement := range []string{"SELECT change_number()", "DELETE FROM " + schema + ".edit", "UPDATE " + schema + ".store SET version = 9",
		"ALTER TABLE wards DISABLE TRIGGER ALL", "SET session_replication_role = replica", "CREATE TEMPORARY TABLE own (id bigint)" +
			"; CREATE TRIGGER own AFTER DELETE ON own REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edit_log('wards', 'id', '', 'false')"} {
		_, err := conn.Exec(t.Context(), statement)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != noPrivilege {
			t.Errorf("%s: got %v", statement, err)
		}
	}
	exec(t, conn, "RESET ROLE")
}

// TestLogIsPruned: what nobody can use is dropped, and asking for it is a gap.
func TestLogIsPruned(t *testing.T) {
	store, url := wards(t)
	exec(t, connect(t, url), "UPDATE wards SET men = 1", "UPDATE store SET version = 20000", "INSERT INTO change (version, note, layers) VALUES (20000, '', '{}')",
		"DO $$ BEGIN FOR i IN 20001 .. 20992 LOOP UPDATE wards SET men = i WHERE id = 1; SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; COMMIT; END LOOP; END $$")
	if n := ask[int](t, url, "SELECT count(*) FROM edit WHERE version < 20000"); n != 0 {
		t.Errorf("%d old entries", n)
	}
	if _, _, err := store.Since(t.Context(), 1); !errors.Is(err, data.ErrGap) {
		t.Errorf("got %v", err)
	}
	since(t, store, 20000, 20992)
}
