package adjustment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

const xinxiu18, xinxing13 = "44030300200718", "44030300201713"

// deepWater is the move of the 深水楼.
func deepWater(t testing.TB, s *spatial.Snapshot) adjustment.Step {
	return adjustment.Step{From: xinxiu18, To: xinxing13, Area: rectangle(named(t, s, "buildings", "深水楼").Geometry(), 1e-4)}
}

func TestDeepWater(t *testing.T) {
	before := luohutest.Snapshot(t)
	p := plan(t, before, deepWater(t, before))
	after := apply(t, before, p.Change)
	if faults := data.Check(after).Faults; len(faults) > 0 {
		t.Fatal(faults[0])
	}
	if n := layerOf(t, after, "grids").Len(); n != 1135 {
		t.Errorf("%d grids", n)
	}
	for _, c := range []struct {
		layer spatial.LayerID
		code  string
		moved int64
	}{
		{"grids", xinxiu18, -1}, {"grids", xinxing13, 1},
		{"communities", xinxiu18[:12], -1}, {"communities", xinxing13[:12], 1},
		{"streets", "440303002", 0}, {"districts", "440303", 0},
	} {
		was, is := byCode(t, before, c.layer, c.code), byCode(t, after, c.layer, c.code)
		for field, each := range map[string]int64{"residents": 1, "rooms": 5, "buildings": 1} {
			if got := is.Attribute(field).Int() - was.Attribute(field).Int(); got != c.moved*each {
				t.Errorf("%s %s: %d %s more, want %d", c.layer, c.code, got, field, c.moved*each)
			}
		}
		same := fmt.Sprint(was.Geometry()) == fmt.Sprint(is.Geometry())
		if same != (c.moved == 0) {
			t.Errorf("%s %s: the outline is the same: %v", c.layer, c.code, same)
		}
	}
	for _, u := range p.Units {
		if u.Level == "streets" || u.Level == "districts" {
			t.Errorf("%s %s has changed", u.Level, u.Code)
		}
	}
	building := named(t, after, "buildings", "深水楼")
	if got := building.Attribute("grid").Text(); got != xinxing13 || building.Code()[:14] != xinxing13 {
		t.Errorf("深水楼 is %s in %s", building.Code(), got)
	}
}

// edits is how many random steps the long test takes.
func edits() int {
	if n, err := strconv.Atoi(os.Getenv("WANGGE_EDITS")); err == nil {
		return n
	}
	return 300
}

// TestRandomSteps plans random steps one after another and holds the facts
// near each, those of the whole now and then, and the way back.
func TestRandomSteps(t *testing.T) {
	state := luohutest.Snapshot(t)
	want := sums(t, state)
	random := rand.New(rand.NewPCG(4, 4))
	applied, refusals := 0, map[string]int{}
	for i := range edits() {
		step := randomStep(random, state)
		p := proposal(t, state, step)
		if p.Refused() {
			refusals[p.Checks[0].Rule]++
			if p.Checks[0].Rule == "internal" || p.Checks[0].Rule == "partition" {
				t.Fatalf("edit %d, %+v: %v", i, step, p.Checks)
			}
			continue
		}
		next := apply(t, state, p.Change)
		checkNear(t, state, next, p)
		if got := sums(t, next); !slices.Equal(got, want) {
			t.Fatalf("edit %d, %+v: sums are %v, want %v", i, step, got, want)
		}
		if step.Area != nil {
			checkDrawn(t, state, next, step)
		}
		if i%20 == 0 {
			checkUndo(t, state, next, p.Change)
		}
		if state, applied = next, applied+1; applied%100 == 0 {
			checkAll(t, state)
		}
		if t.Failed() {
			t.Fatalf("edit %d, %+v", i, step)
		}
	}
	checkAll(t, state)
	t.Logf("%d applied, refused %v", applied, refusals)
	if applied < edits()/4 {
		t.Errorf("%d of %d edits prove little", applied, edits())
	}
}

// checkDrawn holds that an area lost just what was drawn of it.
func checkDrawn(t *testing.T, before, after *spatial.Snapshot, step adjustment.Step) {
	t.Helper()
	want := partition.Subtract(byCode(t, before, "grids", step.From).Geometry(), step.Area)
	var got orb.Geometry
	if f, err := layerOf(t, after, "grids").ByCode(step.From); err == nil {
		got = f.Geometry()
	}
	for _, differ := range []orb.Geometry{partition.Subtract(want, got), partition.Subtract(got, want)} {
		if a := float64(geodesic.Area(differ)); a > 0.1 {
			t.Errorf("%v m² of %s are not as drawn", a, step.From)
		}
	}
}

func checkAll(t testing.TB, s *spatial.Snapshot) {
	t.Helper()
	if faults := data.Check(s).Faults; len(faults) > 0 {
		t.Errorf("%d faults: %v", len(faults), faults[0])
	}
}

// sums are the residents and rooms of all grids.
func sums(t *testing.T, s *spatial.Snapshot) []int64 {
	residents, rooms := int64(0), int64(0)
	for f := range layerOf(t, s, "grids").All() {
		residents += f.Attribute("residents").Int()
		rooms += f.Attribute("rooms").Int()
	}
	return []int64{residents, rooms}
}

// areaOf is what the features of a layer with some ids cover, in m².
func areaOf(layer *spatial.Layer, ids []int64) (area float64) {
	for _, id := range ids {
		if f, err := layer.Feature(id); err == nil {
			area += float64(geodesic.Area(f.Geometry()))
		}
	}
	return area
}

// checkNear holds what a plan changed: the partitions and levels touched,
// each feature moved, and the totals of the units told.
func checkNear(t *testing.T, before, after *spatial.Snapshot, p *adjustment.Plan) {
	t.Helper()
	above := map[spatial.LayerID]string{"grids": "community", "communities": "street", "streets": "district"}
	for _, c := range p.Change.Layers {
		was, is := layerOf(t, before, c.Layer), layerOf(t, after, c.Layer)
		if !is.Schema().Partition {
			continue
		}
		if a, b := areaOf(was, touched(c)), areaOf(is, touched(c)); math.Abs(a-b) > 0.02 { // a node on the outer edge moves it by less than a step
			t.Errorf("%s: %v m² became %v", c.Layer, a, b)
		}
		if faults := partition.ProveChange(was, is, touched(c)); len(faults) > 0 {
			t.Errorf("%s: %v", c.Layer, faults)
		}
		if field := above[c.Layer]; field != "" {
			codes := map[string]bool{}
			for _, layer := range []*spatial.Layer{was, is} {
				for _, id := range touched(c) {
					if f, err := layer.Feature(id); err == nil {
						codes[f.Attribute(field).Text()] = true
					}
				}
			}
			parents := layerOf(t, after, is.Schema().Fields[is.Schema().FieldIndex(field)].References)
			if faults := partition.ProveNestedIn(is, field, parents, codes); len(faults) > 0 {
				t.Errorf("%s: %v", c.Layer, faults)
			}
			old := partition.Nesting{Children: was, Parents: layerOf(t, before, parents.ID()), Field: field}
			now := partition.Nesting{Children: is, Parents: parents, Field: field}
			if !partition.ProveNestingChange(old, now, touched(c), touchedIn(p.Change, parents.ID())) {
				t.Errorf("%s: not nested as far as changed", c.Layer)
			}
		}
	}
	for _, m := range p.Moved {
		f, err := layerOf(t, after, m.Layer).Feature(m.ID)
		if err != nil || m.NewCode != "" && f.Code() != m.NewCode {
			t.Errorf("%+v: %v", m, err)
			continue
		}
		level := spatial.LayerID("grids")
		if len(m.To) == 9 {
			level = "streets"
		}
		if at, ok := partition.Within(f.Geometry(), byCode(t, after, level, m.To).Geometry()); !ok {
			t.Errorf("%+v is outside at %v", m, at)
		}
	}
	for _, u := range p.Units {
		if u.After == nil {
			continue
		}
		f := byCode(t, after, u.Level, u.Code)
		for field, n := range u.After.Totals {
			if f.Attribute(field).Int() != n {
				t.Errorf("%s %s: %d %s, told %d", u.Level, u.Code, f.Attribute(field).Int(), field, n)
			}
		}
		if a := float64(geodesic.Area(f.Geometry())); (u.Before == nil || !orb.Equal(u.Before.Geometry, f.Geometry())) && math.Abs(a-f.Attribute("area").Float()) > 1e-6 {
			t.Errorf("%s %s: %v m², told %v", u.Level, u.Code, a, f.Attribute("area").Float())
		}
	}
}

func touchedIn(c spatial.Change, layer spatial.LayerID) []int64 {
	for _, change := range c.Layers {
		if change.Layer == layer {
			return touched(change)
		}
	}
	return nil
}

func touched(c spatial.LayerChange) []int64 {
	ids := slices.Clone(c.Delete)
	for i := range c.Put {
		ids = append(ids, c.Put[i].ID)
	}
	return ids
}

// inverse puts back the rows that a change replaced, and deletes those it
// added.
func inverse(t testing.TB, before, after *spatial.Snapshot, c spatial.Change) spatial.Change {
	back := spatial.Change{Base: after.Version()}
	for _, change := range c.Layers {
		b := spatial.LayerChange{Layer: change.Layer}
		for _, id := range touched(change) {
			if f, err := layerOf(t, before, change.Layer).Feature(id); err == nil {
				b.Put = append(b.Put, f.Row())
			} else {
				b.Delete = append(b.Delete, id)
			}
		}
		back.Layers = append(back.Layers, b)
	}
	return back
}

// checkUndo holds that the inverse of a change restores every row of the
// layers it touched, bit for bit.
func checkUndo(t testing.TB, before, after *spatial.Snapshot, c spatial.Change) {
	t.Helper()
	undone := apply(t, after, inverse(t, before, after, c))
	for _, change := range c.Layers {
		was, is := layerOf(t, before, change.Layer), layerOf(t, undone, change.Layer)
		if was.Len() != is.Len() {
			t.Errorf("%s: %d rows, %d before", change.Layer, is.Len(), was.Len())
		}
		for _, id := range touched(change) {
			old, err := was.Feature(id)
			if err != nil {
				continue
			}
			if now, err := is.Feature(id); err != nil || fmt.Sprint(now.Row()) != fmt.Sprint(old.Row()) {
				t.Errorf("%s %d is not as before", change.Layer, id)
			}
		}
	}
}
