package netmodel

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
)

// object is a JSON object.
type object = map[string]any

// FormSchema returns the JSON schema (draft 7, which editors read) of the YAML form, made of
// the same types that read it.
func FormSchema() []byte {
	s := formSchema{object{}}
	top := object{"account": s.text("^[0-9]{12}$", "account of all things that do not say another one"), "region": s.text(formPlaces["region"].String(), "region of all things that do not say another one")}
	for _, section := range formSections {
		top[section.key] = object{"type": "object", "description": formAbout[section.key], "additionalProperties": s.of(section.of, "")}
	}
	out, err := json.MarshalIndent(object{
		"$schema": "http://json-schema.org/draft-07/schema#", "title": "weir's form of a network definition", "type": "object",
		"additionalProperties": false, "properties": top, "definitions": s.definitions,
	}, "", "  ")
	if err != nil {
		panic("the schema is no JSON: " + err.Error()) // it is made of maps, lists and texts
	}
	return append(out, '\n')
}

type formSchema struct{ definitions object }

// text returns the schema of a text, which YAML may take for a number.
func (s *formSchema) text(pattern, about string) object {
	return object{"type": []string{"string", "integer"}, "pattern": pattern, "description": about}
}

// of returns the schema of a type's values. Path is as SecurityGroup.ingress.
func (s *formSchema) of(t reflect.Type, path string) object {
	switch t {
	case reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.Prefix]():
		return object{"type": "string"}
	case reflect.TypeFor[GroupRule]():
		side := peerKey(path)
		return s.named("rule-"+side, func() object {
			return s.rule(object{side: aboutText("rule.peer"), "id": aboutText("id"), "description": aboutText("description"), "reference": s.of(reflect.TypeFor[GroupReference](), "")}, side)
		})
	case reflect.TypeFor[ACLEntry]():
		side := peerKey(path)
		return s.named("entry-"+side, func() object {
			number := object{"type": "integer", "minimum": 1, "maximum": LastNumber + 2, "description": formAbout["number"]}
			return s.rule(object{side: object{"type": "string", "description": "a CIDR"}, "number": number, "action": enum([]string{"allow", "deny"})}, "action", "number", side)
		})
	case reflect.TypeFor[Route]():
		return s.named("route", func() object {
			kinds := make([]string, 0, len(targetKinds))
			for _, k := range targetKinds {
				kinds = append(kinds, string(k))
			}
			return closed(object{
				"to": aboutText("rule.peer"), "via": aboutText("via"), "via-kind": enum(kinds), "instance": object{"type": "string"},
				"state": enum(routeStates), "origin": aboutText("origin"),
			}, "to", "via")
		})
	case reflect.TypeFor[TransitGatewayRoute]():
		return s.named("transit-gateway-route", func() object {
			via := object{"type": "array", "items": object{"type": "string"}, "description": formAbout["transit.via"]}
			return closed(object{"to": aboutText("rule.peer"), "via": via, "type": enum([]string{"static", "propagated"}), "state": aboutText("state")}, "to")
		})
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), path)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer", "minimum": 0}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem(), path)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), path)}
	case reflect.Struct:
		return s.named(formKey(t.Name()), func() object { return s.thing(t) })
	}
	if allowed := formClosed[path]; allowed != nil {
		return enum(append([]string{""}, allowed...))
	}
	return object{"type": []string{"string", "integer"}}
}

// named returns a reference to a definition, which is made once.
func (s *formSchema) named(name string, of func() object) object {
	if s.definitions[name] == nil {
		s.definitions[name] = object{}
		s.definitions[name] = of()
	}
	return object{"$ref": "#/definitions/" + name}
}

// thing returns the schema of a mapping.
func (s *formSchema) thing(t reflect.Type) object {
	keys := object{}
	for _, f := range formFields(t) {
		path := t.Name() + "." + f.key
		of := s.of(t.Field(f.index).Type, path)
		if about := aboutKey(t, f.key); about != "" && of["$ref"] == nil {
			of["description"] = about
		}
		keys[f.key] = of
	}
	if t == reflect.TypeFor[RouteTable]() {
		keys["local-routes"] = object{"type": "boolean", "description": formAbout["RouteTable.local-routes"]}
	}
	return closed(keys, formNeeds[t]...)
}

// closed returns the schema of a mapping that has just these keys.
func closed(keys object, needed ...string) object {
	out := object{"type": "object", "additionalProperties": false, "properties": keys}
	if len(needed) > 0 {
		out["required"] = slices.Sorted(slices.Values(needed))
	}
	return out
}

// rule returns the schema of a rule with its traffic and other keys.
func (s *formSchema) rule(keys object, needed ...string) object {
	var one []object
	for _, key := range formTraffic {
		keys[key] = object{"type": []string{"string", "integer"}, "description": formAbout[key]}
		one = append(one, object{"required": []string{key}})
	}
	out := closed(keys, needed...)
	out["oneOf"] = one
	return out
}

func enum(values []string) object { return object{"enum": values} }

func aboutText(key string) object { return object{"type": "string", "description": formAbout[key]} }
