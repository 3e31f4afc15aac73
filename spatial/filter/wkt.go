package filter

import (
	"fmt"
	"strings"

	"github.com/paulmach/orb"
)

// shapes reads the kinds of geometry literals.
var shapes = map[string]func(*parser) (orb.Geometry, error){
	"POINT":      (*parser).point,
	"LINESTRING": func(p *parser) (orb.Geometry, error) { return lineString(p) },
	"POLYGON":    func(p *parser) (orb.Geometry, error) { return polygon(p) },
	"MULTIPOINT": func(p *parser) (orb.Geometry, error) {
		g, err := listed(p, (*parser).loosePoint)
		return orb.MultiPoint(g), err
	},
	"MULTILINESTRING": func(p *parser) (orb.Geometry, error) {
		g, err := listed(p, lineString)
		return orb.MultiLineString(g), err
	},
	"MULTIPOLYGON": func(p *parser) (orb.Geometry, error) { g, err := listed(p, polygon); return orb.MultiPolygon(g), err },
	"ENVELOPE":     (*parser).envelope,
	"BBOX":         (*parser).envelope,
}

// atShape says whether a geometry literal comes next. A property may be
// called "point", so the parenthesis counts too.
func (p *parser) atShape() bool {
	t := p.next()
	return t.kind == word && t.text != "" && len(p.tokens) > 1 && p.tokens[1].kind != end &&
		(p.tokens[1].text == "(" || p.tokens[1].kind == word)
}

func (p *parser) shape() (orb.Geometry, error) {
	t := p.take()
	read, ok := shapes[strings.ToUpper(t.text)]
	if !ok {
		return nil, p.fault(t.at, "filter_geometry", fmt.Sprintf("%q is no geometry that is read here", shorten(t.text)),
			"use POINT, LINESTRING, POLYGON, their MULTI forms or ENVELOPE(west, south, east, north)")
	}
	if !p.is("(") {
		return nil, p.fault(p.next().at, "filter_geometry", fmt.Sprintf("%q follows %s", shorten(p.next().text), strings.ToUpper(t.text)),
			"give positions of two numbers in parentheses; no EMPTY, no heights")
	}
	return read(p)
}

func (p *parser) point() (orb.Geometry, error) {
	points, err := positions(p)
	if err == nil && len(points) != 1 {
		err = p.expected("one position")
	}
	if err != nil {
		return nil, err
	}
	return points[0], nil
}

func lineString(p *parser) (orb.LineString, error) { return positions(p) }

func polygon(p *parser) (orb.Polygon, error) {
	return listed(p, func(p *parser) (orb.Ring, error) { return positions(p) })
}

// loosePoint is a point of a MULTIPOINT, with parentheses of its own or
// without.
func (p *parser) loosePoint() (orb.Point, error) {
	own := p.accept("(")
	at, err := p.position()
	if err == nil && own {
		err = p.need(")")
	}
	return at, err
}

func positions(p *parser) ([]orb.Point, error) { return listed(p, (*parser).position) }

// listed reads parts in parentheses with commas between them.
func listed[T any](p *parser, part func(*parser) (T, error)) ([]T, error) {
	if err := p.need("("); err != nil {
		return nil, err
	}
	var parts []T
	for {
		v, err := part(p)
		if err != nil {
			return nil, err
		}
		if parts = append(parts, v); !p.accept(",") {
			return parts, p.need(")")
		}
	}
}

func (p *parser) position() (at orb.Point, err error) {
	if p.positions++; p.positions > MaxPositions {
		return at, p.fault(p.next().at, "filter_positions", fmt.Sprintf("the geometries have more than %d positions", MaxPositions), "simplify them")
	}
	for i := range at {
		if at[i], err = p.coordinate(); err != nil {
			return at, err
		}
	}
	return at, nil
}

func (p *parser) coordinate() (float64, error) {
	if p.next().kind != number {
		return 0, p.expected("a number of a position like 114.12 22.55")
	}
	v, err := p.number()
	return v.Float(), err
}

// envelope reads (west, south, east, north).
func (p *parser) envelope() (orb.Geometry, error) {
	at := p.next().at
	corners, err := listed(p, (*parser).coordinate)
	if err != nil {
		return nil, err
	}
	if p.positions += 2; len(corners) != 4 || corners[0] > corners[2] || corners[1] > corners[3] {
		return nil, p.fault(at, "filter_geometry", "an envelope takes four numbers, the smaller of each axis first", "write ENVELOPE(west, south, east, north)")
	}
	return orb.Bound{Min: orb.Point(corners[:2]), Max: orb.Point(corners[2:])}, nil
}
