package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the style
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

var sheetTemplate = template.Must(template.New("sheet.html").Funcs(template.FuncMap{"inc": func(i int) int { return i + 1 }}).ParseFS(pages, "pages/sheet.html"))

// sheetStyle is how sheets look. It stands in them, so that one that is kept
// as a file is whole.
//
//go:embed pages/sheet.css
var sheetStyle string

// sheetPolicy lets a sheet have that style and nothing else.
var sheetPolicy = strings.Replace(pagePolicy, "'self'", styleHash(sheetStyle), 1)

// styleHash allows a style by what it is (Content Security Policy 3, 2.3.1).
func styleHash(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// What a sheet prints at most; files have all of it.
const (
	sheetMoved = 300
	sheetUnits = 3 // beside each other in one table
)

// sheetPage is an adjustment as it is printed.
type sheetPage struct {
	Title     string
	Style     template.CSS
	Synthetic bool
	Refused   bool
	About     []pagePair
	Reason    string
	Before    *sheetMap
	After     *sheetMap
	Effects   []effectTable
	Moved     []recoded
	MoreMoved int
	Others    []pagePair // what moves and has no code, by layer
	Rooms     string
	Checks    []printedCheck
	Audit     []printedLine
	Foot      string
}

// effectTable compares some areas of one level.
type effectTable struct {
	Level string
	Areas []called
	Rows  []effectRow
}

type effectRow struct {
	Name  string
	Cells []effectCell // one for each area
}

// effectCell is a figure before and after; Changed says whether they differ.
type effectCell struct {
	Before, After, Delta string
	Changed              bool
}

type printedCheck struct {
	Refusal                  bool
	Rule, Detail, Where, Fix string
	At                       string
}

type printedLine struct{ At, Actor, Action, From, To, Note string }

// sheet answers with an adjustment to be printed.
func (s *Server) sheet(w http.ResponseWriter, r *request) error {
	a, err := s.found(r)
	if err != nil {
		return err
	}
	on, plan, err := s.planOf(r, a)
	if err != nil {
		return err
	}
	told, err := r.preview(on, a.Layer, plan, frame{})
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := sheetTemplate.Execute(&body, s.sheetPage(r, a, on, plan, told)); err != nil {
		return fmt.Errorf("sheet of adjustment %d: %w", a.ID, err)
	}
	h := w.Header()
	told.head(h)
	h.Set("Content-Type", mediaHTML+"; charset=utf-8")
	h.Set("Content-Security-Policy", sheetPolicy)
	_, err = w.Write(body.Bytes())
	return err
}

func (s *Server) sheetPage(r *request, a adjustment.Adjustment, on *spatial.Snapshot, plan *adjustment.Plan, told *preview) sheetPage {
	p := sheetPage{Title: a.Title, Style: template.CSS(sheetStyle), Synthetic: told.Synthetic, Refused: told.Refused, Reason: a.Reason,
		About: r.sheetHead(a, told), Effects: effectTables(on, told.Effects), Checks: printedChecks(told.Checks), Rooms: roomsNote}
	p.Before, p.After = sheetMaps(on, a.Layer, plan)
	p.Moved = recodedBy(on, plan)
	if len(p.Moved) > sheetMoved {
		p.Moved, p.MoreMoved = p.Moved[:sheetMoved], len(p.Moved)-sheetMoved
	}
	for layer := range on.Layers() {
		if n := uncoded(told.Moved[layer.ID()]); n > 0 {
			p.Others = append(p.Others, pagePair{both(layer.Schema().Title), cell{Text: strconv.Itoa(n)}})
		}
	}
	for _, line := range r.auditOf(a) {
		p.Audit = append(p.Audit, printedLine{printedTime(line.At), strings.TrimSpace(line.Actor + " " + string(line.Role)),
			word(actionWords, line.Action), word(stateWords, line.From), word(stateWords, line.To), line.Note})
	}
	p.Foot = fmt.Sprintf("调整 %d 第 %d 稿 · 数据版本 %d · 数据日期 %s", a.ID, a.Revision, told.Version, newest(told.AsOf))
	return p
}

// uncoded counts what moves and keeps its code or has none.
func uncoded(list []moved) (n int) {
	for _, m := range list {
		if m.NewCode == "" || m.NewCode == m.Code {
			n++
		}
	}
	return n
}

// sheetHead is what the sheet says first. Lines without a value are left out.
func (r *request) sheetHead(a adjustment.Adjustment, told *preview) []pagePair {
	pairs := []pagePair{{"编号 number", cell{Text: strconv.FormatInt(a.ID, 10)}}, {"状态 state", cell{Text: word(stateWords, a.Status)}},
		{"申报街道 proposed by", cell{Text: strings.TrimSpace(nameAndCode(r.street(a.Street)) + " " + a.Proposer)}},
		{"涉及街道 streets", cell{Text: r.streetNames(a.Streets)}}, {"同意街道 consents", cell{Text: r.streetNames(a.Consents)}},
		{"区中心审核 reviewed by", cell{Text: a.Reviewer}}, {"市网格办批准 approved by", cell{Text: a.Approver}}}
	if d := a.Decision; d != nil {
		pairs = append(pairs, pagePair{"批复文号 decision", cell{Text: strings.TrimSpace(d.Number + " " + d.Date)}}, pagePair{"批复文件 document", cell{Text: d.File}})
	}
	if a.Reverts != 0 {
		pairs = append(pairs, pagePair{"撤销的调整 undoes", cell{Text: strconv.FormatInt(a.Reverts, 10)}})
	}
	pairs = append(pairs, pagePair{"生效时间 effective", cell{Text: printedTime(a.EffectiveAt)}}, pagePair{"申报日期 proposed", cell{Text: printedTime(a.Created)}},
		pagePair{"核对版本 checked on version", cell{Text: printedVersion(a.Base)}}, pagePair{"生效版本 in effect since version", cell{Text: printedVersion(a.Result)}})
	if r.seesAll() {
		pairs = append(pairs, pagePair{"申报数 expected", cell{Text: r.printedExpected(a)}})
	}
	return slices.DeleteFunc(pairs, func(p pagePair) bool { return p.Value.Text == "" })
}

func nameAndCode(c called) string { return strings.TrimSpace(c.Name + " " + c.Code) }

func (r *request) streetNames(codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = nameAndCode(r.street(code))
	}
	return strings.Join(names, "，")
}

func printedVersion(v spatial.Version) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatInt(int64(v), 10)
}

func (r *request) printedExpected(a adjustment.Adjustment) string {
	var parts []string
	for name, n := range a.Expected {
		title := name
		if layer, err := r.whole.Layer(a.Layer); err == nil {
			if i := layer.Schema().FieldIndex(name); i >= 0 {
				title = fieldTitle(&layer.Schema().Fields[i])
			}
		}
		parts = append(parts, fmt.Sprintf("%s %d", title, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, "，")
}

func printedTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(chinaTime).Format("2006-01-02 15:04")
}

// newest is the latest of some dates.
func newest(dates map[spatial.LayerID]string) (last string) {
	for _, date := range dates {
		last = max(last, date)
	}
	return last
}

// word is a key's word with the key, or the key alone.
func word[K ~string](words map[K]string, key K) string {
	if words[key] == "" {
		return string(key)
	}
	return words[key] + " " + string(key)
}

// actionWords are the actions in the words of the offices.
var actionWords = map[adjustment.Action]string{adjustment.Create: "起草", adjustment.Edit: "修改", adjustment.Submit: "提交", adjustment.Review: "审核", adjustment.Approve: "批准",
	adjustment.Reject: "不予批准", adjustment.Return: "退回", adjustment.Withdraw: "撤回", adjustment.Consent: "同意", adjustment.Apply: "生效", adjustment.Schedule: "定时生效",
	adjustment.Comment: "意见", adjustment.Revert: "撤销调整"}

func printedChecks(checks []checked) []printedCheck {
	var list []printedCheck
	for _, c := range checks {
		line := printedCheck{c.Severity == adjustment.Refusal, c.Rule, c.Detail, c.Where, c.Fix, ""}
		if c.At != nil {
			line.At = fmt.Sprintf("%.6f, %.6f", c.At[0], c.At[1])
		}
		list = append(list, line)
	}
	return list
}

// effectTables are the effects, level by level, some areas beside each other.
// Those that only got a vertex more on an edge are left out.
func effectTables(on *spatial.Snapshot, effects []effect) []effectTable {
	effects = slices.DeleteFunc(slices.Clone(effects), func(e effect) bool { return e.Before != nil && e.After != nil && e.Delta.nothing() })
	var tables []effectTable
	for len(effects) > 0 {
		n := 1
		for n < min(len(effects), sheetUnits) && effects[n].Level == effects[0].Level {
			n++
		}
		tables = append(tables, effectTableOf(on, effects[:n]))
		effects = effects[n:]
	}
	return tables
}

func effectTableOf(on *spatial.Snapshot, effects []effect) effectTable {
	t := effectTable{Level: string(effects[0].Level)}
	layer, err := on.Layer(effects[0].Level)
	if err != nil {
		return t
	}
	schema := layer.Schema()
	t.Level = both(schema.Title)
	for _, e := range effects {
		t.Areas = append(t.Areas, called{e.Code, e.Name})
	}
	for i := range schema.Fields {
		t.add(fieldTitle(&schema.Fields[i]), effects, func(c *condition) (string, bool) {
			figure, ok := c.total(schema.Fields[i].Name)
			return figure.print(), ok
		})
	}
	t.add("面积 area (m²)", effects, func(c *condition) (string, bool) { return strconv.FormatFloat(c.area, 'f', 1, 64), true })
	t.add("边界长 perimeter (m)", effects, func(c *condition) (string, bool) { return strconv.FormatFloat(c.perimeter, 'f', 1, 64), true })
	t.add("紧凑度 compactness", effects, func(c *condition) (string, bool) { return strconv.FormatFloat(c.Compactness, 'f', 3, 64), true })
	t.add("相邻单元 neighbours", effects, func(c *condition) (string, bool) { return strconv.Itoa(len(c.Neighbours)), true })
	for _, kind := range countedKinds(effects) {
		t.add(countedTitle(on, kind), effects, func(c *condition) (string, bool) { return strconv.Itoa(c.count(kind)), true })
	}
	return t
}

// nothing says whether a difference is none that would be printed.
func (f amounts) nothing() bool {
	changed := func(t total) bool { return t.value != nil && *t.value != 0 }
	return !slices.ContainsFunc(f.totals, changed) && math.Abs(f.area) < 0.05 && math.Abs(f.perimeter) < 0.05
}

// add adds a row unless no area has such a figure.
func (t *effectTable) add(name string, effects []effect, of func(*condition) (string, bool)) {
	row, any := effectRow{Name: name}, false
	for _, e := range effects {
		var c effectCell
		for _, side := range []struct {
			state *condition
			to    *string
		}{{e.Before, &c.Before}, {e.After, &c.After}} {
			if side.state == nil {
				*side.to = "—"
				continue
			}
			text, ok := of(side.state)
			*side.to, any = text, any || ok
		}
		c.Delta = printedDelta(c.Before, c.After)
		c.Changed = c.Delta != ""
		row.Cells = append(row.Cells, c)
	}
	if any {
		t.Rows = append(t.Rows, row)
	}
}

// printedDelta is the difference of two figures as they are printed; nothing
// is 0, and what is withheld has none.
func printedDelta(before, after string) string {
	was, is, decimals := 0.0, 0.0, 0
	for _, side := range []struct {
		text string
		to   *float64
	}{{before, &was}, {after, &is}} {
		if side.text == "—" {
			continue
		}
		n, err := strconv.ParseFloat(side.text, 64)
		if err != nil {
			return ""
		}
		*side.to = n
		if _, fraction, ok := strings.Cut(side.text, "."); ok {
			decimals = len(fraction)
		}
	}
	if was == is {
		return ""
	}
	return strings.Replace(fmt.Sprintf("%+.*f", decimals, is-was), "-", "−", 1)
}

// print is a figure, or a sign that it is withheld.
func (t total) print() string {
	if t.value == nil {
		return "＊"
	}
	return strconv.FormatInt(*t.value, 10)
}

func fieldTitle(f *spatial.Field) string {
	if title := both(f.Title); title != "" {
		return title
	}
	return f.Name
}

// counts of one kind: all features of a layer, or those with one value.
type countedKind struct {
	layer        spatial.LayerID
	field, value string
}

func (c counted) kind() countedKind { return countedKind{c.Layer, c.Field, string(c.Value)} }

// countedKinds are the kinds that any area has, in the order of the areas.
func countedKinds(effects []effect) []countedKind {
	var kinds []countedKind
	for _, e := range effects {
		for _, state := range []*condition{e.Before, e.After} {
			if state == nil {
				continue
			}
			for _, c := range state.Counts {
				if !slices.Contains(kinds, c.kind()) {
					kinds = append(kinds, c.kind())
				}
			}
		}
	}
	return kinds
}

func (c *condition) count(kind countedKind) int {
	for _, n := range c.Counts {
		if n.kind() == kind {
			return n.Count
		}
	}
	return 0
}

func countedTitle(on *spatial.Snapshot, kind countedKind) string {
	title := titleOf(on, kind.layer)
	if kind.field == "" {
		return title + " " + string(kind.layer)
	}
	if kind.value == "null" {
		return "　" + title + "：未分级 unclassified"
	}
	value := strings.Trim(kind.value, `"`)
	if layer, err := on.Layer(kind.layer); err == nil {
		field := layer.Schema().Fields[layer.Schema().FieldIndex(kind.field)]
		for _, label := range field.Values {
			if label.Value == value && label.Title.ZH != "" {
				value = label.Title.ZH
			}
		}
	}
	return "　" + title + "：" + value
}
