package closure

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wangge/spatial"
)

func at(minute int) time.Time {
	return time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

// TestScheduleIsTheClosuresInForce compares the schedule with a look at each
// closure, at all moments at which something may begin or end and between.
func TestScheduleIsTheClosuresInForce(t *testing.T) {
	some := rapid.Custom(func(t *rapid.T) Closure {
		var c Closure
		if rapid.Bool().Draw(t, "begins") {
			c.Since = at(rapid.IntRange(0, 9).Draw(t, "since"))
		}
		if rapid.Bool().Draw(t, "ends") {
			c.Until = at(rapid.IntRange(0, 9).Draw(t, "until"))
		}
		return c
	})
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(some, 0, 8).Draw(rt, "closures")
		for i := range all {
			all[i].ID = int64(i + 1)
		}
		plan := Plan(all)
		for minute := -1; minute <= 10; minute++ {
			for _, moment := range []time.Time{at(minute), at(minute).Add(-time.Microsecond), at(minute).Add(30 * time.Second)} {
				var want []int64
				for _, c := range all {
					if c.In(moment) {
						want = append(want, c.ID)
					}
				}
				set := plan.At(moment)
				var got []int64
				for _, c := range set.Closures {
					got = append(got, c.ID)
				}
				if !slices.Equal(got, want) {
					rt.Fatalf("at %v: %v, want %v of %+v", moment, got, want, all)
				}
				if !set.Next.IsZero() && (!set.Next.After(moment) || plan.At(set.Next.Add(-time.Microsecond)) != set || plan.At(set.Next) == set) {
					rt.Fatalf("at %v the next change is at %v", moment, set.Next)
				}
				if set.Next.IsZero() && plan.At(moment.AddDate(100, 0, 0)) != set {
					rt.Fatalf("at %v: another set follows", moment)
				}
			}
		}
	})
}

func TestPeriods(t *testing.T) {
	for name, test := range map[string]struct {
		closure Closure
		at      time.Time
		want    bool
	}{
		"without period":              {Closure{}, at(0), true},
		"from its first moment":       {Closure{Since: at(5)}, at(5), true},
		"not before":                  {Closure{Since: at(5)}, at(5).Add(-time.Microsecond), false},
		"not at its end":              {Closure{Until: at(5)}, at(5), false},
		"until just before":           {Closure{Until: at(5)}, at(5).Add(-time.Microsecond), true},
		"never, as its end is first":  {Closure{Since: at(5), Until: at(4)}, at(4), false},
		"never, as it lasts no time":  {Closure{Since: at(5), Until: at(5)}, at(5), false},
		"years ago, with an open end": {Closure{Since: at(0).AddDate(-9, 0, 0)}, at(0), true},
	} {
		if got := test.closure.In(test.at); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRowsAreReadAsTheyAreWritten(t *testing.T) {
	want := []Closure{
		{ID: 1, Name: "沿河北路积水", Reason: "内涝", Since: at(0), Until: at(60), Traffic: Driving, Roads: []string{"沿河北路", "凤凰路"}, Geometry: orb.LineString{{114.1, 22.5}, {114.2, 22.5}}},
		{ID: 2},
	}
	layer, err := spatial.NewLayer(Schema(), 1, func(yield func(spatial.Row, error) bool) {
		for _, c := range want {
			if err := Schema().ValidateRow(c.Row()); err != nil {
				t.Fatal(err)
			}
			yield(c.Row(), nil)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%+v", Read(layer)); got != fmt.Sprintf("%+v", want) {
		t.Errorf("got %s\nwant %+v", got, want)
	}
}

func TestNames(t *testing.T) {
	for list, want := range map[string][]string{
		"":     nil,
		" 、,":  nil,
		"沿河北路": {"沿河北路"},
		"沿河北路、凤凰路,沿河北路， 东门路 ": {"沿河北路", "凤凰路", "东门路"},
	} {
		if got := Names(list); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}

// TestWithoutLayer: a store without closures has none.
func TestWithoutLayer(t *testing.T) {
	if set := Scheduled(spatial.New(1)).At(at(0)); len(set.Closures) != 0 || set.Name() != "" || !set.Next.IsZero() {
		t.Errorf("%+v", set)
	}
}

func TestConcerns(t *testing.T) {
	for _, test := range []struct {
		traffic, profile string
		want             bool
	}{{"", Walking, true}, {All, Driving, true}, {Driving, Driving, true}, {Driving, Walking, false}, {Walking, Driving, false}} {
		if got := (Closure{Traffic: test.traffic}).Concerns(test.profile); got != test.want {
			t.Errorf("%q to %s: %v", test.traffic, test.profile, got)
		}
	}
}
