package describe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/source"
)

// fake answers as AWS's query services do. An operation's handler gets the request's form
// and returns a status and a body; what has none gets an empty answer.
type fake struct {
	handlers map[string]func(form url.Values) (int, string)

	mu    sync.Mutex
	asked []string
}

// serve returns a configuration that asks the fake.
func (f *fake) serve(t *testing.T) Config {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		name := r.PostForm.Get("Action")
		if target := r.Header.Get("X-Amz-Target"); target != "" { // WorkSpaces speaks JSON
			_, name, _ = strings.Cut(target, ".")
		}
		f.mu.Lock()
		f.asked = append(f.asked, name)
		f.mu.Unlock()
		status, body := http.StatusOK, fmt.Sprintf("<%[1]sResponse><%[1]sResult></%[1]sResult></%[1]sResponse>", name)
		switch handler := f.handlers[name]; {
		case name == "GetCallerIdentity":
			body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
		case handler != nil:
			status, body = handler(r.PostForm)
		case r.Header.Get("X-Amz-Target") != "":
			body = "{}"
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	return Config{Access: testAccess(srv.URL)}
}

// refuse is a handler that answers with an error of EC2.
func refuse(status int, code, message string) func(url.Values) (int, string) {
	return func(url.Values) (int, string) {
		return status, fmt.Sprintf(`<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>r-1</RequestID></Response>`, code, message)
	}
}

// document returns the text of a document.
func document(t *testing.T, a Answer, name string) string {
	t.Helper()
	i := slices.IndexFunc(a.Documents, func(d Document) bool { return d.Name == name })
	if i < 0 {
		t.Fatalf("no document %s", name)
	}
	return string(a.Documents[i].Data)
}

// TestNetworkPages follows tokens, by the names that EC2, Elastic Load Balancing and RDS
// have for them.
func TestNetworkPages(t *testing.T) {
	f := &fake{handlers: map[string]func(url.Values) (int, string){
		"DescribeSubnets": func(form url.Values) (int, string) {
			next := map[string]string{"": "2", "2": "3"}[form.Get("NextToken")]
			return 200, fmt.Sprintf(`<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-%s</subnetId></item></subnetSet><nextToken>%s</nextToken></DescribeSubnetsResponse>`,
				form.Get("NextToken"), next)
		},
		"DescribeTargetGroups": func(form url.Values) (int, string) {
			next := map[string]string{"": "<NextMarker>m</NextMarker>"}[form.Get("Marker")]
			return 200, fmt.Sprintf(`<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member><TargetGroupName>%q</TargetGroupName></member></TargetGroups>%s</DescribeTargetGroupsResult></DescribeTargetGroupsResponse>`,
				form.Get("Marker"), next)
		},
		"DescribeTargetHealth": refuse(400, "ValidationError", "no ARN"),
		"DescribeDBClusters": func(form url.Values) (int, string) {
			next := map[string]string{"": "<Marker>d</Marker>"}[form.Get("Marker")]
			return 200, fmt.Sprintf(`<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster><DBClusterIdentifier>%q</DBClusterIdentifier></DBCluster></DBClusters>%s</DescribeDBClustersResult></DescribeDBClustersResponse>`,
				form.Get("Marker"), next)
		},
		"DescribeVpcEndpoints": func(url.Values) (int, string) { // without an end
			return 200, `<DescribeVpcEndpointsResponse><vpcEndpointSet/><nextToken>again</nextToken></DescribeVpcEndpointsResponse>`
		},
	}}
	answers, err := Network(t.Context(), f.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"eu-west-1/ec2/describe-subnets.json":           `{"Subnets":[{"SubnetId":"subnet-"},{"SubnetId":"subnet-2"},{"SubnetId":"subnet-3"}]}`,
		"eu-west-1/elbv2/describe-target-groups.json":   `{"TargetGroups":[{"TargetGroupName":"\"\""},{"TargetGroupName":"\"m\""}]}`,
		"eu-west-1/rds/describe-db-clusters.json":       `{"DBClusters":[{"DBClusterIdentifier":"\"\""},{"DBClusterIdentifier":"\"d\""}]}`,
		"eu-west-1/ec2/describe-vpcs.json":              `{}`,
		"eu-west-1/workspaces/describe-workspaces.json": `{}`,
	} {
		if diff := cmp.Diff(values(t, []byte(want)), values(t, []byte(document(t, answers[0], name)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if !slices.ContainsFunc(answers[0].Missing, func(m Missing) bool { return m.Operation == "ec2 describe-vpc-endpoints" && m.Why == errPages.Error() }) {
		t.Errorf("missing %v; want the endpoints whose pages do not end", answers[0].Missing)
	}
}

// TestNetworkMissing asks where some operations are denied, unknown, or about what is gone.
func TestNetworkMissing(t *testing.T) {
	f := &fake{handlers: map[string]func(url.Values) (int, string){
		"DescribeVpcs":                        refuse(403, "UnauthorizedOperation", "You are not authorized to perform this operation. Encoded authorization failure message: abc"),
		"DescribeTransitGatewayRouteTables":   refuse(403, "UnauthorizedOperation", "No."),
		"DescribeVpcBlockPublicAccessOptions": refuse(400, "InvalidAction", "The action is not valid for this web service."),
		"DescribeDBInstances": func(url.Values) (int, string) {
			return 403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized</Message></Error><RequestId>r</RequestId></ErrorResponse>`
		},
		"DescribeWorkspaces": func(url.Values) (int, string) {
			return 400, `{"__type":"AccessDeniedException","Message":"User is not authorized"}`
		},
		"DescribeClusters": func(url.Values) (int, string) { return 500, "<!doctype html><title>500</title>" },
		"DescribeManagedPrefixLists": func(url.Values) (int, string) {
			return 200, `<DescribeManagedPrefixListsResponse><prefixListSet><item><prefixListId>pl-1</prefixListId></item><item><prefixListId>pl-2</prefixListId></item></prefixListSet></DescribeManagedPrefixListsResponse>`
		},
		"GetManagedPrefixListEntries": func(form url.Values) (int, string) {
			if form.Get("PrefixListId") == "pl-1" {
				return refuse(400, "InvalidPrefixListID.NotFound", "The prefix list ID 'pl-1' does not exist")(form)
			}
			return 200, `<GetManagedPrefixListEntriesResponse><entrySet><item><cidr>10.0.0.0/8</cidr></item></entrySet></GetManagedPrefixListEntriesResponse>`
		},
		"DescribeTargetGroups": func(url.Values) (int, string) {
			return 200, `<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member><TargetGroupArn>arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/a/1</TargetGroupArn></member>` +
				`<member><TargetGroupArn>arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/b/2</TargetGroupArn></member></TargetGroups></DescribeTargetGroupsResult></DescribeTargetGroupsResponse>`
		},
		"DescribeTargetHealth": func(url.Values) (int, string) {
			return 403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>No.</Message></Error><RequestId>r</RequestId></ErrorResponse>`
		},
	}}
	c := f.serve(t)
	c.Regions = []string{"eu-west-1", "eu-central-1"}
	var steps []int
	c.Progress = func(done, total int) {
		if total != 2*len(operations) {
			t.Errorf("%d operations in all; want %d", total, 2*len(operations))
		}
		steps = append(steps, done)
	}
	answers, err := Network(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 2*len(operations) || !slices.IsSorted(steps) {
		t.Errorf("progress %v; want one step for each operation and region", steps)
	}
	const parent = "what to ask about is not known without ec2 describe-transit-gateway-route-tables"
	for i, region := range c.Regions {
		a := answers[i]
		want := []Missing{
			{region, "ec2 describe-vpcs", "", "ec2:DescribeVpcs", "access denied"},
			{region, "ec2 get-managed-prefix-list-entries", "pl-1", "", "InvalidPrefixListID.NotFound: The prefix list ID 'pl-1' does not exist (request r-1)"},
			{region, "ec2 describe-transit-gateway-route-tables", "", "ec2:DescribeTransitGatewayRouteTables", "access denied"},
			{region, "ec2 get-transit-gateway-route-table-associations", "", "", parent},
			{region, "ec2 get-transit-gateway-route-table-propagations", "", "", parent},
			{region, "ec2 search-transit-gateway-routes", "", "", parent},
			{region, "ec2 describe-vpc-block-public-access-options", "", "", "InvalidAction: The action is not valid for this web service. (request r-1)"},
			{region, "elbv2 describe-target-health", "", "elasticloadbalancing:DescribeTargetHealth", "access denied"},
			{region, "rds describe-db-instances", "", "rds:DescribeDBInstances", "access denied"},
			{region, "redshift describe-clusters", "", "", "the service answered with status 500"},
			{region, "workspaces describe-workspaces", "", "workspaces:DescribeWorkspaces", "access denied"},
		}
		if diff := cmp.Diff(want, a.Missing); diff != "" {
			t.Errorf("missing (-want +got):\n%s", diff)
		}
		if text := document(t, a, region+"/ec2/get-managed-prefix-list-entries/pl-2.json"); !strings.Contains(text, "10.0.0.0/8") {
			t.Errorf("entries of pl-2: %s", text)
		}
		for _, d := range a.Documents {
			if !strings.HasPrefix(d.Name, region+"/") {
				t.Errorf("document %s of %s", d.Name, region)
			}
		}
	}
	const line = "ec2 describe-vpcs in eu-west-1: access denied; it needs the action ec2:DescribeVpcs"
	if got := answers[0].Missing[0].String(); got != line {
		t.Errorf("%q; want %q", got, line)
	}
}

// TestNetworkRoutes refuses a route table that is not given whole.
func TestNetworkRoutes(t *testing.T) {
	f := &fake{handlers: map[string]func(url.Values) (int, string){
		"DescribeTransitGatewayRouteTables": func(url.Values) (int, string) {
			return 200, `<DescribeTransitGatewayRouteTablesResponse><transitGatewayRouteTables><item><transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId></item>` +
				`<item><transitGatewayRouteTableId>tgw-rtb-2</transitGatewayRouteTableId></item></transitGatewayRouteTables></DescribeTransitGatewayRouteTablesResponse>`
		},
		"SearchTransitGatewayRoutes": func(form url.Values) (int, string) {
			if got := []string{form.Get("Filter.1.Name"), form.Get("Filter.1.Value.1"), form.Get("Filter.1.Value.2")}; !slices.Equal(got, []string{"state", "active", "blackhole"}) {
				return refuse(400, "InvalidParameterValue", strings.Join(got, " "))(form)
			}
			more := form.Get("TransitGatewayRouteTableId") == "tgw-rtb-1"
			return 200, fmt.Sprintf(`<SearchTransitGatewayRoutesResponse><routeSet><item><destinationCidrBlock>10.0.0.0/8</destinationCidrBlock></item></routeSet>`+
				`<additionalRoutesAvailable>%t</additionalRoutesAvailable></SearchTransitGatewayRoutesResponse>`, more)
		},
	}}
	answers, err := Network(t.Context(), f.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []Missing{{Region: "eu-west-1", Operation: "ec2 search-transit-gateway-routes", ID: "tgw-rtb-1", Why: errMoreRoutes.Error()}}
	if diff := cmp.Diff(want, answers[0].Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if text := document(t, answers[0], "eu-west-1/ec2/search-transit-gateway-routes/tgw-rtb-2.json"); !strings.Contains(text, "10.0.0.0/8") {
		t.Errorf("routes: %s", text)
	}
}

// TestNetworkEnds checks what ends everything.
func TestNetworkEnds(t *testing.T) {
	for _, tt := range []struct {
		name     string
		handler  func(url.Values) (int, string)
		want     source.Code
		hint     string
		attempts int
	}{
		{"expired", refuse(400, "RequestExpired", "Request has expired."), source.ExpiredCredentials, "aws sso login", 1},
		{"region not enabled", refuse(401, "AuthFailure", "AWS was not able to validate the provided access credentials"), source.BadCredentials, "not enabled", 1},
		{"throttled", refuse(503, "RequestLimitExceeded", "Request limit exceeded."), source.Throttled, "run again later", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{handlers: map[string]func(url.Values) (int, string){"DescribeSubnets": tt.handler}}
			c := f.serve(t)
			c.MaxAttempts = tt.attempts
			_, err := Network(t.Context(), c)
			var fault *source.Fault
			if !errors.As(err, &fault) || fault.Code != tt.want || !strings.Contains(fault.Hint, tt.hint) || strings.Contains(fault.Hint, "taken in") {
				t.Fatalf("error %v, hint %q; want %q with hint %q", err, fault.Hint, tt.want, tt.hint)
			}
			asked := 0
			for _, name := range f.asked {
				if name == "DescribeSubnets" {
					asked++
				}
			}
			if asked != tt.attempts {
				t.Errorf("asked %d times; want %d", asked, tt.attempts)
			}
		})
	}
	t.Run("no region", func(t *testing.T) {
		c := Config{Access: testAccess("http://127.0.0.1:9")}
		delete(c.Env, "AWS_REGION")
		_, err := Network(t.Context(), c)
		var fault *source.Fault
		if !errors.As(err, &fault) || fault.Code != source.WrongRegion || !strings.Contains(fault.Hint, "--region") {
			t.Errorf("error %v; want one about the region", err)
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		c := Config{Access: testAccess("http://127.0.0.1:9")}
		delete(c.Env, "AWS_ACCESS_KEY_ID")
		c.Env["AWS_EC2_METADATA_DISABLED"] = "true"
		_, err := Network(t.Context(), c)
		var fault *source.Fault
		if !errors.As(err, &fault) || fault.Code != source.NoCredentials || strings.Contains(fault.Hint, "bucket") {
			t.Errorf("error %v; want one about credentials, without buckets", err)
		}
	})
	t.Run("ended from outside", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := &fake{handlers: map[string]func(url.Values) (int, string){"DescribeSubnets": func(url.Values) (int, string) {
			cancel()
			return 200, "<DescribeSubnetsResponse/>"
		}}}
		if _, err := Network(ctx, f.serve(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v; want context.Canceled", err)
		}
	})
}

// TestMissingService takes a name that is not there as a service that the region does not
// have, but for EC2, which every region has.
func TestMissingService(t *testing.T) {
	c := Config{Access: testAccess("")}
	for name, tt := range map[string]struct {
		service service
		err     error
		want    string
	}{
		"no such name":      {ofWorkSpaces, &net.DNSError{Err: "no such host", Name: "workspaces.eu-south-1.amazonaws.com", IsNotFound: true}, "the region has no address for the service"},
		"no such name, EC2": {ofEC2, &net.DNSError{Err: "no such host", Name: "ec2.eu-nowhere-1.amazonaws.com", IsNotFound: true}, ""},
		"no name service":   {ofWorkSpaces, &net.DNSError{Err: "server misbehaving", IsTemporary: true}, ""},
		"no connection":     {ofWorkSpaces, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			why, denied, err := c.missing(t.Context(), &operation{service: tt.service, name: "DescribeThings"}, "eu-south-1", tt.err)
			if why != tt.want || denied {
				t.Errorf("missing since %q, denied %t; want %q", why, denied, tt.want)
			}
			var fault *source.Fault
			if ends := errors.As(err, &fault) && fault.Code == source.Unreachable; ends != (tt.want == "") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestNetworkEndpoints asks each service where the environment says.
func TestNetworkEndpoints(t *testing.T) {
	all, balancers := &fake{}, &fake{}
	c := all.serve(t)
	c.Env["AWS_ENDPOINT_URL"], c.EndpointURL = c.EndpointURL, ""
	c.Env["AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2"] = balancers.serve(t).EndpointURL
	if _, err := Network(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"DescribeLoadBalancers", "DescribeTargetGroups"}, balancers.asked); diff != "" {
		t.Errorf("asked of the other endpoint (-want +got):\n%s", diff)
	}
	if !slices.Contains(all.asked, "DescribeWorkspaces") || slices.Contains(all.asked, "DescribeTargetGroups") {
		t.Errorf("asked of all others' endpoint: %v", all.asked)
	}
}

// TestNetworkNested asks about things that an operation names which is itself asked about
// others: rules of listeners of load balancers.
func TestNetworkNested(t *testing.T) {
	const arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:"
	answer := func(name, body string) (int, string) {
		return 200, fmt.Sprintf("<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", name, body)
	}
	for name, tt := range map[string]struct {
		listeners func(url.Values) (int, string)
		rules     []string // documents
		missing   string
	}{
		"all": {
			func(form url.Values) (int, string) {
				of := form.Get("LoadBalancerArn")[len(arn+"loadbalancer/"):]
				return answer("DescribeListeners", "<Listeners><member><ListenerArn>"+arn+"listener/"+of+"/80</ListenerArn></member><member><ListenerArn>"+arn+"listener/"+of+"/443</ListenerArn></member></Listeners>")
			},
			[]string{"listener-app-a-1-80", "listener-app-a-1-443", "listener-app-b-2-80", "listener-app-b-2-443"},
			"",
		},
		"denied": {
			func(url.Values) (int, string) {
				return 403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>No.</Message></Error><RequestId>r</RequestId></ErrorResponse>`
			},
			nil, "elbv2 describe-rules in eu-west-1: what to ask about is not known without elbv2 describe-listeners",
		},
		"none": {func(url.Values) (int, string) { return answer("DescribeListeners", "<Listeners/>") }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{handlers: map[string]func(url.Values) (int, string){
				"DescribeLoadBalancers": func(form url.Values) (int, string) {
					if form.Get("Version") == "2012-06-01" { // classic ones
						return answer("DescribeLoadBalancers", "")
					}
					return answer("DescribeLoadBalancers", "<LoadBalancers><member><LoadBalancerArn>"+arn+"loadbalancer/app/a/1</LoadBalancerArn></member><member><LoadBalancerArn>"+arn+"loadbalancer/app/b/2</LoadBalancerArn></member></LoadBalancers>")
				},
				"DescribeListeners": tt.listeners,
				"DescribeRules": func(form url.Values) (int, string) {
					return answer("DescribeRules", "<Rules><member><RuleArn>"+form.Get("ListenerArn")+"/r</RuleArn></member></Rules>")
				},
			}}
			answers, err := Network(t.Context(), f.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			var rules, missing []string
			for _, d := range answers[0].Documents {
				if of, ok := strings.CutPrefix(d.Name, "eu-west-1/elbv2/describe-rules/"); ok {
					rules = append(rules, strings.TrimSuffix(of, ".json"))
				}
			}
			for _, m := range answers[0].Missing {
				if m.Operation == "elbv2 describe-rules" {
					missing = append(missing, m.String())
				}
			}
			if diff := cmp.Diff(tt.rules, rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if strings.Join(missing, "; ") != tt.missing {
				t.Errorf("missing %q, want %q", missing, tt.missing)
			}
		})
	}
}
