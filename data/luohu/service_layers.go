package luohu

import (
	_ "embed"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

//go:embed plan/statistics.csv
var statisticsSource []byte

// busiest are grids in n different communities, those with most people first.
func (t *town) busiest(n int, people []int) []int {
	best := map[int]int{}
	for g := range t.grids {
		c := t.grids[g].community
		if b, ok := best[c]; t.first[g+1] > t.first[g] && (!ok || people[g] > people[b]) {
			best[c] = g
		}
	}
	totals := make([]int, len(t.plan.communities))
	for g, n := range people {
		totals[t.grids[g].community] += n
	}
	order := make([]int, 0, len(best))
	for c := range t.plan.communities {
		if _, ok := best[c]; ok {
			order = append(order, c)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return totals[b] - totals[a] })
	out := make([]int, 0, n)
	for _, c := range order[:n] {
		out = append(out, best[c])
	}
	slices.Sort(out)
	return out
}

func (t *town) responseRows(r *rand.Rand, people []int) []spatial.Row {
	const n = 43
	var out []spatial.Row
	for k, g := range t.busiest(n, people) {
		b := &t.buildings[t.first[g]+r.IntN(t.first[g+1]-t.first[g])]
		out = append(out, row(k+1, t.beside(r, b).point(), id("YJ", k+1, 2), spatial.Text(t.stem(g)+"应急管理服务站"), spatial.Text(t.grids[g].code), spatial.Text("emergency_service_station"),
			spatial.Int(int64(4+r.IntN(12))), spatial.Int(int64(1+r.IntN(3))), spatial.Int(int64(60+15*r.IntN(9))), spatial.Bool(r.IntN(12) > 0)))
	}
	return out
}

const (
	indoorShelters  = 32
	outdoorShelters = 43
	outdoorArea     = 730000 // m²
)

// shelterRows are indoor sites in schools and public buildings, outdoor sites
// in parks and on sports grounds. It returns the schools used.
func (t *town) shelterRows(r *rand.Rand) ([]spatial.Row, []int) {
	schools := t.firstOf("education", "public", "medical")
	order := r.Perm(len(schools))
	var used []int
	for _, i := range order[:indoorShelters] {
		used = append(used, schools[i])
	}
	slices.Sort(used)
	var out []spatial.Row
	names := map[string]int{}
	for _, i := range used {
		b := &t.buildings[i]
		k := len(out) + 1
		name := t.stem(b.grid) + "室内应急避难场所"
		if names[name]++; names[name] > 1 {
			name = fmt.Sprintf("%s%s号室内应急避难场所", t.stem(b.grid), ordinal(names[name]))
		}
		area := math.Round(min(3200, max(350, b.floor*between(r, 0.12, 0.25))))
		out = append(out, t.shelter(k, b.centre.site().point(), name, b.grid, "indoor", "short_term", area))
	}
	return append(out, t.outdoorRows(r, len(out))...), used
}

func (t *town) shelter(k int, shape orb.Geometry, name string, g int, setting, class string, area float64) spatial.Row {
	indoor := setting == "indoor"
	dated := spatial.Null
	if indoor {
		dated = spatial.Date(day(2025, time.August, 14))
	}
	return row(k, shape, id("BN", k, 2), spatial.Text(name), spatial.Text(t.grids[g].code), spatial.Text(setting), spatial.Text(class), spatial.Float(area), spatial.Bool(true),
		spatial.Bool(!indoor), spatial.Bool(indoor), spatial.Bool(indoor), spatial.Bool(indoor), spatial.Bool(indoor), dated)
}

// outdoorRows are parks, drawn as areas, and grounds, as points, that make up
// exactly the 73 ha.
func (t *town) outdoorRows(r *rand.Rand, before int) []spatial.Row {
	type ground struct {
		grid  int
		shape orb.Geometry
		name  string
		size  float64
	}
	var sites []ground
	for g := range t.grids {
		if t.faces[t.grids[g].face].cover != parkland || len(sites) == outdoorShelters*3/4 {
			continue
		}
		c, far := t.heart(g)
		if ring := t.blob(r, g, c, grain(t.grids[g].ring), far*1.15, far*0.9); ring != nil && far > 25 {
			shape := polygonOf(ring)
			sites = append(sites, ground{g, shape, t.plan.areas[t.areaOf(t.faces[t.grids[g].face])].name, float64(geodesic.Area(shape))})
		}
	}
	yards := t.firstOf("education", "industrial", "public")
	for _, k := range r.Perm(len(yards))[:outdoorShelters-len(sites)] {
		b := &t.buildings[yards[k]]
		size := b.floor / float64(b.storeys) * 6
		sites = append(sites, ground{b.grid, t.beside(r, b).point(), t.stem(b.grid) + "运动场", size})
	}
	weights := make([]float64, len(sites))
	for i, s := range sites {
		weights[i] = s.size
	}
	var out []spatial.Row
	names := map[string]int{}
	for i, area := range share(outdoorArea, weights) {
		s := sites[i]
		names[s.name]++
		name := s.name + "应急避难场所"
		if names[s.name] > 1 {
			name = fmt.Sprintf("%s%s区应急避难场所", s.name, ordinal(names[s.name]))
		}
		out = append(out, t.shelter(before+i+1, s.shape, name, s.grid, "outdoor", outdoorClass(area), float64(area)))
	}
	return out
}

func outdoorClass(area int) string {
	switch {
	case area >= 50000:
		return "long_term"
	case area >= 15000:
		return "medium_term"
	case area >= 5000:
		return "short_term"
	}
	return "emergency"
}

func (t *town) candidateRows(r *rand.Rand, used []int) []spatial.Row {
	const n = 14
	schools := slices.DeleteFunc(t.firstOf("education"), func(i int) bool { return slices.Contains(used, i) })
	chosen := r.Perm(len(schools))[:n]
	slices.Sort(chosen)
	var out []spatial.Row
	for k, i := range chosen {
		b := &t.buildings[schools[i]]
		out = append(out, row(k+1, b.centre.site().point(), id("HX", k+1, 2), spatial.Text(t.stem(b.grid)+"学校"), spatial.Text(t.grids[b.grid].code),
			spatial.Float(math.Round(between(r, 1800, 6500))), spatial.Text("four_synchronised")))
	}
	return out
}

// cameraRows stand in the forest hills.
func (t *town) cameraRows(r *rand.Rand) []spatial.Row {
	const n = 22
	var woods []int
	for g := range t.grids {
		if t.faces[t.grids[g].face].cover == forest {
			woods = append(woods, g)
		}
	}
	l := newLot(len(woods), func(i int) float64 { return area(t.grids[woods[i]].ring) })
	var out []spatial.Row
	for len(out) < n {
		g := woods[l.draw(r)]
		samples := t.faces[t.grids[g].face].samples
		s := t.ground.position(int(samples[r.IntN(len(samples))])).site()
		if holds(t.sitesOf(g), s) {
			k := len(out) + 1
			out = append(out, row(k, s.point(), id("YH", k, 2), spatial.Text(t.grids[g].code), spatial.Text("planned"), spatial.Float(float64(1500+500*r.IntN(6)))))
		}
	}
	return out
}

func (t *town) corridorRows(r *rand.Rand) []spatial.Row {
	var out []spatial.Row
	t.scattered(r, 363, evenly, func(k int, b *building, p orb.Point) {
		out = append(out, row(k+1, p, id("CL", k+1, 3), spatial.Text(t.stem(b.grid)+"安全文化长廊"), spatial.Text(t.grids[b.grid].code)))
	})
	return out
}

func (t *town) venueRows(r *rand.Rand, people []int) []spatial.Row {
	var out []spatial.Row
	for k, g := range t.busiest(59, people) {
		b := &t.buildings[t.first[g]+r.IntN(t.first[g+1]-t.first[g])]
		out = append(out, row(k+1, t.beside(r, b).point(), id("KP", k+1, 2), spatial.Text(t.stem(g)+"应急科普体验点"), spatial.Text(t.grids[g].code), spatial.Text("planned")))
	}
	return out
}

// dedicatedRows are a sample of institutions, parks and malls.
func (t *town) dedicatedRows(r *rand.Rand) []spatial.Row {
	var out []spatial.Row
	for g := range t.grids {
		kind, name := "", ""
		switch {
		case t.faces[t.grids[g].face].cover == parkland:
			kind, name = "park", "公园"
		case t.faces[t.grids[g].face].cover != built:
		case t.kinds[g] == "public" || t.kinds[g] == "hospital":
			kind, name = "institution", "机关单位"
		case t.kinds[g] == "commercial" && r.IntN(4) == 0:
			kind, name = "mall", "商场"
		}
		c, far := t.heart(g)
		if kind == "" || len(out) == 30 {
			continue
		}
		if ring := t.blob(r, g, c, grain(t.grids[g].ring), far*1.2, far*0.9); ring != nil {
			k := len(out) + 1
			out = append(out, row(k, polygonOf(ring), id("ZS", k, 2), spatial.Text(t.stem(g)+name+"专属网格"), spatial.Text(t.grids[g].code), spatial.Text(kind)))
		}
	}
	return out
}

func (t *town) civilDefenceRows(r *rand.Rand) []spatial.Row {
	var out []spatial.Row
	large := func(b *building) float64 {
		if b.storeys < 18 {
			return 0
		}
		return 1
	}
	t.scattered(r, 18, large, func(k int, b *building, _ orb.Point) {
		out = append(out, row(k+1, b.centre.site().point(), id("RF", k+1, 2), spatial.Text(b.name+"人防工程"), spatial.Text(t.grids[b.grid].code), spatial.Float(math.Round(between(r, 800, 5200)))))
	})
	return out
}

// coveredRiverRows run beside a few planned roads, as culverts do.
func (t *town) coveredRiverRows() []spatial.Row {
	var out []spatial.Row
	for _, name := range []string{"笋岗西路", "田贝四路", "红桂路", "清水河五路", "延芳路"} {
		for _, l := range t.plan.lines {
			if l.name != name {
				continue
			}
			var line orb.LineString
			middle := strip(l.line[2:len(l.line)-2], 9, 9)
			for _, p := range middle[:len(middle)/2] {
				if t.gridAt(p.site()) >= 0 {
					line = append(line, p.site().point())
				}
			}
			k := len(out) + 1
			out = append(out, row(k, line, id("AQ", k, 2), spatial.Text(name+"暗渠"), metres(float64(geodesic.Length(line)))))
		}
	}
	return out
}

func (t *town) hazmatRows(r *rand.Rand) []spatial.Row {
	var out []spatial.Row
	industrial := func(b *building) float64 {
		if b.use != "industrial" {
			return 0
		}
		return 1
	}
	t.scattered(r, 9, industrial, func(k int, b *building, p orb.Point) {
		kind, name := "filling_station", "加油站"
		if k%3 == 2 {
			kind, name = "store", "危化品仓储点"
		}
		out = append(out, row(k+1, p, id("WH", k+1, 2), spatial.Text(t.stem(b.grid)+name), spatial.Text(t.grids[b.grid].code), spatial.Text(kind)))
	})
	return out
}

// statisticsRows are the figures of the summary as published.
func statisticsRows() ([]spatial.Row, error) {
	rows, err := records(statisticsSource)
	if err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	var out []spatial.Row
	for k, f := range rows {
		value, err := strconv.ParseFloat(f[4], 64)
		if err != nil {
			return nil, fmt.Errorf("statistics %s: %w", f[0], err)
		}
		dated, err := time.Parse(time.DateOnly, f[6])
		if err != nil {
			return nil, fmt.Errorf("statistics %s: %w", f[0], err)
		}
		out = append(out, row(k+1, nil, spatial.Text(f[0]), spatial.Text(f[1]), spatial.Text(f[2]), spatial.Text(f[3]), spatial.Float(value),
			optional(f[5]), spatial.Date(dated), optional(f[7]), optional(f[8])))
	}
	return out, nil
}

func optional(s string) spatial.Value {
	if s == "" {
		return spatial.Null
	}
	return spatial.Text(s)
}
