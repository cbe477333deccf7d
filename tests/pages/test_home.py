"""The first page: cards, and the table of runs with what can be done to them."""

import pytest
from streamlit.testing.v1 import AppTest

from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.models import abilities
from latentlab.runs.store import Store
from pages.navigation import HOME, PAGES
from tests.conftest import mentions
from tests.pages.conftest import Open, keys_of, shows


def train(store: Store, title: str, z_dim: int = 2) -> str:
    job_id = queue.submit(store, "vae", "digits", {"z_dim": z_dim, "hidden": 16}, {"epochs": 1}, title)
    list(perform(store, job_id))
    return job_id


def select(app: AppTest, *rows: int) -> AppTest:
    app.session_state[str(app.dataframe[0].key)] = {"selection": {"rows": list(rows)}}
    return app.run()


def press(app: AppTest, key: str) -> AppTest:
    """Press a button while the first row is selected: AppTest itself forgets the selection."""
    app.session_state[str(app.dataframe[0].key)] = {"selection": {"rows": [0]}}
    return app.button(key=key).click().run()


def test_a_card_for_each_page_has_a_picture(visited: Open) -> None:
    app = visited("home")
    assert len(app.image) == sum(page.pictured for page in PAGES)


def test_each_other_page_is_linked_and_described(visited: Open) -> None:
    app = visited("home")
    others = [page for page in PAGES if page is not HOME]
    assert {page.url for page in others} <= {link.proto.page for link in app.get("page_link")}
    assert {page.text for page in others} <= {caption.value for caption in app.caption}


def test_a_run_of_ones_own_has_a_card_with_its_settings(opened: Open, app_store: Store) -> None:
    app = opened("home")
    run_id = train(app_store, "Mine")
    before, app = len(app.image), opened("home")
    assert len(app.image) == before + 1
    (link,) = (link.proto for link in app.get("page_link") if "Mine" in link.proto.label)
    assert run_id in link.query_string
    assert any(mentions(one.value, "hidden 16") for one in app.caption)


def test_a_training_that_failed_is_named_by_its_title_and_says_why(opened: Open, app_store: Store) -> None:
    job_id = queue.submit(app_store, "vae", "digits", {}, {"epochs": 1}, "Mine")
    (app_store.folder(job_id) / "status.json").write_text('{"state": "failed", "message": "Loss: nan."}')
    app = select(opened("home"), 0)
    first = app.dataframe[0].value.iloc[0]
    assert (first["title"], first["data"]) == ("Mine", "digits")
    assert mentions(first["abilities"], "failed", "Loss: nan.")
    press(app, f"ask-{job_id}")
    assert not shows(app, job_id)  # what would be deleted is named by its title, too


@pytest.mark.parametrize("damaged", ["weights.safetensors", "run.json"])
def test_a_damaged_run_is_not_exported_but_says_why(opened: Open, app_store: Store, damaged: str) -> None:
    run_id = train(app_store, "Mine")
    app = select(opened("home"), 0)
    assert "Export" in [one.proto.label for one in app.get("download_button")]
    (app_store.folder(run_id) / damaged).write_bytes(b"no")
    app = select(opened("home"), 0)
    assert not app.exception
    assert "Export" not in [one.proto.label for one in app.get("download_button")]
    reason = app.error[0].value if damaged.startswith("weights") else app.dataframe[0].value["abilities"][0]
    assert reason


def test_the_buttons_lead_into_the_app(visited: Open) -> None:
    assert visited("home").button(key="explore").click().run().title[0].value == "Traversal"
    assert visited("home").button(key="own").click().run().title[0].value == "Your data"


def test_the_table_says_what_a_run_is(opened: Open, app_store: Store) -> None:
    run_id = train(app_store, "Mine")
    (app_store.root / "broken").mkdir()
    table = opened("home").dataframe[0].value
    assert table["title"][0] == "Mine"
    assert table["bound"][0] == app_store.read(run_id).metrics["bound"]
    assert table["abilities"][0] == " · ".join(abilities(app_store.read(run_id).kind))
    (reason,) = (row.reason for row in app_store.rows() if row.id == "broken")
    assert reason in dict(zip(table["title"], table["abilities"], strict=True))["broken"]


def test_bounds_of_different_quantities_are_in_different_columns(visited: Open) -> None:
    table = visited("home").dataframe[0].value.set_index("title")
    kinds = {run.title: run.kind for run in Store.default().runs()}
    given = [title for title, kind in kinds.items() if "conditional bound" in kind.units]
    inferred = [title for title, kind in kinds.items() if "labelled bound" in kind.units]
    assert given
    assert inferred
    assert table.loc[given, "bound"].isna().all()
    assert table.loc[given, "conditional bound"].notna().all()
    assert table.loc[inferred, "bound"].notna().all()
    assert table.loc[inferred, "conditional bound"].isna().all()


def test_a_run_of_ones_own_is_renamed(opened: Open, app_store: Store) -> None:
    run_id = train(app_store, "Mine")
    app = select(opened("home"), 0)
    field, button = app.text_input(key=f"title-{run_id}"), app.button(key="rename")
    assert field.proto.form_id == button.proto.form_id != ""  # so that Enter in the field presses the button
    field.set_value(" ")
    select(press(app, "rename"), 0)
    assert app_store.read(run_id).title == "Mine"
    app.text_input(key=f"title-{run_id}").set_value("Yours")
    press(app, "rename")
    assert app_store.read(run_id).title == "Yours"


def test_deleting_is_behind_a_question_and_can_be_undone(opened: Open, app_store: Store) -> None:
    other, run_id = train(app_store, "Another"), train(app_store, "Mine")
    app = press(select(opened("home"), 0), f"ask-{run_id}")
    assert shows(app, "Mine")  # what would be deleted
    assert not shows(app, "Another")
    assert app_store.read(run_id)
    app.button(key=f"delete-{run_id}").click().run()
    assert [run.id for run in app_store.runs() if not app_store.is_shipped(run.id)] == [other]
    app.button(key=f"undo-{run_id}").click().run()
    assert app_store.read(run_id)
    assert f"undo-{run_id}" not in keys_of(app, "button")


def test_a_question_is_about_what_was_selected_when_it_opened(opened: Open, app_store: Store) -> None:
    run_id = train(app_store, "Mine")
    app = press(select(opened("home"), 0), f"ask-{run_id}")
    newer = train(app_store, "Newer")  # now it stands where the other stood
    app.button(key=f"delete-{run_id}").click().run()
    assert app_store.read(newer)
    assert not (app_store.root / run_id).exists()
    assert not keys_of(app, "button") & {f"ask-{newer}", f"delete-{newer}"}  # the newer one is not selected


def test_a_selected_run_stays_selected_while_the_list_changes(opened: Open, app_store: Store) -> None:
    first = train(app_store, "First")
    app = select(opened("home"), 0)
    assert f"ask-{first}" in keys_of(app, "button")
    train(app_store, "Second")
    app.run()
    assert f"ask-{first}" in keys_of(app, "button")


def test_a_selection_of_runs_is_in_the_link(opened: Open, app_store: Store) -> None:
    run_id = train(app_store, "Mine")
    app = select(opened("home"), 0)
    assert app.query_params["selected"] == run_id
    assert f"ask-{run_id}" in keys_of(opened("home", selected=f"nonsense,{run_id}"), "button")
    assert "selected" not in opened("home", selected="../x,,nonsense").query_params


def test_what_was_deleted_is_listed_and_brought_back(opened: Open, app_store: Store) -> None:
    run_id = train(app_store, "Mine")
    app_store.delete(run_id)
    app = opened("home")
    assert shows(app, "Mine", "UTC")
    app.button(key=f"restore-{run_id}").click().run()
    assert app_store.read(run_id).title == "Mine"
    assert not app.error


def test_what_ships_can_be_neither_renamed_nor_deleted(opened: Open, app_store: Store) -> None:
    train(app_store, "Mine")
    app = select(opened("home"), 0)
    newest = app_store.runs()[0].id
    assert {"rename", f"ask-{newest}"} <= keys_of(app, "button")
    (app_store.root / app_store.runs()[0].id).rename(app_store.root.parent / "elsewhere")
    app = select(opened("home"), 0)
    assert not [key for key in keys_of(app, "button") if key == "rename" or str(key).startswith("ask-")]


def test_two_runs_are_compared_where_they_differ(opened: Open, app_store: Store) -> None:
    train(app_store, "Flat", 2)
    train(app_store, "Deep", 3)
    app = select(opened("home"), 0, 1)
    differing = app.dataframe[1].value
    rows = dict(zip(differing[""], zip(differing["Deep"], differing["Flat"], strict=True), strict=True))
    assert rows["z_dim"] == ("3", "2")
    assert "learning_rate" not in rows
    assert app.get("plotly_chart")
