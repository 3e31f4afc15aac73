package main

import (
	"encoding/json"
	"strings"
	"testing"

	"wangge/data/format/osmtest"
)

// crossroads is an extract of two streets that cross, with a turn that is not
// allowed there.
func crossroads() string {
	street := map[string]string{"highway": "residential", "name": "试验路"}
	return string(osmtest.Extract{
		Nodes: []osmtest.Node{{ID: 1, Lon: 114.12, Lat: 22.55}, {ID: 2, Lon: 114.121, Lat: 22.55}, {ID: 3, Lon: 114.122, Lat: 22.55}, {ID: 4, Lon: 114.121, Lat: 22.549}, {ID: 5, Lon: 114.121, Lat: 22.551}},
		Ways: []osmtest.Way{{ID: 1, Nodes: []int64{1, 2}, Tags: street}, {ID: 2, Nodes: []int64{2, 3}, Tags: street}, {ID: 3, Nodes: []int64{4, 2, 5}, Tags: street},
			{ID: 4, Nodes: []int64{4, 5}, Tags: map[string]string{"highway": "proposed"}}},
		Relations: []osmtest.Relation{{ID: 9, Tags: map[string]string{"type": "restriction", "restriction": "no_straight_on"},
			Members: []osmtest.Member{{Kind: osmtest.OfWay, ID: 1, Role: "from"}, {Kind: osmtest.OfNode, ID: 2, Role: "via"}, {Kind: osmtest.OfWay, ID: 2, Role: "to"}}}},
		Seconds: 1_600_000_000}.PBF())
}

// importsRoads puts the roads of an extract in the place of those that are there,
// and serves them.
func importsRoads(t *testing.T, store string) {
	file := written(t, "town.osm.pbf", crossroads())
	says := func(want int, words string, args ...string) {
		t.Helper()
		code, out, errOut := wangge(t, append([]string{"import"}, append(args, "--store", store)...)...)
		if code != want || !strings.Contains(out+errOut, words) {
			t.Fatalf("%v: code %d, want %d and %q\n%s%s", args, code, want, words, out, errOut)
		}
	}
	says(1, "read for its roads", "streets", file)
	says(1, "--sheet means nothing", "roads", file, "--sheet", "x")
	says(1, "--replace puts the roads of the extract in their place", "roads", file)
	says(1, "osm_pbf", "roads", written(t, "none.osm.pbf", "none"))
	says(0, "3 roads and 1 turn restrictions, as of 2020-09-13", "roads", file, "--replace", "--dry-run")
	says(0, "1 ways of highway=proposed", "roads", file, "--replace", "--dry-run")
	says(0, "driving: 5 junctions, 4 stretches, 0.4 km; 1 parts", "roads", file, "--replace", "--dry-run")
	says(0, "is in", "roads", file, "--replace")
	says(0, "is in", "roads", file, "--replace") // ids go on
	address := serve(t, store)
	for layer, want := range map[string]int{"roads": 3, "turn_restrictions": 1} {
		var page struct {
			NumberMatched int
			Synthetic     bool
			AsOf          map[string]string `json:"as_of"`
		}
		if err := json.Unmarshal(get(t, address+"/collections/"+layer+"/items"), &page); err != nil {
			t.Fatal(err)
		}
		if page.NumberMatched != want || page.Synthetic || page.AsOf[layer] != "2020-09-13" {
			t.Errorf("%s: %+v, want %d", layer, page, want)
		}
	}
	if code, out, errOut := wangge(t, "check", "--store", store); code != 0 || !strings.Contains(out, "roads for driving: 5 junctions, 4 stretches, 0.4 km; 1 parts") {
		t.Errorf("check: %s%s", out, errOut)
	}
}
