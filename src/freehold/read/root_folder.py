"""The reader of root folders: an unpacked image or a mounted disk. Owns what of a distribution becomes part of an inventory.

The distribution is an item that its packages are parts of. What is installed beside it for Python and Node is read too;
what the distribution's own packages have put among Python's counts once, as those packages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from freehold.read.alpine_packages import read_alpine_packages
from freehold.read.arch_packages import read_arch_packages
from freehold.read.debian_packages import read_debian_packages
from freehold.read.distribution import read_distribution
from freehold.read.findings import joined_components
from freehold.read.installed_packages import package_components
from freehold.read.node_global import read_global_node_packages
from freehold.read.package_sources import Origins, read_package_sources, source_contacts
from freehold.read.plain_text import plain, plain_component, plain_skip
from freehold.read.purls import slug
from freehold.read.python_environment import read_environment
from freehold.read.python_resolution import resolve
from freehold.read.root_files import Root
from freehold.read.root_marks import is_root_folder
from freehold.read.rpm_packages import read_rpm_packages
from freehold.read.walk import Environment
from freehold.stack.inventory import Component, Contact, Evidence, Inventory, Skip

__all__ = ["RootFolderReader", "System", "fit_components", "fit_skips", "kernel_component", "read_system"]

_ADDED: Final = ("usr/local/lib", "opt/venv/lib", "venv/lib")
_OF_PACKAGES: Final = re.compile(r"usr/lib(?:64)?/(?:python3/dist-packages|python3\.\d+/site-packages)")
_PYTHON: Final = re.compile(r"python3(?:\.\d+)?")
_BESIDE: Final = ("app", "srv", "opt", "usr/src/app", "workspace")
_NODE: Final = "usr/local/lib/node_modules"
_KERNELS: Final = ("kernel", "linux")
_MOST_KERNELS: Final = 100
_MOST_SKIPS: Final = 1000


@dataclass(frozen=True, slots=True)
class System:
    """What a distribution in a root folder consists of."""

    name: str | None
    components: tuple[Component, ...]
    contacts: tuple[Contact, ...]
    joined: int


class RootFolderReader:
    """Reads a root folder by its package databases."""

    name = "root folder"

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether ``path`` is a folder with a package database or a release file where a system has it."""
        return not head and is_root_folder(path)

    def read(self, path: Path) -> Inventory:
        """Read a root folder. Links in it are followed as its own system would, never out of it."""
        root = Root(path)
        system = read_system(root)
        told = [*root.skips, *_beside(root)]
        name = os.path.basename(os.path.realpath(path)) or "machine"  # noqa: PTH119
        return Inventory(
            plain(name), f"{self.name}, {system.name}" if system.name else self.name, system.components, system.contacts,
            fit_skips(told), joined=system.joined,
        )  # fmt: skip


def read_system(root: Root) -> System:
    """Read the distribution, its packages, what Python has beside them, and where updates come from."""
    distribution = read_distribution(root)
    names = frozenset({distribution.id, distribution.namespace} if distribution else ())
    sources = read_package_sources(root, names)
    registry = Origins(sources).own
    packages = [
        *read_debian_packages(root, distribution, sources), *read_alpine_packages(root, distribution, registry),
        *read_rpm_packages(root, distribution, registry), *read_arch_packages(root, distribution, registry),
    ]  # fmt: skip
    found = list(package_components(packages))
    if distribution is not None:
        own = f"/{distribution.namespace}/"
        found.append(distribution.component(tuple(sorted(one.id for one in found if own in one.id))))
    if not packages:
        root.skips.append(Skip(".", "incomplete", "No list of installed packages was found; only the distribution is told."))
    found += [*_python(root), *read_global_node_packages(root, _NODE), *_kernels(root, found)]
    components, joined = joined_components(fit_components(found, root.skips))
    name = f"{distribution.name} {distribution.version or ''}".strip() if distribution else None
    return System(name, components, source_contacts(sources), joined)


def _kernels(root: Root, packages: Sequence[Component]) -> Iterable[Component]:
    """Kernels whose modules are there and that no package has brought."""
    for release in (root.names("usr/lib/modules") or root.names("lib/modules"))[:_MOST_KERNELS]:
        if root.has(f"usr/lib/modules/{release}/modules.dep") or root.has(f"lib/modules/{release}/modules.dep"):
            yield from kernel_component(release, f"lib/modules/{release}", packages)


def kernel_component(release: str, file: str, packages: Sequence[Component]) -> tuple[Component, ...]:
    """The kernel of a release as a component; none if one of the packages is that kernel.

    Parameters
    ----------
    release
        As the kernel calls itself, such as ``6.1.0-26-amd64``.
    file
        Where it was seen.
    packages
        What is installed: a kernel's package has its release in its name, or is called after it and has its version.
    """
    for one in packages:
        if release in one.name or (one.name.startswith(_KERNELS) and one.version and release.startswith(one.version)):
            return ()
    kernel = Component(
        slug("kernel", "linux", release), "Linux kernel", plain(release), "os", direct=True, provides="linux-kernel",
        evidence=(Evidence(file),),
    )  # fmt: skip
    return (kernel,)


def fit_components(components: Iterable[Component], skips: list[Skip]) -> list[Component]:
    """Components with texts fit to be kept; those whose id is too long are left out with a skip."""
    met = list(components)
    kept = [fit for one in met if (fit := plain_component(one)) is not None]
    if len(kept) < len(met):
        skips.append(Skip(".", "too-large", f"{len(met) - len(kept)} name(s) too long to be one were left out."))
    return kept


def fit_skips(skips: Iterable[Skip]) -> tuple[Skip, ...]:
    """Skips fit to be kept, sorted; of very many the first."""
    found = sorted({plain_skip(skip) for skip in skips}, key=lambda skip: (skip.file, skip.reason, skip.detail))
    if len(found) > _MOST_SKIPS:
        over = f"{len(found) - _MOST_SKIPS} more skips like those above are not listed one by one."
        return (*found[:_MOST_SKIPS], Skip(".", "limit", over))
    return tuple(found)


def _python(root: Root) -> tuple[Component, ...]:
    locks = []
    for folder in _ADDED:
        for name in root.names(folder):
            for kind in ("site-packages", "dist-packages") if _PYTHON.fullmatch(name) else ():
                relative = f"{folder}/{name}/{kind}"
                place = root.place(relative)
                if place is not None and root.names(relative):
                    lock = read_environment(Environment(relative, place, ""))
                    locks.append(lock)
                    root.skips += lock.skips
    for folder in ("usr/lib/python3/dist-packages", *(f"usr/lib/{name}/site-packages" for name in root.names("usr/lib"))):
        if _OF_PACKAGES.fullmatch(folder):
            count = sum(name.endswith((".dist-info", ".egg-info")) for name in root.names(folder))
            if count:
                told = f"{count} Python package(s) here belong to the distribution's packages and count as those."
                root.skips.append(Skip(folder, "counted", told))
    return resolve((), locks, None).components if locks else ()


def _beside(root: Root) -> Iterable[Skip]:
    for folder in _BESIDE:
        count = len(root.names(folder))
        if count:
            told = f"{count} entries are installed beside the packages and were not read. Name this folder to have it read."
            yield Skip(folder, "apart", told)
