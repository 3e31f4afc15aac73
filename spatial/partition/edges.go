package partition

// edgeList is a list of distinct directed segments that are found by where
// they begin. Its zero value is empty.
type edgeList struct {
	order []halfEdge
	heads []int32 // by hash of the beginning: one more than the place of the last added, 0 for none
	next  []int32 // likewise of the one added before
}

// add puts a segment at the end, unless it is there: at is its place.
func (l *edgeList) add(h halfEdge) (at int, added bool) {
	if at = l.find(h); at >= 0 {
		return at, false
	}
	if len(l.order) >= len(l.heads) {
		l.grow()
	}
	l.order = append(l.order, h)
	l.next = append(l.next, 0)
	l.link(len(l.order) - 1)
	return len(l.order) - 1, true
}

// find is the place of a segment, -1 if it is not there.
func (l *edgeList) find(h halfEdge) int {
	for i := l.first(h.from); i >= 0; i = l.after(i) {
		if l.order[i] == h {
			return i
		}
	}
	return -1
}

// first is the place of a segment that may begin in a vertex, and after that
// of another; -1 if there is none.
func (l *edgeList) first(from Vertex) int {
	if len(l.heads) == 0 {
		return -1
	}
	return int(l.heads[l.slot(from)]) - 1
}

func (l *edgeList) after(i int) int { return int(l.next[i]) - 1 }

func (l *edgeList) grow() {
	l.heads = make([]int32, max(64, 2*len(l.heads)))
	for i := range l.order {
		l.link(i)
	}
}

func (l *edgeList) link(i int) {
	slot := l.slot(l.order[i].from)
	l.next[i], l.heads[slot] = l.heads[slot], int32(i+1)
}

// slot is the hash of a vertex: the multipliers are odd and their bits spread
// (that of Fibonacci hashing, and of Steele, Lea and Flood 2014).
func (l *edgeList) slot(v Vertex) uint64 {
	hash := uint64(v.X)*0x9e3779b97f4a7c15 ^ uint64(v.Y)*0xbf58476d1ce4e5b9
	return (hash ^ hash>>32) & uint64(len(l.heads)-1)
}
