package response

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"wangge/spatial"
	"wangge/spatial/road"
)

// Beyond is what nobody reaches within a time.
type Beyond struct {
	Limit     road.Millis
	Places    []int // those beyond, by index, in order
	Unreached int   // of them, those that nobody reaches at all
	Whole     Tally // all places
	Over      Tally // those beyond
}

// Beyond tells which places nobody reaches within a time from the call. The field
// sum of the places is added up, and by the values of the field by they are
// counted.
func (r *Ranking) Beyond(limit road.Millis, sum, by string) Beyond {
	b := Beyond{Limit: limit}
	count := r.places.counter(sum, by)
	for i := range r.places.Len() {
		c := count(i)
		b.Whole.add(c)
		_, time := r.First(i)
		if time <= limit {
			continue
		}
		b.Over.add(c)
		b.Places = append(b.Places, i)
		if time == road.Unreachable {
			b.Unreached++
		}
	}
	return b
}

// UnitBeyond is what nobody reaches within a time in one unit.
type UnitBeyond struct {
	Code      string // "" for places without one
	Whole     Tally
	Over      Tally
	Unreached int         // places that nobody reaches at all
	Worst     road.Millis // of the places that are reached; 0 if there are none
}

// unitDigits are how many digits of a grid's code name the units around it.
var unitDigits = map[string]int{"grid": 14, "community": 12, "street": 9, "district": 6}

// BeyondByUnit is [Ranking.Beyond] for each unit of a level (grid, community,
// street, district), in the order of codes. A place is in the grid that its field
// grid names; the codes of the units around a grid begin its own. The error is
// [spatial.InvalidError] for another level, or places without the field.
func (r *Ranking) BeyondByUnit(limit road.Millis, level, sum, by string) ([]UnitBeyond, error) {
	digits, ok := unitDigits[level]
	if !ok {
		return nil, &spatial.InvalidError{Rule: "level_unknown", Where: "level", Detail: fmt.Sprintf("there is no level %q", level), Fix: "use grid, community, street or district"}
	}
	grid := -1
	if len(r.places.features) > 0 {
		if grid = r.places.features[0].Layer().Schema().FieldIndex("grid"); grid < 0 {
			return nil, &spatial.InvalidError{Rule: "places_grid", Where: string(r.places.features[0].Layer().ID()), Detail: "the places have no field grid that tells their units"}
		}
	}
	units := map[string]*UnitBeyond{}
	count := r.places.counter(sum, by)
	for i := range len(r.places.features) {
		code := r.places.features[i].Value(grid).Text()
		code = code[:min(digits, len(code))]
		u := units[code]
		if u == nil {
			u = &UnitBeyond{Code: code}
			units[code] = u
		}
		u.add(r, i, limit, count(i))
	}
	var all []UnitBeyond
	for _, code := range slices.Sorted(maps.Keys(units)) {
		all = append(all, *units[code])
	}
	return all, nil
}

func (u *UnitBeyond) add(r *Ranking, i int, limit road.Millis, c counted) {
	u.Whole.add(c)
	_, time := r.First(i)
	if time > limit {
		u.Over.add(c)
	}
	if time == road.Unreachable {
		u.Unreached++
		return
	}
	u.Worst = max(u.Worst, time)
}

// Loss is what happens to those a responder reaches first if it is busy or gone.
type Loss struct {
	Places    int
	Sum       int64
	Takers    []Taker     // who reaches them first then, those with most places first
	Unreached int         // places that nobody reaches then
	Mean      road.Millis // how much longer it takes, of the places that are reached
	Most      road.Millis
}

// Taker is who takes over, and how much longer it takes.
type Taker struct {
	Responder int
	Places    int
	Sum       int64
	Mean      road.Millis
	Most      road.Millis
}

// Away tells what happens if one responder is busy or gone: who reaches the
// places that it reached first. The field sum of the places is added up.
func (r *Ranking) Away(responder int, sum string) Loss {
	var loss Loss
	takers := map[int]*delay{}
	var all delay
	count := r.places.counter(sum, "")
	for i := range r.places.Len() {
		first, time := r.First(i)
		if first != responder {
			continue
		}
		c := count(i)
		loss.Places++
		loss.Sum += c.sum
		next, later := r.ranked(i, 1)
		if next < 0 {
			loss.Unreached++
			continue
		}
		if takers[next] == nil {
			takers[next] = &delay{}
		}
		takers[next].add(c.sum, later-time)
		all.add(c.sum, later-time)
	}
	for _, who := range slices.Sorted(maps.Keys(takers)) {
		d := takers[who]
		loss.Takers = append(loss.Takers, Taker{who, d.places, d.sum, d.mean(), d.most})
	}
	slices.SortStableFunc(loss.Takers, func(a, b Taker) int { return cmp.Compare(b.Places, a.Places) })
	loss.Mean, loss.Most = all.mean(), all.most
	return loss
}

// delay adds up how much longer it takes.
type delay struct {
	places int
	sum    int64
	total  int64
	most   road.Millis
}

func (d *delay) add(sum int64, longer road.Millis) {
	d.places++
	d.sum += sum
	d.total += int64(longer)
	d.most = max(d.most, longer)
}

func (d *delay) mean() road.Millis {
	if d.places == 0 {
		return 0
	}
	return road.Millis(d.total / int64(d.places))
}
