// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sees what the host's own firewall drops, and counts it as refused: of what came in by a device, it takes back what weir.bpf.c
 * has counted as accepted. So it does of what a router can't forward, which is lost. The tables are those of weir.bpf.c. */
#define WEIR_OBSERVE
#include "skb.h"

/* A packet as parse.h reads it, from its IP header on. */
typedef struct frame {
	__u64 at;
	__u32 len, linear, gso_size, tunnel;
} frame_t;
#define is_missing(frame) (!(frame)) /* for the verifier, to which a context never is */

static __always_inline int load(frame_t *f, __u32 at, void *to, __u32 size)
{
	if (at > f->linear || size > f->linear - at)
		return -1;
	return bpf_probe_read_kernel(to, size, (void *)(f->at + at));
}

/* How long the headers of each segment are where the frame is in a tunnel; else 0. */
static __always_inline int tunnel_of(frame_t *f, __u32 start)
{
	return f->tunnel ? f->tunnel - start : 0;
}

#include "count.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What the kernel's drop reasons are here, by number: user space has the names. */
#define REASONS 256
const volatile __u8 reasons[REASONS] = {};
#define REASON_NETFILTER 1
#define REASON_CGROUP 2
/* Of a router, in mode MODE_FORWARD alone. */
#define REASON_ROUTE 3 /* the route says why */
#define REASON_HOPS 4
#define REASON_SIZE 5

/* Where a packet was refused, as an entry has it. */
#define AT_NETFILTER 0 /* the hook is not known */
#define AT_INGRESS 1
#define AT_PREROUTING 2
#define AT_INPUT 3
#define AT_FORWARD 4
#define AT_OUTPUT 5
#define AT_POSTROUTING 6
#define AT_EGRESS 7
#define AT_CGROUP 8
/* Why a router lost it. */
#define LOST_NO_ROUTE 9
#define LOST_BLACKHOLE 10
#define LOST_SIZE 11
#define LOST_HOPS 12

/* A packet that is dropped. Its pointers are copied to be followed: what is found of the kernel's structures must not begin with one of ours. */
struct dropped {
	struct net_device *dev;
	struct dst_entry *dst; /* its route; 0: none */
	__u64 skb, head;
	__u32 in, out, len, linear, end, dev_index;
	__u16 network, data;
	__u8 reason;
};

#define PF_INET 2
#define PF_INET6 10
#define DST_METADATA 0x0080
#define RTN_LOCAL 2
#define RTN_BROADCAST 3
#define RTN_MULTICAST 5
#define RTF_LOCAL 0x80000000
#define IGMP 2
#define LOOPBACK 1 /* the index of each namespace's own loopback device */

/* Whether a route is to the host itself: 1, 0, or -1 where that can't be told. */
static __always_inline int is_local(const struct dropped *d)
{
	struct dst_entry *dst = d->dst;
	__u16 family = BPF_CORE_READ(dst, ops, family);

	if (family == PF_INET) {
		struct rtable *r = (struct rtable *)d->dst;
		__u16 type = BPF_CORE_READ(r, rt_type);

		return BPF_CORE_READ(r, rt_is_input) && (type == RTN_LOCAL || type == RTN_BROADCAST || type == RTN_MULTICAST);
	}
	if (family == PF_INET6) {
		struct rt6_info *r = (struct rt6_info *)d->dst;
		__u8 first = 0;

		if (BPF_CORE_READ(r, rt6i_flags) & RTF_LOCAL)
			return 1;
		if (bpf_probe_read_kernel(&first, 1, (void *)(d->head + d->network + 24)) || first == 0xff)
			return -1;
		return 0;
	}
	return -1;
}

/* The hook at which netfilter dropped a packet, from what the kernel has made of the packet until then; AT_NETFILTER where
 * packets of two hooks look alike. cb is the beginning of skb->cb. */
static __always_inline __u32 hook_of(const struct dropped *d, __u32 cb)
{
	struct net_device *dev = d->dev;
	struct dst_entry *dst = d->dst;
	__u8 protocol = 0;
	int local;

	if (d->network > d->data && d->dst)
		return AT_EGRESS; /* there is a link header before the IP header */
	if (d->in == LOOPBACK)
		return AT_NETFILTER; /* it has the route that it left by */
	if (!d->dst) {
		if (d->dev_index != d->in || BPF_CORE_READ(dev, rx_handler))
			return AT_NETFILTER; /* a bridge's */
		/* IP notes the device there, where tcx left the length. */
		if (cb != d->in)
			return AT_INGRESS;
		return d->len != d->in ? AT_PREROUTING : AT_NETFILTER;
	}
	if (d->in) {
		local = is_local(d);
		if (local)
			return local > 0 ? AT_INPUT : AT_NETFILTER;
		if (d->out == d->in)
			return AT_NETFILTER;
		if (d->dev_index == d->in)
			return AT_FORWARD;
	}
	if (d->dev_index == d->out && d->dev && !BPF_CORE_READ(dev, hard_header_len))
		return AT_NETFILTER; /* egress looks as postrouting where there is no link header */
	if (d->in)
		return d->dev_index == d->out ? AT_POSTROUTING : AT_NETFILTER;
	if (!d->dev)
		return AT_OUTPUT;
	/* IPv6 has the device set before both hooks, and so has IGMP. */
	if (BPF_CORE_READ(dst, ops, family) != PF_INET || bpf_probe_read_kernel(&protocol, 1, (void *)(d->head + d->network + 9)))
		return AT_NETFILTER;
	if (d->dev_index == d->out)
		return protocol == TCP || protocol == UDP || protocol == ICMP ? AT_POSTROUTING : AT_NETFILTER;
	return AT_NETFILTER;
}

static __always_inline __u32 where(const struct dropped *d, __u32 cb)
{
	return d->reason == REASON_CGROUP ? AT_CGROUP : hook_of(d, cb);
}

#define EACCES 13
#define EINVAL 22
#define ENETUNREACH 101
#define EHOSTUNREACH 113

/* Why a router can't forward a packet; 0: that is not why it was dropped. The kernel names no reason of its own for most routes that
 * lead nowhere, and says by the route's error what it is: none was found, or it is blackhole, prohibit or unreachable. Without a route the packet was not to
 * be forwarded yet. */
static __always_inline __u32 loss_of(const struct dropped *d)
{
	struct dst_entry *dst = d->dst;
	__s32 error;

	if (!d->dst)
		return 0;
	if (d->reason == REASON_HOPS)
		return LOST_HOPS;
	if (d->reason == REASON_SIZE)
		return LOST_SIZE;
	if (d->reason != REASON_ROUTE)
		return 0;
	error = BPF_CORE_READ(dst, error);
	if (error < 0)
		error = -error; /* IPv6's */
	if (error == ENETUNREACH)
		return LOST_NO_ROUTE;
	return error == EINVAL || error == EACCES || error == EHOSTUNREACH ? LOST_BLACKHOLE : 0;
}

/* Finds what was noted of a packet, the latest first. A packet that somebody else has too is cloned: then its bytes stay where
 * they were. Where it is written to, they are copied, and it is the same packet. Returns its place, or -1. */
VERIFIED_ONCE int find(const struct dropped *d)
{
	__u32 zero = 0, i, at;
	struct arrivals *all = bpf_map_lookup_elem(&passing, &zero);

	if (!all || !d)
		return -1;
	for (i = 1; i <= MAX_ARRIVALS; i++) {
		at = all->next - i;
		bound(at, 127);
		struct arrival *o = &all->ring[at];

		if (o->skb && o->device == d->in && (o->skb == d->skb || (o->data >= d->head && o->data < d->head + d->end)))
			return at;
	}
	return -1;
}

/* Takes packets and bytes back. Returns whether they were there. */
static __always_inline int take_back(struct total *t, struct packets *k, const struct arrival *o)
{
	if (meta_epoch(*(volatile __u64 *)&t->meta) != meta_epoch(o->meta))
		return 0;
	__sync_fetch_and_add(&t->bytes, -(__u64)o->bytes);
	add_packets(t, k, -(__s64)(__u64)o->packets);
	return 1;
}

static __always_inline int uncount(const struct arrival *o, __u32 counted)
{
	__u32 at = meta_epoch(o->meta), way = o->way;

	bound(at, 1);
	if (counted == COUNTED_CONNECTION) {
		struct flow f = o->flow;
		struct connection *v = bpf_map_lookup_elem(&connections, &f);

		bound(way, 1);
		at = at << 1 | way;
		bound(at, 3);
		return v && take_back(&v->total[at], &v->packets[at], o);
	}
	struct aside_key k = o->key;
	k.what = aside_of(ASIDE_ACCEPT, way & 1) | (o->meta & ((1ULL << META_FLAGS) - 1));
	struct aside *a = bpf_map_lookup_elem(&asides, &k);
	return a && take_back(&a->total[at], &a->packets[at], o);
}

static __always_inline void count_refused(struct aside_key *k, struct tally *y, __u32 entry)
{
	k->flow.opener = 0;
	k->about_hi = k->about_lo = 0;
	k->what = aside_of(ASIDE_HOST, y->way & 1) | (__u64)entry << OPENER_BITS;
	y->meta = (y->meta & ~META_IDENTITY) | meta_of(meta_epoch(y->meta), entry, 0);
	y->refused = 1;
	y->cache = 0;
	count_aside(k, y);
}

static __always_inline void unattributed(__u16 slot, __u32 packets)
{
	struct tallies *c = counters_of(slot);

	if (c)
		c->unattributed += packets;
}

/* Whether a datagram was put together of fragments meanwhile. The last one is what was noted. */
static __always_inline int is_put_together(const struct arrival *o, const struct dropped *d)
{
	__u8 b[8] = {};

	if (!o->fragment)
		return 0;
	if (bpf_probe_read_kernel(b, 8, (void *)(d->head + d->network)))
		return 1;
	return b[0] >> 4 == 6 ? b[6] != 44 : !(be16(b + 6) & 0x3fff);
}

/* A packet that came in by a device was dropped. */
VERIFIED_ONCE int arrived(struct arrival *o, const struct dropped *d, __u32 slot, __u32 entry)
{
	struct tally y = {};
	struct aside_key k;
	struct tallies *c;
	__u32 counted;

	if (!o || !d)
		return 0;
	counted = o->counted;
	o->counted = COUNTED_BEFORE;
	y.slot = o->flow.slot;
	if (y.slot != slot) { /* the device was another interface, which may not be asked any more */
		unattributed(slot, 1);
		return 0;
	}
	if (counted == COUNTED_BEFORE || is_put_together(o, d))
		unattributed(slot, 1);
	if (counted == COUNTED_BEFORE || counted == COUNTED_UNLOGGED)
		return 0;
	if (counted == COUNTED_LOST) {
		c = counters_of(slot);
		if (c) {
			c->lost[o->way & 1][0][0] -= o->packets;
			c->lost[o->way & 1][0][1] -= o->bytes;
			c->lost[o->way & 1][1][0] += o->packets;
			c->lost[o->way & 1][1][1] += o->bytes;
		}
		return 0;
	}
	if (!uncount(o, counted)) {
		unattributed(slot, o->packets);
		return 0;
	}
	y.meta = o->meta;
	y.bytes = o->bytes;
	y.packets = o->packets;
	y.now = o->now;
	y.way = o->way;
	k = o->key;
	count_refused(&k, &y, entry);
	return 0;
}

/* A packet that would have gone out by a device was dropped: nobody has counted it. */
VERIFIED_ONCE int departed(frame_t *f, struct head *h, __u64 word, __u32 slot_flags, __u32 entry)
{
	struct packet p = {};
	struct flow flow;
	struct tally y = {};
	struct aside_key k;
	struct tallies *c;
	__u32 way = slot_flags >> 16 & LINK_FLIP ? IN : OUT, said;
	int out;

	if (!f || !h)
		return 0;
	y.slot = slot_flags;
	y.now = bpf_ktime_get_ns() >> 20; /* of the coarse clock, which tracing may not ask, this is a step ahead at most */
	out = parse_slow(f, &p, y.now, (slot_flags & 0xffff) | LINK_RAW << 16);
	if (out >= NOT_IP) {
		/* IP has made the header: it is not there to be read. */
		unattributed(slot_flags, 1);
		return 0;
	}
	y.packets = segments(f, &p, &y.bytes);
	y.way = way;
	y.key = p.protocol == TCP || p.protocol == UDP ? p.dst_port : is_icmp(p.protocol) ? p.type << 8 | p.code : 0;
	y.meta = meta_of(word_epoch(word), 0, 0);
	if (p.protocol == TCP && p.flags & (FIN | SYN | RST))
		y.meta |= (__u64)flags_of(&p) << META_FLAGS;
	said = border(h, &p, way);
	if (said & BORDER_BYPASS && !(said & BORDER_LOGGED)) {
		c = counters_of(slot_flags & 0xffff);
		if (c) {
			c->unlogged[way & 1][0] += y.packets;
			c->unlogged[way & 1][1] += y.bytes;
		}
		return 0;
	}
	flow_of(&p, way, slot_flags, &flow);
	aside_key_of(&p, &flow, way, y.key, 0, &k);
	count_refused(&k, &y, entry);
	return 0;
}

static __always_inline struct head *observed(__u32 is, __u64 word)
{
	__u32 at = (is & 0xffff) << 1 | word_parity(word);
	struct head *h;

	h = bpf_map_lookup_elem(&heads, &at);
	return h && h->mode >= MODE_OBSERVE ? h : 0;
}

SEC("tp_btf/kfree_skb")
int drop(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	__u32 reason = ctx[2], zero = 0, cb = 0, is;
	struct dropped d = {};
	struct net_device *dev, *any;
	struct dst_entry *dst;
	struct link *l;
	struct head *h;

	if (reason >= REASONS)
		return 0;
	bound(reason, 255);
	d.reason = reasons[reason];
	if (!d.reason)
		return 0;
	d.in = skb->skb_iif;
	any = dev = skb->dev;
	dst = (struct dst_entry *)(skb->_skb_refdst & ~7UL);
	if (dst && BPF_CORE_READ(dst, flags) & DST_METADATA)
		dst = 0;
	if (dst) {
		any = BPF_CORE_READ(dst, dev);
		d.out = BPF_CORE_READ(any, ifindex);
	}
	if (dev)
		d.dev_index = BPF_CORE_READ(dev, ifindex);
	d.dev = dev;
	d.dst = dst;
	struct state *s = bpf_map_lookup_elem(&states, &zero);
	struct clock *k = bpf_map_lookup_elem(&control, &zero);
	if (!s || !k || !any || BPF_CORE_READ(any, nd_net.net, ns.inum) != s->netns)
		return 0;
	__u64 word = *(volatile __u64 *)&k->word;
	d.skb = (__u64)skb;
	d.head = (__u64)skb->head;
	d.end = skb->end;
	d.len = skb->len;
	d.linear = d.len - skb->data_len;
	d.network = skb->network_header;
	d.data = (__u64)skb->data - d.head;
	bpf_probe_read_kernel(&cb, sizeof(cb), &skb->cb);

	l = link_of(0, d.in);
	is = l ? identity(l, word) : 0;
	if (d.in && (h = observed(is, word))) {
		__u32 lost = 0;
		if (h->mode == MODE_FORWARD && !(lost = loss_of(&d)))
			return 0;
		if (h->mode != MODE_FORWARD && d.reason > REASON_CGROUP)
			return 0;
		struct arrivals *all = bpf_map_lookup_elem(&passing, &zero);
		int at = find(&d);

		if (all && at >= 0) {
			bound(at, 127);
			arrived(&all->ring[at], &d, is & 0xffff, lost ? lost : where(&d, cb));
		} else {
			unattributed(is, 1);
		}
		return 0;
	}
	l = link_of(0, d.out);
	is = l ? identity(l, word) : 0;
	if (!d.out || d.reason > REASON_CGROUP || !(h = observed(is, word)) || h->mode == MODE_FORWARD)
		return 0;
	__u32 before = d.network > d.data ? d.network - d.data : 0;
	struct frame f = { .at = d.head + d.network };
	f.len = d.len > before ? d.len - before : 0;
	f.linear = d.linear > before ? d.linear - before : 0;
	struct skb_shared_info *info = (struct skb_shared_info *)(d.head + d.end);
	f.gso_size = BPF_CORE_READ(info, gso_size);
	if (f.gso_size)
		f.tunnel = tunnel_headers(skb, d.head, d.end, d.network);
	departed(&f, h, word, is, where(&d, cb));
	return 0;
}
