package api

import (
	"cmp"
	"slices"

	"wangge/spatial"
	"wangge/spatial/closure"
)

// coverageLayer is the derived layer of units with their figures.
const coverageLayer spatial.LayerID = "coverage"

// layerParams are the parameters of the layer, those of a question but
// scenarios.
var layerParams = append([]parameter{coverByParam, methodParam}, standardParams...)

// coverageLayers are the derived layers about shelters: a map of coverage by
// unit, with the figures that the units of /coverage have.
//
// BUG(coverage): a rule set that excludes shelters near features of a layer
// that is not named here is followed, but tiles made before such a feature
// changes are served until something else does.
func (s *Server) coverageLayers() []*derivedLayer {
	fields := fieldsOf(measures(), false)
	return []*derivedLayer{{
		schema: spatial.Schema{ID: coverageLayer, Title: spatial.Title{ZH: "避难覆盖", EN: "shelter coverage"}, Group: "derived", Geometry: spatial.Polygons, Code: "code", Label: "name", Fields: fields,
			Description: spatial.Title{ZH: "各单元的避难人数、覆盖、人均面积与缺口，由楼栋人口与避难场所算得", EN: "people to shelter, covered, area per person and deficit by unit, worked out of the people of buildings and the shelters"}},
		from:       []spatial.LayerID{buildingLayer, shelterLayer, standardLayer, gridLayer},
		also:       []spatial.LayerID{communityLayer, "streets", "districts", "high_risk_zones", "slopes", waterLayer, "flood_hazards", "statistics", "roads", "turn_restrictions", closure.Layer},
		parameters: layerParams, timed: true, rows: s.coverageRows,
	}}
}

// coverageRows are the units as features, with the ids that they have.
func (s *Server) coverageRows(r *request) ([]spatial.Row, error) {
	a, err := r.readLayer()
	if err != nil {
		return nil, err
	}
	f, err := s.covering(r, a)
	if err != nil {
		return nil, err
	}
	layer, err := r.snapshot.Layer(a.level)
	if err != nil {
		return nil, err
	}
	every, shown := measures(), map[string]bool{}
	for i := range f.list {
		shown[f.list[i].name] = true
	}
	var rows []spatial.Row
	for i := range f.units {
		unit, err := layer.ByCode(f.units[i].Code)
		if err != nil {
			continue // people in no unit
		}
		values := valuesOf(every, &f.units[i])
		for k := range every {
			if !shown[every[k].name] {
				values[2+k] = spatial.Null
			}
		}
		rows = append(rows, spatial.Row{ID: unit.ID(), Geometry: unit.Geometry(), Values: values})
	}
	slices.SortFunc(rows, func(a, b spatial.Row) int { return cmp.Compare(a.ID, b.ID) })
	return rows, nil
}

// readLayer reads the question of an address of the layer.
func (r *request) readLayer() (*asked, error) {
	q, err := r.question("")
	if err != nil {
		return nil, err
	}
	a := &asked{shelterQuestion: q, level: unitLevels[coverByParam.of(r)], method: methodParam.of(r)}
	return a, a.needPlaces()
}
