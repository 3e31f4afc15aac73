package spatial_test

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// masked is a layer of numbered points, and the same with its numbers and
// names masked.
func masked(t *testing.T, n int) (plain, hidden *spatial.Layer) {
	t.Helper()
	schema := &spatial.Schema{ID: "houses", Code: "code", Note: spatial.Title{EN: "a note"}, Geometry: spatial.Points, Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText}, {Name: "people", Type: spatial.TypeInt, Required: true}, {Name: "owner", Type: spatial.TypeText}}}
	plain, err := spatial.NewLayer(schema, 3, func(yield func(spatial.Row, error) bool) {
		for i := range n {
			row := spatial.Row{ID: int64(2*i + 1), Geometry: orb.Point{114 + float64(i)/1e4, 22.5}, Values: []spatial.Value{
				spatial.Text(fmt.Sprint("h", i)), spatial.Int(int64(i % 9)), spatial.Text(fmt.Sprint("owner ", i))}}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return plain, plain.Mask([]int{1, 2}, spatial.Title{EN: "masked"}, func(row, field int, v spatial.Value) spatial.Value {
		if f, err := plain.Feature(int64(2*row + 1)); err != nil || f.Value(field) != v {
			t.Errorf("row %d, field %d has %v", row, field, v)
		}
		if field == 2 || v.Int() < 5 {
			return spatial.Null
		}
		return spatial.Int(v.Int() / 5 * 5)
	})
}

func TestMask(t *testing.T) {
	const n = 3000
	plain, hidden := masked(t, n)
	i := 0
	for f := range hidden.All() {
		old, err := plain.Feature(f.ID())
		if err != nil {
			t.Fatal(err)
		}
		want := spatial.Null
		if i%9 >= 5 {
			want = spatial.Int(5)
		}
		if f.Value(1) != want || !f.Value(2).IsNull() || f.Code() != old.Code() || f.Geometry() != old.Geometry() || f.Layer() != hidden {
			t.Fatalf("feature %d: %v", f.ID(), f.Row())
		}
		if old.Value(1) != spatial.Int(int64(i%9)) {
			t.Fatalf("feature %d of the layer itself: %v", f.ID(), old.Row())
		}
		i++
	}
	if i != n || !hidden.Masked() || plain.Masked() || hidden.Version() != 3 {
		t.Errorf("%d features, version %d", i, hidden.Version())
	}
	if f, err := hidden.ByCode("h7"); err != nil || f.Value(1) != spatial.Int(5) {
		t.Errorf("by code: %v %v", f, err)
	}
	schema := hidden.Schema()
	if schema.Fields[1].Required || !plain.Schema().Fields[1].Required || schema.Note.EN != "a note; masked" || plain.Schema().Note.EN != "a note" {
		t.Errorf("schema %+v", schema)
	}
}

type people struct{ sum int64 }

// TestDeriveKeepsMaskedApart: what is derived from a masked layer is never
// taken for what is derived from the layer itself, in this snapshot or later.
func TestDeriveKeepsMaskedApart(t *testing.T) {
	plain, hidden := masked(t, 90)
	s := spatial.New(3, plain)
	view := s.WithMasked(hidden)
	built := 0
	sum := func(s *spatial.Snapshot) int64 {
		p, err := spatial.Derive(s, []spatial.LayerID{"houses"}, func(s *spatial.Snapshot) (people, error) {
			built++
			var p people
			layer, err := s.Layer("houses")
			for f := range layer.All() {
				p.sum += f.Value(1).Int()
			}
			return p, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return p.sum
	}
	if a, b := sum(s), sum(view); a != 360 || b != 200 {
		t.Errorf("sums %d and %d", a, b)
	}
	next, err := s.Apply(spatial.Change{Base: 3, Create: []*spatial.Schema{{ID: "other"}}}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := sum(next), sum(next.WithMasked(hidden)); a != 360 || b != 200 || built != 2 {
		t.Errorf("sums %d and %d after %d builds", a, b, built)
	}
}
