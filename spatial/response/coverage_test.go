package response

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wangge/spatial"
	"wangge/spatial/road"
)

// TestBeyondIsCountedPlaceByPlace compares with asking for every place.
func TestBeyondIsCountedPlaceByPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 9))
	for range 40 {
		d := someDistrict(t, random, 4, 1+random.IntN(4), 40)
		v := d.service(t, someEdges(random, d.network)...)
		places := placesOf(t, d.Snapshot, "risk_points")
		limit := road.Millis(150_000 + random.IntN(120_000))
		r := v.Rank(places, 1, nil)
		got := r.Beyond(limit, "residents", "level")
		want := Beyond{Limit: limit}
		units := map[string]*UnitBeyond{}
		for i := range places.Len() {
			answer, f := v.Nearest(places.Point(i), 1, nil), places.Feature(i)
			c := counted{f.Attribute("residents").Int(), f.Attribute("level").String(), true}
			code := f.Attribute("grid").Text()[:9]
			if units[code] == nil {
				units[code] = &UnitBeyond{Code: code}
			}
			want.Whole.add(c)
			units[code].Whole.add(c)
			switch {
			case len(answer.Arrivals) == 0:
				want.Unreached++
				units[code].Unreached++
			case answer.Arrivals[0].Time <= limit:
				units[code].Worst = max(units[code].Worst, answer.Arrivals[0].Time)
				continue
			default:
				units[code].Worst = max(units[code].Worst, answer.Arrivals[0].Time)
			}
			want.Over.add(c)
			units[code].Over.add(c)
			want.Places = append(want.Places, i)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v\nwant\n%+v", got, want)
		}
		streets, err := r.BeyondByUnit(limit, "street", "residents", "level")
		if err != nil || len(streets) != len(units) {
			t.Fatal(streets, err)
		}
		for _, u := range streets {
			if !reflect.DeepEqual(u, *units[u.Code]) {
				t.Fatalf("%+v\nwant\n%+v", u, *units[u.Code])
			}
		}
		checkLevels(t, r, limit, got)
	}
}

// checkLevels: units of every level add up to the whole.
func checkLevels(t *testing.T, r *Ranking, limit road.Millis, whole Beyond) {
	for level, most := range map[string]int{"district": 1, "street": 2, "community": 4, "grid": 8} {
		units, err := r.BeyondByUnit(limit, level, "residents", "level")
		if err != nil || len(units) > most {
			t.Fatal(level, len(units), err)
		}
		features, sum := 0, int64(0)
		for _, u := range units {
			features, sum = features+u.Over.Features, sum+u.Over.Sum
		}
		if features != whole.Over.Features || sum != whole.Over.Sum {
			t.Fatalf("%s: %d places with %d, want %+v", level, features, sum, whole.Over)
		}
	}
	if _, err := r.BeyondByUnit(limit, "planet", "", ""); err == nil || !strings.Contains(err.Error(), "level_unknown") {
		t.Errorf("planet: %v", err)
	}
}

// TestAwayIsARankingWithout compares with a ranking of all the others.
func TestAwayIsARankingWithout(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 10))
	for range 40 {
		d := someDistrict(t, random, 4, 1+random.IntN(5), 30)
		v := d.service(t, someEdges(random, d.network)...)
		places := placesOf(t, d.Snapshot, "risk_points")
		with := v.Rank(places, 1, nil)
		for gone := range v.Responders() {
			id := v.Responders()[gone].Feature.ID()
			without := v.Rank(places, 1, func(f spatial.Feature) bool { return f.ID() != id })
			loss := with.Away(gone, "residents")
			want := Loss{}
			by := map[int]int{}
			var total int64
			for i := range places.Len() {
				first, was := with.First(i)
				if first != gone {
					continue
				}
				want.Places++
				want.Sum += places.Feature(i).Attribute("residents").Int()
				next, is := without.First(i)
				if next < 0 {
					want.Unreached++
					continue
				}
				by[next]++
				total += int64(is - was)
				want.Most = max(want.Most, is-was)
			}
			if reached := want.Places - want.Unreached; reached > 0 {
				want.Mean = road.Millis(total / int64(reached))
			}
			takers := map[int]int{}
			for _, taker := range loss.Takers {
				takers[taker.Responder] = taker.Places
			}
			want.Takers = loss.Takers
			if !reflect.DeepEqual(loss, want) || !reflect.DeepEqual(takers, by) {
				t.Fatalf("%+v, takers %v\nwant\n%+v, takers %v", loss, takers, want, by)
			}
		}
	}
}

// TestOneMoreTriesEveryCandidate compares with the times of all starts together,
// candidate by candidate.
func TestOneMoreTriesEveryCandidate(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 11))
	for range 40 {
		d := someDistrict(t, random, 4, 1+random.IntN(4), 25)
		v := d.service(t, someEdges(random, d.network)...)
		places := placesOf(t, d.Snapshot, "risk_points")
		o := MoreOptions{Objective: []Objective{FewestBeyond, LeastTime}[random.IntN(2)], Limit: road.Millis(180_000 + random.IntN(90_000)), Turnout: 60_000, Keep: available}
		if random.IntN(2) == 0 {
			o.Weight = "residents"
		}
		if random.IntN(2) == 0 {
			o.Candidates = placesOf(t, d.Snapshot, "response_points")
		}
		got, err := v.OneMore(places, o)
		if err != nil {
			t.Fatal(err)
		}
		starts, points := v.candidates(o)
		var all []Site
		for i, start := range starts {
			all = append(all, Site{i, points[i], start.Position, benefitOf(v, places, o, &start)})
		}
		slices.SortStableFunc(all, func(a, b Site) int { return o.Objective.compare(a.With, b.With) })
		if before := benefitOf(v, places, o, nil); got.Before != before {
			t.Fatalf("before: %+v, want %+v", got.Before, before)
		}
		if want := all[:min(len(all), maxSites)]; fmt.Sprint(got.Sites) != fmt.Sprint(want) || got.Candidates != len(all) {
			t.Fatalf("%+v:\n%+v\nwant\n%+v", o, got.Sites, want)
		}
	}
}

// benefitOf reckons with one more start, place by place.
func benefitOf(v *Service, places *Places, o MoreOptions, more *road.Start) (b Benefit) {
	var starts []road.Start
	for _, i := range v.kept(o.Keep) {
		starts = append(starts, v.starts[i])
	}
	if more != nil {
		starts = append(starts, *more)
	}
	times := v.graph.From(starts)
	for i := range places.Len() {
		weight := int64(1)
		if o.Weight != "" {
			weight = places.Feature(i).Attribute(o.Weight).Int()
		}
		reached := road.Unreachable
		for _, at := range places.of(i) {
			if t, _, ok := times.At(at); ok && v.Graph().Usable(at.Edge) {
				reached = min(reached, t+v.walk(at))
			}
		}
		time, ok := v.whole(reached), reached < road.Unreachable
		switch {
		case !ok:
			b.Unreached += weight
			b.Beyond += weight
			continue
		case time > o.Limit:
			b.Beyond += weight
		}
		b.Time += weight * int64(time)
	}
	return b
}

func TestOneMoreRefuses(t *testing.T) {
	d := someDistrict(t, rand.New(rand.NewPCG(1, 1)), 3, 2, 5)
	v, places := d.service(t), placesOf(t, d.Snapshot, "risk_points")
	for want, o := range map[string]MoreOptions{
		"objective_unknown": {Objective: "beauty"},
		"parameter_turnout": {Objective: LeastTime, Turnout: -1},
		"weight":            {Objective: LeastTime, Weight: "level"},
	} {
		if _, err := v.OneMore(places, o); err == nil || !strings.Contains(err.Error(), "("+want+")") {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
}

// TestReferenceOneMore: on the reference dataset a station more, at a shelter,
// brings people within five minutes, and none of the candidates shown is better
// than the first. BenchmarkOneMore takes every junction.
func TestReferenceOneMore(t *testing.T) {
	s, v := luohuService(t)
	buildings := placesOf(t, s, "buildings")
	more, err := v.OneMore(buildings, MoreOptions{Objective: FewestBeyond, Limit: 300_000, Weight: "residents", Turnout: 90_000, Candidates: placesOf(t, s, "shelters")})
	if err != nil {
		t.Fatal(err)
	}
	best, second := more.Sites[0], more.Sites[1]
	t.Logf("of %d people %d are beyond 5 minutes; with one more station at %v %d, the runner-up %d (%d candidates)", more.Weight, more.Before.Beyond, best.At, best.With.Beyond, second.With.Beyond, more.Candidates)
	if more.Weight != 1_191_907 || best.With.Beyond >= more.Before.Beyond || !slices.IsSortedFunc(more.Sites, func(a, b Site) int { return cmp.Compare(a.With.Beyond, b.With.Beyond) }) {
		t.Errorf("%+v", more)
	}
}

func BenchmarkOneMore(b *testing.B) {
	s, v := luohuService(b)
	buildings := placesOf(b, s, "buildings")
	for b.Loop() {
		if _, err := v.OneMore(buildings, MoreOptions{Objective: FewestBeyond, Limit: 300_000, Weight: "residents", Turnout: 90_000}); err != nil {
			b.Fatal(err)
		}
	}
}
