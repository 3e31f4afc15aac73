package shelter_test

import (
	"fmt"

	"github.com/paulmach/orb"

	"wangge/spatial/shelter"
)

// Two buildings compete for a school: those who are nearer give way as far as
// they reach the park, so that more people find a place.
func ExampleProblem_Allocate() {
	demands := []shelter.Demand{
		{ID: 1, Place: orb.Point{114.1400, 22.5500}, People: 60},
		{ID: 2, Place: orb.Point{114.1425, 22.5500}, People: 90},
	}
	facilities := []shelter.Facility{
		{ID: 1, Name: "school", Place: orb.Point{114.1405, 22.5500}, Area: 120, Open: true},
		{ID: 2, Name: "park", Place: orb.Point{114.1360, 22.5500}, Area: 60, Open: true},
	}
	reach, err := shelter.StraightLine(demands, facilities, 500)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := &shelter.Problem{Demands: demands, Facilities: facilities, PerPerson: 1.5, Reach: reach}
	a, err := p.Allocate()
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range demands {
		for _, part := range a.Of(i) {
			fmt.Printf("%d of building %d go to the %s, %.0f m\n", part.People, demands[i].ID, facilities[part.Facility].Name, reach.Measure(int64(part.Cost)))
		}
	}
	b := a.Bottlenecks()[0]
	relief := a.Relief(0)
	fmt.Printf("%d people for %d places; %.0f m² more at the %s free %d\n", b.People, b.Places, relief.Area, facilities[0].Name, relief.People)
	// Output:
	// 20 of building 1 go to the school, 51 m
	// 40 of building 1 go to the park, 411 m
	// 60 of building 2 go to the school, 206 m
	// 150 people for 120 places; 45 m² more at the school free 30
}
