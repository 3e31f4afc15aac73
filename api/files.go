package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"wangge/data/format"
)

const (
	mediaCSV  = "text/csv"
	mediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// fileLimit is the most features in a CSV or XLSX answer that names no limit.
const fileLimit = 100_000

// pageLimit is how many features an answer in a format may have: a file is
// meant to be whole, a page is not.
func pageLimit(r *request, as string) int {
	if (as == "csv" || as == "xlsx") && !r.query.Has("limit") {
		return fileLimit
	}
	return limitParam.of(r)
}

// writeFile answers with the selected features as a file to keep. Headers say
// how many there are, how many it has, and where to go on if it is cut.
func (s *Server) writeFile(w http.ResponseWriter, r *request, l *listing, as string) error {
	h := w.Header()
	r.provenance(l.layer).head(h)
	in := frame{crs: l.in.crs} // columns are named, so their order needs no register
	in.head(h)
	h.Set("OGC-NumberMatched", strconv.Itoa(l.matched))
	h.Set("OGC-NumberReturned", strconv.Itoa(len(l.features)))
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, l.layer.ID(), as))
	write, media := format.WriteCSV, mediaCSV+"; charset=utf-8; header=present"
	if as == "xlsx" {
		write, media = s.spooled, mediaXLSX
	}
	if l.more {
		h.Set("Link", fmt.Sprintf(`<%s>; rel="next"; type="%s"`, s.next(r, l).Href, media))
	}
	h.Set("Content-Type", media)
	return write(w, format.Selection{Layer: l.layer, Fields: l.fields, Features: slices.Values(l.features), CRS: l.in.crs})
}

// workbooks is how many workbooks are made at once: each takes some 50 MB
// while it is.
const workbooks = 2

// spooled makes a workbook in a temporary file and sends it when it is
// complete, so that a slow reader holds no memory. Who finds all places taken
// waits a little.
func (s *Server) spooled(w io.Writer, selection format.Selection) error {
	select {
	case s.workbooks <- struct{}{}:
	case <-time.After(workbookWait):
		return &problem{Status: http.StatusServiceUnavailable, Kind: "busy", Detail: "too many workbooks are being made", Fix: "ask again in some seconds, or for f=csv"}
	}
	file, err := s.makeWorkbook(selection)
	<-s.workbooks
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}

const workbookWait = 15 * time.Second

// makeWorkbook is a file without a name, at its beginning.
func (s *Server) makeWorkbook(selection format.Selection) (*os.File, error) {
	file, err := os.CreateTemp("", "wangge-*.xlsx")
	if err != nil {
		return nil, fmt.Errorf("make a workbook: %w", err)
	}
	err = errors.Join(os.Remove(file.Name()), format.WriteXLSX(file, selection))
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
