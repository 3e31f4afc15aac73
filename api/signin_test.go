package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/api/auth"
	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// signed is a state in which each role has a token, with their secrets.
func signed(t testing.TB, s *spatial.Snapshot) (*spatial.Snapshot, map[adjustment.Role]string) {
	t.Helper()
	secrets := map[adjustment.Role]string{}
	for _, who := range []adjustment.Actor{{Role: adjustment.Reader}, {Role: adjustment.Proposer, Street: "440303002"}, {Role: adjustment.Reviewer}, {Role: adjustment.Approver}, {Role: adjustment.Admin}} {
		secret, row, err := auth.Issue(s, who, time.Now(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if s, err = s.Apply(auth.Put(s, row), s.Version()+1); err != nil {
			t.Fatal(err)
		}
		secrets[who.Role] = secret
	}
	return s, secrets
}

func bearer(secret string) []string { return []string{"Authorization", "Bearer " + secret} }

func TestWhoami(t *testing.T) {
	state, secrets := signed(t, town(t, false))
	s := server(t, fixed{snapshot: state}, Config{})
	for role, want := range map[adjustment.Role]string{
		"":                  `{"name":"","role":"","street":"","sees_small_counts":false}`,
		adjustment.Reader:   `{"name":"reader-1","role":"reader","street":"","sees_small_counts":false}`,
		adjustment.Proposer: `{"name":"proposer-2","role":"proposer","street":"440303002","sees_small_counts":true}`,
		adjustment.Admin:    `{"name":"admin-5","role":"admin","street":"","sees_small_counts":true}`,
	} {
		var header []string
		if role != "" {
			header = bearer(secrets[role])
		}
		w := askOf(s, http.MethodGet, "/whoami", "", header...)
		if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s, want %s", role, w.Code, got, want)
		}
	}
	if got := ask(t, http.MethodGet, "/whoami", "").Body.String(); !strings.Contains(got, `"sees_small_counts":true`) {
		t.Errorf("of a synthetic store: %s", got)
	}
}

// TestWrongToken: no answer is made for a token that is not known, whatever
// is asked.
func TestWrongToken(t *testing.T) {
	state, secrets := signed(t, district(t))
	s := server(t, fixed{snapshot: state}, Config{})
	for name, header := range map[string]string{"unknown": "Bearer wg_x", "empty": "Bearer ", "other scheme": "Basic YTpi", "cut": "Bearer " + secrets[adjustment.Admin][1:]} {
		for _, target := range []string{"/whoami", "/collections", "/tiles/grids/14/13380/7145.mvt"} {
			w := askOf(s, http.MethodGet, target, "", "Authorization", header)
			problem := decoded(t, w, http.StatusUnauthorized)
			if problem["rule"] != "token" || w.Header().Get("WWW-Authenticate") != `Bearer realm="wangge", error="invalid_token"` || strings.Contains(w.Body.String(), secrets[adjustment.Admin][4:]) {
				t.Errorf("%s, %s: %v %v", name, target, problem, w.Header())
			}
		}
	}
	for _, header := range []string{"Bearer ", "bearer  "} {
		if w := askOf(s, http.MethodGet, "/whoami", "", "Authorization", header+secrets[adjustment.Admin]); w.Code != http.StatusOK {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
}

// TestRoles: without a token 401, beyond the role 403 with the rule named.
func TestRoles(t *testing.T) {
	state, secrets := signed(t, district(t))
	s := server(t, fixed{snapshot: state}, Config{})
	reviewers := route{roles: []adjustment.Role{adjustment.Reviewer}, path: "/x", method: http.MethodGet,
		handle: func(w http.ResponseWriter, r *request) error { return writeJSON(w, mediaJSON, r.actor.Name) }}
	s.handler = s.wrap(s.endpoint(&reviewers))
	w := askOf(s, http.MethodGet, "/x", "")
	if p := decoded(t, w, http.StatusUnauthorized); p["rule"] != "sign_in" || w.Header().Get("WWW-Authenticate") != `Bearer realm="wangge"` {
		t.Errorf("without a token: %v %v", p, w.Header())
	}
	for role, secret := range secrets {
		w := askOf(s, http.MethodGet, "/x", "", bearer(secret)...)
		if role == adjustment.Reviewer || role == adjustment.Admin {
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", role, w.Code, w.Body)
			}
			continue
		}
		if p := decoded(t, w, http.StatusForbidden); p["rule"] != "role" || !strings.Contains(fmt.Sprint(p["fix"]), "reviewer") {
			t.Errorf("%s: %v", role, p)
		}
	}
}

// TestFailedSignIns: who guesses must wait; who knows need not, at the same
// address either.
func TestFailedSignIns(t *testing.T) {
	state, secrets := signed(t, district(t))
	s := server(t, fixed{snapshot: state}, Config{})
	from := func(address, secret string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/whoami", nil)
		r.RemoteAddr = address
		r.Header.Set("Authorization", "Bearer "+secret)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for n := range maxFailures {
		if w := from("192.0.2.1:1000", "wg_guess"); w.Code != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d", n, w.Code)
		}
	}
	w := from("192.0.2.1:2000", "wg_guess")
	if p := decoded(t, w, http.StatusTooManyRequests); p["rule"] != "sign_in_rate" || w.Header().Get("Retry-After") != "60" {
		t.Errorf("%v %v", p, w.Header())
	}
	if w := from("192.0.2.1:3000", secrets[adjustment.Reader]); w.Code != http.StatusOK {
		t.Errorf("a known token: %d", w.Code)
	}
	if w := from("192.0.2.2:1000", "wg_guess"); w.Code != http.StatusUnauthorized {
		t.Errorf("another address: %d", w.Code)
	}
}

// TestAnswersOfRightsAreKeptApart: caches and conditions never mix what
// different people may see.
func TestAnswersOfRightsAreKeptApart(t *testing.T) {
	state, secrets := signed(t, town(t, false))
	s := server(t, fixed{snapshot: state}, Config{})
	for _, target := range []string{"/collections/buildings/items", "/tiles/buildings/10/836/446.mvt"} {
		anyone, clerk := askOf(s, http.MethodGet, target, ""), askOf(s, http.MethodGet, target, "", bearer(secrets[adjustment.Proposer])...)
		if anyone.Body.String() == clerk.Body.String() || anyone.Header().Get("ETag") == clerk.Header().Get("ETag") {
			t.Errorf("%s: alike for everybody", target)
		}
		if got := clerk.Header().Get("Cache-Control"); got != "private, no-cache" {
			t.Errorf("%s: Cache-Control %q", target, got)
		}
		if vary := strings.Join(anyone.Header().Values("Vary"), ", "); !strings.Contains(vary, "Authorization") {
			t.Errorf("%s: Vary %q", target, vary)
		}
		w := askOf(s, http.MethodGet, target, "", "If-None-Match", clerk.Header().Get("ETag"))
		if w.Code == http.StatusNotModified {
			t.Errorf("%s: anyone's condition of a clerk's answer holds", target)
		}
		again := askOf(s, http.MethodGet, target, "", append(bearer(secrets[adjustment.Proposer]), "If-None-Match", clerk.Header().Get("ETag"))...)
		if again.Code != http.StatusNotModified {
			t.Errorf("%s: %d, want 304", target, again.Code)
		}
	}
}

// TestInternalLayersAreNowhere walks all routes, each parameter that can name
// a layer naming each internal one.
func TestInternalLayersAreNowhere(t *testing.T) {
	o := openOffice(t, true)
	o.propose(deepProposal)
	asked, internal := 0, 0
	for layer := range o.live.Current().Layers() {
		if !layer.Schema().Internal {
			continue
		}
		internal++
		for i := range o.service.routes {
			route := &o.service.routes[i]
			if route.path == "/events" {
				continue
			}
			for _, target := range naming(route, string(layer.ID())) {
				asked++
				o.checkHidden(layer.ID(), route, target)
			}
		}
	}
	if asked < 200 || internal < 4 {
		t.Errorf("only %d addresses of %d layers were asked", asked, internal)
	}
}

// checkHidden asks as the one who may most, and wants to hear nothing of a
// layer nor of tokens.
func (o *office) checkHidden(id spatial.LayerID, route *route, target string) {
	o.t.Helper()
	w := o.ask("chief", route.method, target, fmt.Sprintf(`{"layer":%q,"to":%q}`, id, id))
	body := w.Body.String()
	tokens, err := o.live.Current().Layer(auth.TokenLayer)
	if err != nil {
		o.t.Fatal(err)
	}
	for f := range tokens.All() {
		if strings.Contains(body, f.Attribute("digest").Text()) {
			o.t.Errorf("%s %s tells a digest: %s", route.method, target, body)
		}
	}
	for _, form := range []string{`"layer":%q`, `"id":%q`, `layer=%q`, `"name":%q`} {
		if w.Code < 300 && strings.Contains(body, fmt.Sprintf(form, id)) {
			o.t.Errorf("%s %s knows the layer: %s", route.method, target, body)
		}
	}
	if strings.Contains(route.path, "{layer") && w.Code != http.StatusNotFound && w.Code != http.StatusBadRequest {
		o.t.Errorf("%s %s: %d", route.method, target, w.Code)
	}
}

// naming are addresses of a route in which a layer is named wherever one can be.
func naming(route *route, layer string) []string {
	path := strings.NewReplacer("{layer}", layer, "{layers}", "grids,"+layer, "{z}", "0", "{x}", "0", "{y}", "0", "{id}", "1").Replace(route.path)
	query := url.Values{}
	targets := []string{path}
	for _, p := range route.parameters {
		d := p.declared()
		if d.in != inQuery {
			continue
		}
		value := d.example
		switch d.name {
		case "to", "layers":
			value = layer
		case "q":
			value = "reader"
		}
		targets = append(targets, path+"?"+url.Values{d.name: {value}}.Encode())
		if d.required || d.name == "to" {
			query.Set(d.name, value)
		}
	}
	return append(targets, path+"?"+query.Encode())
}

// TestEventsHideInternalLayers: what only the service keeps wakes nobody.
func TestEventsHideInternalLayers(t *testing.T) {
	state, _ := signed(t, district(t))
	s := server(t, fixed{snapshot: state}, Config{})
	w := httptest.NewRecorder()
	to := &telling{ResponseWriter: w, hides: s.internal, derived: s.derivedTouched}
	last := data.Event{Version: 7}
	if err := to.change(last, data.Event{Version: 8, Touched: []data.Touched{{Layer: auth.TokenLayer}}}); err != nil || w.Body.Len() > 0 {
		t.Errorf("%v: %s", err, w.Body)
	}
	if err := to.change(last, data.Event{Version: 9, Touched: []data.Touched{{Layer: auth.TokenLayer}, {Layer: "grids"}}}); err != nil {
		t.Fatal(err)
	}
	if body := w.Body.String(); strings.Contains(body, "tokens") || !strings.Contains(body, "grids") {
		t.Error(body)
	}
}

// TestRefusals: each kind of refusal has its status and says what to do.
func TestRefusals(t *testing.T) {
	plan := &adjustment.Plan{Checks: []adjustment.Check{
		{Severity: adjustment.Refusal, InvalidError: spatial.InvalidError{Rule: "contiguous", Where: "44030300200718", Detail: "in 2 parts", Fix: "include 深水楼"}},
		{Severity: adjustment.Warning, InvalidError: spatial.InvalidError{Rule: "size_band", Detail: "small"}}}}
	for name, test := range map[string]struct {
		err    error
		status int
		rule   string
		says   string
	}{
		"unknown token": {auth.ErrUnknown, 401, "token", "ask for a new one"},
		"forbidden":     {&adjustment.ForbiddenError{Rule: "own_proposal", Detail: "no", Fix: "ask somebody else"}, 403, "own_proposal", "somebody else"},
		"status":        {&adjustment.StatusError{ID: 4, Status: adjustment.Applied, Action: adjustment.Edit, Allowed: []adjustment.Action{adjustment.Revert}}, 409, "status", `"allowed":["revert"]`},
		"nothing left":  {&adjustment.StatusError{ID: 4, Status: adjustment.Rejected}, 409, "status", "nothing can be done"},
		"overlap":       {&adjustment.OverlapError{With: 3, Title: "深水楼", Areas: []string{"44030300200718"}}, 409, "overlap", `"codes":["44030300200718"]`},
		"changed":       {&adjustment.ChangedError{ID: 4, Changes: []string{"residents 1, not 2"}}, 409, "changed", "residents 1, not 2"},
		"stale":         {&adjustment.StaleError{ID: 4, Have: 1, Newest: 2}, 412, "revision", "newest"},
		"refused":       {&adjustment.RefusedError{Plan: plan}, 422, "contiguous", `"rule":"size_band","severity":"warning"`},
		"not found":     {spatial.ErrNotFound, 404, "", "not found"},
		"wrapped":       {fmt.Errorf("apply: %w", &adjustment.StaleError{}), 412, "revision", "newest"},
	} {
		s := faulty(t, &strings.Builder{}, func(http.ResponseWriter, *request) error { return test.err })
		w := askOf(s, http.MethodGet, "/fault", "")
		p := decoded(t, w, test.status)
		checkShape(t, problemShape, p)
		rule, _ := p["rule"].(string)
		if rule != test.rule || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

// twins are two towns whose small counts differ, and all other counts within
// what they are rounded to, so that nobody without the right should be able
// to tell one from the other.
func twins(t testing.TB) (a, b *spatial.Snapshot) {
	t.Helper()
	a = town(t, false)
	layer, err := a.Layer("buildings")
	if err != nil {
		t.Fatal(err)
	}
	field := layer.Schema().FieldIndex("residents")
	for f := range layer.All() {
		n := f.Value(field).Int()
		row := f.Row()
		row.Values[field] = spatial.Int(map[bool]int64{true: 3, false: n}[n == 1])
		if n != 1 {
			continue
		}
		next, err := a.Apply(spatial.Change{Base: a.Version(), Layers: []spatial.LayerChange{{Layer: "buildings", Put: []spatial.Row{row}}}}, a.Version())
		if err != nil {
			t.Fatal(err)
		}
		return a, next
	}
	t.Fatal("no house of the town has one resident")
	return nil, nil
}

// TestTwinsAnswerAlike asks both towns everything that might tell a small
// count: nothing that anyone is answered depends on it.
func TestTwinsAnswerAlike(t *testing.T) {
	a, b := twins(t)
	one, other := server(t, fixed{snapshot: a}, Config{}), server(t, fixed{snapshot: b}, Config{})
	other.boot = one.boot
	items := "/collections/buildings/items?f="
	questions := map[string]string{}
	for _, target := range []string{items + "geojson", items + "csv", items + "html", items + "geojson&sortby=residents", items + "geojson&sortby=-residents&limit=1",
		items + "geojson&residents=1", items + "geojson&residents=3", items + "geojson&filter=residents=1", items + "geojson&filter=residents+IN+(1,2)", items + "geojson&filter=residents+%3C+3",
		items + "geojson&filter=residents+IS+NULL", items + "geojson&filter=residents+BETWEEN+2+AND+4", "/collections/buildings/items/2", "/collections/buildings/schema", "/collections/buildings/queryables",
		"/tiles/buildings,grids/10/836/446.mvt", "/tiles/buildings.json", "/search?q=深水楼"} {
		questions[target] = ""
	}
	for _, step := range []string{`"area":` + deepWater, `"buildings":["4403030020071800002"]`} {
		for _, from := range []string{xinxiu18, xinxiu01} {
			questions["/adjustments/preview#"+from+step] = `{"from":"` + from + `","to":"44030300201713",` + step + `}`
		}
	}
	for target, body := range questions {
		method, address := http.MethodGet, target
		if body != "" {
			method, address = http.MethodPost, "/adjustments/preview"
		}
		left, right := askOf(one, method, address, body), askOf(other, method, address, body)
		if left.Code != right.Code || timeless(left.Body.String()) != timeless(right.Body.String()) || left.Header().Get("ETag") != right.Header().Get("ETag") {
			t.Errorf("%s tells the towns apart:\n%d %s\n%d %s", target, left.Code, left.Body, right.Code, right.Body)
		}
	}
}

// timeless is an answer without the time at which it was made.
func timeless(body string) string {
	before, rest, ok := strings.Cut(body, `"timeStamp":"`)
	if !ok {
		return body
	}
	_, after, _ := strings.Cut(rest, `"`)
	return before + after
}

// TestClerksSeeAll: with the right, counts are as they are.
func TestClerksSeeAll(t *testing.T) {
	state, secrets := signed(t, town(t, false))
	s := server(t, fixed{snapshot: state}, Config{})
	var page struct {
		Features []struct{ Properties map[string]any }
	}
	for role, want := range map[adjustment.Role]bool{"": false, adjustment.Reader: false, adjustment.Reviewer: true} {
		var header []string
		if role != "" {
			header = bearer(secrets[role])
		}
		w := askOf(s, http.MethodGet, "/collections/buildings/items?filter=residents=1", "", header...)
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		if (len(page.Features) > 0) != want {
			t.Errorf("%q: %s", role, w.Body)
		}
	}
}

// TestRevokedAtOnce: a token is no longer known from the state on in which it
// is revoked.
func TestRevokedAtOnce(t *testing.T) {
	first, secrets := signed(t, district(t))
	state := &moving{fixed{snapshot: first}}
	s := server(t, state, Config{})
	if w := askOf(s, http.MethodGet, "/whoami", "", bearer(secrets[adjustment.Admin])...); w.Code != http.StatusOK {
		t.Fatal(w.Code)
	}
	row, err := auth.Revoke(first, "admin-5", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if state.snapshot, err = first.Apply(auth.Put(first, row), first.Version()+1); err != nil {
		t.Fatal(err)
	}
	if w := askOf(s, http.MethodGet, "/whoami", "", bearer(secrets[adjustment.Admin])...); w.Code != http.StatusUnauthorized {
		t.Errorf("after it was revoked: %d", w.Code)
	}
}
