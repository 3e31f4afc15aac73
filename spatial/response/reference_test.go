package response

import (
	"sync"
	"testing"

	"wangge/data/luohu"
	"wangge/spatial"
)

// reference is the snapshot of the reference dataset.
var reference = sync.OnceValues(func() (*spatial.Snapshot, error) {
	set, err := luohu.Generate(1, nil)
	if err != nil {
		return nil, err
	}
	var layers []*spatial.Layer
	for _, schema := range set.Schemas() {
		l, err := spatial.NewLayer(schema, 1, set.Rows(schema.ID))
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	return spatial.New(1, layers...), nil
})

func luohuDistrict(t testing.TB) *spatial.Snapshot {
	t.Helper()
	s, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func layerIn(t testing.TB, s *spatial.Snapshot, id spatial.LayerID) *spatial.Layer {
	t.Helper()
	l, err := s.Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
