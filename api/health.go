package api

import (
	"net/http"
)

func (s *Server) healthRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/healthz", summary: "Whether the process lives", media: []string{mediaJSON}, volatile: true, handle: s.health},
		{method: http.MethodGet, path: "/readyz", summary: "Whether the service answers from the store's current state", media: []string{mediaJSON}, volatile: true, handle: s.ready},
	}
}

func (s *Server) health(w http.ResponseWriter, _ *request) error {
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, mediaJSON, map[string]string{"status": "ok"})
}

func (s *Server) ready(w http.ResponseWriter, r *request) error {
	w.Header().Set("Cache-Control", "no-store")
	describe(w, r.snapshot)
	if fault := s.state.Fault(); fault != nil {
		return &problem{Status: http.StatusServiceUnavailable, Kind: "behind",
			Detail: "answers come from an older state, as the store's current one cannot be read: " + fault.Error(),
			Fix:    "repair the store; the service tries again by itself"}
	}
	return writeJSON(w, mediaJSON, map[string]any{"status": "ready", "version": r.snapshot.Version(), "synthetic": r.snapshot.Synthetic()})
}
