package format

import (
	"fmt"
	"regexp"
	"strings"

	"wangge/spatial"
)

// aliases are the usual names of columns, as [bare] leaves them, and the field
// that each becomes in a new layer.
var aliases = map[string]string{
	"名称": "name", "名字": "name", "姓名": "name", "单位名称": "name", "项目名称": "name", "场所名称": "name", "标题": "title",
	"编码": "code", "代码": "code", "编号": "code", "唯一编码": "code", "序号": "number", "房屋编码": "room_code", "楼栋编码": "building_code", "建筑编码": "building_code",
	"区": "district", "所属区": "district", "所在区": "district", "行政区": "district",
	"街道": "street", "所属街道": "street", "所在街道": "street", "街道办": "street", "社区": "community", "所属社区": "community", "所在社区": "community",
	"网格": "grid", "所属网格": "grid", "所在网格": "grid", "网格编码": "grid_code", "网格号": "grid_code", "社区编码": "community_code", "街道编码": "street_code",
	"地址": "address", "详细地址": "address", "位置": "address", "地点": "address", "所在位置": "address",
	"经度": "lon", "纬度": "lat", "x": "x", "y": "y",
	"面积": "area", "有效面积": "effective_area", "建筑面积": "floor_area", "占地面积": "site_area", "长度": "length", "宽度": "width", "高度": "height", "深度": "depth",
	"人口": "residents", "常住人口": "residents", "实有人口": "residents", "居住人数": "residents", "人数": "persons", "容纳人数": "capacity", "容量": "capacity",
	"户籍人口": "residents_shenzhen", "法人": "legal_persons", "房屋": "rooms", "间套数": "rooms", "房间数": "rooms", "户数": "households", "楼层": "storeys", "层数": "storeys",
	"类型": "kind", "类别": "kind", "种类": "kind", "用途": "purpose", "等级": "level", "级别": "level", "风险等级": "level", "状态": "status", "数量": "quantity",
	"备注": "note", "说明": "note", "描述": "description", "电话": "phone", "联系电话": "phone", "手机": "phone", "手机号": "phone", "联系方式": "phone",
	"负责人": "manager", "责任人": "manager", "联系人": "contact", "网格员": "grid_worker", "来源": "source",
	"日期": "date", "时间": "time", "发现日期": "found", "发现时间": "found", "开始日期": "since", "更新时间": "updated", "更新日期": "updated", "建成年份": "built", "年份": "year", "造价": "cost", "投资": "investment", "投资额": "investment", "金额": "amount",
	"@id": "source_id", "id": "source_id", "fid": "source_id", "objectid": "source_id",
}

// codeNames are columns whose values are names though they look like numbers.
var codeNames = regexp.MustCompile(`(?i)(编码|代码|编号|号码|电话|手机|身份证|信用代码|邮编|网格号|联系方式)|(^|[a-z_])(code|phone|zip|geoid)[0-9]*$`)

// isCodeColumn says whether a column's values must stay text.
func isCodeColumn(name string) bool {
	return codeNames.MatchString(nameSigns.ReplaceAllString(name, ""))
}

// notInName are runs of what a field's name cannot hold.
var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// newName is the field that a column of a new layer becomes: by the user's
// word, by the usual names, or the nearest valid name; a column in another
// script gets its number.
func newName(column string, number int, renamed map[string]string) string {
	if name, ok := renamed[column]; ok {
		return name
	}
	parts := strings.Split(column, "/") // of joined headers
	names := make([]string, len(parts))
	for i, part := range parts {
		if names[i] = aliases[bare(part)]; names[i] == "" && !isLatin(part) {
			return fmt.Sprintf("field_%d", number)
		}
		if names[i] == "" {
			names[i] = strings.Trim(notInName.ReplaceAllString(strings.ToLower(part), "_"), "_")
		}
	}
	name := strings.Trim(strings.Join(names, "_"), "_")
	switch {
	case name == "":
		return fmt.Sprintf("field_%d", number)
	case name[0] >= '0' && name[0] <= '9':
		name = "field_" + name
	}
	return name[:min(len(name), 40)]
}

func isLatin(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f })
}

// free adds the first number that makes a name the only one.
func free(name string, taken map[string]bool) string {
	if !taken[name] {
		return name
	}
	for n := 2; ; n++ {
		if numbered := fmt.Sprintf("%s_%d", name, n); !taken[numbered] {
			return numbered
		}
	}
}

func titleOf(column string) spatial.Title {
	if isLatin(column) {
		return spatial.Title{ZH: column, EN: column}
	}
	return spatial.Title{ZH: column}
}

// fieldOf finds the field of an existing layer that a column means, -1 if
// none: by the user's word, the field's name, its titles, the usual names, or
// as the beginning of a name that a .dbf cut off at ten bytes.
func fieldOf(s *spatial.Schema, column string, renamed map[string]string) (field int, how string) {
	if name, ok := renamed[column]; ok {
		return s.FieldIndex(name), "--field"
	}
	plain := bare(column)
	if plain == "" {
		return -1, ""
	}
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Name == column || bare(f.Name) == plain {
			return i, "name"
		}
	}
	for i := range s.Fields {
		if f := &s.Fields[i]; bare(f.Title.ZH) == plain || bare(f.Title.EN) == plain {
			return i, "title"
		}
	}
	if i := s.FieldIndex(aliases[plain]); i >= 0 {
		return i, "usual name"
	}
	return cutName(s, column)
}

func cutName(s *spatial.Schema, column string) (field int, how string) {
	field = -1
	if len(column) < 8 || len(column) > 10 {
		return field, ""
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		if strings.HasPrefix(f.Name, strings.ToLower(column)) || strings.HasPrefix(f.Title.ZH, column) {
			if field >= 0 {
				return -1, ""
			}
			field = i
		}
	}
	return field, "beginning of the name"
}
