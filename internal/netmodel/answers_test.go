package netmodel

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestIgnored checks that what is ignored is a member of something that is read, and not
// read itself.
func TestIgnored(t *testing.T) {
	for key, list := range ignored {
		if answers[key].read == nil {
			t.Errorf("%s is not read", key)
			continue
		}
		paths := strings.Fields(list)
		if !slices.IsSorted(paths) || len(slices.Compact(slices.Clone(paths))) != len(paths) {
			t.Errorf("%s: not in order, each once", key)
		}
		for _, path := range paths {
			names := strings.Split(path, ".")
			of := answers[key].element
			for i, name := range names {
				for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
					of = of.Elem()
				}
				if of.Kind() != reflect.Struct {
					t.Errorf("%s: %s is below what is read whole", key, path)
					break
				}
				inner, ok := fieldsOf(of)[strings.ToLower(name)]
				if last := i == len(names)-1; ok == last {
					t.Errorf("%s: %s is read: %v, but is it ignored at %s", key, path, ok, name)
					break
				}
				of = inner
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	for name, tt := range map[string]struct {
		key, text string
		want      map[string]string
	}{
		"known": {"Vpcs", `[{"VpcId": "vpc-1", "State": "available", "Tags": [{"Key": "a", "Value": "b"}]}]`, nil},
		"new":   {"Vpcs", `[{"VpcId": "vpc-1"}, {"VpcId": "vpc-2", "Colour": "red"}]`, map[string]string{"Vpcs[].Colour": "Vpcs[1].Colour"}},
		"within": {"Vpcs", `[{"Tags": [{"Key": "a", "Kind": 1}], "CidrBlockAssociationSet": [{"CidrBlockState": {"Since": 1}}]}]`, map[string]string{
			"Vpcs[].CidrBlockAssociationSet[].CidrBlockState.Since": "Vpcs[0].CidrBlockAssociationSet[0].CidrBlockState.Since", "Vpcs[].Tags[].Kind": "Vpcs[0].Tags[0].Kind",
		}},
		"ignored":     {"NatGateways", `[{"ProvisionedBandwidth": {"New": 1}}]`, nil},
		"no list":     {"VpcBlockPublicAccessOptions", `{"ManagedBy": "account", "New": {}}`, map[string]string{"VpcBlockPublicAccessOptions.New": "VpcBlockPublicAccessOptions.New"}},
		"other case":  {"vpcs", `[{"vpcId": "vpc-1"}]`, nil},
		"not objects": {"Vpcs", `[1, null, [[]], {"VpcId": {"a": 1}}]`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			plain := strings.ToLower(tt.key)
			if diff := cmp.Diff(tt.want, answers[plain].unknown(plain, tt.key, json.RawMessage(tt.text)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
