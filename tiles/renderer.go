package tiles

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/maypok86/otter/v2"

	"wangge/spatial"
)

// Coding is one form of a tile's bytes; read-only. ETag is a strong entity
// tag, quotes included, made from the bytes.
type Coding struct {
	Bytes []byte
	ETag  string
}

// Tile is a rendered tile in the codings it is served in; immutable.
type Tile struct {
	Raw        Coding            // the Mapbox Vector Tile
	Gzip       Coding            // the same, compressed; no bytes for an empty tile
	Aggregated []spatial.LayerID // layers whose features stand in clusters here
}

// Empty says whether nothing is in the tile.
func (t *Tile) Empty() bool { return len(t.Raw.Bytes) == 0 }

// weight is what a tile costs the memo.
func (t *Tile) weight(key string) uint32 {
	const overhead = 256
	return uint32(min(len(t.Raw.Bytes)+len(t.Gzip.Bytes)+len(key)+overhead, math.MaxUint32))
}

// Renderer renders tiles and keeps those most asked for. A tile is kept under
// its address and the versions of its layers, so an edit of one layer makes
// tiles with that layer anew and leaves all others, and no tile is ever
// stale. It is safe for concurrent use: a tile in the memo is handed out
// without waiting, one that is being rendered is shared by all who ask for
// it, at most a fixed number are rendered at a time, and one that everybody
// has given up waiting for is not begun.
type Renderer struct {
	memo    *otter.Cache[string, *Tile]
	flights flights
	slots   chan struct{}

	hits, misses atomic.Uint64
}

// Stats are figures of a renderer's memo since it was made.
type Stats struct {
	Hits, Misses uint64 // tiles asked for that were in it or not
	Bytes        uint64 // that its tiles take now
}

// Stats reads the figures of the memo.
func (r *Renderer) Stats() Stats {
	return Stats{r.hits.Load(), r.misses.Load(), r.memo.WeightedSize()}
}

// NewRenderer is a renderer with a memo of a number of bytes that renders at
// most parallel tiles at a time.
func NewRenderer(memo uint64, parallel int) *Renderer {
	return &Renderer{
		memo: otter.Must(&otter.Options[string, *Tile]{
			MaximumWeight: memo,
			Weigher:       func(key string, t *Tile) uint32 { return t.weight(key) },
		}),
		flights: flights{flying: map[string]*flight{}},
		slots:   make(chan struct{}, parallel),
	}
}

// Render is a tile of a view. If ctx ends first its error is returned; a
// render that has begun goes on for others and for the memo.
func (r *Renderer) Render(ctx context.Context, v View, id ID) (*Tile, error) {
	key := memoKey(v, id)
	if tile, ok := r.memo.GetIfPresent(key); ok {
		r.hits.Add(1)
		return tile, nil
	}
	r.misses.Add(1)
	return r.flights.wait(ctx, key, func(abandoned <-chan struct{}) (*Tile, error) { return r.make(abandoned, key, v, id) })
}

// errAbandoned is nobody's answer: all who waited have left.
var errAbandoned = errors.New("nobody waits for the tile")

// make renders in one of the slots and fills the memo. A flight that took off
// just after another of its key landed finds that one's tile.
func (r *Renderer) make(abandoned <-chan struct{}, key string, v View, id ID) (tile *Tile, err error) {
	select {
	case r.slots <- struct{}{}:
	case <-abandoned:
		return nil, errAbandoned
	}
	defer func() { <-r.slots }()
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("render tile %v: panic: %v", id, fault)
		}
	}()
	if tile, ok := r.memo.GetIfPresent(key); ok {
		return tile, nil
	}
	content, err := Encode(v, id)
	if err != nil {
		return nil, fmt.Errorf("render tile %v: %w", id, err)
	}
	if tile, err = newTile(content); err != nil {
		return nil, fmt.Errorf("compress tile %v: %w", id, err)
	}
	r.memo.Set(key, tile)
	return tile, nil
}

// memoKey names the content of a tile: its matrix, datum and address, what was
// chosen, and in order each layer with the version that last touched it there
// and whether it is masked.
func memoKey(v View, id ID) string {
	key := make([]byte, 0, 40+24*len(v.Layers))
	key = append(key, v.matrix().ID...)
	for _, n := range [...]uint32{uint32(v.Datum), id.Z, id.X, id.Y} {
		key = append(strconv.AppendUint(key, uint64(n), 10), '/')
	}
	for _, layer := range v.Layers {
		key = append(append(key, layer.ID()...), '@')
		key = append(strconv.AppendInt(key, int64(layer.Version()), 10), ',')
		if layer.Masked() {
			key = append(key, '~')
		}
	}
	if !v.shared() {
		key = fmt.Appendf(key, "?%q&%q", v.Properties, v.Filter)
	}
	return string(key)
}

func newTile(c Content) (*Tile, error) {
	tile := &Tile{Raw: newCoding(c.Bytes), Aggregated: c.Aggregated}
	if tile.Empty() {
		return tile, nil
	}
	compressed, err := compress(c.Bytes)
	tile.Gzip = newCoding(compressed)
	return tile, err
}

func newCoding(b []byte) Coding {
	sum := sha256.Sum256(b)
	return Coding{Bytes: b, ETag: `"` + hex.EncodeToString(sum[:16]) + `"`}
}

// gzipLevel is where more effort hardly shrinks tiles further.
const gzipLevel = 5

func compress(raw []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(raw)/2 + 64)
	w, err := gzip.NewWriterLevel(&b, gzipLevel)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(b.Bytes()), nil
}
