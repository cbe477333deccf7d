"""What a visit remembers: values that stay from run to run, and widgets that are written before they are drawn."""

from __future__ import annotations

import ast

from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT


def counting() -> None:
    import streamlit as st

    from pages.shared.visit import Slot

    count: Slot[int] = Slot("count")
    st.text(f"{count.is_set} {count.get()} {count.get(7)} {count.setdefault(1)} {count.get()}")
    count.set(count.get(0) + 1)


def test_a_value_stays_for_the_visit() -> None:
    app = AppTest.from_function(counting).run()
    assert app.text[0].value == "False None 7 1 1"
    assert app.run().text[0].value == "True 2 2 2 2"
    assert AppTest.from_function(counting).run().text[0].value == "False None 7 1 1"  # another visitor


def forgetting() -> None:
    import streamlit as st

    from pages.shared.visit import Slot

    message: Slot[str] = Slot("message")
    message.set("once")
    st.text(f"{message.pop()} {message.pop()} {message.is_set}")
    message.forget()
    message.set("again")
    message.forget()
    st.text(f"{message.get()}")


def test_what_is_taken_is_forgotten() -> None:
    assert [text.value for text in AppTest.from_function(forgetting).run().text] == ["once None False", "None"]


def choosing() -> None:
    import streamlit as st

    from pages.shared.visit import Slot

    fruit: Slot[str] = Slot("fruit")
    offered = ["apple", "pear"] if st.toggle("Few", key="few") else ["apple", "pear", "plum"]
    if not fruit.is_set:
        fruit.set("pear")
    fruit.settle(offered, "pear", of="another" if st.toggle("Another", key="another") else "")
    st.selectbox("Fruit", offered, key=fruit.name)
    st.button("Apple", key="apple", on_click=fruit.set, args=("apple",))


def test_a_widget_shows_what_its_slot_says_and_says_what_it_shows() -> None:
    app = AppTest.from_function(choosing).run()
    assert app.selectbox(key="fruit").value == "pear"
    assert app.button(key="apple").click().run().selectbox(key="fruit").value == "apple"
    app.selectbox(key="fruit").select("plum").run()
    assert app.selectbox(key="fruit").value == "plum"


def test_a_choice_that_belongs_to_something_else_gives_way_to_the_default_but_not_a_preset() -> None:
    app = AppTest.from_function(choosing).run()
    app.selectbox(key="fruit").select("apple").run()
    assert app.toggle(key="another").set_value(True).run().selectbox(key="fruit").value == "pear"
    app.button(key="apple").click()
    assert app.toggle(key="another").set_value(False).run().selectbox(key="fruit").value == "apple"


def test_what_a_widget_shows_is_written_for_the_browser_at_every_run() -> None:
    app = AppTest.from_function(choosing).run()
    for few in (True, False):
        app.toggle(key="few").set_value(few).run()
        assert app.selectbox(key="fruit").proto.set_value


def test_a_choice_that_is_offered_no_more_is_forgotten_and_another_is_not() -> None:
    app = AppTest.from_function(choosing).run()
    app.selectbox(key="fruit").select("plum").run()
    assert app.toggle(key="few").set_value(True).run().selectbox(key="fruit").value == "pear"
    app.selectbox(key="fruit").select("apple").run()
    assert app.toggle(key="few").set_value(False).run().selectbox(key="fruit").value == "apple"


def named() -> None:
    import streamlit as st

    from pages.shared.visit import visitor

    st.text(visitor())


def test_a_visitor_has_a_name_of_their_own() -> None:
    one, other = (AppTest.from_function(named).run() for _ in range(2))
    assert one.text[0].value != other.text[0].value
    name = one.text[0].value
    assert one.run().text[0].value == name


def test_no_two_slots_have_one_name() -> None:
    found = [
        str(node.value.args[0].value)
        for path in sorted((ROOT / "pages").rglob("*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call) and node.value.args
        if isinstance(node.value.args[0], ast.Constant) and ast.unparse(node.value.func) == "Slot"
    ]
    assert len(found) > 20
    assert sorted(found) == sorted(set(found))
