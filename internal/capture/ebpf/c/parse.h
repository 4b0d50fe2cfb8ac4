/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads frames as internal/capture/packet does: what is there in lines with "BPF:" is done here. */
#ifndef WEIR_PARSE_H
#define WEIR_PARSE_H

#include "types.h"
#include "skb.h"

#define TCP 6
#define UDP 17
#define ICMP 1
#define ICMPV6 58
#define DCCP 33
#define SCTP 132

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

/* Outcomes, numbered as package packet does. */
#define OK 0
#define ORPHAN 1
#define SHORT_TRANSPORT 2
#define NOT_IP 3
#define SHORT 4
#define MALFORMED 5

#define MAX_TAGS 8
#define MAX_EXTENSIONS 8
#define FRAGMENT_AGE 28610 /* 30 s in ticks */

/* IPv4 addresses are numbers of ::fffe:0:0/96, which nobody has: those of ::ffff:0:0/96 may stand in an IPv6 header. */
#define V4_PREFIX 0xfffe00000000ULL

#define WHOLE 0
#define FIRST_FRAGMENT 1
#define LATER_FRAGMENT 2

struct packet {
	__u64 src_hi, src_lo, dst_hi, dst_lo;
	__u32 bytes;
	__u32 datagram;
	__u32 payload; /* where what is behind the IP headers begins */
	__u32 end;     /* and where it ends; as much of it as is there */
	__u32 start;   /* of the IP header */
	__u16 src_port, dst_port, id;
	__u8 protocol, type, code, flags;
	__u8 fragment, first_protocol, version, quotes;
	__u8 header; /* bytes of that of TCP or UDP; 0: it has neither, or not whole */
};

/* Where a packet's bytes are: observe.bpf.c has other ways to them. */
#ifndef WEIR_OBSERVE
typedef struct __sk_buff frame_t;
#define is_missing(frame) 0

static __always_inline int load(frame_t *skb, __u32 at, void *to, __u32 size)
{
	return bpf_skb_load_bytes(skb, at, to, size);
}

/* The kernel's own structure of a frame; kernels before 6.2 do not give it, nor those that do not tell their types. */
extern void *bpf_cast_to_kern_ctx(void *skb) __ksym __weak;

/* How long the headers of each segment are where the frame is in a tunnel, from the IP header at a place on; else 0. */
VERIFIED_ONCE int tunnel_of(frame_t *skb, __u32 start)
{
	struct sk_buff *k;
	__u64 head;

	if (!bpf_core_type_exists(struct sk_buff) || !bpf_cast_to_kern_ctx)
		return 0;
	k = bpf_cast_to_kern_ctx(skb);
	head = (__u64)BPF_CORE_READ(k, head);
	return tunnel_headers(k, head, BPF_CORE_READ(k, end), (__u64)BPF_CORE_READ(k, data) - head + start);
}
#endif

static __always_inline __u64 be64(const __u8 *b)
{
	__u64 v;
	__builtin_memcpy(&v, b, 8);
	return bpf_be64_to_cpu(v);
}

static __always_inline __u32 be32(const __u8 *b)
{
	return (__u32)b[0] << 24 | (__u32)b[1] << 16 | (__u32)b[2] << 8 | b[3];
}

static __always_inline __u16 be16(const __u8 *b)
{
	return (__u16)b[0] << 8 | b[1];
}

static __always_inline int is_v4(__u64 hi, __u64 lo)
{
	return !hi && lo >> 32 == 0xfffe;
}

/* Whether an address is of ::fffe:0:0/96 or ::ffff:0:0/96. */
static __always_inline int is_odd(__u64 hi, __u64 lo)
{
	return !hi && lo >> 33 == 0x7fff;
}

static __always_inline int is_icmp(__u8 protocol)
{
	return protocol == ICMP || protocol == ICMPV6;
}

static __always_inline int is_extension(__u8 next)
{
	return next == 0 || next == 43 || next == 60 || next == 135 || next == 139 || next == 140;
}

/* Ports, flags, type, code and identifier. Returns whether all that tells a flow apart was there. */
VERIFIED_ONCE int transport(frame_t *skb, struct packet *p)
{
	__u8 b[14] = {};
	__u32 n;

	if (!p || is_missing(skb))
		return 0;
	n = p->end > p->payload ? p->end - p->payload : 0;
	switch (p->protocol) {
	case TCP:
	case UDP:
	case DCCP:
	case SCTP:
		if (n < 4 || load(skb, p->payload, b, 4))
			return 0;
		p->src_port = be16(b);
		p->dst_port = be16(b + 2);
		if (p->protocol == UDP) {
			p->header = 8;
		} else if (p->protocol == TCP && n >= 14 && !load(skb, p->payload, b, 14)) {
			p->header = (b[12] >> 4) * 4;
			p->flags = b[13];
		}
		return 1;
	case ICMP:
	case ICMPV6:
		if (n < 2 || load(skb, p->payload, b, 2))
			return 0;
		p->type = b[0];
		p->code = b[1];
		if (p->protocol == ICMPV6 ? p->type == 128 || p->type == 129
					  : p->type == 0 || p->type == 8 || (p->type >= 13 && p->type <= 18)) {
			if (n >= 6 && !load(skb, p->payload, b, 6))
				p->id = be16(b + 4);
		}
		return 1;
	}
	if (is_extension(p->protocol) || p->protocol == 44 || p->protocol == 51)
		return p->version == 4;
	return 1;
}

static __always_inline int ipv4(frame_t *skb, __u32 at, __u32 end, __u32 wire, struct packet *p)
{
	__u8 b[20];
	__u32 size, total, place;

	if (end < at + 20 || load(skb, at, b, 20))
		return SHORT;
	size = (b[0] & 15) * 4;
	total = be16(b + 2);
	if (!total)
		total = wire;
	if (b[0] >> 4 != 4 || size < 20 || total < size)
		return MALFORMED;
	p->src_lo = V4_PREFIX | be32(b + 12);
	p->dst_lo = V4_PREFIX | be32(b + 16);
	p->protocol = p->first_protocol = b[9];
	p->bytes = total;
	p->version = 4;
	place = be16(b + 6);
	if (place & 0x1fff)
		p->fragment = LATER_FRAGMENT;
	else if (place & 0x2000)
		p->fragment = FIRST_FRAGMENT;
	if (p->fragment)
		p->datagram = be16(b + 4);
	p->payload = at + size;
	p->end = at + total < end ? at + total : end;
	return OK;
}

static __always_inline int ipv6(frame_t *skb, __u32 at, __u32 end, __u32 wire, struct packet *p)
{
	__u8 b[40];
	__u32 total, rest, size, i;
	__u8 next;

	if (end < at + 40 || load(skb, at, b, 40))
		return SHORT;
	if (b[0] >> 4 != 6)
		return MALFORMED;
	total = 40 + be16(b + 4);
	if (total == 40 && b[6] != 59)
		total = wire > 40 ? wire : 40;
	p->src_hi = be64(b + 8);
	p->src_lo = be64(b + 16);
	p->dst_hi = be64(b + 24);
	p->dst_lo = be64(b + 32);
	p->bytes = total;
	p->version = 6;
	next = b[6];
	rest = at + 40;
	if (at + total < end)
		end = at + total;
	p->end = end;
	for (i = 0; i <= MAX_EXTENSIONS; i++) {
		if (!is_extension(next) && next != 44 && next != 51) {
			p->protocol = next;
			p->payload = rest;
			return OK;
		}
		size = 0;
		if (i < MAX_EXTENSIONS && end >= rest + 8 && !load(skb, rest, b, 8))
			size = next == 44 ? 8 : next == 51 ? 8 + b[1] * 4 : 8 + b[1] * 8;
		if (!size || rest + size > end)
			break;
		if (next == 44) {
			__u16 place = be16(b + 2);

			if (place >> 3)
				p->fragment = LATER_FRAGMENT;
			else if (place & 1)
				p->fragment = FIRST_FRAGMENT;
			if (place >> 3 || place & 1)
				p->datagram = be32(b + 4);
			if (p->fragment == LATER_FRAGMENT) {
				/* What follows is data, whatever the next header is called. */
				p->protocol = b[0];
				p->payload = end;
				return OK;
			}
		}
		next = b[0];
		rest += size;
	}
	/* Cut off, or too many. */
	p->protocol = next;
	p->payload = end;
	return OK;
}

/* An IP packet from one place to another. wire is how long it was on the wire. */
VERIFIED_ONCE int parse_ip(frame_t *skb, __u32 at, __u32 wire, int version, struct packet *p)
{
	int out = MALFORMED;

	if (!p || is_missing(skb))
		return MALFORMED;
	__u32 end = p->end;

	__builtin_memset(p, 0, sizeof(*p));
	if (version == 4)
		out = ipv4(skb, at, end, wire, p);
	else if (version == 6)
		out = ipv6(skb, at, end, wire, p);
	p->start = at;
	if (!out && version == 6 && (is_v4(p->src_hi, p->src_lo) || is_v4(p->dst_hi, p->dst_lo)))
		out = MALFORMED;
	return out;
}

/* Follows a chain of types to the IP header. Returns its place << 4 | version, or -outcome. */
VERIFIED_ONCE int network(frame_t *skb, __u32 at, __u32 type)
{
	__u8 b[8];
	__u32 len, i;

	if (is_missing(skb))
		return -SHORT;
	len = skb->len;
	for (i = 0; i < MAX_TAGS + 1; i++) {
		switch (type) {
		case 0x0800:
			return at << 4 | 4;
		case 0x86dd:
			return at << 4 | 6;
		case 0x8100:
		case 0x88a8:
		case 0x9100:
			if (len < at + 4 || load(skb, at, b, 4))
				return -SHORT;
			type = be16(b + 2);
			at += 4;
			continue;
		case 0x8864:
			if (len < at + 8 || load(skb, at, b, 8))
				return -SHORT;
			type = be16(b + 6);
			return type == 0x21 ? (at + 8) << 4 | 4 : type == 0x57 ? (at + 8) << 4 | 6 : -NOT_IP;
		case 0x8847:
		case 0x8848:
			if (len < at + 4 || load(skb, at, b, 4))
				return -SHORT;
			at += 4;
			if (b[2] & 1)
				type = 0x10000; /* the bottom of the stack: the version tells */
			else
				continue;
			/* fallthrough */
		case 0x10000:
			if (len < at + 1 || load(skb, at, b, 1))
				return -SHORT;
			b[0] >>= 4;
			return b[0] == 4 || b[0] == 6 ? at << 4 | b[0] : -NOT_IP;
		}
		if (type > 1500)
			return -NOT_IP;
		if (len < at + 8 || load(skb, at, b, 8))
			return -NOT_IP;
		if (be32(b) != 0xaaaa0300 || be16(b + 4))
			return -NOT_IP;
		type = be16(b + 6);
		at += 8;
		if (type <= 1500)
			return -NOT_IP;
	}
	return -NOT_IP;
}

static __always_inline void datagram_of(const struct packet *p, __u16 slot, struct datagram *d)
{
	__builtin_memset(d, 0, sizeof(*d));
	d->src_hi = p->src_hi;
	d->src_lo = p->src_lo;
	d->dst_hi = p->dst_hi;
	d->dst_lo = p->dst_lo;
	d->id = p->datagram;
	d->slot = slot;
	d->protocol = p->first_protocol;
	d->family = p->version;
}

/* Whether an ICMP message quotes what it is about, and errors do so for connections. */
static __always_inline int is_error(const struct packet *p)
{
	if (p->protocol == ICMP)
		return p->type == 3 || p->type == 4 || p->type == 11 || p->type == 12;
	return p->protocol == ICMPV6 && p->type >= 1 && p->type <= 4;
}

/* Any frame: the slow way, with all that may be in it. */
VERIFIED_ONCE int parse_slow(frame_t *skb, struct packet *p, __u32 now, __u32 slot_flags)
{
	struct datagram d;
	struct fragment f = {}, *known;
	__u8 b[2];
	int at, out, whole;

	if (!p || is_missing(skb))
		return SHORT;
	if (slot_flags >> 16 & LINK_RAW) {
		at = network(skb, 0, 0x10000);
	} else {
		if (skb->len < 14 || load(skb, 12, b, 2))
			return SHORT;
		at = network(skb, 14, be16(b));
	}
	if (at < 0)
		return -at;
	p->end = skb->len;
	out = parse_ip(skb, at >> 4, skb->len - (at >> 4), at & 15, p);
	if (out)
		return out;
	datagram_of(p, slot_flags, &d);
	if (p->fragment == LATER_FRAGMENT) {
		known = bpf_map_lookup_elem(&fragments, &d);
		if (!known || (__s32)(now - known->at) > FRAGMENT_AGE || (__s32)(now - known->at) < -FRAGMENT_AGE)
			return ORPHAN;
		p->protocol = known->protocol;
		p->src_port = known->src_port;
		p->dst_port = known->dst_port;
		if (is_icmp(p->protocol)) {
			p->type = known->type;
			p->code = known->code;
			p->id = known->id;
		}
		return OK;
	}
	whole = transport(skb, p);
	if (p->fragment == FIRST_FRAGMENT) {
		f.at = now;
		f.src_port = p->src_port;
		f.dst_port = p->dst_port;
		f.id = p->id;
		f.protocol = p->protocol;
		f.type = p->type;
		f.code = p->code;
		bpf_map_update_elem(&fragments, &d, &f, BPF_ANY);
	}
	if (!whole)
		return SHORT_TRANSPORT;
	p->quotes = is_error(p) && p->end >= p->payload + 9;
	return OK;
}

#ifndef WEIR_OBSERVE
/* What an ICMP error quotes. Returns whether its flow can be told. */
static __noinline int parse_quoted(frame_t *skb, const struct packet *p, struct packet *q)
{
	__u8 b[1];
	__u32 at;

	if (!p || !q)
		return 0;
	at = p->payload + 8;
	if (load(skb, at, b, 1))
		return 0;
	q->end = p->end;
	if (parse_ip(skb, at, 1 << 16, b[0] >> 4, q))
		return 0;
	return q->fragment != LATER_FRAGMENT && transport(skb, q);
}

/* The common frames: Ethernet, an IP header without options or extension headers, TCP or UDP, and no fragment. Returns
 * whether it is one. */
static __always_inline int parse_fast(frame_t *skb, struct packet *p)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u8 *b = data;
	__u32 at, total;

	if (data + 14 + 20 + 8 > end)
		return 0;
	if (b[12] == 0x08 && b[13] == 0x00) {
		b += 14;
		total = be16(b + 2);
		if (b[0] != 0x45 || (be16(b + 6) & 0x3fff) || total < 28 || 14 + total > skb->len)
			return 0;
		p->protocol = b[9];
		p->src_hi = p->dst_hi = 0;
		p->src_lo = V4_PREFIX | bpf_ntohl(*(__u32 *)(b + 12));
		p->dst_lo = V4_PREFIX | bpf_ntohl(*(__u32 *)(b + 16));
		p->version = 4;
		at = 20;
	} else if (b[12] == 0x86 && b[13] == 0xdd) {
		b += 14;
		if (data + 14 + 40 + 8 > end || b[0] >> 4 != 6)
			return 0;
		total = 40 + be16(b + 4);
		if (total < 48 || 14 + total > skb->len)
			return 0;
		p->protocol = b[6];
		p->src_hi = bpf_be64_to_cpu(*(__u64 *)(b + 8));
		p->src_lo = bpf_be64_to_cpu(*(__u64 *)(b + 16));
		p->dst_hi = bpf_be64_to_cpu(*(__u64 *)(b + 24));
		p->dst_lo = bpf_be64_to_cpu(*(__u64 *)(b + 32));
		if (is_odd(p->src_hi, p->src_lo) || is_odd(p->dst_hi, p->dst_lo))
			return 0;
		p->version = 6;
		at = 40;
	} else {
		return 0;
	}
	b += at;
	if (p->protocol == TCP) {
		if ((void *)b + 14 > end || total < at + 14)
			return 0;
		p->header = (b[12] >> 4) * 4;
		p->flags = b[13];
	} else if (p->protocol == UDP) {
		p->header = 8;
		p->flags = 0;
	} else {
		return 0;
	}
	p->src_port = bpf_ntohs(*(__u16 *)b);
	p->dst_port = bpf_ntohs(*(__u16 *)(b + 2));
	p->bytes = total;
	p->start = 14;
	p->payload = 14 + at;
	p->id = 0;
	p->type = p->code = p->quotes = p->fragment = 0;
	return 1;
}
#endif

/* Whether the IPv6 header is followed by that of a jumbogram. Linux writes it into frames of more than 64 KiB that it cuts (BIG TCP), and takes it out
 * before. */
static __always_inline int is_big(frame_t *skb, const struct packet *p)
{
	__u8 b[4] = {};

	if (p->version != 6 || p->bytes <= 40 + 65535)
		return 0;
	if (load(skb, p->start + 6, b, 1) || b[0] || load(skb, p->start + 40, b, 4))
		return 0;
	return !b[1] && b[2] == 0xc2 && b[3] == 4;
}

/* How many packets a frame is on the wire, where the card or the stack cuts it, and their bytes. */
static __always_inline __u32 segments(frame_t *skb, const struct packet *p, __u32 *bytes)
{
	__u32 size = skb->gso_size, headers = 0, n;

	*bytes = p->bytes;
	if (likely(!size))
		return 1;
	if (p->protocol != TCP)
		headers = tunnel_of(skb, p->start);
	if (!headers && p->header)
		headers = p->payload - p->start + p->header;
	if (!headers)
		return 1;
	if (p->bytes <= headers)
		return 1;
	n = (p->bytes - headers + size - 1) / size;
	*bytes += (n - 1) * headers;
	if (unlikely(is_big(skb, p)))
		*bytes -= n * 8;
	return n;
}

#endif
