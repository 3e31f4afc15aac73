package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"net/url"
	"slices"
	"strings"

	"wangge/spatial"
	"wangge/spatial/filter"
)

// selection says which features of a layer are asked for, and in what order.
type selection struct {
	layer *spatial.Layer
	where *filter.Filter
	sort  []sortKey // none: by id
}

// equality asks for one value of a field.
type equality struct {
	field int
	value spatial.Value
}

// page is a run of selected features in their order.
type page struct {
	features []spatial.Feature
	matched  int  // features selected in all
	more     bool // some lie beyond the page
}

// page collects up to limit selected features after a place.
func (s *selection) page(ctx context.Context, after *cursor, limit int) (page, error) {
	if s.where.Everything() && len(s.sort) == 0 {
		return wholeLayerPage(s.layer, after, limit), nil
	}
	first := leading{before: s.before, limit: limit}
	var p page
	for f, err := range s.all(ctx) {
		if err != nil {
			return page{}, err
		}
		if p.matched++; s.follows(f, after) {
			first.add(f)
		}
	}
	p.features, p.more = first.sorted()
	return p, nil
}

func wholeLayerPage(layer *spatial.Layer, after *cursor, limit int) page {
	p := page{matched: layer.Len()}
	start := int64(0)
	if after != nil {
		start = after.id
	}
	for f := range layer.After(start) {
		if p.more = len(p.features) == limit; p.more {
			break
		}
		p.features = append(p.features, f)
	}
	return p
}

// maxWork bounds what a filter may cost over all features, in comparisons:
// some seconds.
const maxWork = 500_000_000

// all yields the selected features in order of their ids, until the client
// has gone or the filter has cost too much.
func (s *selection) all(ctx context.Context) iter.Seq2[spatial.Feature, error] {
	return func(yield func(spatial.Feature, error) bool) {
		visited, most := 0, maxWork/max(s.where.Cost(), 1)
		for f := range s.where.Candidates(s.layer) {
			if visited++; visited > most {
				yield(spatial.Feature{}, tooCostly(s, most))
				return
			}
			if visited%1024 == 0 && ctx.Err() != nil {
				yield(spatial.Feature{}, ctx.Err())
				return
			}
			if s.where.Holds(f) && !yield(f, nil) {
				return
			}
		}
	}
}

func tooCostly(s *selection, most int) error {
	return &spatial.InvalidError{Rule: "filter_cost", Where: "query parameter filter",
		Detail: fmt.Sprintf("it takes %d comparisons for each feature, which allows %d features, and %s has %d", s.where.Cost(), most, s.layer.ID(), s.layer.Len()),
		Fix:    "give a smaller bbox or geometry, fewer conditions, or simpler shapes"}
}

// before says whether a feature stands before another.
func (s *selection) before(a, b spatial.Feature) bool {
	for _, key := range s.sort {
		if o := key.compare(a.Value(key.field), b.Value(key.field)); o != 0 {
			return o < 0
		}
	}
	return a.ID() < b.ID()
}

// follows says whether a feature stands after a place.
func (s *selection) follows(f spatial.Feature, after *cursor) bool {
	if after == nil {
		return true
	}
	for i, key := range s.sort {
		if o := key.compare(f.Value(key.field), after.keys[i]); o != 0 {
			return o > 0
		}
	}
	return f.ID() > after.id
}

// cursorAfter is the place behind a feature.
func (s *selection) cursorAfter(f spatial.Feature, query uint32) cursor {
	c := cursor{id: f.ID(), query: query}
	for _, key := range s.sort {
		c.keys = append(c.keys, f.Value(key.field))
	}
	return c
}

// leading keeps the first of many features, in a heap whose top is the last
// of them. One more than the limit tells that there are more.
type leading struct {
	before func(a, b spatial.Feature) bool
	limit  int
	heap   []spatial.Feature
}

func (l *leading) add(f spatial.Feature) {
	if len(l.heap) <= l.limit {
		l.heap = append(l.heap, f)
		l.up(len(l.heap) - 1)
		return
	}
	if l.before(f, l.heap[0]) {
		l.heap[0] = f
		l.down()
	}
}

func (l *leading) up(i int) {
	for parent := (i - 1) / 2; i > 0 && l.before(l.heap[parent], l.heap[i]); i, parent = parent, (parent-1)/2 {
		l.heap[parent], l.heap[i] = l.heap[i], l.heap[parent]
	}
}

func (l *leading) down() {
	for i, child := 0, 1; child < len(l.heap); i, child = child, 2*child+1 {
		if child+1 < len(l.heap) && l.before(l.heap[child], l.heap[child+1]) {
			child++
		}
		if !l.before(l.heap[i], l.heap[child]) {
			return
		}
		l.heap[i], l.heap[child] = l.heap[child], l.heap[i]
	}
}

func (l *leading) sorted() (features []spatial.Feature, more bool) {
	slices.SortFunc(l.heap, func(a, b spatial.Feature) int {
		switch {
		case l.before(a, b):
			return -1
		case l.before(b, a):
			return 1
		}
		return 0
	})
	if more = len(l.heap) > l.limit; more {
		return l.heap[:l.limit], true
	}
	return l.heap, false
}

// sortKey orders by a field, features without a value last either way.
type sortKey struct {
	field int
	down  bool
}

func (k sortKey) compare(a, b spatial.Value) int {
	if a.IsNull() || b.IsNull() {
		return cmp.Compare(boolInt(a.IsNull()), boolInt(b.IsNull()))
	}
	if k.down {
		a, b = b, a
	}
	return filter.Compare(a, b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// parseSort reads fields with + (or nothing) or - before them.
func parseSort(schema *spatial.Schema, names []string) ([]sortKey, error) {
	var keys []sortKey
	for _, name := range names {
		down := strings.HasPrefix(name, "-")
		plain := strings.TrimSpace(strings.TrimLeft(name, "+- ")) // an unescaped + is a space
		field := schema.FieldIndex(plain)
		if field < 0 {
			return nil, sortbyParam.refuse(fmt.Sprintf("%s has no field %q; it has %s", schema.ID, shorten(plain), fieldNames(schema)))
		}
		if slices.ContainsFunc(keys, func(k sortKey) bool { return k.field == field }) {
			return nil, sortbyParam.refuse(fmt.Sprintf("field %s is named twice", plain))
		}
		keys = append(keys, sortKey{field, down})
	}
	return keys, nil
}

// parseFilters reads ?field=value for the fields of a schema. An empty value
// asks for features that have none.
func parseFilters(schema *spatial.Schema, filters url.Values) ([]equality, error) {
	var equals []equality
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if !filters.Has(f.Name) {
			continue
		}
		value, err := parseFilter(f, filters.Get(f.Name))
		if err != nil {
			return nil, &spatial.InvalidError{Rule: "filter_value", Where: "query parameter " + f.Name,
				Detail: fmt.Sprintf("%q is not possible in field %s of %s, which is of type %v", shorten(filters.Get(f.Name)), f.Name, schema.ID, f.Type),
				Fix:    err.Error()}
		}
		equals = append(equals, equality{i, value})
	}
	return equals, nil
}

func parseFilter(f *spatial.Field, text string) (spatial.Value, error) {
	if text == "" {
		return spatial.Null, nil
	}
	known := func(l spatial.Label) bool { return l.Value == text }
	if len(f.Values) > 0 && !slices.ContainsFunc(f.Values, known) {
		values := make([]string, len(f.Values))
		for i := range f.Values {
			values[i] = f.Values[i].Value
		}
		return spatial.Null, fmt.Errorf("use one of %s; or nothing after the = for features without a value", strings.Join(values, ", "))
	}
	value, err := spatial.ParseValue(f.Type, text)
	if err != nil {
		return spatial.Null, fmt.Errorf("give it like %s=%s", f.Name, typeExamples[f.Type])
	}
	return value, nil
}

var typeExamples = map[spatial.Type]string{
	spatial.TypeText: "新秀", spatial.TypeInt: "12", spatial.TypeFloat: "1.5", spatial.TypeBool: "true",
	spatial.TypeDate: "2024-11-04", spatial.TypeTime: "2024-11-04T08:00:00Z",
}

// cursor is a place in a list of features: after the feature with an id and
// its values of the fields sorted by, in the list that a query selects. It
// names these and no count, so edits meanwhile neither repeat nor skip a
// feature that stays as it is.
type cursor struct {
	id    int64
	query uint32 // see queryHash
	keys  []spatial.Value
}

// String writes id, query and, for each key, type, length and text.
func (c cursor) String() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(c.id))
	b = binary.BigEndian.AppendUint32(b, c.query)
	for _, key := range c.keys {
		text := key.String()
		b = binary.AppendUvarint(append(b, byte(key.Type())), uint64(len(text)))
		b = append(b, text...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

var errCursor = errors.New("it is not a cursor of this service")

func parseCursor(text string) (*cursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 12 {
		return nil, errCursor
	}
	c := &cursor{id: int64(binary.BigEndian.Uint64(b)), query: binary.BigEndian.Uint32(b[8:])}
	for b = b[12:]; len(b) > 0; {
		var key spatial.Value
		if key, b, err = cutKey(b); err != nil {
			return nil, err
		}
		c.keys = append(c.keys, key)
	}
	if c.id < 0 || c.String() != text { // the decoder skips line breaks
		return nil, errCursor
	}
	return c, nil
}

// cutKey reads a key from the front of b.
func cutKey(b []byte) (key spatial.Value, rest []byte, err error) {
	size, n := binary.Uvarint(b[1:])
	if n <= 0 || size > uint64(len(b)-1-n) {
		return key, nil, errCursor
	}
	text, rest := string(b[1+n:1+n+int(size)]), b[1+n+int(size):]
	if b[0] == 0 {
		return spatial.Null, rest, nil
	}
	if key, err = spatial.ParseValue(spatial.Type(b[0]), text); err != nil {
		return key, nil, errCursor
	}
	return key, rest, nil
}

// fits says whether a cursor belongs to a query and has its keys.
func (c *cursor) fits(schema *spatial.Schema, query uint32, sort []sortKey) bool {
	if c.query != query || len(c.keys) != len(sort) {
		return false
	}
	for i, key := range sort {
		if t := c.keys[i].Type(); t != 0 && t != schema.Fields[key.field].Type {
			return false
		}
	}
	return true
}

// queryHash tells lists apart: the layer and every parameter that selects.
func queryHash(layer spatial.LayerID, query url.Values) uint32 {
	selecting := url.Values{}
	for name, texts := range query {
		if !slices.Contains([]string{"cursor", "limit", "f", "properties", "crs"}, name) {
			selecting[name] = texts
		}
	}
	sum := fnv.New32a()
	_, _ = fmt.Fprintf(sum, "%s?%s", layer, selecting.Encode())
	return sum.Sum32()
}
