package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// twinShelters are two sheltered towns, one person of 深水楼 apart from three,
// each with its tokens.
func twinShelters(t *testing.T) (towns [2]*Server, secrets [2]map[adjustment.Role]string) {
	t.Helper()
	one := sheltered(t, false)
	buildings, err := one.Layer("buildings")
	if err != nil {
		t.Fatal(err)
	}
	f, err := buildings.Feature(3)
	if err != nil || f.Label() != "深水楼" {
		t.Fatal(f.Label(), err)
	}
	row := f.Row()
	row.Values[3] = spatial.Int(3)
	for i, row := range []spatial.Row{f.Row(), row} {
		state, keys := signed(t, edited(t, one, spatial.LayerChange{Layer: "buildings", Put: []spatial.Row{row}}))
		towns[i], secrets[i] = server(t, fixed{snapshot: state}, Config{}), keys
		towns[i].boot, towns[i].now = "boot", func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	return towns, secrets
}

// TestSheltersTellNoSmallCounts asks two towns that differ in one small count
// everything about shelters and zones, with areas, candidates and radii that
// pick out the one house: before and after somebody with the right asked the
// same, nobody else can tell the towns apart.
func TestSheltersTellNoSmallCounts(t *testing.T) {
	towns, secrets := twinShelters(t)
	const house = `{"area":{"type":"Polygon","coordinates":[[[114.0194,22.5049],[114.0198,22.5049],[114.0198,22.5053],[114.0194,22.5053],[114.0194,22.5049]]]}}`
	const sites = `"candidates":[{"name":"x","at":[114.0195,22.505],"area":10},{"name":"y","at":[114.0255,22.505],"area":900}]`
	questions := [][2]string{{"/exposure", `{"zones":` + house + `}`}, {"/exposure?f=csv", `{"zones":` + house + `}`}, {"/exposure?f=geojson", `{"zones":[` + house + `,"high_risk_zones"]}`},
		{"/coverage/unit", `{"unit":"` + xinxiu18 + `","radius":30}`}, {"/coverage", `{"trace":["` + xinxiu18 + `"],"radius":30}`},
		{"/coverage", `{"radius":60,"scenario":{"add":[{"name":"x","at":[114.0195,22.505],"area":10,"setting":"outdoor"}]}}`},
		{"/coverage?f=csv", `{"share":0.5}`}, {"/coverage?f=geojson", `{}`}, {"/collections/coverage/items", ""}, {"/collections/coverage/items?by=street&sortby=population", ""},
		{"/collections/coverage/items?population=2501&limit=1", ""}, {"/collections/coverage/items?filter=unreached%3E0&radius=30", ""}, {"/tiles/coverage/12/3345/1785.mvt", ""}, {"/tiles/coverage/12/3345/1785.mvt?radius=30&by=grid", ""}, {"/collections/coverage", ""}}
	for _, method := range []string{methodLocated, methodReachable, methodTwoStep, methodGaussian, methodAllocation} {
		questions = append(questions, [2]string{"/coverage", `{"method":"` + method + `"}`}, [2]string{"/coverage", `{"method":"` + method + `","exposure":` + house + `}`})
	}
	for _, objective := range []string{"covered", "deficit", "p_median", "p_center"} {
		questions = append(questions, [2]string{"/siting", `{"radius":60,"objective":"` + objective + `",` + sites + `}`}, [2]string{"/siting", `{"radius":60,"capacity":true,"objective":"` + objective + `","exposure":` + house + `,` + sites + `}`})
	}
	differ := 0
	for _, q := range questions {
		method := http.MethodPost
		if q[1] == "" {
			method = http.MethodGet
		}
		var first, clerks, then, tags [2]string
		for i, s := range towns {
			w := askOf(s, method, q[0], q[1])
			if w.Code != http.StatusOK && w.Code != http.StatusNoContent && w.Code != http.StatusBadRequest {
				t.Errorf("%s %s: %d %s", q[0], q[1], w.Code, w.Body)
			}
			first[i], tags[i] = timeless(w.Body.String()), w.Header().Get("ETag")
			clerks[i] = timeless(askOf(s, method, q[0], q[1], bearer(secrets[i][adjustment.Reviewer])...).Body.String())
			then[i] = timeless(askOf(s, method, q[0], q[1]).Body.String())
		}
		if first[0] != first[1] || tags[0] != tags[1] {
			t.Errorf("%s %s tells the towns apart:\n%s\n%s", q[0], q[1], first[0], first[1])
		}
		if then != first {
			t.Errorf("%s %s is answered otherwise once a clerk has asked", q[0], q[1])
		}
		if clerks[0] != clerks[1] {
			differ++
		}
	}
	if differ < 20 {
		t.Errorf("only %d of %d answers differ for those with the right", differ, len(questions))
	}
}

// TestLongQuestionsTakeTurns: where all places are taken, a question waits and
// is told to come again, tiles and features are answered beside it, and who is
// gone is not worked for. A place is given back with the first of the answer.
func TestLongQuestionsTakeTurns(t *testing.T) {
	s := server(t, fixed{snapshot: sheltered(t, true)}, Config{})
	s.patience = 10 * time.Millisecond
	if w := askOf(s, http.MethodPost, "/coverage", `{}`); w.Code != http.StatusOK || len(s.long) != 0 {
		t.Fatalf("%d, %d places are kept", w.Code, len(s.long))
	}
	for range cap(s.long) {
		s.long <- struct{}{}
	}
	for target, body := range map[string]string{"/coverage": `{}`, "/exposure": `{"zones":"high_risk_zones"}`, "/siting": `{"candidates":[{"at":[114.0195,22.505],"area":10}]}`} {
		w := askOf(s, http.MethodPost, target, body)
		if p := decoded(t, w, http.StatusServiceUnavailable); p["rule"] != "busy" || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %v %v", target, p, w.Header())
		}
	}
	for _, target := range []string{"/collections/grids/items", "/tiles/grids/12/3345/1785.mvt", "/whoami", "/healthz"} {
		if w := askOf(s, http.MethodGet, target, ""); w.Code >= 400 {
			t.Errorf("%s waits: %d", target, w.Code)
		}
	}
	<-s.long
	if w := askOf(s, http.MethodPost, "/coverage", `{}`); w.Code != http.StatusOK || len(s.long) != cap(s.long)-1 {
		t.Errorf("%d with a place left, %d taken", w.Code, len(s.long))
	}
	read := &watched{ResponseRecorder: httptest.NewRecorder(), at: func() { // the first of the answer
		if len(s.long) != cap(s.long)-1 {
			t.Error("the place is kept while the answer is read")
		}
	}}
	s.ServeHTTP(read, httptest.NewRequest(http.MethodPost, "/coverage", strings.NewReader(`{}`)))
	if !read.asked {
		t.Error("nothing was written")
	}
}

type watched struct {
	*httptest.ResponseRecorder
	at    func()
	asked bool
}

func (w *watched) Write(b []byte) (int, error) {
	w.asked = true
	w.at()
	return w.ResponseRecorder.Write(b)
}

// TestZonesAreBounded: what zones take is counted before it is done, whether
// they are drawn or of a layer.
func TestZonesAreBounded(t *testing.T) {
	var ring []string
	for i := range 40_000 {
		ring = append(ring, fmt.Sprintf("[%f,%f]", 114.01+float64(i)*1e-7, 22.505+float64(i%2)*0.001))
	}
	wide := `{"type":"Polygon","coordinates":[[` + strings.Join(ring, ",") + `,` + ring[0] + `]]}`
	var points []string
	for i := range 5000 {
		points = append(points, fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%f,22.505]}}`, 114.01+float64(i)*1e-6))
	}
	small := strings.Join(points[:50], ",")
	for name, tt := range map[string]struct {
		zones string
		many  int
		rule  string
	}{
		"an outline with a buffer": {`{"buffer":10000,"area":` + wide + `}`, 300, "zones_work"},
		"an outline":               {`{"area":` + wide + `}`, 300, ""},
		"points":                   {`{"buffer":10000,"features":[` + strings.Join(points, ",") + `]}`, 2100, "zones_work"},
		"few points":               {`{"buffer":10000,"features":[` + small + `]}`, 2100, ""},
	} {
		s := server(t, fixed{snapshot: crammed(t, tt.many)}, Config{})
		for target, body := range map[string]string{"/exposure": `{"zones":` + tt.zones + `}`, "/coverage": `{"exposure":` + tt.zones + `}`} {
			w := askOf(s, http.MethodPost, target, body)
			if tt.rule == "" && w.Code != http.StatusOK || tt.rule != "" && (w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"rule":"`+tt.rule+`"`)) {
				t.Errorf("%s, %s: %d %.200s, want %q", name, target, w.Code, w.Body, tt.rule)
			}
		}
	}
}

// TestWaysAreBounded: where everybody reaches hundreds of shelters, places are
// neither shared out nor chosen; who reaches them is still told.
func TestWaysAreBounded(t *testing.T) {
	s := server(t, fixed{snapshot: crammed(t, 6500)}, Config{})
	var added, offered []string
	for i := range 200 {
		at := fmt.Sprintf(`"at":[%f,22.505],"area":10`, 114.011+float64(i)*1e-5)
		added, offered = append(added, `{"setting":"outdoor",`+at+`}`), append(offered, `{`+at+`}`)
	}
	many := `"radius":20000,"scenario":{"add":[` + strings.Join(added, ",") + `]}}`
	for body, rule := range map[string]string{`{"method":"allocation",` + many: `"rule":"ways_many"`, `{` + many: `"units"`, `{"method":"allocation","radius":20000}`: `"units"`} {
		if w := askOf(s, http.MethodPost, "/coverage", body); !strings.Contains(w.Body.String(), rule) {
			t.Errorf("%.60s: %d %.200s, want %s", body, w.Code, w.Body, rule)
		}
	}
	if w := askOf(s, http.MethodPost, "/siting", `{"radius":20000,"choose":2,"objective":"p_median","candidates":[`+strings.Join(offered, ",")+`]}`); !strings.Contains(w.Body.String(), `"rule":"ways_many"`) {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
}

// crammed is the sheltered town with many more houses at one place.
func crammed(t *testing.T, many int) *spatial.Snapshot {
	t.Helper()
	s := sheltered(t, true)
	buildings, err := s.Layer("buildings")
	if err != nil {
		t.Fatal(err)
	}
	f, err := buildings.Feature(3)
	if err != nil {
		t.Fatal(err)
	}
	var rows []spatial.Row
	for i := range many {
		row := f.Row()
		row.ID, row.Values[0] = int64(1000+i), text(fmt.Sprintf("%s%05d", xinxiu18, 1000+i))
		rows = append(rows, row)
	}
	return edited(t, s, spatial.LayerChange{Layer: "buildings", Put: rows})
}

// TestRefusedBodyIsHeard: who sends too much, all of it before reading, as many
// clients do, reads why.
func TestRefusedBodyIsHeard(t *testing.T) {
	web := httptest.NewServer(server(t, fixed{snapshot: sheltered(t, true)}, Config{}))
	defer web.Close()
	body := `{"by":"` + strings.Repeat("a", 24<<20) + `"}`
	for _, target := range []string{"/coverage", "/exposure"} {
		c, err := net.Dial("tcp", web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", target, len(body), body); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		if p, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(p), `"rule":"body_size"`) {
			t.Errorf("%s: %d %s", target, answer.StatusCode, p)
		}
		_ = c.Close()
	}
}
