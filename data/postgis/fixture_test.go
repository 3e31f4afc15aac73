package postgis

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

func openStore(ctx context.Context, url string) (data.Store, error) {
	store, err := Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return store, nil
}

// wards is an opened store with two layers and two rows in each, and its URL.
func wards(t *testing.T) (data.Store, string) {
	t.Helper()
	url := postgistest.URL(t)
	store := open(t, url)
	c := spatial.Change{Create: []*spatial.Schema{wardSchema(), postSchema()}, Layers: []spatial.LayerChange{
		{Layer: "wards", Put: []spatial.Row{ward(1, "01", square(114, 22)), ward(2, "02", square(115, 22))}},
		{Layer: "posts", Put: []spatial.Row{post(1, "01", orb.Point{114.5, 22.5}), post(2, "02", orb.Point{115.5, 22.5})}}}}
	if _, err := store.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return store, url
}

func open(t *testing.T, url string) data.Store {
	t.Helper()
	store, err := openStore(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func wardSchema() *spatial.Schema {
	least := 0.0
	return &spatial.Schema{ID: "wards", Geometry: spatial.Polygons, Code: "code", AsOf: "2024-11-04", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: 2},
		{Name: "people", Type: spatial.TypeInt, Min: &least, SumOf: []string{"men", "women"}},
		{Name: "men", Type: spatial.TypeInt}, {Name: "women", Type: spatial.TypeInt},
	}}
}

func postSchema() *spatial.Schema {
	return &spatial.Schema{ID: "posts", Geometry: spatial.Points, Code: "code", AsOf: "2024-11-04", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Prefix: "ward"},
		{Name: "ward", Type: spatial.TypeText, References: "wards"},
		{Name: "state", Type: spatial.TypeText, Values: []spatial.Label{{Value: "open"}, {Value: "it's shut"}}},
		{Name: "since", Type: spatial.TypeDate, Values: []spatial.Label{{Value: "2024-11-04"}}},
		{Name: "height", Type: spatial.TypeFloat, Values: []spatial.Label{{Value: "1.5"}}},
	}}
}

func ward(id int64, code string, g orb.Geometry) spatial.Row {
	return spatial.Row{ID: id, Geometry: g, Values: []spatial.Value{spatial.Text(code), spatial.Null, spatial.Null, spatial.Null}}
}

func post(id int64, ward string, g orb.Geometry) spatial.Row {
	return spatial.Row{ID: id, Geometry: g, Values: []spatial.Value{spatial.Text(ward + "-1"), spatial.Text(ward), spatial.Text("it's shut"), spatial.Null, spatial.Float(1.5)}}
}

// square is one degree wide, from its south-west corner.
func square(lon, lat float64) orb.Polygon {
	return orb.Polygon{{{lon, lat}, {lon + 1, lat}, {lon + 1, lat + 1}, {lon, lat + 1}, {lon, lat}}}
}

func edit(layer spatial.LayerID, rows ...spatial.Row) spatial.Change {
	return spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: layer, Put: rows}}}
}

// ask runs a query of one row and one value as any client would.
func ask[T any](t *testing.T, url, query string) (value T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func wantInvalid(t *testing.T, err error, rule string) *spatial.InvalidError {
	t.Helper()
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) || invalid.Rule != rule {
		t.Fatalf("got %v, want the rule %s", err, rule)
	}
	return invalid
}
