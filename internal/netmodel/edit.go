package netmodel

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// EditKind is what is done with a rule of a security group, or an entry of a network ACL.
type EditKind string

// The kinds, named as the calls of EC2 are.
const (
	Revoke       EditKind = "revoke"
	Authorize    EditKind = "authorize"
	AddEntry     EditKind = "add-entry"
	DeleteEntry  EditKind = "delete-entry"
	ReplaceEntry EditKind = "replace-entry"
)

// Edit is a change of one rule or entry.
type Edit struct {
	Kind EditKind
	// Rule names the rule that is revoked: by its id, or as RuleName without one.
	Rule string
	// Of is the id of the security group or network ACL, but where a rule is revoked.
	Of        string
	Direction Direction
	// Group is the rule that is authorized; Entry the entry, of which only the number counts
	// where it is deleted.
	Group GroupRule
	Entry ACLEntry
}

// editForms show how edits are written.
var editForms = map[EditKind]string{
	Revoke:       "sgr-0a1b2c3d4e5f60718, or sg-1:ingress:tcp:443:10.0.0.0/8",
	Authorize:    "'sg-1 ingress tcp 443 10.0.0.0/8', 'sg-1 egress all 0.0.0.0/0'",
	AddEntry:     "'acl-1 ingress 90 deny tcp 22 0.0.0.0/0', 'acl-1 egress 100 allow all 0.0.0.0/0'",
	DeleteEntry:  "acl-1:ingress:100",
	ReplaceEntry: "'acl-1 ingress 100 deny tcp 22 0.0.0.0/0'",
}

// ParseEdit reads an edit:
//
//	revoke         sgr-1, or sg-1:ingress:tcp:443:10.0.0.0/8
//	authorize      GROUP DIRECTION PROTOCOL [PORTS] PEER
//	add-entry      ACL DIRECTION NUMBER allow|deny PROTOCOL [PORTS] CIDR
//	replace-entry  as add-entry
//	delete-entry   ACL:DIRECTION:NUMBER
//
// PROTOCOL is tcp or udp, of which PORTS is a port, ports as 1024-65535, or all; icmp or icmpv6,
// of which it is a type, a type and code as 3/4, or all; or a number, or all, without PORTS. PEER is a CIDR, or
// the id of a security group or prefix list. The error shows the form.
func ParseEdit(kind EditKind, text string) (Edit, error) {
	e := Edit{Kind: kind}
	err := e.parse(text)
	if err != nil {
		place := &badPlace{}
		if errors.As(err, &place) {
			err = place.err
		}
		return Edit{}, fmt.Errorf("%q: %w: it is written as %s", text, err, editForms[kind])
	}
	return e, nil
}

func (e *Edit) parse(text string) error {
	words := strings.Fields(text)
	if e.Kind == Revoke || e.Kind == DeleteEntry {
		if len(words) != 1 {
			return errors.New("one name is expected")
		}
		if e.Kind == Revoke {
			e.Rule = words[0]
			return nil
		}
		if words = strings.Split(words[0], ":"); len(words) != 3 {
			return errors.New("no name of an entry")
		}
	}
	if len(words) < 2 {
		return errors.New("it is too short")
	}
	e.Of, e.Direction, words = words[0], Direction(words[1]), words[2:]
	if e.Direction != Ingress && e.Direction != Egress {
		return fmt.Errorf("%q is neither ingress nor egress", e.Direction)
	}
	if e.Kind == Authorize {
		peer, err := trafficWords(words, &e.Group.Traffic)
		if err == nil {
			e.Group.Peer, err = new(formReader).peer("", peer)
		}
		return err
	}
	if len(words) == 0 {
		return errors.New("no number")
	}
	number, err := strconv.Atoi(words[0])
	if err != nil || number < 1 || number > LastNumber {
		return fmt.Errorf("%q is no number of 1 to %d", words[0], LastNumber)
	}
	e.Entry.Number = number
	if words = words[1:]; e.Kind == DeleteEntry {
		return nil
	}
	if len(words) == 0 || words[0] != "allow" && words[0] != "deny" {
		return errors.New("neither allow nor deny behind the number")
	}
	e.Entry.Allow = words[0] == "allow"
	cidr, err := trafficWords(words[1:], &e.Entry.Traffic)
	if err == nil {
		e.Entry.CIDR, err = parseFormCIDR("", cidr)
	}
	return err
}

// trafficWords reads a protocol, and ports or a type where it has them, and returns the one
// word behind.
func trafficWords(words []string, t *Traffic) (string, error) {
	if len(words) == 0 {
		return "", errors.New("no protocol")
	}
	*t = Traffic{Type: -1, Code: -1}
	key, value, rest := "protocol", words[0], words[1:]
	if protocolNumbers[words[0]] != 0 {
		if key = words[0]; len(words) < 3 {
			return "", fmt.Errorf("%s has ports or a type, or all, and then the other side", key)
		}
		value, rest = words[1], words[2:]
	}
	if err := parseTraffic("", key, value, t); err != nil {
		return "", err
	}
	if len(rest) != 1 {
		return "", fmt.Errorf("%d words behind what it is about, where one is expected", len(rest))
	}
	return rest[0], nil
}

// String returns the text that [ParseEdit] reads as the edit.
func (e Edit) String() string {
	traffic := func(t Traffic) string {
		key, value := trafficText(t)
		if key == "protocol" {
			return value
		}
		return key + " " + value
	}
	switch e.Kind {
	case Revoke:
		return e.Rule
	case Authorize:
		return fmt.Sprintf("%s %s %s %s", e.Of, e.Direction, traffic(e.Group.Traffic), e.Group.Peer)
	case DeleteEntry:
		return fmt.Sprintf("%s:%s:%d", e.Of, e.Direction, e.Entry.Number)
	}
	action := "deny"
	if e.Entry.Allow {
		action = "allow"
	}
	return fmt.Sprintf("%s %s %d %s %s %s", e.Of, e.Direction, e.Entry.Number, action, traffic(e.Entry.Traffic), e.Entry.CIDR)
}

// Edited returns the definition with edits, one after the other. It shares with n all that
// stays. It fails where an edit can't be made, as AWS would refuse it: the rule or entry is
// not there, or is there before.
func (n *Network) Edited(edits []Edit) (*Network, error) {
	if len(edits) == 0 {
		return n, nil
	}
	out := *n
	out.SecurityGroups, out.NetworkACLs = maps.Clone(n.SecurityGroups), maps.Clone(n.NetworkACLs)
	for _, e := range edits {
		var err error
		switch e.Kind {
		case Revoke:
			err = out.revoke(e.Rule)
		case Authorize:
			err = out.authorize(&e)
		default:
			err = out.entry(&e)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", e.Kind, e, err)
		}
	}
	return &out, nil
}

func (n *Network) revoke(name string) error {
	for id, group := range n.SecurityGroups {
		for _, way := range []Direction{Ingress, Egress} {
			rules := group.Rules(way)
			left := slices.DeleteFunc(slices.Clone(rules), func(r GroupRule) bool { return r.ID == name || group.plainName(way, &r) == name })
			if len(left) == len(rules) {
				continue
			}
			changed := clone(group)
			*changed.rules(way) = left
			n.SecurityGroups[id] = changed
			return nil
		}
	}
	return fmt.Errorf("no security group of the definition has such a rule%s", n.ruleHint(name))
}

// plainName is RuleName without the id.
func (g *SecurityGroup) plainName(way Direction, r *GroupRule) string {
	plain := *r
	plain.ID = ""
	return g.RuleName(way, &plain)
}

// ruleHint names the rules that somebody may have meant: of the group that the name begins
// with.
func (n *Network) ruleHint(name string) string {
	id, _, _ := strings.Cut(name, ":")
	group := n.SecurityGroups[id]
	if group == nil {
		return ""
	}
	var names []string
	for _, way := range []Direction{Ingress, Egress} {
		for i := range group.Rules(way) {
			names = append(names, group.plainName(way, &group.Rules(way)[i]))
		}
	}
	if len(names) == 0 {
		return ": " + id + " has none"
	}
	return "; those of " + id + " are " + few(names)
}

func (g *SecurityGroup) rules(way Direction) *[]GroupRule {
	if way == Ingress {
		return &g.Ingress
	}
	return &g.Egress
}

func (a *NetworkACL) entries(way Direction) *[]ACLEntry {
	if way == Ingress {
		return &a.Ingress
	}
	return &a.Egress
}

// authorize adds a rule. What a group has already it can't get: InvalidPermission.Duplicate,
// EC2 API error codes.
func (n *Network) authorize(e *Edit) error {
	group := n.SecurityGroups[e.Of]
	if group == nil {
		return notThere("security group", e.Of, n.SecurityGroups)
	}
	for i := range group.Rules(e.Direction) {
		if r := &group.Rules(e.Direction)[i]; r.Traffic == e.Group.Traffic && r.Peer == e.Group.Peer {
			return fmt.Errorf("it is there before: %s", group.RuleName(e.Direction, r))
		}
	}
	group = clone(group)
	rules := group.rules(e.Direction)
	*rules = append(slices.Clone(*rules), e.Group)
	n.SecurityGroups[e.Of] = group
	return nil
}

func (n *Network) entry(e *Edit) error {
	acl := n.NetworkACLs[e.Of]
	if acl == nil {
		return notThere("network ACL", e.Of, n.NetworkACLs)
	}
	acl = clone(acl)
	entries := acl.entries(e.Direction)
	list := slices.Clone(*entries)
	at, there := slices.BinarySearchFunc(list, e.Entry.Number, func(have ACLEntry, number int) int { return cmp.Compare(have.Number, number) })
	name := acl.EntryName(e.Direction, &e.Entry)
	switch {
	case e.Kind == AddEntry && there:
		return fmt.Errorf("%s is there before: replace-entry changes it", name)
	case e.Kind == AddEntry:
		list = slices.Insert(list, at, e.Entry)
	case !there:
		return fmt.Errorf("there is no %s", name)
	case e.Kind == DeleteEntry:
		list = slices.Delete(list, at, at+1)
	default:
		list[at] = e.Entry
	}
	*entries = list
	n.NetworkACLs[e.Of] = acl
	return nil
}

// notThere says that a definition does not have something, and what may have been meant.
func notThere[T any](what, id string, all map[string]*T) error {
	near := ""
	if like := nearest(id, slices.Sorted(maps.Keys(all))); like != "" {
		near = ": did you mean " + like + "?"
	}
	return fmt.Errorf("the definition has no %s %s%s", what, id, near)
}
