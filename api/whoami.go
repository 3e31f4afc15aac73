package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"wangge/api/auth"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// Failed sign-ins of one address that are told apart from others: beyond
// these it must wait. Who has a token that is known is never made to wait, so
// that nobody shuts out those who share an address with him.
const (
	maxFailures   = 20
	failureWindow = time.Minute
)

// begin finds out who asks, and takes the one snapshot that the answer is
// made from: the state as the asker may see it.
func (s *Server) begin(w http.ResponseWriter, raw *http.Request) (*request, error) {
	w.Header().Add("Vary", "Authorization")
	current := s.state.Current()
	r := &request{Request: raw, whole: current, values: map[string]any{}, moment: s.now(), derived: s.derived}
	var err error
	if r.actor, err = s.identify(raw, current); err != nil {
		return nil, s.failedSignIn(w, raw, err)
	}
	r.snapshot, err = visible(current, r.actor)
	return r, err
}

// visible is a state as somebody may see it.
func visible(s *spatial.Snapshot, to adjustment.Actor) (*spatial.Snapshot, error) {
	if auth.SeesSmallCounts(to.Role) {
		return s.Published(), nil
	}
	return auth.View(s)
}

// identify finds whose token a request has; nobody without one.
func (s *Server) identify(r *http.Request, current *spatial.Snapshot) (adjustment.Actor, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return adjustment.Actor{}, nil
	}
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return adjustment.Actor{}, auth.ErrUnknown
	}
	return auth.Identify(current, strings.TrimSpace(secret), time.Now())
}

// failedSignIn counts a failure against the address it comes from.
func (s *Server) failedSignIn(w http.ResponseWriter, r *http.Request, err error) error {
	address, _ := clientAddress(r)
	if !errors.Is(err, auth.ErrUnknown) || !s.failures.OnLimit(w, r, address) {
		return err
	}
	w.Header().Set("Retry-After", fmt.Sprint(int(failureWindow.Seconds())))
	return &problem{Status: http.StatusTooManyRequests, Kind: "too-many", Rule: "sign_in_rate",
		Detail: fmt.Sprintf("more than %d failed sign-ins per minute came from this address", maxFailures),
		Fix:    "wait as long as Retry-After says, or ask without a token"}
}

// permits refuses who may not ask. An admin may whatever others may.
func (route *route) permits(by adjustment.Actor) error {
	switch {
	case len(route.roles) == 0 || by.Role == adjustment.Admin || slices.Contains(route.roles, by.Role):
		return nil
	case by.Role == "":
		return &problem{Status: http.StatusUnauthorized, Kind: "sign-in", Rule: "sign_in",
			Detail: "this takes a token", Fix: "send the header Authorization: Bearer with a token of wangge token create"}
	}
	return &adjustment.ForbiddenError{Rule: "role", Detail: fmt.Sprintf("%s is a %s, who may not do this", by.Name, by.Role),
		Fix: "ask with the token of a " + strings.Join(words(route.roles), ", ")}
}

func words[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, word := range list {
		texts[i] = string(word)
	}
	return texts
}

// challenge is the WWW-Authenticate header of a 401 (RFC 6750, 3).
func challenge(p *problem) string {
	const realm = `Bearer realm="wangge"`
	if p.Rule == "sign_in" {
		return realm
	}
	return realm + `, error="invalid_token"`
}

func (s *Server) signInRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/whoami", summary: "Whose token the request has, and what it allows",
			parameters: []parameter{jsonFormat}, media: []string{mediaJSON}, volatile: true, handle: s.whoami},
	}
}

// whoami says who asks; an anonymous reader has no role.
func (s *Server) whoami(w http.ResponseWriter, r *request) error {
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, mediaJSON, struct {
		Name   string          `json:"name"`
		Role   adjustment.Role `json:"role"`
		Street string          `json:"street"`
		Sees   bool            `json:"sees_small_counts"`
	}{r.actor.Name, r.actor.Role, r.actor.Street, auth.SeesSmallCounts(r.actor.Role) || !auth.Withholds(r.whole)})
}
