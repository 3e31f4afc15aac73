package shelter

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

// given is a reach whose costs a test makes up: by facility, then demand;
// below 0 where it is not reached.
type given struct {
	costs [][]int32
	limit float64
}

func (g *given) byTime() bool       { return false }
func (g *given) limitCost() float64 { return g.limit }
func (g *given) column(f *Facility) (*column, error) {
	c := &column{layer: f.Layer, id: f.ID, place: f.Place}
	for i, cost := range g.costs[f.ID-1] {
		if cost >= 0 {
			c.demand, c.cost = append(c.demand, int32(i)), append(c.cost, cost)
		}
	}
	return c, nil
}

// made is a problem with the costs, people and capacities that a test makes up.
func made(t testing.TB, people, room []int64, costs [][]int32) *Problem {
	t.Helper()
	p := &Problem{PerPerson: 1}
	for i, n := range people {
		p.Demands = append(p.Demands, Demand{ID: int64(i + 1), People: n})
	}
	for j, n := range room {
		p.Facilities = append(p.Facilities, Facility{Layer: "shelters", ID: int64(j + 1), Place: orb.Point{}, Area: geodesic.SquareMeters(n), Open: true})
	}
	limit := int32(0)
	for _, row := range costs {
		for _, c := range row {
			limit = max(limit, c)
		}
	}
	r, err := newReach(&given{costs: costs, limit: float64(limit)}, make([]orb.Point, len(people)), p.Facilities, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Reach = r
	return p
}

// someProblem is a small problem in which equal costs and full facilities are
// common.
func someProblem(t testing.TB, random *rand.Rand) *Problem {
	demands, facilities := random.IntN(9), random.IntN(6)
	most := []int{2, 10, 1000}[random.IntN(3)]
	people, room, costs := make([]int64, demands), make([]int64, facilities), make([][]int32, facilities)
	for i := range people {
		people[i] = int64(random.IntN(8))
	}
	for j := range costs {
		room[j] = int64(random.IntN(12))
		costs[j] = make([]int32, demands)
		for i := range people {
			if costs[j][i] = int32(random.IntN(most)); random.IntN(3) == 0 {
				costs[j][i] = -1
			}
		}
	}
	return made(t, people, room, costs)
}
