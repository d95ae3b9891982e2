#!/bin/sh
# flaky.sh FILE N: fails until it was called N times; FILE keeps the count.
set -eu
count=$(($(cat "$1" 2>/dev/null || echo 0) + 1))
echo "$count" > "$1"
echo "attempt $count of $2"
[ "$count" -ge "$2" ] || exit 1
echo "attempts=$count" >> "$ODIN_OUTPUTS"
