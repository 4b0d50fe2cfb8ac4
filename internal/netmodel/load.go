package netmodel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Problem says why a file was not taken.
type Problem struct {
	// File is its path, and Path where in it, as SecurityGroups[3].IpPermissions[0]; ""
	// where the whole file is meant.
	File, Path string
	Reason     string

	contradicts bool // another file
}

// String returns the problem with its place.
func (p Problem) String() string {
	if p.Path == "" {
		return p.File + ": " + p.Reason
	}
	return p.File + ": " + p.Path + ": " + p.Reason
}

// Loaded is what [Load] found.
type Loaded struct {
	*Network
	Problems []Problem
	// Unused are the keys of answers that were recognised and that nothing is made of
	// yet, in order.
	Unused []string
	// Unknown are members of answers that weir does not know, as Vpcs[].Member, in order:
	// what they say was not considered.
	Unknown []string
	// Partial are the files whose answer has another page, by its NextToken, NextMarker
	// or Marker.
	Partial []string
	// Answers are the lists that were read, in the order of the documents and their keys.
	Answers []Answer
}

// Answer is a list that was read, though nothing may be in it: that there is nothing is told
// from that nobody asked.
type Answer struct {
	// Key is the list's, in lower case and without underscores, as flowlogs.
	Key string
	// Place is whom and where it was asked for, as [Document] says; "" where nobody says.
	Place Place
	File  string
	// Partial says that AWS had more than the answer holds.
	Partial bool
}

// Document is a file of a definition.
type Document struct {
	// Name says where it comes from, for problems: its path.
	Name string
	Data []byte
	// Account and Region are whom and where the answers in it were asked for; "" where
	// nobody says. What is in it may be another account's, which shares it.
	Account, Region string
}

// Load reads a definition from files, and from all files below folders whose names end in
// .json, .yaml or .yml, as [LoadDocuments] does. It fails too where a path can't be read.
func Load(paths ...string) (Loaded, error) {
	docs, err := ReadDocuments(paths...)
	if err != nil {
		return Loaded{}, err
	}
	return LoadDocuments(docs)
}

// endings are how the names of files of a definition end.
var endings = []string{".json", ".yaml", ".yml"}

// ReadDocuments reads files, and all files below folders whose names end in .json, .yaml or
// .yml, in the order of their paths. A YAML file with several documents becomes several, net.yaml#2 the
// second of net.yaml. It fails where one can't be read, and where there is none.
func ReadDocuments(paths ...string) ([]Document, error) {
	var docs []Document
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || name != path && !slices.Contains(endings, strings.ToLower(filepath.Ext(name))) {
				return err
			}
			data, err := os.ReadFile(name)
			if err == nil {
				docs = append(docs, Documents(name, data)...)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read the network definition: %w", err)
		}
	}
	if len(docs) == 0 {
		return nil, errors.New("no network definition: no file ends in .json, .yaml or .yml")
	}
	return docs, nil
}

// LoadDocuments reads a definition from answers of `aws ec2 describe-*`, recognised by their
// keys, and from YAML (docs/reference/network-yaml.md), of any accounts and regions. A document with a part that can't be understood is left
// out whole and is in the problems, with the others loaded. It fails where nothing was
// loaded, and with [ErrContradiction] where documents describe the same thing in two ways.
func LoadDocuments(docs []Document) (Loaded, error) {
	files := make([]*file, len(docs))
	for i := range docs {
		files[i] = readDocument(&docs[i])
	}
	n, problems := join(files)
	out := Loaded{Network: n, Problems: problems}
	for i, f := range files {
		if f.problem != nil {
			continue
		}
		out.Unused = append(out.Unused, f.unused...)
		out.Unknown = append(out.Unknown, f.unknown...)
		partial := f.part.text("NextToken")+f.part.text("NextMarker")+f.part.text("Marker") != ""
		if partial {
			out.Partial = append(out.Partial, f.name)
		}
		for _, key := range f.read {
			out.Answers = append(out.Answers, Answer{key, Place{docs[i].Account, docs[i].Region}, f.name, partial})
		}
	}
	out.Unused, out.Unknown = set(out.Unused), set(out.Unknown)
	for _, p := range problems {
		if p.contradicts {
			return out, fmt.Errorf("%s; %w", p, ErrContradiction)
		}
	}
	switch {
	case n != nil:
		return out, nil
	case len(problems) > 0:
		return out, fmt.Errorf("no network definition could be read: %s", problems[0])
	}
	return out, errors.New("no network definition: no documents")
}

// file is what a file holds, or why it is not taken.
type file struct {
	name    string
	problem *Problem
	part    part
	read    []string // keys as of Answer
	unused  []string // keys
	unknown []string // members
}

// part is a piece of a definition, with where in the file each thing stands.
type part struct {
	Network
	rules []*identified     // of describe-security-group-rules
	acls  map[string]string // network ACL by subnet
	at    map[string]string // place by id

	name     string                     // of the file
	document map[string]json.RawMessage // what the file holds
}

// badPlace is an error at a place of the file.
type badPlace struct {
	path        string
	err         error
	contradicts bool
}

// ErrContradiction says that files describe the same thing in two ways.
var ErrContradiction = errors.New("files of different times do not belong together: name those of one time")

func (b *badPlace) Error() string { return b.path + ": " + b.err.Error() }

func (b *badPlace) problem(f *file) *Problem {
	return &Problem{f.name, b.path, b.err.Error(), b.contradicts}
}

// contradiction returns what to say of a thing that another file describes otherwise.
func contradiction(path, id string) *badPlace {
	return &badPlace{path, fmt.Errorf("%s is not as in another file", id), true}
}

// readDocument reads one document, of whichever form.
func readDocument(d *Document) *file {
	if !isForm(d.Name, d.Data) {
		return readFile(d.Name, d.Data)
	}
	f := &file{name: d.Name, part: newPart()}
	f.part.name = d.Name
	if err := readForm(&f.part, d); err != nil {
		f.problem = &Problem{File: d.Name, Reason: err.Error()}
		if bad, ok := errors.AsType[*badPlace](err); ok {
			f.problem = bad.problem(f)
		}
	}
	return f
}

// readFile reads one file of answers.
func readFile(name string, data []byte) *file {
	f := &file{name: name, part: newPart()}
	fail := func(path, reason string) *file {
		f.problem = &Problem{File: name, Path: path, Reason: reason}
		return f
	}
	var keys map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&keys); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line, column := place(data, syntax.Offset)
			return fail("", fmt.Sprintf("line %d, column %d: no JSON: %v", line, column, err))
		}
		return fail("", "no JSON object, as `aws ec2 describe-*` prints")
	}
	if isTerraform(keys) {
		return readTerraform(name, data)
	}
	if keys["terraform_version"] != nil && keys["serial"] != nil {
		return fail("", "a state file of Terraform; what `terraform show -json` prints of it is read")
	}
	f.part.name, f.part.document = name, keys
	used := false
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		plain := strings.ToLower(strings.ReplaceAll(key, "_", ""))
		answer, ok := answers[plain]
		if !ok {
			switch {
			case slices.Contains(unread, plain):
				f.unused = append(f.unused, key)
			case !beside[plain]:
				f.unknown = append(f.unknown, key)
			}
			continue
		}
		used = true
		f.read = append(f.read, plain)
		unknown := answer.unknown(plain, key, keys[key])
		f.unknown = slices.AppendSeq(f.unknown, maps.Keys(unknown))
		err := answer.read(&f.part, key, keys[key])
		if err == nil {
			err = refuse(unknown)
		}
		if err != nil {
			if bad, ok := errors.AsType[*badPlace](err); ok {
				return fail(bad.path, bad.err.Error())
			}
			return fail(key, err.Error())
		}
	}
	if !used && len(f.unused) == 0 {
		return fail("", "no answer of describe-* that is known; its keys are "+strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
	}
	return f
}

// place returns the line and column of a byte, from 1 on.
func place(data []byte, offset int64) (line, column int) {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - (bytes.LastIndexByte(before, '\n') + 1) + 1
}

func newPart() part {
	return part{Network: newNetwork(), acls: map[string]string{}, at: map[string]string{}}
}

// join puts the files' definitions together. A file that contradicts one before it is
// left out.
func join(files []*file) (*Network, []Problem) {
	var n *part
	for {
		n = nil
		again := false
		for _, f := range files {
			if f.problem != nil {
				continue
			}
			if n == nil {
				p := newPart()
				n = &p
			}
			if err := n.add(&f.part); err != nil {
				f.problem, again = err.problem(f), true
				break
			}
		}
		if n != nil && !again {
			if f, err := n.finish(files); err != nil {
				f.problem, again = err.problem(f), true
			}
		}
		if !again {
			break
		}
	}
	var problems []Problem
	for _, f := range files {
		if f.problem != nil {
			problems = append(problems, *f.problem)
		}
	}
	if n == nil {
		return nil, problems
	}
	return &n.Network, problems
}

// add adds a file's part.
func (p *part) add(q *part) *badPlace {
	for subnet, acl := range q.acls {
		if was, ok := p.acls[subnet]; ok && was != acl {
			return &badPlace{q.at[acl], fmt.Errorf("%s is associated with %s, and with %s in another file", subnet, acl, was), true}
		}
		p.acls[subnet] = acl
	}
	p.rules = append(p.rules, q.rules...)
	if err := p.merge(&q.Network, q.at); err != nil {
		return err
	}
	for id := range q.SecurityGroups { // finish gives rules their ids
		g := p.SecurityGroups[id]
		g.Ingress, g.Egress = slices.Clone(g.Ingress), slices.Clone(g.Egress)
	}
	return nil
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// set returns the texts in order, each once; nil of none.
func set(list []string) []string { return slices.Compact(sorted(list)) }

// finish connects what came from different files. Where files contradict each other it
// returns the one to leave out.
func (p *part) finish(files []*file) (*file, *badPlace) {
	owner := func(id string) (*file, string) {
		for _, f := range slices.Backward(files) {
			if at, ok := f.part.at[id]; ok && f.problem == nil {
				return f, at
			}
		}
		return nil, ""
	}
	for subnet, acl := range p.acls {
		if s := p.Subnets[subnet]; s != nil {
			s.NetworkACL = acl
		}
	}
	for _, r := range p.rules {
		g := p.SecurityGroups[r.group]
		if g == nil {
			continue // nobody has it, or it is missing for whoever has
		}
		if !g.identify(r) {
			f, at := owner(r.rule.ID)
			return f, &badPlace{at, fmt.Errorf("%s is no rule of %s in another file", r.rule.ID, r.group), true}
		}
	}
	if id, err := p.associate(); err != nil {
		f, at := owner(id)
		return f, &badPlace{at, err, true}
	}
	p.resourceSubnets()
	p.regions()
	p.roles()
	if id, err := p.checkSubnets(); err != nil {
		f, at := owner(id)
		return f, &badPlace{at, err, false}
	}
	return nil, nil
}

// identify gives a rule of the group the id that describe-security-group-rules has for it.
func (g *SecurityGroup) identify(r *identified) bool {
	rules := g.Rules(r.direction)
	for i := range rules {
		if rules[i].Traffic == r.rule.Traffic && rules[i].Peer == r.rule.Peer {
			rules[i].ID = r.rule.ID
			return true
		}
	}
	return false
}

// checkSubnets returns a subnet that overlaps another one of its VPC, or that lies outside
// the VPC, and why it can't be.
func (p *part) checkSubnets() (string, error) {
	ids := slices.Sorted(maps.Keys(p.Subnets))
	for i, id := range ids {
		s := p.Subnets[id]
		vpc := p.VPCs[s.VPC]
		for _, cidr := range s.CIDRs {
			if vpc != nil && !slices.ContainsFunc(vpc.CIDRs, func(c prefix) bool { return c.Bits() <= cidr.Bits() && c.Contains(cidr.Addr()) }) {
				return id, fmt.Errorf("%s of %s lies outside %s", cidr, id, s.VPC)
			}
			for _, other := range ids[:i] {
				o := p.Subnets[other]
				if o.VPC == s.VPC && slices.ContainsFunc(o.CIDRs, cidr.Overlaps) {
					return id, fmt.Errorf("%s of %s overlaps %s, which is in %s too", cidr, id, other, s.VPC)
				}
			}
		}
	}
	return "", nil
}
