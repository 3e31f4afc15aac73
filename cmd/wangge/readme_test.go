package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")
	curlCommand  = regexp.MustCompile(`^\$ curl -s '(http://127\.0\.0\.1:8080)?([^']*)'$`)
)

// TestReadme runs each curl of the README against the reference dataset and
// holds the answer against the printed one, in which … stands for anything.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, referenceStore(t))
	ran := 0
	for _, block := range consoleBlock.FindAllStringSubmatch(string(text), -1) {
		command, printed, _ := strings.Cut(block[1], "\n")
		request := curlCommand.FindStringSubmatch(command)
		if request == nil {
			continue
		}
		answer := strings.ReplaceAll(string(get(t, address+request[2])), address, "http://127.0.0.1:8080")
		if !matches(strings.TrimSpace(answer), strings.TrimSpace(printed)) {
			t.Errorf("%s\nanswers\n%s\nbut the README says\n%s", command, answer, printed)
		}
		ran++
	}
	if ran < 3 {
		t.Errorf("%d curl commands in the README, want at least 3", ran)
	}
}

// matches says whether text is the pattern with something for each ….
func matches(text, pattern string) bool {
	pieces := strings.Split(pattern, "…")
	for i := range pieces {
		pieces[i] = regexp.QuoteMeta(pieces[i])
	}
	return regexp.MustCompile("(?s)^" + strings.Join(pieces, ".*") + "$").MatchString(text)
}
