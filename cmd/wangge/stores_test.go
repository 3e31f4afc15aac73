package main

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
	"wangge/tiles"
)

// TestStores takes the reference dataset through each kind of store, as an
// operator would: made, checked, served, added to, and found to be broken.
func TestStores(t *testing.T) {
	digests, covers := map[string]map[string][sha256.Size]byte{}, map[string]string{}
	for name, made := range map[string]func(testing.TB) string{"geopackage": referenceCopy, "postgis": referenceDatabase} {
		t.Run(name, func(t *testing.T) {
			store := made(t)
			t.Run("check passes", func(t *testing.T) { checkPasses(t, store) })
			t.Run("counts", func(t *testing.T) { servesCounts(t, store) })
			t.Run("tiles", func(t *testing.T) { digests[name] = townTiles(t, store) })
			t.Run("shelters", func(t *testing.T) { covers[name] = asksOfShelters(t, store) })
			t.Run("import while serving", func(t *testing.T) { importsWhileServing(t, store) })
			t.Run("import and export", func(t *testing.T) { comesAndGoes(t, store) })
			t.Run("import roads", func(t *testing.T) { importsRoads(t, store) })
			t.Run("check finds planted faults", func(t *testing.T) { checkFindsPlantedFaults(t, store) })
		})
	}
	if a, b := covers["geopackage"], covers["postgis"]; a != b && b != "" {
		t.Errorf("coverage differs between the stores: %.300s and %.300s", a, b)
	}
	for address, want := range digests["geopackage"] {
		if have, ok := digests["postgis"][address]; ok && have != want {
			t.Errorf("%s differs between the stores", address)
		}
	}
}

// townTiles are the digests of the tiles above the town's centre, with all
// layers that have geometry.
func townTiles(t *testing.T, store string) map[string][sha256.Size]byte {
	address := serve(t, store)
	digests := map[string][sha256.Size]byte{}
	for z := range uint32(19) {
		id := tiles.At(orb.Point{114.118, 22.546}, z)
		path := fmt.Sprintf("/tiles/districts,grids,water,roads,buildings,risk_points,high_risk_zones,shelters/%v.mvt", id)
		digests[path] = sha256.Sum256(get(t, address+path))
	}
	return digests
}

// referenceCopy is the reference dataset in a file to be written to.
func referenceCopy(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "copy.gpkg")
	content, err := os.ReadFile(referenceStore(t))
	if err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// referenceDatabase is the reference dataset in a database to be written to.
func referenceDatabase(t testing.TB) string {
	if testing.Short() {
		t.Skip("makes the whole reference dataset")
	}
	return postgistest.Copy(t, "reference", func(url string) {
		if code, _, errOut := wangge(t, "check", "--store", url); code != 1 || !strings.Contains(errOut, "wangge init") {
			t.Errorf("a database without a store: %d %s", code, errOut)
		}
		if code, out, errOut := wangge(t, "init", "--sample", "--store", url); code != 0 {
			t.Fatal(out, errOut)
		}
	})
}

func checkPasses(t *testing.T, store string) {
	code, out, errOut := wangge(t, "check", "--store", store)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, out, errOut)
	}
	for _, fact := range []string{"grids: 1135 polygons, 0 gaps, 0 overlaps", "grids: residents equals its buildings, 1191907 in all"} {
		if !strings.Contains(out, fact) {
			t.Errorf("not proved: %s\n%s", fact, out)
		}
	}
}

// plant changes one row of a layer behind everybody's back.
func plant(t *testing.T, url string, layer spatial.LayerID, name string, spoil func(*spatial.Schema, *spatial.Row)) {
	t.Helper()
	store, err := storeFlag{Store: url}.make(t.Context(), slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	snapshot, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := snapshot.Layer(layer)
	if err != nil {
		t.Fatal(err)
	}
	row := named(t, l, name).Row()
	row.Geometry = orb.Clone(row.Geometry)
	spoil(l.Schema(), &row)
	change := spatial.Change{Base: snapshot.Version(), Layers: []spatial.LayerChange{{Layer: layer, Put: []spatial.Row{row}}}}
	if _, err := store.Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func named(t *testing.T, l *spatial.Layer, name string) spatial.Feature {
	t.Helper()
	for f := range l.All() {
		if f.Label() == name {
			return f
		}
	}
	t.Fatalf("no feature of %s is called %s", l.ID(), name)
	return spatial.Feature{}
}

// checkFindsPlantedFaults moves a grid's vertex by a tenth of a millimetre and
// adds a resident to a building; the check must name the rules, the codes and
// the place.
func checkFindsPlantedFaults(t *testing.T, store string) {
	var at orb.Point
	plant(t, store, "grids", "新秀社区18网格", func(_ *spatial.Schema, r *spatial.Row) {
		ring := r.Geometry.(orb.Polygon)[0]
		ring[2][0] = float64(int64(ring[2][0]*1e9+0.5)+1) / 1e9
		at = ring[2]
	})
	plant(t, store, "buildings", "深水楼", func(s *spatial.Schema, r *spatial.Row) {
		for _, field := range []string{"residents", "residents_shenzhen"} {
			i := s.FieldIndex(field)
			r.Values[i] = spatial.Int(r.Values[i].Int() + 1)
		}
	})
	code, out, _ := wangge(t, "check", "--store", store, "--limit", "100")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, want := range []string{"44030300200718", "(grids_boundary)", "(grids_residents_total)"} {
		if !strings.Contains(out, want) {
			t.Errorf("the check does not say %q\n%s", want, faultsOf(out))
		}
	}
	if !placed(out, at) {
		t.Errorf("no fault is at %v\n%s", at, faultsOf(out))
	}
	if !strings.Contains(out, "(grids_gap)") && !strings.Contains(out, "(grids_overlap)") {
		t.Errorf("neither gap nor overlap\n%s", faultsOf(out))
	}
}

var position = regexp.MustCompile(`at ([0-9.]+),([0-9.]+)`)

// placed says whether a fault is at a position, to a millimetre.
func placed(out string, at orb.Point) bool {
	for _, match := range position.FindAllStringSubmatch(out, -1) {
		lon, lonErr := strconv.ParseFloat(match[1], 64)
		lat, latErr := strconv.ParseFloat(match[2], 64)
		if lonErr == nil && latErr == nil && math.Hypot(lon-at[0], lat-at[1]) < 1e-8 {
			return true
		}
	}
	return false
}

func faultsOf(out string) string {
	var faults []string
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "FAULT") {
			faults = append(faults, line)
		}
	}
	return strings.Join(faults, "")
}
