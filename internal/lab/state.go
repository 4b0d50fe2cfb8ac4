package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// DefaultDir is a lab's folder if nobody says.
const DefaultDir = "/var/lib/weir-lab"

// stateFile says that a folder is a lab's, and what it is.
const stateFile = "lab.json"

// The names of what is in a lab's folder.
const (
	dataFolder    = "data"    // of weir serve
	recordsFolder = "records" // where the agent delivers
	agentFolder   = "agent"   // the agent's state
	agentFile     = "agent.yaml"
)

// state is what a lab's folder says of it.
type state struct {
	Dir     string        `json:"dir"`
	Listen  string        `json:"listen"`
	Every   time.Duration `json:"close_every_ns"` // 0: windows are AWS's minute
	Started time.Time     `json:"started"`
	// Up: it was built to its end.
	Up bool `json:"up"`
	// Simple are the hosts that have a simple listener in place of what they run.
	Simple []string `json:"simple,omitempty"`
	// Receiver and S3 are addresses of the host's loopback; S3 is "" where there is no program for it.
	Receiver string `json:"receiver"`
	S3       string `json:"s3,omitempty"`
	program  Program
}

// The errors of labs that are not as a command wants them.
var (
	ErrUp         = errors.New("a lab is up already")
	ErrDown       = errors.New("no lab is up")
	ErrHalfBuilt  = errors.New("a lab is half-built")
	ErrNotReady   = errors.New("a lab can't be built here")
	ErrElsewhere  = errors.New("the lab of this machine has another folder")
	ErrNoHost     = errors.New("no such host")
	ErrScenario   = errors.New("no scenario")
	ErrNoScenario = errors.New("no such scenario")
	ErrListen     = errors.New("weir serve can't listen")
	ErrFiles      = errors.New("has other files")
	ErrSpace      = errors.New("no space left")
	ErrNoLab      = errors.New("the folder is no lab's")
	ErrFolder     = errors.New("no folder of a lab")
)

// begin makes a lab's folder, which must be empty or not there. Of two that do so at once, one fails.
func begin(s *state) error {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return fmt.Errorf("%w: %w: %w", ErrNotReady, ErrFolder, err)
	}
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%w: %s %w, and a lab's folder is removed with it", ErrNotReady, s.Dir, ErrFiles)
	}
	f, err := os.OpenFile(filepath.Join(s.Dir, stateFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return ErrUp
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return s.write()
}

// write keeps it.
func (s *state) write() error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	next := filepath.Join(s.Dir, stateFile+".new")
	if err := os.WriteFile(next, append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(s.Dir, stateFile))
}

// read returns what a folder says; nil: it is no lab's. A folder that has a file of that name from somebody else, such as what weir lab up --json printed, is refused: what is a lab's is removed.
func read(dir string) (*state, error) {
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil //nolint:nilnil // no lab is no failure
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	case err != nil:
		return nil, err
	}
	s := &state{}
	if len(data) == 0 { // begin was killed, which makes it in an empty folder
		return s.begun(dir)
	}
	if err := json.Unmarshal(data, s); err != nil || s.Dir == "" {
		return nil, fmt.Errorf("%w: %s: no lab has written its %s", ErrNoLab, dir, stateFile)
	}
	if !sameFolder(s.Dir, dir) {
		return nil, fmt.Errorf("%w: %s: its %s is of a lab in %s", ErrNoLab, dir, stateFile, s.Dir)
	}
	s.Dir = dir
	return s, nil
}

// begun returns the state of a lab that has an empty file as yet, and so nothing else.
func (s *state) begun(dir string) (*state, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Name() != stateFile && e.Name() != stateFile+".new" {
			return nil, fmt.Errorf("%w: %s: its %s is empty, and %s is beside it", ErrNoLab, dir, stateFile, e.Name())
		}
	}
	s.Dir = dir
	return s, nil
}

func (s *state) path(name string) string { return filepath.Join(s.Dir, name) }

// simple returns Simple by name.
func (s *state) simple() map[string]bool {
	out := map[string]bool{}
	for _, host := range s.Simple {
		out[host] = true
	}
	return out
}

// definitionIn returns the definition that a folder of the lab has.
func (s *state) definitionIn(dir string) (*Definition, error) {
	d, err := ReadDefinition(dir)
	if err == nil {
		d.simple = s.simple()
	}
	return d, err
}

// definition returns what the lab is but for what a scenario has changed, whose files may be written just now.
func (s *state) definition() (*Definition, error) {
	if d, err := s.definitionIn(s.path(beforeFolder)); err == nil {
		return d, nil
	}
	return s.definitionIn(s.Dir)
}
