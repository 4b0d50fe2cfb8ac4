package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script returns a program that prints its arguments.
func script(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "weir")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// checkCast reads a recording, and returns what it shows.
func checkCast(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	d := json.NewDecoder(f)
	var header struct{ Version, Width, Height int }
	if err := d.Decode(&header); err != nil || header.Version != 2 || header.Width == 0 || header.Height == 0 {
		t.Fatalf("%+v %v", header, err)
	}
	var screen strings.Builder
	for last := 0.0; ; {
		var e []any
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			return screen.String()
		}
		if err != nil || len(e) != 3 || e[1] != "o" || e[0].(float64) < last {
			t.Fatalf("%v behind %v: %v", e, last, err)
		}
		last = e[0].(float64)
		screen.WriteString(e[2].(string))
	}
}

func TestRecord(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.cast")
	weir := script(t, `echo "<$*>"; case "$1" in why) exit 4;; esac`)
	if err := record(t.Context(), weir, file, []string{"weir lab up", "weir why a b"}); err != nil {
		t.Fatal(err)
	}
	if got := checkCast(t, file); got != "$ sudo weir lab up\r\n<lab up>\r\n$ sudo weir why a b\r\n<why a b>\r\n$ " {
		t.Errorf("%q", got)
	}
	picture, err := os.ReadFile(strings.TrimSuffix(file, ".cast") + ".svg")
	if err != nil || !strings.Contains(string(picture), "&lt;lab up&gt;") {
		t.Errorf("%s %v", picture, err)
	}
	if err := record(t.Context(), script(t, "exit 4"), file, []string{"weir lab run x"}); err == nil || !strings.HasPrefix(err.Error(), "weir lab run x: exit status 4") {
		t.Error(err)
	}
}

// TestRecording reads the recording in the docs: it is of the tour, and its picture is XML.
func TestRecording(t *testing.T) {
	screen := checkCast(t, "../../docs/lab/lab.cast")
	for _, line := range tour {
		if !strings.Contains(screen, "$ sudo "+line+"\r\n") {
			t.Errorf("make lab-cast has not recorded %s", line)
		}
	}
	if !strings.Contains(screen, "2 of 2 scenarios are as expected") || !strings.Contains(screen, "removed ") {
		t.Error(screen)
	}
	f, err := os.Open("../../docs/lab/lab.svg")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	d, texts := xml.NewDecoder(f), 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(xml.StartElement); ok && s.Name.Local == "text" {
			texts++
		}
	}
	if texts < 20 {
		t.Errorf("%d lines", texts)
	}
}

func TestMemory(t *testing.T) {
	s := &soak{weir: script(t, `echo '{"processes": [{"pid": '$PPID'}, {"pid": 999999999}]}'`), dir: "/none"}
	if n, err := s.memory(t.Context()); err != nil || n < 1<<20 || n > 1<<30 {
		t.Errorf("%d bytes: %v", n, err)
	}
}

func TestLateness(t *testing.T) {
	late := lateness([][]result{{{OK: true, Late: 2}, {Late: 30}}, {{OK: true, Late: 1}, {OK: true, Late: 3}}})
	if len(late) != 3 || percentile(late) != "3.0 s (median 2.0 s)" || percentile(nil) != "none came" {
		t.Errorf("%v %s", late, percentile(late))
	}
}
