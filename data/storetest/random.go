package storetest

import (
	"math/rand/v2"
	"testing"

	"wangge/spatial"
)

// testRandomChanges compares a store after random changes with the same
// changes applied in memory.
func (k kind) testRandomChanges(t *testing.T) {
	const steps = 60
	random := rand.New(rand.NewPCG(44, 303))
	store := k.filled(t)
	state := load(t, store)
	for step := range steps {
		c := randomChange(random, state)
		state = apply(t, state, c, commit(t, store, c))
		if step%6 == 5 {
			expect(t, store, state)
		}
		if t.Failed() {
			t.Fatalf("after step %d", step)
		}
	}
}

func randomChange(random *rand.Rand, s *spatial.Snapshot) spatial.Change {
	c := spatial.Change{Base: s.Version(), Note: "random"}
	if random.IntN(8) == 0 {
		return recreate(random, s, c)
	}
	if random.IntN(3) > 0 {
		c.Layers = append(c.Layers, randomEdits(random, s, "grids", func(id int64) spatial.Row {
			row := gridRow(id, 7+10*random.IntN(2), int(id))
			men := random.Int64N(100)
			row = set(set(row, gridMen, spatial.Int(men)), gridResidents, spatial.Int(men))
			return row
		}))
	}
	if _, err := s.Layer("zoo"); err == nil {
		zoo := zooRows()
		c.Layers = append(c.Layers, randomEdits(random, s, "zoo", func(id int64) spatial.Row {
			row := zoo[random.IntN(len(zoo))]
			row.ID = id
			return row
		}))
	}
	return c
}

// recreate drops the zoo, or makes it anew.
func recreate(random *rand.Rand, s *spatial.Snapshot, c spatial.Change) spatial.Change {
	if _, err := s.Layer("zoo"); err == nil {
		c.Drop = []spatial.LayerID{"zoo"}
		return c
	}
	c.Create = []*spatial.Schema{zooSchema()}
	if random.IntN(2) == 0 {
		c.Layers = []spatial.LayerChange{{Layer: "zoo", Put: zooRows()}}
	}
	return c
}

// randomEdits touches a few ids from 1 to 99: those that are there are
// deleted or replaced, the others put.
func randomEdits(random *rand.Rand, s *spatial.Snapshot, id spatial.LayerID, row func(int64) spatial.Row) spatial.LayerChange {
	c := spatial.LayerChange{Layer: id}
	layer, err := s.Layer(id)
	if err != nil {
		return c
	}
	for _, n := range random.Perm(99)[:random.IntN(12)] {
		at := int64(n + 1)
		if _, err := layer.Feature(at); err == nil && random.IntN(2) == 0 {
			c.Delete = append(c.Delete, at)
			continue
		}
		c.Put = append(c.Put, row(at))
	}
	return c
}
