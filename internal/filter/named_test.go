package filter

import (
	"errors"
	"slices"
	"testing"

	"weir/flowlog"
	"weir/internal/query"
)

// TestNamed reads, prints and completes filters by names, and refuses them where there are none.
func TestNamed(t *testing.T) {
	named := Options{Kind: flowlog.KindVPC, Names: true}
	for text, want := range map[string]string{
		"interface-name = web":                   `=(interface_name, 'web')`,
		"Interface_Name in (web, 'a b')":         `in(interface_name, 'web', 'a b')`,
		"dst-role is absent":                     `is_absent(dst_role)`,
		"not src-service starts with S3":         `or(is_absent(src_service), not(starts_with(src_service, 'S3')))`,
		"interface-state != 'assumed unchanged'": `!=(interface_state, 'assumed unchanged')`,
		"src-country in (DE, FR)":                `in(src_country, 'DE', 'FR')`,
		"dst_port_name != https":                 `!=(port_name(dstport, protocol), 'https')`,
		"src-port-name is absent":                `is_absent(port_name(srcport, protocol))`,
		"src-port-name ~ /^s/":                   `matches(port_name(srcport, protocol), '^s')`,
	} {
		e, err := Parse(text, named)
		if err != nil || e.String() != want {
			t.Errorf("%s: %v, %v, want %s", text, e, err, want)
			continue
		}
		printed, err := Format(e, named)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if again, err := Parse(printed, named); err != nil || again.String() != want {
			t.Errorf("%s, printed as %s: %v, %v", text, printed, again, err)
		}
	}
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{}, "src-name comes from the network's definition, and not from the records"},
		{Options{Delivered: true, Kind: flowlog.KindTGW}, "src-name comes from the network's definition, and not from the records"},
		{Options{Names: true, Kind: flowlog.KindTGW}, "transit gateway flow logs have no src-name"},
	} {
		_, err := Parse("src-name = web", tt.o)
		if e, ok := errors.AsType[*Error](err); !ok || e.Message != tt.want {
			t.Errorf("%+v: %v, want %s", tt.o, err, tt.want)
		}
	}
	_, err := Parse("src-name > web", named)
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Errorf("an order of names: %v", err)
	}
	for _, c := range query.NameColumns() {
		name := spelled(c)
		offers := func(o Options) bool {
			return slices.ContainsFunc(Complete(name[:len(name)-1], len(name)-1, o), func(x Completion) bool { return x.Text == name && x.About == c.Meaning() })
		}
		always := c.From() == query.FromRegistry
		if !offers(named) || offers(Options{Kind: flowlog.KindVPC}) != always || offers(Options{Kind: flowlog.KindTGW, Names: true, Delivered: true}) != always {
			t.Errorf("%s is not offered just where there are names", name)
		}
	}
}
