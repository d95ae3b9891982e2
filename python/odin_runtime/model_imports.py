"""Which modules the files of a model name: read from the files, nothing is run."""

import ast
import os
import pickletools

_MOST_BYTES = 64 << 20
_PICKLES = (".pkl", ".pickle", ".joblib", ".sav")


def modules_of(directory):
    """The first parts of the names of all modules that Python files import and pickles refer to."""
    found = set()
    for place, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(place, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            if name.endswith(".py"):
                found |= _imported(path)
            elif name.endswith(_PICKLES):
                found |= _referred(path)
    return {name.partition(".")[0] for name in found} - {""}


def _imported(path):
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(_MOST_BYTES))
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
    """Modules of the classes and functions in a pickle; as far as it is one."""
    names, texts = set(), []
    try:
        with open(path, "rb") as file:
            for opcode, argument, _ in pickletools.genops(file):
                if opcode.name in ("GLOBAL", "INST"):
                    names.add(argument.split(" ")[0])
                elif opcode.name == "STACK_GLOBAL":
                    # The module and the name were the last two texts, or remembered ones: any that may be a module counts.
                    names.update(texts)
                elif isinstance(argument, str):
                    texts = [*texts[-15:], argument]
    except Exception:  # what follows the pickle, such as the arrays of joblib, is none
        pass
    return {name for name in names if all(part.isidentifier() for part in name.split("."))}
