#!/usr/bin/env bash
# Serves a fresh data folder with sample documents in quote mode, asks, judges answers through the API,
# exports what was said in every form, and opens the files with TRL's own functions.
#     tests/clients/trl.sh VERACITE PYTHON
# PYTHON can make a virtual environment; trl (without torch) and datasets come from PyPI.
set -euo pipefail
veracite="$1" python="$2"
. "$(dirname "$0")/server.sh"
"$python" -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet datasets==5.2.0 transformers==5.24.0 jinja2
"$folder/python/bin/pip" install --quiet --no-deps trl==1.16.0
port="$(free_port "$python")"
export VERACITE_DATA="$folder/data" VERACITE_MODELS__EMBEDDER=none VERACITE_SERVER__BIND="127.0.0.1:$port"
"$veracite" ingest "$here"/../../examples/handbook/{01,02,05}-*
serve_on "$port" "$veracite" serve
"$folder/python/bin/python" - "http://127.0.0.1:$port" << 'PYTHON'
import json
import sys
import urllib.error
import urllib.request

address = sys.argv[1]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(path, body):
    request = urllib.request.Request(
        address + path, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with opener.open(request, timeout=60) as response:
        return json.load(response)


questions = [
    "입사 1년 미만 직원의 연차는 며칠인가요?",
    "How much is the daily meal allowance on overseas trips?",
    "회사 주차장 요금은 얼마인가요?",
]
answers = [post("/v1/answers", {"question": question}) for question in questions]
right, wrong, silent = answers
assert not right["abstained"] and not wrong["abstained"] and silent["abstained"]
assert post("/v1/feedback", {"answer": right, "kind": "right"})["usable"]
quote = right["claims"][0]["text"]
given = post("/v1/feedback", {"answer": wrong, "sentence": 0, "kind": "wrong", "correction": wrong["claims"][0]["citations"][0]["quote"].split(". ")[0] + " (corrected)."})
print("the checker says of the correction:", [sentence["verdict"] for sentence in given["corrected"]])
right["claims"][0]["text"] = quote + "!"
try:
    post("/v1/feedback", {"answer": right, "kind": "right"})
except urllib.error.HTTPError as error:
    assert error.code == 422, error.code
else:
    raise AssertionError("a forged answer was taken")
PYTHON
for form in dpo kto sft prompt-completion; do
    "$veracite" feedback export --format "$form" --unchecked --out "$folder/$form.jsonl"
done
"$folder/python/bin/python" "$here/trl_load.py"
"$folder/python/bin/python" "$here/trl_load.py" \
    dpo="$folder/dpo.jsonl" kto="$folder/kto.jsonl" sft="$folder/sft.jsonl" prompt-completion="$folder/prompt-completion.jsonl"
