#!/usr/bin/env bash
# Checks the shell scripts and the container files, as far as that goes without a Docker engine.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
for script in "${scripts[@]}"; do bash -n "$script"; done
shellcheck "${scripts[@]}"

# What the Dockerfile copies from the checkout must be there.
grep -E '^COPY ' docker/Dockerfile | grep -v -- '--from=' | while read -r _ source _; do
    [ -e "$source" ] || { echo "docker/Dockerfile copies $source, which is not there" >&2; exit 1; }
done
