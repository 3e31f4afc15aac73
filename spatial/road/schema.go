package road

import "wangge/spatial"

// The classes of roads that profiles know, the fastest first.
const (
	Expressway = "expressway"
	Arterial   = "arterial"
	Secondary  = "secondary"
	Local      = "local"
	Lane       = "lane"
	Hill       = "hill"
	Footway    = "footway"
)

// Who may use a road, if not everyone.
const (
	Nobody   = "no"
	Private  = "private"
	OnFoot   = "foot"     // no vehicles
	Vehicles = "vehicles" // nobody on foot
)

func title(zh, en string) spatial.Title { return spatial.Title{ZH: zh, EN: en} }

func word(value, zh, en string) spatial.Label {
	return spatial.Label{Value: value, Title: title(zh, en)}
}

// Schema describes a layer of roads from which [New] makes a network. Source, date
// and notes are the owner's.
func Schema() *spatial.Schema {
	zero := 0.0
	return &spatial.Schema{ID: roadLayer, Title: title("道路", "roads"), Group: "base", Geometry: spatial.Lines, Label: "name",
		Fields: []spatial.Field{
			{Name: "name", Type: spatial.TypeText, Title: title("名称", "name")},
			{Name: "name_en", Type: spatial.TypeText, Title: title("英文名", "English name")},
			{Name: "class", Type: spatial.TypeText, Required: true, Title: title("等级", "class"), Values: []spatial.Label{
				word(Expressway, "快速路", "expressway"), word(Arterial, "主干路", "arterial road"), word(Secondary, "次干路", "secondary road"),
				word(Local, "支路", "local street"), word(Lane, "内部道路", "lane"), word(Hill, "山路", "hill road"), word(Footway, "步行道", "footway")}},
			{Name: "oneway", Type: spatial.TypeBool, Required: true, Title: title("单行", "one-way")},
			{Name: "speed", Type: spatial.TypeInt, Min: &zero, Unit: "km/h", Title: title("设计车速", "speed")},
			{Name: "bridge", Type: spatial.TypeBool, Required: true, Title: title("桥梁", "bridge")},
			{Name: "closed", Type: spatial.TypeBool, Required: true, Title: title("封闭", "closed")},
			{Name: "length", Type: spatial.TypeFloat, Required: true, Unit: "m", Title: title("长度", "length")},
			{Name: "tunnel", Type: spatial.TypeBool, Title: title("隧道", "tunnel")},
			{Name: "layer", Type: spatial.TypeInt, Detail: true, Title: title("层（桥为正，隧道为负）", "level above or below the ground")},
			{Name: "access", Type: spatial.TypeText, Title: title("通行限制", "access"), Values: []spatial.Label{
				word(Nobody, "禁止通行", "nobody"), word(Private, "内部专用", "private"), word(OnFoot, "仅限步行", "on foot only"), word(Vehicles, "仅限车辆", "vehicles only")}},
			{Name: "way", Type: spatial.TypeInt, Detail: true, Title: title("OSM 路径编号", "way in OpenStreetMap")},
		}}
}

// TurnSchema describes a layer of turn restrictions; see [Turn].
func TurnSchema() *spatial.Schema {
	degrees := func(name, zh, en string) spatial.Field {
		return spatial.Field{Name: name, Type: spatial.TypeFloat, Required: true, Unit: "°", Title: title(zh, en)}
	}
	return &spatial.Schema{ID: turnLayer, Title: title("转弯限制", "turn restrictions"), Group: "base", Geometry: spatial.Points,
		Description: title("在此点：来自 from 一侧的车辆不得（或只准）驶往 to 一侧", "At this point those who come from the one side may not, or may only, go to the other"),
		Fields: []spatial.Field{
			{Name: "kind", Type: spatial.TypeText, Required: true, Title: title("类型", "kind"), Values: []spatial.Label{word("no", "禁止", "not allowed"), word("only", "只准", "the only one allowed")}},
			degrees("from_lon", "来向经度", "longitude before"), degrees("from_lat", "来向纬度", "latitude before"),
			degrees("to_lon", "去向经度", "longitude after"), degrees("to_lat", "去向纬度", "latitude after"),
			{Name: "relation", Type: spatial.TypeInt, Detail: true, Title: title("OSM 关系编号", "relation in OpenStreetMap")},
		}}
}
