package main

import (
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
)

// referenceStores are the reference dataset in each kind of store, to be
// written to.
func referenceStores(t *testing.T) map[string]func(t *testing.T) string {
	return map[string]func(t *testing.T) string{
		"geopackage": func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "copy.gpkg")
			content, err := os.ReadFile(referenceStore(t))
			if err == nil {
				err = os.WriteFile(path, content, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			return path
		},
		"postgis": func(t *testing.T) string {
			if testing.Short() {
				t.Skip("makes the whole reference dataset")
			}
			url := postgistest.URL(t)
			if code, out, errOut := wangge(t, "init", "--sample", "--store", url); code != 0 {
				t.Fatal(out, errOut)
			}
			return url
		},
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

// TestCheckFindsPlantedFaults: both stores pass as made; then a grid's vertex
// is moved by a tenth of a millimetre and a resident appears in a building,
// and the check names the rules, the codes and the place.
func TestCheckFindsPlantedFaults(t *testing.T) {
	for name, open := range referenceStores(t) {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			if code, out, _ := wangge(t, "check", "--store", store); code != 0 {
				t.Fatalf("as made: exit code %d\n%s", code, out)
			}
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
		})
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
