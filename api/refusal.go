package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/api/auth"
	"wangge/data/ledger"
	"wangge/spatial/adjustment"
)

// refusalOf tells why an adjustment, or whoever asks for it, is refused; nil
// for errors of other kinds.
func refusalOf(err error) *problem {
	var (
		forbidden *adjustment.ForbiddenError
		status    *adjustment.StatusError
		overlap   *adjustment.OverlapError
		changed   *adjustment.ChangedError
		stale     *adjustment.StaleError
		refused   *adjustment.RefusedError
		reopened  *ledger.StaleClosureError
	)
	switch {
	case errors.Is(err, auth.ErrUnknown):
		return &problem{Status: http.StatusUnauthorized, Kind: "sign-in", Rule: "token", Detail: auth.ErrUnknown.Error(),
			Fix: "check the token, or ask for a new one"}
	case errors.As(err, &forbidden):
		return &problem{Status: http.StatusForbidden, Kind: "forbidden", Rule: forbidden.Rule, Detail: forbidden.Detail, Fix: forbidden.Fix}
	case errors.As(err, &status):
		return &problem{Status: http.StatusConflict, Kind: "status", Rule: "status", Where: adjustmentName(status.ID), Detail: err.Error(),
			Fix: possible(status.Allowed), Allowed: words(status.Allowed)}
	case errors.As(err, &overlap):
		return &problem{Status: http.StatusConflict, Kind: "overlap", Rule: "overlap", Where: adjustmentName(overlap.With), Detail: err.Error(),
			Fix: "wait until it is done, or have it withdrawn", Codes: overlap.Areas}
	case errors.As(err, &changed):
		return &problem{Status: http.StatusConflict, Kind: "changed", Rule: "changed", Where: adjustmentName(changed.ID), Detail: err.Error(),
			Fix: "look at what it does today and submit it again", Changes: changed.Changes}
	case errors.As(err, &stale):
		return &problem{Status: http.StatusPreconditionFailed, Kind: "stale", Rule: "revision", Where: adjustmentName(stale.ID), Detail: err.Error(),
			Fix: "read the newest revision and try again"}
	case errors.As(err, &reopened):
		return &problem{Status: http.StatusPreconditionFailed, Kind: "stale", Rule: "revision", Where: fmt.Sprintf("closure %d", reopened.ID), Detail: err.Error(),
			Fix: "read it again and try again"}
	case errors.As(err, &refused):
		return refusedPlan(refused)
	}
	return nil
}

func adjustmentName(id int64) string { return fmt.Sprintf("adjustment %d", id) }

func possible(actions []adjustment.Action) string {
	if len(actions) == 0 {
		return "nothing can be done to it any more"
	}
	return "what is possible: " + strings.Join(words(actions), ", ")
}

// refusedPlan names the first rule that a plan breaks as its own, and all as
// its checks.
func refusedPlan(err *adjustment.RefusedError) *problem {
	p := &problem{Status: http.StatusUnprocessableEntity, Kind: "refused", Detail: err.Error()}
	if err.Plan == nil {
		return p
	}
	for _, check := range err.Plan.Checks {
		if check.Severity == adjustment.Refusal {
			p.Rule, p.Where, p.At, p.Fix = check.Rule, check.Where, check.At, check.Fix
			break
		}
	}
	p.Checks = checksOf(err.Plan.Checks)
	return p
}

// checked is a broken rule as clients read it. Positions and shapes are
// degrees, longitude first.
type checked struct {
	Rule     string              `json:"rule"`
	Severity adjustment.Severity `json:"severity"`
	Where    string              `json:"where,omitempty"`
	At       *orb.Point          `json:"at,omitempty"`
	Part     *geojson.Geometry   `json:"part,omitempty"` // where it is broken
	Detail   string              `json:"detail"`
	Fix      string              `json:"fix,omitempty"`
	Step     int                 `json:"step"`
	Suggest  *geojson.Geometry   `json:"suggest,omitempty"` // a drawing for the step that breaks no rule
}

func checksOf(checks []adjustment.Check) []checked {
	list := []checked{}
	for _, c := range checks {
		list = append(list, checked{c.Rule, c.Severity, c.Where, c.At, shapeOf(c.Part), c.Detail, c.Fix, c.Step, shapeOf(c.Suggest)})
	}
	return list
}

// shapeOf is a geometry as GeoJSON; nil for none.
func shapeOf(g orb.Geometry) *geojson.Geometry {
	if g == nil {
		return nil
	}
	return geojson.NewGeometry(g)
}
