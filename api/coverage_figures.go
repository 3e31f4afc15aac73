package api

import (
	"math"
	"slices"
	"strconv"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

// measure is a number that coverage says of a unit: its name and words, and
// how it is worked out. The same declaration makes the member of an answer,
// the column of a file, the field of the layer and the difference that a
// scenario makes.
type measure struct {
	name, unit string
	title      spatial.Title
	whole      bool                               // no decimals
	methods    []string                           // that have it; nil: all
	area       bool                               // it takes the area per person
	of         func(u *shownUnit) (float64, bool) // ok is false where it does not apply
	meaning    func(*shelterQuestion, string) spatial.Title
}

// shownUnit is a unit with what figures are made from.
type shownUnit struct {
	*shelter.Unit
	level      spatial.LayerID
	name       string
	population int64 // before the share that is to be sheltered is taken
	unreached  int64 // people to shelter who reach no shelter
	side       *side
	allocated  bool
	change     []float64 // of each figure against today; NaN where there is none
}

func always(of func(*shownUnit) float64) func(*shownUnit) (float64, bool) {
	return func(u *shownUnit) (float64, bool) { return of(u), true }
}

func perHead(of func(*shelter.Unit) (geodesic.SquareMeters, bool)) func(*shownUnit) (float64, bool) {
	return func(u *shownUnit) (float64, bool) {
		v, ok := of(u.Unit)
		return float64(v), ok
	}
}

func fixed2(zh, en string) func(*shelterQuestion, string) spatial.Title {
	return func(*shelterQuestion, string) spatial.Title { return spatial.Title{ZH: zh, EN: en} }
}

// measures are all of them in the order in which they are shown.
func measures() []measure {
	people, metres := "persons", "m²"
	return []measure{
		{name: "population", unit: people, title: spatial.Title{ZH: "人口", EN: "population"}, whole: true, of: always(func(u *shownUnit) float64 { return float64(u.population) }),
			meaning: fixed2("所选口径的人口", "people of the population that was chosen")},
		{name: "demand", unit: people, title: spatial.Title{ZH: "避难需求人数", EN: "people to shelter"}, whole: true, of: always(func(u *shownUnit) float64 { return float64(u.People) }),
			meaning: fixed2("人口乘以避难比例", "the share of the population that is to be sheltered")},
		{name: "covered", unit: people, title: spatial.Title{ZH: "覆盖人数", EN: "people covered"}, whole: true, of: always((*shownUnit).covered), meaning: coveredMeaning},
		{name: "uncovered", unit: people, title: spatial.Title{ZH: "未覆盖人数", EN: "people not covered"}, whole: true, of: always(func(u *shownUnit) float64 { return float64(u.People) - u.covered() }),
			meaning: fixed2("需求人数减覆盖人数", "people to shelter less those covered")},
		{name: "covered_share", title: spatial.Title{ZH: "覆盖率", EN: "share covered"}, of: func(u *shownUnit) (float64, bool) {
			return u.covered() / float64(u.People), u.People > 0
		}, meaning: fixed2("覆盖人数除以需求人数，以人计而非以单元计", "people covered of the people to shelter: of people, not of units")},
		{name: "capacity", unit: "", title: spatial.Title{ZH: "可容纳人数", EN: "places"}, whole: true, area: true, of: always(func(u *shownUnit) float64 { return float64(u.Capacity) }),
			meaning: fixed2("位于本单元的合格场所的有效面积除以人均面积，逐处取整", "effective area of the shelters that count and stand in the unit over the area per person, rounded down for each")},
		{name: "shelters", unit: "", title: spatial.Title{ZH: "场所数", EN: "shelters"}, whole: true, of: always(func(u *shownUnit) float64 { return float64(u.Facilities) }),
			meaning: fixed2("位于本单元的合格场所", "shelters that count and stand in the unit")},
		{name: "reached_shelters", unit: "", title: spatial.Title{ZH: "可达场所数", EN: "shelters reached"}, whole: true, of: always(func(u *shownUnit) float64 { return float64(u.Reached) }),
			meaning: fixed2("本单元有人够得到的合格场所", "shelters that count and that somebody of the unit reaches")},
		{name: "area_located", unit: metres, title: spatial.Title{ZH: "所在场所面积", EN: "area located"}, of: always(func(u *shownUnit) float64 { return float64(u.AreaLocated) }),
			meaning: fixed2("位于本单元的合格场所的有效面积", "effective area of the shelters that count and stand in the unit")},
		{name: "area_reachable", unit: metres, title: spatial.Title{ZH: "可达场所面积", EN: "area reachable"}, of: always(func(u *shownUnit) float64 { return float64(u.AreaReachable) }),
			meaning: fixed2("本单元有人够得到的合格场所的全部有效面积，与其他单元重复计算", "whole effective area of the shelters that somebody of the unit reaches; other units count it, too")},
		{name: "per_capita_located", unit: metres, title: spatial.Title{ZH: "人均（所在）", EN: "per person, located"}, of: perHead((*shelter.Unit).PerCapitaLocated),
			meaning: fixed2("所在场所面积除以需求人数", "area located for each of the people to shelter")},
		{name: "per_capita_reachable", unit: metres, title: spatial.Title{ZH: "人均（可达）", EN: "per person, reachable"}, of: perHead((*shelter.Unit).PerCapitaReachable),
			meaning: fixed2("可达场所面积除以需求人数，如同无其他单元使用", "area reachable for each of the people to shelter, as if no other unit used it")},
		{name: "accessibility", unit: metres, title: spatial.Title{ZH: "可达性", EN: "accessibility"}, methods: []string{methodTwoStep, methodGaussian}, of: (*shownUnit).accessibility,
			meaning: func(_ *shelterQuestion, method string) spatial.Title {
				if method == methodGaussian {
					return spatial.Title{ZH: "高斯两步移动搜索法的人均面积，按人数平均", EN: "area per person by Gaussian two-step floating catchment, mean over people"}
				}
				return spatial.Title{ZH: "两步移动搜索法的人均面积，按人数平均", EN: "area per person by two-step floating catchment, mean over people"}
			}},
		{name: "target_area", unit: metres, title: spatial.Title{ZH: "目标面积", EN: "target area"}, area: true, of: always((*shownUnit).target),
			meaning: fixed2("需求人数乘以人均面积", "people to shelter times the area per person")},
		{name: "deficit", unit: metres, title: spatial.Title{ZH: "缺口面积", EN: "deficit"}, area: true, of: always((*shownUnit).lacking), meaning: deficitMeaning},
		{name: "served", unit: people, title: spatial.Title{ZH: "已安置", EN: "served"}, whole: true, methods: []string{methodAllocation}, area: true, of: always(func(u *shownUnit) float64 { return float64(u.Served) }),
			meaning: fixed2("分得位置的人数", "people who are given a place")},
		{name: "unserved", unit: people, title: spatial.Title{ZH: "未安置", EN: "unserved"}, whole: true, methods: []string{methodAllocation}, area: true, of: always(func(u *shownUnit) float64 { return float64(u.Unserved) }),
			meaning: fixed2("没有分得位置的人数", "people who are given none")},
		{name: "unreached", unit: people, title: spatial.Title{ZH: "够不到任何场所", EN: "reach no shelter"}, whole: true, of: always(func(u *shownUnit) float64 { return float64(u.unreached) }),
			meaning: fixed2("服务半径内没有合格场所的人数", "people who have no shelter that counts within reach")},
		{name: "overflow", unit: people, title: spatial.Title{ZH: "场所已满", EN: "shelters full"}, whole: true, methods: []string{methodAllocation}, area: true, of: always(func(u *shownUnit) float64 { return float64(u.Unserved - u.unreached) }),
			meaning: fixed2("够得到场所但没有位置的人数", "people who reach shelters and find no place")},
		{name: "walking", unit: "m", title: spatial.Title{ZH: "平均路程", EN: "mean way"}, methods: []string{methodAllocation}, area: true, of: (*shownUnit).walking,
			meaning: func(q *shelterQuestion, _ string) spatial.Title {
				if q.reach == reachWalking {
					return spatial.Title{ZH: "已安置者沿道路的平均步行距离，按步行速度由时间折算", EN: "mean way of those served along roads, from their time at walking speed"}
				}
				return spatial.Title{ZH: "已安置者的平均直线距离", EN: "mean straight line of those served"}
			}},
	}
}

// shownMeasures are those that a method has.
func shownMeasures(method string) []measure {
	return slices.DeleteFunc(measures(), func(f measure) bool { return f.methods != nil && !slices.Contains(f.methods, method) })
}

func coveredMeaning(_ *shelterQuestion, method string) spatial.Title {
	switch method {
	case methodLocated:
		return spatial.Title{ZH: "所在单元的合格场所按人均面积容得下的需求人数", EN: "people to shelter for whom the shelters standing in their unit have places"}
	case methodAllocation:
		return spatial.Title{ZH: "按容量分得位置的人数", EN: "people who are given a place"}
	}
	return spatial.Title{ZH: "服务半径内至少有一处合格场所的人数，不计容量", EN: "people with at least one shelter that counts within reach, however full"}
}

func deficitMeaning(_ *shelterQuestion, method string) spatial.Title {
	switch method {
	case methodLocated:
		return spatial.Title{ZH: "目标面积减所在场所面积，不小于0", EN: "target area less the area located, at least 0"}
	case methodAllocation:
		return spatial.Title{ZH: "未安置人数乘以人均面积", EN: "people without a place times the area per person"}
	}
	return spatial.Title{ZH: "每人按两步移动搜索法所缺面积之和", EN: "what each person lacks of the area per person by two-step floating catchment, added up"}
}

// covered is how many people count as covered by the method.
func (u *shownUnit) covered() float64 {
	switch {
	case u.allocated:
		return float64(u.Served)
	case u.side.method == methodLocated:
		return float64(min(u.People, u.Capacity))
	}
	return float64(u.Covered)
}

func (u *shownUnit) accessibility() (float64, bool) {
	if u.side.method == methodGaussian {
		v, ok := u.PerCapitaGaussian()
		return float64(v), ok
	}
	v, ok := u.PerCapitaAccess()
	return float64(v), ok
}

func (u *shownUnit) target() float64 { return float64(u.People) * float64(u.side.PerPerson) }

// lacking is the deficit as the method means it.
func (u *shownUnit) lacking() float64 {
	switch u.side.method {
	case methodLocated:
		return float64(u.DeficitLocated)
	case methodAllocation:
		return float64(u.Unserved) * float64(u.side.PerPerson)
	}
	return float64(u.Deficit)
}

// walking is the mean way of those served in metres.
func (u *shownUnit) walking() (float64, bool) {
	if u.Served == 0 {
		return 0, false
	}
	return u.side.meters(u.Walking) / float64(u.Served), true
}

// meters is a cost of the reach in metres: times are walked at the speed of
// people on foot.
func (d *side) meters(cost int64) float64 {
	v := d.Reach.Measure(cost)
	if d.Reach.ByTime() {
		speed, _ := walkingSpeed() // of a profile that the program brings along
		return v * speed / 3.6
	}
	return v
}

// figureOf is a figure of a unit, rounded as it is shown; NaN where it does
// not apply.
func (f *measure) figureOf(u *shownUnit) float64 {
	if f.area && u.side.open() {
		return math.NaN()
	}
	v, ok := f.of(u)
	if !ok {
		return math.NaN()
	}
	if f.whole {
		return v
	}
	return rounded(v, 4)
}

// appendNumber writes a number, null for none.
func appendNumber(dst []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

// appendUnit writes a unit as a JSON object, without code and name if it is
// the total.
func appendUnit(dst []byte, list []measure, u *shownUnit) []byte {
	dst = append(dst, `{"level":`...)
	dst = format.AppendString(dst, levelNames[u.level])
	if u.level != totalLevel {
		dst = format.AppendString(append(dst, `,"code":`...), u.Code)
		dst = format.AppendString(append(dst, `,"name":`...), u.name)
	}
	dst = appendFigures(dst, list, u)
	return append(dst, '}')
}

func appendFigures(dst []byte, list []measure, u *shownUnit) []byte {
	for i := range list {
		dst = append(append(append(dst, `,"`...), list[i].name...), `":`...)
		dst = appendNumber(dst, list[i].figureOf(u))
	}
	dst = append(dst, `,"k_coverage":[`...)
	for k, n := range u.AtLeast {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, n, 10)
	}
	dst = append(dst, ']')
	if u.change != nil {
		dst = appendChange(append(dst, `,"delta":`...), list, u.change)
	}
	return dst
}

// appendChange writes the figures that are different.
func appendChange(dst []byte, list []measure, change []float64) []byte {
	dst = append(dst, '{')
	first := true
	for i := range list {
		if change[i] == 0 || math.IsNaN(change[i]) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, '"'), list[i].name...), `":`...)
		dst = appendNumber(dst, rounded(change[i], 4))
	}
	return append(dst, '}')
}
