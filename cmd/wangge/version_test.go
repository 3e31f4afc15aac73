package main

import (
	"regexp"
	"testing"
)

func TestVersion(t *testing.T) {
	code, out, _ := wangge(t, "--version")
	if code != 0 || !regexp.MustCompile(`^wangge \S+ go\S+( .*)?\n$`).MatchString(out) {
		t.Errorf("exit code %d, %q", code, out)
	}
}
