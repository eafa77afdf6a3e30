"""The form in which a model wants a talk: the chat template of its file, tried before it is relied on.

Templates are small programs. Some refuse a text that stands before the talk; others leave it out, or move it to the end, so that
everything would have to be read anew at each answer. So each way to use a template is tried on a short talk first, and the plain
form that most models understand stands behind it.
"""

from collections.abc import Sequence
from typing import Any

from rehearse.voice.voice import Message

# What a template ends with is lost if it is a line break, unless it is written out.
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant{{ '\\n' }}"
)
_TRIED = (
    Message("system", "Words before."),
    Message("user", "One of hers."),
    Message("assistant", "One of his."),
    Message("user", "Another of hers."),
)


class Form:
    """Writes a prompt as one text, up to where the answer starts."""

    def __init__(self, template: str | None, *, begins: str = "", ends: str = "") -> None:
        """Choose the best way to use a template.

        :param template: as the file carries it; ``None`` if it carries none.
        :param begins: the sign for the beginning of a text.
        :param ends: the sign for its end.
        """
        self._signs = {"bos_token": begins, "eos_token": ends}
        self.folded = False
        self.carried = False
        self._write: Any = self._formatter(CHATML)
        found = [] if template is None else self._ways(template)
        if found:
            # The best way is one that only ever grows at its end.
            best = next((each for each in found if each[2]), found[0])
            self._write, self.folded, self.carried = best[0], best[1], True

    def text(self, prompt: Sequence[Message]) -> str:
        """Return a prompt in this form."""
        return _written(self._write, _folded(prompt) if self.folded else prompt)

    def _formatter(self, template: str) -> Any:
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        return Jinja2ChatFormatter(template, **self._signs)

    def _ways(self, template: str) -> list[tuple[Any, bool, bool]]:
        """Return the ways to use a template that lose nothing: the formatter, whether what stands before is folded into her first
        line, and whether what was written stays as it is while the talk goes on.
        """
        found = []
        try:
            write = self._formatter(template)
        except _failures():
            return []
        for folded in (False, True):
            tried = _folded(_TRIED) if folded else list(_TRIED)
            try:
                whole, begun = _written(write, tried), _written(write, tried[:-2])
            except _failures():
                continue
            if all(each.content in whole for each in _TRIED):
                found.append((write, folded, whole.startswith(begun)))
        return found


def _written(write: Any, prompt: Sequence[Message]) -> str:
    # Models that would think aloud first are asked not to: nobody would hear it, and she would wait.
    found: str = write(messages=[{"role": each.role, "content": each.content} for each in prompt], enable_thinking=False).prompt
    return found


def _folded(prompt: Sequence[Message]) -> list[Message]:
    """Return a prompt in which what stands before the talk is part of her first line."""
    if len(prompt) < 2 or prompt[0].role != "system" or prompt[1].role != "user":
        return list(prompt)
    return [Message("user", f"{prompt[0].content}\n\n{prompt[1].content}"), *prompt[2:]]


def _failures() -> tuple[type[Exception], ...]:
    """Return what a template may fail with: it is a program that somebody else wrote."""
    from jinja2 import TemplateError

    return (TemplateError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
