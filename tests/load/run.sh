#!/usr/bin/env bash
# Serves the handbook in quote mode and lets many ask at once, on loopback: throughput, latency,
# errors, and the server's memory every ten seconds. Needs wrk (a package of Debian).
#     tests/load/run.sh VERACITE PYTHON FOLDER [ASKERS] [SECONDS]
# The surroundings may name an embedding model and where models are: VERACITE_MODELS__EMBEDDER.
set -euo pipefail
veracite="$1" python="$2" folder="$3" askers="${4:-100}" seconds="${5:-300}"
here="$(cd "$(dirname "$0")" && pwd)"
handbook="$here/../../examples"
server="" watch=""
end() {
    status=$?
    for process in $watch $server; do
        kill "$process" 2> /dev/null || true
        wait "$process" 2> /dev/null || true
    done
    if [ "$status" != 0 ] && [ -e "$folder/server.log" ]; then
        tail -n 40 "$folder/server.log"
    fi
    exit "$status"
}
trap end EXIT
rm -rf "$folder"
mkdir -p "$folder"
port="$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
VERACITE_TEST_KEY="askers-$("$python" -c 'import secrets; print(secrets.token_hex(16))')"
export VERACITE_TEST_KEY
(
    umask 077
    cat > "$folder/veracite.toml" << TOML
data = "$folder/data"

[server]
bind = "127.0.0.1:$port"

# All askers show one key.
[server.limits]
requests_per_second = 0
questions_per_minute = 0
concurrent_questions = 0
streams = 0

[[server.keys]]
name = "askers"
key = "$VERACITE_TEST_KEY"
TOML
)
export VERACITE_MODELS__EMBEDDER="${VERACITE_MODELS__EMBEDDER:-none}"
"$veracite" --config "$folder/veracite.toml" ingest "$handbook/handbook" > "$folder/ingest.log"
"$python" -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    print(json.loads(line)["text"])
' "$handbook/handbook-eval/queries.jsonl" > "$folder/questions.txt"
"$veracite" --config "$folder/veracite.toml" serve > "$folder/server.log" 2>&1 &
server=$!
for _ in $(seq 120); do
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break
    kill -0 "$server"
    sleep 0.5
done
(
    while sleep 10; do
        awk '/^VmRSS/ {print $2 / 1024 " MiB"}' "/proc/$server/status" >> "$folder/memory.txt"
    done
) &
watch=$!
wrk --threads 2 --connections "$askers" --duration "${seconds}s" --timeout 30s --script "$here/ask.lua" \
    "http://127.0.0.1:$port/v1/answers" -- "$folder/questions.txt" | tee "$folder/wrk.txt"
echo "memory of the server, every 10 s: $(tr '\n' ' ' < "$folder/memory.txt")"
