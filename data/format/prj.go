package format

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// wktNode is one bracket of well-known text: KEYWORD["text", 1.5, CHILD[…]].
type wktNode struct {
	keyword  string // in capitals
	text     string // the first string
	code     string // the second string, as in AUTHORITY["EPSG","4490"]
	numbers  []float64
	children []*wktNode
}

// maxWKT is the greatest depth of brackets that is followed.
const maxWKT = 32

// parseWKT reads well-known text of coordinate systems, as in .prj files
// (OGC 01-009 and Esri's dialect of it). ok is false if it is none.
func parseWKT(s string) (root *wktNode, ok bool) {
	p := wktParser{rest: strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))}
	root, ok = p.node(0)
	return root, ok
}

type wktParser struct{ rest string }

func (p *wktParser) node(depth int) (*wktNode, bool) {
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	if end <= 0 || depth > maxWKT {
		return nil, false
	}
	n := &wktNode{keyword: strings.ToUpper(p.rest[:end])}
	p.rest = strings.TrimLeftFunc(p.rest[end:], unicode.IsSpace)
	if !p.eat("[(") {
		return n, depth > 0 // a bare word, as in AXIS["Lon",EAST]
	}
	for {
		if !p.item(n, depth) {
			return nil, false
		}
		if p.eat("])") {
			return n, true
		}
		if !p.eat(",") {
			return nil, false
		}
	}
}

// eat takes one of some characters and the blanks behind it.
func (p *wktParser) eat(any string) bool {
	if p.rest == "" || !strings.Contains(any, p.rest[:1]) {
		return false
	}
	p.rest = strings.TrimLeftFunc(p.rest[1:], unicode.IsSpace)
	return true
}

func (p *wktParser) item(n *wktNode, depth int) bool {
	if p.rest == "" {
		return false
	}
	if p.rest[0] == '"' {
		text, rest, ok := strings.Cut(p.rest[1:], `"`)
		p.rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if n.text == "" {
			n.text = text
		} else if n.code == "" {
			n.code = text
		}
		return ok
	}
	if unicode.IsLetter(rune(p.rest[0])) {
		child, ok := p.node(depth + 1)
		n.children = append(n.children, child)
		return ok
	}
	end := strings.IndexAny(p.rest, ",]) \t\r\n")
	if end < 0 {
		return false
	}
	number, err := strconv.ParseFloat(p.rest[:end], 64)
	n.numbers = append(n.numbers, number)
	p.rest = strings.TrimLeftFunc(p.rest[end:], unicode.IsSpace)
	return err == nil
}

// child is the first child of a keyword, an empty node if there is none.
func (n *wktNode) child(keyword string) *wktNode {
	for _, c := range n.children {
		if c.keyword == keyword {
			return c
		}
	}
	return &wktNode{}
}

func (n *wktNode) number(i int) float64 {
	if i < len(n.numbers) {
		return n.numbers[i]
	}
	return math.NaN()
}

// parameter is a projection's parameter by its name in small letters, absent
// where it is not given.
func (n *wktNode) parameter(name string, absent float64) float64 {
	for _, c := range n.children {
		if c.keyword == "PARAMETER" && strings.EqualFold(c.text, name) {
			return c.number(0)
		}
	}
	return absent
}

// parsePRJ finds the coordinate system that a .prj file declares. file is the
// name for messages. A file that is no well-known text declares none, which
// the note says; a system that is not known is an error.
func parsePRJ(file, text string) (crs datum.CRS, declared bool, note string, err error) {
	if strings.Trim(text, " \t\r\n\x00\ufeff") == "" {
		return 0, false, file + " is empty: no coordinate system is declared", nil
	}
	root, ok := parseWKT(text)
	if !ok {
		return 0, false, file + " holds no coordinate system in well-known text and was ignored", nil
	}
	if root.keyword == "COMPD_CS" && len(root.children) > 0 { // with a system of heights, which are left out
		root = root.children[0]
	}
	if crs, ok := registered(root); ok {
		return crs, true, "", nil
	}
	switch root.keyword {
	case "GEOGCS":
		crs, note, ok = geographic(root)
	case "PROJCS":
		crs, note, ok = projected(root)
	default:
		ok = false
	}
	if !ok {
		return 0, false, "", &spatial.InvalidError{Rule: "crs_unknown", Where: file,
			Detail: fmt.Sprintf("the coordinate system %q is none that is read here", root.text),
			Fix:    "convert the file: ogr2ogr -t_srs EPSG:4490 new.shp old.shp; or give --srs if this is not the coordinates' system"}
	}
	return crs, true, note, nil
}

// registered is the system whose EPSG code the text ends with.
func registered(root *wktNode) (datum.CRS, bool) {
	authority := root.child("AUTHORITY")
	if !strings.EqualFold(authority.text, "EPSG") {
		return 0, false
	}
	code := authority.code
	if code == "" && len(authority.numbers) > 0 {
		code = strconv.Itoa(int(authority.numbers[0]))
	}
	crs, err := datum.Parse(code)
	return crs, err == nil
}

// geographic accepts degrees from Greenwich on a datum that lies within two
// metres of WGS 84, which is every one on its ellipsoid or on that of 1980
// without a shift of its own.
func geographic(n *wktNode) (crs datum.CRS, note string, ok bool) {
	const degree = math.Pi / 180
	body := n.child("DATUM")
	ellipsoid := body.child("SPHEROID")
	modern := ellipsoid.number(0) == 6378137 && math.Abs(ellipsoid.number(1)-298.2572) < 0.0001
	if !modern || n.child("PRIMEM").number(0) != 0 || math.Abs(n.child("UNIT").number(0)-degree) > 1e-9 {
		return 0, "", false
	}
	for _, shift := range body.child("TOWGS84").numbers {
		if math.Abs(shift) > 2 {
			return 0, "", false
		}
	}
	name := plainName(n.text + body.text)
	switch {
	case strings.Contains(name, "china2000"), strings.Contains(name, "chinageodetic"), strings.Contains(name, "cgcs2000"):
		return datum.EPSG4490, "", true
	case strings.Contains(name, "wgs1984"), strings.Contains(name, "wgs84"), strings.Contains(name, "worldgeodeticsystem"):
		return datum.CRS84, "", true
	}
	return datum.CRS84, fmt.Sprintf("coordinates in %q taken as WGS 84, which differs by up to 2 m", n.text), true
}

// plainName is a name in small letters and digits only.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// projected accepts Gauss-Krüger on the central meridian of 114° E and
// Pseudo-Mercator.
func projected(n *wktNode) (crs datum.CRS, note string, ok bool) {
	base, note, ok := geographic(n.child("GEOGCS"))
	if !ok || n.child("UNIT").number(0) != 1 || n.parameter("false_northing", 0) != 0 || n.parameter("latitude_of_origin", 0) != 0 {
		return 0, "", false
	}
	easting := n.parameter("false_easting", 0)
	switch projection := plainName(n.child("PROJECTION").text); {
	case projection == "transversemercator", projection == "gausskruger":
		if n.parameter("central_meridian", 0) != 114 || n.parameter("scale_factor", 1) != 1 {
			return 0, "", false
		}
		if base != datum.EPSG4490 && note == "" {
			note = fmt.Sprintf("the datum of %q, WGS 84, taken as CGCS2000, which differs by less than 1 m", n.text)
		}
		switch easting {
		case 500_000:
			return datum.EPSG4547, note, true
		case 38_500_000:
			return datum.EPSG4526, note, true
		}
	case easting == 0 && n.parameter("central_meridian", 0) == 0 && pseudoMercator(n, projection):
		return datum.EPSG3857, note, true
	}
	return 0, "", false
}

func pseudoMercator(n *wktNode, projection string) bool {
	name := plainName(n.text)
	return strings.HasPrefix(projection, "mercator") && (strings.HasSuffix(projection, "auxiliarysphere") ||
		strings.Contains(name, "pseudomercator") || strings.Contains(name, "webmercator") ||
		strings.Contains(n.child("EXTENSION").code, "+nadgrids=@null")) || projection == "popularvisualisationpseudomercator"
}

// Well-known text in Esri's dialect, which every program reads.
const (
	prj84   = `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	prj4490 = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	prjGK   = `PROJCS["CGCS2000_3_Degree_GK_%s",` + prj4490 + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",%s],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`
	prj3857 = `PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",` + prj84 + `,PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0],PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]`
)

// formatPRJ is the text of a .prj file; "" for GCJ-02 and BD-09, which no
// register has.
func formatPRJ(crs datum.CRS) string {
	switch crs {
	case datum.CRS84, datum.EPSG4326:
		return prj84
	case datum.EPSG4490:
		return prj4490
	case datum.EPSG4547:
		return fmt.Sprintf(prjGK, "CM_114E", "500000.0")
	case datum.EPSG4526:
		return fmt.Sprintf(prjGK, "Zone_38", "38500000.0")
	case datum.EPSG3857:
		return prj3857
	}
	return ""
}
