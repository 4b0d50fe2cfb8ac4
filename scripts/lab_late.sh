#!/bin/sh
# Measures how late records are in a lab whose windows are over after ten seconds: from the end of the window that has the packet until a query shows it. It takes root, and builds the lab in
# namespaces of its own. RUNS says how often (30, which take six minutes); the bar is that p99 is under 5 s.
. "$(dirname "$0")/env.sh"

if [ -z "${LAB_LATE:-}" ]; then
	dir=$(mktemp -d)
	status=0
	LAB_LATE=$dir unshare -m -n "$0" || status=$?
	rm -r "$dir"
	exit $status
fi
mount --make-rprivate /
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
ip link set lo up
weir="$root/bin/weir"
lab=$LAB_LATE/lab
trap '"$weir" lab down --dir "$lab" > /dev/null' EXIT
"$weir" lab up -q --dir "$lab" --interval 10s > /dev/null
i=0
while [ $i -lt "${RUNS:-30}" ]; do
	"$weir" lab run -q inbound-reject-by-group --dir "$lab" --json > "$LAB_LATE/run"
	sed -n 's/^    "late_seconds": *\([0-9.]*\).*/\1/p' "$LAB_LATE/run" >> "$LAB_LATE/late"
	i=$((i + 1))
done
sort -n "$LAB_LATE/late" | awk '
	{ late[NR] = $1 }
	function at(p) { i = int(NR * p / 100); if (i < NR * p / 100) i++; return late[i] }
	END {
		printf "%d runs: p50 %.2f s, p99 %.2f s, most %.2f s after the window was over\n", NR, at(50), at(99), late[NR]
		exit at(99) >= 5
	}'
