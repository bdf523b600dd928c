"""What the tests of the page New run look up on it."""

from __future__ import annotations


def said(at, reader) -> str:
    """What stands on the page as HTML of its own, in one line."""
    return " ".join(reader.words(at).split())


def wrong(at, name: str) -> str:
    """What stands below a field in red; empty when nothing does."""
    return " ".join(
        element.value for element in at.markdown if ":red[" in element.value and name in element.value
    )


def open_more(at, group: str = "", words: str = ""):
    """Open the options that are folded away: a group of them, or those that answer to words."""
    at.session_state["more"] = True
    at.run()
    if group:
        at.session_state["option-group"] = group
    if words:
        at.text_input(key="option-words").set_value(words)
    return at.run()


def offered(at) -> list[str]:
    """The groups of options to choose from."""
    return [option.content.partition(" · ")[0] for option in at.get("button_group")[-1].proto.options]


def keys(at) -> set[str]:
    """The keys of all fields on the page."""
    several = (at.text_input, at.number_input, at.selectbox, at.multiselect, at.checkbox, at.date_input)
    return {widget.key for kind in several for widget in kind}


def errors_on(at) -> str:
    """All errors on the page."""
    return " ".join(error.value for error in at.error).replace("\\", "")
