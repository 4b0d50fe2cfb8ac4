"""Makes a network of one region in moto: python3 network.py ENDPOINT REGION"""

import sys

import boto3

endpoint, region = sys.argv[1:]


def client(name):
    return boto3.client(name, endpoint_url=endpoint, region_name=region, aws_access_key_id="a", aws_secret_access_key="b")


ec2 = client("ec2")
zone = region + "a"
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "prod <&> \u00fc"}])
ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")
ipv6 = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
other = ec2.create_subnet(
    VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone=region + "b", Ipv6CidrBlock=ipv6.replace("/56", "/64")
)["Subnet"]["SubnetId"]

entries = [{"Cidr": "203.0.113.0/24", "Description": "office"}, {"Cidr": "198.51.100.0/25"}]
lists = [
    ec2.create_managed_prefix_list(PrefixListName=name, MaxEntries=5, AddressFamily="IPv4", Entries=entries)["PrefixList"]["PrefixListId"]
    for name in ("office", "partners")
]

web = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
db = ec2.create_security_group(GroupName="db", Description="databases", VpcId=vpc)["GroupId"]
ec2.authorize_security_group_ingress(
    GroupId=web,
    IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": lists[0]}]},
    ],
)
ec2.authorize_security_group_ingress(
    GroupId=db, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": web}, {"GroupId": db}]}]
)
acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
ec2.create_network_acl_entry(
    NetworkAclId=acl, RuleNumber=100, Protocol="6", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0", PortRange={"From": 443, "To": 443}
)
ec2.create_network_acl_entry(
    NetworkAclId=acl, RuleNumber=110, Protocol="1", RuleAction="deny", Egress=True, CidrBlock="10.0.0.0/8", IcmpTypeCode={"Type": 8, "Code": -1}
)
was = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"][0]["Associations"]
ec2.replace_network_acl_association(
    AssociationId=next(a["NetworkAclAssociationId"] for a in was if a["SubnetId"] == subnet), NetworkAclId=acl
)

image = ec2.describe_images()["Images"][0]["ImageId"]
ec2.run_instances(
    ImageId=image, MinCount=2, MaxCount=2, SubnetId=subnet, SecurityGroupIds=[web], InstanceType="t3.micro",
    TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}],
)
eni = ec2.create_network_interface(SubnetId=other, Groups=[db, web], PrivateIpAddress="10.0.2.10", Description="a second one")["NetworkInterface"]["NetworkInterfaceId"]
ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, SecondaryPrivateIpAddressCount=2)
address = ec2.allocate_address(Domain="vpc")["AllocationId"]
ec2.associate_address(AllocationId=address, NetworkInterfaceId=eni)

gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
ec2.create_egress_only_internet_gateway(VpcId=vpc)
ec2.create_nat_gateway(SubnetId=other, AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"])
vpn = ec2.create_vpn_gateway(Type="ipsec.1", AmazonSideAsn=64512)["VpnGateway"]["VpnGatewayId"]
ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=vpn)
table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
ec2.associate_route_table(RouteTableId=table, SubnetId=other)
peer = ec2.create_vpc(CidrBlock="172.20.0.0/16")["Vpc"]["VpcId"]
peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{region}.s3", VpcEndpointType="Gateway", RouteTableIds=[table])
ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{region}.sqs", VpcEndpointType="Interface", SubnetIds=[subnet], SecurityGroupIds=[web])

transit = ec2.create_transit_gateway(Description="hub")["TransitGateway"]["TransitGatewayId"]
attachment = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=transit, VpcId=vpc, SubnetIds=[subnet])["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
for cidr in ("10.9.0.0/16", "10.10.0.0/16"):
    routes = ec2.create_transit_gateway_route_table(TransitGatewayId=transit)["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]
    ec2.create_transit_gateway_route(TransitGatewayRouteTableId=routes, DestinationCidrBlock=cidr, TransitGatewayAttachmentId=attachment)
# The attachment stays associated with the default route table: AWS refuses a second
# association, moto would have both.
ec2.enable_transit_gateway_route_table_propagation(TransitGatewayRouteTableId=routes, TransitGatewayAttachmentId=attachment)

bucket = "flow-logs-" + region
client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
ec2.create_flow_logs(
    ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3", LogDestination="arn:aws:s3:::" + bucket, MaxAggregationInterval=60
)

client("elb").create_load_balancer(
    LoadBalancerName="classic-" + region, Listeners=[{"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 8080}], Subnets=[subnet], SecurityGroups=[web]
)
elbv2 = client("elbv2")
balancer = elbv2.create_load_balancer(Name="front", Subnets=[subnet, other], SecurityGroups=[web], Type="application")["LoadBalancers"][0]["LoadBalancerArn"]
group = elbv2.create_target_group(Name="app", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
elbv2.create_target_group(Name="empty", Protocol="HTTP", Port=8081, VpcId=vpc, TargetType="ip")
elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.2.10", "Port": 8080}])
elbv2.create_listener(
    LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
    DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}]}}],
)

rds = client("rds")
rds.create_db_subnet_group(DBSubnetGroupName="dbs", DBSubnetGroupDescription="databases", SubnetIds=[subnet, other])
rds.create_db_instance(
    DBInstanceIdentifier="orders", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20, MasterUsername="master",
    MasterUserPassword="not-a-secret", DBSubnetGroupName="dbs", VpcSecurityGroupIds=[db],
)
rds.create_db_cluster(DBClusterIdentifier="stock", Engine="aurora-postgresql", MasterUsername="master", MasterUserPassword="not-a-secret", DBSubnetGroupName="dbs")
client("elasticache").create_cache_cluster(CacheClusterId="sessions", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1)
client("redshift").create_cluster(
    ClusterIdentifier="facts", NodeType="ra3.xlplus", MasterUsername="master", MasterUserPassword="Not-A-Secret1", VpcSecurityGroupIds=[db]
)
directory = client("ds").create_directory(
    Name="corp.example.com", Password="Not-A-Secret1", Size="Small", VpcSettings={"VpcId": vpc, "SubnetIds": [subnet, other]}
)["DirectoryId"]
workspaces = client("workspaces")
workspaces.register_workspace_directory(DirectoryId=directory, SubnetIds=[subnet, other])
workspaces.create_workspaces(Workspaces=[{"DirectoryId": directory, "UserName": "ann", "BundleId": "wsb-0123456789"}])
