package partition

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/tidwall/rtree"
)

// node reroutes the edges of faces so that they meet in common vertices only:
// snap rounding (Hobby 1999, doi:10.1016/S0925-7721(99)00021-8). Every vertex
// and every crossing, rounded to the lattice, is the centre of a hot pixel, and
// an edge is led through the centres of the hot pixels it passes; so it moves
// by less than a step, and none crosses over a vertex. Led edges may touch
// further vertices, so that is repeated until nothing moves.
func node(faces []face, line []Vertex) ([]face, []Vertex) {
	for {
		through := hotPixels(faces, line)
		moved := false
		next := make([]face, len(faces))
		for i := range faces {
			next[i] = face{code: faces[i].code}
			for _, ring := range faces[i].rings {
				led := through.lead(ring, true)
				moved = moved || len(led) != len(ring)
				next[i].rings = append(next[i].rings, led)
			}
		}
		led := through.lead(line, false)
		moved = moved || len(led) != len(line)
		if faces, line = next, led; !moved {
			return faces, line
		}
	}
}

// pixels are the hot pixels of a set of edges.
type pixels struct {
	tree rtree.RTreeGN[float64, Vertex]
	seen map[Vertex]bool
}

func hotPixels(faces []face, line []Vertex) *pixels {
	p := &pixels{seen: map[Vertex]bool{}}
	var edges rtree.RTreeGN[float64, halfEdge]
	known := map[halfEdge]bool{}
	see := func(h halfEdge) {
		p.add(h.from)
		p.add(h.to)
		if known[h] || known[h.reverse()] {
			return
		}
		known[h] = true
		low, high := h.box()
		edges.Search(low, high, func(_, _ [2]float64, g halfEdge) bool {
			if cross(g.from, g.to, h.from, h.to) {
				p.add(crossing(g, h))
			}
			return true
		})
		edges.Insert(low, high, h)
	}
	for i := range faces {
		for h := range faces[i].halfEdges() {
			see(h)
		}
	}
	for i := 1; i < len(line); i++ {
		see(halfEdge{line[i-1], line[i]})
	}
	return p
}

func (p *pixels) add(v Vertex) {
	if p.seen[v] {
		return
	}
	p.seen[v] = true
	at := [2]float64{float64(v.X), float64(v.Y)}
	p.tree.Insert(at, at, v)
}

// crossing is the lattice position nearest to where two edges cross.
func crossing(g, h halfEdge) Vertex {
	part := new(big.Rat).SetFrac(product(h.from, g.from, h.from, h.to), product(g.to, g.from, h.from, h.to))
	return Vertex{nearest(g.from.X, g.to.X, part), nearest(g.from.Y, g.to.Y, part)}
}

// product is (a-b) × (d-c).
func product(a, b, c, d Vertex) *big.Int {
	x := new(big.Int).Mul(big.NewInt(a.X-b.X), big.NewInt(d.Y-c.Y))
	return x.Sub(x, new(big.Int).Mul(big.NewInt(a.Y-b.Y), big.NewInt(d.X-c.X)))
}

// nearest is the whole number nearest to a + part·(b-a), halves upward.
func nearest(a, b int64, part *big.Rat) int64 {
	r := new(big.Rat).Mul(part, new(big.Rat).SetInt64(b-a))
	r.Add(r, big.NewRat(1, 2))
	floor := new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: rounds down for positive denominators
	return a + floor.Int64()
}

// lead is a ring, or a line, through the hot pixels that it passes.
func (p *pixels) lead(run []Vertex, ring bool) []Vertex {
	led := make([]Vertex, 0, len(run))
	for i, from := range run {
		led = append(led, from)
		if ring || i+1 < len(run) {
			led = append(led, p.passed(halfEdge{from, run[(i+1)%len(run)]})...)
		}
	}
	return led
}

// passed are the centres of the hot pixels between the ends of an edge, in its
// order: along an edge both coordinates are monotone.
func (p *pixels) passed(h halfEdge) []Vertex {
	var on []Vertex
	low, high := h.box()
	p.tree.Search([2]float64{low[0] - 1, low[1] - 1}, [2]float64{high[0] + 1, high[1] + 1}, func(_, _ [2]float64, v Vertex) bool {
		if v != h.from && v != h.to && passes(h, v) {
			on = append(on, v)
		}
		return true
	})
	slices.SortFunc(on, func(a, b Vertex) int { return cmp.Compare(h.along(a), h.along(b)) })
	return on
}

func (h halfEdge) along(v Vertex) int64 {
	return int64(cmp.Compare(h.to.X, h.from.X))*v.X + int64(cmp.Compare(h.to.Y, h.from.Y))*v.Y
}

// passes says whether an edge meets the pixel of v: the square of one step
// around it, with its left and lower sides and without the others. It reckons
// in half steps, exactly.
func passes(h halfEdge, v Vertex) bool {
	a, b := Vertex{2 * h.from.X, 2 * h.from.Y}, Vertex{2 * h.to.X, 2 * h.to.Y}
	west, east, south, north := 2*v.X-1, 2*v.X+1, 2*v.Y-1, 2*v.Y+1
	if min(a.X, b.X) >= east || max(a.X, b.X) < west || min(a.Y, b.Y) >= north || max(a.Y, b.Y) < south {
		return false
	}
	if a.X == b.X || a.Y == b.Y {
		return true
	}
	if a.X > b.X {
		a, b = b, a
	}
	rising := a.Y < b.Y
	upperLeft, upperRight := orientation(a, b, Vertex{west, north}), orientation(a, b, Vertex{east, north})
	lowerLeft, lowerRight := orientation(a, b, Vertex{west, south}), orientation(a, b, Vertex{east, south})
	switch {
	case lowerLeft == 0:
		return true // the one corner that belongs to the pixel
	case upperLeft == 0 || lowerRight == 0:
		return !rising // a rising edge only touches these corners
	case upperRight == 0:
		return rising
	}
	return upperLeft != upperRight || lowerLeft != lowerRight || upperLeft != lowerLeft
}
