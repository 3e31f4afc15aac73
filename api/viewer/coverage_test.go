package viewer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// setChoice chooses from a list of a panel.
func (p *tab) setChoice(name, value string) {
	p.Helper()
	p.until(fmt.Sprintf(`document.querySelector('.way [name=%q] option[value=%q]')`, name, value))
	eval[bool](p, fmt.Sprintf(`(() => { const list = document.querySelector('.way [name=%q]'); list.value = %q; return list.dispatchEvent(new Event("change")); })()`, name, value))
}

// count is a figure of an element's data.
func (p *tab) count(selector, name string) int {
	p.Helper()
	return eval[int](p, fmt.Sprintf(`Number(document.querySelector(%q)?.dataset[%q] ?? -1)`, selector, name))
}

// testCoverage asks for another hazard, method and unit, and goes from the map
// to a unit and back.
func testCoverage(p *tab) {
	p.visit("lang=zh&way=coverage")
	p.until(`document.querySelector('#coverage-answer[data-state="ready"] tbody tr')`)
	type told struct {
		Totals struct{ Demand, Covered int }
		Units  []struct{ Code string }
	}
	want := read[told](p.T, p.server+"/coverage?by=grid")
	if demand := p.count("[data-totals]", "totals"); demand != want.Totals.Demand {
		p.Errorf("the panel tells a demand of %d, the service %d", demand, want.Totals.Demand)
	}
	if said := p.text("#coverage-answer"); !strings.Contains(said, "未覆盖占比") || !strings.Contains(said, "人均面积（可达）") {
		p.Errorf("the panel says\n%s", said)
	}
	shown := eval[int](p, `Number([...document.querySelectorAll(".scale small")].reduce((sum, s) => sum + Number(s.textContent), 0))`)
	if shown != len(want.Units) {
		p.Errorf("the legend counts %d units of %d", shown, len(want.Units))
	}
	p.shoot("desktop-coverage")
	p.axe()

	p.until(`wangge.map.queryRenderedFeatures({ layers: ["over/coverage-units-units/0"] }).length > 1000`)
	at := eval[struct {
		position
		Code string `json:"code"`
	}](p, `(() => {
		const map = wangge.map, { left, top, width, height } = map.getCanvas().getBoundingClientRect();
		const [f] = map.queryRenderedFeatures([width / 2, height / 2], { layers: ["over/coverage-units-units/0"] });
		return { x: left + width / 2, y: top + height / 2, code: f.properties.code };
	})()`)
	p.do(chromedp.MouseClickXY(at.X, at.Y))
	p.until(fmt.Sprintf(`document.querySelector('#coverage-unit[data-state="ready"] [data-unit=%q]')`, at.Code))
	if hash := eval[string](p, `location.hash`); !strings.Contains(hash, "unit:"+at.Code) {
		p.Errorf("the address does not keep the unit: %s", hash)
	}
	p.axe()
	p.do(click(".one-unit > .plain"), seen(fmt.Sprintf(`#coverage-answer tr[data-key=%q].chosen`, at.Code)))

	p.setChoice("by", "streets")
	p.setChoice("hazard", "typhoon")
	p.setChoice("method", "allocation")
	p.until(`document.querySelectorAll("#coverage-answer tbody tr").length === 10 && document.querySelector("#coverage-answer").textContent.includes("可安置")`)
	eval[bool](p, `document.querySelector("#coverage-answer tbody tr button").click(), true`)
	p.until(`document.querySelector('#coverage-unit[data-state="ready"] .reached li .clause')`)
	p.shoot("desktop-coverage-unit")
	p.axe()
}

// drawer stands in front of a service and keeps scenarios for one reader.
type drawer struct {
	service http.Handler
	mu      sync.Mutex
	kept    []map[string]any
}

func newDrawer(t *testing.T, server string) (*drawer, string) {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	d := &drawer{service: httputil.NewSingleHostReverseProxy(target)}
	front := httptest.NewServer(d)
	t.Cleanup(front.Close)
	return d, front.URL
}

func (d *drawer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := r.Header.Get("Authorization") == "Bearer "+secret
	r.Header.Del("Authorization") // the service knows no tokens
	switch {
	case !known && (r.URL.Path == "/whoami" || r.URL.Path == "/scenarios"):
		answer(w, http.StatusUnauthorized, map[string]any{"detail": "no such token"})
	case r.URL.Path == "/whoami":
		answer(w, http.StatusOK, map[string]any{"name": "区中心规划", "role": "reviewer"})
	case known && r.URL.Path == "/adjustments":
		answer(w, http.StatusOK, map[string]any{"adjustments": []map[string]any{{"id": 7, "state": "submitted", "title": "东门调整"}, {"id": 6, "state": "applied", "title": "已生效"}}})
	case r.URL.Path == "/scenarios" || r.URL.Path == "/scenarios/1" && r.Header.Get("If-Match") == `"1"`:
		d.scenarios(w, r)
	default:
		d.service.ServeHTTP(w, r)
	}
}

func (d *drawer) scenarios(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Method == http.MethodDelete {
		d.kept = nil
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Method == http.MethodGet {
		answer(w, http.StatusOK, map[string]any{"scenarios": append([]map[string]any{}, d.kept...)})
		return
	}
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"detail": err.Error()})
		return
	}
	body["id"], body["revision"], body["may"] = len(d.kept)+1, 1, []string{"edit", "delete"}
	d.kept = append(d.kept, body)
	answer(w, http.StatusCreated, body)
}

// testWhatIf adds a shelter, closes one, saves that, and takes it all back.
func testWhatIf(t *testing.T, chromium context.Context, server string) {
	drawer, front := newDrawer(t, server)
	p := open(t, chromium, front, 1440, 900)
	p.visit("lang=zh&way=coverage&coverage=tab:whatif;by:communities&" + at(14))
	p.until(`document.querySelector('#coverage-whatif[data-state="ready"]') && document.querySelectorAll('[name="shelter"] option').length > 70`)
	p.do(click(`[data-key="add"]`))
	p.do(chromedp.MouseClickXY(900, 450))
	p.until(`document.querySelector('#coverage-whatif[data-state="ready"] [data-compared]')`)
	compared := eval[map[string][]float64](p, `Object.fromEntries([...document.querySelectorAll("[data-compared] tr[data-figure]")].map((tr) => [tr.dataset.figure, [...tr.querySelectorAll("td")].map((td) => Number(td.textContent.replace("−", "-").replace(/[^\d.-]/g, "")))]))`)
	if c := compared["covered"]; len(c) != 3 || c[1]-c[0] != c[2] || c[2] < 0 {
		p.Errorf("covered today, then and the difference are %v", c)
	}
	p.until(`wangge.map.queryRenderedFeatures({ layers: ["over/coverage-whatif-facilities/0"] }).length === 1`) // the new one
	p.setChoice("shelter", eval[string](p, `document.querySelector('[name="shelter"]').options[3].value`))
	p.do(click(`[data-key="close"]`))
	p.until(`document.querySelector('[data-changes="2"]') && document.querySelector('#coverage-whatif[data-state="ready"]')`)
	p.setChoice("shelter", eval[string](p, `document.querySelector('[name="shelter"]').options[9].value`))
	p.do(click(`[data-key="move"]`))
	p.do(chromedp.MouseClickXY(1000, 500))
	p.until(`document.querySelector('[data-changes="3"]') && document.querySelector('#coverage-whatif[data-state="ready"]')`)
	p.shoot("desktop-whatif")
	p.axe()

	p.do(click(`[data-key="besides"]`), seen(`[name="other-rule"]`))
	p.setChoice("other-rule", "gb51143_long_term")
	p.until(`document.querySelector('[data-changes="4"]') && document.querySelector('#coverage-whatif[data-state="ready"]')`)
	p.do(click(`[data-key="block"]`))
	p.until(`document.querySelector('[data-key="block"][aria-pressed="true"]') && wangge.map.getSource("over-coverage-pen-linestring")`)
	p.stroke([2]float64{850, 300}, [2]float64{1150, 420})
	p.do(keys(enter))
	p.until(`document.querySelector('[data-changes="5"]') && document.querySelector('#coverage-whatif[data-state="ready"]')`)
	if said, hash := p.text(".chips"), eval[string](p, `decodeURIComponent(location.hash)`); !strings.Contains(said, "封路 1 处") || !strings.Contains(said, "标准 gb51143_long_term") || !strings.Contains(hash, "reach:walking") {
		p.Errorf("the changes are told as %q at %s", said, hash)
	}
	p.until(`wangge.map.getLayer("over/coverage-whatif-blocks/0") && wangge.map.queryRenderedFeatures({ layers: ["over/coverage-whatif-blocks/0"] }).length === 1`)
	p.shoot("desktop-whatif-besides")
	p.axe()

	p.do(click(`.coverage [name="token"]`), keys(secret), keys(enter), seen(`[data-signed="reviewer"]`))
	p.do(click(`[name="scenario"]`), keys("东门新增一处"), click(`[data-save]`), seen(`[data-scenario="1"]`))
	p.until(`[...document.querySelectorAll('[name="adjustment"] option')].map((o) => o.textContent).join() === "不变,7 东门调整"`)
	p.until(`[...document.querySelectorAll('[name="base"] option')].map((o) => o.textContent).join() === "不变,1 东门新增一处"`)
	drawer.mu.Lock()
	saved, err := json.Marshal(drawer.kept)
	drawer.mu.Unlock()
	if err != nil || !strings.Contains(string(saved), `"add":[`) || !strings.Contains(string(saved), `"close":[`) {
		p.Errorf("saved is %s, %v", saved, err)
	}
	p.do(click(`[data-scenario="1"] [data-drop]`), chromedp.WaitNotPresent(chromedp.CSS(`[data-scenario="1"]`)))
	hash := eval[string](p, `location.hash`)
	p.do(click(`[data-key="clear"]`))
	p.until(`document.querySelector('[data-changes="0"]') && !document.querySelector("[data-compared]")`)
	p.visit(strings.TrimPrefix(hash, "#")) // what somebody else was sent
	p.until(`document.querySelector('[data-changes="5"]') && document.querySelector('#coverage-whatif[data-state="ready"] [data-compared]')`)
}

// testSiting finds the best sites and tries them.
func testSiting(p *tab) {
	p.visit("lang=en&way=coverage&coverage=tab:siting;choose:2")
	p.do(seen(`[data-key="find"]`), click(`[data-key="find"]`))
	p.until(`document.querySelector('#siting[data-state="ready"] [data-gap]')`)
	if sites, drawn := eval[int](p, `document.querySelectorAll("#siting [data-site]").length`), len(p.overlay("over/coverage-siting-sites")[""]); sites != 2 || drawn != 14 {
		p.Errorf("%d sites are told, %d candidates drawn", sites, drawn)
	}
	said := p.text("#siting")
	for _, words := range []string{"proven optimal", "Runner-up", "Lost without it"} {
		if !strings.Contains(said, words) {
			p.Errorf("siting does not say %q:\n%s", words, said)
		}
	}
	p.shoot("desktop-siting")
	p.axe()
	p.do(click(`[data-key="take"]`))
	p.until(`document.querySelector('[data-changes="2"]') && document.querySelector('#coverage-whatif[data-state="ready"] [data-compared]')`)
}

// testCoverageOnPhone shows the panel on a small screen.
func testCoverageOnPhone(p *tab) {
	p.visit("lang=zh&way=coverage&coverage=by:streets")
	p.until(`document.querySelector('#coverage-answer[data-state="ready"] tbody tr')`)
	p.shoot("phone-coverage")
	p.axe()
	if eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		p.Error("the page is wider than the screen")
	}
	if !strings.Contains(p.text("#panel"), "synthetic data") {
		p.Error("the panel does not say that the data are synthetic")
	}
}
