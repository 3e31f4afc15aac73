package response_test

import (
	"fmt"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/response"
)

func ExampleNearest() {
	schema := &spatial.Schema{ID: "response_points", Geometry: spatial.Points, Label: "name",
		Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}}}
	stations, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		_ = yield(spatial.Row{ID: 1, Geometry: orb.Point{114.1447, 22.5565}, Values: []spatial.Value{spatial.Text("黄贝")}}, nil) &&
			yield(spatial.Row{ID: 2, Geometry: orb.Point{114.1249, 22.5728}, Values: []spatial.Value{spatial.Text("翠竹")}}, nil)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range response.Nearest(stations, orb.Point{114.1300, 22.5600}, 2, nil) {
		fmt.Printf("%s %.1f m\n", c.Feature.Label(), c.Distance)
	}
	// Output:
	// 翠竹 1511.4 m
	// 黄贝 1560.8 m
}
