package netmodel

import (
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// flow returns a mapping that is written in one line.
func flow() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle} }

// traffic adds the key of a rule's traffic.
func (w *formWriter) traffic(to *yaml.Node, t Traffic) {
	key, text := trafficText(t)
	if back := (Traffic{Type: -1, Code: -1}); parseTraffic("", key, text, &back) != nil || back != t {
		w.fail("%s: traffic of protocol %d, ports %d to %d, type %d, code %d", w.at, t.Protocol, t.From, t.To, t.Type, t.Code)
	}
	addKey(to, key, plainNode(text))
}

// reader returns a reader that knows the document's ids.
func (w *formWriter) reader() *formReader { return &formReader{formPlace: w.here, ids: w.ofHere} }

func (w *formWriter) groupRule(r *GroupRule, key string) *yaml.Node {
	out := flow()
	w.traffic(out, r.Traffic)
	if back, err := w.reader().peer("", r.Peer.String()); err != nil || back != r.Peer {
		w.fail("%s: a rule with the peer %q", w.at, r.Peer)
	}
	addKey(out, peerKey("."+key), scalarNode(r.Peer.String()))
	if r.ID != "" {
		addKey(out, "id", scalarNode(r.ID))
	}
	if r.Description != "" {
		addKey(out, "description", scalarNode(r.Description))
	}
	if r.Peer.Group == "" {
		if r.Reference != (GroupReference{}) {
			w.fail("%s: a reference of a rule with the peer %s", w.at, r.Peer)
		}
		return out
	}
	reference := w.reference(&r.Reference)
	if len(reference.Content) > 0 {
		addKey(out, "reference", reference)
	}
	return out
}

// reference returns what a rule says of the group that it references. Whose it is is said,
// also where nobody knows it.
func (w *formWriter) reference(r *GroupReference) *yaml.Node {
	out := w.thing(reflect.ValueOf(r))
	out.Style = yaml.FlowStyle
	if r.Account == "" && w.here.account != "" {
		addKey(out, "account", scalarNode(""))
	}
	return out
}

func (w *formWriter) aclEntry(e *ACLEntry, key string) *yaml.Node {
	out := flow()
	addKey(out, "number", plainNode(strconv.Itoa(e.Number)))
	addKey(out, "action", scalarNode(map[bool]string{true: "allow", false: "deny"}[e.Allow]))
	w.traffic(out, e.Traffic)
	addKey(out, peerKey("."+key), scalarNode(e.CIDR.String()))
	if e.Number < 0 {
		w.fail("%s: number %d", w.at, e.Number)
	}
	return out
}

// to adds where a route leads.
func (w *formWriter) to(out *yaml.Node, cidr prefix, list string) {
	text := list
	if list == "" {
		text = cidr.String()
	}
	var back Route
	if err := w.reader().destination(scalarNode(text), &back.CIDR, &back.PrefixList); err != nil || back.CIDR != cidr || back.PrefixList != list {
		w.fail("%s: a route to %q", w.at, text)
	}
	addKey(out, "to", scalarNode(text))
}

func (w *formWriter) route(r *Route) *yaml.Node {
	out := flow()
	w.to(out, r.CIDR, r.PrefixList)
	via := r.Target.String()
	addKey(out, "via", scalarNode(via))
	t := targetOf(w.ofHere, via)
	if t.Kind != r.Target.Kind {
		addKey(out, "via-kind", scalarNode(string(r.Target.Kind)))
	}
	if t.Instance != r.Target.Instance {
		addKey(out, "instance", scalarNode(r.Target.Instance))
	}
	if t.ID != r.Target.ID {
		w.fail("%s: a route via %s with the id %q", w.at, via, r.Target.ID)
	}
	made := w.here.derived(r)
	if made["State"] != r.State {
		addKey(out, "state", scalarNode(r.State))
	}
	if made["Origin"] != r.Origin {
		addKey(out, "origin", scalarNode(r.Origin))
	}
	return out
}

func (w *formWriter) transitRoute(r *TransitGatewayRoute) *yaml.Node {
	out := flow()
	w.to(out, r.CIDR, r.PrefixList)
	if len(r.Attachments) > 0 {
		addKey(out, "via", w.value(reflect.ValueOf(r.Attachments), ""))
	}
	made := w.here.derived(r)
	if made["Type"] != r.Type {
		addKey(out, "type", scalarNode(r.Type))
	}
	if made["State"] != r.State {
		addKey(out, "state", scalarNode(r.State))
	}
	return out
}
