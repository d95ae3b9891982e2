# Sourced after eng/build.sh: makes sure of the programs outside .NET that the demo and the tests use.

# Packages are installed only by root, and only on Debian and its like.
can_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

# install PACKAGE...: quiet; services that come along are not started.
install() {
    say "installing $* ..."
    log=$root/artifacts/apt.log
    mkdir -p "$root/artifacts"
    : >"$log"
    if ! apt "$log" install --yes --no-install-recommends "$@"; then
        # The lists of packages may be old or missing.
        apt "$log" update && apt "$log" install --yes --no-install-recommends "$@" || {
            say "apt-get could not install $*; its output is in artifacts/apt.log."
            return 1
        }
    fi
}

apt() {
    apt_log=$1
    shift
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null >>"$apt_log" 2>&1
}

need_git() {
    command -v git >/dev/null 2>&1 && return 0
    if can_install && install git && command -v git >/dev/null 2>&1; then
        return 0
    fi
    die "git is missing; install it and try again."
}

# has_learn PYTHON: whether it could import scikit-learn and pandas. Looking is quick, importing takes seconds.
has_learn() {
    "$1" -c '
import importlib.util, sys
sys.exit(any(importlib.util.find_spec(name) is None for name in ("numpy", "pandas", "scipy", "sklearn")))' </dev/null >/dev/null 2>&1
}

# Sets ODIN_DEMO_PYTHON to an interpreter with scikit-learn and pandas, if there is one: the one that is named already, that of an
# activated virtual environment, that of the PATH, the system's, or a virtual environment in the cache. Installs nothing.
look_for_python() {
    environment=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/odin/demo-python
    for python in "${ODIN_DEMO_PYTHON:-}" "${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}" "$(command -v python3 || true)" /usr/bin/python3 "$environment/bin/python"; do
        if [ -n "$python" ] && has_learn "$python"; then
            use_python "$python"
            return 0
        fi
    done
    return 1
}

# The same, and makes one where there is none: with a package, for root, or as a virtual environment. Fails with a sentence.
find_python() {
    look_for_python && return 0
    if can_install && install python3 python3-sklearn python3-pandas && has_learn /usr/bin/python3; then
        use_python /usr/bin/python3
        return 0
    fi
    python=$(command -v python3) || {
        say "Python 3 is missing; install it (with scikit-learn and pandas) and try again."
        return 1
    }
    say "making a virtual environment with scikit-learn and pandas in $environment ..."
    mkdir -p "$root/artifacts"
    if "$python" -m venv "$environment" </dev/null >"$root/artifacts/pip.log" 2>&1 &&
        "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-input scikit-learn pandas </dev/null >>"$root/artifacts/pip.log" 2>&1 &&
        has_learn "$environment/bin/python"; then
        use_python "$environment/bin/python"
        return 0
    fi
    rm -rf "$environment"
    say "scikit-learn or pandas is missing, and no virtual environment could be made (see artifacts/pip.log)." \
        "Install them (Debian: python3-sklearn, python3-pandas), or name an interpreter that has them: ODIN_DEMO_PYTHON=/path/to/python."
    return 1
}

use_python() {
    ODIN_DEMO_PYTHON=$1
    export ODIN_DEMO_PYTHON
}

# is_present PROBE...: whether what a line of eng/apt-packages.txt looks for is there.
is_present() {
    kind=$1
    shift
    case $kind in
        command) command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] ;;
        file) [ -e "$1" ] ;;
        learner) [ -n "${ODIN_DEMO_PYTHON:-}" ] ;;
        *) die "eng/apt-packages.txt has the unknown probe '$kind'." ;;
    esac
}

# Installs what is missing of eng/apt-packages.txt, or says what is missing. Tests that need it then fail with their own words.
need_test_packages() {
    missing=
    while read -r package probe; do
        case $package in '' | '#'*) continue ;; esac
        # shellcheck disable=SC2086  # a probe is several words
        is_present $probe || missing="$missing $package"
    done <"$root/eng/apt-packages.txt"
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086
    if can_install && install $missing; then
        return 0
    fi
    say "missing, so some tests will fail:$missing. Install them (these are the names of Debian's packages)."
}

# Servers that tests speak to and that are no packages of the system. Tests without theirs are skipped with the reason.
need_test_servers() {
    azurite=$root/artifacts/azurite
    if [ ! -e "$azurite/node_modules/azurite/package.json" ] && command -v npm >/dev/null 2>&1; then
        say "installing azurite, the Azure Blob server of the tests ..."
        mkdir -p "$azurite"
        npm install --prefix "$azurite" --no-audit --no-fund azurite@3.35.0 </dev/null >"$root/artifacts/azurite.log" 2>&1 ||
            say "npm could not install azurite; its output is in artifacts/azurite.log."
    fi
    if can_install && command -v debootstrap >/dev/null 2>&1; then
        "$root/eng/test-swift" install </dev/null >"$root/artifacts/swift.log" 2>&1 ||
            say "Swift, an S3 server of the tests, could not be installed; see artifacts/swift.log."
    fi
}

# What ./bench --serving measures against, and with.
need_rival_server() {
    missing=
    command -v wrk >/dev/null 2>&1 || missing="$missing wrk"
    [ -d /usr/lib/python3/dist-packages/gunicorn ] || missing="$missing gunicorn"
    [ -d /usr/lib/python3/dist-packages/flask ] || missing="$missing python3-flask"
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086
    if can_install && install $missing; then
        return 0
    fi
    die "missing:$missing. Install them (these are the names of Debian's packages)."
}
