package instance

import (
	"io"
	"math"

	"wangge/spatial"
)

// The most sites, demands, size and cost of a file, which keep sums within 64
// bits.
const (
	maxSites   = 2000
	maxDemands = 2000
	maxSize    = 1_000_000_000
	maxCost    = 10_000_000
)

// Format is the order of the numbers in a file of a capacitated problem.
type Format string

// The formats. Cap is OR-Library's of capacitated warehouse location: the
// numbers of sites and demands; each site's capacity and fixed cost; each
// demand's size, and the cost of serving it whole from each site. Rows has the
// same numbers, but all sizes first and then a row of costs for each site.
// Pmedcap is OR-Library's capacitated p-median, one problem of it: the numbers
// of demands and of sites to choose, and the capacity of each; then for each
// demand a number, its x, y and size. Costs are distances, rounded down, and
// every demand's place may be a site.
const (
	Cap     Format = "cap"
	Rows    Format = "rows"
	Pmedcap Format = "pmedcap"
)

// ReadLocation reads a capacitated problem. Costs of the formats cap and rows
// are read in hundred-thousandths, see [Unit]. The error is [spatial.InvalidError].
func ReadLocation(r io.Reader, format Format) (*Location, error) {
	in := newNumbers(r)
	var l *Location
	switch format {
	case Cap:
		l = readCap(in, true)
	case Rows:
		l = readCap(in, false)
	case Pmedcap:
		l = readPmedcap(in)
	default:
		return nil, &spatial.InvalidError{Rule: "instance_format", Where: "format", Detail: "there is no format " + string(format), Fix: "use cap, rows or pmedcap"}
	}
	if err := in.end(); err != nil {
		return nil, err
	}
	return l, nil
}

// readCap reads the costs by demand, each after its size, or by site.
func readCap(in *numbers, byDemand bool) *Location {
	sites, demands := in.count("sites", 1, maxSites), in.count("demands", 1, maxDemands)
	if in.err != nil {
		return nil
	}
	l := newLocation(sites, demands)
	for j := range sites {
		l.Capacity[j], l.Fixed[j] = int64(in.count("a capacity", 0, maxSize)), in.cost("a fixed cost")
	}
	if !byDemand {
		for i := range demands {
			l.Demand[i] = int64(in.count("a demand", 0, maxSize))
		}
		for j := range sites {
			for i := range demands {
				l.Table[j][i] = in.cost("a cost")
			}
		}
		return l
	}
	for i := range demands {
		l.Demand[i] = int64(in.count("a demand", 0, maxSize))
		for j := range sites {
			l.Table[j][i] = in.cost("a cost")
		}
	}
	return l
}

func newLocation(sites, demands int) *Location {
	l := &Location{Capacity: make([]int64, sites), Fixed: make([]int64, sites), Demand: make([]int64, demands), Table: make(Table, sites)}
	for j := range l.Table {
		l.Table[j] = make([]int64, demands)
	}
	return l
}

// Unit is how many of the costs of a [Location] that was read from the formats
// cap and rows make one of the file's.
const Unit = 100_000

// cost is the next number in that unit.
func (n *numbers) cost(what string) int64 {
	x := n.float(what)
	if n.err == nil && !(x >= 0 && x <= maxCost) {
		n.fail(what + " is below 0 or above 10⁷")
	}
	return int64(math.Round(x * Unit))
}

func readPmedcap(in *numbers) *Location {
	demands, choose := in.count("demands", 1, maxSites), in.count("sites to choose", 1, maxSites)
	capacity := int64(in.count("a capacity", 0, maxSize))
	if in.err != nil {
		return nil
	}
	l := newLocation(demands, demands)
	l.Choose = choose
	x, y := make([]float64, demands), make([]float64, demands)
	for i := range demands {
		in.count("a number", 1, demands)
		x[i], y[i] = in.float("an x"), in.float("a y")
		l.Demand[i], l.Capacity[i] = int64(in.count("a demand", 0, maxSize)), capacity
	}
	if in.err == nil && choose > demands {
		in.fail("there are more sites to choose than demands")
	}
	for j := range demands {
		for i := range demands {
			l.Table[j][i] = int64(math.Hypot(x[i]-x[j], y[i]-y[j]))
		}
	}
	return l
}
