"""Versions (PEP 440) and requirements, as pip and conda write them, as far as deciding "is what is here good enough?" needs it."""

import os
import platform
import re
import sys
from dataclasses import dataclass

_VERSION = re.compile(r"""v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>a|alpha|b|beta|c|rc|pre|preview)[-_.]?(?P<pre_number>[0-9]*))?
    (?P<post>-(?P<post_short>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>[0-9]*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]*))?(?:\+[a-z0-9.]+)?\Z""", re.VERBOSE | re.IGNORECASE)
_PIP = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^]]*\])?\s*\(?(?P<specifier>[^;()@]*)\)?\s*(?:;(?P<marker>.*))?\Z")
_CONDA = re.compile(r"(?:[^:\s]+::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)\s*(?P<specifier>.*)\Z")
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>|=)?\s*([^\s=<>!~]+)\Z")
_MARKER = re.compile(r"\(*\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*(['\"])([^'\"]*)\3\s*\)*\Z")
_PHASES = {"a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1, "pre": -1, "preview": -1}


def normalized(name):
    """The name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version_key(text):
    """Something that orders versions; None for what is no version of PEP 440."""
    found = _VERSION.match(text.strip())
    if not found:
        return None
    release = [int(part) for part in found["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    phase = (_PHASES[found["pre"].lower()], int(found["pre_number"] or 0)) if found["pre"] else (0, 0)
    if found["dev"] and not found["pre"] and not found["post"]:
        phase = (-4, 0)
    post = int(found["post_short"] or found["post_number"] or 0) if found["post"] else -1
    dev = int(found["dev_number"] or 0) if found["dev"] else float("inf")
    return int(found["epoch"] or 0), tuple(release), phase, post, dev


def satisfies(version, specifier):
    """Whether a version is within a specifier of pip ('>=1,<2', '==1.2.*') or conda ('=1.2', '1.2|1.4', '=1.2=build')."""
    return any(all(_holds(version, clause.strip()) for clause in part.split(",") if clause.strip()) for part in specifier.split("|"))


def _holds(version, clause):
    build = re.match(r"(={1,2}[^=\s]+)(?:=|\s+)\S+\Z", clause) or re.match(r"([0-9][^=\s]*)(?:=|\s+)\S+\Z", clause)
    found = _CLAUSE.match(build.group(1) if build else clause)
    if not found:
        return False
    operator, wanted = found.group(1) or "==", found.group(2)
    if operator == "===":
        return version == wanted
    if wanted.endswith("*") or operator == "=":
        matches = _begins(version, wanted.rstrip("*").rstrip("."))
        return matches if operator in ("==", "=", ">=", "~=") else not matches if operator == "!=" else False
    here, there = version_key(version), version_key(wanted)
    if here is None or there is None:
        return (version == wanted) == (operator != "!=") if operator in ("==", "!=") else False
    if operator == "~=":
        return here >= there and _begins(version, wanted.rpartition(".")[0])
    return {"==": here == there, "!=": here != there, "<=": here <= there, ">=": here >= there, "<": here < there, ">": here > there}[operator]


def _begins(version, prefix):
    if prefix == "":
        return True
    here, there = (re.match(r"v?(?:[0-9]+!)?([0-9]+(?:\.[0-9]+)*)", text) for text in (version, prefix))
    if not here or not there:
        return version == prefix
    here, there = here.group(1).split("."), there.group(1).split(".")
    here += ["0"] * (len(there) - len(here))
    return [int(part) for part in here[:len(there)]] == [int(part) for part in there]


@dataclass(frozen=True)
class Requirement:
    """A package that somebody wants. Without a name it cannot be judged: a URL, a path or an option of pip."""

    name: str
    specifier: str
    text: str

    def is_met_by(self, version):
        return version is not None and satisfies(version, self.specifier)


def from_pip(line):
    """The requirement of a line for pip; None when its marker says that it is not for this machine."""
    text = re.sub(r"\s+--?[a-z].*\Z", "", line.strip())
    found = _PIP.match(text)
    if not found or "@" in text or "/" in text:
        return Requirement("", "", line.strip())
    if found["marker"] and not _applies(found["marker"]):
        return None
    return Requirement(found["name"], found["specifier"].strip(), text)


def from_conda(text):
    """The requirement of an entry in the list of conda packages."""
    found = _CONDA.match(text.strip())
    if not found:
        return Requirement("", "", text.strip())
    specifier = re.sub(r"\[.*\]\Z", "", found["specifier"]).strip()
    return Requirement(found["name"], specifier, text.strip())


def _applies(marker):
    # What we do not understand applies, as most markers do where they are written.
    return any(all(_is_true(part) for part in either.split(" and ")) for either in marker.split(" or "))


def _is_true(comparison):
    found = _MARKER.match(comparison.strip())
    facts = {"python_version": "%d.%d" % sys.version_info[:2], "python_full_version": platform.python_version(), "sys_platform": sys.platform,
             "platform_system": platform.system(), "os_name": os.name, "platform_machine": platform.machine(),
             "implementation_name": sys.implementation.name, "platform_python_implementation": platform.python_implementation()}
    if not found or found.group(1) not in facts:
        return True
    fact, operator, value = facts[found.group(1)], found.group(2), found.group(4)
    if found.group(1).startswith("python"):
        return satisfies(fact, operator + value)
    return (fact == value) if operator == "==" else (fact != value) if operator == "!=" else True
