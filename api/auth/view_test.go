package auth_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"wangge/api/auth"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// kinds of residents, which add up.
var kinds = []string{"inland", "shenzhen", "hmt", "foreign"}

func peopleFields(over spatial.LayerID) []spatial.Field {
	fields := []spatial.Field{{Name: "residents", Type: spatial.TypeInt, Required: true, Unit: "persons", SumOf: kinds, SumOver: over}}
	for _, kind := range kinds {
		fields = append(fields, spatial.Field{Name: kind, Type: spatial.TypeInt, Required: true, Personal: true, SumOver: over})
	}
	return fields
}

// levels of the district, from the topmost down, and how many of each make up
// one of the level above.
var levels = []struct {
	id    spatial.LayerID
	above spatial.LayerID
	each  int
}{{"communities", "", 4}, {"grids", "communities", 3}, {"buildings", "grids", 4}}

// district is a real district of squares side by side, of houses in a grid,
// most of whose counts are small.
type district struct {
	rows map[spatial.LayerID][]spatial.Row
}

func newDistrict(r *rand.Rand) *district {
	d := &district{map[spatial.LayerID][]spatial.Row{}}
	for c := range levels[0].each {
		d.add(r, 0, "", c)
	}
	return d
}

// add makes an area or house and all that it is made of, and gives its counts.
func (d *district) add(r *rand.Rand, level int, above string, n int) []int64 {
	l := levels[level]
	code := fmt.Sprintf("%s%02d", above, n+1)
	sums := make([]int64, len(kinds))
	if level == len(levels)-1 {
		for i := range sums {
			sums[i] = r.Int64N([]int64{3, 6, 12, 40}[r.IntN(4)])
		}
	} else {
		for child := range 1 + r.IntN(levels[level+1].each) {
			for i, count := range d.add(r, level+1, code, child) {
				sums[i] += count
			}
		}
	}
	total := int64(0)
	values := []spatial.Value{spatial.Text(code), spatial.Text(above), spatial.Null}
	for _, count := range sums {
		total += count
		values = append(values, spatial.Int(count))
	}
	values[2] = spatial.Int(total)
	d.rows[l.id] = append(d.rows[l.id], spatial.Row{Values: values})
	return sums
}

func (d *district) snapshot(t testing.TB, synthetic bool) *spatial.Snapshot {
	var layers []*spatial.Layer
	for i, l := range levels {
		over := spatial.LayerID("")
		if i+1 < len(levels) {
			over = levels[i+1].id
		}
		schema := &spatial.Schema{ID: l.id, Code: "code", Synthetic: synthetic, Fields: append([]spatial.Field{
			{Name: "code", Type: spatial.TypeText}, {Name: "above", Type: spatial.TypeText, References: l.above}}, peopleFields(over)...)}
		var rows [][]spatial.Value
		for _, row := range d.rows[l.id] {
			rows = append(rows, row.Values)
		}
		layers = append(layers, made(t, schema, rows...))
	}
	return spatial.New(1, layers...)
}

// move takes houses at random from their grid to another, and the counts of
// all levels along.
func (d *district) move(r *rand.Rand) {
	houses, grids := d.rows["buildings"], d.rows["grids"]
	for range 1 + r.IntN(2) {
		house, to := &houses[r.IntN(len(houses))], grids[r.IntN(len(grids))].Values[0]
		d.count(house.Values[1].Text(), house.Values, -1)
		d.count(to.Text(), house.Values, +1)
		house.Values[1] = to
	}
}

func (d *district) count(grid string, house []spatial.Value, sign int64) {
	for _, l := range levels[:2] {
		for _, area := range d.rows[l.id] {
			if code := area.Values[0].Text(); len(code) <= len(grid) && grid[:len(code)] == code {
				for i := 2; i < len(house); i++ {
					area.Values[i] = spatial.Int(area.Values[i].Int() + sign*house[i].Int())
				}
			}
		}
	}
}

// span is what an attacker knows of a count.
type span struct{ low, high int64 }

// attacker narrows down counts by all sums that he knows of.
type attacker struct {
	truth []int64
	known []span
	sums  [][]int // a total and its parts
}

// learn is what a shown value says of a count. He is even told whether a value
// that is withheld is small.
func (a *attacker) learn(shown spatial.Value, truth int64) int {
	know := span{0, 4}
	switch {
	case !shown.IsNull():
		know = span{max(5, shown.Int()-2), shown.Int() + 2}
	case truth > 4:
		know = span{0, math.MaxInt32}
	}
	a.truth, a.known = append(a.truth, truth), append(a.known, know)
	return len(a.known) - 1
}

// look learns what a view shows. Houses keep their counts: what was learnt of
// them before still holds.
func (a *attacker) look(t testing.TB, s *spatial.Snapshot, houses map[string]int) {
	view, err := auth.View(s)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string][]int{}
	for i := len(levels) - 1; i >= 0; i-- {
		exact, _ := s.Layer(levels[i].id)
		shown, err := view.Layer(levels[i].id)
		if err != nil {
			t.Fatal(err)
		}
		for f := range exact.All() {
			seen, _ := shown.Feature(f.ID())
			whole := []int{}
			for n := 2; n < 3+len(kinds); n++ {
				key := fmt.Sprint(f.Code(), n)
				at, again := houses[key]
				if next := a.learn(seen.Value(n), f.Value(n).Int()); !again || levels[i].id != "buildings" {
					at = next
				} else {
					a.known[at] = meet(a.known[at], a.known[next])
				}
				if levels[i].id == "buildings" {
					houses[key] = at
				}
				whole = append(whole, at)
				if below := sums[key]; len(below) > 0 {
					a.sums = append(a.sums, append([]int{at}, below...))
				}
				above := fmt.Sprint(f.Value(1).Text(), n)
				sums[above] = append(sums[above], at)
			}
			a.sums = append(a.sums, whole)
		}
	}
}

func meet(a, b span) span { return span{max(a.low, b.low), min(a.high, b.high)} }

// reason narrows until nothing more follows.
func (a *attacker) reason() {
	for changed := true; changed; {
		changed = false
		narrow := func(i int, to span) {
			next := meet(a.known[i], to)
			changed = changed || next != a.known[i]
			a.known[i] = next
		}
		for _, sum := range a.sums {
			var all span
			for _, i := range sum[1:] {
				all.low, all.high = all.low+a.known[i].low, all.high+a.known[i].high
			}
			narrow(sum[0], all)
			total := a.known[sum[0]]
			for _, i := range sum[1:] {
				part := a.known[i]
				narrow(i, span{total.low - (all.high - part.high), total.high - (all.low - part.low)})
			}
		}
	}
}

// certain counts small counts that are known exactly; what is known must be
// true.
func (a *attacker) certain(t testing.TB) (certain, small int) {
	for i, know := range a.known {
		if a.truth[i] < know.low || a.truth[i] > know.high {
			t.Fatalf("%d is not within %v: the attacker errs", a.truth[i], know)
		}
		if a.truth[i] > 0 && a.truth[i] < 5 {
			small++
			if know.low == know.high {
				certain++
			}
		}
	}
	return certain, small
}

// TestUnitsThatAddUp: with all levels, all kinds and several dates, of which
// houses stand in other grids, no small count can be told exactly.
func TestUnitsThatAddUp(t *testing.T) {
	withheld := 0
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 4))
		d := newDistrict(r)
		a, houses := &attacker{}, map[string]int{}
		for range 3 {
			a.look(t, d.snapshot(t, false), houses)
			a.reason()
			certain, small := a.certain(t)
			if withheld += small; certain > 0 {
				t.Errorf("seed %d: %d of %d small counts are known", seed, certain, small)
			}
			d.move(r)
		}
	}
	if withheld < 1000 {
		t.Errorf("only %d small counts: too few to say much", withheld)
	}
}

// TestAttackerIsStrong: rounding alone does not withstand this attacker.
func TestAttackerIsStrong(t *testing.T) {
	a := &attacker{}
	a.sums = [][]int{{a.learn(spatial.Int(10), 8), a.learn(spatial.Null, 4), a.learn(spatial.Null, 4)}}
	a.reason()
	if certain, _ := a.certain(t); certain != 2 {
		t.Errorf("%d counts are known, want 2", certain)
	}
}

func TestView(t *testing.T) {
	d := newDistrict(rand.New(rand.NewPCG(1, 1)))
	s := d.snapshot(t, false)
	view, err := auth.View(s)
	if err != nil {
		t.Fatal(err)
	}
	for layer := range view.Layers() {
		for f := range layer.All() {
			for i := 2; i < 3+len(kinds); i++ {
				if v := f.Value(i); !v.IsNull() && (v.Int() < 5 || v.Int()%5 != 0) {
					t.Errorf("%s %s shows %v", layer.ID(), f.Code(), v)
				}
			}
			if again, err := layer.ByCode(f.Code()); err != nil || again != f {
				t.Errorf("%s: by its code %v, %v", f.Code(), again, err)
			}
		}
		if field := layer.Schema().Fields[2]; field.Required || field.Name != "residents" {
			t.Errorf("field %v", field)
		}
	}
	again, _ := auth.View(view)
	if a, b := residents(t, view), residents(t, again); a != b {
		t.Errorf("a view of the view: %s and %s", a, b)
	}
	if auth.Withholds(d.snapshot(t, true)) {
		t.Error("figures of a synthetic store are withheld")
	}
	exact, _ := auth.View(d.snapshot(t, true))
	if a, b := residents(t, exact), residents(t, s); a != b {
		t.Errorf("a synthetic store shows %s, not %s", a, b)
	}
}

func residents(t testing.TB, s *spatial.Snapshot) (all string) {
	layer, err := s.Layer("grids")
	if err != nil {
		t.Fatal(err)
	}
	for f := range layer.All() {
		all += f.Value(2).String() + " "
	}
	return all
}

// TestViewFollows: an edit shows in the next view, and a view is made once.
func TestViewFollows(t *testing.T) {
	d := newDistrict(rand.New(rand.NewPCG(2, 1)))
	s := d.snapshot(t, false)
	first, _ := auth.View(s)
	second, _ := auth.View(s)
	a, _ := first.Layer("grids")
	if b, _ := second.Layer("grids"); a != b {
		t.Error("two requests make two views")
	}
	row := spatial.Row{ID: 1, Values: append([]spatial.Value{}, d.rows["buildings"][0].Values...)}
	row.Values[2] = spatial.Int(1002)
	next, err := s.Apply(spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: "buildings", Put: []spatial.Row{row}}}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	view, _ := auth.View(next)
	layer, _ := view.Layer("buildings")
	f, _ := layer.Feature(1)
	if got := f.Value(2); view.Version() != 2 || !got.IsNull() && got.Int() != 1000 {
		t.Errorf("version %d shows %v", view.Version(), got)
	}
}

// TestFigure: the value says what is shown, and nothing finer.
func TestFigure(t *testing.T) {
	for n, want := range map[int64]spatial.Value{-3: spatial.Null, 0: spatial.Null, 1: spatial.Null, 4: spatial.Null, 5: spatial.Int(5), 7: spatial.Int(5),
		8: spatial.Int(10), 12: spatial.Int(10), 13: spatial.Int(15), 1191907: spatial.Int(1191905)} {
		if got := auth.Figure(spatial.Int(n)); got != want {
			t.Errorf("%d is shown as %v, want %v", n, got, want)
		}
	}
	if got := auth.Figure(spatial.Float(7.9)); got != spatial.Float(5) && got != spatial.Float(10) {
		t.Error(got)
	}
	if got := auth.Figure(spatial.Text("陈先生")); !got.IsNull() {
		t.Error(got)
	}
}

func TestWhoSees(t *testing.T) {
	for role, sees := range map[adjustment.Role]bool{"": false, adjustment.Reader: false, adjustment.Proposer: true, adjustment.Reviewer: true, adjustment.Approver: true, adjustment.Admin: true} {
		if auth.SeesSmallCounts(role) != sees {
			t.Errorf("%q: %v", role, !sees)
		}
	}
}
