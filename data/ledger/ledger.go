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
	"cmp"
	"context"
	"fmt"
	"time"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/history"
)

// Ledger carries adjustments through their workflow. Its methods are safe for
// concurrent use.
type Ledger struct {
	live  *data.Live
	rules adjustment.Rules
	now   func() time.Time
}

// New is the ledger of a live store.
func New(live *data.Live, rules adjustment.Rules, now func() time.Time) *Ledger {
	return &Ledger{live, rules, now}
}

// Prepare makes the internal layers that are missing.
func (l *Ledger) Prepare(ctx context.Context) error {
	_, err := l.live.Edit(ctx, func(s *spatial.Snapshot) (spatial.Change, error) {
		return spatial.Change{Create: missing(s), Note: "layers of adjustments"}, nil
	})
	if err != nil {
		return fmt.Errorf("make the layers of adjustments: %w", err)
	}
	return nil
}

func missing(s *spatial.Snapshot) (schemas []*spatial.Schema) {
	for _, schema := range Schemas() {
		if _, err := s.Layer(schema.ID); err != nil {
			schemas = append(schemas, schema)
		}
	}
	return schemas
}

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
	Note        string               // why; returning and rejecting need one
	Decision    *adjustment.Decision // of an approval
	File        []byte               // the document of the decision
	EffectiveAt *time.Time           // of an approval, where it differs from the proposal
}

// Plan is what steps do to a snapshot, codes used before taken into account.
func (l *Ledger) Plan(s *spatial.Snapshot, layer spatial.LayerID, steps []adjustment.Step) (*adjustment.Plan, error) {
	return l.rulesOn(s, layer).Plan(s, layer, steps)
}

// rulesOn are the rules by which codes are not given again.
func (l *Ledger) rulesOn(s *spatial.Snapshot, layer spatial.LayerID) adjustment.Rules {
	rules := l.rules
	rules.Used = history.Used(s, layer)
	return rules
}

// PlanOf is what an adjustment does to a snapshot: its steps, or for one that
// undoes another, that. It is refused, too, where it does not move the figures
// that the proposer counts on.
func (l *Ledger) PlanOf(s *spatial.Snapshot, a adjustment.Adjustment) (*adjustment.Plan, error) {
	rules := l.rulesOn(s, a.Layer)
	plan := rules.Plan
	if a.Reverts != 0 {
		plan = func(s *spatial.Snapshot, layer spatial.LayerID, _ []adjustment.Step) (*adjustment.Plan, error) {
			return rules.Undo(s, layer, a.Reverts)
		}
	}
	p, err := plan(s, a.Layer, a.Steps)
	if err != nil {
		return nil, fmt.Errorf("plan adjustment %d: %w", a.ID, err)
	}
	p.Expect(s, a.Layer, a.Expected)
	return p, nil
}

// Propose records a draft.
func (l *Ledger) Propose(ctx context.Context, by Request, p Proposal) (adjustment.Adjustment, error) {
	p.Street = cmp.Or(p.Street, by.Actor.Street)
	return l.edit(ctx, by, adjustment.Create, []any{p}, func(d *desk) error { return d.propose(p) })
}

// Edit replaces what a draft, or one that was returned, says. Consents are
// void then.
func (l *Ledger) Edit(ctx context.Context, by Request, id int64, p Proposal) (adjustment.Adjustment, error) {
	return l.edit(ctx, by, adjustment.Edit, []any{id, p}, func(d *desk) error {
		if err := d.take(id, adjustment.Edit); err != nil {
			return err
		}
		return d.rewrite(p)
	})
}

// Do carries an action out: submit, review, approve, reject, return, withdraw,
// consent, apply, comment. Apply before the time that it takes effect is to
// schedule it.
func (l *Ledger) Do(ctx context.Context, by Request, id int64, m Move) (adjustment.Adjustment, error) {
	return l.edit(ctx, by, m.Action, []any{id, m}, func(d *desk) error {
		switch m.Action {
		case adjustment.Create, adjustment.Edit, adjustment.Revert, adjustment.Schedule:
			return &spatial.InvalidError{Rule: "action_known", Where: string(m.Action), Detail: "it is not done this way"}
		}
		if err := d.take(id, m.Action); err != nil {
			return err
		}
		return d.do(m)
	})
}

// Revert records the draft that undoes an applied adjustment. It is refused
// with [*adjustment.RefusedError] where later ones have built on that.
func (l *Ledger) Revert(ctx context.Context, by Request, id int64, reason string) (adjustment.Adjustment, error) {
	return l.edit(ctx, by, adjustment.Revert, []any{id, reason}, func(d *desk) error {
		if err := d.take(id, adjustment.Revert); err != nil {
			return err
		}
		return d.revert(reason)
	})
}
