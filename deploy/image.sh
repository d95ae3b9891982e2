# Sourced by the scripts that build images: a root file system out of Debian's packages, unpacked and not installed, so that
# nothing is in it that was not asked for. Needs $root, $name and eng/build.sh.

suite=bookworm
mirror=${ODIN_DEBIAN_MIRROR:-http://deb.debian.org}
libraries=usr/lib/x86_64-linux-gnu
work=$root/artifacts/image
CONTAINERS_CONF=${CONTAINERS_CONF:-$root/deploy/containers.conf}
export CONTAINERS_CONF

need_tools() {
    [ "$(uname -m)" = x86_64 ] || die "images are built on and for x86-64 machines; this one is '$(uname -m)'."
    missing=
    for tool in buildah:buildah apt-get:apt dpkg-deb:dpkg tar:tar git:git sha256sum:coreutils; do
        command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool#*:}"
    done
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
    [ -z "$missing" ] || die "missing:$missing. On Debian or Ubuntu: apt-get install -y --no-install-recommends$missing"
}

# The version of what is built: the commit, and a digest of what is not committed, so that a tag never means two things.
version() {
    commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null) || die "'$root' is no git checkout; give a tag with --tag."
    changes=$( (cd -- "$root" && git diff HEAD && git ls-files --others --exclude-standard -z | xargs -0 -r sha256sum) | sha256sum | cut -c1-8)
    nothing=$(sha256sum </dev/null | cut -c1-8)
    if [ "$changes" = "$nothing" ]; then echo "$commit"; else echo "$commit-$changes"; fi
}

# apt with lists and a cache of its own: neither root nor the machine's own choice of packages is needed.
private_apt() {
    apt-get -qq -o Dir::State="$work/apt/state" -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt/cache" \
        -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
        -o Dir::Etc::PreferencesParts=/dev/null -o APT::Sandbox::User= -o APT::Architecture=amd64 "$@" >&2
}

# unpack DIRECTORY PACKAGE...: the packages' files. What was fetched before and is still current is not fetched again.
unpack() {
    target=$1
    shift
    mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial" "$work/debs"
    : >"$work/apt/status"
    key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    {
        echo "deb $key $mirror/debian $suite main"
        echo "deb $key $mirror/debian $suite-updates main"
        echo "deb $key $mirror/debian-security $suite-security main"
    } >"$work/apt/sources.list"
    private_apt update || die "the package lists of $mirror cannot be fetched; ODIN_DEBIAN_MIRROR names another mirror."
    for directory in bin sbin lib; do
        mkdir -p "$target/usr/$directory"
        ln -s "usr/$directory" "$target/$directory"
    done
    mkdir -p "$target/usr/lib64"
    ln -s usr/lib64 "$target/lib64"
    (cd -- "$work/debs" && private_apt download "$@") || die "not all packages could be fetched: $*"
    for package in "$@"; do
        # The newest, for an older one may lie there from an earlier build.
        file=$(ls -t "$work/debs/${package}_"*.deb | head -n 1)
        dpkg-deb --fsys-tarfile "$file" | tar -x -C "$target" --keep-directory-symlink --no-same-owner
        dpkg-deb --show --showformat='${Package} ${Version}\n' "$file" >>"$work/packages.txt"
    done
}

# close_over_libraries DIRECTORY LIBRARYPATH: fails when a program or library lacks another one.
close_over_libraries() {
    loader=$1/$libraries/ld-linux-x86-64.so.2
    find "$1" -type f \( -perm -u+x -o -name '*.so' -o -name '*.so.*' \) | while IFS= read -r file; do
        case $(head -c 4 "$file" | tr -d '\0') in
            *ELF*) ;;
            *) continue ;;
        esac
        # What is found outside is the machine's own, which the image will not have.
        "$loader" --library-path "$1/$libraries:$2" --list "$file" 2>/dev/null |
            sed -n "s|^\t\([^ ]*\) => not found.*|\1|p; s|^\t\([^ ]*\) => /\(.*\) (0x.*|\1 /\2|p" | grep -v " $1/" | sed "s|^|$file needs |" || true
    done | sed "s|$1||" >"$work/unresolved.txt"
    [ ! -s "$work/unresolved.txt" ] || die "the image would lack libraries: $(cat "$work/unresolved.txt")"
}

# commit CONTAINER REFERENCE
commit() {
    buildah commit --quiet --timestamp "$(git -C "$root" log -1 --format=%ct)" "$1" "$2" >/dev/null
    buildah rm "$1" >/dev/null
}

# publish IMAGE REFERENCE
publish() {
    verify=true
    case $2 in
        127.0.0.1[:/]* | localhost[:/]*) verify=false ;;
    esac
    buildah push --quiet --tls-verify=$verify "$1" "docker://$2" || die "'$2' could not be pushed; log in with: buildah login ${2%%/*}"
}

# with_tag REFERENCE TAG: the reference, with the tag if it has none.
with_tag() {
    case ${1##*/} in
        *:*) echo "$1" ;;
        *) echo "$1:$2" ;;
    esac
}
