package history_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/history"
)

// strip is a box one unit of 10⁻³ degree high.
func strip(from, to float64) orb.Polygon {
	low, high := orb.Point{114 + from/1000, 22.5}, orb.Point{114 + to/1000, 22.501}
	return orb.Bound{Min: low, Max: high}.ToPolygon()
}

// stripRows are areas side by side, by their id from where to where.
func stripRows(areas map[int64][2]float64) []spatial.Row {
	var rows []spatial.Row
	for id := range int64(10) {
		if ends, ok := areas[id]; ok {
			rows = append(rows, spatial.Row{ID: id, Geometry: strip(ends[0], ends[1]), Values: []spatial.Value{spatial.Text(fmt.Sprint(id))}})
		}
	}
	return rows
}

// TestLineage follows land through a split, a transfer and a merge, and tells
// what passed in all.
func TestLineage(t *testing.T) {
	schema := &spatial.Schema{ID: "strips", Geometry: spatial.Polygons, Partition: true, Code: "code", AsOf: "2024-11-04",
		Fields: []spatial.Field{{Name: "code", Type: spatial.TypeText, Required: true, Unique: true}}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for _, row := range stripRows(map[int64][2]float64{1: {0, 4}, 2: {4, 8}, 3: {8, 12}, 9: {12, 16}}) {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	first := spatial.New(1, layer)
	s := first
	for i, c := range []spatial.LayerChange{
		{Put: stripRows(map[int64][2]float64{1: {0, 3}, 4: {3, 4}})}, // 4 is split off 1
		{Put: stripRows(map[int64][2]float64{4: {3, 6}, 2: {6, 8}})}, // 4 takes half of 2
		{Put: stripRows(map[int64][2]float64{3: {6, 12}}), Delete: []int64{2}},
	} {
		c.Layer = "strips"
		change := spatial.Change{Base: s.Version(), Adjustment: int64(i + 1), Layers: []spatial.LayerChange{c}}
		change, err := history.Record(s, change, time.Date(2024, 12, 1+i, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		if s, err = s.Apply(change, s.Version()+1); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"1 split 1→4 0.25", "2 transfer 2→4 0.50", "3 merge 2→3 1.00"}
	for _, id := range []int64{1, 2, 3, 4} {
		var got []string
		for _, d := range history.Lineage(s, "strips", id) {
			got = append(got, fmt.Sprintf("%d %s %s→%s %.2f", d.Adjustment, d.Kind, d.From, d.To, d.Part))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("lineage of %d: %q, want %q", id, got, want)
		}
	}
	if other := history.Lineage(s, "strips", 9); len(other) > 0 {
		t.Errorf("lineage of an area that nothing happened to: %v", other)
	}
	last, _ := s.Layer("strips")
	gone := map[string]float64{}
	for _, p := range history.Difference(layer, last) {
		gone[p.From+"→"+p.To] = math.Round(p.Part*100) / 100
	}
	if want := map[string]float64{"1→4": 0.25, "2→3": 0.5, "2→4": 0.5}; fmt.Sprint(gone) != fmt.Sprint(want) {
		t.Errorf("difference: %v, want %v", gone, want)
	}
	if back := history.Difference(last, last); len(back) > 0 {
		t.Errorf("difference of the same: %v", back)
	}
}
