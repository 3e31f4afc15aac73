package spatial

import "iter"

// MaxRanks is the most ranks that are counted apart: the values of the field
// [Schema.Rank], and features without one.
const MaxRanks = 8

// Tally counts features by where they are: each by the one position that
// stands for it, a point itself, of anything else the middle of its box.
type Tally struct {
	Features int
	Ranks    [MaxRanks]int // of each rank, in the order of the rank field's values; those without a value come after the last
	X, Y     int64         // sums of the positions in world steps
}

// Square is a cell of the quad tree of the world: of 2 to the power of Depth
// rows and as many columns, Column from the west and Row from the north.
type Square struct{ Depth, Column, Row uint32 }

// MaxDepth is the depth of the smallest squares, one world step wide.
const MaxDepth = 32

// Tally counts the features in a square, its west and north edges included.
// Every feature with geometry is in one square of each depth.
func (l *Layer) Tally(s Square) Tally {
	var t Tally
	for f := range l.Within(s, -1) {
		w, _ := f.Stands()
		t.Features++
		t.X, t.Y = t.X+int64(w[0]), t.Y+int64(w[1])
		t.Ranks[l.rankOf(f)]++
	}
	return t
}

// Within yields the features of a rank in a square, of all ranks if it is
// negative, in no particular order.
func (l *Layer) Within(s Square, rank int) iter.Seq[Feature] {
	return func(yield func(Feature) bool) {
		for f := range l.All() {
			w, ok := f.Stands()
			if ok && s.holds(w) && (rank < 0 || l.rankOf(f) == rank) && !yield(f) {
				return
			}
		}
	}
}

// rankOf is the rank of a feature of the layer; see [Tally].
func (l *Layer) rankOf(f Feature) int {
	i := l.schema.FieldIndex(l.schema.Rank)
	if i < 0 {
		return 0
	}
	text, values := f.Value(i).String(), l.schema.Fields[i].Values
	for rank := range values {
		if values[rank].Value == text {
			return min(rank, MaxRanks-1)
		}
	}
	return min(len(values), MaxRanks-1)
}

func (s Square) holds(w World) bool {
	shift := MaxDepth - s.Depth
	return uint32((int64(w[0])+1<<31)>>shift) == s.Column && uint32((int64(w[1])+1<<31)>>shift) == s.Row
}

// Stands is the position that stands for the feature: a point itself, of
// anything else the middle of its box in world steps. ok is false without
// geometry.
func (f Feature) Stands() (w World, ok bool) {
	low, high, first := World{}, World{}, true
	for part := range f.Parts() {
		for _, p := range part.World {
			if first {
				low, high, first = p, p, false
			}
			low = World{min(low[0], p[0]), min(low[1], p[1])}
			high = World{max(high[0], p[0]), max(high[1], p[1])}
		}
	}
	middle := func(a, b int32) int32 { return int32((int64(a) + int64(b)) >> 1) }
	return World{middle(low[0], high[0]), middle(low[1], high[1])}, !first
}
