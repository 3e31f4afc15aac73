package partition

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"wangge/spatial"
)

const side9 = 9 // cells along a side of the test coverage

// jittered is a coverage of 81 cells with shaken corners and a vertex in the
// middle of each edge, grouped into 9 blocks of 9; rings start anywhere.
func jittered(seed uint64) []orb.Polygon {
	random := rand.New(rand.NewPCG(seed, 1))
	node := func(i, j int) orb.Point {
		r := rand.New(rand.NewPCG(seed, uint64(i*1000+j)))
		return Vertex{114_000_000_000 + int64(i)*500_000 + r.Int64N(200_000), 22_500_000_000 + int64(j)*500_000 + r.Int64N(200_000)}.LL()
	}
	var cells []orb.Polygon
	for i := 0; i < 2*side9; i += 2 {
		for j := 0; j < 2*side9; j += 2 {
			ring := orb.Ring{node(i, j), node(i+1, j), node(i+2, j), node(i+2, j+1), node(i+2, j+2), node(i+1, j+2), node(i, j+2), node(i, j+1)}
			turn := random.IntN(len(ring))
			ring = append(slices.Clone(ring[turn:]), ring[:turn]...)
			cells = append(cells, orb.Polygon{append(ring, ring[0])})
		}
	}
	return cells
}

func code(i int) string { return fmt.Sprintf("%02d", i) }

func blockOf(i int) string { return fmt.Sprintf("B%d%d", i/side9/3, i%side9/3) }

func layerOf(t testing.TB, polygons []orb.Polygon) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: "grids", Geometry: spatial.Polygons, Code: "code",
		Fields: []spatial.Field{{Name: "code", Type: spatial.TypeText}, {Name: "block", Type: spatial.TypeText}}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, p := range polygons {
			row := spatial.Row{ID: int64(i + 1), Geometry: p, Values: []spatial.Value{spatial.Text(code(i)), spatial.Text(blockOf(i))}}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func TestProveAcceptsACoverage(t *testing.T) {
	for seed := range uint64(20) {
		if faults := Prove(layerOf(t, jittered(seed))); len(faults) > 0 {
			t.Fatalf("seed %d: %v", seed, faults)
		}
	}
}

// TestProveNamesPlantedFaults breaks one thing in a sound coverage and
// expects the rule, the cells and the place of the break.
func TestProveNamesPlantedFaults(t *testing.T) {
	const victim, neighbour = 40, 41 // (4,4) and (4,5): they share an edge of two segments
	onShared := func(cells []orb.Polygon) int {
		return slices.IndexFunc(cells[victim][0][:8], func(p orb.Point) bool {
			return slices.Contains(cells[neighbour][0], p) && !slices.Contains(cells[victim+side9][0], p) && !slices.Contains(cells[victim-side9][0], p)
		})
	}
	move := func(cells []orb.Polygon, dy float64) orb.Point {
		i := onShared(cells)
		p := cells[victim][0][i]
		p[1] = VertexOf(orb.Point{p[0], p[1] + dy}).LL()[1]
		moveVertex(cells[victim][0], i, p)
		return p
	}
	tests := map[string]struct {
		plant func(cells []orb.Polygon) ([]orb.Polygon, orb.Point)
		rule  string
		codes []string
	}{
		"a vertex drawn back leaves a gap": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) { return c, move(c, -1e-4) }, "gap", []string{"40", "41"}},
		"a vertex pushed out overlaps": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) { return c, move(c, 1e-4) }, "overlap", []string{"40", "41"}},
		"a tenth of a millimetre is seen": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) { return c, move(c, -1e-9) }, "gap", []string{"40", "41"}},
		"a missing cell": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) {
				at := c[victim][0][0]
				return slices.Delete(c, victim, victim+1), at
			}, "gap", nil},
		"a cell twice": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) { return append(c, c[victim]), c[victim][0][0] }, "overlap", []string{"40", "81"}},
		"a cell drawn inside another": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) {
				m := VertexOf(c[victim].Bound().Center())
				island := orb.Ring{m.LL(), Vertex{m.X + 50, m.Y}.LL(), Vertex{m.X, m.Y + 50}.LL(), m.LL()}
				return append(c, orb.Polygon{island}), m.LL()
			}, "overlap", []string{"81"}},
		"a vertex that the neighbour lacks": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) {
				i := onShared(c)
				p := c[victim][0][i]
				open := c[neighbour][0][:len(c[neighbour][0])-1]
				ring := slices.DeleteFunc(slices.Clone(open), func(q orb.Point) bool { return q == p })
				ring = append(ring, ring[0])
				c[neighbour] = orb.Polygon{ring}
				return c, p
			}, "", []string{"40", "41"}},
		"off the lattice": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) {
				i := onShared(c)
				p := c[victim][0][i]
				p[0] += 3e-10
				moveVertex(c[victim][0], i, p)
				return c, p
			}, "lattice", []string{"40"}},
		"a cell shifted across its neighbours": {
			func(c []orb.Polygon) ([]orb.Polygon, orb.Point) {
				for i, p := range c[victim][0] {
					c[victim][0][i] = VertexOf(orb.Point{p[0] + 1.234e-4, p[1] + 0.777e-4}).LL()
				}
				return c, c[victim][0][0]
			}, "crossing", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cells, at := tt.plant(jittered(7))
			faults := Prove(layerOf(t, cells))
			if !slices.ContainsFunc(faults, func(f Fault) bool {
				return (tt.rule == "" || f.Rule == tt.rule) && planar.Distance(f.At, at) < 1.5e-3 && (tt.codes == nil || slices.Equal(f.Codes, tt.codes))
			}) {
				t.Errorf("want %s of %v near %v, have %v", tt.rule, tt.codes, at, faults)
			}
		})
	}
}

// moveVertex sets the i-th vertex of a closed ring.
func moveVertex(ring orb.Ring, i int, p orb.Point) {
	ring[i] = p
	if i == 0 {
		ring[len(ring)-1] = p
	}
}

// TestProveShapes decides on small coverages, drawn in lattice steps, whose
// faults sit where loops of boundary touch or one feature has several rings.
func TestProveShapes(t *testing.T) {
	square := func(x, y, size int64) orb.Ring { return ringThrough(x, y, x+size, y, x+size, y+size, x, y+size) }
	// A block of 60 × 40 in two halves, and a triangle cut out of it that
	// touches the outer boundary in one vertex, (30, 0).
	west := ringThrough(0, 0, 30, 0, 20, 20, 30, 20, 30, 40, 0, 40)
	east := ringThrough(30, 0, 60, 0, 60, 40, 30, 40, 30, 20, 40, 20)
	notch := ringThrough(30, 0, 40, 20, 30, 20, 20, 20)
	ring := func(x int64) orb.Polygon { return orb.Polygon{square(x, 0, 30), square(x+10, 10, 10)} }
	tests := map[string]struct {
		polygons []orb.MultiPolygon
		rules    []string
	}{
		"two squares that touch in a vertex": {shapes(orb.Polygon{square(0, 0, 10)}, orb.Polygon{square(10, 10, 10)}), nil},
		"two districts apart":                {shapes(orb.Polygon{square(0, 0, 10)}, orb.Polygon{square(100, 0, 10)}), nil},
		"a hole that is filled":              {shapes(ring(0), orb.Polygon{square(10, 10, 10)}), nil},
		"a hole with an island of its owner": {[]orb.MultiPolygon{
			{{square(0, 0, 50), square(10, 10, 30)}, {square(20, 20, 10)}},
			{{square(10, 10, 30), square(20, 20, 10)}}}, nil},
		"a gap that touches the boundary in a vertex": {shapes(orb.Polygon{west}, orb.Polygon{east}), []string{"gap"}},
		"that gap filled": {shapes(orb.Polygon{west}, orb.Polygon{east}, orb.Polygon{notch}), nil},
		"two gaps that touch in a vertex": {shapes(
			orb.Polygon{ringThrough(0, 0, 40, 0, 40, 20, 30, 10, 20, 20, 10, 10, 0, 20)},
			orb.Polygon{ringThrough(0, 20, 10, 30, 20, 20, 30, 30, 40, 20, 40, 40, 0, 40)}), []string{"gap", "gap"}},
		"an overlap that touches the boundary in a vertex": {shapes(orb.Polygon{ringThrough(0, 0, 30, 0, 60, 0, 60, 40, 0, 40)},
			orb.Polygon{ringThrough(30, 0, 40, 20, 20, 20)}), []string{"overlap"}},
		"the same, the small one first": {shapes(orb.Polygon{ringThrough(30, 0, 40, 20, 20, 20)},
			orb.Polygon{ringThrough(0, 0, 30, 0, 60, 0, 60, 40, 0, 40)}), []string{"overlap"}},
		"a part within another of its feature":       {[]orb.MultiPolygon{{{square(0, 0, 30)}, {square(10, 10, 10)}}}, []string{"ring"}},
		"a hole outside its outline, filled":         {shapes(orb.Polygon{square(0, 0, 10), square(20, 0, 10)}, orb.Polygon{square(20, 0, 10)}), []string{"ring"}},
		"parts of a feature that share an edge":      {[]orb.MultiPolygon{{{square(0, 0, 10)}, {square(10, 0, 10)}}}, []string{"ring"}},
		"an empty ring of land around nobody's land": {shapes(ring(0)), []string{"gap"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var rules []string
			faults := Prove(multiLayer(t, tt.polygons))
			for _, f := range faults {
				rules = append(rules, f.Rule)
			}
			if !slices.Equal(rules, tt.rules) {
				t.Errorf("want %v, have %v", tt.rules, faults)
			}
		})
	}
}

// TestProveCountsGaps takes cells out of a coverage: the gaps are the groups
// of missing cells that share edges and do not reach the outer boundary.
func TestProveCountsGaps(t *testing.T) {
	cells := jittered(11)
	rapid.Check(t, func(r *rapid.T) {
		missing := rapid.SliceOfN(rapid.Bool(), len(cells), len(cells)).Draw(r, "missing")
		var left []orb.Polygon
		for i, c := range cells {
			if !missing[i] {
				left = append(left, c)
			}
		}
		faults := Prove(layerOf(t, left))
		for _, f := range faults {
			if f.Rule != "gap" {
				r.Fatalf("no gap: %v", f)
			}
		}
		if want := enclosed(missing); len(faults) != want {
			r.Fatalf("%d gaps, want %d: %v", len(faults), want, faults)
		}
	})
}

// enclosed counts the groups of missing cells that share edges and touch no
// side of the coverage. It consumes missing.
func enclosed(missing []bool) int {
	var open bool
	var flood func(i, j int)
	flood = func(i, j int) {
		if i < 0 || j < 0 || i >= side9 || j >= side9 {
			open = true
			return
		}
		if !missing[i*side9+j] {
			return
		}
		missing[i*side9+j] = false
		flood(i-1, j)
		flood(i+1, j)
		flood(i, j-1)
		flood(i, j+1)
	}
	count := 0
	for k := range missing {
		if open = false; missing[k] {
			if flood(k/side9, k%side9); !open {
				count++
			}
		}
	}
	return count
}

// ringThrough is a closed ring through positions x, y, x, y, … in lattice
// steps.
func ringThrough(steps ...int64) orb.Ring {
	var ring orb.Ring
	for i := 0; i < len(steps); i += 2 {
		ring = append(ring, Vertex{114_000_000_000 + steps[i], 22_500_000_000 + steps[i+1]}.LL())
	}
	return append(ring, ring[0])
}

func shapes(polygons ...orb.Polygon) []orb.MultiPolygon {
	multis := make([]orb.MultiPolygon, len(polygons))
	for i, p := range polygons {
		multis[i] = orb.MultiPolygon{p}
	}
	return multis
}

func multiLayer(t *testing.T, polygons []orb.MultiPolygon) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: "grids", Geometry: spatial.Polygons}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, p := range polygons {
			if !yield(spatial.Row{ID: int64(i + 1), Geometry: p}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func TestProveNested(t *testing.T) {
	cells := jittered(3)
	blocks, names := dissolved(cells)
	if faults := ProveNested(layerOf(t, cells), "block", blockLayer(t, blocks, names)); len(faults) > 0 {
		t.Fatalf("a sound nesting: %v", faults)
	}
	at := blocks[4][0][2]
	moveVertex(blocks[4][0], 2, Vertex{VertexOf(at).X + 1, VertexOf(at).Y}.LL())
	faults := ProveNested(layerOf(t, cells), "block", blockLayer(t, blocks, names))
	if len(faults) == 0 || faults[0].Rule != "boundary" || !slices.Equal(faults[0].Codes, []string{names[4]}) {
		t.Errorf("a moved vertex of %s: %v", names[4], faults)
	}
}

// dissolved builds the nine blocks' rings from the segments that part them.
func dissolved(cells []orb.Polygon) ([]orb.Polygon, []string) {
	var blocks []orb.Polygon
	var names []string
	for b := range 9 {
		var members []face
		for i, c := range cells {
			if name := blockOf(i); name == fmt.Sprintf("B%d%d", b/3, b%3) {
				f, _ := newFace(code(i), c)
				members = append(members, f)
			}
		}
		edges, _ := pair(members)
		for _, loop := range loops(edges.unpaired()) {
			blocks = append(blocks, orb.Polygon{loop.ring()})
			names = append(names, fmt.Sprintf("B%d%d", b/3, b%3))
		}
	}
	return blocks, names
}

func blockLayer(t *testing.T, blocks []orb.Polygon, names []string) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: "blocks", Geometry: spatial.Polygons, Code: "code", Fields: []spatial.Field{{Name: "code", Type: spatial.TypeText}}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, p := range blocks {
			if !yield(spatial.Row{ID: int64(i + 1), Geometry: p, Values: []spatial.Value{spatial.Text(names[i])}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// TestLocateFindsExactlyOne: every point of the covered area, those on edges
// and corners too, is in one cell, the smallest of those that touch it.
func TestLocateFindsExactlyOne(t *testing.T) {
	cells := jittered(5)
	layer := layerOf(t, cells)
	rapid.Check(t, func(t *rapid.T) {
		p := Vertex{114_000_000_000 + rapid.Int64Range(-100_000, 9_400_000).Draw(t, "x"), 22_500_000_000 + rapid.Int64Range(-100_000, 9_400_000).Draw(t, "y")}
		if rapid.Bool().Draw(t, "corner") {
			ring := cells[rapid.IntRange(0, len(cells)-1).Draw(t, "cell")][0]
			p = VertexOf(ring[rapid.IntRange(0, len(ring)-1).Draw(t, "vertex")])
		}
		want := ""
		for i, c := range cells {
			f, _ := newFace(code(i), c)
			if f.locate(p) != outside {
				want = code(i)
				break
			}
		}
		found, ok := Locate(layer, p.LL())
		if ok != (want != "") || ok && found.Code() != want {
			t.Fatalf("Locate(%v) = %v %v, want %q", p, found, ok, want)
		}
		if ok && !planar.PolygonContains(cells[found.ID()-1], p.LL()) {
			t.Fatalf("%v is not in %s by the planar test", p, want)
		}
	})
}

func TestOrientationIsExact(t *testing.T) {
	coordinate := rapid.Int64Range(-180_000_000_000, 180_000_000_000)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Vertex {
			return Vertex{coordinate.Draw(t, name+"x"), coordinate.Draw(t, name+"y")}
		}
		a, b, c := draw("a"), draw("b"), draw("c")
		if rapid.Bool().Draw(t, "nearly on the line") {
			c = Vertex{2*b.X - a.X + rapid.Int64Range(-1, 1).Draw(t, "dx"), 2*b.Y - a.Y}
		}
		product := func(x, y int64) *big.Int { return new(big.Int).Mul(big.NewInt(x), big.NewInt(y)) }
		want := new(big.Int).Sub(product(b.X-a.X, c.Y-a.Y), product(b.Y-a.Y, c.X-a.X)).Sign()
		if have := orientation(a, b, c); have != want {
			t.Fatalf("orientation(%v, %v, %v) = %d, want %d", a, b, c, have, want)
		}
	})
}

func TestWithin(t *testing.T) {
	area := orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {2, 1}, {0, 4}, {0, 0}}}
	tests := map[string]struct {
		g    orb.Geometry
		want bool
	}{
		"a point inside":            {orb.Point{1, 1}, true},
		"a point on the edge":       {orb.Point{4, 2}, true},
		"a point outside":           {orb.Point{2, 2}, false},
		"a square inside":           {orb.Polygon{{{1, 0.2}, {2, 0.2}, {2, 0.8}, {1, 0.8}, {1, 0.2}}}, true},
		"corners in, edges out":     {orb.LineString{{0.5, 3}, {3.5, 3}}, false},
		"one of many points is out": {orb.MultiPoint{{1, 1}, {9, 9}}, false},
	}
	for name, tt := range tests {
		if at, ok := Within(tt.g, area); ok != tt.want {
			t.Errorf("%s: %v %v, want %v", name, at, ok, tt.want)
		}
	}
}

func BenchmarkProve(b *testing.B) {
	layer := layerOf(b, jittered(1))
	for b.Loop() {
		if faults := Prove(layer); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}
