package partition

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// TestProveChangeAgreesWithProve edits a coverage at random, soundly and not,
// and holds the local proof against the whole one.
func TestProveChangeAgreesWithProve(t *testing.T) {
	sound, broken := 0, 0
	for seed := range uint64(400) {
		before := jittered(seed % 7)
		after, touched := edited(rand.New(rand.NewPCG(seed, 2)), before)
		b, a := layerOf(t, before), layerOf(t, after)
		want := Prove(a)
		if got := ProveChange(b, a, touched); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %v, the whole proof says %v", seed, got, want)
		}
		if len(want) == 0 {
			sound++
		} else {
			broken++
		}
	}
	if sound < 50 || broken < 50 {
		t.Errorf("%d sound and %d broken changes prove little", sound, broken)
	}
}

// edited moves vertices: of all the cells that have one (sound, unless it
// goes too far), or of only one of them (broken unless it is on the outer
// boundary).
func edited(random *rand.Rand, cells []orb.Polygon) ([]orb.Polygon, []int64) {
	cells = cloneAll(cells)
	var touched []int64
	for range 1 + random.IntN(3) {
		cell := cells[random.IntN(len(cells))][0]
		old := cell[random.IntN(len(cell)-1)]
		reach := int64(150_000)
		if random.IntN(4) == 0 {
			reach = 1_500_000
		}
		v := VertexOf(old)
		moved := Vertex{v.X + random.Int64N(2*reach) - reach, v.Y + random.Int64N(2*reach) - reach}.LL()
		most := len(cells)
		if random.IntN(3) == 0 {
			most = 1
		}
		touched = append(touched, shiftVertex(cells, old, moved, most)...)
	}
	slices.Sort(touched)
	return cells, slices.Compact(touched)
}

func cloneAll(cells []orb.Polygon) []orb.Polygon {
	all := make([]orb.Polygon, len(cells))
	for i := range cells {
		all[i] = cells[i].Clone()
	}
	return all
}

func shiftVertex(cells []orb.Polygon, old, moved orb.Point, most int) (touched []int64) {
	for i, cell := range cells {
		if len(touched) < most && slices.Contains(cell[0], old) {
			touched = append(touched, int64(i+1))
			for k, p := range cell[0] {
				if p == old {
					cell[0][k] = moved
				}
			}
		}
	}
	return touched
}

// TestProveChangeSeesRemovals takes a cell away, and puts it back.
func TestProveChangeSeesRemovals(t *testing.T) {
	whole, cells := layerOf(t, jittered(1)), jittered(1)
	gone := []int64{41}
	apply := func(c spatial.LayerChange) *spatial.Layer {
		c.Layer = "grids"
		next, err := spatial.New(1, whole).Apply(spatial.Change{Base: 1, Layers: []spatial.LayerChange{c}}, 2)
		if err != nil {
			t.Fatal(err)
		}
		layer, _ := next.Layer("grids")
		return layer
	}
	without := apply(spatial.LayerChange{Delete: gone})
	if faults := ProveChange(whole, without, gone); len(faults) != 1 || faults[0].Rule != "gap" {
		t.Errorf("a cell removed: %v", faults)
	}
	row := spatial.Row{ID: 41, Geometry: cells[40], Values: []spatial.Value{spatial.Text(code(40)), spatial.Text(blockOf(40))}}
	if faults := ProveChange(whole, apply(spatial.LayerChange{Put: []spatial.Row{row}}), gone); len(faults) > 0 {
		t.Errorf("a cell put as it was: %v", faults)
	}
}

func TestProveNestedInLooksAtThoseParents(t *testing.T) {
	cells := jittered(3)
	children := layerOf(t, cells)
	blocks, names := dissolved(cells)
	parents := blockLayer(t, blocks, names)
	if faults := ProveNestedIn(children, "block", parents, map[string]bool{"B11": true, "B02": true}); len(faults) > 0 {
		t.Fatal(faults)
	}
	broken := cloneAll(cells)
	shiftVertex(broken, cells[40][0][0], Vertex{VertexOf(cells[40][0][0]).X + 7, VertexOf(cells[40][0][0]).Y}.LL(), 99)
	shiftVertex(broken, cells[4][0][0], Vertex{VertexOf(cells[4][0][0]).X + 7, VertexOf(cells[4][0][0]).Y}.LL(), 99)
	all := ProveNested(layerOf(t, broken), "block", parents)
	for _, fault := range all {
		got := ProveNestedIn(layerOf(t, broken), "block", parents, map[string]bool{fault.Codes[0]: true})
		if !slices.ContainsFunc(got, func(f Fault) bool { return reflect.DeepEqual(f, fault) }) {
			t.Errorf("%v is not among %v", fault, got)
		}
	}
}

// TestProveNestingChangeAgrees moves vertices of cells, and either lets the
// blocks follow or not.
func TestProveNestingChangeAgrees(t *testing.T) {
	cells := jittered(3)
	blocks, names := dissolved(cells)
	before := Nesting{layerOf(t, cells), blockLayer(t, blocks, names), "block"}
	var all []int64
	for i := range blocks {
		all = append(all, int64(i+1))
	}
	random, verdicts := rand.New(rand.NewPCG(8, 8)), map[bool]int{}
	for range 200 {
		edited, ids := cloneAll(cells), []int64(nil)
		for range 1 + random.IntN(3) {
			old := cells[random.IntN(len(cells))][0][random.IntN(3)]
			ids = append(ids, shiftVertex(edited, old, Vertex{VertexOf(old).X + 7, VertexOf(old).Y}.LL(), 99)...)
		}
		slices.Sort(ids)
		after := Nesting{layerOf(t, edited), before.Parents, "block"}
		if random.IntN(2) == 0 {
			moved, _ := dissolved(edited)
			after.Parents = blockLayer(t, moved, names)
		}
		want := len(ProveNested(after.Children, "block", after.Parents)) == 0
		if got := ProveNestingChange(before, after, slices.Compact(ids), all); got != want {
			t.Fatalf("%v after a change of %v, want %v", got, ids, want)
		}
		verdicts[want]++
	}
	if len(verdicts) < 2 {
		t.Errorf("%v prove little", verdicts)
	}
}

func TestSnap(t *testing.T) {
	off := func(x, y float64) orb.Point { return orb.Point{114 + x*1e-9, 22.5 + y*1e-9} }
	on := func(x, y int64) orb.Point { return Vertex{114_000_000_000 + x, 22_500_000_000 + y}.LL() }
	for name, c := range map[string]struct{ in, want orb.Geometry }{
		"a point":            {off(0.3, 1.4), on(0, 1)},
		"a point on it":      {on(3, 4), on(3, 4)},
		"points":             {orb.MultiPoint{off(0.1, 0), off(0.2, 0)}, orb.MultiPoint{on(0, 0), on(0, 0)}},
		"a line with repeat": {orb.LineString{off(0, 0), off(0.3, 0), off(5.2, 5)}, orb.LineString{on(0, 0), on(5, 5)}},
		"a line that shrank": {orb.LineString{off(0, 0), off(0.3, 0)}, orb.LineString{on(0, 0), on(0, 0)}},
		"a ring with repeat": {orb.Polygon{{off(0.1, 0), off(9, 0), off(9.1, 0.2), off(9, 9), off(0.1, 0)}}, orb.Polygon{{on(0, 0), on(9, 0), on(9, 9), on(0, 0)}}},
		"nothing":            {nil, nil},
	} {
		if got := Snap(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func BenchmarkProveChange(b *testing.B) {
	cells := jittered(1)
	before := layerOf(b, cells)
	after := cloneAll(cells)
	touched := shiftVertex(after, cells[40][0][0], Vertex{VertexOf(cells[40][0][0]).X + 7, VertexOf(cells[40][0][0]).Y}.LL(), 99)
	changed := layerOf(b, after)
	b.Run("change", func(b *testing.B) {
		for b.Loop() {
			ProveChange(before, changed, touched)
		}
	})
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			Prove(changed)
		}
	})
}
