#!/usr/bin/env bash
# Serves a fresh data folder in quote mode and sends it what its own description allows, and what it
# does not: no answer may be a fault of the server's, and answers are what the description says.
#     tests/clients/schemathesis.sh VERACITE PYTHON [EXAMPLES [SECONDS]]
# PYTHON can make a virtual environment; Schemathesis comes from PyPI.
set -euo pipefail
veracite="$1" python="$2" examples="${3:-15}" seconds="${4:-300}"
checks="${VERACITE_TEST_CHECKS:-not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance}"
. "$(dirname "$0")/server.sh"
schemathesis="${VERACITE_TEST_SCHEMATHESIS:-}"
if [ -z "$schemathesis" ]; then
    "$python" -m venv "$folder/python"
    "$folder/python/bin/pip" install --quiet schemathesis==4.32.5
    schemathesis="$folder/python/bin/schemathesis"
fi
port="$(free_port "$python")"
password="$("$python" -c 'import secrets; print(secrets.token_hex(16))')"
export VERACITE_DATA="$folder/data" VERACITE_MODELS__EMBEDDER=none VERACITE_SERVER__BIND="127.0.0.1:$port"
# What is looked for is not how much one may ask.
limits() { for name in REQUESTS_PER_SECOND QUESTIONS_PER_MINUTE UPLOADS_PER_HOUR CONCURRENT_QUESTIONS; do
    export "VERACITE_SERVER__LIMITS__$name=0"
done; }
if [ -z "${VERACITE_TEST_WITHOUT_LIMITS:-}" ]; then limits; fi
"$veracite" ingest "$here"/../../examples/handbook/{01,02,05}-*
printf '%s\n' "$password" | "$veracite" people add root --role admin
serve_on "$port" "$veracite" serve
# The key of an administrator opens every route that a key may open.
key="$("$python" - "http://127.0.0.1:$port" "$password" << 'PYTHON'
import json, sys, urllib.request
address, password = sys.argv[1:]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def post(path, body, headers):
    request = urllib.request.Request(address + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json", **headers})
    return opener.open(request)
signed_in = post("/v1/session", {"name": "root", "password": password}, {})
cookie = signed_in.headers["Set-Cookie"].split(";")[0]
made = post("/v1/keys", {"name": "schemathesis", "scope": "admin"}, {"Cookie": cookie})
print(json.load(made)["secret"])
PYTHON
)"
# A stream of live states has no end, and a backup or a probe is none of the API.
cd "$folder"
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 "$schemathesis" run "http://127.0.0.1:$port/openapi.json" \
    --header "Authorization: Bearer $key" --checks "$checks" --phases examples,coverage,fuzzing \
    --exclude-path /v1/documents/events --max-examples "$examples" --max-time "$seconds" --workers 1 \
    --request-timeout 30 --seed 1 --continue-on-failure --suppress-health-check all --warnings off
if grep -i "panicked" "$folder/server.log"; then
    echo "the server panicked"
    exit 1
fi
