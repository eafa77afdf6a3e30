"""What Gradio remembers of each visit of the page: its values, and not a copy of all that was shown.

Gradio keeps, for links that bring a page back as it was, the last value of everything on it; there are no such links here. And a
component that an event changes comes back under a new number, beside which the next value makes one more: with each piece of his
answers the app would grow, by her words and his.
"""

from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.state_holder import SessionState, StateHolder

# More pages than anyone has open; of those that were left long ago nothing is needed.
MOST = 200


class Visit(SessionState):  # type: ignore[misc]
    """One visit."""

    def __init__(self, blocks: gr.Blocks) -> None:
        """Begin with the page as it is built."""
        super().__init__(blocks)
        self.config_values: dict[int, Any] = {}

    def __setitem__(self, key: int, value: Any) -> None:
        """Put a component in the place of another, under the number of that one; or keep a value."""
        if isinstance(value, Block):
            value._id = key
            self.blocks_config.blocks[key] = value
        else:
            super().__setitem__(key, value)
            self.config_values.clear()

    def _update_config(self, key: int) -> None:
        """Keep no copy."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Keep no copy."""


class Visits(StateHolder):  # type: ignore[misc]
    """All visits of a page that is served."""

    def __init__(self, page: gr.Blocks) -> None:
        """Hold the visits of a page, in the place of what Gradio would hold them in."""
        super().__init__()
        page.state_session_capacity = MOST
        self.set_blocks(page)

    def __getitem__(self, session_id: str) -> SessionState:
        """Return a visit, a new one if it is not known."""
        if session_id not in self.session_data:
            self.session_data[session_id] = Visit(self.blocks)
        return super().__getitem__(session_id)
