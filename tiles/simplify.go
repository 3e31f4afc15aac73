package tiles

import "slices"

// Below the zoom simplifiedBelow of WebMercatorQuad (and where tiles of other
// matrices are as coarse) outlines and lines are simplified: of the positions
// on the lattice those are left out that lie within tolerance of the line
// between others that are kept (Douglas, Peucker 1973).
//
// Neighbours leave out the same positions, and so do tiles that overlap,
// because the choice depends on nothing but what is in a cell of the lattice,
// a square of 64 units that never lies across the border of a buffered tile. A
// position is kept where a path enters or leaves a cell, and where paths part:
// where those that pass it do not all have the same two positions beside it.
// Between such positions every path that has the one edge has all of them, and
// what is left out there does not depend on where a ring begins or how it is
// wound, as ties are broken by position. All features near the tile are looked
// at, also those that conditions leave out: each outline is the same whatever
// else is shown.
//
// From zoom 13 on outlines of districts have hardly a position to spare: there
// tiles would be a hundredth smaller and take a quarter longer to make. Below,
// half to five sixths of the edges of neighbouring polygons are left, and tiles
// are a seventh to a sixteenth smaller.
const (
	simplifiedBelow = 13
	tolerance       = 4 // half a pixel where a tile is 512 pixels wide
	cellBits        = 6
)

func cellOf(p px) px { return px{p[0] >> cellBits, p[1] >> cellBits} }

// survey is what is near a tile, placed on its lattice, and where its paths
// part. It is scratch.
type survey struct {
	paths arena
	parts []surveyed
	first []int // the first part of each feature
	nodes nodes
	line  []px // the part that is simplified, from an anchor on
	keep  []bool
}

// surveyed is a part: a ring, without its closing position, or a line.
type surveyed struct {
	from, to int // of the paths
	closed   bool
}

func (v *survey) reset() { v.paths, v.parts, v.first = v.paths[:0], v.parts[:0], v.first[:0] }

// find looks for nodes in all that has been placed.
func (v *survey) find() {
	v.nodes.reset()
	for _, part := range v.parts {
		path := v.paths[part.from:part.to]
		n := len(path)
		if n == 0 {
			continue
		}
		last := path[n-1]
		for i, p := range path {
			next := path[0]
			if i < n-1 {
				next = path[i+1]
			}
			if inSquare(p) {
				v.nodes.pass(last, p, next, !part.closed && (i == 0 || i == n-1))
			}
			last = p
		}
	}
}

// simplify appends what is left of a part to paths.
func (v *survey) simplify(part surveyed, to *arena) []px {
	from := len(*to)
	path := v.paths[part.from:part.to]
	if len(path) < 3 || !v.lay(path, part.closed) {
		*to = append(*to, path...)
		return to.take(from)
	}
	at := 0
	for i := 1; i < len(v.line); i++ {
		if v.keep[i] {
			v.thin(at, i)
			at = i
		}
	}
	n := len(v.line)
	if part.closed {
		n--
	}
	for i, p := range v.line[:n] {
		if v.keep[i] {
			*to = append(*to, p)
		}
	}
	return to.take(from)
}

// lay fills v.line with a path and v.keep with which of its positions are
// anchors, the ends among them. A ring begins at an anchor and ends there
// again. One without any is alone, or fills a hole that is: it begins at its
// first position in order, and there is nothing to do if it is small.
func (v *survey) lay(path []px, closed bool) bool {
	v.line = append(v.line[:0], path...)
	if closed {
		first, n := 0, len(path)
		for first < n && !v.anchor(path[(first+n-1)%n], path[first], path[(first+1)%n]) {
			first++
		}
		if first == n {
			if box := boxOf(path); max(box.max[0]-box.min[0], box.max[1]-box.min[1]) <= 4*tolerance {
				return false
			}
			first = leastOf(path)
		}
		v.line = append(append(v.line[:0], path[first:]...), path[:first+1]...)
	}
	n := len(v.line)
	v.keep = slices.Grow(v.keep[:0], n)[:n]
	v.keep[0], v.keep[n-1] = true, true
	for i := 1; i < n-1; i++ {
		v.keep[i] = v.anchor(v.line[i-1], v.line[i], v.line[i+1])
	}
	return true
}

func leastOf(path []px) int {
	least := 0
	for i, p := range path {
		if comparePx(p, path[least]) < 0 {
			least = i
		}
	}
	return least
}

// anchor says whether a position is kept whatever lies between.
func (v *survey) anchor(last, p, next px) bool {
	cell := cellOf(p)
	return cellOf(last) != cell || cellOf(next) != cell || inSquare(p) && v.nodes.parts(p)
}

// thin keeps, of what lies between two positions of v.line, what is needed.
func (v *survey) thin(from, to int) {
	if to-from < 2 || !inSquare(v.line[from]) && !inSquare(v.line[to]) {
		return
	}
	a, b := v.line[from], v.line[to]
	chord := lengthSquared(a, b)
	farthest, distance := 0, int64(tolerance*tolerance)*max(chord, 1)
	for i := from + 1; i < to; i++ {
		d := offSquared(a, b, v.line[i], chord)
		if d > distance || d == distance && farthest > 0 && comparePx(v.line[i], v.line[farthest]) < 0 {
			farthest, distance = i, d
		}
	}
	if farthest > 0 {
		v.keep[farthest] = true
		v.thin(from, farthest)
		v.thin(farthest, to)
	}
}

func lengthSquared(a, b px) int64 {
	x, y := b[0]-a[0], b[1]-a[1]
	return x*x + y*y
}

// offSquared is the square of how far a position is off the segment from a to
// b, times the square of the segment's length, which is given, if that is not
// zero.
func offSquared(a, b, p px, length int64) int64 {
	if length == 0 {
		return lengthSquared(a, p)
	}
	along := (p[0]-a[0])*(b[0]-a[0]) + (p[1]-a[1])*(b[1]-a[1])
	switch {
	case along <= 0:
		return lengthSquared(a, p) * length
	case along >= length:
		return lengthSquared(b, p) * length
	}
	off := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
	return off * off
}

// nodes is a hash table of the positions in the square that paths pass, each
// with the two positions beside it, as long as these are the same for all.
type nodes struct {
	slots []passed // a power of two of them
	n     int
}

// passed is a position, one more than its place in the square, 0 for none, and
// the least and the greatest place beside it.
type passed struct{ at, low, high uint32 }

// parting is beside a position where paths part.
const parting = 1<<32 - 1

// place numbers the positions of the square from 1; 0 is anywhere else, which
// is always another cell.
func placeOf(p px) uint32 {
	if !inSquare(p) {
		return 0
	}
	return uint32(p[0]-low)<<13 | uint32(p[1]-low) + 1
}

func (t *nodes) reset() {
	const few = 1 << 10
	t.slots = slices.Grow(t.slots[:0], few)[:few]
	clear(t.slots)
	t.n = 0
}

func (t *nodes) slot(at uint32) *passed {
	mask := uint32(len(t.slots) - 1)
	i := at * 0x9e3779b1 >> 8 & mask
	for t.slots[i].at != at && t.slots[i].at != 0 {
		i = (i + 1) & mask
	}
	return &t.slots[i]
}

// pass notes that a path goes from a to p and on to b, or ends there.
func (t *nodes) pass(a, p, b px, end bool) {
	low, high := placeOf(a), placeOf(b)
	if low > high {
		low, high = high, low
	}
	if end || low == high && low > 0 {
		low, high = parting, parting
	}
	s := t.slot(placeOf(p))
	switch {
	case s.at == 0:
		*s = passed{placeOf(p), low, high}
		if t.n++; 2*t.n > len(t.slots) {
			t.grow()
		}
	case s.low != low || s.high != high:
		s.low, s.high = parting, parting
	}
}

func (t *nodes) grow() {
	old := slices.Clone(t.slots)
	n := 4 * len(old)
	t.slots = slices.Grow(t.slots[:0], n)[:n]
	clear(t.slots)
	for _, s := range old {
		if s.at != 0 {
			*t.slot(s.at) = s
		}
	}
}

// parts says whether paths part at a position of the square.
func (t *nodes) parts(p px) bool { return t.slot(placeOf(p)).low == parting }
