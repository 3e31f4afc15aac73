package api

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/geodesic"
	"wangge/spatial/relate"
	"wangge/spatial/road"
	"wangge/spatial/shelter"
)

const (
	shelterLayer spatial.LayerID = "shelters"
	waterLayer   spatial.LayerID = "water"
)

// Why a shelter does not count, by code.
const (
	outClosed    = "closed"
	outSetting   = "setting"
	outClass     = "class"
	outHazard    = "hazard"
	outExclusion = "exclusion"
	outWater     = "in_water"
	outOffRoad   = "off_road"
	outFaulty    = "faulty"
)

// site is a shelter with what a question makes of it.
type site struct {
	shelter.Facility
	number  int           // among those that count; -1 for others
	out     string        // why it does not count; "" if it does
	reason  spatial.Title // the same in words
	changed string        // what a scenario does to it: added, closed, enlarged, moved
}

// shownArea is the effective area in m², 0 where it is faulty.
func (p *site) shownArea() float64 {
	if p.Facility.Validate() != nil {
		return 0
	}
	return rounded(float64(p.Area), 2)
}

// side is a question answered on one state of things: today's, or that of a
// scenario.
type side struct {
	*shelterQuestion
	method   string           // that its figures are shown by
	everyone []shelter.Demand // before the share that is to be sheltered is taken
	sites    []site
	blocked  []int32 // edges that are closed to who walks, ascending
	shelter.Problem
	cover *shelter.Coverage
	sent  *shelter.Assignment // nil unless it was asked for
	drawn *redrawn            // the boundaries of a draft; nil for today's
}

// today is a question answered on the state as it is. It is kept, so that
// scenarios can be compared with it.
func (r *request) today(q *shelterQuestion, allocate bool) (*side, error) {
	name := "today " + q.name()
	if q.reach == reachWalking {
		name += "@" + r.closures().Name()
	}
	if allocate {
		name += " allocation"
	}
	found, err := keptLarge(r.snapshot, q.layers(r.snapshot), name, func() (*side, error) {
		facilities, err := sheltersOf(r.snapshot)
		if err != nil {
			return nil, err
		}
		sites := make([]site, len(facilities))
		for i := range facilities {
			sites[i] = site{Facility: facilities[i]}
		}
		d := &side{shelterQuestion: q, sites: sites}
		if q.reach == reachWalking {
			if d.blocked, err = r.blockedToday(); err != nil {
				return nil, err
			}
		}
		return d, d.answer(r.snapshot, allocate)
	})
	if err != nil {
		return nil, err
	}
	own := *found
	own.shelterQuestion = q // the same values, perhaps from elsewhere
	return &own, nil
}

// layers are those that a question is answered from.
func (q *shelterQuestion) layers(s *spatial.Snapshot) []spatial.LayerID {
	ids := []spatial.LayerID{buildingLayer, shelterLayer, standardLayer, waterLayer}
	if q.population == census {
		ids = append(ids, "statistics")
	}
	for _, e := range q.standard.Exclusions {
		ids = append(ids, e.Layer)
	}
	for _, z := range q.zones {
		if z.layer != "" {
			ids = append(ids, z.layer)
		}
	}
	if q.reach == reachWalking {
		ids = append(ids, road.Layers(s)...)
		ids = append(ids, closure.Layer)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// sheltersOf reads the shelters of a snapshot.
func sheltersOf(s *spatial.Snapshot) ([]shelter.Facility, error) {
	return kept(s, []spatial.LayerID{shelterLayer}, "facilities", func() ([]shelter.Facility, error) {
		layer, err := s.Layer(shelterLayer)
		if err != nil {
			return nil, err
		}
		return shelter.FacilitiesOf(layer), nil
	})
}

// answer decides which sites count, who reaches them, and what comes of it.
func (d *side) answer(s *spatial.Snapshot, allocate bool) (err error) {
	if err := d.judge(s); err != nil {
		return err
	}
	if d.everyone, d.Demands, err = d.asked(s); err != nil {
		return err
	}
	if d.drawn != nil {
		d.everyone, d.Demands = d.drawn.regroup(d.everyone), d.drawn.regroup(d.Demands)
	}
	d.PerPerson = d.perPerson()
	if d.Reach, err = d.reached(s); err != nil {
		return err
	}
	if allocate {
		if err := affordableWays(d.Reach); err != nil {
			return err
		}
	}
	if d.cover, err = d.Cover(); err != nil || !allocate {
		return err
	}
	d.sent, err = d.Allocate()
	return err
}

// How many ways from buildings to shelters are tried against each other: so many
// for each building on average, and some anyway.
const (
	fewWays = 1_000_000
	maxWays = 150
)

// affordableWays refuses to share out or choose places where everybody reaches
// everything: that would take minutes.
func affordableWays(reach *shelter.Reach) error {
	most := max(fewWays, maxWays*reach.Demands())
	if reach.Ways() <= most {
		return nil
	}
	return &spatial.InvalidError{Rule: "ways_many", Where: "radius", Detail: fmt.Sprintf("buildings have %d ways to shelters within reach, more than %d", reach.Ways(), most), Fix: "give a smaller radius or fewer shelters and candidates"}
}

// judge sorts out the sites that do not count.
func (d *side) judge(s *spatial.Snapshot) error {
	standard := d.standard
	standard.Exclusions = slices.DeleteFunc(slices.Clone(standard.Exclusions), func(e shelter.Exclusion) bool { _, err := s.Layer(e.Layer); return err != nil })
	d.Facilities = nil
	var asked []int
	for i := range d.sites {
		p := &d.sites[i]
		p.number, p.out, p.reason = -1, "", spatial.Title{}
		if p.Facility.Validate() != nil {
			p.out, p.reason = outFaulty, spatial.Title{ZH: "数据有误：有效面积不合理", EN: fmt.Sprintf("faulty data: the effective area is %v m²", p.Area)}
			continue
		}
		if refusal := standard.Refuses(&p.Facility, d.hazard); refusal != "" {
			p.out, p.reason = outOf(refusal), refusalWords(p, d.hazard, refusal)
			continue
		}
		if water, ok := waterAround(s, p.Place); ok {
			p.out, p.reason = outWater, spatial.Title{ZH: "位于水域“" + nameOf(water) + "”中", EN: "in the water of " + nameOf(water)}
			continue
		}
		asked = append(asked, i)
	}
	facilities := make([]shelter.Facility, len(asked))
	for k, i := range asked {
		facilities[k] = d.sites[i].Facility
	}
	excluded, err := standard.Exclude(s, facilities)
	if err != nil {
		return err
	}
	for _, e := range excluded {
		p := &d.sites[asked[e.Facility]]
		if p.out == "" {
			p.out, p.reason = outExclusion, exclusionWords(e, withinOf(standard.Exclusions, e.By))
		}
	}
	for _, i := range asked {
		if d.sites[i].out == "" {
			d.sites[i].number = len(d.Facilities)
			d.Facilities = append(d.Facilities, d.sites[i].Facility)
		}
	}
	return nil
}

// waterAround is the water that a place lies in altogether.
func waterAround(s *spatial.Snapshot, place orb.Geometry) (spatial.Feature, bool) {
	layer, err := s.Layer(waterLayer)
	if err != nil {
		return spatial.Feature{}, false
	}
	for f := range layer.Intersecting(place.Bound()) {
		if spatial.KindOf(f.Geometry()) == spatial.Polygons && relate.Within(relate.New(place), relate.New(f.Geometry())) {
			return f, true
		}
	}
	return spatial.Feature{}, false
}

func withinOf(exclusions []shelter.Exclusion, name string) (within geodesic.Meters) {
	for _, e := range exclusions {
		if e.Name == name {
			return e.Within
		}
	}
	return 0
}

// outOf is the code of a refusal.
func outOf(refusal string) string {
	switch {
	case refusal == "closed":
		return outClosed
	case strings.HasPrefix(refusal, "class "):
		return outClass
	case strings.HasPrefix(refusal, "does not serve"):
		return outHazard
	}
	return outSetting
}

var settingWords = map[shelter.Setting]spatial.Title{shelter.Indoor: {ZH: "室内", EN: "indoor"}, shelter.Outdoor: {ZH: "室外", EN: "outdoor"}}

func refusalWords(p *site, h shelter.Hazard, refusal string) spatial.Title {
	hazard := hazardWords[h].ZH
	zh := map[string]string{outClosed: "未开放", outHazard: "不服务于" + hazard, outClass: "类别不计入本规则",
		outSetting: settingWords[p.Setting].ZH + "场所不用于" + hazard}[outOf(refusal)]
	return spatial.Title{ZH: zh, EN: refusal}
}

// reached measures who reaches the sites that count. The reach of the
// shelters as they stand is kept, and that of others is made from it.
func (d *side) reached(s *spatial.Snapshot) (*shelter.Reach, error) {
	base, err := d.baseReach(s)
	if err != nil {
		return nil, err
	}
	reach, err := base.With(d.Facilities)
	if err != nil || d.reach != reachWalking {
		return reach, err
	}
	_, off := reach.OffRoad()
	for _, j := range off {
		for i := range d.sites {
			if d.sites[i].number == j {
				d.sites[i].reason = spatial.Title{ZH: "附近没有可步行的道路", EN: "no road to walk on leads here"}
			}
		}
	}
	return reach, nil
}

// baseReach is that of all shelters of a layer, whether they count or not.
func (d *side) baseReach(s *spatial.Snapshot) (*shelter.Reach, error) {
	from := []spatial.LayerID{buildingLayer, shelterLayer}
	name := fmt.Sprintf("reach %s %v", d.reach, d.radius)
	if d.reach == reachWalking {
		from = append(from, road.Layers(s)...)
		name = fmt.Sprintf("reach %s %v %v", d.reach, d.walk, d.blocked)
	}
	return keptLarge(s, from, name, func() (*shelter.Reach, error) {
		facilities, err := sheltersOf(s)
		if err != nil {
			return nil, err
		}
		if d.reach != reachWalking {
			return shelter.StraightLine(d.everyone, facilities, d.radius)
		}
		network, err := networkOf(s)
		if err != nil {
			return nil, err
		}
		graph, err := network.Profile("walking")
		if err != nil {
			return nil, err
		}
		closed := func(edge int32) bool { _, ok := slices.BinarySearch(d.blocked, edge); return ok }
		return shelter.WalkingWithout(graph, closed, d.everyone, facilities, d.walk)
	})
}

// networkOf is the network of a snapshot's roads.
func networkOf(s *spatial.Snapshot) (*road.Network, error) {
	network, err := road.Of(s)
	if errors.Is(err, spatial.ErrNotFound) {
		return nil, &spatial.InvalidError{Rule: "no_roads", Where: "reach", Detail: "the store has no layer of roads, so nobody can be said to walk anywhere", Fix: "ask with reach straight, or import roads: wangge import roads FILE.osm.pbf"}
	}
	return network, err
}

// blockedToday are the edges that closures in force close to who walks.
func (r *request) blockedToday() ([]int32, error) {
	set := r.closures()
	if len(set.Closures) == 0 {
		return nil, nil
	}
	network, err := networkOf(r.snapshot)
	if err != nil {
		return nil, err
	}
	return closure.Edges(network, closure.Walking, set.Closures), nil
}

// ordered are the sites as answers list them: those that count first, then by
// layer and id.
func (d *side) ordered() []*site {
	list := make([]*site, len(d.sites))
	for i := range d.sites {
		list[i] = &d.sites[i]
	}
	slices.SortStableFunc(list, func(a, b *site) int {
		return cmp.Or(cmp.Compare(boolInt(a.number < 0), boolInt(b.number < 0)), cmp.Compare(boolInt(a.ID < 0), boolInt(b.ID < 0)), cmp.Compare(max(a.ID, -a.ID), max(b.ID, -b.ID)))
	})
	return list
}

// at is where a site is shown.
func (p *site) at() orb.Point {
	if at, ok := p.Place.(orb.Point); ok {
		return at
	}
	return geodesic.PointOnSurface(p.Place)
}
