package api

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

var coverUnitParam = &param[string]{
	declaration{name: "unit", in: inQuery, example: "44030300200718", schema: jsonSchema{"type": "string"},
		description: "the unit by its code; grids also like 440303002007-18 and 新秀社区18网格"},
	func(text string) (string, error) { return shorten(text), nil },
}

// trace is where the figures of a unit are from.
type trace struct {
	Facilities []tracedFacility `json:"facilities"`
	Uncovered  []tracedBuilding `json:"uncovered"`
	More       int              `json:"uncovered_more"` // buildings that are not listed
	Words      spatial.Title    `json:"words"`
}

// tracedFacility is a shelter that people of the unit reach.
type tracedFacility struct {
	ID            int64           `json:"id"`
	Layer         spatial.LayerID `json:"layer"`
	Code          string          `json:"code"`
	Name          string          `json:"name"`
	At            orb.Point       `json:"at"`
	Setting       shelter.Setting `json:"setting"`
	Class         string          `json:"class"`
	Area          float64         `json:"area"`
	Capacity      *int64          `json:"capacity"`
	Clause        string          `json:"clause"`
	People        int64           `json:"people"`  // of the unit within reach
	Share         float64         `json:"share"`   // of the people to shelter in the unit
	Reached       int64           `json:"reached"` // people within reach in all
	Accessibility *float64        `json:"accessibility,omitempty"`
	Served        *int64          `json:"served,omitempty"`
	Distance      distances       `json:"distance"`

	sum, parts float64
}

// distances are metres over people.
type distances struct {
	Min  float64 `json:"min"`
	Mean float64 `json:"mean"`
	Max  float64 `json:"max"`
}

// tracedBuilding has people who are not covered.
type tracedBuilding struct {
	ID      int64        `json:"id"`
	Code    string       `json:"code"`
	Name    string       `json:"name"`
	At      orb.Point    `json:"at"`
	People  int64        `json:"people"`
	Reason  string       `json:"reason"` // too_far, full, unreachable
	Nearest *nearShelter `json:"nearest"`
}

type nearShelter struct {
	Code     string  `json:"code"`
	Name     string  `json:"name"`
	Distance float64 `json:"distance"` // along a straight line
}

// maxListed is the most buildings that a trace lists.
const maxListed = 200

// coverageUnit answers with the figures of one unit and where they are from.
func (s *Server) coverageUnit(w http.ResponseWriter, r *request) error {
	a, err := s.readCoverage(r, coverUnitParam.name)
	if err != nil {
		return err
	}
	if err := r.members(a.body, []parameter{coverUnitParam}); err != nil {
		return err
	}
	if !coverUnitParam.given(r) || coverUnitParam.of(r) == "" {
		return &spatial.InvalidError{Rule: "unit_missing", Where: "unit", Detail: "it is missing", Fix: "give the code of a unit, like 44030300200718"}
	}
	f, err := s.covering(r, a)
	if err != nil {
		return err
	}
	u, err := f.unitNamed(r, coverUnitParam.of(r))
	if err != nil {
		return err
	}
	head := f.analysis(r)
	head.head(w.Header())
	head.CRS = r.tellCRS(w)
	return writeJSON(w, mediaJSON, struct {
		analysis
		Rule   toldRule   `json:"rule"`
		Demand toldDemand `json:"demand"`
		Unit   jsonUnit   `json:"unit"`
		Trace  *trace     `json:"trace"`
	}{head, f.side.rule.tell(r.snapshot), f.side.tellDemand(), jsonUnit{f.list, u}, f.trace(r, u.Code)})
}

// jsonUnit writes a unit.
type jsonUnit struct {
	list []measure
	unit *shownUnit
}

// MarshalJSON writes its figures in their order.
func (j jsonUnit) MarshalJSON() ([]byte, error) { return appendUnit(nil, j.list, j.unit), nil }

// unitNamed finds a unit of the answer; a draft may have units that are not
// there yet.
func (f *covering) unitNamed(r *request, name string) (*shownUnit, error) {
	code := strings.TrimSpace(name)
	if !slices.ContainsFunc(f.units, func(u shownUnit) bool { return u.Code == code }) {
		var err error
		if code, err = r.unitCode(f.level, code); err != nil {
			return nil, err
		}
	}
	for i := range f.units {
		if f.units[i].Code == code {
			return &f.units[i], nil
		}
	}
	return nil, &spatial.InvalidError{Rule: "unit_unknown", Where: "unit", Detail: fmt.Sprintf("the scenario has no unit %q", shorten(name)), Fix: "it may be one that a draft of boundaries absorbs"}
}

// traces are those of the units that the request names.
func (f *covering) traces(r *request) map[string]*trace {
	all := map[string]*trace{}
	for _, code := range f.traced {
		all[code] = f.trace(r, code)
	}
	return all
}

// tracing is a trace in the making.
type tracing struct {
	*covering
	trace
	by     map[int32]*tracedFacility
	people int64
	left   []int32 // demands with people who are not covered
}

func (f *covering) trace(r *request, code string) *trace {
	t := &tracing{covering: f, by: map[int32]*tracedFacility{}}
	prefix := shelter.Prefix(codeDigits[f.level])
	d := f.side
	for i := range d.Demands {
		if d.Demands[i].People > 0 && prefix(d.Demands[i].Unit) == code {
			t.add(int32(i))
		}
	}
	t.settle(r.snapshot)
	t.words(r.snapshot, code)
	for i := range t.Facilities {
		t.Facilities[i].At = r.shown(t.Facilities[i].At)
	}
	for i := range t.Uncovered {
		t.Uncovered[i].At = r.shown(t.Uncovered[i].At)
	}
	return &t.trace
}

// add counts the people of a building.
func (t *tracing) add(i int32) {
	d := t.side
	n := d.Demands[i].People
	t.people += n
	ways := d.Reach.Of(int(i))
	for _, way := range ways {
		p := t.by[way.Facility]
		far := d.meters(int64(way.Cost))
		if p == nil {
			p = &tracedFacility{Distance: distances{Min: far}}
			t.by[way.Facility] = p
		}
		p.People += n
		p.sum += far * float64(n)
		p.Distance.Min, p.Distance.Max = min(p.Distance.Min, far), max(p.Distance.Max, far)
		p.parts += float64(n) * t.part(way)
	}
	if t.leftOf(i) > 0 {
		t.left = append(t.left, i)
	}
	if d.sent == nil {
		return
	}
	for _, part := range d.sent.Of(int(i)) {
		p := t.by[part.Facility]
		if p.Served == nil {
			p.Served = new(int64)
		}
		*p.Served += part.People
	}
}

// leftOf is how many people of a building are not covered.
func (t *tracing) leftOf(i int32) int64 {
	d := t.side
	switch {
	case d.sent != nil:
		return d.sent.Left[i]
	case d.cover.Count[i] == 0:
		return d.Demands[i].People
	}
	return 0
}

// part is what a way adds to the area of each person by the method.
func (t *tracing) part(way shelter.Way) float64 {
	switch t.method {
	case methodTwoStep:
		return t.side.cover.Ratio[way.Facility]
	case methodGaussian:
		return t.side.cover.GaussianRatio[way.Facility] * t.side.Reach.Gaussian(way)
	}
	return 0
}

// settle fills in what is known of the shelters and lists the buildings.
func (t *tracing) settle(s *spatial.Snapshot) {
	t.Facilities, t.Uncovered = []tracedFacility{}, []tracedBuilding{}
	d := t.side
	for i := range d.sites {
		site := &d.sites[i]
		p := t.by[int32(site.number)]
		if site.number < 0 || p == nil {
			continue
		}
		p.ID, p.Layer, p.Code, p.Name, p.At, p.Setting, p.Class, p.Area = site.ID, site.Layer, site.Code, site.Name, site.at(), site.Setting, site.Class, rounded(float64(site.Area), 2)
		p.Clause, p.Reached = clauseOf(d.rule), d.cover.Reached[site.number]
		if !d.open() {
			p.Capacity = ref(site.Facility.Capacity(d.PerPerson))
		}
		p.Share = rounded(float64(p.People)/float64(t.people), 6)
		p.Distance = distances{rounded(p.Distance.Min, 1), rounded(p.sum/float64(p.People), 1), rounded(p.Distance.Max, 1)}
		if t.method == methodTwoStep || t.method == methodGaussian {
			p.Accessibility = ref(rounded(p.parts/float64(t.people), 6))
		}
		if d.sent != nil && p.Served == nil {
			p.Served = new(int64)
		}
		t.Facilities = append(t.Facilities, *p)
	}
	slices.SortStableFunc(t.Facilities, func(a, b tracedFacility) int { return cmp.Compare(a.Distance.Mean, b.Distance.Mean) })
	slices.SortStableFunc(t.left, func(a, b int32) int { return cmp.Compare(t.leftOf(b), t.leftOf(a)) })
	t.More = max(0, len(t.left)-maxListed)
	layer, err := s.Layer(buildingLayer)
	if err != nil {
		return
	}
	for _, i := range t.left[:len(t.left)-t.More] {
		t.Uncovered = append(t.Uncovered, t.building(layer, i))
	}
}

func clauseOf(r *rule) string {
	return strings.TrimSpace(r.about["document"].Text() + " " + r.Clause)
}

// building says why people of a building are not covered.
func (t *tracing) building(layer *spatial.Layer, i int32) tracedBuilding {
	d := t.side
	told := tracedBuilding{ID: d.Demands[i].ID, At: d.Demands[i].Place, People: t.leftOf(i), Reason: "too_far"}
	if f, err := layer.Feature(told.ID); err == nil {
		told.Code, told.Name = f.Code(), f.Label()
	}
	if d.cover.Count[i] > 0 {
		told.Reason = "full"
	}
	for j := range d.Facilities {
		far, _ := geodesic.DistanceTo(told.At, d.Facilities[j].Place)
		if told.Nearest == nil || float64(far) < told.Nearest.Distance {
			told.Nearest = &nearShelter{d.Facilities[j].Code, d.Facilities[j].Name, float64(far)}
		}
	}
	if told.Nearest != nil {
		told.Nearest.Distance = rounded(told.Nearest.Distance, 1)
		if d.shelterQuestion.reach == reachWalking && told.Reason == "too_far" && told.Nearest.Distance <= float64(d.radius) {
			told.Reason = "unreachable"
		}
	}
	return told
}

// words tells the trace in a sentence.
func (t *tracing) words(s *spatial.Snapshot, code string) {
	d := t.side
	left := int64(0)
	for _, i := range t.left {
		left += t.leftOf(i)
	}
	reachZH, reachEN := fmt.Sprintf("直线%.0f米内", d.radius), fmt.Sprintf("within %.0f m in a straight line", d.radius)
	if d.shelterQuestion.reach == reachWalking {
		reachZH, reachEN = fmt.Sprintf("步行%.0f分钟内", d.walk.Seconds()/60), fmt.Sprintf("within %.0f minutes on foot", d.walk.Seconds()/60)
	}
	names, _ := unitNames(s, t.level, d.drawn)
	t.Words = spatial.Title{
		ZH: fmt.Sprintf("%s有%d人需避难，%s够得到%d处合格场所，%d人未覆盖；依据%s", names[code], t.people, reachZH, len(t.Facilities), left, clauseOf(d.rule)),
		EN: fmt.Sprintf("%s has %d people to shelter; %s they reach %d shelters that count; %d are not covered; by %s", names[code], t.people, reachEN, len(t.Facilities), left, clauseOf(d.rule)),
	}
}

// bottleneck is people and the shelters they compete for.
type bottleneck struct {
	Shelters []string      `json:"shelters"` // codes
	Units    []string      `json:"units"`    // codes of the units asked by
	More     int           `json:"units_more"`
	People   int64         `json:"people"`
	Places   int64         `json:"places"`
	Unserved int64         `json:"unserved"`
	Area     float64       `json:"area_needed"`
	Relief   []relief      `json:"relief"`
	Text     spatial.Title `json:"text"`
}

// relief is what more room at a shelter frees at most.
type relief struct {
	Shelter string  `json:"shelter"`
	People  int64   `json:"people"`
	Area    float64 `json:"area"`
}

// What a bottleneck lists at most.
const (
	maxBottlenecks = 100
	maxUnitsListed = 50
	maxRelieved    = 5 // bottlenecks that it is said of what frees them
	maxRelief      = 3 // shelters of each
)

// tellBottlenecks says which units compete for which shelters, worst first.
func (f *covering) tellBottlenecks(s *spatial.Snapshot) []bottleneck {
	list := []bottleneck{}
	prefix := shelter.Prefix(codeDigits[f.level])
	names, _ := unitNames(s, f.level, f.side.drawn)
	found := f.side.sent.Bottlenecks()
	if apart := f.cutOff(); apart.People > 0 {
		found = append(found, apart)
		slices.SortStableFunc(found, func(a, b shelter.Bottleneck) int { return cmp.Compare(b.Unserved, a.Unserved) })
	}
	waiting, relieved := f.waiting(), 0
	for _, b := range found {
		if len(list) == maxBottlenecks {
			break
		}
		told := bottleneck{Shelters: []string{}, Units: []string{}, People: b.People, Places: b.Places, Unserved: b.Unserved, Relief: []relief{},
			Area: rounded(float64(b.Unserved)*float64(f.side.PerPerson), 2)}
		var codes []string
		for _, i := range b.Demands {
			if f.side.Demands[i].People > 0 {
				codes = append(codes, prefix(f.side.Demands[i].Unit))
			}
		}
		slices.Sort(codes)
		codes = slices.Compact(codes)
		var called []string
		for _, j := range b.Facilities {
			told.Shelters = append(told.Shelters, f.side.Facilities[j].Code)
			called = append(called, f.side.Facilities[j].Name)
		}
		if len(b.Facilities) > 0 && relieved < maxRelieved {
			told.Relief, relieved = f.relieve(b.Facilities, waiting), relieved+1
		}
		told.Text = bottleneckWords(&told, called, namesOf(codes, names))
		told.Units = append(told.Units, codes[:min(maxUnitsListed, len(codes))]...)
		told.More = len(codes) - len(told.Units)
		list = append(list, told)
	}
	return list
}

// cutOff are the people who reach no shelter at all, as a bottleneck without
// shelters.
func (f *covering) cutOff() (b shelter.Bottleneck) {
	for i := range f.side.Demands {
		if n := f.side.Demands[i].People; n > 0 && f.side.cover.Count[i] == 0 {
			b.Demands, b.People, b.Unserved = append(b.Demands, int32(i)), b.People+n, b.Unserved+n
		}
	}
	return b
}

// waiting are the people without a place who reach each shelter: no more can
// be freed there.
func (f *covering) waiting() []int64 {
	people := make([]int64, len(f.side.Facilities))
	for i, left := range f.side.sent.Left {
		if left == 0 {
			continue
		}
		for _, w := range f.side.Reach.Of(i) {
			people[w.Facility] += left
		}
	}
	return people
}

// relieve says what more room frees at those shelters that most people
// without a place reach, the most freed first.
func (f *covering) relieve(facilities []int32, waiting []int64) []relief {
	most := slices.Clone(facilities)
	slices.SortStableFunc(most, func(a, b int32) int { return cmp.Compare(waiting[b], waiting[a]) })
	list := []relief{}
	for _, j := range most[:min(maxRelief, len(most))] {
		list = append(list, f.reliefAt(int(j)))
	}
	slices.SortStableFunc(list, func(a, b relief) int { return cmp.Compare(b.People, a.People) })
	return list
}

func (f *covering) reliefAt(facility int) relief {
	freed := f.side.sent.Relief(facility)
	return relief{f.side.Facilities[facility].Code, freed.People, rounded(float64(freed.Area), 2)}
}

func namesOf(codes []string, names map[string]string) []string {
	list := make([]string, len(codes))
	for i, code := range codes {
		list[i] = cmp.Or(names[code], code)
	}
	return list
}

// few names some of a list.
func few(names []string, and, more string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, and)
	}
	return strings.Join(names[:most], and) + fmt.Sprintf(more, len(names))
}

func bottleneckWords(b *bottleneck, shelters, units []string) spatial.Title {
	unitsZH, unitsEN := few(units, "、", "等%d个单元"), few(units, ", ", " and others, %d units,")
	if len(shelters) == 0 {
		return spatial.Title{ZH: fmt.Sprintf("%s的%d人够不到任何合格场所", unitsZH, b.People), EN: fmt.Sprintf("%d people of %s reach no shelter that counts", b.People, unitsEN)}
	}
	sheltersZH, sheltersEN := few(shelters, "、", "等%d处"), few(shelters, ", ", " and others, %d in all")
	text := spatial.Title{
		ZH: fmt.Sprintf("%s的%d人争用%s的%d个位置，%d人没有位置", unitsZH, b.People, sheltersZH, b.Places, b.Unserved),
		EN: fmt.Sprintf("%d people of %s compete for the %d places of %s; %d have none", b.People, unitsEN, b.Places, sheltersEN, b.Unserved),
	}
	if len(b.Relief) > 0 && b.Relief[0].People > 0 {
		first := b.Relief[0]
		text.ZH += fmt.Sprintf("；在%s增加%.0f平方米可多安置%d人", first.Shelter, first.Area, first.People)
		text.EN += fmt.Sprintf("; %.0f m² more at %s would place %d more people", first.Area, first.Shelter, first.People)
	}
	return text
}
