package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/internal/netmodel"
	"weir/internal/source/sourcetest"
)

// terraform runs Terraform in a folder.
func terraform(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "terraform", args...)
	cmd.Dir = dir
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "TF_") && !strings.HasPrefix(kv, "AWS_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "AWS_EC2_METADATA_DISABLED=true")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s\n%s", args[0], err, out, problems.String())
	}
	return out
}

// terraformPlugins returns a folder that mirrors providers, the AWS provider among them: the one that WEIR_TERRAFORM_PLUGINS names, else one of those
// where Terraform looks by itself, or where machines that are offline have one. The test is skipped where there is none, or no Terraform.
func terraformPlugins(t *testing.T) string {
	t.Helper()
	roots := []string{os.Getenv("WEIR_TERRAFORM_PLUGINS")}
	if home, err := os.UserHomeDir(); err == nil {
		roots = append(roots, filepath.Join(home, ".terraform.d", "plugins"))
	}
	roots = append(roots, "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins")
	others, _ := filepath.Glob("/opt/*") // the pattern is good
	if _, err := exec.LookPath("terraform"); err == nil {
		for _, root := range append(roots, others...) {
			if _, err := os.Stat(filepath.Join(root, "registry.terraform.io", "hashicorp", "aws")); root != "" && err == nil {
				return root
			}
		}
	}
	t.Skip("not run: terraform is not installed, or no folder has its AWS provider: WEIR_TERRAFORM_PLUGINS names one")
	return ""
}

// TestTerraformAndAWS makes a network by Terraform and reads it from Terraform's state and from
// what moto describes, as AWS does: both are one definition, but for what Terraform does not
// keep, what AWS makes itself, and what moto leaves out.
func TestTerraformAndAWS(t *testing.T) {
	plugins := terraformPlugins(t)
	moto, dir := sourcetest.StartMoto(t), t.TempDir()
	config, err := os.ReadFile(filepath.Join("testdata", "terraform", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	terraform(t, dir, "init", "-no-color", "-plugin-dir="+plugins)
	terraform(t, dir, "apply", "-no-color", "-auto-approve", "-var", "endpoint="+moto)
	file, saved := filepath.Join(dir, "state.json"), filepath.Join(dir, "saved")
	if err := os.WriteFile(file, terraform(t, dir, "show", "-json"), 0o600); err != nil {
		t.Fatal(err)
	}
	awsEnv(t, "test", "test")
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // moto answers calls that it does not have with 500
	t.Setenv("AWS_ENDPOINT_URL", moto)
	if a := call(t.Context(), "--data", t.TempDir(), "network", "import", "--live", "--region", "eu-west-1", "--save", saved); a.Code != exitPartial {
		t.Fatalf("%+v", a)
	}
	state, err := netmodel.Load(file)
	if err != nil || len(state.Problems)+len(state.Unused) > 0 {
		t.Fatalf("%v, left out %v, not read %v", err, state.Problems, state.Unused)
	}
	live, err := netmodel.Load(saved)
	if err != nil {
		t.Fatal(err)
	}
	for id, g := range live.SecurityGroups {
		forget(g, state.SecurityGroups[id])
	}
	for id, b := range live.LoadBalancers {
		if s := state.LoadBalancers[id]; s != nil {
			b.Attributes = told(b.Attributes, s.Attributes)
		}
	}
	for id, g := range live.TargetGroups {
		g.LoadBalancers = slices.Compact(g.LoadBalancers) // moto repeats it for a rule
		if s := state.TargetGroups[id]; s != nil {
			g.Attributes = told(g.Attributes, s.Attributes)
		}
	}
	for _, c := range netmodel.Diff(state.Network, live.Network) {
		for _, d := range c.Details {
			if argued[c.Kind+": "+d.Member] == "" {
				t.Errorf("%s %s: %s went %q, came %q", c.Kind, c.ID, d.Member, d.Went, d.Came)
			}
		}
		if c.What != netmodel.Changed && !makesAlone(live.Network, &c) {
			t.Errorf("%s %s %s %s", c.Kind, c.ID, c.Name, c.What)
		}
	}
	rules := 0
	for _, g := range state.SecurityGroups {
		rules += len(g.Ingress) + len(g.Egress)
	}
	if len(state.SecurityGroups) != 4 || rules != 14 || len(state.NetworkACLs) != 2 || len(state.RouteTables) != 2 || len(state.Interfaces) != 2 {
		t.Errorf("%d groups, %d rules, %v", len(state.SecurityGroups), rules, state.Counts())
	}
}

// forget takes from the rules of a group the ids that a state has not: those of rules within
// the group, and of the older resource with several peers.
func forget(live, state *netmodel.SecurityGroup) {
	if state == nil {
		return
	}
	for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
		list := live.Rules(way)
		for i := range list {
			bare := list[i]
			bare.ID = ""
			if slices.Contains(state.Rules(way), bare) {
				list[i] = bare
			}
		}
	}
}

// told returns those attributes that a state tells too. What it leaves open, answers say that they assume.
func told(live, state map[string]string) map[string]string {
	var out map[string]string
	for key := range state {
		if value, ok := live[key]; ok {
			if out == nil {
				out = map[string]string{}
			}
			out[key] = value
		}
	}
	return out
}

// defaultVPC is the network of a default VPC.
const defaultVPC = "172.31.0.0/16"

// makesAlone reports whether a thing is none that Terraform manages, or that a live import asks
// for.
func makesAlone(n *netmodel.Network, c *netmodel.Change) bool {
	if c.What == netmodel.Went {
		return false
	}
	switch _, thing := n.Kind(c.ID); v := thing.(type) {
	case *netmodel.VPC:
		return v.CIDRs[0].String() == defaultVPC
	case *netmodel.Subnet:
		return n.VPCs[v.VPC].CIDRs[0].String() == defaultVPC
	case *netmodel.SecurityGroup:
		return v.Name == "default"
	case *netmodel.NetworkACL:
		return v.Default
	case *netmodel.RouteTable: // with which a VPC is made
		return !slices.ContainsFunc(v.Routes, func(r netmodel.Route) bool { return r.Target.Kind != netmodel.TargetLocal })
	case *netmodel.ListenerRule:
		return v.Priority == "default" // which the listener itself has in the state
	case *netmodel.PrefixList:
		return strings.HasPrefix(v.Name, "com.amazonaws.")
	case *netmodel.Interface:
		return v.Role == netmodel.RoleNATGateway
	}
	return false
}

// argued says why members differ.
var argued = map[string]string{
	"VPCs: main route table":         "the one that AWS makes is not in the state",
	"subnets: route table":           "the same",
	"subnets: network ACL":           "the same of the default network ACL",
	"network ACLs: associations":     "the state has no ids of them",
	"interfaces: status":             "the state has none",
	"interfaces: MAC":                "the state has none of an ENI that its instance makes",
	"interfaces: public":             "moto does not tell an ENI its Elastic IP",
	"prefix lists: state":            "the state has none",
	"NAT gateways: addresses":        "moto does not say which is the primary one",
	"elastic IPs: private":           "the state is of before the NAT gateway has it",
	"elastic IPs: interface":         "the same",
	"elastic IPs: interface account": "the state does not say whose the ENI is",
	"peering connections: message":   "the state has none",
	"peering connections: requester": "moto names the first network only",
	"target groups: targets":         "the state does not say whether they are healthy",
}
