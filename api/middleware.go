package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/cors"
	"github.com/go-chi/httprate"
	"github.com/klauspost/compress/gzhttp"
)

// wrap puts around the routes what every answer needs, outermost first:
// compression, a name and a line in the log, readers from other sites, a bound
// on each client's requests.
func (s *Server) wrap(routes http.Handler) http.Handler {
	return compressed(s.trace(readable(s.limited(routes))))
}

// readable lets pages of any site ask. There are no cookies or other
// credentials that a browser adds by itself, so a foreign page is an anonymous
// reader unless somebody gives it a token, and then may do what that allows.
func readable(next http.Handler) http.Handler {
	return cors.Handler(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"Accept", "Accept-Language", "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID"},
		ExposedHeaders: []string{"ETag", "Link", "Location", "Retry-After", "WWW-Authenticate", "X-Request-Id", "Content-Crs", "Content-Disposition", "OGC-NumberMatched", "OGC-NumberReturned", headerVersion, headerAsOf, headerSynthetic, headerBehind, headerAggregated},
		MaxAge:         86400,
	})(next)
}

// compressed gzips text; answers that come encoded, such as tiles, pass.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(5), gzhttp.MinSize(1024), gzhttp.ContentTypes([]string{
		"application/json", "application/geo+json", "application/problem+json", "application/vnd.oai.openapi+json",
		"application/schema+json", "text/html", "text/css", "text/javascript", "image/svg+xml",
	}))
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap(next)
}

// pace says until when a connection may write. It is kept for the connection's
// answers, which come one after the other, so that not each of many small ones
// has to set it.
type pace struct{ until time.Time }

type paceKey struct{}

// paced gives a connection's answers its pace.
func paced(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, paceKey{}, &pace{})
}

// allow gives the next write a time, or up to twice as long.
func (p *pace) allow(patience time.Duration, set func(time.Time) error) {
	now := time.Now()
	switch {
	case p == nil:
		_ = set(now.Add(patience)) // not every writer has deadlines
	case p.until.Sub(now) < patience:
		p.until = now.Add(2 * patience)
		_ = set(p.until)
	}
}

func paceOf(r *http.Request) *pace {
	p, _ := r.Context().Value(paceKey{}).(*pace)
	return p
}

// answer counts what is written, before compression, and allows each write, rather than
// the whole answer, a time: a stream may be long but may not stand still.
type answer struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration // for each write
	pace     *pace
	request  string
	route    string // path of the route as it is declared; "" if none fits
	status   int
	bytes    int64
	lost     bool   // the client takes no more
	begun    func() // is called when the answer begins to be written; nil for nothing
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	a.begin()
	if a.status == 0 || a.status < 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) begin() {
	if a.begun != nil {
		a.begun()
		a.begun = nil
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.begin()
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.pace.allow(a.patience, a.control.SetWriteDeadline)
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	a.lost = a.lost || err != nil
	return n, err
}

type answerKey struct{}

func answerOf(r *http.Request) *answer {
	a, _ := r.Context().Value(answerKey{}).(*answer)
	return a
}

func requestID(r *http.Request) string { return answerOf(r).request }

// trace names the request and logs how it went.
func (s *Server) trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		a := &answer{ResponseWriter: w, control: http.NewResponseController(w), patience: s.limits.write, pace: paceOf(r), request: rand.Text()[:12]}
		w.Header().Set("X-Request-Id", a.request)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		defer func() { s.account(r, a, time.Since(start)) }()
		next.ServeHTTP(a, r.WithContext(context.WithValue(r.Context(), answerKey{}, a)))
		a.status = cmp.Or(a.status, http.StatusOK)
	})
}

// account logs and counts an answer. The log has no queries: they say where
// people are and whom they look for.
func (s *Server) account(r *http.Request, a *answer, took time.Duration) {
	s.metrics.observe(r.Method, a, took)
	s.log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("request", a.request), slog.String("method", shorten(r.Method)),
		slog.String("route", a.route), slog.String("path", shorten(r.URL.Path)), slog.Int("status", a.status), slog.Int64("bytes", a.bytes), slog.Duration("took", took))
}

// named gives the answers of a handler that is no route a name in figures
// and logs.
func named(route string, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerOf(r).route = route
		handler.ServeHTTP(w, r)
	})
}

// rateWindow is what a rate is averaged over, so that a map may ask for many
// tiles at once.
const rateWindow = 10 * time.Second

// limited bounds the requests of each client address. Who watches the
// service is not bounded.
func (s *Server) limited(next http.Handler) http.Handler {
	if s.config.Rate == 0 {
		return next
	}
	bounded := httprate.LimitBy(s.config.Rate*int(rateWindow.Seconds()), rateWindow, clientAddress,
		httprate.WithLimitHandler(s.plain(s.tooMany)), httprate.WithResponseHeaders(httprate.ResponseHeaders{RetryAfter: "Retry-After"}))(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			next.ServeHTTP(w, r)
		default:
			bounded.ServeHTTP(w, r)
		}
	})
}

// clientAddress is that of the connection: what a client says of itself in
// headers is not believed.
func clientAddress(r *http.Request) (string, error) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr, nil
	}
	return httprate.CanonicalizeIP(host), nil
}

func (s *Server) tooMany(http.ResponseWriter, *http.Request) error {
	return &problem{Status: http.StatusTooManyRequests, Kind: "too-many", Rule: "rate",
		Detail: fmt.Sprintf("more than %d requests per second came from this address", s.config.Rate),
		Fix:    "wait as long as Retry-After says; ask for many features or places at once"}
}

// plain makes a handler of a function that may fail or panic.
func (s *Server) plain(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.guard(handle, w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// guard bounds what is read and turns panics into errors.
func (s *Server) guard(handle func(http.ResponseWriter, *http.Request) error, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch fault := recover(); fault {
		case nil:
		case http.ErrAbortHandler:
			panic(fault)
		default:
			err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	if len(r.RequestURI) > maxURL {
		return &problem{Status: http.StatusRequestURITooLong, Kind: "too-long", Rule: "url_length",
			Detail: fmt.Sprintf("the address is longer than %d bytes", maxURL), Fix: "POST the question where that is possible"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.config.BodyLimit)
	return handle(w, r)
}
