#!/usr/bin/env bash
# Installs a release as a user or an image would and uses it from another folder: the binary needs no
# library that debian:bookworm-slim lacks, finds the bundled libwasmtime, serves and runs a scenario.
set -euo pipefail
cd "$(dirname "$0")/.."

checkout=$PWD
folder=$(mktemp -d)
sidecar=
finish() {
    [ -z "$sidecar" ] || kill "$sidecar" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

fail() {
    printf 'check-install: %s\n' "$*" >&2
    exit 1
}

make install PREFIX=/opt/fakedapr DESTDIR="$folder"
program=$folder/opt/fakedapr/bin/fakedapr

ldd "$program" | awk '{print $1}' | while read -r library; do
    case "${library##*/}" in
        linux-vdso.so.1 | libc.so.6 | libm.so.6 | libgcc_s.so.1 | libstdc++.so.6 | ld-linux-*) ;;
        *) fail "the binary needs $library, which the image does not have" ;;
    esac
done

cd "$folder"
unset FAKEDAPR_WASMTIME
"$program" serve --store memory --port 0 --ready-file ready &
sidecar=$!
for _ in $(seq 200); do [ -s ready ] || sleep 0.1; done
url=$(cat ready)
"$program" wait --url "$url" --timeout 20s
curl -fsS "$url/v1.0/state/statestore" -d '[{"key":"weapon","value":"Death Star"}]'
[ "$(curl -fsS "$url/v1.0/state/statestore/weapon")" = '"Death Star"' ] || fail "the value was not kept"
kill -TERM "$sidecar"
wait "$sidecar" || fail "the sidecar did not end in order"
sidecar=
"$program" scenario run "$checkout/Scenarios/statestore.yaml" --store sqlite
