package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{Rate: 1})
	from := func(address, target string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for n := range 10 {
		if w := from("192.0.2.1:1000", "/conformance"); w.Code != http.StatusOK {
			t.Fatalf("request %d: %d", n, w.Code)
		}
	}
	w := from("192.0.2.1:2000", "/conformance")
	checkShape(t, problemShape, decoded(t, w, http.StatusTooManyRequests))
	if w.Header().Get("Retry-After") != "10" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
	for address, target := range map[string]string{"192.0.2.2:1000": "/conformance", "192.0.2.1:3000": "/healthz", "192.0.2.1:3001": "/metrics"} {
		if w := from(address, target); w.Code != http.StatusOK {
			t.Errorf("%s of %s: %d", target, address, w.Code)
		}
	}
}

func TestNoRateUnlessAsked(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	for range 500 {
		if w := askOf(s, http.MethodGet, "/conformance", ""); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
	}
}

// TestSlowHead: a client that sends its request a byte at a time is cut off.
func TestSlowHead(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	s.limits.header, s.limits.read = 60*time.Millisecond, time.Minute
	checkCut(t, s, "GET /conformance HTTP/1.1\r\n", "X")
}

// TestSlowBody: the same for a body; an answer that says so may come first.
func TestSlowBody(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	s.limits.read = 60 * time.Millisecond
	checkCut(t, s, "POST /nearest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n", " ")
}

// checkCut sends a beginning and then more in drops, until the server closes.
func checkCut(t *testing.T, s *Server, begin, drop string) {
	t.Helper()
	conn := dial(t, s)
	if _, err := io.WriteString(conn, begin); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			time.Sleep(5 * time.Millisecond)
			if _, err := io.WriteString(conn, drop); err != nil {
				return
			}
		}
	}()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err := io.ReadAll(conn)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Error("a client that dawdles keeps its connection")
	}
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	address, _ := serving(t, s)
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// endless is a server with a route that writes until it may not.
func endless(t *testing.T) (s *Server, ended chan error) {
	ended = make(chan error, 1)
	s = faulty(t, io.Discard, func(w http.ResponseWriter, r *request) error {
		piece := make([]byte, 64<<10)
		for {
			if _, err := w.Write(piece); err != nil {
				ended <- context.Cause(r.Context())
				return err
			}
		}
	})
	return s, ended
}

// TestSlowReader: who does not take the answer is cut off.
func TestSlowReader(t *testing.T) {
	s, ended := endless(t)
	s.limits.write = 60 * time.Millisecond
	conn := dial(t, s)
	if _, err := io.WriteString(conn, "GET /fault HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("a client that reads nothing is still written to")
	}
}

// TestAbandoned: a question nobody waits for is not worked on.
func TestAbandoned(t *testing.T) {
	ended := make(chan error, 1)
	s := faulty(t, io.Discard, func(_ http.ResponseWriter, r *request) error {
		<-r.Context().Done()
		ended <- r.Context().Err()
		return r.Context().Err()
	})
	conn := dial(t, s)
	if _, err := io.WriteString(conn, "GET /fault HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	_ = conn.Close()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the request outlives its client")
	}
}
