package shelter_test

import (
	"testing"

	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

func residents(t testing.TB) []shelter.Demand {
	t.Helper()
	demands, err := shelter.DemandsOf(luohutest.Layer(t, "buildings"), "residents", "grid", nil)
	if err != nil {
		t.Fatal(err)
	}
	return demands
}

func facilities(t testing.TB, layer spatial.LayerID) []shelter.Facility {
	t.Helper()
	return shelter.FacilitiesOf(luohutest.Layer(t, layer))
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
