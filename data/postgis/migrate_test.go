package postgis

import (
	"errors"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"wangge/data"
	"wangge/data/postgis/postgistest"
	"wangge/migrations"
	"wangge/spatial"
)

// TestUpgrade: a store that was made before there was a log keeps its rows and
// version, and logs from then on.
func TestUpgrade(t *testing.T) {
	url := postgistest.URL(t)
	config, err := parse(url)
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	exec(t, conn, "CREATE SCHEMA IF NOT EXISTS postgis")
	db := stdlib.OpenDB(*config.ConnConfig)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files, goose.WithTableName("migration"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "CREATE TABLE wards (id bigint CONSTRAINT wards_id_unique PRIMARY KEY, geom geometry(Geometry, 4490), code text, people bigint, men bigint, women bigint)",
		"INSERT INTO wards (id, code) VALUES (7, '07')", "CREATE TABLE notes (id bigint PRIMARY KEY)", "UPDATE store SET version = 5",
		`INSERT INTO layer VALUES ('notes', 1, 5, '{"id": "notes", "geometry": "none", "as_of": "2024-11-04"}')`,
		`INSERT INTO layer VALUES ('wards', 2, 5, '{"id": "wards", "geometry": "polygon", "as_of": "2024-11-04", "fields": [{"name": "code", "type": "text"}]}')`)

	store := open(t, url)
	if _, _, err := store.Since(t.Context(), 4); !errors.Is(err, data.ErrGap) {
		t.Errorf("before the log: %v", err)
	}
	since(t, store, 5, 5)
	exec(t, conn, "INSERT INTO wards (code) VALUES ('08')", "INSERT INTO notes DEFAULT VALUES")
	want := map[spatial.LayerID]changed{"wards": {put: []int64{8}}, "notes": {put: []int64{1}}}
	if got := since(t, store, 5, 7); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	open(t, url)
}
