package netmodel

import (
	"strings"
	"sync"
)

// ignored are the members of AWS's answers, by the member that holds them, that are known
// and that weir makes nothing of: they say nothing about where packets go, who owns an
// address or how flow logs are delivered. A member that is neither read nor here is in
// [Loaded.Unknown]; a member below one of these is ignored with it. Tags of cache clusters
// are not AWS's: a collector adds them.
//
// Source: the EC2, Elastic Load Balancing, RDS, ElastiCache, Redshift, WorkSpaces, Lambda
// and EFS API references, as of 2026-05.
var ignored = map[string]string{
	"addresses": `
		AssociationId CustomerOwnedIpv4Pool Domain PublicIpv4Pool SubnetId`,
	"cacheclusters": `
		AtRestEncryptionEnabled AuthTokenEnabled AuthTokenLastModifiedDate AutoMinorVersionUpgrade CacheClusterCreateTime
		CacheNodeType CacheNodes.CacheNodeCreateTime CacheNodes.CacheNodeId CacheNodes.CacheNodeStatus
		CacheNodes.CustomerOutpostArn CacheNodes.ParameterGroupStatus CacheNodes.SourceCacheNodeId CacheParameterGroup
		CacheSecurityGroups ClientDownloadLandingPage EngineVersion IpDiscovery LogDeliveryConfigurations NetworkType
		NotificationConfiguration NumCacheNodes PendingModifiedValues PreferredMaintenanceWindow PreferredOutpostArn
		ReplicationGroupLogDeliveryEnabled SecurityGroups.Status SnapshotRetentionLimit SnapshotWindow Tags
		TransitEncryptionEnabled TransitEncryptionMode`,
	"cachesubnetgroups": `
		CacheSubnetGroupDescription Subnets.SubnetOutpost Subnets.SupportedNetworkTypes SupportedNetworkTypes`,
	"clusters": `
		AllowVersionUpgrade AquaConfiguration AutomatedSnapshotRetentionPeriod AvailabilityZoneRelocationStatus CatalogArn
		ClusterAvailabilityStatus ClusterCreateTime ClusterNodes.NodeRole ClusterNodes.PublicIPAddress
		ClusterParameterGroups ClusterPublicKey ClusterRevisionNumber ClusterSecurityGroups ClusterSnapshotCopyStatus
		ClusterVersion CustomDomainCertificateArn CustomDomainCertificateExpiryDate CustomDomainName DBName
		DataTransferProgress DefaultIamRoleArn DeferredMaintenanceWindows ElasticIpStatus ElasticResizeNumberOfNodeOptions
		Encrypted Endpoint.VpcEndpoints.NetworkInterfaces.AvailabilityZone
		Endpoint.VpcEndpoints.NetworkInterfaces.Ipv6Address Endpoint.VpcEndpoints.NetworkInterfaces.PrivateIpAddress
		Endpoint.VpcEndpoints.NetworkInterfaces.SubnetId Endpoint.VpcEndpoints.VpcEndpointId Endpoint.VpcEndpoints.VpcId
		EnhancedVpcRouting ExpectedNextSnapshotScheduleTime ExpectedNextSnapshotScheduleTimeStatus
		ExtraComputeForAutomaticOptimization HsmStatus IamRoles IpAddressType KmsKeyId LakehouseRegistrationStatus
		MaintenanceTrackName ManualSnapshotRetentionPeriod MasterPasswordSecretArn MasterPasswordSecretKmsKeyId
		MasterUsername ModifyStatus MultiAZ MultiAZSecondary NextMaintenanceWindowStartTime NodeType NumberOfNodes
		PendingActions PendingModifiedValues PreferredMaintenanceWindow ReservedNodeExchangeStatus ResizeInfo RestoreStatus
		SnapshotScheduleIdentifier SnapshotScheduleState Tags TotalStorageCapacityInMegaBytes VpcSecurityGroups.Status`,
	"clustersubnetgroups": `
		Description SubnetGroupStatus Subnets.SubnetAvailabilityZone.SupportedPlatforms Subnets.SubnetStatus
		SupportedClusterIpAddressTypes Tags`,
	"dbclusters": `
		ActivityStreamKinesisStreamName ActivityStreamKmsKeyId ActivityStreamMode ActivityStreamStatus AllocatedStorage
		AssociatedRoles AutoMinorVersionUpgrade AutomaticRestartTime AwsBackupRecoveryPointArn
		BacktrackConsumedChangeRecords BacktrackWindow BackupRetentionPeriod Capacity CertificateDetails CharacterSetName
		CloneGroupId ClusterCreateTime ClusterScalabilityType CopyTagsToSnapshot CrossAccountClone CustomEndpoints
		DBClusterInstanceClass DBClusterMembers DBClusterOptionGroupMemberships DBClusterParameterGroup DBSystemId
		DatabaseInsightsMode DatabaseName DbClusterResourceId DeletionProtection DomainMemberships EarliestBacktrackTime
		EarliestRestorableTime EnabledCloudwatchLogsExports EngineLifecycleSupport EngineMode EngineVersion
		GlobalClusterIdentifier GlobalWriteForwardingRequested GlobalWriteForwardingStatus HostedZoneId HttpEndpointEnabled
		IAMDatabaseAuthenticationEnabled IOOptimizedNextAllowedModificationTime InternetAccessGatewayEnabled Iops KmsKeyId
		LatestRestorableTime LimitlessDatabase LocalWriteForwardingStatus MasterUserSecret MasterUsername MonitoringInterval
		MonitoringRoleArn MultiAZ NetworkType PendingModifiedValues PercentProgress PerformanceInsightsEnabled
		PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod PreferredBackupWindow PreferredMaintenanceWindow
		RdsCustomClusterConfiguration ReadReplicaIdentifiers ReplicationSourceIdentifier ScalingConfigurationInfo
		ServerlessV2PlatformVersion ServerlessV2ScalingConfiguration StatusInfos StorageEncrypted StorageEncryptionType
		StorageThroughput StorageType TagList UpgradeRolloutOrder VPCNetworkingEnabled VpcSecurityGroups.Status`,
	"dbinstances": `
		ActivityStreamEngineNativeAuditFieldsIncluded ActivityStreamKinesisStreamName ActivityStreamKmsKeyId
		ActivityStreamMode ActivityStreamPolicyStatus ActivityStreamStatus AdditionalStorageVolumes AllocatedStorage
		AssociatedRoles AutoMinorVersionUpgrade AutomaticRestartTime AutomationMode AwsBackupRecoveryPointArn
		BackupRetentionPeriod BackupTarget CACertificateIdentifier CertificateDetails CharacterSetName CopyTagsToSnapshot
		CustomIamInstanceProfile CustomerOwnedIpEnabled DBInstanceAutomatedBackupsReplications DBInstanceClass DBName
		DBParameterGroups DBSecurityGroups DBSubnetGroup.DBSubnetGroupDescription DBSubnetGroup.SubnetGroupStatus
		DBSubnetGroup.Subnets.SubnetOutpost DBSubnetGroup.Subnets.SubnetStatus DBSubnetGroup.SupportedNetworkTypes
		DBSystemId DatabaseInsightsMode DbInstancePort DbiResourceId DedicatedLogVolume DeletionProtection DomainMemberships
		EnabledCloudwatchLogsExports Endpoint.HostedZoneId EngineLifecycleSupport EngineVersion
		EnhancedMonitoringResourceArn IAMDatabaseAuthenticationEnabled InstanceCreateTime Iops
		IsStorageConfigUpgradeAvailable KmsKeyId LatestRestorableTime LicenseModel ListenerEndpoint MasterUserSecret
		MasterUsername MaxAllocatedStorage MonitoringInterval MonitoringRoleArn MultiAZ MultiTenant NcharCharacterSetName
		NetworkType OptionGroupMemberships PendingModifiedValues PercentProgress PerformanceInsightsEnabled
		PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod PreferredBackupWindow PreferredMaintenanceWindow
		ProcessorFeatures PromotionTier ReadReplicaDBClusterIdentifiers ReadReplicaDBInstanceIdentifiers
		ReadReplicaSourceDBClusterIdentifier ReadReplicaSourceDBInstanceIdentifier ReplicaMode ResumeFullAutomationModeTime
		SecondaryAvailabilityZone StatusInfos StorageEncrypted StorageEncryptionType StorageThroughput StorageType
		StorageVolumeStatus TagList TdeCredentialArn Timezone UpgradeRolloutOrder VpcSecurityGroups.Status`,
	"dbsubnetgroups": `
		DBSubnetGroupDescription SubnetGroupStatus Subnets.SubnetOutpost Subnets.SubnetStatus SupportedNetworkTypes`,
	"entries": `
		Description`,
	"flowlogs": `
		CreationTime`,
	"functions": `
		Architectures CapacityProviderConfig CodeSha256 CodeSize ConfigSha256 DeadLetterConfig Description DurableConfig
		Environment EphemeralStorage FileSystemConfigs Handler ImageConfigResponse KMSKeyArn LastModified LastUpdateStatus
		LastUpdateStatusReason LastUpdateStatusReasonCode Layers LoggingConfig MasterArn MemorySize PackageType RevisionId
		Role Runtime RuntimeVersionConfig SigningJobArn SigningProfileVersionArn SnapStart StateReason StateReasonCode
		TenancyConfig Timeout TracingConfig Version VpcConfig.Ipv6AllowedForDualStack`,
	"instances": `
		AmiLaunchIndex Architecture BlockDeviceMappings BootMode CapacityBlockId CapacityReservationId
		CapacityReservationSpecification ClientToken CpuOptions CurrentInstanceBootMode EbsOptimized ElasticGpuAssociations
		ElasticInferenceAcceleratorAssociations EnaSupport EnclaveOptions HibernationOptions Hypervisor IamInstanceProfile
		ImageId InstanceLifecycle InstanceType Ipv6Address KernelId KeyName LaunchTime Licenses MaintenanceOptions
		MetadataOptions Monitoring NetworkInterfaces.Association.CarrierIp NetworkInterfaces.Association.CustomerOwnedIp
		NetworkInterfaces.Association.IpOwnerId NetworkInterfaces.Association.PublicDnsName
		NetworkInterfaces.Attachment.AttachTime NetworkInterfaces.Attachment.AttachmentId
		NetworkInterfaces.Attachment.DeleteOnTermination
		NetworkInterfaces.Attachment.EnaQueueCount NetworkInterfaces.Attachment.EnaSrdSpecification
		NetworkInterfaces.Attachment.Status NetworkInterfaces.Groups.GroupName
		NetworkInterfaces.Ipv6Addresses.IsPrimaryIpv6 NetworkInterfaces.Operator
		NetworkInterfaces.PrivateDnsName NetworkInterfaces.PrivateIpAddresses.Association.CarrierIp
		NetworkInterfaces.PrivateIpAddresses.Association.CustomerOwnedIp
		NetworkInterfaces.PrivateIpAddresses.Association.IpOwnerId
		NetworkInterfaces.PrivateIpAddresses.Association.PublicDnsName NetworkInterfaces.PrivateIpAddresses.PrivateDnsName
		NetworkPerformanceOptions Operator OutpostArn Placement Platform PlatformDetails PrivateDnsName
		PrivateDnsNameOptions PrivateIpAddress ProductCodes PublicDnsName PublicIpAddress RamdiskId RootDeviceName
		RootDeviceType SecondaryInterfaces SecurityGroups SourceDestCheck SpotInstanceRequestId SriovNetSupport State
		StateReason StateTransitionReason SubnetId TpmSupport UsageOperation UsageOperationUpdateTime VirtualizationType
		VpcId`,
	"listeners": `
		AlpnPolicy Certificates DefaultActions.AuthenticateCognitoConfig DefaultActions.AuthenticateOidcConfig
		DefaultActions.FixedResponseConfig DefaultActions.ForwardConfig.TargetGroupStickinessConfig
		DefaultActions.ForwardConfig.TargetGroups.Weight DefaultActions.JwtValidationConfig DefaultActions.Order
		DefaultActions.RedirectConfig MutualAuthentication SslPolicy`,
	"loadbalancerdescriptions": `
		BackendServerDescriptions CanonicalHostedZoneName CanonicalHostedZoneNameID CreatedTime HealthCheck.HealthyThreshold
		HealthCheck.Interval HealthCheck.Timeout HealthCheck.UnhealthyThreshold
		ListenerDescriptions.Listener.SSLCertificateId ListenerDescriptions.PolicyNames Policies SourceSecurityGroup`,
	"loadbalancerlisteners": `
		Listeners.AlpnPolicy Listeners.Certificates Listeners.DefaultActions.AuthenticateCognitoConfig
		Listeners.DefaultActions.AuthenticateOidcConfig Listeners.DefaultActions.FixedResponseConfig
		Listeners.DefaultActions.ForwardConfig.TargetGroupStickinessConfig
		Listeners.DefaultActions.ForwardConfig.TargetGroups.Weight Listeners.DefaultActions.JwtValidationConfig
		Listeners.DefaultActions.Order Listeners.DefaultActions.RedirectConfig Listeners.MutualAuthentication
		Listeners.SslPolicy`,
	"loadbalancers": `
		AvailabilityZones.OutpostId AvailabilityZones.SourceNatIpv6Prefixes CanonicalHostedZoneId CreatedTime
		CustomerOwnedIpv4Pool EnablePrefixForIpv6SourceNat IpamPools State.Reason`,
	"loadbalancertargethealth": `
		TargetHealthDescriptions.AdministrativeOverride TargetHealthDescriptions.AnomalyDetection
		TargetHealthDescriptions.Target.QuicServerId TargetHealthDescriptions.TargetHealth.Description`,
	"mounttargets": `
		AvailabilityZoneId`,
	"natgateways": `
		AttachedAppliances AutoProvisionZones AutoScalingIps CreateTime DeleteTime FailureCode FailureMessage
		NatGatewayAddresses.AssociationId NatGatewayAddresses.FailureMessage ProvisionedBandwidth`,
	"networkacls": `
		Associations.NetworkAclId`,
	"networkinterfaces": `
		AssociatedSubnets Association.AllocationId Association.AssociationId Association.CarrierIp
		Association.CustomerOwnedIp Association.IpOwnerId Association.PublicDnsName Attachment.AttachTime
		Attachment.AttachmentId Attachment.DeleteOnTermination Attachment.EnaQueueCount
		Attachment.EnaSrdSpecification Attachment.Status AvailabilityZoneId Groups.GroupName
		Ipv6Address Ipv6Addresses.IsPrimaryIpv6 Ipv6Addresses.PublicIpv6DnsName Ipv6Native Operator OutpostArn
		PrivateDnsName PrivateIpAddresses.Association.AllocationId PrivateIpAddresses.Association.AssociationId
		PrivateIpAddresses.Association.CarrierIp PrivateIpAddresses.Association.CustomerOwnedIp
		PrivateIpAddresses.Association.IpOwnerId PrivateIpAddresses.Association.PublicDnsName
		PrivateIpAddresses.PrivateDnsName PublicDnsName PublicIpDnsNameOptions`,
	"prefixlists": `
		IpamPrefixListResolverSyncEnabled IpamPrefixListResolverTargetId StateMessage`,
	"replicationgroups": `
		AtRestEncryptionEnabled AuthTokenEnabled AuthTokenLastModifiedDate AutoMinorVersionUpgrade AutomaticFailover
		CacheNodeType ClusterEnabled ClusterMode DataTiering Description GlobalReplicationGroupInfo IpDiscovery KmsKeyId
		LogDeliveryConfigurations MemberClustersOutpostArns MultiAZ NetworkType NodeGroups.NodeGroupId
		NodeGroups.NodeGroupMembers.CacheClusterId NodeGroups.NodeGroupMembers.CacheNodeId
		NodeGroups.NodeGroupMembers.CurrentRole NodeGroups.NodeGroupMembers.PreferredOutpostArn
		NodeGroups.NodeGroupMembers.ReadEndpoint NodeGroups.Slots NodeGroups.Status PendingModifiedValues
		ReplicationGroupCreateTime SnapshotRetentionLimit SnapshotWindow SnapshottingClusterId TransitEncryptionEnabled
		TransitEncryptionMode UserGroupIds`,
	"reservations": `
		Groups Instances.AmiLaunchIndex Instances.Architecture Instances.BlockDeviceMappings Instances.BootMode
		Instances.CapacityBlockId Instances.CapacityReservationId Instances.CapacityReservationSpecification
		Instances.ClientToken Instances.CpuOptions Instances.CurrentInstanceBootMode Instances.EbsOptimized
		Instances.ElasticGpuAssociations Instances.ElasticInferenceAcceleratorAssociations Instances.EnaSupport
		Instances.EnclaveOptions Instances.HibernationOptions Instances.Hypervisor Instances.IamInstanceProfile
		Instances.ImageId Instances.InstanceLifecycle Instances.InstanceType Instances.Ipv6Address Instances.KernelId
		Instances.KeyName Instances.LaunchTime Instances.Licenses Instances.MaintenanceOptions Instances.MetadataOptions
		Instances.Monitoring Instances.NetworkInterfaces.Association.CarrierIp
		Instances.NetworkInterfaces.Association.CustomerOwnedIp Instances.NetworkInterfaces.Association.IpOwnerId
		Instances.NetworkInterfaces.Association.PublicDnsName Instances.NetworkInterfaces.Attachment.AttachTime
		Instances.NetworkInterfaces.Attachment.AttachmentId Instances.NetworkInterfaces.Attachment.DeleteOnTermination
		Instances.NetworkInterfaces.Attachment.EnaQueueCount
		Instances.NetworkInterfaces.Attachment.EnaSrdSpecification
		Instances.NetworkInterfaces.Attachment.Status Instances.NetworkInterfaces.Groups.GroupName
		Instances.NetworkInterfaces.Ipv6Addresses.IsPrimaryIpv6
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
	"rules": `
		Actions.AuthenticateCognitoConfig Actions.AuthenticateOidcConfig Actions.FixedResponseConfig
		Actions.ForwardConfig.TargetGroupStickinessConfig Actions.ForwardConfig.TargetGroups.Weight
		Actions.JwtValidationConfig Actions.Order Actions.RedirectConfig Conditions.HostHeaderConfig
		Conditions.HttpHeaderConfig Conditions.HttpRequestMethodConfig Conditions.PathPatternConfig
		Conditions.QueryStringConfig Conditions.RegexValues Conditions.Values IsDefault Transforms`,
	"securitygrouprules": `
		GroupOwnerId ReferencedGroupInfo.PeeringStatus ReferencedGroupInfo.UserId ReferencedGroupInfo.VpcId
		ReferencedGroupInfo.VpcPeeringConnectionId SecurityGroupRuleArn Tags`,
	"securitygroups": `
		Description IpPermissions.UserIdGroupPairs.GroupName IpPermissionsEgress.UserIdGroupPairs.GroupName Tags`,
	"subnets": `
		AssignIpv6AddressOnCreation AvailableIpAddressCount CustomerOwnedIpv4Pool DefaultForAz EnableDns64
		EnableLniAtDeviceIndex Ipv6CidrBlockAssociationSet.AssociationId Ipv6CidrBlockAssociationSet.IpSource
		Ipv6CidrBlockAssociationSet.Ipv6AddressAttribute Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.StatusMessage
		Ipv6Native MapCustomerOwnedIpOnLaunch MapPublicIpOnLaunch OutpostArn PrivateDnsNameOptionsOnLaunch State Type`,
	"targetgroups": `
		HealthCheckEnabled HealthCheckIntervalSeconds HealthCheckPath HealthCheckTimeoutSeconds HealthyThresholdCount
		Matcher ProtocolVersion TargetControlPort UnhealthyThresholdCount`,
	"targethealthdescriptions": `
		AdministrativeOverride AnomalyDetection Target.QuicServerId TargetHealth.Description`,
	"transitgatewayattachments": `
		CreationTime TransitGatewayOwnerId`,
	"transitgatewayconnects": `
		CreationTime Options`,
	"transitgatewaypeeringattachments": `
		AccepterTgwInfo.CoreNetworkId AccepterTransitGatewayAttachmentId CreationTime Options RequesterTgwInfo.CoreNetworkId
		State Status Tags`,
	"transitgatewaypropagations": `
		TransitGatewayRouteTablePropagations.TransitGatewayRouteTableAnnouncementId`,
	"transitgatewayroutetablepropagations": `
		TransitGatewayRouteTableAnnouncementId`,
	"transitgatewayroutetables": `
		CreationTime`,
	"transitgateways": `
		CreationTime Description Options.AmazonSideAsn Options.AutoAcceptSharedAttachments Options.DnsSupport
		Options.EncryptionSupport Options.MulticastSupport`,
	"serviceconfigurations": `
		AcceptanceRequired AvailabilityZoneIds AvailabilityZones BaseEndpointDnsNames ManagesVpcEndpoints PayerResponsibility
		PrivateDnsName PrivateDnsNameConfiguration RemoteAccessEnabled ServiceType SupportedIpAddressTypes SupportedRegions`,
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
	"workspaces": `
		BundleId DataReplicationSettings ErrorCode ErrorMessage ModificationStates RelatedWorkspaces
		RootVolumeEncryptionEnabled StandbyWorkspacesProperties UserName UserVolumeEncryptionEnabled VolumeEncryptionKey
		WorkspaceProperties`,
}

// ignoredMembers are the same, for looking up: by the member that holds them, and by path.
var ignoredMembers = sync.OnceValue(func() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for key, list := range ignored {
		out[key] = map[string]bool{}
		for path := range strings.FieldsSeq(list) {
			out[key][path] = true
		}
	}
	return out
})
