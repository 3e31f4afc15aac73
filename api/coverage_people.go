package api

import (
	"fmt"

	"wangge/spatial"
	"wangge/spatial/exposure"
	"wangge/spatial/shelter"
)

const buildingLayer spatial.LayerID = "buildings"

// population is a way to count people.
type population struct {
	name  string
	field string // of buildings
	title spatial.Title
	note  spatial.Title
}

// census is the population that is scaled to the last census.
const census = "census"

var populations = []population{
	{"residents", "residents", spatial.Title{ZH: "实有人口（夜间）", EN: "registered residents (at night)"}, spatial.Title{}},
	{"residents_inland", "residents_inland", spatial.Title{ZH: "非深户内地居民", EN: "mainland residents registered elsewhere"}, spatial.Title{}},
	{"residents_shenzhen", "residents_shenzhen", spatial.Title{ZH: "深户居民", EN: "residents registered in Shenzhen"}, spatial.Title{}},
	{"residents_hmt", "residents_hmt", spatial.Title{ZH: "港澳台居民", EN: "residents from Hong Kong, Macao and Taiwan"}, spatial.Title{}},
	{"residents_foreign", "residents_foreign", spatial.Title{ZH: "外国人", EN: "foreign residents"}, spatial.Title{}},
	{"legal_persons", "legal_persons", spatial.Title{ZH: "实有法人（日间代理指标）", EN: "legal persons (a proxy of the day)"},
		spatial.Title{ZH: "法人数不是人数，只作日间分布的代理指标", EN: "a count of firms and not of people: a proxy of where people are by day"}},
	{census, "residents", spatial.Title{ZH: "普查常住人口（按实有人口比例分摊）", EN: "census residents (residents scaled to the census)"},
		spatial.Title{ZH: "普查总数按各楼栋实有人口比例分摊", EN: "the census total shared out in proportion to the registered residents of each building"}},
}

func populationNames() []string {
	var names []string
	for _, p := range populations {
		names = append(names, p.name)
	}
	return names
}

func populationNamed(name string) population {
	for _, p := range populations {
		if p.name == name {
			return p
		}
	}
	return population{}
}

// headcount is the people of a population where they live, for each building that
// stands somewhere, in order of id.
type headcount struct {
	demands  []shelter.Demand
	withheld int // buildings whose figure is not shown
	nowhere  int // buildings without geometry, which are left out
	homeless int // buildings in no grid
}

// peopleOf counts a population by building.
func peopleOf(s *spatial.Snapshot, name string) (*headcount, error) {
	from := []spatial.LayerID{buildingLayer}
	if name == census {
		from = append(from, "statistics")
	}
	return kept(s, from, "people "+name, func() (*headcount, error) {
		layer, err := s.Layer(buildingLayer)
		if err != nil {
			return nil, err
		}
		p := populationNamed(name)
		counted := &headcount{}
		if counted.demands, err = shelter.DemandsOf(layer, p.field, "grid", nil); err != nil {
			return nil, err
		}
		counted.nowhere = layer.Len() - len(counted.demands)
		field := layer.Schema().FieldIndex(p.field)
		for f := range layer.All() {
			if f.HasGeometry() && f.Value(field).IsNull() {
				counted.withheld++
			}
		}
		for i := range counted.demands {
			if counted.demands[i].Unit == "" {
				counted.homeless++
			}
		}
		if name != census {
			return counted, nil
		}
		total, err := censusOf(s)
		if err != nil {
			return nil, err
		}
		counted.demands, err = shelter.Scale(counted.demands, total)
		return counted, err
	})
}

// censusTopic marks the figures of censuses among the published ones.
const censusTopic = "人口普查"

// censusOf is the total of the newest census among the published figures.
func censusOf(s *spatial.Snapshot) (int64, error) {
	missing := &spatial.InvalidError{Rule: "census_missing", Where: "population", Detail: "the table statistics has no figure of the topic " + censusTopic,
		Fix: "add one, or ask for residents"}
	layer, err := s.Layer("statistics")
	if err != nil {
		return 0, missing
	}
	newest, total := "", int64(-1)
	for f := range layer.All() {
		if dated := f.Attribute("dated").String(); f.Attribute("topic").Text() == censusTopic && dated >= newest {
			newest, total = dated, int64(f.Attribute("value").Float())
		}
	}
	if total < 0 {
		return 0, missing
	}
	return total, nil
}

// asked are the people of a question: those in its zones, if it has any, and
// the share of them that is to be sheltered. people are those it is a share of.
func (q *shelterQuestion) asked(s *spatial.Snapshot) (everyone, toShelter []shelter.Demand, err error) {
	counted, err := peopleOf(s, q.population)
	if err != nil {
		return nil, nil, err
	}
	everyone = counted.demands
	if q.zones != nil {
		if everyone, err = q.within(s, everyone); err != nil {
			return nil, nil, err
		}
	}
	if q.share == 1 {
		return everyone, everyone, nil
	}
	toShelter, err = shelter.Share(everyone, q.share)
	return everyone, toShelter, err
}

// within leaves only the people of buildings in the zones.
func (q *shelterQuestion) within(s *spatial.Snapshot, demands []shelter.Demand) ([]shelter.Demand, error) {
	zones, _, err := zonesIn(s, q.zones)
	if err != nil {
		return nil, err
	}
	layer, err := s.Layer(buildingLayer)
	if err != nil {
		return nil, err
	}
	if err := affordable(zones, layer); err != nil {
		return nil, err
	}
	found, err := exposure.Of(zones, layer, exposure.Touch, nil)
	if err != nil {
		return nil, fmt.Errorf("people in zones: %w", err)
	}
	left := make([]shelter.Demand, len(demands))
	copy(left, demands)
	hits := found.Hits
	for i := range left {
		for len(hits) > 0 && hits[0].Feature.ID() < left[i].ID {
			hits = hits[1:]
		}
		if len(hits) == 0 || hits[0].Feature.ID() != left[i].ID {
			left[i].People = 0
		}
	}
	return left, nil
}
