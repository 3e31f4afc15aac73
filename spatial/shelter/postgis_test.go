package shelter_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/data/luohu/luohutest"
	"wangge/data/postgis/postgistest"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

// coveredByGrid is the people of each grid who have a shelter within $1 m of
// the centroid of their building, on the spheroid, and how many have two. The
// box of degrees lets the index find the shelters; ST_DWithin on geographies
// would look through a box on the sphere.
const coveredByGrid = `
	WITH reached AS (
		SELECT b.grid, b.residents, count(s.id) AS shelters
		FROM buildings b LEFT JOIN shelters s
			ON s.geom && ST_Expand(ST_Centroid(b.geom), $2)
			AND ST_Distance(ST_Centroid(b.geom)::geography, s.geom::geography, true) <= $1
		GROUP BY b.id, b.grid, b.residents)
	SELECT grid, sum(residents) AS people,
		coalesce(sum(residents) FILTER (WHERE shelters >= 1), 0) AS covered,
		coalesce(sum(residents) FILTER (WHERE shelters >= 2), 0) AS twice
	FROM reached GROUP BY grid ORDER BY grid`

type gridRow struct {
	Grid                   string
	People, Covered, Twice int64
}

// TestCoverageAgreesWithPostGIS compares the people of every grid at two
// radii. On an edge PostGIS takes the position that is nearest on a sphere, so
// its distances to areas are up to 2e-5 too long; buildings that near to a
// radius would be counted in one of both answers only, and are listed.
func TestCoverageAgreesWithPostGIS(t *testing.T) {
	url := postgistest.URL(t)
	conn := filled(t, url)
	defer conn.Close(t.Context())
	for _, radius := range []geodesic.Meters{500, 1000} {
		p := problem(t, radius)
		c, err := p.Cover()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(t.Context(), coveredByGrid, float64(radius), float64(radius)/100_000)
		if err != nil {
			t.Fatal(err)
		}
		want, err := pgx.CollectRows(rows, pgx.RowToStructByPos[gridRow])
		if err != nil {
			t.Fatal(err)
		}
		units := p.Units(c, nil, shelter.Prefix(14), nil)
		doubtful := onTheEdge(p, radius)
		with := 0
		for _, u := range units {
			if u.Demands == 0 {
				continue
			}
			w := want[with]
			with++
			for w.People == 0 {
				w = want[with]
				with++
			}
			if u.Code != w.Grid || u.People != w.People || !doubtful[u.Code] && (u.Covered != w.Covered || u.AtLeast[1] != w.Twice) {
				t.Errorf("within %v m: %s has %d people, %d covered, %d twice; PostGIS %+v", radius, u.Code, u.People, u.Covered, u.AtLeast[1], w)
			}
		}
		if len(doubtful) > 20 {
			t.Errorf("within %v m %d grids have buildings on the edge", radius, len(doubtful))
		}
	}
}

// onTheEdge are the grids with a building so near to a radius that PostGIS may
// see it otherwise.
func onTheEdge(p *shelter.Problem, radius geodesic.Meters) map[string]bool {
	grids := map[string]bool{}
	for i := range p.Demands {
		for j := range p.Facilities {
			place := p.Facilities[j].Place
			if p.Demands[i].People == 0 || geodesic.LowerBound(p.Demands[i].Place, place.Bound()) > radius {
				continue
			}
			if d, _ := geodesic.DistanceTo(p.Demands[i].Place, place); d <= radius && d > radius*(1-3e-5)-0.002 || d > radius && d < radius+0.002 {
				grids[p.Demands[i].Unit] = true
			}
		}
	}
	return grids
}

// filled is a connection to a database with the buildings and shelters of the
// reference dataset.
func filled(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	postgistest.Exec(t, url, "CREATE SCHEMA IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA postgis",
		"CREATE TABLE buildings (id int, grid text, residents bigint, geom geometry(Polygon, 4326))", "CREATE TABLE shelters (id int, effective_area float8, geom geometry(Geometry, 4326))")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	b, f := columnsOf(t, "buildings", "residents"), columnsOf(t, "shelters", "effective_area")
	insert(t, conn, "INSERT INTO buildings SELECT id, grid, number, ST_GeomFromWKB(g, 4326) FROM unnest($1::int[], $2::text[], $3::float8[], $4::bytea[]) AS r(id, grid, number, g)", b)
	insert(t, conn, "INSERT INTO shelters SELECT id, number, ST_GeomFromWKB(g, 4326) FROM unnest($1::int[], $2::text[], $3::float8[], $4::bytea[]) AS r(id, grid, number, g)", f)
	postgistest.Exec(t, url, "CREATE INDEX ON shelters USING gist (geom)", "ANALYZE")
	return conn
}

// columns are those of a layer's features.
type columns struct {
	ids      []int64
	grids    []string
	numbers  []float64
	geometry [][]byte
}

func columnsOf(t testing.TB, layer spatial.LayerID, number string) columns {
	t.Helper()
	var c columns
	for f := range luohutest.Layer(t, layer).All() {
		g, err := wkb.Marshal(f.Geometry())
		if err != nil {
			t.Fatal(err)
		}
		c.ids, c.grids = append(c.ids, f.ID()), append(c.grids, f.Attribute("grid").Text())
		c.numbers, c.geometry = append(c.numbers, f.Attribute(number).Float()), append(c.geometry, g)
	}
	return c
}

func insert(t testing.TB, conn *pgx.Conn, sql string, c columns) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, c.ids, c.grids, c.numbers, c.geometry); err != nil {
		t.Fatal("insert:", err)
	}
}

// BenchmarkCoveredByGrid asks PostGIS and us for the people covered in every
// grid: PostGIS by its query, we from places and from a reach that is known.
func BenchmarkCoveredByGrid(b *testing.B) {
	conn := filled(b, postgistest.URL(b))
	defer conn.Close(b.Context())
	p := problem(b, 500)
	b.Run("postgis", func(b *testing.B) {
		for b.Loop() {
			rows, err := conn.Query(b.Context(), coveredByGrid, 500.0, 0.005)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := pgx.CollectRows(rows, pgx.RowToStructByPos[gridRow]); err != nil {
				b.Fatal(err)
			}
		}
	})
	units := func(b *testing.B, p *shelter.Problem) {
		c, err := p.Cover()
		if err != nil {
			b.Fatal(err)
		}
		p.Units(c, nil, shelter.Prefix(14), nil)
	}
	b.Run("from-places", func(b *testing.B) {
		for b.Loop() {
			q := *p
			var err error
			if q.Reach, err = shelter.StraightLine(q.Demands, q.Facilities, 500); err != nil {
				b.Fatal(err)
			}
			units(b, &q)
		}
	})
	b.Run("from-reach", func(b *testing.B) {
		for b.Loop() {
			units(b, p)
		}
	})
}
