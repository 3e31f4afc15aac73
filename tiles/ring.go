package tiles

// cross is twice the signed area of a triangle, positive where a turn from ab
// to bc is clockwise on the screen (y points down).
func cross(a, b, c px) int64 {
	return (b[0]-a[0])*(c[1]-b[1]) - (b[1]-a[1])*(c[0]-b[0])
}

// tidyRing drops, in place, positions that repeat, that lie on the line
// between those beside them, and spikes without area. The enclosed area stays
// as it is. Nothing is left of a ring without area.
func tidyRing(ring []px) []px {
	kept := ring[:0]
	for _, p := range ring {
		for n := len(kept); n >= 2 && cross(kept[n-2], kept[n-1], p) == 0; n = len(kept) {
			kept = kept[:n-1]
		}
		kept = appendNew(kept, p)
	}
	return tidySeam(kept)
}

// tidySeam does the same where the ring's end meets its beginning.
func tidySeam(ring []px) []px {
	for n := len(ring); n >= 3; n = len(ring) {
		switch {
		case cross(ring[n-2], ring[n-1], ring[0]) == 0:
			ring = ring[:n-1]
		case cross(ring[n-1], ring[0], ring[1]) == 0:
			ring = ring[1:]
		default:
			return ring
		}
	}
	return nil
}

// tidyLine drops, in place, positions that repeat and those passed straight
// on. A line that turns back on itself keeps its turn.
func tidyLine(line []px) []px {
	kept := line[:0]
	for _, p := range line {
		if n := len(kept); n >= 2 && straight(kept[n-2], kept[n-1], p) {
			kept = kept[:n-1]
		}
		kept = appendNew(kept, p)
	}
	return kept
}

func straight(a, b, c px) bool {
	dot := (b[0]-a[0])*(c[0]-b[0]) + (b[1]-a[1])*(c[1]-b[1])
	return dot > 0 && cross(a, b, c) == 0
}

// doubleArea is twice the signed area of a ring by the surveyor's formula, in
// tile coordinates positive for an outer ring.
func doubleArea(ring []px) int64 {
	var sum int64
	previous := ring[len(ring)-1]
	for _, p := range ring {
		sum += previous[0]*p[1] - previous[1]*p[0]
		previous = p
	}
	return sum
}

// encloses says whether a ring holds another that it does not cross, though
// they may touch.
func encloses(ring, other []px) bool {
	for i, p := range other {
		q := other[(i+1)%len(other)]
		if !passes(ring, p) {
			return holds(ring, p)
		}
		if doubled := twice(ring); !passes(doubled, px{p[0] + q[0], p[1] + q[1]}) {
			return holds(doubled, px{p[0] + q[0], p[1] + q[1]})
		}
	}
	return false
}

// twice is a ring of twice the size, in which middles of edges have whole
// coordinates.
func twice(ring []px) []px {
	doubled := make([]px, len(ring))
	for i, p := range ring {
		doubled[i] = px{2 * p[0], 2 * p[1]}
	}
	return doubled
}

// passes says whether a ring goes through a position.
func passes(ring []px, p px) bool {
	a := ring[len(ring)-1]
	for _, b := range ring {
		if (segment{a, b}).meets(segment{p, p}) {
			return true
		}
		a = b
	}
	return false
}

// holds says whether a position is inside a ring; on its edges the answer may
// be either.
func holds(ring []px, p px) bool {
	inside := false
	a := ring[len(ring)-1]
	for _, b := range ring {
		if (a[1] > p[1]) != (b[1] > p[1]) {
			down, turn := b[1] > a[1], cross(a, b, p)
			if down && turn < 0 || !down && turn > 0 {
				inside = !inside
			}
		}
		a = b
	}
	return inside
}
