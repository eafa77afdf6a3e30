"""A voice behind a server: a real one on this machine that speaks as llama.cpp's, Ollama and vLLM do, or does not."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event

import pytest

from rehearse.errors import VoiceError
from rehearse.voice.choice import leaves_this_computer, open_voice, words_leave
from rehearse.voice.endpoint import EndpointVoice
from rehearse.voice.server import Patience, shown
from rehearse.voice.voice import Message, Sampling

PROMPT = [Message("system", "You are Daniel."), Message("user", "Hello.")]
# Quick enough to be waited for here.
QUICK = Patience(connect=2, silence=5, pauses=(0.01, 0.02), longest_pause=3)
DEAF = Patience(silence=0.5)
DONE = "data: [DONE]"
Send = Callable[[str], None]


@dataclass
class Server:
    """Answers each request with the next of ``statuses`` (200 once they are used up), and what ``speak`` sends."""

    speak: Callable[[Send], None] = lambda send: None
    # In its place, where it matters what was asked.
    echo: Callable[[str, Send], None] | None = None
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    models: object = field(default_factory=lambda: {"data": [{"id": "small"}, {"id": "big"}]})
    asked: list[tuple[str, dict]] = field(default_factory=list)  # type: ignore[type-arg]
    keys: list[str | None] = field(default_factory=list)
    broken_off: Event = field(default_factory=Event)
    address: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/v1/models"
            self.send_response(200 if state.models is not None else 404)
            self.end_headers()
            self.wfile.write(json.dumps(state.models).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append((self.path, body))
            state.keys.append(self.headers["Authorization"])
            status = state.statuses.pop(0) if state.statuses else 200
            self.send_response(status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if status != 200:
                self.wfile.write(b'{"error": {"message": "secret prompt"}}')
                return

            def send(line: str) -> None:
                self.wfile.write(f"{line}\n\n".encode())
                self.wfile.flush()

            try:
                if state.echo is not None:
                    state.echo(body["messages"][-1]["content"], send)
                else:
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


def answering(*lines: str) -> Callable[[Send], None]:
    """Say an answer to its end."""
    return saying(*lines, DONE)


def said(voice: EndpointVoice, **sampling: object) -> list[str]:
    return list(voice.stream(PROMPT, Sampling(**sampling), Event()))  # type: ignore[arg-type]


def test_it_streams_piece_by_piece(server: Server) -> None:
    server.speak = answering(
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
        send(DONE)

    server.speak = speak
    answer = EndpointVoice(server.address).stream(PROMPT, Sampling(), Event())
    assert next(answer) == "One."
    more.set()
    assert list(answer) == [" Two."]


def test_what_is_asked(server: Server) -> None:
    server.speak = answering(event("Hi."))
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
    said(EndpointVoice(server.address, key="hush"))
    assert server.asked[1][0] == "/v1/chat/completions"
    assert "seed" not in server.asked[1][1]
    assert server.keys == [None, "Bearer hush"]


@pytest.mark.parametrize("given", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_an_address_may_end_as_it_likes(server: Server, given: str) -> None:
    server.speak = answering(event("Hi."))
    assert said(EndpointVoice(server.address + given)) == ["Hi."]
    assert server.asked[0][0] == "/v1/chat/completions"


def test_without_a_name_the_first_model_of_the_server_answers(server: Server) -> None:
    server.speak = answering(event("Hi."))
    voice = EndpointVoice(server.address)
    assert voice.name == f"model at {server.address}/v1"
    said(voice)
    said(voice)
    assert [body["model"] for _, body in server.asked] == ["small", "small"]
    assert voice.name == f"small at {server.address}/v1"


@pytest.mark.parametrize("models", [None, [], {"data": []}, {"data": [{"name": "x"}]}, {"data": [{"id": 3}]}, "nonsense"])
def test_a_server_that_names_no_model_is_asked_all_the_same(server: Server, models: object) -> None:
    server.speak, server.models = answering(event("Hi.")), models
    assert said(EndpointVoice(server.address)) == ["Hi."]
    assert server.asked[0][1]["model"] == "default"


def test_a_finish_without_the_sign_of_the_end_is_one(server: Server) -> None:
    server.speak = saying(event("Hi."), 'data: {"choices": [{"delta": {}, "finish_reason": "length"}]}')
    assert said(EndpointVoice(server.address)) == ["Hi."]


def test_other_lines_of_a_stream_are_passed_over(server: Server) -> None:
    lines = [
        ": keep-alive",
        "event: message",
        'data: {"choices": []}',
        'data: {"choices": [{"delta": {"content": null}}]}',
        "data: {}",
    ]
    server.speak = answering(*lines, event("Hi."), 'data: {"usage": {"total_tokens": 3}}')
    assert said(EndpointVoice(server.address)) == ["Hi."]


def test_after_done_nothing_is_waited_for(server: Server) -> None:
    end = Event()

    def speak(send: Send) -> None:
        send(event("Hi."))
        send(DONE)
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


def test_stop_closes_the_connection_of_a_server_that_has_said_nothing_yet() -> None:
    """A server reads a long prompt for a minute before its first word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stop, answers = Event(), []
        voice = EndpointVoice(f"http://127.0.0.1:{listening.getsockname()[1]}", "qwen")
        asking = threading.Thread(target=lambda: answers.append(list(voice.stream(PROMPT, Sampling(), stop))))
        asking.start()
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(5)
            assert connection.recv(65536).startswith(b"POST")
            stop.set()
            while connection.recv(65536):
                pass
        asking.join(5)
        assert answers == [[]]


def test_stop_while_it_waits_to_try_again(server: Server) -> None:
    server.statuses, stop = [503] * 9, Event()
    voice = EndpointVoice(server.address, patience=Patience(pauses=(60,)))
    threading.Timer(0.2, stop.set).start()
    assert list(voice.stream(PROMPT, Sampling(), stop)) == []
    assert len(server.asked) == 1


def test_a_stop_beforehand_asks_nothing_of_anyone(server: Server) -> None:
    stop = Event()
    stop.set()
    server.speak = answering(event("Hi."))
    assert list(EndpointVoice(server.address).stream(PROMPT, Sampling(), stop)) == []


# -- many at once ------------------------------------------------------------------------------------------------------------


def test_eight_talks_are_answered_side_by_side(server: Server) -> None:
    """The server says nothing until all eight have asked, so one that had to wait for another would wait for ever."""
    here = Barrier(8)

    def echo(hers: str, send: Send) -> None:
        here.wait(10)
        for piece in ("I heard ", hers, "."):
            # All at the same word, so that what belongs to one could come to another.
            here.wait(10)
            send(event(piece))
        send(DONE)

    def talk(number: int) -> str:
        return "".join(voice.stream([PROMPT[0], Message("user", f"marker{number}")], Sampling(), Event()))

    server.echo, voice = echo, EndpointVoice(server.address)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(talk, range(8))) == [f"I heard marker{number}." for number in range(8)]


# -- trying again --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    server.statuses, server.speak = [status, status], answering(event("Hi."))
    assert said(EndpointVoice(server.address, patience=QUICK)) == ["Hi."]
    assert len(server.asked) == 3


def test_but_not_for_ever(server: Server) -> None:
    server.statuses = [503] * 9
    with pytest.raises(VoiceError, match="too much to do.*in a moment") as raised:
        said(EndpointVoice(server.address, patience=QUICK))
    assert len(server.asked) == 3
    assert "secret" not in str(raised.value)


def test_it_is_left_alone_for_as_long_as_it_asks(server: Server) -> None:
    server.statuses, server.headers, server.speak = [429], {"Retry-After": "1"}, answering(event("Hi."))
    started = time.perf_counter()
    assert said(EndpointVoice(server.address, patience=QUICK)) == ["Hi."]
    assert time.perf_counter() - started >= 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_one_that_asks_for_minutes_is_not_asked_again(server: Server, form: str) -> None:
    then = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=10), usegmt=True)
    server.statuses, server.headers = [429] * 9, {"Retry-After": "600" if form == "seconds" else then}
    with pytest.raises(VoiceError, match=r"too much to do.*in (600|59\d) seconds"):
        said(EndpointVoice(server.address, patience=QUICK))
    assert len(server.asked) == 1


@pytest.mark.parametrize("told", ["", "soon", "-1", "Sun, 06 Nov 1994 08:49:37 GMT", "１"])
def test_a_wish_that_is_none_or_past_is_no_reason_to_wait_longer(server: Server, told: str) -> None:
    server.statuses, server.speak = [503], answering(event("Hi."))
    server.headers = {"Retry-After": told.encode().decode("latin-1")}
    assert said(EndpointVoice(server.address, patience=QUICK)) == ["Hi."]


def test_a_connection_that_is_closed_before_the_first_word_is_made_again() -> None:
    """As when the server has just been started anew."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for number in range(2):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    if number:
                        connection.sendall(f"HTTP/1.0 200 OK\r\n\r\n{event('Hi.')}\n\n{DONE}\n\n".encode())

        threading.Thread(target=serve, daemon=True).start()
        voice = EndpointVoice(f"http://127.0.0.1:{listening.getsockname()[1]}", "qwen", patience=QUICK)
        assert said(voice) == ["Hi."]


# -- failing -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "answered with error 500.*REHEARSE_VOICE_MODEL"),
        (400, "answered with error 400"),
        (401, "wants a key.*REHEARSE_VOICE_KEY"),
        (403, "wants a key"),
        (307, "answered with error 307"),
    ],
)
def test_an_error_of_the_server_is_said_at_once_and_without_its_words(server: Server, status: int, words: str) -> None:
    server.statuses = [status] * 9
    # To follow it would be to send her words on to wherever it says.
    server.headers = {"Location": "http://voices.example/v1/chat/completions"}
    with pytest.raises(VoiceError, match=words) as raised:
        said(EndpointVoice(server.address, patience=QUICK))
    assert "secret" not in str(raised.value)
    assert len(server.asked) == 1


def test_a_model_it_does_not_have_is_said_with_those_it_has(server: Server) -> None:
    server.statuses = [404]
    with pytest.raises(VoiceError, match="has no model “qwen”.*REHEARSE_VOICE_MODEL to one that it has: small, big"):
        said(EndpointVoice(server.address, "qwen"))


@pytest.mark.parametrize("models", [None, {"data": [{"id": "qwen"}]}])
def test_an_address_that_gives_no_answers_is_said(server: Server, models: object) -> None:
    server.statuses, server.models = [404], models
    with pytest.raises(VoiceError, match="gives no answers under this address.*/v1"):
        said(EndpointVoice(server.address, "qwen"))


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
        said(EndpointVoice(f"http://127.0.0.1:{port}", patience=QUICK))


@pytest.mark.parametrize("address", ["http://", "http://[::1", "http://127.0.0.1:99999999", "http://host:port"])
def test_an_address_that_is_none_is_said(address: str) -> None:
    with pytest.raises(VoiceError, match="is not one of a server"):
        EndpointVoice(address)


def test_a_server_that_says_nothing_is_not_waited_for_without_end(server: Server) -> None:
    end = Event()
    server.speak = lambda send: end.wait(20) and None
    with pytest.raises(VoiceError, match="has said nothing for"):
        said(EndpointVoice(server.address, patience=DEAF))
    assert len(server.asked) == 1, "another try would wait as long again"
    end.set()


def test_what_only_keeps_the_connection_open_is_no_word(server: Server) -> None:
    def speak(send: Send) -> None:
        while True:
            send(": ping")
            time.sleep(0.05)

    server.speak = speak
    with pytest.raises(VoiceError, match="has said nothing for"):
        said(EndpointVoice(server.address, patience=DEAF))
    assert server.broken_off.wait(5)


def test_a_model_that_only_thinks_to_itself_is_said(server: Server) -> None:
    thinking = 'data: {"choices": [{"delta": {"reasoning_content": "She asks how I am."}}]}'
    server.speak = answering(thinking, thinking)
    with pytest.raises(VoiceError, match="thinks to itself.*switch its thinking off"):
        said(EndpointVoice(server.address))
    server.speak = answering(thinking, event("Fine."))
    assert said(EndpointVoice(server.address)) == ["Fine."]


@pytest.mark.parametrize("header", ["HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_an_answer_that_is_cut_off_is_kept_as_far_as_it_came_and_never_asked_again(header: str) -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(f"{header}{event('I was')}\n\n".encode())

        threading.Thread(target=serve, daemon=True).start()
        voice = EndpointVoice(f"http://127.0.0.1:{listening.getsockname()[1]}", "qwen", patience=QUICK)
        pieces: list[str] = []
        with pytest.raises(VoiceError, match="broke off in the middle.*is kept"):
            for piece in voice.stream(PROMPT, Sampling(), Event()):
                pieces.append(piece)
    assert pieces == ["I was"]
    assert len(asked) == 1


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
        ("http://127.1.2.3:8080", False),
        ("http://0.0.0.0:8080", True),
        ("http://127.0.0.1.example:8080", True),
        ("http://[::1", True),
    ],
)
def test_whether_her_words_would_leave_this_computer(name: str, leaves: bool) -> None:
    assert leaves_this_computer(name) is leaves


def test_a_server_elsewhere_speaks_only_where_words_may_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "https://ann:hush@voices.example/v1?key=hush"
    monkeypatch.setenv("REHEARSE_VOICE", name)
    with pytest.raises(VoiceError, match="not on this computer.*Nothing was sent.*--let-words-leave"):
        open_voice(name)
    assert not words_leave()
    for value in ("0", ""):
        monkeypatch.setenv("REHEARSE_LET_WORDS_LEAVE", value)
        assert not words_leave()
    monkeypatch.setenv("REHEARSE_LET_WORDS_LEAVE", "1")
    voice = open_voice(name)
    assert words_leave()
    assert voice.name == "model at https://voices.example/v1", "what is secret in an address is shown nowhere"
    monkeypatch.setenv("REHEARSE_VOICE", "http://127.0.0.1:8080")
    assert not words_leave(), "with a server here nothing leaves, whatever may"


def test_what_is_secret_in_an_address_is_not_shown() -> None:
    assert shown("https://ann:hush@voices.example:8443/v1?key=hush#hush") == "https://voices.example:8443/v1"
    assert shown("http://[::1]:8080/v1") == "http://[::1]:8080/v1"
    assert shown("http://[") == "the server"


@pytest.mark.parametrize("name", ["nothing", "missing.gguf", "notes.txt"])
def test_a_voice_that_is_not_there_is_said(name: str) -> None:
    with pytest.raises(VoiceError, match="There is no voice"):
        open_voice(name)


def test_an_offered_voice_that_was_not_fetched_is_said() -> None:
    with pytest.raises(VoiceError, match="qwen3-4b has not been downloaded yet.*voices pull qwen3-4b"):
        open_voice("qwen3-4b")
