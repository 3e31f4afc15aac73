package api

import (
	"bytes"
	"encoding/csv"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// TestPages: browsers get pages that are well formed, lead to each other
// under the public address, and load nothing but their style.
func TestPages(t *testing.T) {
	public, err := url.Parse("https://map.example.org/luohu/")
	if err != nil {
		t.Fatal(err)
	}
	s := server(t, fixed{snapshot: district(t)}, Config{PublicURL: public})
	for target, says := range map[string]string{
		"/collections":                                      "风险点位 Risk points",
		"/collections/risk_points":                          "persons",
		"/collections/risk_points/items?limit=2":            "下一页",
		"/collections/grids/items/12":                       "/collections/communities/items/440303002007",
		"/collections/grids/items/440303002007-18":          "/luohu/#map=16/22.505000/114.015000",
		"/collections/statistics/items/1":                   "1,191,907",
		"/collections/roads":                                "404 Not Found",
		"/collections/risk_points/items?filter=a+b":         "filter, character 3",
		"/collections/risk_points/items?limit=%3Cscript%3E": "&#34;&lt;script&gt;&#34;",
	} {
		w := askOf(s, http.MethodGet, target, "", "Accept", browser)
		body := w.Body.String()
		if !strings.HasPrefix(w.Header().Get("Content-Type"), mediaHTML) || !strings.Contains(body, says) {
			t.Errorf("%s: %s does not say %q:\n%s", target, w.Header().Get("Content-Type"), says, body)
		}
		if policy := w.Header().Get("Content-Security-Policy"); policy != pagePolicy {
			t.Errorf("%s: policy %q", target, policy)
		}
		for _, address := range addresses(t, body) {
			if !strings.HasPrefix(address, "https://map.example.org/luohu/") {
				t.Errorf("%s leads to %s", target, address)
			}
		}
	}
	style := askOf(s, http.MethodGet, "/page.css", "")
	if style.Code != http.StatusOK || !strings.HasPrefix(style.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style: %d", style.Code)
	}
}

var (
	anyAddress = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	inline     = regexp.MustCompile(`(?i)<(?:script|style)|\s(?:style|on\w+)=`)
)

// addresses are where a page's links lead.
func addresses(t *testing.T, page string) (found []string) {
	t.Helper()
	if against := inline.FindString(page); against != "" {
		t.Errorf("%q is against the policy", against)
	}
	for _, match := range anyAddress.FindAllStringSubmatch(page, -1) {
		found = append(found, html.UnescapeString(match[1]))
	}
	return found
}

func TestProgramsGetNoPages(t *testing.T) {
	for accept, want := range map[string]string{
		"": mediaGeoJSON, "*/*": mediaGeoJSON, "application/geo+json, text/html;q=0.5": mediaGeoJSON, "text/csv": mediaCSV, mediaXLSX: mediaXLSX, "image/png": mediaGeoJSON,
	} {
		w := ask(t, http.MethodGet, "/collections/grids/items", "", "Accept", accept)
		if got, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); got != want {
			t.Errorf("%q gets %s", accept, got)
		}
	}
	if w := ask(t, http.MethodGet, "/collections/roads?f=json", "", "Accept", browser); w.Header().Get("Content-Type") != mediaProblem {
		t.Errorf("f=json gets %s", w.Header().Get("Content-Type"))
	}
}

// TestFilesAreWhole: a file has the whole selection, not a page of it.
func TestFilesAreWhole(t *testing.T) {
	w := ask(t, http.MethodGet, "/collections/risk_points/items?f=csv&level=low&crs=EPSG:4547&properties=name", "")
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 226 || w.Header().Get("OGC-NumberReturned") != "225" || w.Header().Get("OGC-NumberMatched") != "225" || w.Header().Get("Link") != "" {
		t.Errorf("%d rows, %v", len(rows), w.Header())
	}
	if !strings.Contains(strings.Join(rows[0], ","), "name,easting,northing") {
		t.Errorf("header %v", rows[0])
	}
	w = ask(t, http.MethodGet, "/collections/risk_points/items?f=csv&limit=10", "")
	if w.Header().Get("OGC-NumberReturned") != "10" || !strings.Contains(w.Header().Get("Link"), "cursor=") {
		t.Errorf("a cut file: %v", w.Header())
	}
	book, err := excelize.OpenReader(bytes.NewReader(ask(t, http.MethodGet, "/collections/grids/items?f=xlsx&sortby=-code", "").Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := book.GetRows("grids")
	if err != nil || len(sheet) != 5 || sheet[1][1] != "44030300201714" {
		t.Errorf("%v, %v", sheet, err)
	}
}
