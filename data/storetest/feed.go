package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/data"
	"wangge/spatial"
)

const patience = 30 * time.Second // for what must happen at some time

// since is the snapshot after what a store says was committed since, which
// must be what it holds, value by value.
func since(t *testing.T, store data.Store, from *spatial.Snapshot) *spatial.Snapshot {
	t.Helper()
	c, version, err := store.Since(t.Context(), from.Version())
	if err != nil {
		t.Fatalf("since %d: %v", from.Version(), err)
	}
	if c.Base != from.Version() || len(c.Create)+len(c.Drop) > 0 {
		t.Errorf("since %d: a change on %d that makes %d and drops %d layers", from.Version(), c.Base, len(c.Create), len(c.Drop))
	}
	next := apply(t, from, withoutStrangers(t, from, c), version)
	expectRows(t, store, next)
	return next
}

// withoutStrangers leaves out the removal of rows that a snapshot never had.
func withoutStrangers(t *testing.T, s *spatial.Snapshot, c spatial.Change) spatial.Change {
	t.Helper()
	for i := range c.Layers {
		layer, err := s.Layer(c.Layers[i].Layer)
		if err != nil {
			t.Fatal(err)
		}
		c.Layers[i].Delete = slices.DeleteFunc(c.Layers[i].Delete, func(id int64) bool {
			_, err := layer.Feature(id)
			return err != nil
		})
	}
	return c
}

// expectRows is expect, but for the versions of single layers.
func expectRows(t *testing.T, store data.Store, want *spatial.Snapshot) {
	t.Helper()
	got := load(t, store)
	if got.Version() != want.Version() {
		t.Errorf("loaded version %d, want %d", got.Version(), want.Version())
	}
	if g, w := layerIDs(got), layerIDs(want); !slices.Equal(g, w) {
		t.Fatalf("layers %v, want %v", g, w)
	}
	for w := range want.Layers() {
		g, _ := got.Layer(w.ID())
		compareRows(t, g, w)
	}
}

// must runs statements of another program.
func must(t *testing.T, exec func(string) error, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// insert is the statement that makes a row whose values are texts and whole
// numbers.
func (k kind) insert(s *spatial.Schema, row spatial.Row) string {
	columns, values := []string{"id"}, []string{fmt.Sprint(row.ID)}
	if s.Geometry != spatial.NoGeometry {
		columns, values = append(columns, "geom"), append(values, k.Geometry(row.Geometry))
	}
	for i := range s.Fields {
		columns, values = append(columns, s.Fields[i].Name), append(values, literal(row.Values[i]))
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", s.ID, strings.Join(columns, ", "), strings.Join(values, ", "))
}

func literal(v spatial.Value) string {
	switch {
	case v.IsNull():
		return "NULL"
	case v.Type() == spatial.TypeText:
		return "'" + strings.ReplaceAll(v.Text(), "'", "''") + "'"
	}
	return v.String()
}

// testSince: whoever commits, and however, since tells it, after each commit
// and over all of them.
func (k kind) testSince(t *testing.T) {
	place := k.Fresh(t)
	store := k.at(t, place)
	fill(t, store, district())
	exec := k.Client(t, place)
	first := load(t, store)
	state := since(t, store, first)
	if state.Version() != 1 {
		t.Errorf("nothing happened, and the version is %d", state.Version())
	}
	for _, step := range k.steps(t, store, exec) {
		t.Run(step.name, func(t *testing.T) {
			step.do(t)
			next := since(t, store, state)
			if next.Version() <= state.Version() {
				t.Errorf("version %d after %d", next.Version(), state.Version())
			}
			state = next
		})
	}
	since(t, store, first)
}

type step struct {
	name string
	do   func(t *testing.T)
}

func (k kind) steps(t *testing.T, store data.Store, exec func(string) error) []step {
	own := func(name string, layers ...spatial.LayerChange) step {
		return step{"own " + name, func(t *testing.T) {
			if _, err := commitSoon(t.Context(), store, spatial.Change{Layers: layers}); err != nil {
				t.Fatal(err)
			}
		}}
	}
	foreign := func(name string, statements ...string) step {
		return step{"foreign " + name, func(t *testing.T) { must(t, exec, statements...) }}
	}
	transaction := func(name string, statements ...string) step {
		return foreign(name, slices.Concat([]string{"BEGIN"}, statements, []string{"COMMIT"})...)
	}
	grid := func(id int64, number int) string { return k.insert(gridSchema(), gridRow(id, 7, number)) }
	return []step{
		own("insert, replace, delete", spatial.LayerChange{Layer: "grids", Put: []spatial.Row{gridRow(3, 7, 3), set(gridRow(2, 7, 18), gridTag, spatial.Int(7))}, Delete: []int64{5}}),
		own("several layers", spatial.LayerChange{Layer: "figures", Delete: []int64{3}}, spatial.LayerChange{Layer: "zoo", Put: []spatial.Row{zooRow(500, square(1, 2, 3))}}),
		foreign("insert", grid(20, 20)),
		foreign("update of values", "UPDATE grids SET men = 7, residents = 7 WHERE id = 20"),
		foreign("update of geometry", "UPDATE grids SET geom = "+k.Geometry(square(113, 22, 0.5))+" WHERE id = 20"),
		foreign("update of all rows", "UPDATE zoo SET words = 'alike'"),
		foreign("update to nothing", "UPDATE zoo SET geom = NULL, words = NULL WHERE id = 500"),
		foreign("update of an id", "UPDATE figures SET id = 50 WHERE id = 4"),
		foreign("delete", "DELETE FROM grids WHERE id = 20"),
		foreign("insert and delete", grid(21, 21), "DELETE FROM grids WHERE id = 21"),
		foreign("delete and insert", "DELETE FROM grids WHERE id = 1", grid(1, 1)),
		transaction("insert and delete in one transaction", grid(22, 22), "DELETE FROM grids WHERE id = 22", "UPDATE figures SET figure = 8 WHERE id = 50"),
		transaction("several layers in one transaction", grid(23, 23), "DELETE FROM zoo WHERE id < 20", "UPDATE communities SET name = '改名' WHERE id = 1"),
		transaction("exchange of two codes", "UPDATE grids SET code = '44030300200799' WHERE id = 1", "UPDATE grids SET code = '44030300200701' WHERE id = 2", "UPDATE grids SET code = '44030300200718' WHERE id = 1"),
		own("after all that", spatial.LayerChange{Layer: "figures", Put: []spatial.Row{figureRow(1, 1)}}),
		{"nothing of a refused change", func(t *testing.T) {
			if exec("INSERT INTO grids (id, code) VALUES (90, 'x')") == nil {
				t.Error("a row that breaks a rule was taken")
			}
			must(t, exec, "BEGIN", grid(91, 91), "ROLLBACK", "DELETE FROM figures WHERE id = 1")
		}},
	}
}

// testSinceRandom compares the snapshot that follows random edits, of our own
// and of another program, with a fresh load.
func (k kind) testSinceRandom(t *testing.T) {
	const edits = 120
	random := rand.New(rand.NewPCG(7, 303))
	place := k.Fresh(t)
	store := k.at(t, place)
	fill(t, store, district())
	exec := k.Client(t, place)
	state := load(t, store)
	// What is left and what comes have codes of their own ids.
	commit(t, store, spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: "grids", Delete: []int64{2, 5, 9}}}})
	for i := range edits {
		if random.IntN(3) == 0 {
			now := load(t, store)
			commit(t, store, spatial.Change{Base: now.Version(), Layers: []spatial.LayerChange{randomEdits(random, now, "grids", func(id int64) spatial.Row {
				return gridRow(id, 7+10*random.IntN(2), int(id))
			})}})
		} else {
			must(t, exec, k.randomStatement(random))
		}
		if random.IntN(4) == 0 {
			state = since(t, store, state)
		}
		if t.Failed() {
			t.Fatalf("after edit %d", i)
		}
	}
	since(t, store, state)
}

func (k kind) randomStatement(random *rand.Rand) string {
	id, n := 1+random.Int64N(99), random.IntN(1000)
	switch random.IntN(6) {
	case 0:
		return fmt.Sprintf("DELETE FROM grids WHERE id = %d", id)
	case 1:
		return fmt.Sprintf("UPDATE grids SET men = %d, residents = %[1]d, women = NULL WHERE id BETWEEN %d AND %d", n, id, id+20)
	case 2:
		return fmt.Sprintf("UPDATE grids SET geom = %s WHERE id = %d", k.Geometry(square(114, 22, float64(n+1)/1e4)), id)
	case 3:
		return fmt.Sprintf("UPDATE zoo SET whole = %d, geom = %s WHERE id %% 7 = %d", n, k.Geometry(geometries()[n%len(geometries())]), id%7)
	case 4:
		return fmt.Sprintf("DELETE FROM zoo WHERE id = %d", id)
	default:
		return k.insert(figureSchema(), figureRow(1000+random.Int64N(1<<40), int64(n)))
	}
}

// testGaps: where the log does not tell, since says so.
func (k kind) testGaps(t *testing.T) {
	store := k.empty(t)
	fill(t, store, district())
	gap := func(name string, base spatial.Version) {
		t.Helper()
		if c, version, err := store.Since(t.Context(), base); !errors.Is(err, data.ErrGap) {
			t.Errorf("%s: since %d is %v, %d, %v", name, base, c, version, err)
		}
	}
	gap("before the first version", 0)
	gap("no version at all", -1)
	gap("a version to come", 2)
	second := zooSchema()
	second.ID = "second"
	commit(t, store, spatial.Change{Base: 1, Create: []*spatial.Schema{second}})
	gap("a layer was made", 1)
	commit(t, store, spatial.Change{Base: 2, Drop: []spatial.LayerID{"second"}})
	gap("a layer was dropped", 2)
	gap("both", 1)
	since(t, store, load(t, store))
}

// testWatch: commits of every origin wake whoever watches, until told to end.
func (k kind) testWatch(t *testing.T) {
	place := k.Fresh(t)
	store, other := k.at(t, place), k.at(t, place)
	fill(t, store, district())
	exec := k.Client(t, place)
	ctx, stop := context.WithCancel(t.Context())
	woken, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- store.Watch(ctx, func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
	}()
	id := int64(100)
	for name, do := range map[string]func(){
		"the same store":  func() { _, _ = commitSoon(t.Context(), store, put("figures", figureRow(id, 1))) },
		"another process": func() { _, _ = commitSoon(t.Context(), other, put("figures", figureRow(id, 2))) },
		"another program": func() { must(t, exec, k.insert(figureSchema(), figureRow(id, 3))) },
	} {
		// The watch may not have begun yet: the commit is repeated.
		deadline := time.After(patience)
		for awake := false; !awake; {
			id++
			do()
			select {
			case <-woken:
				awake = true
			case err := <-ended:
				t.Fatalf("the watch ended: %v", err)
			case <-time.After(time.Second):
			case <-deadline:
				t.Fatalf("a commit of %s wakes nobody", name)
			}
		}
		for drained := false; !drained; {
			select {
			case <-woken:
			case <-time.After(300 * time.Millisecond):
				drained = true
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("told to end, the watch says %v", err)
	}
}

// testReverseOrder: of two transactions, the one that began first commits
// last, and is not missed by who has read beyond the other.
func (k kind) testReverseOrder(t *testing.T) {
	if !k.Writers {
		t.Skip("one transaction at a time writes to this kind of store")
	}
	place := k.Fresh(t)
	store := k.at(t, place)
	fill(t, store, district())
	early, late := k.Client(t, place), k.Client(t, place)
	state := load(t, store)
	must(t, early, "BEGIN", "UPDATE grids SET tag = 77 WHERE id = 1", k.insert(figureSchema(), figureRow(100, 1)))
	must(t, late, "BEGIN", "UPDATE grids SET tag = 88 WHERE id = 5", k.insert(figureSchema(), figureRow(101, 1)), "COMMIT")
	state = since(t, store, state)
	must(t, early, "COMMIT")
	after := since(t, store, state)
	for layer, id := range map[spatial.LayerID]int64{"grids": 1, "figures": 100} {
		l, _ := after.Layer(layer)
		if f, err := l.Feature(id); err != nil || (layer == "grids" && f.Attribute("tag").Int() != 77) {
			t.Errorf("%s %d of the transaction that committed last is missing", layer, id)
		}
	}
}

// testSevered: after every connection was cut, by a database that restarts,
// the store works again, and what was not committed is nowhere.
func (k kind) testSevered(t *testing.T) {
	if k.Sever == nil {
		t.Skip("this kind of store has no connections")
	}
	place := k.Fresh(t)
	store := k.at(t, place)
	fill(t, store, district())
	state := load(t, store)
	ended := make(chan error, 1)
	go func() { ended <- store.Watch(t.Context(), func() {}) }()
	half := k.Client(t, place)
	must(t, half, "BEGIN", "DELETE FROM zoo", "UPDATE grids SET tag = 99 WHERE id = 1")
	for cut := false; !cut; {
		k.Sever(t, place)
		select {
		case err := <-ended:
			cut = true
			if err == nil {
				t.Error("a watch whose connection was cut ends as if it had been told to")
			}
		case <-time.After(500 * time.Millisecond):
		}
	}
	if half("COMMIT") == nil {
		t.Error("a transaction outlived its connection")
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if _, err := store.Version(t.Context()); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the store does not come back: %v", err)
		}
	}
	must(t, k.Client(t, place), k.insert(figureSchema(), figureRow(100, 1)))
	since(t, store, state)
}
