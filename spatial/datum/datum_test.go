package datum

import (
	"errors"
	"fmt"
	"testing"
)

func all() []CRS {
	var all []CRS
	for c := range definitions {
		all = append(all, CRS(c))
	}
	return all
}

func TestParse(t *testing.T) {
	tests := map[string]CRS{
		"4547":        EPSG4547,
		"EPSG:4547":   EPSG4547,
		" epsg:4490 ": EPSG4490,
		"[EPSG:4526]": EPSG4526,
		"http://www.opengis.net/def/crs/EPSG/0/4547":    EPSG4547,
		"https://www.opengis.net/def/crs/EPSG/9.9/3857": EPSG3857,
		"http://www.opengis.net/def/crs/OGC/1.3/CRS84":  CRS84,
		"urn:ogc:def:crs:EPSG::4326":                    EPSG4326,
		"urn:ogc:def:crs:EPSG:10.1:4490":                EPSG4490,
		"urn:ogc:def:crs:OGC:1.3:CRS84":                 CRS84,
		"OGC:CRS84":                                     CRS84,
		"crs84":                                         CRS84,
		"gcj02":                                         GCJ02,
		"GCJ-02":                                        GCJ02,
		"bd09":                                          BD09,
		"BD-09":                                         BD09,
	}
	for text, want := range tests {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "0", "EPSG:", ":", "EPSG:4548", "4547.0", "-4547", "OGC:4547", "EPSG:CRS84", "EPSG:gcj02",
		"urn:ogc:def:crs:EPSG:4547", "urn:ogc:def:crs::0:4547", "urn:ogc:def:crs:::gcj02",
		"http://www.opengis.net/def/crs/EPSG/4547", "http://www.opengis.net/def/crs/EPSG/0/4547/", "ftp://www.opengis.net/def/crs/EPSG/0/4547",
	} {
		if got, err := Parse(text); !errors.Is(err, ErrUnknown) {
			t.Errorf("Parse(%q) = %v, %v; want ErrUnknown", text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range all() {
		f.Add(c.String())
		f.Add(c.URI())
	}
	f.Add("urn:ogc:def:crs:EPSG::4547")
	f.Add("[EPSG:4547]")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		for _, printed := range []string{c.String(), c.URI()} {
			if again, err := Parse(printed); printed != "" && (err != nil || again != c) {
				t.Fatalf("%q is %v, printed as %q, read back as %v, %v", text, c, printed, again, err)
			}
		}
	})
}

func TestRegister(t *testing.T) {
	type entry struct {
		axes    AxisOrder
		swapped bool
		unit    Unit
		survey  bool
	}
	want := map[CRS]entry{
		CRS84:    {LonLat, false, Degree, true},
		EPSG4326: {LatLon, true, Degree, true},
		EPSG4490: {LatLon, true, Degree, true},
		EPSG4547: {NorthEast, true, Metre, true},
		EPSG4526: {NorthEast, true, Metre, true},
		EPSG3857: {EastNorth, false, Metre, true},
		GCJ02:    {LonLat, false, Degree, false},
		BD09:     {LonLat, false, Degree, false},
	}
	for _, c := range all() {
		if got := (entry{c.AxisOrder(), c.AxisOrder().Swapped(), c.Unit(), c.SurveyGrade()}); got != want[c] {
			t.Errorf("%v: %+v, want %+v", c, got, want[c])
		}
		if c.Name() == "" || (c.URI() == "") == c.SurveyGrade() {
			t.Errorf("%v: name %q, URI %q", c, c.Name(), c.URI())
		}
	}
	if got := CRS(200).String(); got != "CRS(200)" {
		t.Errorf("an unknown value prints as %q", got)
	}
}

func ExampleParse() {
	crs, err := Parse("urn:ogc:def:crs:EPSG::4547")
	fmt.Println(crs, err)
	fmt.Println(crs.URI())
	fmt.Println(crs.Name(), crs.AxisOrder().Swapped())
	// Output:
	// EPSG:4547 <nil>
	// http://www.opengis.net/def/crs/EPSG/0/4547
	// CGCS2000 / 3-degree Gauss-Kruger CM 114E true
}
