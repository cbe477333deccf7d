from dataclasses import dataclass

import pytest

from latentlab.knobs import Knob, KnobError, from_dict, knob, knobs


@dataclass(frozen=True)
class Config:
    width: int = knob(4, 1, 64, log=True, help="a width")
    rate: float = knob(0.5, 0.0, 1.0)
    kind: str = knob("mlp", choices=("mlp", "conv"))
    fast: bool = knob(False)
    fixed: int = 7  # not a knob


def test_knobs_are_read_from_the_fields() -> None:
    width, rate, kind, fast = knobs(Config)
    assert width == Knob(4, 1, 64, True, (), "a width", None, "width")
    assert [k.type for k in (width, rate, kind, fast)] == [int, float, str, bool]
    assert kind.choices == ("mlp", "conv")


def test_from_dict_fills_in_defaults_and_widens_ints() -> None:
    assert from_dict(Config, {"width": 8, "rate": 1}) == Config(width=8, rate=1.0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"width": 0}, "width must be between 1 and 64, got 0."),
        ({"width": 65}, "width must be between 1 and 64, got 65."),
        ({"width": 2.5}, "width must be a whole number, got 2.5."),
        ({"width": True}, "width must be a whole number, got True."),
        ({"rate": float("nan")}, "rate must be a number, got nan."),
        ({"rate": "1"}, "rate must be a number, got '1'."),
        ({"kind": "rnn"}, "kind must be one of mlp, conv, got 'rnn'."),
        ({"fast": 1}, "fast must be true or false, got 1."),
        ({"fixed": 3}, "Unknown setting fixed; known are width, rate, kind, fast."),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(KnobError) as caught:
        from_dict(Config, values)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False)])
def test_a_bool_is_parsed_from_text(text: str, value: bool) -> None:
    assert knobs(Config)[3].parse(text) is value


@pytest.mark.parametrize(("index", "text"), [(0, "four"), (0, "4.0"), (1, "inf"), (2, "rnn"), (3, "yes")])
def test_text_that_is_no_value_is_refused(index: int, text: str) -> None:
    with pytest.raises(KnobError, match=repr(text) if index != 1 else "rate must be a number"):
        knobs(Config)[index].parse(text)
