package shelter

import (
	"math"
	"slices"
	"sync/atomic"

	"wangge/spatial/geodesic"
)

// ground is a siting without capacities, made ready for many choices: only the
// demands that some candidate reaches are looked at again.
type ground struct {
	*Siting
	people  []int64 // by place, a demand that some candidate reaches
	need    []share // by place: area per person still lacking, for Deficit
	nearest []int32 // by place: the way to the nearest facility that stands
	columns [][]reached
	areas   []geodesic.SquareMeters
	fixed   tally // of all demands, those that stand being all there are
	others  int64 // the longest walk of demands that no candidate reaches
	total   int64 // people
}

// reached is a place that a candidate reaches.
type reached struct {
	place  int32
	cost   int32
	access share // area per person that the candidate adds
}

// none is a way to nowhere.
const none = math.MaxInt32

// tally is what is counted over all demands.
type tally struct {
	unserved, walking, deficit, worst int64
}

func (s *Siting) ground() *ground {
	g := &ground{Siting: s, columns: make([][]reached, len(s.Candidates)), areas: make([]geodesic.SquareMeters, len(s.Candidates)), total: Total(s.Demands)}
	number := make([]int32, len(s.Facilities)) // of the candidate and 1
	for c, j := range s.Candidates {
		number[j] = int32(c) + 1
		g.areas[c] = s.Facilities[j].Area
	}
	ratio := s.ratios()
	for i := range s.Demands {
		if s.Demands[i].People > 0 {
			g.add(i, number, ratio)
		}
	}
	return g
}

// ratios are the areas per person in reach, by facility, which do not depend
// on which others there are.
func (s *Siting) ratios() []share {
	reached, ratio := make([]int64, len(s.Facilities)), make([]share, len(s.Facilities))
	for i := range s.Demands {
		for _, w := range s.Reach.Of(i) {
			reached[w.Facility] += s.Demands[i].People
		}
	}
	for j, n := range reached {
		if n > 0 {
			ratio[j] = shareOf(float64(s.Facilities[j].Area) / float64(n))
		}
	}
	return ratio
}

func (g *ground) add(i int, number []int32, ratio []share) {
	place, candidates := int32(len(g.people)), 0
	people, nearest, need := g.Demands[i].People, int32(none), shareOf(float64(g.PerPerson))
	for _, w := range g.Reach.Of(i) {
		if c := number[w.Facility]; c > 0 {
			g.columns[c-1] = append(g.columns[c-1], reached{place, w.Cost, ratio[w.Facility]})
			candidates++
			continue
		}
		nearest = min(nearest, w.Cost)
		need -= ratio[w.Facility]
	}
	if nearest == none {
		g.fixed.unserved += people
	} else {
		g.fixed.walking += people * int64(nearest)
		g.fixed.worst = max(g.fixed.worst, int64(nearest))
	}
	g.fixed.deficit += lacking(people, need)
	if candidates > 0 {
		g.people, g.nearest, g.need = append(g.people, people), append(g.nearest, nearest), append(g.need, need)
	} else if nearest < none {
		g.others = max(g.others, int64(nearest))
	}
}

// share is an area per person in whole 10⁻⁹ m², so that sums do not depend on
// their order.
type share int64

func shareOf(m float64) share { return share(math.Round(m * 1e9)) }

// lacking is an area that people need in all, in 10⁻⁹ m².
func lacking(people int64, need share) int64 { return people * int64(max(need, 0)) }

// step is the state after some candidates are added.
type step struct {
	nearest []int32
	need    []share
	tally
}

func (g *ground) start() step {
	s := step{nearest: slices.Clone(g.nearest), tally: g.fixed}
	if g.Objective == Deficit {
		s.need = slices.Clone(g.need)
	}
	return s
}

// take makes a step the one after another with a candidate added.
func (g *ground) take(to, from *step, candidate int) {
	copy(to.nearest, from.nearest)
	to.tally = from.tally
	if g.Objective == Deficit {
		copy(to.need, from.need)
	}
	for _, r := range g.columns[candidate] {
		people, was := g.people[r.place], to.nearest[r.place]
		switch {
		case was == none:
			to.unserved -= people
			to.walking += people * int64(r.cost)
			to.nearest[r.place] = r.cost
		case r.cost < was:
			to.walking -= people * int64(was-r.cost)
			to.nearest[r.place] = r.cost
		}
		if g.Objective == Deficit {
			need := to.need[r.place]
			to.need[r.place] = need - r.access
			to.deficit += lacking(people, need-r.access) - lacking(people, need)
		}
	}
	if g.Objective == Center {
		to.worst = g.others
		for _, c := range to.nearest {
			if c < none {
				to.worst = max(to.worst, int64(c))
			}
		}
	}
}

// score is that of a step.
func (g *ground) score(t *tally) Score {
	switch g.Objective {
	case Deficit:
		return Score{0, t.deficit}
	case Median:
		return Score{t.unserved, t.walking}
	case Center:
		return Score{t.unserved, t.worst}
	}
	return Score{t.unserved, 0}
}

// facilities are the numbers of candidates as those of facilities, ascending.
func (g *ground) facilities(candidates []int) []int {
	var all []int
	for _, c := range candidates {
		all = append(all, g.Candidates[c])
	}
	slices.Sort(all)
	return all
}

// scoreOf is that of some candidates.
func (g *ground) scoreOf(candidates []int) Score {
	a, b := g.start(), g.start()
	for _, c := range candidates {
		g.take(&b, &a, c)
		a, b = b, a
	}
	return g.score(&a.tally)
}

// marginal says what each chosen candidate is worth.
func (g *ground) marginal(sites []int) []Gain {
	var gains []Gain
	for _, site := range sites {
		var others []int
		for _, j := range sites {
			if j != site {
				others = append(others, slices.Index(g.Candidates, j))
			}
		}
		gains = append(gains, Gain{site, g.scoreOf(others)})
	}
	return gains
}

// solveAll looks at every choice, on all processors.
func (s *Siting) solveAll() *Sites {
	g := s.ground()
	parts := make([]survey, len(s.Candidates))
	var evaluated atomic.Int64
	each(len(s.Candidates), func(first int) {
		v := &parts[first]
		v.ground, v.steps = g, make([]step, s.Choose+1)
		v.steps[0] = step{g.nearest, g.need, g.fixed}
		for i := range s.Choose {
			v.steps[i+1] = g.start()
		}
		v.visit(first)
		evaluated.Add(int64(v.visited))
	})
	var best best2
	front := &frontier{}
	for i := range parts {
		if parts[i].best.n > 0 {
			best.offer(parts[i].best.first)
		}
		if parts[i].best.n > 1 {
			best.offer(parts[i].best.second)
		}
		front.join(&parts[i].front)
	}
	sites := best.answer()
	sites.Marginal, sites.Before, sites.Evaluated = g.marginal(sites.Best.Sites), g.score(&g.fixed), int(evaluated.Load())
	sites.Method = s.everyChoice()
	if s.Front {
		sites.Front, sites.FrontComplete = front.points(), true
	}
	return sites
}

// survey visits choices depth first.
type survey struct {
	*ground
	steps   []step
	chosen  []int
	best    best2
	front   frontier
	visited int
}

func (v *survey) visit(candidate int) {
	depth := len(v.chosen)
	v.take(&v.steps[depth+1], &v.steps[depth], candidate)
	v.chosen = append(v.chosen, candidate)
	v.visited++
	at := &v.steps[depth+1]
	if v.Front {
		v.offerFront(at)
	}
	if depth+1 == v.Choose {
		if score := v.score(&at.tally); v.best.n < 2 || score.compare(v.best.second.Score) <= 0 {
			v.best.offer(Choice{v.facilities(v.chosen), score})
		}
	} else {
		last := len(v.Candidates) - (v.Choose - depth - 1)
		if v.Front {
			last = len(v.Candidates) - 1 // smaller choices count too
		}
		for next := candidate + 1; next <= last; next++ {
			v.visit(next)
		}
	}
	v.chosen = v.chosen[:depth]
}

func (v *survey) offerFront(at *step) {
	var sum geodesic.SquareMeters
	for _, c := range v.chosen {
		sum += v.areas[c]
	}
	p := FrontPoint{Covered: v.total - at.unserved, Walking: at.walking, Area: sum}
	if v.front.takes(&p) {
		p.Choice = Choice{v.facilities(v.chosen), v.score(&at.tally)}
		v.front.add(p)
	}
}
