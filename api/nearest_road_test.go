package api

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/datum"
	"wangge/spatial/relate"
	"wangge/spatial/road"
)

// timed is a candidate of an answer by time.
type timed struct {
	ID    int64
	Name  string
	Time  float64
	Parts struct{ Call, Turnout, Travel, Access float64 }
	Road  *struct {
		Name, Side string
		Distance   float64
	}
	Reason string
	Route  *struct {
		Geometry struct{ Coordinates orb.LineString }
		Length   float64
		Roads    []struct {
			Name   string
			Length float64
		}
	}
}

// timedAnswer is an answer by time.
type timedAnswer struct {
	Place struct {
		Doubts []doubt
		Road   *struct {
			Name, Side string
			Distance   float64
		}
	}
	Closures    []struct{ ID int64 }
	Candidates  []timed
	RunnerUp    *timed `json:"runner_up"`
	Unreachable int
	None        *refusal
}

func timedOf(t testing.TB, s *Server, query string) (a timedAnswer) {
	t.Helper()
	w := askOf(s, http.MethodGet, "/nearest?by=time&"+query, "")
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", query, w.Code, w.Body)
	}
	return a
}

func lonLat(p orb.Point) string {
	return fmt.Sprintf("lon=%v&lat=%v", p[0], p[1])
}

// TestNearestByTimeIsTheQuickestWay compares answers for places all over the
// town with the quickest way from each station, found one by one, while roads
// are closed at random.
func TestNearestByTimeIsTheQuickestWay(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	town := roadTown(t, true)
	for range 12 {
		var closures []closure.Closure
		for id := range int64(random.IntN(4)) {
			x := random.Float64() * 4
			closures = append(closures, closure.Closure{ID: id + 1, Geometry: orb.LineString{spot(x, random.Float64()), spot(x+0.3, random.Float64())}})
		}
		snapshot := withClosures(t, town, closures...)
		s := server(t, fixed{snapshot: snapshot}, Config{})
		n, err := road.Of(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		g, err := n.Profile("driving")
		if err != nil {
			t.Fatal(err)
		}
		closed := map[int32]bool{}
		for _, edge := range closure.Edges(n, "driving", closures) {
			closed[edge] = true
		}
		whole := g
		g = g.Without(func(edge int32) bool { return closed[edge] })
		stations, _ := snapshot.Layer("response_points")
		for range 40 {
			p := spot(random.Float64()*4.6, random.Float64())
			near := whole.Within(p, 10_000)
			for last := near[len(near)-1]; last.Away > max(100, 1.5*near[0].Away); last = near[len(near)-1] {
				near = near[:len(near)-1]
			}
			got := timedOf(t, s, lonLat(p)+"&k=3&route=true")
			want := map[int64]float64{}
			for f := range stations.All() {
				from, _ := whole.Snap(f.Geometry().(orb.Point))
				for _, at := range near {
					if !g.Usable(from.Edge) || !g.Usable(at.Edge) {
						continue
					}
					if way, ok := g.Route(from, at); ok {
						turnout := float64(f.Attribute("turnout").Int())
						time := 60 + turnout + road.Over(from.Away, 15).Seconds() + way.Time.Seconds() + road.Over(at.Away, 4.32).Seconds()
						if known, ok := want[f.ID()]; !ok || time < known {
							want[f.ID()] = time
						}
					}
				}
			}
			if len(got.Candidates) != len(want) || got.Unreachable != 3-len(want) || (got.None == nil) != (len(want) > 0) {
				t.Fatalf("at %v: %+v, want %v", p, got, want)
			}
			last := 0.0
			for _, c := range got.Candidates {
				if math.Abs(c.Time-want[c.ID]) > 0.0005 || c.Time < last || math.Abs(c.Parts.Call+c.Parts.Turnout+c.Parts.Travel+c.Parts.Access-c.Time) > 0.0005 {
					t.Fatalf("at %v: %+v, want %v", p, c, want)
				}
				last = c.Time
				checkWay(t, n, closed, c)
			}
		}
	}
}

// checkWay follows the line of a way: it touches no closed edge but at its ends.
func checkWay(t *testing.T, n *road.Network, closed map[int32]bool, c timed) {
	t.Helper()
	var length float64
	for _, stretch := range c.Route.Roads {
		length += stretch.Length
	}
	if math.Abs(length-c.Route.Length) > 0.01 {
		t.Errorf("stretches of %.3f m in a way of %.3f m", length, c.Route.Length)
	}
	line := c.Route.Geometry.Coordinates
	for i := 1; i < len(line); i++ {
		middle := relate.New(orb.Point{math.Round((line[i-1][0]+line[i][0])/2*1e7) / 1e7, math.Round((line[i-1][1]+line[i][1])/2*1e7) / 1e7})
		for edge := range closed {
			if near := relate.New(n.Edge(edge).Line); relate.Intersects(near, middle) {
				t.Errorf("the way of %s goes over %s, which is closed", c.Name, n.Edge(edge).Name())
			}
		}
	}
}

func TestNearestByTimeExplains(t *testing.T) {
	s := server(t, fixed{snapshot: withClosures(t, roadTown(t, true), closure.Closure{ID: 4, Name: "积水", Roads: []string{"东街"}})}, Config{})
	got := timedOf(t, s, lonLat(spot(1.5, 0.47))+"&k=2")
	if got.Place.Road == nil || got.Place.Road.Name != "沿河路" || got.Place.Road.Side != "left" || math.Abs(got.Place.Road.Distance-22.15) > 0.1 {
		t.Errorf("the place comes onto %+v", got.Place.Road)
	}
	if len(got.Closures) != 1 || got.Closures[0].ID != 4 || len(got.Place.Doubts) != 0 {
		t.Errorf("%+v", got)
	}
	first, second := got.Candidates[0], got.Candidates[1]
	if first.Name != "中站" || !strings.HasPrefix(first.Reason, "soonest of 3; the next, 西站, is ") || got.RunnerUp == nil || got.RunnerUp.ID != second.ID {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(second.Reason, "later than the first") || !strings.Contains(second.Reason, "more travel") {
		t.Error(second.Reason)
	}
	for query, want := range map[string]string{
		"&k=1&available=true":    "西站",
		"&k=1&kind=fire_station": "中站",
		"&skill=灭火&k=3":          "中站 东站",
		"&skill=抢险":              "中站",
		"&skill=排水":              "西站",
	} {
		names := []string{}
		for _, c := range timedOf(t, s, lonLat(spot(1.5, 0.47))+query).Candidates {
			names = append(names, c.Name)
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s: %v, want %s", query, names, want)
		}
	}
	slow := timedOf(t, s, lonLat(spot(1.5, 0.47))+"&call=120.5")
	if d := slow.Candidates[0].Time - first.Time; math.Abs(d-60.5) > 1e-6 || slow.Candidates[0].Parts.Call != 120.5 {
		t.Errorf("%+v", slow.Candidates[0])
	}
	if walking := timedOf(t, s, lonLat(spot(1.5, 0.47))+"&profile=walking").Candidates[0]; walking.Parts.Travel < 4*first.Parts.Travel {
		t.Errorf("walking %+v", walking)
	}
}

// TestNearestDoubts: a place outside the district is said to be, and one that
// would be inside if its coordinates were shifted ones, too.
func TestNearestDoubts(t *testing.T) {
	s := server(t, fixed{snapshot: roadTown(t, true)}, Config{})
	// As GCJ-02 the town's southern edge lies in what is outside as degrees.
	shifted := datum.FromLL(datum.GCJ02, spot(1, 0.1))
	kinds := func(query string) string {
		var answer struct{ Place struct{ Doubts []doubt } }
		w := askOf(s, http.MethodGet, "/nearest?"+query, "")
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, d := range answer.Place.Doubts {
			text += d.Kind + " "
		}
		return text
	}
	for query, want := range map[string]string{
		lonLat(spot(1, 0.5)):                           "",
		lonLat(spot(0, 0)):                             "", // on the corner
		lonLat(shifted):                                "outside perhaps_gcj02 ",
		lonLat(shifted) + "&by=time":                   "outside perhaps_gcj02 far_from_road ",
		lonLat(shifted) + "&datum=gcj02":               "",
		lonLat(spot(9, 9)):                             "outside ",
		lonLat(spot(9, 9)) + "&by=time":                "outside far_from_road ",
		lonLat(spot(1.5, 0.7)) + "&by=time":            "far_from_road ",
		lonLat(spot(1.5, 0.5)) + "&by=time":            "",
		lonLat(orb.Point{0, 0}) + "&datum=bd09":        "outside ",
		lonLat(orb.Point{114.119, 22.531}):             "outside ",
		lonLat(orb.Point{-180, 90}) + "&by=time":       "outside far_from_road ",
		lonLat(orb.Point{180, -90}) + "&to=grids":      "outside ",
		lonLat(spot(1, 0.5)) + "&to=risk_points":       "",
		lonLat(spot(1, 0.5)) + "&kind=service_station": "",
	} {
		if got := kinds(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	bare := server(t, fixed{snapshot: spatial.New(1, townStations(t))}, Config{})
	if w := askOf(bare, http.MethodGet, "/nearest?lon=0&lat=0", ""); !strings.Contains(w.Body.String(), `"doubts":[]`) {
		t.Errorf("without a district: %s", w.Body)
	}
}

// TestNearestOnMapsOfVendors: places in and out in shifted coordinates are the
// same places.
func TestNearestOnMapsOfVendors(t *testing.T) {
	s := server(t, fixed{snapshot: roadTown(t, true)}, Config{})
	p := spot(1.5, 0.47)
	for _, by := range []string{"distance", "time"} {
		plain := decoded(t, askOf(s, http.MethodGet, "/nearest?by="+by+"&"+lonLat(p), ""), http.StatusOK)["candidates"].([]any)[0].(map[string]any)
		w := askOf(s, http.MethodGet, "/nearest?datum=bd09&by="+by+"&"+lonLat(datum.FromLL(datum.BD09, p)), "")
		shifted := decoded(t, w, http.StatusOK)["candidates"].([]any)[0].(map[string]any)
		if plain["id"] != shifted["id"] || math.Abs(plain["distance"].(float64)-shifted["distance"].(float64)) > 0.01 || w.Header().Get("Content-Crs") != "<BD-09>" {
			t.Errorf("by %s: %v, want %v; %s", by, shifted, plain, w.Header().Get("Content-Crs"))
		}
		at := shifted["at"].([]any)
		back := datum.ToLL(datum.BD09, orb.Point{at[0].(float64), at[1].(float64)})
		want := plain["at"].([]any)
		if math.Hypot(back[0]-want[0].(float64), back[1]-want[1].(float64)) > 1e-7 {
			t.Errorf("by %s: %v, want %v", by, back, want)
		}
	}
}

// TestClosureChangesAnswers: a closure that is made through the service, or by
// another program, is obeyed by the next answer, and one that is over is not.
func TestClosureChangesAnswers(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	now := time.Now()
	o.service.now = func() time.Time { return now }
	place := lonLat(spot(1.5, 0.46)) + "&available=true&route=true"
	before := timedOf(t, o.service, place)
	tag := o.ask("", http.MethodGet, "/nearest?by=time&"+place, "").Header().Get("ETag")
	if before.Candidates[0].Name != "西站" || len(before.Candidates[0].Route.Roads) != 1 {
		t.Fatalf("%+v", before)
	}
	o.must(http.StatusCreated, "huangbei", http.MethodPost, "/closures", `{"geometry":`+lineAt(at(0.9, 0.44), at(0.9, 0.46))+`,"until":"2999-01-01"}`)
	after := timedOf(t, o.service, place)
	if got := after.Candidates; len(got) != 1 || got[0].Name != "东站" || got[0].Time <= before.Candidates[0].Time || len(after.Closures) != 1 {
		t.Errorf("%+v", after)
	}
	if w := o.ask("", http.MethodGet, "/nearest?by=time&"+place, "", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("an answer from before: %d", w.Code)
	}
	open := timedOf(t, o.service, place+"&closures=false")
	if fmt.Sprintf("%+v", open.Candidates[0].Parts) != fmt.Sprintf("%+v", before.Candidates[0].Parts) || len(open.Closures) != 0 {
		t.Errorf("with closures=false: %+v", open)
	}
	tag = o.ask("", http.MethodGet, "/nearest?by=time&"+place, "").Header().Get("ETag")
	now = time.Date(2999, 1, 2, 0, 0, 0, 0, time.UTC)
	if w := o.ask("", http.MethodGet, "/nearest?by=time&"+place, "", "If-None-Match", tag); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "西站") {
		t.Errorf("after the end of the closure: %d %s", w.Code, w.Body)
	}
	_, err := o.live.Edit(t.Context(), func(*spatial.Snapshot) (spatial.Change, error) {
		return spatial.Change{Layers: []spatial.LayerChange{{Layer: closure.Layer, Put: []spatial.Row{closure.Closure{ID: 7, Roads: []string{"沿河路", "北环路"}}.Row()}}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	gone := timedOf(t, o.service, lonLat(spot(2, 0.7))+"&available=true")
	if len(gone.Candidates) != 0 || gone.Unreachable != 2 || gone.None == nil || !strings.Contains(gone.None.Fix, "closures=false") {
		t.Errorf("cut off: %+v", gone)
	}
}

// TestNearestNone: where there is no candidate the answer says why, and what to
// do.
func TestNearestNone(t *testing.T) {
	s := server(t, fixed{snapshot: roadTown(t, true)}, Config{})
	bare := spatial.New(1, townStations(t), layer(t, &spatial.Schema{ID: "roads", Geometry: spatial.Lines}), layer(t, &spatial.Schema{ID: "shelters", Geometry: spatial.Points}))
	empty := server(t, fixed{snapshot: bare}, Config{})
	none := server(t, fixed{snapshot: district(t)}, Config{})
	for name, test := range map[string]struct {
		s          *Server
		query      string
		status     int
		says, rule string
	}{
		"an island":              {s, "by=time&" + lonLat(spot(1.1, 0.1)), 200, "cut off", ""},
		"no such station":        {s, "kind=service_station&available=false&" + lonLat(spot(1, 0.5)), 200, "its kinds are fire_station, service_station", ""},
		"no such station, roads": {s, "by=time&kind=service_station&available=false&" + lonLat(spot(1, 0.5)), 200, "its kinds are", ""},
		"no such skill":          {s, "skill=潜水&" + lonLat(spot(1, 0.5)), 200, "fewer conditions", ""},
		"an empty layer":         {empty, "to=shelters&" + lonLat(spot(1, 0.5)), 200, "shelters is empty", ""},
		"no roads":               {none, "by=time&" + lonLat(spot(1, 0.5)), 400, "by=distance", "no_roads"},
		"an empty graph":         {empty, "by=time&" + lonLat(spot(1, 0.5)), 400, "no lines", "no_roads"},
		"k = 0":                  {s, "k=0&" + lonLat(spot(1, 0.5)), 400, "from 1 to 100", "parameter_k"},
		"a million":              {s, "k=1000000&by=time&" + lonLat(spot(1, 0.5)), 400, "from 1 to 100", "parameter_k"},
		"not a number":           {s, "lon=NaN&lat=22", 400, "finite", "parameter_lon"},
		"infinite":               {s, "lon=114&lat=Inf&by=time", 400, "finite", "parameter_lat"},
		"off the globe":          {s, "lon=514&lat=22", 400, "between", "parameter_lon"},
		"no latitude":            {s, "lon=114", 400, "missing", "parameter_lat"},
		"an unknown kind":        {s, "kind=crew&" + lonLat(spot(1, 0.5)), 400, "service_station", "filter_value"},
		"an unknown profile":     {s, "by=time&profile=flying&" + lonLat(spot(1, 0.5)), 400, "driving", "parameter_profile"},
		"a profile in a line":    {s, "profile=walking&" + lonLat(spot(1, 0.5)), 400, "by=time", "parameter_profile"},
		"closures in a line":     {s, "closures=false&" + lonLat(spot(1, 0.5)), 400, "by=time", "parameter_closures"},
		"a call that takes ages": {s, "by=time&call=1e9&" + lonLat(spot(1, 0.5)), 400, "86400", "parameter_call"},
		"a call before it came":  {s, "by=time&call=-1&" + lonLat(spot(1, 0.5)), 400, "86400", "parameter_call"},
		"no field of skills":     {none, "skill=排水&" + lonLat(spot(1, 0.5)), 400, "skills", "filter_field"},
		"an unknown layer":       {s, "to=stations&" + lonLat(spot(1, 0.5)), 404, "/collections", ""},
		"an unknown layer, too":  {s, "by=time&to=stations&" + lonLat(spot(1, 0.5)), 404, "/collections", ""},
		"by foot":                {s, "by=foot&" + lonLat(spot(1, 0.5)), 400, "neither", "parameter_by"},
		"an unknown datum":       {s, "datum=mars&" + lonLat(spot(1, 0.5)), 400, "gcj02", "parameter_datum"},
	} {
		w := askOf(test.s, http.MethodGet, "/nearest?"+test.query, "")
		answer := decoded(t, w, test.status)
		rule, _ := answer["rule"].(string)
		if rule != test.rule || !strings.Contains(w.Body.String(), test.says) || strings.Contains(w.Body.String(), "NaN,") {
			t.Errorf("%s: %s", name, w.Body)
		}
		if test.status == 200 && (len(answer["candidates"].([]any)) != 0 || answer["runner_up"] != nil || answer["none"] == nil) {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

// batch asks a batch and gives its results as text, with the counts.
func batch(t testing.TB, s *Server, target, body string) string {
	t.Helper()
	w := askOf(s, http.MethodPost, target, body)
	var answer struct {
		Results []struct {
			ID          any
			Candidates  []timed
			Unreachable string
		}
		Counts struct {
			Asked, Answered, Unreachable int
			Without                      int `json:"without_geometry"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", body, w.Code, w.Body)
	}
	text := ""
	for _, r := range answer.Results {
		text += fmt.Sprint(r.ID)
		for _, c := range r.Candidates {
			text += fmt.Sprintf(" %s %.0f", c.Name, c.Time)
		}
		if r.Unreachable != "" {
			text += " -"
		}
		text += "; "
	}
	return fmt.Sprintf("%s%+v", text, answer.Counts)
}

func TestNearestToEachByTime(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	s := o.service
	points := `[{"id":"a","geometry":{"type":"Point","coordinates":` + at(0.3, 0.46) + `}},{"geometry":{"type":"Point","coordinates":` + at(1.1, 0.1) + `}},{"id":7,"geometry":null},{"id":8,"geometry":{"type":"Point","coordinates":` + at(1.5, 0.46) + `}}]`
	collection := `{"type":"FeatureCollection","features":` + points + `}`
	// By hand: 60 s for the call, 60 s of turnout, 11.07 m onto the road at 15
	// km/h and 11.07 m on foot at 4.32 km/h, which are 2.7 and 9.2 s.
	const near, island = "a 西站 132; ", "1 -; "
	all := "{Asked:3 Answered:2 Unreachable:1 Without:1}"
	first := timedOf(t, s, lonLat(spot(1.5, 0.46))+"&available=true").Candidates[0]
	west := fmt.Sprintf("8 西站 %.0f; ", first.Time)
	for name, test := range map[string]struct{ target, body, want string }{
		"options in the address": {"/nearest?by=time&available=true", collection, near + island + west + all},
		"options in the body":    {"/nearest", `{"by":"time","available":true,"features":` + points + `}`, near + island + west + all},
		"closures tried":         {"/nearest", `{"by":"time","available":true,"features":` + points + `,"what_if":{"geometry":` + lineAt(at(0.9, 0.44), at(0.9, 0.46)) + `}}`, near + island + "8 东站 "},
		"roads tried":            {"/nearest", `{"by":"time","available":true,"features":` + points + `,"what_if":{"roads":["沿河路"]}}`, "a -; " + island + "8 -; "},
		"a collection tried":     {"/nearest", `{"by":"time","available":true,"features":` + points + `,"what_if":{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"roads":"沿河路"},"geometry":` + lineAt(at(0.9, 0.44), at(0.9, 0.46)) + `}]}}`, near + island + "8 东站 "},
		"for other traffic":      {"/nearest", `{"by":"time","available":true,"features":` + points + `,"what_if":{"roads":["沿河路"],"traffic":"walking"}}`, near + island + west + all},
	} {
		if got := batch(t, s, test.target, test.body); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	risks := batch(t, s, "/nearest", `{"by":"time","layer":"risk_points","k":2}`)
	if !strings.HasSuffix(risks, "{Asked:6 Answered:6 Unreachable:0 Without:0}") {
		t.Error(risks)
	}
	for i, part := range strings.Split(risks, "; ")[:6] {
		h := houses[i]
		single := timedOf(t, s, lonLat(spot(h.x, h.y))+"&k=2")
		if want := fmt.Sprintf("%d %s %.0f %s %.0f", i+1, single.Candidates[0].Name, single.Candidates[0].Time, single.Candidates[1].Name, single.Candidates[1].Time); part != want {
			t.Errorf("one of many: %s, alone: %s", part, want)
		}
	}
	if straight := batch(t, s, "/nearest", `{"layer":"risk_points"}`); !strings.HasSuffix(straight, "{Asked:6 Answered:6 Unreachable:0 Without:0}") {
		t.Error(straight)
	}
}

func TestNearestToEachRefuses(t *testing.T) {
	s := server(t, fixed{snapshot: roadTown(t, true)}, Config{})
	place := `"features":[{"geometry":{"type":"Point","coordinates":` + at(1, 0.5) + `}}]`
	for name, test := range map[string]struct{ body, rule, says string }{
		"closures in a line":  {`{` + place + `,"what_if":{"roads":["东街"]}}`, "what_if", "by=time"},
		"an unknown road":     {`{"by":"time",` + place + `,"what_if":{"roads":["东西街"]}}`, "closure_road", "东西街"},
		"closes nothing":      {`{"by":"time",` + place + `,"what_if":{"type":"FeatureCollection","features":[{"geometry":` + lineAt(at(9, 9), at(9, 9.1)) + `}]}}`, "closure_nothing", "meets no road"},
		"no closure":          {`{"by":"time",` + place + `,"what_if":{}}`, "closure_nothing", "neither"},
		"points for closures": {`{"by":"time",` + place + `,"what_if":{"type":"Feature","geometry":{"type":"Point","coordinates":[1,1]}}}`, "drawing_kind", "Point"},
		"too many positions":  {`{"by":"time",` + place + `,"what_if":{"type":"FeatureCollection","features":[` + strings.Repeat(`{"geometry":`+lineAt(manyPositions(1800)...)+`},`, 2) + `{"geometry":` + lineAt(manyPositions(1800)...) + `}]}}`, "closure_size", "5000"},
		"a period":            {`{"by":"time",` + place + `,"what_if":{"roads":["东街"],"until":"2030-01-01"}}`, "member_unknown", "roads"},
		"ways of many":        {`{"by":"time","route":true,` + place + `}`, "parameter_route", "GET"},
		"an unknown option":   {`{"speed":5,` + place + `}`, "member_unknown", "profile"},
		"k = 0":               {`{"k":0,` + place + `}`, "parameter_k", "1 to 100"},
		"not a position":      {`{"features":[{"geometry":{"type":"Point","coordinates":[1e999,22]}}]}`, "origin_position", "numbers"},
		"two origins":         {`{"layer":"grids",` + place + `}`, "body_origins", "both"},
		"none":                {`{"by":"time"}`, "body_origins", "neither"},
	} {
		answer := decoded(t, askOf(s, http.MethodPost, "/nearest", test.body), http.StatusBadRequest)
		if answer["rule"] != test.rule || !strings.Contains(fmt.Sprint(answer["detail"], answer["fix"]), test.says) {
			t.Errorf("%s: %v", name, answer)
		}
	}
}
