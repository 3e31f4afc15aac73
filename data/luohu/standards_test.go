package luohu

import (
	"slices"
	"testing"
)

// TestStandards: the numbers are those of the sources, and what they leave
// open is open.
func TestStandards(t *testing.T) {
	schema, rows, err := Standards()
	if err != nil {
		t.Fatal(err)
	}
	type numbers struct{ area, radius, minutes, share, certainty string }
	want := map[string]numbers{
		"shenzhen_2023":       {"1.5", "", "", "", "published"},
		"gb51143_emergency":   {"0.5", "500", "", "", "textbook"},
		"gb51143_short_term":  {"2", "1000", "", "0.15", "textbook"},
		"gb51143_medium_term": {"3", "1500", "", "0.15", "textbook"},
		"gb51143_long_term":   {"4.5", "2500", "", "0.15", "textbook"},
		"guangdong_emergency": {"", "500", "10", "", "published"},
		"guangdong_fixed":     {"", "", "", "0.3", "published"},
		"gbt44013_emergency":  {"", "", "", "", "open"},
		"gbt44013_short_term": {"", "", "", "", "open"},
		"gbt44013_long_term":  {"", "", "", "", "open"},
	}
	var codes []string
	for _, r := range rows {
		if err := schema.ValidateRow(r); err != nil {
			t.Error(err)
		}
		text := func(name string) string { return r.Values[schema.FieldIndex(name)].String() }
		code := text("code")
		codes = append(codes, code)
		got := numbers{text("area_per_person"), text("radius"), text("walking_minutes"), text("share"), text("certainty")}
		if got != want[code] {
			t.Errorf("%s: %+v, want %+v", code, got, want[code])
		}
		if text("earthquake") != "outdoor" || text("typhoon") != "indoor" || text("rainstorm") != "indoor" || text("geological") != "indoor" || text("stranded") != "indoor" {
			t.Errorf("%s: earthquakes are for outdoor shelters, all else is for indoor ones", code)
		}
		if text("document") == "" || text("clause") == "" || text("note") == "" {
			t.Errorf("%s does not say where it is from", code)
		}
	}
	if len(codes) != len(want) || len(slices.Compact(slices.Sorted(slices.Values(codes)))) != len(want) {
		t.Errorf("rules %v", codes)
	}
}
