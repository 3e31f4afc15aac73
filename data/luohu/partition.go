package luohu

import "math"

const gridCount = 1135

// layOut makes the subdivision into grids on the plan.
func layOut(seed uint64, progress func(done int)) (*subdivision, *ground, *plan, []vec, error) {
	p, err := loadPlan(stream(seed, "plan"))
	if err != nil {
		return nil, nil, nil, nil, err
	}
	outline, err := loadOutline()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	a := arrange(outline, planSegments(outline, p), 14000)
	if err := a.check(); err != nil {
		return nil, nil, nil, nil, err
	}
	sub := subdivide(a)
	g := survey(outline, p)
	if err := splitInto(sub, g, stream(seed, "grids"), gridCount, int32(len(p.lines)), progress); err != nil {
		return nil, nil, nil, nil, err
	}
	sub.settle(g)
	return sub, g, p, outline, nil
}

// planSegments are all planned lines and the outline as short segments. The
// outline's south-west side is 红岭路, its south the Shenzhen River.
func planSegments(outline []vec, p *plan) []segment {
	var out []segment
	line := func(ps []vec, m mark) {
		for i := 1; i < len(ps); i++ {
			out = append(out, segment{ps[i-1], ps[i], m})
		}
	}
	south := southBank(outline)
	for i, a := range outline {
		b := outline[(i+1)%len(outline)]
		m := mark{noRoad, onOutline}
		if south[i] {
			m.class = river
		}
		if onHongling(a, b) {
			m.class = arterial
		}
		out = append(out, segment{a, b, m})
	}
	for i, l := range p.lines {
		line(l.line, mark{l.class, int32(i)})
	}
	for _, a := range p.areas {
		if !a.edge {
			continue
		}
		c := ridge
		if a.kind == "water" {
			c = shore
		}
		line(append(a.ring, a.ring[0]), mark{c, -1})
	}
	return out
}

// onHongling reports whether an edge of the outline lies on 红岭路.
func onHongling(a, b vec) bool {
	lo, hi := vecOf(114.0985, 22.5340), vecOf(114.1025, 22.5705)
	return a.X > lo.X && a.X < hi.X && a.Y > lo.Y && a.Y < hi.Y && math.Abs(b.X-a.X) < math.Abs(b.Y-a.Y)
}

// settle gives each face one cover, that of most of its ground, so that parks
// and woods end at streets. Lakes stay as they are drawn.
func (s *subdivision) settle(g *ground) {
	for _, f := range s.faces {
		n := map[cover]int{}
		for _, i := range f.samples {
			n[g.cover[i]]++
		}
		f.cover = built
		for _, c := range []cover{parkland, forest, water} {
			if 2*n[c] > len(f.samples) {
				f.cover = c
			}
		}
		if f.cover == built && 2*(n[parkland]+n[water]) > len(f.samples) {
			f.cover = parkland
		}
		for _, i := range f.samples {
			if g.cover[i] != water {
				g.cover[i] = f.cover
			}
		}
	}
}
