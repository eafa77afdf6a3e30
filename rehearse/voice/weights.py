"""A GGUF model in memory, by llama.cpp's C interface: its weights, an adapter on them, and its vocabulary."""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

# Signs that end an answer in the chat forms of common models, whatever the file itself calls its end.
_ROLE_TOKENS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>", "<end_of_turn>")
_CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"


class NotAModel(Exception):
    """llama.cpp could not load a file, or there was not enough memory for it."""


class Weights:
    """What a file holds. Contexts are made over it, and closed before it is."""

    def __init__(self, path: Path, adapter: Path | None = None) -> None:
        """Load a file.

        :param adapter: a LoRA for it.
        :raises NotAModel: if llama.cpp cannot load one of them.
        """
        import llama_cpp

        started()
        self.model: Any = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
        if not self.model:
            raise NotAModel(path.name)
        self.adapter: Any = None
        self.vocabulary: Any = llama_cpp.llama_model_get_vocab(self.model)
        self.size = int(llama_cpp.llama_vocab_n_tokens(self.vocabulary))
        if adapter is not None:
            self.adapter = llama_cpp.llama_adapter_lora_init(self.model, str(adapter).encode())
            if not self.adapter:
                self.close()
                raise NotAModel(adapter.name)
        self._pieces: dict[int, bytes] = {}
        self.ends = {int(llama_cpp.llama_vocab_eos(self.vocabulary))}
        self.ends |= {tokens[0] for text in _ROLE_TOKENS if len(tokens := self.tokenize(text)) == 1}

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of a text; signs that mark roles are read as such."""
        import llama_cpp

        data = text.encode()
        room = len(data) + 8
        found = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self.vocabulary, data, len(data), found, room, False, True)
        return list(found[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes a token stands for; empty for signs that mark roles."""
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._piece(token, 64)
        return known

    def _piece(self, token: int, room: int) -> bytes:
        import llama_cpp

        buffer = ctypes.create_string_buffer(room)
        length = llama_cpp.llama_token_to_piece(self.vocabulary, token, buffer, room, 0, False)
        return buffer.raw[:length] if length >= 0 else self._piece(token, -length)

    def formatter(self) -> Any:
        """Return the chat template the file carries (ChatML if it carries none)."""
        import llama_cpp
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        carried = llama_cpp.llama_model_chat_template(self.model, None)
        return Jinja2ChatFormatter(
            template=carried.decode() if carried else _CHATML,
            eos_token=self._text(llama_cpp.llama_vocab_eos(self.vocabulary)),
            bos_token=self._text(llama_cpp.llama_vocab_bos(self.vocabulary)),
        )

    def _text(self, token: int) -> str:
        import llama_cpp

        return bytes(llama_cpp.llama_vocab_get_text(self.vocabulary, token)).decode() if token != -1 else ""

    def close(self) -> None:
        """Give back the memory."""
        import llama_cpp

        if self.adapter:
            llama_cpp.llama_adapter_lora_free(self.adapter)
            self.adapter = None
        if self.model:
            llama_cpp.llama_model_free(self.model)
            self.model = None


@cache
def started() -> Any:
    """Start llama.cpp once, and keep what it tells of itself off the terminal."""
    import llama_cpp

    silent = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    # ctypes does not keep a callback alive by itself; the cache does.
    return silent
