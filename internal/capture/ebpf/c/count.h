/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts without losing a packet where an epoch ends, and without a lock.
 *
 * An entry has counts of two epochs. The first packet of an epoch claims them by exchanging the word that has the epoch,
 * and takes off what is left of two epochs before: user space has read it, and no packet adds to it any more. What is
 * idle is removed by claiming it for an epoch that never is (see reap). */
#ifndef WEIR_COUNT_H
#define WEIR_COUNT_H

#include "decide.h"

#define COUNTED 0
#define GONE 1   /* the entry is being removed */
#define OTHER 2  /* the counts are of another judgement */

/* What counts of a packet's flags. */
static __always_inline __u32 flags_of(const struct packet *p)
{
	return (p->flags & FIN ? COUNT_FIN : 0) | (p->flags & RST ? COUNT_RST : 0) |
	       (p->flags & SYN ? p->flags & ACK ? COUNT_SYN | COUNT_SYNACK : COUNT_SYN : 0);
}

/* Adds to 32 bits, and carries what goes over, or below: an epoch lasts as long as nobody reads. */
static __always_inline void add_packets(struct total *t, struct packets *k, __s64 n)
{
	__s64 sum = (__s64)(__u64)__sync_fetch_and_add(&k->packets, (__u32)n) + n;

	if (unlikely(sum >> 32))
		__sync_fetch_and_add(&t->bytes, (__u64)(sum >> 32) << BYTES_BITS);
}

static __always_inline int count(struct total *t, struct packets *k, const struct tally *y)
{
	__u64 meta = *(volatile __u64 *)&t->meta, was;
	__u32 epoch = meta_epoch(y->meta);

	if (unlikely(meta_epoch(meta) != epoch)) {
		__u64 left_bytes = *(volatile __u64 *)&t->bytes;
		__u32 left = *(volatile __u32 *)&k->packets;

		if (meta_epoch(meta) == EPOCH_DEAD)
			return GONE;
		was = __sync_val_compare_and_swap(&t->meta, meta, y->meta);
		if (was == meta) {
			__sync_fetch_and_add(&t->bytes, y->bytes - left_bytes);
			add_packets(t, k, (__s64)(__u64)y->packets - (__s64)(__u64)left);
			k->first = y->now;
			k->last = y->now;
			return COUNTED;
		}
		meta = was;
		if (meta_epoch(meta) != epoch)
			return GONE;
	}
	if (unlikely((meta ^ y->meta) & META_IDENTITY))
		return OTHER;
	if (unlikely(y->meta & ~meta))
		__sync_fetch_and_or(&t->meta, y->meta);
	__sync_fetch_and_add(&t->bytes, y->bytes);
	add_packets(t, k, y->packets);
	if (unlikely(k->last != y->now))
		k->last = y->now;
	return COUNTED;
}

/* Returns what a device is. An array has nothing of an index that is too large for it. */
static __always_inline struct link *link_of(__u64 netns, __u32 index)
{
	struct link *l = bpf_map_lookup_elem(&links, &index);

	if (unlikely(!l)) {
		struct device d = { .netns = netns, .index = index };
		l = bpf_map_lookup_elem(&high_links, &d);
	}
	return l;
}

/* Returns what it is by a control word: slot | flags << 16, in one read. */
static __always_inline __u32 identity(const struct link *l, __u64 word)
{
	return *(volatile __u32 *)&l->is[word_parity(word)];
}

static __always_inline struct tallies *counters_of(__u32 slot)
{
	return bpf_map_lookup_elem(&counters, &slot);
}

/* A table is full: the totals stay right. */
static __always_inline void lose(struct tally *y, int table)
{
	struct tallies *c = counters_of(y->slot);

	y->counted = COUNTED_LOST;
	if (!c)
		return;
	c->lost[y->way & 1][y->refused & 1][0] += y->packets;
	c->lost[y->way & 1][y->refused & 1][1] += y->bytes;
	c->full[table & 1] += 1;
}

/* How often an entry that is being entered or removed is looked for. */
#define PATIENCE 8

/* Entries begin empty, and are counted in as any other: the stack has no room for one. */
static const struct aside no_aside = {};
static const struct connection no_connection = {};

#define EEXIST 17

/* Counts beside connections. */
VERIFIED_ONCE int count_aside(struct aside_key *key, struct tally *y)
{
	__u32 at, tries;
	struct aside *a;

	if (!key || !y)
		return 0;
	at = meta_epoch(y->meta);
	bound(at, 1);
	for (tries = 0; tries < PATIENCE; tries++) {
		a = bpf_map_lookup_elem(&asides, key);
		if (!a) {
			long err = bpf_map_update_elem(&asides, key, &no_aside, BPF_NOEXIST);

			if (err && err != -EEXIST)
				break;
			continue;
		}
		int out = count(&a->total[at], &a->packets[at], y);

		if (out == OTHER)
			break;
		if (out == GONE)
			continue;
		if (a->cache != y->cache)
			a->cache = y->cache;
		return 0;
	}
	lose(y, 1);
	return 0;
}

/* The key of what is counted beside connections. The flow's ports are the packet's here. */
static __always_inline void aside_key_of(const struct packet *p, const struct flow *f, __u32 way, __u32 key, __u64 what, struct aside_key *k)
{
	k->flow = *f;
	k->flow.opener = 0;
	if (is_icmp(p->protocol)) {
		k->flow.near_port = key;
		k->flow.far_port = 0;
	} else {
		k->flow.near_port = way == OUT ? p->src_port : p->dst_port;
		k->flow.far_port = way == OUT ? p->dst_port : p->src_port;
	}
	k->what = what;
	k->about_hi = k->about_lo = 0;
}

/* The state of a connection that a packet opens. */
static __always_inline __u64 opened(const struct tally *y)
{
	return (y->meta & ((1ULL << OPENER_BITS) - 1)) | STATE_TRACKED | (y->way & 1 ? STATE_LAST : 0);
}

static __always_inline void count_accepted_aside(const struct packet *p, const struct flow *f, struct tally *y)
{
	struct aside_key k;

	aside_key_of(p, f, y->way, y->key, aside_of(ASIDE_ACCEPT, y->way) | (y->meta & ((1ULL << META_FLAGS) - 1)), &k);
	k.flow.opener = y->about;
	k.about_hi = y->about_hi;
	k.about_lo = y->about_lo;
	y->cache = 0;
	y->counted = COUNTED_ASIDE;
	count_aside(&k, y);
}

/* Enters a packet that was counted into its connection, whose state was. */
static __always_inline void note(struct connection *v, const struct packet *p, const struct tally *y, __u64 was)
{
	__u32 way = y->way;

	if (y->alive || y->opens) {
		__u64 state = next_state(y->alive ? y->state : opened(y), p, way & 1);

		if (unlikely(state != was) && __sync_val_compare_and_swap(&v->state, was, state) != was)
			__sync_fetch_and_or(&v->state, state & (3 * STATE_SEEN | 3 * STATE_FIN | STATE_RESET));
		if (unlikely(v->last != y->now))
			v->last = y->now;
	}
	bound(way, 1);
	if (unlikely(y->cache && v->cache[way] != y->cache))
		v->cache[way] = y->cache;
}

static __always_inline int count_connection(struct connection *v, const struct tally *y)
{
	__u32 i = (meta_epoch(y->meta) & 1) << 1 | (y->way & 1);

	bound(i, 3);
	return count(&v->total[i], &v->packets[i], y);
}

/* Counts what was accepted where it has no connection yet, or not the same judgement. */
VERIFIED_ONCE int accept_slow(struct packet *p, struct flow *f, struct tally *y)
{
	struct connection *v;
	__u32 bytes, packets, tries;
	int out = GONE;
	__u64 was;
	long err;

	if (!p || !f || !y)
		return 0;
	was = y->state;
	if (!(y->kind & FLOW_TRACKED) || (y->kind & FLOW_ASIDE && !y->opens && !y->alive)) {
		count_accepted_aside(p, f, y);
		return 0;
	}
	bytes = y->bytes;
	packets = y->packets;
	if (y->kind & FLOW_ASIDE) {
		/* Its connection is claimed for the epoch, so that it is not removed, and has no counts of it. */
		y->bytes = y->packets = 0;
		y->cache = 0;
	}
	for (tries = 0; tries < PATIENCE && out == GONE; tries++) {
		v = bpf_map_lookup_elem(&connections, f);
		if (v) {
			out = count_connection(v, y);
			if (out != GONE)
				note(v, p, y, was);
			continue;
		}
		was = 0;
		err = bpf_map_update_elem(&connections, f, &no_connection, BPF_NOEXIST);
		if (err && err != -EEXIST) {
			y->bytes = bytes;
			y->packets = packets;
			lose(y, 0);
			return 0;
		}
	}
	y->bytes = bytes;
	y->packets = packets;
	/* GONE: removing takes far less time than waiting did. */
	if (out != COUNTED || y->kind & FLOW_ASIDE)
		count_accepted_aside(p, f, y);
	return 0;
}

#endif
