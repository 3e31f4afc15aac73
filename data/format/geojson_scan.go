package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// member is one member of a JSON object: its key, its value's text, and where
// in the file that begins.
type member struct {
	key string
	raw []byte
	at  int64
}

// object is a JSON object with its members in the order of the file.
type object []member

// find is the last member of a key, as JSON readers have it.
func (o object) find(key string) (member, bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].key == key {
			return o[i], true
		}
	}
	return member{}, false
}

// text is a member's string, "" if it is none.
func (o object) text(key string) string {
	if m, ok := o.find(key); ok && m.raw[0] == '"' {
		return unquote(m.raw)
	}
	return ""
}

func isNull(raw []byte) bool { return raw[0] == 'n' }

// unquote reads a JSON string that is known to be well-formed.
func unquote(raw []byte) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// objectOf parts the text of an object that is known to be well-formed. ok
// is false for other values.
func objectOf(m member) (o object, ok bool) {
	if m.raw[0] != '{' {
		return nil, false
	}
	for i := skipSpace(m.raw, 1); m.raw[i] != '}'; {
		key := i
		i = skipValue(m.raw, key)
		name := unquote(m.raw[key:i])
		i = skipSpace(m.raw, skipSpace(m.raw, i)+1) // over the colon
		end := skipValue(m.raw, i)
		o = append(o, member{name, m.raw[i:end], m.at + int64(i)})
		if i = skipSpace(m.raw, end); m.raw[i] == ',' {
			i = skipSpace(m.raw, i+1)
		}
	}
	return o, true
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// skipValue is the end of the well-formed value that begins at i.
func skipValue(raw []byte, i int) int {
	switch raw[i] {
	case '"':
		return skipString(raw, i)
	case '{', '[':
		return skipNested(raw, i)
	}
	end := bytes.IndexAny(raw[i:], ",]} \n\t\r:")
	if end < 0 {
		return len(raw)
	}
	return i + end
}

func skipString(raw []byte, i int) int {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipNested(raw []byte, i int) int {
	for depth := 0; ; {
		switch raw[i] {
		case '"':
			i = skipString(raw, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if i++; depth == 0 {
			return i
		}
	}
}

// coordinates reads the nested arrays of a geometry. It knows its path, to
// name the place of a fault, which it keeps.
type coordinates struct {
	raw     []byte
	at      int64
	i       int
	path    []int
	heights bool // a position had more than two numbers
	fault   error
}

func (c *coordinates) fail(rule, detail, fix string) {
	if c.fault != nil {
		return
	}
	var path strings.Builder
	for _, index := range c.path {
		fmt.Fprintf(&path, "[%d]", index)
	}
	c.fault = &spatial.InvalidError{Rule: rule, Detail: detail, Fix: fix,
		Where: fmt.Sprintf("geometry.coordinates%s, byte %d", path.String(), c.at+int64(c.i))}
}

// listOf reads an array of whatever one reads.
func listOf[E any](c *coordinates, one func(*coordinates) E) []E {
	list := []E{}
	if c.fault != nil {
		return list
	}
	if c.raw[c.i] != '[' {
		c.fail("geojson_coordinates", fmt.Sprintf("%s stands where a list belongs", c.sample()), "nest the coordinates as the geometry's type wants")
		return list
	}
	c.path = append(c.path, 0)
	for c.i = skipSpace(c.raw, c.i+1); c.fault == nil && c.raw[c.i] != ']'; c.path[len(c.path)-1]++ {
		list = append(list, one(c))
		if c.fault != nil {
			return list
		}
		if c.i = skipSpace(c.raw, c.i); c.raw[c.i] == ',' {
			c.i = skipSpace(c.raw, c.i+1)
		}
	}
	c.path = c.path[:len(c.path)-1]
	c.i++
	return list
}

// sample is the beginning of the value at hand, for messages.
func (c *coordinates) sample() string {
	raw := c.raw[c.i:skipValue(c.raw, c.i)]
	if len(raw) > 20 {
		return string(raw[:20]) + "…"
	}
	return string(raw)
}

func (c *coordinates) number() float64 {
	end := skipValue(c.raw, c.i)
	f, err := strconv.ParseFloat(string(c.raw[c.i:end]), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		c.fail("position_finite", c.sample()+" is not a number", "give every position as [longitude, latitude]")
		return 0
	}
	c.i = end
	return f
}

func (c *coordinates) position() orb.Point {
	numbers := listOf(c, (*coordinates).number)
	if len(numbers) < 2 {
		c.fail("geojson_position", fmt.Sprintf("a position of %d numbers", len(numbers)), "give every position as [longitude, latitude]")
		return orb.Point{}
	}
	c.heights = c.heights || len(numbers) > 2
	return orb.Point{numbers[0], numbers[1]}
}

func (c *coordinates) positions() []orb.Point { return listOf(c, (*coordinates).position) }
func (c *coordinates) line() orb.LineString   { return c.positions() }
func (c *coordinates) ring() orb.Ring         { return c.positions() }
func (c *coordinates) polygon() orb.Polygon   { return listOf(c, (*coordinates).ring) }

// geometry reads the coordinates of a GeoJSON type; nil for a type that has
// none.
func (c *coordinates) geometry(kind string) orb.Geometry {
	switch kind {
	case "Point":
		return c.position()
	case "MultiPoint":
		return orb.MultiPoint(c.positions())
	case "LineString":
		return c.line()
	case "MultiLineString":
		return orb.MultiLineString(listOf(c, (*coordinates).line))
	case "Polygon":
		return c.polygon()
	case "MultiPolygon":
		return orb.MultiPolygon(listOf(c, (*coordinates).polygon))
	}
	return nil
}

// empty says whether the array has no number in it at all.
func (c *coordinates) empty() bool { return !bytes.ContainsAny(c.raw, "-0123456789nN\"{tf") }
