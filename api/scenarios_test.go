package api

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb/encoding/mvt"

	"wangge/data/ledger"
	"wangge/data/scenario"
	"wangge/spatial/adjustment"
)

// openPlanning is an office over the sheltered town that keeps scenarios.
func openPlanning(t testing.TB, synthetic bool) *office {
	o := openOfficeOf(t, sheltered(t, synthetic))
	o.service = server(t, o.live, Config{Ledger: ledger.New(o.live, adjustment.DefaultRules(), time.Now), Scenarios: scenario.New(o.live, time.Now)})
	return o
}

func TestSavedScenarios(t *testing.T) {
	o := openPlanning(t, true)
	w := o.ask("huangbei", http.MethodPost, "/scenarios", `{"name":"关东园","description":"施工","changes":{"close":["B"]}}`)
	if w.Code != http.StatusCreated || w.Header().Get("Location") != "http://example.com/scenarios/1" || w.Header().Get("ETag") != `"1"` {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	second := o.must(http.StatusCreated, "reviewer", http.MethodPost, "/scenarios", `{"name":"并加一处","changes":{"base":1,"add":[{"name":"新","at":[114.035,22.507],"area":450,"setting":"outdoor"}]}}`)
	if second["base"] != 1. || !reflect.DeepEqual(second["may"], []any{"edit", "delete"}) {
		t.Errorf("%v", second)
	}
	inline := coverageOf(t, o.ask("", http.MethodPost, "/coverage", `{"scenario":{"close":["B"],"add":[{"name":"新","at":[114.035,22.507],"area":450,"setting":"outdoor"}]}}`))
	saved := coverageOf(t, o.ask("guest", http.MethodPost, "/coverage", `{"scenario":2}`))
	byAddress := coverageOf(t, o.ask("guest", http.MethodGet, "/coverage?scenario=2", ""))
	if !reflect.DeepEqual(inline.Difference, saved.Difference) || !reflect.DeepEqual(saved.Difference, byAddress.Difference) || saved.Difference["covered"] != -301. {
		t.Errorf("inline %v, saved %v, by address %v", inline.Difference, saved.Difference, byAddress.Difference)
	}
	if saved.Scenario == nil || *saved.Scenario.ID != 2 || saved.Scenario.Name != "并加一处" || len(saved.Scenario.Changes) != 2 || saved.Parameters["scenario"] != 2. {
		t.Errorf("scenario %+v of %v", saved.Scenario, saved.Parameters)
	}
	if list := o.must(http.StatusOK, "guest", http.MethodGet, "/scenarios", ""); len(list["scenarios"].([]any)) != 2 || list["may_create"] != false {
		t.Errorf("%v", list)
	}
	changed := o.ask("huangbei", http.MethodPut, "/scenarios/1", `{"name":"关西场","changes":{"close":["A"]}}`, "If-Match", `"1"`)
	if changed.Code != http.StatusOK || changed.Header().Get("ETag") != `"2"` {
		t.Errorf("%d %s", changed.Code, changed.Body)
	}
	o.must(http.StatusConflict, "huangbei", http.MethodDelete, "/scenarios/1", "")
	if w := o.ask("chief", http.MethodDelete, "/scenarios/2", ""); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := o.ask("huangbei", http.MethodDelete, "/scenarios/1", "", "If-Match", `"2"`); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestScenariosAreRefused(t *testing.T) {
	o := openPlanning(t, true)
	o.must(http.StatusCreated, "huangbei", http.MethodPost, "/scenarios", `{"name":"一","changes":{"close":["B"]}}`)
	o.must(http.StatusCreated, "huangbei", http.MethodPost, "/scenarios", `{"name":"二","changes":{"base":1}}`)
	tests := map[string]struct {
		who, method, target, body string
		headers                   []string
		status                    int
		rule                      string
	}{
		"anonymous":          {"", "GET", "/scenarios", "", nil, 401, "sign_in"},
		"a reader saves":     {"guest", "POST", "/scenarios", `{"name":"x","changes":{}}`, nil, 403, "role"},
		"another's":          {"reviewer", "PUT", "/scenarios/1", `{"name":"x","changes":{}}`, nil, 403, "scenario_author"},
		"another's deleted":  {"reviewer", "DELETE", "/scenarios/2", "", nil, 403, "scenario_author"},
		"stale":              {"huangbei", "PUT", "/scenarios/1", `{"name":"x","changes":{}}`, []string{"If-Match", `"7"`}, 412, "revision"},
		"stale, deleted":     {"huangbei", "DELETE", "/scenarios/2", "", []string{"If-Match", `"7"`}, 412, "revision"},
		"used":               {"huangbei", "DELETE", "/scenarios/1", "", nil, 409, "scenario_used"},
		"cycle":              {"huangbei", "PUT", "/scenarios/1", `{"name":"x","changes":{"base":2}}`, nil, 400, "scenario_cycle"},
		"itself":             {"huangbei", "PUT", "/scenarios/1", `{"name":"x","changes":{"base":1}}`, nil, 400, "scenario_cycle"},
		"unknown base":       {"huangbei", "POST", "/scenarios", `{"name":"x","changes":{"base":9}}`, nil, 400, "scenario_unknown"},
		"unknown":            {"huangbei", "GET", "/scenarios/9", "", nil, 404, "scenario_unknown"},
		"unknown replaced":   {"huangbei", "PUT", "/scenarios/9", `{"name":"x","changes":{}}`, nil, 404, "scenario_unknown"},
		"unknown asked":      {"huangbei", "POST", "/coverage", `{"scenario":9}`, nil, 404, "scenario_unknown"},
		"no name":            {"huangbei", "POST", "/scenarios", `{"changes":{}}`, nil, 400, "scenario_name"},
		"no changes":         {"huangbei", "POST", "/scenarios", `{"name":"x"}`, nil, 400, "scenario_changes"},
		"unknown shelter":    {"huangbei", "POST", "/scenarios", `{"name":"x","changes":{"close":["Z"]}}`, nil, 400, "shelter_unknown"},
		"in the lake":        {"huangbei", "POST", "/scenarios", `{"name":"x","changes":{"move":[{"shelter":"A","at":[114.0385,22.5085]}]}}`, nil, 400, "shelter_in_water"},
		"unknown rule":       {"huangbei", "POST", "/scenarios", `{"name":"x","changes":{"rule":"y"}}`, nil, 400, "rule_unknown"},
		"unknown adjustment": {"huangbei", "POST", "/coverage", `{"scenario":{"adjustment":9}}`, nil, 400, "adjustment_known"},
	}
	for name, tt := range tests {
		w := o.ask(tt.who, tt.method, tt.target, tt.body, tt.headers...)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), `"rule":"`+tt.rule+`"`) {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, tt.status, tt.rule)
		}
	}
}

// TestScenarioOfDraft: a draft of boundaries is tried before it is anyone's
// state: the person of 深水楼 counts in the other grid and community, and in
// the same street.
func TestScenarioOfDraft(t *testing.T) {
	o := openPlanning(t, false)
	made := o.must(http.StatusCreated, "huangbei", http.MethodPost, "/adjustments", deepProposal)
	for by, want := range map[string]map[string]float64{"grid": {xinxiu18: -1, xinxing13: 1}, "community": {"440303002007": -1, "440303002017": 1}, "street": {}} {
		answer := coverageOf(t, o.ask("reviewer", http.MethodPost, "/coverage", fmt.Sprintf(`{"by":%q,"scenario":{"adjustment":%v}}`, by, made["id"])))
		got := map[string]float64{}
		for _, u := range answer.Units {
			if n, ok := u["delta"].(map[string]any)["population"]; ok {
				got[u["code"].(string)] = n.(float64)
			}
		}
		if !reflect.DeepEqual(got, want) || len(answer.Difference) != 0 {
			t.Errorf("by %s: %v, want %v; in all %v", by, got, want, answer.Difference)
		}
	}
	// Who may not see it, cannot tell that one person moves.
	answer := coverageOf(t, o.ask("guest", http.MethodPost, "/coverage", fmt.Sprintf(`{"scenario":{"adjustment":%v}}`, made["id"])))
	for _, u := range answer.Units {
		if delta := u["delta"].(map[string]any); len(delta) != 0 {
			t.Errorf("a reader sees %v of %v", delta, u["code"])
		}
	}
}

// TestCoverageLayer: the map says what the answer says, in items and tiles.
func TestCoverageLayer(t *testing.T) {
	s := server(t, fixed{snapshot: sheltered(t, true)}, Config{})
	for _, query := range []string{"", "?method=allocation&radius=500", "?hazard=typhoon&by=community", "?method=gaussian_2sfca"} {
		want := map[string]map[string]any{}
		for _, u := range coverageOf(t, askOf(s, http.MethodGet, "/coverage"+query, "")).Units {
			want[u["code"].(string)] = u
		}
		page := decoded(t, askOf(s, http.MethodGet, "/collections/coverage/items"+query, ""), http.StatusOK)
		features := page["features"].([]any)
		if len(features) != len(want) {
			t.Errorf("%s: %d features, want %d", query, len(features), len(want))
		}
		for _, f := range features {
			got := f.(map[string]any)["properties"].(map[string]any)
			unit := want[got["code"].(string)]
			for name, v := range got {
				if w, ok := unit[name]; ok && !reflect.DeepEqual(v, w) || !ok && v != nil && !strings.HasPrefix(name, "reach_") {
					t.Errorf("%s: %s of %v is %v, want %v", query, name, got["code"], v, w)
				}
			}
		}
		w := askOf(s, http.MethodGet, "/tiles/coverage/12/3345/1785.mvt"+query, "")
		layers, err := mvt.Unmarshal(w.Body.Bytes())
		if err != nil || w.Code != http.StatusOK || len(layers) != 1 || len(layers[0].Features) == 0 {
			t.Fatalf("%s: %d %v", query, w.Code, err)
		}
		for _, f := range layers[0].Features {
			if unit := want[f.Properties["code"].(string)]; f.Properties["covered"] != unit["covered"] {
				t.Errorf("%s: tile %v, want %v", query, f.Properties, unit)
			}
		}
	}
	if w := askOf(s, http.MethodGet, "/collections/coverage/items?rule=none", ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "rule_unknown") {
		t.Errorf("unknown rule: %d %s", w.Code, w.Body)
	}
}
