"""Opens what `veracite feedback export` and `draft` wrote as TRL does: by `datasets`, and through TRL's
own functions for formats. Torch is not needed.

    pip install datasets transformers jinja2 && pip install --no-deps trl
    python tests/clients/trl_load.py dpo=pairs.jsonl kto=labels.jsonl sft=talks.jsonl prompt-completion=turns.jsonl

Without arguments it opens lines of its own, in the forms that `src/feedback/example.rs` writes.
"""

import json
import sys
import tempfile
from pathlib import Path

import datasets
import transformers
import trl
from trl.data_utils import (
    is_conversational,
    maybe_apply_chat_template,
    maybe_unpair_preference_dataset,
)

# What each trainer reads: https://huggingface.co/docs/trl/dataset_formats
COLUMNS = {
    "dpo": {"prompt", "chosen", "rejected"},
    "kto": {"prompt", "completion", "label"},
    "sft": {"messages"},
    "prompt-completion": {"prompt", "completion"},
}
# Where an export says where it comes from (`--mark`); trainers pass it over.
MARK = "veracite"
TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}</s>"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
TOKENIZER = Path(__file__).parents[1] / "fixtures/mixtral/tokenizer.json"


def main():
    files = dict(argument.split("=", 1) for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        for name, file in (files or written(Path(folder))).items():
            opened(name, file)
    print(f"trl {trl.__version__} and datasets {datasets.__version__} open {', '.join(files) or 'all forms'}")


def written(folder):
    """A file of each form, with and without the mark."""
    system = {"role": "system", "content": "구절에 있는 것만 말합니다."}
    user = {"role": "user", "content": "[1] 연차는 15일이다.\n질문: 연차는?"}
    good = [{"role": "assistant", "content": "연차는 15일이다. [1]"}]
    bad = [{"role": "assistant", "content": "연차는 25일이다. [1]"}]
    prompt = [system, user]
    document = {"document": "a" * 32, "version": "b" * 64, "readers": ["everyone"]}
    mark = {"source": "people", "answer": "c" * 64, "prompt_version": 1, "generator": "tiny", "adapter": None, "documents": [document]}
    lines = {
        "dpo": [{"prompt": prompt, "chosen": good, "rejected": bad}] * 2,
        "kto": [
            {"prompt": prompt, "completion": good, "label": True},
            {"prompt": prompt, "completion": bad, "label": False},
        ],
        "sft": [{"messages": [*prompt, *good]}],
        "prompt-completion": [{"prompt": prompt, "completion": good, MARK: mark}],
    }
    files = {}
    for name, examples in lines.items():
        files[name] = folder / f"{name}.jsonl"
        files[name].write_text("".join(json.dumps(line) + "\n" for line in examples), "utf-8")
    return files


def opened(name, file):
    rows = datasets.load_dataset("json", data_files=str(file), split="train")
    assert len(rows) > 0, f"{file} is empty"
    assert set(rows.column_names) - {MARK} == COLUMNS[name], (name, rows.column_names)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER))
    tokenizer.chat_template = TEMPLATE
    for row in rows:
        example = {key: value for key, value in row.items() if key != MARK}
        assert is_conversational(example), (name, example)
        talks = [example[key] for key in ("messages", "prompt", "chosen", "rejected", "completion") if key in example]
        for message in (message for talk in talks for message in talk):
            assert set(message) == {"role", "content"} and message["content"].strip(), message
        for key in ("chosen", "rejected", "completion"):
            if key in example:
                assert [message["role"] for message in example[key]] == ["assistant"], example[key]
        if "prompt" in example:
            assert example["prompt"][-1]["role"] == "user", example["prompt"]
        if name == "dpo":
            assert example["chosen"] != example["rejected"]
        if name == "sft":
            assert example["messages"][-1]["role"] == "assistant"
        text = maybe_apply_chat_template(example, tokenizer)
        assert all(isinstance(value, (str, bool)) for value in text.values()), text
    if name == "dpo":
        unpaired = maybe_unpair_preference_dataset(rows.select_columns(sorted(COLUMNS["dpo"])))
        assert set(unpaired.column_names) == COLUMNS["kto"], unpaired.column_names
        assert len(unpaired) == 2 * len(rows)


if __name__ == "__main__":
    main()
