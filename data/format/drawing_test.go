package format_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/format"
)

// TestDrawings reads what people would draw, and refuses the rest.
func TestDrawings(t *testing.T) {
	square := `[[[114.14,22.55],[114.15,22.55],[114.15,22.56],[114.14,22.56],[114.14,22.55]]]`
	feature := func(geometry string) string {
		return `{"type":"Feature","properties":{"note":"x"},"geometry":` + geometry + `}`
	}
	collection := func(features ...string) string {
		return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
	}
	polygon := feature(`{"type":"Polygon","coordinates":` + square + `}`)
	line := feature(`{"type":"LineString","coordinates":[[114.14,22.55],[114.15,22.56]]}`)
	for _, c := range []struct {
		name, file, content, want, refusal string
	}{
		{"polygon", "a.geojson", collection(polygon), "Polygon", ""},
		{"two polygons", "a.geojson", collection(polygon, polygon), "MultiPolygon", ""},
		{"line", "a.geojson", collection(line), "LineString", ""},
		{"table", "a.csv", "name,wkt\nx,\"LINESTRING (114.14 22.55, 114.15 22.56)\"\n", "LineString", ""},
		{"line and polygon", "a.geojson", collection(line, polygon), "", "a line beside something else"},
		{"two lines", "a.geojson", collection(line, line), "", "a line beside something else"},
		{"point", "a.geojson", collection(feature(`{"type":"Point","coordinates":[114.14,22.55]}`)), "", "a Point"},
		{"nothing", "a.geojson", collection(), "", "the file has no features"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.file)
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			d, err := format.ReadDrawing(path, format.Source{}, nil, orb.Bound{Min: orb.Point{114, 22}, Max: orb.Point{115, 23}}.ToPolygon())
			switch {
			case c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)):
				t.Fatalf("got %v, want a refusal that says %q", err, c.refusal)
			case c.refusal == "" && err != nil:
				t.Fatal(err)
			case c.refusal == "" && d.Geometry.GeoJSONType() != c.want:
				t.Errorf("read a %s, want a %s", d.Geometry.GeoJSONType(), c.want)
			}
		})
	}
}
