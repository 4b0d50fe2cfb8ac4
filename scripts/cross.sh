#!/bin/sh
# Builds for other machines: every package without the engine for Linux on arm64
# and for macOS on arm64, both without cgo; the program for Linux on arm64 where a
# cross compiler is there.
. "$(dirname "$0")/env.sh"

links=$("$GO" list -f '{{.ImportPath}} {{join .Deps " "}}' ./...)
plain=$(echo "$links" | grep -v 'github.com/duckdb/' | sed 's/ .*//')
for os in linux darwin; do
	echo "build for $os/arm64 without cgo"
	# shellcheck disable=SC2086 # a list of words
	GOOS=$os GOARCH=arm64 CGO_ENABLED=0 "$GO" build $plain
done

if has aarch64-linux-gnu-gcc && has aarch64-linux-gnu-g++; then
	echo "build bin/weir-linux-arm64"
	GOOS=linux GOARCH=arm64 CGO_ENABLED=1 CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ \
		"$GO" build -o bin/weir-linux-arm64 ./cmd/weir
else
	missing "the program for linux/arm64: no gcc-aarch64-linux-gnu and g++-aarch64-linux-gnu"
fi
