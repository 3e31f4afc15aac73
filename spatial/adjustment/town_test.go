package adjustment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/partition"
)

// ll is a place in a small town, in units of 10⁻⁵ degree, about a metre.
func ll(x, y float64) orb.Point {
	return partition.VertexOf(orb.Point{114 + x*1e-5, 22.5 + y*1e-5}).LL()
}

func box(x, y, width, height float64) orb.Polygon {
	return orb.Polygon{{ll(x, y), ll(x+width, y), ll(x+width, y+height), ll(x, y+height), ll(x, y)}}
}

// town has two blocks side by side, each of two areas of 100 by 100 one above
// the other, and houses in them.
//
//	A02 | B02
//	A01 | B01
func town(t testing.TB, houses ...spatial.Row) *spatial.Snapshot {
	t.Helper()
	text := func(name string) spatial.Field {
		return spatial.Field{Name: name, Type: spatial.TypeText, Required: true}
	}
	refers := func(to spatial.LayerID, name string) spatial.Field { f := text(name); f.References = to; return f }
	number := func(name string) spatial.Field { return spatial.Field{Name: name, Type: spatial.TypeInt} }
	code := func(digits int, prefix string) spatial.Field {
		f := text("code")
		f.Digits, f.Prefix, f.Unique = digits, prefix, true
		return f
	}
	sum := func(name string, of spatial.LayerID) spatial.Field { f := number(name); f.SumOver = of; return f }
	count := func(name string, of spatial.LayerID) spatial.Field { f := number(name); f.CountOf = of; return f }
	areas := &spatial.Schema{ID: "areas", Geometry: spatial.Polygons, Partition: true, Code: "code", Label: "name",
		Fields: []spatial.Field{code(3, "block"), text("name"), refers("blocks", "block"), number("number"), sum("people", "houses"), count("houses", "houses")}}
	blocks := &spatial.Schema{ID: "blocks", Geometry: spatial.Polygons, Partition: true, Code: "code",
		Fields: []spatial.Field{code(1, ""), sum("people", "areas"), sum("houses", "areas"), count("areas", "areas")}}
	homes := &spatial.Schema{ID: "houses", Geometry: spatial.Points | spatial.Polygons, Code: "code",
		Fields: []spatial.Field{code(5, "area"), refers("areas", "area"), number("people")}}
	pets := &spatial.Schema{ID: "pets", Fields: []spatial.Field{refers("houses", "house")}}

	var areaRows, blockRows, petRows []spatial.Row
	for b, block := range []string{"1", "2"} {
		blockRows = append(blockRows, spatial.Row{ID: int64(b + 1), Geometry: partition.Dissolve([]orb.Geometry{box(float64(100*b), 0, 100, 100), box(float64(100*b), 100, 100, 100)}),
			Values: []spatial.Value{spatial.Text(block), spatial.Int(0), spatial.Int(0), spatial.Int(2)}})
		for n := range 2 {
			areaRows = append(areaRows, spatial.Row{ID: int64(2*b + n + 1), Geometry: box(float64(100*b), float64(100*n), 100, 100),
				Values: []spatial.Value{spatial.Text(fmt.Sprintf("%s%02d", block, n+1)), spatial.Text(fmt.Sprintf("%s区%d格", block, n+1)), spatial.Text(block), spatial.Int(int64(n + 1)), spatial.Int(0), spatial.Int(0)}})
		}
	}
	for i, h := range houses {
		petRows = append(petRows, spatial.Row{ID: int64(i + 1), Values: []spatial.Value{h.Values[0]}})
		for k := range areaRows {
			if v := areaRows[k].Values; v[0] == h.Values[1] {
				v[4], v[5] = spatial.Int(v[4].Int()+h.Values[2].Int()), spatial.Int(v[5].Int()+1)
				w := blockRows[k/2].Values
				w[1], w[2] = spatial.Int(w[1].Int()+h.Values[2].Int()), spatial.Int(w[2].Int()+1)
			}
		}
	}
	var layers []*spatial.Layer
	for i, schema := range []*spatial.Schema{blocks, areas, homes, pets} {
		rows := [][]spatial.Row{blockRows, areaRows, houses, petRows}[i]
		layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, layer)
	}
	s := spatial.New(1, layers...)
	if faults := data.Check(s).Faults; len(faults) > 0 {
		t.Fatal(faults)
	}
	return s
}

func house(id int64, code string, people int64, place orb.Geometry) spatial.Row {
	return spatial.Row{ID: id, Geometry: place, Values: []spatial.Value{spatial.Text(code), spatial.Text(code[:3]), spatial.Int(people)}}
}

func planTown(t testing.TB, s *spatial.Snapshot, steps ...adjustment.Step) *adjustment.Plan {
	t.Helper()
	p, err := adjustment.New(s, "areas", steps)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func applyTown(t testing.TB, s *spatial.Snapshot, steps ...adjustment.Step) (*adjustment.Plan, *spatial.Snapshot) {
	t.Helper()
	p := planTown(t, s, steps...)
	if p.Refused() {
		t.Fatalf("refused: %v", p.Checks)
	}
	after := apply(t, s, p.Change)
	checkAll(t, after)
	checkUndo(t, s, after, p.Change)
	return p, after
}

func rulesOf(p *adjustment.Plan) (rules []string) {
	for _, c := range p.Checks {
		rules = append(rules, c.Rule)
	}
	return rules
}

func TestMergeAcrossBlocks(t *testing.T) {
	s := town(t, house(1, "10101", 3, box(10, 10, 10, 10)), house(2, "10102", 4, nil), house(3, "20101", 5, ll(150, 50)))
	p, after := applyTown(t, s, adjustment.Step{From: "101", To: "201"})
	if got := rulesOf(p); !slices.Contains(got, "absorbed") {
		t.Errorf("checks: %v", got)
	}
	homes := layerOf(t, after, "houses")
	var codes []string
	for f := range homes.All() {
		codes = append(codes, f.Code())
	}
	if want := []string{"20102", "20103", "20101"}; !slices.Equal(codes, want) { // 01 is taken; 02 was then given
		t.Errorf("codes: %v, want %v", codes, want)
	}
	for f := range layerOf(t, after, "pets").All() {
		if _, err := homes.ByCode(f.Attribute("house").Text()); err != nil {
			t.Error(err)
		}
	}
	block := byCode(t, after, "blocks", "2")
	if block.Attribute("people").Int() != 12 || block.Attribute("areas").Int() != 2 || layerOf(t, after, "areas").Len() != 3 {
		t.Errorf("block 2: %v", block.Row().Values)
	}
}

func TestSplit(t *testing.T) {
	s := town(t, house(1, "10101", 3, box(10, 10, 10, 10)), house(2, "10102", 4, box(10, 70, 10, 10)))
	line := orb.LineString{ll(-5, 60), ll(105, 65)}
	p, after := applyTown(t, s, adjustment.Step{From: "101", Line: line})
	f := byCode(t, after, "areas", "103")
	if f.Attribute("name").Text() != "1区3格" || f.Attribute("number").Int() != 3 || f.Attribute("people").Int() != 4 || f.Attribute("block").Text() != "1" {
		t.Errorf("103: %v", f.Row().Values)
	}
	u := p.Units[slices.IndexFunc(p.Units, func(u adjustment.Unit) bool { return u.Code == "103" })]
	if u.Before != nil || !slices.Equal(u.After.Neighbours, []string{"101", "102", "201"}) || u.After.Parts != 1 {
		t.Errorf("103: %+v", u.After)
	}
	if want := []adjustment.Count{{Layer: "houses", N: 1}}; !slices.Equal(u.After.Counts, want) {
		t.Errorf("counts: %v", u.After.Counts)
	}
	if got := rulesOf(planTown(t, s, adjustment.Step{From: "101", Line: line, NewCode: "102"})); !slices.Contains(got, "code_taken") {
		t.Errorf("a code that is taken: %v", got)
	}
	if got := rulesOf(planTown(t, s, adjustment.Step{From: "101", Line: line, NewCode: "203"})); !slices.Contains(got, "new_code") {
		t.Errorf("a code of another block: %v", got)
	}
	rules := adjustment.DefaultRules()
	rules.Used = func(code string) bool { return code == "103" }
	if p, _ := rules.Plan(s, "areas", []adjustment.Step{{From: "101", Line: line}}); p.Units[len(p.Units)-1].Code == "103" || p.Refused() ||
		!slices.ContainsFunc(p.Units, func(u adjustment.Unit) bool { return u.Code == "104" }) {
		t.Errorf("the number of an area that is gone is given again: %v", p.Units)
	}
	rules.Used = func(string) bool { return true }
	if p, _ := rules.Plan(s, "areas", []adjustment.Step{{From: "101", Line: line}}); !slices.Equal(rulesOf(p), []string{"numbers_used_up"}) {
		t.Errorf("all numbers used: %v", p.Checks)
	}
}

func TestRefusalsHelp(t *testing.T) {
	s := town(t, house(1, "10101", 3, box(80, 40, 10, 10)), house(2, "10102", 4, box(10, 70, 10, 10)), house(3, "10103", 1, box(85, 80, 8, 8)))
	for name, c := range map[string]struct {
		step  adjustment.Step
		rule  string
		fix   string // said
		mends bool
	}{
		"mostly within":      {adjustment.Step{From: "101", To: "201", Area: box(82, 30, 20, 30)}, "cuts_houses", "lead the edge around it", true},
		"mostly without":     {adjustment.Step{From: "101", To: "201", Area: box(88, 30, 20, 30)}, "cuts_houses", "lead the edge around it", true},
		"inside a house":     {adjustment.Step{From: "101", To: "201", Area: orb.MultiPolygon{box(83, 43, 2, 2), box(95, 10, 10, 10)}}, "not_adjacent", "draw up to the edge", true},
		"a corner cut off":   {adjustment.Step{From: "101", To: "201", Area: orb.Polygon{{ll(105, 60), ll(75, 60), ll(75, 105), ll(70, 105), ll(70, 55), ll(105, 55), ll(105, 60)}}}, "contiguous", "10103", true},
		"an island":          {adjustment.Step{From: "101", To: "201", Area: box(30, 30, 10, 10)}, "not_adjacent", "draw up to the edge of 201", false},
		"part of it":         {adjustment.Step{From: "101", To: "201", Area: orb.MultiPolygon{box(30, 30, 10, 10), box(95, 10, 10, 10)}}, "not_adjacent", "draw up to the edge of 201", true},
		"beside the area":    {adjustment.Step{From: "101", To: "201", Area: box(130, 30, 10, 10)}, "nothing_moved", "draw over a part of it", false},
		"line over a house":  {adjustment.Step{From: "101", To: "201", Line: orb.LineString{ll(85, -5), ll(85, 105)}}, "cuts_houses", "lead the edge around it", true},
		"split over a house": {adjustment.Step{From: "101", Line: orb.LineString{ll(-5, 44), ll(105, 43)}}, "cuts_houses", "lead the edge around it", true},
		"no donor named":     {adjustment.Step{To: "201", Area: box(70, 60, 60, 60)}, "step_from", "from 101, 102", false},
	} {
		p := planTown(t, s, c.step)
		if !p.Refused() || p.Checks[0].Rule != c.rule || !strings.Contains(p.Checks[0].Fix, c.fix) || p.Checks[0].At == nil {
			t.Errorf("%s: %v", name, p.Checks)
			continue
		}
		if (p.Checks[0].Suggest != nil) != c.mends {
			t.Errorf("%s: suggests %v", name, p.Checks[0].Suggest)
		}
		if c.mends {
			if line, ok := p.Checks[0].Suggest.(orb.LineString); ok {
				c.step.Line = line
			} else {
				c.step.Area = p.Checks[0].Suggest
			}
			applyTown(t, s, c.step)
		}
	}
}

func TestWarnings(t *testing.T) {
	s := town(t, house(1, "10101", 3, box(80, 40, 10, 10)))
	for rule, area := range map[string]orb.Polygon{
		"sliver_risk": box(99.5, 10, 10, 80),
		"compactness": box(2, 5, 100, 90),
		"grid_empty":  box(70, 30, 100, 40),
	} {
		if p := planTown(t, s, adjustment.Step{From: "101", To: "201", Area: area}); p.Refused() || !slices.Contains(rulesOf(p), rule) {
			t.Errorf("%s: %v", rule, p.Checks)
		}
	}
	rules := adjustment.DefaultRules()
	rules.SizeField, rules.SizeMin, rules.SizeMax = "people", 2, 4
	p, err := rules.Plan(s, "areas", []adjustment.Step{{From: "101", To: "201", Area: box(70, 30, 100, 40)}})
	if err != nil || !slices.Contains(rulesOf(p), "size_band") {
		t.Errorf("size_band: %v %v", p.Checks, err)
	}
}

// TestPointsOnEdges has houses as points on the old and the new edges: each
// is in the area with the smaller code.
func TestPointsOnEdges(t *testing.T) {
	s := town(t, house(1, "10101", 1, ll(100, 50)), house(2, "10102", 1, ll(50, 100)), house(3, "10103", 1, ll(60, 50)), house(4, "10201", 1, ll(100, 150)))
	applyTown(t, s, adjustment.Step{From: "101", To: "201", Area: box(60, 20, 50, 60)})
	applyTown(t, s, adjustment.Step{From: "101", To: "201", Area: box(40, 20, 60, 80)})
	applyTown(t, s, adjustment.Step{From: "201", To: "101", Area: box(90, 20, 50, 60)})
	applyTown(t, s, adjustment.Step{From: "101", To: "201"})
	applyTown(t, s, adjustment.Step{From: "102", To: "202"})
}

func TestDrawings(t *testing.T) {
	s := town(t, house(1, "10101", 3, box(80, 40, 10, 10)))
	area := func(ring ...orb.Point) orb.Polygon { return orb.Polygon{ring} }
	for name, c := range map[string]struct {
		area orb.Geometry
		rule string
	}{
		"not finite":      {area(ll(0, 0), orb.Point{math.NaN(), 22.5}, ll(9, 9), ll(0, 0)), "position_finite"},
		"infinite":        {area(ll(0, 0), orb.Point{math.Inf(1), 22.5}, ll(9, 9), ll(0, 0)), "position_finite"},
		"off the globe":   {area(ll(0, 0), orb.Point{512241, 2492605}, ll(9, 9), ll(0, 0)), "position_on_earth"},
		"open":            {area(ll(0, 0), ll(9, 0), ll(9, 9), ll(0, 9)), "ring_closed"},
		"of two":          {area(ll(0, 0), ll(9, 0), ll(0, 0)), "ring_length"},
		"empty":           {orb.Polygon{}, "geometry_empty"},
		"flat":            {area(ll(0, 0), ll(9, 0), ll(5, 0), ll(0, 0)), "drawing_ring"},
		"one position":    {area(ll(1, 1), ll(1, 1), ll(1, 1), ll(1, 1)), "drawing_ring"},
		"crossing itself": {area(ll(10, 10), ll(30, 30), ll(30, 10), ll(10, 30), ll(10, 10)), "drawing_ring"},
		"out of town":     {rectangle(orb.Point{113, 22}, 0.1), "drawing_outside"},
		"axes swapped":    {rectangle(orb.Point{22.5, 80}, 0.1), "drawing_outside"},
		"antimeridian":    {area(orb.Point{179, 22}, orb.Point{-179, 22}, orb.Point{-179, 23}, orb.Point{179, 23}, orb.Point{179, 22}), "drawing_outside"},
		"half the world":  {rectangle(orb.Point{114, 22.5}, 30), "drawing_outside"},
		"a point":         {ll(1, 1), "drawing_ring"},
		"a tangle":        {tangle(10_000), "drawing_ring"},
		"too many":        {tangle(60_000), "drawing_size"},
	} {
		p := planTown(t, s, adjustment.Step{From: "101", To: "201", Area: c.area})
		if got := rulesOf(p); !slices.Equal(got, []string{c.rule}) {
			t.Errorf("%s: %v, want %s", name, p.Checks, c.rule)
		}
	}
	for name, c := range map[string]struct {
		line orb.LineString
		rule string
	}{
		"crossing itself": {orb.LineString{ll(-5, 50), ll(50, 50), ll(40, 60), ll(40, 20), ll(105, 20)}, "line_simple"},
		"not through":     {orb.LineString{ll(10, 50), ll(50, 50)}, "line_ends"},
		"one position":    {orb.LineString{ll(10, 50)}, "geometry_empty"},
		"a tangle":        {orb.LineString(tangle(10_000)[0]), "line_simple"},
	} {
		p := planTown(t, s, adjustment.Step{From: "101", Line: c.line})
		if got := rulesOf(p); !slices.Equal(got, []string{c.rule}) {
			t.Errorf("a line %s: %v, want %s", name, p.Checks, c.rule)
		}
	}
}

// tangle is a ring of random positions.
func tangle(n int) orb.Polygon {
	random := rand.New(rand.NewPCG(1, 1))
	ring := make(orb.Ring, n)
	for i := range ring {
		ring[i] = ll(random.Float64()*100, random.Float64()*100)
	}
	return orb.Polygon{append(ring, ring[0])}
}

// round is a wavy circle of n positions.
func round(x, y, radius float64, n int) orb.Polygon {
	ring := make(orb.Ring, n)
	for i := range ring {
		angle := 2 * math.Pi * float64(i) / float64(n)
		r := radius * (1 + 0.2*math.Sin(40*angle))
		ring[i] = ll(x+r*math.Cos(angle), y+r*math.Sin(angle))
	}
	return orb.Polygon{append(ring, ring[0])}
}

func TestTenThousandPositions(t *testing.T) {
	s := town(t, house(1, "10101", 3, box(10, 40, 10, 10)))
	applyTown(t, s, adjustment.Step{From: "101", To: "201", Area: round(100, 50, 35, 10_000)})
}

// FuzzDrawing draws what it is given: whatever comes, a plan is refused by a
// rule, or keeps the state sound.
func FuzzDrawing(f *testing.F) {
	f.Add([]byte{80, 20, 120, 20, 120, 80, 80, 80}, uint8(0))
	f.Add([]byte{10, 10, 200, 10, 10, 200, 100, 100, 7}, uint8(1))
	f.Add([]byte{0, 50, 255, 50}, uint8(2))
	f.Add([]byte{100, 0, 100, 100, 0, 100, 0, 0}, uint8(4))
	s := town(f, house(1, "10101", 3, box(80, 40, 10, 10)), house(2, "10102", 4, ll(100, 50)), house(3, "20101", 5, box(100, 60, 9, 9)))
	f.Fuzz(func(t *testing.T, drawn []byte, kind uint8) {
		var ring orb.Ring
		for i := 0; i+1 < min(len(drawn), 64); i += 2 {
			ring = append(ring, ll(float64(drawn[i])-20, float64(drawn[i+1])-20))
		}
		if len(ring) == 0 {
			ring = append(ring, orb.Point{math.NaN(), 0})
		}
		step := adjustment.Step{From: "101", To: "201", Area: orb.Polygon{append(ring, ring[0])}}
		switch kind % 4 {
		case 1:
			step = adjustment.Step{From: "201", To: "102", Area: step.Area}
		case 2:
			step = adjustment.Step{From: "101", Line: orb.LineString(ring)}
		case 3:
			step = adjustment.Step{From: "101", To: "201", Line: orb.LineString(ring)}
		}
		p := planTown(t, s, step)
		if p.Refused() {
			if slices.Contains(rulesOf(p), "internal") {
				t.Fatal(p.Checks)
			}
			return
		}
		after := apply(t, s, p.Change)
		checkAll(t, after)
		checkUndo(t, s, after, p.Change)
	})
}
