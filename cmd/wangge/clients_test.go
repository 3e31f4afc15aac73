package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const clientsDir = "../../docs/clients"

// npmPackages installs the npm packages that a folder's lock file names, once,
// and returns their node_modules. Without npm the test is skipped.
func npmPackages(t *testing.T, folder string) string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed")
	}
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = scratch
	}
	dir := filepath.Join(cache, "wangge", fmt.Sprintf("npm-%x", sha256.Sum256(lock))[:24])
	if _, err := os.Stat(dir); err == nil {
		return filepath.Join(dir, "node_modules")
	}
	fresh := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(fresh, name), content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	install := exec.CommandContext(t.Context(), npm, "ci", "--ignore-scripts", "--prefer-offline")
	install.Dir = fresh
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		return filepath.Join(fresh, "node_modules") // on another disk, or another test was faster
	}
	return filepath.Join(dir, "node_modules")
}

// vendor is where the page for AMap loads that from.
const vendor = "https://webapi.amap.com/maps"

// standIn takes the place of the vendor's script, which needs a key: it keeps
// what it is given and asks for one tile of each layer.
const standIn = `
globalThis.given = { layers: [], bytes: {}, removed: 0 };
globalThis.AMap = {
  Map: class {
    constructor(id, options) { if (!document.getElementById(id)) throw new Error("no element " + id); given.map = options; }
    add(layer) {
      given.layers.push(layer.options);
      const { url, styles } = layer.options, id = Object.values(styles)[0].sourceLayer;
      fetch(url.replace("[z]", 12).replace("[x]", 3346).replace("[y]", 1784)).then((r) => r.arrayBuffer()).then((b) => { given.bytes[id] = b.byteLength; });
    }
    remove() { given.removed++; }
  },
  MapboxVectorTileLayer: class { constructor(options) { this.options = options; } },
};`

// servePages serves the pages of docs/clients from an address of their own,
// set to a service.
func servePages(t *testing.T, service, packages string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/node_modules/", http.StripPrefix("/node_modules/", http.FileServer(http.Dir(packages))))
	mux.HandleFunc("/amap.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(standIn))
	})
	mux.HandleFunc("/{page}", func(w http.ResponseWriter, r *http.Request) {
		page, err := os.ReadFile(filepath.Join(clientsDir, filepath.Base(r.PathValue("page"))))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		text := strings.NewReplacer("http://127.0.0.1:8080", service, vendor, "/amap.js").Replace(string(page))
		if style := r.URL.Query().Get("style"); style != "" {
			text = strings.ReplaceAll(text, "/styles/district.json", "/styles/"+style+".json")
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(text))
	})
	pages := httptest.NewServer(mux)
	t.Cleanup(pages.Close)
	return pages.URL
}

// clientBrowser opens a headless Chromium. Without one it skips, or fails in
// continuous integration.
func clientBrowser(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatal("no chromium: make test installs it")
	default:
		t.Skip("no chromium: make test installs it")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.Headless}
	for name, value := range map[string]any{
		"use-angle": "swiftshader", "enable-unsafe-swiftshader": true, "no-sandbox": true, "disable-gpu-sandbox": true, "disable-quic": true,
		"no-first-run": true, "disable-background-networking": true, "disable-component-update": true, "disable-sync": true,
		"disable-dev-shm-usage": true, "host-resolver-rules": "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
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

// clientPage is a page in a tab that gathers what goes wrong there.
type clientPage struct {
	*testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

func openPage(t *testing.T, browser context.Context, address string) *clientPage {
	t.Helper()
	p := &clientPage{T: t}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(p.notice))
	ctx, stop := context.WithTimeout(ctx, 90*time.Second)
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
	p.do(chromedp.EmulateViewport(1280, 800))
	_, err := chromedp.Call(p.ctx, network.Enable, network.EnableParams{})
	if err == nil {
		_, err = chromedp.Call(p.ctx, log.Enable, cdp.Empty{})
	}
	if err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(address))
	return p
}

func (p *clientPage) do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.Fatal(err)
	}
}

// notice takes errors and warnings of the console, failed requests, and
// requests to anything outside for faults.
func (p *clientPage) notice(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fault := func(format string, a ...any) { p.faults = append(p.faults, fmt.Sprintf(format, a...)) }
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, a := range e.Args {
				fault("console: %s%s", a.Value, a.Description)
			}
		}
	case *runtime.EventExceptionThrown:
		fault("exception: %s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			fault("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if address := e.Request.URL; !strings.HasPrefix(address, "http://127.0.0.1:") && !strings.HasPrefix(address, "data:") && !strings.HasPrefix(address, "blob:") {
			fault("outside request: %s", address)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			fault("status %d: %s", e.Response.Status, e.Response.URL)
		}
	}
}

func (p *clientPage) eval(expression string) string {
	p.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// becomes asks the page until it says something else than "", or what it said
// before.
func (p *clientPage) becomes(what, expression, before string) string {
	p.Helper()
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if now := p.eval(expression); now != "" && now != before {
			return now
		}
		if time.Now().After(deadline) {
			p.shoot("fault")
			p.mu.Lock()
			defer p.mu.Unlock()
			p.Fatalf("no %s; faults so far %q", what, p.faults)
		}
	}
}

// shoot keeps a picture in the directory that WANGGE_SCREENSHOTS names.
func (p *clientPage) shoot(name string) {
	p.Helper()
	dir := os.Getenv("WANGGE_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(p.Name(), "/", "-")+"-"+name+".png"), picture, 0o644)
	}
	if err != nil {
		p.Fatal(err)
	}
}

// shuttle moves a house between two grids, by adjustments that go their whole
// way through the API.
type shuttle struct {
	address                      string
	proposer, reviewer, approver string
	there                        bool
}

const (
	houseID   = "1640"
	houseGrid = "44030300200718"
)

func (s *shuttle) move(t *testing.T) {
	t.Helper()
	to := "新兴社区13网格"
	if s.there {
		to = "新秀社区18网格"
	}
	s.there = !s.there
	house := caller{s.address, ""}.ask(t, "GET", "/collections/buildings/items/"+houseID, "", 200)
	code := house["properties"].(map[string]any)["code"].(string)
	draft := caller{s.address, s.proposer}.ask(t, "POST", "/adjustments", `{"title":"深水楼","steps":[{"buildings":["`+code+`"],"to":"`+to+`"}]}`, 201)
	path := fmt.Sprintf("/adjustments/%d", int64(draft["id"].(float64)))
	caller{s.address, s.proposer}.ask(t, "POST", path+"/submit", `{}`, 200)
	caller{s.address, s.reviewer}.ask(t, "POST", path+"/review", `{}`, 200)
	caller{s.address, s.approver}.ask(t, "POST", path+"/approve", `{"decision":{"number":"深网格〔2024〕18号","date":"2024-11-20"}}`, 200)
	caller{s.address, s.proposer}.ask(t, "POST", path+"/apply", `{}`, 200)
}

// seenInMapLibre is the outline of the house's grid as it is drawn; "" before
// the map is.
const seenInMapLibre = `(() => {
	const map = globalThis.map;
	if (!map?.loaded() || !map.areTilesLoaded()) return "";
	const grid = map.queryRenderedFeatures().filter((f) => f.sourceLayer === "grids" && f.properties.code === "` + houseGrid + `");
	return grid.length ? JSON.stringify(grid.map((f) => f.geometry.coordinates)) : "";
})()`

// seenInOpenLayers is the same in OpenLayers.
const seenInOpenLayers = `(() => {
	const grids = layers.find((l) => l.get("id") === "grids");
	const found = grids.getFeaturesInExtent(map.getView().calculateExtent()).filter((f) => f.get("code") === "` + houseGrid + `");
	return found.length ? JSON.stringify(found.map((f) => [...f.getFlatCoordinates()])) : "";
})()`

// TestClientPages opens each page that docs/clients offers for copying, from
// another origin than the service's: it draws, it shows an edit without being
// reloaded, it asks nobody else, and nothing goes wrong.
func TestClientPages(t *testing.T) {
	chromium := clientBrowser(t)
	store := referenceCopy(t)
	s := &shuttle{proposer: tokenFor(t, store, "proposer", "440303002"), reviewer: tokenFor(t, store, "reviewer", ""), approver: tokenFor(t, store, "approver", "")}
	s.address = serve(t, store)
	pages := servePages(t, s.address, npmPackages(t, clientsDir))
	lon, lat := middleOf(t, s.address)
	hash := fmt.Sprintf("#16.5/%f/%f", lat, lon)
	for _, c := range []struct{ name, page, ready, seen string }{
		{"maplibre", "/maplibre.html" + hash, `""+0`, seenInMapLibre},
		{"maplibre-plain", "/maplibre.html?style=district-plain" + hash, `""+0`, seenInMapLibre},
		{"openlayers", "/openlayers.html", fmt.Sprintf(`(map.getView().setCenter([%f, %f]), map.getView().setZoom(16), "1")`, lon, lat), seenInOpenLayers},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := openPage(t, chromium, pages+c.page)
			p.eval(c.ready)
			before := p.becomes("grid", c.seen, "")
			p.shoot("before")
			s.move(t)
			p.becomes("change on the map", c.seen, before)
			p.shoot("after")
			p.do(chromedp.EmulateViewport(390, 844))
			p.becomes("grid", c.seen, "")
			p.shoot("phone")
		})
	}
	t.Run("amap", func(t *testing.T) { testAMap(t, openPage(t, chromium, pages+"/amap.html"), s) })
}

// middleOf is where the house stands.
func middleOf(t *testing.T, address string) (lon, lat float64) {
	t.Helper()
	var house struct {
		Geometry struct{ Coordinates [][][2]float64 }
	}
	if err := json.Unmarshal(get(t, address+"/collections/buildings/items/"+houseID), &house); err != nil {
		t.Fatal(err)
	}
	corner := house.Geometry.Coordinates[0][0]
	return corner[0], corner[1]
}

// testAMap holds what the page gives the vendor's classes against what these
// take, and its tiles against those of the service.
func testAMap(t *testing.T, p *clientPage, s *shuttle) {
	p.becomes("tiles", `["streets", "grids", "risk_points", "response_points"].every((id) => id in (globalThis.given?.bytes ?? {})) ? "all" : ""`, "")
	var layers []struct {
		URL       string
		Zooms     [2]int
		DataZooms [2]int
		Styles    map[string]struct{ SourceLayer string }
	}
	if err := json.Unmarshal([]byte(p.eval(`JSON.stringify(given.layers)`)), &layers); err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		for _, style := range l.Styles {
			if want := s.address + "/tiles/" + style.SourceLayer + "/[z]/[x]/[y].mvt?datum=gcj02"; l.URL != want {
				t.Errorf("a layer asks for %s, want %s", l.URL, want)
			}
		}
	}
	if got := p.eval(`Object.entries(given.bytes).filter(([, n]) => n === 0).map(([id]) => id).join()`); len(layers) != 4 || got != "" {
		t.Errorf("%d layers, empty tiles of %q", len(layers), got)
	}
	s.move(t)
	p.becomes("new layer", `given.removed > 0 && given.layers.slice(4).some((l) => l.styles.polygon?.sourceLayer === "grids") ? "yes" : ""`, "")
	p.shoot("after")
}

// TestStylesAreValid holds the styles of the reference dataset against the
// style specification.
func TestStylesAreValid(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	validator := filepath.Join(npmPackages(t, clientsDir), "@maplibre/maplibre-gl-style-spec/dist/gl-style-validate.mjs")
	address := serve(t, referenceStore(t))
	for _, name := range []string{"district", "district-plain"} {
		file := written(t, name+".json", string(get(t, address+"/styles/"+name+".json?datum=gcj02")))
		if out, err := exec.CommandContext(t.Context(), node, validator, file).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
