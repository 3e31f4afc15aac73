package tiles

import (
	"fmt"
	"slices"
	"strings"

	"wangge/spatial"
)

// MaxLayers is the most layers one tile may have.
const MaxLayers = 64

// ParseLayers reads layer ids with commas between them, in order, each once
// however often it stands there. Empty names and more than [MaxLayers] are
// refused with *spatial.InvalidError; whether the layers exist is not asked.
func ParseLayers(list string) ([]spatial.LayerID, error) {
	var layers []spatial.LayerID
	for name := range strings.SplitSeq(list, ",") {
		if name == "" {
			return nil, refuseLayers("a layer id is empty")
		}
		if slices.Contains(layers, spatial.LayerID(name)) {
			continue
		}
		if len(layers) == MaxLayers {
			return nil, refuseLayers(fmt.Sprintf("there are more than %d layers", MaxLayers))
		}
		layers = append(layers, spatial.LayerID(name))
	}
	return layers, nil
}

func refuseLayers(detail string) error {
	return &spatial.InvalidError{Rule: "tile_layers", Where: "layers", Detail: detail, Fix: "give layer ids with commas between them, like grids,buildings"}
}
