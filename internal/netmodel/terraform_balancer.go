package netmodel

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// later reports whether a plan will know some of a resource's members after apply only, or the
// first of them, which tells it from others, is not there, and notes it: the resource is left
// out. It is for resources that decide nothing about packets before something else is there too.
func (t *terraform) later(r *terraformResource, keys ...string) bool {
	for _, key := range keys {
		if unknownYet(r.unknown[key]) {
			t.unused = append(t.unused, fmt.Sprintf("%s (%s is known after apply)", r.Address, key))
			return true
		}
	}
	if r.known(keys[0]) == "" {
		t.unused = append(t.unused, fmt.Sprintf("%s (it has no %s)", r.Address, keys[0]))
		return true
	}
	return false
}

// unknownYet reports whether a plan does not know a value or a part of it.
func unknownYet(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case []any:
		return slices.ContainsFunc(v, unknownYet)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), unknownYet)
	}
	return false
}

// actions returns the actions of a listener or a rule, and tells the target groups of a
// forward the load balancer.
func (t *terraform) actions(r *terraformResource, key, balancer string) []object {
	var out []object
	for _, a := range r.blocks(key) {
		one := object{"Type": a.text("type"), "TargetGroupArn": a.text("target_group_arn")}
		arns := []string{a.text("target_group_arn")}
		var groups []object
		for _, f := range a.blocks("forward") {
			for _, g := range f.blocks("target_group") {
				groups = append(groups, object{"TargetGroupArn": g.text("arn")})
				arns = append(arns, g.text("arn"))
			}
		}
		if groups != nil {
			one["ForwardConfig"] = object{"TargetGroups": groups}
		}
		out = append(out, one)
		for _, arn := range arns {
			if g := t.things["TargetGroups "+arn]; g != nil && balancer != "" {
				g["LoadBalancerArns"] = set(append(g["LoadBalancerArns"].([]string), balancer))
			}
		}
	}
	return out
}

func (t *terraform) targetGroup(r *terraformResource) {
	if t.later(r, "arn", "name", "port", "protocol", "vpc_id", "target_type", "health_check") {
		return
	}
	arn := r.text("arn")
	v := t.add(r, "TargetGroups", arn, object{
		"TargetGroupArn": arn, "TargetGroupName": r.text("name"), "VpcId": r.text("vpc_id"), "Protocol": r.text("protocol"),
		"Port": r.number("port", r.get("port")), "TargetType": cmp.Or(r.text("target_type"), "instance"), "IpAddressType": r.known("ip_address_type"),
		"LoadBalancerArns": []string{}, // what the state says of them is of before their listeners
	})
	for _, h := range r.blocks("health_check") {
		v["HealthCheckProtocol"], v["HealthCheckPort"] = h.text("protocol"), h.text("port")
	}
	if text := r.known("preserve_client_ip"); text != "" {
		t.lists["TargetGroupAttributes"] = append(t.lists["TargetGroupAttributes"], object{
			"TargetGroupArn": arn, "Attributes": []object{{"Key": "preserve_client_ip.enabled", "Value": text}},
		})
	}
}

// target adds a target. Those of a target group of which the state has some are all: what is
// not in it is not there.
func (t *terraform) target(r *terraformResource) {
	if t.later(r, "target_group_arn", "target_id", "port") {
		return
	}
	arn := r.text("target_group_arn")
	group := t.of(r, "TargetGroups", arn)
	if group == nil {
		return
	}
	const key = "LoadBalancerTargetHealth"
	if t.things[key+" "+arn] == nil {
		t.add(r, key, arn, object{"TargetGroupArn": arn})
	}
	target := object{"Id": r.text("target_id")}
	if port := r.get("port"); port != nil {
		target["Port"] = r.number("port", port)
	} else if port := group["Port"]; port != nil {
		target["Port"] = port
	}
	if zone := r.known("availability_zone"); zone != "" {
		target["AvailabilityZone"] = zone
	}
	t.push(r, key, arn, "TargetHealthDescriptions", object{"Target": target})
}

func (t *terraform) listener(r *terraformResource) {
	if t.later(r, "arn", "load_balancer_arn", "port", "protocol", "default_action") {
		return
	}
	balancer := r.text("load_balancer_arn")
	v := object{"ListenerArn": r.text("arn"), "LoadBalancerArn": balancer, "Protocol": r.text("protocol"), "DefaultActions": t.actions(r, "default_action", balancer)}
	if port := r.get("port"); port != nil {
		v["Port"] = r.number("port", port)
	}
	t.add(r, "Listeners", r.text("arn"), v)
}

func (t *terraform) listenerRule(r *terraformResource) {
	if t.later(r, "arn", "listener_arn", "priority", "action", "condition") {
		return
	}
	balancer := ""
	if l := t.things["Listeners "+r.text("listener_arn")]; l != nil {
		balancer, _ = l["LoadBalancerArn"].(string)
	}
	var conditions []object
	for _, c := range r.blocks("condition") {
		for _, s := range c.blocks("source_ip") {
			conditions = append(conditions, object{"Field": "source-ip", "SourceIpConfig": object{"Values": s.texts("values")}})
		}
	}
	t.add(r, "Rules", r.text("arn"), object{
		"RuleArn": r.text("arn"), "Priority": r.text("priority"), "Conditions": conditions, "Actions": t.actions(r, "action", balancer),
	})
}
