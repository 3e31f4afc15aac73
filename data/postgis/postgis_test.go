package postgis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/data/postgis/postgistest"
	"wangge/data/storetest"
	"wangge/spatial"
)

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Fresh:    func(t *testing.T) string { return postgistest.URL(t) },
		Open:     openStore,
		Client:   client,
		Geometry: geometryLiteral,
		Sever:    sever,
		Writers:  true,
	})
}

// client is a connection of a program that speaks plain SQL.
func client(t *testing.T, url string) func(string) error {
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return func(statement string) error {
		_, err := conn.Exec(t.Context(), statement)
		return err
	}
}

func geometryLiteral(g orb.Geometry) string {
	if g == nil {
		return "NULL"
	}
	return fmt.Sprintf("ST_GeomFromWKB('\\x%x', 4490)", wkb.MustMarshal(g))
}

// sever ends every other connection to the database.
func sever(t *testing.T, url string) {
	postgistest.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND datname = current_database()")
}

// TestConflictInAStrictDatabase: a commit that waited for another ends in a
// conflict also where the database's own default is a stricter isolation.
func TestConflictInAStrictDatabase(t *testing.T) {
	_, url := wards(t)
	store := open(t, url+"&default_transaction_isolation=serializable")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "BEGIN; UPDATE store SET version = version + 1"); err != nil {
		t.Fatal(err)
	}
	refused := make(chan error)
	go func() {
		_, err := store.Commit(t.Context(), edit("wards", ward(3, "03", nil)))
		refused <- err
	}()
	awaitBlocked(t, url, conn)
	if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-refused; !errors.Is(err, spatial.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

// TestTablesReadBySQL: the rows are ordinary tables, in CGCS2000, with the
// extension out of their way.
func TestTablesReadBySQL(t *testing.T) {
	_, url := wards(t)
	for query, want := range map[string]string{
		"SELECT ST_AsText(geom) FROM wards WHERE code = '01'":                                                          "POLYGON((114 22,115 22,115 23,114 23,114 22))",
		"SELECT string_agg(DISTINCT ST_SRID(geom)::text, ',') FROM posts":                                              "4490",
		"SELECT (sum(ST_Area(geom::geography)) BETWEEN 22.7e9 AND 22.9e9)::text FROM wards":                            "true",
		"SELECT srid || type FROM geometry_columns WHERE f_table_name = 'posts' AND f_table_schema = current_schema()": "4490GEOMETRY",
		"SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'postgis'":                          "postgis",
		"SELECT string_agg(layers::text, ' ') FROM change":                                                             "{wards,posts}",
		"SELECT string_agg(id, ' ' ORDER BY position) FROM layer WHERE version = 1":                                    "wards posts",
		"SELECT count(*)::text FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE '%gist%'":         "2",
	} {
		if got := ask[string](t, url, query); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

// TestRulesBindOtherClients: what a schema forbids, the table forbids too,
// under the same name.
func TestRulesBindOtherClients(t *testing.T) {
	_, url := wards(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tests := []struct{ statement, constraint string }{
		{"UPDATE wards SET code = NULL", "wards_code_required"},
		{"UPDATE wards SET code = '1'", "wards_code_digits"},
		{"UPDATE wards SET code = E'01\\n'", "wards_code_digits"},
		{"UPDATE wards SET code = '０１'", "wards_code_digits"},
		{"UPDATE wards SET code = '01' WHERE id = 2", "wards_code_unique"},
		{"UPDATE wards SET people = -1, men = -1", "wards_people_min"},
		{"UPDATE wards SET people = 3, men = 2", "wards_people_sum"},
		{"UPDATE posts SET code = '03-1'", "posts_code_prefix"},
		{"UPDATE posts SET state = 'shut'", "posts_state_values"},
		{"UPDATE posts SET since = '2024-11-05'", "posts_since_values"},
		{"UPDATE posts SET height = 1.25", "posts_height_values"},
		{"UPDATE posts SET ward = '03', code = '03-1'", "posts_ward_references"},
		{"DELETE FROM wards", "posts_ward_references"},
		{"INSERT INTO posts (id) VALUES (0)", "posts_id_positive"},
		{"INSERT INTO posts (id) VALUES (1)", "posts_id_unique"},
		{"UPDATE posts SET geom = ST_GeomFromText('LINESTRING(1 2, 3 4)', 4490)", "posts_geom_kind"},
		{"UPDATE posts SET geom = ST_GeomFromText('POINT(181 2)', 4490)", "posts_geom_on_earth"},
		{"UPDATE posts SET geom = ST_SetSRID(ST_MakePoint('NaN', 2), 4490)", "posts_geom_on_earth"},
		{"UPDATE posts SET geom = ST_GeomFromText('POINT EMPTY', 4490)", "posts_geom_on_earth"},
		{"UPDATE wards SET geom = ST_GeomFromText('POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))', 4490)", "wards_geom_valid"},
		{"UPDATE posts SET geom = ST_GeomFromText('POINT(1 2)', 4326)", ""},
		{"UPDATE posts SET geom = ST_GeomFromText('POINT Z (1 2 3)', 4490)", ""},
		{"INSERT INTO store VALUES (true, 7)", "store_pkey"},
		{"INSERT INTO store VALUES (false, 7)", "store_single"},
	}
	for _, tt := range tests {
		_, err := conn.Exec(t.Context(), tt.statement)
		refused, ok := err.(*pgconn.PgError)
		if !ok || refused.ConstraintName != tt.constraint {
			t.Errorf("%s: got %v, want %q broken", tt.statement, err, tt.constraint)
		}
	}
	if _, err := conn.Exec(t.Context(), "UPDATE wards SET people = 5, men = 2, women = 3 WHERE id = 1"); err != nil {
		t.Errorf("a row that keeps the rules: %v", err)
	}
}

// TestRefusalsSpeak: what only the database can refuse names the row, the
// value, the place and the way out.
func TestRefusalsSpeak(t *testing.T) {
	store, _ := wards(t)
	bow := orb.Polygon{{{114, 22}, {115, 23}, {115, 22}, {114, 23}, {114, 22}}}
	tests := []struct {
		change       spatial.Change
		rule         string
		where, about string
		at           orb.Point
	}{
		{edit("wards", ward(3, "02", square(116, 22))), "wards_code_unique", "wards 3, field code", `"02" is already that of wards 2`, orb.Point{116.5, 22.5}},
		{edit("posts", post(3, "07", orb.Point{1, 2})), "posts_ward_references", "posts 3, field ward", `"07" is the code of no feature of wards`, orb.Point{1, 2}},
		{spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: "wards", Delete: []int64{2}}}}, "posts_ward_references",
			"posts 2, field ward", `"02" is the code of no feature of wards`, orb.Point{115.5, 22.5}},
		{edit("wards", ward(3, "03", bow)), "wards_geom_valid", "wards 3, geometry", "the outline crosses or touches itself (Self-intersection)", orb.Point{114.5, 22.5}},
	}
	for _, tt := range tests {
		_, err := store.Commit(t.Context(), tt.change)
		got := wantInvalid(t, err, tt.rule)
		if got.Where != tt.where || got.Detail != tt.about || got.Fix == "" || got.At == nil || *got.At != tt.at {
			t.Errorf("%s: got %+v at %v, want %s, %s at %v", tt.rule, got, got.At, tt.where, tt.about, tt.at)
		}
	}
}

// TestRefusalUnderAReader: a rule is still named when a long-running reader
// keeps the faulty row from being looked up.
func TestRefusalUnderAReader(t *testing.T) {
	store, url := wards(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "BEGIN; SELECT FROM wards"); err != nil {
		t.Fatal(err)
	}
	_, err = store.Commit(t.Context(), edit("wards", ward(3, "02", nil)))
	if got := wantInvalid(t, err, "wards_code_unique"); got.Where == "" || got.Detail == "" {
		t.Errorf("got %+v", got)
	}
}

func TestLayerNamesAreTaken(t *testing.T) {
	store, url := wards(t)
	postgistest.Exec(t, url, "CREATE TABLE foreigners ()", "CREATE VIEW overview AS SELECT id FROM posts")
	for _, id := range []spatial.LayerID{"store", "layer", "change", "migration", "foreigners", "overview", "posts_geom_index"} {
		_, err := store.Commit(t.Context(), spatial.Change{Base: 1, Create: []*spatial.Schema{{ID: id, AsOf: "2024-01-01"}}})
		wantInvalid(t, err, "layer_id")
	}
	_, err := store.Commit(t.Context(), spatial.Change{Base: 1, Drop: []spatial.LayerID{"posts"}})
	wantInvalid(t, err, "layer_in_use")
}

// TestLongNamesStayApart: names of constraints that would be cut to the same
// bytes are not.
func TestLongNamesStayApart(t *testing.T) {
	long := strings.Repeat("x", 47)
	s := &spatial.Schema{ID: spatial.LayerID(long), AsOf: "2024-01-01"}
	for i := range 3 {
		s.Fields = append(s.Fields, spatial.Field{Name: fmt.Sprint(long, i), Type: spatial.TypeText, Required: true, Unique: true, Digits: 1})
	}
	seen := map[string]bool{}
	for _, r := range (table{Schema: s}).rules(nil) {
		if len(r.stored) > longestName || seen[r.stored] {
			t.Errorf("%s is stored as %s", r.name, r.stored)
		}
		seen[r.stored] = true
	}
}

func TestNoteIsNotUnicode(t *testing.T) {
	store, _ := wards(t)
	c := edit("wards", ward(3, "03", nil))
	c.Note = "zero \x00 byte"
	_, err := store.Commit(t.Context(), c)
	wantInvalid(t, err, "text_unicode")
}

// TestCommitIsAnnounced: listeners hear of a commit, and of no refused one.
func TestCommitIsAnnounced(t *testing.T) {
	store, url := wards(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "LISTEN wangge"); err != nil {
		t.Fatal(err)
	}
	_, _ = store.Commit(t.Context(), edit("wards", ward(3, "02", nil)))
	if _, err := store.Commit(t.Context(), edit("wards", ward(3, "03", nil))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	heard, err := conn.WaitForNotification(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := ask[string](t, url, "SELECT current_schema()") + " 2"; heard.Payload != want {
		t.Errorf("heard %q, want %q", heard.Payload, want)
	}
}
