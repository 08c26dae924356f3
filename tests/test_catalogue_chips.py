"""Accelerators and processors of the shipped catalogue: who designs them, where, and the names that drivers write."""

from __future__ import annotations

import pytest

from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.match import Matcher
from freehold.catalogue.resolve import resolve
from freehold.stack.control import Control
from freehold.stack.inventory import Component, Inventory


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture(scope="module")
def matcher(catalogue: Catalogue) -> Matcher:
    return Matcher(catalogue)


def _chips(catalogue: Catalogue) -> list[str]:
    return [id_ for id_ in catalogue.ids("product") if catalogue.value("product", id_, "kind") == "chip"]


def test_chips_are_known_from_every_continent_that_designs_them(catalogue: Catalogue) -> None:
    chips = _chips(catalogue)
    seats = {catalogue.value("provider", catalogue.value("product", chip, "provider") or "", "country") for chip in chips}
    assert len(chips) >= 60
    assert seats >= {"US", "CA", "CN", "JP", "KR", "IN", "IL", "GB", "FR", "NL", "RU", "AU", "BR"}


def test_every_chip_has_a_designer_and_a_source_for_it(catalogue: Catalogue) -> None:
    for chip in _chips(catalogue):
        assert catalogue.value("product", chip, "provider"), chip


@pytest.mark.parametrize(
    ("written", "chip", "designer"),
    [
        ("GH100 [H100 SXM5 80GB]", "nvidia-h100", "nvidia"),
        ("NVIDIA Corporation GH100 [H100 SXM5 80GB]", "nvidia-h100", "nvidia"),
        ("A100-SXM4-40GB", "nvidia-a100", "nvidia"),
        ("Advanced Micro Devices, Inc. [AMD/ATI] Aqua Vanjaram [Instinct MI300X]", "amd-mi300x", "amd"),
        ("Habana Labs Ltd. Gaudi3 AI Training Accelerator", "gaudi-3", "habana-labs"),
        ("Ascend910B3", "ascend-910b", "huawei"),
        ("MTT S4000", "mtt-s4000", "moore-threads"),
        ("BI-V100", "iluvatar-bi-v100", "iluvatar"),
        ("MLU370-S4", "cambricon-mlu370", "cambricon"),
        ("Hailo-8 AI Processor", "hailo-8", "hailo"),
        ("Metis AIPU (rev 02)", "axelera-metis", "axelera"),
        ("RBLN-CA22 (PF)", "rebellions-rbln-ca", "rebellions"),
        ("Graviton4", "graviton-4", "aws"),
        ("KX-7000", "zhaoxin-kx-7000", "zhaoxin"),
    ],
)
def test_a_name_that_a_driver_or_an_inventory_writes_finds_its_chip(
    matcher: Matcher, written: str, chip: str, designer: str
) -> None:
    match = matcher.match_name(written, "product")
    assert match is not None
    assert (match.id, match.provider) == (chip, designer)


@pytest.mark.parametrize(
    "written", ["Orin PCIe x8 Root Complex", "GP106 [GeForce GTX 1060 5GB]", "C500", "M1", "Atom", "T4000"]
)
def test_other_names_find_none_of_them(matcher: Matcher, written: str) -> None:
    assert matcher.match_name(written, "product") is None


def test_export_law_reaches_an_accelerator_that_its_maker_does_not_stand_under(catalogue: Catalogue) -> None:
    stack = resolve(Inventory("lab", "test", (Component("npu-0", "Ascend910C", kind="chip"),)), catalogue, "BR")
    source = next(one for one in stack.sources if one.item == "npu-0")
    control = Control(stack)
    assert control.controlled_by(source, "US", ("origin",)) is True
    assert control.controlled_by(source, "US", ("provider",)) is False
    assert any(claim.attribute == "origin" and "Freshfields" in claim.source for claim in stack.claims)
