package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// ids are the feature ids of a FeatureCollection.
func ids(answer map[string]any) []int {
	found := []int{}
	features, _ := answer["features"].([]any)
	for _, f := range features {
		found = append(found, int(f.(map[string]any)["id"].(float64)))
	}
	return found
}

func nextOf(answer map[string]any) string {
	for _, l := range answer["links"].([]any) {
		if l := l.(map[string]any); l["rel"] == "next" {
			return l["href"].(string)
		}
	}
	return ""
}

func TestItemsSelect(t *testing.T) {
	tests := map[string]struct {
		query   string
		matched int
		ids     []int
	}{
		"a page":                          {"risk_points/items?limit=3", riskPoints, []int{1, 3, 5}},
		"an integer":                      {"risk_points/items?people=7", 1, []int{15}},
		"a number":                        {"risk_points/items?score=1.5", 1, []int{7}},
		"a date":                          {"risk_points/items?found=2024-11-04&limit=1", riskPoints, []int{1}},
		"another date":                    {"risk_points/items?found=2024-11-05", 0, []int{}},
		"a Chinese name":                  {"grids/items?name=" + url.QueryEscape("新秀社区18网格"), 1, []int{12}},
		"features without a value":        {"risk_points/items?level=&limit=2", 25, []int{1, 21}},
		"two filters":                     {"risk_points/items?level=low&name=" + url.QueryEscape("风险B"), 10, []int{3, 55, 107, 159, 211, 263, 315, 367, 419, 471}},
		"a value nobody has":              {"risk_points/items?level=general", 0, []int{}},
		"a box":                           {"grids/items?bbox=114.001,22.501,114.002,22.502", 1, []int{11}},
		"a box with heights":              {"grids/items?bbox=114.001,22.501,0,114.002,22.502,100", 1, []int{11}},
		"a box that touches an edge":      {"grids/items?bbox=114.02,22.501,114.02,22.502", 2, []int{12, 13}},
		"a box that touches a corner":     {"grids/items?bbox=114.04,22.51,114.05,22.52", 1, []int{14}},
		"a box beyond":                    {"grids/items?bbox=114.0400001,22.5,115,23", 0, []int{}},
		"a box over the 180th meridian":   {"grids/items?bbox=114.035,22.5,-170,23", 1, []int{14}},
		"the globe":                       {"grids/items?bbox=-180,-90,180,90", 4, []int{11, 12, 13, 14}},
		"a box and a filter":              {"grids/items?bbox=114,22.5,114.04,22.51&above_code=440303002017", 2, []int{13, 14}},
		"a table":                         {"statistics/items", 1, []int{1}},
		"no place matches no box":         {"statistics/items?bbox=-180,-90,180,90", 0, []int{}},
		"a day":                           {"risk_points/items?datetime=2024-11-04&limit=1", riskPoints, []int{1}},
		"an instant of the day":           {"risk_points/items?datetime=2024-11-04T23:00:00Z&limit=1", riskPoints, []int{1}},
		"from a day on":                   {"risk_points/items?datetime=2024-11-05/..", 0, []int{}},
		"up to a day":                     {"risk_points/items?datetime=../2024-11-04T00:00:00Z&limit=1", riskPoints, []int{1}},
		"an open interval":                {"risk_points/items?datetime=../..&limit=1", riskPoints, []int{1}},
		"a condition":                     {"risk_points/items?filter=" + url.QueryEscape("people > 247 OR name LIKE '%B' AND people < 3"), 3, []int{3, 497, 499}},
		"a condition and a field":         {"risk_points/items?people=8&filter-lang=cql2-text&filter=" + url.QueryEscape("score = 4.0"), 1, []int{17}},
		"a code":                          {"grids/items?filter=" + url.QueryEscape("code IN ('44030300200718','x')"), 1, []int{12}},
		"within a distance":               {"response_points/items?filter=" + url.QueryEscape("S_DWITHIN(geometry, POINT(114.026 22.505), 150, metres)"), 2, []int{2, 3}},
		"within a shape of latitudes":     {"response_points/items?filter-crs=http://www.opengis.net/def/crs/EPSG/0/4326&filter=" + url.QueryEscape("S_WITHIN(geometry, ENVELOPE(22.5, 114.02, 22.6, 114.03))"), 2, []int{2, 3}},
		"descending":                      {"risk_points/items?sortby=-people&limit=2", riskPoints, []int{499, 497}},
		"by two fields, missing last":     {"risk_points/items?sortby=%2Blevel,-people&limit=2", riskPoints, []int{499, 497}},
		"more than the most is cut to it": {"risk_points/items?limit=1000000000&people=3", 1, []int{7}},
		"more than any number":            {"risk_points/items?limit=99999999999999999999&people=3", 1, []int{7}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer := get(t, "/collections/"+test.query)
			if got := ids(answer); !slices.Equal(got, test.ids) {
				t.Errorf("ids %v, want %v", got, test.ids)
			}
			if got := int(answer["numberMatched"].(float64)); got != test.matched {
				t.Errorf("matched %d, want %d", got, test.matched)
			}
			if got := int(answer["numberReturned"].(float64)); got != len(test.ids) {
				t.Errorf("returned %d, want %d", got, len(test.ids))
			}
			if more := nextOf(answer) != ""; more != (len(test.ids) < test.matched) {
				t.Errorf("next link: %v", more)
			}
		})
	}
}

// crossed is a layer whose boxes mislead: a diagonal line and a ring with a
// hole.
func crossed(t *testing.T) *spatial.Snapshot {
	ring := orb.Polygon{square(0, 0)[0], {spot(0.2, 0.2), spot(0.2, 0.8), spot(0.8, 0.8), spot(0.8, 0.2), spot(0.2, 0.2)}}
	return spatial.New(1, layer(t, &spatial.Schema{ID: "crossed", Geometry: spatial.Lines | spatial.Polygons, AsOf: "2024-01-01"},
		spatial.Row{ID: 1, Geometry: orb.LineString{spot(0, 0), spot(1, 1)}}, spatial.Row{ID: 2, Geometry: ring}))
}

func TestBoxMeetsGeometryNotItsBox(t *testing.T) {
	s := server(t, fixed{snapshot: crossed(t)}, Config{})
	tests := map[string]struct {
		bbox string
		want []int
	}{
		"over the line, in the hole":   {"114.004,22.504,114.006,22.506", []int{1}},
		"beside the line, in the hole": {"114.006,22.503,114.007,22.504", []int{}},
		"in the ring's flesh":          {"114.0085,22.5001,114.009,22.5005", []int{2}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer := decoded(t, askOf(s, http.MethodGet, "/collections/crossed/items?bbox="+test.bbox, ""), http.StatusOK)
			if got := ids(answer); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestPagingSeesEachFeatureOnce follows the next links to the end.
func TestPagingSeesEachFeatureOnce(t *testing.T) {
	for _, query := range []string{"limit=7", "limit=50", "limit=10000", "limit=7&level=low", "limit=7&bbox=114,22.5,114.02,22.504",
		"limit=7&sortby=name", "limit=9&sortby=-level,score", "limit=30&sortby=-found&level=low", "limit=11&filter=people%3E100&sortby=level"} {
		t.Run(query, func(t *testing.T) {
			var seen []int
			matched := 0
			for next := "/collections/risk_points/items?" + query; next != ""; {
				answer := get(t, next)
				seen = append(seen, ids(answer)...)
				if len(seen) > riskPoints {
					t.Fatal("the pages do not end")
				}
				matched = int(answer["numberMatched"].(float64))
				next = nextOf(answer)
			}
			if !strings.Contains(query, "sortby") && !slices.IsSorted(seen) {
				t.Errorf("not in order of ids: %v", seen)
			}
			slices.Sort(seen)
			if len(seen) != matched || len(slices.Compact(slices.Clone(seen))) != len(seen) {
				t.Errorf("%d features, %d matched, once each: %v", len(seen), matched, seen)
			}
		})
	}
}

// TestCursorSurvivesEdits removes the feature a cursor stands on and adds one
// behind it.
func TestCursorSurvivesEdits(t *testing.T) {
	before := district(t)
	first := decoded(t, askOf(server(t, fixed{snapshot: before}, Config{}), http.MethodGet, "/collections/risk_points/items?limit=3", ""), http.StatusOK)
	risks, err := before.Layer("risk_points")
	if err != nil {
		t.Fatal(err)
	}
	row, err := risks.Feature(1)
	if err != nil {
		t.Fatal(err)
	}
	added := row.Row()
	added.ID = 6
	after, err := before.Apply(spatial.Change{Base: 7, Layers: []spatial.LayerChange{
		{Layer: "risk_points", Put: []spatial.Row{added}, Delete: []int64{5, 7}}}}, 8)
	if err != nil {
		t.Fatal(err)
	}
	second := decoded(t, askOf(server(t, fixed{snapshot: after}, Config{}), http.MethodGet, nextOf(first), ""), http.StatusOK)
	if got, want := ids(second), []int{6, 9, 11}; !slices.Equal(got, want) {
		t.Errorf("second page %v, want %v", got, want)
	}
}

func TestItem(t *testing.T) {
	tests := map[string]struct {
		path string
		id   int
	}{
		"by id":                     {"grids/items/12", 12},
		"by code":                   {"grids/items/44030300200718", 12},
		"as people write it":        {"grids/items/440303002007-18", 12},
		"by name":                   {"grids/items/新秀社区18网格", 12},
		"by name, one digit":        {"grids/items/新秀社区1网格", 11},
		"by name without community": {"grids/items/" + url.PathEscape("新兴13网格"), 13},
		"lower-case escapes":        {"grids/items/" + strings.ToLower(url.PathEscape("新秀社区18网格")), 12},
		"community by code":         {"communities/items/440303002017", 2},
		"without geometry":          {"response_points/items/4", 4},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := get(t, "/collections/"+test.path)["id"]; got != float64(test.id) {
				t.Errorf("id %v, want %d", got, test.id)
			}
		})
	}
}

func TestPropertiesAreChosen(t *testing.T) {
	for query, want := range map[string]string{"": "[above_code code name]", "?properties=name": "[name]", "?properties=": "[]"} {
		properties := get(t, "/collections/grids/items/12"+query)["properties"].(map[string]any)
		var names []string
		for name := range properties {
			names = append(names, name)
		}
		slices.Sort(names)
		if fmt.Sprint(names) != want {
			t.Errorf("%q: %v, want %s", query, names, want)
		}
	}
}

func FuzzBBox(f *testing.F) {
	for _, seed := range []string{"1,2,3,4", "1,2,3,4,5,6", "170,-10,-170,10", "NaN,1,2,3", "1e308,1,1e309,2", "", ",,,", "0x1p-2,1,2,3", "-180,-90,180,90",
		"2492600,512000,2493000,512900", "512000,2492600,512900,2493000"} {
		f.Add(seed)
	}
	frames := []frame{{}, {datum.EPSG4326, true}, {datum.EPSG4547, true}, {crs: datum.EPSG3857}, {crs: datum.GCJ02}}
	f.Fuzz(func(t *testing.T, text string) {
		numbers, err := parseBBox(text)
		if err != nil {
			return
		}
		for _, in := range frames {
			areas, err := in.areas(numbers)
			if err == nil && (len(areas) < 1 || len(areas) > 2) {
				t.Fatalf("%d areas", len(areas))
			}
			for _, area := range areas {
				b := area.Bound()
				if err == nil && !(b.Min[0] <= b.Max[0] && b.Min[1] <= b.Max[1] && -180 <= b.Min[0] && b.Max[0] <= 180 && -90 <= b.Min[1] && b.Max[1] <= 90) {
					t.Fatalf("area %v of %q in %v", b, text, in)
				}
			}
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add((cursor{id: 1 << 40, query: 7}).String())
	f.Add((cursor{id: 1, keys: []spatial.Value{text("新秀"), spatial.Null, spatial.Float(1.5), spatial.Bool(true), spatial.Int(-3)}}).String())
	f.Add("")
	f.Add("AAAAAAAAAAO9ex75=")
	f.Add("A0000000\n00000000")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err == nil && (c.String() != text || c.id < 0) {
			t.Fatalf("%q reads as %+v, which writes as %q", text, c, c)
		}
	})
}

func FuzzPosition(f *testing.F) {
	for _, seed := range []string{"[114.1,22.5]", "[null,1]", "[1e999,1]", "{}", "[114.1,95]", "[1,2,3]", "[]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePosition([]byte(text))
		if err == nil && spatial.ValidateGeometry(p) != nil {
			t.Fatalf("%q reads as %v", text, p)
		}
	})
}
