package tiles

import (
	"sort"
	"sync/atomic"
)

// Sizes counts tiles by how many bytes they have.
type Sizes struct {
	Tiles, Bytes uint64         // how many there are, and of how many bytes together
	AtMost       map[int]uint64 // how many have at most so many bytes
}

// sizeSteps are where [Sizes] tells tiles apart. No tile of a layout that is
// shown as it comes should be beyond 150 kB on the wire or 500 kB raw.
var sizeSteps = [...]int{1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 150e3, 200e3, 500e3, 1e6, 2e6}

// sizes are counted while they are read.
type sizes struct {
	tiles [len(sizeSteps) + 1]atomic.Uint64 // up to each step and not to the one before, and beyond all
	bytes atomic.Uint64
}

func (s *sizes) add(bytes int) {
	s.tiles[sort.SearchInts(sizeSteps[:], bytes)].Add(1)
	s.bytes.Add(uint64(bytes))
}

func (s *sizes) read() Sizes {
	read := Sizes{Bytes: s.bytes.Load(), AtMost: map[int]uint64{}}
	for i, step := range sizeSteps {
		read.Tiles += s.tiles[i].Load()
		read.AtMost[step] = read.Tiles
	}
	read.Tiles += s.tiles[len(sizeSteps)].Load()
	return read
}
