package postgis

import (
	"net/url"
	"os"
	programs "os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"wangge/spatial"
)

// TestOgr2ogr: GDAL appends rows without knowing of ids, and is seen as one
// change.
func TestOgr2ogr(t *testing.T) {
	program, err := programs.LookPath("ogr2ogr")
	if err != nil {
		t.Skip("ogr2ogr is not installed")
	}
	store, address := wards(t)
	file := filepath.Join(t.TempDir(), "new.geojson")
	const content = `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"code":"11","men":1},"geometry":{"type":"Polygon","coordinates":[[[120,22],[121,22],[121,23],[120,22]]]}},
		{"type":"Feature","properties":{"code":"12"},"geometry":null}]}`
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	target := "PG:dbname=wangge user=" + u.User.Username() + " host=" + query.Get("host") + " port=" + query.Get("port") + " active_schema=" + schemaOf(t, address)
	out, err := programs.Command(program, "-append", "-nln", "wards", "-a_srs", "EPSG:4490", target, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := map[spatial.LayerID]changed{"wards": {put: []int64{3, 4}}}
	if got := since(t, store, 1, 2); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if got := ask[string](t, address, "SELECT ST_AsText(geom) FROM wards WHERE code = '11'"); got != "POLYGON((120 22,121 22,121 23,120 22))" {
		t.Errorf("got %s", got)
	}
}
