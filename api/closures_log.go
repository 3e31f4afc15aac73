package api

import (
	"net/http"
	"time"

	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// closureAction is something that was done to a closure through the service.
type closureAction struct {
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Role   adjustment.Role `json:"role"`
	Street string          `json:"street,omitempty"`
	Action string          `json:"action"`
}

// closureAudit tells who did what to a closure, one that is removed too.
func (s *Server) closureAudit(w http.ResponseWriter, r *request) error {
	list := []closureAction{}
	for _, l := range ledger.ClosureAudit(r.whole, closureParam.of(r)) {
		list = append(list, closureAction{l.At.UTC(), l.Actor.Name, l.Actor.Role, l.Actor.Street, l.Action})
	}
	if _, err := ledger.FindClosure(r.whole, closureParam.of(r)); err != nil && len(list) == 0 {
		return unfoundClosure(r, err)
	}
	return writeJSON(w, mediaJSON, struct {
		Version spatial.Version `json:"version"`
		Closure int64           `json:"closure"`
		Audit   []closureAction `json:"audit"`
	}{r.whole.Version(), closureParam.of(r), list})
}
