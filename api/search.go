package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

func (s *Server) searchRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/search", summary: "Features by name or code, in all layers, and places by coordinates",
			parameters: []parameter{searchText, searchLimit, nearLon, nearLat, jsonFormat}, media: []string{mediaJSON}, handle: s.search},
	}
}

const (
	maxSearch  = 200 // bytes of a search text, folded
	maxResults = 100
)

var (
	searchText = &param[string]{
		declaration{name: "q", in: inQuery, required: true, example: "新秀社区18网格", schema: jsonSchema{"type": "string", "maxLength": maxSearch},
			description: "a name, a code, words of a name, or coordinates: degrees in either order, with marks or as degrees, minutes and seconds; metres of EPSG:4547, 4526 or 3857; gcj02 or bd09 before them"},
		parseSearch,
	}
	searchLimit = &param[int]{
		declaration{name: "limit", in: inQuery, initial: "10", example: "10", description: "how many results",
			schema: jsonSchema{"type": "integer", "minimum": 1, "maximum": maxResults, "default": 10}},
		parseCount(maxResults),
	}
	nearLon, nearLat = near(lonParam), near(latParam)
)

// near is a coordinate of the place whose surroundings come first.
func near(p *param[float64]) *param[float64] {
	about := p.declaration
	about.required, about.description = false, about.description+" of a place: of results that fit alike the nearer come first"
	return &param[float64]{about, p.parse}
}

func parseSearch(text string) (string, error) {
	switch folded := fold(text); {
	case folded == "":
		return "", errors.New("it is empty")
	case len(folded) > maxSearch:
		return "", fmt.Errorf("it is longer than %d bytes", maxSearch)
	}
	return text, nil
}

const searchMethod = "names and codes compared without regard to width, case and traditional or simplified characters; exact code, exact name, beginning, part, words, in this order"

// found is a feature that fits a search.
type found struct {
	Layer    spatial.LayerID  `json:"layer"`
	ID       int64            `json:"id"`
	Code     string           `json:"code,omitempty"`
	Name     string           `json:"name"`
	Match    match            `json:"match"`
	At       *orb.Point       `json:"at,omitempty"` // on the feature
	BBox     *[4]float64      `json:"bbox,omitempty"`
	Distance *geodesic.Meters `json:"distance,omitempty"` // at least, from the place asked about
}

func (s *Server) search(w http.ResponseWriter, r *request) error {
	if nearLon.given(r) != nearLat.given(r) {
		return &spatial.InvalidError{Rule: "parameter_lon", Where: "query parameters lon and lat", Detail: "one of them is missing", Fix: "give both or none"}
	}
	list, err := searchAll(r.Context(), r.snapshot, questionOf(r))
	if err != nil {
		return err
	}
	results, layers := []found{}, []*spatial.Layer{}
	for _, h := range list.best {
		results, layers = append(results, h.found(list.near)), append(layers, h.Layer())
	}
	head := analysis{provenanceOf(r.snapshot, layers...), searchMethod, crs84, parametersOf(r), map[string]int{"beyond_limit": list.matched - len(results)}}
	head.head(w.Header())
	return writeJSON(w, mediaJSON, struct {
		analysis
		Matched  int          `json:"numberMatched"`
		Returned int          `json:"numberReturned"`
		Results  []found      `json:"results"`
		Places   []foundPlace `json:"places"` // what the text means as coordinates
	}{head, list.matched, len(results), results, placesIn(r.snapshot, searchText.of(r))})
}

// match is how well a feature fits, the best first.
type match int

const (
	byCode match = iota
	byName
	byBeginning
	byPart
	byWords
)

// MarshalText is the match in a word.
func (m match) MarshalText() ([]byte, error) {
	return []byte([...]string{"code", "name", "beginning", "part", "words"}[m]), nil
}

// question is a search as it is carried out.
type question struct {
	text  string   // folded
	words []string // of it, the longest first
	near  *orb.Point
	limit int
}

func questionOf(r *request) question {
	q := question{text: fold(searchText.of(r)), limit: searchLimit.of(r)}
	q.words = strings.Fields(q.text)
	slices.SortStableFunc(q.words, func(a, b string) int { return len(b) - len(a) })
	if nearLon.given(r) {
		q.near = &orb.Point{nearLon.of(r), nearLat.of(r)}
	}
	return q
}

// hits are the best of the features that fit, in order.
type hits struct {
	question
	best    []hit
	matched int
}

type hit struct {
	spatial.Feature
	match    match
	distance geodesic.Meters
}

// searchAll asks each layer's index.
func searchAll(ctx context.Context, s *spatial.Snapshot, q question) (*hits, error) {
	list := &hits{question: q}
	meant, ok := meantCode(s, q.text)
	if ok {
		list.add(meant, byCode)
	}
	for layer := range s.Layers() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		index, err := spatial.Derive(s, []spatial.LayerID{layer.ID()}, func(s *spatial.Snapshot) (*nameIndex, error) { return newNameIndex(s, layer.ID()) })
		if err != nil {
			return nil, err
		}
		for id, how := range index.find(q) {
			switch {
			case ok && layer == meant.Layer() && id == meant.ID():
			case list.hopeless(how):
				list.matched++
			default:
				if f, err := layer.Feature(id); err == nil {
					list.add(f, how)
				}
			}
		}
	}
	return list, nil
}

// hopeless says whether a match of a kind can be among the best no more,
// wherever it stands.
func (l *hits) hopeless(how match) bool {
	if len(l.best) < l.limit {
		return false
	}
	worst := l.best[l.limit-1].match
	return how > worst || how == worst && l.near == nil
}

// add counts a feature and keeps it if it is among the best so far; of equals
// the one that came first. What stands nowhere is the farthest.
func (l *hits) add(f spatial.Feature, how match) {
	l.matched++
	h := hit{Feature: f, match: how}
	if b, ok := f.Bound(); l.near != nil && ok {
		h.distance = geodesic.LowerBound(*l.near, b)
	} else if l.near != nil {
		h.distance = geodesic.Meters(math.Inf(1))
	}
	at, _ := slices.BinarySearchFunc(l.best, h, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.match, b.match), cmp.Compare(a.distance, b.distance), -1)
	})
	if at == l.limit {
		return
	}
	l.best = slices.Insert(l.best, at, h)
	l.best = l.best[:min(len(l.best), l.limit)]
}

func (h hit) found(near *orb.Point) found {
	f := found{Layer: h.Layer().ID(), ID: h.ID(), Code: h.Code(), Name: calledBy(h.Feature), Match: h.match}
	if b, ok := h.Bound(); ok {
		at, box := geodesic.PointOnSurface(h.Geometry()), corners(b)
		f.At, f.BBox = &at, &box
		if near != nil {
			f.Distance = &h.distance
		}
	}
	return f
}

// calledBy is what a feature is called where it has no label: by its code or
// the first text it has.
func calledBy(f spatial.Feature) string {
	for _, field := range namingFields(f.Layer().Schema()) {
		if text := f.Value(field).Text(); text != "" {
			return text
		}
	}
	return cmp.Or(f.Label(), f.Code())
}

// meantCode is the feature that a code written in another way means: a grid
// as 440303002007-18 or 新秀18, a building by the 25 digits of one of its
// rooms.
func meantCode(s *spatial.Snapshot, text string) (spatial.Feature, bool) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "号"+gridWord, gridWord)
	id, code := gridLayer, text
	switch {
	case len(text) == 25 && strings.Trim(text, "0123456789") == "":
		id, code = "buildings", text[:19]
	case strings.ContainsAny(text, "0123456789"):
		if name := strings.TrimRight(text, "0123456789"); name != "" && name != text && !strings.HasSuffix(name, "-") {
			text += gridWord
		}
		code, _ = gridCode(s, text) // a name that is none finds nothing below
	}
	layer, err := s.Layer(id)
	if err != nil || code == "" {
		return spatial.Feature{}, false
	}
	f, err := layer.ByCode(code)
	return f, err == nil
}
