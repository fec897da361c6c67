"""Turns the compiled Korean dictionary of a Python package back into the sources that
`veracite models dictionary` reads.

    python3 -m venv V && V/bin/pip install --no-deps python-mecab-ko-dic==2.1.1.post2 numpy
    V/bin/python tests/bench/ko_dic.py SOURCES
    target/release/veracite models dictionary SOURCES data/ko-dic

The package (Apache-2.0) holds mecab-ko-dic as MeCab compiled it: a double array of words (Aoe),
their costs, and a matrix of connection costs.
"""

import importlib.util
import pathlib
import struct
import sys

import numpy


def text_at(strings, offset):
    return strings[offset : strings.index(b"\0", offset)].decode()


def entries(path):
    """Word, left context, right context, cost and features of each entry of a compiled file."""
    data = path.read_bytes()
    _, _, _, _, _, _, units, tokens, features, _ = struct.unpack_from("<10I", data)
    at = 40 + 32
    array = numpy.frombuffer(data, dtype=[("base", "<i4"), ("check", "<u4")], count=units // 8, offset=at)
    base, check = array["base"], array["check"]
    token_at, strings = at + units, data[at + units + tokens : at + units + tokens + features]
    waiting = [(int(base[0]), b"")]
    while waiting:
        state, word = waiting.pop()
        if state < len(check) and check[state] == state and base[state] < 0:
            value = -int(base[state]) - 1
            for number in range(value & 0xFF):
                left, right, _, cost, feature, _ = struct.unpack_from("<HHHhII", data, token_at + 16 * ((value >> 8) + number))
                yield word, left, right, cost, text_at(strings, feature)
        following = numpy.nonzero(check[state + 1 : state + 257] == state)[0]
        for byte in following:
            waiting.append((int(base[state + 1 + int(byte)]), word + bytes([int(byte)])))


def write_words(folder, path):
    count = 0
    with path.open("w") as file:
        for word, left, right, cost, features in entries(folder / "sys.dic"):
            surface = word.decode()
            if any(char in surface for char in ',"\n'):
                surface = '"' + surface.replace('"', '""') + '"'
            file.write(f"{surface},{left},{right},{cost},{features}\n")
            count += 1
    return count


def write_matrix(folder, path):
    data = (folder / "matrix.bin").read_bytes()
    rights, lefts = struct.unpack_from("<HH", data)
    costs = numpy.frombuffer(data, dtype="<i2", offset=4).reshape(lefts, rights)
    with path.open("w") as file:
        file.write(f"{rights} {lefts}\n")
        for right in range(rights):
            file.writelines(f"{right} {left} {cost}\n" for left, cost in enumerate(costs[:, right].tolist()))


def write_characters(folder, path):
    data = (folder / "char.bin").read_bytes()
    (count,) = struct.unpack_from("<I", data)
    names = [data[4 + 32 * at : 36 + 32 * at].split(b"\0")[0].decode() for at in range(count)]
    infos = numpy.frombuffer(data, dtype="<u4", offset=4 + 32 * count)
    default = lambda info: names[(info >> 18) & 0xFF]
    settings, ranges = {}, []
    for point, info in enumerate(infos.tolist()):
        kinds = [default(info)] + [name for at, name in enumerate(names) if info >> at & 1 and name != default(info)]
        settings.setdefault(default(info), (info >> 31 & 1, info >> 30 & 1, info >> 26 & 0xF))
        if ranges and ranges[-1][2] == kinds:
            ranges[-1][1] = point
        else:
            ranges.append([point, point, kinds])
    with path.open("w") as file:
        for name in names:
            invoke, group, length = settings.get(name, (0, 1, 0))
            file.write(f"{name} {invoke} {group} {length}\n")
        for first, last, kinds in ranges:
            if kinds != ["DEFAULT"]:
                file.write(f"0x{first:04X}..0x{last:04X} {' '.join(kinds)}\n")


def main():
    target = pathlib.Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(importlib.util.find_spec("mecab_ko_dic").origin).parent / "dictionary"
    print(write_words(folder, target / "words.csv"), "words")
    write_matrix(folder, target / "matrix.def")
    write_characters(folder, target / "char.def")
    with (target / "unk.def").open("w") as file:
        for word, left, right, cost, features in entries(folder / "unk.dic"):
            file.write(f"{word.decode()},{left},{right},{cost},{features}\n")


if __name__ == "__main__":
    main()
