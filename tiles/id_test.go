package tiles_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb/maptile"

	"wangge/spatial"
	"wangge/tiles"
)

func TestParseID(t *testing.T) {
	cases := []struct {
		z, x, y string
		want    string // address, "invalid" or "outside"
	}{
		{"0", "0", "0", "0/0/0"},
		{"14", "13383", "7142", "14/13383/7142"},
		{"20", "1048575", "1048575", "20/1048575/1048575"},
		{"0", "1", "0", "outside"},
		{"3", "8", "0", "outside"},
		{"3", "0", "8", "outside"},
		{"21", "0", "0", "outside"},
		{"32", "0", "0", "outside"},
		{"4294967296", "0", "0", "outside"},
		{"20", "99999999999999999999999999", "0", "outside"},
		{"", "0", "0", "invalid"},
		{"1", "-1", "0", "invalid"},
		{"1", "+1", "0", "invalid"},
		{"1", "01", "0", "invalid"},
		{"00", "0", "0", "invalid"},
		{"1", "1.0", "0", "invalid"},
		{"1", "1e0", "0", "invalid"},
		{"1", "0x1", "0", "invalid"},
		{"1", "1_0", "0", "invalid"},
		{"1", " 1", "0", "invalid"},
		{"1", "1", "１", "invalid"},
		{"a", "b", "c", "invalid"},
	}
	for _, c := range cases {
		id, err := tiles.ParseID(c.z, c.x, c.y)
		if got := kindOf(id, err); got != c.want {
			t.Errorf("ParseID(%q, %q, %q) is %s (%v), want %s", c.z, c.x, c.y, got, err, c.want)
		}
	}
}

func kindOf(id tiles.ID, err error) string {
	var invalid *spatial.InvalidError
	switch {
	case err == nil:
		return id.String()
	case errors.As(err, &invalid):
		return "invalid"
	case errors.Is(err, spatial.ErrNotFound):
		return "outside"
	}
	return err.Error()
}

func FuzzParseID(f *testing.F) {
	f.Add("14", "13383", "7142")
	f.Add("-1", "999999999999999999999", "")
	f.Fuzz(func(t *testing.T, z, x, y string) {
		id, err := tiles.ParseID(z, x, y)
		if err == nil && (!id.Valid() || id.String() != z+"/"+x+"/"+y) {
			t.Errorf("%q %q %q read as %v", z, x, y, id)
		}
		if kind := kindOf(id, err); err != nil && kind != "invalid" && kind != "outside" {
			t.Errorf("error of no kind: %v", err)
		}
	})
}

func ExampleParseID() {
	id, _ := tiles.ParseID("14", "13383", "7142")
	fmt.Println(id, id.Bound().Center())
	_, err := tiles.ParseID("2", "4", "0")
	fmt.Println(errors.Is(err, spatial.ErrNotFound))
	// Output:
	// 14/13383/7142 [114.071044921875 22.461801663432716]
	// true
}

func TestIDAgreesWithOrb(t *testing.T) {
	for z := range uint32(tiles.MaxZoom + 1) {
		for _, p := range append(town.ToRing(), town.Center()) {
			id, theirs := tiles.At(p, z), maptile.At(p, maptile.Zoom(z))
			if id.X != theirs.X || id.Y != theirs.Y {
				t.Errorf("At(%v, %d) is %v, want %v", p, z, id, theirs)
			}
			got, want := id.Bound(), theirs.Bound()
			for i := range 2 {
				if math.Abs(got.Min[i]-want.Min[i]) > 1e-9 || math.Abs(got.Max[i]-want.Max[i]) > 1e-9 {
					t.Errorf("bound of %v is %v, want %v", id, got, want)
				}
			}
		}
	}
}

func TestParseLayers(t *testing.T) {
	many := make([]string, tiles.MaxLayers+1)
	for i := range many {
		many[i] = fmt.Sprint("l", i)
	}
	cases := []struct {
		list string
		want []spatial.LayerID // nil: refused
	}{
		{"grids", []spatial.LayerID{"grids"}},
		{"b,a,b", []spatial.LayerID{"b", "a"}},
		{strings.Join(many[1:], ",") + ",l1", asIDs(many[1:])},
		{strings.Join(many, ","), nil},
		{"", nil},
		{"a,", nil},
		{",", nil},
	}
	for _, c := range cases {
		got, err := tiles.ParseLayers(c.list)
		var invalid *spatial.InvalidError
		if !slices.Equal(got, c.want) || (c.want == nil) != errors.As(err, &invalid) {
			t.Errorf("ParseLayers(%q) is %v, %v", c.list, got, err)
		}
	}
}

func asIDs(names []string) []spatial.LayerID {
	ids := make([]spatial.LayerID, len(names))
	for i, name := range names {
		ids[i] = spatial.LayerID(name)
	}
	return ids
}
