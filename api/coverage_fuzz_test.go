package api

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// FuzzQuestions: whatever is sent, the answer is an answer or says what is
// wrong; it never is a fault of the service, and never holds NaN.
func FuzzQuestions(f *testing.F) {
	for _, body := range []string{`{}`, `{"method":"allocation","radius":500,"trace":["44030300200718"]}`, `{"scenario":{"close":["A",2,"+1"],"add":[{"name":"","at":[114.01,22.505],"area":1,"setting":"outdoor"}]}}`,
		`{"exposure":[{"layer":"high_risk_zones","buffer":10},{"area":{"type":"Polygon","coordinates":[[[114,22.5],[114.1,22.5],[114.1,22.6],[114,22.5]]]}}]}`,
		`{"candidates":[{"name":"x","at":[114.01,22.505],"area":5}],"choose":1,"objective":"p_center"}`, `{"zones":{"layer":"water","where":{"name":"湖"}},"count":["shelters","schools"]}`,
		`{"datum":"gcj02","share":1e-300,"area_per_person":1e-300}`, `{"scenario":{"block":[{"road":1}],"enlarge":[{"shelter":"A","area":1e308}]}}`, `{"radius":1e5,"area_per_person":1000000}`} {
		f.Add(body)
	}
	s := server(f, fixed{snapshot: sheltered(f, true)}, Config{})
	f.Fuzz(func(t *testing.T, body string) {
		for _, target := range []string{"/coverage", "/coverage/unit", "/coverage?f=csv", "/siting", "/exposure", "/exposure?f=geojson"} {
			w := askOf(s, http.MethodPost, target, body)
			if w.Code >= 500 || strings.Contains(w.Body.String(), "NaN") {
				t.Errorf("%s %q: %d %.300s", target, body, w.Code, w.Body)
			}
			if strings.HasSuffix(target, "csv") && w.Code == http.StatusOK {
				continue
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s %q: not JSON: %.300s", target, body, w.Body)
			}
		}
	})
}

// TestAnyScenarioAddsUp: for random scenarios and questions people are neither
// made nor lost, capacities hold, and the difference is that of the totals.
func TestAnyScenarioAddsUp(t *testing.T) {
	s := server(t, fixed{snapshot: sheltered(t, true)}, Config{})
	rapid.Check(t, func(t *rapid.T) {
		var parts []string
		if rapid.Bool().Draw(t, "close") {
			parts = append(parts, fmt.Sprintf(`"close":[%q]`, rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "closed")))
		}
		if rapid.Bool().Draw(t, "enlarge") {
			parts = append(parts, fmt.Sprintf(`"enlarge":[{"shelter":"A","area":%v}]`, rapid.Float64Range(0, 1e5).Draw(t, "area")))
		}
		if rapid.Bool().Draw(t, "add") {
			parts = append(parts, fmt.Sprintf(`"add":[{"name":"n","at":[%v,%v],"area":%v,"setting":%q}]`, rapid.Float64Range(114.001, 114.037).Draw(t, "lon"), rapid.Float64Range(22.501, 22.507).Draw(t, "lat"),
				rapid.Float64Range(0, 1e4).Draw(t, "added"), rapid.SampledFrom([]string{"indoor", "outdoor"}).Draw(t, "setting")))
		}
		if rapid.Bool().Draw(t, "move") {
			parts = append(parts, fmt.Sprintf(`"move":[{"shelter":"B","at":[%v,22.505]}]`, rapid.Float64Range(114.001, 114.037).Draw(t, "to")))
		}
		body := fmt.Sprintf(`{"method":"allocation","hazard":%q,"radius":%v,"share":%v,"area_per_person":%v,"scenario":{%s}}`, rapid.SampledFrom([]string{"earthquake", "typhoon", "stranded"}).Draw(t, "hazard"),
			rapid.Float64Range(1, 5000).Draw(t, "radius"), rapid.Float64Range(0.001, 1).Draw(t, "share"), rapid.Float64Range(0.1, 20).Draw(t, "each"), strings.Join(parts, ","))
		w := askOf(s, http.MethodPost, "/coverage", body)
		var a covers
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
		n := func(of map[string]any, name string) float64 { v, _ := of[name].(float64); return v }
		if n(a.Totals, "served")+n(a.Totals, "unserved") != n(a.Totals, "demand") || n(a.Totals, "unreached")+n(a.Totals, "overflow") != n(a.Totals, "unserved") {
			t.Errorf("%s: people are made or lost: %v", body, a.Totals)
		}
		load := int64(0)
		for _, f := range a.Facilities {
			if load += f.Load; f.Load > *f.Capacity {
				t.Errorf("%s: %s is overfull: %+v", body, f.Code, f)
			}
		}
		if float64(load) != n(a.Totals, "served") {
			t.Errorf("%s: %d in shelters, %v served", body, load, a.Totals["served"])
		}
		for name := range a.Totals {
			if before, after := n(a.Today, name), n(a.Totals, name); math.Abs(after-before-n(a.Difference, name)) > 1e-4 && a.Today[name] != nil && a.Totals[name] != nil {
				t.Errorf("%s: %s was %v and is %v, said to differ by %v", body, name, before, after, a.Difference[name])
			}
		}
	})
}
