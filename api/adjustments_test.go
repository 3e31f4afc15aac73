package api

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"wangge/spatial/datum"
)

// deepWater takes 深水楼 with the land to the edge from 新秀18 to 新兴13.
const deepWater = `{"type":"Polygon","coordinates":[[[114.019,22.504],[114.021,22.504],[114.021,22.506],[114.019,22.506],[114.019,22.504]]]}`

func previewOf(t testing.TB, body string) map[string]any {
	t.Helper()
	return decoded(t, askOf(server(t, fixed{snapshot: town(t, true)}, Config{}), http.MethodPost, "/adjustments/preview", body), http.StatusOK)
}

func TestPreview(t *testing.T) {
	for name, body := range map[string]string{
		"steps":          `{"steps":[{"from":"44030300200718","to":"44030300201713","area":` + deepWater + `}]}`,
		"one step":       `{"from":"44030300200718","to":"44030300201713","area":` + deepWater + `}`,
		"a feature":      `{"from":"44030300200718","to":"44030300201713","area":{"type":"Feature","properties":{},"geometry":` + deepWater + `}}`,
		"other spelling": `{"layer":"grids","from":"440303002007-18","to":"新兴社区13网格","area":` + deepWater + `}`,
		"buildings":      `{"to":"440303002017-13","buildings":["4403030020071800002"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			answer := previewOf(t, body)
			checkShape(t, previewShape, answer)
			if answer["refused"] != false {
				t.Fatalf("refused: %v", answer["checks"])
			}
			checkDeepWater(t, answer)
		})
	}
}

var (
	conditionShape = object{"residents": "any", "rooms": "any", "buildings": "number", "area": "number", "perimeter": "number", "compactness": "number", "parts": "number",
		"neighbours": "any", "counts": "any"}
	previewShape = with(analysisShape, object{"refused": "bool", "checks": "any", "moved": "any",
		"effects": []shape{object{"level": "string", "code": "string", "name": "string", "before": conditionShape, "after": conditionShape,
			"delta": object{"residents": "any", "rooms": "any", "buildings": "number", "area": "number", "perimeter": "number"}}},
		"geometry": object{"type": "string", "features": []shape{object{"type": "string", "geometry": "any", "properties": object{"kind": "string"}}}}})
)

// checkDeepWater holds a preview against what the report of the case says.
func checkDeepWater(t testing.TB, answer map[string]any) {
	t.Helper()
	deltas := map[string]string{}
	for _, e := range answer["effects"].([]any) {
		e := e.(map[string]any)
		delta := e["delta"].(map[string]any)
		text, _ := json.Marshal([]any{delta["residents"], delta["rooms"], delta["buildings"]})
		deltas[e["code"].(string)] = string(text)
	}
	for code, want := range map[string]string{xinxiu18: "[-1,-5,-1]", xinxing13: "[1,5,1]", "440303002007": "[-1,-5,-1]", "440303002017": "[1,5,1]"} {
		if deltas[code] != want {
			t.Errorf("%s changes by %s, want %s", code, deltas[code], want)
		}
	}
	buildings := answer["moved"].(map[string]any)["buildings"].([]any)
	if len(buildings) != 1 {
		t.Fatalf("moved %v", buildings)
	}
	moved := buildings[0].(map[string]any)
	if moved["code"] != "4403030020071800002" || moved["new_code"] != "4403030020171300003" || moved["name"] != "深水楼" || moved["from"] != xinxiu18 || moved["to"] != xinxing13 {
		t.Errorf("moved %v", moved)
	}
	kinds := map[string]int{}
	for _, f := range answer["geometry"].(map[string]any)["features"].([]any) {
		kinds[f.(map[string]any)["properties"].(map[string]any)["kind"].(string)]++
	}
	if kinds["before"] != 4 || kinds["after"] != 4 || kinds["piece"] != 1 {
		t.Errorf("shapes %v", kinds)
	}
}

// TestPreviewRefusals: a plan that breaks a rule is an answer, a body that
// says nothing is not.
func TestPreviewRefusals(t *testing.T) {
	step := func(members string) string { return `{"from":"44030300200718","to":"44030300201713",` + members + `}` }
	polygon := func(ring string) string { return step(`"area":{"type":"Polygon","coordinates":[` + ring + `]}`) }
	tests := map[string]struct{ body, rule string }{
		"outside":      {polygon(`[[113.1,22.5],[113.2,22.5],[113.2,22.6],[113.1,22.5]]`), "drawing_outside"},
		"antimeridian": {polygon(`[[179,22.5],[-179,22.5],[-179,22.6],[179,22.6],[179,22.5]]`), "drawing_outside"},
		"far":          {polygon(`[[114.019,22.504],[120,22.504],[120,22.506],[114.019,22.504]]`), "drawing_outside"},
		"no kind":      {`{"from":"44030300200718"}`, "step_kind"},
		"both":         {step(`"area":` + deepWater + `,"line":{"type":"LineString","coordinates":[[114.015,22.5],[114.015,22.51]]}`), "step_kind"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer := previewOf(t, test.body)
			checks, _ := answer["checks"].([]any)
			if answer["refused"] != true || len(checks) == 0 {
				t.Fatalf("not refused: %v", answer)
			}
			check := checks[0].(map[string]any)
			if check["rule"] != test.rule || check["severity"] != "refusal" || check["detail"] == "" {
				t.Errorf("refused by %v", check)
			}
		})
	}
}

func TestBodiesOfPreviews(t *testing.T) {
	step := func(members string) string {
		return `{"steps":[{"from":"44030300200718","to":"44030300201713",` + members + `}]}`
	}
	polygon := func(ring string) string { return step(`"area":{"type":"Polygon","coordinates":[` + ring + `]}`) }
	tests := map[string]struct{ body, rule, where string }{
		"nothing":          {``, "body_json", "body"},
		"no object":        {`[]`, "body_json", "body"},
		"NaN":              {polygon(`[[NaN,22.5]]`), "body_json", "body"},
		"no steps":         {`{}`, "steps_missing", "steps"},
		"empty steps":      {`{"steps":[]}`, "steps_missing", "steps"},
		"a step beside":    {`{"steps":[],"from":"1"}`, "steps_twice", "from"},
		"unknown member":   {`{"stepps":[]}`, "member_unknown", "stepps"},
		"unknown in step":  {step(`"colour":1`), "member_unknown", "steps[0].colour"},
		"twice":            {`{"steps":[],"steps":[]}`, "member_repeated", `member "steps" of the body`},
		"twice in step":    {step(`"new_code":"1","new_code":"2"`), "member_repeated", `steps[0], member "new_code" of the body`},
		"no layer":         {`{"layer":"roads","from":"1"}`, "layer_unknown", "layer"},
		"number as code":   {`{"from":44030300200718,"to":"440303002017-13"}`, "member_text", "from"},
		"unknown code":     {`{"from":"44030300200799","to":"440303002017-13"}`, "code_unknown", "from"},
		"unknown name":     {`{"from":"无名社区18网格","to":"440303002017-13"}`, "code_unknown", "from"},
		"number, building": {step(`"buildings":[4403030020071800002]`), "member_text", "steps[0].buildings[0]"},
		"area is a line":   {step(`"area":{"type":"LineString","coordinates":[[114,22.5],[114.1,22.5]]}`), "drawing_kind", "steps[0].area"},
		"line is an area":  {step(`"line":` + deepWater), "drawing_kind", "steps[0].line"},
		"area is a point":  {step(`"area":{"type":"Point","coordinates":[114,22.5]}`), "drawing_kind", "steps[0].area.type"},
		"area is text":     {step(`"area":"POLYGON EMPTY"`), "body_object", "steps[0].area"},
		"no coordinates":   {step(`"area":{"type":"Polygon"}`), "coordinates", "steps[0].area.coordinates"},
		"not rings":        {step(`"area":{"type":"Polygon","coordinates":7}`), "coordinates", "steps[0].area.coordinates"},
		"no number":        {polygon(`[[114,22.5],[114.1,null],[114.1,22.6],[114,22.5]]`), "position", "steps[0].area.coordinates[0][1]"},
		"off the globe":    {polygon(`[[114,22.5],[22.5,114],[114.1,22.6],[114,22.5]]`), "position_on_earth", "steps[0].area.coordinates[0][1]"},
		"huge number":      {polygon(`[[114,22.5],[1e999,22.5],[114.1,22.6],[114,22.5]]`), "position", "steps[0].area.coordinates[0][1]"},
		"open ring":        {polygon(`[[114,22.5],[114.1,22.5],[114.1,22.6],[114,22.6]]`), "ring_closed", "steps[0].area"},
		"short ring":       {polygon(`[[114,22.5],[114.1,22.5],[114,22.5]]`), "ring_length", "steps[0].area"},
		"empty":            {polygon(``), "geometry_empty", "steps[0].area"},
		"feature within":   {step(`"area":{"type":"Feature","geometry":{"type":"Feature","geometry":null}}`), "member_unknown", "steps[0].area.geometry.geometry"},
		"long":             {polygon("[" + strings.Repeat("0,", maxElements) + "0]"), "drawing_size", "steps[0].area.coordinates[0]"},
		"datum":            {`{"datum":"mars","from":"44030300200718"}`, "datum", "datum"},
		"steps is object":  {`{"steps":{}}`, "member_list", "steps"},
		"too many steps":   {`{"steps":[` + strings.Repeat(`{},`, maxSteps) + `{}]}`, "member_list", "steps"},
	}
	s := server(t, fixed{snapshot: town(t, true)}, Config{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := askOf(s, http.MethodPost, "/adjustments/preview", test.body)
			told := decoded(t, w, http.StatusBadRequest)
			checkShape(t, problemShape, told)
			if told["rule"] != test.rule || told["where"] != test.where {
				t.Errorf("rule %v at %v, want %s at %s: %v", told["rule"], told["where"], test.rule, test.where, told["detail"])
			}
		})
	}
}

// TestLargeDrawing: a polygon of 10,000 corners around 深水楼 is planned like
// any other.
func TestLargeDrawing(t *testing.T) {
	const corners = 10_000
	var ring []string
	for i := range corners {
		angle := 2 * math.Pi * float64(i) / corners
		ring = append(ring, fmt.Sprintf("[%.9f,%.9f]", 114.0199+0.0011*math.Cos(angle), 22.505+0.0011*math.Sin(angle)))
	}
	body := `{"from":"44030300200718","to":"44030300201713","area":{"type":"Polygon","coordinates":[[` + strings.Join(append(ring, ring[0]), ",") + `]]}}`
	answer := previewOf(t, body)
	if answer["refused"] != false {
		t.Fatalf("refused: %v", answer["checks"])
	}
	checkDeepWater(t, answer)
}

// TestShiftedPreview draws in the coordinates of map vendors and gets the
// same plan, in theirs.
func TestShiftedPreview(t *testing.T) {
	s := server(t, fixed{snapshot: town(t, true)}, Config{})
	parsed, err := parseGeometry([]byte(deepWater), "")
	if err != nil {
		t.Fatal(err)
	}
	shifted, err := frame{crs: datum.GCJ02}.geometry(parsed)
	if err != nil {
		t.Fatal(err)
	}
	step := `"from":"440303002007-18","to":"440303002017-13","area":` + string(shifted)
	for name, request := range map[string]struct{ target, body string }{
		"parameter": {"/adjustments/preview?datum=gcj02", "{" + step + "}"},
		"member":    {"/adjustments/preview", `{"datum":"gcj02",` + step + "}"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := decoded(t, askOf(s, http.MethodPost, request.target, request.body), http.StatusOK)
			checkDeepWater(t, answer)
			first := answer["geometry"].(map[string]any)["features"].([]any)[0].(map[string]any)["geometry"].(map[string]any)["coordinates"].([]any)[0].([]any)[0].([]any)
			if lon := first[0].(float64); math.Abs(lon-114) < 0.001 {
				t.Errorf("the answer begins at %v, which is not shifted", first)
			}
		})
	}
}

// TestBadShapes: what is no shape at all, or none of this place, is refused
// one way or the other, and never planned.
func TestBadShapes(t *testing.T) {
	s := server(t, fixed{snapshot: town(t, true)}, Config{})
	for name, ring := range map[string]string{
		"self-crossing": "[[114.018,22.504],[114.022,22.506],[114.022,22.504],[114.018,22.506],[114.018,22.504]]",
		"no area":       "[[114.019,22.504],[114.021,22.504],[114.019,22.504],[114.021,22.504],[114.019,22.504]]",
		"one place":     "[[114.019,22.504],[114.019,22.504],[114.019,22.504],[114.019,22.504]]",
		"in neither":    "[[114.035,22.504],[114.036,22.504],[114.036,22.506],[114.035,22.506],[114.035,22.504]]",
	} {
		t.Run(name, func(t *testing.T) {
			w := askOf(s, http.MethodPost, "/adjustments/preview", `{"from":"44030300200718","to":"44030300201713","area":{"type":"Polygon","coordinates":[`+ring+`]}}`)
			if w.Code == http.StatusBadRequest {
				return
			}
			if answer := decoded(t, w, http.StatusOK); answer["refused"] != true {
				t.Errorf("planned: %v", answer["effects"])
			}
		})
	}
}

// TestWithheldPreview: of real data an anonymous reader is told no small count,
// nor what sums with small counts in them come to; shapes and codes are all
// there.
func TestWithheldPreview(t *testing.T) {
	s := server(t, fixed{snapshot: town(t, false)}, Config{})
	body := `{"from":"44030300200718","to":"44030300201713","area":` + deepWater + `}`
	answer := decoded(t, askOf(s, http.MethodPost, "/adjustments/preview", body), http.StatusOK)
	for _, e := range answer["effects"].([]any) {
		e := e.(map[string]any)
		if e["level"] != "grids" {
			continue
		}
		if delta := e["delta"].(map[string]any); delta["residents"] != nil {
			t.Errorf("%v: 1 resident moves, told as %v", e["code"], delta["residents"])
		}
		for _, side := range []string{"before", "after"} {
			if n, ok := e[side].(map[string]any)["residents"].(float64); ok && math.Mod(n, 5) != 0 {
				t.Errorf("%v %s: %v residents", e["code"], side, n)
			}
		}
	}
	if buildings := answer["moved"].(map[string]any)["buildings"].([]any); len(buildings) != 1 {
		t.Errorf("moved %v", buildings)
	}
}

// FuzzPreview: no body makes the service fail.
func FuzzPreview(f *testing.F) {
	for _, seed := range []string{`{"from":"44030300200718","to":"44030300201713","area":` + deepWater + `}`,
		`{"steps":[{"from":"新秀18网格","line":{"type":"LineString","coordinates":[[114.015,22.5],[114.015,22.51]]},"new_code":"-1"}]}`,
		`{"to":"440303002017-13","buildings":["4403030020071800002"]}`, `{"steps":[{"area":{"type":"MultiPolygon","coordinates":[[[[1e400]]]]}}]}`,
		`{"datum":"bd09","from":"","steps":null}`, `{"layer":"risk_points","from":"1"}`, `{"steps":[{"area":{"type":"Feature","geometry":{"type":"Feature"}}}]}`} {
		f.Add(seed)
	}
	s := server(f, fixed{snapshot: town(f, true)}, Config{})
	f.Fuzz(func(t *testing.T, body string) {
		w := askOf(s, http.MethodPost, "/adjustments/preview", body)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("not JSON: %s", w.Body)
		}
	})
}
