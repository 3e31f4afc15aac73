package tiles_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"wangge/spatial"
	"wangge/spatial/datum"
	"wangge/tiles"
)

// edits is how many a test makes: WANGGE_EDITS, or as many as a normal run has
// time for.
func edits(t *testing.T, usual int) int {
	t.Helper()
	if text := os.Getenv("WANGGE_EDITS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal("WANGGE_EDITS:", err)
		}
		return n
	}
	return usual
}

// clerk edits the fixture at random.
type clerk struct {
	*rand.Rand
	*testing.T
	s *spatial.Snapshot
}

// edit inserts, moves, renames or removes some features of a layer, and gives
// the boxes of what it touched, before and after.
func (c *clerk) edit() []orb.Bound {
	layer := layersOf(c, c.s, []spatial.LayerID{"grids", "buildings", "roads", "risk_points", "crowd"}[c.IntN(5)])[0]
	change := spatial.LayerChange{Layer: layer.ID()}
	var touched []orb.Bound
	note := func(g orb.Geometry) {
		if g != nil {
			touched = append(touched, g.Bound())
		}
	}
	for range 1 + c.IntN(3) {
		id := 1 + c.Int64N(layer.LastID()+3)
		f, err := layer.Feature(id)
		if err == nil {
			note(f.Geometry())
		}
		switch {
		case err == nil && c.IntN(8) == 0:
			change.Delete = append(change.Delete, id)
		case err == nil:
			row := f.Row()
			row.Values[0] = spatial.Text(strconv.Itoa(c.IntN(1000)))
			if c.IntN(2) == 0 && row.Geometry != nil {
				row.Geometry = shifted(row.Geometry, c.Float64()*0.004-0.002, c.Float64()*0.004-0.002)
			}
			change.Put = append(change.Put, row)
			note(row.Geometry)
		default:
			some, _ := layer.Feature(layer.LastID())
			row := some.Row()
			row.ID = layer.LastID() + 1
			change.Put = append(change.Put, row)
			note(row.Geometry)
		}
		if len(change.Put)+len(change.Delete) > 0 && id > layer.LastID() {
			break // the same new id must not stand twice
		}
	}
	next, err := c.s.Apply(spatial.Change{Base: c.s.Version(), Layers: []spatial.LayerChange{once(change)}}, c.s.Version()+1)
	if err != nil {
		c.Fatal(err)
	}
	c.s = next
	return touched
}

// once keeps the first of several edits of a feature.
func once(c spatial.LayerChange) spatial.LayerChange {
	seen, kept := map[int64]bool{}, spatial.LayerChange{Layer: c.Layer}
	for _, row := range c.Put {
		if !seen[row.ID] {
			kept.Put = append(kept.Put, row)
		}
		seen[row.ID] = true
	}
	for _, id := range c.Delete {
		if !seen[id] {
			kept.Delete = append(kept.Delete, id)
		}
		seen[id] = true
	}
	return kept
}

func shifted(g orb.Geometry, x, y float64) orb.Geometry {
	return project.Geometry(orb.Clone(g), func(p orb.Point) orb.Point { return orb.Point{lattice(p[0] + x), lattice(p[1] + y)} })
}

// TestNoTileIsStale edits at random and asks after each edit for tiles of every
// kind, near the edit and anywhere: each is what rendering without a memo makes.
// Where nothing was touched it is the very tile of before, and every tile with
// other bytes than before is among those that are told to be touched.
func TestNoTileIsStale(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 3))
	c := &clerk{random, t, withCrowd(t)}
	r := tiles.NewRenderer(64<<20, 2)
	kept, made := 0, 0
	for range edits(t, 100) {
		before := c.s
		touched := c.edit()
		for range 6 {
			v, id := c.view(touched)
			old, fresh := renderIn(t, r, on(t, v, before), id, tiles.Identity), renderIn(t, r, on(t, v, c.s), id, tiles.Identity)
			want, err := tiles.Encode(on(t, v, c.s), id)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(fresh.Bytes, want.Bytes) {
				t.Fatalf("tile %v of %v is stale at version %d", id, v.Matrix, c.s.Version())
			}
			if v.Matrix == tiles.WebMercatorQuad && v.Datum == datum.CRS84 && !bytes.Equal(old.Bytes, fresh.Bytes) && !told(touched, id) {
				t.Fatalf("tile %v changed and was not told", id)
			}
			if made++; old == fresh {
				kept++
			}
		}
	}
	t.Logf("version %d: of %d tiles none is stale, and %d were kept", c.s.Version(), made, kept)
	if kept < made/4 {
		t.Errorf("of %d tiles only %d were kept, though most edits are elsewhere", made, kept)
	}
}

// withCrowd is the fixture with a layer of so many points that they stand in
// clusters.
func withCrowd(t *testing.T) *spatial.Snapshot {
	t.Helper()
	random := rand.New(rand.NewPCG(8, 8))
	rows := make([]spatial.Row, 6000)
	for i := range rows {
		rows[i] = spatial.Row{ID: int64(i + 1), Geometry: at(random.Float64()*columns, random.Float64()*lines), Values: []spatial.Value{spatial.Text("low")}}
	}
	s := fixture(t)
	layers := layersOf(t, s, everything()...)
	return spatial.New(1, append(layers, layer(t, 1, schema("crowd", spatial.Points, text("level")), rows))...)
}

// view is a random choice of layers, matrix, datum and condition, and a tile
// near a touched box or anywhere.
func (c *clerk) view(touched []orb.Bound) (tiles.View, tiles.ID) {
	v := tiles.View{Matrix: tiles.Matrices()[c.IntN(3)]}
	for _, id := range append(everything(), "crowd") {
		if c.IntN(2) == 0 {
			v.Layers = append(v.Layers, layersOf(c, c.s, id)...)
		}
	}
	if c.IntN(4) == 0 {
		v.Datum = datum.GCJ02
	}
	if c.IntN(4) == 0 {
		v.Filter = "even"
		for range v.Layers {
			v.Where = append(v.Where, even{})
		}
	}
	p := at(c.Float64()*columns, c.Float64()*lines)
	if len(touched) > 0 && c.IntN(3) > 0 {
		b := touched[c.IntN(len(touched))]
		p = orb.Point{b.Min[0] + c.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + c.Float64()*(b.Max[1]-b.Min[1])}
	}
	return v, v.Matrix.At(p, uint32(c.IntN(19)))
}

// even holds for every other feature.
type even struct{}

func (even) Holds(f spatial.Feature) bool { return f.ID()%2 == 0 }
func (even) Cost() int                    { return 1 }

// on is a view of the same layers as another snapshot has them.
func on(t *testing.T, v tiles.View, s *spatial.Snapshot) tiles.View {
	t.Helper()
	ids := make([]spatial.LayerID, len(v.Layers))
	for i, l := range v.Layers {
		ids[i] = l.ID()
	}
	v.Layers = layersOf(t, s, ids...)
	return v
}

func told(touched []orb.Bound, id tiles.ID) bool {
	for _, b := range touched {
		r := tiles.WebMercatorQuad.Touching(b, id.Z)
		if r.FirstX <= id.X && id.X <= r.LastX && r.FirstY <= id.Y && id.Y <= r.LastY {
			return true
		}
	}
	return false
}

// TestEditsElsewhereKeepTiles replays a view of twenty tiles while somebody
// edits all over the town, one edit for every hundred tiles: nearly all are there.
func TestEditsElsewhereKeepTiles(t *testing.T) {
	c := &clerk{rand.New(rand.NewPCG(5, 9)), t, withCrowd(t)}
	r := tiles.NewRenderer(64<<20, 2)
	first := tiles.At(town.Center(), 15)
	ask := func(i uint32) {
		renderIn(t, r, view(t, c.s, append(everything(), "crowd")...), tiles.ID{Z: 15, X: first.X + i%5, Y: first.Y + i/5%4}, tiles.Gzip)
	}
	for i := range uint32(20) {
		ask(i)
	}
	before := r.Stats().Shared
	for i := range uint32(5000) {
		if i%100 == 0 {
			c.edit()
		}
		ask(i)
	}
	after := r.Stats().Shared
	misses := after.Misses - before.Misses
	t.Logf("%d of 5,000 tiles were not in the memo, %.1f %% were", misses, 100-float64(misses)/50)
	if misses > 5000*5/100 {
		t.Errorf("%d of 5,000 tiles were not in the memo", misses)
	}
}
