package shelter

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/spatial"
)

// someSiting is a small siting.
func someSiting(t testing.TB, random *rand.Rand) *Siting {
	for {
		p := someProblem(t, random)
		if n := len(p.Facilities); n > 0 {
			s := &Siting{Problem: *p, Front: true}
			for j := range n {
				if random.IntN(4) > 0 || j == 0 {
					s.Candidates = append(s.Candidates, j)
				}
			}
			s.Choose = 1 + random.IntN(len(s.Candidates))
			return s
		}
	}
}

// only is the problem with only some of the facilities, and of the ways those
// that cost no more than a limit.
func only(p *Problem, open func(j int) bool, limit int32) *Problem {
	q := *p
	q.Facilities = slices.Clone(p.Facilities)
	r := p.Reach.upTo(limit)
	for j := range q.Facilities {
		if !open(j) {
			q.Facilities[j].Area = 0
		}
	}
	q.Reach = &Reach{how: r.how, places: r.places, columns: r.columns, first: make([]int32, len(r.first))}
	for i := range q.Demands {
		for _, w := range r.Of(i) {
			if open(int(w.Facility)) {
				q.Reach.ways = append(q.Reach.ways, w)
			}
		}
		q.Reach.first[i+1] = int32(len(q.Reach.ways))
	}
	return &q
}

// scoreByLooking is the score of a choice without any short cut.
func scoreByLooking(t testing.TB, s *Siting, sites []int) Score {
	open := func(j int) bool { return !slices.Contains(s.Candidates, j) || slices.Contains(sites, j) }
	p := only(&s.Problem, open, 1<<30)
	if s.Capacitated {
		return servedByLooking(s, p, open)
	}
	var t0 tally
	c, err := p.Cover()
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range p.Demands {
		need := shareOf(float64(p.PerPerson))
		for _, w := range p.Reach.Of(i) {
			need -= shareOf(c.Ratio[w.Facility])
		}
		t0.deficit += lacking(d.People, need)
		if ways := p.Reach.Of(i); len(ways) == 0 {
			t0.unserved += d.People
		} else if d.People > 0 {
			t0.walking += d.People * int64(ways[0].Cost)
			t0.worst = max(t0.worst, int64(ways[0].Cost))
		}
	}
	return (&ground{Siting: s}).score(&t0)
}

func servedByLooking(s *Siting, p *Problem, open func(int) bool) Score {
	served, walking := textbook(p)
	unserved := Total(p.Demands) - served
	switch s.Objective {
	case Covered:
		return Score{unserved, 0}
	case Deficit:
		return Score{0, lacking(unserved, shareOf(float64(p.PerPerson)))}
	case Median:
		return Score{unserved, walking}
	}
	for limit := int32(0); ; limit++ {
		if within, _ := textbook(only(p, open, limit)); within == served {
			return Score{unserved, int64(limit)}
		}
	}
}

// byLooking lists all choices of a siting, the best first.
func byLooking(t testing.TB, s *Siting, k int) []Choice {
	var all []Choice
	for set := range 1 << len(s.Candidates) {
		var sites []int
		for c, j := range s.Candidates {
			if set>>c&1 == 1 {
				sites = append(sites, j)
			}
		}
		if len(sites) == k {
			all = append(all, Choice{sites, scoreByLooking(t, s, sites)})
		}
	}
	slices.SortFunc(all, Choice.compare)
	return all
}

// TestSitingIsTheBestOfAll compares thousands of small sitings with a look at
// every choice, by each way of solving them.
func TestSitingIsTheBestOfAll(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 13))
	for round := range 500 {
		s := someSiting(t, random)
		for _, objective := range Objectives() {
			s.Objective = objective
			ways := map[string]func() *Sites{"all": s.solveAll, "gains": s.solveByGains}
			if objective == Center {
				ways["gains"] = s.solveCenter
			}
			s.Capacitated = false
			compareSites(t, s, ways)
			s.Capacitated = true
			if objective != Center || round%5 == 0 {
				ways := map[string]func() *Sites{"flow": func() *Sites { sites, _ := s.solveWithCapacities(); return sites }}
				if objective != Center {
					ways["losses"], ways["each"] = s.losses, s.solveEach
				}
				if objective == Covered || objective == Deficit {
					ways["openings"] = s.openings
				}
				compareSites(t, s, ways)
				if s.Objective == Median {
					sites := &Sites{}
					s.addFront(sites)
					checkFront(t, s, sites.Front)
					if !sites.FrontComplete {
						t.Errorf("the front of %d of %v is not complete", s.Choose, s.Candidates)
					}
				}
			}
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}

func compareSites(t *testing.T, s *Siting, ways map[string]func() *Sites) {
	t.Helper()
	all := byLooking(t, s, s.Choose)
	for name, solve := range ways {
		got := solve()
		got.settle(Covered) // leave deficits as they are
		what := fmt.Sprintf("%s %s, %d of %v", name, s.Objective, s.Choose, s.Candidates)
		if got.Best.Score != all[0].Score || !got.Exact || got.Gap != 0 {
			t.Errorf("%s: %+v, bound %v, want %+v", what, got.Best, got.Bound, all[0])
		}
		if name == "all" && !slices.Equal(got.Best.Sites, all[0].Sites) {
			t.Errorf("%s: of equally good choices %v, want the first, %v", what, got.Best.Sites, all[0].Sites)
		}
		if score := scoreByLooking(t, s, got.Best.Sites); score != got.Best.Score {
			t.Errorf("%s: %v has score %v, not %v", what, got.Best.Sites, score, got.Best.Score)
		}
		if got.RunnerUpExact && (got.RunnerUp == nil) != (len(all) == 1) {
			t.Errorf("%s: runner-up %v of %d choices", what, got.RunnerUp, len(all))
		}
		if got.RunnerUpExact && got.RunnerUp != nil && got.RunnerUp.Score != all[1].Score {
			t.Errorf("%s: runner-up %v, want %v", what, *got.RunnerUp, all[1])
		}
		if want := scoreByLooking(t, s, nil); got.Before != want {
			t.Errorf("%s: before %v, want %v", what, got.Before, want)
		}
		for i, site := range got.Best.Sites {
			rest := slices.Delete(slices.Clone(got.Best.Sites), i, i+1)
			if want := scoreByLooking(t, s, rest); got.Marginal[i].Site != site || got.Marginal[i].Without != want {
				t.Errorf("%s: without %d %+v, want %v", what, site, got.Marginal[i], want)
			}
		}
		if name == "all" && s.Objective == Median {
			checkFront(t, s, got.Front)
		}
	}
}

// checkFront compares the front with all choices of up to k sites.
func checkFront(t *testing.T, s *Siting, front []FrontPoint) {
	t.Helper()
	var all []FrontPoint
	for k := 1; k <= s.Choose; k++ {
		for _, c := range byLooking(t, s, k) {
			p := FrontPoint{Choice: c, Covered: Total(s.Demands) - c.Score.Unserved, Walking: c.Score.Cost}
			for _, j := range c.Sites {
				p.Area += s.Facilities[j].Area
			}
			all = append(all, p)
		}
	}
	for i := range all {
		beaten := func(q FrontPoint) bool { return q.beats(&all[i]) }
		if !slices.ContainsFunc(front, beaten) {
			t.Errorf("%+v is beaten by none of the front %+v", all[i], front)
		}
	}
	for i := range front {
		real := func(q FrontPoint) bool {
			return slices.Equal(q.Sites, front[i].Sites) && q.Covered == front[i].Covered && q.Walking == front[i].Walking && q.Area == front[i].Area
		}
		if !slices.ContainsFunc(all, real) {
			t.Errorf("%+v of the front is no choice", front[i])
		}
		for k := range front {
			if k != i && front[k].beats(&front[i]) {
				t.Errorf("%+v beats %+v of the front", front[k], front[i])
			}
		}
	}
}

// TestLittleWorkGivesHonestBounds lets the work run out.
func TestLittleWorkGivesHonestBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 34))
	open := 0
	for range 1000 {
		s := someSiting(t, random)
		s.Objective = Objectives()[random.IntN(4)]
		s.Capacitated = random.IntN(3) == 0
		s.Work = 1 + random.IntN(6)
		s.Front = random.IntN(2) == 0
		if s.Capacitated && s.Objective == Center {
			continue
		}
		sites, err := s.Solve()
		if err != nil {
			t.Fatal(err)
		}
		best := byLooking(t, s, s.Choose)[0].Score
		if s.Objective == Deficit {
			best.Cost = (best.Cost + 50_000) / 100_000
			sites.Best.Score.Unserved = 0 // told, but not ranked by
		}
		if best.less(sites.Bound) || sites.Best.Score.less(best) || sites.Exact != (sites.Bound == sites.Best.Score) || sites.Exact == (sites.Gap > 0) {
			t.Fatalf("%s: found %v, bound %v, gap %v, the best is %v", sites.Method, sites.Best.Score, sites.Bound, sites.Gap, best)
		}
		if !sites.Exact {
			open++
		}
	}
	if open < 20 {
		t.Errorf("only %d bounds stayed open", open)
	}
}

func TestBadSitings(t *testing.T) {
	p := made(t, []int64{5}, []int64{5, 5}, [][]int32{{1}, {2}})
	tests := map[string]struct {
		siting Siting
		rule   string
	}{
		"more than there are": {Siting{Candidates: []int{0}, Choose: 2, Objective: Covered}, "choose_range"},
		"none":                {Siting{Candidates: []int{0}, Objective: Covered}, "choose_range"},
		"no candidates":       {Siting{Choose: 1, Objective: Covered}, "choose_range"},
		"not there":           {Siting{Candidates: []int{7}, Choose: 1, Objective: Covered}, "candidate_unknown"},
		"twice":               {Siting{Candidates: []int{1, 1}, Choose: 1, Objective: Covered}, "candidate_unknown"},
		"no objective":        {Siting{Candidates: []int{1}, Choose: 1}, "objective_unknown"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.siting.Problem = *p
			_, err := test.siting.Solve()
			var invalid *spatial.InvalidError
			if !errors.As(err, &invalid) || invalid.Rule != test.rule {
				t.Errorf("%v, want the rule %s", err, test.rule)
			}
		})
	}
}
