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
} FROM_KERNEL;

struct sk_buff {
	struct net_device *dev;
	char cb[48];
	unsigned long _skb_refdst;
	unsigned int len, data_len;
	__u16 protocol;
	int skb_iif;
	__u16 network_header;
	unsigned int end;
	unsigned char *head, *data;
} FROM_KERNEL;

#endif
