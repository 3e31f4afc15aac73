package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSitingInTheTerminal: sites of the district, and the formats they are
// written in.
func TestSitingInTheTerminal(t *testing.T) {
	store := referenceCopy(t)
	args := []string{"siting", "--store", store, "--hazard", "typhoon", "--share", "0.05", "--choose", "2", "--capacity"}
	code, out, errOut := wangge(t, args...)
	for _, part := range []string{"best by covered: ", "proven to be the best", "runner-up: ", "without it: people", "synthetic data"} {
		if code != 0 || !strings.Contains(out, part) {
			t.Errorf("%d, no %q in %s%s", code, part, out, errOut)
		}
	}
	var answer struct {
		Chosen []struct{ Code string }
		Value  float64
	}
	if _, out, _ = wangge(t, append(args, "--format", "json")...); json.Unmarshal([]byte(out), &answer) != nil || len(answer.Chosen) != 2 {
		t.Fatalf("JSON: %.300s", out)
	}
	for _, format := range []string{"csv", "geojson"} {
		_, out, errOut := wangge(t, append(args, "--format", format)...)
		for _, site := range answer.Chosen {
			if !strings.Contains(out, site.Code) {
				t.Errorf("%s is not in the %s: %s%s", site.Code, format, out, errOut)
			}
		}
	}
	book := filepath.Join(t.TempDir(), "sites.xlsx")
	if code, out, errOut := wangge(t, append(args, "--format", "xlsx", "--out", book)...); code != 0 {
		t.Errorf("%d %s%s", code, out, errOut)
	} else if list := sheet(t, book); len(list) != 3 || list[1][1] != answer.Chosen[0].Code || list[2][1] != answer.Chosen[1].Code {
		t.Errorf("the workbook has %v", list)
	}
	for says, more := range map[string][]string{"(choose_range)": {"--choose", "15"}, "with --out FILE": {"--format", "xlsx"}} {
		if code, out, errOut := wangge(t, append([]string{"siting", "--store", store}, more...)...); code != 1 || !strings.Contains(errOut, says) {
			t.Errorf("%v: %d %s%s", more, code, out, errOut)
		}
	}
}

// TestPublishedInstances: files of the usual formats are solved without a
// store. The answers can be checked by hand.
func TestPublishedInstances(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "instance.txt")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	// A line of five nodes, 3, 4, 3 and 5 apart; the edge 1–2 is given twice,
	// and the last length counts.
	line := file("5 5 2\n1 2 99\n2 3 4\n3 4 3\n4 5 5\n1 2 3\n")
	// Two warehouses for 10 each at 7 and 1, three customers of 6, 4 and 5.
	warehouses := file("2 3\n10 7\n10 1\n6 2 20\n4 3 4\n5 30 2\n")
	tests := map[string]struct {
		args        []string
		value       float64
		sites       string
		refusedWith string
	}{
		"p-median":            {[]string{line}, 11, "[1 4]", ""},
		"p-center":            {[]string{line, "--objective", "p_center"}, 5, "", ""},
		"one center":          {[]string{line, "--objective", "p_center", "--choose", "1"}, 8, "[3]", ""},
		"capacitated":         {[]string{warehouses, "--instance-format", "cap"}, 15, "[1 2]", ""},
		"too many":            {[]string{line, "--choose", "6"}, 0, "", "6 of 5 nodes cannot be chosen"},
		"not that objective":  {[]string{line, "--objective", "deficit"}, 0, "", "p_median or p_center"},
		"not that format":     {[]string{warehouses}, 0, "", "(instance_"},
		"cut off":             {[]string{file("5 5 2\n1 2 3\n")}, 0, "", "(instance_"},
		"too small":           {[]string{file("1 2\n3 1\n2 1\n2 1\n"), "--instance-format", "cap"}, 0, "", "capacities are too small"},
		"nowhere":             {[]string{line, "--format", "geojson"}, 0, "", "stand nowhere"},
		"no nodes to look at": {[]string{line, "--nodes", "0"}, 0, "", "--nodes 0"},
	}
	for name, tt := range tests {
		args := append([]string{"siting", "--format", "json", "--instance"}, tt.args...)
		code, out, errOut := wangge(t, args...)
		if tt.refusedWith != "" {
			if code != 1 || !strings.Contains(errOut, tt.refusedWith) {
				t.Errorf("%s: %d %s%s", name, code, out, errOut)
			}
			continue
		}
		var a solved
		if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 {
			t.Errorf("%s: %d %s%s", name, code, out, errOut)
			continue
		}
		if a.Value != tt.value || a.Bound != tt.value || !a.Exact || tt.sites != "" && strings.Trim(strings.Join(strings.Fields(asText(t, a.Sites)), ""), "[]") != strings.ReplaceAll(strings.Trim(tt.sites, "[]"), " ", ",") {
			t.Errorf("%s: %+v, want %v at %s", name, a, tt.value, tt.sites)
		}
	}
	if code, out, _ := wangge(t, "siting", "--instance", line); code != 0 || !strings.Contains(out, "sites    1 4") || !strings.Contains(out, "the bound is the value") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := wangge(t, "siting", "--instance", line, "--format", "csv"); code != 0 || out != "demand,site\n1,1\n2,1\n3,4\n4,4\n5,4\n" {
		t.Errorf("%d %s", code, out)
	}
}
