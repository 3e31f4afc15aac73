package adjustment

import (
	"fmt"
	"strings"
	"time"

	"wangge/spatial"
)

// Role is what somebody may do to adjustments.
type Role string

// The roles. An admin does what the others may, but separations hold for
// everyone.
const (
	Reader   Role = "reader"
	Proposer Role = "proposer" // of one street office: drafts, submits, and puts into effect what was approved
	Reviewer Role = "reviewer" // district grid centre
	Approver Role = "approver" // city grid office, or who records its decision
	Admin    Role = "admin"
	Clock    Role = "clock" // puts scheduled ones into effect; no token has it
)

// Actor is who does something.
type Actor struct {
	Name   string // of the token, unique
	Role   Role
	Street string // code of a proposer's street; "" for none
}

// Status is how far an adjustment has come.
type Status string

// The statuses: 草稿, 已提交, 区中心已审核, 市网格办已批准, 待生效, 已生效, 退回, 撤回, 不予批准.
const (
	Draft     Status = "draft"
	Submitted Status = "submitted"
	Reviewed  Status = "reviewed"
	Approved  Status = "approved"
	Scheduled Status = "scheduled"
	Applied   Status = "applied"
	Returned  Status = "returned"
	Withdrawn Status = "withdrawn"
	Rejected  Status = "rejected"
)

// Action is what an actor does to an adjustment.
type Action string

// The actions. Create, Edit, Comment and Revert have methods of their own.
const (
	Create   Action = "create"
	Edit     Action = "edit"
	Submit   Action = "submit"
	Review   Action = "review"
	Approve  Action = "approve"
	Reject   Action = "reject"
	Return   Action = "return"
	Withdraw Action = "withdraw"
	Consent  Action = "consent"
	Apply    Action = "apply"
	Schedule Action = "schedule"
	Comment  Action = "comment"
	Revert   Action = "revert"
)

// Decision is that of an office outside, as recorded with an approval.
type Decision struct {
	Number string `json:"number"`         // 批复文号
	Date   string `json:"date"`           // 2006-01-02
	File   string `json:"file,omitempty"` // name of the scanned document
	SHA256 string `json:"sha256,omitempty"`
}

// Expected are figures that the proposer counts on; a plan that moves others
// is refused.
type Expected map[string]int64 // by field of the plan's totals: residents, rooms, …

// Adjustment is a proposed change of boundaries as it is recorded.
type Adjustment struct {
	ID          int64
	Revision    int64 // goes up with everything done to it
	Status      Status
	Title       string
	Reason      string
	Layer       spatial.LayerID
	Steps       []Step
	Expected    Expected
	Street      string   // of the proposer
	Streets     []string // all that it touches, ascending
	Consents    []string // streets other than the proposer's that agreed
	Authors     []string // names of all who wrote or submitted it; none of them decides on it
	Proposer    string   // names of actors
	Reviewer    string
	Approver    string
	Decision    *Decision
	EffectiveAt time.Time       // zero: when it is put into effect
	Base        spatial.Version // that it was last checked on
	Result      spatial.Version // that put it into effect, 0 before
	Reverts     int64           // the adjustment it undoes, 0 for none
	Created     time.Time
	Updated     time.Time
}

// Record is one line of the audit: something done to an adjustment. None is
// ever changed.
type Record struct {
	ID         int64
	Adjustment int64
	At         time.Time
	Actor      string
	Role       Role
	Street     string
	Action     Action
	From, To   Status
	Revision   int64
	Base       spatial.Version
	Result     spatial.Version
	Note       string
	Proof      map[string]any // figures of the proof, of actions that check
}

// ForbiddenError refuses what the actor may not do, by a named rule.
type ForbiddenError struct{ Rule, Detail, Fix string }

func (e *ForbiddenError) Error() string { return joined(e.Detail, e.Fix) + " (" + e.Rule + ")" }

// StatusError refuses an action that the adjustment's status does not allow.
type StatusError struct {
	ID      int64
	Status  Status
	Action  Action
	Allowed []Action
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("adjustment %d is %s: %s is not possible", e.ID, e.Status, e.Action)
}

// StaleError refuses an action on a revision that is no longer the newest.
type StaleError struct{ ID, Have, Newest int64 }

func (e *StaleError) Error() string {
	return fmt.Sprintf("adjustment %d is at revision %d, not %d", e.ID, e.Newest, e.Have)
}

// RefusedError says that the plan of an adjustment breaks rules.
type RefusedError struct{ Plan *Plan }

func (e *RefusedError) Error() string {
	var refusals []string
	for _, c := range e.Plan.Checks {
		if c.Severity == Refusal {
			refusals = append(refusals, c.InvalidError.Error())
		}
	}
	return strings.Join(refusals, "; ")
}

// OverlapError says that another open adjustment touches the same areas.
type OverlapError struct {
	With  int64
	Title string
	Areas []string // codes
}

func (e *OverlapError) Error() string {
	return fmt.Sprintf("adjustment %d %q is open and changes %s, too", e.With, e.Title, strings.Join(e.Areas, ", "))
}

// ChangedError says that an adjustment, planned on today's state, would no
// longer do what was submitted.
type ChangedError struct {
	ID      int64
	Base    spatial.Version
	Changes []string // what is different, in words
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("adjustment %d would no longer do what it did on version %d: %s", e.ID, e.Base, strings.Join(e.Changes, "; "))
}

// KeyError says that a key of idempotency was used for another request. It is
// a [spatial.ErrConflict].
type KeyError struct {
	Key        string
	Adjustment int64 // that the other request was about
	Action     Action
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("the key %q was used to %s adjustment %d; use another", e.Key, e.Action, e.Adjustment)
}

func (e *KeyError) Unwrap() error { return spatial.ErrConflict }

// joined are what is wrong and what to do about it, in one line.
func joined(detail, fix string) string {
	if fix == "" {
		return detail
	}
	return detail + "; " + fix
}
