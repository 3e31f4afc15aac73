package luohu

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// splitter cuts faces along street-like lines until there are enough.
type splitter struct {
	*subdivision
	ground *ground
	random *rand.Rand
	queue  []int32
	degree map[int32]int
	line   int32 // number of the next new street
}

func (s *splitter) Len() int           { return len(s.queue) }
func (s *splitter) Less(i, j int) bool { return s.heavier(s.queue[i], s.queue[j]) }
func (s *splitter) Swap(i, j int)      { s.queue[i], s.queue[j] = s.queue[j], s.queue[i] }
func (s *splitter) Push(x any)         { s.queue = append(s.queue, x.(int32)) }
func (s *splitter) Pop() any {
	f := s.queue[len(s.queue)-1]
	s.queue = s.queue[:len(s.queue)-1]
	return f
}

func (s *splitter) heavier(a, b int32) bool {
	if s.faces[a].mass != s.faces[b].mass {
		return s.faces[a].mass > s.faces[b].mass
	}
	return a < b
}

// splitInto cuts the heaviest face in two, again and again, until the
// subdivision has n faces.
func splitInto(sub *subdivision, g *ground, r *rand.Rand, n int, firstLine int32, progress func(done int)) error {
	s := &splitter{subdivision: sub, ground: g, random: r, line: firstLine, degree: map[int32]int{}}
	for e := range sub.marks {
		s.degree[e.a]++
		s.degree[e.b]++
	}
	for f, fc := range sub.faces {
		g.fill(sub.positions(fc.ring), func(i int) { fc.samples = append(fc.samples, int32(i)) })
		s.weigh(fc)
		heap.Push(s, int32(f))
	}
	for len(sub.faces) < n {
		if s.Len() == 0 {
			return fmt.Errorf("only %d of %d grids can be cut", len(sub.faces), n)
		}
		f := heap.Pop(s).(int32)
		if len(sub.faces)%50 == 0 {
			progress(len(sub.faces))
		}
		if g, ok := s.split(f); ok {
			heap.Push(s, f)
			heap.Push(s, g)
		}
	}
	return nil
}

func (s *splitter) weigh(f *face) {
	f.mass = 0
	for _, i := range f.samples {
		f.mass += s.ground.weight[i]
	}
}

// cut is a proposed line across a face: the path and what it would make.
type cut struct {
	path     []vec
	from, to int  // ring positions of the edges or vertices where it ends
	atA, atB bool // the ends are at existing vertices
	score    float64
}

// split cuts a face along the best of many proposed lines.
func (s *splitter) split(f int32) (int32, bool) {
	fc := s.faces[f]
	ring := s.positions(fc.ring)
	size := math.Abs(area(ring))
	wild := fc.mass/size < 0.1/(sampleStep*sampleStep)
	best := cut{score: math.Inf(1)}
	base := grain(ring)
	for k := range 2 {
		for _, tilt := range s.tilts(wild) {
			along := direction(base + float64(k)*math.Pi/2 + tilt)
			for _, at := range s.quantiles(fc, along) {
				for _, c := range s.across(fc, ring, along, at, wild) {
					if c.score = s.score(fc, ring, c, best.score); c.score < best.score {
						best = c
					}
				}
			}
		}
	}
	if math.IsInf(best.score, 1) {
		return 0, false
	}
	s.line++
	return s.apply(f, best, s.streetClass(fc, wild)), true
}

func (s *splitter) tilts(wild bool) []float64 {
	if wild {
		return []float64{-0.5, -0.25, 0, 0.25, 0.5}
	}
	return []float64{0, between(s.random, -0.05, 0.05), between(s.random, -0.12, 0.12)}
}

// quantiles are positions along a direction that leave about half of the mass
// on either side.
func (s *splitter) quantiles(f *face, along vec) []float64 {
	type sample struct{ at, weight float64 }
	all := make([]sample, len(f.samples))
	for k, i := range f.samples {
		all[k] = sample{s.ground.position(int(i)).dot(along), s.ground.weight[i]}
	}
	slices.SortFunc(all, func(a, b sample) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	var out []float64
	want := []float64{0.3, 0.36, 0.42, 0.47, 0.5, 0.53, 0.58, 0.64, 0.7}
	sum := 0.0
	for _, a := range all {
		for len(want) > 0 && sum+a.weight >= want[0]*f.mass {
			out = append(out, a.at+between(s.random, -4, 4))
			want = want[1:]
		}
		sum += a.weight
	}
	return out
}

func (s *splitter) streetClass(f *face, wild bool) mark {
	switch {
	case wild:
		return mark{ridge, -1}
	case f.mass > 900:
		return mark{secondary, s.line}
	}
	return mark{local, s.line}
}

// across proposes cuts square to a direction at a position along it: one for
// each stretch of the line inside the ring.
func (s *splitter) across(f *face, ring []vec, along vec, at float64, wild bool) []cut {
	type hit struct {
		edge int
		y    float64
		p    vec
	}
	var hits []hit
	side := along.left()
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		da, db := a.dot(along)-at, b.dot(along)-at
		if (da > 0) != (db > 0) {
			p := a.lerp(b, da/(da-db))
			hits = append(hits, hit{i, p.dot(side), p})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if a.y < b.y {
			return -1
		}
		return 1
	})
	var out []cut
	for k := 0; k+1 < len(hits); k += 2 {
		c := cut{from: hits[k].edge, to: hits[k+1].edge}
		a, b := hits[k].p, hits[k+1].p
		a, c.from, c.atA = s.snap(f, ring, a, c.from, wild)
		b, c.to, c.atB = s.snap(f, ring, b, c.to, wild)
		if c.from == c.to || a.sub(b).len() < 35 {
			continue
		}
		c.path = s.bend(a, b, wild)
		if s.clear(ring, c) {
			out = append(out, c)
		}
	}
	return out
}

// snap moves an end of a cut to a vertex close by, from farther to a
// junction, so that streets meet at crossings.
func (s *splitter) snap(f *face, ring []vec, p vec, i int, wild bool) (vec, int, bool) {
	best, least := -1, 14.0
	for _, k := range []int{(i + len(ring) - 1) % len(ring), i, (i + 1) % len(ring), (i + 2) % len(ring)} {
		d := p.sub(ring[k]).len()
		if s.degree[f.ring[k]] > 2 {
			d *= 0.5
		}
		if d < least {
			best, least = k, d
		}
	}
	if best < 0 {
		return p, i, false
	}
	return ring[best], best, true
}

// bend gives a cut the slight curve of a street, or the course of a ridge.
func (s *splitter) bend(a, b vec, wild bool) []vec {
	d := b.sub(a).len()
	step, size := 70.0, min(9, d*0.025)
	if wild {
		step, size = 45, min(90, d*0.09)
	}
	line := resample([]vec{a, b}, min(step, d/2.01))
	if wild {
		return wiggle(s.random, line, size)
	}
	bow := between(s.random, -size, size)
	side := b.sub(a).unit().left()
	for i := 1; i+1 < len(line); i++ {
		t := float64(i) / float64(len(line)-1)
		line[i] = line[i].add(side.mul(bow * 4 * t * (1 - t)))
	}
	return line
}

// clear reports whether a cut stays inside the ring and off its boundary.
func (s *splitter) clear(ring []vec, c cut) bool {
	last := len(c.path) - 1
	for k := 1; k <= last; k++ {
		p, q := c.path[k-1], c.path[k]
		if k < last && (!inside(ring, q) || toRing(q, ring) < 4) {
			return false
		}
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if k == 1 && touches(ring, i, c.from, c.atA) || k == last && touches(ring, i, c.to, c.atB) {
				continue
			}
			if crosses(p, q, a, b) {
				return false
			}
		}
	}
	return inside(ring, c.path[0].lerp(c.path[1], 0.5)) && inside(ring, c.path[last-1].lerp(c.path[last], 0.5))
}

// touches reports whether ring edge i holds the end of a cut at position k.
func touches(ring []vec, i, k int, vertex bool) bool {
	return i == k || vertex && i == (k+len(ring)-1)%len(ring)
}

// score is small for a cut that halves the mass into compact parts, parts
// built ground from open ground, and meets the boundary squarely; infinite for
// a cut that cannot be better than the best so far.
func (s *splitter) score(f *face, ring []vec, c cut, best float64) float64 {
	one, two := parts(ring, c)
	a1, a2 := area(one), area(two)
	if a1 < 1800 || a2 < 1800 {
		return math.Inf(1)
	}
	thin := min(compactness(one), compactness(two))
	if thin < 0.3 {
		return math.Inf(1)
	}
	score := 3 * max(0, 0.62-thin)
	for _, end := range [][2]vec{{c.path[0], c.path[1]}, {c.path[len(c.path)-1], c.path[len(c.path)-2]}} {
		score += 0.35 * skew(ring, end)
	}
	if score >= best {
		return math.Inf(1)
	}
	m1, mixed := s.balance(f, one)
	return score + math.Abs(2*m1-1) + 0.9*mixed
}

// parts are the rings left and right of a cut.
func parts(ring []vec, c cut) (one, two []vec) {
	walk := func(from, to int, skip bool, path []vec) []vec {
		var out []vec
		out = append(out, path...)
		k := (from + 1) % len(ring)
		for ; k != to; k = (k + 1) % len(ring) {
			out = append(out, ring[k])
		}
		if !skip {
			out = append(out, ring[to])
		}
		return out
	}
	back := slices.Clone(c.path)
	slices.Reverse(back)
	return walk(c.to, c.from, c.atA, c.path), walk(c.from, c.to, c.atB, back)
}

// balance is the share of the mass in one part, and how mixed built and open
// ground are in both parts, 0 to 1.
func (s *splitter) balance(f *face, one []vec) (share, mixed float64) {
	var m1, m, n1, n, b1, b float64
	for _, i := range f.samples {
		w := s.ground.weight[i]
		m += w
		n++
		open := 0.0
		if s.ground.cover[i] != built {
			open = 1
		}
		b += open
		if inside(one, s.ground.position(int(i))) {
			m1 += w
			n1++
			b1 += open
		}
	}
	gini := func(b, n float64) float64 {
		if n == 0 {
			return 0
		}
		return 4 * b / n * (1 - b/n) * n
	}
	return m1 / m, (gini(b1, n1) + gini(b-b1, n-n1)) / n
}

// skew is 0 where a cut meets the boundary at a right angle, 1 where it runs
// along it.
func skew(ring []vec, end [2]vec) float64 {
	worst := 0.0
	d := end[1].sub(end[0]).unit()
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if toSegment(end[0], a, b) < 0.5 && b.sub(a).len() > 8 {
			worst = max(worst, math.Abs(d.dot(b.sub(a).unit())))
		}
	}
	return worst * worst
}

// apply puts a cut into the subdivision and shares out the samples.
func (s *splitter) apply(f int32, c cut, m mark) int32 {
	old := s.faces[f]
	n := len(old.ring)
	ends := [2]edge{{old.ring[c.from], old.ring[(c.from+1)%n]}, {old.ring[c.to], old.ring[(c.to+1)%n]}}
	path := make([]int32, len(c.path))
	for k := range c.path {
		switch {
		case k == 0 && c.atA:
			path[k] = ends[0].a
		case k == len(path)-1 && c.atB:
			path[k] = ends[1].a
		default:
			path[k] = s.addVertex(c.path[k])
		}
	}
	if !c.atA {
		s.cutEdge(ends[0], path[0])
	}
	if !c.atB {
		s.cutEdge(ends[1], path[len(path)-1])
	}
	for k := range path {
		s.degree[path[k]] += 2
	}
	s.degree[path[0]]--
	s.degree[path[len(path)-1]]--
	if !c.atA {
		s.degree[path[0]] += 2
	}
	if !c.atB {
		s.degree[path[len(path)-1]] += 2
	}
	g := s.divide(f, path, m)
	s.deal(old.samples, f, g)
	return g
}

func (s *splitter) deal(samples []int32, f, g int32) {
	ring := s.positions(s.faces[g].ring)
	for _, i := range samples {
		to := f
		if inside(ring, s.ground.position(int(i))) {
			to = g
		}
		s.faces[to].samples = append(s.faces[to].samples, i)
	}
	s.weigh(s.faces[f])
	s.weigh(s.faces[g])
}
