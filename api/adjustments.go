package api

import (
	"net/http"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// adjustmentRoutes are those about proposed boundaries. Without a ledger
// nothing can be proposed, but everything can be tried.
func (s *Server) adjustmentRoutes() []route {
	routes := []route{
		{method: http.MethodPost, path: "/adjustments/preview", summary: "What moving boundaries would do: effects on every level, what changes hands with old and new codes, refusals with remedies; changes nothing",
			parameters: []parameter{datumParam}, body: mediaJSON, media: []string{mediaJSON}, handle: s.previewSteps},
		{method: http.MethodPost, path: "/adjustments/drawing", summary: "A file with a drawn area or line (GeoJSON, zipped Shapefile, GeoPackage, CSV with WKT) as GeoJSON in degrees, with how its coordinates were taken and doubts about that",
			parameters: []parameter{drawingCRSParam, nameParam}, body: "application/octet-stream", media: []string{mediaGeoJSON}, handle: s.drawing},
	}
	if s.config.Ledger == nil {
		return routes
	}
	return append(routes, s.workflowRoutes()...)
}

// previewSteps plans the steps of a request. A plan that is refused is an
// answer like any other: it says why, and where.
func (s *Server) previewSteps(w http.ResponseWriter, r *request) error {
	body, err := r.readSteps()
	if err != nil {
		return err
	}
	on, err := r.planned(r.whole)
	if err != nil {
		return err
	}
	plan, err := s.plan(on, body.layer, body.steps)
	if err != nil {
		return err
	}
	answer, err := r.preview(on, body.layer, plan, body.frame)
	if err != nil {
		return err
	}
	answer.head(w.Header())
	body.frame.head(w.Header())
	return writeJSON(w, mediaJSON, answer)
}

// plan plans steps; with a ledger, codes of areas that are gone are not given
// again.
func (s *Server) plan(on *spatial.Snapshot, layer spatial.LayerID, steps []adjustment.Step) (*adjustment.Plan, error) {
	if s.config.Ledger == nil {
		return adjustment.New(on, layer, steps)
	}
	return s.config.Ledger.Plan(on, layer, steps)
}
