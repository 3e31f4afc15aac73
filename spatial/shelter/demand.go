package shelter

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/spatial"
)

// Demand is people at one place who may need a shelter.
type Demand struct {
	ID     int64
	Place  orb.Point // degrees; a building's is its centroid
	People int64
	Unit   string // code of the finest unit it stands in
}

// maxPeople is the most people of a question.
const maxPeople = 10_000_000_000

// DemandsOf reads the people of a layer's features, in order of id: how many
// from one field, their unit from another. keep nil keeps all; features
// without geometry are left out. The error is [spatial.InvalidError] for a
// field that is not there, or a number that is negative.
func DemandsOf(layer *spatial.Layer, people, unit string, keep func(spatial.Feature) bool) ([]Demand, error) {
	schema := layer.Schema()
	count, in := schema.FieldIndex(people), schema.FieldIndex(unit)
	if count < 0 || schema.Fields[count].Type != spatial.TypeInt {
		return nil, &spatial.InvalidError{Rule: "population_unknown", Where: "population",
			Detail: fmt.Sprintf("%s has no whole number %q", layer.ID(), people), Fix: "name a field that counts people"}
	}
	all := make([]Demand, 0, layer.Len())
	for f := range layer.All() {
		if !f.HasGeometry() || keep != nil && !keep(f) {
			continue
		}
		d := Demand{ID: f.ID(), Place: centroid(f.Geometry()), People: f.Value(count).Int()}
		if in >= 0 {
			d.Unit = f.Value(in).Text()
		}
		all = append(all, d)
	}
	return all, validateDemands(all)
}

// centroid is that of an area in the plane of longitude and latitude.
func centroid(g orb.Geometry) orb.Point {
	if p, ok := g.(orb.Point); ok {
		return p
	}
	p, _ := planar.CentroidArea(g)
	if !isFinite(p[0]) || !isFinite(p[1]) { // an area of nothing
		return g.Bound().Center()
	}
	return p
}

func validateDemands(demands []Demand) error {
	total := int64(0)
	for i := range demands {
		d := &demands[i]
		where := fmt.Sprintf("demand %d", d.ID)
		if d.People < 0 {
			return &spatial.InvalidError{Rule: "demand_people", Where: where, Detail: fmt.Sprintf("%d people are less than none", d.People)}
		}
		if !isFinite(d.Place[0]) || !isFinite(d.Place[1]) {
			return &spatial.InvalidError{Rule: "demand_place", Where: where, Detail: "its place is not finite"}
		}
		if total += d.People; d.People > maxPeople || total > maxPeople {
			return &spatial.InvalidError{Rule: "demand_total", Where: where, Detail: fmt.Sprintf("there are more than %d people", int64(maxPeople))}
		}
	}
	return nil
}

// Total is how many people there are.
func Total(demands []Demand) int64 {
	total := int64(0)
	for i := range demands {
		total += demands[i].People
	}
	return total
}

// Scale is the same demands with another total, each in proportion. Whole
// people are made by largest remainder, equal ones by place in the list, so
// that the total is met exactly. The error is [spatial.InvalidError] for a
// total that is negative, or that nobody can be given to.
func Scale(demands []Demand, total int64) ([]Demand, error) {
	if err := validateDemands(demands); err != nil {
		return nil, err
	}
	before := Total(demands)
	if total < 0 || total > maxPeople || before == 0 && total > 0 {
		return nil, &spatial.InvalidError{Rule: "population_total", Where: "population",
			Detail: fmt.Sprintf("%d people cannot be scaled to %d", before, total)}
	}
	scaled := slices.Clone(demands)
	if before == 0 {
		return scaled, nil
	}
	rest := total
	order, remainder := make([]int, len(demands)), make([]uint64, len(demands))
	for i := range demands {
		high, low := bits.Mul64(uint64(demands[i].People), uint64(total))
		whole, over := bits.Div64(high, low, uint64(before))
		scaled[i].People, remainder[i], order[i] = int64(whole), over, i
		rest -= int64(whole)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(remainder[b], remainder[a]), cmp.Compare(a, b)) })
	for _, i := range order[:rest] {
		scaled[i].People++
	}
	return scaled, nil
}

// Share is the demands scaled to a share of their total, rounded up to a
// whole person. The error is [spatial.InvalidError] for a share that is not
// from 0 to 1.
func Share(demands []Demand, share float64) ([]Demand, error) {
	if !(share >= 0 && share <= 1) {
		return nil, &spatial.InvalidError{Rule: "population_share", Where: "share", Detail: fmt.Sprintf("%v is not from 0 to 1", share)}
	}
	exact := share * float64(Total(demands))
	total := math.Ceil(exact)
	if whole := math.Round(exact); math.Abs(exact-whole) <= 1e-9*max(1, exact) {
		total = whole
	}
	return Scale(demands, int64(total))
}
