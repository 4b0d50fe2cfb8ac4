package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// tour is what is recorded.
var tour = []string{
	"weir lab up --interval 10s",
	"weir lab run inbound-reject-by-group nat-gateway-scan",
	"weir why 203.0.113.10 10.0.1.10:22 --data /var/lib/weir-lab/data",
	"weir lab down",
}

// width and height are those of the terminal, in letters.
const width, height = 132, 40

// An event is text that has appeared, seconds after the beginning.
type event struct {
	at   float64
	text string
}

// record runs commands, which begin with weir, and writes when they printed what: a cast, and beside it an SVG of all of it.
func record(ctx context.Context, weir, file string, commands []string) error {
	all, err := play(ctx, weir, commands)
	if err != nil {
		return err
	}
	cast, err := castOf(all)
	if err != nil {
		return err
	}
	var screen strings.Builder
	for _, e := range all {
		screen.WriteString(e.text)
	}
	return errors.Join(
		os.WriteFile(file, cast, 0o644),
		os.WriteFile(strings.TrimSuffix(file, filepath.Ext(file))+".svg", []byte(pictureOf(screen.String())), 0o644),
	)
}

// play runs commands and notes what they print. weir why ends with findings, as it has some; other commands have to end well, and where one does not the lab is taken away.
func play(ctx context.Context, weir string, commands []string) (out []event, err error) {
	began := time.Now().Add(-time.Second)
	note := func(text string) { out = append(out, event{time.Since(began).Seconds(), text}) }
	for _, line := range commands {
		note("$ sudo " + line + "\n")
		words := strings.Fields(line)
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, weir, words[1:]...)
		cmd.Stdout, cmd.Stderr = w, w
		err = cmd.Start()
		err = errors.Join(err, w.Close())
		buffer := make([]byte, 64<<10)
		for err == nil {
			n, end := r.Read(buffer)
			if n > 0 {
				note(string(buffer[:n]))
			}
			if end != nil {
				break
			}
		}
		if err == nil {
			err = cmd.Wait()
		}
		_ = r.Close()
		if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.ExitCode() == exitFindings && words[1] == "why" {
			err = nil
		}
		if err != nil {
			clear := exec.CommandContext(context.WithoutCancel(ctx), weir, "lab", "down").Run()
			return nil, fmt.Errorf("%s: %w", line, errors.Join(err, clear))
		}
	}
	return append(out, event{time.Since(began).Seconds() + 1, "$ "}), nil
}

// castOf writes events as asciinema does, version 2: https://docs.asciinema.org/manual/asciicast/v2/.
func castOf(all []event) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(map[string]any{"version": 2, "width": width, "height": height, "title": "weir lab", "idle_time_limit": 3})
	for _, event := range all {
		err = errors.Join(err, e.Encode([]any{json.Number(fmt.Sprintf("%.3f", event.at)), "o", strings.ReplaceAll(event.text, "\n", "\r\n")}))
	}
	return b.Bytes(), err
}

// pictureOf draws text as a terminal shows it.
func pictureOf(text string) string {
	const line, letter, margin = 17, 7.8, 12
	var rows []string
	for row := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		letters := []rune(row)
		for len(letters) > width {
			rows = append(rows, string(letters[:width]))
			letters = letters[width:]
		}
		rows = append(rows, string(letters))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="monospace" font-size="13">`+"\n<title>weir lab</title>\n", width*letter+2*margin, len(rows)*line+2*margin)
	b.WriteString(`<rect width="100%" height="100%" rx="6" fill="#16181d"/>` + "\n")
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for i, row := range rows {
		colour := "#d5d8dd"
		if strings.HasPrefix(row, "$ ") {
			colour = "#8fd18f"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s" xml:space="preserve">%s</text>`+"\n", margin, margin+(i+1)*line-4, colour, escape.Replace(row))
	}
	return b.String() + "</svg>\n"
}
