package adjustment

import (
	"fmt"
	"slices"
	"strings"
)

// transition is a rule of the workflow: who brings an adjustment from where
// to where.
type transition struct {
	name   string // of the rule that others break
	action Action
	role   Role // "" for everyone who is signed in; an admin stands for any but the clock
	from   []Status
	to     Status // "" where the status stays
	office office
	apart  string // name of the rule that keeps those who wrote it from it; "" for none
}

// office is the street that an actor must act for.
type office int

const (
	anyOffice   office = iota
	ownOffice          // the one that proposed
	otherOffice        // one that is touched beside it and has not consented yet
	oneOffice          // any that is touched
)

var (
	editable = []Status{Draft, Returned}
	open     = []Status{Submitted, Reviewed, Approved, Scheduled}
	anywhere = []Status{Draft, Submitted, Reviewed, Approved, Scheduled, Applied, Returned, Withdrawn, Rejected}
)

// transitions are all rules, in the order in which actions are offered.
var transitions = []transition{
	{"edit_by_proposer", Edit, Proposer, editable, "", ownOffice, ""},
	{"submit_by_proposer", Submit, Proposer, editable, Submitted, ownOffice, ""},
	{"review_by_reviewer", Review, Reviewer, []Status{Submitted}, Reviewed, anyOffice, "reviewer_not_proposer"},
	{"approve_by_approver", Approve, Approver, []Status{Reviewed}, Approved, anyOffice, "approver_not_proposer"},
	{"reject_by_approver", Reject, Approver, []Status{Reviewed}, Rejected, anyOffice, "approver_not_proposer"},
	{"return_by_reviewer", Return, Reviewer, []Status{Submitted}, Returned, anyOffice, ""},
	{"return_by_approver", Return, Approver, []Status{Reviewed, Approved, Scheduled}, Returned, anyOffice, ""},
	{"withdraw_by_proposer", Withdraw, Proposer, slices.Concat(editable, open), Withdrawn, ownOffice, ""},
	{"consent_by_other_street", Consent, Proposer, []Status{Submitted, Reviewed}, "", otherOffice, "consent_not_proposer"},
	{"apply_by_proposer", Apply, Proposer, []Status{Approved}, Applied, ownOffice, ""},
	{"apply_by_clock", Apply, Clock, []Status{Scheduled}, Applied, anyOffice, ""},
	{"schedule_by_proposer", Schedule, Proposer, []Status{Approved}, Scheduled, ownOffice, ""},
	{"comment_signed_in", Comment, "", anywhere, "", anyOffice, ""},
	{"revert_by_proposer", Revert, Proposer, []Status{Applied}, "", oneOffice, ""},
}

// Open says whether an adjustment is under way: what it touches is kept free
// of others.
func (a Adjustment) Open() bool { return slices.Contains(open, a.Status) }

// Missing are the streets that have not consented yet, ascending.
func (a Adjustment) Missing() []string {
	return slices.DeleteFunc(slices.Clone(a.Streets), func(street string) bool {
		return street == a.Street || slices.Contains(a.Consents, street)
	})
}

// Next is the status that an action of an actor brings an adjustment to. The
// error is a [*ForbiddenError] or a [*StatusError].
func (a Adjustment) Next(by Actor, action Action) (Status, error) {
	if by.Role == "" {
		return "", &ForbiddenError{"signed_in", "nobody is signed in", "use a token"}
	}
	var first *transition
	possible := false
	for i := range transitions {
		t := &transitions[i]
		if t.action != action {
			continue
		}
		here := slices.Contains(t.from, a.Status)
		possible = possible || here
		if here && t.by(by.Role) {
			return a.take(by, t)
		}
		if first == nil || here {
			first = t
		}
	}
	switch {
	case first == nil:
		return "", &ForbiddenError{"action_known", fmt.Sprintf("%q is no action", action), ""}
	case !possible && allowed(by.Role, action):
		return "", &StatusError{a.ID, a.Status, action, a.Actions(by)}
	}
	return "", &ForbiddenError{first.name, fmt.Sprintf("a token of role %s may not %s", by.Role, action), "ask a " + string(first.role)}
}

// by says whether a role may do it.
func (t *transition) by(role Role) bool {
	return t.role == "" || t.role == role || role == Admin && t.role != Clock
}

// allowed says whether a role may ever do something.
func allowed(role Role, action Action) bool {
	return slices.ContainsFunc(transitions, func(t transition) bool { return t.action == action && t.by(role) })
}

// take holds what the actor may do by role against street and separation.
func (a Adjustment) take(by Actor, t *transition) (Status, error) {
	if err := a.checkOffice(by, t); err != nil {
		return "", err
	}
	if t.apart != "" && slices.Contains(a.Authors, by.Name) {
		return "", &ForbiddenError{t.apart, fmt.Sprintf("%s wrote adjustment %d and may not %s it", by.Name, a.ID, t.action), "ask somebody else to"}
	}
	if missing := a.Missing(); t.action == Approve && len(missing) > 0 {
		return "", &ForbiddenError{"consent_of_streets", fmt.Sprintf("adjustment %d moves ground of street %s, which has not consented", a.ID, strings.Join(missing, ", ")),
			"have its office consent"}
	}
	if t.to == "" {
		return a.Status, nil
	}
	return t.to, nil
}

func (a Adjustment) checkOffice(by Actor, t *transition) error {
	admin, missing := by.Role == Admin, a.Missing()
	switch {
	case t.office == ownOffice && !admin && by.Street != a.Street:
		return &ForbiddenError{"own_street", fmt.Sprintf("adjustment %d is that of street %s, not of %s", a.ID, a.Street, by.Street), "ask that street's office"}
	case t.office == oneOffice && !admin && by.Street != a.Street && !slices.Contains(a.Streets, by.Street):
		return &ForbiddenError{"own_street", fmt.Sprintf("adjustment %d does not touch street %s", a.ID, by.Street), "ask the office of " + a.Street}
	case t.office == otherOffice && len(missing) == 0:
		return &ForbiddenError{t.name, fmt.Sprintf("adjustment %d waits for no consent", a.ID), ""}
	case t.office == otherOffice && !admin && !slices.Contains(missing, by.Street):
		return &ForbiddenError{t.name, fmt.Sprintf("adjustment %d does not wait for the consent of %s", a.ID, by.Street), "ask the office of " + strings.Join(missing, ", ")}
	}
	return nil
}

// Actions are those an actor could carry out now. To schedule is to apply
// before the time.
func (a Adjustment) Actions(by Actor) []Action {
	var actions []Action
	for _, t := range transitions {
		if t.action == Schedule || slices.Contains(actions, t.action) {
			continue
		}
		if !slices.Contains(t.from, a.Status) || !t.by(by.Role) || by.Role == "" {
			continue
		}
		if _, err := a.take(by, &t); err == nil {
			actions = append(actions, t.action)
		}
	}
	return actions
}

// MayCreate refuses a draft for a street by who may not propose for it.
func MayCreate(by Actor, street string) error {
	switch {
	case by.Role == "":
		return &ForbiddenError{"signed_in", "nobody is signed in", "use a token"}
	case by.Role != Proposer && by.Role != Admin:
		return &ForbiddenError{"create_by_proposer", fmt.Sprintf("a token of role %s may not propose", by.Role), "ask a proposer"}
	case by.Role == Proposer && by.Street != street:
		return &ForbiddenError{"own_street", fmt.Sprintf("%s proposes for street %s, not for %s", by.Name, by.Street, street), "ask that street's office"}
	}
	return nil
}
