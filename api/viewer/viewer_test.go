package viewer_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"

	"wangge/api/viewer"
)

func get(t *testing.T, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	viewer.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFiles asks for every file of the page and checks how it is served.
func TestFiles(t *testing.T) {
	types := map[string]string{".html": "text/html", ".css": "text/css", ".js": "text/javascript",
		".mjs": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain", ".woff2": "font/woff2"}
	hashed := regexp.MustCompile(`-[0-9a-f]{10}\.\w+$`)
	err := fs.WalkDir(viewer.Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		r := get(t, "/viewer/"+name)
		want, err := fs.ReadFile(viewer.Files(), name)
		if r.StatusCode != http.StatusOK || body(t, r.Body) != string(want) {
			t.Errorf("%s: status %d or another content", name, r.StatusCode)
		}
		if kind := types[path.Ext(name)]; kind == "" || !strings.HasPrefix(r.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: content type %q", name, r.Header.Get("Content-Type"))
		}
		if immutable := strings.Contains(r.Header.Get("Cache-Control"), "immutable"); immutable != hashed.MatchString(name) {
			t.Errorf("%s: immutable %v", name, immutable)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPage follows the page's own references.
func TestPage(t *testing.T) {
	r := get(t, "/")
	if kind := r.Header.Get("Content-Type"); kind != "text/html; charset=utf-8" {
		t.Errorf("content type %q", kind)
	}
	if policy := r.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("content security policy %q", policy)
	}
	references := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(body(t, r.Body), -1)
	if len(references) < 4 {
		t.Fatalf("%d references in the page, want scripts, style and icon", len(references))
	}
	for _, reference := range references {
		if status := get(t, "/"+reference[1]).StatusCode; status != http.StatusOK {
			t.Errorf("%s: status %d", reference[1], status)
		}
	}
}

func TestCompression(t *testing.T) {
	plain := get(t, "/")
	for _, c := range []struct {
		name, accept string
		gzip         bool
	}{
		{"named", "gzip, deflate, br", true},
		{"with a weight", "br;q=1.0, gzip;q=0.8", true},
		{"forbidden", "gzip;q=0, br", false},
		{"forbidden at length", "gzip; q=0.000", false},
		{"not named", "identity", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := get(t, "/", "Accept-Encoding", c.accept)
			if got := r.Header.Get("Content-Encoding") == "gzip"; got != c.gzip {
				t.Fatalf("gzip %v for %q", got, c.accept)
			}
			if !c.gzip {
				return
			}
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(body(t, z), "<!doctype html>") {
				t.Error("not the page")
			}
			if r.Header.Get("ETag") == plain.Header.Get("ETag") {
				t.Error("two codings have one ETag")
			}
		})
	}
}

func TestRevalidation(t *testing.T) {
	tag := get(t, "/").Header.Get("ETag")
	if status := get(t, "/", "If-None-Match", tag).StatusCode; status != http.StatusNotModified {
		t.Errorf("status %d for a known page", status)
	}
}

func TestFolderLeadsToThePage(t *testing.T) {
	r := get(t, "/viewer/")
	if r.StatusCode != http.StatusPermanentRedirect || r.Header.Get("Location") != "../" {
		t.Errorf("status %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
}

func TestUnknownFiles(t *testing.T) {
	for _, target := range []string{"/viewer/none.js", "/viewer/../viewer.go", "/viewer/fonts", "/other"} {
		if status := get(t, target).StatusCode; status != http.StatusNotFound {
			t.Errorf("%s: status %d", target, status)
		}
	}
}
