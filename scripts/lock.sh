#!/bin/sh
# Renew the two lock files from pyproject.toml. Needs uv.
set -eu
cd "$(dirname "$0")/.."
lock() { # lock FILE OPTIONS...
    target=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
        --no-header --no-annotate "$@" -o "$target" pyproject.toml
}
lock requirements.lock
lock requirements-dev.lock --group test --group check --group docs --extra cluster
