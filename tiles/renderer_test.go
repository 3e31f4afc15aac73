package tiles_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"wangge/spatial"
	"wangge/tiles"
)

// fingerprint hashes all that a snapshot says.
func fingerprint(s *spatial.Snapshot) [32]byte {
	sum := sha256.New()
	for l := range s.Layers() {
		for f := range l.All() {
			row := f.Row()
			fmt.Fprint(sum, l.ID(), row.ID, row.Geometry, row.Values)
			for part := range f.Parts() {
				fmt.Fprint(sum, part.World)
			}
		}
	}
	return [32]byte(sum.Sum(nil))
}

// TestBytesAreStable renders the same tiles many times, alone and at once,
// one and two processors, from two builds of the same data.
func TestBytesAreStable(t *testing.T) {
	s := fixture(t)
	before := fingerprint(s)
	first := map[tiles.ID]string{}
	for z := uint32(8); z <= 17; z += 3 {
		for _, id := range some(z, 12) {
			first[id] = string(encode(t, layersOf(t, s, everything()...), id))
		}
	}
	for _, processors := range []int{1, 2} {
		previous := runtime.GOMAXPROCS(processors)
		again := fixture(t)
		var group sync.WaitGroup
		for id, want := range first {
			for range 3 {
				group.Go(func() {
					if got := string(encode(t, layersOf(t, again, everything()...), id)); got != want {
						t.Errorf("tile %v: other bytes", id)
					}
				})
			}
		}
		group.Wait()
		runtime.GOMAXPROCS(previous)
		if fingerprint(again) != before {
			t.Error("rendering changed the snapshot")
		}
	}
	if fingerprint(s) != before {
		t.Error("rendering changed the snapshot")
	}
}

func render(t testing.TB, r *tiles.Renderer, s *spatial.Snapshot, id tiles.ID, layers ...spatial.LayerID) *tiles.Tile {
	t.Helper()
	return renderIn(t, r, view(t, s, layers...), id, tiles.Identity)
}

func renderIn(t testing.TB, r *tiles.Renderer, v tiles.View, id tiles.ID, c tiles.Coding) *tiles.Tile {
	t.Helper()
	tile, err := r.Render(context.Background(), v, id, c)
	if err != nil {
		t.Fatal(err)
	}
	return tile
}

func TestRender(t *testing.T) {
	s, r := fixture(t), tiles.NewRenderer(1<<20, 2)
	id := tiles.At(town.Center(), 13)
	tile := render(t, r, s, id, "grids", "roads")
	if want := encode(t, layersOf(t, s, "grids", "roads"), id); !bytes.Equal(tile.Bytes, want) {
		t.Error("the tile is not what Encode makes")
	}
	v := view(t, s, "grids", "roads")
	tags := map[string]bool{tile.ETag: true}
	for _, c := range []tiles.Coding{tiles.Gzip, tiles.Zstd} {
		packed := renderIn(t, r, v, id, c)
		if plain := unpacked(t, packed); !bytes.Equal(plain, tile.Bytes) {
			t.Errorf("the coding %v holds something else", c)
		}
		if tags[packed.ETag] || len(packed.ETag) < 20 || packed.ETag[0] != '"' || packed.Coding != c {
			t.Errorf("%v: entity tag %s, coding %v", c, packed.ETag, packed.Coding)
		}
		tags[packed.ETag] = true
	}
	if r.Stats().Rendered != 1 {
		t.Errorf("rendered %d times for three codings", r.Stats().Rendered)
	}
	if other := render(t, r, s, id, "roads", "grids"); bytes.Equal(other.Bytes, tile.Bytes) {
		t.Error("the order of layers is lost")
	}
	if empty := renderIn(t, r, view(t, s, "grids", "statistics"), tiles.ID{Z: 5}, tiles.Gzip); !empty.Empty() {
		t.Error("a tile far away is not empty")
	}
	if _, err := tiles.NewView(s, "grids", "unknown"); !errors.Is(err, spatial.ErrNotFound) {
		t.Errorf("an unknown layer: %v", err)
	}
}

// unpacked is a tile without its coding.
func unpacked(t *testing.T, tile *tiles.Tile) []byte {
	t.Helper()
	var from io.Reader = bytes.NewReader(tile.Bytes)
	var err error
	switch tile.Coding {
	case tiles.Gzip:
		from, err = gzip.NewReader(from)
	case tiles.Zstd:
		var r *zstd.Decoder
		r, err = zstd.NewReader(from)
		from = r
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// TestMemoFollowsVersions holds that an edit of a layer renders tiles with it
// anew, that tiles without it stay the very same, and that the old snapshot
// still gives the old tile.
func TestMemoFollowsVersions(t *testing.T) {
	s, r := fixture(t), tiles.NewRenderer(8<<20, 2)
	id := tiles.At(at(4, 4), 15)
	grids, risks := render(t, r, s, id, "grids"), render(t, r, s, id, "risk_points", "grids")
	next, err := s.Apply(spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: "risk_points", Put: []spatial.Row{
		{ID: 9999, Geometry: at(4, 4), Values: []spatial.Value{spatial.Text("重大"), spatial.Null}}}}}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if render(t, r, next, id, "grids") != grids {
		t.Error("a tile of an untouched layer was rendered anew")
	}
	after := render(t, r, next, id, "risk_points", "grids")
	if after.ETag == risks.ETag {
		t.Error("the edit does not show")
	}
	if render(t, r, s, id, "risk_points", "grids") != risks {
		t.Error("the old snapshot has another tile now")
	}
	if fresh := encode(t, layersOf(t, next, "risk_points", "grids"), id); !bytes.Equal(fresh, after.Bytes) {
		t.Error("the tile is stale")
	}
}

func TestConcurrentRequestsShareTiles(t *testing.T) {
	s, r := fixture(t), tiles.NewRenderer(8<<20, 1)
	id := tiles.At(town.Center(), 12)
	got := make([]*tiles.Tile, 32)
	var group sync.WaitGroup
	for i := range got {
		group.Go(func() { got[i] = render(t, r, s, id, everything()...) })
	}
	group.Wait()
	for _, tile := range got {
		if tile != got[0] {
			t.Fatal("the tile was rendered more than once")
		}
	}
}

func TestRenderEndsWithItsContext(t *testing.T) {
	s, r := fixture(t), tiles.NewRenderer(8<<20, 1)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for range 50 {
		id := tiles.At(town.Center(), 11)
		if tile, err := r.Render(ended, view(t, s, everything()...), id, tiles.Gzip); err != nil && !errors.Is(err, context.Canceled) || err == nil && tile == nil {
			t.Fatalf("tile %v, error %v", tile, err)
		}
	}
	if tile := render(t, r, s, tiles.At(town.Center(), 11), everything()...); tile.Empty() {
		t.Error("later requests get nothing")
	}
}
