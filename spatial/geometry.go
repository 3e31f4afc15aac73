package spatial

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// ValidateGeometry is the one gate for geometry from files, stores and
// requests. It refuses non-finite numbers, positions off the globe (degrees
// lon, lat), empty parts, lines of fewer than two different positions, rings that are
// open or have fewer than four positions, and collections. Whether a ring
// crosses itself is not its concern: the layers that need it prove more.
func ValidateGeometry(g orb.Geometry) error {
	switch g := g.(type) {
	case orb.Point:
		return validatePosition(g)
	case orb.MultiPoint:
		return validatePositions(g, 1, "point")
	case orb.LineString:
		return validateLine(g)
	case orb.MultiLineString:
		return eachPart(g, validateLine)
	case orb.Polygon:
		return eachPart(g, validateRing)
	case orb.MultiPolygon:
		return eachPart(g, func(p orb.Polygon) error { return eachPart(p, validateRing) })
	case nil:
		return &InvalidError{Rule: "geometry_missing", Detail: "there is no geometry"}
	}
	return &InvalidError{Rule: "geometry_kind", Detail: fmt.Sprintf("a %s is not supported", g.GeoJSONType()),
		Fix: "split it into features of one kind each"}
}

func eachPart[S ~[]E, E any](parts S, validate func(E) error) error {
	if len(parts) == 0 {
		return &InvalidError{Rule: "geometry_empty", Detail: "the geometry is empty"}
	}
	for i, part := range parts {
		if err := validate(part); err != nil {
			if len(parts) == 1 {
				return err
			}
			return within(fmt.Sprintf("part %d", i+1), err)
		}
	}
	return nil
}

func validatePositions[S ~[]orb.Point](positions S, least int, what string) error {
	if len(positions) < least {
		return &InvalidError{Rule: "geometry_empty", Detail: fmt.Sprintf("a %s of %d positions", what, len(positions))}
	}
	for _, p := range positions {
		if err := validatePosition(p); err != nil {
			return err
		}
	}
	return nil
}

func validateLine(l orb.LineString) error {
	if err := validatePositions(l, 2, "line"); err != nil {
		return err
	}
	if !slices.ContainsFunc(l, func(p orb.Point) bool { return p != l[0] }) {
		return &InvalidError{Rule: "line_length", At: &l[0], Detail: "all positions of the line are the same"}
	}
	return nil
}

func validateRing(r orb.Ring) error {
	if len(r) < 4 {
		return &InvalidError{Rule: "ring_length", At: firstOf(r), Detail: fmt.Sprintf("a ring of %d positions needs at least 4", len(r))}
	}
	if err := validatePositions(r, 4, "ring"); err != nil {
		return err
	}
	if r[0] != r[len(r)-1] {
		return &InvalidError{Rule: "ring_closed", At: firstOf(r), Detail: "the ring does not end where it begins",
			Fix: "repeat the first position at the end"}
	}
	return nil
}

func firstOf(r orb.Ring) *orb.Point {
	if len(r) == 0 {
		return nil
	}
	p := r[0]
	return &p
}

func validatePosition(p orb.Point) error {
	if math.IsNaN(p[0]) || math.IsNaN(p[1]) || math.IsInf(p[0], 0) || math.IsInf(p[1], 0) {
		return &InvalidError{Rule: "position_finite", Detail: fmt.Sprintf("the position %v,%v is not finite", p[0], p[1])}
	}
	if p[0] < -180 || p[0] > 180 || p[1] < -90 || p[1] > 90 {
		return &InvalidError{Rule: "position_on_earth", Detail: fmt.Sprintf("the position %s,%s is off the globe", degrees(p[0]), degrees(p[1])),
			Fix: "give longitude before latitude, in degrees; projected coordinates need their coordinate system named"}
	}
	return nil
}
