package adjustment

import (
	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

// remedy is what would mend a drawing that is refused: a part to take as
// well or to leave out, or something to go around on either side.
type remedy struct {
	take   orb.Geometry
	leave  orb.Geometry
	around orb.Geometry
}

// rounds is how often a drawing is mended before it is given up.
const rounds = 4

// suggest finds a drawing for the last step that has one by which the plan is
// not refused, and tells it with every refusal that it mends.
func (p *planner) suggest(steps []Step) {
	k := len(steps) - 1
	for k >= 0 && steps[k].Area == nil && steps[k].Line == nil && len(steps[k].Buildings) == 0 {
		k--
	}
	if k < 0 || len(p.remedies) == 0 || len(p.remedies) < len(p.plan.Checks) {
		return
	}
	mend := p.mend
	if steps[k].Line != nil {
		mend = p.mendLine
	}
	mended, ok := mend(steps, k)
	if !ok {
		return
	}
	for i := range p.plan.Checks {
		p.plan.Checks[i].Step, p.plan.Checks[i].Suggest = k, mended
	}
}

// mend changes what a step moves until the plan is not refused.
func (p *planner) mend(steps []Step, k int) (orb.Geometry, bool) {
	moved := p.movedBy(steps[k])
	tried := append([]Step{}, steps...)
	for round, failed := 0, p; round < rounds && moved != nil; round++ {
		moved = failed.apply(moved, round)
		if moved == nil {
			return nil, false
		}
		tried[k].Area, tried[k].Buildings = moved, nil
		failed, _ = p.rules.planner(p.snapshot, p.areas.ID())
		if failed.try(tried); !failed.plan.Refused() {
			return moved, true
		}
		if len(failed.remedies) < len(failed.plan.Checks) {
			return nil, false
		}
	}
	return nil, false
}

// movedBy is what one step gave from its area to the other.
func (p *planner) movedBy(step Step) orb.Geometry {
	for i := len(p.plan.Pieces) - 1; i >= 0; i-- {
		if piece := p.plan.Pieces[i]; piece.To == step.To && (step.From == "" || piece.From == step.From) {
			return piece.Geometry
		}
	}
	return nil
}

// apply mends a moved area by all remedies. What is to be gone around goes
// with the side that has most of it; if that was no help, it is taken as a
// whole.
func (p *planner) apply(moved orb.Geometry, round int) orb.Geometry {
	for _, r := range p.remedies {
		switch {
		case moved == nil:
			return nil
		case r.take != nil:
			moved = partition.Union(moved, r.take)
		case r.leave != nil:
			moved = partition.Subtract(moved, r.leave)
		case len(partsOf(r.around)) == 0:
			return nil
		case round > 1 || mostlyIn(r.around, moved):
			moved = partition.Union(moved, partition.Buffer(r.around, p.clearance(round)))
		default:
			moved = partition.Subtract(moved, partition.Buffer(r.around, p.clearance(round)))
		}
	}
	return moved
}

// clearance is how far to keep from what is gone around: less where that
// cut something else.
func (p *planner) clearance(round int) geodesic.Meters {
	return p.rules.GoAround / geodesic.Meters(int(1)<<(2*round))
}

func mostlyIn(g, area orb.Geometry) bool {
	return geodesic.Area(partition.Subtract(g, area)) < geodesic.Area(g)/2
}
