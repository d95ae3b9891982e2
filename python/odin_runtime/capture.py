"""Lists the files of the Python environment that a model runs in, so that an image can be made of them: the interpreter, its standard
library, the packages that the model asks for or its files import, with all that those need, and the shared libraries of all of it. Prints JSON:

{"interpreter": path, "version": text, "path": [directories], "entries": [{"path": …, "link": … for a link}],
 "libraries": entries that only --also needs, "libraryPath": [directories], "packages": [{"name", "version"}], "missing": [names]}
"""

import argparse
import json
import os
import subprocess
import sys

from odin_runtime import console, elf, environment_file, environments, model_imports, requirements
from odin_runtime.errors import TrainingError

# Of the standard library: nothing that a model runs.
_LEFT_OUT = {"__pycache__", "test", "tests", "idlelib", "turtledemo", "ensurepip", "lib2to3", "dist-packages", "site-packages"}

# What the wrapper of a model imports when it is there.
_ALWAYS = ("numpy", "pandas")

# Run by the interpreter in question: where it has its library and its packages, and what those are called and need.
_PROBE = r"""
import importlib.metadata as metadata, json, os, re, site, sys, sysconfig
def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()
def tops(dist, root):
    text = dist.read_text("top_level.txt")
    return text.split() if text else [dist.metadata["Name"].replace("-", "_")]
found = {}
for dist in metadata.distributions():
    name, root = dist.metadata["Name"], str(dist.locate_file(""))
    if not name or normalized(name) in found:
        continue
    record = os.path.isfile(os.path.join(str(getattr(dist, "_path", "")), "RECORD"))
    files = [str(dist.locate_file(file)) for file in dist.files or []] if record else []
    needs = [re.match(r"[A-Za-z0-9._-]+", line).group(0) for line in dist.requires or [] if "extra ==" not in line]
    found[normalized(name)] = {"name": name, "version": dist.version, "files": files, "needs": [normalized(n) for n in needs], "meta": str(getattr(dist, "_path", "")),
        "roots": [os.path.join(root, top + end) for top in tops(dist, root) for end in ("", ".py")] + [os.path.join(root, dist.metadata["Name"] + ".libs")]}
print(json.dumps({"version": sys.version.split()[0], "prefix": sys.prefix, "stdlib": sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}),
    "sites": [entry for entry in sys.path if os.path.isdir(entry) and os.path.basename(entry) in ("site-packages", "dist-packages")], "packages": found}))
"""

# Run by the interpreter in question: which packages are loaded when some are imported. Distributions leave needs out of the metadata.
_IMPORTS = r"""
import contextlib, importlib, importlib.metadata as metadata, json, os, sys
with contextlib.redirect_stdout(sys.stderr):
    for name in sys.argv[1:]:
        try:
            importlib.import_module(name)
        except BaseException:
            pass
places = {}
for module in list(sys.modules.values()):
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", None) or []), None)
    if isinstance(file, str):
        places[module.__name__.partition(".")[0]] = file
print(json.dumps(places))
"""


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="odin_runtime capture", description="Lists the files of a model's Python environment.")
    parser.add_argument("--conda", help="the environment file of the model")
    parser.add_argument("--model", help="the directory of the model")
    parser.add_argument("--also", action="append", default=[], metavar="FILE", help="a program or library whose libraries are wanted too")
    options = parser.parse_args(arguments)
    # The server reads our lines into a log of its own.
    console.bare()
    try:
        file = environment_file.read(options.conda) if options.conda else None
        chosen = environments.choose(file, dict(os.environ), os.path.dirname(os.path.abspath(options.conda)) if options.conda else os.getcwd(), may_make=False)
        json.dump(capture(chosen, file, model_imports.modules_of(options.model) if options.model else set(), options.also), sys.stdout)
        sys.stdout.write("\n")
        return 0
    except TrainingError as problem:
        console.error(str(problem))
        return 1


def capture(environment, file, modules, also):
    """What an image needs of an environment."""
    interpreter = environment.interpreter.path
    facts = _ask(interpreter)
    packages = facts["packages"]
    names = _wanted(file, modules, packages)
    names |= _imported(interpreter, names, packages)
    # What a package says of its files is its own word.
    inside = [os.path.realpath(place) for place in (*facts["stdlib"], *facts["sites"], facts["prefix"]) if os.path.realpath(place) not in ("/", "/usr")]
    entries = _Entries()
    entries.add(interpreter)
    config = os.path.join(facts["prefix"], "pyvenv.cfg")
    if os.path.isfile(config):
        entries.add(config)
    for directory in facts["stdlib"]:
        entries.add_tree(directory, _LEFT_OUT)
    for name in names:
        package = packages[name]
        for path in (package["meta"], *(package["files"] or package["roots"])):
            real = os.path.realpath(path)
            if any(real.startswith(place + os.sep) for place in inside):
                entries.add_tree(path, {"__pycache__"})
    # An environment of its own finds its packages by directories that must be there, even if they are empty.
    for directory in facts["sites"]:
        entries.add_directory(directory)
    # The time zones that packages of a distribution read, and what finds the interpreter for scripts. Not the loader's index, which
    # changes with everything that is installed on this machine.
    for path in ("/usr/share/zoneinfo", "/usr/bin/env"):
        entries.add_tree(path, {"right", "posix"})
    libraries, missing, places = elf.closure([path for path in entries.files() if elf.is_elf(path)])
    for library in sorted(libraries):
        entries.add(library)
    # Apart, so that the environment is the same layer whatever else an image has.
    more, missing_more, more_places = elf.closure(also)
    known = {entry["path"] for entry in entries.listed()}
    for library in sorted(more):
        entries.add(library)
    listed = entries.listed()
    return {
        "interpreter": interpreter,
        "version": facts["version"],
        "path": sorted({os.path.dirname(interpreter), "/usr/local/bin", "/usr/bin", "/bin"}, key=lambda d: (d != os.path.dirname(interpreter), d)),
        "entries": [entry for entry in listed if entry["path"] in known],
        "libraries": [entry for entry in listed if entry["path"] not in known],
        "libraryPath": sorted(places | more_places),
        "packages": [{"name": packages[name]["name"], "version": packages[name]["version"]} for name in sorted(names)],
        "missing": sorted(missing | missing_more),
    }


def _ask(interpreter):
    try:
        answer = subprocess.run([interpreter, "-I", "-c", _PROBE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=True)
        return json.loads(answer.stdout)
    except subprocess.CalledProcessError as problem:
        raise TrainingError(f"The Python at '{interpreter}' does not work: {problem.stderr.decode(errors='replace').strip()[-500:]}") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        raise TrainingError(f"The Python at '{interpreter}' does not work: {problem}") from None


def _imported(interpreter, names, packages):
    """The names of the packages that others load when they are imported."""
    modules = sorted({os.path.basename(root) for name in names for root in packages[name]["roots"] if os.path.isdir(root)})
    try:
        # Nobody's code but that of the packages; still it must not be able to hang us.
        answer = subprocess.run([interpreter, "-I", "-c", _IMPORTS, *modules], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                timeout=300, check=True)
        places = list(json.loads(answer.stdout).values())
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        console.warning(f"It could not be found out what the packages import: {problem}")
        return set()
    return {name for name, package in packages.items()
            if any(place == root or place.startswith(root + os.sep) for place in places for root in package["roots"])}


def _wanted(file, modules, packages):
    """The names of the packages that a file asks for, or that modules are in, and of those that they need."""
    asked = [requirements.normalized(wanted.name) for wanted in (file.packages() if file else []) if wanted.name]
    waiting = [name for name in asked if name in packages]
    waiting += [name for name, package in packages.items() if any(os.path.basename(root) in modules or os.path.basename(root)[:-3] in modules
                                                                  for root in package["roots"] if os.path.exists(root))]
    waiting += [name for name in _ALWAYS if name in packages]
    names = set()
    while waiting:
        name = waiting.pop()
        if name in packages and name not in names:
            names.add(name)
            waiting.extend(packages[name]["needs"])
    return names


class _Entries:
    """Files, links and directories by their path; whatever is on the way to one by a link is there too."""

    def __init__(self):
        self._all = {}
        self._directories = set()

    def add(self, path):
        """A file, with every link that leads to it."""
        path = self._resolved(os.path.abspath(path))
        if path and os.path.isfile(path):
            self._all[path] = None

    def add_directory(self, path):
        path = self._resolved(os.path.abspath(path))
        if path and os.path.isdir(path):
            self._directories.add(path)

    def add_tree(self, path, left_out):
        if os.path.isfile(path):
            self.add(path)
            return
        root = self._resolved(os.path.abspath(path)) if os.path.isdir(path) else None
        for directory, inner, names in os.walk(root) if root else []:
            for name in list(inner):
                if name in left_out:
                    inner.remove(name)
                elif os.path.islink(os.path.join(directory, name)):
                    self.add_directory(os.path.join(directory, name))
            for name in names:
                if not name.endswith((".pyc", ".a")):
                    self.add(os.path.join(directory, name))

    def files(self):
        return [path for path, link in self._all.items() if link is None]

    def listed(self):
        entries = [{"path": path} if link is None else {"path": path, "link": link} for path, link in sorted(self._all.items())]
        return entries + [{"path": path, "directory": True} for path in sorted(self._directories)]

    def _resolved(self, path):
        """The path without links; each of them is noted."""
        done, left, steps = "/", [part for part in path.split("/") if part], 0
        while left:
            part = left.pop(0)
            if part == "..":
                done = os.path.dirname(done)
                continue
            here = os.path.join(done, part)
            if not os.path.islink(here):
                done = here
                continue
            steps += 1
            if steps > 40:
                return None
            target = os.readlink(here)
            self._all[here] = target
            if target.startswith("/"):
                done = "/"
            left = [piece for piece in target.split("/") if piece not in ("", ".")] + left
        return done
