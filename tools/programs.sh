#!/bin/sh
# programs.sh PROGRAM[:PACKAGE]...: install the Debian packages of programs that are missing, when root; otherwise say it
# loudly. PACKAGE: its package, where that has another name.
# What still lacks then is skipped by the tests that need it, and a skip that is not in .ci/skipped.txt fails CI.
set -u
missing=
for one in "$@"; do
    command -v "${one%%:*}" >/dev/null 2>&1 || missing="$missing ${one##*:}"
done
[ -n "$missing" ] || exit 0

# shellcheck disable=SC2086 # one word for each package
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "groupwall: installing$missing for the tests" >&2
    apt-get update -qq </dev/null >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing </dev/null >&2 && exit 0
fi
printf '\n*** groupwall: not installed:%s. The tests that need it will be skipped.\n*** Install it: sudo apt-get install%s\n\n' \
    "$missing" "$missing" >&2
