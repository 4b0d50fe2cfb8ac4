package netmodel

import (
	"cmp"
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v4"
)

// placeForms returns documents with the accounts and regions that forms say, and states of
// Terraform as answers. It fails where somebody named others.
func placeForms(docs []Document) ([]Document, error) {
	out := make([]Document, len(docs))
	for i, d := range docs {
		if isForm(d.Name, d.Data) {
			root, err := formRoot(d.Data)
			if err != nil {
				return nil, &PlaceError{Problem{File: d.Name, Reason: err.Error()}, true, true}
			}
			for key, to := range map[string]*string{"account": &d.Account, "region": &d.Region} {
				said := formChild(root, key)
				if said != nil && *to != "" && said.Value != *to {
					return nil, &PlaceError{Problem{File: d.Name, Path: formAt(said), Reason: key + " " + said.Value + ", and not " + *to}, false, false}
				}
				if said != nil {
					*to = said.Value
				}
			}
		}
		out[i] = d
	}
	return answersOfTerraform(out)
}

// formChild returns the value of a mapping's key, nil where there is none.
func formChild(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// formText returns the text of a mapping's key, "" where there is none.
func formText(n *yaml.Node, key string) string {
	if v := formChild(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// formEntries returns the things of a form.
func formEntries(doc int, d *Document) ([]*entry, error) {
	root, err := formRoot(d.Data)
	if err != nil {
		return nil, &PlaceError{Problem{File: d.Name, Reason: err.Error()}, true, true}
	}
	var out []*entry
	for _, s := range formSections {
		things := formChild(root, s.key)
		if things == nil || things.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i+1 < len(things.Content); i += 2 {
			id, v := things.Content[i], things.Content[i+1]
			e := &entry{
				doc: doc, key: s.key, n: i / 2, at: formAt(id), kind: strings.ReplaceAll(s.key, "-", ""), id: id.Value,
				owner: cmp.Or(formText(v, "account"), formText(root, "account"), d.Account), region: cmp.Or(formText(v, "region"), regionOfZone(formText(v, "az"))),
			}
			belongs := []string{"vpc", "subnet", "resource"}
			if kind := formText(v, "kind"); kind == "peering" || kind == "tgw-peering" {
				belongs = []string{"transit-gateway"} // the resource is the other one, maybe elsewhere
			}
			for _, key := range belongs {
				if ref := formText(v, key); ref != "" {
					e.refs = append(e.refs, ref)
				}
			}
			for _, side := range []string{"requester", "accepter"} {
				if n := formChild(v, side); formText(n, "account") != "" {
					e.sides = append(e.sides, Place{formText(n, "account"), formText(n, "region")})
				}
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// filteredForm returns a form with those of its things that keep keeps.
func filteredForm(data []byte, entries []*entry, keep func(*entry) bool) []byte {
	root, err := formRoot(data)
	if err != nil {
		return data // it was read before
	}
	drop := map[[2]string]bool{}
	for _, e := range entries {
		drop[[2]string{e.key, e.id}] = !keep(e)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		section, things := root.Content[i].Value, root.Content[i+1]
		var kept []*yaml.Node
		for j := 0; things.Kind == yaml.MappingNode && j+1 < len(things.Content); j += 2 {
			if !drop[[2]string{section, things.Content[j].Value}] {
				kept = append(kept, things.Content[j], things.Content[j+1])
			}
		}
		if things.Kind == yaml.MappingNode {
			things.Content = kept
		}
	}
	return yamlText(root)
}

// answersOfTerraform returns documents with states of Terraform as the answers that they are
// made into: what else is in a state, as passwords, is not handed on.
func answersOfTerraform(docs []Document) ([]Document, error) {
	for i, d := range docs {
		keys := map[string]json.RawMessage{}
		if isForm(d.Name, d.Data) || json.Unmarshal(d.Data, &keys) != nil || !isTerraform(keys) {
			continue
		}
		_, made, err := terraformAnswers(d.Data)
		if err != nil {
			return nil, &PlaceError{Problem{File: d.Name, Reason: err.Error()}, false, false}
		}
		docs[i].Data = made
	}
	return docs, nil
}
