package tiles_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
	"wangge/tiles"
)

// oracle is PostGIS's own tile of the same rows, with our buffer. The margin
// of the search is that of the buffer and a little for rounding.
const oracle = `
WITH tile AS (SELECT ST_TileEnvelope($1, $2, $3) AS bounds, ST_TileEnvelope($1, $2, $3, margin => $4) AS around),
rows AS (
	SELECT %[2]s, id, ST_AsMVTGeom(ST_Transform(geom, 3857), tile.bounds, $5, $6, true) AS mvt
	FROM %[1]s, tile WHERE ST_Transform(geom, 3857) && tile.around ORDER BY id)
SELECT ST_AsMVT(rows, '%[1]s', $5, 'mvt', 'id') FROM rows WHERE mvt IS NOT NULL`

// columnOf says how a field is stored and how PostGIS is to show it.
func columnOf(f *spatial.Field) (typ, shown string) {
	switch f.Type {
	case spatial.TypeInt:
		return "bigint", f.Name
	case spatial.TypeFloat:
		return "double precision", f.Name
	case spatial.TypeBool:
		return "boolean", f.Name
	case spatial.TypeDate:
		return "date", f.Name + "::text"
	case spatial.TypeTime:
		return "timestamptz", fmt.Sprintf(`to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`, f.Name)
	}
	return "text", f.Name
}

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), postgistest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	exec(t, conn, "CREATE SCHEMA IF NOT EXISTS postgis")
	exec(t, conn, "CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA postgis")
	return conn
}

// store copies a layer into a table and returns the query of its tiles.
func store(t *testing.T, conn *pgx.Conn, l *spatial.Layer) string {
	t.Helper()
	definition, shown := "id bigint PRIMARY KEY, geom geometry(Geometry, 4490)", []string{"id AS row"}
	fields := l.Schema().Fields
	for i := range fields {
		typ, as := columnOf(&fields[i])
		definition += ", " + fields[i].Name + " " + typ
		if !fields[i].Detail {
			shown = append(shown, as+" AS "+fields[i].Name)
		}
	}
	exec(t, conn, fmt.Sprintf("CREATE TABLE %s (%s)", l.ID(), definition))
	for f := range l.All() {
		insert(t, conn, f)
	}
	return fmt.Sprintf(oracle, l.ID(), strings.Join(shown, ", "))
}

func insert(t *testing.T, conn *pgx.Conn, f spatial.Feature) {
	t.Helper()
	places, values := "$1, ST_GeomFromText($2, 4490)", []any{f.ID(), nil}
	if f.HasGeometry() {
		values[1] = wkt.MarshalString(f.Geometry())
	}
	for _, v := range f.Row().Values {
		values = append(values, v.Any())
		places += fmt.Sprintf(", $%d", len(values))
	}
	exec(t, conn, fmt.Sprintf("INSERT INTO %s VALUES (%s)", f.Layer().ID(), places), values...)
}

func exec(t *testing.T, conn *pgx.Conn, query string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// featuresOf decodes a tile of one layer by orb, by feature id.
func featuresOf(t *testing.T, raw []byte) map[int64]*geojson.Feature {
	t.Helper()
	layers, err := mvt.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[int64]*geojson.Feature{}
	for _, l := range layers {
		for _, f := range l.Features {
			byID[int64(f.ID.(float64))] = f
		}
	}
	return byID
}

// TestPostGIS compares tiles with what ST_AsMVT and ST_AsMVTGeom make of the
// same rows: the same features but for those PostGIS drops because nothing of
// them is left on the lattice, the same attributes, the same geometry within
// a unit or two, and where outlines are simplified within four more.
func TestPostGIS(t *testing.T) {
	conn := connect(t)
	s := fixture(t)
	for _, id := range []spatial.LayerID{"risk_points", "roads", "buildings", "grids", "zones"} {
		l := layersOf(t, s, id)[0]
		query := store(t, conn, l)
		t.Run(string(id), func(t *testing.T) {
			compared := 0
			for z := uint32(10); z <= 17; z++ {
				for _, tile := range some(z, 12) {
					compared += compareWithPostGIS(t, conn, query, l, tile)
				}
			}
			if compared == 0 {
				t.Error("nothing was compared")
			}
		})
	}
}

func compareWithPostGIS(t *testing.T, conn *pgx.Conn, query string, l *spatial.Layer, id tiles.ID) int {
	t.Helper()
	var raw []byte
	margin := float64(tiles.Buffer+1) / tiles.Extent
	if err := conn.QueryRow(context.Background(), query, id.Z, id.X, id.Y, margin, tiles.Extent, tiles.Buffer).Scan(&raw); err != nil {
		t.Fatal(err)
	}
	got, want := featuresOf(t, encode(t, []*spatial.Layer{l}, id)), featuresOf(t, raw)
	for _, feature := range slices.Sorted(maps.Keys(want)) {
		if got[feature] == nil {
			t.Errorf("tile %v: %s %d is missing", id, l.ID(), feature)
			continue
		}
		delete(want[feature].Properties, "row")
		if !maps.Equal(got[feature].Properties, want[feature].Properties) {
			t.Errorf("tile %v: %s %d has %v, PostGIS %v", id, l.ID(), feature, got[feature].Properties, want[feature].Properties)
		}
		if fault := difference(got[feature].Geometry, want[feature].Geometry, simplified(id.Z)); fault != "" {
			t.Errorf("tile %v: %s %d: %s", id, l.ID(), feature, fault)
		}
	}
	for _, feature := range slices.Sorted(maps.Keys(got)) {
		if want[feature] == nil && !tiny(got[feature].Geometry) {
			t.Errorf("tile %v: PostGIS has no %s %d: %s", id, l.ID(), feature, wkt.MarshalString(got[feature].Geometry))
		}
	}
	return len(want)
}

// tiny says whether a geometry is what a feature too small to show becomes,
// or lies on the border of the buffer, where rounding decides.
func tiny(g orb.Geometry) bool {
	b := g.Bound()
	return b.Right()-b.Left() <= 1 && b.Top()-b.Bottom() <= 1 || planar.Area(g) <= 2*planar.Length(g) && g.Dimensions() == 2 ||
		b.Left() >= tiles.Extent+tiles.Buffer-1 || b.Right() <= 1-tiles.Buffer || b.Bottom() >= tiles.Extent+tiles.Buffer-1 || b.Top() <= 1-tiles.Buffer
}

// simplified is by how much outlines of a zoom are.
func simplified(z uint32) float64 {
	if z < 13 {
		return 4
	}
	return 0
}

// difference says how two geometries of a tile differ by more than rounding,
// and by so much.
func difference(got, want orb.Geometry, slack float64) string {
	apart := fmt.Sprintf("%s\nPostGIS %s", wkt.MarshalString(got), wkt.MarshalString(want))
	switch {
	case got.Dimensions() != want.Dimensions():
		return "another kind: " + apart
	case got.Dimensions() == 0 && !closePoints(got, want):
		return "points more than a unit apart: " + apart
	case got.Dimensions() == 1 && !closeLines(got, want, slack):
		return "lines too far apart: " + apart
	case got.Dimensions() == 2 && math.Abs(planar.Area(got)-planar.Area(want)) > 2+(1+slack)*planar.Length(want):
		return "areas differ: " + apart
	}
	return ""
}

func positions(g orb.Geometry) (all []orb.Point) {
	if p, ok := g.(orb.Point); ok {
		return []orb.Point{p}
	}
	eachPoint(g, func(p *orb.Point) { all = append(all, *p) })
	return all
}

func closePoints(a, b orb.Geometry) bool {
	order := func(p, q orb.Point) int { return int(4*(p[0]-q[0])) + int(p[1]-q[1]) }
	p, q := slices.SortedFunc(slices.Values(positions(a)), order), slices.SortedFunc(slices.Values(positions(b)), order)
	return slices.EqualFunc(p, q, func(p, q orb.Point) bool { return math.Abs(p[0]-q[0]) <= 1 && math.Abs(p[1]-q[1]) <= 1 })
}

// closeLines says whether each position of either line is within two units of
// the other, and some slack; on the buffer's border, which a line may meet at a
// small angle, within eight.
func closeLines(a, b orb.Geometry, slack float64) bool {
	return closeTo(a, b, slack) && closeTo(b, a, slack)
}

func closeTo(a, b orb.Geometry, slack float64) bool {
	for _, p := range positions(b) {
		allowed := 2 + slack
		if onBorder(p[0]) || onBorder(p[1]) {
			allowed = 8 + 2*slack
		}
		if planar.DistanceFrom(a, p) > allowed {
			return false
		}
	}
	return true
}

func onBorder(v float64) bool { return v == -tiles.Buffer || v == tiles.Extent+tiles.Buffer }
