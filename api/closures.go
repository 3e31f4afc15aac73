package api

import (
	"wangge/spatial/closure"
)

// inForce are the closures in force at the moment of the request.
func (r *request) inForce() *closure.Set { return closure.Scheduled(r.whole).At(r.moment) }

// closures are those that the answer obeys.
func (r *request) closures() *closure.Set {
	if closuresParam.given(r) && !closuresParam.of(r) {
		return closure.None()
	}
	return r.inForce()
}

var closuresParam = &param[bool]{
	declaration{name: "closures", in: inQuery, initial: "true", example: "false", schema: jsonSchema{"type": "boolean", "default": true},
		description: "whether roads are closed that closures in force close; false: as if there were none"},
	parseFlag,
}
