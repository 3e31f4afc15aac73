package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/api/auth"
	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/history"
)

func (s *Server) historyRoutes() []route {
	grid := []parameter{gridParam, jsonFormat}
	return []route{
		{method: http.MethodGet, path: "/grids/{id}/history", summary: "How a grid was: its states, when they held, when that was recorded, and what ended them",
			parameters: grid, media: []string{mediaJSON}, handle: s.gridHistory},
		{method: http.MethodGet, path: "/grids/{id}/lineage", summary: "By what splits, merges and transfers a grid came to have its land, and others theirs, as a graph",
			parameters: grid, media: []string{mediaJSON}, handle: s.gridLineage},
		{method: http.MethodGet, path: "/grids/difference", summary: "The land and the features that passed between grids from one date to another",
			parameters: []parameter{beforeParam, afterParam, geojsonFormat}, media: []string{mediaGeoJSON}, handle: s.gridDifference},
		{method: http.MethodGet, path: "/grids/counts", summary: "The figures of today on the boundaries of a date",
			parameters: []parameter{boundariesParam, levelParam, jsonFormat}, media: []string{mediaJSON}, handle: s.counts},
	}
}

func dateParam(name, description string, required bool) *param[moment] {
	return &param[moment]{declaration{name: name, in: inQuery, example: "2024-12-30", required: required, schema: jsonSchema{"type": "string"},
		description: description + ": an instant (RFC 3339), or the end of a day in China"}, parseMoment}
}

var (
	gridParam = &param[string]{
		declaration{name: "id", in: inPath, example: "44030300200718", required: true, schema: jsonSchema{"type": "string"},
			description: "the grid's id or code, one that it had too; also like 440303002007-18 and 新秀社区18网格"},
		itemParam.parse,
	}
	beforeParam     = dateParam("from", "the state before", true)
	afterParam      = dateParam("to", "the state after; that of now if left out", false)
	boundariesParam = dateParam("boundaries", "the boundaries to count on; those of now if left out", false)
	levelParam      = &param[spatial.LayerID]{
		declaration{name: "by", in: inQuery, example: "community", initial: "grid", description: "the level to count by",
			schema: jsonSchema{"type": "string", "enum": slices.Sorted(maps.Keys(countedBy)), "default": "grid"}},
		func(text string) (spatial.LayerID, error) {
			if layer, ok := countedBy[text]; ok {
				return layer, nil
			}
			return "", fmt.Errorf("%q is none of grid, community, street and district", shorten(text))
		},
	}
)

// countedBy are the levels by the words for one of their areas.
var countedBy = map[string]spatial.LayerID{"grid": gridLayer, "community": communityLayer, "street": "streets", "district": "districts"}

// gridNow is the grid of the request, or of its code, that of one that is gone.
func (r *request) gridNow() (id int64, layer *spatial.Layer, err error) {
	if layer, err = r.snapshot.Layer(gridLayer); err != nil {
		return 0, nil, err
	}
	text := gridParam.of(r)
	f, err := find(r.snapshot, layer, text)
	if err == nil {
		return f.ID(), layer, nil
	}
	code := text
	if read, failed := gridCode(r.snapshot, text); failed == nil {
		code = read
	}
	if was, ok := history.Former(r.whole, gridLayer, code); ok {
		return was.Feature, layer, nil
	}
	return 0, layer, err
}

// pastState is a state of a grid in its history.
type pastState struct {
	Exists       bool             `json:"exists"`
	ValidFrom    *time.Time       `json:"valid_from"` // null: not known
	ValidTo      *time.Time       `json:"valid_to"`   // null: it is current
	RecordedFrom *time.Time       `json:"recorded_from"`
	RecordedTo   *time.Time       `json:"recorded_to"`
	Adjustment   int64            `json:"ended_by_adjustment,omitempty"`
	Title        string           `json:"adjustment_title,omitempty"` // for those who may read adjustments
	Code         string           `json:"code,omitempty"`
	Name         string           `json:"name,omitempty"`
	Area         float64          `json:"area,omitempty"` // m²
	Bound        *[4]float64      `json:"bbox,omitempty"`
	Totals       map[string]int64 `json:"totals,omitempty"` // as recorded; for those who may see small counts
}

// gridHistory lists the states of a grid, oldest first, the current one last.
func (s *Server) gridHistory(w http.ResponseWriter, r *request) error {
	id, layer, err := r.gridNow()
	if err != nil {
		return err
	}
	var states []pastState
	var since, recorded time.Time
	for _, e := range history.Of(r.whole, gridLayer, id) {
		state := r.pastState(layer.Schema(), e.Row)
		state.ValidFrom, state.ValidTo = instant(e.ValidFrom), instant(e.ValidTo)
		state.RecordedFrom, state.RecordedTo = instant(e.RecordedFrom), instant(e.RecordedTo)
		state.Adjustment, state.Title = e.Adjustment, r.titleOf(e.Adjustment)
		states, since, recorded = append(states, state), e.ValidTo, e.RecordedTo
	}
	var row *spatial.Row
	if now, err := layer.Feature(id); err == nil {
		current := now.Row()
		row = &current
	}
	state := r.pastState(layer.Schema(), row)
	state.ValidFrom, state.RecordedFrom = instant(since), instant(recorded)
	answer := struct {
		provenance
		ID     int64       `json:"id"`
		States []pastState `json:"states"`
	}{r.provenance(layer), id, append(states, state)}
	answer.head(w.Header())
	return writeJSON(w, mediaJSON, answer)
}

func (r *request) pastState(schema *spatial.Schema, row *spatial.Row) pastState {
	if row == nil {
		return pastState{}
	}
	state := pastState{Exists: true, Area: float64(geodesic.Area(row.Geometry))}
	b := row.Geometry.Bound()
	state.Bound = &[4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
	shown := auth.SeesSmallCounts(r.actor.Role) || !auth.Withholds(r.whole)
	for i := range schema.Fields {
		switch f := &schema.Fields[i]; {
		case f.Name == schema.Code:
			state.Code = row.Values[i].Text()
		case f.Name == schema.Label:
			state.Name = row.Values[i].Text()
		case shown && (f.SumOver != "" || f.CountOf != ""):
			if state.Totals == nil {
				state.Totals = map[string]int64{}
			}
			state.Totals[f.Name] = row.Values[i].Int()
		}
	}
	return state
}

// titleOf is the title of an adjustment, for those who may read adjustments.
func (r *request) titleOf(id int64) string {
	if id == 0 || r.actor.Role == "" {
		return ""
	}
	a, err := ledger.Find(r.whole, id)
	if err != nil {
		return ""
	}
	return a.Title
}

// lineageEdge is land that passed, in the graph of a lineage.
type lineageEdge struct {
	From       string       `json:"from"`
	To         string       `json:"to"`
	Kind       history.Kind `json:"kind"`
	At         time.Time    `json:"at"`
	Adjustment int64        `json:"adjustment,omitempty"`
	Title      string       `json:"adjustment_title,omitempty"`
	Area       float64      `json:"area"` // m²
	Part       float64      `json:"part"` // of what from had
}

type lineageNode struct {
	Code   string `json:"code"`
	Exists bool   `json:"exists"`
	Name   string `json:"name,omitempty"`
}

// gridLineage answers with a graph of codes.
func (s *Server) gridLineage(w http.ResponseWriter, r *request) error {
	id, layer, err := r.gridNow()
	if err != nil {
		return err
	}
	answer := struct {
		provenance
		ID    int64         `json:"id"`
		Nodes []lineageNode `json:"nodes"`
		Edges []lineageEdge `json:"edges"`
	}{r.provenance(layer), id, []lineageNode{}, []lineageEdge{}}
	codes := map[string]bool{}
	if now, err := layer.Feature(id); err == nil {
		codes[now.Code()] = true
	}
	for _, d := range history.Lineage(r.whole, gridLayer, id) {
		codes[d.From], codes[d.To] = true, true
		answer.Edges = append(answer.Edges, lineageEdge{d.From, d.To, d.Kind, d.At, d.Adjustment, r.titleOf(d.Adjustment), float64(d.Area), d.Part})
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		n := lineageNode{Code: code}
		if f, err := layer.ByCode(code); err == nil {
			n.Exists, n.Name = true, f.Label()
		}
		answer.Nodes = append(answer.Nodes, n)
	}
	answer.head(w.Header())
	return writeJSON(w, mediaJSON, answer)
}

// gridDifference tells what passed between grids from one date to another.
func (s *Server) gridDifference(w http.ResponseWriter, r *request) error {
	before, err := s.at(r, beforeParam.of(r), moment{})
	if err != nil {
		return err
	}
	after, err := s.at(r, afterParam.of(r), moment{})
	if err != nil {
		return err
	}
	was, err := before.Layer(gridLayer)
	if err != nil {
		return err
	}
	is, err := after.Layer(gridLayer)
	if err != nil {
		return err
	}
	features := []*geojson.Feature{}
	for _, p := range history.Difference(was, is) {
		f := geojson.NewFeature(p.Geometry)
		f.Properties = geojson.Properties{"kind": "land", "from_code": p.From, "to_code": p.To, "area": float64(p.Area), "part": p.Part}
		features = append(features, f)
	}
	answer := struct {
		Type string `json:"type"`
		provenance
		Parameters map[string]any     `json:"parameters"`
		Features   []*geojson.Feature `json:"features"`
	}{"FeatureCollection", provenanceOf(after, is), map[string]any{"from": r.query.Get("from"), "to": r.query.Get("to")}, append(features, reattached(before, after)...)}
	answer.head(w.Header())
	return writeJSON(w, mediaGeoJSON, answer)
}

// reattached are the features that refer to another grid after than before, or
// have another code.
func reattached(before, after *spatial.Snapshot) []*geojson.Feature {
	var features []*geojson.Feature
	for layer := range after.Layers() {
		old, err := before.Layer(layer.ID())
		field := slices.IndexFunc(layer.Schema().Fields, func(f spatial.Field) bool { return f.References == gridLayer })
		if err != nil || field < 0 || old == layer {
			continue
		}
		for f := range layer.All() {
			was, err := old.Feature(f.ID())
			if err != nil || was.Value(field) == f.Value(field) {
				continue
			}
			moved := geojson.NewFeature(placeOf(f))
			moved.Properties = geojson.Properties{"kind": "feature", "layer": layer.ID(), "id": f.ID(), "name": f.Label(),
				"from_code": was.Value(field).Text(), "to_code": f.Value(field).Text(), "code": was.Code(), "new_code": f.Code()}
			features = append(features, moved)
		}
	}
	return features
}

// placeOf is where a feature is shown by a point.
func placeOf(f spatial.Feature) orb.Geometry {
	if !f.HasGeometry() {
		return nil
	}
	return geodesic.PointOnSurface(f.Geometry())
}

// unitTotals is an area with its figures.
type unitTotals struct {
	Code   string            `json:"code"`
	Name   string            `json:"name"`
	Totals map[string]*int64 `json:"totals"` // null: withheld
}

// counts answers with the totals of a level, which are added up from the
// features of today as they would be attached on the boundaries of the date.
func (s *Server) counts(w http.ResponseWriter, r *request) error {
	on := r.snapshot
	if boundariesParam.given(r) {
		then, err := s.at(r, boundariesParam.of(r), moment{})
		if err != nil {
			return err
		}
		on = then
	}
	layer, err := on.Layer(levelParam.of(r))
	if err != nil {
		return err
	}
	units := []unitTotals{}
	for f := range layer.All() {
		units = append(units, unitTotals{f.Code(), f.Label(), totalsOf(f)})
	}
	answer := struct {
		analysis
		Units []unitTotals `json:"units"`
	}{analysis{provenanceOf(on, layer), "features of today, attached as on the boundaries of the date, added up", crs84,
		map[string]any{"boundaries": r.query.Get("boundaries"), "by": layer.ID()}, map[string]int{}}, units}
	answer.head(w.Header())
	return writeJSON(w, mediaJSON, answer)
}

func totalsOf(f spatial.Feature) map[string]*int64 {
	totals := map[string]*int64{}
	for i, field := range f.Layer().Schema().Fields {
		if field.SumOver == "" && field.CountOf == "" {
			continue
		}
		totals[field.Name] = nil
		if v := f.Value(i); !v.IsNull() {
			n := v.Int()
			totals[field.Name] = &n
		}
	}
	return totals
}
