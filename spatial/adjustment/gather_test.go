package adjustment_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wangge/data"
	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

func TestDeepWaterByBuilding(t *testing.T) {
	s := luohutest.Snapshot(t)
	p := plan(t, s, adjustment.Step{To: xinxing13, Buildings: []string{named(t, s, "buildings", "深水楼").Code()}})
	if n := slices.IndexFunc(p.Moved, func(m adjustment.Moved) bool { return m.Name == "深水楼" }); n < 0 {
		t.Errorf("moved: %v", p.Moved)
	}
	for _, m := range p.Moved {
		if m.Layer == "buildings" && m.Name != "深水楼" {
			t.Errorf("%s is moved as well", m.Name)
		}
	}
	if faults := data.Check(apply(t, s, p.Change)).Faults; len(faults) > 0 {
		t.Error(faults[0])
	}
}

// TestRandomBuildings moves chosen buildings to a neighbour, and where others
// are in the way, those too, as the refusal says.
func TestRandomBuildings(t *testing.T) {
	s := luohutest.Snapshot(t)
	grids, buildings := layerOf(t, s, "grids"), layerOf(t, s, "buildings")
	random := rand.New(rand.NewPCG(8, 15))
	moved, followed, refused := 0, 0, map[string]int{}
	for i := range 40 {
		f, _ := buildings.Feature(1 + random.Int64N(int64(buildings.Len())))
		from := byCode(t, s, "grids", f.Attribute("grid").Text())
		near := neighbours(grids, from)
		step := adjustment.Step{To: near[random.IntN(len(near))], Buildings: []string{f.Code()}}
		p := proposal(t, s, step)
		for more := 0; p.Refused() && more < 6; more++ {
			names := include(p.Checks[0].Fix)
			if len(names) == 0 {
				break
			}
			step.Buildings = append(step.Buildings, names...)
			followed++
			p = proposal(t, s, step)
		}
		if p.Refused() {
			refused[p.Checks[0].Rule]++
			t.Logf("%d: %v: %v", i, step, p.Checks[0].Error())
			continue
		}
		moved++
		var got []string
		for _, m := range p.Moved {
			if m.Layer == "buildings" {
				got = append(got, m.Code)
			}
		}
		slices.Sort(got)
		slices.Sort(step.Buildings)
		if !slices.Equal(got, step.Buildings) {
			t.Errorf("%d: moved %v instead of %v", i, got, step.Buildings)
		}
		checkNear(t, s, apply(t, s, p.Change), p)
	}
	t.Logf("%d moved, %d times with more, refused %v", moved, followed, refused)
	if moved < 35 {
		t.Errorf("only %d moved", moved)
	}
}

// include are the codes that a fix asks to include.
func include(fix string) []string {
	var codes []string
	for rest := fix; ; {
		_, after, ok := strings.Cut(rest, "(")
		if !ok || !strings.HasPrefix(fix, "include ") {
			return codes
		}
		code, more, _ := strings.Cut(after, ")")
		codes, rest = append(codes, code), more
	}
}

func TestBuildingRefusals(t *testing.T) {
	s := luohutest.Snapshot(t)
	code := named(t, s, "buildings", "深水楼").Code()
	var all []string
	for f := range layerOf(t, s, "buildings").All() {
		if f.Attribute("grid").Text() == xinxiu18 {
			all = append(all, f.Code())
		}
	}
	for rule, step := range map[string]adjustment.Step{
		"building_exists": {To: xinxing13, Buildings: []string{"4403030020071899999"}},
		"building_in":     {From: xinxing13, To: xinxiu18, Buildings: []string{code}},
		"buildings_all":   {To: xinxing13, Buildings: all},
		"step_to":         {Buildings: []string{code}},
		"step_kind":       {To: xinxing13, Buildings: []string{code}, Area: rectangle(spatial.Feature.Geometry(byCode(t, s, "grids", xinxiu18)), 0)},
		"area_exists":     {To: "44030300201799", Buildings: []string{code}},
	} {
		p := proposal(t, s, step)
		if len(p.Checks) == 0 || p.Checks[0].Rule != rule {
			t.Errorf("%s: %v", rule, p.Checks)
		}
	}
}

func BenchmarkBuildings(b *testing.B) {
	s := luohutest.Snapshot(b)
	step := adjustment.Step{To: xinxing13, Buildings: []string{named(b, s, "buildings", "深水楼").Code()}}
	for b.Loop() {
		if _, err := adjustment.New(s, "grids", []adjustment.Step{step}); err != nil {
			b.Fatal(err)
		}
	}
}
