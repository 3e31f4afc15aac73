package luohu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// riskLevels are the published numbers by level; 48 points have none.
var riskLevels = [...]int{0, 8, 2876, 39404, 48}

const riskCount = 42336

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// dayOf2024 is a day from 2024-01-02 on, up to the given number of days later.
func dayOf2024(r *rand.Rand, days int) time.Time {
	return day(2024, time.January, 2).AddDate(0, 0, r.IntN(days))
}

func id(kind string, n, width int) spatial.Value {
	return spatial.Text(fmt.Sprintf("%s-%s-%0*d", districtCode, kind, width, n))
}

func labelled(r *rand.Rand, labels []spatial.Label) spatial.Value {
	return spatial.Text(labels[r.IntN(len(labels))].Value)
}

// riskRows puts the risk points beside buildings, more where more people and
// businesses are, and counts them by grid and level.
func (t *town) riskRows(r *rand.Rand, scores []score) []spatial.Row {
	levels := shuffledLevels(r)
	weights := make([]float64, len(t.buildings))
	for i := range t.buildings {
		b := &t.buildings[i]
		weights[i] = 1.2 + 0.55*math.Sqrt(float64(b.residents())) + 0.9*float64(b.legal)
	}
	out := make([]spatial.Row, 0, riskCount)
	for i, n := range share(riskCount, weights) {
		b := &t.buildings[i]
		for range n {
			level := levels[len(out)]
			scores[b.grid].risks[level]++
			name := spatial.Null
			if level < len(levelLabels) {
				name = spatial.Text(levelLabels[level].Value)
			}
			status := "controlled"
			if r.IntN(20) == 0 {
				status = "rectifying"
			}
			k := len(out) + 1
			out = append(out, row(k, t.beside(r, b).point(), id("FX", k, 5), name, spatial.Text(t.grids[b.grid].code), labelled(r, riskKinds),
				spatial.Text(t.buildingCode(b)), spatial.Date(dayOf2024(r, 300)), spatial.Text(status)))
		}
	}
	return out
}

func shuffledLevels(r *rand.Rand) []int {
	var out []int
	for level, n := range riskLevels {
		out = append(out, slices.Repeat([]int{level}, n)...)
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

var leaderRoles = []string{"党工委书记", "办事处主任", "党工委副书记", "人大工委主任", "办事处副主任", "党工委委员", "武装部部长", "综合行政执法队队长"}

// highRiskRows are 88 zones, of which 38 are drawn as areas.
func (t *town) highRiskRows(r *rand.Rand) []spatial.Row {
	const n, areas = 88, 38
	byPeople := newLot(len(t.grids), func(i int) float64 { return float64(t.first[i+1]-t.first[i]) + 0.01 })
	kinds := highRiskSchema().Fields[3].Values
	var out []spatial.Row
	for k, g := range byPeople.drawDistinct(r, n) {
		kind := kinds[r.IntN(len(kinds))]
		if t.kinds[g] == "village" && r.IntN(3) > 0 {
			kind = kinds[0]
		}
		centre, far := t.heart(g)
		var shape orb.Geometry = centre.site().point()
		if ring := t.blob(r, g, centre, grain(t.grids[g].ring), far*1.25, far*0.85); k*areas/n != (k+1)*areas/n && ring != nil {
			shape = polygonOf(ring)
		}
		street := t.streetOf(t.grids[g].community)
		name := t.stem(g) + kind.Title.ZH
		role := t.plan.streets[street].name + leaderRoles[k%len(leaderRoles)]
		out = append(out, row(k+1, shape, id("GFX", k+1, 3), spatial.Text(name), spatial.Text(t.plan.streets[street].code), spatial.Text(kind.Value), spatial.Text(role)))
	}
	return out
}

// scattered draws n places beside buildings.
func (t *town) scattered(r *rand.Rand, n int, weight func(b *building) float64, use func(k int, b *building, p orb.Point)) {
	l := newLot(len(t.buildings), func(i int) float64 { return weight(&t.buildings[i]) })
	for k, i := range l.drawDistinct(r, n) {
		b := &t.buildings[i]
		use(k, b, t.beside(r, b).point())
	}
}

func evenly(*building) float64 { return 1 }

// some marks k of n items, spread at random.
func some(r *rand.Rand, k, n int) []bool {
	out := make([]bool, n)
	for _, i := range r.Perm(n)[:k] {
		out[i] = true
	}
	return out
}

func (t *town) floodRows(r *rand.Rand) []spatial.Row {
	const n, fixed = 235, 197
	kinds := floodSchema().Fields[2].Values
	done := some(r, fixed, n)
	var out []spatial.Row
	t.scattered(r, n, evenly, func(k int, b *building, p orb.Point) {
		found := dayOf2024(r, 240)
		status, when := "open", spatial.Null
		if done[k] {
			status, when = "fixed", spatial.Date(found.AddDate(0, 0, 3+r.IntN(90)))
		}
		out = append(out, row(k+1, p, id("SF", k+1, 3), spatial.Text(t.grids[b.grid].code), spatial.Text(kinds[k%len(kinds)].Value), spatial.Text(status), spatial.Date(found), when))
	})
	return out
}

func (t *town) majorRows(r *rand.Rand) []spatial.Row {
	const n, closed = 200, 198
	kinds := majorSchema().Fields[2].Values
	done := some(r, closed, n)
	var out []spatial.Row
	t.scattered(r, n, func(b *building) float64 { return 0.1 + float64(b.legal) }, func(k int, b *building, p orb.Point) {
		found := dayOf2024(r, 250)
		kind := kinds[pick(r, 5, 2, 2, 1.5, 1, 1)].Value
		status, when := "open", spatial.Null
		if done[k] {
			status, when = "closed", spatial.Date(found.AddDate(0, 0, 5+r.IntN(80)))
		}
		out = append(out, row(k+1, p, id("ZD", k+1, 3), spatial.Text(t.grids[b.grid].code), spatial.Text(kind), spatial.Text(status), spatial.Date(found), when))
	})
	return out
}

// slopeRows stand where built ground meets hills and parks.
func (t *town) slopeRows(r *rand.Rand) []spatial.Row {
	const rain, historic, monitored, planned = 104, 19, 7, 38
	places := t.hillEdges()
	r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	watched, works := some(r, monitored, rain), some(r, planned, rain)
	var out []spatial.Row
	for k := range rain + historic {
		p := places[k%len(places)]
		origin, auto, treatment := "historic", true, "none"
		if k < rain {
			origin, auto = "rain_2024", watched[k]
			if works[k] {
				treatment = "planned"
			}
		}
		middle := p.a.lerp(p.b, between(r, 0.35, 0.65)).add(p.b.sub(p.a).unit().left().mul(13))
		d := p.b.sub(p.a)
		var shape orb.Geometry
		if ring := t.blob(r, p.grid, middle, math.Atan2(d.Y, d.X), between(r, 16, 34), between(r, 7, 11)); ring != nil {
			shape = polygonOf(ring)
		} else {
			c, _ := t.heart(p.grid)
			shape = c.site().point()
		}
		name := fmt.Sprintf("%s边坡%d号", t.stem(p.grid), k+1)
		out = append(out, row(k+1, shape, id("BP", k+1, 3), spatial.Text(name), spatial.Text(t.grids[p.grid].code), spatial.Text(origin), spatial.Bool(auto), spatial.Text(treatment), metres(between(r, 6, 42))))
	}
	return out
}

type hillEdge struct {
	grid int
	a, b vec
}

// hillEdges are edges with built ground on their left and hills on the right.
func (t *town) hillEdges() []hillEdge {
	var out []hillEdge
	for i, g := range t.grids {
		fc := t.faces[g.face]
		if fc.cover != built {
			continue
		}
		for k, v := range fc.ring {
			w := fc.ring[(k+1)%len(fc.ring)]
			other, ok := t.left[edge{w, v}]
			if ok && t.faces[other].cover == forest && t.at[v].sub(t.at[w]).len() > 20 {
				out = append(out, hillEdge{i, t.at[v], t.at[w]})
			}
		}
	}
	return out
}

// undergroundRows lie under large buildings.
func (t *town) undergroundRows(r *rand.Rand) []spatial.Row {
	const n = 571
	l := newLot(len(t.buildings), func(i int) float64 {
		b := &t.buildings[i]
		a := b.floor / float64(b.storeys)
		if a < 450 || b.year < 1990 || b.storeys < 6 {
			return 0
		}
		return a
	})
	var out []spatial.Row
	for k, i := range l.drawDistinct(r, n) {
		b := &t.buildings[i]
		kind := "parking"
		if b.use == "mixed" && r.IntN(2) == 0 {
			kind = "shops"
		} else if r.IntN(12) == 0 {
			kind = "plant"
		}
		shape := polygonOf(b.ring)
		done := checklist
		if r.IntN(4) == 0 {
			done = 6 + r.IntN(4)
		}
		out = append(out, row(k+1, shape, id("DX", k+1, 3), spatial.Text(b.name+"地下空间"), spatial.Text(t.grids[b.grid].code), spatial.Text(kind),
			spatial.Int(int64(1+r.IntN(3))), spatial.Int(int64(done)), squareMetres(shape)))
	}
	return out
}

// cavityRows lie under streets of the town.
func (t *town) cavityRows(r *rand.Rand) []spatial.Row {
	const n = 36
	var out []spatial.Row
	for len(out) < n {
		rd := t.roads[r.IntN(len(t.roads))]
		if rd.bridge || rd.class == hillRoad || rd.class == expressway {
			continue
		}
		i := r.IntN(len(rd.line) - 1)
		a, b := rd.line[i].vec(), rd.line[i+1].vec()
		s := a.lerp(b, r.Float64()).add(b.sub(a).unit().left().mul(between(r, 1, 3))).site()
		g := t.gridAt(s)
		if g < 0 {
			continue
		}
		k := len(out) + 1
		kind, status := "cavity", "filled"
		if r.IntN(3) == 0 {
			kind = "void"
		}
		if r.IntN(5) == 0 {
			status = "watched"
		}
		out = append(out, row(k, s.point(), id("KD", k, 2), spatial.Text(t.grids[g].code), spatial.Text(kind), metres(between(r, 0.5, 3.5)), spatial.Text(status), spatial.Text(rd.name)))
	}
	return out
}

// eventClassNames are the 16 classes; the first twelve have 8 items each, the
// others 7, which makes the 124.
var eventClassNames = []spatial.Title{
	title("消防安全", "fire safety"), title("出租屋管理", "rented rooms"), title("市容环境", "street scene"), title("市政设施", "public works"),
	title("安全生产", "work safety"), title("食品药品", "food and drugs"), title("劳资纠纷", "labour disputes"), title("矛盾纠纷", "disputes"),
	title("治安隐患", "public security"), title("燃气安全", "gas safety"), title("用电安全", "electrical safety"), title("违法建设", "illegal building"),
	title("环境保护", "environment"), title("三防应急", "storms and floods"), title("特殊人群服务", "care for those in need"), title("其他民生", "other services"),
}

func eventItems(class int) int {
	if class < 12 {
		return 8
	}
	return 7
}

func eventClasses() []spatial.Label {
	out := make([]spatial.Label, len(eventClassNames))
	for i, name := range eventClassNames {
		out[i] = spatial.Label{Value: fmt.Sprintf("%02d", i+1), Title: name}
	}
	return out
}

// eventRows are the year's grid events beside buildings.
func (t *town) eventRows(r *rand.Rand, scores []score) []spatial.Row {
	const n, closed = 31263, 30617
	done := some(r, closed, n)
	weights := make([]float64, len(t.buildings))
	for i := range t.buildings {
		weights[i] = 1 + float64(t.buildings[i].residents())/60 + float64(t.buildings[i].legal)/6
	}
	classWeights := make([]float64, len(eventClassNames))
	for i := range classWeights {
		classWeights[i] = 1 / (1 + 0.35*float64(i))
	}
	out := make([]spatial.Row, 0, n)
	for i, count := range share(n, weights) {
		b := &t.buildings[i]
		for range count {
			k := len(out)
			class := pick(r, classWeights...)
			opened := dayOf2024(r, 330)
			status, when := "open", spatial.Null
			if done[k] {
				status, when = "closed", spatial.Date(opened.AddDate(0, 0, r.IntN(25)))
			}
			scores[b.grid].events++
			out = append(out, row(k+1, t.beside(r, b).point(), id("SJ", k+1, 5), spatial.Text(t.grids[b.grid].code), spatial.Text(fmt.Sprintf("%02d", class+1)),
				spatial.Text(fmt.Sprintf("%02d-%02d", class+1, 1+r.IntN(eventItems(class)))), spatial.Text(status), spatial.Date(opened), when))
		}
	}
	return out
}
