package netmodel

import "strings"

// ignored are the members of AWS's answers, by the member that holds them, that are known
// and that weir makes nothing of: they say nothing about where packets go, who owns an
// address or how flow logs are delivered. A member that is neither read nor here is in
// [Loaded.Unknown]; a member below one of these is ignored with it.
//
// Source: the EC2, Elastic Load Balancing, RDS, ElastiCache, Redshift, WorkSpaces, Lambda
// and EFS API references, as of 2026-05.
var ignored = map[string]string{
	"addresses": `
		AssociationId CustomerOwnedIpv4Pool Domain PublicIpv4Pool SubnetId`,
	"entries": `
		Description`,
	"instances": `
		AmiLaunchIndex Architecture BlockDeviceMappings BootMode CapacityBlockId CapacityReservationId
		CapacityReservationSpecification ClientToken CpuOptions CurrentInstanceBootMode EbsOptimized ElasticGpuAssociations
		ElasticInferenceAcceleratorAssociations EnaSupport EnclaveOptions HibernationOptions Hypervisor IamInstanceProfile
		ImageId InstanceLifecycle InstanceType Ipv6Address KernelId KeyName LaunchTime Licenses MaintenanceOptions
		MetadataOptions Monitoring NetworkInterfaces.Association NetworkInterfaces.Attachment.AttachTime
		NetworkInterfaces.Attachment.AttachmentId NetworkInterfaces.Attachment.DeleteOnTermination
		NetworkInterfaces.Attachment.DeviceIndex NetworkInterfaces.Attachment.EnaQueueCount
		NetworkInterfaces.Attachment.EnaSrdSpecification NetworkInterfaces.Attachment.NetworkCardIndex
		NetworkInterfaces.Attachment.Status NetworkInterfaces.Groups.GroupName NetworkInterfaces.Ipv6Addresses.IsPrimaryIpv6
		NetworkInterfaces.MacAddress NetworkInterfaces.Operator NetworkInterfaces.PrivateDnsName
		NetworkInterfaces.PrivateIpAddresses.Association.CarrierIp
		NetworkInterfaces.PrivateIpAddresses.Association.CustomerOwnedIp
		NetworkInterfaces.PrivateIpAddresses.Association.IpOwnerId
		NetworkInterfaces.PrivateIpAddresses.Association.PublicDnsName NetworkInterfaces.PrivateIpAddresses.PrivateDnsName
		NetworkPerformanceOptions Operator OutpostArn Placement Platform PlatformDetails PrivateDnsName
		PrivateDnsNameOptions PrivateIpAddress ProductCodes PublicDnsName PublicIpAddress RamdiskId RootDeviceName
		RootDeviceType SecondaryInterfaces SecurityGroups SourceDestCheck SpotInstanceRequestId SriovNetSupport State
		StateReason StateTransitionReason SubnetId TpmSupport UsageOperation UsageOperationUpdateTime VirtualizationType
		VpcId`,
	"natgateways": `
		AttachedAppliances AutoProvisionZones AutoScalingIps CreateTime DeleteTime FailureCode FailureMessage
		NatGatewayAddresses.AssociationId NatGatewayAddresses.FailureMessage ProvisionedBandwidth`,
	"networkacls": `
		Associations.NetworkAclAssociationId Associations.NetworkAclId`,
	"networkinterfaces": `
		AssociatedSubnets Association Attachment.AttachTime Attachment.AttachmentId Attachment.DeleteOnTermination
		Attachment.DeviceIndex Attachment.EnaQueueCount Attachment.EnaSrdSpecification Attachment.NetworkCardIndex
		Attachment.Status AvailabilityZoneId Groups.GroupName Ipv6Address Ipv6Addresses.IsPrimaryIpv6
		Ipv6Addresses.PublicIpv6DnsName Ipv6Native MacAddress Operator OutpostArn PrivateDnsName
		PrivateIpAddresses.Association.AllocationId PrivateIpAddresses.Association.AssociationId
		PrivateIpAddresses.Association.CarrierIp PrivateIpAddresses.Association.CustomerOwnedIp
		PrivateIpAddresses.Association.IpOwnerId PrivateIpAddresses.Association.PublicDnsName
		PrivateIpAddresses.PrivateDnsName PublicDnsName PublicIpDnsNameOptions`,
	"prefixlists": `
		IpamPrefixListResolverSyncEnabled IpamPrefixListResolverTargetId StateMessage`,
	"reservations": `
		Groups Instances.AmiLaunchIndex Instances.Architecture Instances.BlockDeviceMappings Instances.BootMode
		Instances.CapacityBlockId Instances.CapacityReservationId Instances.CapacityReservationSpecification
		Instances.ClientToken Instances.CpuOptions Instances.CurrentInstanceBootMode Instances.EbsOptimized
		Instances.ElasticGpuAssociations Instances.ElasticInferenceAcceleratorAssociations Instances.EnaSupport
		Instances.EnclaveOptions Instances.HibernationOptions Instances.Hypervisor Instances.IamInstanceProfile
		Instances.ImageId Instances.InstanceLifecycle Instances.InstanceType Instances.Ipv6Address Instances.KernelId
		Instances.KeyName Instances.LaunchTime Instances.Licenses Instances.MaintenanceOptions Instances.MetadataOptions
		Instances.Monitoring Instances.NetworkInterfaces.Association Instances.NetworkInterfaces.Attachment.AttachTime
		Instances.NetworkInterfaces.Attachment.AttachmentId Instances.NetworkInterfaces.Attachment.DeleteOnTermination
		Instances.NetworkInterfaces.Attachment.DeviceIndex Instances.NetworkInterfaces.Attachment.EnaQueueCount
		Instances.NetworkInterfaces.Attachment.EnaSrdSpecification Instances.NetworkInterfaces.Attachment.NetworkCardIndex
		Instances.NetworkInterfaces.Attachment.Status Instances.NetworkInterfaces.Groups.GroupName
		Instances.NetworkInterfaces.Ipv6Addresses.IsPrimaryIpv6 Instances.NetworkInterfaces.MacAddress
		Instances.NetworkInterfaces.Operator Instances.NetworkInterfaces.PrivateDnsName
		Instances.NetworkInterfaces.PrivateIpAddresses.Association.CarrierIp
		Instances.NetworkInterfaces.PrivateIpAddresses.Association.CustomerOwnedIp
		Instances.NetworkInterfaces.PrivateIpAddresses.Association.IpOwnerId
		Instances.NetworkInterfaces.PrivateIpAddresses.Association.PublicDnsName
		Instances.NetworkInterfaces.PrivateIpAddresses.PrivateDnsName Instances.NetworkPerformanceOptions Instances.Operator
		Instances.OutpostArn Instances.Placement Instances.Platform Instances.PlatformDetails Instances.PrivateDnsName
		Instances.PrivateDnsNameOptions Instances.PrivateIpAddress Instances.ProductCodes Instances.PublicDnsName
		Instances.PublicIpAddress Instances.RamdiskId Instances.RootDeviceName Instances.RootDeviceType
		Instances.SecondaryInterfaces Instances.SecurityGroups Instances.SourceDestCheck Instances.SpotInstanceRequestId
		Instances.SriovNetSupport Instances.State Instances.StateReason Instances.StateTransitionReason Instances.SubnetId
		Instances.TpmSupport Instances.UsageOperation Instances.UsageOperationUpdateTime Instances.VirtualizationType
		Instances.VpcId OwnerId RequesterId ReservationId`,
	"routes": `
		TransitGatewayAttachments.ResourceId TransitGatewayAttachments.ResourceType TransitGatewayRouteTableAnnouncementId`,
	"routetables": `
		Associations.AssociationState.StatusMessage Associations.RouteTableAssociationId Associations.RouteTableId
		Routes.InstanceOwnerId`,
	"securitygrouprules": `
		GroupOwnerId ReferencedGroupInfo.PeeringStatus ReferencedGroupInfo.UserId ReferencedGroupInfo.VpcId
		ReferencedGroupInfo.VpcPeeringConnectionId SecurityGroupRuleArn Tags`,
	"securitygroups": `
		Description IpPermissions.UserIdGroupPairs.GroupName IpPermissions.UserIdGroupPairs.PeeringStatus
		IpPermissions.UserIdGroupPairs.UserId IpPermissions.UserIdGroupPairs.VpcId
		IpPermissions.UserIdGroupPairs.VpcPeeringConnectionId IpPermissionsEgress.UserIdGroupPairs.GroupName
		IpPermissionsEgress.UserIdGroupPairs.PeeringStatus IpPermissionsEgress.UserIdGroupPairs.UserId
		IpPermissionsEgress.UserIdGroupPairs.VpcId IpPermissionsEgress.UserIdGroupPairs.VpcPeeringConnectionId Tags`,
	"subnets": `
		AssignIpv6AddressOnCreation AvailableIpAddressCount CustomerOwnedIpv4Pool DefaultForAz EnableDns64
		EnableLniAtDeviceIndex Ipv6CidrBlockAssociationSet.AssociationId Ipv6CidrBlockAssociationSet.IpSource
		Ipv6CidrBlockAssociationSet.Ipv6AddressAttribute Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.StatusMessage
		Ipv6Native MapCustomerOwnedIpOnLaunch MapPublicIpOnLaunch OutpostArn PrivateDnsNameOptionsOnLaunch State Type`,
	"transitgatewayattachments": `
		CreationTime TransitGatewayOwnerId`,
	"transitgatewayconnects": `
		CreationTime Options`,
	"transitgatewaypeeringattachments": `
		AccepterTgwInfo.CoreNetworkId AccepterTransitGatewayAttachmentId CreationTime Options RequesterTgwInfo.CoreNetworkId
		Status`,
	"transitgatewaypropagations": `
		TransitGatewayRouteTablePropagations.TransitGatewayRouteTableAnnouncementId`,
	"transitgatewayroutetablepropagations": `
		TransitGatewayRouteTableAnnouncementId`,
	"transitgatewayroutetables": `
		CreationTime`,
	"transitgateways": `
		CreationTime Description Options.AmazonSideAsn Options.AutoAcceptSharedAttachments Options.DnsSupport
		Options.EncryptionSupport Options.MulticastSupport`,
	"transitgatewaystaticroutes": `
		Routes.TransitGatewayAttachments.ResourceId Routes.TransitGatewayAttachments.ResourceType
		Routes.TransitGatewayRouteTableAnnouncementId`,
	"transitgatewayvpcattachments": `
		CreationTime Options.DnsSupport`,
	"vpcblockpublicaccessexclusions": `
		CreationTimestamp DeletionTimestamp LastUpdateTimestamp Reason`,
	"vpcblockpublicaccessoptions": `
		LastUpdateTimestamp ManagedBy Reason`,
	"vpcendpoints": `
		CreationTimestamp DnsEntries DnsOptions FailureReason Groups.GroupName IpAddressType Ipv4Prefixes Ipv6Prefixes
		LastError PolicyDocument ResourceConfigurationArn ServiceNetworkArn`,
	"vpcpeeringconnections": `
		AccepterVpcInfo.PeeringOptions.AllowEgressFromLocalClassicLinkToRemoteVpc
		AccepterVpcInfo.PeeringOptions.AllowEgressFromLocalVpcToRemoteClassicLink ExpirationTime
		RequesterVpcInfo.PeeringOptions.AllowEgressFromLocalClassicLinkToRemoteVpc
		RequesterVpcInfo.PeeringOptions.AllowEgressFromLocalVpcToRemoteClassicLink`,
	"vpcs": `
		CidrBlockAssociationSet.AssociationId CidrBlockAssociationSet.CidrBlockState.StatusMessage DhcpOptionsId
		EncryptionControl InstanceTenancy Ipv6CidrBlockAssociationSet.AssociationId Ipv6CidrBlockAssociationSet.IpSource
		Ipv6CidrBlockAssociationSet.Ipv6AddressAttribute Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.StatusMessage
		Ipv6CidrBlockAssociationSet.Ipv6Pool Ipv6CidrBlockAssociationSet.NetworkBorderGroup IsDefault State`,
	"vpngateways": `
		AmazonSideAsn Type`,
}

// isIgnored reports whether a member, or one above it, is listed.
func isIgnored(key, path string) bool {
	for one := range strings.FieldsSeq(ignored[key]) {
		if one == path || strings.HasPrefix(path, one+".") {
			return true
		}
	}
	return false
}
