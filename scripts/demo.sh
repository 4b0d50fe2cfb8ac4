#!/bin/sh
# One synthetic day with planted stories (or DEMO_SOURCE's logs): taken in,
# reported, and served as a page until Ctrl-C. With --smoke nobody needs to look:
# the page is asked for, and the demo ends as Ctrl-C would end it.
. "$(dirname "$0")/env.sh"

weir="$root/bin/weir"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-demo.XXXXXX")
server=""
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
export WEIR_DATA="$work/data"

if [ -n "${DEMO_SOURCE:-}" ]; then
	source=$DEMO_SOURCE
else
	source=$work/logs
	echo "making one day of flow logs, with stories in it"
	"$weir" synth --records "${DEMO_RECORDS:-200000}" --network "$work/network" "$source" >"$work/stories"
	# The definition changed in the middle of the day: it was seen before and after.
	for seen in network-before@2026-06-16T00:00:00Z network-before@2026-06-16T15:20:59Z network@2026-06-16T15:21:00Z network@2026-06-17T00:00:00Z; do
		"$weir" network import -q "$work/${seen%@*}" --at "${seen#*@}" >"$work/imported"
	done
fi
echo
status=0
"$weir" open "$source" || status=$?
[ $status = 0 ] || [ $status = 3 ] || exit $status # 3: some objects or lines were not taken, as said above
if [ -f "$work/stories" ]; then
	echo
	echo "what is in it, and how to find it:"
	sed -n '2,$p' "$work/stories"
	echo
	echo "weir why app-canary-1 db-1:5432"
	"$weir" why app-canary-1 db-1:5432 || [ $? = 4 ] # it is refused
fi
echo

listen=${DEMO_LISTEN:-127.0.0.1:8787}
if [ "${1:-}" != --smoke ]; then
	echo "try in another terminal:  bin/weir --data $WEIR_DATA top srcaddr --where 'action = REJECT'"
	[ ! -f "$work/stories" ] || echo "                          bin/weir --data $WEIR_DATA why 10.0.20.11 10.0.60.11:8443"
	status=0
	"$weir" serve --listen "$listen" 2>"$work/log" || status=$?
	[ $status = 0 ] || cat "$work/log" >&2
	exit $status
fi

mkfifo "$work/served"
"$weir" serve --listen 127.0.0.1:0 >"$work/served" 2>"$work/log" &
server=$!
read -r line <"$work/served" || { cat "$work/log" >&2; exit 1; } # comes once the page answers
url=$(echo "$line" | sed -n 's/^weir is at \([^ ]*\).*/\1/p')
curl -fsS "${url}healthz" >/dev/null
curl -fsS "$url" | grep -q '<title>'
curl -fsS "${url}api/v1/status" | grep -q '"records"'
# A command beside the server sees what the server sees.
"$weir" query 'SELECT count(*) AS records FROM vpc_flow_logs'
kill -INT "$server"
wait "$server"
server=""
echo "smoke: the demo works and ends cleanly"
