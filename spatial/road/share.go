package road

import (
	"slices"
)

// Share is a stretch of an edge that is reached first from one start.
type Share struct {
	From, To float64 // fractions of the edge, From < To
	Start    int     // -1 if it is reached from none
}

// line is how soon the positions of an edge are reached in one way: at fraction
// 0 and 1, between two fractions only.
type line struct {
	at0, at1 float64
	from, to float64
	start    int
}

func (l line) at(f float64) float64 { return l.at0 + f*(l.at1-l.at0) }

// Shares cuts an edge where the nearest start changes; together the shares are
// the whole edge. Of starts that are equally near all along the first has the
// stretch. Times are not rounded to milliseconds here.
func (t *Times) Shares(edge int32) []Share {
	ways := t.ways(edge)
	cuts := []float64{0, 1}
	for i, a := range ways {
		cuts = append(cuts, a.from, a.to)
		for _, b := range ways[:i] {
			if f := (b.at0 - a.at0) / ((a.at1 - a.at0) - (b.at1 - b.at0)); f > 0 && f < 1 {
				cuts = append(cuts, f)
			}
		}
	}
	slices.Sort(cuts)
	var shares []Share
	for _, cut := range slices.Compact(cuts)[1:] {
		from := 0.0
		if len(shares) > 0 {
			from = shares[len(shares)-1].To
		}
		start := firstAt(ways, (from+cut)/2)
		if n := len(shares); n > 0 && shares[n-1].Start == start {
			shares[n-1].To = cut
			continue
		}
		shares = append(shares, Share{from, cut, start})
	}
	return shares
}

// firstAt is the start of the way that reaches a fraction first.
func firstAt(ways []line, f float64) int {
	best, start := 0.0, -1
	for _, w := range ways {
		if f < w.from || f > w.to {
			continue
		}
		if d := w.at(f); start < 0 || d < best || d == best && w.start < start {
			best, start = d, w.start
		}
	}
	return start
}

// ways are the ways to reach the positions of an edge: from its ends, and from
// starts on it.
func (t *Times) ways(edge int32) []line {
	g := t.graph
	var ways []line
	for arc := 2 * edge; arc <= 2*edge+1; arc++ {
		cost := float64(g.cost[arc])
		if g.cost[arc] == Unreachable {
			continue
		}
		up := (arc&1 == 0) != g.reversed // later at greater fractions
		tail, _ := g.ends(arc)
		if l := t.node[tail]; l != unreached {
			ways = append(ways, sloped(float64(l.time()), 0, cost, up, int(l.start())))
		}
		for _, i := range t.onEdge[edge] {
			s := t.starts[i]
			ways = append(ways, sloped(float64(s.After), s.Fraction, cost, up, int(i)))
		}
	}
	return ways
}

// sloped is the way of a start that begins at a fraction, going up or down.
// From an end of the edge the fraction is 0 either way.
func sloped(after, fraction, cost float64, up bool, start int) line {
	if up {
		return line{after - fraction*cost, after + (1-fraction)*cost, fraction, 1, start}
	}
	if fraction == 0 {
		fraction = 1
	}
	return line{after + fraction*cost, after - (1-fraction)*cost, 0, fraction, start}
}
