package auth

import (
	"maps"
	"slices"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// Counts of people below the threshold are withheld from readers without the
// right, nought too: who knows that nobody of three kinds lives in a house
// knows how many are of the fourth. Others are rounded to multiples of the
// step. The rounding depends on the count alone, so asking again tells no more.
const (
	threshold = 5
	step      = 5
)

// SeesSmallCounts says whether a role may. A reader sees what everybody does.
func SeesSmallCounts(r adjustment.Role) bool { return r != "" && r != adjustment.Reader }

// Withholds says whether figures are withheld from readers without the right:
// if any layer with counts of people is not generated.
func Withholds(s *spatial.Snapshot) bool {
	for layer := range s.Layers() {
		if schema := layer.Schema(); !schema.Internal && !schema.Synthetic && len(personal(schema)) > 0 {
			return true
		}
	}
	return false
}

// View is a snapshot as readers without the right to small counts see it:
// without internal layers, and unless the store is synthetic, with small counts
// withheld and others rounded. Equal snapshots have equal views. It costs some
// milliseconds when a layer has changed, and next to nothing until the next
// time. What is worked out from a view tells no more than the view.
func View(s *spatial.Snapshot) (*spatial.Snapshot, error) {
	all, err := Masked(s)
	if err != nil {
		return nil, err
	}
	return all.Published(), nil
}

// Masked is a view with the internal layers, for plans that are shown to
// readers without the right and never carried out.
func Masked(s *spatial.Snapshot) (*spatial.Snapshot, error) {
	if !Withholds(s) {
		return s, nil
	}
	var ids []spatial.LayerID
	for layer := range s.Layers() {
		if !layer.Schema().Internal && len(personal(layer.Schema())) > 0 {
			ids = append(ids, layer.ID())
		}
	}
	masks, err := spatial.Derive(s, ids, func(s *spatial.Snapshot) (masked, error) { return maskAll(s, ids) })
	return s.WithMasked(masks...), err
}

// personal are the fields of a schema that count people or tell of them.
func personal(s *spatial.Schema) []int {
	var fields []int
	for i := range s.Fields {
		f := &s.Fields[i]
		number := f.Type == spatial.TypeInt || f.Type == spatial.TypeFloat
		if f.Name != s.Code && (f.Personal || number && f.Unit == "persons") {
			fields = append(fields, i)
		}
	}
	return fields
}

// Figure is a value as readers without the right see it; what tells of people
// and is no number is withheld whatever it is.
func Figure(v spatial.Value) spatial.Value {
	switch {
	case v.Type() == spatial.TypeInt && v.Int() >= threshold:
		return spatial.Int((v.Int() + step/2) / step * step)
	case v.Type() == spatial.TypeFloat && v.Float() >= threshold:
		return spatial.Float(float64((int64(v.Float()) + step/2) / step * step))
	}
	return spatial.Null
}

// Withhold is a plan made on the [Masked] snapshot as it is shown: totals of
// people that are small are left out. Its other totals of people are those of
// the view and sums of them, so that what is drawn tells nothing that the view
// does not. It is not to be carried out.
func Withhold(s *spatial.Snapshot, plan *adjustment.Plan) *adjustment.Plan {
	if !Withholds(s) {
		return plan
	}
	shown := *plan
	shown.Change = spatial.Change{}
	shown.Units = slices.Clone(plan.Units)
	for i := range shown.Units {
		u := &shown.Units[i]
		layer, err := s.Layer(u.Level)
		if err != nil {
			continue
		}
		u.Before, u.After = withhold(layer.Schema(), u.Before), withhold(layer.Schema(), u.After)
	}
	return &shown
}

func withhold(schema *spatial.Schema, state *adjustment.State) *adjustment.State {
	if state == nil {
		return nil
	}
	shown := *state
	shown.Totals = maps.Clone(state.Totals)
	for _, i := range personal(schema) {
		if name := schema.Fields[i].Name; Figure(spatial.Int(shown.Totals[name])).IsNull() {
			delete(shown.Totals, name)
		}
	}
	return &shown
}
