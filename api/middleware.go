package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/cors"
	"github.com/klauspost/compress/gzhttp"
)

// wrap puts around the routes what every answer needs, outermost first:
// compression, a name and a line in the log, readers from other sites.
func (s *Server) wrap(routes http.Handler) http.Handler {
	return compressed(s.trace(readable(routes)))
}

// readable lets pages of any site read. No cookies are used and foreign pages
// may not send an Authorization header, so they act as anonymous readers.
func readable(next http.Handler) http.Handler {
	return cors.Handler(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"Accept", "Accept-Language", "Content-Type", "If-None-Match"},
		ExposedHeaders: []string{"ETag", "Link", "X-Request-Id", headerVersion, headerAsOf, headerSynthetic},
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

// answer counts what is written, before compression, and allows each write, rather than
// the whole answer, a time: a stream may be long but may not stand still.
type answer struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration // for each write
	request  string
	status   int
	bytes    int64
	lost     bool // the client takes no more
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 || a.status < 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	_ = a.control.SetWriteDeadline(time.Now().Add(a.patience)) // not every writer has deadlines
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
		a := &answer{ResponseWriter: w, control: http.NewResponseController(w), patience: s.limits.write, request: rand.Text()[:12]}
		w.Header().Set("X-Request-Id", a.request)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		defer func() {
			s.log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("request", a.request), slog.String("method", r.Method),
				slog.String("uri", shorten(r.RequestURI)), slog.Int("status", a.status), slog.Int64("bytes", a.bytes), slog.Duration("took", time.Since(start)))
		}()
		next.ServeHTTP(a, r.WithContext(context.WithValue(r.Context(), answerKey{}, a)))
	})
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
