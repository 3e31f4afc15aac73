package api

import (
	"net/http"
	"slices"
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
		return &problem{Status: http.StatusServiceUnavailable, Kind: "behind",
			Detail: "answers come from an older state, as the store's current one cannot be read: " + fault.Error(),
			Fix:    "repair the store; the service tries again by itself"}
	}
	return writeJSON(w, mediaJSON, struct {
		Status string `json:"status"`
		provenance
	}{"ready", from})
}
