package api

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/closure"
)

// district of the reference data.
func referenceServer(t testing.TB) *Server {
	t.Helper()
	return server(t, fixed{snapshot: luohutest.Snapshot(t)}, Config{})
}

// adds are the figures that add up over units.
var adds = []string{"population", "demand", "covered", "uncovered", "capacity", "shelters", "area_located", "target_area", "unreached"}

// TestCoverageAddsUp: on the whole district, by every method and for outdoor
// and indoor shelters, grids add up to communities, those to streets, those to
// the district, and the covered and the others to the demand.
func TestCoverageAddsUp(t *testing.T) {
	if testing.Short() {
		t.Skip("asks about the whole district by every method")
	}
	s := referenceServer(t)
	for _, question := range []string{`"hazard":"earthquake"`, `"hazard":"typhoon","population":"census","share":0.15`, `"rule":"gb51143_short_term","population":"legal_persons"`} {
		for _, method := range []string{methodLocated, methodReachable, methodTwoStep, methodAllocation} {
			ask := func(by string) covers {
				return coverageOf(t, askOf(s, http.MethodPost, "/coverage", fmt.Sprintf(`{%s,"method":%q,"by":%q}`, question, method, by)))
			}
			want := ask("district")
			figures := adds
			if method == methodAllocation {
				figures = append([]string{"served", "unserved", "overflow"}, adds...)
			}
			if method == methodLocated { // places in one grid are not another's
				figures = []string{"population", "demand", "capacity", "shelters", "area_located", "target_area", "unreached"}
			}
			for by, count := range map[string]int{"grid": 1135, "community": 109, "street": 10, "district": 1} {
				answer := ask(by)
				if len(answer.Units) != count {
					t.Errorf("%s: %d units, want %d", by, len(answer.Units), count)
				}
				if !reflect.DeepEqual(answer.Totals, want.Totals) {
					t.Errorf("%s %s by %s: totals %v, want %v", question, method, by, answer.Totals, want.Totals)
				}
				for _, figure := range figures {
					sum := 0.0
					for _, u := range answer.Units {
						sum += u[figure].(float64)
					}
					if math.Abs(sum-want.Totals[figure].(float64)) > 1e-3 {
						t.Errorf("%s %s by %s: %s add up to %v, want %v", question, method, by, figure, sum, want.Totals[figure])
					}
				}
				for _, u := range answer.Units {
					if u["covered"].(float64)+u["uncovered"].(float64) != u["demand"].(float64) {
						t.Errorf("%v: covered and uncovered are not the demand: %v", u["code"], u)
					}
					if method == methodAllocation && u["served"].(float64)+u["unreached"].(float64)+u["overflow"].(float64) != u["demand"].(float64) {
						t.Errorf("%v: served, unreached and overflow are not the demand: %v", u["code"], u)
					}
				}
			}
		}
	}
}

// TestPopulationsOfTheDistrict are the published ones.
func TestPopulationsOfTheDistrict(t *testing.T) {
	s := referenceServer(t)
	for population, want := range map[string]int64{"residents": 1191907, "residents_inland": 664002, "residents_shenzhen": 477226, "residents_hmt": 48362,
		"residents_foreign": 2317, "legal_persons": 61585, "census": 1143801} {
		answer := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{"by":"district","population":"`+population+`"}`))
		if answer.Demand.People != want || answer.Totals["population"].(float64) != float64(want) || answer.Parameters["population"] != population {
			t.Errorf("%s: %d people, want %d", population, answer.Demand.People, want)
		}
	}
	residents := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{"by":"district"}`)).Totals["target_area"].(float64)
	census := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{"by":"district","population":"census"}`)).Totals["target_area"].(float64)
	if residents-census != 72159 {
		t.Errorf("the requirements differ by %v m², want 72159", residents-census)
	}
}

// TestCatchmentsKeepTheArea: Σ P·A is the area of the shelters that somebody
// reaches, as the mean over people times the people.
func TestCatchmentsKeepTheArea(t *testing.T) {
	s := referenceServer(t)
	for _, method := range []string{methodTwoStep, methodGaussian} {
		answer := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{"method":"`+method+`"}`))
		sum := 0.0
		for _, u := range answer.Units {
			if a, ok := u["accessibility"].(float64); ok {
				sum += a * u["demand"].(float64)
			}
		}
		want := answer.Totals["area_reachable"].(float64)
		if math.Abs(sum-want)/want > 1e-4 { // shown to 4 decimals of a square metre
			t.Errorf("%s: Σ P·A is %v, want %v", method, sum, want)
		}
	}
}

// TestNoPlaceIsGivenTwice: loads keep within places, and make up the served.
func TestNoPlaceIsGivenTwice(t *testing.T) {
	answer := coverageOf(t, askOf(referenceServer(t), http.MethodPost, "/coverage", `{"method":"allocation","hazard":"rainstorm"}`))
	sum := int64(0)
	for _, f := range answer.Facilities {
		if f.Load > *f.Capacity || !f.Eligible && f.Load > 0 {
			t.Errorf("%s has %d people in %d places", f.Code, f.Load, *f.Capacity)
		}
		sum += f.Load
	}
	if float64(sum) != answer.Totals["served"].(float64) {
		t.Errorf("%d people in shelters, %v served", sum, answer.Totals["served"])
	}
}

// TestScenarioWithoutChangeIsToday, unit by unit, on the whole district, and
// the same when a change is taken back.
func TestScenarioWithoutChangeIsToday(t *testing.T) {
	s := referenceServer(t)
	today := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{"method":"allocation"}`))
	for name, scenario := range map[string]string{"empty": `{}`, "the same area": `{"enlarge":[{"shelter":"440303-BN-40","area":AREA}]}`, "the same rule": `{"rule":"shenzhen_2023"}`} {
		layer, _ := s.state.Current().Layer("shelters")
		f, err := layer.ByCode("440303-BN-40")
		if err != nil {
			t.Fatal(err)
		}
		scenario = strings.ReplaceAll(scenario, "AREA", f.Attribute("effective_area").String())
		answer := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{"method":"allocation","scenario":`+scenario+`}`))
		if len(answer.Difference) != 0 || !reflect.DeepEqual(answer.Today, today.Totals) || !reflect.DeepEqual(answer.Totals["served"], today.Totals["served"]) {
			t.Errorf("%s: %v", name, answer.Difference)
		}
		for i, u := range answer.Units {
			if delta := u["delta"].(map[string]any); len(delta) != 0 {
				t.Errorf("%s: %v differs: %v", name, u["code"], delta)
			}
			delete(u, "delta")
			if !reflect.DeepEqual(u, today.Units[i]) {
				t.Errorf("%s: %v, want %v", name, u, today.Units[i])
			}
		}
	}
}

// TestAskingByAddress: GET and POST have the same answers.
func TestAskingByAddress(t *testing.T) {
	s := referenceServer(t)
	get := askOf(s, http.MethodGet, "/coverage?by=street&hazard=typhoon&method=allocation&radius=800&share=0.1", "")
	post := askOf(s, http.MethodPost, "/coverage", `{"by":"street","hazard":"typhoon","method":"allocation","radius":800,"share":0.1}`)
	if get.Code != http.StatusOK || get.Body.String() != post.Body.String() {
		t.Errorf("GET %.300s\nPOST %.300s", get.Body, post.Body)
	}
	if again := askOf(s, http.MethodGet, "/coverage?by=street&hazard=typhoon&method=allocation&radius=800&share=0.1", "", "If-None-Match", get.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("asked again: %d", again.Code)
	}
}

// TestWalkingIsNeverNearer: on foot nobody reaches what a straight line of the
// same length does not reach, and blocked roads bring nobody nearer.
func TestWalkingIsNeverNearer(t *testing.T) {
	s := referenceServer(t)
	ask := func(body string) covers { return coverageOf(t, askOf(s, http.MethodPost, "/coverage", body)) }
	straight, walking := ask(`{"radius":500}`), ask(`{"radius":500,"reach":"walking"}`)
	blocked := ask(`{"radius":500,"reach":"walking","scenario":{"block":[{"area":{"type":"Polygon","coordinates":[[[114.11,22.54],[114.13,22.54],[114.13,22.56],[114.11,22.56],[114.11,22.54]]]}}]}}`)
	lost := 0.0
	for i := range straight.Units {
		a, b, c := straight.Units[i]["covered"].(float64), walking.Units[i]["covered"].(float64), blocked.Units[i]["covered"].(float64)
		if b > a || c > b {
			t.Errorf("%v: %v in a line, %v on foot, %v with roads blocked", straight.Units[i]["code"], a, b, c)
		}
		lost += b - c
	}
	if total := walking.Totals["covered"].(float64); total == 0 || total == straight.Totals["covered"] || lost == 0 {
		t.Errorf("on foot %v, in a line %v, lost by blocks %v", total, straight.Totals["covered"], lost)
	}
	if lost != -blocked.Difference["covered"].(float64) {
		t.Errorf("lost %v, difference %v", lost, blocked.Difference)
	}
}

// TestExposureOfTheDistrict: units add up to the totals, and each zone by
// itself has no more than all together.
func TestExposureOfTheDistrict(t *testing.T) {
	s := referenceServer(t)
	for _, zones := range []string{`"high_risk_zones"`, `{"layer":"slopes","buffer":50}`, `{"layer":"risk_points","buffer":100,"where":{"level":"larger"}}`, `{"layer":"flood_hazards","buffer":30,"where":{"status":"open"}}`} {
		var all []exposed
		for _, by := range []string{"grid", "community", "street", "district"} {
			w := askOf(s, http.MethodPost, "/exposure", `{"by":"`+by+`","zones":`+zones+`}`)
			var e exposed
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%s: %d %.200s", zones, w.Code, w.Body)
			}
			all = append(all, e)
			for name, total := range e.Totals {
				sum := int64(0)
				for _, u := range e.Units {
					sum += u.Counts[name]
				}
				if name != "zones" && sum != total {
					t.Errorf("%s by %s: %s add up to %d, want %d", zones, by, name, sum, total)
				}
				for _, z := range e.Zones {
					if z.Counts[name] > total {
						t.Errorf("%s: %d %s in %s, %d in all", zones, z.Counts[name], name, z.Name, total)
					}
				}
			}
		}
		if e := all[0]; e.Totals["buildings"] == 0 || e.Totals["residents"] == 0 || !reflect.DeepEqual(e.Totals, all[3].Totals) {
			t.Errorf("%s: %v, by district %v", zones, e.Totals, all[3].Totals)
		}
	}
}

// BenchmarkCoverage asks for the whole district over HTTP. Nothing of the
// answer is kept between two questions but who reaches which shelter: the area
// for each person is another one each time.
func BenchmarkCoverage(b *testing.B) {
	s := referenceServer(b)
	each := 0
	ask := func(b *testing.B, body string) {
		b.Helper()
		each++
		if w := askOf(s, http.MethodPost, "/coverage", fmt.Sprintf(body, 1.5+float64(each)*1e-7)); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
	for name, body := range map[string]string{"reachable": `{"area_per_person":%v}`, "2sfca": `{"area_per_person":%v,"method":"2sfca"}`, "allocation": `{"area_per_person":%v,"method":"allocation"}`,
		"walking": `{"area_per_person":%v,"reach":"walking","method":"allocation"}`} {
		b.Run(name, func(b *testing.B) {
			ask(b, body) // who reaches what
			for b.Loop() {
				ask(b, body)
			}
		})
	}
	for name, change := range map[string]string{"close": `"close":["440303-BN-40"]`, "add": `"add":[{"name":"x","at":[114.12,22.56],"area":%v,"setting":"outdoor"}]`, "move": `"move":[{"shelter":"440303-BN-40","at":[114.12,22.56]}]`} {
		b.Run("what-if/"+name, func(b *testing.B) {
			body := `{"method":"allocation","scenario":{` + change + `}}`
			if !strings.Contains(change, "%v") {
				body = strings.Replace(body, `{`+change, `{`+change+`,"enlarge":[{"shelter":"440303-BN-41","area":%v}]`, 1)
			}
			ask(b, body) // today
			for b.Loop() {
				ask(b, body)
			}
		})
	}
}

// BenchmarkCoverageFirst asks of a state that nobody has asked of before.
func BenchmarkCoverageFirst(b *testing.B) {
	whole := luohutest.Snapshot(b)
	for name, body := range map[string]string{"straight": `{"method":"allocation"}`, "walking": `{"method":"allocation","reach":"walking"}`} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var layers []*spatial.Layer
				for l := range whole.Layers() {
					layers = append(layers, l)
				}
				s := server(b, fixed{snapshot: spatial.New(1, layers...)}, Config{})
				if w := askOf(s, http.MethodPost, "/coverage", body); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}

// TestBottlenecksOfTheDistrict: they make up all who have no place, and what
// relieves one, no more than it says, does so.
func TestBottlenecksOfTheDistrict(t *testing.T) {
	s := referenceServer(t)
	question := `"hazard":"typhoon","share":0.05,"method":"allocation","by":"street"`
	answer := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{`+question+`}`))
	sum := int64(0)
	var worst *bottleneck
	for i := range answer.Bottlenecks {
		b := &answer.Bottlenecks[i]
		sum += b.Unserved
		if b.People-b.Places != b.Unserved && len(b.Shelters) > 0 {
			t.Errorf("%+v", b)
		}
		if worst == nil && len(b.Relief) > 0 && b.Relief[0].People > 0 {
			worst = b
		}
	}
	if float64(sum) != answer.Totals["unserved"] || worst == nil {
		t.Fatalf("%d people in bottlenecks, %v without a place", sum, answer.Totals["unserved"])
	}
	first := worst.Relief[0]
	layer, _ := s.state.Current().Layer("shelters")
	f, err := layer.ByCode(first.Shelter)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []float64{1, 0.5} {
		area := f.Attribute("effective_area").Float() + first.Area*part
		relieved := coverageOf(t, askOf(s, http.MethodPost, "/coverage", fmt.Sprintf(`{%s,"scenario":{"enlarge":[{"shelter":%q,"area":%v}]}}`, question, first.Shelter, area)))
		if got := relieved.Difference["served"].(float64); math.Abs(got-float64(first.People)*part) > 1 {
			t.Errorf("%v m² more at %s place %v more people, said were %d", first.Area*part, first.Shelter, got, first.People)
		}
	}
}

// TestClosuresInForceBlock: a closure in force does to people on foot what a
// scenario with the same block does, and is named; without closures nothing
// is blocked, and in a straight line nobody cares.
func TestClosuresInForceBlock(t *testing.T) {
	whole := luohutest.Snapshot(t)
	area := orb.Bound{Min: orb.Point{114.11, 22.54}, Max: orb.Point{114.13, 22.56}}.ToPolygon()
	closed := withClosures(t, spatial.New(1, slices.Collect(whole.Layers())...), closure.Closure{ID: 1, Name: "积水", Since: time.Unix(1, 0).UTC(), Traffic: closure.All, Geometry: area},
		closure.Closure{ID: 2, Name: "限行", Since: time.Unix(1, 0).UTC(), Traffic: closure.Driving, Geometry: area})
	on := server(t, fixed{snapshot: closed}, Config{})
	shape, err := json.Marshal(geojson.NewGeometry(area))
	if err != nil {
		t.Fatal(err)
	}
	question := `"by":"street","radius":500,"reach":"walking"`
	blocked := coverageOf(t, askOf(referenceServer(t), http.MethodPost, "/coverage", `{`+question+`,"scenario":{"block":[{"area":`+string(shape)+`}]}}`))
	w := askOf(on, http.MethodPost, "/coverage", `{`+question+`}`)
	now := coverageOf(t, w)
	delete(blocked.Totals, "delta")
	if !reflect.DeepEqual(now.Totals, blocked.Totals) || len(blocked.Difference) == 0 {
		t.Errorf("with the closure %v, with the block %v", now.Totals, blocked.Totals)
	}
	if body := w.Body.String(); !strings.Contains(body, `"closures":[{"id":1,"name":"积水","until":null}]`) {
		t.Errorf("the closure is not named: %.600s", body)
	}
	open := coverageOf(t, askOf(on, http.MethodPost, "/coverage", `{`+question+`,"closures":false}`))
	if !reflect.DeepEqual(open.Totals, blocked.Today) {
		t.Errorf("without closures %v, want %v", open.Totals, blocked.Today)
	}
}
