package api

import (
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/encoding/wkt"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// coveredOracle counts the people of buildings whose centroid is within a
// distance on the spheroid of a shelter, by grid.
const coveredOracle = `
	SELECT grid, sum(residents)::bigint
	FROM houses
	WHERE id IN (SELECT h.id FROM places s JOIN houses h ON ST_DWithin(h.centroid, s.place, $1, true))
	GROUP BY grid HAVING sum(residents) > 0`

// TestCoveredAgreesWithPostGIS compares the people covered in each grid, for
// indoor shelters, which are points, and outdoor ones, most of which are areas.
func TestCoveredAgreesWithPostGIS(t *testing.T) {
	url := postgistest.URL(t)
	postgistest.Exec(t, url, "CREATE SCHEMA IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA postgis",
		"CREATE TABLE houses (id int, grid text, residents int, centroid geography)", "CREATE TABLE places (code text, place geography)")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	s := referenceServer(t)
	layerOf := func(id spatial.LayerID) *spatial.Layer {
		layer, err := s.state.Current().Layer(id)
		if err != nil {
			t.Fatal(err)
		}
		return layer
	}
	var grids, shapes []string
	var residents []int32
	for f := range layerOf("buildings").All() {
		grids, residents, shapes = append(grids, f.Attribute("grid").Text()), append(residents, int32(f.Attribute("residents").Int())), append(shapes, wkt.MarshalString(f.Geometry()))
	}
	if _, err := conn.Exec(t.Context(), `INSERT INTO houses SELECT i, g, n, ST_Centroid(ST_GeomFromText(w, 4326))::geography FROM unnest($1::text[], $2::int[], $3::text[]) WITH ORDINALITY AS h(g, n, w, i)`, grids, residents, shapes); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE INDEX ON houses USING gist (centroid)"); err != nil {
		t.Fatal(err)
	}
	for _, question := range []struct {
		hazard, radius string
		meters         float64
	}{{"typhoon", "1000", 1000}, {"typhoon", "487.5", 487.5}, {"earthquake", "500", 500}} {
		answer := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{"hazard":"`+question.hazard+`","radius":`+question.radius+`}`))
		if _, err := conn.Exec(t.Context(), "TRUNCATE places"); err != nil {
			t.Fatal(err)
		}
		for _, f := range answer.Facilities {
			if !f.Eligible {
				continue
			}
			place, err := layerOf("shelters").ByCode(f.Code)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), "INSERT INTO places VALUES ($1, ST_GeomFromText($2, 4326)::geography)", f.Code, wkt.MarshalString(place.Geometry())); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := conn.Query(t.Context(), coveredOracle, question.meters)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]float64{}
		for rows.Next() {
			var grid string
			var n int64
			if err := rows.Scan(&grid, &n); err != nil {
				t.Fatal(err)
			}
			want[grid] = float64(n)
		}
		if rows.Err() != nil || len(want) == 0 {
			t.Fatalf("%d grids, %v", len(want), rows.Err())
		}
		for _, u := range answer.Units {
			if got := u["covered"].(float64); got != want[u["code"].(string)] {
				t.Errorf("%s within %s m in %v: %v people, PostGIS has %v", question.hazard, question.radius, u["code"], got, want[u["code"].(string)])
			}
		}
	}
}
