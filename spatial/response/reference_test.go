package response

import (
	"testing"

	"wangge/spatial"
)

func layerIn(t testing.TB, s *spatial.Snapshot, id spatial.LayerID) *spatial.Layer {
	t.Helper()
	l, err := s.Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
