package luohu

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

const buildingCount = 18399

// building is a footprint in its grid, with what is counted in it.
type building struct {
	grid       int // index in units.grids
	number     int
	ring       []site // counter-clockwise, not closed
	centre     vec
	use        string
	name       string
	storeys    int
	year       int
	floor      float64 // m²
	people     [4]int  // as in residentTypes
	rooms      int
	legal      int
	households int
}

// residents is the sum over the four types.
func (b *building) residents() int { return b.people[0] + b.people[1] + b.people[2] + b.people[3] }

// style is how a kind of block is built up.
type style struct {
	use         string
	perHectare  float64
	aspect      float64 // of plots, east–west over north–south
	gap         float64 // half the space kept between neighbours, m
	width       [2]float64
	depth       [2]float64
	storeys     [2]int
	shapes      []string
	year        [2]int
	person      float64 // m² of floor per resident, 0 for none
	room        float64 // m² of floor per room
	legal       float64 // legal persons per 1,000 m² of floor
	split       [4]float64
	forms       []string // names, after the community's stem
	mainStreets bool
}

var styles = map[string]style{
	"village":    {"residential", 30, 1, 1.3, [2]float64{9, 17}, [2]float64{9, 16}, [2]int{4, 9}, []string{"box", "box", "box", "notch"}, [2]int{1986, 2006}, 15, 30, 0.9, [4]float64{1, 0.22, 0.02, 0.0005}, []string{"村"}, false},
	"estate":     {"residential", 6.6, 2.6, 5, [2]float64{28, 74}, [2]float64{12, 17}, [2]int{6, 10}, []string{"slab", "slab", "comb", "box"}, [2]int{1982, 2002}, 26, 72, 0.5, [4]float64{0.6, 1, 0.07, 0.002}, []string{"苑", "花园", "新村", "小区"}, false},
	"tower":      {"residential", 4.2, 1.1, 6.5, [2]float64{26, 40}, [2]float64{24, 34}, [2]int{18, 46}, []string{"cross", "cross", "h", "corner"}, [2]int{1995, 2022}, 33, 84, 0.35, [4]float64{0.5, 1, 0.16, 0.006}, []string{"名苑", "豪庭", "雅居", "府"}, false},
	"commercial": {"mixed", 4, 1.2, 5, [2]float64{40, 96}, [2]float64{30, 68}, [2]int{4, 26}, []string{"box", "corner", "court", "notch"}, [2]int{1988, 2020}, 90, 62, 4.2, [4]float64{1, 0.5, 0.22, 0.006}, []string{"广场", "商业城", "大厦"}, true},
	"office":     {"office", 3.2, 1.1, 7, [2]float64{32, 58}, [2]float64{28, 48}, [2]int{14, 52}, []string{"box", "corner", "notch"}, [2]int{1990, 2023}, 900, 80, 6.5, [4]float64{1, 0.8, 0.1, 0.01}, []string{"大厦", "中心", "商务楼"}, true},
	"industry":   {"industrial", 3.2, 1.7, 7, [2]float64{40, 110}, [2]float64{22, 48}, [2]int{2, 8}, []string{"box", "box", "l"}, [2]int{1984, 2008}, 160, 140, 2.4, [4]float64{1, 0.15, 0.01, 0}, []string{"工业区", "仓库", "厂房"}, false},
	"villa":      {"residential", 7, 1.2, 5, [2]float64{13, 22}, [2]float64{11, 17}, [2]int{2, 4}, []string{"l", "notch", "box"}, [2]int{1992, 2012}, 75, 150, 0.3, [4]float64{0.3, 1, 0.3, 0.02}, []string{"别墅", "山庄"}, false},
	"school":     {"education", 2, 1.4, 9, [2]float64{44, 84}, [2]float64{32, 56}, [2]int{4, 6}, []string{"u", "l", "court"}, [2]int{1985, 2019}, 700, 90, 0.2, [4]float64{0.5, 1, 0, 0.002}, []string{"学校"}, false},
	"hospital":   {"medical", 2.8, 1.4, 9, [2]float64{40, 70}, [2]float64{24, 42}, [2]int{5, 18}, []string{"h", "u", "l"}, [2]int{1988, 2018}, 800, 60, 0.5, [4]float64{1, 1, 0.05, 0.01}, []string{"医院"}, false},
	"public":     {"public", 3, 1.3, 8, [2]float64{30, 56}, [2]float64{22, 38}, [2]int{3, 12}, []string{"u", "box", "corner"}, [2]int{1986, 2018}, 900, 70, 1.6, [4]float64{1, 1, 0, 0}, []string{"服务中心"}, false},
}

// characters are the mixes of styles in a community, by its main kind.
var characters = map[string][]struct {
	style  string
	weight float64
}{
	"estate":     {{"estate", 0.62}, {"tower", 0.13}, {"commercial", 0.07}, {"school", 0.06}, {"office", 0.04}, {"village", 0.04}, {"public", 0.02}, {"hospital", 0.02}},
	"village":    {{"village", 0.66}, {"estate", 0.16}, {"tower", 0.05}, {"industry", 0.05}, {"commercial", 0.04}, {"school", 0.03}, {"public", 0.01}},
	"tower":      {{"tower", 0.5}, {"estate", 0.2}, {"commercial", 0.13}, {"office", 0.09}, {"school", 0.05}, {"hospital", 0.03}},
	"commercial": {{"commercial", 0.36}, {"office", 0.24}, {"tower", 0.16}, {"estate", 0.18}, {"public", 0.03}, {"school", 0.03}},
	"industry":   {{"industry", 0.54}, {"estate", 0.2}, {"office", 0.1}, {"village", 0.08}, {"commercial", 0.08}},
	"villa":      {{"villa", 0.66}, {"estate", 0.22}, {"tower", 0.06}, {"school", 0.03}, {"public", 0.03}},
}

// setback is how far buildings keep from the middle of what runs along an edge.
var setback = [...]float64{noRoad: 9, alley: 5, local: 8.5, secondary: 13, arterial: 21, expressway: 27, hillRoad: 9, river: 27, rail: 19, ridge: 7, shore: 45}

// block is one grid on its way to being built up.
type block struct {
	grid    int
	style   string
	along   vec
	open    float64 // share of ground that is not built on
	weight  float64
	plots   int
	plot    plot
	made    []building
	exhaust bool

	divider   vec // across the first cut, where a lane runs; zero for none
	dividerAt float64
}

// plot is a piece of a block with the space to keep from each edge.
type plot struct {
	ring   []vec
	margin []float64 // of the edge that begins at each vertex
}

// fabric is what the blocks are filled with: buildings in the order of the
// grids, the style of each grid, and lanes through blocks.
type fabric struct {
	buildings []building
	kinds     []string
	lanes     []lane
}

// build places exactly buildingCount buildings.
func (u *units) build(seed uint64, progress func(done, total int)) (*fabric, error) {
	blocks := u.blocks(seed)
	weights := make([]float64, len(blocks))
	for i := range blocks {
		weights[i] = blocks[i].weight
	}
	for i, n := range share(buildingCount, weights) {
		blocks[i].plots = n
	}
	total := 0
	for i := range blocks {
		u.fillBlock(seed, &blocks[i])
		total += len(blocks[i].made)
		if i%64 == 0 {
			progress(total, buildingCount)
		}
	}
	if err := u.makeUp(seed, blocks, total); err != nil {
		return nil, err
	}
	out := &fabric{kinds: make([]string, len(blocks)), lanes: u.lanes(blocks)}
	for i := range blocks {
		out.kinds[i] = blocks[i].style
		for k := range blocks[i].made {
			blocks[i].made[k].number = k + 1
		}
		out.buildings = append(out.buildings, blocks[i].made...)
	}
	return out, nil
}

// makeUp adds or removes buildings, in the blocks with the most or least
// ground for each, until the count is right.
func (u *units) makeUp(seed uint64, blocks []block, total int) error {
	for total != buildingCount {
		best := -1
		for i := range blocks {
			b := &blocks[i]
			if b.exhaust || b.style == "" || len(b.made) == 0 {
				continue
			}
			if best < 0 || b.weight/float64(len(b.made)) > blocks[best].weight/float64(len(blocks[best].made)) {
				best = i
			}
		}
		if best < 0 {
			return fmt.Errorf("room for %d of %d buildings", total, buildingCount)
		}
		b := &blocks[best]
		before := b.made
		b.plots += max(1, b.plots/8)
		u.fillBlock(seed, b)
		if len(b.made) <= len(before) {
			b.made, b.exhaust = before, true
		}
		if more := len(b.made) - len(before); total+more > buildingCount {
			b.made = b.made[:len(b.made)-(total+more-buildingCount)]
		}
		total += len(b.made) - len(before)
	}
	return nil
}

func (u *units) blocks(seed uint64) []block {
	out := make([]block, len(u.grids))
	for i, g := range u.grids {
		r := stream(seed, "character "+g.code)
		p := u.plotOf(g)
		n, open := 0.0, 0.0
		for _, k := range u.faces[g.face].samples {
			n++
			if u.ground.cover[k] != built {
				open++
			}
		}
		mix := characters[u.plan.communities[g.community].kind]
		weights := make([]float64, len(mix))
		for k, m := range mix {
			weights[k] = m.weight
			if styles[m.style].mainStreets {
				weights[k] *= 0.5 + 3*u.mainShare(g)
			}
		}
		kind := mix[pick(r, weights...)].style
		if n > 0 && open/n > 0.5 && kind != "village" {
			kind = []string{"villa", "public", "estate"}[r.IntN(3)]
		}
		hectares := area(g.ring) / 1e4 * (1 - open/max(1, n))
		b := block{grid: i, style: kind, open: open / max(1, n), plot: p}
		b.along = eastward(grain(g.ring))
		b.weight = hectares * styles[kind].perHectare * between(r, 0.85, 1.15) * math.Sqrt(u.plan.communities[g.community].density)
		if hectares < 0.35 {
			b.weight = 0.01
		}
		if open/max(1, n) > 0.97 {
			b.weight = 0.2
		}
		out[i] = b
	}
	return out
}

// mainShare is the share of a grid's boundary that lies on main roads.
func (u *units) mainShare(g grid) float64 {
	main, all := 0.0, 0.0
	ring := u.faces[g.face].ring
	for i, v := range ring {
		e := edge{v, ring[(i+1)%len(ring)]}
		l := u.at[e.a].sub(u.at[e.b]).len()
		all += l
		if c := u.marks[e.either()].class; c == arterial || c == expressway {
			main += l
		}
	}
	return main / all
}

// eastward is the one of the four directions of a grain nearest to east.
func eastward(angle float64) vec {
	d := direction(angle)
	if math.Abs(d.X) < math.Abs(d.Y) {
		d = d.left()
	}
	if d.X < 0 {
		d = d.mul(-1)
	}
	return d
}

func (u *units) plotOf(g grid) plot {
	p := plot{ring: g.ring, margin: make([]float64, len(g.ring))}
	ring := u.faces[g.face].ring
	for i, v := range ring {
		p.margin[i] = setback[u.marks[edge{v, ring[(i+1)%len(ring)]}.either()].class]
	}
	return p
}

// plots is a heap of pieces, largest first.
type plots []plot

func (q plots) Len() int           { return len(q) }
func (q plots) Less(i, j int) bool { return area(q[i].ring) > area(q[j].ring) }
func (q plots) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *plots) Push(x any)        { *q = append(*q, x.(plot)) }
func (q *plots) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// fillBlock cuts a block into plots and puts a building on each that has room.
func (u *units) fillBlock(seed uint64, b *block) {
	b.made = nil
	if b.plots == 0 {
		return
	}
	g := u.grids[b.grid]
	r := stream(seed, "buildings "+g.code)
	st := styles[b.style]
	pieces := u.cutUp(r, b, st)
	base := between(r, 0, 1)
	for _, p := range pieces {
		if made, ok := u.place(r, p, b.along, st, base); ok {
			made.grid = b.grid
			b.made = append(b.made, made)
		}
	}
	if len(b.made) > b.plots {
		b.made = b.made[:b.plots]
	}
}

// cutUp splits a block until enough plots lie on ground to build on.
func (u *units) cutUp(r *rand.Rand, b *block, st style) []plot {
	q := &plots{b.plot}
	usable := func(p plot) int {
		if u.ground.coverAt(centroid(p.ring)) == built {
			return 1
		}
		return 0
	}
	n := usable(b.plot)
	for limit := 0; n < b.plots && limit < 600; limit++ {
		p := heap.Pop(q).(plot)
		normal, at := p.cut(r, b.along, st)
		gap := st.gap
		if limit == 0 && b.plots >= 6 {
			b.divider, b.dividerAt = normal, at
			gap = max(gap, 5)
		}
		one, two := p.clip(normal, at, gap), p.clip(normal.mul(-1), -at, gap)
		n += usable(one) + usable(two) - usable(p)
		heap.Push(q, one)
		heap.Push(q, two)
	}
	out := slices.DeleteFunc(*q, func(p plot) bool { return usable(p) == 0 })
	slices.SortStableFunc(out, func(a, b plot) int {
		if area(a.ring) > area(b.ring) {
			return -1
		}
		return 1
	})
	return out
}

// cut is the line that halves a plot along or across its frame, whichever
// brings the parts closer to the wanted aspect: normal·p = at.
func (p plot) cut(r *rand.Rand, along vec, st style) (normal vec, at float64) {
	w, h, mid := extent(p.ring, along)
	normal = along
	if w/h < st.aspect {
		normal = along.left()
	}
	return normal, mid.dot(normal) + between(r, -0.08, 0.08)*min(w, h)
}

// clip keeps the part of a plot where p·normal ≤ at.
func (p plot) clip(normal vec, at, gap float64) plot {
	var out plot
	n := len(p.ring)
	for i, a := range p.ring {
		b := p.ring[(i+1)%n]
		da, db := a.dot(normal)-at, b.dot(normal)-at
		if da <= 0 {
			out.ring = append(out.ring, a)
			m := p.margin[i]
			if da == 0 && db > 0 {
				m = gap
			}
			out.margin = append(out.margin, m)
		}
		if (da < 0 && db > 0) || (da > 0 && db < 0) {
			out.ring = append(out.ring, a.lerp(b, da/(da-db)))
			m := p.margin[i]
			if da < 0 {
				m = gap
			}
			out.margin = append(out.margin, m)
		}
	}
	return out
}

// place puts the largest footprint of a style that a plot has room for.
func (u *units) place(r *rand.Rand, p plot, along vec, st style, base float64) (building, bool) {
	w, h, mid := extent(p.ring, along)
	edge := slices.Min(p.margin)
	half := vec{
		min(between(r, st.width[0]+(st.width[1]-st.width[0])*0.5, st.width[1]), w-2*edge) / 2,
		min(between(r, st.depth[0]+(st.depth[1]-st.depth[0])*0.4, st.depth[1]), h-2*edge) / 2,
	}
	shape := shapes[st.shapes[r.IntN(len(st.shapes))]]
	flip := vec{1 - 2*float64(r.IntN(2)), 1 - 2*float64(r.IntN(2))}
	storeys := st.storeys[0] + int((0.55*base+0.45*r.Float64())*float64(st.storeys[1]-st.storeys[0])+0.5)
	year := st.year[0] + int((0.7*base+0.3*r.Float64())*float64(st.year[1]-st.year[0]))
	for _, c := range []vec{centroid(p.ring), mid} {
		for scale := 1.0; scale > 0.3; scale -= 0.1 {
			q := half.mul(scale)
			if min(q.X, q.Y) < 3.6 {
				break
			}
			if p.room(c, along, q) && u.ground.coverAt(c) == built {
				b := building{ring: footprint(c, along, q, shape, flip), centre: c, use: st.use, storeys: storeys, year: year}
				b.floor = math.Abs(area(vecs(b.ring))) * float64(storeys)
				return b, true
			}
		}
	}
	return building{}, false
}

// room reports whether a rectangle keeps its distance from every edge.
func (p plot) room(c, along, half vec) bool {
	if !inside(p.ring, c) {
		return false
	}
	x, y := along.mul(half.X), along.left().mul(half.Y)
	corners := [4]vec{c.sub(x).sub(y), c.add(x).sub(y), c.add(x).add(y), c.sub(x).add(y)}
	for i, a := range p.ring {
		b := p.ring[(i+1)%len(p.ring)]
		m := p.margin[i]
		if d := toSegment(c, a, b); d > half.X+half.Y+m {
			continue
		} else if d < m {
			return false
		}
		for k, q := range corners {
			if toSegment(q, a, b) < m || crosses(q, corners[(k+1)%4], a, b) || toSegment(a, q, corners[(k+1)%4]) < m {
				return false
			}
		}
	}
	return true
}

// shapes are footprints in the square from -1 to 1, counter-clockwise.
var shapes = map[string][]vec{
	"box":    {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}},
	"notch":  {{-1, -1}, {1, -1}, {1, 0.4}, {0.35, 0.4}, {0.35, 1}, {-1, 1}},
	"l":      {{-1, -1}, {1, -1}, {1, -0.1}, {0, -0.1}, {0, 1}, {-1, 1}},
	"u":      {{-1, -1}, {1, -1}, {1, 1}, {0.5, 1}, {0.5, -0.3}, {-0.5, -0.3}, {-0.5, 1}, {-1, 1}},
	"court":  {{-1, -1}, {1, -1}, {1, 1}, {0.3, 1}, {0.3, 0.2}, {-0.3, 0.2}, {-0.3, 1}, {-1, 1}},
	"corner": {{-0.7, -1}, {0.7, -1}, {1, -0.7}, {1, 0.7}, {0.7, 1}, {-0.7, 1}, {-1, 0.7}, {-1, -0.7}},
	"cross":  {{-0.4, -1}, {0.4, -1}, {0.4, -0.4}, {1, -0.4}, {1, 0.4}, {0.4, 0.4}, {0.4, 1}, {-0.4, 1}, {-0.4, 0.4}, {-1, 0.4}, {-1, -0.4}, {-0.4, -0.4}},
	"h":      {{-1, -1}, {-0.4, -1}, {-0.4, -0.35}, {0.4, -0.35}, {0.4, -1}, {1, -1}, {1, 1}, {0.4, 1}, {0.4, 0.35}, {-0.4, 0.35}, {-0.4, 1}, {-1, 1}},
	"slab":   {{-1, -1}, {-0.15, -1}, {-0.15, -0.7}, {0.15, -0.7}, {0.15, -1}, {1, -1}, {1, 1}, {-1, 1}},
	"comb":   {{-1, -1}, {1, -1}, {1, 0.7}, {0.6, 0.7}, {0.6, 1}, {0.2, 1}, {0.2, 0.7}, {-0.2, 0.7}, {-0.2, 1}, {-0.6, 1}, {-0.6, 0.7}, {-1, 0.7}},
}

func footprint(c, along, half vec, shape []vec, flip vec) []site {
	out := make([]site, len(shape))
	for i, p := range shape {
		out[i] = c.add(along.mul(p.X * flip.X * half.X)).add(along.left().mul(p.Y * flip.Y * half.Y)).site()
	}
	if flip.X*flip.Y < 0 {
		slices.Reverse(out)
	}
	return out
}

func vecs(ring []site) []vec {
	out := make([]vec, len(ring))
	for i, s := range ring {
		out[i] = s.vec()
	}
	return out
}
