package data_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"wangge/data"
	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/history"
)

// reference is a store of the reference dataset.
func reference(t testing.TB) *memory {
	t.Helper()
	source := data.WithInternal(luohutest.Dataset(t))
	var layers []*spatial.Layer
	for _, schema := range source.Schemas() {
		layer, err := spatial.NewLayer(schema, 1, source.Rows(schema.ID))
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, layer)
	}
	return &memory{state: spatial.New(1, layers...)}
}

// redraw gives a random building to a grid beside its own, or a grid to one
// beside it.
func redraw(t testing.TB, s *spatial.Snapshot, random *rand.Rand, merge bool) spatial.Change {
	t.Helper()
	grids, _ := s.Layer("grids")
	buildings, _ := s.Layer("buildings")
	for range 200 {
		building, err := buildings.Feature(1 + random.Int64N(int64(buildings.Len())))
		if err != nil {
			continue
		}
		step := adjustment.Step{From: building.Attribute("grid").Text(), Buildings: []string{building.Code()}}
		if merge {
			step.Buildings = nil
		}
		box, _ := building.Bound()
		for near := range grids.Intersecting(box.Pad(0.0005)) {
			if step.To = near.Code(); step.To == step.From {
				continue
			}
			plan, err := adjustment.DefaultRules().Plan(s, "grids", []adjustment.Step{step})
			if err == nil && !plan.Refused() {
				return plan.Change
			}
		}
	}
	t.Fatal("nothing can be redrawn")
	return spatial.Change{}
}

// TestPastOfTheReference redraws the reference district and proves the state
// of every date, with the boundaries and codes of then.
func TestPastOfTheReference(t *testing.T) {
	if testing.Short() {
		t.Skip("the whole district")
	}
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	start := now
	random := rand.New(rand.NewPCG(5, 4))
	live := openAt(t, reference(t), func() time.Time { return now })
	states := []*spatial.Snapshot{live.Current()}
	for n := range 2 {
		now = now.Add(24 * time.Hour)
		s, err := live.Edit(t.Context(), func(s *spatial.Snapshot) (spatial.Change, error) {
			change := redraw(t, s, random, n == 1)
			change.Adjustment, change.Effective = int64(n+1), now.Add(-time.Hour)
			return change, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, s)
	}
	for i, state := range states {
		then, err := live.At(live.Current(), start.Add(time.Duration(i)*24*time.Hour), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if faults := data.Check(then).Faults; len(faults) > 0 {
			t.Errorf("state %d: %v, and %d more", i, faults[0], len(faults)-1)
		}
		for _, id := range history.Tracked(state) {
			wantSame(t, state, then, id)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	now := time.Now()
	live, err := data.OpenWithClock(b.Context(), reference(b), func() time.Time { return now }, quiet)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 4))
	s, err := live.Edit(b.Context(), func(s *spatial.Snapshot) (spatial.Change, error) { return redraw(b, s, random, false), nil })
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if then, err := history.At(s, now.Add(-time.Hour), time.Time{}); err != nil || then == s {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecord is what keeping costs an edit of as many rows as a district
// has risk points that changes nothing kept.
func BenchmarkRecord(b *testing.B) {
	s, err := reference(b).Load(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	points, _ := s.Layer("risk_points")
	change := spatial.Change{Base: s.Version(), Layers: []spatial.LayerChange{{Layer: "risk_points"}}}
	for f := range points.All() {
		change.Layers[0].Put = append(change.Layers[0].Put, f.Row())
	}
	for b.Loop() {
		if c, err := history.Record(s, change, time.Now()); err != nil || len(c.Layers) != 1 {
			b.Fatal(err)
		}
	}
}
