package viewer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
	if err := chromedp.Run(ctx); err != nil {
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
	ctx, cancel := chromedp.NewContext(browser)
	ctx, stop := context.WithTimeout(ctx, 3*time.Minute)
	p := &tab{T: t, ctx: ctx, server: server, urls: map[network.RequestID]string{}}
	chromedp.ListenTarget(ctx, p.notice)
	p.do(network.Enable(), log.Enable(), chromedp.EmulateViewport(width, height),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	t.Cleanup(func() {
		stop()
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, fault := range p.faults {
			t.Error(fault)
		}
	})
	return p
}

// notice gathers faults from the browser's events.
func (p *tab) notice(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fault := func(format string, a ...any) { p.faults = append(p.faults, fmt.Sprintf(format, a...)) }
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			fault("console: %s", arguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		fault("exception: %s", e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
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
		texts = append(texts, string(a.Value)+a.Description)
	}
	return strings.Join(texts, " ")
}

func (p *tab) outside(address string) bool {
	u, err := url.Parse(address)
	return err != nil || (u.Scheme != "data" && u.Scheme != "blob" && !strings.HasPrefix(address, p.server))
}

func (p *tab) do(actions ...chromedp.Action) {
	p.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.Fatal(err)
	}
}

// visit opens the page at an address fragment and waits until the map has
// settled.
func (p *tab) visit(fragment string) {
	p.Helper()
	p.do(chromedp.Navigate("about:blank"), chromedp.Navigate(p.server+"/#"+fragment), chromedp.WaitVisible("body[data-settled]"))
}

// eval evaluates an expression in the page into result, awaiting a promise.
func (p *tab) eval(expression string, result any) {
	p.Helper()
	await := func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }
	if err := chromedp.Run(p.ctx, chromedp.Evaluate(expression, result, await)); err != nil {
		p.Fatalf("%s: %v", expression, err)
	}
}

// act does something to the map and waits until it is idle again.
func (p *tab) act(statement string) {
	p.Helper()
	var done bool
	p.eval(`new Promise((done) => { const map = wangge.map; map.once("idle", () => done(true)); `+statement+`; map.triggerRepaint(); })`, &done)
}

// drawn counts the distinct features that each layer shows.
func (p *tab) drawn() map[string]int {
	p.Helper()
	counts := map[string]int{}
	p.eval(`(() => {
		const ids = {};
		for (const f of wangge.map.queryRenderedFeatures()) if (f.sourceLayer) (ids[f.sourceLayer] ??= new Set()).add(f.id);
		return Object.fromEntries(Object.entries(ids).map(([layer, set]) => [layer, set.size]));
	})()`, &counts)
	return counts
}

// shoot keeps a picture in the directory that WANGGE_SCREENSHOTS names, or in
// a temporary one.
func (p *tab) shoot(name string) {
	p.Helper()
	dir := os.Getenv("WANGGE_SCREENSHOTS")
	if dir == "" {
		dir = p.TempDir()
	}
	var picture []byte
	p.do(chromedp.CaptureScreenshot(&picture))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.Fatal(err)
	}
}

func (p *tab) text(selector string) string {
	p.Helper()
	var text string
	p.do(chromedp.Text(selector, &text, chromedp.ByQuery))
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
	var violations []struct {
		ID, Help string
		Nodes    []struct {
			HTML    string
			Summary string `json:"failureSummary"`
		}
	}
	p.do(chromedp.Evaluate(string(source)+";0", nil))
	p.eval(`axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations)`, &violations)
	for _, v := range violations {
		told, err := json.MarshalIndent(v.Nodes, "", " ")
		if err != nil {
			p.Fatal(err)
		}
		p.Errorf("accessibility: %s: %s\n%s", v.ID, v.Help, told)
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
	server, layers := serve(t)
	t.Run("layers", func(t *testing.T) { testLayers(open(t, chromium, server, 1440, 900), layers) })
	t.Run("card", func(t *testing.T) { testCard(open(t, chromium, server, 1440, 900)) })
	t.Run("language", func(t *testing.T) { testLanguage(open(t, chromium, server, 1440, 900)) })
	t.Run("switches", func(t *testing.T) { testSwitches(open(t, chromium, server, 1440, 900)) })
	t.Run("address", func(t *testing.T) { testAddress(open(t, chromium, server, 1440, 900)) })
	t.Run("phone", func(t *testing.T) { testPhone(open(t, chromium, server, 390, 844)) })
}

// testLayers looks at the district from far to near, until each layer that
// is shown by default has been seen.
func testLayers(p *tab, layers []string) {
	seen := map[string]bool{}
	for _, view := range []struct{ name, fragment string }{
		{"z12-district", "lang=zh"}, {"z11", at(11)}, {"z13", at(13)}, {"z15", at(15)}, {"z17", at(17)},
	} {
		p.visit(view.fragment + "&lang=zh")
		counts := p.drawn()
		for layer := range counts {
			seen[layer] = true
		}
		p.shoot("desktop-" + view.name)
		if n := counts["streets"]; view.name == "z12-district" && n != 10 {
			p.Errorf("the whole district shows %d streets", n)
		}
		if notice := p.text(".synthetic"); !strings.Contains(notice, "合成数据 synthetic data") {
			p.Errorf("%s does not say that the data are synthetic: %q", view.name, notice)
		}
	}
	p.visit("lang=zh")
	var on []string
	p.eval(`[...document.querySelectorAll("input[data-layer]:checked")].map((box) => box.dataset.layer)`, &on)
	if len(on) < 12 {
		p.Errorf("only %d layers are shown by default: %v", len(on), on)
	}
	for _, layer := range on {
		if !seen[layer] {
			p.Errorf("layer %s is switched on and drawn nowhere", layer)
		}
	}
	var listed []string
	p.eval(`[...document.querySelectorAll("input[data-layer]")].map((box) => box.dataset.layer)`, &listed)
	slices.Sort(listed)
	if !slices.Equal(listed, layers) {
		p.Errorf("the list has %v, the service %v", listed, layers)
	}
	p.axe()
}

// testCard opens the card of a station and reads it.
func testCard(p *tab) {
	p.visit("lang=zh&off=risk_points,high_risk_zones,flood_hazards,major_hazards,slopes,shelters,shelter_candidates&" + at(14))
	var place struct{ X, Y float64 }
	p.eval(`(() => {
		const map = wangge.map, { width, height } = map.getCanvas().getBoundingClientRect();
		const found = map.queryRenderedFeatures({ layers: ["response_points/point"] })
			.map((f) => map.project(f.geometry.coordinates))
			.sort((a, b) => Math.hypot(a.x - width / 2, a.y - height / 2) - Math.hypot(b.x - width / 2, b.y - height / 2))[0];
		const { left, top } = map.getCanvas().getBoundingClientRect();
		return { x: found.x + left, y: found.y + top };
	})()`, &place)
	p.do(chromedp.MouseClickXY(place.X, place.Y), chromedp.WaitVisible(`.card[data-state="ready"]`))
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
	p.do(chromedp.Click(".card .ask"), chromedp.WaitVisible(".card .answer ol li"))
	if answer := p.text(".card .answer"); !strings.Contains(answer, "网格") || !strings.Contains(answer, "米") {
		p.Errorf("which grid and which stations: %q", answer)
	}
	p.shoot("desktop-here")
	p.do(chromedp.Click(".card .others button", chromedp.ByQuery), chromedp.WaitVisible(`.card[data-state="ready"]`))
	if kind := p.text(".card .kind"); strings.Contains(kind, "应急管理服务站") {
		p.Errorf("another feature is still a %s", kind)
	}
	p.do(chromedp.KeyEvent("\u001b"), chromedp.WaitNotPresent(".card"))
}

// testLanguage switches to English and back.
func testLanguage(p *tab) {
	p.visit("lang=zh&" + at(14))
	p.do(chromedp.Click(".language"), chromedp.WaitVisible(`html[lang="en"] .layers`))
	list := p.text(".layers")
	for _, words := range []string{"Risk points", "Response"} {
		if !strings.Contains(list, words) {
			p.Errorf("the English list does not say %s:\n%s", words, list)
		}
	}
	var address, zoomIn string
	p.eval(`location.hash`, &address)
	p.eval(`document.querySelector(".maplibregl-ctrl-group button").getAttribute("aria-label")`, &zoomIn)
	if !strings.Contains(address, "lang=en") || !strings.Contains(address, "map=14/") || zoomIn != "Zoom in" {
		p.Errorf("address %s, first button %q", address, zoomIn)
	}
	p.shoot("desktop-english")
	p.do(chromedp.Click(".language"), chromedp.WaitVisible(`html[lang="zh-Hans"] .layers`))
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
	if hint := p.text(`[data-layer="risk_points"] .hint`); !strings.Contains(hint, "13") {
		p.Errorf("nothing says from which zoom risk points are shown: %q", hint)
	}
}

// testAddress follows position, language and layers through the address.
func testAddress(p *tab) {
	p.visit("lang=en&on=culture_corridors&off=risk_points&map=14.5/22.57/114.12")
	var state struct {
		Zoom, Lat, Lng float64
		On, Off        bool
		Language       string
	}
	const read = `(() => {
		const { lat, lng } = wangge.map.getCenter(), on = (id) => document.querySelector('input[data-layer="' + id + '"]').checked;
		return { zoom: wangge.map.getZoom(), lat, lng, on: on("culture_corridors"), off: on("risk_points"), language: document.documentElement.lang };
	})()`
	p.eval(read, &state)
	if state.Zoom != 14.5 || fmt.Sprintf("%.3f %.3f", state.Lng, state.Lat) != "114.120 22.570" || !state.On || state.Off || state.Language != "en" {
		p.Errorf("the page does not follow its address: %+v", state)
	}
	p.act(`map.jumpTo({ center: [114.13, 22.56], zoom: 13 })`)
	var address string
	p.eval(`new Promise((done) => setTimeout(() => done(location.hash), 500))`, &address)
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
	p.do(chromedp.Click(".fold"), chromedp.WaitVisible("#panel.open .layers"))
	p.shoot("phone-layers")
	p.do(chromedp.Click(".fold"), chromedp.WaitVisible("#panel:not(.open)"))
	p.act(`map.jumpTo({ center: [` + strings.ReplaceAll(town, "/", ",") + `], zoom: 15 })`)
	p.do(chromedp.MouseClickXY(195, 380), chromedp.WaitVisible(`#sheet .card[data-state="ready"]`))
	p.shoot("phone-card")
	p.axe()
	var wide bool
	p.eval(`document.documentElement.scrollWidth > innerWidth`, &wide)
	if wide {
		p.Error("the page is wider than the screen")
	}
}
