"""A voice behind a server: a real one on this machine that speaks as llama.cpp's, Ollama and vLLM do, or does not."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

import pytest

from rehearse.errors import VoiceError
from rehearse.voice.choice import leaves_this_computer, open_voice
from rehearse.voice.endpoint import EndpointVoice
from rehearse.voice.voice import Message, Sampling

PROMPT = [Message("system", "You are Daniel."), Message("user", "Hello.")]
Send = Callable[[str], None]


@dataclass
class Server:
    """Answers every request with ``status`` and what ``speak`` sends."""

    speak: Callable[[Send], None] = lambda send: None
    status: int = 200
    asked: list[tuple[str, dict]] = field(default_factory=list)  # type: ignore[type-arg]
    broken_off: Event = field(default_factory=Event)
    address: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(state.status)
            self.end_headers()

            def send(line: str) -> None:
                self.wfile.write(f"{line}\n\n".encode())
                self.wfile.flush()

            try:
                state.speak(send)
            except OSError:
                state.broken_off.set()

        def log_message(self, *given: object) -> None:
            """Say nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    state.address = f"http://127.0.0.1:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield state
    made.shutdown()
    made.server_close()


def event(content: object) -> str:
    return "data: " + json.dumps({"choices": [{"delta": {"content": content}}]})


def saying(*lines: str) -> Callable[[Send], None]:
    def speak(send: Send) -> None:
        for line in lines:
            send(line)

    return speak


def said(voice: EndpointVoice, **sampling: object) -> list[str]:
    return list(voice.stream(PROMPT, Sampling(**sampling), Event()))  # type: ignore[arg-type]


def test_it_streams_piece_by_piece(server: Server) -> None:
    server.speak = saying(
        event("I’m"), event(" fine."), 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}', "data: [DONE]"
    )
    voice = EndpointVoice(server.address)
    assert said(voice) == ["I’m", " fine."]
    assert voice.count.written == 2 and voice.count.prompt == voice.tokens(PROMPT) > 0


def test_a_piece_is_given_before_the_next_is_there(server: Server) -> None:
    more = Event()

    def speak(send: Send) -> None:
        send(event("One."))
        assert more.wait(10)
        send(event(" Two."))

    server.speak = speak
    answer = EndpointVoice(server.address).stream(PROMPT, Sampling(), Event())
    assert next(answer) == "One."
    more.set()
    assert list(answer) == [" Two."]


def test_what_is_asked(server: Server) -> None:
    server.speak = saying(event("Hi."))
    said(EndpointVoice(f"{server.address}/v1/", "qwen"), temperature=0.5, top_p=0.8, most=33, seed=4)
    path, body = server.asked[0]
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "qwen",
        "messages": [{"role": "system", "content": "You are Daniel."}, {"role": "user", "content": "Hello."}],
        "stream": True,
        "temperature": 0.5,
        "top_p": 0.8,
        "max_tokens": 33,
        "seed": 4,
    }
    said(EndpointVoice(server.address))
    assert server.asked[1][0] == "/v1/chat/completions"
    assert "seed" not in server.asked[1][1]


def test_other_lines_of_a_stream_are_passed_over(server: Server) -> None:
    lines = [
        ": keep-alive",
        "event: message",
        'data: {"choices": []}',
        'data: {"choices": [{"delta": {"content": null}}]}',
        "data: {}",
    ]
    server.speak = saying(*lines, event("Hi."), 'data: {"usage": {"total_tokens": 3}}')
    assert said(EndpointVoice(server.address)) == ["Hi."]


def test_after_done_nothing_is_waited_for(server: Server) -> None:
    end = Event()

    def speak(send: Send) -> None:
        send(event("Hi."))
        send("data: [DONE]")
        end.wait(10)

    server.speak = speak
    started = time.perf_counter()
    assert said(EndpointVoice(server.address)) == ["Hi."]
    assert time.perf_counter() - started < 5
    end.set()


# -- stopping ----------------------------------------------------------------------------------------------------------------


def endless(send: Send) -> None:
    while True:
        send(event(" word"))
        time.sleep(0.005)


def test_stop_in_the_middle_ends_the_answer_and_the_connection(server: Server) -> None:
    server.speak = endless
    stop = Event()
    answer = EndpointVoice(server.address).stream(PROMPT, Sampling(), stop)
    assert next(answer) == " word"
    stop.set()
    assert list(answer) == []
    assert server.broken_off.wait(5), "the server is left speaking"


def test_dropping_the_answer_ends_the_connection(server: Server) -> None:
    server.speak = endless
    answer = EndpointVoice(server.address).stream(PROMPT, Sampling(), Event())
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert server.broken_off.wait(5)


def test_stop_while_the_server_is_silent_ends_in_under_a_second(server: Server) -> None:
    """A server reads a long prompt for a minute before its first word."""
    release, stop = Event(), Event()
    server.speak = lambda send: release.wait(20) and None
    threading.Timer(0.1, stop.set).start()
    started = time.perf_counter()
    assert list(EndpointVoice(server.address).stream(PROMPT, Sampling(), stop)) == []
    assert time.perf_counter() - started < 1
    release.set()


def test_a_stop_beforehand_asks_nothing_of_anyone(server: Server) -> None:
    stop = Event()
    stop.set()
    server.speak = saying(event("Hi."))
    assert list(EndpointVoice(server.address).stream(PROMPT, Sampling(), stop)) == []


# -- failing -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 500, 401])
def test_an_error_of_the_server_is_said(server: Server, status: int) -> None:
    server.status = status
    with pytest.raises(VoiceError, match=f"answered with error {status}.*REHEARSE_VOICE_MODEL"):
        said(EndpointVoice(server.address))


@pytest.mark.parametrize(
    "line",
    [
        "data: garbage",
        "data: [1]",
        "data: 3",
        'data: {"choices": {"a": 1}}',
        'data: {"choices": [3]}',
        'data: {"choices": [{"delta": null}]}',
        'data: {"choices": [{"delta": {"content": 7}}]}',
        "<html><body>It works!</body></html>",
        '{"choices": [{"message": {"content": "whole"}}]}',
        "",
    ],
)
def test_garbage_is_said(server: Server, line: str) -> None:
    server.speak = saying(line)
    with pytest.raises(VoiceError, match="not an answer.*/v1"):
        said(EndpointVoice(server.address))


def test_an_error_inside_the_stream_is_said_without_its_words(server: Server) -> None:
    server.speak = saying(event("Hi"), 'data: {"error": {"message": "secret prompt"}}')
    with pytest.raises(VoiceError, match="broke its answer off") as raised:
        said(EndpointVoice(server.address))
    assert "secret" not in str(raised.value)


def test_a_refused_connection_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(VoiceError, match=f"127.0.0.1:{port}/v1 cannot be reached.*embedded"):
        said(EndpointVoice(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("address", ["http://", "http://[::1", "http://127.0.0.1:99999999"])
def test_an_address_that_is_none_is_said(address: str) -> None:
    with pytest.raises(VoiceError, match="cannot be reached"):
        said(EndpointVoice(address))


def test_a_connection_that_closes_ends_the_answer(server: Server) -> None:
    def speak(send: Send) -> None:
        send(event("I was"))
        raise OSError

    server.speak = speak
    # HTTP/1.0 ends an answer by closing: what came is what there is.
    assert said(EndpointVoice(server.address)) == ["I was"]


# -- which voice -----------------------------------------------------------------------------------------------------------


def test_an_address_opens_a_server_and_no_model_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_VOICE_MODEL", "qwen")
    voice = open_voice("http://127.0.0.1:8080")
    assert isinstance(voice, EndpointVoice)
    assert (voice.address, voice.model, voice.tuned) == ("http://127.0.0.1:8080/v1", "qwen", False)
    assert "qwen" in voice.name


@pytest.mark.parametrize(
    ("name", "leaves"),
    [
        ("embedded", False),
        ("/home/a/model.gguf", False),
        ("http://127.0.0.1:8080/v1", False),
        ("http://localhost:11434", False),
        ("http://[::1]:8080", False),
        ("https://voices.example/v1", True),
        ("http://localhost.example/v1", True),
        ("http://192.168.1.5:8080", True),
    ],
)
def test_whether_her_words_would_leave_this_computer(name: str, leaves: bool) -> None:
    assert leaves_this_computer(name) is leaves


@pytest.mark.parametrize("name", ["nothing", "missing.gguf", "notes.txt"])
def test_a_voice_that_is_not_there_is_said(name: str) -> None:
    with pytest.raises(VoiceError, match="There is no voice"):
        open_voice(name)


def test_an_offered_voice_that_was_not_fetched_is_said() -> None:
    with pytest.raises(VoiceError, match="qwen3-4b has not been downloaded yet.*voices pull qwen3-4b"):
        open_voice("qwen3-4b")
