package geopackage_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/spatial"
)

func openStore(tb testing.TB, path string) *geopackage.Store {
	tb.Helper()
	store, err := geopackage.Open(tb.Context(), path, quiet)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return store
}

// foreign is a connection of another program, which knows nothing of ours.
func foreign(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := geopackage.Foreign(path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// ask is a query's one value as text.
func ask(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var answer string
	if err := db.QueryRowContext(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

var (
	least = 0.0
	wards = &spatial.Schema{ID: "wards", Title: spatial.Title{ZH: "片区", EN: "Wards"}, Geometry: spatial.Polygons, Code: "code", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Title: spatial.Title{ZH: "编码", EN: "Code"}, Required: true, Unique: true, Digits: 2},
		{Name: "people", Type: spatial.TypeInt, Min: &least},
	}}
	posts = &spatial.Schema{ID: "posts", Geometry: spatial.Points, Fields: []spatial.Field{
		{Name: "ward", Type: spatial.TypeText, References: "wards"},
		{Name: "state", Type: spatial.TypeText, Title: spatial.Title{ZH: "状态"}, Values: []spatial.Label{{Value: "open", Title: spatial.Title{ZH: "开放"}}, {Value: "closed"}}},
		{Name: "since", Type: spatial.TypeDate}, {Name: "seen", Type: spatial.TypeTime}, {Name: "lit", Type: spatial.TypeBool}, {Name: "height", Type: spatial.TypeFloat},
	}}
)

func ward(id int64, lon, lat float64) spatial.Row {
	return spatial.Row{ID: id, Geometry: round(orb.Point{lon, lat}, 0.001, 6),
		Values: []spatial.Value{spatial.Text(fmt.Sprintf("%02d", id)), spatial.Int(id)}}
}

func post(id int64, lon, lat float64) spatial.Row {
	return spatial.Row{ID: id, Geometry: orb.Point{lon, lat}, Values: []spatial.Value{
		spatial.Text("01"), spatial.Text("open"), spatial.Null, spatial.Null, spatial.Bool(true), spatial.Float(2)}}
}

func put(base spatial.Version, layer spatial.LayerID, rows ...spatial.Row) spatial.Change {
	return spatial.Change{Base: base, Layers: []spatial.LayerChange{{Layer: layer, Put: rows}}}
}

func commit(t *testing.T, store data.Store, c spatial.Change) {
	t.Helper()
	if _, err := store.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// small is an open store at version 1 with wards 1 and 2 and post 1, and its
// path.
func small(t *testing.T) (*geopackage.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.gpkg")
	store := openStore(t, path)
	commit(t, store, spatial.Change{Create: []*spatial.Schema{wards, posts}, Layers: []spatial.LayerChange{
		{Layer: "wards", Put: []spatial.Row{ward(1, 114.1, 22.55), ward(2, 114.2, 22.6)}},
		{Layer: "posts", Put: []spatial.Row{post(1, 114.15, 22.575)}}}})
	return store, path
}

func count(t *testing.T, store data.Store, layer spatial.LayerID) int {
	t.Helper()
	s, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Layer(layer)
	if err != nil {
		t.Fatal(err)
	}
	return l.Len()
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	database := func(name string, statements ...string) string {
		path := filepath.Join(dir, name)
		run(t, foreign(t, path), statements...)
		return path
	}
	store, newer := small(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, foreign(t, newer), "UPDATE wangge_store SET format = 99")
	for name, c := range map[string]struct{ path, rule, want string }{
		"no directory":       {filepath.Join(dir, "none", "x.gpkg"), "store_file", "directory does not exist"},
		"text":               {file("text.gpkg", strings.Repeat("id,name\n", 50)), "store_file", "not a GeoPackage"},
		"short":              {file("short.gpkg", "SQLite format 3\x00"), "store_file", "not a GeoPackage"},
		"other database":     {database("other.db", "PRAGMA application_id = 7", "CREATE TABLE t (a)"), "store_file", "another kind"},
		"nameless database":  {database("nameless.db", "CREATE TABLE t (a)"), "store_file", "another program"},
		"other's GeoPackage": {database("qgis.gpkg", "PRAGMA application_id = 0x47504B47", "CREATE TABLE gpkg_contents (a)"), "store_file", "another program"},
		"newer":              {newer, "store_newer", "format 99"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := geopackage.Open(t.Context(), c.path, quiet)
			var invalid *spatial.InvalidError
			if !errors.As(err, &invalid) || invalid.Rule != c.rule || !strings.Contains(err.Error(), c.want) || invalid.Fix == "" {
				t.Errorf("got %v, want %s: %s, and a fix", err, c.rule, c.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("a refusal made a directory")
	}
}

func TestOpenReadOnlyFile(t *testing.T) {
	store, path := small(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if file, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		_ = file.Close()
		t.Skip("this user may write read-only files")
	}
	if _, err := geopackage.Open(t.Context(), path, quiet); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("got %v", err)
	}
}

func TestEmptyFileBecomesAStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty.gpkg")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := openStore(t, path).Version(t.Context()); v != 0 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
}

// TestMovedFileIsNoticed: nothing is acknowledged into a file that is not the
// one at the path any more.
func TestMovedFileIsNoticed(t *testing.T) {
	s, path := small(t)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	refused := func(when string, err error) {
		t.Helper()
		var invalid *spatial.InvalidError
		if !errors.As(err, &invalid) || invalid.Rule != "store_moved" {
			t.Errorf("%s: %v", when, err)
		}
	}
	_, err := s.Version(t.Context())
	refused("removed", err)
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = s.Commit(t.Context(), spatial.Change{Base: 1, Drop: []spatial.LayerID{"posts"}})
	refused("replaced", err)
	if err := os.Rename(path+".old", path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Version(t.Context()); err != nil {
		t.Errorf("put back: %v", err)
	}
}

func TestLockedFileIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the lock as long as a commit does")
	}
	t.Parallel()
	store, path := small(t)
	run(t, foreign(t, path), "BEGIN IMMEDIATE")
	_, err := store.Commit(t.Context(), put(1, "posts", post(2, 114, 22)))
	if err == nil || !strings.Contains(err.Error(), "locked by another program") {
		t.Errorf("got %v", err)
	}
	if n := count(t, store, "posts"); n != 1 {
		t.Errorf("reading beside the lock: %d posts", n)
	}
}

// Other programs may add rules of their own, of which SQLite says less.
func TestRefusesByIndexesOfOthers(t *testing.T) {
	for name, index := range map[string]string{
		"two columns":     "CREATE UNIQUE INDEX other ON posts (ward, state)",
		"an expression":   "CREATE UNIQUE INDEX other ON posts (lower(ward))",
		"only some posts": "CREATE UNIQUE INDEX other ON posts (ward) WHERE lit",
	} {
		t.Run(name, func(t *testing.T) {
			store, path := small(t)
			run(t, foreign(t, path), index)
			_, err := store.Commit(t.Context(), put(1, "posts", post(2, 114.1, 22.5)))
			var refused *spatial.InvalidError
			if !errors.As(err, &refused) || refused.Rule == "" {
				t.Errorf("got %v", err)
			}
			if n := count(t, store, "posts"); n != 1 {
				t.Errorf("%d posts after a refusal", n)
			}
		})
	}
}

// What other programs find when they open the file.
func TestFileIsAGeoPackage(t *testing.T) {
	store, path := small(t)
	at := spatial.Int(0).Time().AddDate(2023, 10, 3)
	row := post(2, 114.1, 22.5)
	row.Values[2], row.Values[3] = spatial.Date(at), spatial.Time(at)
	commit(t, store, put(1, "posts", row))
	commit(t, store, put(2, "posts", spatial.Row{ID: 3, Geometry: orb.MultiPoint{{113, 22}, {115, 23}}, Values: row.Values}))
	db := foreign(t, path)
	for query, want := range map[string]string{
		"PRAGMA application_id":                         "1196444487",
		"PRAGMA user_version":                           "10300",
		"PRAGMA journal_mode":                           "wal",
		"PRAGMA integrity_check":                        "ok",
		"SELECT count(*) FROM pragma_foreign_key_check": "0",
		"SELECT group_concat(srs_id) FROM (SELECT srs_id FROM gpkg_spatial_ref_sys ORDER BY 1)":                      "-1,0,4326,4490",
		"SELECT group_concat(table_name || data_type || srs_id) FROM gpkg_contents":                                  "wardsfeatures4490,postsfeatures4490",
		"SELECT group_concat(column_name || geometry_type_name) FROM gpkg_geometry_columns":                          "geomPOLYGON,geomGEOMETRY",
		"SELECT min_x || ' ' || min_y || ' ' || max_x || ' ' || max_y FROM gpkg_contents WHERE table_name = 'posts'": "113.0 22.0 115.0 23.0",
		"SELECT group_concat(table_name) FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'":             "posts,wards",
		"SELECT name || title || description FROM gpkg_data_columns WHERE table_name = 'wards'":                      "编码编码Code",
		"SELECT group_concat(value || coalesce(description, '')) FROM gpkg_data_column_constraints":                  "open开放,closed",
		"SELECT since || ' ' || seen || ' ' || lit || ' ' || height FROM posts WHERE id = 2":                         "2024-11-04 2024-11-04T00:00:00Z 1 2.0",
		"SELECT count(*) FROM rtree_posts_geom WHERE maxx >= 114 AND minx <= 114.12":                                 "2",
		"SELECT group_concat(version || layers) FROM wangge_change":                                                  `1["posts","wards"],2["posts"],3["posts"]`,
	} {
		if got := ask(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestRefusesShapesThatAreNotSimple(t *testing.T) {
	square := func(x, y, side float64) orb.Ring {
		return orb.Ring{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
	}
	shapes := &spatial.Schema{ID: "shapes", Geometry: spatial.Points | spatial.Lines | spatial.Polygons}
	store := openStore(t, filepath.Join(t.TempDir(), "shapes.gpkg"))
	commit(t, store, spatial.Change{Create: []*spatial.Schema{shapes}})
	for name, c := range map[string]struct {
		g     orb.Geometry
		valid bool
	}{
		"square":               {orb.Polygon{square(0, 0, 2)}, true},
		"hole":                 {orb.Polygon{square(0, 0, 9), square(1, 1, 1)}, true},
		"hole touches once":    {orb.Polygon{square(0, 0, 9), {{0, 0}, {1, 2}, {2, 1}, {0, 0}}}, true},
		"islands touch once":   {orb.MultiPolygon{{square(0, 0, 1)}, {square(1, 1, 1)}}, true},
		"repeated position":    {orb.Polygon{{{0, 0}, {1, 0}, {1, 0}, {1, 1}, {0, 0}}}, true},
		"bow tie":              {orb.Polygon{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}, false},
		"spike":                {orb.Polygon{{{0, 0}, {2, 0}, {3, 0}, {2, 0}, {2, 2}, {0, 0}}}, false},
		"ring touches itself":  {orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {2, 0}, {0, 4}, {0, 0}}}, false},
		"hole outside":         {orb.Polygon{square(0, 0, 2), square(5, 5, 1)}, false},
		"hole crosses":         {orb.Polygon{square(0, 0, 2), square(1, 1, 2)}, false},
		"hole in hole":         {orb.Polygon{square(0, 0, 9), square(1, 1, 5), square(2, 2, 1)}, false},
		"hole cuts":            {orb.Polygon{square(0, 0, 2), {{0, 0}, {2, 2}, {1, 2}, {0, 0}}}, false},
		"islands overlap":      {orb.MultiPolygon{{square(0, 0, 2)}, {square(1, 1, 2)}}, false},
		"islands share a side": {orb.MultiPolygon{{square(0, 0, 1)}, {square(1, 0, 1)}}, false},
		"no area":              {orb.Polygon{{{0, 0}, {1, 1}, {0, 0}, {0, 0}}}, false},
		"line":                 {orb.LineString{{0, 0}, {1, 1}, {1, 0}, {0, 1}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			version, err := store.Version(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = store.Commit(t.Context(), put(version, "shapes", spatial.Row{ID: int64(version), Geometry: c.g}))
			var invalid *spatial.InvalidError
			if c.valid {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
			} else if !errors.As(err, &invalid) || invalid.Rule != "shapes_geom_valid" || invalid.Where == "" || invalid.Fix == "" {
				t.Errorf("got %v, want shapes_geom_valid", err)
			}
		})
	}
	for name, c := range map[string]struct {
		g  orb.Geometry
		at orb.Point
	}{
		"crossing":      {orb.Polygon{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}, orb.Point{1, 1}},
		"touch":         {orb.Polygon{square(-9, -9, 30), {{0, 0}, {4, 0}, {4, 4}, {2, 0}, {0, 4}, {0, 0}}}, orb.Point{2, 0}},
		"spike":         {orb.MultiPolygon{{{{0, 0}, {2, 0}, {3, 0}, {2, 0}, {2, 2}, {0, 0}}}}, orb.Point{2, 0}},
		"vertex twice":  {orb.Polygon{{{0, 0}, {2, 2}, {4, 0}, {4, 4}, {2, 2}, {0, 4}, {0, 0}}}, orb.Point{2, 2}},
		"hole in space": {orb.Polygon{square(0, 0, 2), square(5, 5, 1)}, orb.Point{5, 5}},
	} {
		_, err := store.Commit(t.Context(), put(must(t, store), "shapes", spatial.Row{ID: 99, Geometry: c.g}))
		var invalid *spatial.InvalidError
		if !errors.As(err, &invalid) || invalid.At == nil || *invalid.At != c.at {
			t.Errorf("%s: got %v, want a fault at %v", name, err, c.at)
		}
	}
}

func must(t *testing.T, store data.Store) spatial.Version {
	t.Helper()
	version, err := store.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// Edits by any SQL client raise the version, are seen whole, and are what the
// next commit must be based on.
func TestEditsOfOtherProgramsAreSeen(t *testing.T) {
	store, path := small(t)
	db := foreign(t, path)
	run(t, db, "BEGIN", "UPDATE wards SET people = 7 WHERE id = 1", "UPDATE wards SET people = 8 WHERE id = 2")
	if v := must(t, store); v != 1 {
		t.Errorf("version %d before the other program commits", v)
	}
	run(t, db, "COMMIT")
	s, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, _ := s.Layer("wards")
	p, _ := s.Layer("posts")
	f, err := l.Feature(2)
	if err != nil {
		t.Fatal(err)
	}
	if s.Version() <= 1 || l.Version() != s.Version() || p.Version() != 1 || f.Attribute("people").Int() != 8 {
		t.Errorf("version %d, wards %d, posts %d, people %v", s.Version(), l.Version(), p.Version(), f.Attribute("people"))
	}
	if _, err := store.Commit(t.Context(), put(1, "posts", post(2, 114, 22))); !errors.Is(err, spatial.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	commit(t, store, put(s.Version(), "posts", post(2, 114, 22)))
	next, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, _ = next.Layer("wards")
	if next.Version() != s.Version()+1 || l.Version() != s.Version() {
		t.Errorf("version %d, wards %d after %d", next.Version(), l.Version(), s.Version())
	}
}

// The named constraints hold other programs to the rules, too.
func TestConstraintsBindOtherPrograms(t *testing.T) {
	_, path := small(t)
	db := foreign(t, path)
	for statement, want := range map[string]string{
		"UPDATE wards SET code = NULL":                   "wards.code",
		"UPDATE wards SET code = '1'":                    "wards_code_digits",
		"UPDATE wards SET code = '01'":                   "wards.code",
		"UPDATE wards SET people = -1":                   "wards_people_min",
		"UPDATE wards SET people = 'many'":               "wards_people_type",
		"UPDATE posts SET state = 'shut'":                "posts_state_values",
		"UPDATE posts SET since = '2024-02-30'":          "posts_since_type",
		"UPDATE posts SET seen = 'yesterday'":            "posts_seen_type",
		"UPDATE posts SET lit = 2":                       "posts_lit_type",
		"INSERT INTO wards (id, code) VALUES (-4, '44')": "id_positive",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", statement, err, want)
		}
	}
}

func TestLoadNamesRowsSpoiltByOthers(t *testing.T) {
	store, path := small(t)
	db := foreign(t, path)
	run(t, db, "DROP TRIGGER rtree_wards_geom_update1", "DROP TRIGGER rtree_wards_geom_update2",
		"DROP TRIGGER rtree_wards_geom_update3", "DROP TRIGGER rtree_wards_geom_update4")
	for spoil, want := range map[string]string{
		"UPDATE wards SET geom = x'00' WHERE id = 2":                                      "wards 2: not a GeoPackage geometry",
		"UPDATE wards SET geom = (SELECT geom FROM posts) WHERE id = 2":                   "wards_geom_kind",
		"UPDATE wards SET geom = substr(geom, 1, length(geom) - 1) || x'99' WHERE id = 2": "wards 2",
		"UPDATE wards SET geom = substr(geom, 1, length(geom) - 16) WHERE id = 2":         "too early",
	} {
		good := ask(t, db, "SELECT hex(geom) FROM wards WHERE id = 2")
		run(t, db, spoil)
		if _, err := store.Load(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", spoil, err, want)
		}
		run(t, db, "UPDATE wards SET geom = x'"+good+"' WHERE id = 2")
	}
	if n := count(t, store, "wards"); n != 2 {
		t.Errorf("%d wards", n)
	}
}

// After any edits the R-tree finds what a look at every row finds.
func TestRTreeFollowsEdits(t *testing.T) {
	store, path := small(t)
	random := rand.New(rand.NewPCG(44, 303))
	for version := spatial.Version(1); version < 40; version++ {
		c := spatial.LayerChange{Layer: "posts"}
		for _, id := range random.Perm(20)[:5] {
			row := post(int64(id)+2, 114+random.Float64(), 22+random.Float64())
			if random.IntN(4) == 0 {
				row.Geometry = nil
			}
			c.Put = append(c.Put, row)
		}
		commit(t, store, spatial.Change{Base: version, Layers: []spatial.LayerChange{c}})
	}
	s, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	posts, err := s.Layer("posts")
	if err != nil {
		t.Fatal(err)
	}
	db := foreign(t, path)
	box := orb.Bound{Min: orb.Point{114.3, 22.3}, Max: orb.Point{114.8, 22.8}}
	var want []string
	for f := range posts.All() {
		if b, ok := f.Bound(); ok && b.Intersects(box) {
			want = append(want, fmt.Sprint(f.ID()))
		}
	}
	got := ask(t, db, fmt.Sprintf(`SELECT group_concat(id) FROM (SELECT id FROM rtree_posts_geom
		WHERE minx <= %g AND maxx >= %g AND miny <= %g AND maxy >= %g ORDER BY id)`, box.Max[0], box.Min[0], box.Max[1], box.Min[1]))
	if !slices.Equal(strings.Split(got, ","), want) {
		t.Errorf("the R-tree finds %s, the rows are %v", got, want)
	}
}

// A layer begins with the type of its kind and takes any number of parts
// once one of them comes, also where there are no fields.
func TestSeveralPartsWidenTheColumn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parts.gpkg")
	store := openStore(t, path)
	bare := &spatial.Schema{ID: "bare", Geometry: spatial.Points}
	commit(t, store, spatial.Change{Create: []*spatial.Schema{bare}, Layers: []spatial.LayerChange{{Layer: "bare", Put: []spatial.Row{{ID: 1, Geometry: orb.Point{1, 2}}}}}})
	db := foreign(t, path)
	const query = "SELECT (SELECT type FROM pragma_table_info('bare') WHERE name = 'geom') || geometry_type_name FROM gpkg_geometry_columns"
	if got := ask(t, db, query); got != "POINTPOINT" {
		t.Error(got)
	}
	commit(t, store, put(1, "bare", spatial.Row{ID: 2, Geometry: orb.MultiPoint{{1, 2}, {3, 4}}}))
	if got := ask(t, db, query); got != "GEOMETRYGEOMETRY" {
		t.Error(got)
	}
	commit(t, store, put(2, "bare", spatial.Row{ID: 3, Geometry: orb.MultiPoint{{1, 2}, {3, 4}}}))
	if n := count(t, openStore(t, path), "bare"); n != 3 {
		t.Errorf("%d rows", n)
	}
	if got := ask(t, db, "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
}

func TestReservedLayerNames(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "names.gpkg"))
	for _, id := range []spatial.LayerID{"gpkg_contents", "rtree_x", "sqlite_master", "wangge_store"} {
		_, err := store.Commit(t.Context(), spatial.Change{Create: []*spatial.Schema{{ID: id}}})
		var invalid *spatial.InvalidError
		if !errors.As(err, &invalid) || invalid.Rule != "layer_id" {
			t.Errorf("%s: got %v", id, err)
		}
	}
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "wangge")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	store, err := geopackage.Open(ctx, filepath.Join(dir, "new.gpkg"), quiet)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	version, err := store.Commit(ctx, spatial.Change{Create: []*spatial.Schema{wards}, Note: "the first layer"})
	fmt.Println(version, err)
	// Output: 1 <nil>
}
