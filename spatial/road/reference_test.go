package road_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
)

// reference is the driving graph of the reference dataset with its stations as
// starts.
func reference(t testing.TB) (*road.Graph, []road.Start) {
	t.Helper()
	n, err := road.New(luohutest.Layer(t, "roads"), nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := n.Profile("driving")
	if err != nil {
		t.Fatal(err)
	}
	var starts []road.Start
	for f := range luohutest.Layer(t, "response_points").All() {
		p, _ := g.Snap(f.Geometry().(orb.Point))
		starts = append(starts, road.Start{Position: p, After: road.Millis(f.Attribute("turnout").Int() * 1000)})
	}
	return g, starts
}

func TestNames(t *testing.T) {
	g, _ := reference(t)
	names := g.Names()
	if !slices.IsSorted(names) || len(names) < 20 {
		t.Fatalf("names %v", names)
	}
	all := 0
	for _, name := range names {
		edges := g.Named(name)
		if len(edges) == 0 {
			t.Errorf("no edges of %s", name)
		}
		for _, i := range edges {
			if e := g.Edge(i); e.Name() != name && e.EnglishName() != name {
				t.Errorf("edge %d is of %s and %s, not %s", i, e.Name(), e.EnglishName(), name)
			}
			if !slices.Contains(g.OfRoad(g.Edge(i).Road), i) {
				t.Errorf("edge %d is not of its road", i)
			}
		}
		all += len(edges)
	}
	if all < g.Edges() || g.Named("") != nil || g.Named("no such road") != nil {
		t.Errorf("%d edges of names, of %d", all, g.Edges())
	}
}

// TestReferenceHangsTogether: on the reference dataset every junction is reached
// from every other, over bridges too.
func TestReferenceHangsTogether(t *testing.T) {
	g, _ := reference(t)
	if c := g.Connectivity(); c.Parts != 1 || len(c.Off) > 0 {
		t.Errorf("%d parts, %d edges off the largest", c.Parts, len(c.Off))
	}
}

// BenchmarkGraph: the nearest start for all nodes, the nearest three, the table
// of all starts, the same by a search with a heap for each start, and a graph
// with one edge in a hundred closed and the nearest starts on it.
func BenchmarkGraph(b *testing.B) {
	g, starts := reference(b)
	large, many := road.City(b, 100_000)
	for _, of := range []struct {
		name   string
		g      *road.Graph
		starts []road.Start
	}{{"reference", g, starts}, {"city", large, many}} {
		g, starts := of.g, of.starts
		bench := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s_%d/%s", of.name, g.Nodes(), name), func(b *testing.B) {
				for b.Loop() {
					f()
				}
			})
		}
		bench("nearest", func() { g.From(starts) })
		bench("nearest/heap", func() { road.NearestByHeap(g, starts) })
		bench("three", func() { g.Ranked(starts, 3) })
		bench("table", func() {
			if _, err := g.Table(starts); err != nil {
				b.Fatal(err)
			}
		})
		bench("table/heap", func() {
			for i := range starts {
				road.NearestByHeap(g, starts[i:i+1])
			}
		})
		bench("closure", func() { g.Without(func(edge int32) bool { return edge%97 == 0 }).From(starts) })
	}
}

// extract names the variable with an OpenStreetMap extract (.osm.pbf) to try
// searches on.
const extract = "WANGGE_OSM"

// TestTimesOnAnExtract compares with the twin on real roads, with up to a tenth of
// them closed at random, as TestTimesAreBellmanAndFords does.
func TestTimesOnAnExtract(t *testing.T) {
	path := os.Getenv(extract)
	if path == "" {
		t.Skip(extract + " names no extract")
	}
	g := graphOf(t, path)
	random := rand.New(rand.NewPCG(3, 1))
	cases := 0
	for cases < 10_000 && !t.Failed() {
		share := random.Float64() / 10
		cases += road.Compare(t, random, g.Without(func(int32) bool { return random.Float64() < share }))
	}
	c := g.Connectivity()
	t.Logf("%d junctions, %d edges, %.0f km, %d parts, %d turns; %d cases", c.Junctions, c.Edges, c.Length/1000, c.Parts, g.Nodes()-c.Junctions, cases)
}

func graphOf(tb testing.TB, path string) *road.Graph {
	tb.Helper()
	read, err := format.ReadOSM(path)
	if err != nil {
		tb.Fatal(err)
	}
	made := func(schema *spatial.Schema, rows []spatial.Row) *spatial.Layer {
		layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		})
		if err != nil {
			tb.Fatal(err)
		}
		return layer
	}
	n, err := road.New(made(road.Schema(), read.Roads), made(road.TurnSchema(), read.Turns))
	if err != nil {
		tb.Fatal(err)
	}
	g, err := n.Profile("driving")
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// BenchmarkSnap brings places in the district onto its roads.
func BenchmarkSnap(b *testing.B) {
	g, _ := reference(b)
	random := rand.New(rand.NewPCG(2, 2))
	var places []orb.Point
	for range 1000 {
		places = append(places, orb.Point{114.08 + random.Float64()*0.1, 22.54 + random.Float64()*0.05})
	}
	b.Run("index", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			g.Snap(places[i%len(places)])
		}
	})
	b.Run("every_edge", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			least := geodesic.Meters(math.Inf(1))
			for e := range int32(g.Edges()) {
				d, _ := geodesic.DistanceTo(places[i%len(places)], g.Edge(e).Line)
				least = min(least, d)
			}
		}
	})
}
