package api

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/response"
	"wangge/spatial/road"
)

var (
	withinParam = &param[float64]{
		declaration{name: "minutes", in: inQuery, initial: "5", example: "5", schema: jsonSchema{"type": "number", "exclusiveMinimum": 0, "maximum": 24 * 60, "default": 5}, description: "from the call to being there"},
		func(text string) (float64, error) {
			minutes, err := parseWithin(0, 24*60)(text)
			if err == nil && minutes <= 0 {
				err = fmt.Errorf("%s is no time: give more than 0", shorten(text))
			}
			return minutes, err
		},
	}
	unitParam = &param[string]{
		declaration{name: "by", in: inQuery, initial: "street", example: "community", schema: jsonSchema{"type": "string", "enum": []string{"district", "street", "community", "grid"}, "default": "street"}, description: "the units that are told apart"},
		func(text string) (string, error) {
			if unitLevels[text] == "" {
				return "", fmt.Errorf("%q is none of district, street, community, grid", shorten(text))
			}
			return text, nil
		},
	}
)

// limit is the time that a request asks about.
func (r *request) within() road.Millis { return road.Millis(math.Round(withinParam.of(r) * 60_000)) }

const beyondMethod = "features that nobody reaches within the minutes from the call, those that nobody reaches at all included"

// levelsOf are the values of the field level of a layer, as it lists them; those
// without one are called unclassified.
func levelsOf(s *spatial.Snapshot) []spatial.Label {
	layer, err := s.Layer(riskLayer)
	if err != nil {
		return nil
	}
	schema := layer.Schema()
	i := schema.FieldIndex("level")
	if i < 0 {
		return nil
	}
	return append(slices.Clone(schema.Fields[i].Values), spatial.Label{Value: withoutLevel, Title: spatial.Title{ZH: "未定级", EN: "unclassified"}})
}

// withoutLevel stands for features without a level.
const withoutLevel = "unclassified"

// beyondCounts are how many features of a kind there are, and are not reached in
// time.
type beyondCounts struct {
	Count       int64            `json:"count"`
	Beyond      int64            `json:"beyond"`
	Unreachable int64            `json:"unreachable"`
	Levels      map[string]int64 `json:"by_level,omitempty"` // of those beyond
}

// beyondUnit is a unit with what is not reached in time.
type beyondUnit struct {
	Level     string        `json:"level"`
	Code      string        `json:"code"`
	Name      string        `json:"name"`
	Points    *beyondCounts `json:"risk_points"` // null in a store without
	Buildings *beyondCounts `json:"buildings"`
	Residents *beyondPeople `json:"residents"`
	Worst     *float64      `json:"worst"` // seconds, of what is reached; null if nothing is
	shape     orb.Geometry
}

type beyondPeople struct {
	Count  int64 `json:"count"`
	Beyond int64 `json:"beyond"`
}

// beyond counts what is not reached in time, by unit and in all.
func (r *request) beyond(points, homes *response.Ranking) (units []*beyondUnit, totals *beyondUnit, err error) {
	level := unitParam.of(r)
	layer, err := r.snapshot.Layer(unitLevels[level])
	if err != nil {
		return nil, nil, unknownLayer(err)
	}
	byCode := map[string]*beyondUnit{}
	unit := func(code string) *beyondUnit {
		u := byCode[code]
		if u == nil {
			u = &beyondUnit{Level: level, Code: code}
			u.empty(points, homes, levelsOf(r.snapshot))
			byCode[code] = u
		}
		return u
	}
	for f := range layer.All() {
		u := unit(f.Code())
		u.Name, u.shape = f.Label(), f.Geometry()
	}
	totals = &beyondUnit{Level: "all"}
	totals.empty(points, homes, levelsOf(r.snapshot))
	for _, ranking := range []*response.Ranking{points, homes} {
		if ranking == nil {
			continue
		}
		counted, err := ranking.BeyondByUnit(r.within(), level, residents, "level")
		if err != nil {
			return nil, nil, err
		}
		for _, c := range counted {
			unit(c.Code).add(ranking == points, c)
			totals.add(ranking == points, c)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		units = append(units, byCode[code])
	}
	return units, totals, nil
}

func (u *beyondUnit) empty(points, homes *response.Ranking, levels []spatial.Label) {
	if points != nil {
		u.Points = &beyondCounts{Levels: map[string]int64{}}
		for _, l := range levels {
			u.Points.Levels[l.Value] = 0
		}
	}
	if homes != nil {
		u.Buildings, u.Residents = &beyondCounts{}, &beyondPeople{}
	}
}

func (u *beyondUnit) add(points bool, c response.UnitBeyond) {
	counts := u.Buildings
	if points {
		counts = u.Points
		for level, n := range c.Over.By {
			if level == "" {
				level = withoutLevel
			}
			counts.Levels[level] += int64(n)
		}
	} else {
		u.Residents.Count += c.Whole.Sum
		u.Residents.Beyond += c.Over.Sum
	}
	counts.Count += int64(c.Whole.Features)
	counts.Beyond += int64(c.Over.Features)
	counts.Unreachable += int64(c.Unreached)
	if worst := c.Worst.Seconds(); c.Worst > 0 && (u.Worst == nil || *u.Worst < worst) {
		u.Worst = &worst
	}
}

func (s *Server) responseBeyond(w http.ResponseWriter, r *request) error {
	a, err := r.byTime()
	if err != nil {
		return err
	}
	points, homes, err := r.looked(a)
	if err != nil {
		return err
	}
	units, totals, err := r.beyond(points, homes)
	if err != nil {
		return err
	}
	head := r.reachHead(a, beyondMethod, points, homes)
	levels := levelsOf(r.snapshot)
	layer, err := beyondTable(head, units, levels)
	if err != nil {
		return err
	}
	return s.report(w, r, head, layer, "超时未达", featuresHead{"FeatureCollection", head}, func() error {
		return writeJSON(w, mediaJSON, struct {
			reachAnalysis
			Levels []spatial.Label `json:"levels"`
			Units  []*beyondUnit   `json:"units"`
			Totals *beyondUnit     `json:"totals"`
		}{head, emptyNotNull(levels), units, totals})
	})
}

// beyondTable is the report as a layer: a row for each unit.
func beyondTable(head reachAnalysis, units []*beyondUnit, levels []spatial.Label) (*spatial.Layer, error) {
	whole := func(name, zh, en, unit string) spatial.Field {
		return spatial.Field{Name: name, Type: spatial.TypeInt, Title: spatial.Title{ZH: zh, EN: en}, Unit: unit}
	}
	schema := &spatial.Schema{ID: "response_beyond_units", Title: spatial.Title{ZH: "超时未达", EN: "beyond the minutes"}, Geometry: spatial.Polygons, Code: "code", Label: "name", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Title: spatial.Title{ZH: "编码", EN: "code"}}, {Name: "name", Type: spatial.TypeText, Title: spatial.Title{ZH: "名称", EN: "name"}},
		whole("risk_points", "风险点位", "risk points", ""), whole("risk_points_beyond", "超时风险点位", "risk points beyond", ""), whole("risk_points_unreachable", "不可达风险点位", "risk points out of reach", "")}}
	for _, l := range levels {
		schema.Fields = append(schema.Fields, whole("beyond_"+l.Value, "超时："+l.Title.ZH, "beyond: "+l.Title.EN, ""))
	}
	schema.Fields = append(schema.Fields, whole("buildings", "楼栋", "buildings", ""), whole("buildings_beyond", "超时楼栋", "buildings beyond", ""), whole("buildings_unreachable", "不可达楼栋", "buildings out of reach", ""),
		whole("residents", "人口", "residents", "persons"), whole("residents_beyond", "超时人口", "residents beyond", "persons"),
		spatial.Field{Name: "worst", Type: spatial.TypeFloat, Title: spatial.Title{ZH: "最长时间", EN: "longest time"}, Unit: "s"})
	rows := make([]spatial.Row, len(units))
	for i, u := range units {
		rows[i] = spatial.Row{ID: int64(i + 1), Geometry: u.shape, Values: u.values(levels)}
	}
	return reportLayer(schema, head, rows)
}

// values are a unit's figures in the order of the table's fields.
func (u *beyondUnit) values(levels []spatial.Label) []spatial.Value {
	values := []spatial.Value{spatial.Text(u.Code), spatial.Text(u.Name)}
	counts := func(c *beyondCounts) {
		if c == nil {
			values = append(values, spatial.Null, spatial.Null, spatial.Null)
			return
		}
		values = append(values, spatial.Int(c.Count), spatial.Int(c.Beyond), spatial.Int(c.Unreachable))
	}
	counts(u.Points)
	for _, l := range levels {
		if u.Points == nil {
			values = append(values, spatial.Null)
			continue
		}
		values = append(values, spatial.Int(u.Points.Levels[l.Value]))
	}
	counts(u.Buildings)
	if u.Residents == nil {
		values = append(values, spatial.Null, spatial.Null)
	} else {
		values = append(values, spatial.Int(u.Residents.Count), spatial.Int(u.Residents.Beyond))
	}
	if u.Worst == nil {
		return append(values, spatial.Null)
	}
	return append(values, spatial.Float(*u.Worst))
}

// beyondSchema describes the risk points that are not reached in time as a layer.
func beyondSchema() spatial.Schema {
	field := func(name string, t spatial.Type, zh, en, unit string) spatial.Field {
		return spatial.Field{Name: name, Type: t, Title: spatial.Title{ZH: zh, EN: en}, Unit: unit}
	}
	return spatial.Schema{ID: "response_beyond", Title: spatial.Title{ZH: "超时风险点位", EN: "risk points beyond the minutes"}, Group: "response", Geometry: spatial.Points, Code: "code",
		Description: spatial.Title{ZH: "由路网与站点算出：规定分钟内无站可达的风险点位", EN: "worked out of roads and stations: risk points that nobody reaches within the minutes"},
		Fields: []spatial.Field{
			field("code", spatial.TypeText, "编码", "code", ""), field("name", spatial.TypeText, "名称", "name", ""), field("level", spatial.TypeText, "等级", "level", ""),
			field("time", spatial.TypeFloat, "最快用时（空为不可达）", "soonest time (empty: out of reach)", "s"), field("station", spatial.TypeInt, "最快站点", "soonest station", ""), field("station_name", spatial.TypeText, "最快站点名称", "its name", ""),
		}}
}

// adaptBeyond gives the layer the levels of the risk points, so that clusters
// count by them.
func adaptBeyond(s *spatial.Snapshot, schema *spatial.Schema) {
	layer, err := s.Layer(riskLayer)
	if err != nil {
		return
	}
	from := layer.Schema()
	if i := from.FieldIndex("level"); i >= 0 && from.Fields[i].Type == spatial.TypeText {
		at := schema.FieldIndex("level")
		schema.Fields = slices.Clone(schema.Fields)
		schema.Fields[at].Values, schema.Fields[at].Title = from.Fields[i].Values, from.Fields[i].Title
		if from.Rank == "level" {
			schema.Rank = "level"
		}
	}
}

// beyondRows are the risk points that are not reached in time.
func (r *request) beyondRows() ([]spatial.Row, error) {
	a, err := r.byTime()
	if err != nil {
		return nil, err
	}
	points, err := r.ranking(a, riskLayer)
	if err != nil {
		return nil, err
	}
	rows := []spatial.Row{}
	for _, i := range points.Beyond(r.within(), "", "").Places {
		f := points.Places().Feature(i)
		values := slices.Repeat([]spatial.Value{spatial.Null}, 6)
		for k, name := range []string{f.Code(), f.Label()} {
			if name != "" {
				values[k] = spatial.Text(name)
			}
		}
		if v := f.Attribute("level"); v.Type() == spatial.TypeText {
			values[2] = v
		}
		if responder, time := points.First(i); responder >= 0 {
			station := a.byRoad.Responders()[responder].Feature
			values[3], values[4], values[5] = spatial.Float(time.Seconds()), spatial.Int(station.ID()), spatial.Text(nameOf(station))
		}
		rows = append(rows, spatial.Row{ID: f.ID(), Geometry: points.Places().Point(i), Values: values})
	}
	return rows, nil
}
