package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// ranking is a list of candidates as "id distance".
func ranking(candidates any) string {
	var lines []string
	for _, c := range candidates.([]any) {
		c := c.(map[string]any)
		lines = append(lines, fmt.Sprintf("%v %.0f", c["id"], c["distance"]))
	}
	return strings.Join(lines, ", ")
}

func TestNearest(t *testing.T) {
	const at = "/nearest?lon=114.006&lat=22.505"
	tests := map[string]struct{ target, want string }{
		"the nearest":             {at, "1 103"},
		"all, ties by id":         {at + "&k=9", "1 103, 2 1955, 3 1955"},
		"of a kind":               {at + "&kind=fire_station", "2 1955"},
		"of a kind and available": {at + "&kind=fire_station&available=true", "3 1955"},
		"not available":           {at + "&available=false", "2 1955"},
		"of another layer":        {at + "&to=communities&k=2", "1 0, 2 1440"},
		"of a table":              {at + "&to=statistics", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := ranking(get(t, test.target)["candidates"]); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestNearestSaysWhatItLeftOut(t *testing.T) {
	answer := get(t, "/nearest?lon=114.006&lat=22.505&kind=fire_station&available=true&k=5")
	if got, want := fmt.Sprint(answer["excluded"]), "map[other_available:1 other_kind:1 without_geometry:1]"; got != want {
		t.Errorf("excluded %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(answer["parameters"]), "map[available:true by:distance k:5 kind:fire_station lat:22.505 lon:114.006 to:response_points]"; got != want {
		t.Errorf("parameters %s, want %s", got, want)
	}
}

func TestNearestReasons(t *testing.T) {
	for target, want := range map[string][]string{
		"/nearest?lon=114.006&lat=22.505&k=2":               {"nearest of 3; the next, 东站, is 1852 m farther", "1852 m farther than the nearest"},
		"/nearest?lon=114.025&lat=22.505":                   {"nearest of 3; 同站 is as near and has the greater id"},
		"/nearest?lon=114.025&lat=22.505&available=false":   {"the only one"},
		"/nearest?lon=114.025&lat=22.505&to=districts&k=10": {"the only one"},
	} {
		for i, c := range get(t, target)["candidates"].([]any) {
			if got := c.(map[string]any)["reason"]; got != want[i] {
				t.Errorf("%s: %q, want %q", target, got, want[i])
			}
		}
	}
}

func TestNearestToEach(t *testing.T) {
	const points = `[{"id":"a","geometry":{"type":"Point","coordinates":[114.006,22.505]}},{"geometry":{"type":"Point","coordinates":[114.025,22.505,3]}},{"id":3,"geometry":null}]`
	tests := map[string]struct{ target, body, want string }{
		"a FeatureCollection as it is": {"/nearest", `{"type":"FeatureCollection","features":` + points + `}`, "a: 1 103; 1: 2 0"},
		"with options in the address":  {"/nearest?k=2&kind=fire_station", `{"type":"FeatureCollection","features":` + points + `}`, "a: 2 1955, 3 1955; 1: 2 0, 3 0"},
		"within a question":            {"/nearest", `{"features":{"type":"FeatureCollection","features":` + points + `},"available":true}`, "a: 1 103; 1: 3 0"},
		"options of the body win":      {"/nearest?k=1", `{"features":` + points + `,"k":2}`, "a: 1 103, 2 1955; 1: 2 0, 3 0"},
		"a layer":                      {"/nearest", `{"layer":"response_points","k":1}`, "1: 1 0; 2: 2 0; 3: 2 0"},
		"a layer of areas":             {"/nearest", `{"layer":"grids","to":"communities","k":1}`, "11: 1 0; 12: 1 0; 13: 2 0; 14: 2 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer := decoded(t, ask(t, http.MethodPost, test.target, test.body), http.StatusOK)
			var lines []string
			for _, r := range answer["results"].([]any) {
				r := r.(map[string]any)
				lines = append(lines, fmt.Sprintf("%v: %s", r["id"], ranking(r["candidates"])))
			}
			if got := strings.Join(lines, "; "); got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestGridAt(t *testing.T) {
	tests := map[string]struct {
		lon, lat string
		grid     string
		within   string
	}{
		"inside":                     {"114.035", "22.505", "44030300201714", "新兴社区"},
		"on an edge: smaller code":   {"114.01", "22.505", "44030300200701", "新秀社区"},
		"on a community's edge":      {"114.02", "22.505", "44030300200718", "新秀社区"},
		"on the corner":              {"114.04", "22.51", "44030300201714", "新兴社区"},
		"a step inside the next one": {"114.020000001", "22.505", "44030300201713", "新兴社区"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer := get(t, "/grids/at?lon="+test.lon+"&lat="+test.lat)
			if got := answer["properties"].(map[string]any)["code"]; got != test.grid {
				t.Errorf("grid %v, want %s", got, test.grid)
			}
			if got := answer["community"].(map[string]any)["name"]; got != test.within {
				t.Errorf("community %v, want %s", got, test.within)
			}
		})
	}
}
