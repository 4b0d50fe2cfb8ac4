#!/bin/sh
# Fails where a function can be reached neither from the program nor from a test.
. "$(dirname "$0")/env.sh"

found=$("$GO" tool -modfile=tools/go.mod deadcode -tags "$tags" -test ./...)
[ -z "$found" ] || { echo "$found" >&2; exit 1; }
