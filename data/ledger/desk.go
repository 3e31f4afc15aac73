package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/history"
)

// desk is where one request is worked out, on one snapshot.
type desk struct {
	*Ledger
	snapshot *spatial.Snapshot
	by       Request
	at       time.Time
	entry    entry // as it will be kept
	record   logged
	change   spatial.Change
}

// edit carries a request out in one commit, unless it was before.
func (l *Ledger) edit(ctx context.Context, by Request, action adjustment.Action, request []any, work func(*desk) error) (adjustment.Adjustment, error) {
	digest, err := digestOf(action, request)
	if err != nil {
		return adjustment.Adjustment{}, err
	}
	at := l.now().UTC().Truncate(time.Microsecond)
	var id int64
	after, err := l.live.Edit(ctx, func(s *spatial.Snapshot) (spatial.Change, error) {
		var err error
		if id, err = repeated(s, by, digest); err != nil || id != 0 {
			return spatial.Change{}, err
		}
		d := &desk{Ledger: l, snapshot: s, by: by, at: at, record: logged{key: by.Key, digest: digest}}
		d.record.Action = action
		if err := work(d); err != nil {
			return spatial.Change{}, err
		}
		id = d.entry.ID
		return d.finish()
	})
	if err != nil {
		return adjustment.Adjustment{}, err
	}
	return Find(after, id)
}

func digestOf(action adjustment.Action, request []any) (string, error) {
	text, err := json.Marshal(append(request, action))
	if err != nil {
		return "", &spatial.InvalidError{Rule: "request", Where: string(action), Detail: err.Error()}
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// repeated is the adjustment that a request was about when it was made
// before, 0 if it was not. The error is an [*adjustment.KeyError].
func repeated(s *spatial.Snapshot, by Request, digest string) (int64, error) {
	line, known := indexOf(s).keys[[2]string{by.Actor.Name, by.Key}]
	if by.Key == "" || !known {
		return 0, nil
	}
	layer, err := s.Layer(logLayer)
	if err != nil {
		return 0, err
	}
	f, err := layer.Feature(line)
	if err != nil {
		return 0, err
	}
	if r := recordOf(f); f.Value(rRequest).Text() != digest {
		return 0, &adjustment.KeyError{Key: by.Key, Adjustment: r.Adjustment, Action: r.Action}
	}
	return f.Value(rAdjustment).Int(), nil
}

// take puts an adjustment on the desk, brought to where an action leads.
func (d *desk) take(id int64, action adjustment.Action) error {
	e, err := find(d.snapshot, id)
	if err != nil {
		return err
	}
	if d.by.Revision != 0 && d.by.Revision != e.Revision {
		return &adjustment.StaleError{ID: id, Have: d.by.Revision, Newest: e.Revision}
	}
	if action == adjustment.Apply && d.by.Actor.Role != adjustment.Clock && e.EffectiveAt.After(d.at) {
		action = adjustment.Schedule
	}
	to, err := e.Next(d.by.Actor, action)
	if err != nil {
		return err
	}
	d.record.Action, d.record.From = action, e.Status
	d.entry, d.entry.Status = e, to
	return nil
}

// finish makes the change of what is on the desk.
func (d *desk) finish() (spatial.Change, error) {
	d.entry.Revision++
	d.entry.Updated = d.at
	d.record.ID = indexOf(d.snapshot).last + 1
	d.record.Adjustment, d.record.At, d.record.Revision = d.entry.ID, d.at, d.entry.Revision
	d.record.Actor, d.record.Role, d.record.Street = d.by.Actor.Name, d.by.Actor.Role, d.by.Actor.Street
	d.record.To, d.record.Base = d.entry.Status, d.snapshot.Version()
	row, err := d.entry.row()
	if err != nil {
		return spatial.Change{}, err
	}
	line, err := d.record.row()
	if err != nil {
		return spatial.Change{}, err
	}
	d.change.Create = missing(d.snapshot)
	d.put(adjustmentLayer, row)
	d.put(logLayer, line)
	d.change.Note = fmt.Sprintf("%s adjustment %d: %s", d.record.Action, d.entry.ID, d.entry.Title)
	return d.change, d.valid()
}

func (d *desk) put(layer spatial.LayerID, row spatial.Row) {
	d.change.Layers = append(d.change.Layers, spatial.LayerChange{Layer: layer, Put: []spatial.Row{row}})
}

// valid holds the ledger's own rows against their schemas.
func (d *desk) valid() error {
	for _, schema := range Schemas() {
		for _, c := range d.change.Layers {
			if c.Layer != schema.ID {
				continue
			}
			for _, row := range c.Put {
				if err := schema.ValidateRow(row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// propose begins a draft.
func (d *desk) propose(p Proposal) error {
	d.entry.ID = nextID(d.snapshot, adjustmentLayer)
	d.entry.Layer, d.entry.Street = p.Layer, p.Street
	if p.Layer == "" {
		d.entry.Layer = "grids"
	}
	if p.Street == "" {
		d.entry.Street = d.onlyStreet(p.Steps)
	}
	if err := adjustment.MayCreate(d.by.Actor, d.entry.Street); err != nil {
		return err
	}
	if d.entry.Street == "" {
		return &spatial.InvalidError{Rule: "street_missing", Where: "street", Detail: "it is not clear whose proposal this is", Fix: "give the code of a street"}
	}
	d.entry.Status, d.entry.Proposer, d.entry.Created = adjustment.Draft, d.by.Actor.Name, d.at
	return d.draft(p)
}

// onlyStreet is the street that all steps lie in, "" if there are more.
func (d *desk) onlyStreet(steps []adjustment.Step) string {
	if d.by.Actor.Role != adjustment.Admin {
		return d.by.Actor.Street
	}
	streets := d.rules.StreetsNamed(d.snapshot, d.entry.Layer, steps)
	if len(streets) != 1 {
		return ""
	}
	return streets[0]
}

func nextID(s *spatial.Snapshot, id spatial.LayerID) int64 {
	layer, err := s.Layer(id)
	if err != nil {
		return 1
	}
	last := int64(0)
	for f := range layer.All() {
		last = max(last, f.ID())
	}
	return last + 1
}

// rewrite takes in what a proposal says now.
func (d *desk) rewrite(p Proposal) error {
	if p.Layer != "" {
		d.entry.Layer = p.Layer
	}
	if p.Street != "" && p.Street != d.entry.Street {
		if err := adjustment.MayCreate(d.by.Actor, p.Street); err != nil {
			return err
		}
		d.entry.Street = p.Street
	}
	return d.draft(p)
}

// draft takes in a proposal, which may still break rules, other than that of
// its street.
func (d *desk) draft(p Proposal) error {
	e := &d.entry
	if err := storable(p.Steps, e.Reverts != 0); err != nil {
		return err
	}
	e.Title, e.Reason, e.Steps, e.Expected, e.EffectiveAt = p.Title, p.Reason, p.Steps, p.Expected, p.EffectiveAt
	if e.Title == "" && len(p.Steps) > 0 {
		e.Title = p.Steps[0].From + " → " + p.Steps[0].To
	}
	d.author()
	plan, err := d.PlanOf(d.snapshot, e.Adjustment)
	if err != nil {
		return err
	}
	return d.place(plan)
}

// storable refuses steps that could not be read again.
func storable(steps []adjustment.Step, undoes bool) error {
	switch {
	case undoes && len(steps) > 0:
		return &spatial.InvalidError{Rule: "steps_of_revert", Where: "steps", Detail: "it undoes another adjustment, and has no steps of its own", Fix: "propose a new one"}
	case !undoes && len(steps) == 0:
		return &spatial.InvalidError{Rule: "steps_missing", Where: "steps", Detail: "there are none", Fix: "give at least one step"}
	}
	text, err := json.Marshal(steps)
	if err == nil {
		err = json.Unmarshal(text, new([]adjustment.Step))
	}
	if invalid := (*spatial.InvalidError)(nil); err != nil && !errors.As(err, &invalid) {
		return &spatial.InvalidError{Rule: "steps", Where: "steps", Detail: err.Error()}
	}
	return err
}

func (d *desk) author() {
	if name := d.by.Actor.Name; !slices.Contains(d.entry.Authors, name) {
		d.entry.Authors = append(slices.Clone(d.entry.Authors), name)
	}
}

// place notes what a plan touches, and refuses what is none of the street's.
func (d *desk) place(plan *adjustment.Plan) error {
	e := &d.entry
	e.Base, e.Consents, e.submitted = d.snapshot.Version(), nil, ""
	e.areas = plan.Areas(e.Layer)
	e.Streets = d.rules.Streets(d.snapshot, e.Layer, plan)
	if len(e.Streets) == 0 {
		e.Streets = d.rules.StreetsNamed(d.snapshot, e.Layer, e.Steps)
	}
	if e.Reverts != 0 {
		return nil // it touches what the other did
	}
	return d.rules.Within(d.snapshot, e.Layer, e.Street, e.Steps, plan)
}

// do carries an action out on what is on the desk.
func (d *desk) do(m Move) error {
	d.record.Note = m.Note
	if err := d.complete(m); err != nil {
		return err
	}
	name := d.by.Actor.Name
	switch d.record.Action {
	case adjustment.Submit:
		return d.submit()
	case adjustment.Review:
		d.entry.Reviewer = name
		_, err := d.recheck()
		return err
	case adjustment.Approve:
		return d.approve(m)
	case adjustment.Reject:
		d.entry.Approver = name
	case adjustment.Return:
		d.entry.Reviewer, d.entry.Approver, d.entry.Decision = "", "", nil
	case adjustment.Consent:
		d.consent()
	case adjustment.Schedule:
		_, err := d.recheck()
		return err
	case adjustment.Apply:
		return d.apply()
	}
	return nil
}

// complete refuses a move that lacks something, or has too much.
func (d *desk) complete(m Move) error {
	switch d.record.Action {
	case adjustment.Return, adjustment.Reject, adjustment.Comment:
		if m.Note == "" {
			return &spatial.InvalidError{Rule: "note_missing", Where: "note", Detail: "it does not say why", Fix: "give a note"}
		}
	}
	if d.record.Action != adjustment.Approve && (m.Decision != nil || m.File != nil || m.EffectiveAt != nil) {
		return &spatial.InvalidError{Rule: "decision_of_approval", Where: string(d.record.Action), Detail: "a decision, its document and its date belong to an approval"}
	}
	return nil
}

// submit hands a draft in.
func (d *desk) submit() error {
	d.author()
	plan, err := d.PlanOf(d.snapshot, d.entry.Adjustment)
	if err != nil {
		return err
	}
	if plan.Refused() {
		return &adjustment.RefusedError{Plan: plan}
	}
	if err := d.place(plan); err != nil {
		return err
	}
	if err := d.overlap(); err != nil {
		return err
	}
	effects, err := json.Marshal(plan.Effects(d.entry.Layer))
	if err != nil {
		return fmt.Errorf("effects of adjustment %d: %w", d.entry.ID, err)
	}
	d.entry.submitted = string(effects)
	d.record.Proof = plan.Proof(d.entry.Layer)
	return d.recordable(plan)
}

// overlap refuses what another open adjustment touches, too.
func (d *desk) overlap() error {
	for _, other := range entries(d.snapshot) {
		if !other.Open() || other.ID == d.entry.ID || other.Layer != d.entry.Layer {
			continue
		}
		if both := common(d.entry.areas, other.areas); len(both) > 0 {
			return &adjustment.OverlapError{With: other.ID, Title: other.Title, Areas: both}
		}
	}
	return nil
}

func common(a, b []string) (both []string) {
	for _, code := range a {
		if slices.Contains(b, code) {
			both = append(both, code)
		}
	}
	return both
}

// recheck plans what was submitted on today's state. What would be different
// now is an [*adjustment.ChangedError].
func (d *desk) recheck() (*adjustment.Plan, error) {
	plan, err := d.PlanOf(d.snapshot, d.entry.Adjustment)
	if err != nil {
		return nil, err
	}
	var was adjustment.Effects
	if err := parse(d.entry.submitted, &was); err != nil {
		return nil, fmt.Errorf("effects of adjustment %d: %w", d.entry.ID, err)
	}
	if changes := changesSince(plan, was, d.entry.Layer); len(changes) > 0 {
		return nil, &adjustment.ChangedError{ID: d.entry.ID, Base: d.entry.Base, Changes: append(d.causes(was), changes...)}
	}
	d.entry.Base = d.snapshot.Version()
	d.record.Proof = plan.Proof(d.entry.Layer)
	return plan, d.recordable(plan)
}

func changesSince(plan *adjustment.Plan, was adjustment.Effects, layer spatial.LayerID) (changes []string) {
	if !plan.Refused() {
		return plan.Effects(layer).Since(was)
	}
	for _, c := range plan.Checks {
		if c.Severity == adjustment.Refusal {
			changes = append(changes, "it is refused now: "+c.InvalidError.Error())
		}
	}
	return changes
}

// causes name the adjustments that redrew the same areas since the last check.
func (d *desk) causes(was adjustment.Effects) (causes []string) {
	for _, other := range entries(d.snapshot) {
		if other.Result <= d.entry.Base || other.Layer != d.entry.Layer {
			continue
		}
		for _, code := range common(was.Areas, other.areas) {
			causes = append(causes, fmt.Sprintf("adjustment %d %q redrew %s", other.ID, other.Title, code))
		}
	}
	return causes
}

// recordable refuses an effect from before what it would replace.
func (d *desk) recordable(plan *adjustment.Plan) error {
	if d.entry.EffectiveAt.IsZero() || d.entry.EffectiveAt.After(d.at) {
		return nil
	}
	change := plan.Change
	change.Effective, change.Adjustment = d.entry.EffectiveAt, d.entry.ID
	_, err := history.Record(d.snapshot, change, d.at)
	return err
}

func (d *desk) approve(m Move) error {
	d.entry.Approver, d.entry.Decision = d.by.Actor.Name, m.Decision
	if m.EffectiveAt != nil {
		d.entry.EffectiveAt = *m.EffectiveAt
	}
	if _, err := d.recheck(); err != nil {
		return err
	}
	return d.decide(m)
}

// MaxDocument is the most bytes of a document.
const MaxDocument = 2 << 20

// decide records the decision of an office outside.
func (d *desk) decide(m Move) error {
	refuse := func(rule, detail, fix string) error {
		return &spatial.InvalidError{Rule: rule, Where: "decision", Detail: detail, Fix: fix}
	}
	switch {
	case m.Decision == nil && m.File == nil:
		return nil
	case m.Decision == nil || len(m.File) > 0 && m.Decision.File == "":
		return refuse("decision", "a document stands without the decision it is of, or without a name", "give number, date and the name of the file")
	case len(m.File) > MaxDocument:
		return refuse("document_size", fmt.Sprintf("the document has %.1f MiB", float64(len(m.File))/(1<<20)), fmt.Sprintf("give one of at most %d MiB", MaxDocument>>20))
	}
	if _, err := time.Parse(time.DateOnly, m.Decision.Date); err != nil && m.Decision.Date != "" {
		return refuse("decision_date", fmt.Sprintf("%q is no date", m.Decision.Date), "give it like 2024-12-30")
	}
	if len(m.File) == 0 {
		return nil
	}
	sum := sha256.Sum256(m.File)
	decision := *m.Decision
	decision.SHA256 = hex.EncodeToString(sum[:])
	d.entry.Decision = &decision
	d.put(documentLayer, spatial.Row{ID: nextID(d.snapshot, documentLayer), Values: []spatial.Value{dAdjustment: spatial.Int(d.entry.ID),
		dName: spatial.Text(decision.File), dSHA256: spatial.Text(decision.SHA256), dContent: spatial.Text(base64.StdEncoding.EncodeToString(m.File))}})
	return nil
}

// consent is that of the actor's street, or of an admin for all.
func (d *desk) consent() {
	streets := []string{d.by.Actor.Street}
	if d.by.Actor.Role == adjustment.Admin {
		streets = d.entry.Missing()
	}
	d.entry.Consents = append(slices.Clone(d.entry.Consents), streets...)
	slices.Sort(d.entry.Consents)
}

// apply puts the plan into effect. Both stores number commits one by one, and
// refuse one that was not planned on the last, so the version that it makes is
// the next.
func (d *desk) apply() error {
	if d.entry.EffectiveAt.After(d.at) {
		return &spatial.InvalidError{Rule: "effective_later", Where: fmt.Sprintf("adjustment %d", d.entry.ID), Detail: "it takes effect at " + d.entry.EffectiveAt.Format(time.RFC3339)}
	}
	plan, err := d.recheck()
	if err != nil {
		return err
	}
	d.entry.Result = d.snapshot.Version() + 1
	d.record.Result = d.entry.Result
	d.change.Layers = slices.Concat(plan.Change.Layers, d.change.Layers)
	d.change.Effective, d.change.Adjustment = d.entry.EffectiveAt, d.entry.ID
	return nil
}

// revert begins the draft that undoes what is on the desk.
func (d *desk) revert(reason string) error {
	undone := d.entry.Adjustment
	street := undone.Street
	if by := d.by.Actor; by.Role == adjustment.Proposer {
		street = by.Street
	}
	d.record.From, d.record.Note = "", reason
	d.entry = entry{Adjustment: adjustment.Adjustment{ID: nextID(d.snapshot, adjustmentLayer), Status: adjustment.Draft, Layer: undone.Layer, Reverts: undone.ID,
		Street: street, Proposer: d.by.Actor.Name, Created: d.at}}
	plan, err := d.PlanOf(d.snapshot, d.entry.Adjustment)
	if err != nil {
		return err
	}
	if plan.Refused() {
		return &adjustment.RefusedError{Plan: plan}
	}
	return d.draft(Proposal{Title: fmt.Sprintf("撤销调整 %d：%s", undone.ID, undone.Title), Reason: reason})
}
