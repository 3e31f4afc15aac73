package spatial

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// boxes is the spatial index of a layer: the box of each row that has
// geometry, in pages along a Hilbert curve, and an R-tree over the pages'
// boxes. Boxes are kept in single precision, rounded outward, so whoever asks
// finds all that is there and must look at the row for what is not. A row
// costs 24 bytes, and a change the pages of its old and new places.
type boxes struct {
	pages []*page[boxEntry]
	tree  *rtree.RTreeGN[float64, *page[boxEntry]]
}

// boxEntry is a row's box, in degrees rounded outward.
type boxEntry struct {
	low, high [2]float32
	id        int64
}

// boxOf is the entry of a feature that has geometry.
func boxOf(f Feature) (boxEntry, bool) {
	b, ok := f.Bound()
	return newBoxEntry(b, f.ID()), ok
}

func newBoxEntry(b orb.Bound, id int64) boxEntry {
	return boxEntry{[2]float32{below32(b.Min[0]), below32(b.Min[1])}, [2]float32{above32(b.Max[0]), above32(b.Max[1])}, id}
}

// below32 is the greatest single-precision number not above x.
func below32(x float64) float32 {
	if f := float32(x); float64(f) <= x {
		return f
	}
	return math.Nextafter32(float32(x), float32(math.Inf(-1)))
}

// above32 is the least single-precision number not below x.
func above32(x float64) float32 { return -below32(-x) }

func (e boxEntry) bound() orb.Bound {
	return orb.Bound{Min: orb.Point{float64(e.low[0]), float64(e.low[1])}, Max: orb.Point{float64(e.high[0]), float64(e.high[1])}}
}

func (e boxEntry) meets(o boxEntry) bool {
	return e.low[0] <= o.high[0] && e.high[0] >= o.low[0] && e.low[1] <= o.high[1] && e.high[1] >= o.low[1]
}

// place is where the middle of the box lies on the curve.
func (e boxEntry) place() uint64 {
	step := func(low, high float32, side float64) uint32 {
		part := (float64(low)+float64(high))/2/side + 0.5
		return uint32(min(max(part, 0), 1) * (1<<hilbertBits - 1))
	}
	return hilbert(step(e.low[0], e.high[0], 360), step(e.low[1], e.high[1], 180))
}

func byPlace(a, b boxEntry) int {
	if a.id == b.id && a == b {
		return 0
	}
	return cmp.Or(cmp.Compare(a.place(), b.place()), cmp.Compare(a.id, b.id))
}

// hilbertBits is the order of the curve; its step is 1 to 2 m.
const hilbertBits = 24

// hilbert is how far along the curve a cell of the square lies.
func hilbert(x, y uint32) uint64 {
	d := uint64(0)
	for s := uint32(1) << (hilbertBits - 1); s > 0; s >>= 1 {
		rx, ry := x&s/s, y&s/s
		d = d<<2 | uint64(3*rx^ry)
		if ry == 0 {
			if rx == 1 {
				x, y = ^x, ^y
			}
			x, y = y, x
		}
	}
	return d
}

// newBoxes indexes the box of each feature of a layer.
func newBoxes(l *Layer) boxes {
	type placed struct {
		place uint64
		entry boxEntry
	}
	sorted := make([]placed, 0, l.count)
	for f := range l.All() {
		if e, ok := boxOf(f); ok {
			sorted = append(sorted, placed{e.place(), e})
		}
	}
	slices.SortFunc(sorted, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.entry.id, b.entry.id))
	})
	entries := make([]boxEntry, len(sorted))
	for i := range sorted {
		entries[i] = sorted[i].entry
	}
	x := boxes{paged(entries), new(rtree.RTreeGN[float64, *page[boxEntry]])}
	for _, p := range x.pages {
		b := pageBound(p)
		x.tree.Insert(b.Min, b.Max, p)
	}
	return x
}

func pageBound(p *page[boxEntry]) orb.Bound {
	b := p.entries[0]
	for _, e := range p.entries[1:] {
		for axis := range 2 {
			b.low[axis], b.high[axis] = min(b.low[axis], e.low[axis]), max(b.high[axis], e.high[axis])
		}
	}
	return b.bound()
}

// edit is the index after marks. It writes to x's tree in a way that readers
// of x do not see, so only one goroutine at a time may edit.
func (x boxes) edit(marks []mark[boxEntry]) boxes {
	if len(marks) == 0 {
		return x
	}
	tree := x.tree.Copy()
	pages := splicePages(x.pages, marks, byPlace, func(gone, come []*page[boxEntry]) {
		for _, p := range gone {
			b := pageBound(p)
			tree.Delete(b.Min, b.Max, p)
		}
		for _, p := range come {
			b := pageBound(p)
			tree.Insert(b.Min, b.Max, p)
		}
	})
	return boxes{pages, tree}
}

// candidates yields the ids of all rows whose boxes meet b, and of a few
// whose boxes nearly do.
func (x boxes) candidates(b orb.Bound) iter.Seq[int64] {
	window := newBoxEntry(b, 0)
	return func(yield func(int64) bool) {
		x.tree.Search(b.Min, b.Max, func(_, _ [2]float64, p *page[boxEntry]) bool {
			for i := range p.entries {
				if p.entries[i].meets(window) && !yield(p.entries[i].id) {
					return false
				}
			}
			return true
		})
	}
}

// nearby yields features of a layer as [Layer.Nearby] does: the tree gives
// its pages in ascending order, and what is nearer than the next page waits
// in a queue of its own, by the box at first and then by the exact distance.
func (x boxes) nearby(l *Layer, below func(orb.Bound) float64, of func(Feature) float64) iter.Seq2[Feature, float64] {
	return func(yield func(Feature, float64) bool) {
		var near queue
		proceed := true
		drain := func(limit float64) bool {
			for proceed && len(near) > 0 && near[0].distance <= limit {
				w := near.pop()
				if w.exact {
					proceed = yield(w.feature, w.distance)
				} else if f, ok := l.lookup(w.id); ok {
					near.push(waiting{distance: of(f), exact: true, feature: f})
				}
			}
			return proceed
		}
		distance := func(low, high [2]float64, _ *page[boxEntry], _ bool) float64 {
			return below(orb.Bound{Min: low, Max: high})
		}
		x.tree.Nearby(distance, func(_, _ [2]float64, p *page[boxEntry], d float64) bool {
			if !drain(d) {
				return false
			}
			for _, e := range p.entries {
				near.push(waiting{distance: below(e.bound()), id: e.id})
			}
			return true
		})
		drain(math.Inf(1))
	}
}

// waiting is a row on its way out of a search for the nearest.
type waiting struct {
	distance float64 // of the feature if exact, else of its box
	exact    bool
	id       int64
	feature  Feature
}

// queue is a heap with the least distance at its head.
type queue []waiting

func (q *queue) push(w waiting) {
	*q = append(*q, w)
	h := *q
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if h[parent].distance <= h[i].distance {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}

func (q *queue) pop() waiting {
	h := *q
	head, end := h[0], len(h)-1
	h[0] = h[end]
	h = h[:end]
	*q = h
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < end; child++ {
			if h[child].distance < h[least].distance {
				least = child
			}
		}
		if least == i {
			return head
		}
		h[least], h[i] = h[i], h[least]
		i = least
	}
}
