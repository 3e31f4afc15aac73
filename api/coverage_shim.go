package api

import (
	"wangge/spatial"
	"wangge/spatial/shelter"
)

func standardOfRow(f spatial.Feature) (shelter.Standard, error) {
	row := f.Row()
	i := f.Layer().Schema().FieldIndex("area_per_person")
	open := row.Values[i].IsNull()
	if open {
		row.Values[i] = spatial.Float(1)
	}
	layer, err := spatial.NewLayer(f.Layer().Schema(), 1, func(yield func(spatial.Row, error) bool) { yield(row, nil) })
	if err != nil {
		return shelter.Standard{}, err
	}
	list, err := shelter.StandardsOf(layer)
	if err != nil {
		return shelter.Standard{}, err
	}
	if open {
		list[0].AreaPerPerson = 0
	}
	return list[0], nil
}

type shimBottleneck struct {
	Demands, Facilities      []int32
	People, Places, Unserved int64
}

type shimRelief struct {
	People int64
	Area   float64
}

func bottlenecksOf(*shelter.Assignment) []shimBottleneck { return nil }

func reliefOf(*shelter.Assignment, int) shimRelief { return shimRelief{} }

const bottlenecksKnown = false
