package scenario_test

import (
	"errors"
	"iter"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/data/postgis"
	"wangge/data/postgis/postgistest"
	"wangge/data/scenario"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

var quiet = slog.New(slog.DiscardHandler)

// nothing is a source with one empty table.
type nothing struct{}

func (nothing) Schemas() []*spatial.Schema {
	return []*spatial.Schema{{ID: "notes", AsOf: "2024-01-01", Fields: []spatial.Field{{Name: "text", Type: spatial.TypeText}}}}
}

func (nothing) Rows(spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(func(spatial.Row, error) bool) {}
}

func openGeoPackage(t *testing.T) data.Store {
	store, err := geopackage.Open(t.Context(), filepath.Join(t.TempDir(), "s.gpkg"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func openPostGIS(t *testing.T) data.Store {
	store, err := postgis.Open(t.Context(), postgistest.URL(t), quiet)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// onBoth runs a test on a book in either store. The second argument reads
// what the store holds, past all memory.
func onBoth(t *testing.T, test func(*testing.T, *scenario.Book, func() *spatial.Snapshot)) {
	for name, open := range map[string]func(*testing.T) data.Store{"geopackage": openGeoPackage, "postgis": openPostGIS} {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			t.Cleanup(func() { _ = store.Close() })
			if err := store.Fill(t.Context(), nothing{}, nil); err != nil {
				t.Fatal(err)
			}
			live, err := data.Open(t.Context(), store, quiet)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC)
			clock := func() time.Time { at = at.Add(time.Minute); return at }
			test(t, scenario.New(live, clock), func() *spatial.Snapshot {
				s, err := store.Load(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}

var (
	ann   = adjustment.Actor{Name: "ann", Role: adjustment.Proposer, Street: "440303002"}
	rita  = adjustment.Actor{Name: "rita", Role: adjustment.Reviewer}
	root  = adjustment.Actor{Name: "root", Role: adjustment.Admin}
	guest = adjustment.Actor{Name: "guest", Role: adjustment.Reader}
)

// everything is a scenario with every kind of change.
func everything() scenario.Changes {
	return scenario.Changes{Rule: "gb51143_emergency",
		Add:     []scenario.Site{{Name: "新校", At: orb.Point{114.131700001, 22.5469}, Area: 1200.5, Setting: "indoor", Class: "short_term", Hazards: []string{"typhoon"}}},
		Close:   []string{"BN01"},
		Enlarge: []scenario.Resize{{Shelter: "BN02", Area: 3000}},
		Move:    []scenario.Shift{{Shelter: "BN03", At: orb.Point{114.12, 22.55}}},
		Block:   []scenario.Block{{Line: geojson.NewGeometry(orb.LineString{{114.1, 22.5}, {114.2, 22.5}})}, {Road: 12}}, Adjustment: 7}
}

func TestScenariosAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, book *scenario.Book, stored func() *spatial.Snapshot) {
		made, err := book.Create(t.Context(), ann, "台风前", "先关一处", everything())
		if err != nil {
			t.Fatal(err)
		}
		again, err := scenario.Find(stored(), made.ID)
		if err != nil || !reflect.DeepEqual(again, made) {
			t.Fatalf("stored %+v (%v), made %+v", again, err, made)
		}
		changed, err := book.Replace(t.Context(), ann, made.ID, 1, "台风中", "", scenario.Changes{Close: []string{"BN05"}})
		if err != nil || changed.Revision != 2 || changed.Created != made.Created || !changed.Updated.After(made.Updated) {
			t.Fatalf("replaced by %+v (%v)", changed, err)
		}
		second, err := book.Create(t.Context(), rita, "加一处", "", scenario.Changes{Base: made.ID})
		if err != nil {
			t.Fatal(err)
		}
		if list := scenario.List(stored()); len(list) != 2 || !reflect.DeepEqual(list[0], second) || !reflect.DeepEqual(list[1], changed) {
			t.Errorf("listed %+v", list)
		}
		chain, err := scenario.Chain(stored(), second.ID, second.Changes)
		if err != nil || len(chain) != 2 || !slices.Equal(chain[0].Close, []string{"BN05"}) || chain[1].Base != made.ID {
			t.Errorf("chain %+v (%v)", chain, err)
		}
	})
}

func TestScenariosAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, book *scenario.Book, stored func() *spatial.Snapshot) {
		ctx := t.Context()
		create := func(base int64) int64 {
			made, err := book.Create(ctx, ann, "s", "", scenario.Changes{Base: base})
			if err != nil {
				t.Fatal(err)
			}
			return made.ID
		}
		first := create(0)
		second := create(first)
		third := create(second)
		tests := map[string]struct {
			try  func() error
			want any // pointer to the kind of error, or a rule
		}{
			"a reader keeps none": {func() error { _, err := book.Create(ctx, guest, "s", "", scenario.Changes{}); return err }, "role"},
			"another's is not changed": {func() error {
				_, err := book.Replace(ctx, rita, first, 0, "s", "", scenario.Changes{})
				return err
			}, "scenario_author"},
			"another's is not deleted": {func() error { return book.Delete(ctx, rita, third, 0) }, "scenario_author"},
			"an old revision": {func() error {
				_, err := book.Replace(ctx, ann, first, 5, "s", "", scenario.Changes{})
				return err
			}, new(*scenario.StaleError)},
			"built on": {func() error { return book.Delete(ctx, root, first, 0) }, new(*scenario.UsedError)},
			"on itself": {func() error {
				_, err := book.Replace(ctx, ann, first, 0, "s", "", scenario.Changes{Base: first})
				return err
			}, "scenario_cycle"},
			"in a circle of three": {func() error {
				_, err := book.Replace(ctx, ann, first, 0, "s", "", scenario.Changes{Base: third})
				return err
			}, "scenario_cycle"},
			"on none": {func() error {
				_, err := book.Create(ctx, ann, "s", "", scenario.Changes{Base: 99})
				return err
			}, "scenario_unknown"},
		}
		for name, tt := range tests {
			err := tt.try()
			if rule, ok := tt.want.(string); ok {
				if ruleOf(err) != rule {
					t.Errorf("%s: %v, want the rule %s", name, err, rule)
				}
				continue
			}
			if !errors.As(err, tt.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := scenario.Find(stored(), 99); !errors.Is(err, spatial.ErrNotFound) {
			t.Error(err)
		}
	})
}

func ruleOf(err error) string {
	var invalid *spatial.InvalidError
	var forbidden *adjustment.ForbiddenError
	switch {
	case errors.As(err, &invalid):
		return invalid.Rule
	case errors.As(err, &forbidden):
		return forbidden.Rule
	}
	return ""
}

// TestNumbersAreNotGivenAgain: a link to a scenario never leads to another.
func TestNumbersAreNotGivenAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, book *scenario.Book, stored func() *spatial.Snapshot) {
		first, err := book.Create(t.Context(), ann, "s", "", scenario.Changes{})
		if err != nil {
			t.Fatal(err)
		}
		if err := book.Delete(t.Context(), root, first.ID, first.Revision); err != nil {
			t.Fatal(err)
		}
		if _, err := scenario.Find(stored(), first.ID); !errors.Is(err, spatial.ErrNotFound) || len(scenario.List(stored())) != 0 {
			t.Errorf("it is still there: %v", err)
		}
		second, err := book.Create(t.Context(), ann, "t", "", scenario.Changes{})
		if err != nil || second.ID == first.ID {
			t.Errorf("the number %d was given again (%v)", second.ID, err)
		}
	})
}
