package adjustment

import (
	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Rules are the parameters that proposals are checked by. They are policy,
// not arithmetic: they have a name and a date, and may be edited.
type Rules struct {
	Name         string            `json:"name"`
	Dated        string            `json:"dated"`         // 2006-01-02
	SizeField    string            `json:"size_field"`    // the total that the size of an area is told by
	SizeMin      int64             `json:"size_min"`      // below it a warning
	SizeMax      int64             `json:"size_max"`      // above it a warning
	Compactness  float64           `json:"compactness"`   // Polsby–Popper; below it a warning
	LessCompact  float64           `json:"less_compact"`  // a warning where it falls below this part of what it was
	SliverWidth  geodesic.Meters   `json:"sliver_width"`  // mean width of a piece; below it a warning
	GoAround     geodesic.Meters   `json:"go_around"`     // how far a suggested line keeps from what it goes around
	SnapDistance geodesic.Meters   `json:"snap_distance"` // how far the line around chosen buildings may stray from the middle
	Office       spatial.LayerID   `json:"office"`        // level whose areas have an office that proposes and consents
	Used         func(string) bool `json:"-"`             // codes of areas that are gone and not given again; nil for none
}

// DefaultRules are textbook values that nobody could check against an
// official text: 300 to 500 households in a grid.
func DefaultRules() Rules {
	return Rules{Name: "textbook values, unverified", Dated: "2024-12-30", SizeField: "households", SizeMin: 300, SizeMax: 500,
		Compactness: 0.2, LessCompact: 0.5, SliverWidth: 1, GoAround: 0.5, SnapDistance: 1, Office: "streets"}
}

// New is [Rules.Plan] by the default rules.
func New(s *spatial.Snapshot, layer spatial.LayerID, steps []Step) (*Plan, error) {
	return DefaultRules().Plan(s, layer, steps)
}

// Plan plans steps, one after another, on the areas of a layer: a partition,
// and the lowest of its levels. Broken rules are the plan's Checks; the error
// is [spatial.ErrNotFound] for a layer that does not exist, and an
// [*spatial.InvalidError] for one that is no partition.
func (r Rules) Plan(s *spatial.Snapshot, layer spatial.LayerID, steps []Step) (*Plan, error) {
	p, err := r.planner(s, layer)
	if err != nil {
		return nil, err
	}
	p.run(steps)
	p.suggest(steps)
	return p.plan, nil
}
