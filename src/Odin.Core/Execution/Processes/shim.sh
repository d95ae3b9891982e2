# Starts one program, at most once ever, and writes down how it ended. Builtins only: each exec would cost 0.5 ms.
# Usage: shim.sh STATE_DIRECTORY WORKING_DIRECTORY COMMAND [ARGUMENT]...

# Caught, not ignored: an ignored signal would stay ignored in the program. The shim outlives what ends the program.
trap : HUP INT QUIT USR1 USR2 PIPE ALRM TERM
state=$1
cd "$2" 2>/dev/null || exit 124
shift 2
unset OLDPWD

# The claim is made with O_EXCL. Whoever comes second, or cannot write, leaves before anything has happened.
set -C
{ echo $$ >"$state/claim"; } 2>/dev/null || exit 0

[ -e "$state/stop" ] || "$@"
code=$?

# With a full disk there is still room in the block that holds the claim.
{ echo $code >"$state/exit" || echo $code >>"$state/claim"; } 2>/dev/null

# What the program left in its process group ends with it, as in a container; this shim too, its work is done.
kill -KILL 0
