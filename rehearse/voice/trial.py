"""Trying a model file that is not ours in a process of its own first.

A file can fit its header and still bring llama.cpp down, and with it the page and whatever is open in it. What fails in the
trial fails there alone, and comes back as a sentence.
"""

import subprocess
import sys
from pathlib import Path

from rehearse.errors import VoiceError
from rehearse.voice.header import speaks

# A voice of some gigabytes is read from a slow disk once for this; it is then in memory for the loading that follows.
PATIENCE = 600.0
_ONE_WAY = 3
_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from rehearse.voice.trial import speak; speak(sys.argv[2])"


def tried(path: Path) -> Path:
    """Return the path of a model file once its header is sound and another process has spoken a word with it.

    :raises VoiceError: if it is not a GGUF model that writes, or llama.cpp cannot load it, or is brought down by it.
    """
    speaks(path)
    root = Path(__file__).resolve().parents[2]
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CODE, str(root), str(path.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise VoiceError(
            "The voice {name} took more than ten minutes to say a word.",
            "Choose a smaller one, or the embedded voice.",
            name=path.name,
        ) from error
    if done.returncode == _ONE_WAY:
        from rehearse.voice.llama import OneWay

        raise OneWay(path.name)
    if done.returncode:
        raise VoiceError(
            "The voice {name} could not be loaded.",
            "The file may be damaged, or this computer may not have enough free memory for it; fetch it again, "
            "or choose another voice.",
            name=path.name,
        )
    return path


def speak(path: str) -> None:
    """Load a model file as the app would and let it say one word; ends this process with a status other than 0 if it cannot."""
    from rehearse.voice.llama import LlamaVoice, OneWay

    try:
        LlamaVoice.load(Path(path)).one_word()
    except OneWay:
        sys.exit(_ONE_WAY)
    except (VoiceError, ValueError, RuntimeError, OSError, AssertionError):
        # The reason stands nowhere but in llama.cpp's own words, which nobody reads here.
        sys.exit(1)
