// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts what passes a network interface, and decides of it as security groups and network ACLs do. */
#include "count.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Tests drive the clock: control.now is the time. */
const volatile __u8 driven = 0;
/* The network namespace of its devices, as high_links has it. */
const volatile __u64 netns = 0;

static __always_inline __u64 time_of(const struct clock *k)
{
	return driven ? k->now : bpf_ktime_get_coarse_ns();
}

#define NEXT -1 /* TCX_NEXT, and TC_ACT_UNSPEC of clsact */
#define DROP 2  /* TCX_DROP, TC_ACT_SHOT */

/* Counts what is refused: as the first packet of a connection, or although its connection is open. */
VERIFIED_ONCE int refuse(const struct packet *p, const struct flow *f, struct tally *y, __u32 kind, __u32 cache)
{
	struct aside_key k;

	if (!p || !f || !y)
		return 0;
	aside_key_of(p, f, y->way, y->key, aside_of(kind, y->way), &k);
	y->refused = 1;
	y->meta |= (__u64)(cache >> CACHE_ENTRY & 0xff) << OPENER_BITS;
	y->cache = cache;
	count_aside(&k, y);
	return 0;
}

/* Returns what refused a first packet of the same flow before, as a cache word, or 0. */
VERIFIED_ONCE __u32 refused_before(const struct packet *p, const struct flow *f, const struct tally *y)
{
	struct aside_key k;
	struct aside *a;

	if (!p || !f || !y)
		return 0;
	aside_key_of(p, f, y->way, y->key, aside_of(ASIDE_NEW, y->way), &k);
	a = bpf_map_lookup_elem(&asides, &k);
	return a ? a->cache : 0;
}

/* Takes a place to note a packet that comes in by a device, for what the host's firewall makes of it: the kernel goes on with it on the same CPU, or leaves
 * it to a queue, and then it is not found any more. */
static __always_inline struct arrival *arrive(struct __sk_buff *skb)
{
	__u32 zero = 0, at;
	struct arrivals *all = bpf_map_lookup_elem(&passing, &zero);
	struct arrival *o;

	if (!all)
		return 0;
	at = all->next++;
	bound(at, 127);
	o = &all->ring[at];
	o->skb = (__u64)(long)skb;
	o->data = (__u64)(long)skb->data;
	o->device = skb->ifindex;
	return o;
}

/* Notes how a packet that came in was counted. */
VERIFIED_ONCE int remember(struct __sk_buff *skb, const struct packet *p, const struct flow *f, const struct tally *y)
{
	struct arrival *o;

	if (!p || !f || !y || !(o = arrive(skb)))
		return 0;
	o->meta = y->meta;
	o->flow = *f;
	aside_key_of(p, f, y->way, y->key, 0, &o->key);
	o->key.flow.opener = y->about;
	o->key.about_hi = y->about_hi;
	o->key.about_lo = y->about_lo;
	o->bytes = y->bytes;
	o->packets = y->packets;
	o->now = y->now;
	o->way = y->way;
	o->counted = y->counted;
	o->fragment = p->fragment;
	return 0;
}

/* What becomes of what is refused. */
static __always_inline int refusal(const struct head *h)
{
	return h->mode == MODE_ENFORCE ? DROP : NEXT;
}

static __always_inline int handle(struct __sk_buff *skb, __u32 way)
{
	struct packet p;
	struct flow f;
	struct tally y;
	struct connection *v = 0;
	struct tallies *c;
	__u32 at, is, zero = 0, gen, cached = 0, entry, allow, opener = 0;
	__u64 word;
	int out, kind, alive = 0, known = 0, self = 0, opens = 0, hit = 0, arrives = way == IN;

	struct link *l = link_of(netns, skb->ifindex);
	if (unlikely(!l || !*(volatile __u64 *)l->is))
		return NEXT;
	struct clock *k = bpf_map_lookup_elem(&control, &zero);
	if (unlikely(!k))
		return NEXT;
	word = *(volatile __u64 *)&k->word;
	is = identity(l, word);
	y.slot = is;
	at = (__u32)y.slot << 1 | word_parity(word);
	struct head *h = bpf_map_lookup_elem(&heads, &at);
	if (unlikely(!h || h->mode == MODE_OFF))
		return NEXT;
	way ^= is >> 16 & LINK_FLIP;
	y.now = time_of(k) >> 20;
	gen = word_gen(word);

	out = OK;
	if (unlikely((is >> 16 & LINK_RAW) || !parse_fast(skb, &p))) {
		__builtin_memset(&p, 0, sizeof(p));
		out = parse_slow(skb, &p, y.now, is);
		/* Hosts don't send such, and policies have no word for one address of each family. */
		if (out < NOT_IP && h->mode != MODE_COUNT && h->mode != MODE_FORWARD && p.version == 6 && (is_odd(p.src_hi, p.src_lo) || is_odd(p.dst_hi, p.dst_lo)))
			out = MALFORMED;
	}
	if (unlikely(out)) {
		c = counters_of(y.slot);
		if (c)
			c->outcome[out & (OUTCOMES - 1)] += 1;
		if (out >= NOT_IP && h->mode >= MODE_OBSERVE && arrives) {
			struct arrival *o = arrive(skb);

			if (o) {
				o->flow.slot = y.slot;
				o->counted = COUNTED_UNLOGGED;
				o->fragment = 0;
			}
		}
		if (out >= NOT_IP)
			return h->mode == MODE_ENFORCE && out != NOT_IP ? DROP : NEXT;
	}
	y.packets = segments(skb, &p, &y.bytes);
	y.way = way & 1;
	y.refused = 0;
	y.cache = 0;
	y.meta = meta_of(word_epoch(word), 0, 0);
	if (unlikely(p.protocol == TCP && p.flags & (FIN | SYN | RST)))
		y.meta |= (__u64)flags_of(&p) << META_FLAGS;

	kind = flow_of(&p, way, y.slot, &f);
	y.kind = y.opens = y.alive = y.about = y.counted = 0;
	y.about_hi = y.about_lo = 0;
	y.state = 0;
	y.key = p.protocol == TCP || p.protocol == UDP ? p.dst_port : is_icmp(p.protocol) ? p.type << 8 | p.code : 0;
	if (kind & FLOW_TRACKED) {
		v = bpf_map_lookup_elem(&connections, &f);
		if (v) {
			y.state = *(volatile __u64 *)&v->state;
			known = alive = is_alive(h, y.state, v->last, p.protocol, p.flags, y.now);
			if (!(kind & FLOW_ASIDE))
				cached = way ? v->cache[1] : v->cache[0];
			hit = cached >> CACHE_GEN == gen;
		}
	}
	if (likely(known && hit && h->groups && cached & CACHE_ALLOW)) {
		y.meta |= (__u64)(cached >> CACHE_ENTRY & 0xff) << OPENER_BITS | (__u32)y.state;
		y.cache = cached;
		goto judged;
	}
	if (alive)
		opener = (__u32)y.state;
	else if (p.quotes) {
		opener = quoted_opener(skb, &p, h, &y);
		known = opener != 0;
	}
	entry = cached >> CACHE_ENTRY & 0xff;
	allow = cached & CACHE_ALLOW;
	if (!hit || !(known || cached & CACHE_GROUPS)) {
		if (!known) {
			__u32 before = refused_before(&p, &f, &y);

			if (before >> CACHE_GEN == gen) {
				refuse(&p, &f, &y, ASIDE_NEW, before);
				return refusal(h);
			}
		}
		if (!hit) {
			__u32 said = border(h, &p, way);

			if (said & BORDER_BYPASS) {
				if (said & BORDER_LOGGED) {
					y.meta |= (__u64)ENTRY_NONE << OPENER_BITS;
					accept_slow(&p, &f, &y);
				} else if ((c = counters_of(y.slot))) {
					c->unlogged[way & 1][0] += y.packets;
					c->unlogged[way & 1][1] += y.bytes;
					y.counted = COUNTED_UNLOGGED;
				}
				if (h->mode >= MODE_OBSERVE && arrives)
					remember(skb, &p, &f, &y);
				return NEXT;
			}
			entry = said >> CACHE_ENTRY & 0xff;
			allow = said & CACHE_ALLOW;
		}
	}
	entry |= gen << (CACHE_GEN - CACHE_ENTRY);
	if (way == IN && !allow) {
		refuse(&p, &f, &y, ASIDE_NEW, entry << CACHE_ENTRY);
		return refusal(h);
	}
	if (!h->groups) {
		self = 1;
		opener = 0;
		alive = known = 0;
	} else if (!known) {
		opener = opener_of(gen, way, y.key);
		self = hit && cached & CACHE_GROUPS;
		if (!self) {
			out = ask_groups(h, &p, way);
			if (out == GROUPS_REFUSE) {
				refuse(&p, &f, &y, ASIDE_NEW, gen << CACHE_GEN | ENTRY_GROUPS << CACHE_ENTRY);
				return refusal(h);
			}
			opens = out == GROUPS_TRACK && kind & FLOW_OPENS;
			self = !opens;
		}
	}
	if (!allow) {
		refuse(&p, &f, &y, known ? ASIDE_KNOWN : ASIDE_NEW, entry << CACHE_ENTRY);
		return refusal(h);
	}
	y.meta |= (__u64)(entry & 0xff) << OPENER_BITS | opener;
	y.cache = entry << CACHE_ENTRY | CACHE_ALLOW | (self ? CACHE_GROUPS : 0) | (hit ? cached & CACHE_GROUPS : 0);
judged:
	y.kind = kind;
	y.opens = opens;
	y.alive = alive;
	if (likely(v && !(kind & FLOW_ASIDE) && count_connection(v, &y) == COUNTED))
		note(v, &p, &y, y.state);
	else
		accept_slow(&p, &f, &y);
	if (unlikely(h->mode >= MODE_OBSERVE && arrives))
		remember(skb, &p, &f, &y);
	return NEXT;
}

SEC("tc")
int ingress(struct __sk_buff *skb)
{
	return handle(skb, IN);
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	return handle(skb, OUT);
}

/* Removes what is idle: user space has found it in what it read, and the epoch has no packet of it. A packet that comes
 * meanwhile finds the counts claimed for EPOCH_DEAD, and enters a new connection as soon as this one is gone; one that
 * came before keeps the entry. */

static __always_inline int claim_dead(struct total *t, __u32 epoch, __u64 *was)
{
	*was = *(volatile __u64 *)&t->meta;
	if (meta_epoch(*was) == epoch)
		return 0;
	if (meta_epoch(*was) == EPOCH_DEAD)
		return 1; /* the kernel did not remove it the last time */
	return __sync_val_compare_and_swap(&t->meta, *was, (__u64)EPOCH_DEAD << META_EPOCH) == *was;
}

struct reaping {
	__u32 epoch, removed, asides, pad;
};

static long reap_one(__u32 i, struct reaping *r)
{
	struct aside_key *key = bpf_map_lookup_elem(&reaped, &i), k;
	__u64 was, other;

	if (!key)
		return 1;
	k = *key;
	if (r->asides) {
		struct aside *a = bpf_map_lookup_elem(&asides, &k);

		if (a && (r->epoch & 1 ? claim_dead(&a->total[1], r->epoch, &was) : claim_dead(&a->total[0], r->epoch, &was)) &&
		    !bpf_map_delete_elem(&asides, &k))
			r->removed++;
		return 0;
	}
	struct connection *v = bpf_map_lookup_elem(&connections, &k.flow);
	if (!v)
		return 0;
	struct total *in = &v->total[0], *out = &v->total[1];
	if (r->epoch & 1) {
		in = &v->total[2];
		out = &v->total[3];
	}
	if (!claim_dead(in, r->epoch, &was))
		return 0;
	if (!claim_dead(out, r->epoch, &other)) {
		__sync_val_compare_and_swap(&in->meta, (__u64)EPOCH_DEAD << META_EPOCH, was);
		return 0;
	}
	if (!bpf_map_delete_elem(&connections, &k.flow))
		r->removed++;
	return 0;
}

struct order {
	__u32 count;  /* keys in reaped; then how many were removed */
	__u32 asides; /* what they are of */
	__u64 now;    /* the program says its clock, in ns */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct order);
} reaping SEC(".maps");

SEC("tc")
int reap(struct __sk_buff *skb)
{
	struct reaping r = {};
	__u32 zero = 0, n;
	struct order *told = bpf_map_lookup_elem(&reaping, &zero);
	struct clock *k = bpf_map_lookup_elem(&control, &zero);

	if (!told || !k)
		return NEXT;
	r.epoch = word_epoch(k->word);
	r.asides = told->asides;
	n = told->count;
	if (n > MAX_REAPED)
		n = MAX_REAPED;
	bpf_loop(n, reap_one, &r, 0);
	told->count = r.removed;
	told->now = time_of(k);
	return NEXT;
}
