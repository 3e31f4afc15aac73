package ledger_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

func TestFromDraftToEffect(t *testing.T) {
	d := newDesk(t)
	a, err := d.Propose(t.Context(), by(ann), ledger.Proposal{Title: "深水楼", Reason: "r", Steps: []adjustment.Step{up("101", "102")}, Expected: adjustment.Expected{"residents": 1, "buildings": 1}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != adjustment.Draft || a.Revision != 1 || a.Street != "1" || !slices.Equal(a.Streets, []string{"1"}) || a.Layer != "grids" || len(a.Steps) != 1 {
		t.Fatalf("%+v", a)
	}
	d.do(ann, a.ID, adjustment.Submit)
	d.do(rita, a.ID, adjustment.Review)
	document := []byte("%PDF-1.4")
	a, err = d.Do(t.Context(), by(paul), a.ID, ledger.Move{Action: adjustment.Approve, Decision: &adjustment.Decision{Number: "深网格〔2030〕1号", Date: "2030-01-01", File: "批复.pdf"}, File: document})
	if err != nil {
		t.Fatal(err)
	}
	before := d.live.Current().Version()
	a = d.do(ann, a.ID, adjustment.Apply)
	d.sound()
	if a.Status != adjustment.Applied || a.Result != d.live.Current().Version() || a.Base != before || a.Reviewer != "rita" || a.Approver != "paul" {
		t.Errorf("%+v", a)
	}
	if one, two := d.byCode("grids", "101").Attribute("residents").Int(), d.byCode("grids", "102").Attribute("residents").Int(); one != 10 || two != 12 {
		t.Errorf("%d and %d residents", one, two)
	}
	name, content, err := ledger.Document(d.live.Current(), a.ID)
	if err != nil || name != "批复.pdf" || !bytes.Equal(content, document) {
		t.Errorf("document: %s %q %v", name, content, err)
	}
	var done []adjustment.Action
	audit := ledger.Audit(d.live.Current(), a.ID)
	for i, r := range audit {
		done = append(done, r.Action)
		if r.Revision != int64(i+1) || r.At.IsZero() || r.Actor == "" || r.Role == "" || r.Base == 0 {
			t.Errorf("audit: %+v", r)
		}
	}
	if want := []adjustment.Action{adjustment.Create, adjustment.Submit, adjustment.Review, adjustment.Approve, adjustment.Apply}; !slices.Equal(done, want) {
		t.Errorf("audit: %v", done)
	}
	proof := audit[4].Proof
	was, is := proof["before"].(map[string]any), proof["after"].(map[string]any)
	if was["residents"] != is["residents"] || was["residents"] == nil || proof["faults"] != 0.0 || audit[4].Result != a.Result {
		t.Errorf("proof: %v", proof)
	}
	if all := ledger.List(d.live.Current()); len(all) != 1 || all[0].Status != adjustment.Applied || all[0].Decision == nil || all[0].Decision.SHA256 == "" {
		t.Errorf("list: %+v", all)
	}
	if faults := historyOf(d); faults == 0 {
		t.Error("no history was kept")
	}
}

func historyOf(d *desk) int {
	l, err := d.live.Current().Layer("grids_history")
	if err != nil {
		return 0
	}
	return l.Len()
}

func TestExpectedFigures(t *testing.T) {
	d := newDesk(t)
	for name, c := range map[string]struct {
		expected adjustment.Expected
		refused  bool
	}{
		"right":   {adjustment.Expected{"residents": 1}, false},
		"wrong":   {adjustment.Expected{"residents": 2}, true},
		"unknown": {adjustment.Expected{"cows": 0}, true},
	} {
		a, err := d.Propose(t.Context(), by(ann), ledger.Proposal{Steps: []adjustment.Step{up("101", "102")}, Expected: c.expected})
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.try(ann, a.ID, adjustment.Submit)
		var refused *adjustment.RefusedError
		if errors.As(err, &refused) != c.refused || !c.refused && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOwnStreet(t *testing.T) {
	d := newDesk(t)
	for name, c := range map[string]struct {
		actor  adjustment.Actor
		street string
		step   adjustment.Step
		rule   string
	}{
		"own":             {ann, "", up("101", "102"), ""},
		"another's":       {ann, "", up("201", "202"), "own_street"},
		"for another":     {ann, "2", up("201", "202"), "own_street"},
		"across":          {ann, "", across("102", "202"), ""},
		"by an admin":     {root, "", up("201", "202"), ""},
		"a reviewer":      {rita, "1", up("101", "102"), "create_by_proposer"},
		"nobody":          {adjustment.Actor{}, "1", up("101", "102"), "signed_in"},
		"admin elsewhere": {root, "1", up("201", "202"), "own_street"},
	} {
		_, err := d.Propose(t.Context(), by(c.actor), ledger.Proposal{Street: c.street, Steps: []adjustment.Step{c.step}})
		if got := ruleOf(err); got != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func ruleOf(err error) string {
	var forbidden *adjustment.ForbiddenError
	var invalid *spatial.InvalidError
	switch {
	case errors.As(err, &forbidden):
		return forbidden.Rule
	case errors.As(err, &invalid):
		return invalid.Rule
	case err != nil:
		return err.Error()
	}
	return ""
}

func TestConsentOfTheOtherStreet(t *testing.T) {
	d := newDesk(t)
	a := d.propose(ann, across("102", "202"))
	if !slices.Equal(a.Streets, []string{"1", "2"}) {
		t.Fatalf("streets: %v", a.Streets)
	}
	d.do(ann, a.ID, adjustment.Submit)
	d.do(rita, a.ID, adjustment.Review)
	if _, err := d.try(paul, a.ID, adjustment.Approve); ruleOf(err) != "consent_of_streets" {
		t.Errorf("approved without consent: %v", err)
	}
	if _, err := d.try(amy, a.ID, adjustment.Consent); ruleOf(err) != "consent_by_other_street" {
		t.Errorf("consent of the proposer's street: %v", err)
	}
	if got := d.do(bob, a.ID, adjustment.Consent); !slices.Equal(got.Consents, []string{"2"}) || got.Status != adjustment.Reviewed {
		t.Errorf("%+v", got)
	}
	if _, err := d.try(bob, a.ID, adjustment.Consent); ruleOf(err) != "consent_by_other_street" {
		t.Errorf("consent twice: %v", err)
	}
	d.do(paul, a.ID, adjustment.Approve)
	if _, err := d.try(bob, a.ID, adjustment.Apply); ruleOf(err) != "own_street" {
		t.Errorf("put into effect by the other street: %v", err)
	}
	d.do(ann, a.ID, adjustment.Apply)
	d.sound()
	if n := d.byCode("streets", "2").Attribute("residents").Int(); n != 45 {
		t.Errorf("%d residents in street 2", n)
	}
}

func TestOverlappingDrafts(t *testing.T) {
	d := newDesk(t)
	first, second, apart := d.propose(ann, up("101", "102")), d.propose(amy, up("102", "103")), d.propose(amy, up("103", "104"))
	d.do(ann, first.ID, adjustment.Submit)
	_, err := d.try(amy, second.ID, adjustment.Submit)
	var overlap *adjustment.OverlapError
	if !errors.As(err, &overlap) || overlap.With != first.ID || !slices.Equal(overlap.Areas, []string{"102"}) {
		t.Fatalf("overlap: %v", err)
	}
	d.do(amy, apart.ID, adjustment.Submit)
	for _, id := range []int64{first.ID, apart.ID} { // disjoint ones both take effect
		d.do(rita, id, adjustment.Review)
		d.do(paul, id, adjustment.Approve)
	}
	d.do(ann, first.ID, adjustment.Apply)
	d.do(ann, apart.ID, adjustment.Apply)
	d.do(amy, second.ID, adjustment.Submit)
	d.sound()
}

func TestStaleRevision(t *testing.T) {
	d := newDesk(t)
	a := d.propose(ann, up("101", "102"))
	d.do(ann, a.ID, adjustment.Comment)
	_, err := d.Do(t.Context(), ledger.Request{Actor: ann, Revision: a.Revision}, a.ID, ledger.Move{Action: adjustment.Submit})
	var stale *adjustment.StaleError
	if !errors.As(err, &stale) || stale.Have != 1 || stale.Newest != 2 {
		t.Errorf("%v", err)
	}
	if _, err := d.Do(t.Context(), ledger.Request{Actor: ann, Revision: 2}, a.ID, ledger.Move{Action: adjustment.Submit}); err != nil {
		t.Error(err)
	}
}

func TestRepeatedRequestsActOnce(t *testing.T) {
	d := newDesk(t)
	keyed := func(a adjustment.Actor, key string) ledger.Request { return ledger.Request{Actor: a, Key: key} }
	p := ledger.Proposal{Title: "t", Steps: []adjustment.Step{up("101", "102")}}
	first, err := d.Propose(t.Context(), keyed(ann, "k"), p)
	if err != nil {
		t.Fatal(err)
	}
	version := d.live.Current().Version()
	again, err := d.Propose(t.Context(), keyed(ann, "k"), p)
	if err != nil || again.ID != first.ID || d.live.Current().Version() != version {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	p.Title = "other"
	var used *adjustment.KeyError
	if _, err := d.Propose(t.Context(), keyed(ann, "k"), p); !errors.As(err, &used) || used.Key != "k" || !errors.Is(err, spatial.ErrConflict) {
		t.Errorf("another request: %v", err)
	}
	if other, err := d.Propose(t.Context(), keyed(amy, "k"), p); err != nil || other.ID == first.ID {
		t.Errorf("somebody else's key: %v", err)
	}
	for range 2 {
		done, err := d.Do(t.Context(), keyed(ann, "s"), first.ID, ledger.Move{Action: adjustment.Submit})
		if err != nil || done.Revision != 2 {
			t.Errorf("submit: %+v %v", done, err)
		}
	}
}

func TestScheduled(t *testing.T) {
	d := newDesk(t)
	at := d.clock.at.Add(time.Hour)
	a, err := d.Propose(t.Context(), by(ann), ledger.Proposal{Steps: []adjustment.Step{up("101", "102")}, EffectiveAt: at})
	if err != nil {
		t.Fatal(err)
	}
	d.approved(a.ID)
	if got := d.do(ann, a.ID, adjustment.Apply); got.Status != adjustment.Scheduled || got.Result != 0 {
		t.Fatalf("%+v", got)
	}
	if _, err := d.try(ann, a.ID, adjustment.Apply); err == nil {
		t.Error("put into effect before its time")
	}
	status := func() adjustment.Status { got, _ := ledger.Find(d.live.Current(), a.ID); return got.Status }
	ledger.Settle(d.Ledger, t.Context())
	if status() != adjustment.Scheduled {
		t.Fatal("it took effect too early")
	}
	d.clock.on(2 * time.Hour)
	ledger.Settle(d.Ledger, t.Context())
	ledger.Settle(d.Ledger, t.Context())
	if status() != adjustment.Applied {
		t.Fatalf("it is %s: %v", status(), ledger.Audit(d.live.Current(), a.ID))
	}
	d.sound()
	then, err := d.live.At(d.live.Current(), at.Add(time.Second), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	l, _ := then.Layer("grids")
	if f, _ := l.ByCode("101"); f.Attribute("residents").Int() != 10 {
		t.Error("it does not hold since it was to take effect")
	}
}

func TestWhatCannotTakeEffectSaysWhy(t *testing.T) {
	d := newDesk(t)
	a, err := d.Propose(t.Context(), by(ann), ledger.Proposal{Steps: []adjustment.Step{up("101", "102")}, EffectiveAt: d.clock.at.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	d.approved(a.ID)
	d.do(ann, a.ID, adjustment.Apply)
	d.census("10102", 7)
	d.clock.on(2 * time.Hour)
	for range 3 {
		ledger.Settle(d.Ledger, t.Context())
	}
	audit := ledger.Audit(d.live.Current(), a.ID)
	last := audit[len(audit)-1]
	if last.Role != adjustment.Clock || !strings.Contains(last.Note, "residents") || audit[len(audit)-2].Role == adjustment.Clock {
		t.Errorf("audit: %+v", audit)
	}
	if got := d.do(paul, a.ID, adjustment.Return); got.Status != adjustment.Returned {
		t.Errorf("%+v", got)
	}
	d.approved(a.ID)
	if got := d.do(ann, a.ID, adjustment.Apply); got.Status != adjustment.Applied {
		t.Errorf("%+v", got)
	}
}

// census gives a house other residents, as an import would.
func (d *desk) census(code string, residents int64) {
	d.t.Helper()
	_, err := d.live.Edit(d.t.Context(), func(s *spatial.Snapshot) (spatial.Change, error) {
		var c spatial.Change
		grid := code[:3]
		more := int64(0)
		for _, at := range []struct {
			layer spatial.LayerID
			code  string
		}{{"buildings", code}, {"grids", grid}, {"streets", grid[:1]}} {
			l, err := s.Layer(at.layer)
			if err != nil {
				return c, err
			}
			f, err := l.ByCode(at.code)
			if err != nil {
				return c, err
			}
			row, i := f.Row(), l.Schema().FieldIndex("residents")
			if at.layer == "buildings" {
				more = residents - row.Values[i].Int()
			}
			row.Values[i] = spatial.Int(row.Values[i].Int() + more)
			c.Layers = append(c.Layers, spatial.LayerChange{Layer: at.layer, Put: []spatial.Row{row}})
		}
		return c, nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.sound()
}

func TestChangedSinceSubmission(t *testing.T) {
	d := newDesk(t)
	a := d.propose(ann, up("101", "102"))
	d.do(ann, a.ID, adjustment.Submit)
	d.census("20101", 5) // elsewhere
	d.do(rita, a.ID, adjustment.Review)
	d.census("10102", 7)
	_, err := d.try(paul, a.ID, adjustment.Approve)
	var changed *adjustment.ChangedError
	if !errors.As(err, &changed) || changed.ID != a.ID || !slices.Contains(changed.Changes, "residents of grids 101 would change by -7, not -1") {
		t.Fatalf("%v", err)
	}
	if got, _ := ledger.Find(d.live.Current(), a.ID); got.Status != adjustment.Reviewed {
		t.Errorf("it is %s", got.Status)
	}
}

func TestDocuments(t *testing.T) {
	d := newDesk(t)
	a := d.propose(ann, up("101", "102"))
	d.do(ann, a.ID, adjustment.Submit)
	d.do(rita, a.ID, adjustment.Review)
	decision := &adjustment.Decision{Number: "1", Date: "2030-01-01", File: "a.pdf"}
	for name, c := range map[string]struct {
		move ledger.Move
		rule string
	}{
		"too large":   {ledger.Move{Action: adjustment.Approve, Decision: decision, File: make([]byte, 2<<20+1)}, "document_size"},
		"no decision": {ledger.Move{Action: adjustment.Approve, File: []byte("x")}, "decision"},
		"no date":     {ledger.Move{Action: adjustment.Approve, Decision: &adjustment.Decision{Date: "soon"}}, "decision_date"},
		"elsewhere":   {ledger.Move{Action: adjustment.Return, Note: "n", Decision: decision}, ""},
	} {
		_, err := d.Do(t.Context(), by(paul), a.ID, c.move)
		if name == "elsewhere" {
			c.rule = "decision_of_approval"
		}
		if got := ruleOf(err); got != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := ledger.Document(d.live.Current(), a.ID); !errors.Is(err, spatial.ErrNotFound) {
		t.Errorf("a document: %v", err)
	}
}

func TestRevertRestoresEveryRow(t *testing.T) {
	for name, steps := range map[string][]adjustment.Step{
		"a move":            {up("101", "102")},
		"across streets":    {across("102", "202")},
		"a merge":           {{From: "101", To: "102"}},
		"a merge of two":    {{From: "101", To: "102"}, {From: "103", To: "102"}},
		"a split":           {{From: "101", Line: orb.LineString{ll(-5, 70), ll(105, 70)}}},
		"a split and merge": {{From: "103", Line: orb.LineString{ll(-5, 270), ll(105, 270)}}, {From: "101", To: "102"}},
		"a house":           {{To: "102", Buildings: []string{"10102"}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			before := d.rows()
			a := d.applied(steps...)
			d.sound()
			after := d.rows()
			back, err := d.Revert(t.Context(), by(ann), a.ID, "wrong")
			if err != nil {
				t.Fatal(err)
			}
			if back.Reverts != a.ID || back.Status != adjustment.Draft || !slices.Equal(back.Streets, a.Streets) {
				t.Errorf("%+v", back)
			}
			d.approved(back.ID)
			d.do(ann, back.ID, adjustment.Apply)
			d.sound()
			equalRows(t, d.rows(), before)
			again, err := d.Revert(t.Context(), by(ann), back.ID, "right after all")
			if err != nil {
				t.Fatal(err)
			}
			d.approved(again.ID)
			d.do(ann, again.ID, adjustment.Apply)
			d.sound()
			equalRows(t, d.rows(), after)
		})
	}
}

func equalRows(t *testing.T, got, want map[spatial.LayerID][]spatial.Row) {
	t.Helper()
	for layer, rows := range want {
		if len(got[layer]) != len(rows) {
			t.Errorf("%s: %d rows, not %d", layer, len(got[layer]), len(rows))
			continue
		}
		for i, row := range rows {
			if !reflect.DeepEqual(got[layer][i], row) {
				t.Errorf("%s %d: %v, not %v", layer, row.ID, got[layer][i], row)
			}
		}
	}
}

func TestRevertIsRefusedWhereOthersBuiltOnIt(t *testing.T) {
	d := newDesk(t)
	first := d.applied(up("101", "102"))
	second := d.applied(up("102", "103"))
	_, err := d.Revert(t.Context(), by(ann), first.ID, "wrong")
	var refused *adjustment.RefusedError
	if !errors.As(err, &refused) || refused.Plan.Checks[0].Rule != "superseded" || !strings.Contains(err.Error(), "adjustment 2 has changed it again") {
		t.Fatalf("%v", err)
	}
	for _, id := range []int64{second.ID, first.ID} {
		back, err := d.Revert(t.Context(), by(ann), id, "wrong")
		if err != nil {
			t.Fatal(err)
		}
		d.approved(back.ID)
		d.do(ann, back.ID, adjustment.Apply)
		d.sound()
	}
	equalRows(t, d.rows(), townRows())
}
