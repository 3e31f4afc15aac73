package api

import (
	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
	"wangge/spatial/geodesic"
	"wangge/spatial/relate"
)

var outsideDistrict = doubt{"outside", "outside the district: answered all the same, as far as the data reaches"}

// doubtsAbout are why a place, in degrees, may be meant otherwise: it lies
// outside the district, and inside if its coordinates were shifted ones.
func (r *request) doubtsAbout(p orb.Point) []doubt {
	return placeDoubts(districtShape(r.snapshot), p, datumParam.given(r))
}

// placeDoubts are those about a place whose coordinates are named or not.
func placeDoubts(district *relate.Shape, p orb.Point, named bool) []doubt {
	if district == nil || relate.Intersects(relate.New(p), district) {
		return nil
	}
	if !named && relate.Intersects(relate.New(datum.ToLL(datum.GCJ02, p)), district) {
		return []doubt{outsideDistrict, perhapsGCJ}
	}
	return []doubt{outsideDistrict}
}

// districtShape is the district; nil in a store that has none.
func districtShape(s *spatial.Snapshot) *relate.Shape {
	const districts spatial.LayerID = "districts"
	layer, err := s.Layer(districts)
	if err != nil || layer.Len() == 0 {
		return nil
	}
	shape, err := kept(s, []spatial.LayerID{districts}, "outline", func() (*relate.Shape, error) {
		var all orb.MultiPolygon
		for f := range layer.All() {
			switch g := f.Geometry().(type) {
			case orb.Polygon:
				all = append(all, g)
			case orb.MultiPolygon:
				all = append(all, g...)
			}
		}
		return relate.New(all), nil
	})
	if err != nil {
		return nil
	}
	return shape
}

// straight is how far a feature is in a straight line, in metres, and its
// nearest position.
func straight(p orb.Point, f spatial.Feature) (float64, orb.Point) {
	d, at := geodesic.DistanceTo(p, f.Geometry())
	return float64(d), at
}
