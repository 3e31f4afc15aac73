package exposure_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/data/luohu/luohutest"
	"wangge/data/postgis/postgistest"
	"wangge/spatial"
	"wangge/spatial/exposure"
	"wangge/spatial/geodesic"
)

// inZones is the people of each zone and, in the row of zone 0, of all zones
// together, each building once. The box of degrees lets the index find the
// buildings.
const inZones = `
	WITH hits AS (
		SELECT z.id AS zone, b.id, b.number AS people
		FROM zones z JOIN things b ON b.geom && ST_Expand(z.geom, $1::float8 / 80000)
			AND CASE WHEN $1 = 0 THEN ST_Intersects(z.geom, b.geom)
				ELSE ST_Distance(z.geom::geography, b.geom::geography, true) <= $1 END)
	SELECT zone, count(*) AS features, sum(people)::bigint AS people FROM hits GROUP BY zone
	UNION ALL SELECT 0, count(*), coalesce(sum(people), 0)::bigint FROM (SELECT DISTINCT id, people FROM hits) AS once
	ORDER BY zone`

// centredInZones is the same by the buildings' centroids.
const centredInZones = `
	WITH hits AS (SELECT z.id AS zone, b.id, b.number AS people FROM zones z JOIN things b ON ST_Intersects(z.geom, ST_Centroid(b.geom)) AND $1 = 0)
	SELECT zone, count(*) AS features, sum(people)::bigint AS people FROM hits GROUP BY zone
	UNION ALL SELECT 0, count(*), coalesce(sum(people), 0)::bigint FROM (SELECT DISTINCT id, people FROM hits) AS once
	ORDER BY zone`

type zoneRow struct {
	Zone, Features, People int64
}

// TestExposureAgreesWithPostGIS compares who is inside zones, around slopes
// and risk points, and underground near covered rivers, for each zone and for
// their union.
func TestExposureAgreesWithPostGIS(t *testing.T) {
	database := open(t)
	upper := func(f spatial.Feature) bool { return f.Attribute("level").Text() == "larger" }
	tests := map[string]struct {
		zones  spatial.LayerID
		keep   func(spatial.Feature) bool
		within geodesic.Meters
		things spatial.LayerID
		field  string
		rule   exposure.Rule
		query  string
	}{
		"residents in high-risk zones":   {"high_risk_zones", nil, 0, "buildings", "residents", exposure.Touch, inZones},
		"residents centred in them":      {"high_risk_zones", nil, 0, "buildings", "residents", exposure.Centroid, centredInZones},
		"rooms by slopes":                {"slopes", nil, 60, "buildings", "rooms", exposure.Touch, inZones},
		"residents around larger risks":  {"risk_points", upper, 300, "buildings", "residents", exposure.Touch, inZones},
		"undergrounds by covered rivers": {"covered_rivers", nil, 100, "underground_spaces", "levels", exposure.Touch, inZones},
		"undergrounds by flood hazards":  {"flood_hazards", nil, 80, "underground_spaces", "levels", exposure.Touch, inZones},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			zones, err := exposure.ZonesOf(luohutest.Layer(t, test.zones), test.within, test.keep)
			if err != nil {
				t.Fatal(err)
			}
			things := luohutest.Layer(t, test.things)
			e, err := exposure.Of(zones, things, test.rule, nil)
			if err != nil {
				t.Fatal(err)
			}
			total := e.Total(test.field)
			got := []zoneRow{{0, int64(total.Features), total.Sums[0]}}
			for i, c := range e.ByZone(test.field) {
				if c.Features > 0 {
					got = append(got, zoneRow{zones[i].ID, int64(c.Features), c.Sums[0]})
				}
			}
			want := database.query(t, zones, things, test.field, test.query, float64(test.within))
			if !slices.Equal(got, want) {
				t.Errorf("%v\nPostGIS\n%v", got, want)
			}
			if total.Features == 0 {
				t.Error("nothing is exposed")
			}
		})
	}
}

// oracle is a database with the things that were asked for so far.
type oracle struct {
	*pgx.Conn
	loaded map[string]bool
}

func open(t testing.TB) *oracle {
	t.Helper()
	url := postgistest.URL(t)
	postgistest.Exec(t, url, "CREATE SCHEMA IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA postgis")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return &oracle{conn, map[string]bool{}}
}

// query asks about the things of a layer, with the number of a field.
func (o *oracle) query(t testing.TB, zones []exposure.Zone, things *spatial.Layer, field, sql string, within float64) []zoneRow {
	t.Helper()
	table := string(things.ID()) + "_" + field
	if !o.loaded[table] {
		o.loaded[table] = true
		var rows columns
		for f := range things.All() {
			rows.add(t, f.ID(), f.Geometry(), f.Attribute(field).Int())
		}
		o.load(t, table, &rows)
	}
	var rows columns
	for _, z := range zones {
		rows.add(t, z.ID, z.Geometry, 0)
	}
	o.load(t, "zones", &rows)
	found, err := o.Query(t.Context(), strings.ReplaceAll(sql, "things", table), within)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(found, pgx.RowToStructByPos[zoneRow])
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// load makes a table anew.
func (o *oracle) load(t testing.TB, table string, c *columns) {
	t.Helper()
	for _, sql := range []string{"DROP TABLE IF EXISTS " + table, "CREATE TABLE " + table + " (id int, number bigint, geom geometry)"} {
		if _, err := o.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	sql := "INSERT INTO " + table + " SELECT id, number, ST_GeomFromWKB(g, 4326) FROM unnest($1::int[], $2::bigint[], $3::bytea[]) AS r(id, number, g)"
	if _, err := o.Exec(t.Context(), sql, c.ids, c.numbers, c.geometry); err != nil {
		t.Fatal("load:", err)
	}
	for _, sql := range []string{"CREATE INDEX ON " + table + " USING gist (geom)", "ANALYZE " + table} {
		if _, err := o.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// columns are those of rows on their way to PostGIS.
type columns struct {
	ids, numbers []int64
	geometry     [][]byte
}

func (c *columns) add(t testing.TB, id int64, g orb.Geometry, number int64) {
	t.Helper()
	bytes, err := wkb.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	c.ids, c.numbers, c.geometry = append(c.ids, id), append(c.numbers, number), append(c.geometry, bytes)
}

// BenchmarkOf finds the residents in high-risk zones, and in circles around all
// risk points above the lowest level.
func BenchmarkOf(b *testing.B) {
	buildings := luohutest.Layer(b, "buildings")
	above := func(f spatial.Feature) bool {
		level := f.Attribute("level").Text()
		return level == "larger" || level == "general"
	}
	for name, make := range map[string]func() ([]exposure.Zone, error){
		"high-risk-zones": func() ([]exposure.Zone, error) {
			return exposure.ZonesOf(luohutest.Layer(b, "high_risk_zones"), 0, nil)
		},
		"2884-risks-within-100m": func() ([]exposure.Zone, error) {
			return exposure.ZonesOf(luohutest.Layer(b, "risk_points"), 100, above)
		},
	} {
		zones, err := make()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				e, err := exposure.Of(zones, buildings, exposure.Touch, nil)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(e.Total("residents").Sums[0]), "residents")
			}
		})
	}
}
