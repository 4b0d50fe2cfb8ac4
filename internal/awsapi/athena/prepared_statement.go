package athena

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// preparedStatement is a prepared statement as it is kept.
type preparedStatement struct {
	Name, WorkGroup, Text, Description string
	Modified                           time.Time
}

func preparedKey(group, name string) string { return group + "\x00" + name }

func (p *preparedStatement) key() string { return preparedKey(p.WorkGroup, p.Name) }

// preparedStatementDetails is a prepared statement as the API has it.
type preparedStatementDetails struct {
	Name        string   `json:"StatementName"`
	Text        string   `json:"QueryStatement"`
	WorkGroup   string   `json:"WorkGroupName"`
	Description string   `json:"Description,omitempty"`
	Modified    *seconds `json:"LastModifiedTime,omitempty"`
}

func (p *preparedStatement) details() preparedStatementDetails {
	return preparedStatementDetails{Name: p.Name, Text: p.Text, WorkGroup: p.WorkGroup, Description: p.Description, Modified: at(p.Modified)}
}

func noPreparedStatement(group, name string) error {
	return notFound("", "PreparedStatement %s was not found in workGroup %s", name, group)
}

// preparedOf returns the prepared statements of a workgroup, by their names. The store is held.
func (s *Store) preparedOf(group string) []preparedStatement {
	out := slices.DeleteFunc(slices.Collect(maps.Values(s.prepared.byKey)), func(p preparedStatement) bool { return p.WorkGroup != group })
	slices.SortFunc(out, func(a, b preparedStatement) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// preparedStatement returns a prepared statement of a workgroup that must be there.
func (s *Store) preparedStatement(group, name string) (preparedStatement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.groupLocked(group); err != nil {
		return preparedStatement{}, err
	}
	p, ok := s.prepared.byKey[preparedKey(group, name)]
	if !ok {
		return preparedStatement{}, noPreparedStatement(group, name)
	}
	return p, nil
}

// keepPrepared keeps a statement whose name must be new, or with replace may be there.
func (s *Store) keepPrepared(p preparedStatement, replace bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.groupLocked(p.WorkGroup); err != nil {
		return err
	}
	_, there := s.prepared.byKey[p.key()]
	if there && !replace {
		return invalid("PreparedStatement %s already exists in WorkGroup %s", p.Name, p.WorkGroup)
	}
	if !there && len(s.preparedOf(p.WorkGroup)) >= maxPreparedStatements {
		return invalid("A workgroup can have no more than %d prepared statements.", maxPreparedStatements)
	}
	return s.prepared.put(p.key(), p)
}

// PreparedStatements returns those of a workgroup, for statements that name them.
func (s *Store) PreparedStatements(group string) PreparedStatements { return groupStatements{s, group} }

type groupStatements struct {
	store *Store
	group string
}

// PreparedStatement returns a statement's text.
func (g groupStatements) PreparedStatement(name string) (string, bool) {
	p, err := g.store.preparedStatement(g.group, name)
	return p.Text, err == nil
}

// Prepare keeps a statement. Errors have a text for users.
func (g groupStatements) Prepare(name, text string) error {
	if !shapes.Accepts("statement", name) {
		return invalid("%s can't be the name of a prepared statement: it has 2 to 256 letters, digits and _ @ :, and begins with a letter or _.", name)
	}
	return g.store.keepPrepared(preparedStatement{Name: name, WorkGroup: g.group, Text: text, Modified: g.store.now()}, true)
}

// Deallocate removes a statement.
func (g groupStatements) Deallocate(name string) (bool, error) {
	g.store.mu.Lock()
	defer g.store.mu.Unlock()
	key := preparedKey(g.group, name)
	_, there := g.store.prepared.byKey[key]
	return there, g.store.prepared.remove(key)
}
