package postgis

import (
	"fmt"
	"iter"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// town is a source of the size of a district: grids of many corners,
// buildings, points.
type town struct{}

func (town) Schemas() []*spatial.Schema {
	schema := func(id spatial.LayerID, kind spatial.GeometryKind, numbers int) *spatial.Schema {
		s := &spatial.Schema{ID: id, Geometry: kind, AsOf: "2024-12-30", Code: "code", Fields: []spatial.Field{
			{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: 14}, {Name: "kind", Type: spatial.TypeText},
			{Name: "grid", Type: spatial.TypeText, References: "grids"}, {Name: "opened", Type: spatial.TypeDate}}}
		for i := range numbers {
			s.Fields = append(s.Fields, spatial.Field{Name: fmt.Sprintf("number_%d", i), Type: spatial.TypeInt})
		}
		return s
	}
	return []*spatial.Schema{schema("grids", spatial.Polygons, 8), schema("buildings", spatial.Polygons, 12),
		schema("points", spatial.Points, 4), schema("events", spatial.Points, 4)}
}

func (s town) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	size := map[spatial.LayerID]struct{ rows, corners int }{"grids": {1135, 200}, "buildings": {18399, 6}, "points": {42336, 0}, "events": {31263, 0}}[id]
	numbers := map[spatial.LayerID]int{"grids": 8, "buildings": 12, "points": 4, "events": 4}[id]
	return func(yield func(spatial.Row, error) bool) {
		for i := range size.rows {
			lon, lat := 114+float64(i%300)/1000, 22.5+float64(i/300)/1000
			row := spatial.Row{ID: int64(i + 1), Geometry: orb.Point{lon, lat}}
			if size.corners > 0 {
				row.Geometry = orb.Polygon{circle(lon, lat, 0.0004, size.corners)}
			}
			row.Values = []spatial.Value{spatial.Text(fmt.Sprintf("%014d", i+1)), spatial.Text([]string{"slope", "wall", "river"}[i%3]),
				spatial.Text(fmt.Sprintf("%014d", i%1135+1)), spatial.Null}
			for n := range numbers {
				row.Values = append(row.Values, spatial.Int(int64(i*n%1000)))
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func circle(lon, lat, radius float64, n int) orb.Ring {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		ring = append(ring, orb.Point{lon + radius*cos, lat + radius*sin})
	}
	return append(ring, ring[0])
}

func filledTown(b *testing.B) data.Store {
	b.Helper()
	store, err := openStore(b.Context(), postgistest.URL(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	if err := store.Fill(b.Context(), town{}, nil); err != nil {
		b.Fatal(err)
	}
	return store
}

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		filledTown(b)
	}
}

func BenchmarkLoad(b *testing.B) {
	store := filledTown(b)
	for b.Loop() {
		if _, err := store.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	store := filledTown(b)
	version := spatial.Version(1)
	for row := range (town{}).Rows("points") {
		c := spatial.Change{Base: version, Layers: []spatial.LayerChange{{Layer: "points", Put: []spatial.Row{row}}}}
		if !b.Loop() {
			break
		}
		var err error
		if version, err = store.Commit(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	url := postgistest.URL(b)
	for b.Loop() {
		store, err := openStore(b.Context(), url)
		if err != nil {
			b.Fatal(err)
		}
		_ = store.Close()
	}
}
