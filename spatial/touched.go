package spatial

import "github.com/paulmach/orb"

// Touched is the version of the last change of a feature of the layer whose
// box, before the change or after it, meets b (degrees, edges included). It is
// never older than the true one, nor than the state the layer was first loaded
// in, and may be newer: places are told apart to a quarter of a box's size, or
// 10 m. It costs some microseconds at most, however many changes there were.
func (l *Layer) Touched(b orb.Bound) Version {
	return l.traces.in(b)
}

// traces are the places where a layer changed, and the versions of the last
// change in each. It is immutable.
type traces struct {
	since  Version // when nothing was told apart yet
	root   *trace
	places int // nodes of the tree, at most
}

// trace is a square of degrees in a quad tree.
type trace struct {
	whole Version // of the last change that is not told apart in the square
	last  Version // of the last change anywhere in it
	parts [4]*trace
}

const (
	traceDepth  = 22      // of squares of 10 m
	tracePlaces = 1 << 17 // the most nodes that are kept, 7 MB
	traced      = 2000    // the most edits of one change that are told apart
)

// plot is the square that a node of the tree stands for, in degrees.
type plot struct {
	low   orb.Point
	side  float64
	depth int
}

// everywhere holds all positions.
var everywhere = plot{low: orb.Point{-180, -180}, side: 360}

func (p plot) bound() orb.Bound {
	return orb.Bound{Min: p.low, Max: orb.Point{p.low[0] + p.side, p.low[1] + p.side}}
}

func (p plot) part(i int) plot {
	half := p.side / 2
	return plot{orb.Point{p.low[0] + float64(i&1)*half, p.low[1] + float64(i>>1)*half}, half, p.depth + 1}
}

func (t traces) in(b orb.Bound) Version { return t.root.in(everywhere, b, t.since) }

// in is the version of the last change in a box, or best if that is later.
func (n *trace) in(p plot, b orb.Bound, best Version) Version {
	if n == nil || n.last <= best {
		return best
	}
	if within := p.bound(); !within.Intersects(b) {
		return best
	} else if b.Contains(within.Min) && b.Contains(within.Max) {
		return n.last
	}
	best = max(best, n.whole)
	for i, part := range n.parts {
		best = part.in(p.part(i), b, best)
	}
	return best
}

// edit notes the places of edits, l being the layer after them.
func (t traces) edit(l *Layer, edits []edit) traces {
	if len(edits) > traced {
		return traces{since: l.version}
	}
	for _, e := range edits {
		if e.there {
			t = t.add(e.old, l.version)
		}
		if f, ok := l.lookup(e.id); ok {
			t = t.add(f, l.version)
		}
	}
	for most := traceDepth; t.places > tracePlaces; most-- {
		t.places = 0
		t.root = t.root.cut(most, &t.places)
	}
	return t
}

func (t traces) add(f Feature, v Version) traces {
	if b, ok := f.Bound(); ok {
		finest := max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]) / 4
		t.root = t.root.add(everywhere, b, finest, v, &t.places)
	}
	return t
}

// add is the node after a change in a box, told apart no finer than so many
// degrees.
func (n *trace) add(p plot, b orb.Bound, finest float64, v Version, places *int) *trace {
	within := p.bound()
	if !within.Intersects(b) {
		return n
	}
	next := &trace{}
	if n != nil {
		*next = *n
	} else {
		*places++
	}
	next.last = max(next.last, v)
	if p.side <= finest || p.depth == traceDepth || b.Contains(within.Min) && b.Contains(within.Max) {
		next.whole = max(next.whole, v)
		if next.whole == next.last {
			next.parts = [4]*trace{}
		}
		return next
	}
	for i, part := range next.parts {
		next.parts[i] = part.add(p.part(i), b, finest, v, places)
	}
	return next
}

// cut is the node told apart at most so deep. It counts what is left.
func (n *trace) cut(depth int, places *int) *trace {
	if n == nil {
		return nil
	}
	*places++
	if depth == 0 {
		return &trace{whole: n.last, last: n.last}
	}
	next := &trace{whole: n.whole, last: n.last}
	for i, part := range n.parts {
		next.parts[i] = part.cut(depth-1, places)
	}
	return next
}
