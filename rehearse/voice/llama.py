"""A GGUF model in this process, through llama-cpp-python.

llama.cpp's contexts are not safe for two callers, and a generator that was cancelled may still be inside the native call.
So every call goes through one lock of the process, held until the answer is finished, stopped or dropped, and a stop
reaches into llama.cpp itself through its abort callback: reading a long prompt ends at once too.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Lock
from typing import Any

from rehearse import settings
from rehearse.errors import VoiceError
from rehearse.voice.voice import Count, Message, Sampling

_CALLS = Lock()
_NEVER = Event()
# Signs that end an answer in the chat forms of common models, whatever the file itself calls its end.
_ROLE_TOKENS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>", "<end_of_turn>")


class LlamaVoice:
    """A voice that runs here. Build it with :meth:`load`."""

    def __init__(self, llama: Any, name: str, *, tuned: bool) -> None:
        """Wrap a loaded ``llama_cpp.Llama``."""
        import llama_cpp

        self.name = name
        self.tuned = tuned
        self.count = Count()
        self._llama = llama
        self._stop = _NEVER
        # Kept on the object: ctypes does not keep a callback alive by itself.
        self._aborts = llama_cpp.ggml_abort_callback(lambda _: self._stop.is_set())
        llama_cpp.llama_set_abort_callback(llama.ctx, self._aborts, None)
        self._format = _formatter(llama)

    @classmethod
    def load(cls, model: Path, *, adapter: Path | None = None, name: str = "") -> "LlamaVoice":
        """Load a GGUF file, with our adapter if it is the embedded one.

        :raises VoiceError: if the file is not a model llama.cpp can load, or there is not enough memory for it.
        """
        import llama_cpp

        try:
            llama = llama_cpp.Llama(
                str(model),
                n_ctx=settings.context(),
                n_threads=settings.threads(),
                n_threads_batch=settings.threads(),
                lora_path=str(adapter) if adapter else None,
                verbose=False,
            )
        except (ValueError, RuntimeError, OSError, AssertionError) as error:
            raise VoiceError(
                f"The voice {model.name} could not be loaded.",
                "The file may be damaged, or this computer may not have enough free memory for it; "
                "the embedded voice needs 0.3 GB.",
            ) from error
        return cls(llama, name or model.stem, tuned=adapter is not None)

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may take together."""
        return int(self._llama.n_ctx())

    def tokenize(self, prompt: Sequence[Message]) -> list[int]:
        """Return the tokens of a prompt in the model's own chat form, up to where the answer starts."""
        text = self._format(messages=[{"role": each.role, "content": each.content} for each in prompt]).prompt
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=True))

    def tokens(self, prompt: Sequence[Message]) -> int:
        """Return how many tokens a prompt takes."""
        return len(self.tokenize(prompt))

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield the answer as it is written; ends early, without an error, once ``stop`` is set.

        Another caller waits until this answer is finished, stopped or dropped.

        :raises VoiceError: if the prompt does not fit the context.
        """
        tokens = self.tokenize(prompt)
        room = self.context - len(tokens)
        if room < 16:
            raise VoiceError(
                "The talk is longer than this voice can keep in mind.", "Set REHEARSE_CONTEXT higher or start a new rehearsal."
            )
        while not _CALLS.acquire(timeout=0.05):
            if stop.is_set():
                return
        try:
            self._stop = stop
            if sampling.afresh:
                self._llama.reset()
            self.count = Count(prompt=len(tokens), read=len(tokens) - self._kept(tokens))
            yield from self._answer(tokens, sampling, min(sampling.most, room - 1))
        finally:
            self._stop = _NEVER
            _CALLS.release()

    def _kept(self, tokens: list[int]) -> int:
        """Return how many first tokens of the prompt the context already holds (at least one is always read again)."""
        held = self._llama.input_ids[: self._llama.n_tokens].tolist()
        same = 0
        for ours, theirs in zip(tokens, held, strict=False):
            if ours != theirs:
                break
            same += 1
        return min(same, len(tokens) - 1)

    def _answer(self, tokens: list[int], sampling: Sampling, most: int) -> Iterator[str]:
        if sampling.seed is not None:
            self._llama.set_seed(sampling.seed)
        ends = {self._llama.token_eos(), *self._role_tokens}
        written: list[int] = []
        said = ""
        try:
            for token in self._llama.generate(
                tokens,
                temp=sampling.temperature,
                top_p=sampling.top_p,
                min_p=sampling.min_p,
                repeat_penalty=sampling.repeat_penalty,
            ):
                if token in ends or self._stop.is_set():
                    break
                written.append(token)
                self.count.written = len(written)
                text = self._llama.detokenize(written).decode("utf-8", errors="ignore")
                if len(text) > len(said):
                    yield text[len(said) :]
                    said = text
                if len(written) >= most:
                    break
        except RuntimeError as error:
            # llama_decode answers 2 when the abort callback said stop; the half-read prompt is forgotten.
            self._llama.reset()
            if not self._stop.is_set():
                raise VoiceError(
                    "The voice stopped working in the middle of an answer.", "Try again; if it stays so, restart rehearse."
                ) from error

    @property
    def _role_tokens(self) -> set[int]:
        found = set()
        for text in _ROLE_TOKENS:
            tokens = self._llama.tokenize(text.encode(), add_bos=False, special=True)
            if len(tokens) == 1:
                found.add(tokens[0])
        return found

    def close(self) -> None:
        """Give back the memory; waits for an answer in progress."""
        with _CALLS:
            self._llama.close()


def _formatter(llama: Any) -> Any:
    """Return the chat template the model carries (ChatML if it carries none)."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    chatml = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    return Jinja2ChatFormatter(
        template=llama.metadata.get("tokenizer.chat_template", chatml),
        eos_token=llama._model.token_get_text(llama.token_eos()),
        bos_token=llama._model.token_get_text(llama.token_bos()) if llama.token_bos() != -1 else "",
    )
