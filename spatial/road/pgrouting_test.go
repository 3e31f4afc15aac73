package road_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wangge/data/postgis/postgistest"
	"wangge/spatial/road"
)

// router is a database with pgRouting and an empty table of edges. The test is
// skipped where PostgreSQL has no pgRouting.
func router(t testing.TB) *pgx.Conn {
	t.Helper()
	url := postgistest.URL(t)
	postgistest.Exec(t, url, "CREATE SCHEMA IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA postgis")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	if _, err = conn.Exec(t.Context(), "CREATE EXTENSION IF NOT EXISTS pgrouting SCHEMA postgis"); err != nil {
		var missing *pgconn.PgError
		if errors.As(err, &missing) && (missing.Code == "0A000" || missing.Code == "58P01") {
			t.Skip("PostgreSQL has no pgRouting; on Debian: apt-get install postgresql-15-pgrouting")
		}
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TEMP TABLE edges (id bigint, source bigint, target bigint, cost float8, reverse_cost float8)"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func fillEdges(t testing.TB, conn *pgx.Conn, g *road.Graph) {
	t.Helper()
	cost := func(m road.Millis) float64 {
		if m == road.Unreachable {
			return -1
		}
		return float64(m)
	}
	var rows [][]any
	for _, a := range road.Arcs(g) {
		rows = append(rows, []any{int64(a.Edge), int64(a.Tail), int64(a.Head), cost(a.Cost), cost(a.Backward)})
	}
	if _, err := conn.Exec(t.Context(), "TRUNCATE edges"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.CopyFrom(t.Context(), pgx.Identifier{"edges"}, []string{"id", "source", "target", "cost", "reverse_cost"}, pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}
}

// oracle is the time from some junctions to all: those reached only.
const oracle = `
	SELECT start_vid, end_vid, agg_cost
	FROM pgr_dijkstraCost('SELECT id, source, target, cost, reverse_cost FROM edges', $1::bigint[], $2::bigint[], directed => true)`

// junctions of the stations of the reference dataset, each once, and all.
func junctions(g *road.Graph, starts []road.Start) (from []road.Start, ids, all []int64) {
	seen := map[int32]bool{}
	for _, s := range starts {
		at := g.Along(s.Edge, 0)
		if j := road.Junction(at); !seen[j] {
			seen[j] = true
			from, ids = append(from, road.Start{Position: at}), append(ids, int64(j))
		}
	}
	for _, p := range g.Junctions() {
		all = append(all, int64(road.Junction(p)))
	}
	return from, ids, all
}

// TestTableAgreesWithPgRouting: from the stations of the reference dataset to every
// junction, with all roads open, and with one in twenty closed.
func TestTableAgreesWithPgRouting(t *testing.T) {
	conn := router(t)
	whole, starts := reference(t)
	random := rand.New(rand.NewPCG(1, 5))
	for name, g := range map[string]*road.Graph{"open": whole, "closures": whole.Without(func(int32) bool { return random.IntN(20) == 0 })} {
		fillEdges(t, conn, g)
		from, ids, all := junctions(g, starts)
		rows, err := conn.Query(t.Context(), oracle, ids, all)
		if err != nil {
			t.Fatal(err)
		}
		type pair struct{ From, To int64 }
		want := map[pair]road.Millis{}
		var p pair
		var cost float64
		if _, err := pgx.ForEachRow(rows, []any{&p.From, &p.To, &cost}, func() error { want[p] = road.Millis(cost); return nil }); err != nil {
			t.Fatal(err)
		}
		table, err := g.Table(from)
		if err != nil {
			t.Fatal(err)
		}
		pairs, unreached := 0, 0
		for _, at := range g.Junctions() {
			for i, got := range table.At(at, nil) {
				to := int64(road.Junction(at))
				w, ok := want[pair{ids[i], to}]
				if !ok {
					w = road.Unreachable
					unreached++
				}
				if ids[i] == to {
					w = 0
				}
				if pairs++; got != w {
					t.Fatalf("%s: from junction %d to %d %d ms, pgRouting has %d", name, ids[i], to, got, w)
				}
			}
		}
		t.Logf("%s: %d pairs agree, %d of them unreached (with those from a junction to itself)", name, pairs, unreached)
	}
}

// BenchmarkAgainstPgRouting makes the table from the stations to every junction.
func BenchmarkAgainstPgRouting(b *testing.B) {
	conn := router(b)
	g, starts := reference(b)
	fillEdges(b, conn, g)
	from, ids, all := junctions(g, starts)
	b.Run("table", func(b *testing.B) {
		for b.Loop() {
			if _, err := g.Table(from); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pgr_dijkstraCost", func(b *testing.B) {
		for b.Loop() {
			var n int
			if err := conn.QueryRow(b.Context(), fmt.Sprintf("SELECT count(*) FROM (%s) t", oracle), ids, all).Scan(&n); err != nil {
				b.Fatal(err)
			}
		}
	})
}
