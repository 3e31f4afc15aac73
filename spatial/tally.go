package spatial

import (
	"cmp"
	"iter"
	"slices"
	"sort"
)

// MaxRanks is the most ranks that are counted apart: the values of the field
// [Schema.Rank], and features without one.
const MaxRanks = 8

// Tally counts features by where they are: each by the one position that
// stands for it, see [Feature.Stands].
type Tally struct {
	Features int
	Ranks    [MaxRanks]int // of each rank, in the order of the rank field's values; those without a value come after the last
	X, Y     int64         // sums of the positions in world steps
}

// Square is a cell of the quad tree of the world: of 2 to the power of Depth
// rows and as many columns, Column from the west and Row from the north.
type Square struct{ Depth, Column, Row uint32 }

// maxDepth is the depth of the smallest squares, one world step wide.
const maxDepth = 32

// keys are the first and the last place of a square on the curve of
// [standing.key]; a square is an unbroken stretch of it.
func (s Square) keys() (first, last uint64) {
	shift := maxDepth - s.Depth
	first = interleave(s.Column<<shift) | interleave(s.Row<<shift)<<1
	if s.Depth == 0 {
		return 0, 1<<64 - 1
	}
	return first, first + 1<<(2*shift) - 1
}

// Tally counts the features in a square, its west and north edges included.
// Every feature with geometry is in one square of each depth. It costs a
// microsecond, however many features there are.
func (l *Layer) Tally(s Square) Tally {
	first, last := s.keys()
	upTo := l.standings.before(last, true)
	return upTo.less(l.standings.before(first, false)).tally()
}

// Within yields the features of a rank in a square, of all ranks if it is
// negative, in no particular order. It costs by the pages of features that
// hold one of the rank.
func (l *Layer) Within(s Square, rank int) iter.Seq[Feature] {
	first, last := s.keys()
	return func(yield func(Feature) bool) {
		for i := l.standings.pageOf(first); i < len(l.standings.pages); i++ {
			entries := l.standings.pages[i].entries
			if entries[0].key > last {
				return
			}
			if rank >= 0 && !l.standings.has(i, rank) {
				continue
			}
			for _, e := range entries {
				if e.key < first || e.key > last || rank >= 0 && int(e.rank) != rank {
					continue
				}
				if f, ok := l.lookup(e.id); ok && !yield(f) {
					return
				}
			}
		}
	}
}

// RankOf is the rank of a feature of the layer, an index of [Tally.Ranks].
func (l *Layer) RankOf(f Feature) int {
	e, _ := l.standings.of(f)
	return int(e.rank)
}

// Stands is the position that stands for the feature: a point itself, of
// anything else the middle of its box in world steps. ok is false without
// geometry.
func (f Feature) Stands() (w World, ok bool) {
	s := &f.chunk.shapes
	begin, end := s.extent(f.row)
	if begin == end {
		return World{}, false
	}
	low, high := s.world[begin], s.world[begin]
	for _, p := range s.world[begin+1 : end] {
		low = World{min(low[0], p[0]), min(low[1], p[1])}
		high = World{max(high[0], p[0]), max(high[1], p[1])}
	}
	middle := func(a, b int32) int32 { return int32((int64(a) + int64(b)) >> 1) }
	return World{middle(low[0], high[0]), middle(low[1], high[1])}, true
}

// standing is a feature where it stands: a place on the curve of Morton
// through the world, which goes through one square after the other.
type standing struct {
	key  uint64
	id   int64
	rank uint8
}

func byKey(a, b standing) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) }

func (e standing) world() World {
	return World{int32(gather(e.key) ^ 1<<31), int32(gather(e.key>>1) ^ 1<<31)}
}

// interleave spreads the bits of a number to the even places.
func interleave(n uint32) uint64 {
	x := uint64(n)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// gather takes the bits at the even places.
func gather(x uint64) uint32 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

// standings is the index of where features stand, in pages, and the sums of
// all pages before each, one more than there are pages.
type standings struct {
	of    func(Feature) (standing, bool)
	pages []*page[standing]
	sums  []sum
}

// sum is a tally as it is kept.
type sum struct {
	ranks [MaxRanks]uint32
	x, y  int64
}

func (s *sum) add(e standing) {
	w := e.world()
	s.ranks[e.rank]++
	s.x, s.y = s.x+int64(w[0]), s.y+int64(w[1])
}

func (s sum) plus(o sum) sum {
	for i := range s.ranks {
		s.ranks[i] += o.ranks[i]
	}
	s.x, s.y = s.x+o.x, s.y+o.y
	return s
}

func (s sum) less(o sum) sum {
	for i := range s.ranks {
		s.ranks[i] -= o.ranks[i]
	}
	s.x, s.y = s.x-o.x, s.y-o.y
	return s
}

func (s sum) tally() Tally {
	t := Tally{X: s.x, Y: s.y}
	for i, n := range s.ranks {
		t.Ranks[i] = int(n)
		t.Features += int(n)
	}
	return t
}

func sumOf(entries []standing) sum {
	var s sum
	for _, e := range entries {
		s.add(e)
	}
	return s
}

func newStandings(l *Layer) standings {
	x := standings{of: standingsOf(l.schema)}
	entries := make([]standing, 0, l.count)
	for f := range l.All() {
		if e, ok := x.of(f); ok {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, byKey)
	x.pages = paged(entries)
	x.sums = make([]sum, 1, len(x.pages)+1)
	for i, p := range x.pages {
		x.sums = append(x.sums, x.sums[i].plus(sumOf(p.entries)))
	}
	return x
}

// standingsOf makes entries of the features of a layer.
func standingsOf(schema *Schema) func(Feature) (standing, bool) {
	field, ranks := schema.FieldIndex(schema.Rank), map[Value]uint8{}
	rest := uint8(0)
	if field >= 0 {
		for i, label := range schema.Fields[field].Values {
			ranks[Text(label.Value)] = uint8(i)
		}
		rest = uint8(len(ranks))
	}
	return func(f Feature) (standing, bool) {
		w, ok := f.Stands()
		e := standing{key: interleave(uint32(w[0])^1<<31) | interleave(uint32(w[1])^1<<31)<<1, id: f.ID(), rank: rest}
		if field >= 0 {
			if rank, ok := ranks[f.Value(field)]; ok {
				e.rank = rank
			}
		}
		return e, ok
	}
}

// edit is the index after marks.
func (x standings) edit(marks []mark[standing]) standings {
	if len(marks) == 0 {
		return x
	}
	fresh := map[*page[standing]]bool{}
	next := standings{of: x.of}
	next.pages = splicePages(x.pages, marks, byKey, func(_, come []*page[standing]) {
		for _, p := range come {
			fresh[p] = true
		}
	})
	next.sums = make([]sum, 1, len(next.pages)+1)
	old := 0
	for i, p := range next.pages {
		if fresh[p] {
			next.sums = append(next.sums, next.sums[i].plus(sumOf(p.entries)))
			continue
		}
		for x.pages[old] != p {
			old++
		}
		next.sums = append(next.sums, next.sums[i].plus(x.sums[old+1].less(x.sums[old])))
	}
	return next
}

// pageOf is the first page that reaches a place on the curve.
func (x standings) pageOf(key uint64) int {
	return sort.Search(len(x.pages), func(i int) bool { return x.pages[i].last().key >= key })
}

// has says whether a page has a feature of a rank.
func (x standings) has(page, rank int) bool {
	return x.sums[page+1].ranks[rank] > x.sums[page].ranks[rank]
}

// before sums up what stands before a place on the curve, or up to it.
func (x standings) before(key uint64, including bool) sum {
	beyond := func(e standing) bool { return e.key > key || e.key == key && !including }
	i := sort.Search(len(x.pages), func(i int) bool { return beyond(x.pages[i].last()) })
	if i == len(x.pages) {
		return x.sums[i]
	}
	entries := x.pages[i].entries
	n := sort.Search(len(entries), func(k int) bool { return beyond(entries[k]) })
	if n > len(entries)/2 {
		return x.sums[i+1].less(sumOf(entries[n:]))
	}
	return x.sums[i].plus(sumOf(entries[:n]))
}
