package shelter

import (
	"cmp"
	"fmt"
	"slices"

	"wangge/spatial"
)

// solveByGains branches and bounds. What a site adds to a choice is never more
// than what it adds to a part of that choice (covered people, lacking area and
// walking to the nearest are all of that kind, and people served within
// capacities too), so no choice is better than the sites chosen so far with the
// largest gains over them added.
func (s *Siting) solveByGains() *Sites { return s.searchByGains(nil) }

// gainsLookedAt is how many sites may be looked at if nothing else is asked for.
const gainsLookedAt = 200_000

// searchByGains may stop at a choice that is good enough, or when it is ruled
// out that there is one.
func (s *Siting) searchByGains(enough *Score) *Sites {
	g := s.ground()
	b := &byGains[*step]{Siting: s, enough: enough, work: s.work(gainsLookedAt),
		score: func(at *step) Score { return g.score(&at.tally) },
		with: func(at *step, candidate int) *step {
			next := g.start()
			g.take(&next, at, candidate)
			return &next
		}}
	root := g.start()
	sites := b.search(&root)
	sites.Marginal, sites.Before = g.marginal(sites.Best.Sites), g.score(&g.fixed)
	sites.Method = spatial.Title{ZH: fmt.Sprintf("按增益分支定界，查看%d处", sites.Evaluated), EN: fmt.Sprintf("branch and bound by gains, %d sites looked at", sites.Evaluated)}
	return sites
}

// byGains is a search for the best two choices through states, which differ by
// the candidates that have been added to what stands.
type byGains[S any] struct {
	*Siting
	with   func(at S, candidate int) S
	score  func(at S) Score
	best   best2
	work   int
	left   int    // how many more sites may be looked at
	bound  Score  // of what was not looked at
	enough *Score // ends the search with a choice that is as good
}

func (b *byGains[S]) search(root S) *Sites {
	b.left, b.bound = b.work, Score{1 << 62, 1 << 62}
	all := make([]int, len(b.Candidates))
	for c := range all {
		all[c] = c
	}
	b.greedy(root, all)
	if !b.found() {
		b.branch(root, nil, all)
	}
	sites := b.best.answer()
	if b.left <= 0 || b.enough != nil {
		sites.RunnerUpExact = false
		sites.Bound = least(sites.Bound, b.bound)
	}
	sites.Evaluated = b.work - max(b.left, 0)
	return sites
}

// found says whether a choice is good enough to stop.
func (b *byGains[S]) found() bool {
	return b.enough != nil && !b.enough.less(b.best.first.Score)
}

// offer takes a choice of candidates, which are numbered as such.
func (b *byGains[S]) offer(score Score, candidates ...int) {
	var sites []int
	for _, c := range candidates {
		sites = append(sites, b.Candidates[c])
	}
	slices.Sort(sites)
	b.best.offer(Choice{sites, score})
}

// gain is what a candidate would make of a choice.
type gain struct {
	candidate int
	score     Score
	added     Score // better than without it, so not above 0
}

// gains are those of candidates over a state, the best first.
func (b *byGains[S]) gains(at S, candidates []int) []gain {
	all := make([]gain, len(candidates))
	before := b.score(at)
	each(len(candidates), func(i int) {
		score := b.score(b.with(at, candidates[i]))
		all[i] = gain{candidates[i], score, score.minus(before)}
	})
	b.left -= len(candidates)
	slices.SortFunc(all, func(a, b gain) int {
		return cmp.Or(a.added.compare(b.added), cmp.Compare(a.candidate, b.candidate))
	})
	return all
}

// greedy is a first choice: the largest gain each time.
func (b *byGains[S]) greedy(root S, candidates []int) {
	at, chosen, rest := root, []int(nil), slices.Clone(candidates)
	for range b.Choose {
		c := b.gains(at, rest)[0].candidate
		at, chosen = b.with(at, c), append(chosen, c)
		rest = slices.DeleteFunc(rest, func(r int) bool { return r == c })
	}
	b.offer(b.score(at), chosen...)
}

// branch looks at all choices that have those chosen and otherwise only some
// of the candidates.
func (b *byGains[S]) branch(at S, chosen, candidates []int) {
	missing := b.Choose - len(chosen)
	gains := b.gains(at, candidates)
	if missing == 1 {
		for _, g := range gains[:min(2, len(gains))] {
			b.offer(g.score, append(slices.Clone(chosen), g.candidate)...)
		}
		return
	}
	score := b.score(at)
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
		b.branch(b.with(at, gains[i].candidate), append(slices.Clone(chosen), gains[i].candidate), rest)
	}
}

func least(a, b Score) Score {
	if b.less(a) {
		return b
	}
	return a
}
