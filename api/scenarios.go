package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wangge/data/scenario"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// scenarioRoutes are those about scenarios that are kept; without a book none
// are.
func (s *Server) scenarioRoutes() []route {
	if s.config.Scenarios == nil {
		return nil
	}
	writers := []adjustment.Role{adjustment.Proposer, adjustment.Reviewer, adjustment.Approver}
	one := []parameter{scenarioIDParam}
	change := []parameter{scenarioIDParam, revisionParam}
	put := []parameter{scenarioIDParam, revisionParam, datumParam}
	return []route{
		{method: http.MethodGet, path: "/scenarios", summary: "Saved scenarios of shelters, newest first",
			parameters: []parameter{jsonFormat}, media: []string{mediaJSON}, roles: signedIn, handle: s.scenarios},
		{method: http.MethodPost, path: "/scenarios", summary: "Save a scenario under a name: shelters added, closed, enlarged, moved, another rule, blocked roads, a draft of boundaries",
			parameters: []parameter{datumParam}, body: mediaJSON, media: []string{mediaJSON}, roles: writers, handle: s.saveScenario},
		{method: http.MethodGet, path: "/scenarios/{id}", summary: "One saved scenario",
			parameters: append(one, jsonFormat), media: []string{mediaJSON}, roles: signedIn, volatile: true, handle: s.scenario},
		{method: http.MethodPut, path: "/scenarios/{id}", summary: "Put a scenario in place of what it was; its author and an admin may",
			parameters: put, body: mediaJSON, media: []string{mediaJSON}, roles: writers, handle: s.replaceScenario},
		{method: http.MethodDelete, path: "/scenarios/{id}", summary: "Take a scenario away, unless others build on it; its author and an admin may",
			parameters: change, media: []string{mediaJSON}, roles: writers, handle: s.deleteScenario},
	}
}

var scenarioIDParam = &param[int64]{
	declaration{name: "id", in: inPath, example: "3", required: true, schema: jsonSchema{"type": "integer", "minimum": 1}, description: "number of a scenario"},
	scenarioParam.parse,
}

// savedScenario is a scenario as clients read it.
type savedScenario struct {
	ID          int64            `json:"id"`
	Revision    int64            `json:"revision"`
	Name        string           `json:"name"`
	Description string           `json:"description"`
	Base        *int64           `json:"base"`
	Author      string           `json:"author"`
	Created     time.Time        `json:"created"`
	Updated     time.Time        `json:"updated"`
	Changes     scenario.Changes `json:"changes"`
	May         []string         `json:"may"` // what whoever asks can do to it
}

func (r *request) tellScenario(c scenario.Scenario) savedScenario {
	told := savedScenario{ID: c.ID, Revision: c.Revision, Name: c.Name, Description: c.Description, Author: c.Author, Created: c.Created.UTC(), Updated: c.Updated.UTC(),
		Changes: c.Changes, May: []string{}}
	if c.Changes.Base != 0 {
		told.Base = &c.Changes.Base
	}
	if c.MayChange(r.actor) {
		told.May = []string{"edit", "delete"}
	}
	return told
}

func (s *Server) scenarios(w http.ResponseWriter, r *request) error {
	list := []savedScenario{}
	for _, c := range scenario.List(r.whole) {
		list = append(list, r.tellScenario(c))
	}
	head := provenanceOf(r.whole)
	head.head(w.Header())
	return writeJSON(w, mediaJSON, struct {
		Version   spatial.Version `json:"version"`
		Scenarios []savedScenario `json:"scenarios"`
		MayCreate bool            `json:"may_create"`
	}{r.whole.Version(), list, scenario.MayWrite(r.actor)})
}

func (s *Server) scenario(w http.ResponseWriter, r *request) error {
	c, err := scenario.Find(r.whole, scenarioIDParam.of(r))
	if err != nil {
		return unfoundScenario(scenarioIDParam.of(r), err)
	}
	return s.writeScenario(w, r, c, http.StatusOK)
}

func (s *Server) writeScenario(w http.ResponseWriter, r *request, c scenario.Scenario, status int) error {
	body, err := encode(r.tellScenario(c))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", strconv.Quote(strconv.FormatInt(c.Revision, 10)))
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Type", mediaJSON)
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// scenarioBody reads a scenario that is to be kept, and tries it on today's
// state, so that none is kept that cannot be asked about.
func (s *Server) scenarioBody(r *request, self int64) (name, description string, c scenario.Changes, err error) {
	body, err := r.readObject(maxQuestion, []string{"name", "description", "changes"})
	if err != nil {
		return
	}
	if name, err = body.text("name", maxName); err != nil {
		return
	}
	if strings.TrimSpace(name) == "" {
		err = body.refuse("name", "scenario_name", "it is missing", "give the scenario a name")
		return
	}
	if description, err = body.text("description", maxReason); err != nil {
		return
	}
	if !body.has("changes") {
		err = body.refuse("changes", "scenario_changes", "it is missing", `give {"changes":{"close":["440303-BN-01"]}}`)
		return
	}
	if c, err = r.changes(body.members["changes"], "changes"); err != nil {
		return
	}
	err = s.tried(r, self, c)
	return name, description, c, err
}

// tried makes the changes without asking anything about them.
func (s *Server) tried(r *request, self int64, c scenario.Changes) error {
	chain, err := scenario.Chain(r.whole, self, c)
	if err != nil {
		return err
	}
	for _, p := range standardParams {
		if initial := p.declared().initial; initial != "" {
			value, err := p.read(initial)
			if err != nil {
				return err
			}
			r.values[p.declared().name] = value
		}
	}
	if len(c.Block) > 0 {
		r.values[reachParam.name] = reachWalking
	}
	q, err := r.question("")
	if err != nil {
		return err
	}
	facilities, err := sheltersOf(r.snapshot)
	if err != nil {
		return err
	}
	now := &side{shelterQuestion: q}
	for _, f := range facilities {
		now.sites = append(now.sites, site{Facility: f})
	}
	_, err = s.changed(r, now, &whatIf{id: self, changes: c, chain: chain})
	return err
}

func (s *Server) saveScenario(w http.ResponseWriter, r *request) error {
	name, description, changes, err := s.scenarioBody(r, 0)
	if err != nil {
		return err
	}
	made, err := s.config.Scenarios.Create(r.Context(), r.actor, name, description, changes)
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("%s/scenarios/%d", s.base(r.Request), made.ID))
	return s.writeScenario(w, r, made, http.StatusCreated)
}

func (s *Server) replaceScenario(w http.ResponseWriter, r *request) error {
	id := scenarioIDParam.of(r)
	if _, err := scenario.Find(r.whole, id); err != nil {
		return unfoundScenario(id, err)
	}
	name, description, changes, err := s.scenarioBody(r, id)
	if err != nil {
		return err
	}
	made, err := s.config.Scenarios.Replace(r.Context(), r.actor, id, revisionParam.of(r), name, description, changes)
	if err != nil {
		return unfoundScenario(id, err)
	}
	return s.writeScenario(w, r, made, http.StatusOK)
}

func (s *Server) deleteScenario(w http.ResponseWriter, r *request) error {
	id := scenarioIDParam.of(r)
	if err := s.config.Scenarios.Delete(r.Context(), r.actor, id, revisionParam.of(r)); err != nil {
		return unfoundScenario(id, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// scenarioRefusal tells why a scenario is not changed; nil for errors of other
// kinds.
func scenarioRefusal(err error) *problem {
	var stale *scenario.StaleError
	var used *scenario.UsedError
	switch {
	case errors.As(err, &stale):
		return &problem{Status: http.StatusPreconditionFailed, Kind: "stale", Rule: "revision", Where: fmt.Sprintf("scenario %d", stale.ID), Detail: err.Error(), Fix: "read the newest revision and try again"}
	case errors.As(err, &used):
		return &problem{Status: http.StatusConflict, Kind: "conflict", Rule: "scenario_used", Where: fmt.Sprintf("scenario %d", used.ID), Detail: err.Error(), Fix: "delete those first, or let them build on something else"}
	}
	return nil
}
