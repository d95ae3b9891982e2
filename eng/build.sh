# Sourced by ./odin, ./test and ./bench: finds .NET and builds, one build at a time. Needs $root and $name.

say() { printf '%s: %s\n' "$name" "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# The program's host looks for .NET in the system's places only; the one in PATH may be elsewhere.
find_dotnet() {
    if ! command -v dotnet >/dev/null 2>&1; then
        for place in "${DOTNET_ROOT:-}" "${HOME:-/root}/.dotnet" /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet; do
            if [ -n "$place" ] && [ -x "$place/dotnet" ]; then
                PATH=$place:$PATH
                export PATH
                break
            fi
        done
    fi
    command -v dotnet >/dev/null 2>&1 ||
        die "the .NET 10 SDK is missing: there is no 'dotnet' in PATH. Install it (https://dot.net/download) and try again."
    if [ -z "${DOTNET_ROOT:-}" ]; then
        place=$(dirname -- "$(readlink -f -- "$(command -v dotnet)")")
        if [ -d "$place/shared" ]; then
            DOTNET_ROOT=$place
            export DOTNET_ROOT
        fi
    fi
}

check_sdk() {
    version=$(cd -- "$root" && dotnet --version 2>/dev/null) ||
        die "'dotnet' is here, but not its SDK 10 (global.json asks for it). Install the .NET 10 SDK (https://dot.net/download) and try again."
    case $version in
        10.*) ;;
        *) die "the .NET 10 SDK is needed, but 'dotnet' is version $version. Install it (https://dot.net/download) and try again." ;;
    esac
}

# is_stale STAMP FOLDER...: whether anything there is newer. Directories count, so that a removed file is noticed.
is_stale() {
    stamp=$1
    shift
    [ -e "$stamp" ] || return 0
    # In a shell of its own: the program is to start in the caller's directory.
    changed=$(cd -- "$root" && find "$@" Directory.Build.props Directory.Build.targets Directory.Packages.props global.json eng/*.txt \
        \( -name obj -o -name __pycache__ \) -prune -o -newer "$stamp" -print 2>/dev/null | head -n 1)
    [ -n "$changed" ]
}

# build STAMP CONFIGURATION "FOLDERS" PROJECT...: builds the projects if anything in the folders is newer than the stamp.
build() {
    stamp=$root/artifacts/$1
    configuration=$2
    folders=$3
    shift 3
    # shellcheck disable=SC2086  # a list of folders without blanks
    is_stale "$stamp" $folders || return 0
    check_sdk
    mkdir -p "$root/artifacts"
    exec 9>"$root/artifacts/.lock"
    if command -v flock >/dev/null 2>&1 && ! flock -n 9; then
        say "waiting for another build to end ..."
        flock 9
    fi
    # shellcheck disable=SC2086
    if is_stale "$stamp" $folders; then
        [ -e "$stamp" ] || say "the first build takes a minute or two."
        # What changes while the build runs must be newer than the stamp.
        touch "$stamp.new"
        number=0
        for project in "$@"; do
            number=$((number + 1))
            say "building $project ($number of $#) ..."
            build_one "$project"
        done
        mv -f "$stamp.new" "$stamp"
    fi
    exec 9>&-
}

# No build server stays behind: it would hold the lock, and a build machine is no place for leftovers.
build_one() {
    log=$root/artifacts/build.log
    # A pipe keeps only the exit code of its last part.
    code=$(
        {
            {
                (cd -- "$root" && DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 \
                    dotnet build "$1" --configuration "$configuration" --verbosity minimal --nologo --disable-build-servers) \
                    </dev/null 2>&1 3>&- 9>&- && echo 0 >&3 || echo 1 >&3
            } | show_progress "$log" 3>&-
        } 3>&1
    )
    if [ "$code" != 0 ]; then
        grep -E '(error|warning) [A-Z]+[0-9]+' "$log" | sort -u >&2 || cat "$log" >&2
        die "$1 does not build; the whole output is in artifacts/build.log."
    fi
}

# Copies its input into a file, and says what of it is done: "  Odin.Core -> /…/Odin.Core.dll".
show_progress() {
    while IFS= read -r line; do
        printf '%s\n' "$line"
        case $line in
            *' -> '*) say "${line%% -> *}" ;;
        esac
    done >"$1"
}

build_programs() {
    build release.stamp Release "src python" src/Odin.Server src/Odin.Cli
}
