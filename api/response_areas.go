package api

import (
	"net/http"
	"slices"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/geodesic"
	"wangge/spatial/response"
)

func (s *Server) responseRoutes() []route {
	reach := func(more ...parameter) []parameter { return slices.Concat(reachParams, more) }
	files := []string{mediaJSON, mediaGeoJSON, mediaCSV, mediaXLSX}
	return []route{
		{method: http.MethodGet, path: "/response/areas", summary: "Areas of responsibility: which station reaches what first, with people and roads; together they are the district",
			parameters: reach(datumParam, areasFormat), media: []string{mediaGeoJSON, mediaCSV, mediaXLSX}, long: true, handle: s.responseAreas},
		{method: http.MethodGet, path: "/response/beyond", summary: "What nobody reaches within some minutes: risk points by level, residents and buildings, by unit",
			parameters: reach(withinParam, unitParam, datumParam, reportFormat), media: files, long: true, handle: s.responseBeyond},
		{method: http.MethodGet, path: "/response/without", summary: "What happens if one station is busy or gone: who takes over, and how much later",
			parameters: reach(stationParam, withinParam, tableFormat), media: []string{mediaJSON, mediaCSV, mediaXLSX}, long: true, handle: s.responseWithout},
		{method: http.MethodGet, path: "/response/additional", summary: "Where one more station would help most: every place is tried",
			parameters: reach(withinParam, objectiveParam, weightParam, sitesParam, newTurnoutParam, sitesLimitParam, datumParam, reportFormat), media: files, long: true, handle: s.responseAdditional},
	}
}

var (
	areasFormat  = formatParam("geojson", "json", "csv", "xlsx")
	reportFormat = formatParam("json", "geojson", "csv", "xlsx")
	tableFormat  = formatParam("json", "csv", "xlsx")
)

// responsibility is who reaches what first.
type responsibility struct {
	areas  *response.Areas
	shapes []orb.MultiPolygon // as areas.All
	homes  []response.Tally   // likewise; nil in a store without residents
	points []response.Tally   // of risk; nil in a store without
}

// areasOf are the areas of responsibility of a question.
func (r *request) areasOf(a *asking) (*responsibility, error) {
	from := append(r.reachLayers(), "districts", buildingLayer, riskLayer)
	return kept(r.snapshot, from, "areas "+r.reachName(), func() (*responsibility, error) {
		all := &responsibility{areas: a.byRoad.Areas(a.allows)}
		var err error
		if all.shapes, err = all.areas.Polygons(ground(r.snapshot)); err != nil {
			return nil, err
		}
		homes, err := r.homes(a)
		if err != nil {
			return nil, err
		}
		if homes != nil {
			all.homes = all.areas.Tally(homes, residents, "")
		}
		if _, err := r.snapshot.Layer(riskLayer); err == nil {
			points, err := r.ranking(a, riskLayer)
			if err != nil {
				return nil, err
			}
			all.points = all.areas.Tally(points, "", "level")
		}
		return all, nil
	})
}

const areaMethod = "each stretch of road is the share of the station that reaches it first, cut where two are as soon; each place of the ground is that of the nearest road, to within 10 m; people count where the building is reached from"

// areaSchema describes the areas as a layer.
func areaSchema() spatial.Schema {
	field := func(name string, t spatial.Type, zh, en, unit string) spatial.Field {
		return spatial.Field{Name: name, Type: t, Title: spatial.Title{ZH: zh, EN: en}, Unit: unit}
	}
	return spatial.Schema{ID: "response_areas", Title: spatial.Title{ZH: "应急责任区", EN: "areas of responsibility"}, Group: "response", Geometry: spatial.Polygons, Code: "code", Label: "name",
		Description: spatial.Title{ZH: "由路网与站点算出：先到之站的责任范围，合计为全区", EN: "worked out of roads and stations: who gets there first; together they are the district"},
		Fields: []spatial.Field{
			field("station", spatial.TypeInt, "站点编号", "station", ""), field("code", spatial.TypeText, "编码", "code", ""), field("name", spatial.TypeText, "名称", "name", ""), field("kind", spatial.TypeText, "类型", "kind", ""),
			field("people", spatial.TypeInt, "人口", "people", "persons"), field("people_share", spatial.TypeFloat, "人口占比", "share of people", ""),
			field("road_length", spatial.TypeFloat, "道路长度", "length of roads", "m"), field("road_share", spatial.TypeFloat, "道路占比", "share of roads", ""),
			field("area", spatial.TypeFloat, "面积", "area", "m²"), field("buildings", spatial.TypeInt, "楼栋", "buildings", ""), field("risk_points", spatial.TypeInt, "风险点位", "risk points", ""),
		}}
}

// areaRows are the areas as rows, numbered by station; last the one of nobody, if
// there is any of it.
func (r *request) areaRows() ([]spatial.Row, error) {
	a, err := r.byTime()
	if err != nil {
		return nil, err
	}
	all, err := r.areasOf(a)
	if err != nil {
		return nil, err
	}
	var people int64
	for i := range all.homes {
		people += all.homes[i].Sum
	}
	rows := []spatial.Row{}
	for i := range all.areas.All() {
		if row, there := all.row(a, i, people); there {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// row is an area as a row; there is none of nobody's if nothing is.
func (all *responsibility) row(a *asking, i int, people int64) (row spatial.Row, there bool) {
	area := all.areas.All()[i]
	values := slices.Repeat([]spatial.Value{spatial.Null}, 11)
	there = area.Length > 0
	if area.Responder >= 0 {
		f := a.byRoad.Responders()[area.Responder].Feature
		row.ID, there = f.ID(), true
		values[0], values[2] = spatial.Int(f.ID()), spatial.Text(nameOf(f))
		if f.Code() != "" {
			values[1] = spatial.Text(f.Code())
		}
		if k := a.fields.kind; k >= 0 {
			values[3] = spatial.Text(f.Value(k).String())
		}
	} else {
		row.ID, values[2] = a.layer.LastID()+1, spatial.Text("无站可达 nobody")
	}
	if all.homes != nil {
		values[4], values[5], values[9] = spatial.Int(all.homes[i].Sum), share(all.homes[i].Sum, people), spatial.Int(int64(all.homes[i].Features))
		there = there || all.homes[i].Features > 0
	}
	values[6], values[7] = spatial.Float(float64(millimetres(area.Length))), spatial.Float(area.Part)
	if all.points != nil {
		values[10] = spatial.Int(int64(all.points[i].Features))
		there = there || all.points[i].Features > 0
	}
	if shape := all.shapes[i]; len(shape) > 0 {
		row.Geometry, there = shape, true
		values[8] = spatial.Float(rounded(float64(geodesic.Area(shape)), 1))
	} else {
		values[8] = spatial.Float(0)
	}
	row.Values = values
	return row, there
}

// share is a part of a whole; null where there is no whole.
func share(part, whole int64) spatial.Value {
	if whole == 0 {
		return spatial.Null
	}
	return spatial.Float(float64(part) / float64(whole))
}

// responseLayers are those about who gets where.
func (s *Server) responseLayers() []*derivedLayer {
	reads := append([]spatial.LayerID{"turn_restrictions", closure.Layer}, barrierLayers...)
	return []*derivedLayer{
		{schema: areaSchema(), from: []spatial.LayerID{"response_points", "roads"}, also: append(slices.Clone(reads), "districts", buildingLayer, riskLayer), parameters: derivedParams, timed: true,
			rows: func(r *request) ([]spatial.Row, error) { return r.areaRows() }},
		{schema: beyondSchema(), from: []spatial.LayerID{"response_points", "roads", riskLayer}, also: reads, parameters: append(slices.Clone(derivedParams), withinParam), timed: true,
			adapt: adaptBeyond, rows: func(r *request) ([]spatial.Row, error) { return r.beyondRows() }},
	}
}

// derivedParams are what the addresses of these layers may choose.
var derivedParams = slices.DeleteFunc(slices.Clone(reachParams), func(p parameter) bool { return p == parameter(toParam) })

// responseAreas answers with the areas.
func (s *Server) responseAreas(w http.ResponseWriter, r *request) error {
	a, err := r.byTime()
	if err != nil {
		return err
	}
	all, err := r.areasOf(a)
	if err != nil {
		return err
	}
	rows, err := r.areaRows()
	if err != nil {
		return err
	}
	points, homes, err := r.looked(a)
	if err != nil {
		return err
	}
	head := r.reachHead(a, areaMethod, points, homes)
	schema := areaSchema()
	layer, err := reportLayer(&schema, head, rows)
	if err != nil {
		return err
	}
	return s.report(w, r, head, layer, "应急责任区", struct {
		featuresHead
		Totals areaTotals `json:"totals"`
	}{featuresHead{"FeatureCollection", head}, all.totals()}, nil)
}

// looked are the rankings of risk points and buildings, nil for what a store has
// not.
func (r *request) looked(a *asking) (points, homes *response.Ranking, err error) {
	if homes, err = r.homes(a); err != nil {
		return nil, nil, err
	}
	if _, err := r.snapshot.Layer(riskLayer); err != nil {
		return nil, homes, nil
	}
	points, err = r.ranking(a, riskLayer)
	return points, homes, err
}

// areaTotals are what all areas add up to, and what of it is nobody's.
type areaTotals struct {
	People   *int64          `json:"people"` // null without residents
	Length   geodesic.Meters `json:"road_length"`
	Unserved struct {
		People     *int64          `json:"people"`
		Buildings  int             `json:"buildings"`
		RiskPoints int             `json:"risk_points"`
		Length     geodesic.Meters `json:"road_length"`
	} `json:"unserved"`
}

func (all *responsibility) totals() areaTotals {
	list := all.areas.All()
	last := len(list) - 1
	t := areaTotals{Length: millimetres(all.areas.Length())}
	t.Unserved.Length = millimetres(list[last].Length)
	if all.homes != nil {
		var people int64
		for i := range all.homes {
			people += all.homes[i].Sum
		}
		t.People, t.Unserved.People, t.Unserved.Buildings = &people, &all.homes[last].Sum, all.homes[last].Features
	}
	if all.points != nil {
		t.Unserved.RiskPoints = all.points[last].Features
	}
	return t
}

// reportLayer is a report as a layer, so that it can be written like one.
func reportLayer(schema *spatial.Schema, head reachAnalysis, rows []spatial.Row) (*spatial.Layer, error) {
	dated := *schema
	dated.Synthetic = head.Synthetic
	for _, date := range head.AsOf {
		dated.AsOf = max(dated.AsOf, date)
	}
	return spatial.NewLayer(&dated, head.Version, func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
}

// featuresHead begins an answer of features.
type featuresHead struct {
	Type string `json:"type"`
	reachAnalysis
}

// report answers with a layer in the format that is asked for; whole writes JSON,
// which is GeoJSON if it is nil.
func (s *Server) report(w http.ResponseWriter, r *request, head reachAnalysis, layer *spatial.Layer, name string, features any, whole func() error) error {
	head.head(w.Header())
	in := datumParam.of(r)
	as := r.as(reportFormat)
	switch {
	case as == "csv" || as == "xlsx":
		return s.writeTableIn(w, layer, name, as, in)
	case datumParam.given(r):
		in.head(w.Header())
	}
	if as == "geojson" || whole == nil {
		return s.writeReportFeatures(w, features, in, layer)
	}
	return whole()
}

// writeTableIn answers with a layer as a file for people, in some coordinates.
func (s *Server) writeTableIn(w http.ResponseWriter, layer *spatial.Layer, name, as string, in frame) error {
	w.Header().Set("Content-Disposition", attachment(name+"."+as))
	write := format.WriteCSV
	w.Header().Set("Content-Type", mediaCSV+"; charset=utf-8; header=present")
	if as == "xlsx" {
		write = s.spooled
		w.Header().Set("Content-Type", mediaXLSX)
	}
	tabular := *layer.Schema()
	if tabular.Geometry&spatial.Polygons != 0 { // no table has use for outlines
		tabular.Geometry = spatial.NoGeometry
		rows := []spatial.Row{}
		for f := range layer.All() {
			row := f.Row()
			row.Geometry = nil
			rows = append(rows, row)
		}
		var err error
		if layer, err = spatial.NewLayer(&tabular, layer.Version(), func(yield func(spatial.Row, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}); err != nil {
			return err
		}
	}
	return write(w, format.Selection{Layer: layer, Fields: allFields(layer.Schema()), Features: layer.All(), Titled: true, CRS: in.crs})
}

// writeReportFeatures streams a head and then the features of a layer.
func (s *Server) writeReportFeatures(w http.ResponseWriter, head any, in frame, layer *spatial.Layer) error {
	start, err := encode(head)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaGeoJSON)
	out := stream{to: w, buf: append(open(start), `,"features":[`...)}
	separator := "\n"
	for f := range layer.All() {
		out.buf = append(out.buf, separator...)
		if out.buf, err = in.appendFeature(out.buf, f, allFields(layer.Schema())); err != nil {
			return err
		}
		if err := out.drain(); err != nil {
			return err
		}
		separator = ",\n"
	}
	out.buf = append(out.buf, "\n]}\n"...)
	return out.flush()
}
