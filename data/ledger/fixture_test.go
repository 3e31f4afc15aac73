package ledger_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/partition"
)

var quiet = slog.New(slog.DiscardHandler)

// ll is a place in a small town, in units of 10⁻⁵ degree, about a metre.
func ll(x, y float64) orb.Point {
	return partition.VertexOf(orb.Point{114 + x*1e-5, 22.5 + y*1e-5}).LL()
}

func box(x, y, width, height float64) orb.Polygon {
	return orb.Polygon{{ll(x, y), ll(x+width, y), ll(x+width, y+height), ll(x, y+height), ll(x, y)}}
}

// town is two streets side by side, 1 and 2, each of four grids of 100 by 100
// one above the other, 101 to 104 and 201 to 204. In each grid stands a house
// in the middle, of ten people, and one near the upper edge, of one.
type town struct{}

func (town) Schemas() []*spatial.Schema {
	text := func(name string) spatial.Field {
		return spatial.Field{Name: name, Type: spatial.TypeText, Required: true}
	}
	refers := func(to spatial.LayerID, name string) spatial.Field { f := text(name); f.References = to; return f }
	code := func(digits int, prefix string) spatial.Field {
		f := text("code")
		f.Digits, f.Prefix, f.Unique = digits, prefix, true
		return f
	}
	number := func(name string, f spatial.Field) spatial.Field {
		f.Name, f.Type = name, spatial.TypeInt
		return f
	}
	return []*spatial.Schema{
		{ID: "streets", Geometry: spatial.Polygons, Partition: true, Code: "code", Fields: []spatial.Field{code(1, ""),
			number("residents", spatial.Field{SumOver: "grids"}), number("grids", spatial.Field{CountOf: "grids"})}},
		{ID: "grids", Geometry: spatial.Polygons, Partition: true, Code: "code", Fields: []spatial.Field{code(3, "street"), refers("streets", "street"),
			number("residents", spatial.Field{SumOver: "buildings"}), number("buildings", spatial.Field{CountOf: "buildings"})}},
		{ID: "buildings", Geometry: spatial.Polygons, Code: "code", Fields: []spatial.Field{code(5, "grid"), refers("grids", "grid"), number("residents", spatial.Field{})}},
		{ID: "shops", Fields: []spatial.Field{refers("buildings", "building")}},
		{ID: "tables", Fields: []spatial.Field{refers("grids", "grid")}},
	}
}

func (town) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for _, row := range townRows()[id] {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func townRows() map[spatial.LayerID][]spatial.Row {
	rows := map[spatial.LayerID][]spatial.Row{}
	add := func(layer spatial.LayerID, g orb.Geometry, values ...spatial.Value) {
		rows[layer] = append(rows[layer], spatial.Row{ID: int64(len(rows[layer]) + 1), Geometry: g, Values: values})
	}
	for s := range 2 {
		x, street := float64(100*s), fmt.Sprint(s+1)
		var parts []orb.Geometry
		for n := range 4 {
			y, grid := float64(100*n), fmt.Sprintf("%s%02d", street, n+1)
			parts = append(parts, box(x, y, 100, 100))
			add("grids", parts[n], spatial.Text(grid), spatial.Text(street), spatial.Int(11), spatial.Int(2))
			add("buildings", box(x+45, y+45, 10, 10), spatial.Text(grid+"01"), spatial.Text(grid), spatial.Int(10))
			add("buildings", box(x+45, y+85, 10, 10), spatial.Text(grid+"02"), spatial.Text(grid), spatial.Int(1))
			add("shops", nil, spatial.Text(grid+"02"))
			add("tables", nil, spatial.Text(grid))
		}
		add("streets", partition.Dissolve(parts), spatial.Text(street), spatial.Int(44), spatial.Int(4))
	}
	return rows
}

// up moves the upper house of a grid to the one above.
func up(from, to string) adjustment.Step {
	x, y := float64(100*(from[0]-'1')), float64(100*(from[2]-'1'))
	return adjustment.Step{From: from, To: to, Area: box(x+40, y+80, 20, 20)}
}

// across moves the upper house of a grid to the one beside it.
func across(from, to string) adjustment.Step {
	y := float64(100 * (from[2] - '1'))
	return adjustment.Step{From: from, To: to, Area: box(40, y+80, 60, 18)}
}

var (
	ann   = adjustment.Actor{Name: "ann", Role: adjustment.Proposer, Street: "1"}
	amy   = adjustment.Actor{Name: "amy", Role: adjustment.Proposer, Street: "1"}
	bob   = adjustment.Actor{Name: "bob", Role: adjustment.Proposer, Street: "2"}
	rita  = adjustment.Actor{Name: "rita", Role: adjustment.Reviewer}
	paul  = adjustment.Actor{Name: "paul", Role: adjustment.Approver}
	root  = adjustment.Actor{Name: "root", Role: adjustment.Admin}
	guest = adjustment.Actor{Name: "guest", Role: adjustment.Reader}
)

func by(a adjustment.Actor) ledger.Request { return ledger.Request{Actor: a} }

// hands is a clock that is set by hand.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(time.Millisecond)
	return h.at
}

func (h *hands) on(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// desk is a ledger over a store with the town.
type desk struct {
	*ledger.Ledger
	t     testing.TB
	live  *data.Live
	store data.Store
	clock *hands
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	store, err := geopackage.Open(t.Context(), filepath.Join(t.TempDir(), "town.gpkg"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	return settle(t, store)
}

// settle builds the town in an empty store.
func settle(t testing.TB, store data.Store) *desk {
	t.Helper()
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Fill(context.WithoutCancel(t.Context()), town{}, nil); err != nil {
		t.Fatal(err)
	}
	d := reopen(t, store)
	if err := d.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.sound()
	return d
}

func reopen(t testing.TB, store data.Store) *desk {
	t.Helper()
	live, err := data.Open(t.Context(), store, quiet)
	if err != nil {
		t.Fatal(err)
	}
	clock := &hands{at: time.Now().Add(-24 * time.Hour)}
	return &desk{ledger.New(live, adjustment.DefaultRules(), clock.now), t, live, store, clock}
}

// sound fails the test if the state has a fault.
func (d *desk) sound() {
	d.t.Helper()
	if faults := data.Check(d.live.Current()).Faults; len(faults) > 0 {
		d.t.Fatal(faults)
	}
}

func (d *desk) propose(a adjustment.Actor, steps ...adjustment.Step) adjustment.Adjustment {
	d.t.Helper()
	made, err := d.Propose(d.t.Context(), by(a), ledger.Proposal{Title: "t", Steps: steps})
	if err != nil {
		d.t.Fatal(err)
	}
	return made
}

func (d *desk) do(a adjustment.Actor, id int64, action adjustment.Action) adjustment.Adjustment {
	d.t.Helper()
	done, err := d.try(a, id, action)
	if err != nil {
		d.t.Fatalf("%s %s %d: %v", a.Name, action, id, err)
	}
	return done
}

func (d *desk) try(a adjustment.Actor, id int64, action adjustment.Action) (adjustment.Adjustment, error) {
	return d.Do(d.t.Context(), by(a), id, ledger.Move{Action: action, Note: "n"})
}

// approved brings a draft to approval.
func (d *desk) approved(id int64) {
	d.t.Helper()
	a, err := ledger.Find(d.live.Current(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	proposer := adjustment.Actor{Name: a.Proposer, Role: adjustment.Proposer, Street: a.Street}
	submitted := d.do(proposer, id, adjustment.Submit)
	if len(submitted.Missing()) > 0 {
		d.do(root, id, adjustment.Consent)
	}
	d.do(rita, id, adjustment.Review)
	d.do(paul, id, adjustment.Approve)
}

// applied proposes steps and puts them into effect.
func (d *desk) applied(steps ...adjustment.Step) adjustment.Adjustment {
	d.t.Helper()
	made := d.propose(ann, steps...)
	d.approved(made.ID)
	return d.do(ann, made.ID, adjustment.Apply)
}

func (d *desk) byCode(layer spatial.LayerID, code string) spatial.Feature {
	d.t.Helper()
	l, err := d.live.Current().Layer(layer)
	if err != nil {
		d.t.Fatal(err)
	}
	f, err := l.ByCode(code)
	if err != nil {
		d.t.Fatal(err)
	}
	return f
}

// rows are those of the town's layers.
func (d *desk) rows() map[spatial.LayerID][]spatial.Row {
	rows := map[spatial.LayerID][]spatial.Row{}
	for _, schema := range (town{}).Schemas() {
		l, err := d.live.Current().Layer(schema.ID)
		if err != nil {
			d.t.Fatal(err)
		}
		for f := range l.All() {
			row := f.Row()
			row.Geometry = orb.Clone(row.Geometry)
			rows[schema.ID] = append(rows[schema.ID], row)
		}
		slices.SortFunc(rows[schema.ID], func(a, b spatial.Row) int { return int(a.ID - b.ID) })
	}
	return rows
}
