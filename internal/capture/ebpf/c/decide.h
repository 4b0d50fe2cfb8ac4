/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decides as internal/policy does: decide.go, connections.go, unfiltered.go. */
#ifndef WEIR_DECIDE_H
#define WEIR_DECIDE_H

#include "parse.h"

/* What is to be counted of a packet. */
struct tally {
	__u64 meta;
	__u32 bytes, packets, now, cache;
	__u64 state; /* of the connection */
	__u16 slot, key;
	__u8 way, refused, kind, opens, alive, about;
	__u8 counted; /* where: COUNTED_CONNECTION... */
	__u64 about_hi, about_lo; /* what an ICMP error is about */
};

/* What a list of rules is asked, and what it says. */
struct walk {
	__u64 far_hi, far_lo;
	__u32 at;
	__u16 key, protocol;
	__u8 found, number, flags, pad;
};

static __always_inline int is_about(const struct rule *r, const struct walk *w)
{
	return r->from <= w->key && w->key <= r->to && (r->protocol == ANY_PROTOCOL || r->protocol == w->protocol);
}

static long step(__u32 i, struct walk *w)
{
	__u32 at = w->at + i;
	struct rule *r = bpf_map_lookup_elem(&rules, &at);

	if (!r)
		return 1;
	if (!is_about(r, w))
		return 0;
	if (w->far_hi < r->first_hi || w->far_hi > r->last_hi)
		return 0;
	if ((w->far_hi == r->first_hi && w->far_lo < r->first_lo) || (w->far_hi == r->last_hi && w->far_lo > r->last_lo))
		return 0;
	w->found = 1;
	w->number = r->number;
	w->flags = r->flags;
	return 1;
}

static long step_everywhere(__u32 i, struct walk *w)
{
	__u32 at = w->at + i;
	struct rule *r = bpf_map_lookup_elem(&rules, &at);

	if (!r)
		return 1;
	if (!(r->flags & RULE_EVERYWHERE) || !is_about(r, w))
		return 0;
	w->found = 1;
	return 1;
}

static __always_inline int ask(const struct list *l, struct walk *w)
{
	w->found = 0;
	w->at = l->at;
	if (l->count)
		bpf_loop(l->count, step, w, 0);
	return w->found;
}

static __always_inline int ask_everywhere(const struct list *l, struct walk *w)
{
	w->found = 0;
	w->at = l->at;
	if (l->count)
		bpf_loop(l->count, step_everywhere, w, 0);
	return w->found;
}

/* AWS's DHCP servers, beside those at the router's address, which is a service. */
static __always_inline int is_dhcp(const struct packet *p, const struct walk *w)
{
	if (p->protocol != UDP)
		return 0;
	if ((p->src_port == 68 && p->dst_port == 67) || (p->src_port == 67 && p->dst_port == 68))
		return !p->dst_hi && p->dst_lo == (V4_PREFIX | 0xffffffff);
	if ((p->src_port == 546 && p->dst_port == 547) || (p->src_port == 547 && p->dst_port == 546))
		return w->far_hi >> 54 == 0xfe80 >> 6 || (w->far_hi == 0xff02ULL << 48 && w->far_lo == 0x10002);
	return 0;
}

/* The networks that mean the same everywhere: those of a link, and those of AWS's services. What is about them alone stands
 * in lists of its own, which are not walked for each packet. */
static __always_inline int is_fixed(const struct walk *w)
{
	__u64 hi = w->far_hi, lo = w->far_lo;

	if (is_v4(hi, lo))
		return (__u32)lo >> 16 == 0xa9fe || (__u32)lo >> 8 == 0xe00000 || (__u32)lo == 0 || (__u32)lo == 0xffffffff;
	return hi >> 54 == 0xfe80 >> 6 || hi >> 48 == 0xff02 || hi >> 32 == 0xfd000ec2 || (!hi && !lo);
}

/* Asks a list that is in two parts. */
static __always_inline int ask_both(const struct head *h, int list, int fixed_list, int fixed, __u32 way, __u32 family, struct walk *w)
{
	return ask(&h->lists[list][way][family], w) || (fixed && ask(&h->lists[fixed_list][way][family], w));
}

#define BORDER_BYPASS 4
#define BORDER_LOGGED 8

/* What rules are asked about a packet. */
static __always_inline void walk_of(const struct packet *p, __u32 way, struct walk *w)
{
	__builtin_memset(w, 0, sizeof(*w));
	w->far_hi = way & 1 ? p->dst_hi : p->src_hi;
	w->far_lo = way & 1 ? p->dst_lo : p->src_lo;
	w->protocol = p->protocol;
	w->key = p->protocol == TCP || p->protocol == UDP ? p->dst_port : is_icmp(p->protocol) ? p->type << 8 | p->code : 0;
}

/* Asks what is asked before connections: services, whether the subnet's border is crossed, and the network ACL. Returns
 * the entry as a cache word has it, with CACHE_ALLOW, or BORDER_BYPASS. */
VERIFIED_ONCE __u32 border(const struct head *h, const struct packet *p, __u32 way)
{
	struct walk walk, *w = &walk;
	__u32 family;
	int fixed;

	if (!h || !p)
		return 0;
	walk_of(p, way, w);
	family = is_v4(w->far_hi, w->far_lo) ? V4 : V6;
	bound(way, 1);
	bound(family, 1);
	if (is_dhcp(p, w))
		return BORDER_BYPASS;
	fixed = is_fixed(w);
	if (ask_both(h, LIST_SERVICES, LIST_FIXED_SERVICES, fixed, way, family, w))
		return BORDER_BYPASS | (w->flags & RULE_ALLOW ? BORDER_LOGGED : 0);
	if (ask_both(h, LIST_WITHIN, LIST_FIXED_WITHIN, fixed, way, family, w))
		return ENTRY_NONE << CACHE_ENTRY | CACHE_ALLOW;
	if (ask(&h->lists[LIST_ACL][way][family], w))
		return (__u32)w->number << CACHE_ENTRY | (w->flags & RULE_ALLOW ? CACHE_ALLOW : 0);
	return ENTRY_LAST << CACHE_ENTRY;
}

#define GROUPS_REFUSE 0
#define GROUPS_TRACK 1
#define GROUPS_UNTRACKED 2

/* Asks the groups about the first packet of a connection. */
VERIFIED_ONCE int ask_groups(const struct head *h, const struct packet *p, __u32 way)
{
	struct walk walk, *w = &walk;
	__u32 of, family, back;

	if (!h || !p)
		return GROUPS_REFUSE;
	walk_of(p, way, w);
	family = is_v4(w->far_hi, w->far_lo) ? V4 : V6;
	back = ~way;
	bound(way, 1);
	bound(back, 1);
	bound(family, 1);
	if (!ask(&h->lists[LIST_GROUPS][way][family], w))
		return GROUPS_REFUSE;
	if (p->protocol == TCP)
		of = 0;
	else if (p->protocol == UDP)
		of = 1;
	else
		return GROUPS_TRACK;
	if (h->open[back][family][of] && ask_everywhere(&h->lists[LIST_GROUPS][way][family], w))
		return GROUPS_UNTRACKED;
	if (!h->open[way][family][of])
		return GROUPS_TRACK;
	w->key = p->src_port; /* that the reply goes to */
	return ask_everywhere(&h->lists[LIST_GROUPS][back][family], w) ? GROUPS_UNTRACKED : GROUPS_TRACK;
}

static __always_inline int is_closing(__u64 state)
{
	return (state & STATE_RESET) || (state & (3 * STATE_FIN)) == 3 * STATE_FIN;
}

/* Whether a packet belongs to a connection that is open. */
static __always_inline int is_alive(const struct head *h, __u64 state, __u32 last, __u8 protocol, __u8 flags, __u32 now)
{
	__u32 timeout = h->other;

	if (!(state & STATE_TRACKED))
		return 0;
	if (protocol == TCP) {
		timeout = h->tcp_other;
		if (is_closing(state)) {
			if ((flags & (SYN | ACK)) == SYN)
				return 0; /* another connection with the same ports */
		} else if ((state & (3 * STATE_SEEN)) == 3 * STATE_SEEN) {
			timeout = h->tcp_established;
		}
	} else if (protocol == UDP) {
		timeout = state & (STATE_EXCHANGES << 1) ? h->udp_stream : h->udp;
	}
	return (__s32)(now - last) <= (__s32)timeout;
}

/* What a packet makes of the state of its connection. */
static __always_inline __u64 next_state(__u64 state, const struct packet *p, __u32 way)
{
	__u32 opener_way = state >> 16 & 1, last = (state & STATE_LAST) != 0;

	/* Nobody asks further, and a word that changes with each turn is one that two CPUs take from one another. */
	if (unlikely(!(state & (STATE_EXCHANGES << 1)))) {
		if (way != opener_way && last != way)
			state += STATE_EXCHANGES;
		state = way ? state | STATE_LAST : state & ~STATE_LAST;
	}
	state |= STATE_SEEN << way;
	if (p->protocol == TCP) {
		if (p->flags & FIN)
			state |= STATE_FIN << way;
		if (p->flags & RST)
			state |= STATE_RESET;
	}
	return state;
}

#define FLOW_TRACKED 1
#define FLOW_OPENS 2
#define FLOW_ASIDE 4 /* its counts are not those of its connection: other ports, or a judgement of its own */

/* Finds what a packet's connection is found by, and says what there can be. */
static __always_inline int flow_of(const struct packet *p, __u32 way, __u16 slot, struct flow *f)
{
	__u32 request = 0, reply = 0;

	f->slot = slot;
	f->protocol = p->protocol;
	f->opener = 0;
	f->near_port = f->far_port = 0;
	if (way == OUT) {
		f->near_hi = p->src_hi;
		f->near_lo = p->src_lo;
		f->far_hi = p->dst_hi;
		f->far_lo = p->dst_lo;
	} else {
		f->near_hi = p->dst_hi;
		f->near_lo = p->dst_lo;
		f->far_hi = p->src_hi;
		f->far_lo = p->src_lo;
	}
	if (likely(p->protocol == TCP || p->protocol == UDP)) {
		f->near_port = way == OUT ? p->src_port : p->dst_port;
		f->far_port = way == OUT ? p->dst_port : p->src_port;
		return FLOW_TRACKED | FLOW_OPENS;
	}
	if (!is_icmp(p->protocol)) {
		int aside = p->protocol == SCTP || p->protocol == DCCP ? FLOW_ASIDE : 0;
		return FLOW_TRACKED | FLOW_OPENS | aside;
	}
	if (p->protocol == ICMP) {
		if (p->type == 8 || p->type == 13 || p->type == 15 || p->type == 17)
			request = p->type;
		else if (p->type == 0)
			reply = 8;
		else if (p->type == 14 || p->type == 16 || p->type == 18)
			reply = p->type - 1;
	} else if (p->type == 128) {
		request = 128;
	} else if (p->type == 129) {
		reply = 128;
	}
	if (!request && !reply)
		return FLOW_ASIDE;
	f->near_port = p->id;
	f->far_port = request | reply;
	f->opener = request ? way : way ^ 1;
	return FLOW_TRACKED | (request ? FLOW_OPENS : 0) | (p->code ? FLOW_ASIDE : 0);
}

#ifndef WEIR_OBSERVE
/* Returns what allowed the connection that an ICMP error is about, or 0. */
VERIFIED_ONCE __u32 quoted_opener(frame_t *skb, const struct packet *p, const struct head *h, struct tally *y)
{
	struct packet q = {};
	struct flow f;
	struct connection *v;
	__u32 way;
	__u64 state;

	if (!p || !h || !y || !parse_quoted(skb, p, &q))
		return 0;
	way = y->way & 1;
	if (!(flow_of(&q, way ^ 1, y->slot, &f) & FLOW_TRACKED))
		return 0;
	/* What it is about went the other way, from or to the address that it comes to or from. */
	if (way == IN ? f.near_hi != p->dst_hi || f.near_lo != p->dst_lo : f.near_hi != p->src_hi || f.near_lo != p->src_lo)
		return 0;
	v = bpf_map_lookup_elem(&connections, &f);
	if (!v)
		return 0;
	state = v->state;
	if (!is_alive(h, state, v->last, q.protocol, q.flags, y->now))
		return 0;
	y->about = f.protocol;
	y->about_hi = f.far_hi;
	y->about_lo = f.far_lo;
	return state;
}
#endif

#endif
