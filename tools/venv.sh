#!/bin/sh
# venv.sh FOLDER PYTHON: make a fresh virtual environment, or say loudly why it cannot be made.
set -eu
folder=$1
python=$2

fail() {
    printf '\n*** groupwall: %s\n\n' "$*" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || fail "no $python here. Install Python 3.11 or newer, or name it: make setup PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old: Python 3.11 or newer is needed. Name one: make setup PYTHON=/path/to/python3"

# Debian and its children ship venv without ensurepip, in a package of its own; venv then fails half-way.
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "groupwall: $python has no ensurepip, installing $package" >&2
        apt-get update -qq </dev/null >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$package" </dev/null >&2 ||
            fail "apt-get could not install $package"
    else
        fail "$python has no ensurepip. Install it first, then run make again: sudo apt-get install $package"
    fi
fi

rm -rf "$folder"
"$python" -m venv "$folder"
