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

// crossed says whether a box has something on the side that is not kept.
func (s side) crossed(b box) bool { return !s.keeps(b.min) || !s.keeps(b.max) }

// cutter cuts paths along the border of the buffered square. Its slices are
// scratch: what it gives is valid until it cuts something else.
type cutter struct {
	paths      arena
	kept, next [][]px // paths before and after a side
	pieces     [][]px
	after      []int // the piece that follows each
	used       []bool
	ends, open []end
}

// cutLine gives the pieces of a line within the square.
func (c *cutter) cutLine(line []px) [][]px {
	c.paths, c.kept = c.paths[:0], append(c.kept[:0], line)
	around := boxOf(line)
	for _, side := range sides() {
		if !side.crossed(around) {
			continue
		}
		c.pieces = c.pieces[:0]
		for _, path := range c.kept {
			c.cutPath(side, path, 0, len(path))
		}
		c.kept, c.pieces = c.pieces, c.kept
	}
	return c.kept
}

// cutPath appends to c.pieces those of a path on the kept side, which begin
// and end on the limit where the path crosses it. The path begins at one of
// the positions and goes on around them, over so many.
func (c *cutter) cutPath(s side, path []px, first, n int) {
	from := len(c.paths)
	var last px
	within := false
	for i := range n {
		at := first + i
		if at >= len(path) {
			at -= len(path)
		}
		p := path[at]
		kept := s.keeps(p)
		if i > 0 && kept != within {
			c.paths.add(from, s.crossing(last, p))
		}
		if kept {
			c.paths.add(from, p)
		} else if len(c.paths) > from {
			c.pieces = append(c.pieces, c.paths.take(from))
			from = len(c.paths)
		}
		last, within = p, kept
	}
	if len(c.paths) > from {
		c.pieces = append(c.pieces, c.paths.take(from))
	}
}

// arena holds paths one after the other.
type arena []px

// take gives the path appended since from, which may be changed in place but
// not grown.
func (a arena) take(from int) []px { return a[from:len(a):len(a)] }

// add appends a position that differs from the last of the path since from.
func (a *arena) add(from int, p px) {
	if n := len(*a); n == from || (*a)[n-1] != p {
		*a = append(*a, p)
	}
}

// appendNew appends a position that differs from the last.
func appendNew(path []px, p px) []px {
	if n := len(path); n > 0 && path[n-1] == p {
		return path
	}
	return append(path, p)
}

// cutRings gives the part within the square of the area that rings enclose
// together: the shell and the holes of one polygon, holes wound the other
// way, all within a box. Rings here do not repeat their first position.
func (c *cutter) cutRings(rings [][]px, around box) [][]px {
	c.paths, c.kept = c.paths[:0], append(c.kept[:0], rings...)
	for _, side := range sides() {
		if side.crossed(around) {
			c.cutSide(side)
		}
	}
	return c.kept
}

// cutSide does it for one side.
func (c *cutter) cutSide(s side) {
	c.pieces, c.next = c.pieces[:0], c.next[:0]
	for _, ring := range c.kept {
		out := slices.IndexFunc(ring, func(p px) bool { return !s.keeps(p) })
		if out < 0 {
			c.next = append(c.next, ring)
		} else {
			c.cutPath(s, ring, out, len(ring)+1)
		}
	}
	c.join(s)
	c.kept, c.next = c.next, c.kept
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
func (c *cutter) join(s side) {
	c.after = slices.Grow(c.after[:0], len(c.pieces))[:len(c.pieces)]
	c.sortEnds(1 - s.axis)
	c.open = c.open[:0]
	for _, e := range c.ends {
		n := len(c.open)
		if n == 0 || c.open[n-1].exit == e.exit {
			c.open = append(c.open, e)
			continue
		}
		from, to := c.open[n-1], e
		if e.exit {
			from, to = e, c.open[n-1]
		}
		c.after[from.piece] = to.piece
		c.open = c.open[:n-1]
	}
	c.follow()
}

// sortEnds lists the ends of the pieces in their order along an axis.
func (c *cutter) sortEnds(along int) {
	c.ends = c.ends[:0]
	for i, piece := range c.pieces {
		c.ends = append(c.ends,
			end{piece[0][along], i, false},
			end{piece[len(piece)-1][along], i, true})
	}
	slices.SortStableFunc(c.ends, func(a, b end) int { return cmp.Compare(a.at, b.at) })
}

// follow puts the pieces that follow each other together to rings.
func (c *cutter) follow() {
	c.used = slices.Grow(c.used[:0], len(c.pieces))[:len(c.pieces)]
	clear(c.used)
	for first := range c.pieces {
		from := len(c.paths)
		for i := first; !c.used[i]; i = c.after[i] {
			c.used[i] = true
			c.paths = append(c.paths, c.pieces[i]...)
		}
		if len(c.paths) > from {
			c.next = append(c.next, c.paths.take(from))
		}
	}
}
