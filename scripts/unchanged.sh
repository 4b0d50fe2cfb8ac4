#!/bin/sh
# Runs a command and fails where it changed, made or removed a file that git sees.
# Changes that were there before do not count.
. "$(dirname "$0")/env.sh"

state() {
	git status --porcelain
	git diff HEAD
	git ls-files --others --exclude-standard | while read -r f; do git hash-object "$f"; done
}
before=$(state)
"$@"
if [ "$before" != "$(state)" ]; then
	echo "failed: \"$*\" changed files; commit what it makes:" >&2
	git status --short >&2
	exit 1
fi
