package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/history"
)

// TestRandomWorkflows has random people do random things to random
// adjustments. Whatever comes of it, the state is sound, nobody is lost, and
// an adjustment is in effect if and only if its audit says so. WANGGE_EDITS
// is how many things they do.
func TestRandomWorkflows(t *testing.T) {
	edits := 250
	if n, err := strconv.Atoi(os.Getenv("WANGGE_EDITS")); err == nil {
		edits = n
	}
	d := newDesk(t)
	random := rand.New(rand.NewPCG(1, uint64(edits)))
	people := []adjustment.Actor{ann, amy, bob, rita, paul, root, guest}
	actions := []adjustment.Action{adjustment.Submit, adjustment.Submit, adjustment.Review, adjustment.Review, adjustment.Approve, adjustment.Approve, adjustment.Apply, adjustment.Apply,
		adjustment.Consent, adjustment.Return, adjustment.Reject, adjustment.Withdraw, adjustment.Comment, adjustment.Revert}
	done := map[adjustment.Action]int{}
	for i := range edits {
		all := ledger.List(d.live.Current())
		who, action := people[random.IntN(len(people))], actions[random.IntN(len(actions))]
		version := d.live.Current().Version()
		var err error
		if len(all) == 0 || random.IntN(6) == 0 {
			action = adjustment.Create
			_, err = d.Propose(t.Context(), by(who), ledger.Proposal{Steps: []adjustment.Step{anyStep(random)}})
		} else {
			a := all[random.IntN(min(len(all), 8))]
			id := a.ID
			if next := forward(a, people); len(next) > 0 && random.IntN(3) > 0 { // mostly what is expected
				choice := next[random.IntN(len(next))]
				who, action = choice.who, choice.action
			}
			if action == adjustment.Revert {
				_, err = d.Revert(t.Context(), by(who), id, "n")
			} else {
				_, err = d.try(who, id, action)
			}
		}
		if err == nil {
			done[action]++
		} else if !expected(err) {
			t.Fatalf("%d: %s %s: %v", i, who.Name, action, err)
		} else if d.live.Current().Version() != version {
			t.Fatalf("%d: %s %s was refused and changed something: %v", i, who.Name, action, err)
		}
		if i%10 == 0 || action == adjustment.Apply && err == nil {
			checkBooks(d)
		}
	}
	checkBooks(d)
	t.Logf("%v", done)
	if done[adjustment.Apply] == 0 {
		t.Error("nothing took effect")
	}
}

// turn is what somebody may do.
type turn struct {
	who    adjustment.Actor
	action adjustment.Action
}

// forward are the turns that bring an adjustment on.
func forward(a adjustment.Adjustment, people []adjustment.Actor) (turns []turn) {
	for _, who := range people {
		for _, action := range ledger.Actions(a, who) {
			switch action {
			case adjustment.Submit, adjustment.Review, adjustment.Approve, adjustment.Consent, adjustment.Apply, adjustment.Revert:
				turns = append(turns, turn{who, action})
			}
		}
	}
	return turns
}

// anyStep moves the upper house of a grid, or merges or splits grids.
func anyStep(random *rand.Rand) adjustment.Step {
	street, n := 1+random.IntN(2), 1+random.IntN(3)
	from, to := fmt.Sprintf("%d%02d", street, n), fmt.Sprintf("%d%02d", street, n+1)
	switch random.IntN(8) {
	case 0:
		return adjustment.Step{From: from, To: to}
	case 1:
		return across(fmt.Sprintf("1%02d", n), fmt.Sprintf("2%02d", n))
	}
	return up(from, to)
}

// expected says whether an error is one that people may meet.
func expected(err error) bool {
	var (
		forbidden *adjustment.ForbiddenError
		status    *adjustment.StatusError
		overlap   *adjustment.OverlapError
		changed   *adjustment.ChangedError
		refused   *adjustment.RefusedError
		invalid   *spatial.InvalidError
	)
	return errors.As(err, &forbidden) || errors.As(err, &status) || errors.As(err, &overlap) || errors.As(err, &changed) || errors.As(err, &refused) ||
		errors.As(err, &invalid)
}

func checkBooks(d *desk) {
	d.t.Helper()
	d.sound()
	s := d.live.Current()
	if n := d.byCode("streets", "1").Attribute("residents").Int() + d.byCode("streets", "2").Attribute("residents").Int(); n != 88 {
		d.t.Fatalf("%d residents", n)
	}
	for _, a := range ledger.List(s) {
		audit := ledger.Audit(s, a.ID)
		applied := false
		for i, r := range audit {
			applied = applied || r.Action == adjustment.Apply
			if i > 0 && (r.From != audit[i-1].To || r.Revision != audit[i-1].Revision+1) {
				d.t.Fatalf("adjustment %d: %+v follows %+v", a.ID, r, audit[i-1])
			}
		}
		if last := audit[len(audit)-1]; last.To != a.Status || last.Revision != a.Revision {
			d.t.Fatalf("adjustment %d is %s at revision %d, its audit ends with %+v", a.ID, a.Status, a.Revision, last)
		}
		if kept := len(history.By(s, a.ID)) > 0; kept != applied || applied != (a.Status == adjustment.Applied) {
			d.t.Fatalf("adjustment %d is %s, applied %v, history %v", a.ID, a.Status, applied, kept)
		}
	}
}

// TestReplicasPutIntoEffectOnce has two services at one store whose time for
// an adjustment comes at once.
func TestReplicasPutIntoEffectOnce(t *testing.T) {
	d := newDesk(t)
	a, err := d.Propose(t.Context(), by(ann), ledger.Proposal{Steps: []adjustment.Step{up("101", "102")}, EffectiveAt: d.clock.at.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	d.approved(a.ID)
	d.do(ann, a.ID, adjustment.Apply)
	other := reopen(t, d.store)
	var both sync.WaitGroup
	for _, replica := range []*desk{d, other} {
		replica.clock.on(2 * time.Hour)
		both.Go(func() { ledger.Settle(replica.Ledger, t.Context()) })
	}
	both.Wait()
	checkBooks(reopen(t, d.store))
	if audit := ledger.Audit(reopen(t, d.store).live.Current(), a.ID); len(audit) != 6 || audit[5].Action != adjustment.Apply || audit[5].Actor != "clock" {
		t.Errorf("audit: %+v", audit)
	}
}
