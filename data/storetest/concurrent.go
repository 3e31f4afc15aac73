package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"wangge/data"
	"wangge/spatial"
)

func figureRow(id, figure int64) spatial.Row {
	return spatial.Row{ID: id, Values: []spatial.Value{spatial.Text("figure"), spatial.Int(figure)}}
}

// commitSoon commits a change on whatever the current version is, planning
// again after each conflict.
func commitSoon(ctx context.Context, store data.Store, c spatial.Change) (spatial.Version, error) {
	for {
		base, err := store.Version(ctx)
		if err != nil {
			return 0, err
		}
		c.Base = base
		version, err := store.Commit(ctx, c)
		if !errors.Is(err, spatial.ErrConflict) {
			return version, err
		}
	}
}

// testConcurrentCommitters: every acknowledged change is there, and versions
// have no gaps and no twins.
func (k kind) testConcurrentCommitters(t *testing.T) {
	const writers, each = 4, 8
	place := k.Fresh(t)
	fill(t, k.at(t, place), district())
	versions := make([][]spatial.Version, writers)
	var group sync.WaitGroup
	for w := range writers {
		store := k.at(t, place)
		group.Go(func() {
			for i := range each {
				row := figureRow(int64(100+w*each+i), int64(w))
				version, err := commitSoon(t.Context(), store, put("figures", row))
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				versions[w] = append(versions[w], version)
			}
		})
	}
	group.Wait()
	all := slices.Sorted(slices.Values(slices.Concat(versions...)))
	for i, version := range all {
		if version != spatial.Version(i+2) {
			t.Fatalf("versions %v are not dense from 2", all)
		}
	}
	layer, err := load(t, k.at(t, place)).Layer("figures")
	if err != nil {
		t.Fatal(err)
	}
	if want := writers*each + 2; layer.Len() != want {
		t.Errorf("%d figures, want %d", layer.Len(), want)
	}
}

// testReaderDuringCommits: a reader sees the state of one version, never
// parts of two, also while layers come and go.
func (k kind) testReaderDuringCommits(t *testing.T) {
	const commits = 30
	place := k.Fresh(t)
	writer := k.at(t, place)
	fill(t, writer, pair())
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 2 {
		reader := k.at(t, place)
		group.Go(func() { readWhole(ctx, t, reader) })
	}
	for i := range int64(commits) {
		c := spatial.Change{Layers: []spatial.LayerChange{
			{Layer: "left", Put: []spatial.Row{figureRow(1, i)}}, {Layer: "right", Put: []spatial.Row{figureRow(1, -i)}}}}
		if i%5 == 4 { // both are dropped and made anew
			c.Drop = []spatial.LayerID{"left", "right"}
			c.Create = pair().schemas
		}
		if _, err := commitSoon(t.Context(), writer, c); err != nil {
			t.Errorf("commit %d: %v", i, err)
		}
	}
	stop()
	group.Wait()
}

// pair is two layers whose figures always add up to nothing.
func pair() source {
	left, right := figureSchema(), figureSchema()
	left.ID, right.ID = "left", "right"
	rows := []spatial.Row{figureRow(1, 0)}
	return source{[]*spatial.Schema{left, right}, map[spatial.LayerID][]spatial.Row{"left": rows, "right": rows}}
}

func readWhole(ctx context.Context, t *testing.T, store data.Store) {
	last := spatial.Version(0)
	for ctx.Err() == nil {
		s, err := store.Load(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = checkPair(s)
		}
		if err != nil {
			t.Errorf("reader: %v", err)
			return
		}
		if s.Version() < last {
			t.Errorf("reader: version %d after %d", s.Version(), last)
		}
		last = s.Version()
	}
}

func checkPair(s *spatial.Snapshot) error {
	sum := int64(0)
	for _, id := range []spatial.LayerID{"left", "right"} {
		layer, err := s.Layer(id)
		if err != nil {
			return err
		}
		f, err := layer.Feature(1)
		if err != nil {
			return err
		}
		if s.Version() > 1 && layer.Version() != s.Version() {
			return fmt.Errorf("layer %s of version %d in version %d", id, layer.Version(), s.Version())
		}
		sum += f.Attribute("figure").Int()
	}
	if sum != 0 {
		return fmt.Errorf("version %d is torn: the figures add up to %d", s.Version(), sum)
	}
	return nil
}
