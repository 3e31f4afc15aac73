package adjustment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Step is one operation on the areas of the lowest level. What it does follows
// from what it has:
//
//	From, To, Area   what lies in From and in the drawn area goes to To
//	From, To, Line   the edge that the two share is laid along the line
//	From, Line       From is split; the smaller part becomes a new area
//	To, Buildings    the chosen features with the land around them go to To
//	From, To         From is merged into To
//
// Codes are full ones. Geometry is in degrees, longitude first.
type Step struct {
	From      string
	To        string
	Area      orb.Geometry   // polygon or multipolygon
	Line      orb.LineString // from edge to edge
	Buildings []string       // codes of features whose own begin with that of their area
	NewCode   string         // of the part split off; the next free one if empty
}

// draw carries a step out on a draft.
func (p *planner) draw(step Step) error {
	for _, drawing := range []orb.Geometry{step.Area, asGeometry(step.Line)} {
		if err := p.checkDrawing(drawing); err != nil {
			return err
		}
	}
	switch {
	case step.From == "" && step.Area != nil:
		return p.severalDonors(step)
	case step.From == "":
		return &spatial.InvalidError{Rule: "step_from", Detail: "the step does not say which area it begins with", Fix: "give the code of an area as from"}
	case step.From == step.To:
		return &spatial.InvalidError{Rule: "step_to", Where: step.From, Detail: "from and to are the same area", Fix: "give two different codes"}
	case step.Area != nil && step.Line != nil:
		return &spatial.InvalidError{Rule: "step_kind", Where: step.From, Detail: "the step has both an area and a line", Fix: "give one of them"}
	case step.Area != nil && step.To == "":
		return &spatial.InvalidError{Rule: "step_to", Where: step.From, Detail: "the step does not say which area takes what is drawn", Fix: "give its code as to"}
	case len(step.Buildings) > 0 && (step.Area != nil || step.Line != nil):
		return &spatial.InvalidError{Rule: "step_kind", Where: step.From, Detail: "the step has both chosen buildings and a drawing", Fix: "give one of them"}
	case len(step.Buildings) > 0 && step.To == "":
		return &spatial.InvalidError{Rule: "step_to", Where: step.From, Detail: "the step does not say which area takes the buildings", Fix: "give its code as to"}
	case len(step.Buildings) > 0:
		return p.gather(step)
	case step.Area != nil:
		return p.draft.Move(step.From, step.To, step.Area)
	case step.Line != nil && step.To != "":
		return p.draft.MoveEdge(step.From, step.To, step.Line)
	case step.Line != nil:
		return p.split(step)
	case step.To == "":
		return &spatial.InvalidError{Rule: "step_kind", Where: step.From, Detail: "the step says only where it begins", Fix: "give an area, a line, or the code of another area as to"}
	}
	return p.draft.Merge(step.From, step.To)
}

// severalDonors refuses an area that does not say of which others it is a
// part, and names them.
func (p *planner) severalDonors(step Step) error {
	at := step.Area.Bound().Center()
	refusal := &spatial.InvalidError{Rule: "step_from", At: &at, Detail: "the step does not say which area gives what is drawn", Fix: "give the code of an area as from"}
	var donors []string
	for f := range p.areas.Intersecting(step.Area.Bound()) {
		if f.Code() != step.To && p.draft.Clone().Move(f.Code(), cmp.Or(step.To, f.Code()), step.Area) == nil {
			donors = append(donors, f.Code())
		}
	}
	if slices.Sort(donors); len(donors) > 0 {
		refusal.Detail += ": it takes in part of " + strings.Join(donors, ", ")
		refusal.Fix = "make it a step for each, from " + strings.Join(donors, ", ")
	}
	return refusal
}

func (p *planner) split(step Step) error {
	code, err := p.newCode(step)
	if err != nil {
		return err
	}
	if err := p.draft.Split(step.From, step.Line, code); err != nil {
		return err
	}
	p.splitFrom[code] = step.From
	return nil
}

// newCode is the code of a new area: that of its parent, and the first number
// no area has. With the number of digits that the code leaves for it there are
// only so many.
func (p *planner) newCode(step Step) (string, error) {
	schema := p.areas.Schema()
	origin, err := p.origin(step.From)
	if err != nil {
		return "", err
	}
	code := &schema.Fields[schema.FieldIndex(schema.Code)]
	prefix := origin.Attribute(code.Prefix).Text()
	width := code.Digits - len(prefix)
	if step.NewCode != "" {
		if len(step.NewCode) != code.Digits || !strings.HasPrefix(step.NewCode, prefix) {
			return "", &spatial.InvalidError{Rule: "new_code", Where: step.NewCode, Detail: fmt.Sprintf("it is not %d digits that begin with %s", code.Digits, prefix)}
		}
		if p.used(step.NewCode) {
			return "", &spatial.InvalidError{Rule: "code_used", Where: step.NewCode, Detail: "an area that is gone had this code", Fix: "give one that was never used"}
		}
		return step.NewCode, nil
	}
	for n := 1; len(fmt.Sprint(n)) <= width; n++ {
		code := fmt.Sprintf("%s%0*d", prefix, width, n)
		if _, err := p.areas.ByCode(code); err != nil && p.splitFrom[code] == "" && !p.used(code) {
			return code, nil
		}
	}
	return "", &spatial.InvalidError{Rule: "numbers_used_up", Where: prefix, Detail: fmt.Sprintf("all numbers of %d digits are taken", width), Fix: "merge areas first"}
}

// used says whether an area that is gone had a code.
func (p *planner) used(code string) bool { return p.rules.Used != nil && p.rules.Used(code) }

// origin is the feature that an area, perhaps split off in an earlier step,
// was part of.
func (p *planner) origin(code string) (spatial.Feature, error) {
	for p.splitFrom[code] != "" {
		code = p.splitFrom[code]
	}
	if f, err := p.areas.ByCode(code); err == nil || p.undoing == nil {
		return f, err
	}
	return p.undoing.restored.ByCode(code)
}
