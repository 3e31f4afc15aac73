package response

import (
	"fmt"
	"math"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// oracle ranks by distance on the spheroid; the operator <-> measures on the
// sphere and picks others.
const oracle = `
	SELECT id, ST_Distance(geom::geography, ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography, true) AS distance
	FROM response_points
	ORDER BY distance, id LIMIT $3`

// TestNearestAgreesWithPostGIS ranks points, streets and squares for places
// in and around them.
func TestNearestAgreesWithPostGIS(t *testing.T) {
	url := postgistest.URL(t)
	geometries := mixed(400)
	fill := []string{"CREATE SCHEMA IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA postgis",
		"CREATE TABLE response_points (id int, geom geometry)"}
	for i, g := range geometries {
		fill = append(fill, fmt.Sprintf("INSERT INTO response_points VALUES (%d, ST_GeomFromText('%s', 4326))", i+1, wkt.MarshalString(g)))
	}
	postgistest.Exec(t, url, fill...)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())

	layer := layerOf(t, geometries...)
	const k = 8
	for _, place := range scatter(100) {
		p := place.(orb.Point)
		rows, err := conn.Query(t.Context(), oracle, p[0], p[1], k)
		if err != nil {
			t.Fatal(err)
		}
		want, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
			ID       int64
			Distance geodesic.Meters
		}])
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range Nearest(layer, p, k, nil) {
			if c.Feature.ID() != want[i].ID || !agrees(c, want[i].Distance) {
				t.Errorf("rank %d from %v: %d at %.4f m, PostGIS has %d at %.4f m", i+1, p, c.Feature.ID(), c.Distance, want[i].ID, want[i].Distance)
			}
		}
	}
}

// agrees: points within 1 mm. On an edge PostGIS takes the position that is
// nearest on a sphere, so its distance is the greater one, by up to 2e-5.
func agrees(c Candidate, want geodesic.Meters) bool {
	over := float64(want - c.Distance)
	if c.Feature.Kind() == spatial.Points {
		return math.Abs(over) < 0.001
	}
	return over > -0.001 && over < 0.001+2e-5*float64(want)
}

// mixed makes points, lines and squares in turn.
func mixed(n int) []orb.Geometry {
	all := scatter(n)
	for i := range all {
		p := all[i].(orb.Point)
		switch i % 4 {
		case 0:
			all[i] = orb.LineString{p, {p[0] + 0.003, p[1] + 0.002}}
		case 1:
			all[i] = orb.Bound{Min: p, Max: orb.Point{p[0] + 0.001, p[1] + 0.001}}.ToPolygon()
		}
	}
	return all
}
