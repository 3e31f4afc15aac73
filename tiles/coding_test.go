package tiles

import (
	"math/rand/v2"
	"testing"
)

// TestSmallTilesArePacked: bytes that hardly repeat, as those of outlines, are
// packed by how often each occurs, and what cannot be packed hardly grows.
func TestSmallTilesArePacked(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	for name, c := range map[string]struct{ kinds, most int }{"few kinds": {24, 75}, "all kinds": {256, 101}} {
		raw := make([]byte, 12_000)
		for i := range raw {
			raw[i] = byte(random.IntN(c.kinds))
		}
		packed, err := Compress(raw, Gzip)
		if err != nil {
			t.Fatal(err)
		}
		if len(packed) > len(raw)*c.most/100 {
			t.Errorf("%s: %d bytes of %d", name, len(packed), len(raw))
		}
		if back, err := expand(packed, Gzip); err != nil || string(back) != string(raw) {
			t.Errorf("%s: not the same again, %v", name, err)
		}
	}
}
