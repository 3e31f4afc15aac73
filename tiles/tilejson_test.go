package tiles_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

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

func TestTileJSONOfNothing(t *testing.T) {
	s := fixture(t)
	j := tiles.NewTileJSON(view(t, s, "statistics"), "")
	body, err := json.Marshal(j)
	if err != nil || !strings.Contains(string(body), `"vector_layers":[]`) || j.Center[2] != 1 || j.Bounds[0] != -180 {
		t.Errorf("%s, %v", body, err)
	}
}
