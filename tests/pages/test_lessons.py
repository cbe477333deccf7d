"""Lessons: files of steps, each a view that opens as it says; a bar leads through them on every page."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.navigation import PAGES
from pages.shared.lessons import OURS, Lesson, LessonError, lessons, read_lesson
from tests.conftest import mentions
from tests.pages.conftest import Open, path_of
from tests.pages.test_addresses import parameters, tabs
from tests.pages.test_walks import controls

STEP = '[[steps]]\npage = "traversal"\nview = "run=mnist-vae-2d"\ntask = "Look."\n'
HEAD = 'title = "Mine"\nabout = "A lesson."\n'
OUR_LESSONS = lessons()[0]
STEPS = [(lesson, k) for lesson in OUR_LESSONS.values() for k in range(len(lesson.steps))]


def test_ours_are_lessons_of_four_to_six_steps() -> None:
    assert len(OUR_LESSONS) == len(list(OURS.glob("*.toml"))) >= 5
    assert lessons()[1] == []
    assert {4 <= len(lesson.steps) <= 6 for lesson in OUR_LESSONS.values()} == {True}


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "k"), STEPS, ids=[f"{lesson.id}-{k + 1}" for lesson, k in STEPS])
def test_a_step_opens_and_each_part_of_its_view_is_read(visited: Open, lesson: Lesson, k: int) -> None:
    step = lesson.steps[k]
    app = visited(step.page.name, **lesson.at(k))
    assert not app.exception
    assert [one.value for one in (*app.warning, *app.error)] == []
    linked = {control.proto.query_param_key: control for control in controls(app)}
    assert set(step.view) <= {*linked, *dict(tabs(app)), *parameters(step.page.name)}
    kept = {name: "".join(app.query_params[name]) for name in step.view if name in app.query_params}
    assert kept == {name: step.view[name] for name in kept}
    left_out = step.view.keys() - kept  # by Streamlit, where a control shows its default
    assert {name: str(linked[name].value) for name in left_out & linked.keys()} == {
        name: step.view[name] for name in left_out & linked.keys()
    }
    assert any(mentions(one.value, step.task.split(".")[0]) for one in app.markdown)


def test_the_bar_stays_on_other_pages_until_it_is_closed(visited: Open) -> None:
    lesson = OUR_LESSONS["1_first_look"]
    app = visited("traversal", **lesson.at(0))
    app = app.switch_page(path_of("train")).run()
    assert "".join(app.query_params["lesson"]) == "1_first_look.1"
    app.button(key="lesson-end").click().run()
    assert "lesson" not in app.query_params
    app = app.switch_page(path_of("traversal")).run()
    assert "lesson" not in app.query_params
    assert not [one for one in app.button if one.key == "lesson-end"]


@pytest.mark.parametrize(
    "requested", ["1_first_look.0", "1_first_look.99", "1_first_look.x", "../etc.1", "1_first_look"]
)
def test_a_lesson_that_is_not_here_is_a_sentence(visited: Open, requested: str) -> None:
    app = visited("train", lesson=requested)
    assert len([one for one in app.warning if mentions(one.value, requested)]) == 1
    assert "lesson" not in app.query_params


def test_a_teachers_lesson_stands_beside_ours(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text(HEAD + STEP)
    (tmp_path / "wrong.toml").write_text("title = ")
    (tmp_path / "1_first_look.toml").write_text(HEAD + STEP)
    monkeypatch.setenv("LATENTLAB_LESSONS", str(tmp_path))
    found, wrong = lessons()
    assert list(found) == [*OUR_LESSONS, "mine"]
    assert found["1_first_look"] == OUR_LESSONS["1_first_look"]
    app = opened("lessons")
    assert all(any(mentions(one.value, name) for one in app.warning) for name in ("wrong.toml", "1_first_look.toml"))
    assert len(wrong) == len(app.warning) == 2
    assert not opened("traversal", lesson="mine.1").warning


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (HEAD, "steps"),
        (STEP, "title"),
        (HEAD + STEP + 'more = "x"', "more"),
        (HEAD + STEP.replace("traversal", "nowhere"), "nowhere"),
        (HEAD + "minutes = 0\n" + STEP, "minutes"),
        (HEAD + "minutes = true\n" + STEP, "minutes"),
        (HEAD + STEP.replace("run=", "lesson=a.1&run="), "view"),
        (HEAD + STEP.replace('"Look."', "3"), "task"),
        (HEAD + STEP.replace("Look.", "x" * 3_000), "task"),
        (HEAD + "steps = 3", "steps"),
        (HEAD + "steps = [3]", "steps"),
        (HEAD + STEP * 30, "steps"),
        ("x = " + "[" * 5_000, "TOML"),
        ("\0", "TOML"),
    ],
)
def test_a_file_that_is_no_lesson_is_a_sentence_that_names_what(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(LessonError) as error:
        read_lesson(path)
    assert "mine.toml" in str(error.value)
    assert named in str(error.value)


def test_every_page_but_the_first_is_in_a_group() -> None:
    assert [page.name for page in PAGES if not page.group] == ["home"]
