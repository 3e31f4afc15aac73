package main

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/geojson"
	"modernc.org/sqlite"

	"wangge/tiles"
)

// both are the two kinds of store, each with the reference dataset.
var both = map[string]func(testing.TB) string{"geopackage": referenceCopy, "postgis": referenceDatabase}

// TestForeignEditIsVisible: what another program writes into the store is in
// the features and tiles of a service that runs, without being asked to look.
func TestForeignEditIsVisible(t *testing.T) {
	for name, made := range both {
		t.Run(name, func(t *testing.T) {
			store := made(t)
			spots := written(t, "spots.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"一"},"geometry":{"type":"Point","coordinates":[114.12,22.56]}}]}`)
			if code, out, errOut := wangge(t, "import", "spots", spots, "--store", store, "--as-of", "2024-11-04"); code != 0 {
				t.Fatal(out, errOut)
			}
			address := serve(t, store)
			house := buildingOf(t, address, 1640)
			update := "UPDATE buildings SET name = '改名楼' WHERE id = 1640"
			if isPostgres(store) {
				tool(t, "psql", store, "-qc", update)
			} else {
				tool(t, "ogrinfo", store, "-q", "-sql", update)
			}
			await(t, address, house, "改名楼")
			more := written(t, "more.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"第二处"},"geometry":{"type":"Point","coordinates":[114.13,22.55]}}]}`)
			database, table := gdalNames(t, store, "spots")
			tool(t, "ogr2ogr", "-append", "-update", database, more, "-nln", table)
			await(t, address, place{"spots", 0, tiles.ID{Z: 12, X: 3346, Y: 1784}}, "第二处")
		})
	}
}

// BenchmarkForeignEditVisible measures, from the acknowledgement of another
// program's commit, how long its change takes to be in both a feature and a
// tile. It reports the median and the 99th percentile.
func BenchmarkForeignEditVisible(b *testing.B) {
	for name, made := range both {
		b.Run(name, func(b *testing.B) {
			store := made(b)
			write := otherProgram(b, store)
			address := serve(b, store)
			house := buildingOf(b, address, 1640)
			var took []time.Duration
			for n := 0; b.Loop(); n++ {
				word := fmt.Sprintf("第%d次", n)
				if err := write(fmt.Sprintf("UPDATE buildings SET name = '%s' WHERE id = %d", word, house.id)); err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				await(b, address, house, word)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
			b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
			b.ReportMetric(milliseconds(took[len(took)-1]), "max-ms")
		})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// place is where a feature is to be seen.
type place struct {
	layer string
	id    int64 // 0 if the layer is small and the id unknown
	tile  tiles.ID
}

func buildingOf(t testing.TB, address string, id int64) place {
	t.Helper()
	feature, err := geojson.UnmarshalFeature(get(t, fmt.Sprintf("%s/collections/buildings/items/%d", address, id)))
	if err != nil {
		t.Fatal(err)
	}
	return place{"buildings", id, tiles.At(feature.Geometry.Bound().Center(), 17)}
}

// await asks for a feature and its tile until both say a name.
func await(t testing.TB, address string, p place, name string) {
	t.Helper()
	item := fmt.Sprintf("%s/collections/%s/items?limit=1000", address, p.layer)
	if p.id > 0 {
		item = fmt.Sprintf("%s/collections/%s/items/%d", address, p.layer, p.id)
	}
	word, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	tile := fmt.Sprintf("%s/tiles/%s/%v.mvt", address, p.layer, p.tile)
	for _, want := range []struct {
		url  string
		word []byte
	}{{item, word}, {tile, []byte(name)}} {
		for deadline := time.Now().Add(20 * time.Second); !bytes.Contains(get(t, want.url), want.word); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s does not say %s", want.url, name)
			}
		}
	}
}

// tool runs another program on the store; without it the test is skipped.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil || bytes.Contains(out, []byte("ERROR")) {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// gdalNames are the store and a layer of it as GDAL knows them; where a
// database is, the environment says.
func gdalNames(t *testing.T, store, layer string) (string, string) {
	t.Helper()
	if !isPostgres(store) {
		return store, layer
	}
	config, err := pgx.ParseConfig(store)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"PGHOST": config.Host, "PGPORT": fmt.Sprint(config.Port), "PGUSER": config.User,
		"PGPASSWORD": config.Password, "PGOPTIONS": config.RuntimeParams["options"]} {
		t.Setenv(name, value)
	}
	schema, _, _ := strings.Cut(strings.TrimPrefix(config.RuntimeParams["options"], "-csearch_path="), ",")
	return "PG:dbname=" + config.Database, cmp.Or(schema, "public") + "." + layer
}

// otherProgram is a connection to the store that stays open, as a GIS keeps
// it.
func otherProgram(b *testing.B, store string) func(string) error {
	b.Helper()
	if isPostgres(store) {
		conn, err := pgx.Connect(b.Context(), store)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close(b.Context()) })
		return func(statement string) error { _, err := conn.Exec(b.Context(), statement); return err }
	}
	db := sql.OpenDB(gis{"file:" + (&url.URL{Path: filepath.ToSlash(store)}).EscapedPath() + "?_pragma=busy_timeout(10000)"})
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { _ = db.Close() })
	return func(statement string) error { _, err := db.Exec(statement); return err }
}

// gis connects to a GeoPackage with the functions that its triggers name; an
// update that leaves the geometry alone calls none of them.
type gis struct{ dsn string }

func (g gis) Driver() driver.Driver { return new(sqlite.Driver) }

func (g gis) Connect(context.Context) (driver.Conn, error) {
	d := new(sqlite.Driver)
	for _, name := range []string{"ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"} {
		err := d.RegisterDeterministicScalarFunction(name, 1, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return nil, errors.New(name) })
		if err != nil {
			return nil, err
		}
	}
	return d.Open(g.dsn)
}
