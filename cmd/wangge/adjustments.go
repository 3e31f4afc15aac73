package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"wangge/data/ledger"
	"wangge/spatial/adjustment"
)

type adjustmentsCommand struct {
	List     adjustmentList   `cmd:"" default:"withargs" help:"List adjustments, newest first."`
	Show     adjustmentShow   `cmd:"" help:"Show an adjustment, what it does to the state of today, and its audit."`
	Submit   adjustmentAction `cmd:"" help:"Submit a draft to the district grid centre."`
	Review   adjustmentAction `cmd:"" help:"Pass an adjustment on to the city grid office."`
	Approve  adjustmentAction `cmd:"" help:"Approve an adjustment, or record that it was approved outside."`
	Reject   adjustmentAction `cmd:"" help:"Refuse an adjustment for good."`
	Return   adjustmentAction `cmd:"" help:"Give an adjustment back to be changed."`
	Withdraw adjustmentAction `cmd:"" help:"Take one's own adjustment back."`
	Consent  adjustmentAction `cmd:"" help:"Agree as the other street that an adjustment touches."`
	Apply    adjustmentAction `cmd:"" help:"Put an approved adjustment into effect."`
	Comment  adjustmentAction `cmd:"" help:"Note something on an adjustment."`
	Revert   adjustmentRevert `cmd:"" help:"Draft the adjustment that undoes one in effect."`
}

type adjustmentList struct {
	deskFlags
	Status string `help:"Only those with this status." enum:",draft,submitted,reviewed,approved,scheduled,applied,returned,withdrawn,rejected" default:"" placeholder:"STATUS"`
	Limit  int    `help:"Rows to print; the number of all is always printed." default:"50"`
}

// Run lists adjustments.
func (c *adjustmentList) Run(ctx context.Context, p *program) error {
	desk, err := c.enter(ctx, p)
	if err != nil {
		return err
	}
	defer desk.close()
	table, found := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0), 0
	for _, a := range ledger.List(desk.live.Current()) {
		if c.Status != "" && string(a.Status) != c.Status {
			continue
		}
		if found++; found <= c.Limit {
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", a.ID, word(a.Status), a.Street, a.Proposer, local(a.Updated), a.Title)
		}
	}
	_ = table.Flush()
	fmt.Fprintf(p.out, "%d adjustments", found)
	if found > c.Limit {
		fmt.Fprintf(p.out, ", %d of them not printed (--limit %d)", found-c.Limit, c.Limit)
	}
	fmt.Fprintln(p.out)
	return nil
}

// local is an instant in the zone of the terminal.
func local(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

type adjustmentShow struct {
	ID int64 `arg:"" name:"id" help:"Number of the adjustment."`
	deskFlags
}

// Run shows an adjustment.
func (c *adjustmentShow) Run(ctx context.Context, p *program) error {
	desk, err := c.enter(ctx, p)
	if err != nil {
		return err
	}
	defer desk.close()
	s, err := desk.shown()
	if err != nil {
		return err
	}
	a, err := ledger.Find(s, c.ID)
	if err != nil {
		return err
	}
	desk.describe(p.out, a)
	if a.Status != adjustment.Applied {
		plan, err := desk.ledger.PlanOf(s, a)
		if err != nil {
			return err
		}
		desk.show(p.out, s, plan)
	}
	for _, r := range ledger.Audit(s, c.ID) {
		fmt.Fprintf(p.out, "%s  %s (%s) %s: %s → %s, version %d%s\n", local(r.At), r.Actor, r.Role, r.Action, r.From, r.To, r.Base, noted(r))
	}
	return nil
}

// describe prints what an adjustment is, and what who asks may do with it.
func (d *desk) describe(out io.Writer, a adjustment.Adjustment) {
	fmt.Fprintf(out, "Adjustment %d %q: %s, revision %d, proposed by %s for street %s, base version %d\n",
		a.ID, a.Title, word(a.Status), a.Revision, a.Proposer, a.Street, a.Base)
	if a.Reason != "" {
		fmt.Fprintln(out, "Reason:", a.Reason)
	}
	if a.Reverts != 0 {
		fmt.Fprintf(out, "It undoes adjustment %d.\n", a.Reverts)
	}
	if a.Decision != nil {
		fmt.Fprintf(out, "Decision: %s of %s %s\n", a.Decision.Number, a.Decision.Date, a.Decision.File)
	}
	if !a.EffectiveAt.IsZero() {
		fmt.Fprintln(out, "Takes effect:", local(a.EffectiveAt))
	}
	var able []string
	for _, action := range ledger.Actions(a, d.actor) {
		able = append(able, string(action))
	}
	if len(able) > 0 {
		fmt.Fprintf(out, "You may: %s\n", strings.Join(able, ", "))
	}
}

func noted(r adjustment.Record) string {
	text := ""
	if len(r.Proof) > 0 {
		if proof, err := json.Marshal(r.Proof); err == nil {
			text += ", proof " + string(proof)
		}
	}
	if r.Note != "" {
		text += ": " + r.Note
	}
	return text
}

type adjustmentAction struct {
	ID int64 `arg:"" name:"id" help:"Number of the adjustment."`
	deskFlags
	Note      string    `help:"What to note with it." placeholder:"TEXT"`
	Revision  int64     `help:"Only if this is still its newest revision." placeholder:"N"`
	Number    string    `help:"批复文号: number of the decision outside, with approve." placeholder:"TEXT"`
	Date      string    `help:"Date of that decision, like 2024-12-30." placeholder:"DATE"`
	Document  string    `type:"existingfile" help:"Scan of that decision." placeholder:"FILE"`
	Effective time.Time `help:"When it takes effect, with approve." format:"2006-01-02" placeholder:"DATE"`
}

// Run carries the action out that the command is named by.
func (c *adjustmentAction) Run(ctx context.Context, p *program, k *kong.Context) error {
	desk, err := c.enter(ctx, p)
	if err != nil {
		return err
	}
	defer desk.close()
	move, err := c.move(adjustment.Action(k.Selected().Name))
	if err != nil {
		return err
	}
	a, err := desk.ledger.Do(ctx, ledger.Request{Actor: desk.actor, Revision: c.Revision}, c.ID, move)
	if err != nil {
		return err
	}
	desk.describe(p.out, a)
	return nil
}

func (c *adjustmentAction) move(action adjustment.Action) (m ledger.Move, err error) {
	m = ledger.Move{Action: action, Note: c.Note}
	if !c.Effective.IsZero() {
		day := inChina(c.Effective)
		m.EffectiveAt = &day
	}
	if c.Number != "" || c.Date != "" || c.Document != "" {
		m.Decision = &adjustment.Decision{Number: c.Number, Date: c.Date}
	}
	if c.Document == "" {
		return m, nil
	}
	m.Decision.File = filepath.Base(c.Document)
	m.File, err = os.ReadFile(c.Document)
	return m, err
}

type adjustmentRevert struct {
	ID int64 `arg:"" name:"id" help:"Number of the adjustment."`
	deskFlags
	Reason string `help:"Why." placeholder:"TEXT"`
}

// Run drafts the inverse.
func (c *adjustmentRevert) Run(ctx context.Context, p *program) error {
	desk, err := c.enter(ctx, p)
	if err != nil {
		return err
	}
	defer desk.close()
	a, err := desk.ledger.Revert(ctx, ledger.Request{Actor: desk.actor}, c.ID, c.Reason)
	if err != nil {
		return err
	}
	desk.describe(p.out, a)
	return nil
}
