package netmodel

import (
	"fmt"
	"regexp"
	"slices"
)

// prefixList adds a list of describe-prefix-lists, which has its CIDRs, or of
// describe-managed-prefix-lists, which has all but them. Entries are read where somebody
// put those of get-managed-prefix-list-entries there.
func (p *part) prefixList(at string, v *struct {
	PrefixListId, PrefixListName, PrefixListArn string
	OwnerId, AddressFamily, State               string
	MaxEntries, Version                         int
	Cidrs                                       []string
	Entries                                     []listEntry
	Tags                                        tags
},
) error {
	out := &PrefixList{
		ID: v.PrefixListId, Name: v.PrefixListName, Account: v.OwnerId, Region: parseARN(v.PrefixListArn).region,
		Family: v.AddressFamily, MaxEntries: v.MaxEntries, Version: v.Version, State: v.State,
		EntriesUnknown: v.Cidrs == nil && v.Entries == nil,
	}
	for i, text := range v.Cidrs {
		c, err := parseAnyCIDR(fmt.Sprintf("%s.Cidrs[%d]", at, i), text)
		if err != nil {
			return err
		}
		out.CIDRs = append(out.CIDRs, c)
	}
	for i, e := range v.Entries {
		c, err := parseAnyCIDR(fmt.Sprintf("%s.Entries[%d].Cidr", at, i), e.Cidr)
		if err != nil {
			return err
		}
		out.CIDRs = append(out.CIDRs, c)
	}
	return put(p, at, "PrefixListId", p.PrefixLists, out.ID, out, (*PrefixList).with)
}

type listEntry struct{ Cidr string }

// listEntries adds the entries of get-managed-prefix-list-entries, which does not say whose
// they are: the file does.
func (p *part) listEntries(at string, entries []listEntry) error {
	id, err := p.subject("PrefixListId", "pl-")
	if err != nil {
		return bad(at, "%w", err)
	}
	out := &PrefixList{ID: id}
	for i, e := range entries {
		c, err := parseAnyCIDR(fmt.Sprintf("%s[%d].Cidr", at, i), e.Cidr)
		if err != nil {
			return err
		}
		out.CIDRs = append(out.CIDRs, c)
	}
	return put(p, at, "PrefixListId", p.PrefixLists, id, out, (*PrefixList).with)
}

// with returns what two descriptions say of a list, whose CIDRs have no order.
func (l *PrefixList) with(o *PrefixList) (*PrefixList, bool) {
	if l.EntriesUnknown == o.EntriesUnknown {
		a, b := slices.SortedFunc(slices.Values(l.CIDRs), prefix.Compare), slices.SortedFunc(slices.Values(o.CIDRs), prefix.Compare)
		if !slices.Equal(a, b) {
			return nil, false
		}
	}
	x, y := *l, *o
	if x.EntriesUnknown {
		x.CIDRs = y.CIDRs
	}
	y.CIDRs = x.CIDRs
	x.EntriesUnknown, y.EntriesUnknown = x.EntriesUnknown && y.EntriesUnknown, false
	return fill(&x, &y)
}

// subjects find ids in the names of files, by their beginning.
var subjects = map[string]*regexp.Regexp{
	"pl-":      regexp.MustCompile(`^pl-\w+$|\bpl-[0-9a-f]{8,17}\b`),
	"tgw-rtb-": regexp.MustCompile(`^tgw-rtb-\w+$|\btgw-rtb-[0-9a-f]{8,17}\b`),
}

// subject returns the id of what an answer is about that does not say so: a member of the
// document beside the answer's, else the id in the file's name.
func (p *part) subject(member, begin string) (string, error) {
	if id := p.text(member); id != "" {
		return id, nil
	}
	name := p.fileName()
	ids := subjects[begin].FindAllString(name, -1)
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 1 {
		return ids[0], nil
	}
	return "", fmt.Errorf(`the answer does not say of what it is: name the file %s....json, or put "%s" beside it`, begin, member)
}
