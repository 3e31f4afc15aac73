package viewer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/spatial"
)

// responder is one line of an answer of /nearest.
type responder struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	At    [2]float64 `json:"at"`
	Time  float64    `json:"time"`
	Route struct {
		Geometry struct {
			Coordinates [][2]float64 `json:"coordinates"`
		} `json:"geometry"`
	} `json:"route"`
}

func read[T any](t *testing.T, address string) T {
	t.Helper()
	var answer T
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", address, r.StatusCode, err)
	}
	return answer
}

// first is who gets to a place first.
func first(t *testing.T, server string, place orb.Point, by string) responder {
	t.Helper()
	answer := read[struct{ Candidates []responder }](t, fmt.Sprintf("%s/nearest?lon=%f&lat=%f&by=%s", server, place[0], place[1], by))
	if len(answer.Candidates) != 1 {
		t.Fatalf("%d responders by %s", len(answer.Candidates), by)
	}
	return answer.Candidates[0]
}

// acrossTheWater is a place at a road whose nearest station in a straight line
// stands on another side of the reservoir, so that another one is there first:
// of all such places the one with the most water between.
func acrossTheWater(t *testing.T, server string, now *spatial.Snapshot) (place orb.Point, straight, road responder) {
	t.Helper()
	var reservoir orb.Polygon
	for f := range layerOf(t, now, "water").All() {
		if p, ok := f.Geometry().(orb.Polygon); ok && f.Label() == "深圳水库" {
			reservoir = p
		}
	}
	widest := 0.001 // degrees, some 100 m
	for f := range layerOf(t, now, "roads").All() {
		line, ok := f.Geometry().(orb.LineString)
		if !ok || !reservoir.Bound().Pad(0.012).Contains(line[0]) {
			continue
		}
		closest := first(t, server, line[0], "distance")
		across := crossing(reservoir, closest.At, line[0])
		if len(across) < 2 || planar.Distance(across[0], across[1]) <= widest {
			continue
		}
		if soonest := first(t, server, line[0], "time&route=true"); soonest.ID != closest.ID {
			widest = planar.Distance(across[0], across[1])
			place, straight, road = line[0], closest, soonest
		}
	}
	if road.ID == 0 {
		t.Fatal("everywhere at the reservoir the closest station is there first")
	}
	return place, straight, road
}

func layerOf(t *testing.T, now *spatial.Snapshot, id spatial.LayerID) *spatial.Layer {
	t.Helper()
	layer, err := now.Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// crossing is where a line crosses the shore.
func crossing(water orb.Polygon, from, to orb.Point) (shores []orb.Point) {
	side := func(a, b, c orb.Point) float64 { return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]) }
	for _, ring := range water {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if side(a, b, from)*side(a, b, to) < 0 && side(from, to, a)*side(from, to, b) < 0 {
				u := side(a, b, from) / (side(a, b, from) - side(a, b, to))
				shores = append(shores, orb.Point{from[0] + u*(to[0]-from[0]), from[1] + u*(to[1]-from[1])})
			}
		}
	}
	return shores
}

// testAcrossTheWater asks for a place beyond the reservoir: by road another
// station is named than in a straight line, and its route is on the map.
func testAcrossTheWater(p *tab, now *spatial.Snapshot) {
	place, straight, road := acrossTheWater(p.T, p.server, now)
	p.visit(fmt.Sprintf("lang=zh&way=response&response=at:%f,%f&map=14/%f/%f", place[0], place[1], place[1], place[0]))
	p.until(`document.querySelector('#response-answer[data-state="ready"] .ranked')`)
	if id := eval[string](p, `document.querySelector(".ranked li").dataset.candidate`); id != fmt.Sprint(road.ID) {
		p.Errorf("the panel ranks %s first, the service %d", id, road.ID)
	}
	said := p.text("#response-answer")
	for _, words := range []string{road.Name, "应急管理服务站", "接警", "出动", "行驶", "到达点", "直线最近的是" + straight.Name} {
		if !strings.Contains(said, words) {
			p.Errorf("the panel does not say %s:\n%s", words, said)
		}
	}
	drawn := p.overlay("over/response-nearest-all")
	p.isDrawn(drawn["route"], road.Route.Geometry.Coordinates)
	p.isDrawn(drawn["straight"], [][2]float64{straight.At, place})
	p.shoot("desktop-response")
	p.axe()

	p.do(click(`[data-by="distance"]`))
	p.until(fmt.Sprintf(`document.querySelector('#response-answer[data-state="ready"] .ranked li[data-candidate="%d"]:first-child') && !document.querySelector(".parts")`, straight.ID))
	if hash := eval[string](p, `location.hash`); !strings.Contains(hash, "by:distance") || !strings.Contains(hash, "way=response") {
		p.Errorf("the address does not keep the question: %s", hash)
	}
	p.do(click("#search input"), keys("22.5610N 114.1205E"), keys(enter))
	p.until(`document.querySelector("#response-answer h2")?.textContent.includes("114.12050, 22.56100")`)
	p.act(fmt.Sprintf(`map.jumpTo({ center: [%s], zoom: 15 })`, strings.Replace(town, "/", ",", 1)))
	eval[bool](p, `wangge.map.getCanvas().focus(), true`)
	p.do(keys(enter))
	p.until(`document.querySelector("#response-answer h2")?.textContent.includes("114.13050, 22.55600")`)
}

// overlay is what a panel has put on the map, by kind.
func (p *tab) overlay(source string) map[string][][][2]float64 {
	p.Helper()
	return eval[map[string][][][2]float64](p, fmt.Sprintf(`wangge.map.getSource(%q).getData().then((all) => {
		const kinds = {};
		for (const f of all.features) (kinds[f.properties.kind ?? ""] ??= []).push(f.geometry.type === "Point" ? [f.geometry.coordinates] : f.geometry.coordinates);
		return kinds;
	})`, source))
}

// isDrawn checks that a line is among those that are drawn.
func (p *tab) isDrawn(drawn [][][2]float64, line [][2]float64) {
	p.Helper()
	near := func(a, b [2]float64) bool { return math.Abs(a[0]-b[0]) < 1e-5 && math.Abs(a[1]-b[1]) < 1e-5 }
	if !slices.ContainsFunc(drawn, func(d [][2]float64) bool { return slices.EqualFunc(d, line, near) }) {
		p.Errorf("drawn are %v, not %v", drawn, line)
	}
}

// register stands in front of a service and keeps closures for one reader who
// is signed in, so that the page is tested without a store. What a closure
// does the service says.
type register struct {
	service http.Handler
	mu      sync.Mutex
	kept    []map[string]any
}

func newRegister(t *testing.T, server string) (*register, string) {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	r := &register{service: httputil.NewSingleHostReverseProxy(target)}
	front := httptest.NewServer(r)
	t.Cleanup(front.Close)
	return r, front.URL
}

func (g *register) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := r.Header.Get("Authorization") == "Bearer "+secret
	r.Header.Del("Authorization") // the service knows no tokens
	id := 0
	_, _ = fmt.Sscanf(r.URL.Path, "/closures/%d", &id)
	switch {
	case r.URL.Path == "/whoami" && !known:
		answer(w, http.StatusUnauthorized, map[string]any{"detail": "no such token"})
	case r.URL.Path == "/whoami":
		answer(w, http.StatusOK, map[string]any{"name": "区中心值班", "role": "reviewer"})
	case r.URL.Path == "/closures" || id > 0:
		g.closures(w, r, id)
	default:
		g.service.ServeHTTP(w, r)
	}
}

func (g *register) closures(w http.ResponseWriter, r *http.Request, id int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case r.Method == http.MethodGet && id == 0:
		answer(w, http.StatusOK, map[string]any{"type": "FeatureCollection", "features": append([]map[string]any{}, g.kept...)})
	case r.Method == http.MethodGet:
		w.Header().Set("ETag", `"as-filed"`)
		answer(w, http.StatusOK, g.kept[id-1])
	case r.Header.Get("Idempotency-Key") == "" || id > 0 && r.Header.Get("If-Match") != `"as-filed"`:
		answer(w, http.StatusPreconditionFailed, map[string]any{"detail": "want a key, and a tag of what is changed"})
	default:
		g.keep(w, r, id)
	}
}

func (g *register) keep(w http.ResponseWriter, r *http.Request, id int) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"detail": err.Error()})
		return
	}
	if body["name"] == "重名" {
		answer(w, http.StatusUnprocessableEntity, map[string]any{"rule": "closure_period", "detail": "it ends before it begins", "fix": "give a later end"})
		return
	}
	if id > 0 {
		g.kept[id-1]["properties"].(map[string]any)["state"], g.kept[id-1]["properties"].(map[string]any)["until"] = "past", body["until"]
		answer(w, http.StatusOK, g.kept[id-1])
		return
	}
	closure := map[string]any{"type": "Feature", "id": len(g.kept) + 1, "geometry": body["geometry"], "properties": map[string]any{
		"name": body["name"], "since": body["since"], "until": body["until"], "roads": body["roads"], "traffic": body["traffic"], "state": "active", "edges": 3, "length": 500, "actions": []string{"edit"}}}
	g.kept = append(g.kept, closure)
	answer(w, http.StatusCreated, closure)
}

// testClosure tries a closure drawn on the map and one by a road's name, files
// it and ends it.
func testClosure(t *testing.T, chromium context.Context, server string) {
	register, front := newRegister(t, server)
	p := open(t, chromium, front, 1440, 900)
	p.visit("lang=zh&way=response&response=tab:closures&" + at(15))
	p.do(seen(`[data-tool="line"]`), click(`[data-tool="line"]`))
	p.until(`document.querySelector('[data-tool="line"][aria-pressed="true"]') && wangge.map.getSource("over-closure-pen-linestring")`)
	p.stroke([2]float64{760, 300}, [2]float64{1060, 640})
	p.do(keys(enter))
	p.until(`document.querySelector('#closure-preview[data-state="ready"] [data-edges]')`)
	if n := eval[int](p, `Number(document.querySelector("[data-edges]").dataset.edges)`); n == 0 {
		p.Error("a line across the town closes nothing")
	}
	p.until(`document.querySelector("[data-changed]")`)
	p.shoot("desktop-closure")
	p.axe()
	p.do(click(`[data-key="clear"]`))
	p.until(`!document.querySelector("#closure-preview [data-edges]")`)

	p.do(click(`[data-tool="pick"]`))
	road := eval[struct {
		position
		Name string `json:"name"`
	}](p, `(() => {
		const map = wangge.map, { left, top, width, height } = map.getCanvas().getBoundingClientRect();
		for (let y = 200; y < height - 200; y += 5) for (let x = 200; x < width - 200; x += 5) {
			const found = map.queryRenderedFeatures([[x - 8, y - 8], [x + 8, y + 8]]).filter((f) => f.sourceLayer === "roads" && f.properties.name);
			if (new Set(found.map((f) => f.properties.name)).size === 1) return { x: x + left, y: y + top, name: found[0].properties.name };
		}
	})()`)
	p.do(chromedp.MouseClickXY(road.X, road.Y), seen(".chips li"))
	if chosen := p.text(".chips li"); chosen != road.Name {
		p.Errorf("a click on %s chose %s", road.Name, chosen)
	}
	p.do(click(".chips li button"), chromedp.WaitNotPresent(chromedp.CSS(".chips li")))

	p.do(click(`[name="road"]`), keys("沿河北路"), seen(`[data-road="沿河北路"]`), click(`[data-road="沿河北路"]`), seen(".chips li"))
	p.until(`document.querySelector('#closure-preview[data-state="ready"] [data-edges]')`)
	if said := p.text("#closure-preview"); !strings.Contains(said, "沿河北路") {
		p.Errorf("the preview does not name the road:\n%s", said)
	}
	p.do(click(`[name="token"]`), keys(secret), keys(enter), seen(`[data-signed="reviewer"]`))
	p.do(click(`[name="name"]`), keys("重名"), click(`[data-file]`), seen(`.outcome-line [data-rule="closure_period"]`))
	if said := p.text(".outcome-line"); !strings.Contains(said, "结束时间要晚于开始时间") || strings.Contains(said, "give a later end") {
		p.Errorf("a refused closure is told as %q", said)
	}
	p.forgive("401", "422")
	eval[bool](p, `(() => { const box = document.querySelector('[name="name"]'); box.value = "沿河北路积水"; return box.dispatchEvent(new Event("input")); })()`)
	p.do(click(`[data-file]`), seen(`[data-filed]`), seen(`[data-closure="1"] [data-state="active"]`))
	register.mu.Lock()
	filed, err := json.Marshal(register.kept)
	register.mu.Unlock()
	if err != nil || !strings.Contains(string(filed), `"name":"沿河北路积水"`) || !strings.Contains(string(filed), `"roads":["沿河北路"]`) {
		p.Errorf("filed is %s, %v", filed, err)
	}
	p.do(click(`[data-closure="1"] [data-end]`))
	p.until(`document.querySelector('#closure-list details [data-closure="1"] [data-state="past"]')`)
}

// stroke clicks corners on the map.
func (p *tab) stroke(corners ...[2]float64) {
	p.Helper()
	for _, c := range corners {
		eval[bool](p, fmt.Sprintf(`(async () => {
			const canvas = wangge.map.getCanvas(), wait = () => new Promise((done) => setTimeout(done, 40));
			const send = (type, button, buttons) => canvas.dispatchEvent(new PointerEvent(type, { clientX: %[1]g, clientY: %[2]g, button, buttons, bubbles: true, isPrimary: true, pointerId: 1 }));
			send("pointermove", -1, 0); await wait(); send("pointerdown", 0, 1); await wait(); send("pointerup", 0, 0); await wait();
			return true;
		})()`, c[0], c[1]))
	}
}

// testResponseTabs looks at areas, gaps and stations, and follows the map and
// the table both ways.
func testResponseTabs(p *tab) {
	p.visit("lang=zh&way=response&response=tab:areas")
	p.until(`document.querySelector('#response-areas[data-state="ready"] tbody tr')`)
	areas := eval[int](p, `document.querySelectorAll("#response-areas tbody tr").length`)
	p.until(fmt.Sprintf(`wangge.map.queryRenderedFeatures({ layers: ["over/response-areas-all/0"] }).length > %d`, areas/2)) // some are too small for this zoom
	p.shoot("desktop-areas")
	p.axe()

	p.do(click(`[data-tab="beyond"]`))
	p.until(`document.querySelector('#response-beyond[data-state="ready"] tbody tr')`)
	five := eval[int](p, `Number(document.querySelector("[data-beyond]").dataset.beyond)`)
	eval[bool](p, `(() => { const box = document.querySelector('[name="minutes"]'); box.value = "8"; return box.dispatchEvent(new Event("change")); })()`)
	p.until(fmt.Sprintf(`Number(document.querySelector("[data-beyond]").dataset.beyond) < %d`, five))
	if hash := eval[string](p, `location.hash`); !strings.Contains(hash, "minutes:8") {
		p.Errorf("the address does not keep the minutes: %s", hash)
	}
	p.linked("response-beyond-units", "#response-beyond")
	eval[bool](p, `(globalThis.saved = new Promise((done) => {
		URL.createObjectURL = (blob) => { blob.text().then(done); return "#" };
		HTMLAnchorElement.prototype.click = () => {};
	}), document.querySelector("#response-beyond [data-format=csv]").click(), true)`)
	if table := eval[string](p, `saved`); strings.Count(table, "\n") < 10 || !strings.Contains(table, "清水河街道") {
		p.Errorf("the table is saved as\n%s", table)
	}
	p.shoot("desktop-beyond")
	p.axe()

	p.do(click(`[data-tab="stations"]`))
	p.until(`document.querySelectorAll('[name="station"] option').length > 40`)
	eval[bool](p, `(() => { const list = document.querySelector('[name="station"]'); list.value = list.options[5].value; return list.dispatchEvent(new Event("change")); })()`)
	p.until(`document.querySelector('#response-without[data-state="ready"] [data-without]')`)
	p.do(click(`[data-key="find"]`))
	p.until(`document.querySelector('#response-sites[data-state="ready"] [data-site="1"]')`)
	p.shoot("desktop-stations")
	p.axe()
}

// linked goes from a row of a table to the map and back.
func (p *tab) linked(overlay, box string) {
	p.Helper()
	p.do(click(box + " tbody tr button"))
	p.until(fmt.Sprintf(`document.querySelector(%q)`, box+" tr.chosen"))
	code := eval[string](p, fmt.Sprintf(`document.querySelector(%q).dataset.key`, box+" tr.chosen"))
	p.until(fmt.Sprintf(`(() => {
		const marked = wangge.map.queryRenderedFeatures({ layers: ["over/%s/0"] }).filter((f) => f.state.chosen);
		return marked.length > 0 && marked.every((f) => f.properties.code === %q);
	})()`, overlay, code))
	other := eval[struct {
		position
		Code string `json:"code"`
	}](p, fmt.Sprintf(`(() => {
		const map = wangge.map, { left, top, width, height } = map.getCanvas().getBoundingClientRect(), layers = ["over/%s/0"];
		for (let y = 140; y < height - 60; y += 20) for (let x = 60; x < width - 100; x += 20) {
			const [f] = map.queryRenderedFeatures([x, y], { layers });
			if (f && f.properties.code !== %q) return { x: x + left, y: y + top, code: f.properties.code };
		}
	})()`, overlay, code))
	p.do(chromedp.MouseClickXY(other.X, other.Y))
	p.until(fmt.Sprintf(`document.querySelector('%s tr.chosen')?.dataset.key === %q`, box, other.Code))
}

// testResponseOnPhone asks with a finger on a small screen.
func testResponseOnPhone(p *tab) {
	p.visit("lang=en&way=response&" + at(15))
	p.do(seen(".response"), chromedp.MouseClickXY(195, 200))
	p.until(`document.querySelector('#response-answer[data-state="ready"] .ranked li')`)
	p.shoot("phone-response")
	p.axe()
	if eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		p.Error("the page is wider than the screen")
	}
	if !strings.Contains(p.text("#panel"), "synthetic data") {
		p.Error("the panel does not say that the data are synthetic")
	}
}
