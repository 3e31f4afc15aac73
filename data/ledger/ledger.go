// Package ledger keeps adjustments: drafts, what was done to them by whom, the
// documents that belong to them, all as rows of internal layers of the same
// store, so that putting one into effect and noting it is one commit in either
// store. What may be done is decided by spatial/adjustment; this package
// reads the clock, carries it out on [data.Live], and makes retried requests
// act once.
//
// Invariant: an adjustment's status, its audit and its effect on the layers
// come from the same commit.
package ledger

import (
	"context"
	"errors"
	"time"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

var errTodo = errors.New("not built yet")

// Ledger carries adjustments through their workflow.
type Ledger struct {
	live  *data.Live
	rules adjustment.Rules
	now   func() time.Time
}

// New is the ledger of a live store.
func New(live *data.Live, rules adjustment.Rules, now func() time.Time) *Ledger {
	return &Ledger{live, rules, now}
}

// Schemas describe the internal layers that the ledger keeps.
func Schemas() []*spatial.Schema { return nil }

// Prepare makes the internal layers that are missing.
func (l *Ledger) Prepare(ctx context.Context) error { return errTodo }

// Run puts adjustments into effect when their time has come, until ctx ends.
func (l *Ledger) Run(ctx context.Context) {}

// Proposal is what a draft says.
type Proposal struct {
	Title, Reason string
	Layer         spatial.LayerID // "" for grids
	Steps         []adjustment.Step
	Expected      adjustment.Expected
	EffectiveAt   time.Time
	Street        string // of an admin's proposal; a proposer's is the token's
}

// Request is who wants something, on which revision (0: whichever), under
// which key a repetition is known again ("" for none).
type Request struct {
	Actor    adjustment.Actor
	Revision int64
	Key      string
}

// Move is an action with what belongs to it.
type Move struct {
	Action      adjustment.Action
	Note        string
	Decision    *adjustment.Decision // of an approval
	File        []byte               // the document of the decision
	EffectiveAt *time.Time           // of an approval, where it differs from the proposal
}

// Plan is what steps do to a snapshot, codes used before taken into account.
func (l *Ledger) Plan(s *spatial.Snapshot, layer spatial.LayerID, steps []adjustment.Step) (*adjustment.Plan, error) {
	return nil, errTodo
}

// Propose records a draft.
func (l *Ledger) Propose(ctx context.Context, by Request, p Proposal) (adjustment.Adjustment, error) {
	return adjustment.Adjustment{}, errTodo
}

// Edit replaces what a draft, or one that was returned, says.
func (l *Ledger) Edit(ctx context.Context, by Request, id int64, p Proposal) (adjustment.Adjustment, error) {
	return adjustment.Adjustment{}, errTodo
}

// Do carries an action out: submit, review, approve, reject, return, withdraw,
// consent, apply, comment.
func (l *Ledger) Do(ctx context.Context, by Request, id int64, m Move) (adjustment.Adjustment, error) {
	return adjustment.Adjustment{}, errTodo
}

// Revert records the draft that undoes an applied adjustment.
func (l *Ledger) Revert(ctx context.Context, by Request, id int64, reason string) (adjustment.Adjustment, error) {
	return adjustment.Adjustment{}, errTodo
}

// PlanOf is what an adjustment does to a snapshot: its steps, or for one that
// undoes another, that.
func (l *Ledger) PlanOf(s *spatial.Snapshot, a adjustment.Adjustment) (*adjustment.Plan, error) {
	return nil, errTodo
}

// Find reads an adjustment; the error is [spatial.ErrNotFound].
func Find(s *spatial.Snapshot, id int64) (adjustment.Adjustment, error) {
	return adjustment.Adjustment{}, errTodo
}

// List reads all adjustments, newest first.
func List(s *spatial.Snapshot) []adjustment.Adjustment { return nil }

// Audit reads what was done to an adjustment, oldest first.
func Audit(s *spatial.Snapshot, id int64) []adjustment.Record { return nil }

// Document reads the document of a decision.
func Document(s *spatial.Snapshot, id int64) (name string, content []byte, err error) {
	return "", nil, errTodo
}

// Actions are those an actor could carry out now on an adjustment.
func Actions(a adjustment.Adjustment, by adjustment.Actor) []adjustment.Action { return nil }
