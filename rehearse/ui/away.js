// When the app falls and its keeper starts it again: the page says so, waits, and goes on where it was.
// Gradio gives up as soon as an event of its is cut off, and loads the page anew: whatever she was typing would be gone. So what it
// listens to is handed on by us, and a stream that breaks ends for it as an event does that was refused. What was not taken yet
// is sent once the app is there. Should this ever fail, Gradio loads the page anew all the same, and what was sent is there.
(() => {
  'use strict';
  const ask = window.fetch.bind(window);
  const pause = seconds => new Promise(done => setTimeout(done, seconds * 1000));
  const one = selector => document.querySelector(selector);
  const tell = (element, words) => { if (element && element.textContent !== words) element.textContent = words; };

  let left = false;
  window.addEventListener('pagehide', () => { left = true; });
  window.addEventListener('pageshow', () => { left = false; });
  const cut = error => left || error.name === 'AbortError';

  // -- away and back --------------------------------------------------------------------------------------------------------

  let life = APP.life;
  let heart = '';
  let beats = null;
  let away = null;

  const say = name => {
    const bar = one('#away p');
    tell(bar, name && bar ? bar.dataset[name] : '');
  };

  // Which life of the app answers, and whether it waits for the passphrase; 0 if nobody answers, and -1 if somebody holds the
  // port and is not up yet.
  const found = async () => {
    try {
      const answer = await ask(APP.alive, {cache: 'no-store', signal: AbortSignal.timeout(20000)});
      return answer.ok ? await answer.json() : {life: 0};
    } catch (error) {
      return {life: error.name === 'TimeoutError' ? -1 : 0};
    }
  };

  const waited = async () => {
    // A connection that was cut while the app goes on is made anew before anybody could read of it.
    const soon = setTimeout(() => {
      one('#back .back')?.remove();
      say(APP.patience ? 'stopped' : 'closed');
    }, 300);
    let refused = 0;
    let now = await found();
    while (now.life <= 0) {
      const since = performance.now();
      await pause(1.5);
      now = await found();
      refused = now.life ? 0 : refused + (performance.now() - since) / 1000;
      if (refused > APP.patience) say('closed');
    }
    clearTimeout(soon);
    say('');
    away = null;
    const same = now.life === life;
    life = now.life;
    if (heart && !(same && beats)) beat(heart).catch(lost);
    if (same) return;
    // A page that was not whole yet has nothing to go on with, and before a locked door there is nothing to show.
    if (one('#back') && !now.locked) document.dispatchEvent(new Event('app-back'));
    else location.reload();
  };

  const lost = () => {
    if (left) return null;
    away ||= waited();
    return away;
  };

  // -- what Gradio asks -----------------------------------------------------------------------------------------------------

  // The connection by which the app knows that this page is open. It is cut when the app falls; Gradio would not make it anew.
  const beat = async (asked, given) => {
    const answer = await ask(asked, given);
    if (!answer.body) return answer;
    const [ours, theirs] = answer.body.tee();
    const reader = ours.getReader();
    beats = reader;
    const stopped = () => {
      if (beats !== reader) return;
      beats = null;
      lost();
    };
    const listen = () => reader.read().then(({done}) => (done ? stopped() : listen()), stopped);
    listen();
    return new Response(theirs, answer);
  };

  // Events that were taken and may not have ended, and those of them that wait for their turn while he speaks in another window.
  const taken = new Map();
  const waiting = new Map();

  const place = () => {
    const ranks = [...waiting.values()];
    const where = one('#queue p');
    if (!where) return;
    const rank = Math.min(...ranks);
    if (!ranks.length) tell(where, '');
    else tell(where, rank ? where.dataset.later.replace('{count}', rank + 1) : where.dataset.next);
  };

  // Looks at a line of what the app says, and returns whether Gradio may hear it.
  const hear = line => {
    const ended = /^data: \{"msg":"process_completed","event_id":"(\w+)"/.exec(line);
    if (ended) taken.delete(ended[1]);
    // What the page shows comes in long lines; how an event stands, in short ones.
    if (ended || !line.startsWith('data: ') || line.length > 400) return true;
    const {msg, event_id: id, rank, session_not_found: unknown} = JSON.parse(line.slice(6));
    if (msg === 'close_stream') {
      // All that was taken has ended.
      taken.clear();
    } else if (msg === 'estimation') {
      // One that begins at once does not wait.
      if (taken.get(id)) setTimeout(() => { if (taken.get(id)) { waiting.set(id, rank); place(); } }, waiting.has(id) ? 0 : 700);
    } else if (msg === 'process_starts') {
      taken.set(id, false);
      if (waiting.delete(id)) place();
    }
    // Asked of one life of the app and answered by the next, which does not know the event.
    return !unknown;
  };

  const refusals = () => {
    const ends = [...taken.keys()].map(id => ({msg: 'process_completed', event_id: id, success: false, output: {error: '', visible: false}}));
    taken.clear();
    waiting.clear();
    place();
    return [...ends, {msg: 'close_stream'}].map(each => `data: ${JSON.stringify(each)}\n\n`).join('');
  };

  const stream = async (asked, given) => {
    let reader = null;
    try {
      const answer = await ask(asked, given);
      if (!answer.ok) return answer;
      reader = answer.body.getReader();
    } catch (error) {
      if (cut(error)) throw error;
    }
    const [utf8, letters] = [new TextEncoder(), new TextDecoder()];
    let rest = '';
    const handed = new ReadableStream({
      async pull(out) {
        const refuse = () => {
          out.enqueue(utf8.encode(refusals()));
          out.close();
          lost();
        };
        let piece = null;
        try {
          if (reader) piece = await reader.read();
        } catch (error) {
          if (cut(error)) { out.error(error); return; }
        }
        if (!piece || (piece.done && taken.size)) {
          refuse();
        } else if (piece.done) {
          out.close();
        } else {
          const lines = (rest + letters.decode(piece.value, {stream: true})).split('\n');
          rest = lines.pop();
          if (lines.every(hear)) {
            out.enqueue(utf8.encode(lines.map(line => line + '\n').join('')));
          } else {
            reader.cancel();
            refuse();
          }
        }
      },
      cancel: reason => reader?.cancel(reason),
    });
    return new Response(handed, {headers: {'content-type': 'text/event-stream'}});
  };

  const send = async (asked, given) => {
    for (;;) {
      try {
        return await ask(asked, given);
      } catch (error) {
        if (cut(error)) throw error;
        await lost();
      }
    }
  };

  const join = async (asked, given) => {
    const answer = await send(asked, given);
    if (answer.ok) {
      const {event_id: id} = await answer.clone().json();
      if (id) taken.set(id, APP.voice.includes(JSON.parse(given.body).fn_index));
    }
    return answer;
  };

  window.fetch = (asked, given) => {
    const {pathname} = new URL(asked.url || asked, location.href);
    if (pathname.startsWith('/gradio_api/heartbeat/')) {
      heart = pathname;
      return beat(asked, given);
    }
    if (pathname === '/gradio_api/queue/data') return stream(asked, given);
    if (pathname === '/gradio_api/queue/join') return join(asked, given);
    if (pathname === '/gradio_api/run/predict') return send(asked, given);
    return ask(asked, given);
  };
})();
