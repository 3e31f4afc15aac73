package api

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/relate"
)

// selection says which features of a layer are asked for.
type selection struct {
	layer  *spatial.Layer
	boxes  []orb.Bound // meet any of these; none: anywhere or nowhere
	equals []equality  // and all of these
}

// equality asks for one value of a field.
type equality struct {
	field int
	value spatial.Value
}

// page is a run of selected features in id order.
type page struct {
	features []spatial.Feature
	matched  int  // features selected in all
	more     bool // some lie beyond the page
}

// page collects up to limit selected features with ids above after.
func (s *selection) page(after int64, limit int) page {
	if len(s.boxes) == 0 && len(s.equals) == 0 {
		return wholeLayerPage(s.layer, after, limit)
	}
	var p page
	for f := range s.all() {
		p.matched++
		if f.ID() > after {
			p.take(f, limit)
		}
	}
	return p
}

func wholeLayerPage(layer *spatial.Layer, after int64, limit int) page {
	p := page{matched: layer.Len()}
	for f := range layer.After(after) {
		if p.take(f, limit); p.more {
			break
		}
	}
	return p
}

func (p *page) take(f spatial.Feature, limit int) {
	if p.more = len(p.features) == limit; !p.more {
		p.features = append(p.features, f)
	}
}

// all yields the selected features in id order.
func (s *selection) all() iter.Seq[spatial.Feature] {
	return func(yield func(spatial.Feature) bool) {
		for f := range s.candidates() {
			if s.matches(f) && !yield(f) {
				return
			}
		}
	}
}

// candidates are the features whose boxes meet those asked for, in id order.
func (s *selection) candidates() iter.Seq[spatial.Feature] {
	if len(s.boxes) == 0 || s.spansLayer() {
		return s.layer.All()
	}
	var found []spatial.Feature
	for _, box := range s.boxes {
		found = slices.AppendSeq(found, s.layer.Intersecting(box))
	}
	slices.SortFunc(found, func(a, b spatial.Feature) int { return int(min(max(a.ID()-b.ID(), -1), 1)) })
	return slices.Values(slices.CompactFunc(found, func(a, b spatial.Feature) bool { return a.ID() == b.ID() }))
}

// spansLayer says whether one box holds the whole layer, as the first look of
// a desktop client does: then its order saves the sorting.
func (s *selection) spansLayer() bool {
	whole, ok := s.layer.Bound()
	return ok && slices.ContainsFunc(s.boxes, func(b orb.Bound) bool { return b.Contains(whole.Min) && b.Contains(whole.Max) })
}

func (s *selection) matches(f spatial.Feature) bool {
	for _, e := range s.equals {
		if f.Value(e.field) != e.value {
			return false
		}
	}
	return len(s.boxes) == 0 || slices.ContainsFunc(s.boxes, func(b orb.Bound) bool { return relate.Meets(f.Geometry(), b) })
}

// parseBBox reads west,south,east,north, or the same with heights, which are
// ignored. A box whose west is east of its east crosses the 180th meridian
// and gives two.
func parseBBox(text string) ([]orb.Bound, error) {
	parts := strings.Split(text, ",")
	if len(parts) != 4 && len(parts) != 6 {
		return nil, fmt.Errorf("%d numbers; it takes 4 (west,south,east,north) or 6 (with heights after south and north)", len(parts))
	}
	numbers := make([]float64, len(parts))
	for i, part := range parts {
		var err error
		if numbers[i], err = parseFinite(strings.TrimSpace(part)); err != nil {
			return nil, fmt.Errorf("number %d: %w", i+1, err)
		}
	}
	half := len(numbers) / 2
	return boxes(orb.Point(numbers[:2]), orb.Point(numbers[half:half+2]))
}

func boxes(low, high orb.Point) ([]orb.Bound, error) {
	switch {
	case max(low[0], high[0]) > 180 || min(low[0], high[0]) < -180 || max(low[1], high[1]) > 90 || min(low[1], high[1]) < -90:
		return nil, errors.New("it is off the globe: degrees, longitude (-180 to 180) before latitude (-90 to 90)")
	case low[1] > high[1]:
		return nil, fmt.Errorf("its south %v is north of its north %v", low[1], high[1])
	case low[0] > high[0]:
		return []orb.Bound{{Min: low, Max: orb.Point{180, high[1]}}, {Min: orb.Point{-180, low[1]}, Max: high}}, nil
	}
	return []orb.Bound{{Min: low, Max: high}}, nil
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

// cursor is a place in a list of features: after the feature with an id, in
// the list that a query selects. It names an id and not a count, so edits
// meanwhile neither repeat nor skip a feature that stays.
type cursor struct {
	after int64
	query uint32 // see queryHash
}

const cursorSize = 12

func (c cursor) String() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(c.after))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, c.query))
}

var errCursor = errors.New("it is not a cursor of this service")

func parseCursor(text string) (cursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != cursorSize {
		return cursor{}, errCursor
	}
	c := cursor{after: int64(binary.BigEndian.Uint64(b)), query: binary.BigEndian.Uint32(b[8:])}
	if c.after < 0 || c.String() != text { // the decoder skips line breaks
		return cursor{}, errCursor
	}
	return c, nil
}

// queryHash tells lists apart: the layer and every parameter that selects.
func queryHash(layer spatial.LayerID, query url.Values) uint32 {
	selecting := url.Values{}
	for name, texts := range query {
		if !slices.Contains([]string{"cursor", "limit", "f", "properties"}, name) {
			selecting[name] = texts
		}
	}
	sum := fnv.New32a()
	_, _ = fmt.Fprintf(sum, "%s?%s", layer, selecting.Encode())
	return sum.Sum32()
}
