package luohu

import (
	"math"
	"slices"
)

// cover is what lies on a piece of ground.
type cover uint8

const (
	built cover = iota
	parkland
	forest
	water
)

// ground samples the district on a square grid of points: what covers each,
// and how many people to expect there.
type ground struct {
	lo     vec
	nx, ny int
	cover  []cover
	weight []float64 // expected people, in arbitrary units; 0 outside the district
	near   []int16   // index of the nearest community
	at     []int32   // face, or -1 outside
}

const sampleStep = 16.0 // metres

var coverWeight = map[cover]float64{parkland: 0.05, forest: 0.013, water: 0.010}

func survey(outline []vec, p *plan) *ground {
	lo, hi := bounds(outline)
	g := &ground{lo: lo, nx: int((hi.X-lo.X)/sampleStep) + 1, ny: int((hi.Y-lo.Y)/sampleStep) + 1}
	n := g.nx * g.ny
	g.cover, g.weight, g.near, g.at = make([]cover, n), make([]float64, n), make([]int16, n), make([]int32, n)
	for _, kind := range []string{"forest", "town", "park", "lake", "water"} {
		g.paint(p, kind)
	}
	g.fill(outline, func(i int) { g.people(p, i) })
	return g
}

func (g *ground) paint(p *plan, kind string) {
	c := map[string]cover{"forest": forest, "town": built, "park": parkland, "lake": water, "water": water}[kind]
	for _, a := range p.areas {
		if a.kind == kind {
			g.fill(a.ring, func(i int) { g.cover[i] = c })
		}
	}
}

// position is the place of a sample.
func (g *ground) position(i int) vec {
	return g.lo.add(vec{(float64(i%g.nx) + 0.5) * sampleStep, (float64(i/g.nx) + 0.5) * sampleStep})
}

// coverAt is the cover of the sample nearest to a position.
func (g *ground) coverAt(p vec) cover {
	x := min(g.nx-1, max(0, int((p.X-g.lo.X)/sampleStep)))
	y := min(g.ny-1, max(0, int((p.Y-g.lo.Y)/sampleStep)))
	return g.cover[y*g.nx+x]
}

// fill visits the samples inside a ring, row by row.
func (g *ground) fill(ring []vec, visit func(i int)) {
	lo, hi := bounds(ring)
	first := max(0, int((lo.Y-g.lo.Y)/sampleStep)-1)
	last := min(g.ny-1, int((hi.Y-g.lo.Y)/sampleStep)+1)
	for row := first; row <= last; row++ {
		y := g.lo.Y + (float64(row)+0.5)*sampleStep
		var xs []float64
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if (a.Y > y) != (b.Y > y) {
				xs = append(xs, a.X+(y-a.Y)/(b.Y-a.Y)*(b.X-a.X))
			}
		}
		slices.Sort(xs)
		for k := 0; k+1 < len(xs); k += 2 {
			from := max(0, int(math.Ceil((xs[k]-g.lo.X)/sampleStep-0.5)))
			for x := from; x < g.nx && g.lo.X+(float64(x)+0.5)*sampleStep < xs[k+1]; x++ {
				visit(row*g.nx + x)
			}
		}
	}
}

// people sets what to expect at a sample: a blend of the nearest communities
// where the ground is built on, next to nothing elsewhere.
func (g *ground) people(p *plan, i int) {
	at := g.position(i)
	var sum, total, least float64 = 0, 0, math.Inf(1)
	for k, c := range p.communities {
		for _, seed := range c.seeds {
			d := at.sub(seed)
			d2 := d.dot(d) + 400
			if d2 < least {
				least, g.near[i] = d2, int16(k)
			}
			sum += c.density / (d2 * d2)
			total += 1 / (d2 * d2)
		}
	}
	g.weight[i] = sum / total
	if w, ok := coverWeight[g.cover[i]]; ok {
		g.weight[i] = w
	}
}
