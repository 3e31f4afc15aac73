package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// problem is an error as the client reads it (RFC 9457).
type problem struct {
	Type     string     `json:"type"`
	Title    string     `json:"title"`
	Status   int        `json:"status"`
	Detail   string     `json:"detail"`
	Where    string     `json:"where,omitempty"`    // the thing at fault
	Rule     string     `json:"rule,omitempty"`     // the rule it breaks
	At       *orb.Point `json:"at,omitempty"`       // degrees lon, lat
	Fix      string     `json:"fix,omitempty"`      // what to do about it
	Instance string     `json:"instance,omitempty"` // the request, as the log names it
	Kind     string     `json:"-"`                  // last word of Type
	Checks   []checked  `json:"checks,omitempty"`   // of a plan that is refused: every rule it breaks
	Changes  []string   `json:"changes,omitempty"`  // of a state that is no longer what was counted on
	Allowed  []string   `json:"allowed,omitempty"`  // actions that are possible instead
	Codes    []string   `json:"codes,omitempty"`    // areas in dispute
}

func (p *problem) Error() string { return p.Detail }

// problemType begins the types of problems.
const problemType = "urn:problem-type:wangge:"

// problemOf is the one table from kinds of error to what the client is told.
func problemOf(err error) *problem {
	var (
		told    *problem
		invalid *spatial.InvalidError
		large   *http.MaxBytesError
	)
	if p := refusalOf(err); p != nil {
		return p
	}
	if p := scenarioRefusal(err); p != nil {
		return p
	}
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &invalid):
		return &problem{Status: http.StatusBadRequest, Kind: "invalid", Detail: invalid.Detail,
			Where: invalid.Where, Rule: invalid.Rule, At: invalid.At, Fix: invalid.Fix}
	case errors.As(err, &large):
		return &problem{Status: http.StatusRequestEntityTooLarge, Kind: "too-large", Rule: "body_size",
			Detail: fmt.Sprintf("the body is larger than %d bytes", large.Limit), Fix: "send it in parts"}
	case errors.Is(err, spatial.ErrNotFound):
		return &problem{Status: http.StatusNotFound, Kind: "not-found", Detail: err.Error(),
			Fix: "/collections lists the layers, /collections/{layer}/items their features"}
	case errors.Is(err, spatial.ErrConflict):
		return &problem{Status: http.StatusConflict, Kind: "conflict", Detail: err.Error(), Fix: "read the current state and try again"}
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{Status: http.StatusServiceUnavailable, Kind: "timeout", Detail: "the answer took too long", Fix: "ask for less at once"}
	}
	return &problem{Status: http.StatusInternalServerError, Kind: "internal",
		Detail: "the service failed; its log has the reason under the instance given here"}
}

// fail answers with a problem, or cuts the connection if part of an answer is
// already on its way, so that nobody takes it for whole. Faults of the
// service itself are logged, here and nowhere else.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	sent := answerOf(r)
	if sent.lost || r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	p := *problemOf(err)
	if p.Status == http.StatusInternalServerError {
		p.Instance = "urn:request:" + requestID(r)
		s.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("request", requestID(r)),
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	if sent.status != 0 {
		panic(http.ErrAbortHandler)
	}
	p.head(w.Header())
	if wantsPage(r) && s.problemPage(w, r, &p) == nil {
		return
	}
	p.write(w)
}

// wantsPage says whether a person looks at the answer: the client names pages
// and does not ask for another format.
func wantsPage(r *http.Request) bool {
	f := r.URL.Query().Get("f")
	return f == "html" || f == "" && accepted(r, mediaHTML) > 0
}

// head names the kind of problem and takes back what was said of the answer
// that there is none of.
func (p *problem) head(h http.Header) {
	if p.Type = "about:blank"; p.Kind != "" {
		p.Type = problemType + p.Kind
	}
	p.Title = http.StatusText(p.Status)
	for _, name := range []string{"ETag", "Link", "Content-Disposition", "OGC-NumberMatched", "OGC-NumberReturned", "Content-Crs"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusServiceUnavailable && h.Get("Retry-After") == "" {
		h.Set("Retry-After", "5")
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challenge(p))
	}
}

func (p *problem) write(w http.ResponseWriter) {
	body, err := encode(p)
	if err != nil {
		panic(err) // strings and finite numbers only
	}
	w.Header().Set("Content-Type", mediaProblem)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
