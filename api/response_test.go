package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"
	"github.com/xuri/excelize/v2"

	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/closure"
	"wangge/spatial/geodesic"
)

// into reads a JSON answer that must succeed.
func into(t testing.TB, w *httptest.ResponseRecorder, to any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), to); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%v: %d %s", err, w.Code, w.Body)
	}
}

// collectionOf is an answer of features.
func collectionOf(t testing.TB, s *Server, target string) *geojson.FeatureCollection {
	t.Helper()
	w := askOf(s, http.MethodGet, target, "")
	all, err := geojson.UnmarshalFeatureCollection(w.Body.Bytes())
	if err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %v %d %s", target, err, w.Code, w.Body)
	}
	return all
}

// firstAt asks who gets to each of some places first, by name; "" for nobody.
func firstAt(t testing.TB, s *Server, places []orb.Point, query string) (names []string, times []float64) {
	t.Helper()
	for _, p := range places {
		answer := timedOf(t, s, lonLat(p)+query)
		if len(answer.Candidates) == 0 {
			names, times = append(names, ""), append(times, math.Inf(1))
			continue
		}
		names, times = append(names, answer.Candidates[0].Name), append(times, answer.Candidates[0].Time)
	}
	return names, times
}

// risksAt are where the risk points of the town are, housesAt where its houses.
func risksAt() (points []orb.Point) {
	for _, h := range houses {
		points = append(points, spot(h.x, h.y))
	}
	return points
}

func housesAt() (points []orb.Point) {
	for _, h := range houses {
		points = append(points, geodesic.PointOnSurface(h.shape()))
	}
	return points
}

// TestResponseAreas: together the areas are the district, its roads and its
// people, and each counts those that its station reaches first, one by one.
func TestResponseAreas(t *testing.T) {
	snapshot := withClosures(t, roadTown(t, true), closure.Closure{ID: 1, Roads: []string{"东街"}, Until: time.Now().Add(time.Hour)})
	s := server(t, fixed{snapshot: snapshot}, Config{})
	for _, query := range []string{"", "&available=true", "&profile=walking", "&closures=false"} {
		all := collectionOf(t, s, "/response/areas?call=60"+query)
		people, roads, area := 0.0, 0.0, 0.0
		counted := map[string]float64{}
		for _, f := range all.Features {
			people, roads = people+f.Properties["people_share"].(float64), roads+f.Properties["road_share"].(float64)
			area += f.Properties["area"].(float64)
			counted[f.Properties["name"].(string)] = f.Properties["people"].(float64)
		}
		ground := float64(geodesic.Area(orb.Polygon{{spot(0, 0), spot(4, 0), spot(4, 1), spot(0, 1), spot(0, 0)}}))
		if math.Abs(people-1) > 1e-12 || math.Abs(roads-1) > 1e-12 || math.Abs(area-ground) > 1e-5*ground {
			t.Errorf("%s: shares of people %v, of roads %v, %v m² of %v", query, people, roads, area, ground)
		}
		names, _ := firstAt(t, s, housesAt(), query)
		want := map[string]float64{}
		for i, h := range houses {
			if names[i] == "" {
				names[i] = "无站可达 nobody"
			}
			want[names[i]] += float64(h.residents)
		}
		for name, n := range want {
			if counted[name] != n {
				t.Errorf("%s: %s has %v people, want %v", query, name, counted[name], n)
			}
		}
	}
}

// TestResponseAreaLayer: the areas are a layer whose tiles and items follow
// closures, and a file.
func TestResponseAreaLayer(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	areaOf := func(query string) map[string]float64 {
		areas := map[string]float64{}
		for _, f := range collectionOf(t, o.service, "/collections/response_areas/items?"+query).Features {
			areas[f.Properties["name"].(string)], _ = f.Properties["area"].(float64)
			if f.Geometry == nil {
				continue
			}
			for _, p := range housesAt() {
				if f.Properties["name"] == "西站" && p[0] < 114.005 && !planar.MultiPolygonContains(f.Geometry.(orb.MultiPolygon), p) && query == "" {
					t.Errorf("the west of the town is not the western station's: %v", p)
				}
			}
		}
		return areas
	}
	before := areaOf("available=true")
	etag := o.ask("", http.MethodGet, "/tiles/response_areas/12/3345/1785.mvt?available=true", "").Header().Get("ETag")
	o.must(http.StatusCreated, "reviewer", http.MethodPost, "/closures", `{"geometry":`+lineAt(at(0.9, 0.44), at(0.9, 0.46))+`}`)
	after := areaOf("available=true")
	if len(before) != 3 || after["西站"] >= before["西站"] {
		t.Errorf("before %v, after %v", before, after)
	}
	w := o.ask("", http.MethodGet, "/tiles/response_areas/12/3345/1785.mvt?available=true", "", "If-None-Match", etag)
	if w.Code != http.StatusOK || etag == "" {
		t.Errorf("the tile from before: %d %s", w.Code, etag)
	}
	if fmt.Sprint(areaOf("available=true&closures=false")) != fmt.Sprint(before) {
		t.Error("with closures=false the areas are not those from before")
	}
	rows, err := csv.NewReader(o.ask("", http.MethodGet, "/response/areas?f=csv", "").Body).ReadAll()
	if err != nil || len(rows) != 5 || rows[0][5] != "人口" || !slices.Contains(rows[1], "西站") {
		t.Errorf("%v %v", err, rows)
	}
	book, err := excelize.OpenReader(o.ask("", http.MethodGet, "/response/areas?f=xlsx", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	if cells, err := book.GetRows(book.GetSheetName(0)); err != nil || len(cells) < 5 {
		t.Errorf("%v %v", err, cells)
	}
}

// TestResponseBeyond counts one by one what is not reached in time.
func TestResponseBeyond(t *testing.T) {
	s := server(t, fixed{snapshot: roadTown(t, true)}, Config{})
	for _, minutes := range []float64{2, 4, 6, 30} {
		_, risks := firstAt(t, s, risksAt(), "&available=true")
		_, homes := firstAt(t, s, housesAt(), "&available=true")
		points, levels, people, buildings := map[string]int{}, map[string]int{}, map[string]int64{}, 0
		for i, h := range houses {
			if risks[i] > minutes*60 {
				points[h.code[:12]]++
				levels[[]string{"unclassified", "low"}[i%2]]++
			}
			if homes[i] > minutes*60 {
				people[h.code[:12]] += h.residents
				buildings++
			}
		}
		var answer struct {
			Units []struct {
				Code      string
				Points    beyondCounts `json:"risk_points"`
				Residents beyondPeople
			}
			Totals struct {
				Points    beyondCounts `json:"risk_points"`
				Buildings beyondCounts
			}
		}
		into(t, askOf(s, http.MethodGet, fmt.Sprintf("/response/beyond?by=community&available=true&minutes=%v", minutes), ""), &answer)
		if len(answer.Units) != 2 {
			t.Fatalf("%+v", answer)
		}
		for _, u := range answer.Units {
			if u.Points.Beyond != int64(points[u.Code]) || u.Residents.Beyond != people[u.Code] {
				t.Errorf("%v minutes, %s: %+v, want %d and %d", minutes, u.Code, u, points[u.Code], people[u.Code])
			}
		}
		total := answer.Totals
		if total.Points.Count != 6 || total.Buildings.Beyond != int64(buildings) || total.Points.Levels["low"] != int64(levels["low"]) || total.Points.Levels["unclassified"] != int64(levels["unclassified"]) {
			t.Errorf("%v minutes: %+v, want %v and %d", minutes, total, levels, buildings)
		}
		layer := collectionOf(t, s, fmt.Sprintf("/collections/response_beyond/items?available=true&minutes=%v", minutes))
		if int64(len(layer.Features)) != total.Points.Beyond {
			t.Errorf("%v minutes: a layer of %d points, want %d", minutes, len(layer.Features), total.Points.Beyond)
		}
		for _, f := range layer.Features {
			if time, _ := f.Properties["time"].(float64); time <= minutes*60 {
				t.Errorf("%v minutes: %v", minutes, f.Properties)
			}
		}
	}
	if units := collectionOf(t, s, "/response/beyond?by=grid&f=geojson").Features; len(units) != 4 || units[0].Geometry == nil || units[0].Properties["beyond_unclassified"] == nil {
		t.Errorf("%v", units)
	}
	if table := askOf(s, http.MethodGet, "/response/beyond?by=grid&f=csv", "").Body.String(); strings.Count(table, "\n") != 5 || !strings.Contains(table, "超时：未定级") || strings.Contains(table, "POLYGON") {
		t.Error(table)
	}
}

// TestResponseWithout: those whom a station reaches first get the second.
func TestResponseWithout(t *testing.T) {
	s := server(t, fixed{snapshot: roadTown(t, true)}, Config{})
	var answer struct {
		Points    loss `json:"risk_points"`
		Residents lossOfPeople
		Inherited []heir
	}
	into(t, askOf(s, http.MethodGet, "/response/without?station=3&minutes=6", ""), &answer)
	served, taken, people, worst, before, after := 0, map[string]int{}, int64(0), 0.0, int64(0), int64(0)
	for _, p := range risksAt() {
		ranked := timedOf(t, s, lonLat(p)+"&k=2").Candidates
		left := ranked[0]
		if ranked[0].ID == 3 {
			left = ranked[1]
			served++
			taken[left.Name]++
			worst = max(worst, ranked[1].Time-ranked[0].Time)
		}
		if ranked[0].Time > 360 {
			before++
		}
		if left.Time > 360 {
			after++
		}
	}
	for i, p := range housesAt() {
		if timedOf(t, s, lonLat(p)).Candidates[0].ID == 3 {
			people += houses[i].residents
		}
	}
	got := map[string]int{}
	var inherited int64
	for _, h := range answer.Inherited {
		if h.Points > 0 {
			got[h.Name] = h.Points
		}
		inherited += h.People
	}
	if answer.Points.Served != served || fmt.Sprint(got) != fmt.Sprint(taken) || math.Abs(answer.Points.Worst-worst) > 0.002 || answer.Residents.Served != people || inherited != people {
		t.Errorf("%+v\nwant %d served, %v, %v s, %d people", answer, served, taken, worst, people)
	}
	if answer.Points.BeyondBefore != before || answer.Points.BeyondAfter != after || served == 0 {
		t.Errorf("%+v, want %d beyond before, %d after", answer.Points, before, after)
	}
	if table := askOf(s, http.MethodGet, "/response/without?station=3&f=csv", "").Body.String(); !strings.Contains(table, "西站") {
		t.Error(table)
	}
}

// TestResponseAdditional opens a station at each candidate in turn, as a row of
// the layer, and counts anew.
func TestResponseAdditional(t *testing.T) {
	town := roadTown(t, true)
	stations, err := town.Layer("response_points")
	if err != nil {
		t.Fatal(err)
	}
	candidates := layer(t, &spatial.Schema{ID: "candidates", Geometry: spatial.Points, Label: "name", Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}}},
		area(1, spot(0.1, 0.8), "西北"), area(2, spot(2, 0.7), "中北"), area(3, spot(3.4, 0.46), "东"), area(4, spot(1.1, 0.1), "岛上"))
	var layers []*spatial.Layer
	for l := range town.Layers() {
		layers = append(layers, l)
	}
	with := spatial.New(7, append(layers, candidates)...)
	s := server(t, fixed{snapshot: with}, Config{})
	const question = "&kind=service_station&minutes=6"
	beyondOf := func(s *Server, kinds string) (points, people int64) {
		var answer struct {
			Totals struct {
				Points    beyondCounts `json:"risk_points"`
				Residents beyondPeople
			}
		}
		into(t, askOf(s, http.MethodGet, "/response/beyond?by=district&minutes=6"+kinds, ""), &answer)
		return answer.Totals.Points.Beyond, answer.Totals.Residents.Beyond
	}
	pointsNow, peopleNow := beyondOf(s, "&kind=service_station")
	for _, weight := range []string{"risk_points", "residents"} {
		var answer struct {
			Candidates int
			Now        benefit
			Best       []newSite
		}
		into(t, askOf(s, http.MethodGet, "/response/additional?candidates=candidates&new_turnout=60&weight="+weight+question, ""), &answer)
		if answer.Candidates != 4 || len(answer.Best) != 4 {
			t.Fatalf("%+v", answer)
		}
		now, last := pointsNow, int64(-1)
		if weight == "residents" {
			now = peopleNow
		}
		if answer.Now.Beyond != now {
			t.Errorf("%s: now %+v, want %d", weight, answer.Now, now)
		}
		for _, site := range answer.Best {
			f, _ := candidates.Feature(site.Candidate.ID)
			row := spatial.Row{ID: 9, Geometry: f.Geometry(), Values: []spatial.Value{text("新站"), text("service_station"), spatial.Null, spatial.Int(60), spatial.Bool(true)}}
			next := edited(t, with, spatial.LayerChange{Layer: stations.ID(), Put: []spatial.Row{row}})
			points, people := beyondOf(server(t, fixed{snapshot: next}, Config{}), "&kind=service_station")
			then := points
			if weight == "residents" {
				then = people
			}
			if site.With.Beyond != then || site.Gain != now-then || then < last {
				t.Errorf("%s at %s: %+v, want %d beyond", weight, site.Candidate.Name, site, then)
			}
			last = then
		}
	}
	junctions := askOf(s, http.MethodGet, "/response/additional?f=geojson&limit=3&objective=time"+question, "")
	if all, err := geojson.UnmarshalFeatureCollection(junctions.Body.Bytes()); err != nil || len(all.Features) != 3 || all.Features[0].Geometry == nil {
		t.Errorf("%v %s", err, junctions.Body)
	}
}

// TestClosurePreview compares what is said to change with answers for each
// point, before and after.
func TestClosurePreview(t *testing.T) {
	s := server(t, fixed{snapshot: withClosures(t, roadTown(t, true), closure.Closure{ID: 5, Name: "施工", Geometry: orb.LineString{spot(3, 0.44), spot(3, 0.46)}})}, Config{})
	shape := lineAt(at(0.9, 0.44), at(0.9, 0.46))
	for _, body := range []string{`{"geometry":` + shape + `,"available":true}`, `{"what_if":{"roads":["沿河路","北环路"]},"available":true}`, `{"what_if":{"type":"FeatureCollection","features":[{"geometry":` + shape + `}]},"available":true}`, `{"without":[5],"available":true}`} {
		var got previewed
		into(t, askOf(s, http.MethodPost, "/closures/preview", body), &got)
		namesBefore, before := firstAt(t, s, risksAt(), "&available=true")
		query := "/nearest?by=time&available=true"
		var ask struct {
			WhatIf json.RawMessage `json:"what_if"`
		}
		if err := json.Unmarshal([]byte(body), &ask); err != nil {
			t.Fatal(err)
		}
		tried := string(ask.WhatIf)
		switch {
		case strings.Contains(body, "without"):
			query, tried = query+"&closures=false", ""
		case tried == "":
			tried = `{"geometry":` + shape + `}`
		}
		if tried != "" {
			tried = `,"what_if":` + tried
		}
		var then struct {
			Results []struct{ Candidates []timed }
		}
		into(t, askOf(s, http.MethodPost, query, `{"layer":"risk_points"`+tried+`}`), &then)
		want := changes{Layer: "risk_points", Asked: 6}
		for i, r := range then.Results {
			switch {
			case len(r.Candidates) == 0 && math.IsInf(before[i], 1):
			case len(r.Candidates) == 0:
				want.Count, want.Unreachable, want.Other = want.Count+1, want.Unreachable+1, want.Other+1
			case math.IsInf(before[i], 1):
				want.Count, want.Again, want.Other = want.Count+1, want.Again+1, want.Other+1
			case r.Candidates[0].Time != before[i]:
				want.Count++
				if r.Candidates[0].Name != namesBefore[i] {
					want.Other++
				}
				if d := r.Candidates[0].Time - before[i]; d > 0 {
					want.Slower++
					want.Worst = max(want.Worst, d)
				} else {
					want.Sooner++
				}
			}
		}
		c := got.Changed
		if c.Count != want.Count || c.Unreachable != want.Unreachable || c.Again != want.Again || c.Other != want.Other || c.Slower != want.Slower || c.Sooner != want.Sooner || math.Abs(c.Worst-want.Worst) > 0.002 || c.Asked != 6 || c.Listed != c.Count {
			t.Errorf("%s: %+v, want %+v", body, c, want)
		}
		if want.Count == 0 {
			t.Errorf("%s changes nothing: a poor test", body)
		}
	}
	var got previewed
	into(t, askOf(s, http.MethodPost, "/closures/preview", `{"geometry":`+shape+`,"limit":1,"available":true}`), &got)
	if got.Edges.Count != 1 || len(got.Roads) != 1 || got.Roads[0].Name != "沿河路" || got.Roads[0].Length != got.Edges.Length || got.Changed.Listed != 1 || len(got.Closures) != 1 || got.People == nil {
		t.Errorf("%+v", got)
	}
	if lines, err := geojson.UnmarshalFeatureCollection(got.Closed); err != nil || len(lines.Features) != 1 || lines.Features[0].Properties["name"] != "沿河路" {
		t.Errorf("%v %s", err, got.Closed)
	}
	if p := got.Changed.Points[0]; p.Before == nil || p.After != nil && (p.Delay == nil || math.Abs(p.After.Time-p.Before.Time-*p.Delay) > 1e-6) {
		t.Errorf("%+v", p)
	}
}

func TestResponseRefuses(t *testing.T) {
	s := server(t, fixed{snapshot: roadTown(t, true)}, Config{})
	bare := server(t, fixed{snapshot: district(t)}, Config{})
	for target, want := range map[string]string{
		"/response/areas?kind=crew":                       "filter_value",
		"/response/areas?profile=flying":                  "parameter_profile",
		"/response/beyond?minutes=0":                      "parameter_minutes",
		"/response/beyond?minutes=NaN":                    "parameter_minutes",
		"/response/beyond?minutes=99999":                  "parameter_minutes",
		"/response/beyond?by=house":                       "parameter_by",
		"/response/without":                               "parameter_station",
		"/response/without?station=99":                    "station_known",
		"/response/without?station=3&available=true":      "station_asked",
		"/response/additional?limit=50":                   "parameter_limit",
		"/response/additional?objective=fame":             "parameter_objective",
		"/response/additional?weight=houses":              "parameter_weight",
		"/response/additional?candidates=nowhere":         "",
		"/response/beyond?f=pdf":                          "parameter_f",
		"/response/areas?to=nowhere":                      "",
		"/collections/response_areas/items?profile=wings": "parameter_profile",
		"/tiles/response_beyond/0/0/0.mvt?minutes=-1":     "parameter_minutes",
	} {
		w := askOf(s, http.MethodGet, target, "")
		var told struct{ Rule, Fix string }
		if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil || w.Code < 400 || w.Code > 404 || told.Rule != want || told.Fix == "" {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	for _, target := range []string{"/response/areas", "/response/beyond", "/response/without?station=1", "/response/additional"} {
		if told := decoded(t, askOf(bare, http.MethodGet, target, ""), http.StatusBadRequest); told["rule"] != "no_roads" {
			t.Errorf("%s without roads: %v", target, told)
		}
	}
	if w := askOf(bare, http.MethodGet, "/collections/response_areas", ""); w.Code != http.StatusNotFound {
		t.Errorf("areas without roads: %d", w.Code)
	}
	for body, want := range map[string]string{
		`{}`:                                                "closure_nothing",
		`{"roads":["东街"],"what_if":{}}`:                     "what_if",
		`{"roads":["没有路"]}`:                                 "closure_road",
		`{"without":[77]}`:                                  "closure_known",
		`{"roads":["东街"],"limit":0}`:                        "parameter_limit",
		`{"roads":["东街"],"until":"never"}`:                  "member_time",
		`{"roads":["东街"],"profile":"wings"}`:                "parameter_profile",
		`{"roads":["东街"],"hospital":1}`:                     "member_unknown",
		`{"geometry":{"type":"Point","coordinates":[1,1]}}`: "drawing_kind",
	} {
		told := decoded(t, askOf(s, http.MethodPost, "/closures/preview", body), http.StatusBadRequest)
		if told["rule"] != want {
			t.Errorf("%s: %v, want %s", body, told, want)
		}
	}
	if w := askOf(s, http.MethodPost, "/closures/preview", `{"roads":["东街"],"layer":"nowhere"}`); w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestResponseTellsNoSmallCounts: two towns that differ in a small count are
// told alike to readers without the right, and apart to those with it.
func TestResponseTellsNoSmallCounts(t *testing.T) {
	one := roadTown(t, false)
	buildings, err := one.Layer("buildings")
	if err != nil {
		t.Fatal(err)
	}
	f, err := buildings.Feature(3) // 深水楼, of one resident
	if err != nil || f.Label() != "深水楼" {
		t.Fatal(f.Label(), err)
	}
	row := f.Row()
	row.Values[3] = spatial.Int(3)
	two := edited(t, one, spatial.LayerChange{Layer: "buildings", Put: []spatial.Row{row}})
	one = edited(t, one, spatial.LayerChange{Layer: "buildings", Put: []spatial.Row{f.Row()}}) // the same version
	var towns []*Server
	var secrets []map[adjustment.Role]string
	for _, town := range []*spatial.Snapshot{one, two} {
		state, keys := signed(t, town)
		s := server(t, fixed{snapshot: state}, Config{})
		s.boot, s.now = "boot", func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
		towns, secrets = append(towns, s), append(secrets, keys)
	}
	differ := 0
	for _, q := range [][2]string{{http.MethodGet, "/response/areas"}, {http.MethodGet, "/response/areas?f=csv"}, {http.MethodGet, "/response/beyond?by=grid&minutes=2"}, {http.MethodGet, "/response/beyond?by=grid&minutes=2&f=csv"},
		{http.MethodGet, "/response/without?station=3&minutes=2"}, {http.MethodGet, "/response/additional?minutes=2"}, {http.MethodGet, "/collections/response_areas/items"},
		{http.MethodGet, "/tiles/response_areas/12/3345/1785.mvt"}, {http.MethodPost, "/closures/preview"}} {
		var answers, reviewers [2]string
		for i, s := range towns {
			body := `{"roads":["沿河路"]}`
			answers[i] = askOf(s, q[0], q[1], body).Body.String()
			reviewers[i] = askOf(s, q[0], q[1], body, bearer(secrets[i][adjustment.Reviewer])...).Body.String()
			answers[i], reviewers[i] = timeless(answers[i]), timeless(reviewers[i])
		}
		if answers[0] != answers[1] {
			t.Errorf("%s tells the towns apart:\n%s\n%s", q[1], answers[0], answers[1])
		}
		if reviewers[0] != reviewers[1] {
			differ++
		}
	}
	if differ < 7 {
		t.Errorf("only %d answers differ for those with the right", differ)
	}
}

// TestReachLayers: what answers about many places are kept by is all that they
// are made from.
func TestReachLayers(t *testing.T) {
	var layers []*spatial.Layer
	for l := range roadTown(t, true).Layers() {
		layers = append(layers, l)
	}
	for _, id := range []spatial.LayerID{"water", "railways", "turn_restrictions"} {
		schema := &spatial.Schema{ID: id, Geometry: spatial.Points | spatial.Lines | spatial.Polygons}
		for _, name := range []string{"kind", "from_lon", "from_lat", "to_lon", "to_lat"} {
			schema.Fields = append(schema.Fields, spatial.Field{Name: name, Type: map[bool]spatial.Type{true: spatial.TypeText, false: spatial.TypeFloat}[name == "kind"]})
		}
		layers = append(layers, layer(t, schema))
	}
	snapshot := spatial.New(7, layers...)
	r := &request{snapshot: snapshot, whole: snapshot, values: map[string]any{}}
	a, err := r.byTime()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range a.byRoad.Layers() {
		if !slices.Contains(r.reachLayers(), id) {
			t.Errorf("%s is read and not among %v", id, r.reachLayers())
		}
		for _, d := range (&Server{}).responseLayers() {
			if !slices.Contains(slices.Concat(d.from, d.also), id) {
				t.Errorf("%s is read by %s, which does not say so", id, d.schema.ID)
			}
		}
	}
	if len(a.byRoad.Layers()) < 5 {
		t.Errorf("only %v are read", a.byRoad.Layers())
	}
}
