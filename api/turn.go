package api

import (
	"net/http"
	"sync"
	"time"
)

// patience is how long a question waits for its turn.
const patience = 20 * time.Second

// turn takes one of some places for questions that take long, so that tiles and
// features are answered beside them; leave gives it back, once. Whoever waits too
// long is told to come again, and who is gone by then is not worked for. What
// has begun is worked out to its end: each question is bounded by itself.
func (s *Server) turn(r *request, places chan struct{}) (leave func(), err error) {
	wait := time.NewTimer(s.patience)
	defer wait.Stop()
	select {
	case places <- struct{}{}:
		return sync.OnceFunc(func() { <-places }), nil
	case <-wait.C:
		return nil, &problem{Status: http.StatusServiceUnavailable, Kind: "busy", Rule: "busy", Detail: "too many questions that take long are being worked on", Fix: "ask again as soon as Retry-After says"}
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}
