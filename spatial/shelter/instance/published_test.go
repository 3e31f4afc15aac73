package instance

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The optima of OR-Library's problems pmed1 to pmed40 (Beasley 1985), of the
// same as p-center problems (Pullan 2008, doi:10.1162/evco.2008.16.3.417), and
// of the capacitated problems of pmedcap1 (Osman and Christofides 1994).
var (
	medianOptima = []int64{5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255, 7696, 6634, 4374, 2968, 1729, 8162, 6999, 4809, 2845, 1789,
		9138, 8579, 4619, 2961, 1828, 9917, 8307, 4498, 3033, 1989, 10086, 9297, 4700, 3013, 10400, 9934, 5057, 11060, 9423, 5128}
	centerOptima = []int64{127, 98, 93, 74, 48, 84, 64, 55, 37, 20, 59, 51, 36, 26, 18, 47, 39, 28, 18, 13,
		40, 38, 22, 15, 11, 38, 32, 18, 13, 9, 30, 29, 15, 11, 30, 27, 15, 29, 23, 13}
	capacitatedOptima = []int64{713, 740, 751, 651, 664, 778, 787, 820, 715, 829, 1006, 966, 1026, 982, 1091, 954, 1034, 1043, 1031, 1005}
)

// TestPublished solves OR-Library's files, where WANGGE_INSTANCES names the
// folder that they are in: pmed1.txt to pmed40.txt, and pmedcap1.txt to
// pmedcap20.txt with one problem in each. Medians must be proven to be the
// optimum; of the others no bound may be above it and no value below, and
// values within 6 %, or two, of the optimum must be found. It takes some minutes.
func TestPublished(t *testing.T) {
	folder := os.Getenv("WANGGE_INSTANCES")
	if folder == "" {
		t.Skip("WANGGE_INSTANCES does not say where OR-Library's files are")
	}
	for i, want := range medianOptima {
		g := published(t, folder, fmt.Sprintf("pmed%d.txt", i+1), func(f *os.File) (*Graph, error) { return ReadGraph(f) })
		if g == nil {
			continue
		}
		if a := Median(g.Table, g.Choose, 2000); a.Value != want || !a.Exact() {
			t.Errorf("pmed%d: median %d, bound %d, want %d", i+1, a.Value, a.Bound, want)
		}
		near(t, fmt.Sprintf("pmed%d: center", i+1), Center(g.Table, g.Choose, 500), centerOptima[i])
	}
	for i, want := range capacitatedOptima {
		l := published(t, folder, fmt.Sprintf("pmedcap%d.txt", i+1), func(f *os.File) (*Location, error) { return ReadLocation(f, Pmedcap) })
		if l != nil {
			near(t, fmt.Sprintf("pmedcap%d", i+1), l.Solve(2000), want)
		}
	}
}

func near(t *testing.T, name string, a *Answer, want int64) {
	t.Helper()
	t.Logf("%s: %d, bound %d, optimum %d", name, a.Value, a.Bound, want)
	if a.Bound > want || a.Value < want || a.Value > max(want+2, want+want*6/100) {
		t.Errorf("%s: %d, bound %d, want %d", name, a.Value, a.Bound, want)
	}
}

// published reads a file, nil if it is not there.
func published[T any](t *testing.T, folder, name string, read func(*os.File) (*T, error)) *T {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		t.Log(err)
		return nil
	}
	defer f.Close()
	problem, err := read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return problem
}
