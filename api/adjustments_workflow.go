package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// signedIn are the roles that may read adjustments: all.
var signedIn = []adjustment.Role{adjustment.Reader, adjustment.Proposer, adjustment.Reviewer, adjustment.Approver, adjustment.Admin}

// moves are the actions that have an address, by the last word of it.
var moves = []struct {
	word    string
	action  adjustment.Action
	summary string
}{
	{"submit", adjustment.Submit, "Hand a draft in, checked on today's state"},
	{"review", adjustment.Review, "Say that it was reviewed"},
	{"approve", adjustment.Approve, "Approve it, or record the approval of an office outside"},
	{"reject", adjustment.Reject, "Refuse it for good"},
	{"return", adjustment.Return, "Give it back to be changed"},
	{"withdraw", adjustment.Withdraw, "Take it back"},
	{"apply", adjustment.Apply, "Put it into effect, now or when its time has come"},
	{"comments", adjustment.Comment, "Say something about it"},
	{"consent", adjustment.Consent, "Agree to it as the second street"},
}

// workflowRoutes are those about adjustments that are recorded.
func (s *Server) workflowRoutes() []route {
	change := []parameter{adjustmentParam, revisionParam, keyParam}
	routes := []route{
		{method: http.MethodPost, path: "/adjustments", summary: "Propose an adjustment: a draft is recorded, nothing changes",
			parameters: []parameter{datumParam, keyParam}, body: mediaJSON, media: []string{mediaJSON}, roles: signedIn, handle: s.propose},
		{method: http.MethodGet, path: "/adjustments", summary: "Adjustments, newest first",
			parameters: []parameter{stateParam, streetParam, inboxParam, mineParam, limitParam, cursorParam, jsonFormat}, media: []string{mediaJSON}, roles: signedIn, handle: s.adjustments},
		{method: http.MethodGet, path: "/adjustments/{id}", summary: "One adjustment, with what whoever asks can do to it now",
			parameters: []parameter{adjustmentParam, datumParam, jsonFormat}, media: []string{mediaJSON}, roles: signedIn, volatile: true, handle: s.adjustment},
		{method: http.MethodPatch, path: "/adjustments/{id}", summary: "Change what a draft, or one that was returned, says: members that are given replace those it has",
			parameters: append(slices.Clone(change), datumParam), body: mediaJSON, media: []string{mediaJSON}, roles: signedIn, handle: s.editAdjustment},
		{method: http.MethodPost, path: "/adjustments/{id}/revert", summary: "Propose the adjustment that undoes one that was put into effect",
			parameters: change, body: mediaJSON, media: []string{mediaJSON}, roles: signedIn, handle: s.revert},
		{method: http.MethodGet, path: "/adjustments/{id}/preview", summary: "What an adjustment does to today's state, or did if it is in effect",
			parameters: []parameter{adjustmentParam, datumParam, jsonFormat}, media: []string{mediaJSON}, roles: signedIn, handle: s.previewAdjustment},
		{method: http.MethodGet, path: "/adjustments/{id}/audit", summary: "What was done to an adjustment, by whom and when, oldest first",
			parameters: []parameter{adjustmentParam, jsonFormat}, media: []string{mediaJSON}, roles: signedIn, handle: s.audit},
		{method: http.MethodGet, path: "/adjustments/{id}/decision", summary: "The document of the decision that was recorded with the approval",
			parameters: []parameter{adjustmentParam}, media: []string{"application/octet-stream"}, roles: signedIn, handle: s.decision},
		{method: http.MethodGet, path: "/adjustments/{id}/codes", summary: "新旧编码对照表: the old and new codes of all that changes hands",
			parameters: []parameter{adjustmentParam, codesFormat}, media: []string{mediaJSON, mediaCSV, mediaXLSX}, roles: signedIn, handle: s.codes},
		{method: http.MethodGet, path: "/adjustments/{id}/sheet", summary: "An adjustment as a sheet to print: maps before and after, effects, codes, checks, audit",
			parameters: []parameter{adjustmentParam}, media: []string{mediaHTML}, roles: signedIn, handle: s.sheet},
	}
	for _, m := range moves {
		routes = append(routes, route{method: http.MethodPost, path: "/adjustments/{id}/" + m.word, summary: m.summary,
			parameters: change, body: mediaJSON, media: []string{mediaJSON}, roles: signedIn, handle: s.move(m.action)})
	}
	return routes
}

var (
	adjustmentParam = &param[int64]{
		declaration{name: "id", in: inPath, example: "12", required: true, schema: jsonSchema{"type": "integer", "minimum": 1}, description: "number of an adjustment"},
		func(text string) (int64, error) {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil || id < 1 {
				return 0, fmt.Errorf("%q is not the number of an adjustment", shorten(text))
			}
			return id, nil
		},
	}
	revisionParam = &param[int64]{
		declaration{name: "If-Match", in: inHeader, example: `"3"`, schema: jsonSchema{"type": "string"},
			description: "the ETag of the adjustment as it was read: refused with 412 if it has changed since"},
		parseRevision,
	}
	keyParam = &param[string]{
		declaration{name: "Idempotency-Key", in: inHeader, example: "7f9c24e8-3b12-4d6a-9f01-5b6c7d8e9f00", schema: jsonSchema{"type": "string", "maxLength": maxKey},
			description: "a text of the client's making: a request repeated under it acts once"},
		func(text string) (string, error) {
			if len(text) > maxKey {
				return "", fmt.Errorf("it is longer than %d bytes", maxKey)
			}
			return text, nil
		},
	}
	stateParam = &param[[]adjustment.Status]{
		declaration{name: "state", in: inQuery, example: "submitted,reviewed", description: "only adjustments in one of these states",
			schema: jsonSchema{"type": "array", "items": jsonSchema{"type": "string", "enum": statuses}}},
		parseStatuses,
	}
	streetParam = &param[string]{
		declaration{name: "street", in: inQuery, example: "440303002", schema: jsonSchema{"type": "string"}, description: "only adjustments that touch the street of this code"},
		func(text string) (string, error) { return text, nil },
	}
	inboxParam = flagParam("inbox", "only adjustments that wait for whoever asks")
	mineParam  = flagParam("mine", "only adjustments that whoever asks has proposed")
)

const maxKey = 200

var statuses = []adjustment.Status{adjustment.Draft, adjustment.Submitted, adjustment.Reviewed, adjustment.Approved, adjustment.Scheduled,
	adjustment.Applied, adjustment.Returned, adjustment.Withdrawn, adjustment.Rejected}

func parseStatuses(text string) ([]adjustment.Status, error) {
	var list []adjustment.Status
	for word := range strings.SplitSeq(text, ",") {
		status := adjustment.Status(word)
		if !slices.Contains(statuses, status) {
			return nil, fmt.Errorf("%q is none of %s", shorten(word), strings.Join(words(statuses), ", "))
		}
		list = append(list, status)
	}
	return list, nil
}

// parseRevision reads an entity tag; * is any.
func parseRevision(text string) (int64, error) {
	if text == "*" {
		return 0, nil
	}
	inner, ok := strings.CutPrefix(text, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	n, err := strconv.ParseInt(inner, 10, 64)
	if !ok || !closed || err != nil || n < 1 {
		return 0, fmt.Errorf(`%q is not an ETag like "3"`, shorten(text))
	}
	return n, nil
}

func flagParam(name, description string) *param[bool] {
	return &param[bool]{declaration{name: name, in: inQuery, example: "true", schema: jsonSchema{"type": "boolean", "default": false}, description: description}, parseFlag}
}

func parseFlag(text string) (bool, error) {
	flag, err := strconv.ParseBool(text)
	if err != nil {
		err = fmt.Errorf("%q is neither true nor false", shorten(text))
	}
	return flag, err
}

// asked is who asks for what is recorded, on which revision, under which key.
func (r *request) asked() ledger.Request {
	return ledger.Request{Actor: r.actor, Revision: revisionParam.of(r), Key: keyParam.of(r)}
}

// What the texts of an adjustment may have at most, in bytes.
const (
	maxTitle  = 300
	maxReason = 10_000
	maxFile   = ledger.MaxDocument
	maxMove   = maxFile/3*4 + 100_000
)

// proposalMembers are those of a body that proposes, beside the steps.
var proposalMembers = slices.Concat([]string{"title", "reason", "expected", "effective_at", "street", "layer", "steps", "datum"}, stepMembers)

func (s *Server) propose(w http.ResponseWriter, r *request) error {
	body, err := r.readObject(maxProposal, proposalMembers)
	if err != nil {
		return err
	}
	p, err := r.proposal(body, ledger.Proposal{})
	if err != nil {
		return err
	}
	made, err := s.config.Ledger.Propose(r.Context(), r.asked(), p)
	if err != nil {
		return err
	}
	return s.created(w, r, made)
}

// created answers with an adjustment that is new.
func (s *Server) created(w http.ResponseWriter, r *request, made adjustment.Adjustment) error {
	w.Header().Set("Location", fmt.Sprintf("%s/adjustments/%d", s.base(r.Request), made.ID))
	return s.writeAdjustment(w, r, made, http.StatusCreated)
}

func (s *Server) editAdjustment(w http.ResponseWriter, r *request) error {
	now, err := s.found(r)
	if err != nil {
		return err
	}
	body, err := r.readObject(maxProposal, proposalMembers)
	if err != nil {
		return err
	}
	p, err := r.proposal(body, ledger.Proposal{Title: now.Title, Reason: now.Reason, Layer: now.Layer, Steps: now.Steps,
		Expected: now.Expected, EffectiveAt: now.EffectiveAt, Street: now.Street})
	if err != nil {
		return err
	}
	by := r.asked()
	if by.Revision == 0 {
		by.Revision = now.Revision // members that were not given are those of this one
	}
	edited, err := s.config.Ledger.Edit(r.Context(), by, now.ID, p)
	if err != nil {
		return err
	}
	return s.writeAdjustment(w, r, edited, http.StatusOK)
}

// proposal is p with what a body says in place of what it said.
func (r *request) proposal(body node, p ledger.Proposal) (ledger.Proposal, error) {
	for _, t := range []struct {
		name string
		most int
		to   *string
	}{{"title", maxTitle, &p.Title}, {"reason", maxReason, &p.Reason}, {"street", maxCode, &p.Street}} {
		if _, given := body.members[t.name]; !given {
			continue
		}
		text, err := body.text(t.name, t.most)
		if err != nil {
			return p, err
		}
		*t.to = text
	}
	var err error
	if _, given := body.members["effective_at"]; given {
		if p.EffectiveAt, err = body.instant("effective_at"); err != nil {
			return p, err
		}
	}
	if _, given := body.members["expected"]; given {
		if p.Expected, err = body.expected(); err != nil {
			return p, err
		}
	}
	if p.Steps != nil && !body.has("steps") && !slices.ContainsFunc(stepMembers, body.has) {
		return p, nil
	}
	wanted, err := r.wanted(body)
	if err != nil {
		return p, err
	}
	p.Layer, p.Steps = wanted.layer, wanted.steps
	return p, nil
}

// chinaTime is where dates without a time begin and end.
var chinaTime = time.FixedZone("UTC+8", 8*60*60)

// instant is a member's time; a date is its first moment in China.
func (n node) instant(name string) (time.Time, error) {
	text, err := n.text(name, maxCode)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil && at.UTC().Year() > 1 {
		return at.UTC(), nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, chinaTime)
	if err != nil || at.UTC().Year() <= 1 { // the first year is no time at all
		return time.Time{}, n.refuse(name, "member_time", fmt.Sprintf("%q is no time", shorten(text)), "give it like 2025-01-01T08:00:00+08:00 or 2025-01-01")
	}
	return at.UTC(), nil
}

// expected are the figures that a proposer counts on.
func (n node) expected() (adjustment.Expected, error) {
	if !n.has("expected") {
		return nil, nil
	}
	var figures map[string]*int64
	members, err := parseNode(n.members["expected"], n.place("expected"), nil)
	if invalid := (*spatial.InvalidError)(nil); errors.As(err, &invalid) && invalid.Rule != "member_unknown" {
		return nil, err
	}
	if json.Unmarshal(n.members["expected"], &figures) != nil {
		return nil, n.refuse("expected", "expected", "its members are not whole numbers", `give it like {"residents":1,"rooms":5}`)
	}
	all := adjustment.Expected{}
	for name := range members.members {
		if figures[name] == nil {
			return nil, n.refuse("expected."+shorten(name), "expected", "it is not a whole number", `give it like {"residents":1,"rooms":5}`)
		}
		all[name] = *figures[name]
	}
	return all, nil
}

// move carries out an action.
func (s *Server) move(action adjustment.Action) handler {
	return func(w http.ResponseWriter, r *request) error {
		m, err := r.readMove(action)
		if err != nil {
			return err
		}
		done, err := s.config.Ledger.Do(r.Context(), r.asked(), adjustmentParam.of(r), m)
		if err != nil {
			return unfoundAdjustment(r, err)
		}
		return s.writeAdjustment(w, r, done, http.StatusOK)
	}
}

func (s *Server) revert(w http.ResponseWriter, r *request) error {
	m, err := r.readMove(adjustment.Revert)
	if err != nil {
		return err
	}
	made, err := s.config.Ledger.Revert(r.Context(), r.asked(), adjustmentParam.of(r), m.Note)
	if err != nil {
		return unfoundAdjustment(r, err)
	}
	return s.created(w, r, made)
}

// readMove reads what belongs to an action; the body may be left out.
func (r *request) readMove(action adjustment.Action) (m ledger.Move, err error) {
	m.Action = action
	if r.ContentLength == 0 {
		return m, nil
	}
	names := []string{"note"}
	if action == adjustment.Approve {
		names = []string{"note", "decision", "file", "effective_at"}
	}
	body, err := r.readObject(maxMove, names)
	if err != nil {
		return m, err
	}
	if m.Note, err = body.text("note", maxReason); err != nil {
		return m, err
	}
	if m.Decision, err = body.decision(); err != nil {
		return m, err
	}
	if body.has("file") {
		if m.File, err = body.file(&m); err != nil {
			return m, err
		}
	}
	if body.has("effective_at") {
		at, err := body.instant("effective_at")
		m.EffectiveAt = &at
		return m, err
	}
	return m, nil
}

// decision is that of an office outside; nil if there is none.
func (n node) decision() (*adjustment.Decision, error) {
	if !n.has("decision") {
		return nil, nil
	}
	d, err := parseNode(n.members["decision"], n.place("decision"), []string{"number", "date"})
	if err != nil {
		return nil, err
	}
	number, err := d.text("number", maxTitle)
	if err != nil {
		return nil, err
	}
	date, err := d.text("date", maxCode)
	if err != nil {
		return nil, err
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil && date != "" {
		return nil, d.refuse("date", "decision_date", fmt.Sprintf("%q is no date", shorten(date)), "give it like 2024-12-30")
	}
	return &adjustment.Decision{Number: number, Date: date}, nil
}

// file is the document of a decision, whose name goes to that.
func (n node) file(m *ledger.Move) ([]byte, error) {
	f, err := parseNode(n.members["file"], n.place("file"), []string{"name", "content"})
	if err != nil {
		return nil, err
	}
	name, err := f.text("name", maxTitle)
	if err != nil {
		return nil, err
	}
	text, err := f.text("content", maxMove)
	if err != nil {
		return nil, err
	}
	content, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return nil, f.refuse("content", "file_content", "it is not base64", "encode the file's bytes in base64")
	case len(content) == 0 || name == "":
		return nil, f.refuse("content", "file_content", "a file has a name and something in it", `give {"name":"批复.pdf","content":base64}`)
	case len(content) > maxFile:
		return nil, f.refuse("content", "file_size", fmt.Sprintf("it is larger than %d MiB", maxFile>>20), "scan it with less detail")
	case m.Decision == nil:
		return nil, n.refuse("decision", "decision", "a file stands without the decision it is of", `give {"number":文号,"date":"2024-12-30"}`)
	}
	m.Decision.File = name
	return content, nil
}

// found is the adjustment that a request names.
func (s *Server) found(r *request) (adjustment.Adjustment, error) {
	a, err := ledger.Find(r.whole, adjustmentParam.of(r))
	return a, unfoundAdjustment(r, err)
}

// unfoundAdjustment names the adjustment that is not there.
func unfoundAdjustment(r *request, err error) error {
	if !errors.Is(err, spatial.ErrNotFound) {
		return err
	}
	return &problem{Status: http.StatusNotFound, Kind: "not-found", Rule: "adjustment_known", Where: adjustmentName(adjustmentParam.of(r)),
		Detail: "there is no adjustment of this number", Fix: "/adjustments lists them"}
}

func (s *Server) adjustment(w http.ResponseWriter, r *request) error {
	a, err := s.found(r)
	if err != nil {
		return err
	}
	return s.writeAdjustment(w, r, a, http.StatusOK)
}

// recorded is an adjustment as clients read it.
type recorded struct {
	ID          int64                `json:"id"`
	Revision    int64                `json:"revision"`
	State       adjustment.Status    `json:"state"`
	Title       string               `json:"title"`
	Reason      string               `json:"reason"`
	Layer       spatial.LayerID      `json:"layer"`
	Steps       []drawnStep          `json:"steps,omitempty"`
	Expected    adjustment.Expected  `json:"expected,omitempty"`
	Street      called               `json:"street"`
	Streets     []called             `json:"streets"`
	Consents    []called             `json:"consents"`
	Proposer    string               `json:"proposer"`
	Reviewer    string               `json:"reviewer,omitempty"`
	Approver    string               `json:"approver,omitempty"`
	Decision    *adjustment.Decision `json:"decision,omitempty"`
	EffectiveAt *time.Time           `json:"effective_at,omitempty"`
	Base        spatial.Version      `json:"base"`
	Result      spatial.Version      `json:"result,omitempty"`
	Reverts     int64                `json:"reverts,omitempty"`
	Created     time.Time            `json:"created"`
	Updated     time.Time            `json:"updated"`
	Actions     []adjustment.Action  `json:"actions"`
}

// called is an area by code and name.
type called struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// drawnStep is a step as a request writes it.
type drawnStep struct {
	From      string          `json:"from,omitempty"`
	To        string          `json:"to,omitempty"`
	Area      json.RawMessage `json:"area,omitempty"`
	Line      json.RawMessage `json:"line,omitempty"`
	Buildings []string        `json:"buildings,omitempty"`
	NewCode   string          `json:"new_code,omitempty"`
}

// recorded tells an adjustment to who asks; its steps only if wanted.
func (r *request) recorded(a adjustment.Adjustment, withSteps bool) (recorded, error) {
	told := recorded{ID: a.ID, Revision: a.Revision, State: a.Status, Title: a.Title, Reason: a.Reason, Layer: a.Layer,
		Street: r.street(a.Street), Streets: []called{}, Consents: []called{}, Proposer: a.Proposer, Reviewer: a.Reviewer, Approver: a.Approver,
		Decision: a.Decision, Base: a.Base, Result: a.Result, Reverts: a.Reverts, Created: a.Created.UTC(), Updated: a.Updated.UTC(),
		Actions: emptyNotNull(ledger.Actions(a, r.actor))}
	for _, code := range a.Streets {
		told.Streets = append(told.Streets, r.street(code))
	}
	for _, code := range a.Consents {
		told.Consents = append(told.Consents, r.street(code))
	}
	if !a.EffectiveAt.IsZero() {
		at := a.EffectiveAt.UTC()
		told.EffectiveAt = &at
	}
	if r.seesAll() {
		told.Expected = a.Expected
	}
	if !withSteps {
		return told, nil
	}
	var err error
	told.Steps, err = datumParam.of(r).steps(a.Steps)
	return told, err
}

func (r *request) street(code string) called {
	layer, err := r.whole.Layer("streets")
	if err != nil {
		return called{Code: code}
	}
	f, err := layer.ByCode(code)
	if err != nil {
		return called{Code: code}
	}
	return called{code, f.Label()}
}

// steps are steps with their drawings in these coordinates.
func (f frame) steps(steps []adjustment.Step) ([]drawnStep, error) {
	list := make([]drawnStep, len(steps))
	for i, step := range steps {
		list[i] = drawnStep{From: step.From, To: step.To, Buildings: step.Buildings, NewCode: step.NewCode}
		var err error
		if step.Area != nil {
			list[i].Area, err = f.geometry(step.Area)
		}
		if err == nil && step.Line != nil {
			list[i].Line, err = f.geometry(step.Line)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// writeAdjustment answers with an adjustment and its revision as ETag.
func (s *Server) writeAdjustment(w http.ResponseWriter, r *request, a adjustment.Adjustment, status int) error {
	told, err := r.recorded(a, true)
	if err != nil {
		return err
	}
	version := s.state.Current().Version()
	h := w.Header()
	h.Set("ETag", fmt.Sprintf(`"%d"`, a.Revision))
	h.Set("Cache-Control", "private, no-cache")
	h.Set(headerVersion, strconv.FormatInt(int64(version), 10))
	datumParam.of(r).head(h)
	h.Set("Content-Type", mediaJSON)
	body, err := encode(struct {
		Version spatial.Version `json:"version"`
		recorded
	}{version, told})
	if err != nil {
		return err
	}
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// forward are the actions that an adjustment waits for.
var forward = []adjustment.Action{adjustment.Submit, adjustment.Review, adjustment.Approve, adjustment.Consent, adjustment.Apply, adjustment.Schedule}

// wants says whether a list that is asked for has an adjustment.
func (r *request) wants(a adjustment.Adjustment) bool {
	street := streetParam.of(r)
	waits := func() bool {
		return slices.ContainsFunc(ledger.Actions(a, r.actor), func(action adjustment.Action) bool { return slices.Contains(forward, action) })
	}
	switch {
	case stateParam.given(r) && !slices.Contains(stateParam.of(r), a.Status):
		return false
	case street != "" && a.Street != street && !slices.Contains(a.Streets, street):
		return false
	case mineParam.of(r) && a.Proposer != r.actor.Name:
		return false
	}
	return !inboxParam.of(r) || waits()
}

func (s *Server) adjustments(w http.ResponseWriter, r *request) error {
	list := struct {
		Version spatial.Version `json:"version"`
		Matched int             `json:"numberMatched"`
		All     []recorded      `json:"adjustments"`
		Links   []link          `json:"links"`
	}{r.whole.Version(), 0, []recorded{}, []link{s.self(r, mediaJSON)}}
	after, hash := cursorParam.of(r), queryHash("adjustments", r.query)
	if after != nil && (after.query != hash || len(after.keys) > 0) {
		return cursorParam.refuse("it is the cursor of another list")
	}
	for _, a := range ledger.List(r.whole) {
		if !r.wants(a) {
			continue
		}
		list.Matched++
		if after != nil && a.ID >= after.id {
			continue
		}
		if len(list.All) == limitParam.of(r) {
			list.Links = append(list.Links[:1], s.moreAdjustments(w, r, cursor{id: list.All[len(list.All)-1].ID, query: hash}))
			continue
		}
		told, err := r.recorded(a, false)
		if err != nil {
			return err
		}
		list.All = append(list.All, told)
	}
	w.Header().Set(headerVersion, strconv.FormatInt(int64(r.whole.Version()), 10))
	return writeJSON(w, mediaJSON, list)
}

// moreAdjustments is the link to the next page of a list.
func (s *Server) moreAdjustments(w http.ResponseWriter, r *request, at cursor) link {
	query := r.URL.Query()
	query.Set("cursor", at.String())
	next := link{Href: s.base(r.Request) + "/adjustments?" + query.Encode(), Rel: "next", Type: mediaJSON, Title: "the next page"}
	w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"; type="%s"`, next.Href, next.Type))
	return next
}

func (s *Server) previewAdjustment(w http.ResponseWriter, r *request) error {
	a, err := s.found(r)
	if err != nil {
		return err
	}
	on, plan, err := s.planOf(r, a)
	if err != nil {
		return err
	}
	in := datumParam.of(r)
	answer, err := r.preview(on, a.Layer, plan, in)
	if err != nil {
		return err
	}
	answer.head(w.Header())
	in.head(w.Header())
	return writeJSON(w, mediaJSON, answer)
}

// step of the audit as clients read it.
type audited struct {
	ID       int64             `json:"id"`
	At       time.Time         `json:"at"`
	Actor    string            `json:"actor"`
	Role     adjustment.Role   `json:"role"`
	Street   string            `json:"street,omitempty"`
	Action   adjustment.Action `json:"action"`
	From     adjustment.Status `json:"from,omitempty"`
	To       adjustment.Status `json:"to"`
	Revision int64             `json:"revision"`
	Base     spatial.Version   `json:"base,omitempty"`
	Result   spatial.Version   `json:"result,omitempty"`
	Note     string            `json:"note,omitempty"`
	Proof    map[string]any    `json:"proof,omitempty"`
}

// auditOf is the audit as who asks may see it: figures of proofs count people.
func (r *request) auditOf(a adjustment.Adjustment) []audited {
	list := []audited{}
	for _, l := range ledger.Audit(r.whole, a.ID) {
		line := audited{l.ID, l.At.UTC(), l.Actor, l.Role, l.Street, l.Action, l.From, l.To, l.Revision, l.Base, l.Result, l.Note, l.Proof}
		if !r.seesAll() {
			line.Proof = nil
		}
		list = append(list, line)
	}
	return list
}

func (s *Server) audit(w http.ResponseWriter, r *request) error {
	a, err := s.found(r)
	if err != nil {
		return err
	}
	return writeJSON(w, mediaJSON, struct {
		Version    spatial.Version `json:"version"`
		Adjustment int64           `json:"adjustment"`
		Audit      []audited       `json:"audit"`
	}{r.whole.Version(), a.ID, r.auditOf(a)})
}

// decision answers with the document of a decision, to be kept and not to be
// shown: nobody knows what is in it.
func (s *Server) decision(w http.ResponseWriter, r *request) error {
	name, content, err := ledger.Document(r.whole, adjustmentParam.of(r))
	if errors.Is(err, spatial.ErrNotFound) {
		return &problem{Status: http.StatusNotFound, Kind: "not-found", Rule: "decision_known", Where: adjustmentName(adjustmentParam.of(r)),
			Detail: "no document was recorded with a decision about it", Fix: "an approval may have one"}
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", attachment(name))
	_, err = w.Write(content)
	return err
}
