package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/data/ledger"
	"wangge/data/postgis"
	"wangge/data/postgis/postgistest"
	"wangge/spatial/adjustment"
	"wangge/spatial/history"
)

// clerk is the variable that tells a test process to be the one that will be
// killed, and its store.
const clerk = "WANGGE_TEST_CLERK"

func openStore(ctx context.Context, place string) (data.Store, error) {
	if strings.HasPrefix(place, "postgres") {
		return postgis.Open(ctx, place, quiet)
	}
	return geopackage.Open(ctx, place, quiet)
}

// TestKilledClerk kills a process that puts adjustments into effect and
// reverts them, with a signal that it cannot catch, at any time. Each time
// every adjustment is either in effect, with its audit, or not at all, and
// those acknowledged are. WANGGE_SOAK=1 makes it a hundred times.
func TestKilledClerk(t *testing.T) {
	if place := os.Getenv(clerk); place != "" {
		workUntilKilled(t, place)
		return
	}
	kills := 6
	if os.Getenv("WANGGE_SOAK") != "" {
		kills = 100
	}
	for name, fresh := range map[string]func(testing.TB) string{
		"geopackage": func(t testing.TB) string { return filepath.Join(t.TempDir(), "killed.gpkg") },
		"postgis":    func(t testing.TB) string { return postgistest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			place := fresh(t)
			store, err := openStore(t.Context(), place)
			if err != nil {
				t.Fatal(err)
			}
			settle(t, store)
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			last := int64(0)
			for kill := range kills {
				acknowledged := killedAfter(t, place, time.Duration(kill*13%60)*time.Millisecond)
				if acknowledged <= last {
					t.Fatalf("kill %d: adjustment %d was acknowledged after %d", kill, acknowledged, last)
				}
				last = acknowledged
				store, err := openStore(t.Context(), place)
				if err != nil {
					t.Fatal(err)
				}
				checkWhole(reopen(t, store), acknowledged)
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d kills, %d adjustments", kills, last)
		})
	}
}

// checkWhole fails the test if an adjustment is in effect by half, or one up
// to the last is not.
func checkWhole(d *desk, last int64) {
	d.t.Helper()
	d.sound()
	s, inEffect := d.live.Current(), int64(0)
	for _, a := range ledger.List(s) {
		applied := 0
		for _, r := range ledger.Audit(s, a.ID) {
			if r.Action == adjustment.Apply {
				applied++
			}
		}
		kept := len(history.By(s, a.ID))
		switch {
		case a.Status == adjustment.Applied && (applied != 1 || kept == 0 || a.Result == 0), a.Status != adjustment.Applied && (applied != 0 || kept != 0 || a.Result != 0):
			d.t.Fatalf("adjustment %d is %s, with %d lines of audit and %d of history", a.ID, a.Status, applied, kept)
		case a.ID <= last && a.Status != adjustment.Applied && a.Status != adjustment.Withdrawn:
			d.t.Fatalf("adjustment %d was acknowledged and is %s", a.ID, a.Status)
		case a.Status == adjustment.Applied:
			inEffect = max(inEffect, a.ID)
		}
	}
	moved := false
	if a, err := ledger.Find(s, inEffect); err == nil {
		moved = a.Reverts == 0
	}
	if residents := d.byCode("grids", "101").Attribute("residents").Int(); (residents == 10) != moved {
		d.t.Fatalf("adjustment %d is in effect, and 101 has %d residents", inEffect, residents)
	}
}

// killedAfter runs a clerk, kills it some time after its first adjustment, and
// returns the last one that it acknowledged.
func killedAfter(t *testing.T, place string, work time.Duration) (last int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledClerk$")
	cmd.Env = append(os.Environ(), clerk+"="+place, "TMPDIR="+t.TempDir())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // killed: its error says so
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var id int64
		if _, err := fmt.Sscanf(lines.Text(), "applied %d", &id); err != nil {
			t.Errorf("the clerk says %q", lines.Text())
			continue
		}
		if last == 0 {
			time.AfterFunc(work, func() { _ = cmd.Process.Kill() })
		}
		last = id
	}
	if last == 0 {
		t.Fatal("the clerk ended without an adjustment")
	}
	return last
}

// workUntilKilled puts one adjustment after another into effect, each undoing
// the one before if that was none that undoes, and prints each once it is
// acknowledged. It ends, too, when its parent does.
func workUntilKilled(t *testing.T, place string) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	store, err := openStore(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	d := reopen(t, store)
	for _, a := range ledger.List(d.live.Current()) {
		if a.Status != adjustment.Applied && a.Status != adjustment.Withdrawn {
			d.do(root, a.ID, adjustment.Withdraw)
		}
	}
	for {
		a := d.next()
		d.approved(a.ID)
		d.do(ann, a.ID, adjustment.Apply)
		fmt.Printf("applied %d\n", a.ID)
	}
}

// next drafts the move of a house, or if it was moved, the way back.
func (d *desk) next() adjustment.Adjustment {
	d.t.Helper()
	for _, a := range ledger.List(d.live.Current()) {
		if a.Status != adjustment.Applied {
			continue
		}
		if a.Reverts != 0 {
			break
		}
		back, err := d.Revert(d.t.Context(), by(ann), a.ID, "back")
		if err != nil {
			d.t.Fatal(err)
		}
		return back
	}
	return d.propose(ann, up("101", "102"))
}
