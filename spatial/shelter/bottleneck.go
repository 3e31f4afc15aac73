package shelter

import (
	"cmp"
	"slices"

	"wangge/spatial/geodesic"
)

// Bottleneck is demands that compete for facilities: they reach no others, and
// together they are more than the facilities hold. It is a piece of the
// minimum cut: Unserved = People − Places is what must stay without a place,
// whoever goes where.
type Bottleneck struct {
	Demands    []int32
	Facilities []int32
	People     int64
	Places     int64
	Unserved   int64
}

// Bottlenecks are where people without a place compete, the most unserved
// first. People who reach nothing are in none of them.
func (a *Assignment) Bottlenecks() []Bottleneck {
	demands, sites := a.flow.contested()
	joined := newPieces(len(a.flow.room))
	for i, in := range demands {
		if in {
			ways := a.problem.Reach.Of(i)
			for _, w := range ways {
				joined.join(ways[0].Facility, w.Facility)
			}
		}
	}
	number := map[int32]int{}
	var all []Bottleneck
	at := func(site int32) *Bottleneck {
		root := joined.root(site)
		if _, ok := number[root]; !ok {
			number[root] = len(all)
			all = append(all, Bottleneck{})
		}
		return &all[number[root]]
	}
	for j, in := range sites {
		if in {
			b := at(int32(j))
			b.Facilities, b.Places = append(b.Facilities, int32(j)), b.Places+a.flow.room[j]
		}
	}
	for i, in := range demands {
		if in {
			b := at(a.problem.Reach.Of(i)[0].Facility)
			b.Demands, b.People, b.Unserved = append(b.Demands, int32(i)), b.People+a.flow.people[i], b.Unserved+a.Left[i]
		}
	}
	slices.SortStableFunc(all, func(a, b Bottleneck) int { return cmp.Compare(b.Unserved, a.Unserved) })
	return all
}

// contested are the sites that someone without a place could make his own by
// moving others, all of them full, and the origins that have people there or
// nowhere.
func (f *flow) contested() (origins, sites []bool) {
	origins, sites = make([]bool, len(f.people)), make([]bool, len(f.room))
	var list []int32
	add := func(i int32) {
		if origins[i] {
			return
		}
		origins[i] = true
		for l := f.first[i]; l < f.first[i+1]-1; l++ {
			if j := f.site[l]; !sites[j] {
				sites[j] = true
				list = append(list, j)
			}
		}
	}
	for i := range f.people {
		if last := f.first[i+1] - 1; f.sent[last] > 0 && last > f.first[i] {
			add(int32(i))
		}
	}
	for n := 0; n < len(list); n++ {
		for l := range f.linksOf(list[n]) {
			if f.sent[l] > 0 {
				add(f.origin[l])
			}
		}
	}
	return origins, sites
}

// pieces are sets that are joined.
type pieces []int32

func newPieces(n int) pieces {
	p := make(pieces, n)
	for i := range p {
		p[i] = int32(i)
	}
	return p
}

func (p pieces) root(i int32) int32 {
	for p[i] != i {
		p[i] = p[p[i]]
		i = p[i]
	}
	return i
}

func (p pieces) join(i, j int32) {
	a, b := p.root(i), p.root(j)
	p[max(a, b)] = min(a, b)
}

// Relief is what more room at one facility would do at most.
type Relief struct {
	Facility int
	People   int64                 // more that would be served
	Area     geodesic.SquareMeters // that they need there
}

// Relief says how many more people would be served if a facility had all the
// room that they need: any less serves as many as it has room for. Others may
// move to make that possible. Cost: some milliseconds.
func (a *Assignment) Relief(facility int) Relief {
	room := slices.Clone(a.flow.room)
	room[facility] += a.Unserved
	more := a.Unserved - newFlat(a.flow.people, room, a.problem.Reach, none).solve().unserved()
	return Relief{facility, more, geodesic.SquareMeters(more) * a.problem.PerPerson}
}
