package api

import (
	"math"
	"net/http"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial/datum"
)

const register = "http://www.opengis.net/def/crs/EPSG/0/"

// TestCoordinatesOfAnswers: a URI means the register's order of axes.
func TestCoordinatesOfAnswers(t *testing.T) {
	tests := map[string]struct {
		query, header string
		want          orb.Point // of response point 1, at 114.005 22.505
		survey        bool
	}{
		"none":                  {"", datum.CRS84.URI(), orb.Point{114.005, 22.505}, true},
		"4326 by URI":           {"?crs=" + register + "4326", register + "4326", orb.Point{22.505, 114.005}, true},
		"4490 by URN":           {"?crs=urn:ogc:def:crs:EPSG::4490", register + "4490", orb.Point{22.505, 114.005}, true},
		"4490 by its name":      {"?crs=EPSG:4490", "EPSG:4490", orb.Point{114.005, 22.505}, true},
		"4547 by URI":           {"?crs=" + register + "4547", register + "4547", orb.Point{2489721.005, 500514.463}, true},
		"4547 by its name":      {"?crs=epsg:4547", "EPSG:4547", orb.Point{500514.463, 2489721.005}, true},
		"as a map vendor shows": {"?datum=gcj02", "GCJ-02", orb.Point{114.010005, 22.502146}, false},
	}
	for name, test := range tests {
		for _, path := range []string{"/collections/response_points/items/1", "/collections/response_points/items"} {
			t.Run(name+path, func(t *testing.T) {
				w := ask(t, http.MethodGet, path+test.query, "")
				answer := decoded(t, w, http.StatusOK)
				feature := answer
				if list, ok := answer["features"].([]any); ok {
					feature = list[0].(map[string]any)
				}
				got := feature["geometry"].(map[string]any)["coordinates"].([]any)
				for i := range test.want {
					if math.Abs(got[i].(float64)-test.want[i]) > 1e-6*math.Abs(test.want[i]) {
						t.Errorf("at %v, want %v", got, test.want)
					}
				}
				if got := w.Header().Get("Content-Crs"); got != "<"+test.header+">" {
					t.Errorf("Content-Crs %s", got)
				}
				if told, ok := answer["coordinates"].(map[string]any); ok != (test.query != "" && name != "4490 by its name") || ok && told["survey_grade"] != test.survey {
					t.Errorf("told of coordinates: %v", told)
				}
			})
		}
	}
}

// TestBoxesOfOtherSystems: the box of metres that holds a place finds it,
// and one is bent as its sides are.
func TestBoxesOfOtherSystems(t *testing.T) {
	for query, want := range map[string][]int{
		"bbox=500510,2489720,500520,2489730&bbox-crs=EPSG:4547":            {1},
		"bbox=2489720,500510,2489730,500520&bbox-crs=" + register + "4547": {1},
		"bbox=22.5,114,22.506,114.006&bbox-crs=" + register + "4490":       {1},
		"bbox=114.0099,22.502,114.0101,22.5024&datum=gcj02":                {1},
		"bbox=114.0049,22.5049,114.0051,22.5051&datum=gcj02":               {},
		"bbox=114.0049,22.5049,114.0051,22.5051&crs=EPSG:3857":             {1},
	} {
		if got := ids(get(t, "/collections/response_points/items?"+query)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	area, err := frame{crs: datum.EPSG4547}.areas(bboxNumbers{400000, 2489000, 600000, 2490000})
	if err != nil {
		t.Fatal(err)
	}
	south := area[0].(orb.Polygon)[0]
	if middle := south[outlineSteps/2]; middle[1]-south[0][1] < 0.001 {
		t.Errorf("the southern side is straight: %v to %v", south[0], middle)
	}
}

func TestQueryablesSayWhatCanBeAsked(t *testing.T) {
	answer := get(t, "/collections/risk_points/queryables")
	if answer["additionalProperties"] != false {
		t.Error("other properties are allowed")
	}
	properties := answer["properties"].(map[string]any)
	for name, want := range map[string]map[string]any{
		"geometry": {"x-ogc-role": "primary-geometry"}, "found": {"x-ogc-role": "primary-instant", "format": "date"}, "people": {"x-ogc-unit": "persons"},
	} {
		property := properties[name].(map[string]any)
		for key, value := range want {
			if property[key] != value {
				t.Errorf("%s: %s is %v, want %v", name, key, property[key], value)
			}
		}
	}
	if named := properties["level"].(map[string]any)["oneOf"].([]any); len(named) != 3 || named[1].(map[string]any)["title"] != "low" {
		t.Errorf("values of level: %v", named)
	}
	collection := get(t, "/collections/risk_points")
	if collection["storageCrs"] != register+"4490" || !slices.Contains(collection["crs"].([]any), any(datum.CRS84.URI())) {
		t.Errorf("crs %v stored in %v", collection["crs"], collection["storageCrs"])
	}
}
