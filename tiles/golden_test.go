package tiles_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/encoding/wkt"

	"wangge/spatial"
	"wangge/tiles"
)

var update = flag.Bool("update", false, "write the golden files anew")

// readable is a tile in words, as orb's decoder, an independent one, sees it.
func readable(t testing.TB, raw []byte) string {
	t.Helper()
	layers, err := mvt.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, l := range layers {
		fmt.Fprintf(&b, "layer %s version %d extent %d\n", l.Name, l.Version, l.Extent)
		for _, f := range l.Features {
			fmt.Fprintf(&b, "%v", f.ID)
			for _, key := range slices.Sorted(maps.Keys(f.Properties)) {
				fmt.Fprintf(&b, " %s=%v", key, f.Properties[key])
			}
			fmt.Fprintf(&b, "\n  %s\n", wkt.MarshalString(f.Geometry))
		}
	}
	return b.String()
}

// TestGolden compares tiles with those in testdata. After a change that is
// meant: go test ./tiles -run TestGolden -update, and read the difference.
func TestGolden(t *testing.T) {
	s := fixture(t)
	cases := []struct {
		name   string
		id     tiles.ID
		layers []spatial.LayerID
	}{
		{"world", tiles.ID{}, []spatial.LayerID{"districts", "zones"}},
		{"outline_z10", tiles.At(town.Center(), 10), []spatial.LayerID{"districts", "zones"}},
		{"grids_z14", tiles.At(at(7, 3), 14), []spatial.LayerID{"grids"}},
		{"all_z16", tiles.At(at(4, 4), 16), everything()},
		{"buildings_z15", tiles.At(at(6, 5), 15), []spatial.LayerID{"buildings"}},
		{"order_z18", tiles.At(at(4, 4), 18), []spatial.LayerID{"zones", "statistics", "grids"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := fmt.Sprintf("tile %v\n%s", c.id, readable(t, encode(t, layersOf(t, s, c.layers...), c.id)))
			path := filepath.Join("testdata", c.name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs:\n%s", path, firstDifference(got, string(want)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\ngot  %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
