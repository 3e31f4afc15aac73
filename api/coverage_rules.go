package api

import (
	"fmt"
	"net/http"
	"strings"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

// standardLayer is the table of rule sets.
const standardLayer spatial.LayerID = "shelter_standards"

// rule is a rule set as answers tell it.
type rule struct {
	shelter.Standard
	about map[string]spatial.Value // texts of its row
}

// rules are those of a snapshot in order of their rows, and why others cannot
// be used.
type rules struct {
	list   []*rule
	faulty map[string]error
}

// rulesOf reads the rule sets of a snapshot.
func rulesOf(s *spatial.Snapshot) (*rules, error) {
	return kept(s, []spatial.LayerID{standardLayer}, "rules", func() (*rules, error) {
		found := &rules{faulty: map[string]error{}}
		layer, err := s.Layer(standardLayer)
		if err != nil {
			return found, nil
		}
		for f := range layer.All() {
			standard, err := shelter.StandardOf(f)
			if err != nil {
				found.faulty[f.Code()] = err
				continue
			}
			read := &rule{Standard: standard, about: map[string]spatial.Value{}}
			for _, name := range []string{"rule_set", "class", "document"} {
				read.about[name] = f.Attribute(name)
			}
			found.list = append(found.list, read)
		}
		return found, nil
	})
}

// ruleNamed finds a rule set by its code.
func ruleNamed(s *spatial.Snapshot, code string) (*rule, error) {
	all, err := rulesOf(s)
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, r := range all.list {
		if r.Code == code {
			return r, nil
		}
		codes = append(codes, r.Code)
	}
	if err := all.faulty[code]; err != nil {
		return nil, err
	}
	fix := "use " + strings.Join(codes, ", ")
	if len(codes) == 0 {
		fix = "bring rule sets into the layer shelter_standards; wangge serve makes it where there are shelters"
	}
	return nil, &spatial.InvalidError{Rule: "rule_unknown", Where: "rule", Detail: fmt.Sprintf("no rule set has the code %q", shorten(code)), Fix: fix}
}

// toldRule is a rule set as clients read it.
type toldRule struct {
	Code       string          `json:"code"`
	RuleSet    string          `json:"rule_set"`
	Name       string          `json:"name"`
	NameEN     string          `json:"name_en"`
	Class      string          `json:"class,omitempty"`
	Classes    []string        `json:"classes"` // empty: all
	Area       *float64        `json:"area_per_person"`
	Radius     *float64        `json:"radius"`
	Minutes    *float64        `json:"walking_minutes"`
	Share      float64         `json:"share"`
	Settings   map[string]any  `json:"settings"`
	Exclusions []toldExclusion `json:"exclusions"`
	Document   string          `json:"document"`
	Clause     string          `json:"clause"`
	Dated      string          `json:"dated"`
	Certainty  string          `json:"certainty"`
	Note       string          `json:"note"`
	NoteEN     string          `json:"note_en"`
}

type toldExclusion struct {
	Layer  spatial.LayerID `json:"layer"`
	Within float64         `json:"within"`
	Where  *spatial.Where  `json:"where,omitempty"`
	Text   spatial.Title   `json:"text"`
}

func (r *rule) tell(s *spatial.Snapshot) toldRule {
	told := toldRule{Code: r.Code, RuleSet: r.about["rule_set"].Text(), Name: r.Name.ZH, NameEN: r.Name.EN, Class: r.about["class"].Text(), Classes: emptyNotNull(r.Classes),
		Area: stated(float64(r.AreaPerPerson)), Radius: stated(float64(r.Radius)), Minutes: stated(r.Walking.Seconds() / 60), Share: r.Share, Settings: map[string]any{},
		Exclusions: []toldExclusion{}, Document: r.about["document"].Text(), Clause: r.Clause, Dated: r.Dated, Certainty: r.Certainty, Note: r.Note.ZH, NoteEN: r.Note.EN}
	for _, h := range shelter.Hazards() {
		settings := r.Standard.Settings[h]
		switch len(settings) {
		case 0:
			told.Settings[string(h)] = nil
		case 1:
			told.Settings[string(h)] = settings[0]
		default:
			told.Settings[string(h)] = "any"
		}
	}
	for _, e := range r.Standard.Exclusions {
		told.Exclusions = append(told.Exclusions, toldExclusion{e.Layer, float64(e.Within), e.Where, exclusionText(s, &e)})
	}
	return told
}

// stated is a number that is given; 0 stands for none.
func stated(v float64) *float64 {
	if v == 0 {
		return nil
	}
	return &v
}

// exclusionText says where shelters do not count.
func exclusionText(s *spatial.Snapshot, e *shelter.Exclusion) spatial.Title {
	title := spatial.Title{ZH: string(e.Layer), EN: string(e.Layer)}
	if layer, err := s.Layer(e.Layer); err == nil {
		title = layer.Schema().Title
	}
	if e.Within == 0 {
		return spatial.Title{ZH: "位于" + title.ZH + "内", EN: "within " + title.EN}
	}
	return spatial.Title{ZH: fmt.Sprintf("距%s不足%v米", title.ZH, e.Within), EN: fmt.Sprintf("less than %v m from %s", e.Within, title.EN)}
}

// exclusionWords says what a shelter is too near to.
func exclusionWords(e shelter.Excluded, within geodesic.Meters) spatial.Title {
	name, layer := nameOf(e.Feature), e.Feature.Layer().Schema().Title
	if e.Distance == 0 {
		return spatial.Title{ZH: fmt.Sprintf("位于%s“%s”内", layer.ZH, name), EN: fmt.Sprintf("within %s of %s", name, layer.EN)}
	}
	return spatial.Title{ZH: fmt.Sprintf("距%s“%s”%.0f米，不足%.0f米", layer.ZH, name, e.Distance, within), EN: fmt.Sprintf("%.0f m from %s of %s, less than %.0f m", e.Distance, name, layer.EN, within)}
}

// worded is a choice with its words.
type worded struct {
	Value string        `json:"value"`
	Title spatial.Title `json:"title"`
	Note  spatial.Title `json:"note,omitzero"`
	Total *int64        `json:"total,omitempty"`
}

var hazardWords = map[shelter.Hazard]spatial.Title{
	shelter.Earthquake: {ZH: "地震", EN: "earthquake"}, shelter.Typhoon: {ZH: "台风", EN: "typhoon"}, shelter.Rainstorm: {ZH: "暴雨", EN: "rainstorm"},
	shelter.Geological: {ZH: "地质灾害", EN: "geological hazard"}, shelter.Stranded: {ZH: "滞留人员", EN: "stranded travellers"},
}

var methodWords = []worded{
	{Value: methodLocated, Title: spatial.Title{ZH: "按所在地", EN: "shelters located in the unit"}},
	{Value: methodReachable, Title: spatial.Title{ZH: "按可达范围", EN: "shelters within reach"}},
	{Value: methodTwoStep, Title: spatial.Title{ZH: "两步移动搜索法", EN: "two-step floating catchment (2SFCA)"}},
	{Value: methodGaussian, Title: spatial.Title{ZH: "高斯两步移动搜索法", EN: "Gaussian 2SFCA"}},
	{Value: methodAllocation, Title: spatial.Title{ZH: "按容量分配", EN: "allocation by capacity"}},
}

// coverageRules answers with all that a question about coverage can choose.
func (s *Server) coverageRules(w http.ResponseWriter, r *request) error {
	all, err := rulesOf(r.snapshot)
	if err != nil {
		return err
	}
	answer := struct {
		provenance
		Rules       []toldRule        `json:"rules"`
		Faulty      map[string]string `json:"faulty,omitempty"`
		Hazards     []worded          `json:"hazards"`
		Populations []worded          `json:"populations"`
		Methods     []worded          `json:"methods"`
		Reaches     []worded          `json:"reaches"`
	}{provenance: provenanceOf(r.snapshot, layersAmong(r.snapshot, standardLayer, buildingLayer)...), Rules: []toldRule{}, Methods: methodWords}
	for _, rule := range all.list {
		answer.Rules = append(answer.Rules, rule.tell(r.snapshot))
	}
	for code, err := range all.faulty {
		if answer.Faulty == nil {
			answer.Faulty = map[string]string{}
		}
		answer.Faulty[code] = err.Error()
	}
	for _, h := range shelter.Hazards() {
		answer.Hazards = append(answer.Hazards, worded{Value: string(h), Title: hazardWords[h]})
	}
	for _, p := range populations {
		told := worded{Value: p.name, Title: p.title, Note: p.note}
		if all, err := peopleOf(r.snapshot, p.name); err == nil {
			total := shelter.Total(all.demands)
			told.Total = &total
		}
		answer.Populations = append(answer.Populations, told)
	}
	answer.Reaches = []worded{{Value: reachStraight, Title: spatial.Title{ZH: "直线距离", EN: "straight line"}},
		{Value: reachWalking, Title: spatial.Title{ZH: "步行", EN: "on foot along roads"}}}
	answer.head(w.Header())
	return writeJSON(w, mediaJSON, answer)
}

// layersAmong are the layers of some names that a snapshot has.
func layersAmong(s *spatial.Snapshot, ids ...spatial.LayerID) []*spatial.Layer {
	var layers []*spatial.Layer
	for _, id := range ids {
		if layer, err := s.Layer(id); err == nil {
			layers = append(layers, layer)
		}
	}
	return layers
}
