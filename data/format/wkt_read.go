package format

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// wkt reads well-known text. The first fault ends it.
type wkt struct {
	text    string
	i       int
	heights bool
	fault   error
}

// readWKT reads a geometry in well-known text, x before y; an SRID before it,
// as PostGIS writes one, is passed over. Heights are left out. It is nil for an
// empty geometry.
func readWKT(text string) (g orb.Geometry, heights bool, err error) {
	if strings.HasPrefix(strings.ToUpper(text), "SRID=") {
		_, text, _ = strings.Cut(text, ";")
	}
	w := &wkt{text: text}
	kind := w.word()
	dimension := w.word()
	if dimension == "Z" || dimension == "M" || dimension == "ZM" {
		dimension = w.word()
	}
	if dimension == "EMPTY" && w.end() {
		return nil, false, nil
	}
	g = w.geometry(kind)
	if !w.end() {
		w.fail("something follows the geometry")
	}
	if w.fault != nil {
		return nil, false, w.fault
	}
	return g, w.heights, nil
}

func (w *wkt) fail(what string) {
	if w.fault == nil {
		w.fault = &spatial.InvalidError{Rule: "wkt", Detail: fmt.Sprintf("%s at character %d of %.30q", what, w.i+1, w.text),
			Fix: "write geometry like POINT(114.12 22.55) or POLYGON((…))"}
	}
}

func (w *wkt) space() {
	for w.i < len(w.text) && strings.IndexByte(" \t\r\n", w.text[w.i]) >= 0 {
		w.i++
	}
}

func (w *wkt) end() bool {
	w.space()
	return w.i == len(w.text)
}

// word is the run of letters that comes next, in capitals.
func (w *wkt) word() string {
	w.space()
	from := w.i
	for w.i < len(w.text) && (w.text[w.i]|0x20) >= 'a' && (w.text[w.i]|0x20) <= 'z' {
		w.i++
	}
	return strings.ToUpper(w.text[from:w.i])
}

func (w *wkt) geometry(kind string) orb.Geometry {
	switch strings.TrimRight(kind, "ZM") {
	case "POINT":
		if all := w.positions(); len(all) == 1 {
			return all[0]
		}
		w.fail("a point is one position")
	case "MULTIPOINT":
		return orb.MultiPoint(w.multipoint())
	case "LINESTRING":
		return orb.LineString(w.positions())
	case "MULTILINESTRING":
		return orb.MultiLineString(wktList(w, func(w *wkt) orb.LineString { return w.positions() }))
	case "POLYGON":
		return w.polygon()
	case "MULTIPOLYGON":
		return orb.MultiPolygon(wktList(w, (*wkt).polygon))
	default:
		w.fail(fmt.Sprintf("%q is no kind of geometry", kind))
	}
	return nil
}

func (w *wkt) polygon() orb.Polygon {
	return wktList(w, func(w *wkt) orb.Ring { return w.positions() })
}

func (w *wkt) positions() []orb.Point { return wktList(w, (*wkt).position) }

// multipoint reads (1 2, 3 4) and ((1 2), (3 4)).
func (w *wkt) multipoint() []orb.Point {
	return wktList(w, func(w *wkt) orb.Point {
		w.space()
		if w.i == len(w.text) || w.text[w.i] != '(' {
			return w.position()
		}
		if all := w.positions(); len(all) == 1 {
			return all[0]
		}
		w.fail("a point is one position")
		return orb.Point{}
	})
}

// wktList reads what stands between parentheses, parted by commas.
func wktList[E any](w *wkt, one func(*wkt) E) []E {
	var list []E
	if w.expect("(") != '(' {
		return nil
	}
	for {
		list = append(list, one(w))
		if w.fault != nil || w.expect(",)") == ')' {
			return list
		}
		if w.fault != nil {
			return nil
		}
	}
}

// expect reads one of the characters.
func (w *wkt) expect(one string) byte {
	w.space()
	if w.fault != nil || w.i == len(w.text) || strings.IndexByte(one, w.text[w.i]) < 0 {
		w.fail(fmt.Sprintf("%q is expected", one[:1]))
		return 0
	}
	w.i++
	return w.text[w.i-1]
}

func (w *wkt) position() orb.Point {
	var numbers []float64
	for w.space(); w.i < len(w.text) && strings.IndexByte(",)(", w.text[w.i]) < 0; w.space() {
		from := w.i
		for w.i < len(w.text) && strings.IndexByte(" \t\r\n,)(", w.text[w.i]) < 0 {
			w.i++
		}
		x, err := strconv.ParseFloat(w.text[from:w.i], 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			w.i = from
			w.fail("no number")
			return orb.Point{}
		}
		numbers = append(numbers, x)
	}
	if len(numbers) < 2 || len(numbers) > 4 {
		w.fail(fmt.Sprintf("a position of %d numbers", len(numbers)))
		return orb.Point{}
	}
	w.heights = w.heights || len(numbers) > 2
	return orb.Point{numbers[0], numbers[1]}
}
