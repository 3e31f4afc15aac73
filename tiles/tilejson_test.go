package tiles_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial/datum"
	"wangge/tiles"
)

func TestTileJSON(t *testing.T) {
	j := tiles.NewTileJSON(view(t, fixture(t), "grids", "buildings", "statistics"), "https://example.org/map")
	if want := "https://example.org/map/tiles/grids,buildings,statistics/{z}/{x}/{y}.mvt"; len(j.Tiles) != 1 || j.Tiles[0] != want {
		t.Errorf("tiles %v, want %s", j.Tiles, want)
	}
	if !strings.Contains(j.Attribution, "synthetic data") || strings.Count(j.Attribution, "synthetic") != 1 {
		t.Errorf("attribution %q", j.Attribution)
	}
	if len(j.VectorLayers) != 2 || j.VectorLayers[0].ID != "grids" || j.VectorLayers[1].ID != "buildings" {
		t.Fatalf("layers %v", j.VectorLayers)
	}
	if got := j.VectorLayers[0].Fields["residents"]; got != "居民 Residents [persons] (int)" {
		t.Errorf("field residents is described as %q", got)
	}
	if _, shown := j.VectorLayers[1].Fields["secret"]; shown || len(j.VectorLayers[1].Fields) != 6 {
		t.Errorf("fields of buildings: %v", j.VectorLayers[1].Fields)
	}
	checkPlace(t, j)
	body, err := json.Marshal(j)
	if err != nil || !strings.HasPrefix(string(body), `{"tilejson":"3.0.0"`) {
		t.Errorf("%s, %v", body, err)
	}
}

// checkPlace holds bounds and centre against the fixture's town.
func checkPlace(t *testing.T, j *tiles.TileJSON) {
	t.Helper()
	for i, want := range [4]float64{town.Left(), town.Bottom(), town.Right(), town.Top()} {
		if math.Abs(j.Bounds[i]-want) > 0.01 {
			t.Errorf("bounds %v, want about %v", j.Bounds, town)
		}
	}
	if !town.Contains([2]float64{j.Center[0], j.Center[1]}) || j.Center[2] != 12 {
		t.Errorf("centre %v", j.Center)
	}
}

// TestTileJSONOfMovedDatums holds that the bounds are around everything as it is
// shown, and not much larger.
func TestTileJSONOfMovedDatums(t *testing.T) {
	for _, crs := range []datum.CRS{datum.GCJ02, datum.BD09} {
		v := view(t, referenceSnapshot(t), "risk_points", "grids")
		v.Datum = crs
		b := tiles.NewTileJSON(v, "").Bounds
		held := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
		for _, layer := range v.Layers {
			for f := range layer.All() {
				for part := range f.Parts() {
					for _, p := range part.Degrees {
						held = held.Extend(datum.FromLL(crs, p))
					}
				}
			}
		}
		for _, over := range []float64{held.Left() - b[0], held.Bottom() - b[1], b[2] - held.Right(), b[3] - held.Top()} {
			if over < 0 || over > 1e-3 {
				t.Errorf("%v: bounds %v around %v", crs.Name(), b, held)
			}
		}
	}
}

// TestTileJSONTellsClusters names all tags of clusters.
func TestTileJSONTellsClusters(t *testing.T) {
	v := view(t, referenceSnapshot(t), "risk_points")
	fields := tiles.NewTileJSON(v, "").VectorLayers[0].Fields
	for _, l := range parseTile(t, encode(t, v.Layers, tiles.At(orb.Point{114.12, 22.55}, 12))).Layers {
		for _, key := range l.Keys {
			if fields[key] == "" {
				t.Errorf("the tag %s is not described", key)
			}
		}
	}
}

func TestTileJSONOfNothing(t *testing.T) {
	s := fixture(t)
	j := tiles.NewTileJSON(view(t, s, "statistics"), "")
	body, err := json.Marshal(j)
	if err != nil || !strings.Contains(string(body), `"vector_layers":[]`) || j.Center[2] != 1 || j.Bounds[0] != -180 {
		t.Errorf("%s, %v", body, err)
	}
}
