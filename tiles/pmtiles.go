package tiles

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/paulmach/orb"
)

// Pyramid is all tiles of a view, in WebMercatorQuad, from one zoom to another.
type Pyramid struct {
	View             View
	MinZoom, MaxZoom uint32
	Parallel         int                   // tiles made at a time
	Progress         func(done, total int) // may be nil
}

// Archive is what [WritePMTiles] has written.
type Archive struct {
	Tiles    int   // with something in them
	Contents int   // different ones
	Bytes    int64 // of the file
}

const (
	archiveHeader = 127
	// archiveRoot is where the root directory must have ended.
	archiveRoot = 16384
	// leafEntries is how many entries a leaf directory has: some ten kilobytes,
	// which a reader gets in one request.
	leafEntries = 4096
)

// archiveEntry is a run of tiles with the same bytes.
type archiveEntry struct {
	id     uint64
	run    uint32 // 0: a leaf directory
	offset uint64
	length uint32
}

// WritePMTiles writes a pyramid as a PMTiles archive (version 3), gzip inside
// and out: each tile is the bytes that the view's tiles are served in with
// that coding, those without anything are left out, equal ones stand there
// once. The same view gives the same file. metadata are further members for
// the archive's metadata. w is written from its beginning; the sections stand
// in the order header, root directory, tiles, leaf directories, metadata, so
// that nothing but directories is held in memory.
func WritePMTiles(ctx context.Context, w io.WriteSeeker, p Pyramid, metadata map[string]any) (Archive, error) {
	if p.MinZoom > p.MaxZoom || p.MaxZoom > MaxZoom {
		return Archive{}, fmt.Errorf("zooms from %d to %d: they must rise and be at most %d", p.MinZoom, p.MaxZoom, MaxZoom)
	}
	if _, err := w.Seek(archiveRoot, io.SeekStart); err != nil {
		return Archive{}, err
	}
	a := &archiver{w: w, known: map[[sha256.Size]byte]archiveEntry{}}
	if err := p.each(ctx, a.add); err != nil {
		return Archive{}, err
	}
	return a.close(p, metadata)
}

// archiver writes an archive's sections one after the other.
type archiver struct {
	w       io.WriteSeeker
	entries []archiveEntry
	known   map[[sha256.Size]byte]archiveEntry // by content
	tiles   int
	written uint64 // bytes of tiles
}

// add appends a tile; ids rise.
func (a *archiver) add(id uint64, tile []byte) error {
	if len(tile) == 0 {
		return nil
	}
	a.tiles++
	sum := sha256.Sum256(tile)
	e, ok := a.known[sum]
	if !ok {
		e = archiveEntry{offset: a.written, length: uint32(len(tile))}
		a.known[sum] = e
		a.written += uint64(len(tile))
		if _, err := a.w.Write(tile); err != nil {
			return err
		}
	}
	if n := len(a.entries); n > 0 {
		if last := &a.entries[n-1]; last.id+uint64(last.run) == id && last.offset == e.offset {
			last.run++
			return nil
		}
	}
	a.entries = append(a.entries, archiveEntry{id: id, run: 1, offset: e.offset, length: e.length})
	return nil
}

// close writes what follows the tiles, and then the beginning.
func (a *archiver) close(p Pyramid, metadata map[string]any) (Archive, error) {
	root, leaves, err := a.directories()
	if err != nil {
		return Archive{}, err
	}
	about, bound, err := p.metadata(metadata)
	if err != nil {
		return Archive{}, err
	}
	for _, section := range [][]byte{leaves, about} {
		if _, err := a.w.Write(section); err != nil {
			return Archive{}, err
		}
	}
	start := make([]byte, archiveHeader, archiveRoot)
	a.header(start, p, len(root), len(leaves), len(about), bound)
	start = append(start, root...)
	if _, err := a.w.Seek(0, io.SeekStart); err != nil {
		return Archive{}, err
	}
	if _, err := a.w.Write(start[:archiveRoot]); err != nil {
		return Archive{}, err
	}
	return Archive{a.tiles, len(a.known), int64(archiveRoot) + int64(a.written) + int64(len(leaves)+len(about))}, nil
}

// directories are the root, small enough for its place, and the leaves.
func (a *archiver) directories() (root, leaves []byte, err error) {
	if root, err = directory(a.entries); err != nil || len(root) <= archiveRoot-archiveHeader {
		return root, nil, err
	}
	for size := leafEntries; ; size *= 2 {
		leaves = nil
		var top []archiveEntry
		for some := range slices.Chunk(a.entries, size) {
			leaf, err := directory(some)
			if err != nil {
				return nil, nil, err
			}
			top = append(top, archiveEntry{id: some[0].id, offset: uint64(len(leaves)), length: uint32(len(leaf))})
			leaves = append(leaves, leaf...)
		}
		if root, err = directory(top); err != nil || len(root) <= archiveRoot-archiveHeader {
			return root, leaves, err
		}
	}
}

// directory is the compressed form of entries: column by column, ids as steps
// from one to the next, offsets as 0 where an entry follows the one before.
func directory(entries []archiveEntry) ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(len(entries)))
	var last uint64
	for _, e := range entries {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.length))
	}
	for i, e := range entries {
		if i > 0 && e.offset == entries[i-1].offset+uint64(entries[i-1].length) {
			b = append(b, 0)
		} else {
			b = binary.AppendUvarint(b, e.offset+1)
		}
	}
	return Compress(b, Gzip)
}

// metadata is the archive's description, compressed, and the box of its tiles.
func (p Pyramid) metadata(more map[string]any) ([]byte, orb.Bound, error) {
	j := NewTileJSON(p.View, "")
	about := map[string]any{"name": j.Name, "attribution": j.Attribution, "type": "overlay", "vector_layers": j.VectorLayers}
	for i := range j.VectorLayers {
		j.VectorLayers[i].MinZoom, j.VectorLayers[i].MaxZoom = int(p.MinZoom), int(p.MaxZoom)
	}
	for name, value := range more {
		about[name] = value
	}
	text, err := json.Marshal(about)
	if err != nil {
		return nil, orb.Bound{}, err
	}
	packed, err := Compress(text, Gzip)
	return packed, orb.Bound{Min: orb.Point{j.Bounds[0], j.Bounds[1]}, Max: orb.Point{j.Bounds[2], j.Bounds[3]}}, err
}

// header fills in the first bytes.
func (a *archiver) header(h []byte, p Pyramid, root, leaves, about int, b orb.Bound) {
	const gzipped, vector = 2, 1
	copy(h, "PMTiles\x03")
	tilesEnd := archiveRoot + a.written
	for i, n := range []uint64{archiveHeader, uint64(root), tilesEnd + uint64(leaves), uint64(about), tilesEnd, uint64(leaves),
		archiveRoot, a.written, uint64(a.tiles), uint64(len(a.entries)), uint64(len(a.known))} {
		binary.LittleEndian.PutUint64(h[8+8*i:], n)
	}
	copy(h[96:], []byte{1, gzipped, gzipped, vector, byte(p.MinZoom), byte(p.MaxZoom)})
	center := b.Center()
	for i, degrees := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		binary.LittleEndian.PutUint32(h[102+4*i:], e7(degrees))
	}
	h[118] = byte(min(max(uint32(fitting(b)), p.MinZoom), p.MaxZoom))
	binary.LittleEndian.PutUint32(h[119:], e7(center[0]))
	binary.LittleEndian.PutUint32(h[123:], e7(center[1]))
}

func e7(degrees float64) uint32 { return uint32(int32(math.Round(degrees * 1e7))) }

// each makes the tiles of the pyramid, several at a time, and hands them over
// one by one in the order of their places along the Hilbert curve.
func (p Pyramid) each(ctx context.Context, add func(id uint64, tile []byte) error) error {
	ids := p.ids()
	type made struct {
		tile []byte
		err  error
	}
	parallel := max(p.Parallel, 1)
	queue := make(chan chan made, 4*parallel) // in order; its length bounds what waits
	workers, ctx := errgroup.WithContext(ctx)
	workers.Go(func() error {
		defer close(queue)
		running := make(chan struct{}, parallel)
		for _, id := range ids {
			slot := make(chan made, 1)
			select {
			case running <- struct{}{}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			go func() {
				defer func() { <-running }()
				tile, err := p.tile(id)
				slot <- made{tile, err}
			}()
			select {
			case queue <- slot:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	workers.Go(func() error {
		done := 0
		for slot := range queue {
			one := <-slot
			if one.err != nil {
				return fmt.Errorf("tile %v: %w", ids[done], one.err)
			}
			if err := add(ArchiveID(ids[done]), one.tile); err != nil {
				return err
			}
			if done++; p.Progress != nil {
				p.Progress(done, len(ids))
			}
		}
		return nil
	})
	return workers.Wait()
}

// tile is what is served, empty if nothing is there.
func (p Pyramid) tile(id ID) ([]byte, error) {
	content, err := Encode(p.View, id)
	if err != nil || len(content.Bytes) == 0 {
		return nil, err
	}
	return appendCompressed(nil, content.Bytes, Gzip)
}

// ids are the tiles that may have something in them, in the order of the
// archive. Where nothing reaches a tile nothing reaches those below it.
func (p Pyramid) ids() []ID {
	p.View.Matrix = WebMercatorQuad
	var found []ID
	level := []ID{{}}
	for z := uint32(0); z <= p.MaxZoom; z++ {
		level = slices.DeleteFunc(level, func(id ID) bool { return !p.View.reaches(id) })
		slices.SortFunc(level, func(a, b ID) int { return cmp.Compare(ArchiveID(a), ArchiveID(b)) })
		if z >= p.MinZoom {
			found = append(found, level...)
		}
		var next []ID
		for _, id := range level {
			for i := range uint32(4) {
				next = append(next, ID{z + 1, id.X<<1 | i&1, id.Y<<1 | i>>1})
			}
		}
		level = next
	}
	return found
}

// reaches says whether anything may be in a tile or its buffer.
func (v View) reaches(id ID) bool {
	reach := v.matrix().frame(id, v.Datum).reach()
	for _, layer := range v.Layers {
		for range layer.Intersecting(reach) {
			return true
		}
	}
	return false
}

// ArchiveID is a tile's number in an archive: its place along the Hilbert curves
// of the zooms, one after the other, from 0/0/0.
func ArchiveID(id ID) uint64 {
	var d uint64
	x, y := id.X, id.Y
	for s := uint32(1) << id.Z >> 1; s > 0; s >>= 1 {
		var rx, ry uint32
		if x&s != 0 {
			rx = 1
		}
		if y&s != 0 {
			ry = 1
		}
		d += uint64(s) * uint64(s) * uint64(3*rx^ry)
		if ry == 0 {
			if rx == 1 {
				x, y = s-1-x&(s-1), s-1-y&(s-1)
			}
			x, y = y, x
		}
		x, y = x&(s-1), y&(s-1)
	}
	before := (uint64(1)<<(2*id.Z) - 1) / 3
	return before + d
}
