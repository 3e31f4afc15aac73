package shelter

// Assignment sends people to facilities. It is not to be written to.
type Assignment struct {
	Served   int64
	Unserved int64
	Walking  int64   // millimetres or milliseconds times people, of those served
	Load     []int64 // by facility
	Left     []int64 // by demand: people without a place

	problem *Problem
	flow    *flow
}

// Part is some people of a demand who go to one facility.
type Part struct {
	Facility int32
	Cost     int32 // for each
	People   int64
}

// Allocate sends as many people to facilities within their reach as the
// capacities allow, and among all ways to do that it is one with the least
// walking. It is exact, and the same question has the same answer. Cost: about
// 1 µs a demand, and some more for each that must give way to another.
func (p *Problem) Allocate() (*Assignment, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p.assignment(newTransport(peopleOf(p.Demands), p.Capacities(), p.Reach).solve()), nil
}

func peopleOf(demands []Demand) []int64 {
	people := make([]int64, len(demands))
	for i := range demands {
		people[i] = demands[i].People
	}
	return people
}

func (p *Problem) assignment(f *flow) *Assignment {
	a := &Assignment{problem: p, flow: f, Unserved: f.unserved(), Walking: f.walk, Load: f.load[:len(p.Facilities)], Left: make([]int64, len(p.Demands))}
	a.Served = Total(p.Demands) - a.Unserved
	for i := range p.Demands {
		a.Left[i] = f.sent[f.transport.first[i+1]-1]
	}
	return a
}

// Of is where the people of a demand go, nearest first.
func (a *Assignment) Of(demand int) []Part {
	var parts []Part
	f := a.flow
	for l := f.first[demand]; l < f.first[demand+1]-1; l++ {
		if f.sent[l] > 0 {
			parts = append(parts, Part{f.site[l], int32(f.cost[l]), f.sent[l]})
		}
	}
	return parts
}

// Price is what one place less at a facility would cost: one person fewer
// served or none, and so many millimetres or milliseconds of walking more or,
// for the person not served, less. It is nothing where places are free.
func (a *Assignment) Price(facility int) (served, walking int64) {
	switch price := a.flow.price[facility]; {
	case price == never: // nobody is there, and there are no places
		return 0, 0
	case price > a.flow.far/2:
		return 1, price - a.flow.far
	default:
		return 0, price
	}
}
