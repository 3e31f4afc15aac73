package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// noisy is a coverage of n × n squares whose corners were computed anew for
// every square, with noise of some nanometres.
func noisy(n int) string {
	random := rand.New(rand.NewPCG(1, 1))
	corner := func(i, j int) string {
		shake := func() float64 { return 1e-10 * (2*random.Float64() - 1) }
		return fmt.Sprintf("[%.15f,%.15f]", 114.1+float64(i)*1e-3+shake(), 22.55+float64(j)*1e-3+shake())
	}
	var features []string
	for i := range n {
		for j := range n {
			first := corner(i, j)
			features = append(features, fmt.Sprintf(`{"type":"Feature","properties":{"code":"%02d-%02d"},"geometry":{"type":"Polygon","coordinates":[[%s,%s,%s,%s,%s]]}}`,
				i, j, first, corner(i+1, j), corner(i+1, j+1), corner(i, j+1), first))
		}
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",\n") + `]}`
}

func TestImportOfACoverage(t *testing.T) {
	store := filepath.Join(t.TempDir(), "s.gpkg")
	if code, _, errOut := wangge(t, "init", "--store", store); code != 0 {
		t.Fatal(errOut)
	}
	file, slivers := written(t, "noisy.geojson", noisy(6)), filepath.Join(t.TempDir(), "slivers.geojson")
	code, out, errOut := wangge(t, "import", "zones", file, "--store", store, "--partition", "--code", "code", "--repair", "1mm", "--slivers", slivers)
	if code != 0 || !strings.Contains(out, "Repaired within 1mm") || !strings.Contains(out, "no gap and no overlap wider") || !strings.Contains(out, "gaps (") {
		t.Fatal(code, out, errOut)
	}
	var all struct {
		Features []struct {
			Properties struct {
				Rule, Between string
				Area          float64 `json:"area_m2"`
				Width         float64 `json:"width_m"`
			}
		}
	}
	raw, err := os.ReadFile(slivers)
	if err != nil || json.Unmarshal(raw, &all) != nil || len(all.Features) < 30 {
		t.Fatalf("%v: %d slivers", err, len(all.Features))
	}
	for _, f := range all.Features {
		if p := f.Properties; p.Area <= 0 || p.Width <= 0 || p.Width > 1e-3 || p.Between == "" || p.Rule != "gap" && p.Rule != "overlap" {
			t.Errorf("%+v", p)
		}
	}
	if code, out, _ := wangge(t, "check", "--store", store); code != 0 || !strings.Contains(out, "zones: 36 polygons, 0 gaps, 0 overlaps") {
		t.Error(out)
	}
	again := written(t, "more.geojson", strings.Replace(noisy(6), `"05-05"`, `"06-06"`, 1))
	code, out, errOut = wangge(t, "import", "zones", again, "--store", store)
	if code != 1 || !strings.Contains(out, "overlap") || !strings.Contains(errOut, "nothing was changed") {
		t.Errorf("an area beside its twin: %d %s %s", code, out, errOut)
	}
}

func TestToleranceIsALength(t *testing.T) {
	for text, want := range map[string]float64{"0.01m": 0.01, "5mm": 0.005, "2 cm": 0.02, "0.1": 0.1} {
		if got, err := parseTolerance(text); err != nil || float64(got) != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "m", "1km", "a lot"} {
		if _, err := parseTolerance(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
