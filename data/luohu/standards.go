package luohu

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"

	"wangge/spatial"
)

//go:embed plan/standards.csv
var standardSource []byte

// asOfStandards is when the rule sets were collected.
const asOfStandards = "2024-12-30"

func standardSchema() *spatial.Schema {
	zero := 0.0
	positive := func(f spatial.Field) spatial.Field { f.Min = &zero; return f }
	classes := []spatial.Label{label("emergency", "紧急", "emergency"), label("short_term", "短期固定", "short-term fixed"),
		label("medium_term", "中期固定", "medium-term fixed"), label("long_term", "长期固定", "long-term fixed")}
	setting := func(name, zh, en string) spatial.Field {
		return choice(name, zh, en, label("outdoor", "室外", "outdoor"), label("indoor", "室内", "indoor"), label("any", "室内外均可", "either"))
	}
	return &spatial.Schema{ID: "shelter_standards", Title: title("避难场所规则", "rule sets for shelters"), Group: "response", Geometry: spatial.NoGeometry,
		Code: "code", Label: "name", AsOf: asOfStandards, Source: "public standards and plans, as each row says",
		Note: title("各行注明依据、条款与可信程度；空值表示数值未取得，不作推测", "each row names its document, clause and certainty; what is empty was not at hand and is not guessed"),
		Fields: []spatial.Field{codeField(0, ""), required(text("rule_set", "规则集", "rule set")), required(text("name", "名称", "name")), text("name_en", "英文名", "English name"),
			choice("class", "类别", "class", classes...), text("classes", "计入的场所类别", "classes of shelters that count, with commas between; empty for all"),
			in("m²", positive(number("area_per_person", "人均有效面积", "area per person"))), in("m", positive(number("radius", "服务半径", "service radius"))),
			in("min", positive(number("walking_minutes", "步行时间", "walking time"))), positive(number("share", "避难人口比例", "share of the people to shelter")),
			setting("earthquake", "地震", "earthquake"), setting("typhoon", "台风", "typhoon"), setting("rainstorm", "暴雨", "rainstorm"),
			setting("geological", "地质灾害", "geological hazard"), setting("stranded", "滞留人员", "stranded travellers"),
			text("exclude", "排除条件", "where shelters do not count: layer:metres, with semicolons between"),
			required(text("document", "依据文件", "document")), text("clause", "条款", "clause"), text("dated", "日期或年份", "date or year"),
			required(choice("certainty", "可信程度", "certainty", coloured("published", "公开文件", "published", "#3a8f5c"), coloured("textbook", "教科书数值，未核对", "textbook value, not checked", "#f28e2b"),
				coloured("open", "数值未取得", "numbers not at hand", "#8a8a8a"))),
			text("note", "说明", "note"), text("note_en", "英文说明", "note in English")}}
}

// Standards are the rule sets for shelters as the reference dataset has them,
// for stores that were made before there were any.
func Standards() (*spatial.Schema, []spatial.Row, error) {
	schema := standardSchema()
	schema.Licence = licence
	rows, err := standardRows(schema)
	return schema, rows, err
}

// standardRows reads the columns by the fields that their names say.
func standardRows(schema *spatial.Schema) ([]spatial.Row, error) {
	lines, err := csv.NewReader(bytes.NewReader(standardSource)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read standards: %w", err)
	}
	var out []spatial.Row
	for k, line := range lines[1:] {
		values := make([]spatial.Value, len(schema.Fields))
		for i, name := range lines[0] {
			field := schema.FieldIndex(name)
			if field < 0 {
				return nil, fmt.Errorf("standards: no field is named %s", name)
			}
			if line[i] == "" {
				continue
			}
			if values[field], err = spatial.ParseValue(schema.Fields[field].Type, line[i]); err != nil {
				return nil, fmt.Errorf("standards, %s of %s: %w", name, line[0], err)
			}
		}
		out = append(out, row(k+1, nil, values...))
	}
	return out, nil
}
