// Package viewer is the built-in map page: its TypeScript source, the built
// bundle in dist/, and the handler that serves it.
//
// It knows the service only as the page does, over HTTP; the bundle is built
// with npm run build and committed, so that a Go toolchain is all that the
// program needs.
//
// Invariant: the page asks nothing of any other server, and its content
// security policy holds it to that.
package viewer

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed dist
var dist embed.FS

// Files are the built page and what it loads: page.html beside files whose
// names carry a hash of their content.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant
	}
	return files
}

// page is the one file without a hash in its name.
const page = "page.html"

// policy lets the page load from its own server only, and make workers and
// images of what it computed.
const policy = "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; " +
	"worker-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

var mediaTypes = map[string]string{
	".html":  "text/html; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".mjs":   "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".woff2": "font/woff2",
}

// Handler serves the page at / and its files below /viewer/, to GET and HEAD;
// /viewer/ itself leads to the page. It is safe for concurrent use.
func Handler() http.Handler {
	files, err := load(Files())
	if err != nil {
		panic(err) // the files are part of the program
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/viewer/")
		switch r.URL.Path {
		case "/":
			name = page
		case "/viewer/":
			w.Header().Set("Location", "../") // relative, for services below a path of their host
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		file, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		file.serve(w, r)
	})
}

// file is one embedded file; it is compressed when first asked for so.
type file struct {
	name, tag  string
	plain      []byte
	compressed func() []byte
}

func load(from fs.FS) (map[string]*file, error) {
	files := map[string]*file{}
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, name)
		files[name] = newFile(name, content)
		return err
	})
	return files, err
}

func newFile(name string, content []byte) *file {
	sum := sha256.Sum256(content)
	return &file{name: name, tag: hex.EncodeToString(sum[:8]), plain: content,
		compressed: sync.OnceValue(func() []byte { return compress(content) })}
}

func compress(content []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(content) // a bytes.Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", mediaTypes[path.Ext(f.name)])
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", f.caching())
	content, tag := f.plain, f.tag
	if path.Ext(f.name) != ".woff2" { // compressed in itself
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			content, tag = f.compressed(), f.tag+"-gzip"
		}
	}
	h.Set("ETag", fmt.Sprintf("%q", tag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (f *file) caching() string {
	if f.name == page || path.Ext(f.name) == ".txt" {
		return "no-cache"
	}
	return "public, max-age=31536000, immutable"
}

// acceptsGzip says whether a client names gzip among its codings and does not
// forbid it.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(coding, ";")
		if strings.TrimSpace(name) == "gzip" {
			return strings.TrimRight(strings.ReplaceAll(quality, " ", ""), "0.") != "q="
		}
	}
	return false
}
