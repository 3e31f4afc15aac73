package shelter

import (
	"fmt"
	"math"
	"slices"

	"wangge/spatial"
)

// centerWithCapacities finds how many people can be served at most, then the
// shortest longest walk with which as many can be.
func (s *Siting) centerWithCapacities() *Sites {
	most := *s
	most.Objective = Covered
	sites, _ := most.solveWithCapacities()
	proved := sites.Bound == sites.Best.Score
	sites.Bound.Cost = 0
	sites.Best.Score = most.worst(sites.Best.Sites, sites.Best.Score.Unserved)
	if proved {
		most.shortenServed(sites)
	}
	for i, site := range sites.Best.Sites {
		rest := slices.DeleteFunc(slices.Clone(sites.Best.Sites), func(j int) bool { return j == site })
		sites.Marginal[i] = Gain{site, most.worst(rest, -1)}
	}
	sites.RunnerUp, sites.RunnerUpExact = most.secondCenter(sites.Best.Sites)
	sites.Before = most.worst(nil, -1)
	sites.Method = spatial.Title{ZH: fmt.Sprintf("在各距离内的最优流上按损失分支定界，关闭%d次", sites.Evaluated),
		EN: fmt.Sprintf("branch and bound by losses on the optimal flow within each distance, %d sites closed", sites.Evaluated)}
	return sites
}

// secondCenter is the best choice but for one: of those that serve the most
// people the one with the shortest longest walk. It looks at all choices, where
// they are few enough.
func (s *Siting) secondCenter(best []int) (second *Choice, exact bool) {
	if most := s.work(frontClosings); s.toLookAt(most) > most {
		return nil, false
	}
	unserved, alike := int64(math.MaxInt64), [][]int(nil)
	s.eachChoice(Covered, func(sites []int, f *flow) {
		if len(sites) < s.Choose || slices.Equal(sites, best) {
			return
		}
		if left := f.unserved(); left < unserved {
			unserved, alike = left, [][]int{sites}
		} else if left == unserved {
			alike = append(alike, sites)
		}
	})
	slices.SortFunc(alike, slices.Compare)
	for _, sites := range alike {
		if second == nil || s.left(sites, int32(second.Score.Cost)-1) == unserved {
			second = &Choice{sites, s.worst(sites, unserved)}
		}
	}
	return second, true
}

// left is how many people are not served by some sites within a limit.
func (s *Siting) left(sites []int, limit int32) int64 {
	room := s.Capacities()
	for _, j := range s.others(sites) {
		room[j] = 0
	}
	return newFlat(peopleOf(s.Demands), room, s.Reach, limit).solve().unserved()
}

// worst is the longest walk with which as many people are served by some
// sites as can be; unserved is how many are left then, or below 0 if that is
// not known.
func (s *Siting) worst(sites []int, unserved int64) Score {
	if unserved < 0 {
		unserved = s.left(sites, none)
	}
	walks := s.Reach.costs()
	at, _ := slices.BinarySearchFunc(walks, unserved, func(walk int32, unserved int64) int {
		if s.left(sites, walk) > unserved {
			return -1
		}
		return 1
	})
	if at == len(walks) {
		return Score{unserved, 0}
	}
	return Score{unserved, int64(walks[at])}
}

// costs are those of all ways, ascending, and 0.
func (r *Reach) costs() []int32 {
	all := []int32{0}
	for _, w := range r.ways {
		all = append(all, w.Cost)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// shortenServed looks for the shortest longest walk by halving.
func (s *Siting) shortenServed(sites *Sites) {
	walks := s.Reach.costs()
	low := 0
	high, _ := slices.BinarySearch(walks, int32(sites.Best.Score.Cost))
	enough := Score{sites.Best.Score.Unserved, 0}
	for low < high {
		middle := (low + high) / 2
		b := s.byLosses(s.within(walks[middle]).solve())
		b.enough = &enough
		if !enough.less(b.scoreOf(b.root)) { // all sites open serve as many
			b.search()
		}
		sites.Evaluated += b.work - max(b.left, 0)
		switch {
		case b.best.n > 0 && !enough.less(b.best.first.Score):
			high = middle
			sites.Best = Choice{b.best.first.Sites, Score{enough.Unserved, int64(walks[middle])}}
		case b.left > 0 || enough.less(b.bound):
			low = middle + 1
			sites.Bound.Cost = int64(walks[low])
		default:
			return // neither found nor ruled out
		}
	}
	sites.Bound.Cost = sites.Best.Score.Cost
}
