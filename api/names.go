package api

import (
	"iter"
	"slices"
	"strings"

	"wangge/spatial"
)

// nameIndex is what the features of one layer are called, in one text that is
// scanned: a row for each feature, its code first, a tab before and after
// each name. It is built when first searched and lives as long as the layer
// is untouched. A scan of the 97,000 names of the reference dataset takes
// some milliseconds, so there is no index that every edit would renew.
type nameIndex struct {
	text   string
	starts []int // of rows
	ids    []int64
}

func newNameIndex(s *spatial.Snapshot, id spatial.LayerID) (*nameIndex, error) {
	layer, err := s.Layer(id)
	if err != nil {
		return nil, err
	}
	code, fields := layer.Schema().FieldIndex(layer.Schema().Code), namingFields(layer.Schema())
	index := &nameIndex{starts: make([]int, 0, layer.Len()), ids: make([]int64, 0, layer.Len())}
	var text strings.Builder
	for f := range layer.All() {
		index.starts, index.ids = append(index.starts, text.Len()), append(index.ids, f.ID())
		text.WriteByte('\t')
		if code >= 0 {
			text.WriteString(fold(f.Value(code).String()))
		}
		for _, field := range fields {
			text.WriteByte('\t')
			text.WriteString(fold(f.Value(field).String()))
		}
		text.WriteString("\t\n")
	}
	index.text = text.String()
	return index, nil
}

// namingFields are the fields that a layer's features are called by: the
// label, in English too; without one every free text.
func namingFields(schema *spatial.Schema) []int {
	var fields []int
	for i := range schema.Fields {
		f := &schema.Fields[i]
		free := schema.Label == "" && f.Type == spatial.TypeText && f.Name != schema.Code && len(f.Values) == 0 && f.References == ""
		if free || schema.Label != "" && (f.Name == schema.Label || f.Name == schema.Label+"_en") {
			fields = append(fields, i)
		}
	}
	return fields
}

// find yields the features whose row has all words of a question, and how
// well each fits.
func (x *nameIndex) find(q question) iter.Seq2[int64, match] {
	return func(yield func(int64, match) bool) {
		for at := 0; ; {
			next := strings.Index(x.text[at:], q.words[0])
			if next < 0 {
				return
			}
			row, exact := slices.BinarySearch(x.starts, at+next)
			if !exact {
				row--
			}
			end := len(x.text)
			if row+1 < len(x.starts) {
				end = x.starts[row+1]
			}
			if how, ok := q.fits(x.text[x.starts[row]:end]); ok && !yield(x.ids[row], how) {
				return
			}
			at = end
		}
	}
}

// fits says how well a row fits the question, if it does.
func (q question) fits(row string) (match, bool) {
	for _, word := range q.words[1:] {
		if !strings.Contains(row, word) {
			return 0, false
		}
	}
	switch {
	case strings.HasPrefix(row, "\t"+q.text+"\t"):
		return byCode, true
	case strings.Contains(row, "\t"+q.text+"\t"):
		return byName, true
	case strings.Contains(row, "\t"+q.text):
		return byBeginning, true
	case strings.Contains(row, q.text):
		return byPart, true
	}
	return byWords, true
}
