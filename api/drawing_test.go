package api

import (
	"archive/zip"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const drawnGeoJSON = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"note":"x"},"geometry":` + deepWater + `}]}`

func TestDrawings(t *testing.T) {
	line := `{"type":"LineString","coordinates":[[114.015,22.5],[114.015,22.51]]}`
	tests := map[string]struct{ query, body, kind, member, crs string }{
		"geojson":          {"?name=a.geojson", drawnGeoJSON, "Polygon", "area", "CRS84"},
		"by its bytes":     {"", drawnGeoJSON, "Polygon", "area", "CRS84"},
		"a line":           {"?name=线.json", line, "LineString", "line", "CRS84"},
		"csv":              {"?name=a.csv", "name,wkt\nx,\"LINESTRING (114.015 22.5, 114.015 22.51)\"\n", "LineString", "line", "CRS84"},
		"csv by its bytes": {"", "wkt\n\"POLYGON ((114.01 22.5, 114.02 22.5, 114.02 22.51, 114.01 22.5))\"\n", "Polygon", "area", "CRS84"},
		"metres":           {"", "wkt\n\"POLYGON ((500000 2490000, 500100 2490000, 500100 2490100, 500000 2490000))\"\n", "Polygon", "area", "EPSG:4547"},
		"named":            {"?crs=gcj02", drawnGeoJSON, "Polygon", "area", "GCJ-02"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := askOf(server(t, fixed{snapshot: town(t, true)}, Config{}), http.MethodPost, "/adjustments/drawing"+test.query, test.body)
			answer := decoded(t, w, http.StatusOK)
			geometry := answer["geometry"].(map[string]any)
			if geometry["type"] != test.kind || answer["member"] != test.member || !strings.Contains(answer["crs"].(string), test.crs) {
				t.Errorf("read %v", answer)
			}
		})
	}
}

// TestDoubtfulDrawings: what lies elsewhere is read, and said to.
func TestDoubtfulDrawings(t *testing.T) {
	s := server(t, fixed{snapshot: town(t, true)}, Config{})
	for name, test := range map[string]struct{ query, body, kind string }{
		"far away": {"", "wkt\n\"POLYGON ((115 22.5, 115.1 22.5, 115.1 22.6, 115 22.5))\"\n", "outside"},
		"shifted":  {"", "wkt\n\"POLYGON ((114.0447 22.5022, 114.0448 22.5022, 114.0448 22.5023, 114.0447 22.5022))\"\n", "other_crs"},
		"vendor's": {"?crs=bd09", drawnGeoJSON, "metres_only"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := decoded(t, askOf(s, http.MethodPost, "/adjustments/drawing"+test.query, test.body), http.StatusOK)
			if doubts := encoded(t, answer["doubts"]); !strings.Contains(doubts, test.kind) {
				t.Errorf("doubts %s", doubts)
			}
		})
	}
}

func TestRefusedDrawings(t *testing.T) {
	s := server(t, fixed{snapshot: town(t, true)}, Config{})
	for name, test := range map[string]struct {
		query, body, rule string
		status            int
	}{
		"nothing":       {"", "", "body_file", 400},
		"a point":       {"", `{"type":"Point","coordinates":[114,22.5]}`, "drawing", 400},
		"no drawing":    {"", "a,b\n1,2\n", "", 400},
		"not a zip":     {"?name=a.zip", "PK", "", 400},
		"not a package": {"?name=a.gpkg", "SQLite format 3", "", 400},
		"unknown kind":  {"?name=a.dwg", "AC1032", "file_kind", 400},
		"unknown crs":   {"?crs=mars", drawnGeoJSON, "parameter_crs", 400},
		"NaN":           {"", "wkt\n\"POLYGON ((NaN 22.5, 115.1 22.5, 115.1 22.6, NaN 22.5))\"\n", "", 400},
		"too large":     {"", strings.Repeat(" ", maxDrawing+1), "body_size", 413},
	} {
		t.Run(name, func(t *testing.T) {
			w := askOf(s, http.MethodPost, "/adjustments/drawing"+test.query, test.body)
			told := decoded(t, w, test.status)
			checkShape(t, problemShape, told)
			if test.rule != "" && told["rule"] != test.rule || strings.Contains(w.Body.String(), os.TempDir()) {
				t.Errorf("%v", told)
			}
		})
	}
}

// TestDrawingsOfGDAL reads what other programs make of a drawing.
func TestDrawingsOfGDAL(t *testing.T) {
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skip("no ogr2ogr")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "a.geojson")
	if err := os.WriteFile(source, []byte(drawnGeoJSON), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"a.gpkg", "-t_srs", "EPSG:4547"}, {"shp", "-f", "ESRI Shapefile", "-nln", "a"}} {
		if out, err := exec.Command("ogr2ogr", append([]string{filepath.Join(dir, args[0]), source}, args[1:]...)...).CombinedOutput(); err != nil {
			t.Fatalf("ogr2ogr: %v: %s", err, out)
		}
	}
	s := server(t, fixed{snapshot: town(t, true)}, Config{})
	for name, body := range map[string]string{"a.gpkg": string(read(t, filepath.Join(dir, "a.gpkg"))), "a.zip": zipped(t, filepath.Join(dir, "shp"))} {
		answer := decoded(t, askOf(s, http.MethodPost, "/adjustments/drawing?name="+name, body), http.StatusOK)
		if answer["geometry"].(map[string]any)["type"] != "Polygon" || encoded(t, answer["doubts"]) != "[]" {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func zipped(t *testing.T, dir string) string {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	if err := archive.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
