package response

import (
	"fmt"
	"math"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"wangge/data/luohu/luohutest"
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

// oracleOfAll measures every pair on the spheroid.
const oracleOfAll = `
	SELECT p.id, n.id, n.distance
	FROM risk_points p CROSS JOIN LATERAL (
		SELECT s.id, ST_Distance(s.geom, p.geom, true) AS distance FROM response_points s ORDER BY distance, id LIMIT 1) n
	ORDER BY p.id`

// oracleOnSphere takes the order of the operator <->.
const oracleOnSphere = `
	SELECT p.id, n.id, n.distance
	FROM risk_points p CROSS JOIN LATERAL (
		SELECT s.id, ST_Distance(s.geom, p.geom, true) AS distance FROM response_points s ORDER BY s.geom <-> p.geom, id LIMIT 1) n
	ORDER BY p.id`

// TestAllRiskPointsAgreeWithPostGIS ranks the stations of the reference dataset
// for every risk point. The operator <-> would pick others for some.
func TestAllRiskPointsAgreeWithPostGIS(t *testing.T) {
	url := postgistest.URL(t)
	s := luohutest.Snapshot(t)
	postgistest.Exec(t, url, "CREATE SCHEMA IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA postgis",
		"CREATE TABLE response_points (id int, geom geography)", "CREATE TABLE risk_points (id int, geom geography)")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var places []orb.Point
	var ids []int64
	for _, id := range []spatial.LayerID{"response_points", "risk_points"} {
		var rows [][]any
		places, ids = nil, nil
		for f := range layerIn(t, s, id).All() {
			p := f.Geometry().(orb.Point)
			places, ids = append(places, p), append(ids, f.ID())
			rows = append(rows, []any{f.ID(), fmt.Sprintf("SRID=4326;POINT(%v %v)", p[0], p[1])})
		}
		fill(t, conn, string(id), rows)
	}
	x, err := IndexOf(s, "response_points")
	if err != nil {
		t.Fatal(err)
	}
	want, onSphere := oracleRows(t, conn, oracleOfAll), oracleRows(t, conn, oracleOnSphere)
	otherwise := 0
	for i, got := range x.Each(places, 2) {
		w := want[i]
		if w.Place != ids[i] || math.Abs(float64(got[0].Distance-w.Distance)) > 0.001 ||
			got[0].Feature.ID() != w.ID && got[1].Distance-got[0].Distance > 0.001 {
			t.Fatalf("risk point %d: %d at %.4f m, PostGIS has %d at %.4f m for %d", ids[i], got[0].Feature.ID(), got[0].Distance, w.ID, w.Distance, w.Place)
		}
		if onSphere[i].ID != w.ID {
			otherwise++
		}
	}
	t.Logf("%d places agree; ordered by <-> PostGIS would pick another station for %d of them", len(places), otherwise)
}

type oracleRow struct {
	Place, ID int64
	Distance  geodesic.Meters
}

func oracleRows(t *testing.T, conn *pgx.Conn, query string) []oracleRow {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[oracleRow])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fill copies ids and EWKT into a table of geography.
func fill(t *testing.T, conn *pgx.Conn, table string, rows [][]any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), "CREATE TEMP TABLE filling (id int, geom text)"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.CopyFrom(t.Context(), pgx.Identifier{"filling"}, []string{"id", "geom"}, pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"INSERT INTO " + table + " SELECT id, geom::geography FROM filling", "DROP TABLE filling", "CREATE INDEX ON " + table + " USING gist (geom)", "ANALYZE " + table} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}
