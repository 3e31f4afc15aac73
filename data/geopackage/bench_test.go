package geopackage_test

import (
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/geopackage"
	"wangge/spatial"
)

// town is a source of the reference dataset's size: 18,399 buildings of eight
// corners in 1,135 grids of 184, 42,336 points with levels, 31,263 events
// with times.
type town struct{}

func (town) Schemas() []*spatial.Schema {
	least := 0.0
	return []*spatial.Schema{
		{ID: "grids", Geometry: spatial.Polygons, Code: "code", Fields: []spatial.Field{
			{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: 14}}},
		{ID: "buildings", Geometry: spatial.Polygons, Code: "code", Fields: []spatial.Field{
			{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: 19, Prefix: "grid"},
			{Name: "grid", Type: spatial.TypeText, Required: true, References: "grids"},
			{Name: "name", Type: spatial.TypeText}, {Name: "use", Type: spatial.TypeText},
			{Name: "storeys", Type: spatial.TypeInt, Min: &least}, {Name: "rooms", Type: spatial.TypeInt, Min: &least},
			{Name: "locals", Type: spatial.TypeInt, Min: &least}, {Name: "others", Type: spatial.TypeInt, Min: &least},
			{Name: "residents", Type: spatial.TypeInt, SumOf: []string{"locals", "others"}}}},
		{ID: "risk_points", Geometry: spatial.Points, Fields: []spatial.Field{
			{Name: "level", Type: spatial.TypeText, Values: []spatial.Label{{Value: "low"}, {Value: "high"}}},
			{Name: "grid", Type: spatial.TypeText, References: "grids"}, {Name: "kind", Type: spatial.TypeText}}},
		{ID: "events", Geometry: spatial.Points, Fields: []spatial.Field{
			{Name: "class", Type: spatial.TypeInt}, {Name: "opened", Type: spatial.TypeTime}, {Name: "closed", Type: spatial.TypeTime}}},
	}
}

func (town) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	n := map[spatial.LayerID]int64{"grids": 1135, "buildings": 18399, "risk_points": 42336, "events": 31263}[id]
	return func(yield func(spatial.Row, error) bool) {
		for i := int64(1); i <= n && yield(townRow(id, i), nil); i++ {
		}
	}
}

func townRow(id spatial.LayerID, i int64) spatial.Row {
	at := orb.Point{114.06 + float64(i%200)/1500, 22.53 + float64(i/200)/2000}
	grid := fmt.Sprintf("440303%08d", 1+i%1135)
	moment := spatial.Time(spatial.Int(0).Time().UTC().AddDate(2023, 0, int(i%365)))
	switch id {
	case "grids":
		return spatial.Row{ID: i, Geometry: round(at, 0.0004, 184), Values: []spatial.Value{spatial.Text(fmt.Sprintf("440303%08d", i))}}
	case "buildings":
		return spatial.Row{ID: i, Geometry: round(at, 0.0001, 8), Values: []spatial.Value{
			spatial.Text(grid + fmt.Sprintf("%05d", i)), spatial.Text(grid), spatial.Text(fmt.Sprintf("新秀楼%d栋", i)), spatial.Text("居住"),
			spatial.Int(i % 30), spatial.Int(i % 90), spatial.Int(i % 7), spatial.Int(i % 11), spatial.Int(i%7 + i%11)}}
	case "risk_points":
		return spatial.Row{ID: i, Geometry: at, Values: []spatial.Value{spatial.Text("low"), spatial.Text(grid), spatial.Text("消防")}}
	}
	return spatial.Row{ID: i, Geometry: at, Values: []spatial.Value{spatial.Int(i % 16), moment, moment}}
}

func round(at orb.Point, radius float64, corners int) orb.Polygon {
	ring := make(orb.Ring, 0, corners+1)
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(corners))
		ring = append(ring, orb.Point{at[0] + radius*cos, at[1] + radius*sin})
	}
	return orb.Polygon{append(ring, ring[0])}
}

func filledTown(tb testing.TB) (*geopackage.Store, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "town.gpkg")
	store := openStore(tb, path)
	if err := store.Fill(tb.Context(), town{}, nil); err != nil {
		tb.Fatal(err)
	}
	return store, path
}

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		filledTown(b)
	}
}

func BenchmarkLoad(b *testing.B) {
	store, _ := filledTown(b)
	for b.Loop() {
		if _, err := store.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	store, _ := filledTown(b)
	base := spatial.Version(1)
	for b.Loop() {
		row := townRow("buildings", 1+int64(base)%18399)
		c := spatial.Change{Base: base, Layers: []spatial.LayerChange{{Layer: "buildings", Put: []spatial.Row{row}}}}
		var err error
		if base, err = store.Commit(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}
