package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"wangge/api/auth"
	"wangge/data"
	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// desk is where adjustments are made from the terminal.
type desk struct {
	store  data.Store
	live   *data.Live
	ledger *ledger.Ledger
	actor  adjustment.Actor // no role without a token
}

// deskFlags are those of commands that take a token.
type deskFlags struct {
	storeFlag
	Token string `help:"Token of who does it." env:"WANGGE_TOKEN" placeholder:"TOKEN"`
}

// enter opens the store for who has the token; without one it refuses.
func (f deskFlags) enter(ctx context.Context, p *program) (*desk, error) {
	d, err := openDesk(ctx, f.storeFlag, f.Token, p)
	if err != nil {
		return nil, err
	}
	if err := d.signedIn(); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// openDesk opens a store for who has a token, or for a look without one.
func openDesk(ctx context.Context, c storeFlag, token string, p *program) (_ *desk, err error) {
	store, err := c.open(ctx, p.log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	live, err := data.Open(ctx, store, p.log)
	if err != nil {
		return nil, err
	}
	d := &desk{store: store, live: live, ledger: ledger.New(live, adjustment.DefaultRules(), time.Now)}
	if token == "" {
		return d, nil
	}
	if d.actor, err = auth.Identify(live.Current(), token, time.Now()); err != nil {
		return nil, fmt.Errorf("--token: %w; make one with: wangge token create", err)
	}
	return d, nil
}

func (d *desk) close() { _ = d.store.Close() } // all that was acknowledged is in it

// signedIn refuses to go on without a token.
func (d *desk) signedIn() error {
	if d.actor.Role == "" {
		return errors.New("this needs a token: give --token or set WANGGE_TOKEN; make one with: wangge token create")
	}
	return nil
}

// inChina is the beginning in China (UTC+8) of a day that was read as one of
// UTC; none for none.
func inChina(day time.Time) time.Time {
	if day.IsZero() {
		return day
	}
	return day.Add(-8 * time.Hour)
}

// words are the statuses as they are called in Chinese.
var words = map[adjustment.Status]string{
	adjustment.Draft: "草稿 draft", adjustment.Submitted: "已提交 submitted", adjustment.Reviewed: "区中心已审核 reviewed",
	adjustment.Approved: "市网格办已批准 approved", adjustment.Scheduled: "待生效 scheduled", adjustment.Applied: "已生效 applied",
	adjustment.Returned: "退回 returned", adjustment.Withdrawn: "撤回 withdrawn", adjustment.Rejected: "不予批准 rejected",
}

func word(s adjustment.Status) string { return words[s] }

// shown is the state that who asks may see the figures of: plans that are only
// shown are made on it.
func (d *desk) shown() (*spatial.Snapshot, error) {
	if auth.SeesSmallCounts(d.actor.Role) {
		return d.live.Current(), nil
	}
	return auth.Masked(d.live.Current())
}

// show prints what a plan does: the units it changes, what changes hands, and
// the rules it breaks. What it prints of people is what the reader may see.
func (d *desk) show(out io.Writer, s *spatial.Snapshot, plan *adjustment.Plan) {
	if !auth.SeesSmallCounts(d.actor.Role) {
		plan = auth.Withhold(s, plan)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, u := range plan.Units {
		showUnit(table, s, u)
	}
	_ = table.Flush()
	for _, m := range plan.Moved {
		showMoved(out, m)
	}
	for _, check := range plan.Checks {
		fmt.Fprintf(out, "%-8s %s\n", check.Severity, check.InvalidError.Error())
	}
	if s.Synthetic() {
		fmt.Fprintln(out, "synthetic data")
	}
}

// showUnit prints one row for each total of a unit that changes.
func showUnit(out io.Writer, s *spatial.Snapshot, u adjustment.Unit) {
	before, after := stateOf(u.Before), stateOf(u.After)
	fmt.Fprintf(out, "%s %s\t%s\tarea\t%.0f\t→ %.0f m²\t%+.1f\n", u.Level, u.Code, u.Name, float64(before.Area), float64(after.Area), float64(after.Area-before.Area))
	layer, err := s.Layer(u.Level)
	if err != nil {
		return
	}
	for _, field := range layer.Schema().Fields {
		if from, to := before.Totals[field.Name], after.Totals[field.Name]; from != to {
			fmt.Fprintf(out, "\t\t%s\t%d\t→ %d\t%+d\n", field.Name, from, to, to-from)
		}
	}
}

func stateOf(s *adjustment.State) adjustment.State {
	if s == nil {
		return adjustment.State{}
	}
	return *s
}

func showMoved(out io.Writer, m adjustment.Moved) {
	fmt.Fprintf(out, "moved    %s %d %s: %s → %s", m.Layer, m.ID, m.Name, m.From, m.To)
	if m.NewCode != "" {
		fmt.Fprintf(out, ", code %s → %s", m.Code, m.NewCode)
	}
	fmt.Fprintln(out)
}
