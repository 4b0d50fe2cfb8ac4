#!/bin/sh
# Fails where a function can be reached neither from the program nor from a test.
. "$(dirname "$0")/env.sh"

found=$("$GO" tool -modfile=tools/go.mod deadcode -tags "$tags" -test ./...)
# An example without an output is compiled and shown, and nothing runs it.
found=$(echo "$found" | sed '/_test\.go:.*: unreachable func: Example/d')
[ -z "$found" ] || { echo "$found" >&2; exit 1; }
