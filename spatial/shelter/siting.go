package shelter

import (
	"cmp"
	"fmt"
	"slices"

	"wangge/spatial"
)

// Objective is what makes a choice of sites good.
type Objective string

// The objectives. People that are not covered count first, always; Deficit is
// the exception, as it counts area only.
const (
	Covered Objective = "covered"  // as many people as can be
	Deficit Objective = "deficit"  // the least area lacking per person, added up
	Median  Objective = "p_median" // the least walking in all
	Center  Objective = "p_center" // the shortest longest walk
)

// Objectives are all of them.
func Objectives() []Objective { return []Objective{Covered, Deficit, Median, Center} }

// ParseObjective reads the name of an objective.
func ParseObjective(s string) (Objective, error) {
	o := Objective(s)
	if !slices.Contains(Objectives(), o) {
		return "", &spatial.InvalidError{Rule: "objective_unknown", Where: "objective",
			Detail: fmt.Sprintf("there is no objective %q", s), Fix: "use " + list(Objectives())}
	}
	return o, nil
}

// Siting asks for the best few of some candidate sites. The facilities of its
// problem are those that stand and the candidates together.
type Siting struct {
	Problem
	Candidates  []int // numbers of facilities; all others stand
	Choose      int   // how many
	Objective   Objective
	Capacitated bool // people are allocated; otherwise everyone goes to the nearest
	Front       bool // find the Pareto front too
	Work        int  // how many choices may be looked at, or sites while branching; 0: a million choices, 200,000 sites, with capacities 5,000
}

// Score says how good a choice is: less is better, people first.
type Score struct {
	Unserved int64 // people not covered, or with capacities not served; Deficit does not rank by them
	Cost     int64 // Covered: 0; Deficit: cm²; Median: mm or ms times people; Center: mm or ms
}

func (s Score) compare(o Score) int {
	return cmp.Or(cmp.Compare(s.Unserved, o.Unserved), cmp.Compare(s.Cost, o.Cost))
}

func (s Score) less(o Score) bool { return s.compare(o) < 0 }

func (s Score) plus(o Score) Score { return Score{s.Unserved + o.Unserved, s.Cost + o.Cost} }

func (s Score) minus(o Score) Score { return Score{s.Unserved - o.Unserved, s.Cost - o.Cost} }

// Choice is some sites and how good they are.
type Choice struct {
	Sites []int // numbers of facilities, ascending
	Score Score
}

func (c Choice) compare(o Choice) int {
	return cmp.Or(c.Score.compare(o.Score), slices.Compare(c.Sites, o.Sites))
}

// Sites is the answer to a siting. It is exact if its bound is its score.
type Sites struct {
	Best          Choice
	Bound         Score // no choice is better
	Exact         bool
	Gap           float64 // of the best score to the bound, relative to the best; 0 if exact
	RunnerUp      *Choice // the next best; nil if there is no other
	RunnerUpExact bool
	Marginal      []Gain // for each chosen site what there is without it
	Front         []FrontPoint
	FrontComplete bool
	Before        Score // with none of the candidates
	Evaluated     int   // choices, or parts of choices, looked at
	Method        spatial.Title
}

// Gain is what a chosen site is worth.
type Gain struct {
	Site    int
	Without Score // of the other chosen ones
}

// Validate refuses candidates that are not there, or twice, and more to choose
// than there are.
func (s *Siting) Validate() error {
	if err := s.Problem.Validate(); err != nil {
		return err
	}
	if _, err := ParseObjective(string(s.Objective)); err != nil {
		return err
	}
	if s.Choose < 1 || s.Choose > len(s.Candidates) {
		return &spatial.InvalidError{Rule: "choose_range", Where: "choose", Detail: fmt.Sprintf("%d of %d candidates cannot be chosen", s.Choose, len(s.Candidates)), Fix: "choose at least one and no more than there are"}
	}
	if s.Objective == Deficit && float64(Total(s.Demands))*float64(s.PerPerson) > 1e9 {
		return &spatial.InvalidError{Rule: "deficit_total", Where: "demand", Detail: fmt.Sprintf("%d people with %v m² each lack more than can be counted", Total(s.Demands), s.PerPerson)}
	}
	seen := make(map[int]bool, len(s.Candidates))
	for _, c := range s.Candidates {
		if c < 0 || c >= len(s.Facilities) || seen[c] {
			return &spatial.InvalidError{Rule: "candidate_unknown", Where: "candidates", Detail: fmt.Sprintf("facility %d is not there, or there twice", c)}
		}
		seen[c] = true
	}
	return nil
}

// Solve finds the best choice. It looks at all choices where they are few
// enough, and otherwise branches and bounds; if the work it may do runs out
// before the proof, the answer says how far from the best it may be at most.
func (s *Siting) Solve() (*Sites, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	var sites *Sites
	var err error
	switch {
	case s.Capacitated:
		sites, err = s.solveWithCapacities()
		if s.Front {
			s.addFront(sites)
		}
	case choices(len(s.Candidates), s.Choose, s.work(1_000_000)) <= s.work(1_000_000):
		sites = s.solveAll()
	case s.Objective == Center:
		sites = s.solveCenter()
	default:
		sites = s.solveByGains()
	}
	if err != nil {
		return nil, err
	}
	sites.settle(s.Objective)
	if s.Objective == Deficit {
		s.countUnserved(sites)
	}
	return sites, nil
}

// everyChoice is the method of looking at all of them.
func (s *Siting) everyChoice() spatial.Title {
	return spatial.Title{ZH: fmt.Sprintf("查看%d处候选中选%d处的所有组合", len(s.Candidates), s.Choose), EN: fmt.Sprintf("all choices of %d of %d", s.Choose, len(s.Candidates))}
}

// countUnserved says how many people are not covered where the search did not
// ask. For the bound there is no such number.
func (s *Siting) countUnserved(sites *Sites) {
	g := s.ground()
	g.Siting = &Siting{Problem: s.Problem, Candidates: s.Candidates, Objective: Covered}
	count := func(list []int) int64 {
		if s.Capacitated {
			return s.alone(Covered, list).unserved()
		}
		return g.scoreOf(g.candidatesOf(list)).Unserved
	}
	sites.Best.Score.Unserved, sites.Before.Unserved = count(sites.Best.Sites), count(nil)
	if sites.RunnerUp != nil {
		sites.RunnerUp.Score.Unserved = count(sites.RunnerUp.Sites)
	}
	for i, m := range sites.Marginal {
		rest := slices.DeleteFunc(slices.Clone(sites.Best.Sites), func(j int) bool { return j == m.Site })
		sites.Marginal[i].Without.Unserved = count(rest)
	}
}

// Light says whether the answer takes no more than some tens of milliseconds in
// a district: without capacities, and with few choices.
func (s *Siting) Light() bool {
	const few = 20_000
	return !s.Capacitated && choices(len(s.Candidates), s.Choose, few) <= few
}

func (s *Siting) work(standard int) int {
	if s.Work > 0 {
		return s.Work
	}
	return standard
}

// settle fills in what follows from the best and the bound.
func (s *Sites) settle(o Objective) {
	s.Bound = s.Bound.floor()
	s.Exact = s.Bound == s.Best.Score
	if gap := s.Best.Score.minus(s.Bound); gap.Unserved > 0 {
		s.Gap = float64(gap.Unserved) / float64(s.Best.Score.Unserved)
	} else if gap.Cost > 0 {
		s.Gap = float64(gap.Cost) / float64(s.Best.Score.Cost)
	}
	if o == Deficit {
		s.inSquareCentimetres()
	}
}

// floor is a bound that is not below what any score can be.
func (s Score) floor() Score {
	if s.Unserved < 0 {
		return Score{}
	}
	return Score{s.Unserved, max(s.Cost, 0)}
}

// inSquareCentimetres turns deficits of 10⁻⁹ m² into those.
func (s *Sites) inSquareCentimetres() {
	scores := []*Score{&s.Best.Score, &s.Bound, &s.Before}
	if s.RunnerUp != nil {
		scores = append(scores, &s.RunnerUp.Score)
	}
	for i := range s.Marginal {
		scores = append(scores, &s.Marginal[i].Without)
	}
	for i := range s.Front {
		scores = append(scores, &s.Front[i].Score)
	}
	for _, score := range scores {
		score.Cost = (score.Cost + 50_000) / 100_000
	}
}

// choices is how many ways there are to choose at most k of n, or more than
// limit.
func choices(n, k, limit int) int {
	total, ways := 0, 1
	for i := 1; i <= k; i++ {
		if ways > limit*i {
			return limit + 1
		}
		ways = ways * (n - i + 1) / i
		if total += ways; total > limit {
			return limit + 1
		}
	}
	return total
}

// best2 keeps the best two choices.
type best2 struct {
	first, second Choice
	n             int
}

// offer takes a choice if it is one of the best two. Sites are copied.
func (b *best2) offer(c Choice) {
	switch {
	case b.n == 0 || c.compare(b.first) < 0:
		if b.n > 0 {
			b.second = b.first
		}
		b.first = Choice{slices.Clone(c.Sites), c.Score}
	case slices.Equal(c.Sites, b.first.Sites):
		return
	case b.n == 1 || c.compare(b.second) < 0:
		b.second = Choice{slices.Clone(c.Sites), c.Score}
	default:
		return
	}
	b.n = min(b.n+1, 2)
}

// beats says whether a choice with a score would be one of the best two.
func (b *best2) beats(s Score) bool { return b.n < 2 || s.less(b.second.Score) }

func (b *best2) answer() *Sites {
	s := &Sites{Best: b.first, Bound: b.first.Score, RunnerUpExact: true}
	if b.n > 1 {
		s.RunnerUp = &b.second
	}
	return s
}
