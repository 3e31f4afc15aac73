package luohu

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// southBank marks the vertices of the outline that lie on the Shenzhen River
// and its upper course, which are the border in the south.
func southBank(outline []vec) []bool {
	first := nearest(outline, vecOf(114.1003, 22.5350))
	last := nearest(outline, vecOf(114.1830, 22.5556))
	out := make([]bool, len(outline))
	for i := first; i != last; i = (i + 1) % len(outline) {
		out[i] = true
	}
	return out
}

func nearest(ps []vec, p vec) int {
	best := 0
	for i, q := range ps {
		if q.sub(p).len() < ps[best].sub(p).len() {
			best = i
		}
	}
	return best
}

func ringOf(ps []vec) orb.Ring {
	out := make(orb.Ring, 0, len(ps)+1)
	for _, p := range ps {
		out = append(out, p.site().point())
	}
	return append(out, out[0])
}

func squareMetres(g orb.Geometry) spatial.Value {
	return spatial.Float(math.Round(float64(geodesic.Area(g))))
}

func metres(m float64) spatial.Value { return spatial.Float(math.Round(m*10) / 10) }

func row(id int, g orb.Geometry, values ...spatial.Value) spatial.Row {
	return spatial.Row{ID: int64(id), Geometry: g, Values: values}
}

// waterRows are the reservoir and lakes as drawn, and the rivers as strips.
func waterRows(p *plan, outline []vec) []spatial.Row {
	var out []spatial.Row
	add := func(name, nameE, kind string, ring []vec) {
		poly := orb.Polygon{ringOf(ring)}
		out = append(out, row(len(out)+1, poly, spatial.Text(name), spatial.Text(nameE), spatial.Text(kind), squareMetres(poly)))
	}
	for _, a := range p.areas {
		switch a.kind {
		case "water":
			add(a.name, a.nameE, "reservoir", a.ring)
		case "lake":
			add(a.name, a.nameE, "lake", a.ring)
		}
	}
	for _, l := range p.lines {
		if l.class == river {
			for _, run := range runsInside(l.line, outline) {
				add(l.name, l.nameE, "river", strip(run, 11, 11))
			}
		}
	}
	border := bankLine(outline)
	half := nearest(border, vecOf(114.1560, 22.5560))
	add("深圳河", "Shenzhen River", "river", strip(border[:half+1], 0, 26))
	add("莲塘河", "Liantang River", "river", strip(border[half:], 0, 15))
	return out
}

func bankLine(outline []vec) []vec {
	south := southBank(outline)
	first := 0
	for i := range outline {
		if south[i] && !south[(i+len(outline)-1)%len(outline)] {
			first = i
		}
	}
	var out []vec
	for i := first; south[i%len(outline)]; i++ {
		out = append(out, outline[i%len(outline)])
	}
	return out
}

// runsInside are the stretches of a line that lie in a ring.
func runsInside(line, ring []vec) [][]vec {
	var out [][]vec
	var run []vec
	for _, p := range line {
		if inside(ring, p) {
			run = append(run, p)
			continue
		}
		if len(run) > 1 {
			out = append(out, run)
		}
		run = nil
	}
	if len(run) > 1 {
		out = append(out, run)
	}
	return out
}

// strip is the ring around a line, so many metres to its right and left.
func strip(line []vec, right, left float64) []vec {
	var out, back []vec
	for i, p := range line {
		side := line[min(i+1, len(line)-1)].sub(line[max(i-1, 0)]).unit().left()
		out = append(out, p.sub(side.mul(right)))
		back = append(back, p.add(side.mul(left)))
	}
	reverse(back)
	return append(out, back...)
}

func railwayRows(p *plan, outline []vec) []spatial.Row {
	var out []spatial.Row
	for _, l := range p.lines {
		if l.class != rail {
			continue
		}
		for _, run := range runsInside(l.line, outline) {
			line := make(orb.LineString, len(run))
			for i, q := range run {
				line[i] = q.site().point()
			}
			out = append(out, row(len(out)+1, line, spatial.Text(l.name), spatial.Text(l.nameE)))
		}
	}
	return out
}

// parkRows are the faces of each park and forest joined.
func (u *units) parkRows() []spatial.Row {
	labels := make([]int, len(u.faces))
	for f, fc := range u.faces {
		labels[f] = -1
		if fc.cover == parkland || fc.cover == forest {
			labels[f] = u.areaOf(fc)
		}
	}
	var out []spatial.Row
	for i, shape := range u.dissolve(labels, len(u.plan.areas)) {
		if len(shape) == 0 {
			continue
		}
		a := u.plan.areas[i]
		out = append(out, row(len(out)+1, shape, spatial.Text(a.name), spatial.Text(a.nameE), spatial.Text(a.kind), squareMetres(shape)))
	}
	return out
}

// areaOf is the planned park or forest that holds most of a face.
func (u *units) areaOf(f *face) int {
	kind := "park"
	if f.cover == forest {
		kind = "forest"
	}
	best, most := -1, -1
	for i, a := range u.plan.areas {
		if a.kind != kind {
			continue
		}
		n := 0
		for k := 0; k < len(f.samples); k += 1 + len(f.samples)/200 {
			if inside(a.ring, u.ground.position(int(f.samples[k]))) {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	return best
}
