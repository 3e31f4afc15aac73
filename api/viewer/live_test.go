package viewer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/tiles"
)

// until waits for an expression of the page to become true.
func (p *tab) until(expression string) {
	p.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if eval[bool](p, "!!("+expression+")") {
			return
		}
	}
	p.Fatalf("never: %s; the page says\n%s", expression, p.text("body"))
}

func keys(text string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(text) }

const (
	arrowDown = "\u0301"
	enter     = "\r"
	escape    = "\u001b"
)

// testSearch finds a grid with the keyboard alone.
func testSearch(p *tab) {
	p.visit("lang=zh")
	p.do(click("#search input"), keys("新秀社区1"), seen("#found li"))
	p.shoot("desktop-search")
	p.axe()
	p.do(keys(arrowDown), keys(arrowDown))
	if chosen := eval[string](p, `document.getElementById(document.querySelector("#search input").getAttribute("aria-activedescendant")).ariaSelected`); chosen != "true" {
		p.Errorf("the active line is selected: %s", chosen)
	}
	p.do(keys(escape), chromedp.WaitNotVisible(chromedp.CSS("#found")), keys(escape), keys("440303002007-18"), keys(enter), seen(`.card[data-state="ready"]`))
	if card := p.text(".card"); !strings.Contains(card, "新秀社区18网格") {
		p.Errorf("the search for a grid opened\n%s", card)
	}
	p.until(`wangge.map.getZoom() > 13`)
	p.shoot("desktop-found")
	p.do(keys(escape), chromedp.WaitNotPresent(chromedp.CSS(".card")), click("#search .clear"), keys("22.5560N 114.1305E"), seen("#found .place"), keys(enter))
	p.until(`Math.abs(wangge.map.getCenter().lng - 114.1305) < 0.001`)
	p.do(click("#search .clear"), keys("没有这个地方"), seen("#search .outcome"))
	if outcome := p.text("#search .outcome"); outcome != "没有找到" {
		p.Errorf("nothing is called %q", outcome)
	}
}

func testSearchOnPhone(p *tab) {
	p.visit("lang=en")
	p.do(click("#search input"), keys("笋岗"), seen("#found li"))
	p.shoot("phone-search")
	p.axe()
	p.do(keys(enter), seen(`#sheet .card[data-state="ready"]`))
	p.shoot("phone-found")
	if eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		p.Error("the page is wider than the screen")
	}
}

// deleted is the address of a feature that a test deletes while it is shown.
const deleted = "/collections/my_survey/items/1"

// testLive edits a layer behind the page's back.
func testLive(p *tab, now *state) {
	p.visit("lang=zh&" + at(16))
	p.act(`map.jumpTo({ center: [114.1295, 22.5555] })`)
	p.do(click(`input[data-layer="risk_points"]`), click(`input[data-layer="buildings"]`))
	eval[bool](p, `(document.body.dataset.kept = "yes", true)`)
	surveys := func(remark string, x float64) spatial.Row {
		box := orb.Bound{Min: orb.Point{114.128 + x, 22.554}, Max: orb.Point{114.131 + x, 22.557}}
		return spatial.Row{ID: 1, Geometry: box.ToPolygon(), Values: []spatial.Value{spatial.Text(remark)}}
	}
	p.do(click("#search input"), keys("看过"), seen("#found li"), keys(enter), seen(`.card[data-state="ready"]`))
	second := surveys("又一块", 0.0005)
	second.ID = 2
	now.change(p.T, spatial.Change{Layers: []spatial.LayerChange{{Layer: imported.ID, Put: []spatial.Row{surveys("改过了", 0), second}}}})
	p.until(`document.querySelector(".card h2")?.textContent === "改过了"`)
	p.until(`document.querySelector('.layer[data-layer="my_survey"] .count').textContent === "2"`)
	p.until(`wangge.map.queryRenderedFeatures().filter((f) => f.sourceLayer === "my_survey").some((f) => f.properties.remark === "又一块")`)
	if !strings.Contains(p.text(".version"), "数据版本 2") || eval[string](p, `document.body.dataset.kept`) != "yes" {
		p.Errorf("the page was loaded again or names another version: %s", p.text(".version"))
	}
	eval[bool](p, `(() => {
		globalThis.loads = new Set();
		wangge.map.on("dataloading", (e) => { if (e.tile) loads.add(e.sourceId + " " + Object.values(e.tile.tileID.canonical).slice(0, 3).join("/")); });
		return true;
	})()`)
	now.change(p.T, spatial.Change{Layers: []spatial.LayerChange{{Layer: imported.ID, Delete: []int64{1}}}})
	p.until(`document.querySelector(".card .fault")?.textContent.includes("删除")`)
	p.until(`document.querySelector('.layer[data-layer="my_survey"] .count').textContent === "1"`)
	p.until(`!wangge.map.queryRenderedFeatures().some((f) => f.sourceLayer === "my_survey" && f.properties.remark === "改过了")`)
	p.shoot("desktop-live")
	p.loadedOnly(orb.Bound{Min: orb.Point{114.128, 22.554}, Max: orb.Point{114.1315, 22.557}}) // both rows: the one before may still be on its way
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = slices.DeleteFunc(p.faults, func(fault string) bool { return strings.Contains(fault, deleted) })
}

// loadedOnly checks that the tiles the map has asked for again since a listener
// was put up are some, and only those that a box touches.
func (p *tab) loadedOnly(b orb.Bound) {
	p.Helper()
	loads := eval[[]string](p, `[...loads]`)
	if len(loads) == 0 {
		p.Error("the map asked for no tile again")
	}
	for _, load := range loads {
		var source string
		var id tiles.ID
		if _, err := fmt.Sscanf(strings.ReplaceAll(load, "/", " "), "%s %d %d %d", &source, &id.Z, &id.X, &id.Y); err != nil {
			p.Fatalf("%q: %v", load, err)
		}
		if r := tiles.WebMercatorQuad.Touching(b, id.Z); id.X < r.FirstX || id.X > r.LastX || id.Y < r.FirstY || id.Y > r.LastY {
			p.Errorf("the map asked again for tile %s, which the change does not touch", load)
		}
	}
}

// testNewLayer makes a layer with a hostile name, shows it and drops it.
func testNewLayer(p *tab, now *state) {
	hostile := `<img src=x onerror="document.body.dataset.hacked='yes'">`
	schema := &spatial.Schema{ID: "new_layer", Title: spatial.Title{ZH: hostile, EN: hostile}, Group: "user", AsOf: "2025-01-01",
		Description: spatial.Title{ZH: hostile}, Source: hostile, Licence: hostile, Geometry: spatial.Points | spatial.Lines, Label: "name",
		Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText, Title: spatial.Title{ZH: hostile}}}}
	row := spatial.Row{ID: 1, Geometry: orb.Point{114.1305, 22.556}, Values: []spatial.Value{spatial.Text(hostile)}}
	p.visit("lang=zh&" + at(16))
	now.change(p.T, spatial.Change{Create: []*spatial.Schema{schema}, Layers: []spatial.LayerChange{{Layer: schema.ID, Put: []spatial.Row{row}}}})
	p.do(seen(`input[data-layer="new_layer"]`))
	p.until(`wangge.map.queryRenderedFeatures().some((f) => f.sourceLayer === "new_layer")`)
	if title := p.text(`.layer[data-layer="new_layer"] .title`); !strings.Contains(title, "<img") {
		p.Errorf("the title is %q", title)
	}
	p.do(click("#search input"), keys("onerror"), seen("#found li"), keys(enter), seen(`.card[data-state="ready"]`))
	p.shoot("desktop-new-layer")
	p.axe()
	if eval[int](p, `document.querySelectorAll("img").length`) > 0 || eval[string](p, `document.body.dataset.hacked ?? ""`) != "" {
		p.Error("a name became part of the page")
	}
	p.do(keys(escape))
	now.change(p.T, spatial.Change{Drop: []spatial.LayerID{schema.ID}})
	p.do(chromedp.WaitNotPresent(chromedp.CSS(`input[data-layer="new_layer"]`)))
	if eval[bool](p, `wangge.map.getLayersOrder().some((id) => id.startsWith("new_layer/"))`) {
		p.Error("the layer is gone from the list and still drawn")
	}
}

// testBehind loses the store, not the service.
func testBehind(p *tab, now *state) {
	p.visit("lang=zh")
	now.fail(errors.New("away"))
	p.do(seen("#notice .behind"))
	p.shoot("phone-behind")
	p.axe()
	now.fail(nil)
	p.do(chromedp.WaitNotVisible(chromedp.CSS("#notice")))
}

// testDisconnected loses the service for a while, in which its data change.
func testDisconnected(t *testing.T, chromium context.Context, server string, now *state) {
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	var down atomic.Bool
	through := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	p := open(t, chromium, front.URL, 1440, 900)
	p.visit("lang=zh&" + at(15))
	down.Store(true)
	front.CloseClientConnections()
	p.do(seen("#notice .lost"))
	if notice := p.text("#notice"); !strings.Contains(notice, "连接中断") || !strings.Contains(notice, "connection lost") {
		p.Errorf("a lost connection is called %q", notice)
	}
	p.shoot("desktop-disconnected")
	p.axe()
	before := eval[string](p, `document.querySelector(".version").textContent`)
	row := spatial.Row{ID: 7, Geometry: orb.Bound{Min: orb.Point{114.132, 22.555}, Max: orb.Point{114.133, 22.556}}.ToPolygon(), Values: []spatial.Value{spatial.Text("断线时")}}
	now.change(t, spatial.Change{Layers: []spatial.LayerChange{{Layer: imported.ID, Put: []spatial.Row{row}}}})
	down.Store(false)
	p.do(click("#notice button"), chromedp.WaitNotVisible(chromedp.CSS("#notice")))
	p.until(`document.querySelector(".version").textContent !== "` + before + `"`)
	p.until(`wangge.map.queryRenderedFeatures().some((f) => f.properties.remark === "断线时")`)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil // what was refused
}

// testPanelsLive closes a road for a while and a shelter for good while the
// panels show what they mean.
func testPanelsLive(p *tab, now *state) {
	put := func(layer spatial.LayerID, row spatial.Row) {
		now.change(p.T, spatial.Change{Layers: []spatial.LayerChange{{Layer: layer, Put: []spatial.Row{row}}}})
	}
	now.change(p.T, spatial.Change{Create: []*spatial.Schema{closure.Schema()}})
	p.visit("lang=zh&way=response&response=at:" + strings.Replace(town, "/", ",", 1) + ";k:1&" + at(14))
	p.until(`document.querySelector('#response-answer[data-state="ready"] .measure')`)
	quick := p.text("#response-answer .measure")
	flood := closure.Closure{ID: 1, Name: "内涝封路", Geometry: orb.Bound{Min: orb.Point{114.129, 22.5545}, Max: orb.Point{114.132, 22.5575}}.ToPolygon()}
	put(closure.Layer, flood.Row())
	p.until(`document.querySelector("[data-obeyed]")?.textContent.includes("内涝封路")`)
	if answer := p.text("#response-answer"); strings.Contains(answer, quick) || !strings.Contains(answer, "没有") {
		p.Errorf("with all roads around closed the page says %q", answer)
	}
	flood.Until = time.Now().Add(3 * time.Second)
	put(closure.Layer, flood.Row())
	p.until(fmt.Sprintf(`!document.querySelector("[data-obeyed]") && document.querySelector("#response-answer .measure")?.textContent === %q`, quick)) // its period is over: nobody edits anything

	p.do(click(`[data-way="coverage"]`))
	p.until(`document.querySelector('#coverage-answer[data-state="ready"] [data-totals]')`)
	before := p.text("#coverage-answer .summary")
	park, err := layerOf(p.T, now.Current(), "shelters").ByCode("440303-BN-34")
	if err != nil {
		p.Fatal(err)
	}
	row := park.Row()
	open := park.Layer().Schema().FieldIndex("open")
	row.Values = slices.Clone(row.Values)
	row.Values[open] = spatial.Bool(false)
	put("shelters", row)
	p.until(fmt.Sprintf(`document.querySelector('#coverage-answer[data-state="ready"] .summary')?.textContent !== %q`, before))
}
