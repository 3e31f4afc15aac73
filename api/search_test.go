package api

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"wangge/spatial"
)

// searched asks the fixture district.
func searched(t *testing.T, s *Server, text, more string) (results, places []any, matched int) {
	t.Helper()
	answer := decoded(t, askOf(s, http.MethodGet, "/search?q="+url.QueryEscape(text)+more, ""), http.StatusOK)
	checkShape(t, searchShape, answer)
	return answer["results"].([]any), answer["places"].([]any), int(answer["numberMatched"].(float64))
}

var (
	searchShape = with(analysisShape, object{"numberMatched": "number", "numberReturned": "number", "results": "any", "places": "any"})
	resultShape = object{"layer": "string", "id": "number", "code?": "string", "name": "string", "match": "string",
		"at?": []shape{"number"}, "bbox?": []shape{"number"}, "distance?": "number"}
	placeShape = object{"at": []shape{"number"}, "crs": "string", "order": "string", "doubts": "any", "grid?": unitShape}
)

func TestSearchShape(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	results, places, _ := searched(t, s, "22.505,114.005", "")
	checkShape(t, []shape{placeShape}, places)
	if len(results) != 0 {
		t.Errorf("coordinates are a name: %v", results)
	}
	results, places, _ = searched(t, s, "新秀", "&lon=114&lat=22.5")
	checkShape(t, []shape{resultShape}, results)
	if len(places) != 0 {
		t.Errorf("a name is coordinates: %v", places)
	}
}

// namedResults lists results as "layer id match".
func namedResults(results []any) []string {
	var list []string
	for _, r := range results {
		m := r.(map[string]any)
		list = append(list, fmt.Sprint(m["layer"], " ", m["id"], " ", m["match"]))
	}
	return list
}

func TestSearch(t *testing.T) {
	tests := map[string]struct {
		text, more string
		want       []string
		matched    int
	}{
		"a name":                    {"新秀社区", "", []string{"communities 1 name", "grids 11 beginning", "grids 12 beginning"}, 3},
		"a beginning":               {"新", "&limit=2", []string{"communities 1 beginning", "communities 2 beginning"}, 6},
		"a part":                    {"秀社", "", []string{"communities 1 part", "grids 11 part", "grids 12 part"}, 3},
		"words":                     {"18网格 新秀", "", []string{"grids 12 words"}, 1},
		"traditional characters":    {"黃貝街道", "", []string{"streets 1 name"}, 1},
		"full width":                {"新秀社区１８网格", "", []string{"grids 12 code"}, 1},
		"wide blanks":               {"　羅湖區　", "", []string{"districts 1 name"}, 1},
		"a code of 14 digits":       {"44030300200718", "", []string{"grids 12 code"}, 1},
		"a code with a dash":        {"440303002007-18", "", []string{"grids 12 code"}, 1},
		"a code with one digit":     {"440303002007-1", "", []string{"grids 11 code"}, 1},
		"a grid by name":            {"新秀18网格", "", []string{"grids 12 code"}, 1},
		"a grid in short":           {"新秀18", "", []string{"grids 12 code"}, 1},
		"a grid as it is said":      {"新秀社区18号网格", "", []string{"grids 12 code"}, 1},
		"a code's beginning":        {"440303002017", "", []string{"communities 2 code", "grids 13 beginning", "grids 14 beginning"}, 3},
		"a table":                   {"1,191,907", "", []string{"statistics 1 part"}, 1},
		"nobody":                    {"龙岗", "", nil, 0},
		"a beginning near a place":  {"新", "&limit=2&lon=114.035&lat=22.505", []string{"communities 2 beginning", "grids 14 beginning"}, 6},
		"not by what it stands for": {"service_station", "", nil, 0},
		"signs of the index":        {"\t\n440303\t", "", []string{"districts 1 code", "streets 1 beginning", "communities 1 beginning", "communities 2 beginning", "grids 11 beginning", "grids 12 beginning", "grids 13 beginning", "grids 14 beginning"}, 8},
	}
	s := server(t, fixed{snapshot: district(t)}, Config{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			results, _, matched := searched(t, s, test.text, test.more)
			if got := namedResults(results); !slices.Equal(got, test.want) || matched != test.matched {
				t.Errorf("%d: %q, want %d: %q", matched, got, test.matched, test.want)
			}
		})
	}
}

func TestSearchRefuses(t *testing.T) {
	for _, query := range []string{"", "?q=", "?q=%20", "?q=" + strings.Repeat("x", maxSearch+1), "?q=x&limit=0", "?q=x&limit=1000", "?q=x&lon=114", "?q=x&lat=NaN&lon=1"} {
		if w := ask(t, http.MethodGet, "/search"+query, ""); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

// TestSearchFollowsEdits: a changed layer is searched as it is now.
func TestSearchFollowsEdits(t *testing.T) {
	before := district(t)
	s := server(t, fixed{snapshot: before}, Config{})
	if results, _, _ := searched(t, s, "百仕达", ""); len(results) != 0 {
		t.Fatal(results)
	}
	communities, err := before.Layer(communityLayer)
	if err != nil {
		t.Fatal(err)
	}
	f, err := communities.Feature(1)
	if err != nil {
		t.Fatal(err)
	}
	row := f.Row()
	row.Values[1] = text("百仕达社区")
	after, err := before.Apply(spatial.Change{Base: 7, Layers: []spatial.LayerChange{{Layer: communityLayer, Put: []spatial.Row{row}}}}, 8)
	if err != nil {
		t.Fatal(err)
	}
	results, _, _ := searched(t, server(t, fixed{snapshot: after}, Config{}), "百仕达", "")
	if got := namedResults(results); !slices.Equal(got, []string{"communities 1 beginning"}) {
		t.Errorf("%q", got)
	}
}

// TestSearchTwin compares with a plain look at every name.
func TestSearchTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("新秀社区网格风险ABab01 ")
	s := district(t)
	for range 300 {
		text := make([]rune, 1+random.IntN(3))
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		q := question{text: fold(string(text)), limit: maxResults}
		if q.words = strings.Fields(q.text); len(q.words) == 0 {
			continue
		}
		got, err := searchAll(t.Context(), s, q)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for layer := range s.Layers() {
			for f := range layer.All() {
				if contains(f, q.words) {
					want++
				}
			}
		}
		if meant, ok := meantCode(s, q.text); ok && !contains(meant, q.words) {
			want++
		}
		if got.matched != want {
			t.Fatalf("%q: %d features, want %d", q.text, got.matched, want)
		}
	}
}

// contains says whether each word stands in a name or the code.
func contains(f spatial.Feature, words []string) bool {
	names := fold(f.Code()) + "\n" + fold(calledBy(f))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(names, w) })
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"筍崗": "笋岗", "笋岗": "笋岗", "羅湖東門": "罗湖东门", "Ａｂ　１８": "ab 18", " a \n b ": "a b", "ＬＩＡＮＴＡＮＧ": "liantang", "": "", "\xff": "\ufffd",
	} {
		if got := fold(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for from, to := range simplified {
		if _, again := simplified[to]; again || from == to || from < 0x3400 || to < 0x3400 {
			t.Errorf("%c to %c is no simplification", from, to)
		}
	}
}

func TestPlaces(t *testing.T) {
	type want struct {
		lon, lat float64
		crs      string
		doubts   int
		grid     string
	}
	in := want{114.005, 22.505, "OGC:CRS84", 0, "44030300200701"}
	doubtful := in
	doubtful.doubts = 1
	tests := map[string]struct {
		text string
		want []want
	}{
		"longitude first":    {"114.005,22.505", []want{in}},
		"full width":         {"１１４．００５，２２．５０５", []want{in}},
		"latitude first":     {"22.505 114.005", []want{doubtful}},
		"marks after":        {"22.505N 114.005E", []want{in}},
		"marks before":       {"N22.505E114.005", []want{in}},
		"no blank, after":    {"22.505n114.005e", []want{in}},
		"Chinese marks":      {"北纬22.505，东经114.005", []want{in}},
		"named":              {"lat=22.505; lon=114.005", []want{in}},
		"minutes":            {"22°30.3'N 114°0.3'E", []want{in}},
		"seconds":            {`22°30'18"N, 114°00'18"E`, []want{in}},
		"typographic":        {"22°30′18″N 114°00′18″E", []want{in}},
		"Chinese units":      {"东经114度0分18秒 北纬22度30分18秒", []want{in}},
		"a named system":     {"wgs84 114.005 22.505", []want{in}},
		"EPSG:4547":          {"500514.5 2489725", []want{{114.005, 22.505036, "EPSG:4547", 0, "44030300200701"}}},
		"northing first":     {"2489725, 500514.5", []want{{114.005, 22.505036, "EPSG:4547", 0, "44030300200701"}}},
		"EPSG:4526":          {"38500514.5 2489725", []want{{114.005, 22.505036, "EPSG:4526", 0, "44030300200701"}}},
		"the check point":    {"512241.9297 2492605.0386", []want{{114.119, 22.531, "EPSG:4547", 1, ""}}},
		"a vendor's":         {"gcj02 114.01,22.505", []want{{114.004995, 22.507854, "GCJ-02", 1, "44030300200701"}}},
		"elsewhere":          {"121.5,31.2", []want{{121.5, 31.2, "OGC:CRS84", 1, ""}}},
		"either order":       {"10.5, 20.5", []want{{10.5, 20.5, "OGC:CRS84", 2, ""}, {20.5, 10.5, "OGC:CRS84", 2, ""}}},
		"no coordinates":     {"新秀 18", nil},
		"one figure":         {"114.119", nil},
		"two longitudes":     {"114E 115E", nil},
		"too many minutes":   {"22°75'N 114°E", nil},
		"too far":            {"114.1, 200", nil},
		"two marks":          {"N22.5S 114E", nil},
		"a telephone number": {"0755 25666000", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := placesIn(district(t), test.text)
			if len(got) != len(test.want) {
				t.Fatalf("%+v, want %+v", got, test.want)
			}
			for i, w := range test.want {
				g := got[i]
				grid := ""
				if g.Grid != nil {
					grid = g.Grid.Code
				}
				if math.Abs(g.At[0]-w.lon) > 2e-5 || math.Abs(g.At[1]-w.lat) > 2e-5 || g.CRS != w.crs || len(g.Doubts) != w.doubts || grid != w.grid {
					t.Errorf("%+v, want %+v", g, w)
				}
			}
		})
	}
}

// TestPlacesOfVendors: what lies in the district only as GCJ-02 is told so.
func TestPlacesOfVendors(t *testing.T) {
	got := placesIn(district(t), "114.043,22.505") // some 500 m east of the district
	if len(got) != 2 || len(got[0].Doubts) != 2 || got[0].Grid != nil || got[1].CRS != "GCJ-02" || got[1].Grid == nil {
		t.Errorf("%+v", got)
	}
}

func FuzzSearch(f *testing.F) {
	for _, text := range []string{"新秀18", "440303002007-18", "114.119,22.531", `22°30'18"N, 114°00'18"E`, "gcj02 1,2", "-", "\t", "4403030020071800010000001"} {
		f.Add(text)
	}
	s := server(f, fixed{snapshot: district(f)}, Config{})
	f.Fuzz(func(t *testing.T, text string) {
		if w := askOf(s, http.MethodGet, "/search?q="+url.QueryEscape(text), ""); w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusRequestURITooLong {
			t.Errorf("%q: %d %s", text, w.Code, w.Body)
		}
	})
}
