package api

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"wangge/spatial"
	"wangge/spatial/history"
)

// china is the zone that dates are of: UTC+8, without summer time.
var china = time.FixedZone("UTC+8", 8*60*60)

// when is the time that an answer is about, where that is not now.
type when struct {
	Datetime string `json:"datetime,omitempty"` // when what is told held
	Known    string `json:"known,omitempty"`    // when it was believed
}

var (
	momentParam = &param[moment]{
		declaration{name: "datetime", in: inQuery, example: "2024-12-30", schema: jsonSchema{"type": "string"},
			description: "the boundaries, codes and attachments that held at this instant (RFC 3339), or at the end of this day in China; not in the future"},
		parseMoment,
	}
	knownParam = &param[moment]{
		declaration{name: "known", in: inQuery, example: "2024-12-30", schema: jsonSchema{"type": "string"},
			description: "as this was believed then: without what was recorded later"},
		parseMoment,
	}
)

// end is the instant itself, or the last of a day in China.
func (m moment) end() time.Time {
	if m.at.IsZero() || !m.day {
		return m.at
	}
	return time.Date(m.at.Year(), m.at.Month(), m.at.Day()+1, 0, 0, 0, 0, china).Add(-time.Microsecond)
}

// begun says whether the instant is past or the day is not to come.
func (m moment) begun(now time.Time) bool {
	if m.day {
		return !time.Date(m.at.Year(), m.at.Month(), m.at.Day(), 0, 0, 0, 0, china).After(now)
	}
	return !m.at.After(now)
}

// past answers the request from the state of the time it names, if it names one.
func (s *Server) past(r *request) error {
	valid, known := momentParam.of(r), knownParam.of(r)
	if valid.at.IsZero() && known.at.IsZero() {
		return nil
	}
	if layerParam.given(r) && !slices.Contains(history.Tracked(r.snapshot), layerParam.of(r)) {
		layer, err := r.layer()
		if err != nil {
			return err
		}
		return untracked(layer)
	}
	then, err := s.at(r, valid, known)
	if err != nil {
		return err
	}
	r.snapshot, r.when = then, when{r.query.Get("datetime"), r.query.Get("known")}
	return nil
}

// at is the state of a time, as it was believed at another, as whoever asks
// may see it.
func (s *Server) at(r *request, valid, known moment) (*spatial.Snapshot, error) {
	now := time.Now()
	for name, m := range map[string]moment{"datetime": valid, "known": known} {
		if !m.begun(now) {
			return nil, &spatial.InvalidError{Rule: "datetime_future", Where: "query parameter " + name, Detail: fmt.Sprintf("%s is yet to come", m.at.Format(time.DateOnly)),
				Fix: "ask about the past; what is decided and waits is at /adjustments?state=scheduled"}
		}
	}
	then, err := s.state.At(r.whole, valid.end(), known.end())
	if err != nil {
		return nil, err
	}
	return visible(then, r.actor)
}

// provenance is what the answer says of the data it was made from.
func (r *request) provenance(layers ...*spatial.Layer) provenance {
	for _, layer := range layers {
		if d := r.derivedAs(layer.ID()); d != nil {
			layers = append(slices.Clone(layers), d.sources(r.snapshot)...)
		}
	}
	p := provenanceOf(r.snapshot, layers...)
	p.when = r.when
	return p
}

// pastItems is past for a list, in which an interval, and in layers with dates
// of their own an instant, asks for features instead.
func (s *Server) pastItems(r *request) error {
	layer, err := r.layer()
	if err != nil {
		return err
	}
	during := datetimeParam.of(r)
	switch {
	case primaryInstant(layer.Schema()) >= 0:
		during = interval{}
	case !slices.Contains(history.Tracked(r.snapshot), layer.ID()):
		if knownParam.given(r) || datetimeParam.given(r) {
			return untracked(layer)
		}
		return nil
	case during.from != during.to:
		return datetimeParam.refuse(fmt.Sprintf("%s has no dates of its own, so it is an instant or a day that can be asked for", layer.ID()))
	}
	if during.from.at.IsZero() && !knownParam.given(r) {
		return nil
	}
	then, err := s.at(r, during.from, knownParam.of(r))
	if err != nil {
		return err
	}
	r.snapshot, r.when = then, when{Known: r.query.Get("known")}
	if !during.from.at.IsZero() {
		r.when.Datetime = r.query.Get("datetime")
	}
	return nil
}

// untracked refuses to tell the past of a layer whose history is not kept.
func untracked(layer *spatial.Layer) error {
	return datetimeParam.refuse(fmt.Sprintf("%s has no date or time, and its history is not kept; its data are as of %s", layer.ID(), layer.Schema().AsOf))
}

// formerly says that a feature was named by a code that it has no more.
type formerly struct {
	Code  string     `json:"code"`
	From  *time.Time `json:"from,omitempty"` // unknown if absent
	Until time.Time  `json:"until"`
	Now   string     `json:"now"`
}

// known is the feature that a text names, if need be by a code that it had.
func (r *request) known(layer *spatial.Layer, text string) (spatial.Feature, *formerly, error) {
	feature, err := find(r.snapshot, layer, text)
	if err == nil {
		return feature, nil, nil
	}
	if f, missing := r.now(layer.ID(), text); missing == nil {
		if feature, err := layer.Feature(f.ID()); err == nil {
			return feature, nil, nil // by the code that it has now
		}
	}
	was, ok := history.Former(r.whole, layer.ID(), text)
	if !ok {
		return feature, nil, err
	}
	feature, gone := layer.Feature(was.Feature)
	if gone != nil {
		return feature, nil, &problem{Status: http.StatusGone, Kind: "gone", Detail: fmt.Sprintf("%s %s was given up on %s", layer.ID(), text, was.ValidTo.Format(time.RFC3339)),
			Fix: "ask for the state of a time before, with datetime"}
	}
	return feature, &formerly{text, instant(was.ValidFrom), was.ValidTo, feature.Code()}, nil
}

// now is the feature of a layer that has a code in the state of now.
func (r *request) now(layer spatial.LayerID, code string) (spatial.Feature, error) {
	current, err := r.whole.Layer(layer)
	if err != nil {
		return spatial.Feature{}, err
	}
	return current.ByCode(code)
}

// instant is nil for a time that is not known.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
