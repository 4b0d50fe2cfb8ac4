/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What user space and the program have in common, and the maps. weir_bpfel.go is made of it; compile.go and row.go know what
 * bits mean. Where something of a map that is pinned changes (pinnedMaps in pins.go), layout there goes up by one. */
#ifndef WEIR_TYPES_H
#define WEIR_TYPES_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

/* Directions, as seen from the network interface that a flow log is of. */
#define IN 0
#define OUT 1

/* A function that the verifier looks at once, and not at each of its calls. */
#define VERIFIED_ONCE __attribute__((noinline))

/* What packets of open connections do, and what they don't: their way is kept short, and in one place, for the sake of the instruction cache. */
#define likely(is) __builtin_expect(!!(is), 1)
#define unlikely(is) __builtin_expect(!!(is), 0)

/* Keeps an index within 2^n - 1 where the verifier sees it: clang knows already, and leaves an ordinary & out. */
#define bound(i, most) asm volatile("%0 &= " #most : "+r"(i))

/* What is done at an interface. */
#define MODE_OFF 0
#define MODE_COUNT 1
#define MODE_SHADOW 2
#define MODE_ENFORCE 3
#define MODE_OBSERVE 4 /* as count; what the host's firewall drops is counted as refused: observe.bpf.c */
#define MODE_FORWARD 5 /* as count, of a router: what it can't forward is counted as lost: observe.bpf.c */

/* A link is a device of the host. */
#define LINK_FLIP 1 /* its ingress is the interface's egress: the host's side of a veth or tap */
#define LINK_RAW 2  /* frames begin with the IP header: tun, wireguard */
#define LINK_CLSACT 4 /* user space attached by clsact; nothing to the program */

/* Kinds of rule lists. */
#define LIST_SERVICES 0 /* what nothing filters; allow: flow logs record it */
#define LIST_WITHIN 1   /* the addresses that are reached without leaving the subnet */
#define LIST_ACL 2
#define LIST_GROUPS 3
#define LIST_FIXED_SERVICES 4 /* the same at addresses of is_fixed */
#define LIST_FIXED_WITHIN 5
#define LISTS 6

#define V4 0
#define V6 1

#define ANY_PROTOCOL 256

/* A rule is about a range of addresses and keys (destination ports, or ICMP's type and code as one number). A rule with
 * several ranges of addresses is as many of these, one behind the other, with one number. */
struct rule {
	__u64 first_hi, first_lo, last_hi, last_lo;
	__u16 protocol, from, to;
	__u8 number, flags;
};
#define RULE_ALLOW 1
#define RULE_EVERYWHERE 2

struct list {
	__u32 at, count;
};

/* A head is what is done at an interface by one generation of its policy. */
struct head {
	__u8 mode, groups; /* groups: security groups filter it */
	__u8 open[2][2][2]; /* direction, family, TCP or UDP: a rule allows all addresses and ports */
	__u8 pad[2];
	/* In ticks. */
	__u32 tcp_established, tcp_other, udp, udp_stream, other;
	struct list lists[LISTS][2][2]; /* kind, direction, family */
};

struct link {
	__u32 is[2]; /* slot | flags << 16, by the parity of the control word: what a device is changes at once with the policies */
};

/* A device, among those of all network namespaces. */
struct device {
	__u64 netns; /* its cookie; 0: the one that the program was loaded for first */
	__u32 index, pad;
};

/* The control word: epoch, generation and which of the two heads is in force change at once. */
struct clock {
	__u64 word;
	__u64 now; /* where the clock is driven: the time in ns */
};
#define EPOCH_BITS 23
#define EPOCH_MASK ((1u << EPOCH_BITS) - 1)
#define EPOCH_DEAD EPOCH_MASK
#define GEN_BITS 12
#define word_epoch(w) ((__u32)(w) & EPOCH_MASK)
#define word_gen(w) ((__u32)((w) >> 32) & ((1u << GEN_BITS) - 1))
#define word_parity(w) ((__u32)((w) >> 63))

/* A flow is what a connection is found by: the same for both directions. Addresses are numbers, of IPv4 those of
 * ::fffe:0:0/96. */
struct flow {
	__u64 near_hi, near_lo, far_hi, far_lo;
	__u16 near_port, far_port; /* of ICMP: the identifier, and the type of the request */
	__u16 slot;
	__u8 protocol;
	__u8 opener; /* of ICMP: the direction of requests */
};

/* An opener says which rules allowed: those that match the key, in a direction, of a generation's groups. */
#define OPENER_BITS 29
#define opener_of(gen, way, key) ((__u32)(gen) << 17 | (__u32)(way) << 16 | (__u32)(key))

/* What is counted, beside packets and bytes, in one word, which is compared and exchanged:
 * epoch 23 | flags 4 | entry 8 | opener 29. */
#define META_FLAGS 37
#define META_EPOCH 41
#define META_IDENTITY (~(0xfULL << META_FLAGS))
#define meta_of(epoch, entry, opener) ((__u64)(epoch) << META_EPOCH | (__u64)(entry) << OPENER_BITS | (opener))
#define meta_epoch(m) ((__u32)((m) >> META_EPOCH))

/* What of TCP's flags is counted. */
#define COUNT_FIN 1
#define COUNT_SYN 2
#define COUNT_RST 4
#define COUNT_SYNACK 8

/* Entries of the network ACL that are none. */
#define ENTRY_GROUPS 253 /* of what is refused: by the groups */
#define ENTRY_LAST 254   /* the entry "*" */
#define ENTRY_NONE 255   /* it was not asked */

struct total {
	__u64 meta, bytes; /* above the low BYTES_BITS, how often the count of packets went over */
};
#define BYTES_BITS 52

struct packets {
	__u32 packets, first, last;
};

/* A connection has what is tracked, what was decided for each direction, and the counts of two epochs. */
struct connection {
	__u64 state;
	__u32 cache[2];
	__u32 last, pad;
	struct total total[4]; /* epoch & 1, direction */
	struct packets packets[4];
};

/* State: opener, then these. */
#define STATE_SEEN (1ULL << 32) /* << direction */
#define STATE_FIN (1ULL << 34)
#define STATE_RESET (1ULL << 36)
#define STATE_LAST (1ULL << 37) /* the direction of the last packet, while exchanges are counted */
#define STATE_EXCHANGES (1ULL << 38)
#define STATE_EXCHANGES_MASK (3ULL << 38)
#define STATE_TRACKED (1ULL << 40)

/* A cache word: generation 12 | entry 8 | these. */
#define CACHE_GEN 20
#define CACHE_ENTRY 12
#define CACHE_ALLOW 1  /* the network ACL does not deny it */
#define CACHE_GROUPS 2 /* the groups allow each packet by itself */

/* Beside connections: what is refused, and what has no connection or not its judgement. */
struct aside_key {
	struct flow flow; /* of ICMP: type and code in near_port */
	__u64 what;       /* kind << 40 | direction << 39 | entry << 29 | opener */
	/* Of an ICMP error that passes with the connection that it is about: that one's other end; its protocol is flow.opener. */
	__u64 about_hi, about_lo;
};
#define ASIDE_NEW 1   /* refused as the first packet of a connection: cached */
#define ASIDE_KNOWN 2 /* refused, although its connection is open */
#define ASIDE_ACCEPT 3
#define ASIDE_HOST 4 /* refused by the host; the entry says where */
#define aside_of(kind, way) ((__u64)(kind) << 40 | (__u64)(way) << 39)

struct aside {
	__u32 cache, pad;
	struct total total[2]; /* epoch & 1 */
	struct packets packets[2];
};

/* Of what is in no flow: of each interface. */
#define OUTCOMES 8
struct tallies {
	__u64 lost[2][2][2];    /* direction; accepted, refused; packets, bytes: a table was full */
	__u64 unlogged[2][2];   /* direction; packets, bytes: what flow logs leave out */
	__u64 outcome[OUTCOMES]; /* packets, as package packet numbers them */
	__u64 full[2];          /* connections, asides that found no place */
	__u64 unattributed;     /* what the host refused and is not told of exactly */
};

/* How the last packets that came in on a CPU were counted. The kernel takes up to 64 at once from a card, and has all of them pass
 * the device before the first one goes on. */
#define COUNTED_CONNECTION 0
#define COUNTED_ASIDE 1
#define COUNTED_LOST 2
#define COUNTED_UNLOGGED 3 /* in no flow: what flow logs leave out, and what is no IP packet */
#define COUNTED_BEFORE 4   /* it was refused, and is refused again: somebody has several of it */
struct arrival {
	__u64 skb, data; /* addresses of the packet, and of its bytes */
	__u64 meta;      /* as it was counted */
	struct flow flow;
	struct aside_key key; /* what is 0 */
	__u32 device, bytes, packets, now;
	__u8 way, counted, fragment, pad[5];
};
#define MAX_ARRIVALS 128
struct arrivals {
	__u32 next, pad; /* next & (MAX_ARRIVALS - 1): where the next one is noted */
	struct arrival ring[MAX_ARRIVALS];
};

/* What user space knows of the tables, for the process that comes after it. */
struct state {
	__u8 id[16];   /* of the tables: others have another */
	__u64 netns;   /* the network namespace of the devices, as the inode of its file */
	__u32 settled; /* the last closed epoch whose counts are somebody else's */
	__u16 gens[2]; /* generations, by epoch & 1 */
};

/* A part of a document of user space. */
struct page_key {
	__u8 name[16];
	__u32 kind, number;
};
struct page {
	__u32 size; /* of the document */
	__u8 bytes[2044];
};

/* The first fragment of a datagram. */
struct datagram {
	__u64 src_hi, src_lo, dst_hi, dst_lo;
	__u32 id;
	__u16 slot;
	__u8 protocol, family;
};
struct fragment {
	__u32 at;
	__u16 src_port, dst_port, id;
	__u8 protocol, type, code, pad;
};

#define MAX_LINKS 65536
#define MAX_HIGH_LINKS 4096
#define MAX_SLOTS 1024
#define MAX_RULES 65536

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_LINKS);
	__type(key, __u32);
	__type(value, struct link);
} links SEC(".maps");

/* Devices whose index is too large for links. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_HIGH_LINKS);
	__type(key, struct device);
	__type(value, struct link);
} high_links SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clock);
} control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SLOTS * 2);
	__type(key, __u32);
	__type(value, struct head);
} heads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_RULES);
	__type(key, __u32);
	__type(value, struct rule);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__type(key, struct flow);
	__type(value, struct connection);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18);
	__type(key, struct aside_key);
	__type(value, struct aside);
} asides SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct datagram);
	__type(value, struct fragment);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_SLOTS);
	__type(key, __u32);
	__type(value, struct tallies);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arrivals);
} passing SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 15);
	__type(key, struct page_key);
	__type(value, struct page);
} journal SEC(".maps");

#ifndef WEIR_OBSERVE
/* An update of a map of maps returns when no program runs any more that began before: see load.go. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 1);
		__type(key, __u32);
		__type(value, __u32);
	});
} barrier SEC(".maps");

/* The keys that the reaping program is given. */
#define MAX_REAPED 4096
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_REAPED);
	__type(key, __u32);
	__type(value, struct aside_key); /* of a connection: what is 0 */
} reaped SEC(".maps");
#endif

#endif
