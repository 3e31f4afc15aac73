package viewer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// office stands in front of a service and answers for the register of
// adjustments, so that the page is tested without one: one proposer, whose
// adjustments it keeps.
type office struct {
	service http.Handler
	mu      sync.Mutex
	full    bool // every proposal is refused as overlapping another
	kept    []map[string]any
}

const secret = "a-token-of-the-tests"

func newOffice(t *testing.T, server string) (*office, string) {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{service: httputil.NewSingleHostReverseProxy(target)}
	front := httptest.NewServer(o)
	t.Cleanup(front.Close)
	return o, front.URL
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := r.Header.Get("Authorization") == "Bearer "+secret
	ours := r.URL.Path == "/whoami" || strings.HasPrefix(r.URL.Path, "/adjustments") && r.URL.Path != "/adjustments/preview"
	switch {
	case !ours:
		r.Header.Del("Authorization") // the service knows no tokens
		o.service.ServeHTTP(w, r)
	case !known:
		answer(w, http.StatusUnauthorized, map[string]any{"detail": "no such token"})
	case r.URL.Path == "/whoami":
		answer(w, http.StatusOK, map[string]any{"name": "黄贝经办", "role": "proposer", "street": "440303002"})
	default:
		o.adjustments(w, r)
	}
}

func (o *office) adjustments(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var id int
	var action string
	_, _ = fmt.Sscanf(strings.ReplaceAll(r.URL.Path, "/", " "), " adjustments %d %s", &id, &action)
	switch {
	case r.Method == http.MethodGet && id == 0:
		answer(w, http.StatusOK, map[string]any{"numberMatched": len(o.kept), "adjustments": append([]map[string]any{}, o.kept...)})
	case r.Method == http.MethodGet && action == "audit":
		answer(w, http.StatusOK, map[string]any{"audit": []any{map[string]any{"at": "2026-01-05T02:00:00Z", "actor": "黄贝经办", "role": "proposer", "action": "create", "to": "draft"}}})
	case r.Method == http.MethodGet && action == "preview":
		o.preview(w, r, o.kept[id-1])
	case r.Method == http.MethodGet:
		answer(w, http.StatusOK, o.kept[id-1])
	case o.full:
		answer(w, http.StatusConflict, map[string]any{"rule": "overlaps", "detail": "adjustment 7 touches 新兴社区13网格 too"})
	case id == 0:
		o.kept = append(o.kept, nil)
		o.keep(w, r, len(o.kept), http.StatusCreated, "draft")
	case r.Method == http.MethodPatch:
		o.keep(w, r, id, http.StatusOK, "draft")
	default:
		o.keep(w, r, id, http.StatusOK, "submitted")
	}
}

// preview has the service plan an adjustment's steps.
func (o *office) preview(w http.ResponseWriter, r *http.Request, a map[string]any) {
	body, err := json.Marshal(map[string]any{"steps": a["steps"]})
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]any{"detail": err.Error()})
		return
	}
	planned := r.Clone(r.Context())
	planned.Method, planned.URL.Path = http.MethodPost, "/adjustments/preview"
	planned.Header = http.Header{"Content-Type": {"application/json"}}
	planned.Body, planned.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	o.service.ServeHTTP(w, planned)
}

// keep takes a request's members over into an adjustment.
func (o *office) keep(w http.ResponseWriter, r *http.Request, id, status int, state string) {
	a := o.kept[id-1]
	if a == nil {
		a = map[string]any{"id": id, "revision": 0, "proposer": "黄贝经办", "street": map[string]any{"code": "440303002", "name": "黄贝街道"}}
	}
	if want := fmt.Sprintf(`"%d"`, a["revision"]); a["revision"] != 0 && r.Header.Get("If-Match") != want || r.Header.Get("Idempotency-Key") == "" {
		answer(w, http.StatusPreconditionFailed, map[string]any{"detail": "want revision " + want + " and a key"})
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"detail": err.Error()})
		return
	}
	a["revision"] = a["revision"].(int) + 1
	a["state"], a["actions"], o.kept[id-1] = state, []string{"edit", "withdraw"}, a
	answer(w, status, a)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// forgive drops the faults so far if each is about one of some statuses that
// the test provoked.
func (p *tab) forgive(statuses ...string) {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = slices.DeleteFunc(p.faults, func(fault string) bool {
		return slices.ContainsFunc(statuses, func(s string) bool {
			return strings.Contains(fault, "status "+s) || strings.Contains(fault, "status of "+s)
		})
	})
}

// testRedraw moves a building to another grid: from its card to a submitted
// proposal, with a wrong token and a refused proposal on the way.
func testRedraw(t *testing.T, chromium context.Context, server string) {
	office, front := newOffice(t, server)
	p := open(t, chromium, front, 1440, 900)
	place := p.openBuilding("深水楼")
	p.do(chromedp.MouseClickXY(place.X, place.Y), seen(`.card[data-state="ready"] .reassign`), click(".card .reassign button"), seen(".chips li"))
	if chosen := p.text(".chips li"); chosen != "深水楼" {
		p.Errorf("%q is chosen", chosen)
	}
	p.until(`document.querySelector('select[data-key="to"] option[value="44030300201713"]')`)
	eval[bool](p, `(() => { const list = document.querySelector('select[data-key="to"]'); list.value = "44030300201713"; return list.dispatchEvent(new Event("change")); })()`)
	p.until(`document.querySelector("[data-summary]")`)
	if summary := p.text("[data-summary]"); summary != "划转 1 人、5 间房、1 栋楼" {
		p.Errorf("the preview says %q", summary)
	}
	p.signIn()
	p.axe()
	p.shoot("desktop-redraw")

	office.full = true
	p.do(click(`[data-save="draft"]`))
	p.until(`document.querySelector('.outcome-line [data-status="409"]')`)
	if said := p.text(".outcome-line"); !strings.Contains(said, "冲突") || p.text(".chips li") != "深水楼" {
		p.Errorf("a refused proposal says %q and has %q", said, p.text(".chips li"))
	}
	p.forgive("401", "409")
	office.mu.Lock()
	office.full = false
	office.mu.Unlock()
	p.do(click(`[data-save="draft"]`))
	p.until(`document.querySelector('[data-saved="1"]')`)
	p.do(click(`[data-save="submit"]`))
	p.until(`document.querySelector("[data-saved]")?.textContent.includes("已提交")`)
	p.isProposed(office)
	p.do(click(`[data-tab="mine"]`), seen(`[data-case="1"] [data-state="submitted"]`), click(`[data-case="1"]`), seen(`[data-act="withdraw"]`))
	if said := p.text(".cases"); !strings.Contains(said, "已提交") || !strings.Contains(said, "划转 1 人、5 间房、1 栋楼") || !strings.Contains(said, "黄贝经办") {
		p.Errorf("the adjustment is shown as\n%s", said)
	}
	p.do(click(`[data-act="withdraw"]`), seen(`[data-confirm="withdraw"]`))
	p.shoot("desktop-mine")
	p.axe()
}

// openBuilding is where a building stands on the screen.
func (p *tab) openBuilding(name string) position {
	p.Helper()
	p.visit("lang=zh&" + at(13))
	at := eval[[2]float64](p, `fetch("search?q=`+url.QueryEscape(name)+`").then((a) => a.json()).then((s) => s.results[0].at)`)
	p.act(fmt.Sprintf(`map.jumpTo({ center: [%g, %g], zoom: 18 })`, at[0], at[1]))
	return eval[position](p, fmt.Sprintf(`(() => {
		const { x, y } = wangge.map.project([%g, %g]), { left, top } = wangge.map.getCanvas().getBoundingClientRect();
		return { x: x + left, y: y + top };
	})()`, at[0], at[1]))
}

// signIn tries a wrong token, then the right one.
func (p *tab) signIn() {
	p.Helper()
	p.do(click(`[name="token"]`), keys("wrong"), keys(enter), seen(".account .fault"))
	eval[string](p, `document.querySelector('[name="token"]').value = ""`)
	p.do(click(`[name="token"]`), keys(secret), keys(enter), seen(`[data-signed="proposer"]`))
	if who := p.text("[data-signed]"); !strings.Contains(who, "黄贝经办") || !strings.Contains(who, "黄贝街道") {
		p.Errorf("signed in as %q", who)
	}
	if kept := eval[string](p, `localStorage.getItem("wangge.token") ?? "none"`); kept != "none" {
		p.Error("the token outlives the tab")
	}
}

// isProposed checks what the office was sent.
func (p *tab) isProposed(o *office) {
	p.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	steps, err := json.Marshal(o.kept[0]["steps"])
	if err != nil {
		p.Fatal(err)
	}
	if want := `[{"buildings":["4403030020071800008"],"to":"44030300201713"}]`; string(steps) != want {
		p.Errorf("proposed were %s, want %s", steps, want)
	}
	if o.kept[0]["title"] != "深水楼划入新兴社区13网格" || o.kept[0]["state"] != "submitted" || len(o.kept) != 1 {
		p.Errorf("kept are %v", o.kept)
	}
}

// testRedrawEdge drags the edge of two grids, undoes that, and splits a grid.
func testRedrawEdge(p *tab) {
	p.openBuilding("深水楼")
	p.do(click(`[data-way="redraw"]`), seen(".redraw"), click(`[data-tool="edge"]`))
	for key, code := range map[string]string{"from": "44030300200718", "to": "44030300201713"} {
		p.until(fmt.Sprintf(`document.querySelector('select[data-key=%q] option[value=%q]')`, key, code))
		eval[bool](p, fmt.Sprintf(`(() => { const list = document.querySelector('select[data-key=%q]'); list.value = %q; return list.dispatchEvent(new Event("change")); })()`, key, code))
	}
	corner := `(() => {
		const all = wangge.map.querySourceFeatures("redraw-pen-point").filter((f) => f.properties.selectionPoint);
		const f = all.sort((a, b) => a.properties.index - b.properties.index)[Math.floor(all.length / 2)];
		const { x, y } = wangge.map.project(f?.geometry.coordinates ?? [0, 0]), { left, top } = wangge.map.getCanvas().getBoundingClientRect();
		return { x: x + left, y: y + top, n: all.length };
	})()`
	p.until(corner + ".n > 2")
	from := eval[position](p, corner)
	eval[bool](p, fmt.Sprintf(`(async () => {
		const canvas = wangge.map.getCanvas(), wait = () => new Promise((done) => setTimeout(done, 60));
		const send = (type, x, y, buttons) => canvas.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, button: buttons ? 0 : -1, buttons, bubbles: true, isPrimary: true, pointerId: 1 }));
		send("pointermove", %[1]g, %[2]g, 0); await wait();
		send("pointerdown", %[1]g, %[2]g, 1); await wait();
		for (let i = 1; i <= 8; i++) { send("pointermove", %[1]g, %[2]g + 3 * i, 1); await wait(); }
		canvas.dispatchEvent(new PointerEvent("pointerup", { clientX: %[1]g, clientY: %[2]g + 24, button: 0, buttons: 0, bubbles: true, isPrimary: true, pointerId: 1 }));
		return true;
	})()`, from.X, from.Y))
	p.until(`document.querySelector('.effects[data-state="ready"] table')`)
	p.shoot("desktop-edge")
	p.axe()
	p.do(click(`[data-key="undo"]`))
	p.until(`!document.querySelector(".effects table")`)
}

// testRedrawOnPhone shows the panel on a small screen.
func testRedrawOnPhone(p *tab) {
	p.visit("lang=en&" + at(16))
	p.do(click(".fold"), seen("#panel.open"), click(`[data-way="redraw"]`), seen(".redraw"), click(`[data-tool="merge"]`), seen(".editor"))
	p.shoot("phone-redraw")
	p.axe()
	if eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		p.Error("the page is wider than the screen")
	}
	if !strings.Contains(p.text("#panel"), "synthetic data") {
		p.Error("the panel does not say that the data are synthetic")
	}
}
