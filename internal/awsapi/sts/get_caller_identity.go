package sts

import (
	"context"

	"weir/internal/awsapi"
)

type getCallerIdentityResponse struct {
	ARN     string `json:"Arn"`
	UserID  string `json:"UserId"`
	Account string `json:"Account"`
}

// getCallerIdentity says whose the access key is that signed the request. A key is what an IAM user is with AWS; it has no id but its own.
//
// Source: AWS, GetCallerIdentity.
func (a *API) getCallerIdentity(_ context.Context, c *awsapi.Call, _ *struct{}) (*getCallerIdentityResponse, error) {
	id := c.Identity.AccessKeyID()
	name := a.Name(id)
	if name == "" { // it was revoked meanwhile
		return nil, &awsapi.Error{Code: "InvalidClientTokenId", Status: 403, Message: "The security token included in the request is invalid."}
	}
	return &getCallerIdentityResponse{ARN: "arn:aws:iam::" + a.Account + ":user/" + name, UserID: id, Account: a.Account}, nil
}
