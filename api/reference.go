package api

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"wangge/spatial"
)

// Find is the feature of a layer that a text names: by its id, else by its
// code, else, for grids, by the ways a grid's code is written, such as
// 440303002007-18 and 新秀社区18网格. The error is [spatial.ErrNotFound], or a
// [*spatial.InvalidError] for a name that several have.
func Find(s *spatial.Snapshot, layer *spatial.Layer, text string) (spatial.Feature, error) {
	return find(s, layer, text)
}

// find is the feature that people or links name: by its id, else by its
// code, else, for grids, by the ways a grid's code is written.
func find(s *spatial.Snapshot, layer *spatial.Layer, text string) (spatial.Feature, error) {
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		if f, err := layer.Feature(id); err == nil {
			return f, nil
		}
	}
	f, err := layer.ByCode(text)
	if err == nil || layer.ID() != gridLayer {
		return f, unfound(layer, text, err)
	}
	code, err := gridCode(s, text)
	if err != nil {
		return spatial.Feature{}, err
	}
	f, err = layer.ByCode(code)
	return f, unfound(layer, text, err)
}

// unfound names what was looked for as it was written.
func unfound(layer *spatial.Layer, text string, err error) error {
	if err == nil || !errors.Is(err, spatial.ErrNotFound) {
		return err
	}
	return fmt.Errorf("no feature of %s has the id or code %q: %w", layer.ID(), shorten(text), spatial.ErrNotFound)
}

const (
	gridLayer      spatial.LayerID = "grids"
	communityLayer spatial.LayerID = "communities"
	gridWord                       = "网格"
	communityWord                  = "社区"
)

// gridCode reads 440303002007-18 and 新秀社区18网格 as 44030300200718: the
// code of a community and a number of one or two digits. Other text is
// returned as it is.
func gridCode(s *spatial.Snapshot, text string) (string, error) {
	if community, number, ok := strings.Cut(text, "-"); ok {
		return joinGridCode(community, number), nil
	}
	place, ok := strings.CutSuffix(text, gridWord)
	if !ok {
		return text, nil
	}
	name := strings.TrimRight(place, "0123456789")
	community, err := communityNamed(s, name)
	return joinGridCode(community, place[len(name):]), err
}

func joinGridCode(community, number string) string {
	if len(number) == 1 {
		number = "0" + number
	}
	return community + number
}

// communityNamed is the code of the one community with a name, written with
// 社区 or without.
func communityNamed(s *spatial.Snapshot, name string) (string, error) {
	layer, err := s.Layer(communityLayer)
	if err != nil {
		return "", err
	}
	var codes []string
	for f := range layer.All() {
		if strings.TrimSuffix(f.Label(), communityWord) == strings.TrimSuffix(name, communityWord) {
			codes = append(codes, f.Code())
		}
	}
	switch len(codes) {
	case 0:
		return "", fmt.Errorf("community %q: %w", shorten(name), spatial.ErrNotFound)
	case 1:
		return codes[0], nil
	}
	return "", &spatial.InvalidError{Rule: "community_ambiguous", Where: "community " + shorten(name),
		Detail: "several communities have this name: " + strings.Join(codes, ", "), Fix: "use the code"}
}
