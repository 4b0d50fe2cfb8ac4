#!/bin/sh
# Installs what the build ("setup.sh build") or the tests ("setup.sh test") need
# and is not there: packages by apt where it may be used, else by name. What only
# some tests need is said and passed over, except in CI.
. "$(dirname "$0")/env.sh"

packages=""
need() { has "$1" || packages="$packages $2"; }

need gcc gcc
need g++ g++
[ -e /usr/include/stdio.h ] || packages="$packages libc6-dev"
# Not needed, and worth having: gunzip takes a third of the time.
need pkg-config pkg-config
[ -n "$tags" ] || packages="$packages libdeflate-dev"
if [ "$1" = test ]; then
	need git git
	need curl curl
	need node nodejs
	need npm npm
	has chromium || has google-chrome || packages="$packages chromium"
	need ip iproute2
	need nft nftables
	need iptables-nft iptables
	need python3 python3
	has moto_server || python3 -c 'import venv, ensurepip' 2>/dev/null || packages="$packages python3-venv"
	if [ "${WEIR_CI:-}" = 1 ]; then
		# The AWS CLI of version 2; that of version 1 comes with moto.
		[ -x /usr/bin/aws ] || packages="$packages awscli"
		# What compiles the BPF program, to see that its objects are up to date.
		has clang && has llvm-strip && [ -e /usr/include/bpf/bpf_helpers.h ] || packages="$packages clang llvm libbpf-dev"
		need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
		need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
		# What is behind a lab's managed interfaces.
		for of in haproxy:/usr/sbin/haproxy redis-server:/usr/bin/redis-server xrdp:/usr/sbin/xrdp postgresql:/usr/lib/postgresql; do
			[ -e "${of#*:}" ] || packages="$packages ${of%%:*}"
		done
	fi
fi

install() {
	as=""
	[ "$(id -u)" = 0 ] || as=sudo
	has apt-get && { [ -z "$as" ] || has sudo; } || return 1
	$as apt-get update -qq || return 1
	if [ "${WEIR_CI:-}" = 1 ]; then
		# No server is started, and PostgreSQL makes no cluster.
		$as sh -c '[ -e /usr/sbin/policy-rc.d ] || { printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d; }
			mkdir -p /etc/postgresql-common/createcluster.d && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/none.conf' || return 1
	fi
	# shellcheck disable=SC2086 # a list of words
	$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}
if [ -n "$packages" ]; then
	echo "installing$packages"
	install || echo "could not install; missing:$packages"
fi
has gcc && has g++ || { echo "failed: a C and a C++ compiler are needed" >&2; exit 1; }
[ "$1" = test ] || exit 0

# Debian 12 has Node.js 18, and the page's tools need 20.19; npm has it as a package.
node_is_new() { has node && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; }
if ! node_is_new && has npm; then
	echo "installing node 22 into bin/node"
	mkdir -p bin/node
	npm install --prefix bin/node --no-save --no-audit --no-fund --loglevel=error node@22 >/dev/null || true
fi

if has python3 && ! { has moto_server && python3 -c 'import awscli, boto3' 2>/dev/null; }; then
	echo "installing moto and the AWS CLI into bin/moto"
	python3 -m venv bin/moto && bin/moto/bin/pip install --quiet --disable-pip-version-check 'moto[server]==5.2.1' 'awscli==1.45.11' 'boto3==1.43.11' || true
fi
# They read the objects that weir-agent writes.
if [ "${WEIR_CI:-}" = 1 ] && has python3 && ! python3 -c 'import pyarrow, duckdb, chdb, flowlogs_reader' 2>/dev/null && ! bin/moto/bin/python3 -c 'import pyarrow, duckdb, chdb, flowlogs_reader' 2>/dev/null; then
	echo "installing pyarrow, DuckDB, chDB and flowlogs-reader for Python into bin/moto"
	# With the modules that are there, since its Python comes first on the PATH.
	{ [ -d bin/moto ] || python3 -m venv --system-site-packages bin/moto; } && bin/moto/bin/pip install --quiet --disable-pip-version-check 'pyarrow==26.0.1' 'duckdb==2.0.1' 'chdb==4.4.0' 'flowlogs_reader==5.0.1'
fi
js=internal/cli/testdata/clients/js
# npm writes its own list last, so a copy that was cut off is made anew.
if has npm && ! { cmp -s $js/package-lock.json bin/js/package-lock.json && [ -e bin/js/node_modules/.package-lock.json ]; }; then
	echo "installing AWS's SDK for JavaScript into bin/js"
	mkdir -p bin/js
	cp $js/package.json $js/package-lock.json bin/js/
	npm ci --prefix bin/js --no-audit --no-fund --loglevel=error >/dev/null || true
fi
# An S3 server; it brings many modules and stands apart for that.
CGO_ENABLED=0 "$GO" build -C tools/versitygw -o "$root/bin/versitygw" github.com/versity/versitygw/cmd/versitygw
