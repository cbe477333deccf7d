"""The first page: cards, and the table of runs with what can be done to them."""

from streamlit.testing.v1 import AppTest

from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.models import abilities
from latentlab.runs.store import Store
from pages.navigation import PAGES
from tests.pages.conftest import Open, keys_of, shows


def train(store: Store, title: str, z_dim: int = 2) -> str:
    job_id = queue.submit(store, "vae", "digits", {"z_dim": z_dim, "hidden": 16}, {"epochs": 1}, title)
    list(perform(store, job_id))
    return job_id


def select(app: AppTest, *rows: int) -> AppTest:
    app.session_state["runs"] = {"selection": {"rows": list(rows)}}
    return app.run()


def press(app: AppTest, key: str) -> AppTest:
    """Press a button while the first row is selected: AppTest itself forgets the selection."""
    app.session_state["runs"] = {"selection": {"rows": [0]}}
    return app.button(key=key).click().run()


def test_a_card_for_each_page_has_a_picture(opened: Open) -> None:
    app = opened("home")
    assert len(app.image) == len(app.get("page_link")) == sum(bool(page.text) for page in PAGES)


def test_the_table_says_what_a_run_is(opened: Open, app_store: Store) -> None:
    run_id = train(app_store, "Mine")
    (app_store.root / "broken").mkdir()
    table = opened("home").dataframe[0].value
    assert table["title"][0] == "Mine"
    assert table["bound"][0] == app_store.read(run_id).metrics["bound"]
    assert table["abilities"][0] == " · ".join(abilities(app_store.read(run_id).kind))
    (reason,) = (row.reason for row in app_store.rows() if row.id == "broken")
    assert reason in dict(zip(table["title"], table["abilities"], strict=True))["broken"]


def test_a_run_of_ones_own_is_renamed(opened: Open, app_store: Store) -> None:
    run_id = train(app_store, "Mine")
    app = select(opened("home"), 0)
    app.text_input(key=f"title-{run_id}").set_value(" ")
    select(press(app, "rename"), 0)
    assert app_store.read(run_id).title == "Mine"
    app.text_input(key=f"title-{run_id}").set_value("Yours")
    press(app, "rename")
    assert app_store.read(run_id).title == "Yours"


def test_deleting_is_behind_a_second_click(opened: Open, app_store: Store) -> None:
    run_id = train(app_store, "Mine")
    app = select(opened("home"), 0)
    assert shows(app, "“Mine”")  # what would be deleted
    assert app_store.read(run_id)
    press(app, "delete")
    assert not (app_store.root / run_id).exists()


def test_what_ships_can_be_neither_renamed_nor_deleted(opened: Open, app_store: Store) -> None:
    train(app_store, "Mine")
    app = select(opened("home"), 0)
    assert {"rename", "delete"} <= keys_of(app, "button")  # the newest, of one's own
    (app_store.root / app_store.runs()[0].id).rename(app_store.root.parent / "elsewhere")
    app = select(opened("home"), 0)
    assert not {"rename", "delete"} & keys_of(app, "button")


def test_two_runs_are_compared_where_they_differ(opened: Open, app_store: Store) -> None:
    train(app_store, "Flat", 2)
    train(app_store, "Deep", 3)
    app = select(opened("home"), 0, 1)
    differing = app.dataframe[1].value
    rows = dict(zip(differing[""], zip(differing["Deep"], differing["Flat"], strict=True), strict=True))
    assert rows["z_dim"] == ("3", "2")
    assert "learning_rate" not in rows
    assert app.get("plotly_chart")
