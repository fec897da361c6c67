#!/usr/bin/env bash
# Serves a fresh data folder with three sample documents and looks at it in headless Chromium.
#     tests/browser/run.sh VERACITE PYTHON FOLDER
# PYTHON has the package playwright; FOLDER gets the screenshots.
set -euo pipefail
veracite="$1" python="$2" folder="$3"
here="$(cd "$(dirname "$0")" && pwd)"
if ! command -v chromium >/dev/null 2>&1; then
    if ! (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-nanum) >/dev/null 2>&1; then
        echo "SKIPPED: there is no chromium, and it cannot be installed here"
        exit 0
    fi
fi
rm -rf "$folder"
mkdir -p "$folder"
export VERACITE_DATA="$folder/data" VERACITE_MODELS__EMBEDDER=none VERACITE_SERVER__BIND=127.0.0.1:8499
"$veracite" ingest "$here"/../../examples/handbook/{01,02,05}-*
"$veracite" serve > "$folder/server.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
"$python" "$here/test.py" http://127.0.0.1:8499 "$folder"
