package postgis

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// guarded is a store with one town of two wards side by side, which share the
// edge from (1,0) by (1,1) to (1,2), a ward of another town to the right of
// them, and a post in each ward.
func guarded(t *testing.T) (url string) {
	t.Helper()
	url = postgistest.URL(t)
	text := func(name string) spatial.Field {
		return spatial.Field{Name: name, Type: spatial.TypeText, Required: true}
	}
	code, town, inWard := text("code"), text("town"), text("ward")
	code.Unique, town.References, inWard.References = true, "towns", "wards"
	towns := &spatial.Schema{ID: "towns", Geometry: spatial.Polygons, Partition: true, Code: "code", AsOf: "2024-11-04", Fields: []spatial.Field{code}}
	wards := &spatial.Schema{ID: "wards", Geometry: spatial.Polygons, Partition: true, Code: "code", AsOf: "2024-11-04", Fields: []spatial.Field{code, town}}
	posts := &spatial.Schema{ID: "posts", Geometry: spatial.Points, AsOf: "2024-11-04", Fields: []spatial.Field{inWard}}
	area := func(id int64, ring orb.Ring, values ...string) spatial.Row {
		row := spatial.Row{ID: id, Geometry: orb.Polygon{ring}}
		for _, v := range values {
			row.Values = append(row.Values, spatial.Text(v))
		}
		return row
	}
	at := func(id int64, x float64, ward string) spatial.Row {
		return spatial.Row{ID: id, Geometry: orb.Point{x, 0.5}, Values: []spatial.Value{spatial.Text(ward)}}
	}
	c := spatial.Change{Create: []*spatial.Schema{towns, wards, posts}, Layers: []spatial.LayerChange{
		{Layer: "towns", Put: []spatial.Row{
			area(1, orb.Ring{{0, 0}, {1, 0}, {2, 0}, {2, 2}, {1, 2}, {0, 2}, {0, 0}}, "1"),
			area(2, orb.Ring{{2, 0}, {3, 0}, {3, 2}, {2, 2}, {2, 0}}, "2")}},
		{Layer: "wards", Put: []spatial.Row{
			area(1, orb.Ring{{0, 0}, {1, 0}, {1, 1}, {1, 2}, {0, 2}, {0, 0}}, "11", "1"),
			area(2, orb.Ring{{1, 0}, {2, 0}, {2, 2}, {1, 2}, {1, 1}, {1, 0}}, "12", "1"),
			area(3, orb.Ring{{2, 0}, {3, 0}, {3, 2}, {2, 2}, {2, 0}}, "21", "2")}},
		{Layer: "posts", Put: []spatial.Row{at(1, 0.5, "11"), at(2, 1.1, "12"), at(3, 2.5, "21")}}}}
	if _, err := open(t, url).Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return url
}

// redraw is a statement that gives an area another ring.
func redraw(layer, code, ring string) string {
	return fmt.Sprintf("UPDATE %s SET geom = ST_GeomFromText('POLYGON((%s))', 4490) WHERE code = '%s'", layer, ring, code)
}

// TestGuard edits partitions as another SQL client does: in one transaction,
// all together or refused at its end by the rule that it breaks.
func TestGuard(t *testing.T) {
	left, right := "0 0,1 0,1.5 1,1 2,0 2,0 0", "1 0,2 0,2 2,1 2,1.5 1,1 0"
	across := []string{redraw("wards", "12", "1 0,2 0,2.2 1,2 2,1 2,1 1,1 0"), redraw("wards", "21", "2 0,3 0,3 2,2 2,2.2 1,2 0")}
	upper := []string{redraw("towns", "1", "0 0,1 0,2 0,2.2 1,2 2,1 2,0 2,0 0"), redraw("towns", "2", "2 0,3 0,3 2,2 2,2.2 1,2 0")}
	for _, c := range []struct {
		name string
		rule string // "" if it is taken
		says string
		do   []string
	}{
		{"one side of an edge", "wards_partition", "11", []string{redraw("wards", "11", left)}},
		{"both sides", "", "", []string{redraw("wards", "11", strings.ReplaceAll(left, "1.5 1", "1.1 1")), redraw("wards", "12", strings.ReplaceAll(right, "1.5 1", "1.1 1"))}},
		{"both sides, past a post", "posts_ward_located", "posts 2", []string{redraw("wards", "11", left), redraw("wards", "12", right)}},
		{"both sides, turned round", "", "", []string{redraw("wards", "11", "0 0,0 2,1 2,1.1 1,1 0,0 0"), redraw("wards", "12", "1 0,1.1 1,1 2,2 2,2 0,1 0")}},
		{"a vertex on one side only", "wards_partition", "12", []string{redraw("wards", "11", "0 0,1 0,1 0.5,1 1,1 2,0 2,0 0")}},
		{"a ring that crosses itself", "wards_geom_valid", "", []string{redraw("wards", "11", "0 0,1 2,1 1,1 0,0 2,0 0")}},
		{"the edge between towns, without the towns", "wards_town_nested", "towns", across},
		{"the edge between towns, with them", "", "", append(across[:2:2], upper...)},
		{"the towns without their wards", "wards_town_nested", "towns", upper},
		{"another town", "wards_town_nested", "towns", []string{"UPDATE wards SET town = '2' WHERE code = '12'"}},
		{"one more on top", "wards_partition", "11", []string{"INSERT INTO wards (id, code, town, geom) SELECT 9, '19', town, geom FROM wards WHERE code = '11'"}},
		{"one without an area", "wards_partition", "19", []string{"INSERT INTO wards (id, code, town) VALUES (9, '19', '1')"}},
		{"one less", "wards_partition", "11", []string{"DELETE FROM posts WHERE ward = '12'", "DELETE FROM wards WHERE code = '12'"}},
		{"split in two", "", "", []string{redraw("wards", "12", "1 0,2 0,2 1,1 1,1 0"), redraw("wards", "21", "2 0,3 0,3 2,2 2,2 1,2 0"),
			"INSERT INTO wards (id, code, town, geom) VALUES (9, '19', '1', ST_GeomFromText('POLYGON((1 1,2 1,2 2,1 2,1 1))', 4490))",
			redraw("towns", "1", "0 0,1 0,2 0,2 1,2 2,1 2,0 2,0 0"), redraw("towns", "2", "2 0,3 0,3 2,2 2,2 1,2 0")}},
		{"the rim", "towns_partition", "1", []string{redraw("wards", "11", "0 0,1 0,1 1,1 2,-1 2,0 0"), redraw("towns", "1", "0 0,1 0,2 0,2 2,1 2,-1 2,0 0")}},
		{"changed and changed back", "", "", []string{redraw("wards", "11", left), redraw("wards", "11", "0 0,1 0,1 1,1 2,0 2,0 0")}},
		{"nothing of the map", "", "", []string{"UPDATE wards SET code = code"}},
		{"emptied", "wards_partition", "emptied", []string{"TRUNCATE wards CASCADE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := inOne(t, guarded(t), c.do)
			var refused *pgconn.PgError
			switch {
			case c.rule == "" && err != nil:
				t.Fatal(err)
			case c.rule == "":
			case !errors.As(err, &refused) || refused.ConstraintName != c.rule || !strings.Contains(refused.Message, c.says):
				t.Errorf("got %v, want the rule %s and a word of %s", err, c.rule, c.says)
			case refused.Hint == "" && c.rule != "wards_geom_valid":
				t.Error("it does not say what to do")
			}
		})
	}
}

// inOne runs statements in one transaction.
func inOne(t *testing.T, url string, statements []string) error {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(t.Context(), s); err != nil {
				return err
			}
		}
		return nil
	})
}
