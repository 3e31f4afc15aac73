package luohu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// road is one row of the road layer: a stretch of one name and class. Roads
// join where they share a vertex.
type road struct {
	class  class
	name   string
	nameE  string
	line   []site
	oneway bool
	bridge bool
}

var speeds = [...]int{alley: 15, local: 30, secondary: 40, arterial: 50, expressway: 80, hillRoad: 30}

var classWords = [...]string{alley: "lane", local: "local", secondary: "secondary", arterial: "arterial", expressway: "expressway", hillRoad: "hill"}

// roads makes the road network from the edges of the subdivision.
func (u *units) roads(r *rand.Rand) []road {
	w := &roadMaker{units: u, at: map[int32][]edge{}, barred: map[int32]bool{}}
	for _, e := range sortedEdges(u.marks) {
		if c := u.marks[e].class; c == river || c == rail || c == shore {
			w.barred[e.a], w.barred[e.b] = true, true
		}
		if w.drivable(e) {
			w.at[e.a] = append(w.at[e.a], e)
			w.at[e.b] = append(w.at[e.b], e)
			w.edges = append(w.edges, e)
		}
	}
	all := w.chains()
	all = mainNetwork(all)
	w.nameStreets(all)
	w.chooseOneway(r, all)
	return all
}

type roadMaker struct {
	*units
	edges  []edge
	at     map[int32][]edge
	barred map[int32]bool // vertices of rivers, railways and shores
}

// drivable reports whether an edge is a road: planned ones always, small
// streets only beside ground that is built on.
func (w *roadMaker) drivable(e edge) bool {
	m := w.marks[e]
	if !m.class.road() {
		return false
	}
	if int(m.line) >= 0 && int(m.line) < len(w.plan.lines) || m.line == onOutline {
		return true
	}
	for _, d := range []edge{e, e.reverse()} {
		if f, ok := w.left[d]; ok && w.faces[f].cover == built {
			return true
		}
	}
	return false
}

// chains joins edges of one road into lines of at most about 700 m, cut where
// a bridge begins or ends.
func (w *roadMaker) chains() []road {
	used := map[edge]bool{}
	var out []road
	for _, e := range w.edges {
		if used[e] {
			continue
		}
		line := w.follow(e, used)
		out = append(out, w.cutLine(line, w.marks[e])...)
	}
	return out
}

// follow walks both ways from an edge while the road goes on.
func (w *roadMaker) follow(e edge, used map[edge]bool) []int32 {
	used[e] = true
	line := []int32{e.a, e.b}
	for range 2 {
		for {
			next, ok := w.onward(line, used)
			if !ok {
				break
			}
			used[edge{line[len(line)-1], next}.either()] = true
			line = append(line, next)
		}
		slices.Reverse(line)
	}
	return line
}

func (w *roadMaker) onward(line []int32, used map[edge]bool) (int32, bool) {
	n := len(line)
	tip := line[n-1]
	m := w.marks[edge{line[n-2], tip}.either()]
	for _, e := range w.at[tip] {
		other := e.a + e.b - tip
		bend := bearing(w.subdivision.at[line[n-2]], w.subdivision.at[tip], w.subdivision.at[other])
		if !used[e] && w.marks[e] == m && math.Abs(bend) < 1 {
			return other, true
		}
	}
	return 0, false
}

// cutLine makes roads of a line: trimmed where it runs out at water or rails,
// bridges apart, long lines cut at junctions.
func (w *roadMaker) cutLine(line []int32, m mark) []road {
	planned := m.line >= 0 && int(m.line) < len(w.plan.lines) || m.line == onOutline
	rd := road{class: m.class}
	switch {
	case m.line == onOutline:
		rd.name, rd.nameE = "红岭路", "Hongling Road"
	case planned:
		rd.name, rd.nameE = w.plan.lines[m.line].name, w.plan.lines[m.line].nameE
	}
	sites := make([]site, len(line))
	wet := make([]bool, len(line))
	for i, v := range line {
		sites[i] = w.sites[v]
		wet[i] = w.barred[v]
	}
	if !planned {
		sites = trim(sites, wet)
		wet = make([]bool, len(sites))
	}
	if len(sites) < 2 {
		return nil
	}
	return w.pieces(rd, line, sites, wet)
}

// pieces cuts a line into roads.
func (w *roadMaker) pieces(rd road, line []int32, sites []site, wet []bool) []road {
	var out []road
	start, walked := 0, 0.0
	bridge := func(i int) bool { return wet[i] || wet[i+1] }
	for i := 0; i+1 < len(sites); i++ {
		walked += sites[i].vec().sub(sites[i+1].vec()).len()
		last := i+2 == len(sites)
		junction := !last && len(w.at[line[min(i+1, len(line)-1)]]) > 2
		if last || bridge(i) != bridge(i+1) || walked > 650 && junction {
			piece := rd
			piece.line = slices.Clone(sites[start : i+2])
			piece.bridge = bridge(i)
			out = append(out, piece)
			start, walked = i+1, 0
		}
	}
	return out
}

// trim draws the ends of a small street back from the water or rails.
func trim(sites []site, wet []bool) []site {
	const keep = 24.0
	first, last := wet[0], wet[len(wet)-1]
	if first {
		sites = shorten(sites, keep)
	}
	if last {
		slices.Reverse(sites)
		sites = shorten(sites, keep)
	}
	return sites
}

// shorten cuts a length off the beginning of a line; nil if little is left.
func shorten(sites []site, by float64) []site {
	for i := 1; i < len(sites); i++ {
		a, b := sites[i-1].vec(), sites[i].vec()
		d := b.sub(a).len()
		if d > by+2 {
			return append([]site{a.lerp(b, by/d).site()}, sites[i:]...)
		}
		by = max(0, by-d)
	}
	return nil
}

// mainNetwork keeps the roads of the largest connected part.
func mainNetwork(all []road) []road {
	group := map[site]int{}
	parent := make([]int, len(all))
	for i := range parent {
		parent[i] = i
	}
	var find func(i int) int
	find = func(i int) int {
		if parent[i] != i {
			parent[i] = find(parent[i])
		}
		return parent[i]
	}
	for i, rd := range all {
		for _, s := range rd.line {
			if j, ok := group[s]; ok {
				parent[find(i)] = find(j)
			}
			group[s] = i
		}
	}
	size := make([]int, len(all))
	best := 0
	for i := range all {
		root := find(i)
		size[root]++
		if size[root] > size[best] {
			best = root
		}
	}
	var out []road
	for i, rd := range all {
		if find(i) == best {
			out = append(out, rd)
		}
	}
	return out
}

var ordinals = []string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}

// nameStreets names small streets after the community they run in.
func (w *roadMaker) nameStreets(all []road) {
	next := map[int]int{}
	for i := range all {
		rd := &all[i]
		if rd.name != "" {
			continue
		}
		middle := rd.line[len(rd.line)/2].vec().lerp(rd.line[len(rd.line)/2-1].vec(), 0.5)
		c := w.communityNear(middle)
		k := next[c]
		next[c]++
		stem := stemOf(w.plan.communities[c].name)
		form, formE := "街", "Street"
		if rd.class == secondary {
			form, formE = "路", "Road"
		}
		rd.name = stem + ordinal(k+1) + form
		rd.nameE = fmt.Sprintf("%s No. %d", formE, k+1)
	}
}

func ordinal(n int) string {
	switch {
	case n <= 10:
		return ordinals[n-1]
	case n < 20:
		return "十" + ordinals[n-11]
	case n%10 == 0:
		return ordinals[n/10-1] + "十"
	case n < 100:
		return ordinals[n/10-1] + "十" + ordinals[n%10-1]
	}
	return fmt.Sprint(n)
}

func (u *units) communityNear(p vec) int {
	g := u.ground
	x := min(g.nx-1, max(0, int((p.X-g.lo.X)/sampleStep)))
	y := min(g.ny-1, max(0, int((p.Y-g.lo.Y)/sampleStep)))
	return int(g.near[y*g.nx+x])
}

// chooseOneway makes some streets of the old town one-way, as long as every
// place can still be reached from every other.
func (w *roadMaker) chooseOneway(r *rand.Rand, all []road) {
	for i := range all {
		rd := &all[i]
		street := w.plan.communities[w.communityNear(rd.line[0].vec())].code[6:9]
		dense := street == "001" || street == "003" || street == "005" || street == "004"
		chance := 0.08
		if dense {
			chance = 0.3
		}
		x := r.Float64()
		rd.oneway = rd.class == local && x < chance || rd.class == secondary && dense && x < 0.15
		if rd.oneway && r.IntN(2) == 0 {
			slices.Reverse(rd.line)
		}
	}
	for w.loosen(all) {
	}
}

// loosen opens one-way roads with an end outside the largest set of places
// that all reach each other; false if there was none.
func (w *roadMaker) loosen(all []road) bool {
	strong := strongest(all)
	changed := false
	for i := range all {
		rd := &all[i]
		if !rd.oneway {
			continue
		}
		for _, s := range rd.line {
			if !strong[s] {
				rd.oneway, changed = false, true
				break
			}
		}
	}
	return changed
}

// strongest is the set of vertices that reach and are reached from the first
// vertex of the first two-way expressway.
func strongest(all []road) map[site]bool {
	forward, back := map[site][]site{}, map[site][]site{}
	for _, rd := range all {
		for i := 1; i < len(rd.line); i++ {
			a, b := rd.line[i-1], rd.line[i]
			forward[a] = append(forward[a], b)
			back[b] = append(back[b], a)
			if !rd.oneway {
				forward[b] = append(forward[b], a)
				back[a] = append(back[a], b)
			}
		}
	}
	start := all[slices.IndexFunc(all, func(rd road) bool { return rd.class == expressway })].line[0]
	reached, reaches := flood(start, forward), flood(start, back)
	for s := range reached {
		if !reaches[s] {
			delete(reached, s)
		}
	}
	return reached
}

func flood(start site, next map[site][]site) map[site]bool {
	seen := map[site]bool{start: true}
	for todo := []site{start}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, s := range next[at] {
			if !seen[s] {
				seen[s] = true
				todo = append(todo, s)
			}
		}
	}
	return seen
}

func lineOf(sites []site) orb.LineString {
	out := make(orb.LineString, len(sites))
	for i, s := range sites {
		out[i] = s.point()
	}
	return out
}

func roadRows(all []road) []spatial.Row {
	out := make([]spatial.Row, len(all))
	for i, rd := range all {
		line := lineOf(rd.line)
		out[i] = spatial.Row{ID: int64(i + 1), Geometry: line, Values: []spatial.Value{
			spatial.Text(rd.name), spatial.Text(rd.nameE), spatial.Text(classWords[rd.class]), spatial.Bool(rd.oneway),
			spatial.Int(int64(speeds[rd.class])), spatial.Bool(rd.bridge), spatial.Bool(false), metres(float64(geodesic.Length(line))),
			spatial.Null, spatial.Null, spatial.Null, spatial.Null}}
	}
	return out
}
