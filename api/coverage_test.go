package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/luohu"
	"wangge/spatial"
	"wangge/spatial/datum"
)

// sheltered is the town of adjustments with shelters, rule sets, a lake and a
// zone of high risk. One hundredth of a degree is about a kilometre.
func sheltered(t testing.TB, synthetic bool) *spatial.Snapshot {
	t.Helper()
	var layers []*spatial.Layer
	for l := range town(t, synthetic).Layers() {
		layers = append(layers, l)
	}
	standards, rows, err := luohu.Standards()
	if err != nil {
		t.Fatal(err)
	}
	lake := orb.Bound{Min: spot(3.8, 0.8), Max: spot(3.9, 0.9)}.ToPolygon()
	zone := orb.Bound{Min: spot(3.4, 0.4), Max: spot(3.6, 0.6)}.ToPolygon()
	named := []spatial.Field{{Name: "name", Type: spatial.TypeText}}
	return spatial.New(7, append(layers,
		townShelters(t, synthetic),
		layer(t, standards, rows...),
		layer(t, &spatial.Schema{ID: "water", Title: spatial.Title{ZH: "水域", EN: "water"}, Geometry: spatial.Polygons, Label: "name", AsOf: "2024-12-30", Synthetic: synthetic, Fields: named}, area(1, lake, "湖")),
		layer(t, &spatial.Schema{ID: "high_risk_zones", Title: spatial.Title{ZH: "高风险区域", EN: "high-risk zones"}, Geometry: spatial.Polygons, Label: "name", AsOf: "2024-12-30", Synthetic: synthetic, Fields: named}, area(1, zone, "危区")),
	)...)
}

// townShelters are two outdoor shelters that count, and others that do not.
func townShelters(t testing.TB, synthetic bool) *spatial.Layer {
	row := func(id int64, x, y float64, code, name, setting, class string, area float64, open bool) spatial.Row {
		grid := [...]string{xinxiu01, xinxiu18, xinxing13, xinxing14}[int(x)]
		indoor := spatial.Bool(setting == "indoor")
		return spatial.Row{ID: id, Geometry: spot(x, y), Values: []spatial.Value{text(code), text(name), text(grid), text(setting), text(class), spatial.Float(area), spatial.Bool(open), spatial.Bool(setting == "outdoor"), indoor}}
	}
	return layer(t, &spatial.Schema{ID: "shelters", Title: spatial.Title{ZH: "避难场所", EN: "shelters"}, Geometry: spatial.Points | spatial.Polygons, Code: "code", Label: "name", AsOf: "2025-08-14", Synthetic: synthetic,
		Fields: []spatial.Field{{Name: "code", Type: spatial.TypeText, Unique: true}, {Name: "name", Type: spatial.TypeText}, {Name: "grid", Type: spatial.TypeText}, {Name: "setting", Type: spatial.TypeText},
			{Name: "class", Type: spatial.TypeText}, {Name: "effective_area", Type: spatial.TypeFloat}, {Name: "open", Type: spatial.TypeBool}, {Name: "serves_earthquake", Type: spatial.TypeBool}, {Name: "serves_typhoon", Type: spatial.TypeBool}}},
		row(1, 0.7, 0.5, "A", "西场", "outdoor", "short_term", 900, true),
		row(2, 2.4, 0.5, "B", "东园", "outdoor", "long_term", 1500, true),
		row(3, 1.3, 0.55, "C", "学校", "indoor", "short_term", 150, true),
		row(4, 1.35, 0.5, "D", "工地", "outdoor", "short_term", 9000, false),
		row(5, 3.5, 0.45, "E", "坡地", "outdoor", "short_term", 9000, true),
		row(6, 3.85, 0.85, "F", "湖心", "outdoor", "short_term", 9000, true))
}

// post asks the sheltered town, whose data are generated.
func post(t testing.TB, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	return askOf(server(t, fixed{snapshot: sheltered(t, true)}, Config{}), http.MethodPost, target, body)
}

// covers is an answer about coverage as tests read it.
type covers struct {
	Version    spatial.Version
	Parameters map[string]any
	Excluded   map[string]int
	Demand     struct {
		People, Demand int64
		Share          float64
	}
	Totals     map[string]any
	Today      map[string]any
	Difference map[string]any
	Units      []map[string]any
	Worst      []string
	Facilities []struct {
		Code, Name, Change string
		Capacity           *int64
		Eligible           bool
		Excluded           *string
		Reason             *spatial.Title
		Reached, Load      int64
	}
	Bottlenecks []bottleneck
	Trace       map[string]trace
	Scenario    *toldScenario
	Definitions map[string]spatial.Title
}

func coverageOf(t testing.TB, w *httptest.ResponseRecorder) covers {
	t.Helper()
	var answer covers
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("not JSON: %v: %s", err, w.Body)
	}
	return answer
}

// some are some members of a unit.
func some(u map[string]any, names ...string) map[string]any {
	picked := map[string]any{}
	for _, name := range names {
		picked[name] = u[name]
	}
	return picked
}

// TestCoverageOfTown knows the answers: of 3,004 people those of 一号楼 (700)
// and 秀楼 (800) have 西场 (600 places) within 1 km, those of 兴楼 (900) and 小楼
// (3) and the one person of 深水楼 东园 (1,000 places), and 末楼 (600) has none.
func TestCoverageOfTown(t *testing.T) {
	tests := map[string]struct {
		body   string
		totals map[string]any
	}{
		"by reach": {`{}`, map[string]any{"population": 3004., "demand": 3004., "covered": 2404., "uncovered": 600., "capacity": 1600., "area_located": 2400., "target_area": 4506.,
			"k_coverage": []any{2404., 0., 0., 0.}, "shelters": 2.}},
		"by places in the unit":  {`{"method":"located"}`, map[string]any{"covered": 1600., "uncovered": 1404., "deficit": 2106.}},
		"by allocation":          {`{"method":"allocation","radius":500}`, map[string]any{"served": 1504., "unserved": 1500., "unreached": 1400., "overflow": 100., "covered": 1504., "deficit": 2250.}},
		"within 500 m":           {`{"radius":500}`, map[string]any{"covered": 1604., "uncovered": 1400.}},
		"of a share":             {`{"share":0.5}`, map[string]any{"population": 3004., "demand": 1502.}},
		"by another area":        {`{"area_per_person":9}`, map[string]any{"capacity": 266., "target_area": 27036.}},
		"indoors":                {`{"hazard":"typhoon"}`, map[string]any{"shelters": 1., "capacity": 100., "covered": 1501.}},
		"by rooms of a rule":     {`{"rule":"gb51143_long_term"}`, map[string]any{"shelters": 1., "capacity": 333., "demand": 451.}},
		"of a rule that is open": {`{"rule":"gbt44013_emergency"}`, map[string]any{"covered": 2404., "capacity": nil, "target_area": nil, "deficit": nil}},
	}
	for name, tt := range tests {
		got := coverageOf(t, post(t, "/coverage", tt.body)).Totals
		names := []string{}
		for n := range tt.totals {
			names = append(names, n)
		}
		if !reflect.DeepEqual(some(got, names...), tt.totals) {
			t.Errorf("%s: %v, want %v", name, some(got, names...), tt.totals)
		}
	}
}

func TestSheltersThatDoNotCount(t *testing.T) {
	answer := coverageOf(t, post(t, "/coverage", `{"radius":500}`))
	var told []string
	for _, f := range answer.Facilities {
		line := f.Code
		if f.Excluded != nil {
			line += " " + *f.Excluded + " " + f.Reason.ZH
		}
		told = append(told, line)
	}
	want := []string{"A", "B", "C setting 室内场所不用于地震", "D closed 未开放", "E exclusion 位于高风险区域“危区”内", "F in_water 位于水域“湖”中"}
	if !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
	excluded := map[string]int{"buildings_without_geometry": 0, "buildings_withheld": 0, "buildings_without_grid": 0, "shelters_without_geometry": 0,
		"shelters_setting": 1, "shelters_closed": 1, "shelters_exclusion": 1, "shelters_in_water": 1, "rule_without_layer_slopes": 1}
	if !reflect.DeepEqual(answer.Excluded, excluded) {
		t.Errorf("excluded %v, want %v", answer.Excluded, excluded)
	}
	if !slices.Equal(answer.Worst, []string{xinxiu18, xinxing14}) {
		t.Errorf("worst %v", answer.Worst)
	}
}

// TestTraceOfUnit: each figure of a unit can be followed to its shelters.
func TestTraceOfUnit(t *testing.T) {
	w := post(t, "/coverage/unit?unit="+xinxing13, `{"method":"allocation","radius":500}`)
	var answer struct {
		Unit  map[string]any
		Trace trace
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if len(answer.Trace.Facilities) != 1 {
		t.Fatalf("trace %+v", answer.Trace)
	}
	f := answer.Trace.Facilities[0]
	if f.Code != "B" || f.People != 903 || f.Share != 1 || *f.Served != 903 || f.Reached != 904 || f.Distance.Min < 100 || f.Distance.Max > 500 || !strings.Contains(f.Clause, "473号") {
		t.Errorf("%+v", f)
	}
	named := post(t, "/coverage/unit?unit=新兴社区13网格", `{"method":"allocation","radius":500}`)
	if named.Body.String() != strings.ReplaceAll(w.Body.String(), `"unit":"`+xinxing13+`"`, `"unit":"新兴社区13网格"`) {
		t.Errorf("by name: %s", named.Body)
	}
	far := post(t, "/coverage/unit", `{"unit":"`+xinxing14+`","radius":500}`)
	if err := json.Unmarshal(far.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if u := answer.Trace.Uncovered; len(u) != 1 || u[0].People != 600 || u[0].Reason != "too_far" || u[0].Nearest.Code != "B" || math.Abs(u[0].Nearest.Distance-1141) > 10 {
		t.Errorf("uncovered %+v", u)
	}
}

// TestScenarios: what differs from today, and nothing where nothing is changed.
func TestScenarioDiffers(t *testing.T) {
	tests := map[string]struct {
		scenario string
		want     map[string]any // difference of totals
	}{
		"nothing":     {`{}`, map[string]any{}},
		"close":       {`{"close":["B"]}`, map[string]any{"covered": -904., "uncovered": 904., "capacity": -1000., "shelters": -1., "reached_shelters": -1., "area_located": -1500., "area_reachable": -1500., "per_capita_located": -0.4993, "per_capita_reachable": -0.4993, "deficit": 1356., "unreached": 904., "served": -904., "unserved": 904.}},
		"by id":       {`{"close":[1]}`, map[string]any{"covered": -600., "uncovered": 600., "capacity": -600., "shelters": -1., "reached_shelters": -1., "area_located": -900., "area_reachable": -900., "per_capita_located": -0.2996, "per_capita_reachable": -0.2996, "deficit": 900., "unreached": 700., "served": -600., "unserved": 600., "overflow": -100.}},
		"enlarge":     {`{"enlarge":[{"shelter":"A","area":1050}]}`, map[string]any{"covered": 100., "uncovered": -100., "capacity": 100., "area_located": 150., "area_reachable": 150., "per_capita_located": 0.05, "per_capita_reachable": 0.05, "deficit": -150., "served": 100., "unserved": -100., "overflow": -100.}},
		"to none":     {`{"enlarge":[{"shelter":"A","area":0}]}`, map[string]any{"covered": -600., "uncovered": 600., "capacity": -600., "area_located": -900., "area_reachable": -900., "per_capita_located": -0.2996, "per_capita_reachable": -0.2996, "deficit": 900., "served": -600., "unserved": 600., "overflow": 600.}},
		"add":         {`{"add":[{"name":"新","at":[114.035,22.507],"area":450,"setting":"outdoor"}]}`, map[string]any{"covered": 300., "uncovered": -300., "capacity": 300., "shelters": 1., "reached_shelters": 1., "area_located": 450., "area_reachable": 450., "per_capita_located": 0.1498, "per_capita_reachable": 0.1498, "deficit": -450., "unreached": -600., "served": 300., "unserved": -300., "overflow": 300.}},
		"add indoors": {`{"add":[{"name":"新","at":[114.035,22.507],"area":450,"setting":"indoor"}]}`, map[string]any{}},
	}
	for name, tt := range tests {
		answer := coverageOf(t, post(t, "/coverage", `{"method":"allocation","radius":500,"scenario":`+tt.scenario+`}`))
		if len(tt.want) > 0 {
			delete(answer.Difference, "walking")
			delete(answer.Difference, "covered_share")
		}
		if !reflect.DeepEqual(answer.Difference, tt.want) {
			t.Errorf("%s: %v, want %v", name, answer.Difference, tt.want)
		}
		today := coverageOf(t, post(t, "/coverage", `{"method":"allocation","radius":500}`))
		if !reflect.DeepEqual(answer.Today, today.Totals) {
			t.Errorf("%s: today %v, want %v", name, answer.Today, today.Totals)
		}
		for _, u := range answer.Units {
			for figure, by := range u["delta"].(map[string]any) {
				if len(tt.want) == 0 {
					t.Errorf("%s: %v differs by %v", name, figure, by)
				}
			}
		}
	}
}

// TestCoverageRefusals: each names the rule, the place and a remedy.
func TestCoverageRefusals(t *testing.T) {
	in := func(scenario string) string { return `{"scenario":` + scenario + `}` }
	tests := map[string]struct{ target, body, rule, where string }{
		"unknown rule":              {"/coverage", `{"rule":"gb1"}`, "rule_unknown", "rule"},
		"unknown rule in a what-if": {"/coverage", in(`{"rule":"gb1"}`), "rule_unknown", "scenario.rule, rule"},
		"unknown hazard":            {"/coverage", `{"hazard":"meteor"}`, "parameter_hazard", "hazard"},
		"unknown method":            {"/coverage", `{"method":"magic"}`, "parameter_method", "method"},
		"unknown population":        {"/coverage", `{"population":"cats"}`, "parameter_population", "population"},
		"unknown unit":              {"/coverage", `{"by":"planet"}`, "parameter_by", "by"},
		"unknown member":            {"/coverage", `{"colour":"red"}`, "member_unknown", "colour"},
		"negative area each":        {"/coverage", `{"area_per_person":-1}`, "parameter_area_per_person", "area_per_person"},
		"no area each":              {"/coverage", `{"area_per_person":0}`, "parameter_area_per_person", "area_per_person"},
		"not a number":              {"/coverage", `{"radius":"NaN"}`, "parameter_radius", "radius"},
		"no radius":                 {"/coverage", `{"radius":0}`, "parameter_radius", "radius"},
		"share above all":           {"/coverage", `{"share":1.5}`, "parameter_share", "share"},
		"minutes in a line":         {"/coverage", `{"walking_minutes":10}`, "parameter_walking_minutes", "walking_minutes"},
		"walking without roads":     {"/coverage", `{"reach":"walking"}`, "no_roads", "reach"},
		"places by an open rule":    {"/coverage", `{"rule":"gbt44013_long_term","method":"allocation"}`, "rule_open", "rule gbt44013_long_term"},
		"unknown unit traced":       {"/coverage", `{"trace":["1"]}`, "unit_unknown", "trace[0], unit"},
		"unit missing":              {"/coverage/unit", `{}`, "unit_missing", "unit"},
		"unit unknown":              {"/coverage/unit", `{"unit":"7"}`, "unit_unknown", "unit"},
		"negative area":             {"/coverage", in(`{"enlarge":[{"shelter":"A","area":-5}]}`), "area_negative", "scenario.enlarge[0].area"},
		"negative area added":       {"/coverage", in(`{"add":[{"name":"x","at":[114.01,22.505],"area":-5,"setting":"indoor"}]}`), "area_negative", "scenario.add[0].area"},
		"added without setting":     {"/coverage", in(`{"add":[{"name":"x","at":[114.01,22.505],"area":5}]}`), "site_setting", "scenario.add[0].setting"},
		"in the lake":               {"/coverage", in(`{"add":[{"name":"x","at":[114.0385,22.5085],"area":5,"setting":"outdoor"}]}`), "shelter_in_water", "scenario.add[0], at"},
		"moved into the lake":       {"/coverage", in(`{"move":[{"shelter":"A","at":[114.0385,22.5085]}]}`), "shelter_in_water", "scenario.move[0], at"},
		"outside":                   {"/coverage", in(`{"move":[{"shelter":"A","at":[115,22.5085]}]}`), "shelter_outside", "scenario.move[0], at"},
		"unknown shelter":           {"/coverage", in(`{"close":["Z"]}`), "shelter_unknown", "scenario.close[0]"},
		"block of nothing":          {"/coverage", in(`{"block":[{}]}`), "block_one", "scenario.block[0].line"},
		"unknown base":              {"/coverage", in(`{"base":7}`), "sign_in", ""},
		"saved, anonymous":          {"/coverage", `{"scenario":7}`, "sign_in", ""},
		"draft, anonymous":          {"/coverage", in(`{"adjustment":7}`), "sign_in", ""},
		"zones of no layer":         {"/coverage", `{"exposure":"moon"}`, "layer_unknown", "exposure"},
		"zones of a table":          {"/coverage", `{"exposure":"shelter_standards"}`, "layer_table", "exposure"},
		"no zones":                  {"/exposure", `{}`, "zones_missing", "zones"},
		"empty zones":               {"/exposure", `{"zones":[]}`, "zones", "zones"},
		"buffer below none":         {"/exposure", `{"zones":{"layer":"water","buffer":-1}}`, "buffer_range", "zones.buffer"},
		"unknown field":             {"/exposure", `{"zones":{"layer":"water","where":{"depth":"3"}}}`, "member_unknown", "zones.where.depth"},
		"unknown count":             {"/exposure", `{"zones":"water","count":["cats"]}`, "layer_unknown", "count[0]"},
	}
	for name, tt := range tests {
		w := post(t, tt.target, tt.body)
		var p problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code < 400 || w.Code >= 500 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		if p.Rule != tt.rule || p.Where != tt.where || p.Detail == "" || p.Fix == "" {
			t.Errorf("%s: %+v, want the rule %s at %q with a remedy", name, p, tt.rule, tt.where)
		}
	}
}

// TestCoverageOfNothing: no shelters, nobody, no places are honest noughts and
// never NaN.
func TestCoverageOfNothing(t *testing.T) {
	whole := sheltered(t, true)
	without := func(id spatial.LayerID) *spatial.Snapshot {
		old, _ := whole.Layer(id)
		return whole.With(layer(t, old.Schema()))
	}
	for name, s := range map[string]*spatial.Snapshot{"no shelters": without("shelters"), "no buildings": without("buildings"), "no rule's exclusions": without("high_risk_zones")} {
		on := server(t, fixed{snapshot: s}, Config{})
		for _, method := range []string{methodLocated, methodReachable, methodTwoStep, methodGaussian, methodAllocation} {
			for _, format := range []string{"json", "geojson", "csv"} {
				w := askOf(on, http.MethodPost, "/coverage?f="+format, `{"method":"`+method+`"}`)
				if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "NaN") || strings.Contains(w.Body.String(), "Inf") {
					t.Errorf("%s, %s as %s: %d %.200s", name, method, format, w.Code, w.Body)
				}
			}
		}
	}
	w := askOf(server(t, fixed{snapshot: without("shelters")}, Config{}), http.MethodPost, "/coverage", `{"method":"allocation"}`)
	if got := coverageOf(t, w).Totals; !reflect.DeepEqual(some(got, "served", "unserved", "per_capita_located", "walking", "capacity"), map[string]any{"served": 0., "unserved": 3004., "per_capita_located": 0., "walking": nil, "capacity": 0.}) {
		t.Errorf("without shelters %v", got)
	}
	empty := coverageOf(t, askOf(server(t, fixed{snapshot: without("buildings")}, Config{}), http.MethodPost, "/coverage", `{}`))
	if got := empty.Units[0]; got["per_capita_located"] != nil || got["demand"] != 0. {
		t.Errorf("an empty unit %v", got)
	}
}

// TestCoverageFiles: all formats say the same.
func TestCoverageFiles(t *testing.T) {
	body := `{"method":"allocation","radius":500,"by":"community","scenario":{"close":["B"]}}`
	want := coverageOf(t, post(t, "/coverage", body)).Units
	var features struct {
		Features []struct{ Properties map[string]any }
	}
	if err := json.Unmarshal(post(t, "/coverage?f=geojson", body).Body.Bytes(), &features); err != nil || len(features.Features) != len(want) {
		t.Fatalf("%v, %d features", err, len(features.Features))
	}
	w := post(t, "/coverage?f=csv", body)
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
	if err != nil || len(lines) != len(want)+1 {
		t.Fatalf("%v: %d lines: %s", err, len(lines), w.Body)
	}
	column := slices.IndexFunc(lines[0], func(s string) bool { return strings.Contains(s, "已安置") && !strings.Contains(s, "变化") })
	for i, u := range want {
		if got := features.Features[i].Properties; got["code"] != u["code"] || got["served"] != u["served"] || got["delta_served"] == nil {
			t.Errorf("GeoJSON %v, want %v", got, u)
		}
		if fmt.Sprint(u["served"]) != lines[i+1][column] {
			t.Errorf("CSV %v of %v, want %v", lines[i+1], lines[0], u["served"])
		}
	}
	if x := post(t, "/coverage?f=xlsx", body); x.Code != http.StatusOK || !strings.HasPrefix(x.Body.String(), "PK") {
		t.Errorf("XLSX: %d", x.Code)
	}
}

// TestPeopleInZones: only those of buildings in the zone are to be sheltered.
func TestPeopleInZones(t *testing.T) {
	answer := coverageOf(t, post(t, "/coverage", `{"exposure":{"layer":"high_risk_zones"},"hazard":"typhoon","method":"allocation","radius":3000}`))
	if !reflect.DeepEqual(some(answer.Totals, "demand", "served", "unserved", "overflow"), map[string]any{"demand": 600., "served": 100., "unserved": 500., "overflow": 500.}) {
		t.Errorf("%v", answer.Totals)
	}
}

func TestExposureOfTown(t *testing.T) {
	w := post(t, "/exposure", `{"zones":["high_risk_zones",{"layer":"water","buffer":100}],"by":"street"}`)
	var answer exposed
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := map[string]int64{"zones": 2, "buildings": 1, "residents": 600, "rooms": 310, "shelters": 2}
	if !reflect.DeepEqual(answer.Totals, want) {
		t.Errorf("totals %v, want %v", answer.Totals, want)
	}
	if len(answer.Units) != 1 || answer.Units[0].Code != "440303002" || answer.Units[0].Counts["residents"] != 600 {
		t.Errorf("units %+v", answer.Units)
	}
	if s := answer.Features["shelters"].List; len(s) != 2 || s[0].Code != "E" || !slices.Equal(s[0].Zones, []string{"危区"}) {
		t.Errorf("shelters %+v", s)
	}
	if z := answer.Zones; len(z) != 2 || z[0].Counts["residents"] != 600 || z[1].Buffer != 100 {
		t.Errorf("zones %+v", z)
	}
}

// TestSmallCountsAreWithheldFromCoverage: of a store that is not generated,
// nobody without the right learns of the one person in 深水楼, by no unit, no
// radius, no zone.
func TestSmallCountsAreWithheldFromCoverage(t *testing.T) {
	state, secrets := signed(t, sheltered(t, false))
	s := server(t, fixed{snapshot: state}, Config{})
	alone := `{"exposure":{"area":{"type":"Polygon","coordinates":[[[114.0194,22.5049],[114.0198,22.5049],[114.0198,22.5053],[114.0194,22.5053],[114.0194,22.5049]]]}}}`
	demand := func(header ...string) float64 {
		return coverageOf(t, askOf(s, http.MethodPost, "/coverage", alone, header...)).Totals["demand"].(float64)
	}
	if n := demand(bearer(secrets["reviewer"])...); n != 1 {
		t.Errorf("a reviewer sees %v", n)
	}
	if n := demand(); n != 0 {
		t.Errorf("everybody sees %v", n)
	}
	answer := coverageOf(t, askOf(s, http.MethodPost, "/coverage", `{}`))
	if answer.Excluded["buildings_withheld"] != 2 {
		t.Errorf("withheld %v", answer.Excluded)
	}
	for _, u := range answer.Units {
		for _, figure := range []string{"population", "covered", "uncovered", "unreached"} {
			if n := u[figure].(float64); n != math.Trunc(n/5)*5 {
				t.Errorf("%v of %v is not of what everybody sees", n, u["code"])
			}
		}
	}
}

// TestBottlenecks: the pieces of the cut name who competes for what, and with
// those who reach nothing they make up all who have no place.
func TestBottlenecks(t *testing.T) {
	answer := coverageOf(t, post(t, "/coverage", `{"method":"allocation","radius":500}`))
	if len(answer.Bottlenecks) != 2 {
		t.Fatalf("%+v", answer.Bottlenecks)
	}
	apart, full := answer.Bottlenecks[0], answer.Bottlenecks[1]
	if len(apart.Shelters) != 0 || apart.Unserved != 1400 || !slices.Equal(apart.Units, []string{xinxiu18, xinxing14}) || !strings.Contains(apart.Text.ZH, "1400人够不到任何合格场所") {
		t.Errorf("%+v", apart)
	}
	if !slices.Equal(full.Shelters, []string{"A"}) || full.People != 700 || full.Places != 600 || full.Unserved != 100 || full.Area != 150 || !slices.Equal(full.Relief, []relief{{"A", 100, 150}}) ||
		!strings.Contains(full.Text.EN, "150 m² more at A would place 100 more people") {
		t.Errorf("%+v", full)
	}
}

// TestCoverageInShiftedCoordinates: with datum all positions come in and go
// out as map vendors shift them.
func TestCoverageInShiftedCoordinates(t *testing.T) {
	shifted := func(p orb.Point) string {
		g, err := datum.Transform(datum.CRS84, datum.GCJ02, p)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("[%v,%v]", g.(orb.Point)[0], g.(orb.Point)[1])
	}
	at := orb.Point{114.035, 22.507}
	plain := coverageOf(t, post(t, "/coverage", `{"radius":500,"scenario":{"add":[{"name":"新","at":[114.035,22.507],"area":450,"setting":"outdoor"}]}}`))
	w := post(t, "/coverage", `{"radius":500,"datum":"gcj02","scenario":{"add":[{"name":"新","at":`+shifted(at)+`,"area":450,"setting":"outdoor"}]}}`)
	answer := coverageOf(t, w)
	if !reflect.DeepEqual(answer.Difference, plain.Difference) || answer.Parameters["datum"] != "GCJ-02" && answer.Parameters["datum"] != "GCJ02" || w.Header().Get("Content-Crs") == "" {
		t.Errorf("%v, want %v; %v %v", answer.Difference, plain.Difference, answer.Parameters["datum"], w.Header())
	}
	var told struct {
		CRS        string
		Facilities []struct{ At orb.Point }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("[%v,%v]", told.Facilities[0].At[0], told.Facilities[0].At[1]); got != shifted(spot(0.7, 0.5)) || told.CRS == crs84 {
		t.Errorf("A stands at %s in %s, want %s", got, told.CRS, shifted(spot(0.7, 0.5)))
	}
	box := func(position func(orb.Point) string) string {
		corners := []orb.Point{spot(0.4, 0.4), spot(0.6, 0.4), spot(0.6, 0.6), spot(0.4, 0.6), spot(0.4, 0.4)}
		var texts []string
		for _, c := range corners {
			texts = append(texts, position(c))
		}
		return `{"area":{"type":"Polygon","coordinates":[[` + strings.Join(texts, ",") + `]]}}`
	}
	for _, body := range []string{`{"datum":"gcj02","exposure":` + box(shifted) + `}`, `{"exposure":` + box(func(p orb.Point) string { return fmt.Sprintf("[%v,%v]", p[0], p[1]) }) + `}`} {
		if got := coverageOf(t, post(t, "/coverage", body)).Totals["demand"]; got != 700. {
			t.Errorf("%s: %v people, want 700", body, got)
		}
	}
}

// TestParametersSayWhereValuesAreFrom, whatever was asked before.
func TestParametersSayWhereValuesAreFrom(t *testing.T) {
	s := server(t, fixed{snapshot: sheltered(t, true)}, Config{})
	for _, tt := range []struct{ body, radius, area, share string }{{`{}`, "default", "rule", "rule"}, {`{"radius":1000,"area_per_person":1.5,"share":1}`, "request", "request", "request"},
		{`{"scenario":{}}`, "default", "rule", "rule"}, {`{"radius":1000,"scenario":{}}`, "request", "rule", "rule"}, {`{"rule":"gb51143_emergency"}`, "rule", "rule", "rule"}, {`{"rule":"gbt44013_emergency"}`, "default", "open", "rule"}} {
		p := coverageOf(t, askOf(s, http.MethodPost, "/coverage", tt.body)).Parameters
		if p["radius_from"] != tt.radius || p["area_per_person_from"] != tt.area || p["share_from"] != tt.share {
			t.Errorf("%s: %v", tt.body, p)
		}
	}
}

// TestManyAskAtOnce: answers do not depend on who else asks.
func TestManyAskAtOnce(t *testing.T) {
	snapshot := sheltered(t, true)
	bodies := []string{`{"method":"allocation"}`, `{"radius":1000,"method":"allocation"}`, `{"method":"allocation","scenario":{"close":["A"]}}`, `{"hazard":"typhoon"}`, `{"scenario":{"rule":"gb51143_emergency"}}`, `{"method":"2sfca","trace":["44030300200718"]}`}
	want := make([]string, len(bodies))
	for i, body := range bodies {
		want[i] = askOf(server(t, fixed{snapshot: sheltered(t, true)}, Config{}), http.MethodPost, "/coverage", body).Body.String()
	}
	s := server(t, fixed{snapshot: snapshot}, Config{})
	var asking sync.WaitGroup
	for range 4 {
		for i, body := range bodies {
			asking.Go(func() {
				if got := askOf(s, http.MethodPost, "/coverage", body).Body.String(); got != want[i] {
					t.Errorf("%s: %.300s, want %.300s", body, got, want[i])
				}
				sites := fmt.Sprintf(`{"radius":500,"choose":2,"candidates":%s}`, townSites)
				if w := askOf(s, http.MethodPost, "/siting", sites); w.Code != http.StatusOK {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
	}
	asking.Wait()
}
