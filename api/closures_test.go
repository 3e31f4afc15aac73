package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/closure"
)

// at is a place of the town as JSON.
func at(x, y float64) string {
	p := spot(x, y)
	return fmt.Sprintf("[%v,%v]", p[0], p[1])
}

func lineAt(points ...string) string {
	return `{"type":"LineString","coordinates":[` + strings.Join(points, ",") + `]}`
}

var acrossRiverRoad = lineAt(at(1.5, 0.44), at(1.5, 0.46))

// told are the properties of a feature.
func told(feature map[string]any) map[string]any {
	p, _ := feature["properties"].(map[string]any)
	return p
}

// TestClosure takes a closure through its life: made, read, changed, refused
// where somebody else was faster, and removed.
func TestClosure(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	w := o.ask("huangbei", http.MethodPost, "/closures", `{"name":"沿河路积水","reason":"内涝","traffic":"driving","until":"2999-01-01T00:00:00Z","geometry":`+acrossRiverRoad+`}`)
	made := decoded(t, w, http.StatusCreated)
	p := told(made)
	if p["edges"] != 1.0 || fmt.Sprint(p["closed_roads"].([]any)[0].(map[string]any)["name"]) != "沿河路" || p["state"] != "active" || p["since"] == nil || p["until"] != "2999-01-01T00:00:00Z" {
		t.Errorf("%v", made)
	}
	here, tag := w.Header().Get("Location"), w.Header().Get("ETag")
	here = strings.TrimPrefix(here, "http://example.com")
	if read := o.ask("", http.MethodGet, here, ""); read.Header().Get("ETag") != tag || read.Code != http.StatusOK {
		t.Errorf("read: %d %s, want %s", read.Code, read.Header().Get("ETag"), tag)
	}
	if item := o.must(http.StatusOK, "", http.MethodGet, "/collections/closures/items/1", ""); told(item)["name"] != "沿河路积水" {
		t.Errorf("as an item: %v", item)
	}
	if w := o.ask("", http.MethodGet, "/tiles/closures.json", ""); w.Code != http.StatusOK {
		t.Errorf("tiles: %d", w.Code)
	}

	edited := o.ask("reviewer", http.MethodPatch, here, `{"reason":"已抽排","roads":["沿河路","中街"],"geometry":null}`, "If-Match", tag)
	p = told(decoded(t, edited, http.StatusOK))
	if p["edges"] != 5.0 || p["name"] != "沿河路积水" || p["reason"] != "已抽排" || p["traffic"] != "driving" {
		t.Errorf("edited: %v", p)
	}
	if stale := o.must(http.StatusPreconditionFailed, "reviewer", http.MethodPatch, here, `{"reason":"x"}`, "If-Match", tag); stale["rule"] != "revision" {
		t.Errorf("%v", stale)
	}
	if stale := o.must(http.StatusPreconditionFailed, "reviewer", http.MethodDelete, here, "", "If-Match", tag); stale["rule"] != "revision" {
		t.Errorf("%v", stale)
	}
	if w := o.ask("huangbei", http.MethodDelete, here, "", "If-Match", edited.Header().Get("ETag")); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	o.must(http.StatusNotFound, "", http.MethodGet, here, "")
	var audit struct{ Audit []closureAction }
	into(t, o.ask("guest", http.MethodGet, here+"/audit", ""), &audit)
	done := ""
	for _, a := range audit.Audit {
		done += a.Actor + " " + a.Action + ", "
	}
	if done != "huangbei close, reviewer edit, huangbei reopen, " {
		t.Error(done)
	}
	o.must(http.StatusUnauthorized, "", http.MethodGet, here+"/audit", "")
	o.must(http.StatusNotFound, "guest", http.MethodGet, "/closures/77/audit", "")
	o.must(http.StatusNotFound, "reviewer", http.MethodDelete, here, "")
	if again := o.must(http.StatusCreated, "chief", http.MethodPost, "/closures", `{"roads":"东街"}`); again["id"] != 2.0 || told(again)["name"] != "东街" {
		t.Errorf("a number is given twice: %v", again)
	}
}

// TestClosureActsOnce: a request repeated under its key makes one closure,
// whenever it comes, and another request under the key is refused.
func TestClosureActsOnce(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	const body = `{"roads":["东街"]}`
	first := o.must(http.StatusCreated, "reviewer", http.MethodPost, "/closures", body, "Idempotency-Key", "k")
	time.Sleep(2 * time.Millisecond) // it would begin later
	again := o.must(http.StatusCreated, "reviewer", http.MethodPost, "/closures", body, "Idempotency-Key", "k")
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("%v\n%v", first, again)
	}
	o.must(http.StatusConflict, "reviewer", http.MethodPost, "/closures", `{"roads":["中街"]}`, "Idempotency-Key", "k")
	other := o.must(http.StatusCreated, "chief", http.MethodPost, "/closures", body, "Idempotency-Key", "k")
	if other["id"] != 2.0 {
		t.Errorf("another's key: %v", other)
	}
	for range 2 {
		if w := o.ask("chief", http.MethodDelete, "/closures/2", "", "Idempotency-Key", "d"); w.Code != http.StatusNoContent {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestWhoMayCloseRoads(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	const inside, outside = `{"roads":["东街"]}`, `{"roads":["界外路"]}`
	for _, test := range []struct {
		who, body string
		status    int
		rule      any
	}{
		{"", inside, http.StatusUnauthorized, "sign_in"},
		{"guest", inside, http.StatusForbidden, "role"},
		{"approver", inside, http.StatusForbidden, "role"},
		{"huangbei", inside, http.StatusCreated, nil},
		{"huangbei", `{"roads":["外路"]}`, http.StatusCreated, nil}, // it begins in the street
		{"huangbei", `{"roads":["孤岛路","沿河路"]}`, http.StatusCreated, nil},
		{"huangbei", outside, http.StatusForbidden, "closure_street"},
		{"huangbei", `{"roads":["东街","界外路"]}`, http.StatusForbidden, "closure_street"},
		{"reviewer", outside, http.StatusCreated, nil}, // the fourth
		{"chief", outside, http.StatusCreated, nil},
	} {
		if got := o.must(test.status, test.who, http.MethodPost, "/closures", test.body); got["rule"] != test.rule || test.rule != nil && got["fix"] == "" {
			t.Errorf("%s %s: %v", test.who, test.body, got)
		}
	}
	for _, method := range []string{http.MethodDelete, http.MethodPatch} {
		if got := o.must(http.StatusForbidden, "huangbei", method, "/closures/4", `{"roads":["东街"]}`); got["rule"] != "closure_street" {
			t.Errorf("another street's: %v", got)
		}
	}
	if got := o.must(http.StatusForbidden, "huangbei", http.MethodPatch, "/closures/1", outside); got["rule"] != "closure_street" {
		t.Errorf("moved to another street: %v", got)
	}
	for _, test := range []struct{ who, target, want string }{
		{"", "/closures/1", "[]"}, {"guest", "/closures/1", "[]"}, {"huangbei", "/closures/1", "[edit reopen]"},
		{"huangbei", "/closures/4", "[]"}, {"reviewer", "/closures/4", "[edit reopen]"},
	} {
		if got := told(o.must(http.StatusOK, test.who, http.MethodGet, test.target, ""))["actions"]; fmt.Sprint(got) != test.want {
			t.Errorf("%q may %v to %s, want %s", test.who, got, test.target, test.want)
		}
	}
}

func TestClosureRefuses(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	for name, test := range map[string]struct{ body, rule, says string }{
		"nothing":                   {`{}`, "closure_nothing", "neither"},
		"no such road":              {`{"roads":["沿江路"]}`, "closure_road", "沿江路"},
		"in the sea":                {`{"geometry":` + lineAt(at(9, 9), at(9.1, 9)) + `}`, "closure_nothing", "meets no road"},
		"ends first":                {`{"roads":["东街"],"since":"2026-01-02","until":"2026-01-01"}`, "closure_period", "never"},
		"over already":              {`{"roads":["东街"],"since":"2020-01-01","until":"2020-01-02"}`, "closure_past", "over"},
		"no time":                   {`{"roads":["东街"],"until":"soon"}`, "member_time", "soon"},
		"a kind of traffic":         {`{"roads":["东街"],"traffic":"bicycles"}`, "closure_traffic", "bicycles"},
		"a point":                   {`{"geometry":{"type":"Point","coordinates":[114,22]}}`, "drawing_kind", "Point"},
		"NaN":                       {`{"geometry":{"type":"LineString","coordinates":[[NaN,22],[114,22]]}}`, "body_json", "N"},
		"off the globe":             {`{"geometry":{"type":"LineString","coordinates":[[514,22],[114,22]]}}`, "position_on_earth", "514"},
		"a ring that is open":       {`{"geometry":{"type":"Polygon","coordinates":[[[114,22],[114.1,22],[114.1,22.1]]]}}`, "ring_length", "ring"},
		"a shape of many positions": {`{"geometry":` + lineAt(manyPositions(maxShape+1)...) + `}`, "closure_size", "more than 2000"},
		"an unknown member":         {`{"roads":["东街"],"from":"2020-01-01"}`, "member_unknown", "since"},
		"roads that are no list":    {`{"roads":7}`, "member_list", "list"},
		"a number for a name":       {`{"name":7,"roads":["东街"]}`, "member_text", "text"},
	} {
		got := o.must(http.StatusBadRequest, "reviewer", http.MethodPost, "/closures", test.body)
		if got["rule"] != test.rule || !strings.Contains(fmt.Sprint(got["detail"], got["fix"]), test.says) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for target, rule := range map[string]string{"/closures?state=open": "parameter_state", "/closures?at=now": "parameter_at", "/closures/x": "parameter_id"} {
		if got := o.must(http.StatusBadRequest, "", http.MethodGet, target, ""); got["rule"] != rule {
			t.Errorf("%s: %v", target, got)
		}
	}
	if got := o.must(http.StatusBadRequest, "reviewer", http.MethodPatch, "/closures/1", `{}`, "If-Match", "7"); got["rule"] != "parameter_If-Match" {
		t.Errorf("%v", got)
	}
	bare := openOffice(t, true)
	if got := bare.must(http.StatusBadRequest, "reviewer", http.MethodPost, "/closures", `{"roads":["东街"]}`); got["rule"] != "no_roads" {
		t.Errorf("without roads: %v", got)
	}
}

// TestClosuresStates: the clock alone makes closures begin and end.
func TestClosuresStates(t *testing.T) {
	noon := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	state := withClosures(t, roadTown(t, true),
		closure.Closure{ID: 1, Name: "一", Roads: []string{"东街"}, Since: noon, Until: noon.Add(time.Hour)},
		closure.Closure{ID: 2, Name: "二", Geometry: orb.LineString{spot(9, 9), spot(9.1, 9)}},
		closure.Closure{ID: 3, Name: "三", Roads: []string{"西街"}, Since: noon.Add(time.Hour)})
	s := server(t, fixed{snapshot: state}, Config{})
	now := noon
	s.now = func() time.Time { return now }
	states := func(query string) string {
		t.Helper()
		answer := decoded(t, askOf(s, http.MethodGet, "/closures"+query, ""), http.StatusOK)
		text := ""
		for _, f := range answer["features"].([]any) {
			f := f.(map[string]any)
			text += fmt.Sprintf("%v %v, ", f["id"], told(f)["state"])
		}
		return text + fmt.Sprint(answer["active"], " ", answer["next_change"])
	}
	for _, test := range []struct {
		now         time.Time
		query, want string
	}{
		{noon.Add(-time.Second), "", "1 coming, 2 active, 3 coming, [2] 2026-11-30T12:00:00Z"},
		{noon, "", "1 active, 2 active, 3 coming, [1 2] 2026-11-30T13:00:00Z"},
		{noon.Add(time.Hour), "", "1 past, 2 active, 3 active, [2 3] <nil>"},
		{noon.Add(time.Hour), "?at=2026-11-30T20:30:00%2B08:00", "1 active, 2 active, 3 coming, [1 2] 2026-11-30T13:00:00Z"},
		{noon, "?state=coming", "3 coming, [1 2] 2026-11-30T13:00:00Z"},
		{noon, "?state=past", "[1 2] 2026-11-30T13:00:00Z"},
	} {
		now = test.now
		if got := states(test.query); got != test.want {
			t.Errorf("at %v %s: %s, want %s", test.now, test.query, got, test.want)
		}
	}
	two := decoded(t, askOf(s, http.MethodGet, "/closures/2", ""), http.StatusOK)
	if doubts, _ := json.Marshal(told(two)["doubts"]); !strings.Contains(string(doubts), "closes_nothing") {
		t.Errorf("%s", doubts)
	}
}

// TestClosuresInShiftedCoordinates: what was drawn on a map of 高德 is kept
// where it is, and told where it was drawn.
func TestClosuresInShiftedCoordinates(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	drawn := o.must(http.StatusCreated, "reviewer", http.MethodPost, "/closures", `{"geometry":`+acrossRiverRoad+`}`)
	shifted := o.must(http.StatusOK, "", http.MethodGet, "/closures/1?datum=gcj02", "")
	text, err := json.Marshal(shifted["geometry"])
	if err != nil {
		t.Fatal(err)
	}
	again := o.must(http.StatusCreated, "reviewer", http.MethodPost, "/closures?datum=gcj02", `{"geometry":`+string(text)+`}`)
	if a, b := told(drawn), told(again); a["length"] != b["length"] || a["edges"] != b["edges"] || a["edges"] != 1.0 {
		t.Errorf("%v\n%v", a, b)
	}
}

// TestClosuresOfAnotherProgram: whatever stands in the layer counts.
func TestClosuresOfAnotherProgram(t *testing.T) {
	o := openOfficeOf(t, roadTown(t, true))
	o.must(http.StatusCreated, "reviewer", http.MethodPost, "/closures", `{"roads":["中街"]}`)
	before := o.ask("", http.MethodGet, "/closures/1", "").Header().Get("ETag")
	_, err := o.live.Edit(t.Context(), func(s *spatial.Snapshot) (spatial.Change, error) {
		c := closure.Closure{ID: 1, Roads: []string{"西街"}}
		return spatial.Change{Layers: []spatial.LayerChange{{Layer: closure.Layer, Put: []spatial.Row{c.Row(), closure.Closure{ID: 9, Roads: []string{"东街", "没有的路"}}.Row()}}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w := o.ask("", http.MethodGet, "/closures/1", "")
	if got := told(decoded(t, w, http.StatusOK)); got["state"] != "active" || fmt.Sprint(got["roads"]) != "[西街]" || w.Header().Get("ETag") == before {
		t.Errorf("%v %s", got, w.Header().Get("ETag"))
	}
	o.must(http.StatusPreconditionFailed, "reviewer", http.MethodDelete, "/closures/1", "", "If-Match", before)
	if got := o.must(http.StatusCreated, "reviewer", http.MethodPost, "/closures", `{"roads":["东街"]}`); got["id"] != 10.0 {
		t.Errorf("%v", got)
	}
}

// stopping ends what goes on once something is written.
type stopping struct {
	*httptest.ResponseRecorder
	stop func()
}

func (s stopping) Write(b []byte) (int, error) {
	defer s.stop()
	return s.ResponseRecorder.Write(b)
}

// TestEventsTellClosures: that a closure begins or ends is told to whoever
// watches layers that it touches, though no data have changed.
func TestEventsTellClosures(t *testing.T) {
	for _, only := range []spatial.LayerID{"", "response_areas", closure.Layer, "grids"} {
		for _, active := range []string{"[6]", "[]"} {
			turn := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
			c := closure.Closure{ID: 6, Roads: []string{"东街"}, Since: turn}
			if active == "[]" {
				c.Since, c.Until = time.Time{}, turn
			}
			state := withClosures(t, roadTown(t, true), c)
			s := server(t, fixed{snapshot: state}, Config{})
			looks := 0
			s.now = func() time.Time { // the first look is before the turn
				if looks++; looks == 1 {
					return turn.Add(-time.Hour)
				}
				return turn
			}
			patience := 20 * time.Second
			if only == "grids" {
				patience = 100 * time.Millisecond // nothing comes
			}
			ctx, stop := context.WithTimeout(t.Context(), patience)
			w := stopping{httptest.NewRecorder(), stop}
			told := s.closuresNow()
			to := &telling{ResponseWriter: w, boot: s.boot, force: forceName(told), hides: s.internal, derived: s.derivedTouched}
			if only != "" {
				to.only = []spatial.LayerID{only}
			}
			if err := s.follow(ctx, to, data.Event{Version: state.Version()}, told); ctx.Err() == nil {
				t.Error(err)
			}
			stop()
			body := w.Body.String()
			if want := "event: closures\ndata: {\"version\":8,\"active\":" + active; (only != "grids") != strings.Contains(body, want) {
				t.Errorf("%q, %s: %s", only, active, body)
			}
			if told := strings.Contains(body, `{"layer":"response_areas","bounds":[[`); told != (only == "" || only == "response_areas") {
				t.Errorf("%q, %s: %s", only, active, body)
			}
		}
	}
}

// TestEventsTellClosuresMissed: who comes back is told that other closures are in
// force than when the last event was heard, and who missed nothing is not.
func TestEventsTellClosuresMissed(t *testing.T) {
	turn := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	state := withClosures(t, roadTown(t, true), closure.Closure{ID: 6, Roads: []string{"东街"}, Since: turn})
	s := server(t, fixed{snapshot: state}, Config{})
	heard := func(now time.Time, last string) (body, id string) {
		t.Helper()
		s.now = func() time.Time { return now }
		ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/events", nil)
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		s.ServeHTTP(w, r)
		for line := range strings.SplitSeq(w.Body.String(), "\n") {
			if text, ok := strings.CutPrefix(line, "id: "); ok {
				id = text
			}
		}
		return w.Body.String(), id
	}
	_, before := heard(turn.Add(-time.Hour), "")
	body, after := heard(turn.Add(time.Hour), before)
	if !strings.Contains(body, "event: closures\ndata: {\"version\":8,\"active\":[6]") || after == before {
		t.Errorf("after %s came %s", before, body)
	}
	if body, id := heard(turn.Add(2*time.Hour), after); strings.Contains(body, "closures") || id != after {
		t.Errorf("after %s came %s", after, body)
	}
}

// manyPositions are those of a zigzag.
func manyPositions(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = at(1.5+float64(i)/1e4, 0.44+float64(i%2)/50)
	}
	return list
}
