package api

import (
	"errors"
	"net/http"
	"slices"

	"wangge/data"
)

func (s *Server) healthRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/healthz", summary: "Whether the process lives",
			media: []string{mediaJSON}, volatile: true, handle: s.health},
		{method: http.MethodGet, path: "/readyz", summary: "Whether answers come from the store's current state",
			media: []string{mediaJSON}, volatile: true, handle: s.ready},
	}
}

func (s *Server) health(w http.ResponseWriter, _ *request) error {
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, mediaJSON, map[string]string{"status": "ok"})
}

func (s *Server) ready(w http.ResponseWriter, r *request) error {
	w.Header().Set("Cache-Control", "no-store")
	from := provenanceOf(r.snapshot, slices.Collect(r.snapshot.Layers())...)
	from.head(w.Header())
	if fault := s.state.Fault(); fault != nil {
		return behind(fault)
	}
	return writeJSON(w, mediaJSON, struct {
		Status string `json:"status"`
		provenance
	}{"ready", from})
}

// headerBehind stands in every answer that is made from an older state than
// the store's.
const headerBehind = "Data-Behind"

// admit marks an answer if the state it will be made from is behind.
func (s *Server) admit(w http.ResponseWriter) {
	if s.state.Fault() != nil {
		w.Header().Set(headerBehind, "true")
	}
}

// behind tells strangers why answers come from an older state. A fault of the
// data is named, with its place; what a database or file system says may name
// hosts, users and paths, and is for the log only.
func behind(fault error) *problem {
	told := &problem{Status: http.StatusServiceUnavailable, Kind: "behind", Rule: "store_readable",
		Detail: "answers come from an older state: the store cannot be read; the log of the service says why",
		Fix:    "make the store reachable; the service tries again by itself"}
	var broken *data.BrokenError
	if errors.As(fault, &broken) {
		first := broken.Faults[0]
		told.Rule, told.Where, told.At, told.Detail = first.Rule, first.Where, first.At, broken.Error()
		told.Fix = "correct the data in the store; the service tries again by itself"
	}
	return told
}
