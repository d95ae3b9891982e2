"""Which shared libraries a program or library of ELF needs, read from the file: nothing is run."""

import os
import struct
import subprocess

_DT_NEEDED, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 1, 5, 15, 29
_TRUSTED = {root + inner for root in ("/lib", "/usr/lib") for inner in ("", "/" + os.uname().machine + "-linux-gnu")} | {"/lib64", "/usr/lib64"}
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3


class Elf:
    """`needed` are names of libraries, `search` the directories that the file itself names, `loader` the path of its loader or None,
    `machine` what it is for. Only 64-bit little-endian files are read; others have nothing that they need."""

    def __init__(self, path):
        self.needed, self.search, self.loader, self.machine = [], [], None, None
        with open(path, "rb") as file:
            head = file.read(64)
            if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
                return
            self.machine = struct.unpack_from("<H", head, 18)[0]
            offset, = struct.unpack_from("<Q", head, 32)
            size, count = struct.unpack_from("<HH", head, 54)
            file.seek(offset)
            table = file.read(size * count)
            headers = [struct.unpack_from("<IIQQQQ", table, index * size) for index in range(len(table) // size)] if size >= 56 else []
            self._read(file, headers, os.path.dirname(path))

    def _read(self, file, headers, directory):
        loads = [(address, place, length) for kind, _, place, address, _, length in headers if kind == _PT_LOAD]
        for kind, _, place, _, _, length in headers:
            if kind == _PT_INTERP:
                self.loader = _at(file, place, length).split(b"\0")[0].decode()
            if kind == _PT_DYNAMIC:
                entries = [struct.unpack_from("<QQ", data, at) for data in [_at(file, place, length)] for at in range(0, len(data) - 15, 16)]
                strings = next((value for tag, value in entries if tag == _DT_STRTAB), None)
                start = next((place + strings - address for address, place, length in loads if strings is not None and address <= strings < address + length), None)
                if start is None:
                    continue
                self.needed = [_text(file, start + value) for tag, value in entries if tag == _DT_NEEDED]
                for tag, value in entries:
                    if tag in (_DT_RPATH, _DT_RUNPATH):
                        for part in _text(file, start + value).split(":"):
                            self.search.append(os.path.normpath(part.replace("${ORIGIN}", directory).replace("$ORIGIN", directory)))


def is_elf(path):
    """Whether a file begins as ELF does."""
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def closure(paths):
    """The paths of all libraries and loaders that files need, directly or through others; the names that were not found; and the
    directories in which a loader without the index of this machine would not look by itself."""
    known, found, missing, waiting, places = _system(), set(), set(), [(path, ()) for path in paths], set()
    seen = set()
    while waiting:
        path, inherited = waiting.pop()
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        file = Elf(real)
        if file.loader:
            found.add(file.loader)
        search = (*file.search, *inherited)
        for name in file.needed:
            library = next((candidate for candidate in (os.path.join(directory, name) for directory in search) if os.path.isfile(candidate)), None)
            if library is None:
                library = known.get((name, file.machine)) or known.get((name, None))
                if library is None:
                    missing.add(name)
                    continue
                if os.path.dirname(library) not in _TRUSTED:
                    places.add(os.path.dirname(library))
            found.add(library)
            waiting.append((library, search))
    return found, missing, places


def _system():
    """Where the system's loader finds libraries, by name and machine."""
    machine = Elf(os.path.realpath("/proc/self/exe")).machine
    known = {}
    try:
        listed = subprocess.run(["/sbin/ldconfig", "-p"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        listed = b""
    for line in listed.decode(errors="replace").splitlines():
        name, arrow, path = line.strip().partition(" => ")
        if arrow:
            known.setdefault((name.split(" ")[0], Elf(os.path.realpath(path)).machine if os.path.isfile(path) else machine), path)
    for directory in ("/lib64", "/usr/lib64", "/lib", "/usr/lib"):
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) and not listed else []:
            if ".so" in name:
                known.setdefault((name, None), os.path.join(directory, name))
    return known


def _at(file, place, length):
    file.seek(place)
    return file.read(min(length, 1 << 20))


def _text(file, place):
    file.seek(place)
    return file.read(4096).split(b"\0")[0].decode(errors="replace")
