package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

// retentions are the numbers of days that AWS allows.
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

type putRetentionPolicyRequest struct {
	Group string `json:"logGroupName" required:"true" shape:"group"`
	Days  *int32 `json:"retentionInDays" required:"true"`
}

// putRetentionPolicy keeps the events of a group for some days.
//
// Source: AWS, PutRetentionPolicy.
func (a *API) putRetentionPolicy(ctx context.Context, _ *awsapi.Call, in *putRetentionPolicyRequest) (*struct{}, error) {
	if !slices.Contains(retentions, *in.Days) {
		return nil, invalid("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			*in.Days, strings.ReplaceAll(strings.Trim(fmt.Sprint(retentions), "[]"), " ", ", "))
	}
	return nil, a.groups.writing(ctx, in.Group, a.Store.SetRetention(ctx, in.Group, int(*in.Days)))
}
