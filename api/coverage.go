package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/shelter"
)

func (s *Server) coverageRoutes() []route {
	files := []string{mediaJSON, mediaGeoJSON, mediaCSV, mediaXLSX}
	return []route{
		{method: http.MethodGet, path: "/coverage/rules", summary: "What a question about coverage can choose: rule sets with clause and certainty, hazards, populations, methods",
			parameters: []parameter{jsonFormat}, media: []string{mediaJSON}, handle: s.coverageRules},
		{method: http.MethodGet, path: "/coverage", summary: "Who has a shelter and who has none, by unit: people, places, area per person, deficit",
			parameters: append(slices.Clone(coverageParams), coverageFormat), media: files, long: true, handle: s.coverage},
		{method: http.MethodPost, path: "/coverage", summary: "The same with scenarios, zones whose people are asked about, and units to be traced",
			parameters: append(slices.Clone(coverageParams), coverageFormat), body: mediaJSON, media: files, long: true, handle: s.coverage},
		{method: http.MethodGet, path: "/coverage/unit", summary: "Where the figures of one unit are from: which shelters, how far, which share, by which clause",
			parameters: append([]parameter{coverUnitParam}, append(slices.Clone(coverageParams), jsonFormat)...), media: []string{mediaJSON}, long: true, handle: s.coverageUnit},
		{method: http.MethodPost, path: "/coverage/unit", summary: "The same with a scenario",
			parameters: append([]parameter{coverUnitParam}, append(slices.Clone(coverageParams), jsonFormat)...), body: mediaJSON, media: []string{mediaJSON}, long: true, handle: s.coverageUnit},
	}
}

var coverageFormat = formatParam("json", "geojson", "csv", "xlsx")

// levels of units, and the digits of their codes.
const totalLevel spatial.LayerID = ""

var (
	unitLevels = map[string]spatial.LayerID{"grid": gridLayer, "community": communityLayer, "street": "streets", "district": "districts"}
	levelNames = map[spatial.LayerID]string{gridLayer: "grid", communityLayer: "community", "streets": "street", "districts": "district", totalLevel: "all"}
	codeDigits = map[spatial.LayerID]int{gridLayer: 14, communityLayer: 12, "streets": 9, "districts": 6, totalLevel: 0}
)

// maxTraced is the most units that one answer traces.
const maxTraced = 50

// asked is a whole request about coverage.
type asked struct {
	*shelterQuestion
	level  spatial.LayerID
	method string
	traced []string // codes
	what   *whatIf
	body   node
}

// readCoverage reads a question about coverage, from a body if there is one.
func (s *Server) readCoverage(r *request, more ...string) (*asked, error) {
	a := &asked{}
	if r.Method == http.MethodPost {
		var err error
		names := slices.Concat(parameterNames(coverageParams), []string{"exposure"}, more)
		if a.body, err = r.readObject(maxQuestion, names); err != nil {
			return nil, err
		}
		if err := r.members(a.body, slices.DeleteFunc(slices.Clone(coverageParams), func(p parameter) bool { return p == parameter(scenarioParam) })); err != nil {
			return nil, err
		}
	}
	var err error
	if a.what, err = r.whatIf(a.body); err != nil {
		return nil, err
	}
	if a.shelterQuestion, err = r.question(""); err != nil {
		return nil, err
	}
	if err := a.readZones(r, a.body); err != nil {
		return nil, err
	}
	a.level, a.method = unitLevels[coverByParam.of(r)], methodParam.of(r)
	if _, err := r.snapshot.Layer(a.level); err != nil {
		return nil, &spatial.InvalidError{Rule: "by_unknown", Where: "by", Detail: fmt.Sprintf("the store has no layer %s", a.level), Fix: "ask by another unit"}
	}
	if err := a.needPlaces(); err != nil {
		return nil, err
	}
	return a, a.readTraced(r)
}

// needPlaces refuses an open rule where the method counts places.
func (a *asked) needPlaces() error {
	switch a.method {
	case methodAllocation:
		return a.needArea("an allocation")
	case methodLocated:
		return a.needArea("who has a place in the own unit")
	}
	return nil
}

func (a *asked) readTraced(r *request) error {
	names, err := a.body.texts("trace", maxTraced)
	if err != nil {
		return err
	}
	for i, name := range names {
		code, err := r.unitCode(a.level, name)
		if err != nil {
			return placed(fmt.Sprintf("trace[%d]", i), err)
		}
		a.traced = append(a.traced, code)
	}
	return nil
}

// unitCode is the code of a unit that is named in any way.
func (r *request) unitCode(level spatial.LayerID, name string) (string, error) {
	layer, err := r.snapshot.Layer(level)
	if err != nil {
		return "", err
	}
	f, err := find(r.snapshot, layer, name)
	if err != nil {
		return "", &spatial.InvalidError{Rule: "unit_unknown", Where: "unit", Detail: fmt.Sprintf("no feature of %s has the code %q", level, shorten(name)), Fix: "give it like 44030300200718, 440303002007-18 or 新秀社区18网格"}
	}
	return f.Code(), nil
}

// covering is the answer about coverage.
type covering struct {
	*asked
	side   *side // of the scenario if there is one
	today  *side // nil without a scenario
	words  []spatial.Title
	list   []measure
	units  []shownUnit
	totals shownUnit
	before *shownUnit // totals of today; nil without a scenario
}

// covering answers a question about coverage.
func (s *Server) covering(r *request, a *asked) (*covering, error) {
	allocate := a.method == methodAllocation
	now, err := r.today(a.shelterQuestion, allocate)
	if err != nil {
		return nil, err
	}
	f := &covering{asked: a, side: now, list: shownMeasures(a.method)}
	if a.what != nil {
		f.today = now
		if f.side, f.words, err = s.imagine(r, now, a.what, allocate); err != nil {
			return nil, err
		}
	}
	f.units, f.totals, err = a.show(r.snapshot, f.side)
	if err != nil || f.today == nil {
		return f, err
	}
	f.compare(r.snapshot)
	return f, nil
}

// compare adds what is different from today.
func (f *covering) compare(s *spatial.Snapshot) {
	units, totals, err := f.asked.show(s, f.today)
	if err != nil {
		return
	}
	before := map[string]*shownUnit{}
	for i := range units {
		before[units[i].Code] = &units[i]
	}
	for i := range f.units {
		f.units[i].change = changeOf(f.list, before[f.units[i].Code], &f.units[i])
	}
	f.before = &totals
	f.totals.change = changeOf(f.list, &totals, &f.totals)
}

// changeOf are the differences of figures; a unit that was not there had none.
func changeOf(list []measure, before, after *shownUnit) []float64 {
	change := make([]float64, len(list))
	for i := range list {
		change[i] = list[i].figureOf(after)
		if before != nil {
			change[i] -= list[i].figureOf(before)
		}
	}
	return change
}

// show adds a side up by unit and in all.
func (a *asked) show(s *spatial.Snapshot, d *side) ([]shownUnit, shownUnit, error) {
	names, err := unitNames(s, a.level, d.drawn)
	if err != nil {
		return nil, shownUnit{}, err
	}
	shown := &side{}
	*shown = *d
	shown.method = a.method
	units := a.sums(shown, a.level, slices.Sorted(maps.Keys(names)))
	for i := range units {
		units[i].name = names[units[i].Code]
		if units[i].Code == "" {
			units[i].name = "不在任何网格内 in no grid"
		}
	}
	totals := a.sums(shown, totalLevel, []string{""})
	return units, totals[0], nil
}

// sums adds up by the units of a level.
func (a *asked) sums(d *side, level spatial.LayerID, listed []string) []shownUnit {
	prefix := shelter.Prefix(codeDigits[level])
	units := d.Units(d.cover, d.sent, prefix, listed)
	shown := make([]shownUnit, len(units))
	number := make(map[string]int, len(units))
	for i := range units {
		shown[i] = shownUnit{Unit: &units[i], level: level, side: d, allocated: d.method == methodAllocation}
		number[units[i].Code] = i
	}
	for i := range d.everyone {
		u := &shown[number[prefix(d.everyone[i].Unit)]]
		u.population += d.everyone[i].People
		if d.cover.Count[i] == 0 {
			u.unreached += d.Demands[i].People
		}
	}
	return shown
}

// unitNames are the names of a level's units by code, those of a draft for
// what it redraws.
func unitNames(s *spatial.Snapshot, level spatial.LayerID, drawn *redrawn) (map[string]string, error) {
	names, err := kept(s, []spatial.LayerID{level}, "names", func() (map[string]string, error) {
		layer, err := s.Layer(level)
		if err != nil {
			return nil, err
		}
		names := make(map[string]string, layer.Len())
		for f := range layer.All() {
			names[f.Code()] = f.Label()
		}
		return names, nil
	})
	if err != nil || drawn == nil {
		return names, err
	}
	names = maps.Clone(names)
	maps.Copy(names, drawn.come[level])
	for code := range drawn.gone[level] {
		delete(names, code)
	}
	return names, nil
}

// coverage answers in the format that is asked for.
func (s *Server) coverage(w http.ResponseWriter, r *request) error {
	a, err := s.readCoverage(r, "trace")
	if err != nil {
		return err
	}
	f, err := s.covering(r, a)
	if err != nil {
		return err
	}
	head := f.analysis(r)
	head.head(w.Header())
	head.CRS = r.tellCRS(w)
	switch as := r.as(coverageFormat); as {
	case "geojson":
		return f.writeGeoJSON(w, r, head)
	case "csv", "xlsx":
		return s.writeCoverageFile(w, r, f, as)
	}
	return f.writeJSON(w, r, head)
}

const coverageMethod = "people at the centroids of their buildings; distances geodesic to the nearest position of a shelter; whole people, exact sums"

// analysis is what the answer says of itself.
func (f *covering) analysis(r *request) analysis {
	ids := slices.Concat(f.layers(r.snapshot), []spatial.LayerID{f.level})
	if f.what != nil && f.side.shelterQuestion != f.shelterQuestion {
		ids = append(ids, f.side.layers(r.snapshot)...)
	}
	if f.reach != reachWalking {
		ids = slices.DeleteFunc(ids, func(id spatial.LayerID) bool { return id == closure.Layer })
	}
	used := layersAmong(r.snapshot, unique(ids)...)
	parameters := f.side.parameters(r)
	parameters["by"], parameters["method"] = levelNames[f.level], f.method
	if f.what != nil && f.what.id != 0 {
		parameters["scenario"] = f.what.id
	}
	return analysis{provenanceOf(r.snapshot, used...), coverageMethod + methodSentence(f.method, f.reach), crs84, parameters, f.excluded(r)}
}

func unique(ids []spatial.LayerID) []spatial.LayerID {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func methodSentence(method, reach string) string {
	text := map[string]string{methodLocated: "; shelters in the unit they stand in", methodReachable: "; covered with a shelter in reach",
		methodTwoStep: "; two-step floating catchment (Luo and Wang 2003)", methodGaussian: "; two-step floating catchment with Gaussian decay (Dai 2010)",
		methodAllocation: "; as many as can be are given a place, and of all ways to do that one with the least walking"}[method]
	if reach == reachWalking {
		text += "; on foot along roads"
	}
	return text
}

// excluded counts what was left out, by reason.
func (f *covering) excluded(r *request) map[string]int {
	counted, err := peopleOf(r.snapshot, f.population)
	left := map[string]int{"buildings_without_geometry": 0, "buildings_withheld": 0, "buildings_without_grid": 0}
	if err == nil {
		left["buildings_without_geometry"], left["buildings_withheld"], left["buildings_without_grid"] = counted.nowhere, counted.withheld, counted.homeless
	}
	if layer, err := r.snapshot.Layer(shelterLayer); err == nil {
		left["shelters_without_geometry"] = layer.Len() - withGeometry(layer)
	}
	for i := range f.side.sites {
		if out := f.side.sites[i].out; out != "" {
			left["shelters_"+out]++
		}
	}
	if f.reach == reachWalking {
		demands, facilities := f.side.Reach.OffRoad()
		left["buildings_"+outOffRoad], left["shelters_"+outOffRoad] = len(demands), len(facilities)
	} else if f.what != nil {
		for _, c := range f.what.chain {
			if len(c.Block) > 0 {
				left["blocks_unused"] += len(c.Block)
			}
		}
	}
	for _, e := range f.side.standard.Exclusions {
		if _, err := r.snapshot.Layer(e.Layer); err != nil {
			left["rule_without_layer_"+string(e.Layer)]++
		}
	}
	return left
}

func withGeometry(layer *spatial.Layer) (n int) {
	for f := range layer.All() {
		if f.HasGeometry() {
			n++
		}
	}
	return n
}

// toldDemand says who was counted.
type toldDemand struct {
	Population string        `json:"population"`
	Title      spatial.Title `json:"title"`
	Note       spatial.Title `json:"note,omitzero"`
	People     int64         `json:"people"`
	Share      float64       `json:"share"`
	Demand     int64         `json:"demand"`
	Buildings  int           `json:"buildings"` // with people to shelter
}

func (d *side) tellDemand() toldDemand {
	p := populationNamed(d.population)
	told := toldDemand{Population: p.name, Title: p.title, Note: p.note, People: shelter.Total(d.everyone), Share: d.share, Demand: shelter.Total(d.Demands)}
	for i := range d.Demands {
		if d.Demands[i].People > 0 {
			told.Buildings++
		}
	}
	return told
}

// toldFacility is a shelter as clients read it.
type toldFacility struct {
	ID       int64           `json:"id"`
	Layer    spatial.LayerID `json:"layer"`
	Code     string          `json:"code"`
	Name     string          `json:"name"`
	At       orb.Point       `json:"at"`
	Grid     string          `json:"grid"`
	Setting  shelter.Setting `json:"setting"`
	Class    string          `json:"class"`
	Area     float64         `json:"area"`
	Capacity *int64          `json:"capacity"`
	Eligible bool            `json:"eligible"`
	Excluded *string         `json:"excluded"`
	Reason   *spatial.Title  `json:"reason,omitempty"`
	Change   string          `json:"change,omitempty"`
	Reached  *int64          `json:"reached,omitempty"`
	Ratio    *float64        `json:"ratio,omitempty"`
	Load     *int64          `json:"load,omitempty"`
	Free     *int64          `json:"free,omitempty"`
}

// tellFacilities lists the shelters, those that count first.
func (d *side) tellFacilities(r *request, method string) []toldFacility {
	list := []toldFacility{}
	for _, p := range d.ordered() {
		told := toldFacility{ID: p.ID, Layer: p.Layer, Code: p.Code, Name: p.Name, At: r.shown(p.at()), Grid: p.Unit, Setting: p.Setting, Class: p.Class, Area: p.shownArea(),
			Eligible: p.number >= 0, Change: p.changed}
		if !d.open() {
			told.Capacity = ref(p.Facility.Capacity(d.PerPerson))
		}
		if p.out != "" {
			told.Excluded = &p.out
		}
		if p.reason != (spatial.Title{}) {
			told.Reason = &p.reason
		}
		if p.number >= 0 {
			d.tellUse(&told, p.number, method)
		}
		list = append(list, told)
	}
	return list
}

// tellUse says who uses a shelter that counts.
func (d *side) tellUse(told *toldFacility, number int, method string) {
	told.Reached = ref(d.cover.Reached[number])
	switch method {
	case methodTwoStep:
		told.Ratio = ref(rounded(d.cover.Ratio[number], 6))
	case methodGaussian:
		told.Ratio = ref(rounded(d.cover.GaussianRatio[number], 6))
	case methodAllocation:
		told.Load = ref(d.sent.Load[number])
		told.Free = ref(*told.Capacity - d.sent.Load[number])
	}
}

func ref[T any](v T) *T { return &v }

// toldScenario says what a scenario changes.
type toldScenario struct {
	ID      *int64          `json:"id"`
	Name    string          `json:"name"`
	Changes []spatial.Title `json:"changes"`
}

func (f *covering) tellScenario() toldScenario {
	told := toldScenario{Name: f.what.name, Changes: emptyNotNull(f.words)}
	if f.what.id != 0 {
		told.ID = &f.what.id
	}
	return told
}

// obeyedOnFoot are the closures in force that people on foot obey.
func (r *request) obeyedOnFoot() []obeyedClosure {
	list := []obeyedClosure{}
	for _, c := range r.closures().Closures {
		if c.Concerns(closure.Walking) {
			list = append(list, obeyedClosure{c.ID, c.Name, instant(c.Until)})
		}
	}
	return list
}

// worst are the units with most people who are not covered.
func (f *covering) worst() []string {
	const most = 10
	list := make([]*shownUnit, 0, len(f.units))
	for i := range f.units {
		if u := &f.units[i]; float64(u.People)-u.covered() > 0 {
			list = append(list, u)
		}
	}
	slices.SortStableFunc(list, func(a, b *shownUnit) int {
		return cmp.Compare(float64(b.People)-b.covered(), float64(a.People)-a.covered())
	})
	codes := []string{}
	for _, u := range list[:min(most, len(list))] {
		codes = append(codes, u.Code)
	}
	return codes
}

// definitions say what each figure means.
func (f *covering) definitions() map[string]spatial.Title {
	means := map[string]spatial.Title{"k_coverage": {ZH: "服务半径内至少有1、2、3、4处合格场所的人数", EN: "people with at least 1, 2, 3, 4 shelters that count within reach"}}
	for i := range f.list {
		means[f.list[i].name] = f.list[i].meaning(f.shelterQuestion, f.method)
	}
	return means
}

// writeJSON answers as a whole.
func (f *covering) writeJSON(w http.ResponseWriter, r *request, head analysis) error {
	start, err := encode(head)
	if err != nil {
		return err
	}
	body := open(start)
	add := func(name string, value any) {
		if err != nil {
			return
		}
		var part []byte
		if part, err = encode(value); err == nil {
			body = append(append(append(append(body, `,"`...), name...), `":`...), part...)
		}
	}
	add("rule", f.side.rule.tell(r.snapshot))
	add("demand", f.side.tellDemand())
	if f.what != nil {
		add("scenario", f.tellScenario())
		add("today", json.RawMessage(appendUnit(nil, f.list, f.before)))
		add("difference", json.RawMessage(appendChange(nil, f.list, f.totals.change)))
	}
	if f.reach == reachWalking {
		add("closures", r.obeyedOnFoot())
	}
	add("totals", json.RawMessage(appendUnit(nil, f.list, &f.totals)))
	add("worst", f.worst())
	add("facilities", f.side.tellFacilities(r, f.method))
	if f.side.sent != nil {
		add("bottlenecks", f.tellBottlenecks(r.snapshot))
	}
	add("definitions", f.definitions())
	if f.traced != nil {
		add("trace", f.traces(r))
	}
	if err != nil {
		return err
	}
	out := stream{to: w, buf: append(body, `,"units":[`...)}
	w.Header().Set("Content-Type", mediaJSON)
	for i := range f.units {
		if i > 0 {
			out.buf = append(out.buf, ',')
		}
		out.buf = appendUnit(append(out.buf, '\n'), f.list, &f.units[i])
		if err := out.drain(); err != nil {
			return err
		}
	}
	out.buf = append(out.buf, "\n]}\n"...)
	return out.flush()
}
