package netmodel

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

// Place is an account and a region: what a describe-* call is about.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// String returns "111122223333 us-east-1".
func (p Place) String() string { return p.Account + " " + p.Region }

func (p Place) compare(o Place) int {
	return cmp.Or(cmp.Compare(p.Account, o.Account), cmp.Compare(p.Region, o.Region))
}

// Part is what documents hold of one place.
type Part struct {
	Place
	Documents []Document
}

// PlaceError says that it is not clear which account or region a thing is of.
type PlaceError struct {
	Problem
	// Account and Region say which of both somebody has to name.
	Account, Region bool
}

// Error returns what is not clear, and where.
func (e *PlaceError) Error() string { return e.String() }

// Split sorts documents by account and region. A document is handed on as it is where all of
// it is of one place; else each place gets the elements that are its. The parts are in the
// order of their places.
//
// Where a document names whom it was asked of, all of it is that account's: what others share
// with an account is among its answers. Else things are their owner's. The region is that of
// an availability zone or an ARN. What has neither is where the VPC or subnet is that it
// refers to, which may be among those of which known says it from before; else where the rest
// of its document is, of its folder, of all documents, if that is one place. The error is a [*PlaceError] where that does not tell, where it contradicts
// itself, and where accounts share things, so that the owner is not who was asked.
//
// Source: EC2 API reference; VPC user guide, "Share your VPC subnets with other accounts".
func Split(docs []Document, known map[string]Place) ([]Part, error) {
	docs, err := placeForms(docs)
	if err != nil {
		return nil, err
	}
	entries, err := readEntries(docs)
	if err != nil {
		return nil, err
	}
	if err := findRegions(docs, entries, known); err != nil {
		return nil, err
	}
	if err := findAccounts(docs, entries, known); err != nil {
		return nil, err
	}
	return parts(docs, entries), nil
}

// findRegions finds the region of each entry. A VPC is in one region, with all that is in it.
func findRegions(docs []Document, entries []*entry, before map[string]Place) error {
	known := map[string]string{}
	for id, p := range before {
		known[id] = p.Region
	}
	for changed := true; changed; {
		changed = false
		for _, e := range entries {
			for _, id := range append([]string{e.id}, e.refs...) {
				switch was := known[id]; {
				case id == "" || e.region == was:
				case was == "":
					known[id], changed = e.region, true
				case e.region == "":
					e.region, changed = was, true
				default:
					return e.problem(docs, false, false, "%s is in %s, and %s, which it belongs to, in %s", e.name(), e.region, id, was)
				}
			}
		}
	}
	here := map[Place]bool{}
	for _, e := range entries {
		if given := docs[e.doc].Account; e.region != "" && given+e.owner != "" {
			here[Place{cmp.Or(given, e.owner), e.region}] = true
		}
	}
	for _, e := range entries {
		for _, side := range e.sides { // a peering connection is where one side is that is here
			if e.region == "" && here[side] {
				e.owner, e.region = side.Account, side.Region
			}
		}
		given := docs[e.doc].Region
		if given != "" && e.region != "" && e.region != given {
			return e.problem(docs, false, false, "%s is in %s, not in %s", e.name(), e.region, given)
		}
		if given != "" {
			e.region = given
		}
	}
	return widen(docs, entries, func(e *entry) string { return e.region }, func(e *entry, found string) { e.region = found }, func(e *entry) error {
		return e.problem(docs, false, true, "nothing says the region of %s", e.name())
	})
}

// findAccounts finds the account of each entry.
func findAccounts(docs []Document, entries []*entry, before map[string]Place) error {
	owners := map[string]string{}
	for id, p := range before {
		owners[id] = p.Account
	}
	for _, e := range entries {
		if e.id != "" && e.owner != "" {
			owners[e.id] = e.owner
		}
	}
	for _, e := range entries {
		e.account = cmp.Or(docs[e.doc].Account, e.owner)
	}
	for changed := true; changed; {
		changed = false
		for _, e := range entries {
			for _, ref := range e.refs {
				if e.account == "" && owners[ref] != "" {
					e.account, changed = owners[ref], true
					owners[e.id] = e.account
				}
			}
		}
	}
	if err := shared(docs, entries, owners); err != nil {
		return err
	}
	return widen(docs, entries, func(e *entry) string { return e.account }, func(e *entry, found string) { e.account = found }, func(e *entry) error {
		return e.problem(docs, true, false, "nothing says whose %s is", e.name())
	})
}

// widen gives each entry that has no value the one of its document, its folder, or all
// documents, whichever says first.
func widen(docs []Document, entries []*entry, get func(*entry) string, set func(*entry, string), fail func(*entry) error) error {
	scopes := []func(e *entry) string{
		func(e *entry) string { return fmt.Sprint(e.doc) },
		func(e *entry) string { return "folder " + filepath.Dir(docs[e.doc].Name) },
		func(*entry) string { return "all" },
	}
	found := map[string][]string{}
	for _, e := range entries {
		v := get(e)
		for _, scope := range scopes {
			if s := scope(e); v != "" && !slices.Contains(found[s], v) {
				found[s] = append(found[s], v)
			}
		}
	}
	for _, e := range entries {
		for _, scope := range scopes {
			if values := found[scope(e)]; get(e) == "" && len(values) == 1 {
				set(e, values[0])
			} else if len(values) > 1 {
				break
			}
		}
		if get(e) == "" {
			return fail(e)
		}
	}
	return nil
}

// shared fails where accounts share things and nobody says who was asked.
func shared(docs []Document, entries []*entry, owners map[string]string) error {
	type of struct{ region, owner string }
	own := map[of]bool{}              // brings what can't be shared
	accounts := map[string][]string{} // by region
	mixed := map[[2]string][]string{} // owners by document and region
	one := func(e *entry) [2]string { return [2]string{fmt.Sprint(e.doc), e.region} }
	for _, e := range entries {
		if e.owner == "" || docs[e.doc].Account != "" {
			continue
		}
		if !slices.Contains(accounts[e.region], e.owner) {
			accounts[e.region] = append(accounts[e.region], e.owner)
		}
		if !slices.Contains(mixed[one(e)], e.owner) {
			mixed[one(e)] = append(mixed[one(e)], e.owner)
		}
		own[of{e.region, e.owner}] = own[of{e.region, e.owner}] || !slices.Contains(shareable, e.kind)
	}
	for _, e := range entries {
		if e.owner == "" || docs[e.doc].Account != "" || len(accounts[e.region]) < 2 {
			continue
		}
		for _, ref := range e.refs {
			if owner := owners[ref]; owner != "" && owner != e.owner {
				return e.problem(docs, true, false, "%s is of %s, and %s, which it belongs to, of %s: they share, and nothing says whose answers these are", e.name(), e.owner, ref, owner)
			}
		}
		others := slices.ContainsFunc(accounts[e.region], func(a string) bool { return own[of{e.region, a}] })
		if !own[of{e.region, e.owner}] && (others || len(mixed[one(e)]) > 1) {
			return e.problem(docs, true, false, "%s is of %s, of which there is only what it can share with others: nothing says whose answers these are", e.name(), e.owner)
		}
	}
	return nil
}

// parts puts the entries of each place into documents.
func parts(docs []Document, entries []*entry) []Part {
	byDoc := make([][]*entry, len(docs))
	places := map[Place]*Part{}
	folders := map[string]map[Place]bool{} // what else lies in a document's folder
	for _, e := range entries {
		byDoc[e.doc] = append(byDoc[e.doc], e)
		folder := filepath.Dir(docs[e.doc].Name)
		if folders[folder] == nil {
			folders[folder] = map[Place]bool{}
		}
		folders[folder][e.place()] = true
		if places[e.place()] == nil {
			places[e.place()] = &Part{Place: e.place()}
		}
	}
	for i := range docs {
		if p := (Place{docs[i].Account, docs[i].Region}); places[p] == nil && p.Account != "" && p.Region != "" {
			places[p] = &Part{Place: p}
		}
	}
	for i := range docs {
		if len(byDoc[i]) == 0 {
			if part := emptyOf(places, &docs[i], folders[filepath.Dir(docs[i].Name)]); part != nil {
				part.Documents = append(part.Documents, docs[i])
			}
			continue
		}
		for _, place := range slices.SortedFunc(maps.Keys(places), Place.compare) {
			d := docs[i]
			keep := func(e *entry) bool { return e.place() == place }
			if !slices.ContainsFunc(byDoc[i], keep) {
				continue
			}
			d.Data = filtered(d.Data, byDoc[i], keep)
			d.Account, d.Region = place.Account, place.Region
			places[place].Documents = append(places[place].Documents, d)
		}
	}
	var out []Part
	for _, place := range slices.SortedFunc(maps.Keys(places), Place.compare) {
		out = append(out, *places[place])
	}
	return out
}

// emptyOf returns the part of an answer that says that there is nothing: the one of what lies
// in its folder, else the only one; nil where that can't be told.
func emptyOf(places map[Place]*Part, d *Document, folder map[Place]bool) *Part {
	var out []*Part
	for p, part := range places {
		if (len(folder) == 0 || folder[p]) && (d.Account == "" || d.Account == p.Account) && (d.Region == "" || d.Region == p.Region) {
			out = append(out, part)
		}
	}
	if len(out) != 1 {
		return nil
	}
	return out[0]
}

// filtered returns a document with those of its entries that keep keeps: the document itself
// where that is all of them.
func filtered(data []byte, entries []*entry, keep func(*entry) bool) []byte {
	if !slices.ContainsFunc(entries, func(e *entry) bool { return !keep(e) }) {
		return data
	}
	if entries[0].at != "" {
		return filteredForm(data, entries, keep)
	}
	keys := map[string]json.RawMessage{}
	lists := map[string][]json.RawMessage{}
	// It was read before.
	_ = json.NewDecoder(bytes.NewReader(data)).Decode(&keys)
	for _, e := range entries {
		if e.n < 0 {
			if !keep(e) {
				delete(keys, e.key)
			}
			continue
		}
		if lists[e.key] == nil {
			lists[e.key] = []json.RawMessage{}
		}
		if keep(e) {
			lists[e.key] = append(lists[e.key], e.raw)
		}
	}
	for key, list := range lists {
		keys[key], _ = json.Marshal(list) // raw JSON that was read
	}
	out, _ := json.Marshal(keys)
	return out
}
