# Read by the other scripts: they run at the root, find the tools that setup.sh
# put into bin/, and say what they do.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
: "${GO:=go}"
PATH="$root/bin/node/node_modules/node/bin:$root/bin/moto/bin:$PATH"
if [ -x "$root/bin/versitygw" ]; then
	export VERSITYGW="$root/bin/versitygw"
fi

for browser in chromium google-chrome; do
	if [ -z "${CHROMIUM:-}" ] && command -v $browser >/dev/null 2>&1; then
		export CHROMIUM="$(command -v $browser)"
	fi
done

has() { command -v "$1" >/dev/null 2>&1; }

# The build tags: libdeflate where it is installed.
tags=""
if has pkg-config && pkg-config --exists libdeflate; then
	tags=libdeflate
fi

# A step that can't run fails CI and is said elsewhere.
missing() {
	if [ "${WEIR_CI:-}" = 1 ]; then
		echo "failed: $1" >&2
		exit 1
	fi
	echo "not run: $1"
}
