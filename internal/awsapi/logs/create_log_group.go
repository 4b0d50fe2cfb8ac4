package logs

import (
	"context"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

type createLogGroupRequest struct {
	Name               string            `json:"logGroupName" required:"true" shape:"group"`
	KMSKey             string            `json:"kmsKeyId" shape:"kms"`
	Tags               map[string]string `json:"tags" shape:"tags" keys:"tagKey" each:"tagValue"`
	Class              string            `json:"logGroupClass" shape:"class"`
	DeletionProtection bool              `json:"deletionProtectionEnabled"`
}

// createLogGroup makes a log group. What weir does not do (encryption with KMS keys, deletion
// protection, the class DELIVERY) is refused.
//
// Source: AWS, CreateLogGroup.
func (a *API) createLogGroup(ctx context.Context, _ *awsapi.Call, in *createLogGroupRequest) (*struct{}, error) {
	switch {
	case in.KMSKey != "":
		return nil, invalid("This server does not encrypt log groups with KMS keys: leave kmsKeyId out.")
	case in.DeletionProtection:
		return nil, invalid("This server does not protect log groups from deletion: leave deletionProtectionEnabled out.")
	case in.Class == "DELIVERY":
		return nil, invalid("This server has no log groups of the class DELIVERY: use STANDARD.")
	case strings.HasPrefix(in.Name, "aws/"):
		return nil, invalid("Log groups starting with aws/ are reserved for AWS.")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if _, _, err := a.groups.find(ctx, in.Name); err == nil { // the lake's too
		return nil, answer(logstore.ErrGroupExists)
	}
	if strings.HasPrefix(in.Name, "/weir/") { // of which there may be more later
		return nil, invalid("Log groups starting with /weir/ are reserved for the records of this server's lake.")
	}
	class := in.Class
	if class == "" {
		class = "STANDARD"
	}
	return nil, answer(a.Store.CreateGroup(ctx, in.Name, class, in.Tags))
}
