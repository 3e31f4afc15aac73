package viewer_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser opens one headless Chromium for all flows of a test. Without one it
// skips, or fails in continuous integration.
func browser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser")
	}
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	if program == "" && os.Getenv("CI") != "" {
		t.Fatal("no chromium: make test installs it")
	}
	if program == "" {
		t.Skip("no chromium: make test installs it")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.Headless}
	for name, value := range map[string]any{
		"use-angle": "swiftshader", "enable-unsafe-swiftshader": true, "no-sandbox": true, "disable-gpu-sandbox": true,
		"disable-quic": true, "no-first-run": true, "disable-background-networking": true, "disable-component-update": true,
		"disable-sync": true, "disable-dev-shm-usage": true, "hide-scrollbars": true, "mute-audio": true,
		"host-resolver-rules": "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
	} {
		options = append(options, chromedp.Flag(name, value))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	return ctx
}

// tab is a page of the browser that remembers what went wrong in it.
type tab struct {
	*testing.T
	ctx    context.Context
	server string

	mu     sync.Mutex
	faults []string
	urls   map[network.RequestID]string
}

// open makes a tab of a window's size that looks at the service. The test
// fails if the tab ends with faults: console errors, failed requests, or
// requests to anywhere else.
func open(t *testing.T, browser context.Context, server string, width, height int64) *tab {
	t.Helper()
	p := &tab{T: t, server: server, urls: map[network.RequestID]string{}}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(p.notice))
	ctx, stop := context.WithTimeout(ctx, 3*time.Minute)
	p.ctx = ctx
	t.Cleanup(func() {
		stop()
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, fault := range p.faults {
			t.Error(fault)
		}
	})
	p.do(chromedp.EmulateViewport(width, height))
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}})
	return p
}

// call sends the browser a command.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) {
	p.Helper()
	if _, err := chromedp.Call(p.ctx, command, params); err != nil {
		p.Fatal(err)
	}
}

// notice gathers faults from the browser's events.
func (p *tab) notice(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fault := func(format string, a ...any) { p.faults = append(p.faults, fmt.Sprintf(format, a...)) }
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			fault("console: %s", arguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		fault("exception: %s", e.ExceptionDetails.Text+described(e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			fault("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.urls[e.RequestID] = e.Request.URL
		if p.outside(e.Request.URL) {
			fault("outside request: %s", e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			fault("status %d: %s", e.Response.Status, e.Response.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled {
			fault("failed request: %s: %s", e.ErrorText, p.urls[e.RequestID])
		}
	}
}

func arguments(args []*runtime.RemoteObject) string {
	var texts []string
	for _, a := range args {
		texts = append(texts, described(a))
	}
	return strings.Join(texts, " ")
}

func described(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return string(o.Value) + o.Description
}

func (p *tab) outside(address string) bool {
	u, err := url.Parse(address)
	return err != nil || (u.Scheme != "data" && u.Scheme != "blob" && !strings.HasPrefix(address, p.server))
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.Fatal(err)
	}
}

func seen(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(chromedp.CSS(selector))
}

func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

// visit opens the page at an address fragment and waits until the map has
// settled.
func (p *tab) visit(fragment string) {
	p.Helper()
	p.do(chromedp.Navigate("about:blank"), chromedp.Navigate(p.server+"/#"+fragment), seen("body[data-settled]"))
}

// eval is the value of an expression in the page, awaiting a promise.
func eval[T any](p *tab, expression string) T {
	p.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// act does something to the map and waits until it is idle again.
func (p *tab) act(statement string) {
	p.Helper()
	eval[bool](p, `new Promise((done) => { const map = wangge.map; map.once("idle", () => done(true)); `+statement+`; map.triggerRepaint(); })`)
}

// drawn counts the distinct features that each layer shows.
func (p *tab) drawn() map[string]int {
	p.Helper()
	return eval[map[string]int](p, `(() => {
		const ids = {};
		for (const f of wangge.map.queryRenderedFeatures()) if (f.sourceLayer) (ids[f.sourceLayer] ??= new Set()).add(f.id);
		return Object.fromEntries(Object.entries(ids).map(([layer, set]) => [layer, set.size]));
	})()`)
}

// shoot keeps a picture in the directory that WANGGE_SCREENSHOTS names, or in
// a temporary one.
func (p *tab) shoot(name string) {
	p.Helper()
	dir := os.Getenv("WANGGE_SCREENSHOTS")
	if dir == "" {
		dir = p.TempDir()
	}
	eval[bool](p, `document.fonts.ready.then(() => true)`)
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.Fatal(err)
	}
}

func (p *tab) text(selector string) string {
	p.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		p.Fatalf("text of %s: %v", selector, err)
	}
	return text
}

// axe checks the page as it stands with axe-core, if npm has installed it.
func (p *tab) axe() {
	p.Helper()
	source, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		p.Log("axe-core is not installed (npm ci): accessibility is not checked")
		return
	}
	eval[int](p, string(source)+";0")
	violations := eval[[]string](p, `axe.run(document, { resultTypes: ["violations"] }).then((r) =>
		r.violations.map((v) => v.id + ": " + v.help + "\n" + v.nodes.map((n) => n.html + "\n" + n.failureSummary).join("\n")))`)
	for _, v := range violations {
		p.Errorf("accessibility: %s", v)
	}
}

// town is a place where all kinds of things stand: the west of 黄贝.
const town = "114.1305/22.5560"

func at(zoom float64) string {
	lon, lat, _ := strings.Cut(town, "/")
	return fmt.Sprintf("map=%g/%s/%s", zoom, lat, lon)
}

func TestBrowser(t *testing.T) {
	chromium := browser(t)
	server, state, layers := serve(t)
	t.Run("layers", func(t *testing.T) { testLayers(open(t, chromium, server, 1440, 900), layers) })
	t.Run("card", func(t *testing.T) { testCard(open(t, chromium, server, 1440, 900)) })
	t.Run("language", func(t *testing.T) { testLanguage(open(t, chromium, server, 1440, 900)) })
	t.Run("switches", func(t *testing.T) { testSwitches(open(t, chromium, server, 1440, 900)) })
	t.Run("address", func(t *testing.T) { testAddress(open(t, chromium, server, 1440, 900)) })
	t.Run("nearest", func(t *testing.T) { testNearestPoint(open(t, chromium, server, 1440, 900)) })
	t.Run("cluster", func(t *testing.T) { testCluster(open(t, chromium, server, 1440, 900)) })
	t.Run("lost", func(t *testing.T) { testLost(t, chromium, server) })
	t.Run("search", func(t *testing.T) { testSearch(open(t, chromium, server, 1440, 900)) })
	t.Run("search on a phone", func(t *testing.T) { testSearchOnPhone(open(t, chromium, server, 390, 844)) })
	t.Run("live", func(t *testing.T) { testLive(open(t, chromium, server, 1440, 900), state) })
	t.Run("panels live", func(t *testing.T) { testPanelsLive(open(t, chromium, server, 1440, 900), state) })
	t.Run("new layer", func(t *testing.T) { testNewLayer(open(t, chromium, server, 1440, 900), state) })
	t.Run("behind", func(t *testing.T) { testBehind(open(t, chromium, server, 390, 844), state) })
	t.Run("disconnected", func(t *testing.T) { testDisconnected(t, chromium, server, state) })
	t.Run("redraw", func(t *testing.T) { testRedraw(t, chromium, server) })
	t.Run("redraw an edge", func(t *testing.T) { testRedrawEdge(open(t, chromium, server, 1440, 900)) })
	t.Run("redraw on a phone", func(t *testing.T) { testRedrawOnPhone(open(t, chromium, server, 390, 844)) })
	t.Run("response across the water", func(t *testing.T) { testAcrossTheWater(open(t, chromium, server, 1440, 900), state.Current()) })
	t.Run("response closure", func(t *testing.T) { testClosure(t, chromium, server) })
	t.Run("response tabs", func(t *testing.T) { testResponseTabs(open(t, chromium, server, 1440, 900)) })
	t.Run("response on a phone", func(t *testing.T) { testResponseOnPhone(open(t, chromium, server, 390, 844)) })
	t.Run("coverage", func(t *testing.T) { testCoverage(open(t, chromium, server, 1440, 900)) })
	t.Run("what if", func(t *testing.T) { testWhatIf(t, chromium, server) })
	t.Run("siting", func(t *testing.T) { testSiting(open(t, chromium, server, 1440, 900)) })
	t.Run("coverage on a phone", func(t *testing.T) { testCoverageOnPhone(open(t, chromium, server, 390, 844)) })
	t.Run("phone", func(t *testing.T) { testPhone(open(t, chromium, server, 390, 844)) })
}

// testLayers looks at the district from far to near, until each layer that
// is shown by default has been seen.
func testLayers(p *tab, layers []string) {
	drawn := map[string]bool{}
	look := func(name string) map[string]int {
		counts := p.drawn()
		for layer := range counts {
			drawn[layer] = true
		}
		p.shoot("desktop-" + name)
		return counts
	}
	p.visit("lang=zh")
	if n := look("district")["streets"]; n != 10 {
		p.Errorf("the whole district shows %d streets", n)
	}
	for _, zoom := range []int{11, 13, 15, 17} {
		p.act(fmt.Sprintf(`map.jumpTo({ center: [%s], zoom: %d })`, strings.Replace(town, "/", ",", 1), zoom))
		look(fmt.Sprintf("z%d", zoom))
	}
	if notice := p.text(".synthetic"); !strings.Contains(notice, "合成数据 synthetic data") {
		p.Errorf("the page does not say that the data are synthetic: %q", notice)
	}
	on := eval[[]string](p, `[...document.querySelectorAll("input[data-layer]:checked")].map((box) => box.dataset.layer)`)
	if len(on) < 12 {
		p.Errorf("only %d layers are shown by default: %v", len(on), on)
	}
	for _, layer := range on {
		if !drawn[layer] {
			p.Errorf("layer %s is switched on and drawn nowhere", layer)
		}
	}
	listed := eval[[]string](p, `[...document.querySelectorAll("input[data-layer]")].map((box) => box.dataset.layer)`)
	slices.Sort(listed)
	if !slices.Equal(listed, layers) {
		p.Errorf("the list has %v, the service %v", listed, layers)
	}
	p.axe()
}

// position is a place on the screen.
type position struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// testCard opens the card of a station and reads it.
func testCard(p *tab) {
	p.visit("lang=zh&off=risk_points,high_risk_zones,flood_hazards,major_hazards,slopes,shelters,shelter_candidates&" + at(14))
	place := eval[position](p, `(() => {
		const map = wangge.map, { width, height } = map.getCanvas().getBoundingClientRect();
		const found = map.queryRenderedFeatures({ layers: ["response_points/point"] })
			.map((f) => map.project(f.geometry.coordinates))
			.sort((a, b) => Math.hypot(a.x - width / 2, a.y - height / 2) - Math.hypot(b.x - width / 2, b.y - height / 2))[0];
		const { left, top } = map.getCanvas().getBoundingClientRect();
		return { x: found.x + left, y: found.y + top };
	})()`)
	p.do(chromedp.MouseClickXY(place.X, place.Y), seen(`.card[data-state="ready"]`))
	card := p.text(".card")
	for _, words := range []string{"应急管理服务站", "数据日期", "合成数据", "此处还有", "街道", "社区"} {
		if !strings.Contains(card, words) {
			p.Errorf("the card does not say %s:\n%s", words, card)
		}
	}
	if strings.Contains(card, "_") {
		p.Errorf("the card shows a column's name:\n%s", card)
	}
	p.shoot("desktop-card")
	p.axe()
	p.do(click(".card .ask"), seen(".card .answer ol li"))
	if answer := p.text(".card .answer"); !strings.Contains(answer, "网格") || !strings.Contains(answer, "米") {
		p.Errorf("which grid and which stations: %q", answer)
	}
	p.shoot("desktop-here")
	eval[bool](p, `document.querySelector(".card .others button").click(), true`)
	p.do(seen(`.card[data-state="ready"]`))
	if kind := p.text(".card .kind"); strings.Contains(kind, "应急管理服务站") {
		p.Errorf("another feature is still a %s", kind)
	}
	p.do(chromedp.KeyEvent("\u001b"), chromedp.WaitNotPresent(chromedp.CSS(".card")))
}

// testNearestPoint clicks on a risk point among others.
func testNearestPoint(p *tab) {
	p.visit("lang=zh&" + at(15))
	type point struct {
		position
		ID string `json:"id"`
	}
	want := eval[point](p, `(() => {
		const map = wangge.map, { left, top, width, height } = map.getCanvas().getBoundingClientRect();
		const found = map.queryRenderedFeatures({ layers: ["risk_points/point"] })
			.map((f) => ({ id: String(f.id), at: map.project(f.geometry.coordinates) }))
			.filter(({ at }) => map.queryRenderedFeatures(at).every((f) => f.layer.id === "risk_points/point" || !f.layer.id.endsWith("/point")));
		const gap = (a, b) => Math.hypot(a.at.x - b.at.x, a.at.y - b.at.y);
		const alone = (a) => { const gaps = found.filter((b) => b !== a).map((b) => gap(a, b)); return Math.min(...gaps) > 3 && Math.min(...gaps) < 6; };
		const middle = { at: { x: width / 2, y: height / 2 } };
		const one = found.filter((a) => gap(a, middle) < 300 && alone(a))[0];
		return { id: one.id, x: one.at.x + left, y: one.at.y + top };
	})()`)
	p.do(chromedp.MouseClickXY(want.X, want.Y), seen(`.card[data-state="ready"]`))
	code := eval[string](p, `fetch("collections/risk_points/items/`+want.ID+`").then((a) => a.json()).then((f) => f.properties.code)`)
	if card := p.text(".card"); !strings.Contains(card, code) {
		p.Errorf("a click on the risk point %s opened\n%s", code, card)
	}
}

// testCluster clicks on a dot that stands for many risk points and adds up
// what all of them say.
func testCluster(p *tab) {
	p.visit("lang=zh&" + at(12))
	type cluster struct {
		position
		Count int `json:"count"`
	}
	one := eval[cluster](p, `(() => {
		const map = wangge.map, { left, top, width, height } = map.getCanvas().getBoundingClientRect();
		const [f] = map.queryRenderedFeatures({ layers: ["risk_points/cluster"] }).filter((f) => {
			const at = map.project(f.geometry.coordinates);
			return f.properties.point_count > 100 && Math.hypot(at.x - width / 2, at.y - height / 2) < 250;
		});
		const at = map.project(f.geometry.coordinates);
		return { count: f.properties.point_count, x: at.x + left, y: at.y + top };
	})()`)
	p.do(chromedp.MouseClickXY(one.X, one.Y), seen(`.card[data-state="ready"]`))
	said := eval[[]int](p, `[document.querySelector(".card h2"), ...document.querySelectorAll(".card dd")].map((e) => Number(e.textContent.replace(/[^0-9]/g, "")))`)
	sum := 0
	for _, n := range said[1:] {
		sum += n
	}
	if said[0] != one.Count || sum != one.Count {
		p.Errorf("of %d risk points the card tells %d and by level %d", one.Count, said[0], said[1:])
	}
	p.shoot("desktop-cluster")
	p.axe()
	zoom := eval[float64](p, `wangge.map.getZoom()`)
	p.do(click(".card .ask"), chromedp.WaitNotPresent(chromedp.CSS(".card")))
	p.until(fmt.Sprintf(`wangge.map.getZoom() > %f`, zoom+1))
}

// testLost loses the service and finds it again.
func testLost(t *testing.T, chromium context.Context, server string) {
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
	p.act(`map.jumpTo({ center: [114.115, 22.58], zoom: 16 })`)
	p.do(seen("#notice"))
	if notice := p.text("#notice"); !strings.Contains(notice, "没有读到") {
		p.Errorf("a lost connection is called %q", notice)
	}
	down.Store(false)
	p.do(chromedp.WaitNotVisible(chromedp.CSS("#notice")))
	if n := p.drawn()["buildings"]; n == 0 {
		p.Error("the map did not come back with the service")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil // the tiles that were refused
}

// testLanguage switches to English and back.
func testLanguage(p *tab) {
	p.visit("lang=zh&" + at(14))
	p.do(click(".language"), seen(`html[lang="en"] .layers`))
	list := p.text(".layers")
	for _, words := range []string{"Risk points", "Response"} {
		if !strings.Contains(list, words) {
			p.Errorf("the English list does not say %s:\n%s", words, list)
		}
	}
	address := eval[string](p, `location.hash`)
	zoomIn := eval[string](p, `document.querySelector(".maplibregl-ctrl-group button").getAttribute("aria-label")`)
	if !strings.Contains(address, "lang=en") || !strings.Contains(address, "map=14/") || zoomIn != "Zoom in" {
		p.Errorf("address %s, first button %q", address, zoomIn)
	}
	p.shoot("desktop-english")
	p.do(click(".language"), seen(`html[lang="zh-Hans"] .layers`))
}

// testSwitches hides a layer and shows it again.
func testSwitches(p *tab) {
	p.visit("lang=zh&" + at(15))
	if p.drawn()["risk_points"] == 0 {
		p.Fatal("no risk points to hide")
	}
	const box = `document.querySelector('input[data-layer="risk_points"]').click()`
	p.act(box)
	if n := p.drawn()["risk_points"]; n != 0 {
		p.Errorf("%d risk points are still drawn", n)
	}
	p.act(box)
	if p.drawn()["risk_points"] == 0 {
		p.Error("the risk points did not come back")
	}
	p.act(`map.jumpTo({ zoom: 11 })`)
	if hint := p.text(`[data-layer="risk_points"] .hint`); !strings.Contains(hint, "15 级起逐个") {
		p.Errorf("nothing says from which zoom each risk point is shown: %q", hint)
	}
	if hint := p.text(`[data-layer="buildings"] .hint`); !strings.Contains(hint, "14") {
		p.Errorf("nothing says from which zoom buildings are shown: %q", hint)
	}
}

// testAddress follows position, language and layers through the address.
func testAddress(p *tab) {
	p.visit("lang=en&on=culture_corridors&off=risk_points&map=14.5/22.57/114.12")
	type shown struct {
		Zoom     float64 `json:"zoom"`
		Lat      float64 `json:"lat"`
		Lng      float64 `json:"lng"`
		On       bool    `json:"on"`
		Off      bool    `json:"off"`
		Language string  `json:"language"`
	}
	state := eval[shown](p, `(() => {
		const { lat, lng } = wangge.map.getCenter(), on = (id) => document.querySelector('input[data-layer="' + id + '"]').checked;
		return { zoom: wangge.map.getZoom(), lat, lng, on: on("culture_corridors"), off: on("risk_points"), language: document.documentElement.lang };
	})()`)
	if state.Zoom != 14.5 || fmt.Sprintf("%.3f %.3f", state.Lng, state.Lat) != "114.120 22.570" || !state.On || state.Off || state.Language != "en" {
		p.Errorf("the page does not follow its address: %+v", state)
	}
	p.act(`map.jumpTo({ center: [114.13, 22.56], zoom: 13 })`)
	address := eval[string](p, `new Promise((done) => setTimeout(() => done(location.hash), 500))`)
	for _, part := range []string{"map=13/22.56/114.13", "on=culture_corridors", "off=risk_points", "lang=en"} {
		if !strings.Contains(address, part) {
			p.Errorf("the address %s lacks %s", address, part)
		}
	}
}

// testPhone reads a card from the bottom of a small screen.
func testPhone(p *tab) {
	p.visit("lang=zh")
	if notice := p.text(".synthetic"); !strings.Contains(notice, "合成数据 synthetic data") {
		p.Errorf("the phone does not say that the data are synthetic: %q", notice)
	}
	p.shoot("phone")
	p.axe()
	p.do(click(".fold"), seen("#panel.open .layers"))
	p.shoot("phone-layers")
	p.do(click(".fold"), seen("#panel:not(.open)"))
	p.act(`map.jumpTo({ center: [` + strings.ReplaceAll(town, "/", ",") + `], zoom: 15 })`)
	p.do(chromedp.MouseClickXY(195, 600), seen(`#sheet .card[data-state="ready"]`))
	place := eval[float64](p, `(() => {
		const [lng, lat] = document.querySelector(".position").textContent.match(/[\d.]+/g).map(Number);
		return document.querySelector("#sheet").getBoundingClientRect().top - wangge.map.project([lng, lat]).y;
	})()`)
	if place <= 0 {
		p.Errorf("the card covers the place it is about by %.0f pixels", -place)
	}
	p.shoot("phone-card")
	p.axe()
	if eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		p.Error("the page is wider than the screen")
	}
}
