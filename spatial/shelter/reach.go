package shelter

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Way is how far it is to a facility.
type Way struct {
	Facility int32 // its number in the list
	Cost     int32 // millimetres along a straight line, or milliseconds on foot
}

// byCost orders ways: nearest first, equal ones by facility.
func byCost(a, b Way) int {
	return cmp.Or(cmp.Compare(a.Cost, b.Cost), cmp.Compare(a.Facility, b.Facility))
}

// Reach says which facilities each demand reaches, and how far they are. It
// depends on places only, neither on people nor on areas. It is immutable.
type Reach struct {
	how     measure
	places  []orb.Point // of the demands
	columns []*column   // by facility
	first   []int32     // of demand i are ways[first[i]:first[i+1]]
	ways    []Way
}

// measure finds which demands reach a facility.
type measure interface {
	column(f *Facility) (*column, error)
	byTime() bool
	limitCost() float64 // the most that a way costs
}

// column is the demands that reach one facility, ascending, and their costs.
type column struct {
	layer  spatial.LayerID
	id     int64
	place  orb.Geometry
	demand []int32
	cost   []int32
	off    bool // no road to be reached by
}

// of says whether the column is that of a facility.
func (c *column) of(f *Facility) bool {
	return c.layer == f.Layer && c.id == f.ID && orb.Equal(c.place, f.Place)
}

// newReach measures columns that are not known yet, on all processors.
func newReach(how measure, places []orb.Point, facilities []Facility, known map[facilityKey]*column) (*Reach, error) {
	r := &Reach{how: how, places: places, columns: make([]*column, len(facilities))}
	errs := make([]error, len(facilities))
	each(len(facilities), func(i int) {
		f := &facilities[i]
		if errs[i] = f.Validate(); errs[i] != nil {
			return
		}
		if c := known[facilityKey{f.Layer, f.ID}]; c != nil && c.of(f) {
			r.columns[i] = c
			return
		}
		r.columns[i], errs[i] = how.column(f)
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return r, r.join()
}

type facilityKey struct {
	layer spatial.LayerID
	id    int64
}

// each does something for the numbers below n, on all processors.
func each(n int, do func(i int)) {
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	wait.Wait()
}

// maxWays is the most ways of a question: 2 GB.
const maxWays = 1 << 28

// join makes the lists by demand from the columns.
func (r *Reach) join() error {
	total := 0
	for _, c := range r.columns {
		total += len(c.demand)
	}
	if total > maxWays {
		return &spatial.InvalidError{Rule: "reach_size", Where: "reach", Detail: fmt.Sprintf("%d ways from demands to facilities are more than %d", total, maxWays), Fix: "ask for a shorter way or a smaller area"}
	}
	r.first, r.ways = make([]int32, len(r.places)+1), make([]Way, total)
	for _, c := range r.columns {
		for _, d := range c.demand {
			r.first[d+1]++
		}
	}
	for i := range r.places {
		r.first[i+1] += r.first[i]
	}
	next := slices.Clone(r.first[:len(r.places)])
	for j, c := range r.columns {
		for k, d := range c.demand {
			r.ways[next[d]] = Way{int32(j), c.cost[k]}
			next[d]++
		}
	}
	r.sort()
	return nil
}

// sort puts the ways of each demand in order, nearest first.
func (r *Reach) sort() {
	const batch = 4096
	each((len(r.places)+batch-1)/batch, func(b int) {
		for i := b * batch; i < min((b+1)*batch, len(r.places)); i++ {
			sortWays(r.Of(i))
		}
	})
}

// sortWays sorts lists that are mostly short.
func sortWays(ways []Way) {
	if len(ways) > 32 {
		slices.SortFunc(ways, byCost)
		return
	}
	for i := 1; i < len(ways); i++ {
		w, k := ways[i], i
		for ; k > 0 && (w.Cost < ways[k-1].Cost || w.Cost == ways[k-1].Cost && w.Facility < ways[k-1].Facility); k-- {
			ways[k] = ways[k-1]
		}
		ways[k] = w
	}
}

// With is the reach of the same demands and other facilities, in their order.
// What is known of facilities that have not moved is taken over, so a change
// costs by the facilities that are new.
func (r *Reach) With(facilities []Facility) (*Reach, error) {
	known := make(map[facilityKey]*column, len(r.columns))
	for _, c := range r.columns {
		known[facilityKey{c.layer, c.id}] = c
	}
	return newReach(r.how, r.places, facilities, known)
}

// Of are the ways of a demand, nearest first; read-only.
func (r *Reach) Of(demand int) []Way { return r.ways[r.first[demand]:r.first[demand+1]] }

// Demands is how many there are.
func (r *Reach) Demands() int { return len(r.places) }

// Facilities is how many there are.
func (r *Reach) Facilities() int { return len(r.columns) }

// Ways is how many pairs of a demand and a facility are within reach.
func (r *Reach) Ways() int { return len(r.ways) }

// ByTime says whether costs are milliseconds rather than millimetres.
func (r *Reach) ByTime() bool { return r.how.byTime() }

// Gaussian is the weight of a way by distance decay, as [Problem.Cover] has it.
func (r *Reach) Gaussian(w Way) float64 { return gaussian(w.Cost, r.how.limitCost()) }

// Measure is a cost, or a sum of costs, in seconds or metres.
func (r *Reach) Measure(cost int64) float64 { return float64(cost) / 1000 }

// Unreached is how many demands reach nothing.
func (r *Reach) Unreached() int {
	n := 0
	for i := range r.places {
		if r.first[i] == r.first[i+1] {
			n++
		}
	}
	return n
}

// OffRoad lists the demands and facilities that have no road to go by, or none
// within the limit; there are none along straight lines.
func (r *Reach) OffRoad() (demands, facilities []int) {
	if w, ok := r.how.(*walking); ok {
		demands = w.off()
	}
	for j, c := range r.columns {
		if c.off {
			facilities = append(facilities, j)
		}
	}
	return demands, facilities
}

func placesOf(demands []Demand) ([]orb.Point, error) {
	if err := validateDemands(demands); err != nil {
		return nil, err
	}
	places := make([]orb.Point, len(demands))
	for i := range demands {
		places[i] = demands[i].Place
	}
	return places, nil
}

// maxRadius is the longest way: its millimetres are a whole number of 32 bits.
const maxRadius geodesic.Meters = 2_000_000
