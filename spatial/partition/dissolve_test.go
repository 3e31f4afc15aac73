package partition

import (
	"testing"

	"github.com/paulmach/orb"
)

func TestDissolveGivesTheParents(t *testing.T) {
	cells := jittered(4)
	blocks, names := dissolved(cells)
	for b, name := range names {
		var members []orb.Geometry
		for i, c := range cells {
			if blockOf(i) == name {
				members = append(members, c)
			}
		}
		if got := Dissolve(members); !SameOutline([]orb.Geometry{got}, []orb.Geometry{blocks[b]}) {
			t.Errorf("%s: %v", name, got)
		}
		if SameOutline(members, []orb.Geometry{blocks[(b+1)%len(blocks)]}) {
			t.Errorf("%s has the outline of another block", name)
		}
	}
	if Dissolve(nil) != nil {
		t.Error("nothing dissolves to something")
	}
}
