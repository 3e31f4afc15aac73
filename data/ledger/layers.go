package ledger

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// The internal layers.
const (
	adjustmentLayer spatial.LayerID = "adjustments"
	logLayer        spatial.LayerID = "adjustment_log"
	documentLayer   spatial.LayerID = "adjustment_documents"
)

// The fields of adjustments, in order.
const (
	aRevision = iota
	aStatus
	aTitle
	aReason
	aLayer
	aStreet
	aStreets
	aConsents
	aAuthors
	aProposer
	aReviewer
	aApprover
	aEffectiveAt
	aBase
	aResult
	aReverts
	aCreated
	aUpdated
	aAreas
	aExpected
	aDecision
	aSteps
	aSubmitted
)

// The fields of the audit, in order.
const (
	rAdjustment = iota
	rAt
	rActor
	rRole
	rStreet
	rAction
	rFrom
	rTo
	rRevision
	rBase
	rResult
	rNote
	rProof
	rKey
	rRequest
)

// The fields of documents, in order.
const (
	dAdjustment = iota
	dName
	dSHA256
	dContent
)

// Schemas describe the internal layers that the ledger keeps: adjustments as
// they stand, the audit, to which rows are only added, and documents. Lists
// are kept as lines, structures as JSON.
func Schemas() []*spatial.Schema {
	text := func(name string) spatial.Field { return spatial.Field{Name: name, Type: spatial.TypeText} }
	number := func(name string) spatial.Field { return spatial.Field{Name: name, Type: spatial.TypeInt} }
	instant := func(name string) spatial.Field { return spatial.Field{Name: name, Type: spatial.TypeTime} }
	must := func(f spatial.Field) spatial.Field { f.Required = true; return f }
	return []*spatial.Schema{
		{ID: adjustmentLayer, Internal: true, Label: "title", Title: spatial.Title{ZH: "边界调整", EN: "Adjustments"}, Fields: []spatial.Field{
			must(number("revision")), must(text("status")), text("title"), text("reason"), must(text("layer")), text("street"), text("streets"), text("consents"),
			text("authors"), must(text("proposer")), text("reviewer"), text("approver"), instant("effective_at"), must(number("base")), number("result"), number("reverts"),
			must(instant("created")), must(instant("updated")), text("areas"), text("expected"), text("decision"), text("steps"), text("submitted")}},
		{ID: logLayer, Internal: true, Title: spatial.Title{ZH: "边界调整记录", EN: "Audit of adjustments"}, Fields: []spatial.Field{
			must(number("adjustment")), must(instant("at")), must(text("actor")), must(text("role")), text("street"), must(text("action")), text("from_status"), must(text("to_status")),
			must(number("revision")), must(number("base")), number("result"), text("note"), text("proof"), text("request_key"), text("request_digest")}},
		{ID: documentLayer, Internal: true, Label: "name", Title: spatial.Title{ZH: "批复文件", EN: "Documents of decisions"}, Fields: []spatial.Field{
			must(number("adjustment")), must(text("name")), must(text("sha256")), must(text("content"))}},
	}
}

// entry is an adjustment as it is kept: with what it redraws, and what it did
// when it was submitted.
type entry struct {
	adjustment.Adjustment
	areas     []string
	submitted string // JSON of adjustment.Effects, "" before
}

// row is the entry as it is stored.
func (e *entry) row() (spatial.Row, error) {
	values := make([]spatial.Value, aSubmitted+1)
	for i, number := range map[int]int64{aRevision: e.Revision, aBase: int64(e.Base), aResult: int64(e.Result), aReverts: e.Reverts} {
		values[i] = spatial.Int(number)
	}
	for i, text := range map[int]string{aStatus: string(e.Status), aTitle: e.Title, aReason: e.Reason, aLayer: string(e.Layer), aStreet: e.Street, aStreets: lines(e.Streets),
		aConsents: lines(e.Consents), aAuthors: lines(e.Authors), aProposer: e.Proposer, aReviewer: e.Reviewer, aApprover: e.Approver, aAreas: lines(e.areas), aSubmitted: e.submitted} {
		values[i] = optional(text)
	}
	for i, at := range map[int]time.Time{aEffectiveAt: e.EffectiveAt, aCreated: e.Created, aUpdated: e.Updated} {
		values[i] = instantOf(at)
	}
	for i, part := range map[int]any{aExpected: e.Expected, aDecision: e.Decision, aSteps: e.Steps} {
		text, err := json.Marshal(part)
		if err != nil {
			return spatial.Row{}, fmt.Errorf("adjustment %d: %w", e.ID, err)
		}
		values[i] = optional(strings.TrimPrefix(string(text), "null"))
	}
	return spatial.Row{ID: e.ID, Values: values}, nil
}

// summary reads all of an adjustment but its steps.
func summary(f spatial.Feature) (e entry, err error) {
	text := func(i int) string { return f.Value(i).Text() }
	e = entry{areas: split(text(aAreas)), submitted: text(aSubmitted), Adjustment: adjustment.Adjustment{
		ID: f.ID(), Revision: f.Value(aRevision).Int(), Status: adjustment.Status(text(aStatus)), Title: text(aTitle), Reason: text(aReason),
		Layer: spatial.LayerID(text(aLayer)), Street: text(aStreet), Streets: split(text(aStreets)), Consents: split(text(aConsents)), Authors: split(text(aAuthors)),
		Proposer: text(aProposer), Reviewer: text(aReviewer), Approver: text(aApprover), EffectiveAt: f.Value(aEffectiveAt).Time(),
		Base: spatial.Version(f.Value(aBase).Int()), Result: spatial.Version(f.Value(aResult).Int()), Reverts: f.Value(aReverts).Int(),
		Created: f.Value(aCreated).Time(), Updated: f.Value(aUpdated).Time()}}
	if err := parse(text(aExpected), &e.Expected); err != nil {
		return e, fmt.Errorf("adjustment %d, expected: %w", e.ID, err)
	}
	if err := parse(text(aDecision), &e.Decision); err != nil {
		return e, fmt.Errorf("adjustment %d, decision: %w", e.ID, err)
	}
	return e, nil
}

// read reads an adjustment with its steps.
func read(f spatial.Feature) (entry, error) {
	e, err := summary(f)
	if err != nil {
		return e, err
	}
	if err := parse(f.Value(aSteps).Text(), &e.Steps); err != nil {
		return e, fmt.Errorf("adjustment %d, steps: %w", e.ID, err)
	}
	return e, nil
}

// logged is a line of the audit with what tells a repeated request.
type logged struct {
	adjustment.Record
	key, digest string
}

func (r *logged) row() (spatial.Row, error) {
	values := make([]spatial.Value, rRequest+1)
	for i, number := range map[int]int64{rAdjustment: r.Adjustment, rRevision: r.Revision, rBase: int64(r.Base), rResult: int64(r.Result)} {
		values[i] = spatial.Int(number)
	}
	for i, text := range map[int]string{rActor: r.Actor, rRole: string(r.Role), rStreet: r.Street, rAction: string(r.Action), rFrom: string(r.From), rTo: string(r.To),
		rNote: r.Note, rKey: r.key, rRequest: r.digest} {
		values[i] = optional(text)
	}
	values[rAt] = instantOf(r.At)
	if r.Proof != nil {
		text, err := json.Marshal(r.Proof)
		if err != nil {
			return spatial.Row{}, fmt.Errorf("proof of adjustment %d: %w", r.Adjustment, err)
		}
		values[rProof] = spatial.Text(string(text))
	}
	return spatial.Row{ID: r.ID, Values: values}, nil
}

func recordOf(f spatial.Feature) adjustment.Record {
	text := func(i int) string { return f.Value(i).Text() }
	r := adjustment.Record{ID: f.ID(), Adjustment: f.Value(rAdjustment).Int(), At: f.Value(rAt).Time(), Actor: text(rActor), Role: adjustment.Role(text(rRole)),
		Street: text(rStreet), Action: adjustment.Action(text(rAction)), From: adjustment.Status(text(rFrom)), To: adjustment.Status(text(rTo)),
		Revision: f.Value(rRevision).Int(), Base: spatial.Version(f.Value(rBase).Int()), Result: spatial.Version(f.Value(rResult).Int()), Note: text(rNote)}
	if err := parse(text(rProof), &r.Proof); err != nil {
		r.Proof = map[string]any{"unreadable": err.Error()}
	}
	return r
}

func parse(text string, into any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

func lines(list []string) string { return strings.Join(list, "\n") }

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func optional(text string) spatial.Value {
	if text == "" {
		return spatial.Null
	}
	return spatial.Text(text)
}

func instantOf(at time.Time) spatial.Value {
	if at.IsZero() {
		return spatial.Null
	}
	return spatial.Time(at)
}
