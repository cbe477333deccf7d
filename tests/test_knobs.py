from dataclasses import dataclass

import pytest

from latentlab.knobs import Knob, KnobError, from_dict, knob, knobs
from latentlab.training.config import TrainConfig
from tests.conftest import naming
from tests.runs.test_run import sentence


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
    ("values", "named"),  # the knob, what it may be, what it was
    [
        ({"width": 0}, ("width", 1, 64, 0)),
        ({"width": 65}, ("width", 1, 64, 65)),
        ({"width": 2.5}, ("width", 2.5)),
        ({"width": True}, ("width", True)),
        ({"rate": float("nan")}, ("rate", "nan")),
        ({"rate": "1"}, ("rate", "'1'")),
        ({"kind": "rnn"}, ("kind", "mlp", "conv", "'rnn'")),
        ({"fast": 1}, ("fast", "true", "false", 1)),
        ({"fixed": 3}, ("fixed", "width", "rate", "kind", "fast")),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(values: dict[str, object], named: tuple[object, ...]) -> None:
    with pytest.raises(KnobError, match=naming(*named)) as caught:
        from_dict(Config, values)
    sentence(caught.value)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False)])
def test_a_bool_is_parsed_from_text(text: str, value: bool) -> None:
    assert knobs(Config)[3].parse(text) is value


@pytest.mark.parametrize(("index", "text"), [(0, "four"), (0, "4.0"), (1, "inf"), (2, "rnn"), (3, "yes")])
def test_text_that_is_no_value_is_refused(index: int, text: str) -> None:
    with pytest.raises(KnobError, match=repr(text) if index != 1 else naming("rate", text)):
        knobs(Config)[index].parse(text)


def test_of_a_misspelt_setting_the_nearest_is_named_and_of_any_other_a_few() -> None:
    with pytest.raises(KnobError, match=naming("learng_rate", "learning_rate")) as near:
        from_dict(TrainConfig, {"learng_rate": 0.1})
    assert "epochs" not in str(near.value)
    with pytest.raises(KnobError, match=naming("zzz", "epochs")) as far:
        from_dict(TrainConfig, {"zzz": 0.1})
    assert len(str(far.value)) < 200


def test_a_word_has_to_match_its_pattern() -> None:
    sizes = Knob("576-128", name="dense", pattern=r"[1-9]\d*(-[1-9]\d*)?")
    assert sizes.check("20") == sizes.parse("20") == "20"
    for wrong in ("", "20-", "0", "20\n", "x" * 1_000):
        with pytest.raises(KnobError, match=naming("dense", "576-128")) as caught:
            sizes.check(wrong)
        sentence(caught.value)
