package tiles

import (
	"crypto/sha256"
	"io"
)

// ArchiveOf writes n tiles as an archive, the i-th of number first+2i, instead
// of those of the pyramid.
func ArchiveOf(w io.WriteSeeker, p Pyramid, first uint64, n int, tile func(i int) []byte) (Archive, error) {
	if _, err := w.Seek(archiveRoot, io.SeekStart); err != nil {
		return Archive{}, err
	}
	a := &archiver{w: w, known: map[[sha256.Size]byte]archiveEntry{}}
	for i := range n {
		if err := a.add(first+2*uint64(i), tile(i)); err != nil {
			return Archive{}, err
		}
	}
	return a.close(p, nil)
}
