package main

import (
	"encoding/csv"
	"encoding/json"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/data/scenario"
	"wangge/spatial"
)

// asksOfShelters asks one store in the terminal and over HTTP, keeps a
// scenario in it, and returns an answer to compare with the other store's.
func asksOfShelters(t *testing.T, store string) string {
	token := tokenFor(t, store, "proposer", "440303002")
	address := serve(t, store)
	body := `{"by":"community","method":"allocation","hazard":"typhoon"}`
	over := caller{address, ""}.ask(t, "POST", "/coverage", body, 200)
	code, out, errOut := wangge(t, "coverage", "--store", store, "--by", "community", "--method", "allocation", "--hazard", "typhoon", "--format", "json")
	if code != 0 {
		t.Fatal(out, errOut)
	}
	var here map[string]any
	if err := json.Unmarshal([]byte(out), &here); err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"totals", "units", "facilities", "worst", "bottlenecks"} {
		if a, b := asText(t, over[member]), asText(t, here[member]); a != b {
			t.Errorf("%s over HTTP %.300s, in the terminal %.300s", member, a, b)
		}
	}
	made := caller{address, token}.ask(t, "POST", "/scenarios", `{"name":"台风前关闭一处","changes":{"close":["440303-BN-01"]}}`, 201)
	kept := caller{address, token}.ask(t, "POST", "/coverage", `{"hazard":"typhoon","scenario":`+asText(t, made["id"])+`}`, 200)
	inline := caller{address, ""}.ask(t, "POST", "/coverage", `{"hazard":"typhoon","scenario":{"close":["440303-BN-01"]}}`, 200)
	if a, b := asText(t, kept["difference"]), asText(t, inline["difference"]); a != b || a == "{}" {
		t.Errorf("the scenario that was kept makes %s, the same inline %s", a, b)
	}
	code, out, errOut = wangge(t, "coverage", "--store", store, "--hazard", "typhoon", "--scenario", asText(t, made["id"]), "--token", token)
	if code != 0 || !strings.Contains(out, "what if     close ") || !strings.Contains(out, "against today:") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	checkPasses(t, store)
	return asText(t, over["units"]) + asText(t, over["facilities"])
}

func asText(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCoverageInTheTerminal(t *testing.T) {
	store := referenceCopy(t)
	scenario := filepath.Join(t.TempDir(), "what-if.json")
	if err := os.WriteFile(scenario, []byte(`{"add":[{"name":"新校","at":[114.12,22.56],"area":3000,"setting":"indoor"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		code int
		says []string // in what is printed
	}{
		"a table":                {[]string{"coverage"}, 0, []string{"rule        shenzhen_2023", "to shelter 1191907", "440303002 黄贝街道", "in all", "left out: shelters_", "synthetic data"}},
		"the worst grids":        {[]string{"coverage", "--by", "grid"}, 0, []string{"… and 1115 more units"}},
		"one unit":               {[]string{"coverage", "--by", "grid", "--unit", "新秀社区18网格", "--method", "allocation"}, 0, []string{"people to shelter;", "shelter ", "places"}},
		"a proxy":                {[]string{"coverage", "--population", "legal_persons"}, 0, []string{"61585, legal persons", "not of people"}},
		"a scenario":             {[]string{"coverage", "--hazard", "rainstorm", "--scenario", scenario}, 0, []string{"what if     add 新校, 3000 m²", "against today:", "covered "}},
		"people in zones":        {[]string{"coverage", "--hazard", "typhoon", "--zones", "slopes:50", "--zones", "high_risk_zones"}, 0, []string{"to shelter 90562"}},
		"zones":                  {[]string{"exposure", "high_risk_zones", "slopes:50"}, 0, []string{"211 zones", "90562", "440303007 东湖街道"}},
		"an unknown rule":        {[]string{"coverage", "--rule", "gb1"}, 1, []string{"(rule_unknown)", "use shenzhen_2023"}},
		"a bad zone":             {[]string{"exposure", "slopes:near"}, 1, []string{"are no metres"}},
		"no such scenario":       {[]string{"coverage", "--scenario", "none.json"}, 1, []string{"--scenario: open none.json"}},
		"a workbook on a screen": {[]string{"coverage", "--format", "xlsx"}, 1, []string{"--out FILE"}},
		"a unit as a workbook":   {[]string{"coverage", "--unit", "1", "--format", "xlsx", "--out", "x.xlsx"}, 1, []string{"as a table or as JSON"}},
	}
	for name, tt := range tests {
		code, out, errOut := wangge(t, append(tt.args, "--store", store)...)
		if code != tt.code {
			t.Errorf("%s: exit code %d: %s%s", name, code, out, errOut)
		}
		for _, part := range tt.says {
			if !strings.Contains(out+errOut, part) {
				t.Errorf("%s: no %q in %s%s", name, part, out, errOut)
			}
		}
	}
}

// TestCoverageFilesInTheTerminal: each format is written, and not over a file
// that is there.
func TestCoverageFilesInTheTerminal(t *testing.T) {
	store, dir := referenceCopy(t), t.TempDir()
	for format, begins := range map[string]string{"csv": "\ufeff", "geojson": `{"type":"FeatureCollection"`, "xlsx": "PK"} {
		file := filepath.Join(dir, "coverage."+format)
		args := []string{"coverage", "--store", store, "--format", format, "--out", file}
		if code, out, errOut := wangge(t, args...); code != 0 {
			t.Fatal(out, errOut)
		}
		content, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(content), begins) {
			t.Errorf("%s begins with %.20q (%v)", format, content, err)
		}
		if code, _, errOut := wangge(t, args...); code != 1 || !strings.Contains(errOut, "--force") {
			t.Errorf("%s is written over: %d %s", format, code, errOut)
		}
		if format != "csv" {
			continue
		}
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(content), "\ufeff"))).ReadAll()
		if err != nil || len(lines) != 11 {
			t.Errorf("%d lines (%v)", len(lines), err)
		}
	}
}

// onlyLayer is a store's content of one empty layer.
type onlyLayer spatial.LayerID

func (o onlyLayer) Schemas() []*spatial.Schema {
	return []*spatial.Schema{{ID: spatial.LayerID(o), Geometry: spatial.Points, AsOf: "2020-01-01", Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}}}}
}

func (onlyLayer) Rows(spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(func(spatial.Row, error) bool) {}
}

// TestOlderStoresGetRuleSets: a store with shelters that was made before there
// were rule sets gets them, once, and one without shelters does not.
func TestOlderStoresGetRuleSets(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	for layer, want := range map[string]int{"shelters": 10, "parks": 0} {
		store, err := geopackage.Open(t.Context(), filepath.Join(t.TempDir(), "old.gpkg"), quiet)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		if err := store.Fill(t.Context(), onlyLayer(layer), nil); err != nil {
			t.Fatal(err)
		}
		live, err := data.Open(t.Context(), store, quiet)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := prepare(t.Context(), live); err != nil {
				t.Fatal(err)
			}
		}
		stored, err := store.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		if table, err := stored.Layer("shelter_standards"); err == nil {
			got = table.Len()
		}
		if got != want {
			t.Errorf("beside %s there are %d rule sets, want %d", layer, got, want)
		}
		if _, err := stored.Layer(scenario.Layer); err != nil {
			t.Error(err)
		}
	}
}
