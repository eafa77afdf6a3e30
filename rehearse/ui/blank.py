"""The quick way out: Shift three times, or one button, and the page is blank before anybody has come round the table.

Shift, because it does nothing by itself, in no browser and in no field, and lies under both hands; Escape already has a meaning
in the talk, and every combination of keys belongs to some browser. Three times within a second and a half with no other key
between: nobody writes like that, and the system's own meaning of Shift begins at five.
"""

import gradio as gr

from rehearse.ui.render import safe
from rehearse.ui.words import say

# The words are taken off the page first; then the tab goes to an empty page that takes the place of ours in its history, so
# that Back does not lead here. What was typed and not sent is gone; what was sent is in the store.
SCRIPT = """
const leave = () => {
  document.title = '';
  document.documentElement.replaceChildren();
  location.replace('about:blank');
};
let pressed = [];
let alone = false;
document.addEventListener('keydown', event => {
  alone = event.key === 'Shift' && !event.ctrlKey && !event.altKey && !event.metaKey;
  if (!alone) pressed = [];
}, true);
document.addEventListener('keyup', event => {
  if (event.key !== 'Shift' || !alone) return;
  alone = false;
  pressed = [...pressed.filter(at => event.timeStamp - at < 1500), event.timeStamp];
  if (pressed.length === 3) leave();
}, true);
element.addEventListener('click', event => { if (event.target.closest('button')) leave(); });
"""


def way_out() -> gr.HTML:
    """Build the button, and with it the key, inside the current Blocks."""
    hint = say("blank.hint")
    words = f'<button type="button" class="link" title="{safe(hint)}">{safe(say("blank.button"))}</button>'
    return gr.HTML(words, elem_id="blank", js_on_load=SCRIPT)
