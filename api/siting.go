package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

func (s *Server) sitingRoutes() []route {
	return []route{{method: http.MethodPost, path: "/siting", summary: "The best few of some candidate sites for shelters, beside those that stand: exact, with the runner-up, what each site adds, and the trade between coverage, walking and area",
		parameters: append(slices.Clone(questionParams), jsonFormat), body: mediaJSON, media: []string{mediaJSON}, long: true, handle: s.siting}}
}

// candidateLayer has the candidates unless a request names others.
const candidateLayer spatial.LayerID = "shelter_candidates"

const maxSites = 1000 // to choose

// sited is a question about sites.
type sited struct {
	*side
	objective shelter.Objective
	choose    int
	capacity  bool
	front     bool
	layer     spatial.LayerID // of the candidates; "" for those of the request
	offered   []site          // with those that do not count
	first     int             // number of the first candidate among the facilities
}

// siting answers which sites are best.
func (s *Server) siting(w http.ResponseWriter, r *request) error {
	q, what, words, err := s.readSiting(r)
	if err != nil {
		return err
	}
	problem := shelter.Siting{Problem: q.Problem, Choose: q.choose, Objective: q.objective, Capacitated: q.capacity, Front: q.front}
	for i := range q.Facilities[q.first:] {
		problem.Candidates = append(problem.Candidates, q.first+i)
	}
	found, err := s.solve(r, &problem)
	if err != nil {
		return err
	}
	answer, err := q.tell(r, found)
	if err != nil {
		return err
	}
	if what != nil {
		answer.Scenario = ref((&covering{asked: &asked{what: what}, words: words}).tellScenario())
	}
	answer.head(w.Header())
	answer.CRS = r.tellCRS(w)
	for _, list := range [][]toldSite{answer.Chosen, answer.Candidates} {
		for i := range list {
			list[i].At = r.shown(list[i].At)
		}
	}
	return writeJSON(w, mediaJSON, answer)
}

// solve finds the sites, one question after another but for light ones: each
// takes all processors.
func (s *Server) solve(r *request, problem *shelter.Siting) (*shelter.Sites, error) {
	if problem.Light() {
		return problem.Solve()
	}
	leave, err := s.turn(r, s.trials)
	if err != nil {
		return nil, err
	}
	defer leave()
	return problem.Solve()
}

// readSiting reads the question and answers its part about coverage.
func (s *Server) readSiting(r *request) (*sited, *whatIf, []spatial.Title, error) {
	body, err := r.readObject(maxQuestion, slices.Concat(parameterNames(questionParams), []string{"exposure", "candidates", "choose", "objective", "capacity", "front"}))
	if err != nil {
		return nil, nil, nil, err
	}
	if err := r.members(body, append(slices.Clone(standardParams), datumParam)); err != nil {
		return nil, nil, nil, err
	}
	what, err := r.whatIf(body)
	if err != nil {
		return nil, nil, nil, err
	}
	asked, err := r.question("")
	if err != nil {
		return nil, nil, nil, err
	}
	if err := asked.readZones(r, body); err != nil {
		return nil, nil, nil, err
	}
	q := &sited{}
	if err := q.options(body); err != nil {
		return nil, nil, nil, err
	}
	if q.capacity || q.objective == shelter.Deficit {
		if err := asked.needArea("a siting by places or area"); err != nil {
			return nil, nil, nil, err
		}
	}
	now, err := r.today(asked, false)
	if err != nil {
		return nil, nil, nil, err
	}
	q.side = now
	var words []spatial.Title
	if what != nil {
		if q.side, words, err = s.imagine(r, now, what, false); err != nil {
			return nil, nil, nil, err
		}
	}
	return q, what, words, q.offer(r, body)
}

func (q *sited) options(body node) (err error) {
	choose, err := body.number("choose")
	if err != nil {
		return err
	}
	if q.choose = int(choose); choose == 0 {
		q.choose = 1
	}
	if choose > maxSites {
		return body.refuse("choose", "choose_range", fmt.Sprintf("%d is more than %d", choose, maxSites), "choose fewer")
	}
	objective, err := body.text("objective", maxCode)
	if err != nil {
		return err
	}
	if objective == "" {
		objective = string(shelter.Covered)
	}
	if q.objective, err = shelter.ParseObjective(objective); err != nil {
		return err
	}
	if q.capacity, err = body.flag("capacity", false); err != nil {
		return err
	}
	q.front, err = body.flag("front", true)
	return err
}

// flag is a member's truth; initial if there is none.
func (n node) flag(name string, initial bool) (flag bool, err error) {
	if !n.has(name) {
		return initial, nil
	}
	if json.Unmarshal(n.members[name], &flag) != nil {
		return false, n.refuse(name, "member_truth", "it is neither true nor false", "give true or false without quotation marks")
	}
	return flag, nil
}

// offer reads the candidates, sorts out those that do not count, and puts the
// others behind the shelters that stand.
func (q *sited) offer(r *request, body node) error {
	candidates, err := q.candidates(r, body)
	if err != nil {
		return err
	}
	standing := *q.side
	judged := standing
	judged.sites = nil
	for _, f := range candidates {
		judged.sites = append(judged.sites, site{Facility: f})
	}
	if err := judged.judge(r.snapshot); err != nil {
		return err
	}
	q.offered, q.first = judged.sites, len(standing.Facilities)
	if len(judged.Facilities) < q.choose {
		return &spatial.InvalidError{Rule: "choose_range", Where: "choose", Detail: fmt.Sprintf("%d of %d candidates cannot be chosen%s", q.choose, len(judged.Facilities), q.why()),
			Fix: "choose no more than there are, or name more candidates"}
	}
	standing.Facilities = slices.Concat(standing.Facilities, judged.Facilities)
	if standing.Reach, err = standing.Reach.With(standing.Facilities); err != nil {
		return err
	}
	q.side = &standing
	return affordableWays(standing.Reach)
}

// why says how many candidates do not count.
func (q *sited) why() string {
	var reasons []string
	for i := range q.offered {
		if p := &q.offered[i]; p.number < 0 {
			reasons = append(reasons, p.Name+": "+p.reason.EN)
		}
	}
	if len(reasons) == 0 {
		return ""
	}
	return "; left out are " + strings.Join(reasons[:min(3, len(reasons))], ", ")
}

// candidates are those of a layer, or of the request.
func (q *sited) candidates(r *request, body node) ([]shelter.Facility, error) {
	if body.has("candidates") && strings.HasPrefix(strings.TrimSpace(string(body.members["candidates"])), "[") {
		return q.listed(r, body)
	}
	q.layer = candidateLayer
	if body.has("candidates") {
		name, err := body.text("candidates", maxCode)
		if err != nil {
			return nil, err
		}
		q.layer = spatial.LayerID(name)
	}
	layer, err := r.snapshot.Layer(q.layer)
	if err != nil {
		return nil, body.refuse("candidates", "layer_unknown", fmt.Sprintf("no layer is called %q", q.layer), `name a layer with the field effective_area, or give [{"name":…,"at":[lon,lat],"area":…}]`)
	}
	if layer.Schema().FieldIndex("effective_area") < 0 {
		return nil, body.refuse("candidates", "candidates_area", fmt.Sprintf("%s has no field effective_area", q.layer), "name a layer that has, like shelter_candidates")
	}
	if q.layer == shelterLayer {
		return nil, body.refuse("candidates", "candidates_standing", "these shelters stand already", "name other sites")
	}
	return shelter.FacilitiesOf(layer), nil
}

// listed are the candidates of a request.
func (q *sited) listed(r *request, body node) ([]shelter.Facility, error) {
	sites, err := eachOf(body, "candidates", []string{"name", "at", "area"}, func(n node) (f shelter.Facility, err error) {
		f.Open = true
		if f.Name, err = n.text("name", maxName); err != nil {
			return f, err
		}
		at, err := n.position("at")
		if err != nil {
			return f, err
		}
		if at, err = r.meant(at); err != nil {
			return f, placed(n.place("at"), err)
		}
		area, err := n.area()
		if err != nil {
			return f, err
		}
		f.Place, f.Area = at, geodesic.SquareMeters(area)
		v := &imagined{r: r}
		f.Unit, err = v.standing(at)
		return f, placed(n.where, err)
	})
	for i := range sites {
		sites[i].Layer, sites[i].ID, sites[i].Code = "candidates", int64(i+1), fmt.Sprintf("%d", i+1)
		if sites[i].Name == "" {
			sites[i].Name = fmt.Sprintf("候选%d", i+1)
		}
	}
	return sites, err
}

// chosenSites is the answer about sites.
type chosenSites struct {
	analysis
	Rule      toldRule          `json:"rule"`
	Demand    toldDemand        `json:"demand"`
	Objective shelter.Objective `json:"objective"`
	Unit      string            `json:"unit"`
	Capacity  bool              `json:"capacity"`
	Scenario  *toldScenario     `json:"scenario,omitempty"`
	Chosen    []toldSite        `json:"chosen"`
	toldScore
	Bound          float64          `json:"bound"`
	BoundUncovered *int64           `json:"bound_uncovered"` // null for the deficit, which does not ask
	Gap            float64          `json:"gap"`
	Exact          bool             `json:"exact"`
	Before         toldScore        `json:"before"` // with none of the candidates
	RunnerUp       *toldChoice      `json:"runner_up"`
	Marginal       []toldGain       `json:"marginal"`
	Front          []toldFrontPoint `json:"front"`
	FrontComplete  bool             `json:"front_complete"`
	Evaluated      int              `json:"evaluated"`
	Candidates     []toldSite       `json:"candidates"`
	Certificate    spatial.Title    `json:"certificate"`
}

// toldScore is how good a choice is: value in the unit of the objective, and
// people who are not covered by it.
type toldScore struct {
	Value     float64 `json:"value"`
	Uncovered int64   `json:"uncovered"`
}

type toldSite struct {
	ID       int64          `json:"id"`
	Code     string         `json:"code"`
	Name     string         `json:"name"`
	At       orb.Point      `json:"at"`
	Grid     string         `json:"grid"`
	Area     float64        `json:"area"`
	Capacity *int64         `json:"capacity"`
	Excluded *string        `json:"excluded,omitempty"`
	Reason   *spatial.Title `json:"reason,omitempty"`
}

type toldChoice struct {
	Chosen []string `json:"chosen"`
	toldScore
	Exact bool `json:"exact"`
}

type toldGain struct {
	Code    string    `json:"code"`
	Name    string    `json:"name"`
	Without toldScore `json:"without"`
	Gain    *float64  `json:"gain"`        // in the unit of the objective; nil where others are covered without it, whose ways cannot be compared
	People  int64     `json:"gain_people"` // who are covered with it and not without
}

type toldFrontPoint struct {
	Chosen  []string `json:"chosen"`
	Covered int64    `json:"covered"`
	Walking *float64 `json:"walking"` // mean m of those covered
	Area    float64  `json:"area"`
}

var objectiveUnits = map[shelter.Objective]string{shelter.Covered: "persons", shelter.Deficit: "m²", shelter.Median: "person·m", shelter.Center: "m"}

// tell is the answer in the words and units of clients.
func (q *sited) tell(r *request, found *shelter.Sites) (*chosenSites, error) {
	used := slices.Concat(q.layers(r.snapshot), []spatial.LayerID{gridLayer})
	if q.layer != "" {
		used = append(used, q.layer)
	}
	parameters := q.parameters(r)
	parameters["choose"], parameters["objective"], parameters["capacity"], parameters["candidates"] = q.choose, q.objective, q.capacity, q.layer
	if q.layer == "" {
		parameters["candidates"] = len(q.offered)
	}
	a := &chosenSites{analysis: analysis{provenanceOf(r.snapshot, layersAmong(r.snapshot, unique(used)...)...), coverageMethod + "; candidates whose setting is not stated serve the hazard that is asked about; " + found.Method.EN, crs84, parameters, map[string]int{}},
		Rule: q.rule.tell(r.snapshot), Demand: q.tellDemand(), Objective: q.objective, Unit: objectiveUnits[q.objective], Capacity: q.capacity,
		toldScore: q.score(found.Best.Score), Gap: rounded(found.Gap, 6), Exact: found.Exact, Before: q.score(found.Before), Marginal: []toldGain{}, Front: []toldFrontPoint{},
		FrontComplete: found.FrontComplete, Evaluated: found.Evaluated, Candidates: []toldSite{}, Chosen: []toldSite{}}
	bound := q.score(found.Bound)
	a.Bound = bound.Value
	if q.objective != shelter.Deficit {
		a.BoundUncovered = &bound.Uncovered
	}
	for _, j := range found.Best.Sites {
		a.Chosen = append(a.Chosen, q.site(j))
	}
	for i := range q.offered {
		if q.offered[i].number < 0 {
			a.Excluded["candidates_"+q.offered[i].out]++
		}
		a.Candidates = append(a.Candidates, q.tellSite(&q.offered[i]))
	}
	if up := found.RunnerUp; up != nil {
		a.RunnerUp = &toldChoice{q.codes(up.Sites), q.score(up.Score), found.RunnerUpExact}
	}
	for _, g := range found.Marginal {
		without := q.score(g.Without)
		p := q.site(g.Site)
		gain := toldGain{Code: p.Code, Name: p.Name, Without: without, People: without.Uncovered - a.Uncovered}
		if gain.People == 0 || q.objective == shelter.Covered || q.objective == shelter.Deficit {
			gain.Gain = ref(rounded(q.better(a.Value, without.Value), 3))
		}
		a.Marginal = append(a.Marginal, gain)
	}
	for _, p := range found.Front {
		told := toldFrontPoint{Chosen: q.codes(p.Sites), Covered: p.Covered, Area: rounded(float64(p.Area), 2)}
		if p.Covered > 0 {
			told.Walking = ref(rounded(q.meters(p.Walking)/float64(p.Covered), 2))
		}
		a.Front = append(a.Front, told)
	}
	a.Certificate = q.certificate(found)
	return a, nil
}

// score is a score in the unit of the objective.
func (q *sited) score(s shelter.Score) toldScore {
	switch q.objective {
	case shelter.Covered:
		return toldScore{float64(shelter.Total(q.Demands) - s.Unserved), s.Unserved}
	case shelter.Deficit:
		return toldScore{rounded(float64(s.Cost)/1e4, 2), s.Unserved}
	}
	return toldScore{rounded(q.meters(s.Cost), 3), s.Unserved}
}

// better is by how much a value is better than another.
func (q *sited) better(value, than float64) float64 {
	if q.objective == shelter.Covered {
		return value - than
	}
	return than - value
}

// site is the candidate with a number among the facilities.
func (q *sited) site(number int) toldSite {
	for i := range q.offered {
		if q.offered[i].number == number-q.first {
			return q.tellSite(&q.offered[i])
		}
	}
	return toldSite{}
}

func (q *sited) tellSite(p *site) toldSite {
	told := toldSite{ID: p.ID, Code: p.Code, Name: p.Name, At: p.at(), Grid: p.Unit, Area: p.shownArea()}
	if !q.open() {
		told.Capacity = ref(p.Facility.Capacity(q.PerPerson))
	}
	if p.number < 0 {
		told.Excluded, told.Reason = &p.out, &p.reason
	}
	return told
}

func (q *sited) codes(sites []int) []string {
	codes := []string{}
	for _, j := range sites {
		codes = append(codes, q.site(j).Code)
	}
	return codes
}

// certificate says what is proven.
func (q *sited) certificate(found *shelter.Sites) spatial.Title {
	if found.Exact {
		return spatial.Title{ZH: fmt.Sprintf("已证明最优：%s，界等于值", found.Method.ZH), EN: fmt.Sprintf("proven to be the best: %s; the bound is the value", found.Method.EN)}
	}
	return spatial.Title{ZH: fmt.Sprintf("未证明最优：%s后停止，与最优的差距不超过%.2f%%", found.Method.ZH, 100*found.Gap),
		EN: fmt.Sprintf("not proven to be the best: it stopped, %.2f %% from the bound at most (%s)", 100*found.Gap, found.Method.EN)}
}
