package tiles_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strconv"
	"testing"

	"github.com/klauspost/compress/gzip"

	"wangge/tiles"
)

// memoryFile is a file in memory.
type memoryFile struct {
	b  []byte
	at int64
}

func (f *memoryFile) Write(p []byte) (int, error) {
	if missing := f.at + int64(len(p)) - int64(len(f.b)); missing > 0 {
		f.b = append(f.b, make([]byte, missing)...)
	}
	f.at += int64(copy(f.b[f.at:], p))
	return len(p), nil
}

func (f *memoryFile) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.New("only from the start")
	}
	f.at = offset
	return offset, nil
}

// archive reads a PMTiles file as its specification says.
type archive []byte

func (a archive) number(i int) uint64 { return binary.LittleEndian.Uint64(a[8+8*i:]) }

func (a archive) section(t *testing.T, offset, length uint64) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(a[offset : offset+length]))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// all calls found with each tile in the archive, and counts the leaves.
func (a archive) all(t *testing.T, found func(id uint64, tile []byte)) (leaves int) {
	t.Helper()
	var walk func(offset, length uint64)
	walk = func(offset, length uint64) {
		r := bytes.NewReader(a.section(t, offset, length))
		next := func() uint64 {
			v, err := binary.ReadUvarint(r)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		n := next()
		var columns [4][]uint64
		for c := range columns {
			for range n {
				columns[c] = append(columns[c], next())
			}
		}
		var id, last uint64
		for i := range n {
			id += columns[0][i]
			run, size, at := columns[1][i], columns[2][i], columns[3][i]
			if at == 0 {
				at = last
			} else {
				at--
			}
			last = at + size
			if run == 0 {
				leaves++
				walk(a.number(4)+at, size)
			}
			for k := range run {
				found(id+k, a[a.number(6)+at:a.number(6)+at+size])
			}
		}
	}
	walk(a.number(0), a.number(1))
	return leaves
}

func write(t *testing.T, p tiles.Pyramid) (archive, tiles.Archive) {
	t.Helper()
	var file memoryFile
	written, err := tiles.WritePMTiles(t.Context(), &file, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if written.Bytes != int64(len(file.b)) {
		t.Errorf("%d bytes are said to be written, %d are", written.Bytes, len(file.b))
	}
	return file.b, written
}

// TestArchiveHoldsTheTilesServed compares an archive with what a renderer
// gives for each tile around the fixture, in any order and number of makers.
func TestArchiveHoldsTheTilesServed(t *testing.T) {
	v := view(t, fixture(t), everything()...)
	const from, to = 2, 15
	a, written := write(t, tiles.Pyramid{View: v, MinZoom: from, MaxZoom: to, Parallel: 4})
	stored, last := map[uint64][]byte{}, uint64(0)
	a.all(t, func(id uint64, tile []byte) {
		if id <= last {
			t.Fatalf("tile %d stands after %d", id, last)
		}
		last, stored[id] = id, tile
	})
	r := tiles.NewRenderer(64<<20, 2)
	seen := 0
	for z := uint32(from); z <= to; z++ {
		for _, id := range over(z) {
			tile := renderIn(t, r, v, id, tiles.Gzip)
			if !bytes.Equal(stored[tiles.ArchiveID(id)], tile.Bytes) {
				t.Fatalf("tile %v: %d bytes in the archive, %d served", id, len(stored[tiles.ArchiveID(id)]), len(tile.Bytes))
			}
			if !tile.Empty() {
				seen++
			}
		}
	}
	if seen != len(stored) || seen != written.Tiles || uint64(seen) != a.number(8) {
		t.Errorf("%d tiles are served, %d in the archive, %d told, %d in its header", seen, len(stored), written.Tiles, a.number(8))
	}
	var about struct {
		VectorLayers []tiles.VectorLayer `json:"vector_layers"`
	}
	if err := json.Unmarshal(a.section(t, a.number(2), a.number(3)), &about); err != nil || len(about.VectorLayers) != len(tiles.NewTileJSON(v, "").VectorLayers) {
		t.Errorf("metadata of %d layers: %v", len(about.VectorLayers), err)
	}
	for _, processors := range []int{1, 2} {
		before := runtime.GOMAXPROCS(processors)
		again, _ := write(t, tiles.Pyramid{View: v, MinZoom: from, MaxZoom: to, Parallel: processors})
		runtime.GOMAXPROCS(before)
		if !bytes.Equal(a, again) {
			t.Errorf("with %d processors the archive is another one", processors)
		}
	}
}

// TestArchiveWithLeaves writes more tiles than the root directory has room for.
func TestArchiveWithLeaves(t *testing.T) {
	const n, first = 50000, 1000
	tile := func(i int) []byte { return bytes.Repeat([]byte(strconv.Itoa(i*i%40009)), 1+i%97) }
	var file memoryFile
	written, err := tiles.ArchiveOf(&file, tiles.Pyramid{View: view(t, fixture(t), "roads"), MaxZoom: 9}, first, n, tile)
	if err != nil {
		t.Fatal(err)
	}
	a, i := archive(file.b), 0
	leaves := a.all(t, func(id uint64, got []byte) {
		if id != first+2*uint64(i) || !bytes.Equal(got, tile(i)) {
			t.Fatalf("tile %d, the %dth: %.40q", id, i, got)
		}
		i++
	})
	if i != n || written.Tiles != n || leaves < 2 {
		t.Errorf("%d tiles in %d leaves, %d told", i, leaves, written.Tiles)
	}
	if end := a.number(0) + a.number(1); end > 16384 {
		t.Errorf("the root directory ends at %d", end)
	}
}

func TestArchiveEnds(t *testing.T) {
	v := view(t, fixture(t), everything()...)
	ctx, stop := context.WithCancel(t.Context())
	_, err := tiles.WritePMTiles(ctx, &memoryFile{}, tiles.Pyramid{View: v, MaxZoom: 16, Parallel: 2, Progress: func(int, int) { stop() }}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("given up it ends with %v", err)
	}
	if _, err := tiles.WritePMTiles(t.Context(), &memoryFile{}, tiles.Pyramid{View: v, MinZoom: 3, MaxZoom: 2}, nil); err == nil {
		t.Error("zooms from 3 to 2 are written")
	}
}

// TestArchiveID has the ids of the specification's table.
func TestArchiveID(t *testing.T) {
	for id, want := range map[tiles.ID]uint64{{}: 0, {Z: 1}: 1, {Z: 1, Y: 1}: 2, {Z: 1, X: 1, Y: 1}: 3, {Z: 1, X: 1}: 4, {Z: 2}: 5, {Z: 12, X: 3423, Y: 1763}: 19078479} {
		if got := tiles.ArchiveID(id); got != want {
			t.Errorf("tile %v is %d, want %d", id, got, want)
		}
	}
}
