package adjustment

import (
	"fmt"
	"slices"

	"wangge/spatial"
)

// Streets are the codes, ascending, of the offices' areas between which a
// plan moves ground, or which it redraws within.
func (r Rules) Streets(s *spatial.Snapshot, layer spatial.LayerID, p *Plan) []string {
	var streets []string
	for _, piece := range p.Pieces {
		streets = append(streets, r.street(s, layer, piece.From, p), r.street(s, layer, piece.To, p))
	}
	return settled(streets)
}

// StreetsNamed are those of the areas that steps name, as far as there are
// such.
func (r Rules) StreetsNamed(s *spatial.Snapshot, layer spatial.LayerID, steps []Step) []string {
	var streets []string
	for _, step := range steps {
		streets = append(streets, r.street(s, layer, step.From, nil), r.street(s, layer, step.To, nil))
	}
	return settled(streets)
}

func settled(streets []string) []string {
	slices.Sort(streets)
	return slices.DeleteFunc(slices.Compact(streets), func(street string) bool { return street == "" })
}

// street is the office's area that an area of a layer lies in, also if a plan
// makes it; "" if there is none.
func (r Rules) street(s *spatial.Snapshot, id spatial.LayerID, code string, p *Plan) string {
	layer, err := s.Layer(id)
	if err != nil || code == "" {
		return ""
	}
	if id == r.Office {
		return code
	}
	f, err := layer.ByCode(code)
	for i := range layer.Schema().Fields {
		above, missing := s.Layer(layer.Schema().Fields[i].References)
		if missing != nil || !above.Schema().Partition {
			continue
		}
		if err == nil {
			return r.street(s, above.ID(), f.Value(i).Text(), p)
		}
		return r.street(s, above.ID(), p.made(layer, code, i), p)
	}
	return ""
}

// made is the value of a field of an area that the plan makes, "" if it makes
// none of the code.
func (p *Plan) made(layer *spatial.Layer, code string, field int) string {
	if p == nil {
		return ""
	}
	at := layer.Schema().FieldIndex(layer.Schema().Code)
	for _, c := range p.Change.Layers {
		for _, row := range c.Put {
			if c.Layer == layer.ID() && row.Values[at].Text() == code {
				return row.Values[field].Text()
			}
		}
	}
	return ""
}

// Within refuses steps, or what a plan makes of them, of which one has no end
// in a street: an office proposes what touches its own.
func (r Rules) Within(s *spatial.Snapshot, layer spatial.LayerID, street string, steps []Step, p *Plan) error {
	for _, step := range steps {
		if named := r.StreetsNamed(s, layer, []Step{step}); len(named) > 0 && !slices.Contains(named, street) {
			return notIts(street, step.From, step.To, named)
		}
	}
	for _, piece := range p.Pieces {
		ends := settled([]string{r.street(s, layer, piece.From, p), r.street(s, layer, piece.To, p)})
		if !p.Refused() && !slices.Contains(ends, street) {
			return notIts(street, piece.From, piece.To, ends)
		}
	}
	return nil
}

func notIts(street, from, to string, streets []string) error {
	return &ForbiddenError{"own_street", fmt.Sprintf("neither %s nor %s lies in street %s, but in %v", from, to, street, streets), "have that street's office propose it"}
}
