// The fields that people ask by most, in the order in which they are offered.

import type { Kind } from "../api/types.ts";

const usual: Record<Kind, string[]> = {
  vpc: [
    "srcaddr",
    "dstaddr",
    "dstport",
    "srcport",
    "protocol",
    "action",
    "interface_id",
    "account_id",
    "flow_direction",
    "vpc_id",
    "subnet_id",
    "instance_id",
    "pkt_srcaddr",
    "pkt_dstaddr",
    "pkt_dst_aws_service",
    "weir_region",
  ],
  tgw: [
    "srcaddr",
    "dstaddr",
    "dstport",
    "srcport",
    "protocol",
    "tgw_attachment_id",
    "tgw_id",
    "tgw_src_vpc_id",
    "tgw_dst_vpc_id",
    "account_id",
    "weir_region",
  ],
};

/** Returns the names of the fields that come first in a choice of fields. */
export function usualFields(kind: Kind): string[] {
  return usual[kind];
}
