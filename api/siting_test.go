package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func sitesOf(t testing.TB, w *httptest.ResponseRecorder) chosenSites {
	t.Helper()
	var answer chosenSites
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "NaN") {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("not JSON: %v: %s", err, w.Body)
	}
	return answer
}

func names(sites []toldSite) (list []string) {
	for _, p := range sites {
		list = append(list, p.Name)
	}
	return list
}

// Three sites for the town within 500 m: 末 reaches 末楼 (600), 秀 秀楼 (800),
// 空 nobody.
const townSites = `[{"name":"末","at":[114.035,22.507],"area":450},{"name":"秀","at":[114.0135,22.507],"area":300},{"name":"空","at":[114.0305,22.5015],"area":9000}]`

func TestSitingOfTown(t *testing.T) {
	tests := map[string]struct {
		body      string
		chosen    []string
		value     float64
		uncovered int64
		runnerUp  []string
	}{
		"one":             {`"choose":1`, []string{"秀"}, 2404, 600, []string{"1"}},
		"two":             {`"choose":2`, []string{"末", "秀"}, 3004, 0, []string{"2", "3"}},
		"one with places": {`"choose":1,"capacity":true`, []string{"末"}, 1804, 1200, []string{"2"}},
		"least deficit":   {`"choose":1,"objective":"deficit"`, []string{"末"}, 1804, 800, []string{"2"}},
		"all":             {`"choose":3`, []string{"末", "秀", "空"}, 3004, 0, nil},
	}
	for name, tt := range tests {
		a := sitesOf(t, post(t, "/siting", `{"radius":500,"candidates":`+townSites+`,`+tt.body+`}`))
		if !slices.Equal(names(a.Chosen), tt.chosen) || a.Uncovered != tt.uncovered || !a.Exact || a.Bound != a.Value || a.Gap != 0 || a.Certificate.ZH == "" {
			t.Errorf("%s: %v, value %v, uncovered %d, bound %v", name, names(a.Chosen), a.Value, a.Uncovered, a.Bound)
		}
		if a.Objective == "covered" && a.Value != tt.value {
			t.Errorf("%s: value %v, want %v", name, a.Value, tt.value)
		}
		if tt.runnerUp == nil != (a.RunnerUp == nil) || a.RunnerUp != nil && !slices.Equal(a.RunnerUp.Chosen, tt.runnerUp) {
			t.Errorf("%s: runner-up %+v, want %v", name, a.RunnerUp, tt.runnerUp)
		}
		if !a.FrontComplete || len(a.Front) == 0 || a.Objective == "covered" && float64(a.Front[0].Covered) != a.Value {
			t.Errorf("%s: the front, complete %v, begins with %+v", name, a.FrontComplete, a.Front)
		}
		for _, gain := range a.Marginal {
			if gain.Gain == nil && gain.People == 0 || gain.Gain != nil && *gain.Gain < 0 {
				t.Errorf("%s: %+v is worth less than nothing", name, gain)
			}
		}
	}
}

func TestSitingRefusals(t *testing.T) {
	of := func(more string) string { return `{"candidates":` + townSites + more + `}` }
	tests := map[string]struct{ body, rule, where string }{
		"more than there are":    {of(`,"choose":4`), "choose_range", "choose"},
		"none":                   {of(`,"choose":0`), "member_number", "choose"},
		"no candidates":          {`{"candidates":[]}`, "choose_range", "choose"},
		"no such layer":          {`{"candidates":"moon"}`, "layer_unknown", "candidates"},
		"those that stand":       {`{"candidates":"shelters"}`, "candidates_standing", "candidates"},
		"without areas":          {`{"candidates":"risk_points"}`, "candidates_area", "candidates"},
		"unknown objective":      {of(`,"objective":"cheap"`), "objective_unknown", "objective"},
		"in the lake":            {`{"candidates":[{"name":"x","at":[114.0385,22.5085],"area":5}]}`, "shelter_in_water", "candidates[0], at"},
		"negative area":          {`{"candidates":[{"name":"x","at":[114.01,22.505],"area":-5}]}`, "area_negative", "candidates[0].area"},
		"by an open rule":        {of(`,"rule":"gbt44013_emergency","capacity":true`), "rule_open", "rule gbt44013_emergency"},
		"by a scenario's":        {of(`,"scenario":{"rule":"gbt44013_emergency"},"capacity":true`), "rule_open", "scenario.rule, rule gbt44013_emergency"},
		"in a zone of high risk": {`{"candidates":[{"name":"x","at":[114.035,22.505],"area":5}]}`, "choose_range", "choose"},
	}
	for name, tt := range tests {
		w := post(t, "/siting", tt.body)
		var p problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusBadRequest || p.Rule != tt.rule || p.Where != tt.where || p.Detail == "" || p.Fix == "" {
			t.Errorf("%s: %d %+v, want the rule %s at %q with a remedy", name, w.Code, p, tt.rule, tt.where)
		}
	}
}

// TestSitingIsWhatScenariosSay: building what is chosen has the effect that the
// siting promised, with and without places, on the whole district.
func TestSitingIsWhatScenariosSay(t *testing.T) {
	s := referenceServer(t)
	for _, capacity := range []bool{false, true} {
		question := `"hazard":"typhoon","share":0.05`
		a := sitesOf(t, askOf(s, http.MethodPost, "/siting", fmt.Sprintf(`{%s,"choose":2,"capacity":%v,"front":false}`, question, capacity)))
		var adds []string
		for _, p := range a.Chosen {
			adds = append(adds, fmt.Sprintf(`{"name":%q,"at":[%v,%v],"area":%v,"setting":"indoor"}`, p.Name, p.At[0], p.At[1], p.Area))
		}
		method := map[bool]string{false: methodReachable, true: methodAllocation}[capacity]
		answer := coverageOf(t, askOf(s, http.MethodPost, "/coverage", fmt.Sprintf(`{%s,"method":%q,"scenario":{"add":[%s]}}`, question, method, strings.Join(adds, ","))))
		if answer.Totals["covered"] != a.Value || answer.Today["covered"] != a.Before.Value || len(a.Chosen) != 2 {
			t.Errorf("capacity %v: siting promises %v after %v, the scenario says %v after %v", capacity, a.Value, a.Before.Value, answer.Totals["covered"], answer.Today["covered"])
		}
		if reflect.DeepEqual(a.RunnerUp, toldChoice{}) || a.RunnerUp.Value > a.Value {
			t.Errorf("runner-up %+v of %v", a.RunnerUp, a.Value)
		}
	}
}

// BenchmarkSiting finds the best 5 of the 14 candidates over HTTP.
func BenchmarkSiting(b *testing.B) {
	s := referenceServer(b)
	for _, objective := range []string{"covered", "deficit", "p_median", "p_center"} {
		for _, capacity := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/capacity=%v", objective, capacity), func(b *testing.B) {
				for b.Loop() {
					w := askOf(s, http.MethodPost, "/siting", fmt.Sprintf(`{"hazard":"typhoon","choose":5,"objective":%q,"capacity":%v,"front":false}`, objective, capacity))
					if w.Code != http.StatusOK {
						b.Fatal(w.Body)
					}
				}
			})
		}
	}
}
