package adjustment_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// expectations are written by hand, one line for each action: by status in
// the order of statuses, who may do it. P is the proposing office, O another
// office that is touched, R a reviewer, A an approver, C the clock, X an admin,
// and G a reader; * is all.
//
//	draft submitted reviewed approved scheduled applied returned withdrawn rejected
var expectations = map[adjustment.Action]string{
	adjustment.Edit:     "PX - - - - - PX - -",
	adjustment.Submit:   "PX - - - - - PX - -",
	adjustment.Review:   "- RX - - - - - - -",
	adjustment.Approve:  "- - AX - - - - - -",
	adjustment.Reject:   "- - AX - - - - - -",
	adjustment.Return:   "- RX AX AX AX - - - -",
	adjustment.Withdraw: "PX PX PX PX PX - PX - -",
	adjustment.Consent:  "- OX OX - - - - - -",
	adjustment.Apply:    "- - - PX C - - - -",
	adjustment.Schedule: "- - - PX - - - - -",
	adjustment.Comment:  "* * * * * * * * *",
	adjustment.Revert:   "- - - - - POX - - -",
}

var statuses = []adjustment.Status{adjustment.Draft, adjustment.Submitted, adjustment.Reviewed, adjustment.Approved, adjustment.Scheduled,
	adjustment.Applied, adjustment.Returned, adjustment.Withdrawn, adjustment.Rejected}

var leadsTo = map[adjustment.Action]adjustment.Status{adjustment.Submit: adjustment.Submitted, adjustment.Review: adjustment.Reviewed, adjustment.Approve: adjustment.Approved,
	adjustment.Reject: adjustment.Rejected, adjustment.Return: adjustment.Returned, adjustment.Withdraw: adjustment.Withdrawn, adjustment.Apply: adjustment.Applied,
	adjustment.Schedule: adjustment.Scheduled}

var who = map[string]adjustment.Actor{
	"P": {Name: "p", Role: adjustment.Proposer, Street: "1"}, "O": {Name: "o", Role: adjustment.Proposer, Street: "2"},
	"R": {Name: "r", Role: adjustment.Reviewer}, "A": {Name: "a", Role: adjustment.Approver}, "C": {Name: "c", Role: adjustment.Clock},
	"X": {Name: "x", Role: adjustment.Admin}, "G": {Name: "g", Role: adjustment.Reader},
}

// recordedIn is an adjustment of two streets; the other has consented unless
// its consent is asked for.
func recordedIn(status adjustment.Status, action adjustment.Action) adjustment.Adjustment {
	a := adjustment.Adjustment{ID: 7, Status: status, Street: "1", Streets: []string{"1", "2"}, Proposer: "first", Authors: []string{"first", "second"}}
	if action != adjustment.Consent {
		a.Consents = []string{"2"}
	}
	return a
}

// TestEveryTriple holds every status, action and role against the table.
func TestEveryTriple(t *testing.T) {
	for action, line := range expectations {
		for i, may := range strings.Fields(line) {
			for letter, actor := range who {
				a := recordedIn(statuses[i], action)
				to, err := a.Next(actor, action)
				want := may == "*" || strings.Contains(may, letter)
				if want != (err == nil) {
					t.Errorf("%s of a %s adjustment by %s: %v", action, statuses[i], letter, err)
				}
				if next, leads := leadsTo[action]; err == nil && (leads && to != next || !leads && to != statuses[i]) {
					t.Errorf("%s of a %s adjustment leads to %s", action, statuses[i], to)
				}
				if offered := slices.Contains(a.Actions(actor), action); action != adjustment.Schedule && offered != want {
					t.Errorf("%s of a %s adjustment by %s: offered is %v", action, statuses[i], letter, offered)
				}
			}
		}
	}
}

func TestErrorsOfTheWorkflow(t *testing.T) {
	for name, c := range map[string]struct {
		status adjustment.Status
		actor  string
		action adjustment.Action
		rule   string // "" for a StatusError
	}{
		"status":        {adjustment.Applied, "P", adjustment.Submit, ""},
		"role":          {adjustment.Draft, "G", adjustment.Submit, "submit_by_proposer"},
		"role first":    {adjustment.Applied, "G", adjustment.Submit, "submit_by_proposer"},
		"the other row": {adjustment.Reviewed, "R", adjustment.Return, "return_by_approver"},
		"street":        {adjustment.Draft, "O", adjustment.Edit, "own_street"},
		"clock":         {adjustment.Scheduled, "X", adjustment.Apply, "apply_by_clock"},
		"unknown":       {adjustment.Draft, "X", "paint", "action_known"},
	} {
		_, err := recordedIn(c.status, c.action).Next(who[c.actor], c.action)
		var forbidden *adjustment.ForbiddenError
		var status *adjustment.StatusError
		if errors.As(err, &forbidden) && forbidden.Rule != c.rule || errors.As(err, &status) != (c.rule == "") || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := recordedIn(adjustment.Draft, adjustment.Comment).Next(adjustment.Actor{Name: "p"}, adjustment.Comment); err == nil {
		t.Error("nobody may comment")
	}
}

// TestSeparations has nobody decide on what they wrote, whatever their role.
func TestSeparations(t *testing.T) {
	for _, name := range []string{"first", "second", "third"} {
		for _, c := range []struct {
			action adjustment.Action
			status adjustment.Status
			roles  []adjustment.Role
			rule   string
		}{
			{adjustment.Review, adjustment.Submitted, []adjustment.Role{adjustment.Reviewer, adjustment.Admin}, "reviewer_not_proposer"},
			{adjustment.Approve, adjustment.Reviewed, []adjustment.Role{adjustment.Approver, adjustment.Admin}, "approver_not_proposer"},
			{adjustment.Reject, adjustment.Reviewed, []adjustment.Role{adjustment.Approver, adjustment.Admin}, "approver_not_proposer"},
			{adjustment.Consent, adjustment.Reviewed, []adjustment.Role{adjustment.Admin}, "consent_not_proposer"},
		} {
			for _, role := range c.roles {
				_, err := recordedIn(c.status, c.action).Next(adjustment.Actor{Name: name, Role: role}, c.action)
				var forbidden *adjustment.ForbiddenError
				if wrote := name != "third"; errors.As(err, &forbidden) != wrote || wrote && forbidden.Rule != c.rule {
					t.Errorf("%s as %s by %s: %v", c.action, role, name, err)
				}
			}
		}
	}
	a := recordedIn(adjustment.Reviewed, adjustment.Consent)
	var forbidden *adjustment.ForbiddenError
	if _, err := a.Next(who["A"], adjustment.Approve); !errors.As(err, &forbidden) || forbidden.Rule != "consent_of_streets" {
		t.Errorf("approved without consent: %v", err)
	}
}

func TestStepsInJSON(t *testing.T) {
	for _, step := range []adjustment.Step{
		{From: "101", To: "102", Area: box(1.0/3, 1, 10, 10)},
		{From: "101", Area: orb.MultiPolygon{box(0, 0, 1, 1), box(5, 5, 1, 1)}},
		{From: "101", Line: orb.LineString{ll(0, 1.0/7), ll(9, 9)}, NewCode: "109"},
		{To: "102", Buildings: []string{"10101", "10102"}},
		{From: "101", To: "102"},
	} {
		text, err := json.Marshal(step)
		if err != nil {
			t.Fatal(err)
		}
		var back adjustment.Step
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, _ := json.Marshal(back)
		if string(again) != string(text) || step.Area != nil && !orb.Equal(step.Area, back.Area) || !step.Line.Equal(back.Line) {
			t.Errorf("%s came back as %s", text, again)
		}
	}
	for text, rule := range map[string]string{
		`{"from":"1","colour":"red"}`:                                                              "",
		`{"area":{"type":"Point","coordinates":[114,22.5]}}`:                                       "drawing_kind",
		`{"line":{"type":"MultiLineString","coordinates":[[[114,22],[115,22]]]}}`:                  "drawing_kind",
		`{"area":{"type":"Polygon","coordinates":[[[114,22],[115,22],[115,23]]]}}`:                 "ring_length",
		`{"area":{"type":"Polygon","coordinates":[[[114,22],[115,22],[115,null],[114,22]]]}}`:      "drawing_kind",
		`{"area":{"type":"Polygon","coordinates":[[[114,22],[115,22],[115,95],[114,22]]]}}`:        "position_on_earth",
		`{"area":{"type":"Polygon","coordinates":[[[114,22],[115,22],[115,23],[114,22.000001]]]}}`: "ring_closed",
		`{"area":{"type":"Polygon"}}`:                                                              "drawing_kind",
	} {
		err := json.Unmarshal([]byte(text), new(adjustment.Step))
		var invalid *spatial.InvalidError
		if err == nil || rule != "" && (!errors.As(err, &invalid) || invalid.Rule != rule) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
