package main

import (
	"strings"
	"testing"

	"wangge/data/postgis/postgistest"
)

// TestMap shows another program's table as a layer and takes it out again.
func TestMap(t *testing.T) {
	store := postgistest.URL(t)
	if code, out, errOut := wangge(t, "init", "--store", store); code != 0 {
		t.Fatal(out, errOut)
	}
	postgistest.Exec(t, store, "CREATE TABLE shops (gid serial PRIMARY KEY, name text, geom geometry(Point, 4326))",
		"INSERT INTO shops (name, geom) VALUES ('水贝', ST_SetSRID(ST_MakePoint(114.122, 22.572), 4326))")
	steps := []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"a table that is not there", []string{"map", "shops", "none"}, 1, []string{"no such table", "schema.table"}},
		{"under the name of a table", []string{"map", "shops", "shops"}, 0, []string{"1 rows, point", "name", "less than a metre", "as of version"}},
		{"twice", []string{"map", "shops", "shops"}, 1, []string{"exists"}},
		{"checked", []string{"check"}, 0, []string{"shops: 1 rows"}},
		{"removed", []string{"map", "--remove", "shops"}, 0, []string{"its table stays"}},
		{"removed twice", []string{"map", "--remove", "shops"}, 1, []string{"not found"}},
		{"neither", []string{"map", "shops"}, 1, []string{"--remove"}},
	}
	for _, step := range steps {
		code, out, errOut := wangge(t, append(step.args, "--store", store)...)
		for _, words := range step.says {
			if code != step.code || !strings.Contains(out+errOut, words) {
				t.Errorf("%s: code %d, want %d and %q\n%s%s", step.name, code, step.code, words, out, errOut)
			}
		}
	}
	if code, _, errOut := wangge(t, "map", "shops", "shops", "--store", "x.gpkg"); code != 1 || !strings.Contains(errOut, "wangge import") {
		t.Errorf("a file: %d %s", code, errOut)
	}
	postgistest.Exec(t, store, "INSERT INTO shops (name) VALUES ('东门')")
}
