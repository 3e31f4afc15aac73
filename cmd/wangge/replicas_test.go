package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/partition"
	"wangge/tiles"
)

// soak says whether the long proofs are to be run.
func soak() bool { return os.Getenv("WANGGE_SOAK") == "1" }

// TestReplicas: three services on one database, under random edits of each
// and of another program at the same time, end with the rows and, byte for
// byte, the tiles of a fresh load. WANGGE_SOAK=1 makes it ten thousand edits.
func TestReplicas(t *testing.T) {
	edits := 300
	if soak() {
		edits = 10_000
	}
	url := referenceDatabase(t)
	replicas := []*data.Live{follow(t, url), follow(t, url), follow(t, url)}
	var editors sync.WaitGroup
	for i, live := range replicas {
		e := &editor{live: live, random: rand.New(rand.NewPCG(1, uint64(i))), first: int64(1_000_000 * (i + 1))}
		editors.Go(func() { e.run(t, edits/5) })
	}
	s := newStranger(t, url, replicas[0].Current())
	editors.Go(func() { s.run(t, 2*edits/5) })
	editors.Wait()
	t.Logf("%d edits led to version %d; %d boundaries were moved off the lattice", edits, replicas[0].Current().Version(), s.moved)

	fresh := follow(t, url)
	if fault := fresh.Fault(); fault != nil {
		t.Errorf("a fresh load: %v", fault)
	}
	for i, live := range replicas {
		awaitVersion(t, live, fresh)
		if fault := live.Fault(); fault != nil {
			t.Errorf("replica %d: %v", i, fault)
		}
		sameRows(t, live.Current(), fresh.Current())
		sameTiles(t, live.Current(), fresh.Current())
	}
}

// follow is a live store as a service holds it.
func follow(t testing.TB, place string) *data.Live {
	t.Helper()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	store, err := storeFlag{Store: place}.open(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	live, err := data.Open(t.Context(), store, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); live.Follow(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
		_ = store.Close()
	})
	return live
}

func awaitVersion(t *testing.T, live, other *data.Live) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); live.Current().Version() != other.Current().Version(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("version %d, not %d: %v", live.Current().Version(), other.Current().Version(), live.Fault())
		}
	}
}

func sameRows(t *testing.T, got, want *spatial.Snapshot) {
	t.Helper()
	for w := range want.Layers() {
		g, err := got.Layer(w.ID())
		if err != nil {
			t.Fatal(err)
		}
		if g.Len() != w.Len() {
			t.Errorf("%s: %d rows, not %d", w.ID(), g.Len(), w.Len())
		}
		for f := range w.All() {
			if have, err := g.Feature(f.ID()); err != nil || !reflect.DeepEqual(have.Row(), f.Row()) {
				t.Errorf("%s %d: %v, not %v: %v", w.ID(), f.ID(), have.Row(), f.Row(), err)
			}
		}
	}
}

func sameTiles(t *testing.T, got, want *spatial.Snapshot) {
	t.Helper()
	var layers []spatial.LayerID
	for l := range want.Layers() {
		if l.Schema().Geometry != spatial.NoGeometry {
			layers = append(layers, l.ID())
		}
	}
	bytesOf := func(s *spatial.Snapshot, id tiles.ID) []byte {
		view, err := tiles.NewView(s, layers...)
		if err != nil {
			t.Fatal(err)
		}
		tile, err := tiles.Encode(view, id)
		if err != nil {
			t.Fatal(err)
		}
		return tile.Bytes
	}
	for _, at := range []orb.Point{{114.118, 22.546}, {114.1435, 22.5491}, {114.17, 22.58}} {
		for _, z := range []uint32{10, 13, 15, 17} {
			if id := tiles.At(at, z); !slices.Equal(bytesOf(got, id), bytesOf(want, id)) {
				t.Errorf("the tile %v differs", id)
			}
		}
	}
}

// editor edits through a service.
type editor struct {
	live   *data.Live
	random *rand.Rand
	first  int64 // the first id of its own rows
}

func (e *editor) run(t *testing.T, edits int) {
	for range edits {
		for tries := 0; ; tries++ {
			_, err := e.live.Edit(t.Context(), e.plan)
			if err == nil {
				break
			}
			if !errors.Is(err, spatial.ErrConflict) || tries == 100 {
				t.Errorf("edit: %v", err)
				return
			}
		}
	}
}

// plan makes, moves or removes a risk point, or renames a building.
func (e *editor) plan(s *spatial.Snapshot) (spatial.Change, error) {
	points, err := s.Layer("risk_points")
	if err != nil {
		return spatial.Change{}, err
	}
	some, err := points.Feature(1 + e.random.Int64N(42336))
	if err != nil {
		return spatial.Change{}, err
	}
	row := some.Row()
	row.Geometry = jitter(e.random, row.Geometry.(orb.Point))
	change := spatial.LayerChange{Layer: "risk_points"}
	switch e.random.IntN(4) {
	case 0: // a plan may run again, so that what it makes is looked up and not remembered
		row.ID = e.first + e.random.Int64N(1000)
		row.Values[points.Schema().FieldIndex("code")] = spatial.Text(fmt.Sprint("made-", row.ID))
		change.Put = []spatial.Row{row}
	case 1:
		for f := range points.After(e.first - 1) {
			if f.ID() < e.first+1000 {
				change.Delete = []int64{f.ID()}
			}
			break
		}
	case 2:
		change.Put = []spatial.Row{row}
	default:
		return rename(s, 1+e.random.Int64N(18399), fmt.Sprint("楼", e.random.IntN(1000)))
	}
	return spatial.Change{Layers: []spatial.LayerChange{change}}, nil
}

func rename(s *spatial.Snapshot, building int64, name string) (spatial.Change, error) {
	layer, err := s.Layer("buildings")
	if err != nil {
		return spatial.Change{}, err
	}
	f, err := layer.Feature(building)
	if err != nil {
		return spatial.Change{}, err
	}
	row := f.Row()
	row.Values[layer.Schema().FieldIndex("name")] = spatial.Text(name)
	return spatial.Change{Layers: []spatial.LayerChange{{Layer: "buildings", Put: []spatial.Row{row}}}}, nil
}

func jitter(random *rand.Rand, p orb.Point) orb.Point {
	return orb.Point{p[0] + (random.Float64()-0.5)/1e4, p[1] + (random.Float64()-0.5)/1e4}
}

// stranger edits the database in SQL, and alone redraws boundaries.
type stranger struct {
	conn    *pgx.Conn
	random  *rand.Rand
	grids   map[int64]orb.Polygon // as they are, on the lattice
	corners []corner
	moved   int
}

// corner is a vertex that just two grids of one community share.
type corner struct {
	at    orb.Point
	grids [2]int64
}

func newStranger(t *testing.T, url string, s *spatial.Snapshot) *stranger {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	grids, err := s.Layer("grids")
	if err != nil {
		t.Fatal(err)
	}
	n := &stranger{conn: conn, random: rand.New(rand.NewPCG(2, 0)), grids: map[int64]orb.Polygon{}}
	users, communities := map[orb.Point][]int64{}, map[int64]string{}
	for f := range grids.All() {
		if polygon, ok := f.Geometry().(orb.Polygon); ok {
			n.grids[f.ID()], communities[f.ID()] = polygon, f.Attribute("community").Text()
			for _, ring := range polygon {
				for _, p := range ring[1:] {
					users[p] = append(users[p], f.ID())
				}
			}
		}
	}
	for p := range verticesOf(t, s, "communities") {
		delete(users, p)
	}
	for _, p := range slices.SortedFunc(maps.Keys(users), func(a, b orb.Point) int { return slices.Compare(a[:], b[:]) }) {
		if ids := users[p]; len(ids) == 2 && communities[ids[0]] == communities[ids[1]] && ids[0] != ids[1] {
			n.corners = append(n.corners, corner{p, [2]int64(ids)})
		}
	}
	return n
}

// verticesOf are the vertices of a layer's polygons.
func verticesOf(t *testing.T, s *spatial.Snapshot, id spatial.LayerID) map[orb.Point]bool {
	t.Helper()
	layer, err := s.Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	vertices := map[orb.Point]bool{}
	for f := range layer.All() {
		several, ok := f.Geometry().(orb.MultiPolygon)
		if !ok {
			several = orb.MultiPolygon{f.Geometry().(orb.Polygon)}
		}
		for _, polygon := range several {
			for _, ring := range polygon {
				for _, p := range ring {
					vertices[p] = true
				}
			}
		}
	}
	return vertices
}

func (n *stranger) run(t *testing.T, edits int) {
	for range edits {
		if err := n.edit(t.Context()); err != nil {
			t.Errorf("another program: %v", err)
			return
		}
	}
}

func (n *stranger) edit(ctx context.Context) error {
	id, word := 1+n.random.Int64N(18399), n.random.IntN(1000)
	var err error
	switch n.random.IntN(6) {
	case 0:
		_, err = n.conn.Exec(ctx, "UPDATE buildings SET name = $1 WHERE id BETWEEN $2 AND $2 + 10", fmt.Sprint("改", word), id)
	case 1:
		_, err = n.conn.Exec(ctx, "UPDATE risk_points SET geom = ST_Translate(geom, 0.00001, -0.00001) WHERE id = $1", id)
	case 2:
		_, err = n.conn.Exec(ctx, "UPDATE grids SET worker = $1 WHERE id = $2", fmt.Sprint("岗", word), 1+id%1135)
	case 3:
		_, err = n.conn.Exec(ctx, "DELETE FROM risk_points WHERE id = (SELECT max(id) FROM risk_points WHERE id > 1000000)")
	case 4:
		_, err = n.conn.Exec(ctx, "WITH gone AS (DELETE FROM cameras WHERE id = $1 RETURNING *) SELECT count(*) FROM gone", 1+id%22)
	default:
		err = n.redraw(ctx)
	}
	return err
}

// redraw moves a corner of two grids by a few millimetres, to where no
// lattice point is, as a drawing program does.
func (n *stranger) redraw(ctx context.Context) error {
	i := n.random.IntN(len(n.corners))
	c := &n.corners[i]
	to := orb.Point{c.at[0] + n.random.Float64()*4e-8 - 2e-8, c.at[1] + n.random.Float64()*4e-8 - 2e-8}
	return pgx.BeginFunc(ctx, n.conn, func(tx pgx.Tx) error {
		for _, id := range c.grids {
			drawn := replaced(n.grids[id], c.at, to)
			if _, err := tx.Exec(ctx, "UPDATE grids SET geom = ST_GeomFromWKB($1, 4490) WHERE id = $2", wkb.MustMarshal(drawn), id); err != nil {
				return err
			}
			n.grids[id] = replaced(n.grids[id], c.at, partition.VertexOf(to).LL())
		}
		c.at = partition.VertexOf(to).LL()
		n.moved++
		return nil
	})
}

func replaced(p orb.Polygon, old, now orb.Point) orb.Polygon {
	p = orb.Clone(p).(orb.Polygon)
	for _, ring := range p {
		for i := range ring {
			if ring[i] == old {
				ring[i] = now
			}
		}
	}
	return p
}
