package api

import (
	"encoding/json"
	"fmt"

	"wangge/spatial/closure"
	"wangge/spatial/relate"
)

// maxTried is the most closures that are tried at once.
const maxTried = 1000

// maxTriedPositions is the most positions of their shapes together.
const maxTriedPositions = 5000

// triedClosures are the closures that a body tries on top of those in force: a
// FeatureCollection of lines and areas, one of them, or an object with
// geometry, roads and traffic like a closure that is made.
func (r *request) triedClosures(body node) ([]closure.Closure, error) {
	if !body.has("what_if") {
		return nil, nil
	}
	n, err := parseNode(body.members["what_if"], body.place("what_if"), []string{"type", "features", "geometry", "properties", "id", "roads", "traffic", "name", "bbox"})
	if err != nil {
		return nil, err
	}
	kind, err := n.text("type", maxCode)
	if err != nil {
		return nil, err
	}
	var parts []node
	switch kind {
	case "FeatureCollection":
		list, err := n.list("features", maxTried)
		if err != nil {
			return nil, err
		}
		for i, raw := range list {
			part, err := tryNode(raw, fmt.Sprintf("%s[%d]", n.place("features"), i))
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
	case "Feature":
		part, err := tryNode(body.members["what_if"], n.where)
		if err != nil {
			return nil, err
		}
		parts = []node{part}
	case "":
		parts = []node{n}
	default:
		return nil, n.refuse("type", "what_if", fmt.Sprintf("%q is no kind of closures", shorten(kind)), `give a FeatureCollection of lines and areas, or {"roads":[names]}`)
	}
	return r.tries(parts)
}

// tryNode is a feature as the description of a closure: what stands in its
// properties beside its geometry.
func tryNode(raw json.RawMessage, where string) (node, error) {
	f, err := parseNode(raw, where, []string{"type", "geometry", "properties", "id", "bbox"})
	if err != nil {
		return f, err
	}
	members := map[string]json.RawMessage{"geometry": f.members["geometry"]}
	if f.has("properties") {
		var properties map[string]json.RawMessage
		if json.Unmarshal(f.members["properties"], &properties) != nil {
			return f, f.refuse("properties", "body_object", "it is not an object", "leave it out")
		}
		for _, name := range []string{"name", "roads", "traffic"} {
			if value, ok := properties[name]; ok {
				members[name] = value
			}
		}
	}
	return node{f.where, members}, nil
}

// tries reads closures and holds them against the roads.
func (r *request) tries(parts []node) ([]closure.Closure, error) {
	var tried []closure.Closure
	positions := 0
	for _, part := range parts {
		c, err := r.closureBody(part, closure.Closure{})
		if err != nil {
			return nil, err
		}
		n, err := r.network()
		if err != nil {
			return nil, err
		}
		if positions += relate.New(c.Geometry).Vertices(); positions > maxTriedPositions {
			return nil, part.refuse("geometry", "closure_size", fmt.Sprintf("the closures have more than %d positions together", maxTriedPositions), "try fewer at once, or draw them with fewer positions")
		}
		if err := c.Check(n); err != nil {
			return nil, placed(part.where, err)
		}
		tried = append(tried, c)
	}
	return tried, nil
}
