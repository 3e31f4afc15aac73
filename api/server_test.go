package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

func TestReadiness(t *testing.T) {
	decoded(t, ask(t, http.MethodGet, "/readyz", ""), http.StatusOK)
	away := server(t, fixed{snapshot: district(t), fault: errPlanted}, Config{})
	w := askOf(away, http.MethodGet, "/readyz", "")
	checkShape(t, problemShape, decoded(t, w, http.StatusServiceUnavailable))
	for _, secret := range []string{"10.1.2.3", "clerk", "/srv"} {
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("strangers are told %s: %s", secret, w.Body)
		}
	}
	broken := &spatial.InvalidError{Rule: "no_overlap", Where: "grids 12", At: &orb.Point{114.1, 22.5}, Detail: "two grids overlap"}
	w = askOf(server(t, fixed{snapshot: district(t), fault: &data.BrokenError{Version: 7, Faults: []*spatial.InvalidError{broken}}}, Config{}), http.MethodGet, "/readyz", "")
	for _, words := range []string{"no_overlap", "two grids overlap", "grids 12", "[114.1,22.5]"} {
		if !strings.Contains(w.Body.String(), words) {
			t.Errorf("%s is not named: %s", words, w.Body)
		}
	}
}

// TestReadsGoOnWhileTheStoreIsAway: every answer from an older state says so.
func TestReadsGoOnWhileTheStoreIsAway(t *testing.T) {
	away := server(t, fixed{snapshot: district(t), fault: errPlanted}, Config{})
	for target, status := range map[string]int{"/healthz": 200, "/collections/grids": 200, "/collections/grids/items": 200, "/collections/grids/items/99": 404,
		"/tiles/grids/0/0/0.mvt": 200, "/nearest?lon=114.005&lat=22.505": 200, "/grids/at?lon=114.005&lat=22.505": 200} {
		w := askOf(away, http.MethodGet, target, "")
		if w.Code != status || w.Header().Get(headerBehind) != "true" {
			t.Errorf("%s: %d, %s %q", target, w.Code, headerBehind, w.Header().Get(headerBehind))
		}
		if w := ask(t, http.MethodGet, target, ""); w.Header().Get(headerBehind) != "" {
			t.Errorf("%s is not behind and says so", target)
		}
	}
}

func TestAnswersNameTheirSource(t *testing.T) {
	w := ask(t, http.MethodGet, "/collections/risk_points/items?limit=1", "")
	for name, want := range map[string]string{
		headerVersion: "7", headerAsOf: `{"risk_points":"2024-12-30"}`, headerSynthetic: "true", "Cache-Control": "no-cache",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(w.Header().Get("Link"), `rel="next"`) {
		t.Errorf("Link: %q", w.Header().Get("Link"))
	}
}

func TestRepeatedRequests(t *testing.T) {
	const target = "/collections/grids/items"
	state := &moving{fixed{snapshot: district(t)}}
	s := server(t, state, Config{})
	tag := askOf(s, http.MethodGet, target, "").Header().Get("ETag")
	if w := askOf(s, http.MethodGet, target, "", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same again: %d with %d bytes", w.Code, w.Body.Len())
	}
	if w := askOf(s, http.MethodGet, target, "", "If-None-Match", `"other", `+strings.TrimPrefix(tag, "W/")); w.Code != http.StatusNotModified {
		t.Errorf("the same by a strong tag: %d", w.Code)
	}
	if w := askOf(s, http.MethodGet, target+"?limit=1", "", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("another query: %d", w.Code)
	}
	state.snapshot = spatial.New(8)
	if w := askOf(s, http.MethodGet, "/collections", "", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("another state: %d", w.Code)
	}
}

type moving struct{ fixed }

func TestHead(t *testing.T) {
	w := ask(t, http.MethodHead, "/collections/grids", "")
	if w.Code != http.StatusOK || w.Header().Get("ETag") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestForeignPagesMayRead(t *testing.T) {
	w := ask(t, http.MethodGet, "/collections", "", "Origin", "https://example.org")
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("allowed origin %q", got)
	}
	for _, target := range []string{"/collections", "/tiles/grids/0/0/0.mvt", "/tiles/grids/99/0/0.mvt"} {
		w := ask(t, http.MethodGet, target, "")
		if vary := strings.Join(w.Header().Values("Vary"), ", "); !strings.Contains(vary, "Origin") || !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("a cache may give %s to foreign pages as it gives it to ours: Vary: %s", target, vary)
		}
	}
	for header, allowed := range map[string]bool{"content-type": true, "authorization": true, "if-match": true, "idempotency-key": true, "x-forwarded-for": false} {
		w := ask(t, http.MethodOptions, "/adjustments/1", "", "Origin", "https://example.org",
			"Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", header)
		if got := w.Header().Get("Access-Control-Allow-Origin") != ""; got != allowed {
			t.Errorf("%s allowed: %v", header, got)
		}
	}
}

func TestCompression(t *testing.T) {
	plain := ask(t, http.MethodGet, "/collections", "")
	packed := ask(t, http.MethodGet, "/collections", "", "Accept-Encoding", "gzip")
	if packed.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(fmt.Sprint(packed.Header()["Vary"]), "Accept-Encoding") {
		t.Fatalf("headers %v", packed.Header())
	}
	reader, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(reader)
	if err != nil || !bytes.Equal(unpacked, plain.Body.Bytes()) {
		t.Errorf("%d bytes unpacked (%v), want %d", len(unpacked), err, plain.Body.Len())
	}
}

func TestLinksBeginWithThePublicAddress(t *testing.T) {
	public, err := url.Parse("https://gis.example.cn/luohu/")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		config Config
		want   string
	}{
		"as configured": {Config{PublicURL: public}, "https://gis.example.cn/luohu/collections/grids/items"},
		"as requested":  {Config{}, "http://example.com/collections/grids/items"},
	}
	for name, test := range tests {
		s := server(t, fixed{snapshot: district(t)}, test.config)
		answer := decoded(t, askOf(s, http.MethodGet, "/collections/grids/items?limit=1", ""), http.StatusOK)
		for _, href := range []string{nextOf(answer), answer["links"].([]any)[0].(map[string]any)["href"].(string)} {
			if !strings.HasPrefix(href, test.want+"?") {
				t.Errorf("%s: %s", name, href)
			}
		}
	}
}

// TestLinksWithoutHost: HTTP/1.0 lets a client not say whom it asks.
func TestLinksWithoutHost(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/collections/grids/items?limit=1", nil)
	r.Host = ""
	w := httptest.NewRecorder()
	server(t, fixed{snapshot: district(t)}, Config{}).ServeHTTP(w, r)
	if next := nextOf(decoded(t, w, http.StatusOK)); !strings.HasPrefix(next, "/collections/grids/items?") {
		t.Errorf("next %s", next)
	}
}

func TestLandingPageForPeopleAndPrograms(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the map") })
	s := server(t, fixed{snapshot: district(t)}, Config{Page: page})
	browser := "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, test := range []struct {
		target, accept string
		page           bool
	}{{"/", browser, true}, {"/", "*/*", false}, {"/", "", false}, {"/?f=json", browser, false}, {"/?f=html", "", true},
		{"/", "text/html;q=0, */*", false}, {"/", "application/json, text/html;q=0.9", false}} {
		w := askOf(s, http.MethodGet, test.target, "", "Accept", test.accept)
		if got := w.Body.String() == "the map"; got != test.page {
			t.Errorf("%s with %q: page %v", test.target, test.accept, got)
		}
	}
}

// faulty is a server with one more route, which fails.
func faulty(t *testing.T, log io.Writer, handle handler) *Server {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	s.log = slog.New(slog.NewTextHandler(log, nil))
	s.routes = append(s.routes, route{method: http.MethodGet, path: "/fault", handle: handle})
	s.handler = s.wrap(s.router())
	return s
}

func TestFaultsOfTheServiceAreLoggedOnceAndNotTold(t *testing.T) {
	for name, handle := range map[string]handler{
		"a panic":  func(http.ResponseWriter, *request) error { panic("secret") },
		"an error": func(http.ResponseWriter, *request) error { return errors.New("secret") },
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			w := askOf(faulty(t, &log, handle), http.MethodGet, "/fault", "")
			answer := decoded(t, w, http.StatusInternalServerError)
			checkShape(t, problemShape, answer)
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("told: %s", w.Body)
			}
			if strings.Count(log.String(), "secret") != 1 || !strings.Contains(log.String(), w.Header().Get("X-Request-Id")) {
				t.Errorf("log: %s", &log)
			}
		})
	}
}

// TestBrokenAnswersDoNotLookWhole: a fault after the first bytes cuts the
// connection, compressed or not.
func TestBrokenAnswersDoNotLookWhole(t *testing.T) {
	s := faulty(t, io.Discard, func(w http.ResponseWriter, _ *request) error {
		w.Header().Set("Content-Type", mediaJSON)
		_, _ = io.WriteString(w, `{"features":[`+strings.Repeat(" ", 5000))
		return errors.New("torn")
	})
	web := httptest.NewServer(s)
	defer web.Close()
	for _, coding := range []string{"identity", "gzip"} {
		r, err := http.NewRequest(http.MethodGet, web.URL+"/fault", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", coding)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			continue
		}
		_, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err == nil {
			t.Errorf("%s: the answer ended as if it were whole", coding)
		}
	}
}

// TestServeFinishesRequestsUnderWay stops a server while an answer is being
// made.
func TestServeFinishesRequestsUnderWay(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	s := faulty(t, io.Discard, func(w http.ResponseWriter, _ *request) error {
		close(begun)
		<-end
		return writeJSON(w, mediaJSON, "done")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	answered := make(chan string, 1)
	go func() { answered <- fetch("http://" + l.Addr().String() + "/fault") }()
	<-begun
	stop()
	for i := 0; ; i++ { // until it accepts no more
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
		if i > 1000 {
			t.Fatal("it still accepts")
		}
		time.Sleep(time.Millisecond)
	}
	close(end)
	if got := <-answered; got != "\"done\"\n" {
		t.Errorf("answer %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func fetch(address string) string {
	answer, err := http.Get(address)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// TestAbortedReadersLeaveNothingBehind hangs up on streams and asks again.
func TestAbortedReadersLeaveNothingBehind(t *testing.T) {
	web := httptest.NewServer(server(t, fixed{snapshot: district(t)}, Config{}))
	defer web.Close()
	for range 32 {
		c, err := net.Dial("tcp", web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET /collections/risk_points/items?limit=10000 HTTP/1.1\r\nHost: here\r\n\r\n")
		_, _ = bufio.NewReader(c).ReadByte()
		_ = c.Close()
	}
	if got := fetch(web.URL + "/healthz"); !strings.Contains(got, "ok") {
		t.Errorf("afterwards: %s", got)
	}
}
