package api

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"wangge/spatial"
)

//go:embed pages
var pages embed.FS

var pageTemplate = template.Must(template.ParseFS(pages, "pages/page.html"))

// pagePolicy lets a page load its style and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// htmlPage is an answer as people read it.
type htmlPage struct {
	Base   string
	Title  string
	Crumbs []link
	Notes  []string
	Pairs  []pagePair
	Head   []string
	Rows   [][]cell
	Links  []link
}

type pagePair struct {
	Name  string
	Value cell
}

type cell struct{ Text, Href string }

func (s *Server) pageRoutes() []route {
	return []route{{method: http.MethodGet, path: "/page.css", summary: "How pages look", media: []string{"text/css"}, handle: s.pageStyle}}
}

func (s *Server) pageStyle(w http.ResponseWriter, _ *request) error {
	style, err := pages.ReadFile("pages/page.css")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, err = w.Write(style)
	return err
}

// show answers with a page as a whole.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, p htmlPage) error {
	p.Base = s.base(r)
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, p); err != nil {
		return fmt.Errorf("page %s: %w", p.Title, err)
	}
	h := w.Header()
	h.Set("Content-Type", mediaHTML+"; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	w.WriteHeader(status)
	_, err := w.Write(body.Bytes())
	return err
}

func (s *Server) collectionsPage(w http.ResponseWriter, r *request) error {
	p := htmlPage{Title: "图层 Layers", Head: []string{"图层 layer", "名称 title", "数量 features", "日期 as of", "说明 note"}}
	for layer := range r.snapshot.Layers() {
		schema := layer.Schema()
		p.Rows = append(p.Rows, []cell{{string(schema.ID), s.layerAddress(r, layer)}, {Text: both(schema.Title)},
			{Text: fmt.Sprint(layer.Len())}, {Text: schema.AsOf}, {Text: both(schema.Note) + syntheticNote(schema)}})
	}
	for _, d := range r.derived {
		if schema := d.schemaFor(r.snapshot); d.possible(r.snapshot) {
			p.Rows = append(p.Rows, []cell{{string(schema.ID), s.base(r.Request) + "/collections/" + string(schema.ID)}, {Text: both(schema.Title)},
				{}, {Text: schema.AsOf}, {Text: "由其他图层算出 worked out of others" + syntheticNote(schema)}})
		}
	}
	p.Links = []link{{Href: s.base(r.Request) + "/openapi.json", Title: "接口定义 API definition"}, {Href: s.base(r.Request) + "/collections?f=json", Rel: "alternate", Title: "JSON"}}
	return s.show(w, r.Request, http.StatusOK, p)
}

func syntheticNote(schema *spatial.Schema) string {
	if schema.Synthetic {
		return " 合成数据 synthetic"
	}
	return ""
}

func (s *Server) layerAddress(r *request, layer *spatial.Layer) string {
	return s.base(r.Request) + "/collections/" + url.PathEscape(string(layer.ID()))
}

// crumbs lead from the list of layers to a layer.
func (s *Server) crumbs(r *request, layer *spatial.Layer) []link {
	crumbs := []link{{Href: s.base(r.Request) + "/collections", Title: "图层 layers"}}
	if layer != nil {
		crumbs = append(crumbs, link{Href: s.layerAddress(r, layer), Title: both(layer.Schema().Title)})
	}
	return crumbs
}

func (s *Server) collectionPage(w http.ResponseWriter, r *request, layer *spatial.Layer) error {
	schema, at := layer.Schema(), s.layerAddress(r, layer)
	p := htmlPage{Title: both(schema.Title), Crumbs: s.crumbs(r, nil), Notes: notes(both(schema.Description), both(schema.Note)+syntheticNote(schema)),
		Pairs: []pagePair{{"图层 layer", cell{Text: string(schema.ID)}}, {"数量 features", cell{fmt.Sprint(layer.Len()), at + "/items"}},
			{"日期 as of", cell{Text: schema.AsOf}}, {"几何 geometry", cell{Text: schema.Geometry.String()}},
			{"来源 source", cell{Text: schema.Source}}, {"许可 licence", cell{Text: schema.Licence}}},
		Head:  []string{"字段 field", "名称 title", "类型 type", "单位 unit"},
		Links: []link{{Href: at + "/items", Title: "要素 features"}, {Href: at + "/queryables", Title: "可查询字段 queryables (JSON Schema)"}, {Href: at + "?f=json", Rel: "alternate", Title: "JSON"}}}
	for i := range schema.Fields {
		f := &schema.Fields[i]
		p.Rows = append(p.Rows, []cell{{Text: f.Name}, {Text: both(f.Title)}, {Text: f.Type.String()}, {Text: f.Unit}})
	}
	return s.show(w, r.Request, http.StatusOK, p)
}

func notes(texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { return strings.TrimSpace(text) == "" })
}

func (s *Server) itemsPage(w http.ResponseWriter, r *request, l *listing) error {
	schema := l.layer.Schema()
	p := htmlPage{Title: both(schema.Title), Crumbs: s.crumbs(r, l.layer), Head: []string{"id"},
		Notes: notes(fmt.Sprintf("共 %d 个要素，本页 %d 个 %d features, %d on this page", l.matched, len(l.features), l.matched, len(l.features)), syntheticNote(schema))}
	for _, i := range l.fields {
		p.Head = append(p.Head, headOf(&schema.Fields[i]))
	}
	for _, f := range l.features {
		row := []cell{{fmt.Sprint(f.ID()), fmt.Sprintf("%s/items/%d", s.layerAddress(r, l.layer), f.ID())}}
		for _, i := range l.fields {
			row = append(row, s.valueCell(r, f, i))
		}
		p.Rows = append(p.Rows, row)
	}
	if l.more {
		p.Links = append(p.Links, link{Href: s.next(r, l).Href, Rel: "next", Title: "下一页 next page"})
	}
	for _, format := range []string{"geojson", "csv", "xlsx"} {
		p.Links = append(p.Links, link{Href: s.otherFormat(r, format), Rel: "alternate", Title: strings.ToUpper(format)})
	}
	return s.show(w, r.Request, http.StatusOK, p)
}

func headOf(f *spatial.Field) string {
	head := both(f.Title)
	if head == "" {
		head = f.Name
	}
	if f.Unit != "" {
		head += " (" + f.Unit + ")"
	}
	return head
}

// otherFormat is the address of the request in another format.
func (s *Server) otherFormat(r *request, format string) string {
	query := url.Values{"f": {format}}
	for name, texts := range r.query {
		if name != "f" && name != "limit" && name != "cursor" {
			query[name] = texts
		}
	}
	return s.base(r.Request) + r.URL.EscapedPath() + "?" + query.Encode()
}

// valueCell shows a value with its words; a reference leads to its feature.
func (s *Server) valueCell(r *request, f spatial.Feature, i int) cell {
	field, v := &f.Layer().Schema().Fields[i], f.Value(i)
	text := v.String()
	for _, label := range field.Values {
		if words := both(label.Title); label.Value == text && words != "" {
			return cell{Text: words}
		}
	}
	if field.References != "" && !v.IsNull() {
		return cell{text, s.base(r.Request) + "/collections/" + string(field.References) + "/items/" + url.PathEscape(text)}
	}
	return cell{Text: text}
}

func (s *Server) itemPage(w http.ResponseWriter, r *request, f spatial.Feature, fields []int) error {
	schema := f.Layer().Schema()
	title := f.Label()
	if title == "" {
		title = fmt.Sprintf("%s %d", both(schema.Title), f.ID())
	}
	p := htmlPage{Title: title, Crumbs: s.crumbs(r, f.Layer()), Notes: notes(both(schema.Note) + syntheticNote(schema)),
		Pairs: []pagePair{{"id", cell{Text: fmt.Sprint(f.ID())}}}}
	for _, i := range fields {
		p.Pairs = append(p.Pairs, pagePair{headOf(&schema.Fields[i]), s.valueCell(r, f, i)})
	}
	if b, ok := f.Bound(); ok {
		c := b.Center()
		p.Links = append(p.Links, link{Href: fmt.Sprintf("%s/#map=16/%.6f/%.6f", s.base(r.Request), c[1], c[0]), Title: "在地图上 on the map"})
	}
	p.Links = append(p.Links, link{Href: s.otherFormat(r, "geojson"), Rel: "alternate", Title: "GeoJSON"})
	return s.show(w, r.Request, http.StatusOK, p)
}

// problemPage shows an error to people.
func (s *Server) problemPage(w http.ResponseWriter, r *http.Request, p *problem) error {
	page := htmlPage{Title: fmt.Sprintf("%d %s", p.Status, p.Title), Crumbs: []link{{Href: s.base(r) + "/collections", Title: "图层 layers"}}}
	for _, pair := range []pagePair{{"问题 problem", cell{Text: p.Detail}}, {"位置 where", cell{Text: p.Where}}, {"规则 rule", cell{Text: p.Rule}},
		{"办法 what to do", cell{Text: p.Fix}}, {"请求 request", cell{Text: p.Instance}}} {
		if pair.Value.Text != "" {
			page.Pairs = append(page.Pairs, pair)
		}
	}
	return s.show(w, r, p.Status, page)
}
