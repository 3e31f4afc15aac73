package filter

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"pgregory.net/rapid"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// TestAgreesWithPostGIS asks the same of a table. Distances are compared in
// geography, whose lines are geodesics as here.
func TestAgreesWithPostGIS(t *testing.T) {
	conn := table(t, rows(200))
	layer := layerOf(t, rows(200))
	asked := 0
	rapid.Check(t, func(t *rapid.T) {
		e := anyExpr(t, 2)
		text := e.String()
		f, err := New(e, schema, nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var got []int64
		for feature := range f.Candidates(layer) {
			if f.Holds(feature) {
				got = append(got, feature.ID())
			}
		}
		rows, err := conn.Query(t.Context(), "SELECT id FROM places WHERE "+sqlOf(e)+" ORDER BY id")
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			t.Fatalf("%s: %v", sqlOf(e), err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: %v, PostGIS has %v", text, got, want)
		}
		asked++
	})
	if asked == 0 {
		t.Error("nothing was asked")
	}
}

// sqlOf writes a condition in PostGIS's words, which differ in little.
func sqlOf(e Expr) string {
	switch e := e.(type) {
	case and:
		return joined(e.of, " AND ")
	case or:
		return joined(e.of, " OR ")
	case not:
		return "NOT (" + sqlOf(e.of) + ")"
	case relation:
		return relationSQL(e)
	}
	return strings.NewReplacer("DATE('", "date('", "TIMESTAMP('", "timestamptz('").Replace(e.String())
}

func joined(of []Expr, word string) string {
	texts := make([]string, len(of))
	for i, e := range of {
		texts[i] = "(" + sqlOf(e) + ")"
	}
	return strings.Join(texts, word)
}

func relationSQL(e relation) string {
	shape := e.shape
	if b, ok := shape.(orb.Bound); ok {
		shape = b.ToPolygon()
	}
	if e.name == dwithin {
		return fmt.Sprintf("ST_DWithin(geometry::geography, (%s)::geography, %v)", geometrySQL(shape), e.distance)
	}
	return fmt.Sprintf("ST_%s(geometry, %s)", strings.TrimPrefix(e.name, "S_"), geometrySQL(shape))
}

func table(t *testing.T, rows []spatial.Row) *pgx.Conn {
	t.Helper()
	url := postgistest.URL(t)
	fill := []string{"CREATE SCHEMA IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA postgis",
		`CREATE TABLE places (id bigint, geometry geometry, code text COLLATE "C", name text COLLATE "C", level text COLLATE "C",
			people int, rooms int, score float8, open boolean, found date, changed timestamptz)`}
	for _, row := range rows {
		values := []string{fmt.Sprint(row.ID), geometrySQL(row.Geometry)}
		for _, v := range row.Values {
			values = append(values, valueSQL(v))
		}
		fill = append(fill, "INSERT INTO places VALUES ("+strings.Join(values, ", ")+")")
	}
	postgistest.Exec(t, url, fill...)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

func geometrySQL(g orb.Geometry) string {
	if g == nil {
		return "NULL"
	}
	return "ST_GeomFromText('" + wkt.MarshalString(g) + "', 4326)"
}

func valueSQL(v spatial.Value) string {
	if v.IsNull() {
		return "NULL"
	}
	return "'" + strings.ReplaceAll(v.String(), "'", "''") + "'"
}
