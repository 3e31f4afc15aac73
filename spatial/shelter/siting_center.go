package shelter

import (
	"fmt"
	"slices"

	"wangge/spatial"
)

// solveCenter first finds how many people can be covered at most, then the
// shortest longest walk with which as many can be: a choice that covers them
// within a distance exists, or does not.
func (s *Siting) solveCenter() *Sites {
	most := *s
	most.Objective = Covered
	covered := most.solveByGains()
	g := s.ground()
	sites := &Sites{Best: Choice{covered.Best.Sites, g.scoreOf(g.candidatesOf(covered.Best.Sites))}, Evaluated: covered.Evaluated, Before: g.score(&g.fixed)}
	sites.Bound = Score{covered.Bound.Unserved, 0}
	if covered.Bound == covered.Best.Score {
		s.shorten(g, sites)
	}
	sites.Marginal = g.marginal(sites.Best.Sites)
	sites.Method = spatial.Title{ZH: fmt.Sprintf("在各距离内按增益分支定界，查看%d处；不求次优", sites.Evaluated),
		EN: fmt.Sprintf("branch and bound by gains within each distance, %d sites looked at; the runner-up is not sought", sites.Evaluated)}
	return sites
}

// candidatesOf are the numbers of facilities as those of candidates.
func (g *ground) candidatesOf(sites []int) []int {
	var all []int
	for _, j := range sites {
		all = append(all, slices.Index(g.Candidates, j))
	}
	return all
}

// shorten looks for the shortest longest walk by halving the walks that there
// are between one that is too short and one that a choice is known for.
func (s *Siting) shorten(g *ground, sites *Sites) {
	walks := s.walks(g)
	low, _ := slices.BinarySearch(walks, int32(g.others)) // the answer is one of walks[low..high]
	high, _ := slices.BinarySearch(walks, int32(sites.Best.Score.Cost))
	sites.Bound.Cost = g.others
	for low < high {
		middle := (low + high) / 2
		within := *s
		within.Objective, within.Problem.Reach = Covered, s.Reach.upTo(walks[middle])
		found := within.searchByGains(&Score{sites.Best.Score.Unserved, 0})
		sites.Evaluated += found.Evaluated
		switch {
		case found.Best.Score.Unserved <= sites.Best.Score.Unserved:
			sites.Best = Choice{found.Best.Sites, g.scoreOf(g.candidatesOf(found.Best.Sites))}
			high, _ = slices.BinarySearch(walks, int32(sites.Best.Score.Cost))
		case found.Bound.Unserved > sites.Best.Score.Unserved:
			low = middle + 1
		default:
			return // neither found nor ruled out
		}
		if low < len(walks) {
			sites.Bound.Cost = max(sites.Bound.Cost, int64(walks[low]))
		}
	}
	sites.Bound.Cost = sites.Best.Score.Cost
}

// walks are all ways that the longest may be, ascending.
func (s *Siting) walks(g *ground) []int32 {
	all := []int32{0, int32(g.others)}
	for i := range s.Demands {
		if s.Demands[i].People > 0 {
			for _, w := range s.Reach.Of(i) {
				all = append(all, w.Cost)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// upTo is the reach without ways that cost more than a limit.
func (r *Reach) upTo(limit int32) *Reach {
	short := &Reach{how: r.how, places: r.places, columns: r.columns, first: make([]int32, len(r.first)), ways: make([]Way, 0, len(r.ways))}
	for i := range r.places {
		for _, w := range r.Of(i) {
			if w.Cost > limit {
				break
			}
			short.ways = append(short.ways, w)
		}
		short.first[i+1] = int32(len(short.ways))
	}
	return short
}
