package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/spatial/response"
	"wangge/spatial/road"
)

// reachParams are who responds, and how, in answers about many places at once.
var reachParams = slices.Concat(askParams, roadParams)

// What answers about many places look at: points of risk, and a field of
// buildings.
const (
	riskLayer spatial.LayerID = "risk_points"
	residents string          = "residents"
)

// byTime is the question of a request, answered by road.
func (r *request) byTime() (*asking, error) {
	who, err := r.responders()
	if err != nil {
		return nil, err
	}
	b, err := r.byRoad(nil)
	if err != nil {
		return nil, err
	}
	return &asking{responders: who, in: datumParam.of(r), byRoad: b}, nil
}

// reachName tells apart who responds, how and when.
func (r *request) reachName() string {
	name := string(r.to())
	for _, p := range reachParams[1:] {
		name += fmt.Sprintf("&%s=%v", p.declared().name, r.values[p.declared().name])
	}
	return name + "@" + r.closures().Name()
}

// barrierLayers are what nobody crosses on foot; see [response.Service].
var barrierLayers = []spatial.LayerID{"water", "railways"}

// reachLayers are the layers that who gets where depends on, beside the places.
func (r *request) reachLayers() []spatial.LayerID {
	return slices.Concat(road.Layers(r.snapshot), barrierLayers, []spatial.LayerID{closure.Layer, r.to()})
}

// ranking is who gets to the features of a layer first.
func (r *request) ranking(a *asking, layer spatial.LayerID) (*response.Ranking, error) {
	if _, err := r.snapshot.Layer(layer); err != nil {
		return nil, unknownLayer(err)
	}
	return kept(r.snapshot, append(r.reachLayers(), layer), "ranking of "+string(layer)+" "+r.reachName(), func() (*response.Ranking, error) {
		places, err := response.PlacesOf(r.snapshot, layer, a.byRoad.profile)
		if err != nil {
			return nil, err
		}
		return a.byRoad.Rank(places, 1, a.allows), nil
	})
}

// homes is who gets to buildings first; nil in a store without buildings of which
// it is known who lives there.
func (r *request) homes(a *asking) (*response.Ranking, error) {
	layer, err := r.snapshot.Layer(buildingLayer)
	if err != nil {
		return nil, nil
	}
	schema := layer.Schema()
	if i := schema.FieldIndex(residents); i < 0 || schema.Fields[i].Type != spatial.TypeInt {
		return nil, nil
	}
	return r.ranking(a, buildingLayer)
}

// withheldHomes counts the buildings of which it is not told how many live there.
func withheldHomes(homes *response.Ranking) int {
	if homes == nil || homes.Places().Len() == 0 {
		return 0
	}
	n, field := 0, homes.Places().Feature(0).Layer().Schema().FieldIndex(residents)
	for i := range homes.Places().Len() {
		if homes.Places().Feature(i).Value(field).IsNull() {
			n++
		}
	}
	return n
}

// reachAnalysis is what answers about many places say of themselves.
type reachAnalysis struct {
	analysis
	Closures []obeyedClosure `json:"closures"` // in force, and obeyed
}

type obeyedClosure struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	Until *time.Time `json:"until"`
}

// reachHead is what an answer about many places says of itself.
func (r *request) reachHead(a *asking, method string, places ...*response.Ranking) reachAnalysis {
	var layers []*spatial.Layer
	for _, ranking := range places {
		if ranking != nil && ranking.Places().Len() > 0 {
			layers = append(layers, ranking.Places().Feature(0).Layer())
		}
	}
	head := r.head(a, layers...)
	head.Method = method + ". " + strings.ToUpper(byTheRoad[:1]) + byTheRoad[1:]
	for _, ranking := range places {
		if ranking == nil || ranking.Places().Len() == 0 {
			continue
		}
		id := string(ranking.Places().Feature(0).Layer().ID())
		head.Excluded[id+"_without_geometry"] = ranking.Places().Without()
		if id == string(buildingLayer) {
			head.Excluded["buildings_withheld"] = withheldHomes(ranking)
		}
	}
	told := reachAnalysis{head, []obeyedClosure{}}
	for _, c := range a.byRoad.obeyed {
		told.Closures = append(told.Closures, obeyedClosure{c.ID, c.Name, instant(c.Until)})
	}
	return told
}

// stationOf is how answers call a responder.
type stationOf struct {
	ID   int64  `json:"id"`
	Code string `json:"code,omitempty"`
	Name string `json:"name"`
}

func stationFor(f spatial.Feature) stationOf { return stationOf{f.ID(), f.Code(), nameOf(f)} }

// ground is the district's area; the box around the roads in a store without
// districts.
func ground(s *spatial.Snapshot) orb.Geometry {
	var all orb.MultiPolygon
	if layer, err := s.Layer("districts"); err == nil {
		for f := range layer.All() {
			switch g := f.Geometry().(type) {
			case orb.Polygon:
				all = append(all, g)
			case orb.MultiPolygon:
				all = append(all, g...)
			}
		}
	}
	if len(all) > 0 {
		return all
	}
	roads, err := s.Layer("roads")
	if err != nil {
		return nil
	}
	b, ok := roads.Bound()
	if !ok {
		return nil
	}
	return b.Pad(0.001).ToPolygon()
}
