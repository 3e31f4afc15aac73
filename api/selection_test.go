package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wangge/spatial"
	"wangge/spatial/filter"
)

// costly is a filter over more features than its cost allows.
func costly(t *testing.T) *selection {
	t.Helper()
	schema := &spatial.Schema{ID: "many", AsOf: "2024-01-01", Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}}}
	rows := make([]spatial.Row, 9000)
	for i := range rows {
		rows[i] = spatial.Row{ID: int64(i + 1), Values: []spatial.Value{text("a")}}
	}
	e, err := filter.Parse("name LIKE '" + strings.Repeat("x", 60_000) + "'")
	if err != nil {
		t.Fatal(err)
	}
	where, err := filter.New(e, schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &selection{layer: layer(t, schema, rows...), where: where}
}

func TestCostlyFilterIsRefused(t *testing.T) {
	_, err := costly(t).page(t.Context(), nil, 10)
	if told := problemOf(err); told.Rule != "filter_cost" || told.Status != 400 || !strings.Contains(told.Detail, "many has 9000") {
		t.Errorf("%v", err)
	}
}

func TestSelectionEndsWithItsClient(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := costly(t).page(gone, nil, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestLeadingAgreesWithSorting compares the heap with sorting everything.
func TestLeadingAgreesWithSorting(t *testing.T) {
	risks, err := district(t).Layer("risk_points")
	if err != nil {
		t.Fatal(err)
	}
	features := slices.Collect(risks.All())
	rapid.Check(t, func(t *rapid.T) {
		s := &selection{layer: risks, sort: []sortKey{{rapid.IntRange(0, 4).Draw(t, "field"), rapid.Bool().Draw(t, "down")}, {3, rapid.Bool().Draw(t, "down")}}}
		some := rapid.SliceOfN(rapid.SampledFrom(features), 0, 60).Draw(t, "features")
		first := leading{before: s.before, limit: rapid.IntRange(1, 20).Draw(t, "limit")}
		for _, f := range some {
			first.add(f)
		}
		got, more := first.sorted()
		slices.SortFunc(some, func(a, b spatial.Feature) int {
			if s.before(a, b) {
				return -1
			}
			return boolInt(s.before(b, a))
		})
		if want := some[:min(len(some), first.limit)]; !slices.Equal(got, want) || more != (len(some) > first.limit) {
			t.Fatalf("got %v (%v), want %v", got, more, want)
		}
	})
}
