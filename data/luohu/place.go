package luohu

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/paulmach/orb"
)

// town is the finished ground: grids, buildings and roads, on which the
// remaining layers are placed.
type town struct {
	*units
	buildings []building
	kinds     []string // style of each grid
	first     []int    // index of each grid's first building; one more at the end
	roads     []road
}

func (t *town) index() {
	t.first = make([]int, len(t.grids)+1)
	for _, b := range t.buildings {
		t.first[b.grid+1]++
	}
	for i := range t.grids {
		t.first[i+1] += t.first[i]
	}
}

// lot draws indexes with given weights.
type lot []float64

func newLot(n int, weight func(i int) float64) lot {
	l := make(lot, n)
	sum := 0.0
	for i := range l {
		sum += weight(i)
		l[i] = sum
	}
	return l
}

func (l lot) draw(r *rand.Rand) int {
	return min(len(l)-1, sort.SearchFloat64s(l, r.Float64()*l[len(l)-1]))
}

// drawDistinct draws n different indexes, in ascending order.
func (l lot) drawDistinct(r *rand.Rand, n int) []int {
	seen := map[int]bool{}
	var out []int
	for len(out) < n {
		if i := l.draw(r); !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

// beside is a place close to a building, inside its grid.
func (t *town) beside(r *rand.Rand, b *building) site {
	sites := t.sitesOf(b.grid)
	for range 6 {
		corner := b.ring[r.IntN(len(b.ring))].vec()
		side := b.ring[r.IntN(len(b.ring))].vec()
		p := corner.lerp(side, r.Float64()*0.5)
		s := p.add(p.sub(b.centre).unit().mul(between(r, 0.6, 6))).site()
		if holds(sites, s) {
			return s
		}
	}
	return b.centre.site()
}

// sitesOf is the ring of a grid on the lattice.
func (u *units) sitesOf(grid int) []site {
	ring := u.faces[u.grids[grid].face].ring
	out := make([]site, len(ring))
	for i, v := range ring {
		out[i] = u.sites[v]
	}
	return out
}

// holds reports whether a site lies strictly inside a ring, exactly.
func holds(ring []site, p site) bool {
	in := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		d := turn(a, b, p)
		if d == 0 && min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y) {
			return false
		}
		if (a.Y > p.Y) != (b.Y > p.Y) && (d > 0) == (b.Y > a.Y) {
			in = !in
		}
	}
	return in
}

// gridAt is the grid that strictly holds a site, -1 if none does.
func (t *town) gridAt(s site) int {
	p := s.vec()
	for i, g := range t.grids {
		lo, hi := bounds(g.ring)
		if p.X >= lo.X && p.X <= hi.X && p.Y >= lo.Y && p.Y <= hi.Y && holds(t.sitesOf(i), s) {
			return i
		}
	}
	return -1
}

// heart is the sampled place of a grid farthest from its boundary.
func (t *town) heart(grid int) (vec, float64) {
	g := t.grids[grid]
	best, far := centroid(g.ring), 0.0
	if inside(g.ring, best) {
		far = toRing(best, g.ring)
	}
	samples := t.faces[g.face].samples
	for k := 0; k < len(samples); k += 1 + len(samples)/300 {
		p := t.ground.position(int(samples[k]))
		if d := toRing(p, g.ring); d > far && inside(g.ring, p) {
			best, far = p, d
		}
	}
	return best, far
}

// blob is a rounded area about c with the given half axes that fits strictly
// inside a grid, or nil if not even half of it would.
func (t *town) blob(r *rand.Rand, grid int, c vec, angle, long, short float64) []site {
	sites := t.sitesOf(grid)
	phase := r.Float64() * 2 * math.Pi
	for scale := 1.0; scale > 0.45; scale *= 0.9 {
		ring := make([]site, 18)
		for i := range ring {
			a := float64(i) / 18 * 2 * math.Pi
			k := scale * (1 + 0.1*math.Sin(2*a+phase) + 0.06*math.Sin(3*a+2*phase))
			ring[i] = c.add(direction(angle).mul(math.Cos(a) * long * k)).add(direction(angle).left().mul(math.Sin(a) * short * k)).site()
		}
		if encloses(sites, ring) {
			return ring
		}
	}
	return nil
}

// encloses reports whether a ring lies strictly inside another, exactly.
func encloses(outer, inner []site) bool {
	for _, p := range inner {
		if !holds(outer, p) {
			return false
		}
	}
	for i, a := range outer {
		b := outer[(i+1)%len(outer)]
		for k, p := range inner {
			if cross(a, b, p, inner[(k+1)%len(inner)]) {
				return false
			}
		}
	}
	return true
}

// cross reports whether two segments share a point, exactly.
func cross(a, b, c, d site) bool {
	if max(a.X, b.X) < min(c.X, d.X) || max(c.X, d.X) < min(a.X, b.X) || max(a.Y, b.Y) < min(c.Y, d.Y) || max(c.Y, d.Y) < min(a.Y, b.Y) {
		return false
	}
	sign := func(n int64) int64 {
		if n > 0 {
			return 1
		}
		if n < 0 {
			return -1
		}
		return 0
	}
	return sign(turn(a, b, c))*sign(turn(a, b, d)) <= 0 && sign(turn(c, d, a))*sign(turn(c, d, b)) <= 0
}

func polygonOf(ring []site) orb.Polygon {
	out := make(orb.Ring, 0, len(ring)+1)
	for _, s := range ring {
		out = append(out, s.point())
	}
	return orb.Polygon{append(out, out[0])}
}

// firstOf lists the first building of the given uses in each grid that has one.
func (t *town) firstOf(uses ...string) []int {
	var out []int
	for g := range t.grids {
		for i := t.first[g]; i < t.first[g+1]; i++ {
			if slices.Contains(uses, t.buildings[i].use) {
				out = append(out, i)
				break
			}
		}
	}
	return out
}

// stem is the name of the community a grid is in, without 社区.
func (t *town) stem(grid int) string {
	return stemOf(t.plan.communities[t.grids[grid].community].name)
}

// apart reports whether two rings share no point.
func apart(a, b []site) bool {
	alo, ahi := bounds(vecs(a))
	blo, bhi := bounds(vecs(b))
	if ahi.X < blo.X || bhi.X < alo.X || ahi.Y < blo.Y || bhi.Y < alo.Y {
		return true
	}
	if holds(a, b[0]) || holds(b, a[0]) {
		return false
	}
	for i, p := range a {
		for k, q := range b {
			if cross(p, a[(i+1)%len(a)], q, b[(k+1)%len(b)]) {
				return false
			}
		}
	}
	return true
}
