package api

import (
	"fmt"
	"net/http"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/partition"
	"wangge/spatial/response"
)

func (s *Server) gridRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/grids/at", summary: "The grid that holds a place, with its community, street and district",
			parameters: []parameter{lonParam, latParam, momentParam, knownParam, geojsonFormat}, media: []string{mediaGeoJSON}, handle: s.gridAt},
	}
}

// unit is an area of the division as answers name it.
type unit struct {
	ID    int64           `json:"id"`
	Layer spatial.LayerID `json:"layer"`
	Code  string          `json:"code"`
	Name  string          `json:"name"`
}

func unitOf(f spatial.Feature) *unit {
	return &unit{f.ID(), f.Layer().ID(), f.Code(), f.Label()}
}

// located is what the answer of /grids/at says beside the grid.
type located struct {
	analysis
	Community *unit `json:"community,omitempty"`
	Street    *unit `json:"street,omitempty"`
	District  *unit `json:"district,omitempty"`
}

const pointInPolygon = "exact point in polygon on the stored coordinates; an edge belongs to the smaller code"

func (s *Server) gridAt(w http.ResponseWriter, r *request) error {
	if err := s.past(r); err != nil {
		return err
	}
	grids, err := r.snapshot.Layer(gridLayer)
	if err != nil {
		return err
	}
	p := orb.Point{lonParam.of(r), latParam.of(r)}
	grid, ok := partition.Locate(grids, p)
	if !ok {
		return outside(grids, p)
	}
	var answer located
	used, units := []*spatial.Layer{grids}, []spatial.Feature{grid}
	for _, level := range []struct {
		layer spatial.LayerID
		unit  **unit
	}{{communityLayer, &answer.Community}, {"streets", &answer.Street}, {"districts", &answer.District}} {
		if above, ok := referred(r.snapshot, units, level.layer); ok {
			*level.unit = unitOf(above)
			used, units = append(used, above.Layer()), append(units, above)
		}
	}
	answer.analysis = analysis{r.provenance(used...), pointInPolygon, crs84, parametersOf(r), map[string]int{}}
	answer.head(w.Header())
	return writeFeature(w, frame{}, grid, allFields(grids.Schema()), answer)
}

// referred is the feature of a layer that one of the features refers to.
func referred(s *spatial.Snapshot, from []spatial.Feature, to spatial.LayerID) (spatial.Feature, bool) {
	target, err := s.Layer(to)
	if err != nil {
		return spatial.Feature{}, false
	}
	for _, f := range from {
		for i, field := range f.Layer().Schema().Fields {
			if field.References != to {
				continue
			}
			if found, err := target.ByCode(f.Value(i).Text()); err == nil {
				return found, true
			}
		}
	}
	return spatial.Feature{}, false
}

// outside says that no grid holds p, and how far away the nearest is.
func outside(grids *spatial.Layer, p orb.Point) error {
	told := &problem{Status: http.StatusNotFound, Kind: "outside", Rule: "inside_district", At: &p,
		Detail: "no grid holds this place: there are no grids"}
	if near := response.Nearest(grids, p, 1, nil); len(near) > 0 {
		told.Detail = fmt.Sprintf("no grid holds this place: it is %.1f m outside; the nearest grid is %s (%s) at %.9g,%.9g",
			near[0].Distance, near[0].Feature.Label(), near[0].Feature.Code(), near[0].At[0], near[0].At[1])
		told.Fix = "check that it is longitude before latitude in CGCS2000 or WGS84 degrees; map providers' coordinates are shifted by some 600 m"
	}
	return told
}
