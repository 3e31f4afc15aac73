package spatial

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// TestFinderFindsWhatIntersects compares a finder, used again and again, with a
// look at every feature, over layers with close ids and with scattered ones.
func TestFinderFindsWhatIntersects(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 1))
	finder := Finder{}
	for range 200 {
		rows := model{}
		id, step := int64(0), 1+random.Int64N(1+random.Int64N(1000))
		for range random.IntN(1500) {
			id += 1 + random.Int64N(step)
			row := Row{ID: id, Values: []Value{Text("x")}}
			if p := (orb.Point{114 + random.Float64(), 22 + random.Float64()}); random.IntN(20) > 0 {
				row.Geometry = orb.LineString{p, {p[0] + random.Float64()/50, p[1] + random.Float64()/50}}
			}
			rows[id] = row
		}
		l, err := NewLayer(&Schema{ID: "lines", Geometry: Lines, Fields: []Field{{Name: "name", Type: TypeText}}}, 1, rows.rows())
		if err != nil {
			t.Fatal(err)
		}
		p := orb.Point{113.9 + 1.2*random.Float64(), 21.9 + 1.2*random.Float64()}
		window := orb.Bound{Min: p, Max: orb.Point{p[0] + random.Float64()*random.Float64()*2, p[1] + random.Float64()*2}}
		const slack = 1e-4
		var found []int64
		for _, f := range finder.Meeting(l, window) {
			found = append(found, f.ID())
			if b, ok := f.Bound(); !ok || !b.Intersects(window.Pad(slack)) {
				t.Fatalf("feature %d is not near", f.ID())
			}
		}
		if !slices.IsSorted(found) {
			t.Fatal("not in id order")
		}
		for f := range l.Intersecting(window) {
			if _, ok := slices.BinarySearch(found, f.ID()); !ok {
				t.Fatalf("feature %d is not found", f.ID())
			}
		}
	}
	finder.Release()
}
