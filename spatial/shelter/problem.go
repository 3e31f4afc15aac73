package shelter

import (
	"fmt"
	"math"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Problem is a question about coverage: who needs a place, where places are,
// how much room a person takes, and who reaches what. The facilities are the
// eligible ones, and the reach is of these demands and facilities, in their
// order.
type Problem struct {
	Demands    []Demand
	Facilities []Facility
	PerPerson  geodesic.SquareMeters
	Reach      *Reach
}

// Validate refuses numbers that are negative, not finite or too large, and a
// reach of something else. No facilities, no demands and nobody are no errors.
func (p *Problem) Validate() error {
	if !(p.PerPerson >= minPerPerson && p.PerPerson <= maxPerPerson) {
		return &spatial.InvalidError{Rule: "per_person", Where: "area per person", Detail: fmt.Sprintf("%v m² are not from %v to %v", p.PerPerson, minPerPerson, maxPerPerson)}
	}
	if p.Reach == nil || p.Reach.Demands() != len(p.Demands) || p.Reach.Facilities() != len(p.Facilities) {
		return &spatial.InvalidError{Rule: "reach_mismatch", Where: "reach", Detail: "it is not of these demands and facilities"}
	}
	if err := validateDemands(p.Demands); err != nil {
		return err
	}
	var area geodesic.SquareMeters
	for i := range p.Facilities {
		if err := p.Facilities[i].Validate(); err != nil {
			return err
		}
		area += p.Facilities[i].Area
	}
	if area > maxArea*1000 {
		return &spatial.InvalidError{Rule: "facility_total", Where: "facilities", Detail: fmt.Sprintf("all areas together are %v m²", area)}
	}
	return p.validateWalking()
}

// validateWalking keeps the sum of all walking within 64 bits.
func (p *Problem) validateWalking() error {
	most := int32(0)
	for _, w := range p.Reach.ways {
		most = max(most, w.Cost)
	}
	if total := Total(p.Demands); most > 0 && total > math.MaxInt64/int64(most) {
		return &spatial.InvalidError{Rule: "walking_total", Where: "reach", Detail: fmt.Sprintf("%d people with ways of up to %v add up to more than can be counted", total, p.Reach.Measure(int64(most)))}
	}
	return nil
}

// Capacities are how many people each facility holds.
func (p *Problem) Capacities() []int64 {
	room := make([]int64, len(p.Facilities))
	for i := range p.Facilities {
		room[i] = p.Facilities[i].Capacity(p.PerPerson)
	}
	return room
}

// area is an area in whole square centimetres, so that sums are exact.
type area int64

func areaOf(m geodesic.SquareMeters) area { return area(math.Round(float64(m) * 1e4)) }

func (a area) squareMeters() geodesic.SquareMeters { return geodesic.SquareMeters(a) / 1e4 }
