package shelter_test

import (
	"sync"
	"testing"

	"wangge/data/luohu"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

// reference is the snapshot of the reference dataset.
var reference = sync.OnceValues(func() (*spatial.Snapshot, error) {
	dataset, err := luohu.Generate(1, nil)
	if err != nil {
		return nil, err
	}
	var layers []*spatial.Layer
	for _, schema := range dataset.Schemas() {
		layer, err := spatial.NewLayer(schema, 1, dataset.Rows(schema.ID))
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return spatial.New(1, layers...), nil
})

func district(t testing.TB) *spatial.Snapshot {
	t.Helper()
	s, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func layerOf(t testing.TB, s *spatial.Snapshot, id spatial.LayerID) *spatial.Layer {
	t.Helper()
	layer, err := s.Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func residents(t testing.TB) []shelter.Demand {
	t.Helper()
	demands, err := shelter.DemandsOf(layerOf(t, district(t), "buildings"), "residents", "grid", nil)
	if err != nil {
		t.Fatal(err)
	}
	return demands
}

func facilities(t testing.TB, layer spatial.LayerID) []shelter.Facility {
	t.Helper()
	all, err := shelter.FacilitiesOf(layerOf(t, district(t), layer))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// problem is that of all residents and all shelters, as if each served.
func problem(t testing.TB, radius geodesic.Meters) *shelter.Problem {
	t.Helper()
	p := &shelter.Problem{Demands: residents(t), Facilities: facilities(t, "shelters"), PerPerson: 1.5}
	var err error
	if p.Reach, err = shelter.StraightLine(p.Demands, p.Facilities, radius); err != nil {
		t.Fatal(err)
	}
	return p
}
