package geopackage_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// tool runs a program and returns what it prints; the test is skipped where
// the program is missing.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	if words := string(out); strings.Contains(words, "ERROR") || strings.Contains(words, "Warning") {
		t.Errorf("%s %s complains:\n%s", name, strings.Join(args, " "), words)
	}
	return string(out)
}

func wantWords(t *testing.T, got string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(got, word) {
			t.Errorf("missing %q in\n%s", word, got)
		}
	}
}

// layerList is what ogrinfo says the layers are.
func layerList(t *testing.T, path string) []string {
	t.Helper()
	var layers []string
	for line := range strings.Lines(tool(t, "ogrinfo", "-q", path)) {
		layers = append(layers, strings.TrimSpace(line))
	}
	return layers
}

func TestGDALReads(t *testing.T) {
	store, path := small(t)
	if got, want := layerList(t, path), []string{"1: wards (Polygon)", "2: posts (Point)"}; !slices.Equal(got, want) {
		t.Errorf("layers %q, want %q", got, want)
	}
	wantWords(t, tool(t, "ogrinfo", "-al", "-so", path),
		"Layer name: wards", "Geometry: Polygon", "Feature Count: 2", "Extent: (114.099000, 22.549134) - (114.201000, 22.600866)",
		`ID["EPSG",4490]`, "FID Column = id", "Geometry Column = geom", "code: String (0.0) UNIQUE NOT NULL", "Layer name: posts",
		"since: Date", "seen: DateTime", "lit: Integer(Boolean)", "height: Real")
	wantWords(t, tool(t, "ogrinfo", "-so", "-spat", "114.19", "22.59", "114.3", "22.7", path, "wards"), "Feature Count: 1")
	wantWords(t, tool(t, "ogrinfo", "-al", path, "posts"), "POINT (114.15 22.575)", "lit (Integer(Boolean)) = 1", "since (Date) = (null)")

	commit(t, store, spatial.Change{Base: 1, Create: []*spatial.Schema{{ID: "figures", Fields: []spatial.Field{{Name: "n", Type: spatial.TypeInt}}}}})
	several := ward(3, 114, 22)
	several.Geometry = orb.MultiPolygon{several.Geometry.(orb.Polygon), round(orb.Point{114.5, 22.5}, 0.1, 5)}
	commit(t, store, put(2, "wards", several))
	commit(t, store, put(3, "wards", several))
	if got, want := layerList(t, path), []string{"1: wards", "2: posts (Point)", "3: figures (None)"}; !slices.Equal(got, want) {
		t.Errorf("layers with a table and several parts: %q, want %q", got, want)
	}
	commit(t, openStore(t, path), spatial.Change{Base: 4, Layers: []spatial.LayerChange{{Layer: "wards", Delete: []int64{3}}}})
	if got := ask(t, foreign(t, path), "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
}

// A GIS adds, changes and deletes rows while the store is open.
func TestGDALEdits(t *testing.T) {
	store, path := small(t)
	more := filepath.Join(t.TempDir(), "more.geojson")
	if err := os.WriteFile(more, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ward":"02","state":"closed",
		"since":"2024-11-04","seen":"2024-11-04T08:30:00Z","lit":false,"height":2.5},"geometry":{"type":"Point","coordinates":[114.3,22.7]}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "ogr2ogr", "-append", "-update", path, more, "-nln", "posts")
	tool(t, "ogrinfo", "-dialect", "sqlite", "-sql", "UPDATE wards SET people = 77 WHERE code = '02'", path)
	tool(t, "ogrinfo", "-sql", "DELETE FROM posts WHERE id = 1", path)

	s, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	layer, err := s.Layer("posts")
	if err != nil {
		t.Fatal(err)
	}
	f, err := layer.Feature(2)
	if err != nil || layer.Len() != 1 {
		t.Fatalf("%d posts, %v", layer.Len(), err)
	}
	row := f.Row()
	if !orb.Equal(row.Geometry, orb.Point{114.3, 22.7}) || row.Values[2].String() != "2024-11-04" ||
		row.Values[3].String() != "2024-11-04T08:30:00Z" || row.Values[4] != spatial.Bool(false) {
		t.Errorf("the row came in as %v", row)
	}
	commit(t, store, put(s.Version(), "posts", post(3, 114.3, 22.71)))
	db := foreign(t, path)
	for _, query := range []string{"PRAGMA integrity_check", "SELECT rtreecheck('rtree_posts_geom')", "SELECT rtreecheck('rtree_wards_geom')"} {
		if got := ask(t, db, query); got != "ok" {
			t.Errorf("%s: %s", query, got)
		}
	}
	if got := ask(t, db, "SELECT count(*) FROM rtree_posts_geom WHERE miny > 22.69"); got != "2" {
		t.Errorf("the R-tree finds %s of 2 posts", got)
	}
}

// A bare SQLite shell lacks the functions of the standard triggers: it may
// edit tables without geometry, and is refused elsewhere without harm.
func TestShellEdits(t *testing.T) {
	store, path := small(t)
	commit(t, store, spatial.Change{Base: 1, Create: []*spatial.Schema{{ID: "figures", Fields: []spatial.Field{{Name: "n", Type: spatial.TypeInt}}}}})
	tool(t, "sqlite3", path, "INSERT INTO figures (n) VALUES (5), (6)")
	if n := count(t, store, "figures"); n != 2 || must(t, store) <= 2 {
		t.Errorf("%d figures at version %d", n, must(t, store))
	}
	out, err := exec.CommandContext(t.Context(), "sqlite3", path, "UPDATE wards SET people = 3").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "ST_IsEmpty") {
		t.Errorf("got %v, %s", err, out)
	}
	if n := count(t, store, "wards"); n != 2 {
		t.Errorf("%d wards", n)
	}
}
