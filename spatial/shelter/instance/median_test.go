package instance

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func someTable(random *rand.Rand, sites, demands, most int) Table {
	t := make(Table, sites)
	for j := range t {
		t[j] = make([]int64, demands)
		for i := range t[j] {
			t[j][i] = int64(random.IntN(most))
		}
	}
	return t
}

// byLooking is the least cost, and the least greatest cost, of any p sites.
func byLooking(t Table, p int) (median, center int64) {
	median, center = math.MaxInt64, math.MaxInt64
	for set := range 1 << len(t) {
		var sites []int
		for j := range t {
			if set>>j&1 == 1 {
				sites = append(sites, j)
			}
		}
		if len(sites) == p {
			sum, most := costOf(t, sites)
			median, center = min(median, sum), min(center, most)
		}
	}
	return median, center
}

func costOf(t Table, sites []int) (sum, most int64) {
	for i := range t[0] {
		least := int64(math.MaxInt64)
		for _, j := range sites {
			least = min(least, t[j][i])
		}
		sum, most = sum+least, max(most, least)
	}
	return sum, most
}

// TestMedianAndCenterAreTheBestOfAll compares small tables with a look at every
// choice, with as many nodes as it takes and with one.
func TestMedianAndCenterAreTheBestOfAll(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	open := 0
	for range 1500 {
		table := someTable(random, 1+random.IntN(9), 1+random.IntN(12), []int{2, 20, 1000}[random.IntN(3)])
		p := 1 + random.IntN(len(table))
		median, center := byLooking(table, p)
		for _, nodes := range []int{100_000, 1} {
			m, c := Median(table, p, nodes), Center(table, p, nodes)
			check(t, "median", m, median, nodes > 1)
			check(t, "center", c, center, nodes > 1)
			if sum, _ := costOf(table, m.Sites); sum != m.Value || len(m.Sites) != p {
				t.Errorf("%v cost %d, not %d", m.Sites, sum, m.Value)
			}
			if _, most := costOf(table, c.Sites); most != c.Value || len(c.Sites) != p {
				t.Errorf("%v have a greatest cost of %d, not %d", c.Sites, most, c.Value)
			}
			if !m.Exact() || !c.Exact() {
				open++
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if open == 0 {
		t.Error("no bound was left open")
	}
}

func check(t *testing.T, what string, a *Answer, want int64, exact bool) {
	t.Helper()
	if exact && (a.Value != want || !a.Exact() || a.Gap() != 0) || a.Bound > want || a.Value < want || !slices.IsSorted(a.Sites) {
		t.Errorf("%s: %d with bound %d, want %d", what, a.Value, a.Bound, want)
	}
}

func TestReadGraph(t *testing.T) {
	g, err := ReadGraph(strings.NewReader(" 4 5 2\n1 2 30\n2 3 4\n3 4 5\n1 4 100\n2 1 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Table{{0, 3, 7, 12}, {3, 0, 4, 9}, {7, 4, 0, 5}, {12, 9, 5, 0}} // the edge 1 2 is 3 long, as it was said last
	if g.Choose != 2 || !slices.EqualFunc(g.Table, want, slices.Equal) {
		t.Errorf("%+v", g)
	}
	for name, text := range map[string]string{
		"nothing":               "",
		"not a number":          "4 x 2",
		"NaN":                   "4 NaN 2",
		"half a node":           "2 1 1\n1 1.5 3",
		"no such node":          "2 1 1\n1 3 3",
		"a negative length":     "2 1 1\n1 2 -3",
		"more sites than nodes": "2 1 3\n1 2 3",
		"too short":             "3 2 1\n1 2 3\n2 3",
		"too long":              "2 1 1\n1 2 3 4",
		"not connected":         "3 1 1\n1 2 3",
		"too many nodes":        "1000000 1 1",
	} {
		if _, err := ReadGraph(strings.NewReader(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
