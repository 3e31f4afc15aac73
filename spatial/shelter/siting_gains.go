package shelter

import (
	"cmp"
	"fmt"
	"slices"

	"wangge/spatial"
)

// solveByGains branches and bounds. What a site adds to a choice is never more
// than what it adds to a part of that choice (covered people, lacking area and
// walking to the nearest are all of that kind), so no choice is better than
// the sites chosen so far with the largest gains over them added.
func (s *Siting) solveByGains() *Sites { return s.searchByGains(nil) }

// searchByGains may stop at a choice that is good enough, or when it is ruled
// out that there is one.
func (s *Siting) searchByGains(enough *Score) *Sites {
	g := s.ground()
	b := &byGains{ground: g, enough: enough, left: s.work(gainsLookedAt), bound: Score{1 << 62, 1 << 62}}
	all := make([]int, len(s.Candidates))
	for c := range all {
		all[c] = c
	}
	root := g.start()
	b.greedy(&root, all)
	if !b.found() {
		b.branch(&root, nil, all)
	}
	sites := b.best.answer()
	if b.left <= 0 || enough != nil {
		sites.RunnerUpExact = false
		sites.Bound = least(sites.Bound, b.bound)
	}
	sites.Marginal, sites.Before = g.marginal(sites.Best.Sites), g.score(&g.fixed)
	sites.Evaluated = s.work(gainsLookedAt) - max(b.left, 0)
	sites.Method = spatial.Title{ZH: fmt.Sprintf("按增益分支定界，查看%d处", sites.Evaluated), EN: fmt.Sprintf("branch and bound by gains, %d sites looked at", sites.Evaluated)}
	return sites
}

// gainsLookedAt is how many sites may be looked at if nothing else is asked for.
const gainsLookedAt = 200_000

// byGains is a search for the best two choices.
type byGains struct {
	*ground
	best  best2
	left  int   // how many more sites may be looked at
	bound Score // of what was not looked at
	// enough ends the search with a choice that is as good.
	enough *Score
}

// found says whether a choice is good enough to stop.
func (b *byGains) found() bool { return b.enough != nil && !b.enough.less(b.best.first.Score) }

// gain is what a candidate would make of a choice.
type gain struct {
	candidate int
	score     Score
	added     Score // better than without it, so not above 0
}

// gains are those of candidates over a step, the best first.
func (b *byGains) gains(at *step, candidates []int) []gain {
	all := make([]gain, len(candidates))
	before := b.score(&at.tally)
	each(len(candidates), func(i int) {
		next := b.start()
		b.take(&next, at, candidates[i])
		score := b.score(&next.tally)
		all[i] = gain{candidates[i], score, score.minus(before)}
	})
	b.left -= len(candidates)
	slices.SortFunc(all, func(a, b gain) int {
		return cmp.Or(a.added.compare(b.added), cmp.Compare(a.candidate, b.candidate))
	})
	return all
}

// greedy is a first choice: the largest gain each time.
func (b *byGains) greedy(root *step, candidates []int) {
	at, chosen, rest := *root, []int(nil), slices.Clone(candidates)
	for range b.Choose {
		c := b.gains(&at, rest)[0].candidate
		next := b.start()
		b.take(&next, &at, c)
		at, chosen = next, append(chosen, c)
		rest = slices.DeleteFunc(rest, func(r int) bool { return r == c })
	}
	b.best.offer(Choice{b.facilities(chosen), b.score(&at.tally)})
}

// branch looks at all choices that have those chosen and otherwise only some
// of the candidates.
func (b *byGains) branch(at *step, chosen, candidates []int) {
	missing := b.Choose - len(chosen)
	gains := b.gains(at, candidates)
	if missing == 1 {
		for _, g := range gains[:min(2, len(gains))] {
			b.best.offer(Choice{b.facilities(append(slices.Clone(chosen), g.candidate)), g.score})
		}
		return
	}
	score := b.score(&at.tally)
	for i := 0; i+missing <= len(gains); i++ {
		bound := score
		for _, g := range gains[i : i+missing] {
			bound = bound.plus(g.added)
		}
		if bound = bound.floor(); !b.best.beats(bound) {
			return
		}
		if b.left <= 0 || b.found() || b.enough != nil && b.enough.less(bound) {
			b.bound = least(b.bound, bound)
			return
		}
		rest := make([]int, 0, len(gains)-i-1)
		for _, g := range gains[i+1:] {
			rest = append(rest, g.candidate)
		}
		next := b.start()
		b.take(&next, at, gains[i].candidate)
		b.branch(&next, append(slices.Clone(chosen), gains[i].candidate), rest)
	}
}

func least(a, b Score) Score {
	if b.less(a) {
		return b
	}
	return a
}
