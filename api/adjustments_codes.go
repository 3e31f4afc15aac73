package api

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/history"
)

var codesFormat = formatParam("json", "csv", "xlsx")

// planOf is what an adjustment does, and the state that it does it to: today's,
// or the last one before it was put into effect.
func (s *Server) planOf(r *request, a adjustment.Adjustment) (*spatial.Snapshot, *adjustment.Plan, error) {
	whole := r.whole
	if ended := history.By(whole, a.ID); a.Result != 0 && len(ended) > 0 {
		var err error
		if whole, err = s.stateBefore(r.whole, ended[0].RecordedTo); err != nil {
			return nil, nil, fmt.Errorf("the state before adjustment %d: %w", a.ID, err)
		}
	}
	on, err := r.planned(whole)
	if err != nil {
		return nil, nil, err
	}
	if !r.seesAll() {
		a.Expected = nil // a check would tell the figures, and whether they are right
	}
	plan, err := s.config.Ledger.PlanOf(on, a)
	return on, plan, err
}

// stateBefore is the last state before a moment, with what had been kept of
// earlier ones then.
func (s *Server) stateBefore(now *spatial.Snapshot, moment time.Time) (*spatial.Snapshot, error) {
	last := moment.Add(-time.Microsecond)
	before, err := s.state.At(now, last, last)
	if err != nil {
		return nil, err
	}
	var kept []*spatial.Layer
	for _, id := range history.Tracked(before) {
		layer, err := before.Layer(history.LayerOf(id))
		if err != nil {
			continue // nothing of it was ever replaced
		}
		if layer, err = keptBefore(layer, moment); err != nil {
			return nil, err
		}
		kept = append(kept, layer)
	}
	return before.With(kept...), nil
}

// keptBefore is a layer of history as it was before a moment.
func keptBefore(layer *spatial.Layer, moment time.Time) (*spatial.Layer, error) {
	return spatial.NewLayer(layer.Schema(), layer.Version(), func(yield func(spatial.Row, error) bool) {
		for f := range layer.All() {
			if f.Attribute("recorded_to").Time().Before(moment) && !yield(f.Row(), nil) {
				return
			}
		}
	})
}

// recoded is one line of the table of old and new codes.
type recoded struct {
	Layer   spatial.LayerID `json:"layer"`
	Kind    string          `json:"kind"` // the layer's title
	ID      int64           `json:"id,omitempty"`
	Name    string          `json:"name"`
	From    string          `json:"from"` // area
	To      string          `json:"to"`
	Code    string          `json:"code"`
	NewCode string          `json:"new_code"`
	Note    string          `json:"note,omitempty"`
}

const roomsNote = "房屋（间套）编码为楼栋编码加6位：前19位由原编码改为新编码，后6位不变"

// roomsNoteEN says the same in English.
const roomsNoteEN = "the code of a room is that of its building and 6 digits: the building's part changes as listed, the 6 digits stay"

// recodedBy lists what a plan gives new codes: areas that come and go, then
// features in the order of layers.
func recodedBy(on *spatial.Snapshot, plan *adjustment.Plan) []recoded {
	list := []recoded{}
	for _, u := range plan.Units {
		line := recoded{Layer: u.Level, Kind: titleOf(on, u.Level), Name: u.Name}
		switch {
		case u.Before == nil:
			line.NewCode, line.Note = u.Code, "新设 new"
		case u.After == nil:
			line.Code, line.Note = u.Code, "撤销，编码不再使用 gone: its code is not given again"
		default:
			continue
		}
		list = append(list, line)
	}
	for _, m := range plan.Moved {
		if m.Code == "" || m.NewCode == "" || m.NewCode == m.Code {
			continue
		}
		list = append(list, recoded{m.Layer, titleOf(on, m.Layer), m.ID, m.Name, m.From, m.To, m.Code, m.NewCode, ""})
	}
	return list
}

func titleOf(s *spatial.Snapshot, id spatial.LayerID) string {
	layer, err := s.Layer(id)
	if err != nil || layer.Schema().Title.ZH == "" {
		return string(id)
	}
	return layer.Schema().Title.ZH
}

// codes answers with the table of old and new codes.
func (s *Server) codes(w http.ResponseWriter, r *request) error {
	a, err := s.found(r)
	if err != nil {
		return err
	}
	on, plan, err := s.planOf(r, a)
	if err != nil {
		return err
	}
	list, head := recodedBy(on, plan), provenanceOf(on, layersOf(on, a.Layer, plan)...)
	head.head(w.Header())
	as := r.as(codesFormat)
	if as == "json" {
		return writeJSON(w, mediaJSON, struct {
			provenance
			Adjustment int64             `json:"adjustment"`
			State      adjustment.Status `json:"state"`
			Refused    bool              `json:"refused"`
			Rooms      spatial.Title     `json:"rooms"`
			Codes      []recoded         `json:"codes"`
		}{head, a.ID, a.Status, plan.Refused(), spatial.Title{ZH: roomsNote, EN: roomsNoteEN}, list})
	}
	table, err := codeTable(a, head, list)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", attachment(fmt.Sprintf("新旧编码对照表-%d.%s", a.ID, as)))
	write := format.WriteCSV
	w.Header().Set("Content-Type", mediaCSV+"; charset=utf-8; header=present")
	if as == "xlsx" {
		write = s.spooled
		w.Header().Set("Content-Type", mediaXLSX)
	}
	return write(w, table)
}

// attachment is the Content-Disposition of a file to keep (RFC 6266).
func attachment(name string) string {
	return "attachment; filename*=UTF-8''" + url.PathEscape(name)
}

// codeTable is the list as a table for people.
func codeTable(a adjustment.Adjustment, head provenance, list []recoded) (format.Selection, error) {
	schema := &spatial.Schema{ID: "codes", Title: spatial.Title{ZH: "新旧编码对照表", EN: "old and new codes"}, Synthetic: head.Synthetic,
		Source: fmt.Sprintf("调整 adjustment %d, %s, version %d", a.ID, stateWords[a.Status], head.Version), Note: spatial.Title{ZH: roomsNote, EN: roomsNoteEN}}
	for _, date := range head.AsOf {
		schema.AsOf = max(schema.AsOf, date)
	}
	for _, f := range []struct{ name, zh, en string }{{"kind", "类别", "kind"}, {"name", "名称", "name"}, {"from", "原网格编码", "from the grid"},
		{"code", "原编码", "old code"}, {"to", "新网格编码", "to the grid"}, {"new_code", "新编码", "new code"}, {"note", "备注", "note"}} {
		schema.Fields = append(schema.Fields, spatial.Field{Name: f.name, Type: spatial.TypeText, Title: spatial.Title{ZH: f.zh, EN: f.en}})
	}
	layer, err := spatial.NewLayer(schema, head.Version, func(yield func(spatial.Row, error) bool) {
		for i, l := range list {
			row := spatial.Row{ID: int64(i + 1)}
			for _, text := range []string{l.Kind, l.Name, l.From, l.Code, l.To, l.NewCode, l.Note} {
				value := spatial.Null
				if text != "" {
					value = spatial.Text(text)
				}
				row.Values = append(row.Values, value)
			}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		return format.Selection{}, err
	}
	return format.Selection{Layer: layer, Fields: allFields(schema), Features: layer.All(), Titled: true}, nil
}

// stateWords are the states in the words of the offices.
var stateWords = map[adjustment.Status]string{adjustment.Draft: "草稿", adjustment.Submitted: "已提交", adjustment.Reviewed: "区中心已审核", adjustment.Approved: "市网格办已批准",
	adjustment.Scheduled: "待生效", adjustment.Applied: "已生效", adjustment.Returned: "退回", adjustment.Withdrawn: "撤回", adjustment.Rejected: "不予批准"}
