#!/usr/bin/env bash
# Builds the guests.
#
#   build.sh [FOLDER]    Embedded Swift guests into FOLDER (default: beside this script, where the
#                        built ones are kept), C guests into FOLDER/build where wasi-libc is there
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
mkdir -p "$out/build"
tools=$(dirname "$(readlink -f "$(command -v swift)")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$tools/clang" --target=wasm32-unknown-none-wasm -Os -mbulk-memory -ffreestanding -nostdlib \
    -ffile-prefix-map="$here"=. -c "$here/swift/runtime.c" -o "$work/runtime.o"

# The compiler's output must not depend on where the checkout lies: everything is built from a copy
# in one folder, by relative names.
cp "$here"/swift/*.swift "$work"
for guest in statestore etag messenger; do
    (cd "$work" && "$tools/swiftc" -target wasm32-unknown-none-wasm \
        -enable-experimental-feature Embedded -enable-experimental-feature Extern -wmo -Osize \
        -parse-as-library -Xfrontend -disable-stack-protector -module-name guest \
        -c Host.swift DaprClient.swift "$guest.swift" -o "$guest.o")
    "$tools/wasm-ld" --no-entry --gc-sections --strip-all --export=_start -z stack-size=65536 \
        --stack-first "$work/$guest.o" "$work/runtime.o" -o "$out/$guest.wasm"
    chmod 644 "$out/$guest.wasm"
done

builtins=$(find /usr/lib -path '*/wasi/libclang_rt.builtins-wasm32.a' 2>/dev/null | head -n 1)
if [ -e /usr/include/wasm32-wasi ] && [ -n "$builtins" ]; then
    for guest in statestore etag; do
        "$tools/clang" --target=wasm32-wasi --sysroot=/usr -O2 -Wall -Werror -Wno-unused-function \
            -nodefaultlibs "$here/c/$guest.c" -lc "$builtins" -o "$out/build/$guest-c.wasm"
    done
fi
