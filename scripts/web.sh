#!/bin/sh
# Checks the page's sources, builds it as it is committed, and tests it in a
# browser against the program.
. "$(dirname "$0")/env.sh"

if ! has npm || ! has node; then
	missing "the page's checks and browser tests: no Node.js"
	exit 0
fi
cd web
npm ci --no-audit --no-fund --loglevel=error
npm run check
"$root/scripts/unchanged.sh" npm --prefix web run build
if [ -n "${CHROMIUM:-}" ]; then
	WEIR_TAGS="$tags" npm test
else
	missing "the browser tests: no Chromium"
fi
