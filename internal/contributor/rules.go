package contributor

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"weir/internal/sqlitedb"
)

// A keptRule is a rule of the store.
type keptRule struct {
	id               int64
	name, definition string
	transformed      bool
	created          int64
	rule             *Rule
	spans            []span // in their order; only the last may be open

	runs   map[hourTime][]runInfo
	shards map[shardTime]*shard
}

// A span is when a rule was enabled, in milliseconds since the epoch: from enabled until before disabled, 0 while it still is.
type span struct{ enabled, disabled int64 }

func newRule() *keptRule {
	return &keptRule{runs: map[hourTime][]runInfo{}, shards: map[shardTime]*shard{}}
}

// state returns Enabled or Disabled.
func (k *keptRule) state() string {
	if n := len(k.spans); n > 0 && k.spans[n-1].disabled == 0 {
		return Enabled
	}
	return Disabled
}

// sees reports whether the rule counts what came at a time.
func (k *keptRule) sees(ingestion int64) bool {
	for i := len(k.spans) - 1; i >= 0; i-- {
		if sp := &k.spans[i]; ingestion >= sp.enabled {
			return sp.disabled == 0 || ingestion < sp.disabled
		}
	}
	return false
}

const (
	maxName     = 128
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// Put makes a rule, which counts what comes from now on, or changes the one of the name. What that one counted stays as long as it
// counts the same: where its keys, value, filters or statistic are others now, it begins anew. Errors: *Error, *InvalidError,
// *LimitError.
func (s *Store) Put(ctx context.Context, r PutRequest) error {
	rule, err := ParseRule([]byte(r.Definition))
	if err != nil {
		return err
	}
	if err := s.checkPut(&r, rule); err != nil {
		return err
	}
	if err := s.checkFormats(ctx, rule); err != nil {
		return err
	}
	if err := s.checkNames(ctx, rule); err != nil {
		return err
	}
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	s.mu.Lock()
	old := s.rules[r.Name]
	full := len(s.rules) >= s.maxRules
	s.mu.Unlock()
	if old == nil && full {
		return &LimitError{fmt.Sprintf("there are %d rules already: delete one first", s.maxRules)}
	}
	now := s.now().UnixMilli()
	next := newRule()
	next.name, next.definition, next.transformed, next.created, next.rule = r.Name, r.Definition, r.ApplyOnTransformedLogs, now, rule
	same := old != nil && old.rule.counting() == rule.counting()
	if same {
		next.id, next.created, next.spans = old.id, old.created, slices.Clone(old.spans)
	}
	next.turn(cmp.Or(r.State, Enabled), now)
	if err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error { return next.store(ctx, tx, old, r.Tags) }); err != nil {
		return fmt.Errorf("cannot write a rule of contributors: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if same {
		next.runs, next.shards = old.runs, old.shards
		s.frozen.move(old, next)
	} else if old != nil {
		s.drop(old)
	}
	s.rules[r.Name] = next
	s.recompile()
	return nil
}

func (s *Store) checkPut(r *PutRequest, rule *Rule) error {
	if r.Name == "" || len(r.Name) > maxName || slices.ContainsFunc([]byte(r.Name), func(c byte) bool { return c < ' ' || c > '~' }) {
		return invalid("the name of a rule has 1 to %d characters of ASCII", maxName)
	}
	if r.State != "" && r.State != Enabled && r.State != Disabled {
		return invalid("the state of a rule is %s or %s", Enabled, Disabled)
	}
	if g, ok := rule.foreign(s.account, s.region); ok {
		return invalid("LogGroupARNs names log groups of account %s in %s; this server has those of %s in %s", g.account, g.region, s.account, s.region)
	}
	return checkTags(r.Tags)
}

// checkFormats refuses a rule that does not fit a log group that is there.
func (s *Store) checkFormats(ctx context.Context, rule *Rule) error {
	if s.logFormats == nil {
		return nil
	}
	formats, err := s.logFormats(ctx)
	if err != nil {
		return fmt.Errorf("cannot tell the LogFormats of log groups: %w", err)
	}
	for _, group := range slices.Sorted(maps.Keys(formats)) {
		if !rule.Matches(group) {
			continue
		}
		if _, err := rule.resolve(formats[group]); err != nil {
			return invalid("the rule does not fit log group %s: %v", group, err)
		}
	}
	return nil
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("a rule has at most %d tags", maxTags)
	}
	for key, value := range tags {
		if n := utf8.RuneCountInString(key); n == 0 || n > maxTagKey {
			return invalid("the key of a tag has 1 to %d characters", maxTagKey)
		}
		if utf8.RuneCountInString(value) > maxTagValue {
			return invalid("the value of a tag has at most %d characters", maxTagValue)
		}
	}
	return nil
}

// turn brings the rule to a state.
func (k *keptRule) turn(state string, now int64) {
	switch {
	case k.state() == state:
	case state == Enabled:
		k.spans = append(k.spans, span{enabled: now})
	default:
		k.spans[len(k.spans)-1].disabled = now
	}
}

// store writes the rule in place of old, or as it is now where both have the same id. A rule that begins anew keeps the tags of old.
func (k *keptRule) store(ctx context.Context, tx *sql.Tx, old *keptRule, tags map[string]string) error {
	if old != nil && old.id == k.id {
		if _, err := tx.ExecContext(ctx, "UPDATE rules SET definition = ?, transformed = ? WHERE id = ?", k.definition, k.transformed, k.id); err != nil {
			return err
		}
		return k.storeSpans(ctx, tx)
	}
	if old != nil { // a name is there once
		if _, err := tx.ExecContext(ctx, "UPDATE rules SET name = '' WHERE id = ?", old.id); err != nil {
			return err
		}
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO rules (name, definition, transformed, created) VALUES (?, ?, ?, ?)", k.name, k.definition, k.transformed, k.created)
	if err != nil {
		return err
	}
	if k.id, err = res.LastInsertId(); err != nil {
		return err
	}
	if err := k.storeSpans(ctx, tx); err != nil {
		return err
	}
	if old == nil {
		return storeTags(ctx, tx, k.id, tags)
	}
	if _, err := tx.ExecContext(ctx, "UPDATE tags SET rule = ? WHERE rule = ?", k.id, old.id); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM rules WHERE id = ?", old.id)
	return err
}

func (k *keptRule) storeSpans(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM spans WHERE rule = ?", k.id); err != nil {
		return err
	}
	for _, sp := range k.spans {
		if _, err := tx.ExecContext(ctx, "INSERT INTO spans (rule, enabled, disabled) VALUES (?, ?, nullif(?, 0))", k.id, sp.enabled, sp.disabled); err != nil {
			return err
		}
	}
	return nil
}

// Rules returns the rules by name.
func (s *Store) Rules(context.Context) ([]Described, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Described, 0, len(s.rules))
	for _, name := range slices.Sorted(maps.Keys(s.rules)) {
		k := s.rules[name]
		out = append(out, Described{
			Name: k.name, State: k.state(), Definition: k.definition, ApplyOnTransformedLogs: k.transformed, Created: k.created,
			Rule: k.rule, Unfit: s.unfit(k),
		})
	}
	return out, nil
}

// unfit returns the groups that the rule does not fit. The caller holds mu.
func (s *Store) unfit(k *keptRule) []Unfit {
	var out []Unfit
	for of, p := range s.programs {
		for _, u := range slices.Concat(p.unfit, p.nameless) {
			if u.rule == k {
				out = append(out, Unfit{of.group, u.reason})
			}
		}
	}
	slices.SortFunc(out, func(a, b Unfit) int { return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Reason, b.Reason)) })
	return slices.Compact(out)
}

// Delete removes rules and what they counted. What fails is the rules that are not there.
func (s *Store) Delete(ctx context.Context, names []string) ([]Failure, error) {
	return s.each(ctx, names, func(ctx context.Context, tx *sql.Tx, k *keptRule) (func(), error) {
		_, err := tx.ExecContext(ctx, "DELETE FROM rules WHERE id = ?", k.id)
		return func() {
			s.drop(k)
			delete(s.rules, k.name)
		}, err
	})
}

// Enable lets rules count what comes from now on. What fails is the rules that are not there.
func (s *Store) Enable(ctx context.Context, names []string) ([]Failure, error) {
	return s.turn(ctx, names, Enabled)
}

// Disable ends that rules count; what they counted stays. What fails is the rules that are not there.
func (s *Store) Disable(ctx context.Context, names []string) ([]Failure, error) {
	return s.turn(ctx, names, Disabled)
}

func (s *Store) turn(ctx context.Context, names []string, state string) ([]Failure, error) {
	now := s.now().UnixMilli()
	return s.each(ctx, names, func(ctx context.Context, tx *sql.Tx, k *keptRule) (func(), error) {
		next := *k
		next.spans = slices.Clone(k.spans)
		next.turn(state, now)
		return func() { k.spans = next.spans }, next.storeSpans(ctx, tx)
	})
}

// each changes rules in one transaction. change returns what it changes in memory, which is called under mu after the transaction.
func (s *Store) each(ctx context.Context, names []string, change func(context.Context, *sql.Tx, *keptRule) (func(), error)) ([]Failure, error) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	failures := []Failure{}
	var after []func()
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		seen := map[string]bool{}
		for _, name := range names {
			s.mu.Lock()
			k := s.rules[name]
			s.mu.Unlock()
			switch {
			case k == nil:
				failures = append(failures, Failure{name, "ResourceNotFoundException", "ResourceNotFoundException", "The specified rule does not exist."})
				continue
			case seen[name]:
				continue
			}
			seen[name] = true
			fn, err := change(ctx, tx, k)
			if err != nil {
				return err
			}
			after = append(after, fn)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot write the rules of contributors: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fn := range after {
		fn()
	}
	s.recompile()
	return failures, nil
}

// drop forgets what a rule has in memory. The caller holds commitMu and mu.
func (s *Store) drop(k *keptRule) {
	for _, sh := range k.shards {
		s.pending -= sh.weight()
	}
	s.frozen.move(k, nil)
}

// recompile makes the programs of known groups anew, after rules changed. The caller holds mu.
func (s *Store) recompile() {
	rules := s.sorted()
	for of := range s.programs {
		s.programs[of] = compile(of.group, of.format, rules)
	}
}

// sorted returns the rules by name. The caller holds mu.
func (s *Store) sorted() []*keptRule {
	return slices.SortedFunc(maps.Values(s.rules), func(a, b *keptRule) int { return cmp.Compare(a.name, b.name) })
}
