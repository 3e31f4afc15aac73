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

// gzipLevel is where more effort hardly shrinks tiles further.
const gzipLevel = 5

// coders are compressors that can be used again, as making one costs more than
// compressing a tile.
type coders struct{ gzip, zstd sync.Pool }

// Compress gives bytes in a coding, the same ones for the same bytes.
func Compress(raw []byte, c Coding) ([]byte, error) { return new(coders).compress(raw, c) }

func (k *coders) compress(raw []byte, c Coding) ([]byte, error) {
	switch c {
	case Gzip:
		return k.gzipped(raw)
	case Zstd:
		return k.zstandard(raw)
	}
	return raw, nil
}

func (k *coders) gzipped(raw []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(raw)/2 + 64)
	w, ok := k.gzip.Get().(*gzip.Writer)
	if !ok {
		var err error
		if w, err = gzip.NewWriterLevel(nil, gzipLevel); err != nil {
			return nil, err
		}
	}
	defer k.gzip.Put(w)
	w.Reset(&b)
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(b.Bytes()), nil
}

func (k *coders) zstandard(raw []byte) ([]byte, error) {
	w, ok := k.zstd.Get().(*zstd.Encoder)
	if !ok {
		var err error
		if w, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
			return nil, err
		}
	}
	defer k.zstd.Put(w)
	return bytes.Clone(w.EncodeAll(raw, make([]byte, 0, len(raw)/2+64))), nil
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
