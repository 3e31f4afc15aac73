package storetest

import (
	"slices"
	"testing"
	"time"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/history"
)

// wards is a partition of two squares and a layer of what stands in them,
// with the layers that keep their history.
func wards() data.Source {
	code := spatial.Field{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: 2}
	ward := func(id int64, lon float64, code string) spatial.Row {
		return spatial.Row{ID: id, Geometry: square(lon, 22.5, 0.001), Values: []spatial.Value{spatial.Text(code)}}
	}
	return data.WithInternal(source{
		[]*spatial.Schema{
			{ID: "wards", Geometry: spatial.Polygons, Partition: true, Code: "code", Fields: []spatial.Field{code}},
			{ID: "stops", Geometry: spatial.Points | spatial.Lines | spatial.Polygons, Fields: []spatial.Field{
				{Name: "ward", Type: spatial.TypeText, Required: true, References: "wards"},
				{Name: "feature", Type: spatial.TypeFloat, Unique: true}, {Name: "moment", Type: spatial.TypeTime}}},
		},
		map[spatial.LayerID][]spatial.Row{"wards": {ward(1, 114.1, "01"), ward(2, 114.101, "02")}, "stops": stops("01")},
	})
}

// stops have every kind of geometry.
func stops(ward string) (rows []spatial.Row) {
	moment := time.Date(2024, 2, 29, 1, 2, 3, 456789000, time.UTC)
	for i, g := range geometries() {
		rows = append(rows, spatial.Row{ID: int64(i + 1), Geometry: g,
			Values: []spatial.Value{spatial.Text(ward), spatial.Float(1 / float64(i+3)), spatial.Time(moment)}})
	}
	return rows
}

// testHistory: what an edit replaces, and what another program replaces under
// two live stores, is kept once and is bit for bit what it was.
func (k kind) testHistory(t *testing.T) {
	place := k.Fresh(t)
	store := k.at(t, place)
	fill(t, store, wards())
	first, second := k.follow(t, place), k.follow(t, place)
	start := time.Now()
	put := func(*spatial.Snapshot) (spatial.Change, error) {
		return spatial.Change{Adjustment: 5, Layers: []spatial.LayerChange{{Layer: "stops", Put: stops("02")}}}, nil
	}
	if _, err := first.Edit(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	all := len(stops("01"))
	awaitKept(t, second, all)
	must(t, k.Client(t, place), "UPDATE stops SET ward = '01' WHERE id > 1", "UPDATE stops SET moment = NULL")
	for _, live := range []*data.Live{first, second} {
		awaitKept(t, live, 2*all-1)
		await(t, live, store, data.Event{})
		expectRows(t, store, live.Current())
	}
	state := load(t, store)
	if faults := history.Check(state); len(faults) > 0 {
		t.Error(faults)
	}
	for i, want := range stops("01") {
		kept := history.Of(state, "stops", want.ID)
		if len(kept) == 0 || kept[0].Adjustment != 5 || !slices.Equal(kept[0].Row.Values, want.Values) || !sameGeometry(kept[0].Row.Geometry, want.Geometry) {
			t.Errorf("stop %d was kept as %v", i, kept)
		}
	}
	then, err := second.At(second.Current(), start, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	layer, _ := then.Layer("stops")
	for f := range layer.All() {
		if f.Attribute("ward") != spatial.Text("01") {
			t.Errorf("stop %d was in %s", f.ID(), f.Attribute("ward"))
		}
	}
}

// awaitKept waits until so many rows of stops are kept.
func awaitKept(t *testing.T, live *data.Live, rows int) {
	t.Helper()
	kept := 0
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		layer, err := live.Current().Layer("stops_history")
		if err != nil {
			t.Fatal(err)
		}
		if kept = layer.Len(); kept == rows {
			return
		}
	}
	t.Fatalf("%d rows are kept, want %d: %v", kept, rows, live.Fault())
}
