"""Makes a model directory (GPPI) so that it is there as a whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from odin_runtime import console, manifest

SAMPLES = ("head_input.pkl", "head_output.pkl")


@contextlib.contextmanager
def building(target):
    """A fresh directory beside the target, which becomes the target when the block ends well and vanishes otherwise."""
    target = Path(target).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    place = target.parent if os.access(target.parent, os.W_OK) else target
    directory = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=place))
    try:
        # As any directory that is made here, not for the owner alone.
        os.chmod(directory, 0o777 & ~_umask())
        yield directory
        _publish(directory, target)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _publish(directory, target):
    try:
        # Onto an empty directory, too.
        os.rename(directory, target)
        return
    except OSError:
        pass
    if place_is_whole(target):
        console.warning(f"'{target}' has a model already; it is replaced.")
    with contextlib.suppress(OSError):
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
        os.rename(target, aside / target.name)
        os.rename(directory, target)
        shutil.rmtree(aside, ignore_errors=True)
        return
    # A mount point cannot be renamed: what makes it a model, the manifests, come last.
    entries = sorted(directory.iterdir(), key=lambda entry: entry.name in manifest.NAMES)
    for name in manifest.NAMES:
        with contextlib.suppress(FileNotFoundError):
            (target / name).unlink()
    for entry in entries:
        if (target / entry.name).is_dir():
            shutil.rmtree(target / entry.name)
        shutil.move(str(entry), str(target / entry.name))


def place_is_whole(target):
    return manifest.find(target) is not None


def copy_model(source, destination):
    """Copies a directory; files of the same file system are linked, as a model may be large."""
    shutil.copytree(source, destination, copy_function=_link_or_copy, ignore=shutil.ignore_patterns("__pycache__"))


def put(source, destination):
    """Puts a file in place of another, which may be linked to one that must stay as it is."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(destination)
    shutil.copyfile(source, destination)


def _link_or_copy(source, destination):
    if not os.path.islink(source):
        with contextlib.suppress(OSError):
            os.link(source, destination)
            return destination
    return shutil.copy2(source, destination)


def _umask():
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
