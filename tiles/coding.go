package tiles

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Coding is a content coding (RFC 9110, 8.4.1) that tiles are served in.
type Coding uint8

// The codings of tiles.
const (
	Identity Coding = iota
	Gzip
	Zstd
)

// codings is how many there are.
const codings = 3

// String is the name of the coding in HTTP.
func (c Coding) String() string { return [codings]string{"identity", "gzip", "zstd"}[c] }

// Levels of gzip. More than the high one shrinks tiles by a hundredth or two. A
// small tile would take longer to compress than to make, most of it to fetch
// the compressor's large tables into the processor's caches; the low one works
// with small tables on the stack, in half the time, for a tenth more bytes.
const (
	gzipHigh, gzipLow = 4, gzip.StatelessCompression
	smallTile         = 32 << 10
)

// Compressors are used again, as making one costs more than compressing a tile.
var (
	highWriters = sync.Pool{New: func() any { return newGzip(gzipHigh) }}
	lowWriters  = sync.Pool{New: func() any { return newGzip(gzipLow) }}
	zstdWriters sync.Pool
)

func newGzip(level int) *gzip.Writer {
	w, err := gzip.NewWriterLevel(nil, level)
	if err != nil {
		panic(err) // there is no such level
	}
	return w
}

// Compress gives bytes in a coding, the same ones for the same bytes.
func Compress(raw []byte, c Coding) ([]byte, error) {
	if c == Identity {
		return raw, nil
	}
	return appendCompressed(nil, raw, c)
}

// appendCompressed appends bytes in a coding.
func appendCompressed(to, raw []byte, c Coding) ([]byte, error) {
	switch c {
	case Gzip:
		return gzipped(to, raw)
	case Zstd:
		return zstandard(to, raw)
	}
	return append(to, raw...), nil
}

// appender is a slice that can be written to.
type appender []byte

func (a *appender) Write(b []byte) (int, error) {
	*a = append(*a, b...)
	return len(b), nil
}

// gzipped compresses in the low way if that takes a tenth off at least, as that way
// gives up where bytes hardly repeat.
func gzipped(to, raw []byte) ([]byte, error) {
	if len(raw) < smallTile {
		packed, err := gzippedBy(&lowWriters, to, raw)
		if err != nil || len(packed)-len(to) <= len(raw)-len(raw)/10 {
			return packed, err
		}
		to = packed[:len(to)]
	}
	return gzippedBy(&highWriters, to, raw)
}

func gzippedBy(writers *sync.Pool, to, raw []byte) ([]byte, error) {
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset((*appender)(&to))
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	err := w.Close()
	return to, err
}

func zstandard(to, raw []byte) ([]byte, error) {
	w, ok := zstdWriters.Get().(*zstd.Encoder)
	if !ok {
		var err error
		if w, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
			return nil, err
		}
	}
	defer zstdWriters.Put(w)
	return w.EncodeAll(raw, to), nil
}

// expand undoes a coding.
func expand(b []byte, c Coding) ([]byte, error) {
	switch c {
	case Gzip:
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("expand gzip: %w", err)
		}
		return io.ReadAll(r)
	case Zstd:
		r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("expand zstd: %w", err)
		}
		defer r.Close()
		return r.DecodeAll(b, nil)
	}
	return b, nil
}
