package api

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/partition"
	"wangge/spatial/response"
)

var stationParam = &param[string]{
	declaration{name: "station", in: inQuery, required: true, example: "9", schema: jsonSchema{"type": "string"}, description: "number or code of the station that is busy or gone"},
	func(text string) (string, error) { return text, nil },
}

const withoutMethod = "what one station reaches first is reached by whoever comes next; the same whether it is busy or gone"

// loss is what happens to those that a station reaches first.
type loss struct {
	Served       int     `json:"served"` // that the station reaches first
	Unreachable  int     `json:"unreachable"`
	Mean         float64 `json:"mean_delay"` // seconds, of those that another one reaches
	Worst        float64 `json:"worst_delay"`
	BeyondBefore int64   `json:"beyond_before"` // in all that there is: not reached within the minutes
	BeyondAfter  int64   `json:"beyond_after"`
}

// lossOfPeople is the same by people.
type lossOfPeople struct {
	Served       int64 `json:"served"`
	BeyondBefore int64 `json:"beyond_before"`
	BeyondAfter  int64 `json:"beyond_after"`
}

// heir is a station that takes over.
type heir struct {
	stationOf
	Points int     `json:"risk_points"`
	People int64   `json:"residents"`
	Mean   float64 `json:"mean_delay"` // of risk points; of buildings where there are none
	Worst  float64 `json:"worst_delay"`
}

func (s *Server) responseWithout(w http.ResponseWriter, r *request) error {
	a, err := r.byTime()
	if err != nil {
		return err
	}
	index, err := a.station(stationParam.of(r))
	if err != nil {
		return err
	}
	points, homes, err := r.looked(a)
	if err != nil {
		return err
	}
	head := r.reachHead(a, withoutMethod, points, homes)
	answer := struct {
		reachAnalysis
		Station   stationOf     `json:"station"`
		Points    *loss         `json:"risk_points"` // null in a store without
		Buildings *loss         `json:"buildings"`
		Residents *lossOfPeople `json:"residents"`
		Inherited []*heir       `json:"inherited"`
	}{reachAnalysis: head, Station: stationFor(a.byRoad.Responders()[index].Feature)}
	heirs := map[int]*heir{}
	answer.Points, _ = r.lossOf(a, points, index, heirs)
	answer.Buildings, answer.Residents = r.lossOf(a, homes, index, heirs)
	answer.Inherited = sortedHeirs(heirs)
	layer, err := heirTable(head, answer.Inherited)
	if err != nil {
		return err
	}
	return s.report(w, r, head, layer, "站点缺位", nil, func() error { return writeJSON(w, mediaJSON, answer) })
}

// station finds one of the stations that are asked about, by number or code.
func (a *asking) station(text string) (int, error) {
	stations := a.byRoad.Responders()
	id, err := strconv.ParseInt(text, 10, 64)
	i := slices.IndexFunc(stations, func(s response.Responder) bool { return err == nil && s.Feature.ID() == id })
	if i < 0 {
		i = slices.IndexFunc(stations, func(s response.Responder) bool { return text != "" && s.Feature.Code() == text })
	}
	switch {
	case i < 0:
		return 0, &problem{Status: http.StatusNotFound, Kind: "not-found", Rule: "station_known", Where: "query parameter station",
			Detail: fmt.Sprintf("%s has no feature %q", a.layer.ID(), shorten(text)), Fix: fmt.Sprintf("give the number or code of one of /collections/%s/items", a.layer.ID())}
	case !a.allows(stations[i].Feature):
		return 0, &spatial.InvalidError{Rule: "station_asked", Where: "query parameter station", Detail: fmt.Sprintf("%s is not among the stations that are asked about: %s", nameOf(stations[i].Feature), strings.ReplaceAll(a.reasonAgainst(stations[i].Feature), "_", " ")),
			Fix: "leave kind, available and skill out, or name another station"}
	}
	return i, nil
}

// lossOf is what becomes of the features of a ranking without a station; those
// who take over are noted.
func (r *request) lossOf(a *asking, ranking *response.Ranking, station int, heirs map[int]*heir) (*loss, *lossOfPeople) {
	if ranking == nil {
		return nil, nil
	}
	gone := a.byRoad.Responders()[station].Feature.ID()
	after := a.byRoad.Rank(ranking.Places(), 1, func(f spatial.Feature) bool { return f.ID() != gone && a.allows(f) })
	away, before, then := ranking.Away(station, residents), ranking.Beyond(r.within(), residents, ""), after.Beyond(r.within(), residents, "")
	for _, t := range away.Takers {
		h := heirs[t.Responder]
		if h == nil {
			h = &heir{stationOf: stationFor(a.byRoad.Responders()[t.Responder].Feature), Mean: t.Mean.Seconds(), Worst: t.Most.Seconds()}
			heirs[t.Responder] = h
		}
		if h.People += t.Sum; !isHomes(ranking) {
			h.Points += t.Places
		}
	}
	return &loss{away.Places, away.Unreached, away.Mean.Seconds(), away.Most.Seconds(), int64(len(before.Places)), int64(len(then.Places))},
		&lossOfPeople{away.Sum, before.Over.Sum, then.Over.Sum}
}

func isHomes(ranking *response.Ranking) bool {
	return ranking.Places().Len() > 0 && ranking.Places().Feature(0).Layer().ID() == buildingLayer
}

// sortedHeirs are those with most people first.
func sortedHeirs(heirs map[int]*heir) []*heir {
	list := []*heir{}
	for _, h := range heirs {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b *heir) int {
		return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(b.Points, a.Points), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func heirTable(head reachAnalysis, heirs []*heir) (*spatial.Layer, error) {
	field := func(name string, t spatial.Type, zh, en, unit string) spatial.Field {
		return spatial.Field{Name: name, Type: t, Title: spatial.Title{ZH: zh, EN: en}, Unit: unit}
	}
	schema := &spatial.Schema{ID: "response_without", Title: spatial.Title{ZH: "站点缺位", EN: "a station away"}, Fields: []spatial.Field{
		field("station", spatial.TypeInt, "接替站点编号", "station that takes over", ""), field("code", spatial.TypeText, "编码", "code", ""), field("name", spatial.TypeText, "名称", "name", ""), field("risk_points", spatial.TypeInt, "接管风险点位", "risk points", ""),
		field("residents", spatial.TypeInt, "接管人口", "residents", "persons"), field("mean_delay", spatial.TypeFloat, "平均延误", "mean delay", "s"), field("worst_delay", spatial.TypeFloat, "最大延误", "worst delay", "s")}}
	rows := make([]spatial.Row, len(heirs))
	for i, h := range heirs {
		rows[i] = spatial.Row{ID: int64(i + 1), Values: []spatial.Value{spatial.Int(h.ID), spatial.Text(h.Code), spatial.Text(h.Name), spatial.Int(int64(h.Points)), spatial.Int(h.People), spatial.Float(h.Mean), spatial.Float(h.Worst)}}
	}
	return reportLayer(schema, head, rows)
}

// The parameters of the question where one more station helps.
var (
	objectiveParam = wordParam("objective", "what it is to improve: as few as may be beyond the minutes, or the least time in all", "beyond", "time")
	weightParam    = wordParam("weight", "what counts: residents of buildings, or risk points", "residents", "risk_points")
	sitesParam     = &param[spatial.LayerID]{
		declaration{name: "candidates", in: inQuery, example: "shelter_candidates", schema: jsonSchema{"type": "string"}, description: "the layer of the places that may be chosen; every junction of the roads if it is left out"},
		parseLayer,
	}
	newTurnoutParam = secondsParam("new_turnout", "seconds from the order to leaving of the new station; as for those without their own if it is left out")
	sitesLimitParam = &param[int]{
		declaration{name: "limit", in: inQuery, initial: "5", example: "5", schema: jsonSchema{"type": "integer", "minimum": 1, "maximum": 20, "default": 5}, description: "how many places are told, the best first"},
		parseCount(20),
	}
)

// wordParam is one of some words, the first if it is left out.
func wordParam(name, description string, words ...string) *param[string] {
	return &param[string]{
		declaration{name: name, in: inQuery, initial: words[0], example: words[len(words)-1], schema: jsonSchema{"type": "string", "enum": words, "default": words[0]}, description: description},
		func(text string) (string, error) {
			if !slices.Contains(words, text) {
				return "", fmt.Errorf("%q is none of %s", shorten(text), strings.Join(words, ", "))
			}
			return text, nil
		},
	}
}

const additionalMethod = "one more station is tried at every candidate, and all that it would reach sooner is counted anew: the best is exact"

// benefit is how well what counts is reached.
type benefit struct {
	Beyond    int64    `json:"beyond"`      // weight of what is not reached within the minutes
	Unreached int64    `json:"unreachable"` // and not at all
	Mean      *float64 `json:"mean_time"`   // seconds, of what is reached; null if nothing is
}

func benefitOf(b response.Benefit, weight int64) benefit {
	told := benefit{Beyond: b.Beyond, Unreached: b.Unreached}
	if reached := weight - b.Unreached; reached > 0 {
		mean := rounded(float64(b.Time)/float64(reached)/1000, 3)
		told.Mean = &mean
	}
	return told
}

// newSite is a place for one more station.
type newSite struct {
	Rank      int        `json:"rank"`
	At        [2]float64 `json:"at"`
	Road      string     `json:"road"` // that it would stand at
	Candidate *stationOf `json:"candidate,omitempty"`
	Grid      *unit      `json:"grid,omitempty"`
	With      benefit    `json:"with"`
	Gain      int64      `json:"gain"`  // weight that is reached within the minutes and was not
	Saved     *float64   `json:"saved"` // seconds less, on average of all that counts
	point     orb.Point
}

func (s *Server) responseAdditional(w http.ResponseWriter, r *request) error {
	a, err := r.byTime()
	if err != nil {
		return err
	}
	layer, weight := riskLayer, ""
	if weightParam.of(r) == residents {
		layer, weight = buildingLayer, residents
	}
	ranking, err := r.ranking(a, layer)
	if err != nil {
		return err
	}
	more, err := s.oneMore(r, a, ranking, weight)
	if err != nil {
		return err
	}
	head := r.reachHead(a, additionalMethod, ranking)
	sites, err := r.newSites(a, more)
	if err != nil {
		return err
	}
	table, err := siteTable(head, sites)
	if err != nil {
		return err
	}
	return s.report(w, r, head, table, "增设站点", featuresHead{"FeatureCollection", head}, func() error {
		return writeJSON(w, mediaJSON, struct {
			reachAnalysis
			Candidates int       `json:"candidates"`
			Weight     int64     `json:"weight"` // of all that counts
			Now        benefit   `json:"now"`
			Best       []newSite `json:"best"`
		}{head, more.Candidates, more.Weight, benefitOf(more.Before, more.Weight), sites})
	})
}

// oneMore tries all candidates; one question at a time, as it takes all
// processors.
func (s *Server) oneMore(r *request, a *asking, ranking *response.Ranking, weight string) (response.More, error) {
	o := response.MoreOptions{Objective: response.Objective(objectiveParam.of(r)), Limit: r.within(), Weight: weight, Keep: a.allows, Turnout: a.byRoad.Query().Parameters.Turnout}
	if newTurnoutParam.given(r) {
		o.Turnout = newTurnoutParam.of(r)
	}
	from := append(r.reachLayers(), ranking.Places().Feature(0).Layer().ID())
	if id := sitesParam.of(r); id != "" {
		if _, err := r.snapshot.Layer(id); err != nil {
			return response.More{}, unknownLayer(err)
		}
		places, err := response.PlacesOf(r.snapshot, id, a.byRoad.profile)
		if err != nil {
			return response.More{}, err
		}
		o.Candidates, from = places, append(from, id)
	}
	name := fmt.Sprintf("one more %s %v %d %s %s %d", r.reachName(), o.Objective, o.Limit, weight, sitesParam.of(r), o.Turnout)
	leave, err := s.turn(r, s.trials)
	if err != nil {
		return response.More{}, err
	}
	defer leave()
	return kept(r.snapshot, from, name, func() (response.More, error) { return a.byRoad.OneMore(ranking.Places(), o) })
}

// newSites are the best places, with where they are.
func (r *request) newSites(a *asking, more response.More) ([]newSite, error) {
	sites := []newSite{}
	now := benefitOf(more.Before, more.Weight)
	var candidates *response.Places
	if id := sitesParam.of(r); id != "" {
		var err error
		if candidates, err = response.PlacesOf(r.snapshot, id, a.byRoad.profile); err != nil {
			return nil, err
		}
	}
	for i, found := range more.Sites[:min(sitesLimitParam.of(r), len(more.Sites))] {
		site := newSite{Rank: i + 1, At: positionIn(a.in, found.At), With: benefitOf(found.With, more.Weight), Gain: more.Before.Beyond - found.With.Beyond, point: found.At}
		if found.Position.Edge >= 0 {
			site.Road = a.byRoad.Network().Edge(found.Position.Edge).Name()
		}
		if site.With.Mean != nil && now.Mean != nil && found.With.Unreached == more.Before.Unreached {
			saved := rounded(*now.Mean-*site.With.Mean, 3)
			site.Saved = &saved
		}
		if candidates != nil {
			called := stationFor(candidates.Feature(found.Candidate))
			site.Candidate = &called
		}
		site.Grid = r.gridOf(found.At)
		sites = append(sites, site)
	}
	return sites, nil
}

// gridOf is the grid that holds a place; nil if none does.
func (r *request) gridOf(p orb.Point) *unit {
	grids, err := r.snapshot.Layer(gridLayer)
	if err != nil {
		return nil
	}
	if f, ok := partition.Locate(grids, p); ok {
		return unitOf(f)
	}
	return nil
}

func siteTable(head reachAnalysis, sites []newSite) (*spatial.Layer, error) {
	field := func(name string, t spatial.Type, zh, en, unit string) spatial.Field {
		return spatial.Field{Name: name, Type: t, Title: spatial.Title{ZH: zh, EN: en}, Unit: unit}
	}
	schema := &spatial.Schema{ID: "response_additional", Title: spatial.Title{ZH: "增设站点", EN: "one more station"}, Geometry: spatial.Points, Fields: []spatial.Field{
		field("rank", spatial.TypeInt, "名次", "rank", ""), field("road", spatial.TypeText, "道路", "road", ""), field("candidate", spatial.TypeText, "候选", "candidate", ""), field("grid", spatial.TypeText, "网格", "grid", ""),
		field("beyond", spatial.TypeInt, "仍超时", "still beyond", ""), field("gain", spatial.TypeInt, "新增达标", "gain", ""), field("mean_time", spatial.TypeFloat, "平均用时", "mean time", "s")}}
	rows := make([]spatial.Row, len(sites))
	for i, site := range sites {
		values := []spatial.Value{spatial.Int(int64(site.Rank)), spatial.Text(site.Road), spatial.Null, spatial.Null, spatial.Int(site.With.Beyond), spatial.Int(site.Gain), spatial.Null}
		if site.Candidate != nil {
			values[2] = spatial.Text(site.Candidate.Name)
		}
		if site.Grid != nil {
			values[3] = spatial.Text(site.Grid.Code)
		}
		if site.With.Mean != nil {
			values[6] = spatial.Float(*site.With.Mean)
		}
		rows[i] = spatial.Row{ID: int64(i + 1), Geometry: site.point, Values: values}
	}
	return reportLayer(schema, head, rows)
}
