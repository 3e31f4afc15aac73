package postgis

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// offices makes a table of another program, in a schema of its own, and
// returns the schema's name.
func offices(t *testing.T, url string, statements ...string) string {
	t.Helper()
	schema := schemaOf(t, url) + "_gis"
	conn := connect(t, url)
	exec(t, conn, "CREATE SCHEMA "+schema, "SET search_path = "+schema+", postgis")
	t.Cleanup(func() { postgistest.Exec(t, url, "DROP SCHEMA "+schema+" CASCADE") })
	exec(t, conn, statements...)
	return schema
}

const richTable = `CREATE TABLE "Büro ""1""" (gid serial PRIMARY KEY, "名称" varchar(20), "Code" integer, height numeric(8,2), storeys numeric(4,0),
	open boolean, since date, seen timestamptz, entered timestamp, kind text[], photo bytea, "select" real, geom geometry(PointZ, 4547), second geometry(Point, 4326))`

func mapped(t *testing.T, store *Store, m Mapping) *Mapped {
	t.Helper()
	done, err := store.Map(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestMap(t *testing.T) {
	opened, url := wards(t)
	store := opened.(*Store)
	schema := offices(t, url, richTable, `COMMENT ON COLUMN "Büro ""1""".height IS '高度'`,
		`INSERT INTO "Büro ""1""" ("名称", "Code", height, storeys, open, since, seen, kind, "select", geom)
		VALUES ('京基100', 7, 441.8, 100, true, '2011-09-01', '2024-11-04 08:00Z', '{a,b}', 0.5, ST_SetSRID(ST_MakePoint(512241.9297, 2492605.0386, 3), 4547)), (NULL, NULL, NULL, NULL, NULL, 'infinity', NULL, NULL, NULL, NULL)`)
	done := mapped(t, store, Mapping{Layer: "offices", Table: schema + `.Büro "1"`, AsOf: "2024-11-04", Code: "Code", Label: "名称"})
	if done.Version != 2 || done.Rows != 2 || len(done.Notes) != 4 {
		t.Errorf("got %+v", done)
	}
	var fields []string
	for _, f := range done.Schema.Fields {
		fields = append(fields, f.Name+" "+f.Type.String()+" "+f.Title.ZH)
	}
	if got, want := strings.Join(fields, ", "), "field text 名称, code text Code, height float 高度, storeys int storeys, open bool open, since date since, "+
		"seen time seen, entered time entered, kind text kind, select float select"; got != want {
		t.Errorf("fields %s, want %s", got, want)
	}

	snapshot, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	layer, err := snapshot.Layer("offices")
	if err != nil {
		t.Fatal(err)
	}
	f, err := layer.ByCode("7")
	if err != nil {
		t.Fatal(err)
	}
	p := f.Geometry().(orb.Point)
	if off := max(p[0]-114.119, 114.119-p[0], p[1]-22.531, 22.531-p[1]); off > 1e-9 {
		t.Errorf("stands at %v", p)
	}
	if got := f.Label() + " " + f.Attribute("height").String() + " " + f.Attribute("storeys").String() + " " + f.Attribute("kind").String(); got != "京基100 441.8 100 {a,b}" {
		t.Errorf("got %s", got)
	}

	conn := connect(t, url)
	exec(t, conn, "UPDATE "+schema+`."Büro ""1""" SET gid = 5 WHERE gid = 2`)
	if got := since(t, opened, 2, 3); !reflect.DeepEqual(got, map[spatial.LayerID]changed{"offices": {put: []int64{5}, gone: []int64{2}}}) {
		t.Errorf("got %v", got)
	}
	row := spatial.Row{ID: 9, Values: make([]spatial.Value, 10)}
	_, err = store.Commit(t.Context(), spatial.Change{Base: 3, Layers: []spatial.LayerChange{{Layer: "offices", Put: []spatial.Row{row}}}})
	wantInvalid(t, err, "layer_mapped")
	_, err = store.Upsert(t.Context(), 3, done.Schema, stream(nil, row), "", nil)
	wantInvalid(t, err, "layer_mapped")

	if version, err := store.Unmap(t.Context(), "offices"); version != 4 || err != nil {
		t.Errorf("unmapped: %d, %v", version, err)
	}
	exec(t, conn, "UPDATE "+schema+`."Büro ""1""" SET gid = 6 WHERE gid = 5`)
	since(t, opened, 4, 4)
	if n := ask[int](t, url, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'log%offices'"); n != 0 {
		t.Errorf("%d triggers are left", n)
	}
	_, err = store.Unmap(t.Context(), "wards")
	wantInvalid(t, err, "layer_mapped")
	if _, err = store.Unmap(t.Context(), "offices"); !errors.Is(err, spatial.ErrNotFound) {
		t.Errorf("unmapped twice: %v", err)
	}
}

func TestMapRefuses(t *testing.T) {
	opened, url := wards(t)
	store := opened.(*Store)
	schema := offices(t, url, "CREATE TABLE keyless (a text)", "CREATE TABLE pairs (a integer, b integer, PRIMARY KEY (a, b))",
		"CREATE TABLE words (a text PRIMARY KEY)", "CREATE TABLE nowhere (a integer PRIMARY KEY, g geometry(Point))",
		"CREATE TABLE utm (a integer PRIMARY KEY, g geometry(Point, 32650))", "CREATE TABLE curves (a integer PRIMARY KEY, g geometry(CircularString, 4490))",
		"CREATE TABLE zero (a integer PRIMARY KEY)", "INSERT INTO zero VALUES (0)", "CREATE VIEW seen AS SELECT * FROM zero",
		"CREATE TABLE mixed (a integer PRIMARY KEY, g geometry(Geometry, 4490))", "INSERT INTO mixed VALUES (3, ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))', 4490))",
		"CREATE TABLE parted (a integer PRIMARY KEY) PARTITION BY RANGE (a)", "CREATE TABLE far (a integer PRIMARY KEY, g geometry(Point, 4326))",
		"INSERT INTO far VALUES (7, ST_SetSRID(ST_MakePoint(22, 114), 4326))")
	tests := []struct {
		m     Mapping
		rule  string
		words string
	}{
		{Mapping{Table: "nothing"}, "mapped_table", "no such table"},
		{Mapping{Table: "keyless"}, "mapped_id", "ADD COLUMN"},
		{Mapping{Table: "pairs"}, "mapped_id", "ADD COLUMN"},
		{Mapping{Table: "words"}, "mapped_id", "ADD COLUMN"},
		{Mapping{Table: "zero", ID: "b"}, "mapped_id", `no column "b"`},
		{Mapping{Table: "nowhere"}, "mapped_srid", "SRID 0"},
		{Mapping{Table: "utm"}, "mapped_srid", "ST_Transform"},
		{Mapping{Table: "curves"}, "mapped_geometry", "CIRCULARSTRING"},
		{Mapping{Table: "zero"}, "id_positive", "id 0"},
		{Mapping{Table: "seen"}, "mapped_table", "view"},
		{Mapping{Table: "parted"}, "mapped_table", "made of other tables"},
		{Mapping{Table: "mixed"}, "geometry_kind", "row 3"},
		{Mapping{Table: "far"}, "position_on_earth", "row 7"},
		{Mapping{Table: "utm", Code: "b"}, "mapped_srid", ""},
		{Mapping{Table: "far", Code: "b"}, "mapped_column", `"b"`},
		{Mapping{Table: "far", Layer: "Far"}, "layer_id", ""},
	}
	for _, tt := range tests {
		tt.m.Table, tt.m.AsOf = schema+"."+tt.m.Table, "2024-11-04"
		if tt.m.Layer == "" {
			tt.m.Layer = "taken"
		}
		_, err := store.Map(t.Context(), tt.m)
		if wantInvalid(t, err, tt.rule); !strings.Contains(err.Error(), tt.words) {
			t.Errorf("%s: %v does not say %q", tt.m.Table, err, tt.words)
		}
	}
	for _, own := range []string{"posts", "change"} {
		_, err := store.Map(t.Context(), Mapping{Layer: "taken", Table: own})
		wantInvalid(t, err, "mapped_table")
	}
	if version, err := store.Version(t.Context()); version != 1 || err != nil {
		t.Errorf("version %d, %v", version, err)
	}
}

// TestMapLeavesTheKeeperAlone: whatever becomes of the table, who keeps it is
// not hindered, and the store says what it misses.
func TestMapLeavesTheKeeperAlone(t *testing.T) {
	opened, url := wards(t)
	store := opened.(*Store)
	schema := offices(t, url, "CREATE TABLE shops (a integer PRIMARY KEY, b text)", "INSERT INTO shops VALUES (1, 'one')")
	mapped(t, store, Mapping{Layer: "shops", Table: schema + ".shops", AsOf: "2024-11-04"})
	conn := connect(t, url)
	exec(t, conn, "SET search_path = "+schema, "ALTER TABLE shops RENAME a TO c", "INSERT INTO shops VALUES (2, 'two')")
	var missing *pgconn.PgError
	if _, err := store.Load(t.Context()); !errors.As(err, &missing) || !strings.Contains(err.Error(), "layer shops") || !strings.Contains(err.Error(), "wangge map --remove") {
		t.Errorf("renamed: %v", err)
	}
	exec(t, conn, "DROP TABLE shops")
	if _, err := store.Load(t.Context()); !errors.As(err, &missing) || !strings.Contains(err.Error(), "wangge map --remove") {
		t.Errorf("dropped: %v", err)
	}
	if _, err := store.Unmap(t.Context(), "shops"); err != nil {
		t.Errorf("unmapped: %v", err)
	}
	if _, err := store.Load(t.Context()); err != nil {
		t.Error(err)
	}
}
