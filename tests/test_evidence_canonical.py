"""Canonical JSON against the vectors of RFC 8785, Merkle trees against those of Certificate Transparency, and laws of both."""

from __future__ import annotations

import json
import math
import struct
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.canonical import MOST_DEPTH, MOST_INTEGER, canonical, parse
from freehold.errors import EvidenceError
from freehold.respond.merkle import Frontier, Tree, leaf_hash, root_from_path

# RFC 8785, appendix B: IEEE 754 bits, and the text
NUMBERS = """
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2
""".split()  # noqa: SIM905  a table reads best as one


@pytest.mark.parametrize(("bits", "text"), list(zip(NUMBERS[::2], NUMBERS[1::2], strict=True)))
def test_numbers_are_written_as_the_standard_lists_them(bits: str, text: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(value).decode() == text


def test_the_standards_own_example_comes_out_byte_for_byte() -> None:
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
        "literals": [None, True, False],
    }
    assert canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_names_are_in_the_order_of_their_utf16_units() -> None:
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(json.loads(canonical(dict.fromkeys(names, 0)))) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)
DEEP: object = 0
for _ in range(MOST_DEPTH + 1):
    DEEP = [DEEP]
BOMB: object = "x" * 100
for _ in range(MOST_DEPTH - 2):
    BOMB = [BOMB, BOMB]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, "no number of JSON"), (math.inf, "no number of JSON"), ([-math.inf], "no number of JSON"),
        (MOST_INTEGER + 1, "2^53 - 1"), ({"a": -(10**400)}, "2^53 - 1"), ("\ud800", "lone surrogate"),
        ({"\udfff": 1}, "lone surrogate"), ({1: 2}, "no text"), (object(), "no value of JSON"), (b"bytes", "no value of JSON"),
        ({1, 2}, "no value of JSON"), (CIRCLE, "deep"), (DEEP, "deep"), (BOMB, "more bytes"), ("x" * 1_000_001, "more bytes"),
        ("ü" * 600_000, "more bytes"), ({"x" * 1_000_001: 1}, "more bytes"),
    ],
)  # fmt: skip
def test_what_others_would_read_otherwise_is_refused_with_a_reason(value: object, said: str) -> None:
    with pytest.raises(EvidenceError, match=said.replace("^", r"\^")):
        canonical(value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MOST_INTEGER, MOST_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_a_value_read_back_is_the_same_and_is_written_in_the_same_bytes(value: object) -> None:
    written = canonical(value)
    assert parse(written) == value
    assert canonical(parse(written)) == written
    assert canonical(json.loads(json.dumps(value))) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_given_back_by_its_text(value: float) -> None:
    assert float(canonical(value)) == value


@pytest.mark.parametrize("text", [b"\xff", b"NaN", b"[Infinity]", b'{"a":', b"[" * 100_000, b"1" * 401, b"1" * 5000, b""])
def test_what_is_no_json_is_refused_without_a_traceback_of_another_kind(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


# Merkle trees: the vectors of Certificate Transparency's own tests
LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def test_roots_are_those_of_certificate_transparency() -> None:
    frontier = Frontier()
    assert frontier.root() == sha256(b"").digest() == Tree([]).root()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        frontier.add(leaf)
        assert frontier.root().hex() == root
    assert [Tree(LEAVES).root(size).hex() for size in range(1, 9)] == ROOTS
    assert leaf_hash(b"").hex() == ROOTS[0]


def test_every_proof_of_every_small_tree_holds_and_no_other_leaf_or_place_does() -> None:
    leaves = [bytes([place]) for place in range(20)]
    tree = Tree(leaves)
    for size in range(1, 21):
        assert tree.root(size) == naive_root(leaves[:size])
        for index in range(size):
            path = tree.path(index, size)
            assert root_from_path(leaves[index], index, size, path) == tree.root(size)
            assert root_from_path(b"other", index, size, path) != tree.root(size)
            with pytest.raises(ValueError, match=r"longer|shorter"):
                root_from_path(leaves[index], index, size, (*path, b"\0" * 32))
            if path:
                assert root_from_path(leaves[index], index, size, (*path[:-1], b"\0" * 32)) != tree.root(size)
                with pytest.raises(ValueError, match=r"longer|shorter"):
                    root_from_path(leaves[index], index, size, path[:-1])


@given(st.lists(st.binary(max_size=4), max_size=70), st.data())
def test_a_tree_that_grows_from_its_peaks_is_the_tree_built_at_once(leaves: list[bytes], data: st.DataObject) -> None:
    left = data.draw(st.integers(0, len(leaves)))
    first = Frontier()
    for leaf in leaves[:left]:
        first.add(leaf)
    resumed = Frontier(first.size, first.peaks)
    for leaf in leaves[left:]:
        resumed.add(leaf)
    assert resumed.root() == Tree(leaves).root() == naive_root(leaves)


@pytest.mark.parametrize(("size", "peaks"), [(1, ()), (3, (b"x" * 32,)), (1, (b"short",)), (0, (b"x" * 32,))])
def test_peaks_that_do_not_go_with_the_size_are_refused(size: int, peaks: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="whole subtrees"):
        Frontier(size, peaks)


def test_a_leaf_or_a_size_that_is_not_there_is_refused() -> None:
    tree = Tree([b"a", b"b"])
    for index, size in ((2, 2), (-1, 2), (0, 0), (1, 1)):
        with pytest.raises(ValueError, match="has no leaf"):
            tree.path(index, size)
        with pytest.raises(ValueError, match="has no leaf"):
            root_from_path(b"a", index, size, ())
    with pytest.raises(ValueError, match="has no first"):
        tree.root(3)
