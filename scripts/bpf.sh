#!/bin/sh
# Compiles the BPF programs of internal/capture/ebpf. What it makes is committed, so that nobody needs clang who does not
# change the C. Each clang makes other bytes: without the one that is pinned here nothing is done.
. "$(dirname "$0")/env.sh"

clang=14
for c in "clang-$clang" clang; do
	if has "$c" && "$c" --version | grep -q "clang version $clang\." && has llvm-strip && [ -e /usr/include/bpf/bpf_helpers.h ]; then
		cd internal/capture/ebpf || exit 1
		compile() {
			# asm/types.h is where Debian's gcc looks for it.
			GOPACKAGE=ebpf "$GO" tool -modfile="$PWD/../../../tools/go.mod" bpf2go -cc "$c" -target bpfel -go-package ebpf \
				-cflags "-O2 -g -Wall -Werror -Wno-unused-function -mcpu=v3 -I/usr/include/$(uname -m)-linux-gnu" "$@"
		}
		compile -type rule -type head -type link -type device -type clock -type flow -type connection -type aside_key -type aside -type tallies -type state -type arrival -type arrivals -type page_key -type page -type order \
			weir c/weir.bpf.c &&
			compile observe c/observe.bpf.c
		exit
	fi
done
echo "not run: the BPF program is compiled by clang $clang, which is not installed with llvm-strip and the headers of libbpf"
