/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is read of the kernel's own structures; where it stands in them is found when the program is loaded. */
#ifndef WEIR_SKB_H
#define WEIR_SKB_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define FROM_KERNEL __attribute__((preserve_access_index))

struct ns_common {
	unsigned int inum;
} FROM_KERNEL;

struct net {
	struct ns_common ns;
} FROM_KERNEL;

typedef struct {
	struct net *net;
} FROM_KERNEL possible_net_t;

struct net_device {
	int ifindex;
	unsigned short hard_header_len;
	possible_net_t nd_net;
	void *rx_handler;
} FROM_KERNEL;

struct dst_ops {
	unsigned short family;
} FROM_KERNEL;

struct dst_entry {
	struct net_device *dev;
	struct dst_ops *ops;
	unsigned short flags;
	short error; /* of IPv4 above 0, of IPv6 below */
} FROM_KERNEL;

struct rtable {
	__u8 rt_is_input;
	__u16 rt_type;
} FROM_KERNEL;

struct rt6_info {
	__u32 rt6i_flags;
} FROM_KERNEL;

struct skb_shared_info {
	unsigned short gso_size;
	unsigned int gso_type;
} FROM_KERNEL;

struct sk_buff {
	struct net_device *dev;
	char cb[48];
	unsigned long _skb_refdst;
	unsigned int len, data_len;
	__u16 protocol;
	int skb_iif;
	__u16 network_header;
	__u16 inner_transport_header;
	unsigned int end;
	unsigned char *head, *data;
} FROM_KERNEL;

/* What a frame is that is cut into segments. Source: Linux, include/linux/skbuff.h, SKB_GSO_*: these are the same since 4.7. */
#define GSO_TCP (1 << 0 | 1 << 4)
#define GSO_UDP (1 << 17)
#define GSO_TUNNEL (0x3f << 6 | 1 << 13) /* GRE, IP in IP, UDP (VXLAN, Geneve) */

/* How long the headers are that each segment of a frame in a tunnel has, from the outer IP header on; 0: it is in no tunnel, or not known. What cuts it goes
 * by the inner TCP or UDP header, and copies all before it. ip is where the outer IP header is behind head, and end where what is shared is. */
static __always_inline __u32 tunnel_headers(struct sk_buff *k, __u64 head, __u32 end, __u32 ip)
{
	struct skb_shared_info *info = (struct skb_shared_info *)(head + end);
	__u32 type = BPF_CORE_READ(info, gso_type), inner;
	__u8 words = 0;

	if (!(type & GSO_TUNNEL))
		return 0;
	inner = BPF_CORE_READ(k, inner_transport_header);
	if (inner <= ip)
		return 0;
	if (type & GSO_UDP)
		return inner - ip + 8;
	if (!(type & GSO_TCP) || bpf_probe_read_kernel(&words, 1, (void *)(head + inner + 12)))
		return 0;
	return inner - ip + (words >> 4) * 4;
}

#endif
