package luohu

import (
	"fmt"
	"iter"

	"wangge/spatial"
)

// Dataset is a generated district: the rows of every layer, in ascending order
// of id. It never changes and is safe for concurrent readers; rows and their
// geometry are read-only.
type Dataset struct {
	schemas []*spatial.Schema
	rows    map[spatial.LayerID][]spatial.Row
}

// Schemas lists the layers, those referred to before those referring.
func (d *Dataset) Schemas() []*spatial.Schema { return d.schemas }

// Len is the number of rows of a layer, 0 if there is no such layer.
func (d *Dataset) Len(layer spatial.LayerID) int { return len(d.rows[layer]) }

// Rows yields a layer's rows in ascending order of id; the error is always nil.
func (d *Dataset) Rows(layer spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for _, r := range d.rows[layer] {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Progress is told, from one goroutine, how much of a layer is made.
type Progress func(layer spatial.LayerID, done, total int)

// Generate makes the dataset of a seed. It takes a few seconds of one
// processor and calls progress, which may be nil, now and then. It fails only
// if the hand-drawn plan does not fit the published counts for that seed.
func Generate(seed uint64, progress Progress) (*Dataset, error) {
	if progress == nil {
		progress = func(spatial.LayerID, int, int) {}
	}
	m, err := newMaker(seed, progress)
	if err != nil {
		return nil, fmt.Errorf("generate dataset: %w", err)
	}
	if err := m.make(); err != nil {
		return nil, fmt.Errorf("generate dataset: %w", err)
	}
	return &Dataset{schemas: Schemas(), rows: m.rows}, nil
}

// maker holds what the layers are made from.
type maker struct {
	town
	seed     uint64
	outline  []vec
	progress Progress
	rows     map[spatial.LayerID][]spatial.Row
}

func newMaker(seed uint64, progress Progress) (*maker, error) {
	m := &maker{seed: seed, progress: progress, rows: map[spatial.LayerID][]spatial.Row{}}
	sub, ground, plan, outline, err := layOut(seed, func(done int) { progress("grids", done, gridCount) })
	if err != nil {
		return nil, err
	}
	if m.units, err = name(sub, ground, plan); err != nil {
		return nil, err
	}
	m.outline = outline
	made, err := m.build(seed, func(done, total int) { progress("buildings", done, total) })
	if err != nil {
		return nil, err
	}
	m.buildings, m.kinds = made.buildings, made.kinds
	m.roads = m.joinLanes(m.units.roads(stream(seed, "roads")), made.lanes)
	m.index()
	special := m.markCase(m.buildings)
	m.settlePeople(stream(seed, "people"), m.buildings, m.kinds, special)
	m.nameBuildings(stream(seed, "names"), m.buildings, m.kinds)
	return m, nil
}

// set stores a finished layer.
func (m *maker) set(layer spatial.LayerID, rows []spatial.Row) {
	m.rows[layer] = rows
	m.progress(layer, len(rows), len(rows))
}

func (m *maker) make() error {
	scores := make([]score, len(m.grids))
	people := make([]int, len(m.grids))
	for i := range m.buildings {
		b := &m.buildings[i]
		scores[b.grid].tally.add(b.tally())
		scores[b.grid].buildings++
		people[b.grid] += b.residents()
	}
	m.set("water", waterRows(m.plan, m.outline))
	m.set("parks", m.parkRows())
	m.set("railways", railwayRows(m.plan, m.outline))
	m.set("roads", roadRows(m.town.roads))
	m.set("buildings", m.buildingRows(m.buildings))
	m.makeRisks(scores)
	m.makeServices(people)
	units, err := m.unitRows(scores, m.kinds)
	if err != nil {
		return err
	}
	for _, id := range []spatial.LayerID{"districts", "streets", "communities", "grids"} {
		m.set(id, units[id])
	}
	figures, err := statisticsRows()
	if err != nil {
		return err
	}
	m.set("statistics", figures)
	standards, err := standardRows(standardSchema())
	if err != nil {
		return err
	}
	m.set("shelter_standards", standards)
	return nil
}

func (m *maker) makeRisks(scores []score) {
	m.set("risk_points", m.riskRows(stream(m.seed, "risk_points"), scores))
	m.set("high_risk_zones", m.highRiskRows(stream(m.seed, "high_risk_zones")))
	m.set("flood_hazards", m.floodRows(stream(m.seed, "flood_hazards")))
	m.set("major_hazards", m.majorRows(stream(m.seed, "major_hazards")))
	m.set("slopes", m.slopeRows(stream(m.seed, "slopes")))
	m.set("underground_spaces", m.undergroundRows(stream(m.seed, "underground_spaces")))
	m.set("cavities", m.cavityRows(stream(m.seed, "cavities")))
	m.set("grid_events", m.eventRows(stream(m.seed, "grid_events"), scores))
	m.set("hazmat_points", m.hazmatRows(stream(m.seed, "hazmat_points")))
	m.set("covered_rivers", m.coveredRiverRows())
}

func (m *maker) makeServices(people []int) {
	shelters, used := m.shelterRows(stream(m.seed, "shelters"))
	m.set("response_points", m.responseRows(stream(m.seed, "response_points"), people))
	m.set("shelters", shelters)
	m.set("shelter_candidates", m.candidateRows(stream(m.seed, "shelter_candidates"), used))
	m.set("cameras", m.cameraRows(stream(m.seed, "cameras")))
	m.set("culture_corridors", m.corridorRows(stream(m.seed, "culture_corridors")))
	m.set("science_venues", m.venueRows(stream(m.seed, "science_venues"), people))
	m.set("dedicated_grids", m.dedicatedRows(stream(m.seed, "dedicated_grids")))
	m.set("civil_defence", m.civilDefenceRows(stream(m.seed, "civil_defence")))
}
