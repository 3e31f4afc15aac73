package instance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// likePmed is a graph with as many nodes and edges as the published ones have,
// in their format: a ring, and edges at random.
func likePmed(nodes, edges, choose int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 1))
	var file strings.Builder
	fmt.Fprintln(&file, nodes, edges, choose)
	for i := range edges {
		a, b := i%nodes, (i+1)%nodes
		if i >= nodes {
			a, b = random.IntN(nodes), random.IntN(nodes)
		}
		fmt.Fprintln(&file, a+1, b+1, 1+random.IntN(100))
	}
	return file.String()
}

var sizes = []struct{ nodes, edges, choose int }{{100, 200, 5}, {100, 200, 10}, {100, 200, 33}, {200, 800, 5}, {200, 800, 20}, {200, 800, 67}, {400, 3200, 40}, {900, 16200, 90}}

// BenchmarkGraph solves graphs of the sizes of pmed1 to pmed10 and some of the
// larger ones, and says whether to the proof.
func BenchmarkGraph(b *testing.B) {
	for _, size := range sizes {
		g, err := ReadGraph(strings.NewReader(likePmed(size.nodes, size.edges, size.choose, 1)))
		if err != nil {
			b.Fatal(err)
		}
		for name, solve := range map[string]func(Table, int, int) *Answer{"median": Median, "center": Center} {
			b.Run(fmt.Sprintf("%s/nodes=%d/choose=%d", name, size.nodes, size.choose), func(b *testing.B) {
				for b.Loop() {
					a := solve(g.Table, g.Choose, 2000)
					b.ReportMetric(a.Gap(), "gap")
					b.ReportMetric(float64(a.Nodes), "nodes")
					b.ReportMetric(float64(a.Value), "value")
				}
			})
		}
	}
}

// BenchmarkLocation solves capacitated problems where each demand is served by
// one site: p-medians like OR-Library's, and facilities with fixed costs.
func BenchmarkLocation(b *testing.B) {
	for _, size := range []struct{ sites, demands, choose int }{{50, 50, 5}, {10, 50, 0}, {20, 50, 0}, {30, 150, 0}} {
		l := likeLocation(size.sites, size.demands, size.choose)
		b.Run(fmt.Sprintf("sites=%d/demands=%d/choose=%d", size.sites, size.demands, size.choose), func(b *testing.B) {
			for b.Loop() {
				a := l.Solve(300)
				b.ReportMetric(a.Gap(), "gap")
				b.ReportMetric(float64(a.Nodes), "nodes")
				b.ReportMetric(float64(a.Value), "value")
			}
		})
	}
}

func likeLocation(sites, demands, choose int) *Location {
	random := rand.New(rand.NewPCG(3, 1))
	l := newLocation(sites, demands)
	l.Choose = choose
	x, y := make([]float64, demands), make([]float64, demands)
	for i := range demands {
		x[i], y[i], l.Demand[i] = 100*random.Float64(), 100*random.Float64(), 1+int64(random.IntN(20))
	}
	for j := range sites {
		l.Capacity[j] = 120
		if choose == 0 {
			l.Capacity[j], l.Fixed[j] = 200+int64(random.IntN(200)), 300+int64(random.IntN(300))
		}
		for i := range demands {
			l.Table[j][i] = int64(math.Hypot(x[i]-x[j], y[i]-y[j]))
		}
	}
	return l
}
