package geodesic

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
)

// TestAgainstPostGIS compares with the figures of testdata/postgis.csv, whose
// head says how they were made.
func TestAgainstPostGIS(t *testing.T) {
	counts := map[string]int{}
	for _, row := range oracleRows(t) {
		a, b, want := geometry(t, row[1]), geometry(t, row[2]), number(t, row[3])
		counts[row[0]]++
		switch row[0] {
		case "distance":
			agree(t, row, float64(Distance(a.(orb.Point), b.(orb.Point))), want, 0.001)
		case "length":
			agree(t, row, float64(Length(a)), want, 0.001)
		case "area":
			agree(t, row, float64(Area(a)), want, max(1e-9*want, karneyNoise))
		case "nearest":
			// PostGIS finds the position on a sphere and then measures to it on
			// the ellipsoid. Directions on both differ by up to e², so it may be
			// e⁴/2 of the distance too far, never too near.
			const excess = ecc2 * ecc2 / 4
			d, _ := DistanceTo(a.(orb.Point), b)
			agree(t, row, float64(d), want-excess*want, excess*want+0.001)
		}
	}
	for what, least := range map[string]int{"distance": 400, "length": 200, "area": 100, "nearest": 100} {
		if counts[what] < least {
			t.Errorf("only %d figures of %s", counts[what], what)
		}
	}
}

func oracleRows(t *testing.T) [][]string {
	t.Helper()
	f, err := os.Open("testdata/postgis.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func geometry(t *testing.T, text string) orb.Geometry {
	t.Helper()
	if text == "" {
		return nil
	}
	g, err := wkt.Unmarshal(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return g
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func agree(t *testing.T, row []string, got, want, tolerance float64) {
	t.Helper()
	if off := math.Abs(got - want); !(off <= tolerance) {
		t.Errorf("%s of %.60s %.60s = %.9f, PostGIS %.9f: %g off, more than %g", row[0], row[1], row[2], got, want, off, tolerance)
	}
}
