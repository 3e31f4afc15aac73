package tiles

import (
	"cmp"
	"math/bits"
	"slices"
)

// The buffered square: positions from low to high on both axes are kept.
const (
	low  = -Buffer
	high = Extent + Buffer
)

// side is one of the four half-planes that make up the buffered square.
type side struct {
	axis  int   // 0 for x, 1 for y
	limit int64 // kept are positions on the limit and
	after bool  // after it, else before it
}

// sides are the half-planes of the buffered square.
func sides() [4]side {
	return [4]side{{0, low, true}, {1, low, true}, {0, high, false}, {1, high, false}}
}

func (s side) keeps(p px) bool {
	if s.after {
		return p[s.axis] >= s.limit
	}
	return p[s.axis] <= s.limit
}

// crossing is where the segment between two positions on different sides of
// the limit meets it, rounded to the lattice. It is the same in both
// directions of the segment.
func (s side) crossing(a, b px) px {
	if a[s.axis] > b[s.axis] {
		a, b = b, a
	}
	along := 1 - s.axis
	run := uint64(b[s.axis] - a[s.axis])
	part := uint64(s.limit - a[s.axis])
	var p px
	p[s.axis] = s.limit
	if rise := b[along] - a[along]; rise < 0 {
		p[along] = a[along] - share(uint64(-rise), part, run)
	} else {
		p[along] = a[along] + share(uint64(rise), part, run)
	}
	return p
}

// share is whole·part/run to the nearest integer, for part ≤ run, exact
// beyond 64 bits: at zoom 20 a segment may be 2³² units long.
func share(whole, part, run uint64) int64 {
	hi, lo := bits.Mul64(whole, part)
	lo, carry := bits.Add64(lo, run/2, 0)
	quotient, _ := bits.Div64(hi+carry, lo, run)
	return int64(quotient)
}

// cutPath returns the pieces of a path on the kept side, which begin and end
// on the limit where the path crosses it.
func (s side) cutPath(path []px) [][]px {
	var pieces [][]px
	var piece []px
	for i, p := range path {
		kept := s.keeps(p)
		if i > 0 && kept != s.keeps(path[i-1]) {
			piece = appendNew(piece, s.crossing(path[i-1], p))
		}
		if kept {
			piece = appendNew(piece, p)
		} else if piece != nil {
			pieces = append(pieces, piece)
			piece = nil
		}
	}
	if piece != nil {
		pieces = append(pieces, piece)
	}
	return pieces
}

// appendNew appends a position that differs from the last.
func appendNew(path []px, p px) []px {
	if n := len(path); n > 0 && path[n-1] == p {
		return path
	}
	return append(path, p)
}

// cutRings returns the part on the kept side of the area that rings enclose
// together: the shell and the holes of one polygon, holes wound the other
// way. Rings here do not repeat their first position.
func (s side) cutRings(rings [][]px) [][]px {
	var whole, pieces [][]px
	for _, ring := range rings {
		out := slices.IndexFunc(ring, func(p px) bool { return !s.keeps(p) })
		if out < 0 {
			whole = append(whole, ring)
			continue
		}
		fromOutside := slices.Concat(ring[out:], ring[:out+1])
		pieces = append(pieces, s.cutPath(fromOutside)...)
	}
	return append(whole, s.join(pieces)...)
}

// end is where a piece begins or ends on the limit.
type end struct {
	at    int64
	piece int
	exit  bool
}

// join closes pieces of rings along the limit. Sorted along it, the ends of
// the pieces of a simple polygon come in pairs, one leaving the kept side and
// one coming back, with the polygon's inside between them. Pairing as
// brackets are paired gives closed rings of the same signed area even where
// rounding has made ends coincide or rings cross.
func (s side) join(pieces [][]px) [][]px {
	next := make([]int, len(pieces))
	var open []end
	for _, e := range s.ends(pieces) {
		n := len(open)
		if n == 0 || open[n-1].exit == e.exit {
			open = append(open, e)
			continue
		}
		from, to := open[n-1], e
		if e.exit {
			from, to = e, open[n-1]
		}
		next[from.piece] = to.piece
		open = open[:n-1]
	}
	return follow(pieces, next)
}

func (s side) ends(pieces [][]px) []end {
	along := 1 - s.axis
	ends := make([]end, 0, 2*len(pieces))
	for i, piece := range pieces {
		ends = append(ends,
			end{piece[0][along], i, false},
			end{piece[len(piece)-1][along], i, true})
	}
	slices.SortStableFunc(ends, func(a, b end) int { return cmp.Compare(a.at, b.at) })
	return ends
}

// follow concatenates the pieces of each cycle of next.
func follow(pieces [][]px, next []int) [][]px {
	var rings [][]px
	used := make([]bool, len(pieces))
	for first := range pieces {
		var ring []px
		for i := first; !used[i]; i = next[i] {
			used[i] = true
			ring = append(ring, pieces[i]...)
		}
		if ring != nil {
			rings = append(rings, ring)
		}
	}
	return rings
}
