package history_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/history"
)

var (
	whole = &spatial.Schema{ID: "districts", Geometry: spatial.Polygons, Partition: true, Code: "code", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Unique: true, Required: true},
		{Name: "residents", Type: spatial.TypeInt, SumOver: "units"},
		{Name: "empty", Type: spatial.TypeInt, SumOver: "units"},
	}}
	units = &spatial.Schema{ID: "units", Geometry: spatial.Polygons, Partition: true, Code: "code", Label: "name", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Unique: true, Required: true, Digits: 2},
		{Name: "district", Type: spatial.TypeText, References: "districts", Required: true},
		{Name: "name", Type: spatial.TypeText, Required: true},
		{Name: "residents", Type: spatial.TypeInt, SumOver: "houses"},
		{Name: "empty", Type: spatial.TypeInt, CountOf: "houses", Where: &spatial.Where{Field: "residents", Value: "0"}},
		{Name: "absent", Type: spatial.TypeFloat},
	}}
	houses = &spatial.Schema{ID: "houses", Geometry: spatial.Points, Code: "code", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Unique: true, Required: true},
		{Name: "unit", Type: spatial.TypeText, References: "units", Required: true},
		{Name: "residents", Type: spatial.TypeInt, Required: true},
	}}
	trees  = &spatial.Schema{ID: "trees", Geometry: spatial.Points, Fields: []spatial.Field{{Name: "age", Type: spatial.TypeInt}}}
	tokens = &spatial.Schema{ID: "tokens", Internal: true, Fields: []spatial.Field{{Name: "unit", Type: spatial.TypeText, References: "units"}}}
)

func day(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }

func square(x, width float64) orb.Polygon {
	return orb.Polygon{{{x, 0}, {x + width, 0}, {x + width, 1}, {x, 1}, {x, 0}}}
}

func unit(id int64, code string, geometry orb.Geometry) spatial.Row {
	return spatial.Row{ID: id, Geometry: geometry, Values: []spatial.Value{spatial.Text(code), spatial.Text("1"), spatial.Text("unit " + code),
		spatial.Int(0), spatial.Int(0), spatial.Float(float64(id) / 2)}}
}

func house(id int64, code, in string, residents int64) spatial.Row {
	return spatial.Row{ID: id, Geometry: orb.Point{float64(id), .5}, Values: []spatial.Value{spatial.Text(code), spatial.Text(in), spatial.Int(residents)}}
}

func layer(t testing.TB, s *spatial.Schema, rows ...spatial.Row) *spatial.Layer {
	t.Helper()
	l, err := spatial.NewLayer(s, 1, func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// town has three units in a row and six houses, two in each.
func town(t testing.TB) *spatial.Snapshot {
	t.Helper()
	district := spatial.Row{ID: 1, Geometry: square(0, 6), Values: []spatial.Value{spatial.Text("1"), spatial.Int(15), spatial.Int(1)}}
	var us, hs []spatial.Row
	for i := range int64(3) {
		us = append(us, unit(i+1, fmt.Sprintf("%02d", i+1), square(float64(2*i), 2)))
	}
	for i := range int64(6) {
		hs = append(hs, house(i+1, fmt.Sprintf("h%d", i+1), fmt.Sprintf("%02d", i/2+1), i))
	}
	return added(t, spatial.New(1, layer(t, whole, district), layer(t, units, us...), layer(t, houses, hs...), layer(t, trees), layer(t, tokens)))
}

// added is the town with its totals made right.
func added(t testing.TB, s *spatial.Snapshot) *spatial.Snapshot {
	t.Helper()
	next, err := s.Apply(spatial.Change{Base: s.Version(), Layers: totals(t, s)}, s.Version())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// totals are the changes that make the town's totals right.
func totals(t testing.TB, s *spatial.Snapshot) []spatial.LayerChange {
	t.Helper()
	residents, empty, all := map[string]int64{}, map[string]int64{}, [2]int64{}
	for f := range find(t, s, "houses").All() {
		in, n := f.Attribute("unit").Text(), f.Attribute("residents").Int()
		residents[in] += n
		if all[0] += n; n == 0 {
			empty[in]++
			all[1]++
		}
	}
	change := spatial.LayerChange{Layer: "units"}
	for f := range find(t, s, "units").All() {
		row := f.Row()
		row.Values[3], row.Values[4] = spatial.Int(residents[f.Code()]), spatial.Int(empty[f.Code()])
		change.Put = append(change.Put, row)
	}
	district, _ := find(t, s, "districts").Feature(1)
	row := district.Row()
	row.Values[1], row.Values[2] = spatial.Int(all[0]), spatial.Int(all[1])
	return []spatial.LayerChange{change, {Layer: "districts", Put: []spatial.Row{row}}}
}

func find(t testing.TB, s *spatial.Snapshot, id spatial.LayerID) *spatial.Layer {
	t.Helper()
	l, err := s.Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func row(t testing.TB, s *spatial.Snapshot, id spatial.LayerID, feature int64) spatial.Row {
	t.Helper()
	f, err := find(t, s, id).Feature(feature)
	if err != nil {
		t.Fatal(err)
	}
	return f.Row()
}

// commit records and applies a change.
func commit(t testing.TB, s *spatial.Snapshot, c spatial.Change, recorded time.Time) *spatial.Snapshot {
	t.Helper()
	c.Base = s.Version()
	c, err := history.Record(s, c, recorded)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, s, c)
}

func apply(t testing.TB, s *spatial.Snapshot, c spatial.Change) *spatial.Snapshot {
	t.Helper()
	for _, l := range c.Layers {
		if in, err := s.Layer(l.Layer); err == nil {
			for _, row := range l.Put {
				if err := in.Schema().ValidateRow(row); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	next, err := s.Apply(c, s.Version()+1)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func put(layer spatial.LayerID, rows ...spatial.Row) spatial.Change {
	return spatial.Change{Layers: []spatial.LayerChange{{Layer: layer, Put: rows}}}
}

func gone(layer spatial.LayerID, ids ...int64) spatial.Change {
	return spatial.Change{Layers: []spatial.LayerChange{{Layer: layer, Delete: ids}}}
}

func TestTracked(t *testing.T) {
	s := town(t)
	if got, want := history.Tracked(s), []spatial.LayerID{"districts", "units", "houses"}; !slices.Equal(got, want) {
		t.Errorf("tracked are %v, want %v", got, want)
	}
	for _, schema := range history.Schemas([]*spatial.Schema{whole, units, houses, trees, tokens}) {
		if err := schema.Validate(); err != nil {
			t.Error(err)
		}
		if !schema.Internal || schema.Partition || !strings.HasSuffix(string(schema.ID), "_history") {
			t.Errorf("%s is not an internal history layer", schema.ID)
		}
	}
	kept := history.SchemaOf(units)
	if kept.FieldIndex("own_absent") != 5 || kept.FieldIndex("absent") < 6 {
		t.Errorf("a field of a taken name is not told apart: %v", kept.Fields)
	}
}

func TestRecordKeeps(t *testing.T) {
	s := town(t)
	moved := row(t, s, "houses", 1)
	moved.Geometry = orb.Point{1.5, .25}
	for name, c := range map[string]struct {
		change spatial.Change
		kept   int
	}{
		"a code":                   {put("houses", house(1, "new", "01", 0)), 1},
		"a reference":              {put("houses", house(1, "h1", "02", 0)), 1},
		"one that comes":           {put("houses", house(9, "h9", "02", 0)), 1},
		"one that goes":            {gone("houses", 1, 2), 2},
		"an outline":               {put("units", unit(1, "01", square(0, 1.5)), unit(2, "02", square(1.5, 2.5))), 2},
		"not a count":              {put("houses", house(1, "h1", "01", 9)), 0},
		"not a moved point":        {put("houses", moved), 0},
		"not a name":               {put("units", func() spatial.Row { r := row(t, s, "units", 1); r.Values[2] = spatial.Text("x"); return r }()), 0},
		"units of an adjustment":   {spatial.Change{Adjustment: 7, Layers: put("units", row(t, s, "units", 1)).Layers}, 1},
		"not its untouched points": {spatial.Change{Adjustment: 7, Layers: put("houses", row(t, s, "houses", 1)).Layers}, 0},
		"not what is not tracked":  {put("trees", spatial.Row{ID: 1, Values: []spatial.Value{spatial.Int(1)}}), 0},
		"not one that never was":   {gone("houses", 77), 0},
		"a layer that goes":        {spatial.Change{Drop: []spatial.LayerID{"houses"}}, 6},
		"a layer made anew": {spatial.Change{Drop: []spatial.LayerID{"houses"}, Create: []*spatial.Schema{houses},
			Layers: put("houses", house(1, "h1", "01", 5), house(2, "other", "01", 5)).Layers}, 5},
	} {
		recorded, err := history.Record(s, c.change, day(5))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		kept := 0
		for _, l := range recorded.Layers[len(c.change.Layers):] {
			kept += len(l.Put)
		}
		if kept != c.kept || (kept > 0) != (len(recorded.Create) > len(c.change.Create)) {
			t.Errorf("%s: %d rows are kept, want %d; %d layers made", name, kept, c.kept, len(recorded.Create))
		}
	}
}

func TestNewLayersBeginAsIfThereAlways(t *testing.T) {
	yards := &spatial.Schema{ID: "yards", Fields: []spatial.Field{{Name: "unit", Type: spatial.TypeText, References: "units"}}}
	c := put("yards", spatial.Row{ID: 1, Values: []spatial.Value{spatial.Text("01")}})
	c.Create = []*spatial.Schema{yards}
	s := commit(t, town(t), c, day(5))
	if find(t, s, "yards_history").Len() != 0 {
		t.Error("rows of a new layer were not there before")
	}
	then, err := history.At(s, day(1), time.Time{})
	if err != nil || find(t, then, "yards").Len() != 1 {
		t.Errorf("%v: %d yards before the layer came", err, find(t, then, "yards").Len())
	}
}

func TestRefusals(t *testing.T) {
	s := commit(t, town(t), spatial.Change{Effective: day(3), Layers: put("houses", house(1, "a", "01", 0)).Layers}, day(5))
	for rule, c := range map[string]spatial.Change{
		"effective_before": {Effective: day(2), Layers: put("houses", house(1, "b", "01", 0)).Layers},
		"effective_future": {Effective: day(7), Layers: put("houses", house(1, "b", "01", 0)).Layers},
	} {
		var invalid *spatial.InvalidError
		if _, err := history.Record(s, c, day(6)); !errors.As(err, &invalid) || invalid.Rule != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	taken := spatial.New(1, find(t, s, "units"), find(t, s, "houses"), layer(t, &spatial.Schema{ID: "houses_history"}))
	if _, err := history.Record(taken, gone("houses", 1), day(6)); err == nil {
		t.Error("a layer that is no history was written to")
	}
}

// TestClockBack checks that an edit is not refused, and nothing out of order,
// where the clock was set back.
func TestClockBack(t *testing.T) {
	s := commit(t, town(t), put("houses", house(1, "a", "01", 0)), day(9))
	s = commit(t, s, put("houses", house(1, "b", "01", 0)), day(4))
	if e := history.Of(s, "houses", 1); len(e) != 2 || !e[1].RecordedTo.Equal(day(9)) || !e[1].ValidTo.Equal(day(9)) {
		t.Errorf("kept are %v", e)
	}
}

func TestOfByUsedFormer(t *testing.T) {
	first := town(t)
	image := row(t, first, "houses", 1)
	s := commit(t, first, spatial.Change{Adjustment: 3, Effective: day(2), Layers: []spatial.LayerChange{
		{Layer: "houses", Put: []spatial.Row{house(2, "y", "02", 5), house(1, "x", "02", 5)}},
		{Layer: "units", Put: []spatial.Row{row(t, first, "units", 2)}}}}, day(4))
	s = commit(t, s, gone("houses", 1), day(6))
	s = commit(t, s, put("houses", house(1, "z", "02", 5)), day(8))

	of := history.Of(s, "houses", 1)
	want := history.Entry{Layer: "houses", Feature: 1, Row: &image, ValidTo: day(2), RecordedTo: day(4), Version: 1, Adjustment: 3}
	if len(of) != 3 || !reflect.DeepEqual(of[0], want) {
		t.Fatalf("kept are %v, want first %v", of, want)
	}
	if of[2].Row != nil || !of[2].ValidFrom.Equal(day(6)) || !of[2].ValidTo.Equal(day(8)) || of[1].Row.Values[0] != spatial.Text("x") {
		t.Errorf("kept are %v", of)
	}
	var by []string
	for _, e := range history.By(s, 3) {
		by = append(by, fmt.Sprint(e.Layer, e.Feature))
	}
	if got := strings.Join(by, " "); got != "units2 houses1 houses2" {
		t.Errorf("the adjustment ended %s", got)
	}
	used := history.Used(s, "houses")
	for code, want := range map[string]bool{"h1": true, "x": true, "z": true, "h3": true, "no": false, "": false} {
		if used(code) != want {
			t.Errorf("code %q used: %v", code, !want)
		}
	}
	if e, ok := history.Former(s, "houses", "x"); !ok || e.Feature != 1 || !e.ValidTo.Equal(day(6)) {
		t.Errorf("x was %v, %v", e, ok)
	}
	if _, ok := history.Former(s, "houses", "z"); ok {
		t.Error("a code of now is a former one")
	}
}

// TestUndo checks that putting back what an adjustment ended gives the state
// before, bit for bit.
func TestUndo(t *testing.T) {
	before := town(t)
	s := commit(t, before, spatial.Change{Adjustment: 1, Layers: []spatial.LayerChange{
		{Layer: "units", Put: []spatial.Row{unit(1, "01", square(0, 1.0/3)), unit(9, "09", square(1.0/3, 2))}, Delete: []int64{3}},
		{Layer: "houses", Put: []spatial.Row{house(5, "h7", "09", 4)}}}}, day(3))
	for _, e := range history.By(s, 1) {
		c := put(e.Layer)
		if e.Row == nil {
			c = gone(e.Layer, e.Feature)
		} else {
			c.Layers[0].Put = []spatial.Row{*e.Row}
		}
		s = commit(t, s, spatial.Change{Adjustment: 2, Layers: c.Layers}, day(4))
	}
	for _, id := range history.Tracked(before) {
		same(t, find(t, before, id), find(t, s, id))
	}
}

func same(t testing.TB, want, got *spatial.Layer) {
	t.Helper()
	if want.Len() != got.Len() {
		t.Errorf("%s: %d features, want %d", want.ID(), got.Len(), want.Len())
	}
	for f := range want.All() {
		g, err := got.Feature(f.ID())
		if err != nil || !reflect.DeepEqual(f.Row(), g.Row()) {
			t.Errorf("%s %d is %v, want %v", want.ID(), f.ID(), g, f.Row())
		}
	}
}

// chronicle is a random run of changes, with every state.
type chronicle struct {
	random *rand.Rand
	states []*spatial.Snapshot
	events []event // that led to the states after the first
}

type event struct{ effective, recorded time.Time }

func (h *chronicle) now() *spatial.Snapshot { return h.states[len(h.states)-1] }

// step makes a random change. One that is refused must begin before a change
// of the same feature did.
func (h *chronicle) step(t *testing.T, hour int) {
	t.Helper()
	s := h.now()
	recorded := day(1).Add(time.Duration(hour) * time.Hour)
	c := spatial.Change{Base: s.Version(), Layers: []spatial.LayerChange{h.edit(t, s)}}
	if h.random.IntN(3) == 0 {
		c.Effective = recorded.Add(-time.Duration(h.random.IntN(30)) * time.Hour)
	}
	c, err := history.Record(s, c, recorded)
	if err != nil {
		var invalid *spatial.InvalidError
		if !errors.As(err, &invalid) || invalid.Rule != "effective_before" || c.Effective.IsZero() {
			t.Fatal(err)
		}
		return
	}
	e := event{c.Effective, recorded}
	if e.effective.IsZero() {
		e.effective = recorded
	}
	h.states, h.events = append(h.states, apply(t, s, c)), append(h.events, e)
	h.states, h.events = append(h.states, added(t, h.now())), append(h.events, e)
}

func (h *chronicle) edit(t *testing.T, s *spatial.Snapshot) spatial.LayerChange {
	id := 1 + h.random.Int64N(8)
	in := fmt.Sprintf("%02d", 1+h.random.IntN(3))
	_, err := find(t, s, "houses").Feature(id)
	switch n := h.random.IntN(6); {
	case n == 0 && err == nil:
		return gone("houses", id).Layers[0]
	case n == 1:
		unit := row(t, s, "units", 1+h.random.Int64N(3))
		unit.Geometry = square(h.random.Float64(), 1)
		return put("units", unit).Layers[0]
	case n == 2 && err == nil:
		old := row(t, s, "houses", id)
		old.Values[2] = spatial.Int(h.random.Int64N(4))
		return put("houses", old).Layers[0]
	}
	return put("houses", house(id, fmt.Sprintf("h%d-%d", id, h.random.IntN(2)), in, h.random.Int64N(4))).Layers[0]
}

// told is what is kept of a feature, "" if it is not there.
func told(s *spatial.Snapshot, id spatial.LayerID, feature int64) string {
	l, _ := s.Layer(id)
	f, err := l.Feature(feature)
	switch {
	case err != nil:
		return ""
	case id == "units":
		return fmt.Sprint(f.Code(), f.Attribute("district"), f.Geometry())
	}
	return fmt.Sprint(f.Code(), f.Attribute("unit"))
}

// at is the twin of history.At for one feature: it goes through all states
// from the first on, and takes over what is known by then and in effect.
func (h *chronicle) at(id spatial.LayerID, feature int64, valid, known time.Time) string {
	then := told(h.states[0], id, feature)
	for i, e := range h.events {
		before, after := told(h.states[i], id, feature), told(h.states[i+1], id, feature)
		if before != after && !e.recorded.After(known) && !e.effective.After(valid) {
			then = after
		}
	}
	return then
}

// TestAtTwin tries 500 changes, or as many as WANGGE_EDITS says.
func TestAtTwin(t *testing.T) {
	edits := 500
	if n, err := strconv.Atoi(os.Getenv("WANGGE_EDITS")); err == nil {
		edits = n
	}
	for seed := range uint64(edits+59) / 60 {
		h := &chronicle{random: rand.New(rand.NewPCG(seed, 4)), states: []*spatial.Snapshot{town(t)}}
		for hour := range 60 {
			h.step(t, hour)
		}
		if faults := history.Check(h.now()); len(faults) > 0 {
			t.Fatalf("seed %d: %v", seed, faults)
		}
		for range 40 {
			valid := day(1).Add(time.Duration(h.random.IntN(70)-5) * time.Hour)
			known := day(1).Add(time.Duration(h.random.IntN(70)-5) * time.Hour)
			h.compare(t, valid, known)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (h *chronicle) compare(t *testing.T, valid, known time.Time) {
	t.Helper()
	then, err := history.At(h.now(), valid, known)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []spatial.LayerID{"units", "houses"} {
		for feature := range int64(10) {
			if got, want := told(then, id, feature), h.at(id, feature, valid, known); got != want {
				t.Errorf("%s %d on %v as known on %v is %q, want %q", id, feature, valid, known, got, want)
			}
		}
	}
	for _, change := range totals(t, then) {
		for _, want := range change.Put {
			if got := row(t, then, change.Layer, want.ID); !slices.Equal(got.Values, want.Values) {
				t.Errorf("%s %d is %v, want %v", change.Layer, want.ID, got.Values, want.Values)
			}
		}
	}
}

func TestAtNow(t *testing.T) {
	s := commit(t, town(t), put("houses", house(1, "x", "02", 0)), day(4))
	for _, at := range [][2]time.Time{{}, {day(4)}, {{}, day(4)}, {day(9), day(9)}} {
		if then, err := history.At(s, at[0], at[1]); err != nil || then != s {
			t.Errorf("%v: another snapshot, %v", at, err)
		}
	}
}

// TestAtVersions checks that a layer of another time is never taken for one
// of now or of a third time, and that those of one state are alike.
func TestAtVersions(t *testing.T) {
	s := commit(t, town(t), put("houses", house(1, "x", "02", 0)), day(4))
	s = commit(t, s, put("houses", house(1, "y", "02", 0)), day(6))
	version := func(layer spatial.LayerID, at time.Time) spatial.Version {
		then, err := history.At(s, at, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return find(t, then, layer).Version()
	}
	if a, b := version("houses", day(2)), version("houses", day(3)); a != b || a >= 0 {
		t.Errorf("one state has the versions %d and %d", a, b)
	}
	if version("houses", day(2)) == version("houses", day(5)) {
		t.Error("two states have one version")
	}
	if v := version("trees", day(2)); v != 1 {
		t.Errorf("a layer that is as it is now has version %d", v)
	}
}

func TestMissing(t *testing.T) {
	before := commit(t, town(t), put("houses", house(3, "x", "02", 0)), day(2))
	foreign := spatial.Change{Base: before.Version(), Layers: []spatial.LayerChange{{Layer: "houses",
		Put: []spatial.Row{house(1, "h1", "03", 0), house(2, "h2", "01", 3), house(8, "h8", "01", 3)}, Delete: []int64{4}}}}
	after := apply(t, before, foreign)
	missing, err := history.Missing(before, after, foreign, day(4))
	if err != nil || len(missing.Layers) != 1 || len(missing.Layers[0].Put) != 3 || missing.Base != after.Version() {
		t.Fatalf("missing is %v, %v", missing, err)
	}
	s := apply(t, after, missing)
	if faults := history.Check(s); len(faults) > 0 {
		t.Error(faults)
	}
	if e := history.Of(s, "houses", 1); len(e) != 1 || !reflect.DeepEqual(*e[0].Row, row(t, before, "houses", 1)) {
		t.Errorf("kept are %v", e)
	}
	again := spatial.Change{Base: before.Version(), Layers: append(foreign.Layers, missing.Layers...)}
	if missing, err := history.Missing(before, s, again, day(5)); err != nil || len(missing.Create)+len(missing.Layers) > 0 {
		t.Errorf("it is kept, and yet missing is %v, %v", missing, err)
	}
}

func TestCheckFinds(t *testing.T) {
	s := commit(t, town(t), put("houses", house(1, "a", "01", 0)), day(4))
	s = commit(t, s, put("houses", house(1, "b", "01", 0)), day(6))
	schema := find(t, s, "houses_history").Schema()
	for name, spoil := range map[string]func(*spatial.Row){
		"begins elsewhere":   func(r *spatial.Row) { r.Values[schema.FieldIndex("valid_from")] = spatial.Time(day(3)) },
		"ends before it is":  func(r *spatial.Row) { r.Values[schema.FieldIndex("valid_to")] = spatial.Time(day(3)) },
		"ends in the future": func(r *spatial.Row) { r.Values[schema.FieldIndex("valid_to")] = spatial.Time(day(9)) },
		"out of order":       func(r *spatial.Row) { r.Values[schema.FieldIndex("recorded_to")] = spatial.Time(day(2)) },
		"follows itself":     func(r *spatial.Row) { r.Values[schema.FieldIndex("previous")] = spatial.Int(2) },
		"of nothing":         func(r *spatial.Row) { r.Values[schema.FieldIndex("feature")] = spatial.Text("one") },
	} {
		bad := row(t, s, "houses_history", 2)
		spoil(&bad)
		if faults := history.Check(apply(t, s, spatial.Change{Base: s.Version(), Layers: put("houses_history", bad).Layers})); len(faults) == 0 {
			t.Errorf("%s: nothing is found", name)
		}
	}
}
