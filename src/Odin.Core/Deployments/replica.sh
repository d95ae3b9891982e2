# Runs a program in the files of an unpacked image, in a mount namespace of its own.
# Usage: replica.sh ROOT SOCKET_DIRECTORY WORKING_DIRECTORY UNSHARE COMMAND [ARGUMENT]...
# PATH is the image's; the programs of this machine are found by that of theirs.
set -e
root=$1 sockets=$2 work=$3 unshare=$4
shift 4
path=$PATH
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

mount --bind "$root" "$root"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys" 2>/dev/null || :
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --bind "$sockets" "$root/.odin"
for file in /etc/resolv.conf /etc/hosts; do
    if [ -f "$file" ] && [ -f "$root$file" ] && [ ! -L "$root$file" ] && [ ! -L "$root/etc" ]; then
        mount --bind "$file" "$root$file"
    fi
done
mount -o remount,bind,ro "$root"
PATH=$path
exec "$unshare" --root="$root" --wd="$work" -- "$@"
