"""Files of settings: what is wrong with one is said in a sentence, in the words of the room that reads it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from freehold.errors import BadConfiguration, BadRules, FreeholdError, RespondError
from freehold.watch.settings_file import parse_settings, read_settings_text

MEND = "See the guide."


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table."""

    size: int
    inner: tuple[Inner, ...] = ()


class Outer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file."""

    inner: tuple[Inner, ...] = ()


def test_a_file_as_large_as_its_bound_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("# é", encoding="utf-8")
    assert read_settings_text(path, 4, BadRules) == "# é"
    with pytest.raises(BadRules, match=r"a\.toml is larger than 3 bytes"):
        read_settings_text(path, 3, BadRules)


def test_a_file_that_is_not_there_is_empty_only_where_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert read_settings_text(path, 9, RespondError, absent="") == ""
    with pytest.raises(RespondError, match=r"none\.toml cannot be read \(No such file"):
        read_settings_text(path, 9, RespondError)


@pytest.mark.parametrize("error", [BadRules, RespondError, BadConfiguration])
def test_what_cannot_be_read_is_the_error_of_the_room(tmp_path: Path, error: type[FreeholdError]) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(error, match=r"cannot be read \(it is not UTF-8\)"):
        read_settings_text(tmp_path / "bytes.toml", 99, error, absent="")
    for path in (tmp_path, tmp_path / "bytes.toml" / "below", "\0"):
        with pytest.raises(error, match="cannot be read"):
            read_settings_text(path, 99, error, absent="")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[inner", "f.toml is not TOML: .*line 1"),
        ("a" + ".b" * 200 + " = 1", "f.toml is not TOML: a key has more than 100 parts"),
        ("inner = " + "[" * 3_000 + "]" * 3_000, "f.toml is not TOML: values nest too deeply"),
        ("[[inner]]\nsize = 1\n[[inner]]\nsize = 'a'", r"f.toml: Expected `int`, got `str` - at `\$\.inner\[1\]\.size`"),
        ("odd = 1", "f.toml: .*unknown field `odd`"),
    ],
)
def test_what_is_not_of_the_form_is_refused_with_its_place_and_a_mend(text: str, said: str) -> None:
    with pytest.raises(BadRules, match=f"^{said}") as refused:
        parse_settings(text, Outer, "f.toml", BadRules, MEND)
    assert str(refused.value).endswith(f". {MEND}")


def test_what_is_of_the_form_is_given_in_it() -> None:
    found = parse_settings("[[inner]]\nsize = 1\n[[inner.inner]]\nsize = 2", Outer, "f.toml", BadRules, MEND)
    assert found == Outer(inner=(Inner(size=1, inner=(Inner(size=2),)),))
