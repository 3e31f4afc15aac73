package format

import (
	"io"
	"os"
)

// window reads pieces of a file, most of which follow one another.
type window struct {
	file  io.ReaderAt
	size  int64
	begin int64
	data  []byte
}

// windowBytes are read at once; more if a piece is larger.
const windowBytes = 1 << 17

func newWindow(file *os.File) (*window, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &window{file: file, size: info.Size()}, nil
}

// piece is n bytes from an offset on, fewer at the end of the file. They are
// valid until the next call.
func (w *window) piece(offset, n int64) ([]byte, error) {
	if offset < 0 || offset >= w.size {
		return nil, nil
	}
	n = min(n, w.size-offset)
	if offset < w.begin || offset+n > w.begin+int64(len(w.data)) {
		if err := w.fill(offset, min(max(n, windowBytes), w.size-offset)); err != nil {
			return nil, err
		}
	}
	from := offset - w.begin
	return w.data[from:min(from+n, int64(len(w.data)))], nil
}

func (w *window) fill(offset, n int64) error {
	if int64(cap(w.data)) < n {
		w.data = make([]byte, n)
	}
	got, err := w.file.ReadAt(w.data[:n], offset)
	w.begin, w.data = offset, w.data[:got]
	if err == io.EOF {
		return nil
	}
	return err
}
