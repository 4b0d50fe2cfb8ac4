package app

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// FollowState is the state of following a source, or the queue that tells of new
// objects, as the process that does it left it in the data directory.
type FollowState struct {
	// Source is the source's name, or the queue's URL or ARN.
	Source string `json:"source"`
	// Running says that the process, whose id is Process, follows it now. Otherwise all
	// else is as it was at Updated.
	Running bool      `json:"running"`
	Process int       `json:"process"`
	Since   time.Time `json:"since"`
	Updated time.Time `json:"updated"`
	// Looked is when the source was last looked at, or the queue asked, and Good when
	// that last worked; nil: never.
	Looked *time.Time `json:"last_look,omitempty"`
	Good   *time.Time `json:"last_good_look,omitempty"`
	// Objects, Records and BadLines were taken since Since, the object LastObject last,
	// at LastTaken. Those that a queue named count for their bucket.
	Objects    int64      `json:"objects"`
	Records    int64      `json:"records"`
	BadLines   int64      `json:"bad_lines"`
	LastObject string     `json:"last_object,omitempty"`
	LastTaken  *time.Time `json:"last_taken,omitempty"`
	// Gone are the objects that were taken from the source and were gone from it at
	// GoneLooked, of those that are looked for; nil: nobody could say yet.
	Gone       *Gone      `json:"gone,omitempty"`
	GoneLooked *time.Time `json:"gone_looked,omitempty"`
	// Error is why the last look failed, Failed how many did one after the other since
	// FailedSince, and Retry when the next one comes; "" where it worked.
	Error       string     `json:"error,omitempty"`
	Failed      int        `json:"failed_looks,omitempty"`
	FailedSince *time.Time `json:"failing_since,omitempty"`
	Retry       *time.Time `json:"next_try,omitempty"`
}

const (
	// stateEvery is how often the state is written where nothing but the time of the
	// last look changed.
	stateEvery = 5 * time.Second
	// stateKept is how long the state of what is not followed any more is shown.
	stateKept = 30 * 24 * time.Hour
	// mostStates is how many processes may follow one source at a time and be seen.
	mostStates = 9
)

// followDir returns the folder of the states of following in a data directory.
func followDir(data string) string { return filepath.Join(data, "tail", "follow") }

// stateFile writes the state of following one source. All its methods may be called
// on nil, which keeps none, and from several goroutines. That a state can't be
// written stops nobody from following: it is tried again with the next look.
type stateFile struct {
	path string
	lock *os.File // held for as long as the process follows

	mu      sync.Mutex
	state   FollowState
	written time.Time
}

// newState begins the state of a source; nil where there is no data directory or it
// can't be written.
func (f *Follow) newState(name string) *stateFile {
	if f.Data == "" {
		return nil
	}
	dir := followDir(f.Data)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil
	}
	sum := sha256.Sum256([]byte(name))
	base := filepath.Join(dir, hex.EncodeToString(sum[:8]))
	for i := range mostStates {
		path := base
		if i > 0 {
			path = fmt.Sprintf("%s-%d", base, i+1) // another process follows it too
		}
		lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			_ = lock.Close()
			continue
		}
		now := f.Now().UTC()
		s := &stateFile{path: path + ".json", lock: lock, state: FollowState{Source: name, Process: os.Getpid(), Since: now}}
		s.write(now)
		return s
	}
	return nil
}

// looked notes a round's outcome.
func (s *stateFile) looked(r *Round) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := r.At.UTC()
	st := &s.state
	told, first := st.Error, st.Looked == nil
	st.Looked = &at
	if r.Err == nil {
		st.Good, st.Error, st.Failed, st.FailedSince, st.Retry = &at, "", 0, nil, nil
	} else {
		st.Error, st.Failed = r.Err.Error(), st.Failed+1
		if st.FailedSince == nil {
			st.FailedSince = &at
		}
		retry := at.Add(r.Wait)
		st.Retry = &retry
	}
	if r.gone != nil {
		st.Gone, st.GoneLooked = r.gone, &at
	}
	s.add(r)
	if first || r.gone != nil || r.Objects > 0 || told != st.Error || at.Sub(s.written) >= stateEvery || r.Wait > stateEvery {
		s.write(at)
	}
}

// took notes what was taken of a source without a look at it.
func (s *stateFile) took(r *Round) {
	if s == nil || r.Objects == 0 && r.BadLines == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(r)
	s.write(r.At.UTC())
}

// add counts what was taken. The caller holds mu.
func (s *stateFile) add(r *Round) {
	st := &s.state
	st.Objects += r.Objects
	st.Records += r.Records
	st.BadLines += r.BadLines
	if r.Objects > 0 && r.last != "" {
		at := r.At.UTC()
		st.LastObject, st.LastTaken = r.last, &at
	}
}

// write puts the state in the place of the old one, whole. The caller holds mu.
func (s *stateFile) write(now time.Time) {
	s.written, s.state.Updated = now, now
	text, err := json.MarshalIndent(&s.state, "", "  ")
	if err != nil {
		return
	}
	part := s.path + ".part"
	if os.WriteFile(part, append(text, '\n'), 0o600) != nil || os.Rename(part, s.path) != nil {
		s.written = time.Time{}
	}
}

// close ends following: the state stays, and says so since the lock is gone.
func (s *stateFile) close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.state.Updated
	if l := s.state.Looked; l != nil && l.After(at) {
		at = *l
	}
	s.write(at)
	_ = s.lock.Close()
}

// followStates returns the states of following in a data directory, those that run
// first, by their sources. Of a source that is not followed now the newest is given.
func followStates(data string, now time.Time) ([]FollowState, error) {
	dir := followDir(data)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the state of following: %w", err)
	}
	var out []FollowState
	running := map[string]bool{}
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("cannot read the state of following: %w", err)
		}
		var st FollowState
		if json.Unmarshal(text, &st) != nil {
			continue // a crash of the machine left it; the next follower writes it anew
		}
		st.Running = isFollowing(filepath.Join(dir, base+".lock"))
		running[st.Source] = running[st.Source] || st.Running
		if st.Running || now.Sub(st.Updated) < stateKept {
			out = append(out, st)
		}
	}
	slices.SortFunc(out, func(a, b FollowState) int {
		if a.Running != b.Running {
			if a.Running {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Source, b.Source), b.Updated.Compare(a.Updated))
	})
	return slices.DeleteFunc(out, func(st FollowState) bool {
		was := running[st.Source]
		running[st.Source] = true
		return was && !st.Running
	}), nil
}

// isFollowing reports whether a process holds the lock of a state. The lock ends with
// the process, however it ends.
func isFollowing(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // gives back what was taken
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
