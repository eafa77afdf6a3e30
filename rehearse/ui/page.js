// What the page does by itself, between two answers of the app: underlines in the draft, one finding at a time, the voice.
// Listeners stand on the document, because Gradio makes its elements anew whenever a value changes.
(() => {
  'use strict';
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const box = () => one('#draft textarea');

  // -- underlines in the draft ------------------------------------------------------------------------------------------
  // A copy of the draft lies exactly behind it; its letters are invisible, its underlines are not. Typing never waits: while
  // a new report is on its way, the marks of the last one move along with the words they belong to.

  let read = {text: '', marks: []};
  let painted = null;
  let looking = 0;

  // Offsets come in characters, as Python counts them; a textarea counts in halves of surrogate pairs.
  const units = text => {
    const found = [0];
    for (const sign of text) found.push(found[found.length - 1] + sign.length);
    return found;
  };

  const readMarks = () => {
    const report = one('#report .report');
    if (!report) return {text: '', marks: []};
    const at = units(report.dataset.text);
    const marks = JSON.parse(report.dataset.marks).map(([start, end, index, kind]) => ({start: at[start], end: at[end], index, kind}));
    return {text: report.dataset.text, marks: marks.sort((one, other) => one.start - other.start)};
  };

  const moved = text => {
    if (text === read.text) return read.marks;
    const least = Math.min(text.length, read.text.length);
    let head = 0;
    while (head < least && text[head] === read.text[head]) head += 1;
    let tail = 0;
    while (tail < least - head && text[text.length - 1 - tail] === read.text[read.text.length - 1 - tail]) tail += 1;
    const shift = text.length - read.text.length;
    return read.marks.flatMap(mark => {
      if (mark.end <= head) return [mark];
      if (mark.start >= read.text.length - tail) return [{...mark, start: mark.start + shift, end: mark.end + shift}];
      return [];
    });
  };

  // After every change of hers the marks are those of the changed draft: one change at a time can be followed, two at once not.
  const follow = text => { read = {text, marks: moved(text)}; };

  const mirror = draft => {
    let behind = one('.mirror', draft.parentElement);
    if (!behind) {
      behind = document.createElement('div');
      behind.className = 'mirror';
      behind.setAttribute('aria-hidden', 'true');
      draft.parentElement.prepend(behind);
      draft.addEventListener('scroll', () => { behind.scrollTop = draft.scrollTop; });
      new ResizeObserver(() => paint(true)).observe(draft);
    }
    return behind;
  };

  const COPIED = ['font', 'letterSpacing', 'wordSpacing', 'textIndent', 'tabSize', 'paddingTop', 'paddingBottom', 'paddingLeft'];

  const paint = (again = false) => {
    const draft = box();
    if (!draft) return;
    const key = draft.value + '\u0000' + looking + '\u0000' + read.text + '\u0000' + read.marks.length;
    if (!again && key === painted) return;
    painted = key;
    const behind = mirror(draft);
    const style = getComputedStyle(draft);
    COPIED.forEach(name => { behind.style[name] = style[name]; });
    behind.style.lineHeight = style.lineHeight;
    behind.style.top = draft.offsetTop + draft.clientTop + 'px';
    behind.style.left = draft.offsetLeft + draft.clientLeft + 'px';
    // Without the scroll bar, so that lines break where the draft breaks them.
    behind.style.width = draft.clientWidth + 'px';
    behind.style.paddingRight = style.paddingRight;
    behind.style.height = draft.clientHeight + 'px';
    const text = draft.value;
    const pieces = [];
    let at = 0;
    for (const mark of moved(text)) {
      if (mark.start < at) continue;
      pieces.push(document.createTextNode(text.slice(at, mark.start)));
      const shown = document.createElement('u');
      shown.className = 'under-' + mark.kind + (mark.kind === 'finding' && mark.index === looking ? ' here' : '');
      shown.textContent = text.slice(mark.start, mark.end);
      pieces.push(shown);
      at = mark.end;
    }
    // A last line that is empty has no height without something in it.
    pieces.push(document.createTextNode(text.slice(at) + '\u200b'));
    behind.replaceChildren(...pieces);
    behind.scrollTop = draft.scrollTop;
  };

  // -- one finding at a time ----------------------------------------------------------------------------------------------

  const look = index => {
    const found = all('#report .finding');
    if (!found.length) return;
    looking = (index + found.length) % found.length;
    found.forEach((section, number) => { section.hidden = number !== looking; });
    const where = one('#report .where');
    if (where) where.textContent = found[looking].dataset.where;
    paint();
  };

  document.addEventListener('click', event => {
    const step = event.target.closest('[data-look]');
    if (step) look(looking + Number(step.dataset.look));
  });

  // The caret in a marked place brings up what is said of it.
  document.addEventListener('selectionchange', () => {
    const draft = box();
    if (!draft || document.activeElement !== draft) return;
    const here = moved(draft.value).find(
      mark => mark.kind === 'finding' && mark.start <= draft.selectionStart && draft.selectionStart < mark.end);
    if (here && here.index !== looking) look(here.index);
  });

  // -- reading aloud --------------------------------------------------------------------------------------------------------
  // Only with a voice of this computer: some browsers send what they read to a server, and say so by `localService`.

  const speech = window.speechSynthesis;
  let spoken = '';
  const reading = () => Boolean(one('#aloud input')?.checked);
  const voice = () => {
    const local = speech ? speech.getVoices().filter(each => each.localService === true) : [];
    // He speaks English, whatever the page does.
    return local.find(each => each.lang.startsWith('en')) || local[0];
  };
  const lastOfHis = () => {
    const his = all('ol.talk > li.turn.son');
    const last = his[his.length - 1];
    return last && one('.acts', last) && one('.line:not(.quiet)', last) ? last : null;
  };
  const hush = () => { if (speech) speech.cancel(); };
  const readAloud = () => {
    const last = lastOfHis();
    if (!last || last.id === spoken) return;
    spoken = last.id;
    const own = reading() && voice();
    if (!own) return;
    const words = new SpeechSynthesisUtterance(one('.line', last).textContent);
    words.voice = own;
    words.lang = own.lang;
    hush();
    speech.speak(words);
  };
  document.addEventListener('change', event => {
    if (!event.target.closest('#aloud')) return;
    hush();
    spoken = lastOfHis()?.id || '';
    const told = one('#aloud-none');
    const tell = () => { if (told) told.classList.toggle('told', reading() && !voice()); };
    // Voices come in a moment after they are first asked for.
    tell();
    setTimeout(tell, 1500);
  });
  document.addEventListener('click', event => { if (event.target.closest('#stop')) hush(); });

  // -- the sheet to take along ----------------------------------------------------------------------------------------------

  const say = (button, words) => {
    const before = button.textContent;
    button.textContent = words;
    setTimeout(() => { button.textContent = before; }, 2500);
  };
  document.addEventListener('click', event => {
    const asked = event.target.closest('[data-do]');
    if (!asked) return;
    if (asked.dataset.do === 'copy') {
      navigator.clipboard.writeText(asked.dataset.text).then(() => say(asked, asked.dataset.done));
      return;
    }
    const sheet = document.createElement('div');
    sheet.id = 'sheet';
    const taken = one(asked.dataset.sheet || '#card .taken').cloneNode(true);
    taken.hidden = false;
    sheet.append(taken);
    document.body.append(sheet);
    document.body.classList.add('sheet');
    window.addEventListener('afterprint', () => {
      sheet.remove();
      document.body.classList.remove('sheet');
    }, {once: true});
    window.print();
  });

  // -- from a point of the plot to its line ---------------------------------------------------------------------------------

  let sought = '';
  document.addEventListener('click', event => {
    const asked = event.target.closest('[data-act="turn"]');
    if (asked) sought = 'turn-' + asked.dataset.value;
  }, true);
  const arrive = () => {
    const turn = sought && document.getElementById(sought);
    if (!turn || !turn.offsetParent) return;
    sought = '';
    all('.turn.sought').forEach(each => each.classList.remove('sought'));
    turn.classList.add('sought');
    turn.tabIndex = -1;
    turn.focus({preventScroll: true});
    turn.scrollIntoView({block: 'center'});
  };

  // What was asked for comes into sight, wherever on a long page it was asked for; what grows, once. The keyboard follows outside.
  const brought = {};
  const bring = (place, block = 'start') => {
    const [shown, before] = [all(place).find(each => each.offsetParent), brought[place]];
    brought[place] = shown;
    if (!shown || shown === before || (before && block === 'nearest')) return;
    shown.scrollIntoView({block});
    if (place === '.outside') one('h3', shown).focus({preventScroll: true});
  };

  // On a phone the names of the views stand in one row that is wider than the page: the one that is shown is always in sight.
  let view = null;
  const bringView = () => {
    const shown = one('#views .tab-container button.selected');
    if (shown && shown !== view) middle(view = shown);
  };
  const middle = (name, row = name.parentElement) =>
    row.scrollTo({left: name.offsetLeft - row.offsetLeft - (row.clientWidth - name.offsetWidth) / 2});
  // So is the one that the keyboard is on: a browser leaves it half out of sight.
  document.addEventListener('focusin', ({target}) => { if (target.matches('.tab-container button:focus-visible')) middle(target); });
  window.addEventListener('resize', () => { view = null; soon(); });

  let report = null;
  const settle = () => {
    const draft = box();
    if (draft && !draft.getAttribute('aria-describedby')) draft.setAttribute('aria-describedby', 'check-summary');
    const shown = one('#report .report');
    // Gradio changes a report in its place where it can, so the element alone does not tell a new one.
    const now = shown ? {text: shown.dataset.text, marks: shown.dataset.marks} : null;
    if (now?.text !== report?.text || now?.marks !== report?.marks) {
      const here = shown && one('[data-here]', shown);
      const told = here && here.closest('.finding');
      const stays = now && report && now.text === report.text;
      report = now;
      read = readMarks();
      // She may have written on while it was on its way.
      if (draft && shown) follow(draft.value);
      look(told ? Number(told.dataset.finding) : stays ? looking : 0);
      // The button she pressed is gone; the keyboard goes on from where the answer to it stands.
      if (here) here.focus();
    }
    paint();
    readAloud();
    arrive();
    bring('#compare section, #compare h3');
    bring('#beside-panel .doors, #beside-panel .felt', 'nearest');
    bring('.outside');
    bringView();
    unkept();
  };

  // -- what the browser would keep --------------------------------------------------------------------------------------
  // A browser writes what stands in a field to its disk, to give it back after a crash, unless the field is in a form that
  // does not want it. Ours is empty, stands nowhere near, and is never sent.

  const unkept = () => {
    if (!one('#unkept')) {
      const form = document.createElement('form');
      form.id = 'unkept';
      form.hidden = true;
      form.autocomplete = 'off';
      form.addEventListener('submit', event => event.preventDefault());
      document.body.append(form);
    }
    for (const field of all('textarea, input')) {
      if (field.autocomplete !== 'off') field.autocomplete = 'off';
      if (field.localName === 'textarea' && !field.form) field.setAttribute('form', 'unkept');
    }
  };

  let owed = false;
  const soon = () => {
    if (owed) return;
    owed = true;
    requestAnimationFrame(() => { owed = false; settle(); });
  };
  document.addEventListener('input', event => {
    if (event.target !== box()) return;
    follow(event.target.value);
    paint();
  });
  const begin = () => {
    new MutationObserver(soon).observe(document.body, {childList: true, subtree: true, attributes: true, attributeFilter: ['style', 'class', 'hidden', 'data-marks', 'data-text']});
    // A draft that the app itself has changed (sent, taken back) tells nobody.
    setInterval(() => { if (box()) paint(); }, 250);
  };
  if (document.body) begin();
  else document.addEventListener('DOMContentLoaded', begin);
})();
