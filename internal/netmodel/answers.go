package netmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// answer is a member of AWS's answers that is read.
type answer struct {
	read func(p *part, key string, data json.RawMessage) error
	// element is the type that one element of it is read into: its fields are the members that
	// weir makes something of.
	element reflect.Type
}

// answers are the members of AWS's answers that are read, in lower case and without
// underscores, as collectors write them too.
var answers = map[string]answer{
	"vpcs":               list((*part).vpc),
	"subnets":            list((*part).subnet),
	"networkinterfaces":  list((*part).networkInterface),
	"instances":          list((*part).instance),
	"reservations":       list((*part).reservation),
	"securitygroups":     list((*part).securityGroup),
	"securitygrouprules": list((*part).securityGroupRule),
	"networkacls":        list((*part).networkACL),

	"prefixlists": list((*part).prefixList),
	"entries":     whole((*part).listEntries), // get-managed-prefix-list-entries

	"routetables":                list((*part).routeTable),
	"internetgateways":           list((*part).internetGateway),
	"egressonlyinternetgateways": list((*part).egressOnlyInternetGateway),
	"natgateways":                list((*part).natGateway),
	"vpngateways":                list((*part).vpnGateway),
	"addresses":                  list((*part).elasticIP),
	"vpcpeeringconnections":      list((*part).peeringConnection),
	"vpcendpoints":               list((*part).vpcEndpoint),
	"serviceconfigurations":      list((*part).endpointService), // describe-vpc-endpoint-service-configurations

	"transitgateways":                      list((*part).transitGateway),
	"transitgatewayattachments":            list((*part).transitGatewayAttachment),
	"transitgatewayvpcattachments":         list((*part).transitGatewayVPCAttachment),
	"transitgatewaypeeringattachments":     list((*part).transitGatewayPeering),
	"transitgatewayconnects":               list((*part).transitGatewayConnect),
	"transitgatewayroutetables":            list((*part).transitGatewayRouteTable),
	"routes":                               whole((*part).searchedRoutes),         // search-transit-gateway-routes
	"associations":                         whole((*part).routeTableAssociations), // get-transit-gateway-route-table-associations
	"transitgatewayroutetablepropagations": whole((*part).routeTablePropagations),
	"transitgatewaystaticroutes":           list((*part).staticRoutes),
	"transitgatewaypropagations":           list((*part).propagations),

	"loadbalancerdescriptions": list((*part).classicLoadBalancer),
	"loadbalancers":            list((*part).loadBalancer),
	"listeners":                list((*part).listener),
	"rules":                    list((*part).listenerRule),
	"targetgroups":             list((*part).targetGroup),
	"targethealthdescriptions": whole((*part).targetHealth),
	"attributes":               whole((*part).attributes), // describe-load-balancer-attributes, describe-target-group-attributes
	"loadbalancerlisteners":    list((*part).listeners),
	"loadbalancertargethealth": list((*part).targetsHealth),
	"loadbalancerattributes":   list((*part).balancerAttributes),
	"targetgroupattributes":    list((*part).balancerAttributes),

	"dbinstances":         list((*part).dbInstance),
	"dbclusters":          list((*part).dbCluster),
	"dbsubnetgroups":      list(subnetGroups("rds", "DBSubnetGroupName")),
	"cacheclusters":       list((*part).cacheCluster),
	"replicationgroups":   list((*part).replicationGroup),
	"cachesubnetgroups":   list(subnetGroups("elasticache", "CacheSubnetGroupName")),
	"clusters":            list((*part).redshiftCluster),
	"clustersubnetgroups": list(subnetGroups("redshift", "ClusterSubnetGroupName")),
	"workspaces":          list((*part).workspace),
	"functions":           list((*part).function),
	"mounttargets":        list((*part).mountTarget),

	"flowlogs": list((*part).flowLog),

	"vpcblockpublicaccessoptions":    one((*part).blockPublicAccess),
	"vpcblockpublicaccessexclusions": list((*part).blockPublicAccessExclusion),
}

// beside are members of answers that are no list of things: where a page ends, and what
// says whose an answer is.
var beside = map[string]bool{
	"nexttoken": true, "nextmarker": true, "marker": true, "responsemetadata": true, "additionalroutesavailable": true,
	"prefixlistid": true, "transitgatewayroutetableid": true, "loadbalancerarn": true, "targetgrouparn": true,
}

// unread are the members of answers that nothing is made of yet.
var unread = []string{
	"availabilityzones", "customergateways", "dhcpoptions", "directconnectgateways", "instancestatuses", "tags",
}

// list reads a list, each of whose elements add adds.
func list[T any](add func(p *part, at string, v *T) error) answer {
	return answer{func(p *part, key string, data json.RawMessage) error {
		var raw []json.RawMessage
		if err := json.Unmarshal(data, &raw); err != nil {
			return errors.New("no list")
		}
		for i := range raw {
			at := fmt.Sprintf("%s[%d]", key, i)
			v, err := decode[T](at, raw[i])
			if err != nil {
				return err
			}
			if err := add(p, at, v); err != nil {
				return err
			}
		}
		return nil
	}, reflect.TypeFor[T]()}
}

// whole reads a list that is of one thing.
func whole[T any](add func(p *part, at string, v []T) error) answer {
	return answer{func(p *part, key string, data json.RawMessage) error {
		var raw []json.RawMessage
		if err := json.Unmarshal(data, &raw); err != nil {
			return errors.New("no list")
		}
		all := make([]T, 0, len(raw))
		for i := range raw {
			v, err := decode[T](fmt.Sprintf("%s[%d]", key, i), raw[i])
			if err != nil {
				return err
			}
			all = append(all, *v)
		}
		return add(p, key, all)
	}, reflect.TypeFor[T]()}
}

// one reads what is no list.
func one[T any](add func(p *part, at string, v *T) error) answer {
	return answer{func(p *part, key string, data json.RawMessage) error {
		v, err := decode[T](key, data)
		if err != nil {
			return err
		}
		return add(p, key, v)
	}, reflect.TypeFor[T]()}
}

func decode[T any](at string, data json.RawMessage) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(data, v); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			expected := wrong.Type.String()
			if wrong.Type.Kind() == reflect.Struct {
				expected = "object"
			}
			return nil, bad(strings.TrimSuffix(at+"."+wrong.Field, "."), "%s where %s is expected", wrong.Value, expected)
		}
		return nil, &badPlace{at, err, false}
	}
	return v, nil
}

// unknown returns the members of an answer that weir does not know, as Vpcs[].Member, with
// the place of the first one: those that it reads, and those that [ignored] lists, are known.
func (a answer) unknown(plain, key string, data json.RawMessage) map[string]string {
	var v any
	if json.Unmarshal(data, &v) != nil {
		return nil
	}
	w := members{ignored: ignoredMembers()[plain], found: map[string]string{}}
	w.walk(v, a.element, key, key, "")
	return w.found
}

// ruleForms are where rules stand: one with a member that is not known may allow more or
// less than what is read of it.
var ruleForms = []string{".IpPermissions[].", ".IpPermissionsEgress[].", ".Entries[]."}

// refuse returns what is wrong with a rule that has one of the unknown members.
func refuse(unknown map[string]string) error {
	for _, path := range slices.Sorted(maps.Keys(unknown)) {
		for _, form := range ruleForms {
			if strings.Contains(path, form) {
				return bad(unknown[path], "no member of a rule that is known")
			}
		}
	}
	return nil
}

// members walks through an answer.
type members struct {
	ignored map[string]bool
	found   map[string]string // the first place, by what it is without indices
}

// walk looks at a value that is read into a type. It stands at a place, which is there what
// it is without indices, and within an element the path.
func (w *members) walk(v any, t reflect.Type, place, there, path string) {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			w.walk(e, t, fmt.Sprintf("%s[%d]", place, i), there+"[]", path)
		}
	case map[string]any:
		if t == nil || t.Kind() != reflect.Struct {
			return
		}
		fields := fieldsOf(t)
		for name, e := range v {
			inner := strings.TrimPrefix(path+"."+name, ".")
			switch of, ok := fields[strings.ToLower(name)]; {
			case ok:
				w.walk(e, of, place+"."+name, there+"."+name, inner)
			case !w.ignored[inner] && w.found[there+"."+name] == "":
				w.found[there+"."+name] = place + "." + name
			}
		}
	}
}

var knownFields sync.Map // map[string]reflect.Type in lower case, by reflect.Type

// fieldsOf returns the members that a type is read from, in lower case, as encoding/json
// finds them.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := knownFields.Load(t); ok {
		return known.(map[string]reflect.Type)
	}
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		out[strings.ToLower(f.Name)] = f.Type
	}
	knownFields.Store(t, out)
	return out
}
