// Package datum turns coordinates of the systems met at the border of the
// program into longitude and latitude and back: EPSG:4326, 4490, 4547, 4526 and
// 3857, OGC:CRS84, and the shifted GCJ-02 and BD-09 of Chinese map vendors.
//
// It is no general projection library: it knows these eight and no others, reads
// no grids, and takes WGS 84 and CGCS2000 as one datum. Both are realisations of
// ITRS that differ by some decimetres (plate motion since 2000.0), and there is
// no published transformation between them.
//
// Points are always x, y: longitude before latitude, easting before northing,
// whatever the register says. A reader or writer of a format that follows the
// register asks [CRS.AxisOrder] and swaps.
//
// Invariant: [FromLL] after [ToLL] gives the point back, and a point outside a
// system's domain becomes NaN, never a plausible figure.
package datum

import (
	"errors"
	"fmt"
	"strings"
)

// CRS is one of the known coordinate reference systems. The zero value is CRS84,
// and values can be compared.
type CRS uint8

// The known systems.
const (
	CRS84    CRS = iota // WGS 84, longitude before latitude: the default of GeoJSON and of OGC APIs
	EPSG4326            // WGS 84, latitude before longitude
	EPSG4490            // CGCS2000, latitude before longitude: the official one
	EPSG4547            // CGCS2000 / 3-degree Gauss-Kruger CM 114E: eastings of six digits
	EPSG4526            // the same with the zone number 38 before the easting
	EPSG3857            // Pseudo-Mercator: display only, distances and areas are stretched
	GCJ02               // the shifted coordinates of 高德 and 腾讯: metres only
	BD09                // the twice shifted coordinates of 百度, in degrees: metres only
)

// AxisOrder is the order in which a register lists a system's coordinates.
type AxisOrder uint8

// The axis orders in use.
const (
	LonLat AxisOrder = iota
	LatLon
	EastNorth
	NorthEast
)

// Swapped reports whether the register's order is y before x, so that
// coordinates that follow it must be swapped from or to this package's order.
func (o AxisOrder) Swapped() bool { return o == LatLon || o == NorthEast }

// Unit is the unit of a system's coordinates.
type Unit string

// The units in use.
const (
	Degree Unit = "degree"
	Metre  Unit = "metre"
)

// definition is what a register says of a system.
type definition struct {
	authority, code string // as Parse compares them
	id, uri, name   string
	axes            AxisOrder
	unit            Unit
}

const opengis = "http://www.opengis.net/def/crs/"

// definitions is indexed by CRS and never written to.
var definitions = [...]definition{
	CRS84:    {"ogc", "crs84", "OGC:CRS84", opengis + "OGC/1.3/CRS84", "WGS 84 (CRS84)", LonLat, Degree},
	EPSG4326: {"epsg", "4326", "EPSG:4326", opengis + "EPSG/0/4326", "WGS 84", LatLon, Degree},
	EPSG4490: {"epsg", "4490", "EPSG:4490", opengis + "EPSG/0/4490", "China Geodetic Coordinate System 2000", LatLon, Degree},
	EPSG4547: {"epsg", "4547", "EPSG:4547", opengis + "EPSG/0/4547", "CGCS2000 / 3-degree Gauss-Kruger CM 114E", NorthEast, Metre},
	EPSG4526: {"epsg", "4526", "EPSG:4526", opengis + "EPSG/0/4526", "CGCS2000 / 3-degree Gauss-Kruger zone 38", NorthEast, Metre},
	EPSG3857: {"epsg", "3857", "EPSG:3857", opengis + "EPSG/0/3857", "WGS 84 / Pseudo-Mercator", EastNorth, Metre},
	GCJ02:    {"", "gcj02", "GCJ-02", "", "GCJ-02 火星坐标系", LonLat, Degree},
	BD09:     {"", "bd09", "BD-09", "", "BD-09 百度坐标系", LonLat, Degree},
}

func (c CRS) definition() definition {
	if int(c) >= len(definitions) {
		return definition{id: fmt.Sprintf("CRS(%d)", uint8(c))}
	}
	return definitions[c]
}

// String is the short identifier, such as "EPSG:4547", "OGC:CRS84" or "GCJ-02".
// [Parse] reads it back.
func (c CRS) String() string { return c.definition().id }

// URI is the identifier that OGC APIs print, empty for GCJ-02 and BD-09, which
// no register lists.
func (c CRS) URI() string { return c.definition().uri }

// Name is the official name.
func (c CRS) Name() string { return c.definition().name }

// AxisOrder is the order of coordinates in the register. GCJ-02 and BD-09 have
// no register; their vendors write longitude first.
func (c CRS) AxisOrder() AxisOrder { return c.definition().axes }

// Unit is the unit of both coordinates.
func (c CRS) Unit() Unit { return c.definition().unit }

// SurveyGrade reports whether coordinates keep the accuracy of a survey. GCJ-02
// and BD-09 do not: their formulas are not official and data in them are good to
// metres only.
func (c CRS) SurveyGrade() bool { return c != GCJ02 && c != BD09 }

// ErrUnknown is wrapped by the error of [Parse].
var ErrUnknown = errors.New("unknown coordinate system")

// Parse reads an identifier, in any case of letters: a bare EPSG code ("4547"),
// "EPSG:4547", "[EPSG:4547]", an OGC URI ("http://www.opengis.net/def/crs/EPSG/0/4547"),
// an OGC URN ("urn:ogc:def:crs:EPSG::4547"), "OGC:CRS84" or "CRS84", "gcj02" or
// "GCJ-02", "bd09" or "BD-09". Any version of a register is accepted. The error
// wraps [ErrUnknown].
func Parse(s string) (CRS, error) {
	authority, code := split(strings.ToLower(strings.TrimSpace(s)))
	for c, d := range definitions {
		if code == d.code && (authority == d.authority || authority == "" && d.authority == "ogc") {
			return CRS(c), nil
		}
	}
	return 0, fmt.Errorf("%w %.80q", ErrUnknown, s)
}

// split finds the authority and the code in an identifier of small letters.
func split(s string) (authority, code string) {
	s = strings.Replace(s, "https://", "http://", 1)
	if path, ok := strings.CutPrefix(s, opengis); ok {
		return versioned(strings.Split(path, "/"))
	}
	if name, ok := strings.CutPrefix(s, "urn:ogc:def:crs:"); ok {
		return versioned(strings.Split(name, ":"))
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		s = strings.TrimSuffix(inner, "]")
	}
	if authority, code, ok := strings.Cut(s, ":"); ok {
		return authority, code
	}
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return "epsg", s
	}
	return "", strings.ReplaceAll(s, "-", "")
}

// versioned takes the parts authority, version, code.
func versioned(parts []string) (authority, code string) {
	if len(parts) != 3 || parts[0] == "" {
		return "", ""
	}
	return parts[0], parts[2]
}
