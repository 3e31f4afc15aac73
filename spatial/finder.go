package spatial

import (
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
)

// Finder finds features by their boxes again and again, and reuses what it
// needs for that. It is not safe for concurrent use.
type Finder struct {
	ids   []int64
	set   []uint64 // a bit for each id from the least to the greatest
	found []Feature
}

// Meeting gives the features of a layer whose boxes meet b (degrees, edges
// included), and a few whose boxes nearly do, in id order. They are valid
// until the next call.
func (f *Finder) Meeting(l *Layer, b orb.Bound) []Feature {
	f.found = f.found[:0]
	if all, ok := l.Bound(); !ok || b.Contains(all.Min) && b.Contains(all.Max) {
		return f.all(l)
	}
	f.ids = l.boxes.appendMeeting(f.ids[:0], b)
	f.order()
	at := 0
	for _, id := range f.ids {
		if at >= len(l.chunks) || l.chunks[at].last < id {
			at = l.chunkAt(id)
		}
		row, _ := l.chunks[at].find(id)
		f.found = append(f.found, Feature{l, l.chunks[at], row})
	}
	return f.found
}

func (f *Finder) all(l *Layer) []Feature {
	for feature := range l.All() {
		if feature.HasGeometry() {
			f.found = append(f.found, feature)
		}
	}
	return f.found
}

// Release forgets the layer, so that it can be collected.
func (f *Finder) Release() {
	clear(f.found[:cap(f.found)])
	f.found = f.found[:0]
}

// order puts the ids in order, by marking them where they stand close.
func (f *Finder) order() {
	if len(f.ids) < 2 {
		return
	}
	least, greatest := slices.Min(f.ids), slices.Max(f.ids)
	words := uint64(greatest-least)/64 + 1
	if words > uint64(4*len(f.ids)) {
		slices.Sort(f.ids)
		return
	}
	f.set = slices.Grow(f.set[:0], int(words))[:words]
	clear(f.set)
	for _, id := range f.ids {
		f.set[(id-least)/64] |= 1 << ((id - least) % 64)
	}
	f.ids = f.ids[:0]
	for i, word := range f.set {
		for ; word != 0; word &= word - 1 {
			f.ids = append(f.ids, least+int64(64*i+bits.TrailingZeros64(word)))
		}
	}
}
