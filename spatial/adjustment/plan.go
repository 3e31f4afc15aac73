package adjustment

import (
	"errors"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

// Severity tells a rule that forbids from one that only warns.
type Severity string

// The severities.
const (
	Refusal Severity = "refusal"
	Warning Severity = "warning"
)

// Check is a rule that a proposal breaks.
type Check struct {
	Severity Severity
	spatial.InvalidError
	Part    orb.Geometry // where it is broken, where that is more than a position
	Step    int          // the step it is about, from 0
	Suggest orb.Geometry // a drawing for that step that breaks no rule, where one was found
}

// Moved is a feature that changes hands.
type Moved struct {
	Layer    spatial.LayerID
	ID       int64
	Name     string
	From, To string // codes of the areas it stood in and stands in
	Code     string // "" in layers without codes
	NewCode  string // "" where it keeps its code
}

// Unit is an area of some level that a plan changes. Before is nil for one
// that is new, After for one that is absorbed.
type Unit struct {
	Level         spatial.LayerID
	Code, Name    string
	Before, After *State
}

// State is what a unit is before or after.
type State struct {
	Geometry    orb.Geometry
	Totals      map[string]int64 // by field, those that the schema declares as sums and counts
	Area        geodesic.SquareMeters
	Perimeter   geodesic.Meters // of all rings
	Compactness float64         // 4π·area/perimeter² (Polsby and Popper 1991): 1 for a circle
	Parts       int
	Neighbours  []string // codes of the areas of its level that share an edge with it, ascending
	Counts      []Count  // of what stands in it, in listing order; not of the topmost level
}

// Plan is what a proposal does to a snapshot.
type Plan struct {
	Base   spatial.Version
	Change spatial.Change    // empty if refused
	Units  []Unit            // lowest level first, then by code
	Moved  []Moved           // by layer in listing order, then by id
	Pieces []partition.Piece // what changes hands, in the order of the steps
	Checks []Check           // refusals before warnings
}

// Refused says whether a rule forbids the plan.
func (p *Plan) Refused() bool {
	return slices.ContainsFunc(p.Checks, func(c Check) bool { return c.Severity == Refusal })
}

// planner makes a plan.
type planner struct {
	rules      Rules
	snapshot   *spatial.Snapshot
	areas      *spatial.Layer
	draft      *partition.Draft
	splitFrom  map[string]string // new codes, and what they were part of
	mergedInto map[string]string
	plan       *Plan
	rows       map[spatial.LayerID]map[int64]spatial.Row // changed, by layer and id
	gone       map[spatial.LayerID][]int64
	transfers  []transfer
	given      map[spatial.LayerID]map[string]bool   // codes given to moved features
	renamed    map[spatial.LayerID]map[string]string // codes changed and not yet passed on
	remedies   []remedy
	undoing    *undoing                  // nil but for a plan that undoes another
	up         map[*spatial.Layer]upward // known so far
}

func (r Rules) planner(s *spatial.Snapshot, layer spatial.LayerID) (*planner, error) {
	areas, err := s.Layer(layer)
	if err != nil {
		return nil, err
	}
	if !areas.Schema().Partition || areas.Schema().Code == "" {
		return nil, &spatial.InvalidError{Rule: "layer_partition", Where: string(layer), Detail: "its areas are not a partition with codes", Fix: "name such a layer"}
	}
	return &planner{rules: r, snapshot: s, areas: areas, draft: partition.NewDraft(areas), splitFrom: map[string]string{}, mergedInto: map[string]string{},
		plan: &Plan{Base: s.Version()}, rows: map[spatial.LayerID]map[int64]spatial.Row{}, gone: map[spatial.LayerID][]int64{},
		given: map[spatial.LayerID]map[string]bool{}, renamed: map[spatial.LayerID]map[string]string{}, up: map[*spatial.Layer]upward{}}, nil
}

// run draws the steps, and if none is refused, reckons what they make.
func (p *planner) run(steps []Step) {
	p.try(steps)
	p.reckon()
}

// reckon brings totals up to date and tells what changes, unless that is
// refused.
func (p *planner) reckon() {
	if p.plan.Refused() {
		return
	}
	p.count()
	p.describe()
	p.finish()
	p.warn()
}

// try draws the steps, and if that can be done, checks what they make.
func (p *planner) try(steps []Step) {
	for i, step := range steps {
		step, err := p.resolve(step)
		if err == nil {
			err = p.draw(step)
		}
		if err != nil {
			p.refuse(err)
			p.plan.Checks[0].Step = i
			return
		}
		if p.draft.Geometry(step.From) == nil {
			p.mergedInto[step.From] = step.To
		}
	}
	p.plan.Pieces = p.draft.Pieces()
	redrawn := p.draft.Changes()
	p.contiguous(redrawn)
	p.levels(redrawn)
}

func (p *planner) refuse(err error) {
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		invalid = &spatial.InvalidError{Rule: "internal", Detail: err.Error()}
	}
	p.plan.Checks = append(p.plan.Checks, Check{Severity: Refusal, InvalidError: *invalid})
}
