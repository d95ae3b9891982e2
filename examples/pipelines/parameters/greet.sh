#!/bin/sh
# greet.sh NAME TIMES STYLE
set -eu
text="Hello, $1!"
[ "$3" = plain ] || text=$(printf '%s' "$text" | tr '[:lower:]' '[:upper:]')
count=0
while [ "$count" -lt "$2" ]; do
    printf '%s\n' "$text"
    count=$((count + 1))
done
printf 'tags: %s\n' "$TAGS"
printf 'greeted=%s\n' "$count" >> "$ODIN_OUTPUTS"
