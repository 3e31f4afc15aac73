package api

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/api/auth"
	"wangge/data"
	"wangge/data/geopackage"
	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// office is the town with a ledger and people who are signed in.
type office struct {
	t       testing.TB
	service *Server
	live    *data.Live
	secrets map[string]string // by name
}

// The people of the office. 黄贝 proposes; 东门 is another street's office.
var people = []adjustment.Actor{{Name: "huangbei", Role: adjustment.Proposer, Street: "440303002"}, {Name: "reviewer", Role: adjustment.Reviewer},
	{Name: "approver", Role: adjustment.Approver}, {Name: "chief", Role: adjustment.Admin}, {Name: "guest", Role: adjustment.Reader}}

func openOffice(t testing.TB, synthetic bool) *office {
	t.Helper()
	return openOfficeOf(t, town(t, synthetic))
}

// openOfficeOf keeps a snapshot in a store.
func openOfficeOf(t testing.TB, snapshot *spatial.Snapshot) *office {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	store, err := geopackage.Open(t.Context(), filepath.Join(t.TempDir(), "town.gpkg"), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Fill(t.Context(), copied{snapshot}, nil); err != nil {
		t.Fatal(err)
	}
	live, err := data.Open(t.Context(), store, log)
	if err != nil {
		t.Fatal(err)
	}
	book := ledger.New(live, adjustment.DefaultRules(), time.Now)
	if err := book.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, service: server(t, live, Config{Ledger: book}), live: live, secrets: map[string]string{}}
	for _, who := range people {
		o.issue(who)
	}
	return o
}

func (o *office) issue(who adjustment.Actor) {
	o.t.Helper()
	_, err := o.live.Edit(o.t.Context(), func(s *spatial.Snapshot) (spatial.Change, error) {
		secret, row, err := auth.Issue(s, who, time.Now(), time.Time{})
		o.secrets[who.Name] = secret
		return auth.Put(s, row), err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// ask sends a request in somebody's name; nobody's if that is empty.
func (o *office) ask(who, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	if who != "" {
		headers = append(headers, bearer(o.secrets[who])...)
	}
	return askOf(o.service, method, target, body, headers...)
}

// must is the answer to a request that must have a status.
func (o *office) must(status int, who, method, target, body string, headers ...string) map[string]any {
	o.t.Helper()
	w := o.ask(who, method, target, body, headers...)
	if w.Code != status {
		o.t.Fatalf("%s %s %s: status %d, want %d: %s", who, method, target, w.Code, status, w.Body)
	}
	return decoded(o.t, w, status)
}

const deepStep = `{"from":"440303002007-18","to":"440303002017-13","area":` + deepWater + `}`

const deepProposal = `{"title":"深水楼划归新兴社区","reason":"就近服务","steps":[` + deepStep + `],"expected":{"residents":1,"rooms":5}}`

// propose records a draft and is its address.
func (o *office) propose(body string) string {
	o.t.Helper()
	made := o.must(http.StatusCreated, "huangbei", http.MethodPost, "/adjustments", body)
	return fmt.Sprintf("/adjustments/%v", made["id"])
}

// carry takes an adjustment through actions, each as who:word.
func (o *office) carry(at string, steps ...string) map[string]any {
	o.t.Helper()
	var last map[string]any
	for _, step := range steps {
		who, word, _ := strings.Cut(step, ":")
		last = o.must(http.StatusOK, who, http.MethodPost, at+"/"+word, "")
	}
	return last
}

var calledShape = object{"code": "string", "name": "string"}

var recordedShape = object{"id": "number", "revision": "number", "state": "string", "title": "string", "reason": "string", "layer": "string", "street": calledShape,
	"streets": "any", "consents": "any", "proposer": "string", "base": "number", "created": "string", "updated": "string", "actions": "any"}

// TestWorkflow takes the case of 深水楼 from a draft into effect, and the draft
// of its undoing is made.
func TestWorkflow(t *testing.T) {
	o := openOffice(t, true)
	w := o.ask("huangbei", http.MethodPost, "/adjustments", deepProposal)
	made := decoded(t, w, http.StatusCreated)
	checkShape(t, with(recordedShape, object{"version": "number", "steps": []shape{object{"from": "string", "to": "string", "area": "any"}}}), made)
	at := fmt.Sprintf("/adjustments/%v", made["id"])
	if !strings.HasSuffix(w.Header().Get("Location"), at) || w.Header().Get("ETag") != `"1"` || made["state"] != "draft" || made["proposer"] != "huangbei" {
		t.Fatalf("made %v %v", made, w.Header())
	}
	if street := made["street"].(map[string]any); street["code"] != "440303002" || street["name"] != "黄贝街道" {
		t.Errorf("street %v", street)
	}
	o.must(http.StatusOK, "huangbei", http.MethodPatch, at, `{"title":"深水楼片区划归新兴社区13网格"}`, "If-Match", `"1"`)
	if edited := o.must(http.StatusOK, "guest", http.MethodGet, at, ""); edited["title"] != "深水楼片区划归新兴社区13网格" || edited["reason"] != "就近服务" || edited["revision"] != 2.0 {
		t.Errorf("edited %v", edited)
	}
	o.carry(at, "huangbei:submit")
	o.checkInbox("reviewer", 1)
	o.checkInbox("approver", 0)
	o.carry(at, "reviewer:review")
	document := base64.StdEncoding.EncodeToString([]byte("%PDF-1.7 <script>"))
	o.must(http.StatusOK, "approver", http.MethodPost, at+"/approve", `{"note":"同意","decision":{"number":"深网格办〔2024〕12号","date":"2024-12-01"},"file":{"name":"批复.pdf","content":"`+document+`"}}`)
	o.must(http.StatusOK, "guest", http.MethodPost, at+"/comments", `{"note":"看过了 <b>"}`)
	if applied := o.carry(at, "huangbei:apply"); applied["state"] != "applied" || applied["result"] == nil {
		t.Fatalf("applied %v", applied)
	}
	o.checkEffect(at)
	o.checkPapers(at)
	undo := o.must(http.StatusCreated, "huangbei", http.MethodPost, at+"/revert", `{"note":"有误"}`)
	if undo["reverts"] != made["id"] || undo["state"] != "draft" {
		t.Errorf("undo %v", undo)
	}
	undone := fmt.Sprintf("/adjustments/%v", undo["id"])
	if back := o.must(http.StatusOK, "huangbei", http.MethodGet, undone+"/preview", ""); back["refused"] != false {
		t.Errorf("the undoing is refused: %v", back["checks"])
	}
	o.carry(undone, "huangbei:submit", "reviewer:review", "approver:approve", "huangbei:apply")
	checkDeepWater(t, o.must(http.StatusOK, "guest", http.MethodGet, at+"/preview", ""))
	if back := o.must(http.StatusOK, "guest", http.MethodGet, undone+"/preview", ""); back["refused"] != false || len(back["moved"].(map[string]any)["buildings"].([]any)) != 1 {
		t.Errorf("the undoing that is done is told as %v", back["checks"])
	}
	before := askOf(server(t, fixed{snapshot: town(t, true)}, Config{}), http.MethodGet, "/collections/grids/items", "")
	if got := o.ask("", http.MethodGet, "/collections/grids/items", ""); features(got.Body.String()) != features(before.Body.String()) {
		t.Errorf("after the undoing:\n%s\nwant\n%s", got.Body, before.Body)
	}
}

// TestAppliedSplit: what was split is told with the number that it got, though
// that is now taken.
func TestAppliedSplit(t *testing.T) {
	o := openOffice(t, true)
	at := o.propose(`{"title":"分","reason":"x","steps":[{"from":"` + xinxing14 + `","line":{"type":"LineString","coordinates":[[114.038,22.499],[114.038,22.511]]}}]}`)
	before := encoded(t, o.must(http.StatusOK, "guest", http.MethodGet, at+"/codes", "")["codes"])
	o.carry(at, "huangbei:submit", "reviewer:review", "approver:approve", "huangbei:apply")
	after := o.must(http.StatusOK, "guest", http.MethodGet, at+"/codes", "")
	if got := encoded(t, after["codes"]); got != before || !strings.Contains(got, "新设") || after["refused"] != false {
		t.Errorf("codes %s, before %s", got, before)
	}
}

// TestDefinitionOfAdjustments holds the API definition against the routes
// that there are with a ledger.
func TestDefinitionOfAdjustments(t *testing.T) {
	o := openOffice(t, true)
	paths := o.must(http.StatusOK, "", http.MethodGet, "/openapi.json", "")["paths"].(map[string]any)
	for _, route := range o.service.routes {
		operations, _ := paths[route.path].(map[string]any)
		if operations[strings.ToLower(route.method)] == nil {
			t.Errorf("%s %s is not in the definition", route.method, route.path)
		}
		for _, p := range route.parameters {
			if d := p.declared(); d.description == "" || d.example == "" || d.schema == nil {
				t.Errorf("%s: parameter %s is not fully declared", route.path, d.name)
			} else if _, err := p.read(d.example); err != nil {
				t.Errorf("%s: the example of %s: %v", route.path, d.name, err)
			}
		}
	}
}

func (o *office) checkInbox(who string, want float64) {
	o.t.Helper()
	if list := o.must(http.StatusOK, who, http.MethodGet, "/adjustments?inbox=true", ""); list["numberMatched"] != want {
		o.t.Errorf("%s has %v to do, want %v", who, list["numberMatched"], want)
	}
}

// checkEffect: the building has its new code, and the preview of what is done
// tells what was done.
func (o *office) checkEffect(at string) {
	o.t.Helper()
	item := o.must(http.StatusOK, "", http.MethodGet, "/collections/buildings/items/3", "")
	if code := item["properties"].(map[string]any)["code"]; code != "4403030020171300003" {
		o.t.Errorf("the building has the code %v", code)
	}
	checkDeepWater(o.t, o.must(http.StatusOK, "guest", http.MethodGet, at+"/preview", ""))
	audit := o.must(http.StatusOK, "guest", http.MethodGet, at+"/audit", "")["audit"].([]any)
	var actions []string
	for _, line := range audit {
		actions = append(actions, line.(map[string]any)["action"].(string))
	}
	if got := strings.Join(actions, " "); got != "create edit submit review approve comment apply" {
		o.t.Errorf("audit %s", got)
	}
}

// checkPapers looks at the document, the table of codes and the sheet.
func (o *office) checkPapers(at string) {
	o.t.Helper()
	w := o.ask("guest", http.MethodGet, at+"/decision", "")
	if w.Body.String() != "%PDF-1.7 <script>" || w.Header().Get("Content-Type") != "application/octet-stream" || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		o.t.Errorf("document %q %v", w.Body, w.Header())
	}
	const was, is = "4403030020071800002", "4403030020171300003"
	codes := o.must(http.StatusOK, "guest", http.MethodGet, at+"/codes", "")["codes"].([]any)
	if line := codes[0].(map[string]any); len(codes) != 1 || line["code"] != was || line["new_code"] != is {
		o.t.Errorf("codes %v", codes)
	}
	if csv := o.ask("guest", http.MethodGet, at+"/codes?f=csv", "").Body.String(); !strings.Contains(csv, was) || !strings.Contains(csv, "新编码") {
		o.t.Errorf("codes %s", csv)
	}
	book, err := excelize.OpenReader(bytes.NewReader(o.ask("guest", http.MethodGet, at+"/codes?f=xlsx", "").Body.Bytes()))
	if err != nil {
		o.t.Fatal(err)
	}
	rows, err := book.GetRows("新旧编码对照表")
	if err != nil || len(rows) != 2 || rows[1][4] != was || rows[1][6] != is {
		o.t.Errorf("workbook %v %v", rows, err)
	}
	if kind, _ := book.GetCellType("新旧编码对照表", "E2"); kind == excelize.CellTypeNumber || kind == excelize.CellTypeUnset {
		o.t.Errorf("codes are cells of type %v", kind)
	}
	page := o.ask("guest", http.MethodGet, at+"/sheet", "")
	sheet := page.Body.String()
	_, style, _ := strings.Cut(sheet, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	if policy := page.Header().Get("Content-Security-Policy"); style == "" || !strings.Contains(policy, styleHash(style)) {
		o.t.Errorf("the policy %s forbids the sheet's own style", policy)
	}
	for _, part := range []string{"深水楼片区划归新兴社区13网格", was, is, "合成数据", "深网格办〔2024〕12号", "看过了 &lt;b&gt;", "<svg", "已生效"} {
		if !strings.Contains(sheet, part) {
			o.t.Errorf("the sheet has no %s", part)
		}
	}
}

// TestWorkflowRefusals asks for what may not be.
func TestWorkflowRefusals(t *testing.T) {
	o := openOffice(t, true)
	draft, submitted, reviewed := o.propose(deepProposal), "", ""
	other := `{"title":"一号楼","reason":"x","steps":[{"from":"` + xinxiu01 + `","line":{"type":"LineString","coordinates":[[114.002,22.5],[114.002,22.51]]}}]}`
	submitted = o.propose(other)
	o.carry(submitted, "huangbei:submit")
	reviewed = o.propose(strings.ReplaceAll(strings.ReplaceAll(other, xinxiu01, xinxing14), "114.002", "114.038"))
	o.carry(reviewed, "huangbei:submit", "reviewer:review")
	tests := map[string]struct {
		who, method, target, body string
		status                    int
		rule                      string
	}{
		"propose, not signed in":  {"", "POST", "/adjustments", deepProposal, 401, "sign_in"},
		"list, not signed in":     {"", "GET", "/adjustments", "", 401, "sign_in"},
		"read, not signed in":     {"", "GET", draft, "", 401, "sign_in"},
		"sheet, not signed in":    {"", "GET", draft + "/sheet", "", 401, "sign_in"},
		"propose as a reader":     {"guest", "POST", "/adjustments", deepProposal, 403, ""},
		"submit as a reader":      {"guest", "POST", draft + "/submit", "", 403, ""},
		"review as a proposer":    {"huangbei", "POST", submitted + "/review", "", 403, ""},
		"approve too early":       {"approver", "POST", submitted + "/approve", "", 409, "status"},
		"apply too early":         {"huangbei", "POST", reviewed + "/apply", "", 409, "status"},
		"revert too early":        {"huangbei", "POST", reviewed + "/revert", "", 409, "status"},
		"unknown":                 {"guest", "GET", "/adjustments/999", "", 404, "adjustment_known"},
		"move unknown":            {"huangbei", "POST", "/adjustments/999/submit", "", 404, "adjustment_known"},
		"no number":               {"guest", "GET", "/adjustments/x", "", 400, "parameter_id"},
		"no document":             {"guest", "GET", draft + "/decision", "", 404, "decision_known"},
		"unknown action":          {"huangbei", "POST", draft + "/frobnicate", "", 404, ""},
		"unknown state":           {"guest", "GET", "/adjustments?state=lost", "", 400, "parameter_state"},
		"unknown member":          {"huangbei", "POST", "/adjustments", `{"tittle":"x"}`, 400, "member_unknown"},
		"decision without action": {"huangbei", "POST", draft + "/submit", `{"decision":{}}`, 400, "member_unknown"},
		"file without decision":   {"approver", "POST", reviewed + "/approve", `{"file":{"name":"a","content":"YQ=="}}`, 400, "decision"},
		"file not base64":         {"approver", "POST", reviewed + "/approve", `{"decision":{"number":"1"},"file":{"name":"a","content":"%"}}`, 400, "file_content"},
		"no date":                 {"approver", "POST", reviewed + "/approve", `{"decision":{"number":"1","date":"昨天"}}`, 400, "decision_date"},
		"no time":                 {"huangbei", "PATCH", draft, `{"effective_at":"soon"}`, 400, "member_time"},
		"expected is text":        {"huangbei", "PATCH", draft, `{"expected":{"residents":"1"}}`, 400, "expected"},
		"expected is null":        {"huangbei", "PATCH", draft, `{"expected":{"residents":null}}`, 400, "expected"},
		"expected twice":          {"huangbei", "PATCH", draft, `{"expected":{"residents":1,"residents":2}}`, 400, "member_repeated"},
		"note too long":           {"huangbei", "POST", draft + "/comments", `{"note":"` + strings.Repeat("长", maxReason) + `"}`, 400, "member_text"},
		"note with zero":          {"huangbei", "POST", draft + "/comments", `{"note":"a\u0000"}`, 400, "member_text"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := o.ask(test.who, test.method, test.target, test.body)
			told := decoded(t, w, test.status)
			checkShape(t, problemShape, told)
			if test.rule != "" && told["rule"] != test.rule {
				t.Errorf("%v", told)
			}
			if test.status == http.StatusForbidden && told["rule"] == nil {
				t.Errorf("no rule is named: %v", told)
			}
		})
	}
}

// TestSeparations: who proposed does not approve, an admin neither.
func TestSeparations(t *testing.T) {
	o := openOffice(t, true)
	made := o.must(http.StatusCreated, "chief", http.MethodPost, "/adjustments", strings.Replace(deepProposal, `{"title"`, `{"street":"440303002","title"`, 1))
	at := fmt.Sprintf("/adjustments/%v", made["id"])
	o.carry(at, "chief:submit", "reviewer:review")
	if told := o.must(http.StatusForbidden, "chief", http.MethodPost, at+"/approve", ""); told["rule"] != "approver_not_proposer" {
		t.Errorf("%v", told)
	}
	o.carry(at, "approver:approve")
}

// TestOverlap: of two drafts that touch the same areas, the second cannot be
// handed in; two that do not both can.
func TestOverlap(t *testing.T) {
	o := openOffice(t, true)
	first, second := o.propose(deepProposal), o.propose(strings.Replace(deepProposal, "深水楼", "也是深水楼", 1))
	o.carry(first, "huangbei:submit")
	told := o.must(http.StatusConflict, "huangbei", http.MethodPost, second+"/submit", "")
	if told["rule"] != "overlap" || !strings.Contains(first, strings.TrimPrefix(told["where"].(string), "adjustment ")) || told["codes"] == nil {
		t.Errorf("%v", told)
	}
	apart := o.propose(`{"title":"分","reason":"x","steps":[{"from":"` + xinxing14 + `","line":{"type":"LineString","coordinates":[[114.038,22.5],[114.038,22.51]]}}]}`)
	o.carry(apart, "huangbei:submit")
}

// TestStale: a change of a revision that is no longer the newest is refused.
func TestStale(t *testing.T) {
	o := openOffice(t, true)
	at := o.propose(deepProposal)
	o.must(http.StatusOK, "huangbei", http.MethodPatch, at, `{"reason":"改"}`, "If-Match", `"1"`)
	for _, target := range []string{"PATCH " + at, "POST " + at + "/submit"} {
		method, path, _ := strings.Cut(target, " ")
		if told := o.must(http.StatusPreconditionFailed, "huangbei", method, path, `{}`, "If-Match", `"1"`); told["rule"] != "revision" {
			t.Errorf("%s: %v", target, told)
		}
	}
	if told := o.must(http.StatusBadRequest, "huangbei", http.MethodPost, at+"/submit", "", "If-Match", "one"); told["rule"] != "parameter_If-Match" {
		t.Errorf("%v", told)
	}
}

// TestRepeated: a request repeated under its key acts once, and is answered
// alike.
func TestRepeated(t *testing.T) {
	o := openOffice(t, true)
	key := []string{"Idempotency-Key", "a1"}
	one := o.must(http.StatusCreated, "huangbei", http.MethodPost, "/adjustments", deepProposal, key...)
	two := o.must(http.StatusCreated, "huangbei", http.MethodPost, "/adjustments", deepProposal, key...)
	if one["id"] != two["id"] {
		t.Errorf("made %v and %v", one["id"], two["id"])
	}
	at := fmt.Sprintf("/adjustments/%v", one["id"])
	o.must(http.StatusOK, "huangbei", http.MethodPost, at+"/submit", "", "Idempotency-Key", "a2")
	if again := o.must(http.StatusOK, "huangbei", http.MethodPost, at+"/submit", "", "Idempotency-Key", "a2"); again["state"] != "submitted" {
		t.Errorf("again %v", again)
	}
	if list := o.must(http.StatusOK, "huangbei", http.MethodGet, "/adjustments?mine=true", ""); list["numberMatched"] != 1.0 {
		t.Errorf("%v adjustments", list["numberMatched"])
	}
}

// TestRefusedSubmission: what breaks a rule cannot be handed in, and every
// rule is named with its place.
func TestRefusedSubmission(t *testing.T) {
	o := openOffice(t, true)
	at := o.propose(strings.Replace(deepProposal, `"residents":1`, `"residents":2`, 1))
	told := o.must(http.StatusUnprocessableEntity, "huangbei", http.MethodPost, at+"/submit", "")
	if checks, _ := told["checks"].([]any); len(checks) == 0 || told["rule"] == nil {
		t.Errorf("%v", told)
	}
}

// TestListsOfAdjustments goes through a list page by page.
func TestListsOfAdjustments(t *testing.T) {
	o := openOffice(t, true)
	for n := range 5 {
		o.propose(strings.Replace(deepProposal, "深水楼", fmt.Sprint("第", n), 1))
	}
	var seen []any
	target := "/adjustments?limit=2&state=draft"
	for target != "" {
		list := o.must(http.StatusOK, "guest", http.MethodGet, target, "")
		if list["numberMatched"] != 5.0 {
			t.Errorf("%v matched", list["numberMatched"])
		}
		for _, a := range list["adjustments"].([]any) {
			checkShape(t, recordedShape, a)
			if a.(map[string]any)["steps"] != nil {
				t.Error("a list has steps")
			}
			seen = append(seen, a.(map[string]any)["id"])
		}
		target = ""
		for _, l := range list["links"].([]any) {
			if l := l.(map[string]any); l["rel"] == "next" {
				_, target, _ = strings.Cut(l["href"].(string), "example.com")
			}
		}
	}
	if got := fmt.Sprint(seen); got != "[5 4 3 2 1]" {
		t.Errorf("listed %s", got)
	}
	for query, want := range map[string]float64{"state=submitted": 0, "state=draft,submitted": 5, "street=440303002": 5, "street=440303001": 0, "mine=true": 0} {
		if list := o.must(http.StatusOK, "guest", http.MethodGet, "/adjustments?"+query, ""); list["numberMatched"] != want {
			t.Errorf("%s: %v, want %v", query, list["numberMatched"], want)
		}
	}
}

// TestWithheldPapers: of real data a reader is told no small count in any
// paper about an adjustment; who works on it is.
func TestWithheldPapers(t *testing.T) {
	o := openOffice(t, false)
	at := o.propose(deepProposal)
	for who, told := range map[string]bool{"guest": false, "reviewer": true} {
		if a := o.must(http.StatusOK, who, http.MethodGet, at, ""); (a["expected"] != nil) != told {
			t.Errorf("%s: expected %v", who, a["expected"])
		}
		preview := o.must(http.StatusOK, who, http.MethodGet, at+"/preview", "")
		for _, e := range preview["effects"].([]any) {
			if e := e.(map[string]any); e["level"] == "grids" && (e["delta"].(map[string]any)["residents"] != nil) != told {
				t.Errorf("%s: %v", who, e["delta"])
			}
		}
		sheet := o.ask(who, http.MethodGet, at+"/sheet", "").Body.String()
		if strings.Contains(sheet, "<td>801</td>") != told || strings.Contains(sheet, "＊") == told || strings.Contains(sheet, "申报数") != told {
			t.Errorf("%s: the sheet tells %v that 801 people live in 新秀18", who, strings.Contains(sheet, "<td>801</td>"))
		}
	}
}
