package netmodel

// blockPublicAccess adds the answer of describe-vpc-block-public-access-options, which is
// no list.
func (p *part) blockPublicAccess(at string, v *struct {
	AwsAccountId, AwsRegion, State, InternetGatewayBlockMode, ExclusionsAllowed string
},
) error {
	if v.AwsAccountId == "" || v.AwsRegion == "" {
		return bad(at, "no %s", map[bool]string{true: "AwsAccountId", false: "AwsRegion"}[v.AwsAccountId == ""])
	}
	out := &BlockPublicAccess{
		Account: v.AwsAccountId, Region: v.AwsRegion, Mode: v.InternetGatewayBlockMode, State: v.State, Exclusions: v.ExclusionsAllowed,
	}
	return put(p, at, "AwsAccountId", p.BlockPublicAccess, out.Account+"/"+out.Region, out, same)
}

func (p *part) blockPublicAccessExclusion(at string, v *struct {
	ExclusionId, InternetGatewayExclusionMode, ResourceArn, State string
	Tags                                                          tags
},
) error {
	resource := parseARN(v.ResourceArn)
	out := &BlockPublicAccessExclusion{
		ID: v.ExclusionId, Name: v.Tags.name(), Account: resource.account, Region: resource.region, Resource: resource.lastID(),
		Mode: v.InternetGatewayExclusionMode, State: v.State,
	}
	if out.Resource == "" {
		return bad(at+".ResourceArn", "%q is no ARN of a VPC or subnet", v.ResourceArn)
	}
	return put(p, at, "ExclusionId", p.BlockPublicAccessExclusions, out.ID, out, same)
}
