#!/usr/bin/env bash
# Installs what fakedapr needs to be built, run and tested, and nothing that is there already.
#
#   docker/setup.sh            what builds, scenarios and most tests need
#   docker/setup.sh --test     besides, the libraries that tests write applications with
#   docker/setup.sh --bench    besides, the peers that `make bench` measures against
#
# With all present it needs no network and says nothing.
set -euo pipefail

cd "$(dirname "$0")/.."

wasmtime_version=50.0.1
wasmtime_sha256=cc14c3a17654e0394e0225b11813532ef0cd7bd1e222a0c5494cdedaabeddac4
wasmtime_folder=.wasmtime
swift_needed=6.3

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 3
}

check_system() {
    [ "$(uname -s)" = Linux ] || fail "fakedapr is built on Linux; this is $(uname -s)"
    command -v swift >/dev/null ||
        fail "no Swift toolchain in PATH: install Swift $swift_needed or newer (https://www.swift.org/install)"
    local found
    found=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | head -n 1 | grep -oE '[0-9]+\.[0-9]+')
    [ "$(printf '%s\n%s\n' "$swift_needed" "$found" | sort -V | head -n 1)" = "$swift_needed" ] ||
        fail "Swift $found is too old: install Swift $swift_needed or newer (https://www.swift.org/install)"
}

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
            printf '%s\n' "$package"
    done
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        fail "this is no Debian: install the equivalents of: ${missing[*]}"
    [ "$(id -u)" = 0 ] ||
        fail "packages are missing, run: sudo apt-get install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The shared library ships in a PyPI wheel, which is a zip file; version and hash are pinned.
install_wasmtime() {
    local stamp="$wasmtime_folder/version" wheel_folder
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wasmtime_version" ] && return 0
    [ "$(uname -m)" = x86_64 ] ||
        fail "no pinned libwasmtime for $(uname -m): put one at FAKEDAPR_WASMTIME; only guests need it"
    wheel_folder=$(mktemp -d)
    trap 'rm -rf "$wheel_folder"' RETURN
    printf 'wasmtime==%s --hash=sha256:%s\n' "$wasmtime_version" "$wasmtime_sha256" \
        >"$wheel_folder/requirements.txt"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --platform manylinux1_x86_64 --require-hashes -r "$wheel_folder/requirements.txt" \
        -d "$wheel_folder" || fail "libwasmtime $wasmtime_version could not be downloaded"
    mkdir -p "$wasmtime_folder"
    python3 - "$wheel_folder"/*.whl "$wasmtime_folder" <<'PYTHON'
import sys, zipfile, pathlib

wheel, folder = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
for name in wheel.namelist():
    if name.endswith("linux-x86_64/_libwasmtime.so"):
        (folder / "libwasmtime.so").write_bytes(wheel.read(name))
    elif name.endswith("LICENSE"):
        (folder / "LICENSE").write_bytes(wheel.read(name))
PYTHON
    strip --strip-unneeded "$wasmtime_folder/libwasmtime.so" 2>/dev/null || true
    printf '%s\n' "$wasmtime_version" >"$stamp"
}

# Libraries that tests write Dapr applications with, and pytest for the plugin, in an environment of their own.
python_packages="flask==3.1.3 fastapi==0.165.0 uvicorn==0.54.0 pytest==9.2.0 pytest-xdist==3.8.0 jsonschema==4.26.0"
install_python_apps() {
    local stamp=.python/packages
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$python_packages" ] && return 0
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
    python3 -m venv --clear .python
    # shellcheck disable=SC2086 # a list of words
    .python/bin/python -m pip install --quiet --disable-pip-version-check $python_packages ||
        fail "could not be installed from PyPI: $python_packages"
    printf '%s\n' "$python_packages" >"$stamp"
}

check_system
install_packages make binutils curl python3 libsqlite3-dev libhiredis-dev libyaml-dev redis-server shellcheck \
    wasi-libc libclang-rt-14-dev-wasm32
python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
install_wasmtime
case "${1:-}" in
    --test) install_python_apps ;;
    --bench) install_packages nginx-light webdis wrk ;;
esac
