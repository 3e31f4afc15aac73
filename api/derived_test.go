package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/tiles"
)

var wideParam = &param[int]{
	declaration{name: "wide", in: inQuery, initial: "1", example: "2", description: "hundredths of a degree", schema: jsonSchema{"type": "integer"}},
	parseCount(10),
}

// surroundings is a derived layer of the tests: a box around each station, with
// the number of risk points in it and how many closures are in force.
func surroundings(made *int) *derivedLayer {
	return &derivedLayer{
		schema: spatial.Schema{ID: "surroundings", Title: spatial.Title{ZH: "周边", EN: "Surroundings"}, Geometry: spatial.Polygons, Group: "response", Label: "name",
			Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}, {Name: "points", Type: spatial.TypeInt}, {Name: "closures", Type: spatial.TypeInt}}},
		from: []spatial.LayerID{"response_points", "risk_points"}, also: []spatial.LayerID{closure.Layer}, parameters: []parameter{wideParam}, timed: true,
		rows: func(r *request) ([]spatial.Row, error) {
			*made++
			stations, _ := r.snapshot.Layer("response_points")
			points, _ := r.snapshot.Layer("risk_points")
			var rows []spatial.Row
			for f := range stations.All() {
				p, ok := f.Geometry().(orb.Point)
				if !ok {
					continue
				}
				half := float64(wideParam.of(r)) / 200
				box, n := orb.Bound{Min: orb.Point{p[0] - half, p[1] - half}, Max: orb.Point{p[0] + half, p[1] + half}}, 0
				for range points.Intersecting(box) {
					n++
				}
				rows = append(rows, spatial.Row{ID: f.ID(), Geometry: box.ToPolygon(),
					Values: []spatial.Value{spatial.Text(f.Label()), spatial.Int(int64(n)), spatial.Int(int64(len(r.closures().Closures)))}})
			}
			return rows, nil
		},
	}
}

// withDerived is a service with one derived layer, at a time that can be moved.
func withDerived(t *testing.T, state State, made *int) (*Server, *time.Time) {
	s := server(t, state, Config{})
	s.derived = []*derivedLayer{surroundings(made)}
	now := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return now }
	return s, &now
}

func edited(t *testing.T, s *spatial.Snapshot, changes ...spatial.LayerChange) *spatial.Snapshot {
	t.Helper()
	next, err := s.Apply(spatial.Change{Base: s.Version(), Layers: changes}, s.Version()+1)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func withClosures(t *testing.T, s *spatial.Snapshot, closures ...closure.Closure) *spatial.Snapshot {
	t.Helper()
	change := spatial.Change{Base: s.Version(), Create: []*spatial.Schema{closure.Schema()}, Layers: []spatial.LayerChange{{Layer: closure.Layer}}}
	for _, c := range closures {
		change.Layers[0].Put = append(change.Layers[0].Put, c.Row())
	}
	next, err := s.Apply(change, s.Version()+1)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

const surroundingsItems = "/collections/surroundings/items"

// surroundingsTile shows the station in the west.
var surroundingsTile = fmt.Sprintf("/tiles/surroundings/%v.mvt", tiles.At(orb.Point(spot(0.5, 0.5)), 14))

// TestDerivedLayerIsServedLikeOthers: in every place where a layer is.
func TestDerivedLayerIsServedLikeOthers(t *testing.T) {
	made := 0
	s, _ := withDerived(t, fixed{snapshot: district(t)}, &made)
	for target, want := range map[string]string{
		"/collections":                                    `"id":"surroundings"`,
		"/collections?f=html":                             "周边",
		"/collections/surroundings":                       `"derived":{"from":["response_points","risk_points"],"timed":true,"parameters":[{"name":"wide"`,
		"/collections/surroundings/schema":                `"points"`,
		"/collections/surroundings/queryables":            `"points"`,
		surroundingsItems:                                 `"name":"西站","points":70,"closures":0`,
		surroundingsItems + "?wide=2":                     `"numberMatched":3`,
		surroundingsItems + "?filter=points+%3E+100":      `"numberMatched":0`,
		surroundingsItems + "?name=东站&f=csv":              "东站",
		surroundingsItems + "/1":                          `"name":"西站"`,
		"/tiles/surroundings.json?wide=2":                 "wide=2",
		"/tiles/grids,surroundings.json":                  `"surroundings"`,
		"/collections/surroundings/tiles":                 "WebMercatorQuad",
		"/styles/district.json?layers=grids,surroundings": "surroundings",
	} {
		w := askOf(s, http.MethodGet, target, "")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d, want %s in %s", target, w.Code, want, w.Body)
		}
	}
	if made != 2 {
		t.Errorf("made %d times, want once for each width", made)
	}
	one, two := askOf(s, http.MethodGet, surroundingsTile, ""), askOf(s, http.MethodGet, surroundingsTile+"?wide=2", "")
	if one.Code != http.StatusOK || two.Code != http.StatusOK || one.Header().Get("ETag") == two.Header().Get("ETag") {
		t.Errorf("tiles of two widths: %d %d %s", one.Code, two.Code, one.Header().Get("ETag"))
	}
	if w := askOf(s, http.MethodGet, strings.Replace(surroundingsTile, "surroundings", "grids,surroundings", 1), ""); w.Code != http.StatusOK {
		t.Errorf("beside another layer: %d %s", w.Code, w.Body)
	}
}

func TestDerivedLayerRefuses(t *testing.T) {
	made := 0
	s, _ := withDerived(t, fixed{snapshot: district(t)}, &made)
	for target, rule := range map[string]string{
		surroundingsItems + "?wide=0":                  "parameter_wide",
		surroundingsTile + "?wide=x":                   "parameter_wide",
		surroundingsItems + "?high=1":                  "parameter_unknown",
		"/collections/grids/items?wide=1":              "parameter_unknown",
		surroundingsTile + "?datetime=2024-12-30":      "derived_now",
		surroundingsItems + "/1?datetime=2024-12-30":   "parameter_datetime",
		surroundingsItems + "?filter=nothing+%3D+1":    "filter_property",
		"/tiles/grids/14/13380/7145.mvt?wide=1":        "parameter_unknown",
		"/collections/surroundings/queryables?wide=20": "parameter_wide",
	} {
		if answer := decoded(t, askOf(s, http.MethodGet, target, ""), http.StatusBadRequest); answer["rule"] != rule {
			t.Errorf("%s: %v, want %s", target, answer, rule)
		}
	}
}

// TestDerivedLayerIsNeverStale: an edit of what it is made from shows in the
// next answer, one of anything else leaves it as it is, and so does the clock.
func TestDerivedLayerIsNeverStale(t *testing.T) {
	base := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	state := &moving{fixed{snapshot: withClosures(t, district(t), closure.Closure{ID: 1, Since: base.Add(time.Hour), Until: base.Add(2 * time.Hour)})}}
	made := 0
	s, now := withDerived(t, state, &made)
	seen := map[string]string{}
	look := func(step string, differs bool) {
		t.Helper()
		for _, target := range []string{surroundingsTile, surroundingsItems} {
			w := askOf(s, http.MethodGet, target, "")
			got := w.Body.String()
			if target == surroundingsItems {
				got = features(got)
			}
			if old, ok := seen[target]; ok && (got != old) != differs {
				t.Errorf("%s: %s differs %v, want %v", step, target, got != old, differs)
			}
			if old, ok := seen["tag "+target]; ok && w.Header().Get("ETag") == old && got != seen[target] {
				t.Errorf("%s: %s has the ETag of another content", step, target)
			}
			seen[target], seen["tag "+target] = got, w.Header().Get("ETag")
		}
	}
	look("first", false)
	look("again", false)
	state.snapshot = edited(t, state.snapshot, spatial.LayerChange{Layer: "statistics", Delete: []int64{1}})
	look("another layer edited", false)
	if made != 1 {
		t.Errorf("made %d times, want once", made)
	}
	state.snapshot = edited(t, state.snapshot, spatial.LayerChange{Layer: "risk_points", Delete: []int64{1}})
	look("a source edited", true)
	*now = base.Add(time.Hour)
	look("a closure begins", true)
	*now = base.Add(time.Hour + time.Minute)
	look("it goes on", false)
	before := made
	*now = base.Add(2 * time.Hour)
	look("it ends", true)
	*now = base.Add(90 * time.Minute)
	if look("back in time", true); made != before {
		t.Errorf("what was made a moment ago is made anew, %d times", made-before)
	}
}

// TestOwnLayerHidesTheDerived: what a store keeps is its own.
func TestOwnLayerHidesTheDerived(t *testing.T) {
	snapshot := district(t)
	schema := &spatial.Schema{ID: "surroundings", Title: spatial.Title{ZH: "自有", EN: "Own"}, Geometry: spatial.Points, AsOf: "2024-12-30"}
	next, err := snapshot.Apply(spatial.Change{Base: 7, Create: []*spatial.Schema{schema}}, 8)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	s, _ := withDerived(t, fixed{snapshot: next}, &made)
	if answer := decoded(t, askOf(s, http.MethodGet, "/collections/surroundings", ""), http.StatusOK); answer["count"] != 0.0 || answer["derived"] != nil || made != 0 {
		t.Errorf("%v", answer)
	}
	if list := askOf(s, http.MethodGet, "/collections", "").Body.String(); strings.Count(list, `"id":"surroundings"`) != 1 {
		t.Error("listed twice")
	}
}

// TestDerivedLayerIsInEvents: whoever watches it learns of edits of what it is
// made from.
func TestDerivedLayerIsInEvents(t *testing.T) {
	made := 0
	s, _ := withDerived(t, fixed{snapshot: district(t)}, &made)
	to := &telling{only: []spatial.LayerID{"surroundings"}, hides: s.internal, derived: s.derivedTouched}
	for layer, want := range map[spatial.LayerID]int{"risk_points": 1, "grids": 0, closure.Layer: 1} {
		told := to.touched(data.Event{Touched: []data.Touched{{Layer: layer}}})
		if len(told) != want {
			t.Errorf("%s touched: %v", layer, told)
		}
		if want > 0 && len(told[0].Tiles) < 20 {
			t.Errorf("%v", told)
		}
	}
}

// TestShelfKeepsTheLatest: a long list of questions does not fill the memory,
// and a question asked in between stays.
func TestShelfKeepsTheLatest(t *testing.T) {
	snapshot := district(t)
	built := map[string]int{}
	ask := func(name string) {
		got, err := kept(snapshot, []spatial.LayerID{"grids", "nowhere"}, name, func() (string, error) { built[name]++; return name, nil })
		if err != nil || got != name {
			t.Fatalf("%s: %q %v", name, got, err)
		}
	}
	ask("first")
	for i := range 10 * shelfLength {
		ask(strconv.Itoa(i))
		ask("often")
	}
	ask("first")
	if built["first"] != 2 || built["often"] != 1 || len(built) != 10*shelfLength+2 {
		t.Errorf("first %d, often %d, %d in all", built["first"], built["often"], len(built))
	}
	sh, err := spatial.Derive(snapshot, []spatial.LayerID{"grids"}, func(*spatial.Snapshot) (*shelf, error) { return nil, fmt.Errorf("is there") })
	if err != nil || len(sh.built) != shelfLength || len(sh.names) != shelfLength {
		t.Errorf("%v, %d and %d", err, len(sh.built), len(sh.names))
	}
}
