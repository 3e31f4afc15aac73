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

	"github.com/maypok86/otter/v2"

	"wangge/spatial"
)

// ErrBusy says that as many tiles are being made as may be, and as many wait:
// ask again a little later.
var ErrBusy = errors.New("too many tiles are being made")

// Tile is a rendered tile in one coding; immutable. An empty tile has no bytes
// in any coding. ETag is a strong entity tag, quotes included, made from the
// bytes.
type Tile struct {
	Bytes      []byte
	ETag       string
	Coding     Coding
	Aggregated []spatial.LayerID // layers whose features stand in clusters here
}

// Empty says whether nothing is in the tile.
func (t *Tile) Empty() bool { return len(t.Bytes) == 0 }

func newTile(b []byte, c Coding, aggregated []spatial.LayerID) *Tile {
	sum := sha256.Sum256(b)
	return &Tile{Bytes: b, ETag: `"` + hex.EncodeToString(sum[:16]) + `"`, Coding: c, Aggregated: aggregated}
}

// Renderer renders tiles and keeps those most asked for, in each coding that
// was asked for. A tile is kept under its address, what was chosen, and the
// versions in which its layers were last touched there, so an edit makes the
// tiles anew that it touches and leaves all others, and no tile is ever stale.
// It is safe for concurrent use: a tile in the memo is handed out without
// waiting, one that is being made is shared by all who ask for it, at most a
// fixed number are made at a time, others wait, but not too many, and one that
// everybody has given up waiting for is not begun.
type Renderer struct {
	shared, chosen memo // what everybody asks for, and what somebody chose
	flights        flights
	slots          chan struct{}

	rendered, aggregated, refused atomic.Uint64
	sizes                         [codings]sizes
}

// memo keeps tiles within a number of bytes.
type memo struct {
	tiles        *otter.Cache[string, *Tile]
	hits, misses atomic.Uint64
}

// Stats are figures of a renderer since it was made.
type Stats struct {
	Shared, Chosen MemoStats
	Rendered       uint64         // tiles made
	Aggregated     uint64         // of these, with features in clusters
	Refused        uint64         // with [ErrBusy]
	Sizes          [codings]Sizes // of tiles made with something in them, in each coding; Identity counts all of them
}

// MemoStats are figures of a memo. Of two, one keeps what everybody asks for,
// the other views with conditions, chosen tags, or of another time.
type MemoStats struct {
	Hits, Misses uint64 // tiles asked for that were in it or not
	Bytes        uint64 // that its tiles take now
}

// Stats reads the figures.
func (r *Renderer) Stats() Stats {
	stats := Stats{Shared: r.shared.stats(), Chosen: r.chosen.stats(), Rendered: r.rendered.Load(), Aggregated: r.aggregated.Load(), Refused: r.refused.Load()}
	for c := range stats.Sizes {
		stats.Sizes[c] = r.sizes[c].read()
	}
	return stats
}

func (m *memo) stats() MemoStats {
	return MemoStats{m.hits.Load(), m.misses.Load(), m.tiles.WeightedSize()}
}

// waiting is how many tiles may wait for each that is being made.
const waiting = 64

// NewRenderer is a renderer that keeps tiles in a number of bytes, a quarter of
// them for chosen views, and makes at most parallel tiles at a time.
func NewRenderer(bytes uint64, parallel int) *Renderer {
	r := &Renderer{
		flights: flights{flying: map[string]*flight{}, most: (waiting + 1) * parallel, crew: make(chan func())},
		slots:   make(chan struct{}, parallel),
	}
	r.shared.tiles, r.chosen.tiles = newTiles(bytes-bytes/4), newTiles(bytes/4)
	return r
}

func newTiles(bytes uint64) *otter.Cache[string, *Tile] {
	const overhead = 256
	return otter.Must(&otter.Options[string, *Tile]{
		MaximumWeight: bytes,
		Weigher: func(key string, t *Tile) uint32 {
			return uint32(min(len(t.Bytes)+len(key)+overhead, math.MaxUint32))
		},
	})
}

// Render is a tile of a view in a coding. If ctx ends first its error is
// returned; a render that has begun goes on for others and for the memo. Errors
// of [Encode] are returned, and [ErrBusy].
func (r *Renderer) Render(ctx context.Context, v View, id ID, c Coding) (*Tile, error) {
	m := &r.shared
	if !v.shared() {
		m = &r.chosen
	}
	key := memoKey(v, id, c)
	if tile, ok := m.tiles.GetIfPresent(key); ok {
		m.hits.Add(1)
		return tile, nil
	}
	m.misses.Add(1)
	tile, err := r.flights.wait(ctx, key, func(abandoned <-chan struct{}) (*Tile, error) {
		return r.make(abandoned, m, key, v, id, c)
	})
	if errors.Is(err, ErrBusy) {
		r.refused.Add(1)
	}
	return tile, err
}

// errAbandoned is nobody's answer: all who waited have left.
var errAbandoned = errors.New("nobody waits for the tile")

// make renders in one of the slots and fills the memo. A flight that took off
// just after another of its key landed finds that one's tile.
func (r *Renderer) make(abandoned <-chan struct{}, m *memo, key string, v View, id ID, c Coding) (tile *Tile, err error) {
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
	if tile, ok := m.tiles.GetIfPresent(key); ok {
		return tile, nil
	}
	if tile, err = r.recode(m, key, c); tile == nil && err == nil {
		tile, err = r.render(v, id, c)
	}
	if err != nil {
		return nil, fmt.Errorf("render tile %v: %w", id, err)
	}
	m.tiles.Set(key, tile)
	return tile, nil
}

// recode is a tile out of another coding of it, nil if none is in the memo.
func (r *Renderer) recode(m *memo, key string, c Coding) (*Tile, error) {
	for other := range Coding(codings) {
		tile, ok := m.tiles.GetIfPresent(codingKey(other) + key[1:])
		if !ok {
			continue
		}
		raw, err := expand(tile.Bytes, tile.Coding)
		if err != nil || tile.Empty() {
			return newTile(nil, c, nil), err
		}
		packed, err := r.compress(nil, raw, c)
		return newTile(packed, c, tile.Aggregated), err
	}
	return nil, nil
}

// render is a new tile.
func (r *Renderer) render(v View, id ID, c Coding) (*Tile, error) {
	e := encoders.Get().(*encoder)
	defer e.release()
	aggregated, err := e.encode(v, id)
	if err != nil {
		return nil, err
	}
	r.rendered.Add(1)
	if len(aggregated) > 0 {
		r.aggregated.Add(1)
	}
	if len(e.tile) == 0 {
		return newTile(nil, c, nil), nil
	}
	r.sizes[Identity].add(len(e.tile))
	if e.packed, err = r.compress(e.packed[:0], e.tile, c); err != nil {
		return nil, err
	}
	return newTile(bytes.Clone(e.packed), c, aggregated), nil
}

func (r *Renderer) compress(to, raw []byte, c Coding) ([]byte, error) {
	packed, err := appendCompressed(to, raw, c)
	if c != Identity {
		r.sizes[c].add(len(packed))
	}
	return packed, err
}

// codingKey is how the key of a tile in a coding begins.
func codingKey(c Coding) string { return "012"[c : c+1] }

// memoKey names a tile: its coding, matrix, datum and address; in order
// each layer with the version in which it was last touched there; and what was
// chosen. A masked layer counts as touched all over by any change, as what is
// withheld of one row may depend on another, and a layer whose features are
// too many to stand for themselves at the zoom is another than one of few.
func memoKey(v View, id ID, c Coding) string {
	key := make([]byte, 0, 64+24*len(v.Layers))
	key = append(append(key, codingKey(c)...), v.matrix().ID...)
	for _, n := range [...]uint32{uint32(v.Datum), id.Z, id.X, id.Y} {
		key = append(strconv.AppendUint(key, uint64(n), 10), '/')
	}
	reach := v.matrix().frame(id, v.Datum).reach()
	for _, layer := range v.Layers {
		key = append(append(key, layer.ID()...), '@')
		if layer.Masked() {
			key = append(strconv.AppendInt(key, int64(layer.Version()), 10), '~')
		} else {
			key = strconv.AppendInt(key, int64(layer.Touched(reach)), 10)
		}
		if clustered(layer, v.matrix().level(id.Z)) {
			key = append(key, '+')
		}
		key = append(key, ',')
	}
	if !v.shared() {
		key = fmt.Appendf(key, "?%q&%q", v.Properties, v.Filter)
	}
	return string(key)
}
