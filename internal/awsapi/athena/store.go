package athena

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// A Store keeps workgroups, named queries, prepared statements and the history of queries in a folder, each as a file that is written whole
// before a request for it is answered. One process has it open at a time. It is safe for concurrent use.
type Store struct {
	mu         sync.Mutex
	groups     *documents[workGroup]
	named      *documents[namedQuery]
	prepared   *documents[preparedStatement]
	executions *documents[execution]
	now        func() time.Time
}

// OpenStore opens or makes the store of a folder, such as DATA/athena. now is the clock, nil for [time.Now].
func OpenStore(dir string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	s := &Store{now: now}
	var err error
	s.groups, err = openDocuments[workGroup](filepath.Join(dir, "workgroups"))
	if err == nil {
		s.named, err = openDocuments[namedQuery](filepath.Join(dir, "named-queries"))
	}
	if err == nil {
		s.prepared, err = openDocuments[preparedStatement](filepath.Join(dir, "prepared-statements"))
	}
	if err == nil {
		s.executions, err = openDocuments[execution](filepath.Join(dir, "executions"))
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open what is kept for Athena: %w", err)
	}
	if _, ok := s.groups.byKey[primary]; !ok {
		if err := s.groups.put(primary, newPrimary(now())); err != nil {
			return nil, fmt.Errorf("cannot keep the workgroup %s: %w", primary, err)
		}
	}
	return s, nil
}
