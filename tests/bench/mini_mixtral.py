"""Writes a random Mixtral of 791M parameters, to measure speed where the real one does not fit.

    python3 -m venv V
    V/bin/pip install gguf==0.19.0 mistral-common==1.13.1 sentencepiece==0.2.3
    V/bin/python tests/bench/mini_mixtral.py FOLDER --quantize path/to/llama-quantize

8 layers, hidden 1024, experts of 3584, 8 of them with 2 used, 16 heads on 4 of keys, and Mixtral's
own tokenizer, from the package mistral-common. FOLDER receives `mini.F16.gguf` (1.6 GB), and from
llama-quantize `mini.Q4_K_M.gguf` (490 MB) with `mini_split.Q4_K_M.gguf`: the same bytes with a
tensor per expert, as candle-transformers' quantized_llama wants them (llama.cpp wants them merged).
"""

import argparse
import pathlib
import subprocess

import gguf
import mistral_common
import numpy
from sentencepiece import SentencePieceProcessor

LAYERS, HIDDEN, FEED_FORWARD, EXPERTS, USED, HEADS, KEY_HEADS = 8, 1024, 3584, 8, 2, 16, 4
KINDS = gguf.GGMLQuantizationType
TOKENIZER = pathlib.Path(mistral_common.__file__).parent / "data" / "tokenizer.model.v1"
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ ' [INST] ' + message['content'] + ' [/INST]' }}{% else %}"
    "{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}"
)


def shapes(vocab):
    """Names, shapes and gains, in the order of llama.cpp. No gain: a norm."""
    keys = HIDDEN // HEADS * KEY_HEADS
    yield "token_embd.weight", (vocab, HIDDEN), HIDDEN**0.5
    for layer in range(LAYERS):
        parts = {
            "attn_norm": ((HIDDEN,), None),
            "attn_q": ((HIDDEN, HIDDEN), 1.5),
            "attn_k": ((keys, HIDDEN), 1.5),
            "attn_v": ((keys, HIDDEN), 1),
            "attn_output": ((HIDDEN, HIDDEN), 0.35),
            "ffn_norm": ((HIDDEN,), None),
            "ffn_gate_inp": ((EXPERTS, HIDDEN), 2),
            "ffn_gate_exps": ((EXPERTS, FEED_FORWARD, HIDDEN), 1.5),
            "ffn_down_exps": ((EXPERTS, HIDDEN, FEED_FORWARD), 0.35),
            "ffn_up_exps": ((EXPERTS, FEED_FORWARD, HIDDEN), 1.5),
        }
        for part, (shape, gain) in parts.items():
            yield f"blk.{layer}.{part}.weight", shape, gain
    yield "output_norm.weight", (HIDDEN,), None
    yield "output.weight", (vocab, HIDDEN), 2


def kind(name, shape):
    return KINDS.F32 if len(shape) == 1 or "ffn_gate_inp" in name else KINDS.F16


def add_tokenizer(writer, pieces):
    def token_type(id):
        if pieces.is_unknown(id):
            return gguf.TokenType.UNKNOWN
        if pieces.is_control(id):
            return gguf.TokenType.CONTROL
        return gguf.TokenType.BYTE if pieces.is_byte(id) else gguf.TokenType.NORMAL

    ids = range(pieces.vocab_size())
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([pieces.id_to_piece(id) for id in ids])
    writer.add_token_scores([pieces.get_score(id) for id in ids])
    writer.add_token_types([token_type(id) for id in ids])
    writer.add_bos_token_id(pieces.bos_id())
    writer.add_eos_token_id(pieces.eos_id())
    writer.add_unk_token_id(pieces.unk_id())
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(TEMPLATE)


def write_f16(path):
    pieces = SentencePieceProcessor(model_file=str(TOKENIZER))
    vocab = pieces.vocab_size()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("model")
    writer.add_name("Random mini-Mixtral")
    writer.add_block_count(LAYERS)
    writer.add_context_length(32768)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_freq_base(1000000.0)
    writer.add_layer_norm_rms_eps(1e-05)
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(USED)
    writer.add_file_type(1)
    writer.add_vocab_size(vocab)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    add_tokenizer(writer, pieces)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    for name, shape, _ in shapes(vocab):
        width = 4 if kind(name, shape) == KINDS.F32 else 2
        number = numpy.dtype(f"float{8 * width}")
        writer.add_tensor_info(name, shape, number, width * int(numpy.prod(shape)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    # A tensor at a time: the whole would not have to fit.
    generator = numpy.random.default_rng(1)
    for name, shape, gain in shapes(vocab):
        values = generator.standard_normal(shape, dtype=numpy.float32)
        values = 1 + 0.1 * values if gain is None else values * (gain / shape[-1] ** 0.5)
        number = numpy.float32 if kind(name, shape) == KINDS.F32 else numpy.float16
        writer.write_tensor_data(values.astype(number))
    writer.close()


def split(source, target):
    """Copies a GGUF file with merged experts to one with a tensor per expert."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != gguf.Keys.General.ARCHITECTURE:
            inner = field.types[1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), field.types[0], inner)
    for tensor in reader.tensors:
        parts = {tensor.name: tensor.data}
        if "_exps" in tensor.name:
            place = tensor.name.removesuffix("_exps.weight")
            parts = {f"{place}.{k}.weight": expert for k, expert in enumerate(tensor.data)}
        for name, data in parts.items():
            writer.add_tensor(name, data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--quantize", required=True, help="llama.cpp's llama-quantize")
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    whole, small = given.folder / "mini.F16.gguf", given.folder / "mini.Q4_K_M.gguf"
    write_f16(whole)
    subprocess.run([given.quantize, whole, small, "Q4_K_M", "2"], check=True)
    split(small, given.folder / "mini_split.Q4_K_M.gguf")


if __name__ == "__main__":
    main()
