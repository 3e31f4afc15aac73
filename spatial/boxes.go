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
		x.insert(p)
	}
	return x
}

// insert adds a new page to the tree, after filling in its groups' boxes.
func (x boxes) insert(p *page[boxEntry]) {
	p.groups = make([]boxEntry, (len(p.entries)+groupEntries-1)/groupEntries)
	for i := range p.groups {
		p.groups[i] = around(p.group(i))
	}
	b := around(p.groups).bound()
	x.tree.Insert(b.Min, b.Max, p)
}

func (x boxes) remove(p *page[boxEntry]) {
	b := around(p.groups).bound()
	x.tree.Delete(b.Min, b.Max, p)
}

// around is the box around boxes.
func around(entries []boxEntry) boxEntry {
	b := entries[0]
	for _, e := range entries[1:] {
		for axis := range 2 {
			b.low[axis], b.high[axis] = min(b.low[axis], e.low[axis]), max(b.high[axis], e.high[axis])
		}
	}
	return b
}

// edit is the index after marks. It writes to x's tree in a way that readers
// of x do not see, so only one goroutine at a time may edit.
func (x boxes) edit(marks []mark[boxEntry]) boxes {
	if len(marks) == 0 {
		return x
	}
	next := boxes{tree: x.tree.Copy()}
	next.pages = splicePages(x.pages, marks, byPlace, func(gone, come []*page[boxEntry]) {
		for _, p := range gone {
			next.remove(p)
		}
		for _, p := range come {
			next.insert(p)
		}
	})
	return next
}

func (x boxes) empty() bool { return x.tree.Len() == 0 }

// sides are the west, south, east and north edge of the box around all, as
// boxes; every box that reaches as far meets them.
func (x boxes) sides() [4]orb.Bound {
	low, high := x.tree.Bounds()
	return [4]orb.Bound{
		{Min: low, Max: orb.Point{low[0], high[1]}},
		{Min: low, Max: orb.Point{high[0], low[1]}},
		{Min: orb.Point{high[0], low[1]}, Max: high},
		{Min: orb.Point{low[0], high[1]}, Max: high},
	}
}

// candidates yields the ids of all rows whose boxes meet b, and of a few
// whose boxes nearly do.
func (x boxes) candidates(b orb.Bound) iter.Seq[int64] {
	window := newBoxEntry(b, 0)
	return func(yield func(int64) bool) {
		x.tree.Search(b.Min, b.Max, func(_, _ [2]float64, p *page[boxEntry]) bool {
			for i, g := range p.groups {
				if g.meets(window) && !yieldMeeting(p.group(i), window, yield) {
					return false
				}
			}
			return true
		})
	}
}

// appendMeeting appends the ids that candidates yields.
func (x boxes) appendMeeting(ids []int64, b orb.Bound) []int64 {
	window := newBoxEntry(b, 0)
	x.tree.Search(b.Min, b.Max, func(_, _ [2]float64, p *page[boxEntry]) bool {
		for i, g := range p.groups {
			if !g.meets(window) {
				continue
			}
			for k := range p.group(i) {
				if e := &p.entries[i*groupEntries+k]; e.meets(window) {
					ids = append(ids, e.id)
				}
			}
		}
		return true
	})
	return ids
}

func yieldMeeting(entries []boxEntry, window boxEntry, yield func(int64) bool) bool {
	for i := range entries {
		if entries[i].meets(window) && !yield(entries[i].id) {
			return false
		}
	}
	return true
}

// nearby yields features of a layer as [Layer.Nearby] does. The tree gives
// its pages in ascending order; what is in them waits in a queue until it is
// nearer than the next page.
func (x boxes) nearby(l *Layer, below func(orb.Bound) float64, of func(Feature) float64) iter.Seq2[Feature, float64] {
	return func(yield func(Feature, float64) bool) {
		near := nearest{layer: l, below: below, of: of}
		distance := func(low, high [2]float64, _ *page[boxEntry], _ bool) float64 {
			return below(orb.Bound{Min: low, Max: high})
		}
		proceed := true
		x.tree.Nearby(distance, func(_, _ [2]float64, p *page[boxEntry], d float64) bool {
			if proceed = near.yieldTo(d, yield); proceed {
				near.open(p)
			}
			return proceed
		})
		if proceed {
			near.yieldTo(math.Inf(1), yield)
		}
	}
}

// nearest is a search for the nearest features.
type nearest struct {
	layer *Layer
	below func(orb.Bound) float64
	of    func(Feature) float64
	queue queue
}

func (n *nearest) open(p *page[boxEntry]) {
	for i, g := range p.groups {
		n.queue.push(waiting{distance: n.below(g.bound()), group: p.group(i)})
	}
}

// yieldTo yields what is no farther than a limit; false if told to stop.
func (n *nearest) yieldTo(limit float64, yield func(Feature, float64) bool) bool {
	for len(n.queue) > 0 && n.queue[0].distance <= limit {
		w := n.queue.pop()
		switch {
		case len(w.group) > 1:
			for i, e := range w.group {
				n.queue.push(waiting{distance: n.below(e.bound()), group: w.group[i : i+1]})
			}
		case len(w.group) == 1:
			f, _ := n.layer.lookup(w.group[0].id)
			n.queue.push(waiting{distance: n.of(f), feature: f})
		case !yield(w.feature, w.distance):
			return false
		}
	}
	return true
}

// waiting is something on its way out of a search for the nearest: several
// boxes or one, with a distance below theirs, and at last a feature.
type waiting struct {
	distance float64
	group    []boxEntry
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
