"""Which voice speaks: the embedded one, a GGUF file, a downloaded one, or a server."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse import catalog, settings
from rehearse.errors import VoiceError
from rehearse.voice.server import elsewhere, is_address
from rehearse.voice.voice import Voice

if TYPE_CHECKING:
    from rehearse.voice.llama import LlamaVoice

TUNED = "SmolLM2-135M, tuned"
# The scene, a few lines and an answer take about so many tokens.
LEAST_CONTEXT = 1024


def open_voice(name: str = settings.EMBEDDED) -> Voice:
    """Load the voice of this name.

    :param name: ``embedded``, the name of a downloaded voice, the path of a ``.gguf`` file, or the address of an
        OpenAI-compatible server.
    :raises ModelMissing: if a file is not there.
    :raises ModelChanged: if the embedded file is not the pinned one.
    :raises VoiceError: if it cannot be loaded, would take more memory than is free, or is a server elsewhere and words may not
        leave this computer.
    """
    if is_address(name):
        from rehearse.voice.endpoint import EndpointVoice

        if leaves_this_computer(name) and not settings.words_may_leave():
            raise VoiceError(
                "The server that was chosen as his voice is not on this computer, and what is said here would be sent to it. "
                "Nothing was sent.",
                "If that is what you want, start rehearse with --let-words-leave; otherwise set REHEARSE_VOICE to `embedded`.",
            )
        return EndpointVoice(name, settings.voice_model(), key=settings.voice_key())
    from rehearse.voice.llama import LlamaVoice

    if name == settings.EMBEDDED:
        return _embedded()
    from rehearse.voice import fit
    from rehearse.voice.header import speaks
    from rehearse.voice.trial import tried

    path = file_of(name)
    header = speaks(path)
    if (header.context or LEAST_CONTEXT) < LEAST_CONTEXT:
        raise VoiceError(
            "The voice {name} can keep only {tokens} tokens in mind, which is less than a short talk.",
            "Choose another voice.",
            name=path.name,
            tokens=header.context,
        )
    fit.in_memory(path, header)
    return LlamaVoice.load(tried(path), name=title_of(name))


def _embedded() -> "LlamaVoice":
    """Load the voice that comes along: with our adapter merged into it if that was done before, else with the adapter on top."""
    from rehearse.voice import merging
    from rehearse.voice.llama import LlamaVoice

    if catalog.entry("adapter") is None:
        return LlamaVoice.load(catalog.verified("voice"), name="SmolLM2-135M")
    merged = merging.found()
    if merged is not None:
        # One that cannot be loaded after all is no reason to be silent.
        with contextlib.suppress(VoiceError):
            return LlamaVoice.load(merged, name=TUNED, tuned=True)
    return LlamaVoice.load(catalog.verified("voice"), adapter=catalog.verified("adapter"), name=TUNED)


def quicken(voice: Voice, tell: Callable[[float], None]) -> bool:
    """Merge our adapter into the embedded voice if that was not done yet, and let the voice go on with it; whether it does.

    Takes some seconds, in which the voice goes on speaking.

    :param tell: is given the share that is done, from 0 to 1.
    """
    from rehearse.voice import merging
    from rehearse.voice.llama import LlamaVoice

    if not isinstance(voice, LlamaVoice) or not voice.adapted or not merging.possible():
        return False
    merged = merging.apart(tell)
    if merged is None:
        return False
    try:
        voice.become(merged, name=TUNED)
    except VoiceError:
        # He speaks as before.
        return False
    return True


def title_of(name: str) -> str:
    """Return what people read of a voice that runs here: its title where it is an offered one, else the name of its file."""
    return next(
        (each.title for each in catalog.offered() if each.name == name), "" if name == settings.EMBEDDED else Path(name).stem
    )


def file_of(name: str) -> Path:
    """Return the GGUF file of a downloaded voice, or of a path.

    :raises VoiceError: if there is no such file.
    """
    for offered in catalog.offered():
        path = settings.voices_folder() / offered.file
        if offered.name == name:
            if path.is_file():
                return path
            raise VoiceError("The voice {name} has not been downloaded yet.", "Run `rehearse voices pull {name}`.", name=name)
    path = Path(name).expanduser()
    if path.suffix.lower() != ".gguf" or not path.is_file():
        raise VoiceError(
            "There is no voice “{name}”.",
            "Set REHEARSE_VOICE to `embedded`, to one of `rehearse voices list`, to a .gguf file, or to the address of a server.",
            name=path.name,
        )
    return path


def is_server(name: str) -> bool:
    """Whether a voice is a server, here or elsewhere."""
    return is_address(name)


def leaves_this_computer(name: str) -> bool:
    """Whether a voice is a server elsewhere, so that what she says would leave this computer."""
    return is_address(name) and elsewhere(name)


def words_leave() -> bool:
    """Whether what she says leaves this computer: a server elsewhere was chosen, and that it may was said too."""
    return leaves_this_computer(settings.voice()) and settings.words_may_leave()
