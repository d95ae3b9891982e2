#!/bin/sh
# stuck.sh FILE: hangs when it is called for the first time; FILE keeps the count.
set -eu
count=$(($(cat "$1" 2>/dev/null || echo 0) + 1))
echo "$count" > "$1"
echo "attempt $count"
[ "$count" -gt 1 ] || sleep 600
echo "attempts=$count" >> "$ODIN_OUTPUTS"
