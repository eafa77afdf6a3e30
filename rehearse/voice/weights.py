"""A GGUF model in memory, by llama.cpp's C interface: its weights, an adapter on them, and its vocabulary."""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

from rehearse.voice.form import Form

# Signs that end an answer in the chat forms of common models, whatever the file itself calls its end.
_ROLE_TOKENS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>", "<end_of_turn>")
# Layers given to a graphics card, where llama.cpp was built for one: all, and if its memory does not hold them, some, then none.
SHARES = (-1, 16, 0)


class NotAModel(Exception):
    """llama.cpp could not load a file, or there was not enough memory for it."""


class Weights:
    """What a file holds. Contexts are made over it, and closed before it is."""

    def __init__(self, path: Path, adapter: Path | None = None, *, share: int = SHARES[0]) -> None:
        """Load a file.

        :param adapter: a LoRA for it.
        :param share: how many layers a graphics card is given, where llama.cpp can use one; -1 is all of them.
        :raises NotAModel: if llama.cpp cannot load one of them.
        """
        import llama_cpp

        started()
        given = llama_cpp.llama_model_default_params()
        given.n_gpu_layers = share
        self.model: Any = llama_cpp.llama_model_load_from_file(str(path).encode(), given)
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
        # How many tokens it learnt to keep in mind.
        self.trained = int(llama_cpp.llama_model_n_ctx_train(self.model))
        self.ends = {int(llama_cpp.llama_vocab_eos(self.vocabulary))}
        self.ends |= {token for token in range(self.size) if llama_cpp.llama_vocab_is_eog(self.vocabulary, token)}
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

    @property
    def bytes(self) -> int:
        """How much memory the weights take."""
        import llama_cpp

        return int(llama_cpp.llama_model_size(self.model))

    @property
    def turns_back(self) -> bool:
        """Whether the model can go back to an earlier place of a text, because what it read lies there token by token."""
        import llama_cpp

        one_way = (llama_cpp.llama_model_is_recurrent, llama_cpp.llama_model_is_hybrid, llama_cpp.llama_model_has_encoder)
        return not any(asked(self.model) for asked in one_way)

    def form(self) -> Form:
        """Return the form the model wants a talk in, by the chat template that the file carries (ChatML if it carries none)."""
        import llama_cpp

        carried = llama_cpp.llama_model_chat_template(self.model, None)
        return Form(
            carried.decode("utf-8", "replace") if carried else None,
            begins=self._text(llama_cpp.llama_vocab_bos(self.vocabulary)),
            ends=self._text(llama_cpp.llama_vocab_eos(self.vocabulary)),
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


def shares() -> tuple[int, ...]:
    """Return which shares of a model to try to give to a graphics card, the greatest first; none of it where there is no card."""
    import llama_cpp

    started()
    return SHARES if llama_cpp.llama_supports_gpu_offload() else (0,)
