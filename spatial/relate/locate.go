package relate

import (
	"math"
	"math/big"
	"slices"

	"github.com/paulmach/orb"
)

// side is where positions lie to an area; sides join with |.
type side uint8

const (
	outside side = 1 << iota
	along        // on the border
	inside
)

// locate is where p lies to an area.
func (s *Shape) locate(p orb.Point) side {
	odd := false
	for e := range s.near(orb.Bound{Min: p, Max: orb.Point{math.Inf(1), p[1]}}) {
		if e.on(p) {
			return along
		}
		if low, high := e.upward(); low[1] <= p[1] && p[1] < high[1] && turn(low, high, p) > 0 {
			odd = !odd
		}
	}
	return sideOf(odd)
}

func sideOf(odd bool) side {
	if odd {
		return inside
	}
	return outside
}

// upward are the edge's ends, the southern first.
func (e segment) upward() (low, high orb.Point) {
	if e.a[1] > e.b[1] {
		return e.b, e.a
	}
	return e.a, e.b
}

// locateExact is where a position that is on no edge lies to an area.
func (s *Shape) locateExact(p exact) side {
	x, _ := p.x.Float64()
	y, _ := p.y.Float64()
	reach := orb.Bound{Min: orb.Point{math.Nextafter(x, math.Inf(-1)), math.Nextafter(y, math.Inf(-1))},
		Max: orb.Point{math.Inf(1), math.Nextafter(y, math.Inf(1))}}
	odd := false
	for e := range s.near(reach) {
		low, high := e.upward()
		above := p.y.Cmp(new(big.Rat).SetFloat64(low[1])) >= 0
		below := p.y.Cmp(new(big.Rat).SetFloat64(high[1])) < 0
		if above && below && p.turn(low, high) > 0 {
			odd = !odd
		}
	}
	return sideOf(odd)
}

// sides is where the points of an edge lie to an area, all of them together,
// its ends left out where they alone touch the border.
func (s *Shape) sides(e segment) side {
	var level []segment // border on the edge's own line
	cuts := []orb.Point{e.a, e.b}
	for f := range s.near(e.bound()) {
		if e.cross(f) {
			return inside | outside
		}
		from, to := e.on(f.a), e.on(f.b)
		if from {
			cuts = append(cuts, f.a)
		}
		if to {
			cuts = append(cuts, f.b)
		}
		if turn(e.a, e.b, f.a) == 0 && turn(e.a, e.b, f.b) == 0 {
			level = append(level, f)
		}
	}
	cuts = inOrder(cuts)
	var all side
	for i := 1; i < len(cuts); i++ {
		all |= s.piece(cuts[i-1], cuts[i], level)
	}
	return all
}

// inOrder sorts positions of one line along it, each once.
func inOrder(points []orb.Point) []orb.Point {
	slices.SortFunc(points, func(p, q orb.Point) int { return slices.Compare(p[:], q[:]) })
	return slices.Compact(points)
}

// piece is where the points between p and q lie: all on the same side, as
// only p and q may be on the border, unless an edge of it holds the whole.
func (s *Shape) piece(p, q orb.Point, level []segment) side {
	if slices.ContainsFunc(level, func(f segment) bool { return f.holds(p) && f.holds(q) }) {
		return along
	}
	if at := s.locate(p); at != along {
		return at
	}
	if at := s.locate(q); at != along {
		return at
	}
	return s.locateExact(middle(ratOf(p), ratOf(q)))
}

// interior is a position inside a polygon: on the level between two of its
// vertices, half-way between the first two edges there.
func interior(p orb.Polygon) (exact, bool) {
	shape := New(p)
	var levels []float64
	for _, v := range p[0] {
		levels = append(levels, v[1])
	}
	slices.Sort(levels)
	if levels = slices.Compact(levels); len(levels) < 2 {
		return exact{}, false
	}
	y := new(big.Rat).Add(new(big.Rat).SetFloat64(levels[0]), new(big.Rat).SetFloat64(levels[1]))
	y.Quo(y, big.NewRat(2, 1))
	var xs []*big.Rat
	for e := range shape.segments() {
		if x, ok := e.at(y); ok {
			xs = append(xs, x)
		}
	}
	slices.SortFunc(xs, (*big.Rat).Cmp)
	for i := 1; i < len(xs); i += 2 {
		if xs[i-1].Cmp(xs[i]) < 0 {
			return middle(exact{xs[i-1], y}, exact{xs[i], y}), true
		}
	}
	return exact{}, false
}

// at is where the edge crosses a level.
func (e segment) at(y *big.Rat) (*big.Rat, bool) {
	low, high := e.upward()
	from, to := ratOf(low), ratOf(high)
	if y.Cmp(from.y) < 0 || y.Cmp(to.y) >= 0 {
		return nil, false
	}
	share := new(big.Rat).Quo(less(y, from.y), less(to.y, from.y))
	return share.Add(share.Mul(share, less(to.x, from.x)), from.x), true
}
