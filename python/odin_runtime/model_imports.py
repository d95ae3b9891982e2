"""Which modules the files of a model name: read from the files, nothing is run."""

import ast
import bz2
import gzip
import lzma
import os
import re
import zlib

# A syntax tree takes some hundred times the memory of its text.
_MOST_SOURCE, _MOST_SOURCES = 256 << 10, 4 << 20
_MOST_PICKLED = 4 << 30
_CHUNK, _OVERLAP = 1 << 20, 1024
_PICKLES = (".pkl", ".pickle", ".joblib", ".sav", ".dill", ".cloudpickle")

# Names of modules in a pickle: the opcode GLOBAL, or a text with its length of one byte or of four, which STACK_GLOBAL takes. They are
# searched for rather than read in their order, because joblib puts arrays between them as they are.
_NAME = rb"[A-Za-z_][A-Za-z0-9_.]{0,254}"
_GLOBAL = re.compile(rb"c(" + _NAME + rb")\n[A-Za-z_]")
_SHORT = re.compile(rb"\x8c(.)(" + _NAME + rb")", re.DOTALL)
_LONG = re.compile(rb"X(.)\x00\x00\x00(" + _NAME + rb")", re.DOTALL)


def modules_of(directory):
    """The first parts of the names of all modules that Python files import and pickles refer to."""
    found, left = set(), _MOST_SOURCES
    for place, inner, names in os.walk(directory):
        inner.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            size = os.path.getsize(path)
            if name.endswith(".py") and size <= min(_MOST_SOURCE, left):
                left -= size
                found |= _imported(path)
            elif name.endswith(_PICKLES):
                found |= _referred(path)
    return {name.partition(".")[0] for name in found} - {""}


def _imported(path):
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(_MOST_SOURCE))
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module)
    return names


def _referred(path):
    """Modules of the classes and functions in a pickle, compressed or not."""
    names, rest, done = set(), b"", 0
    try:
        with open(path, "rb") as file, _plain(file) as content:
            while done < _MOST_PICKLED:
                chunk = content.read(_CHUNK)
                if not chunk:
                    break
                done += len(chunk)
                names |= _names(rest + chunk)
                rest = chunk[-_OVERLAP:]
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        pass  # what came before it counts
    return names


def _names(content):
    found = {match.group(1) for match in _GLOBAL.finditer(content)}
    for pattern in (_SHORT, _LONG):
        for match in pattern.finditer(content):
            text = match.group(2)[:match.group(1)[0]]
            if len(text) == match.group(1)[0]:
                found.add(text)
    names = {name.decode("ascii") for name in found}
    return {name for name in names if all(part.isidentifier() for part in name.split("."))}


def _plain(file):
    magic = file.read(6)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file)
    if magic[:3] == b"BZh":
        return bz2.BZ2File(file)
    if magic == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(file)
    if magic[:1] == b"\x78" and magic[1:2] in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
        return _Zlib(file)
    return _Open(file)


class _Open:
    """A file that stays open."""

    def __init__(self, file):
        self.read = file.read

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class _Zlib(_Open):
    """A stream of zlib, as joblib writes it."""

    def __init__(self, file):
        super().__init__(file)
        self._file, self._inflate, self.read = file, zlib.decompressobj(), self._read

    def _read(self, size):
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._file.read(65536)
            if not packed:
                break
            plain = self._inflate.decompress(packed, size)
            if plain:
                return plain
        return b""
