#!/bin/sh
# Builds the stack's program if it is not current and runs it with the arguments. Says
# in one line what is missing if it cannot.
set -eu
PROBEFLEET_ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
export PROBEFLEET_ROOT

old() {
    echo "missing: Go 1.26 or newer (found: $1)" >&2
    exit 1
}
command -v go >/dev/null 2>&1 || old "none"
found=$(go version 2>/dev/null | sed -n 's/^go version go\([0-9.]*\).*/\1/p')
major=${found%%.*} minor=${found#*.} minor=${minor%%.*}
# From 1.21 on Go fetches the version that go.mod names, unless it was told not to.
if [ "${major:-0}" -lt 1 ] || { [ "$major" -eq 1 ] && [ "${minor:-0}" -lt 21 ]; }; then old "$found"; fi
go -C "$PROBEFLEET_ROOT/scripts/stack" version >/dev/null 2>&1 || old "$found, which may not fetch a newer one"

mkdir -p "$PROBEFLEET_ROOT/.data/bin"
GOFLAGS="${GOFLAGS:-} -buildvcs=false" go -C "$PROBEFLEET_ROOT/scripts/stack" build -o "$PROBEFLEET_ROOT/.data/bin/stack" .
exec "$PROBEFLEET_ROOT/.data/bin/stack" "$@"
