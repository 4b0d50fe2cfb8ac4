#!/bin/sh
# Runs each fuzz target for FUZZTIME. Inputs that break one are left in the
# package's testdata/fuzz: commit them with the fix.
. "$(dirname "$0")/env.sh"
: "${FUZZTIME:=5s}"

grep -rlE --include='*_test.go' '^func Fuzz' --exclude-dir=node_modules . | xargs -n1 dirname | sort -u |
	while read -r dir; do
		for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go | sed 's/func //' | sort); do
			echo "fuzz $dir $target $FUZZTIME"
			# Minimising interesting inputs would eat the time (a minute for each).
			out=$("$GO" test -tags "$tags" -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 100x "$dir" </dev/null 2>&1) ||
				{ echo "$out" | tail -n 60 >&2; exit 1; }
			echo "$out" | tail -n 1
		done
	done
