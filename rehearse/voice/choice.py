"""Which voice speaks: the embedded one, a GGUF file, a downloaded one, or a server."""

from pathlib import Path

from rehearse import catalog, settings
from rehearse.errors import VoiceError
from rehearse.voice.voice import Voice


def open_voice(name: str = "embedded") -> Voice:
    """Load the voice of this name.

    :param name: ``embedded``, the name of a downloaded voice, the path of a ``.gguf`` file, or the address of an
        OpenAI-compatible server.
    :raises ModelMissing: if a file is not there.
    :raises ModelChanged: if the embedded file is not the pinned one.
    :raises VoiceError: if it cannot be loaded.
    """
    if name.startswith(("http://", "https://")):
        from rehearse.voice.endpoint import EndpointVoice

        return EndpointVoice(name, settings.voice_model())
    from rehearse.voice.llama import LlamaVoice

    if name == "embedded":
        adapter = catalog.verified("adapter") if catalog.entry("adapter") else None
        return LlamaVoice.load(
            catalog.verified("voice"), adapter=adapter, name="SmolLM2-135M, tuned" if adapter else "SmolLM2-135M"
        )
    return LlamaVoice.load(file_of(name))


def file_of(name: str) -> Path:
    """Return the GGUF file of a downloaded voice, or of a path.

    :raises VoiceError: if there is no such file.
    """
    for offered in catalog.offered():
        path = settings.voices_folder() / offered.file
        if offered.name == name:
            if path.is_file():
                return path
            raise VoiceError(f"The voice {name} has not been downloaded yet.", f"Run `rehearse voices pull {name}`.")
    path = Path(name).expanduser()
    if path.suffix.lower() != ".gguf" or not path.is_file():
        raise VoiceError(
            f"There is no voice “{path.name}”.",
            "Set REHEARSE_VOICE to `embedded`, to one of `rehearse voices list`, to a .gguf file, or to the address of a server.",
        )
    return path


def leaves_this_computer(name: str) -> bool:
    """Whether a voice is a server elsewhere, so that what she says would leave this computer."""
    if not name.startswith(("http://", "https://")):
        return False
    from urllib.parse import urlsplit

    return urlsplit(name).hostname not in ("127.0.0.1", "localhost", "::1")
