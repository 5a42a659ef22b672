// The buttons and the form ask the service's own REST; the list is drawn by the server and fetched anew.
'use strict';
const { prefix, xsrf, user } = document.body.dataset;
const list = document.getElementById('list');
const said = document.getElementById('said');
const form = document.getElementById('publish');
// JupyterHub takes a cookie from a script only together with the page's token, also for what is only read.
const headers = { 'X-XSRFToken': xsrf };
const AWAY = 'The service does not answer; it may be restarting. Try again in a moment.';
const BACK = 'The service answers again. It may not have got what you asked for last: if the list does not show it, try again.';
const SIGNED_OUT = 'You are not signed in any more. Load this page again to sign in.';
const LOOKS_MISSED = 3;
// The builds whose end is told: this person's, also those that were begun before the page was loaded.
const awaited = new Map();
let asking = false;
let missed = 0;
let lost = false; // whether what was asked for last had no answer

// The engine's messages have no full stop, and hints begin small, for the command line. A message may begin with a name.
function stopped(text) {
  return /[.?!…`]$/.test(text) ? text : `${text}.`;
}

function told(message, hint) {
  return [stopped(message), hint ? stopped(/^[a-z]+ /.test(hint) ? hint[0].toUpperCase() + hint.slice(1) : hint) : ''].join('\n').trim();
}

async function ask(method, path, body) {
  let answer;
  let response;
  try {
    response = await fetch(`${prefix}api/v1/environments${path}`, {
      method,
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    answer = await response.json();
  } catch {
    throw new Error(AWAY); // nobody there, or the Hub's proxy, which answers in HTML
  }
  if (!response.ok) {
    throw new Error(isSignedOut(response) ? SIGNED_OUT : told(answer.error.message, answer.error.hint));
  }
  return answer;
}

// A refusal for want of a scope has the same status; then the list, which everybody may read, goes on.
function isSignedOut(response) {
  return response.status === 401;
}

function say(text, failed = false) {
  if (said.textContent !== text) {
    said.textContent = text;
  }
  said.classList.toggle('failed', failed);
}

// Draw the list as it is now; whoever stood on a button or read a log goes on with that.
async function refresh() {
  const response = await fetch(`${prefix}list`, { headers });
  if (response.status === 401 || response.status === 403) {
    say(SIGNED_OUT, true);
    return;
  }
  if (!response.ok) {
    throw new Error(AWAY);
  }
  const html = await response.text();
  missed = 0;
  if (said.textContent === AWAY || said.textContent === SIGNED_OUT) {
    say(lost ? BACK : '');
  }
  if (html !== list.dataset.shown) {
    redraw(html);
  }
  tellEnds();
  await Promise.all([...list.querySelectorAll('details[open]')].map(readLog));
}

// Look again, and say so when nobody has answered for a while.
async function look() {
  try {
    await refresh();
  } catch {
    missed += 1;
    if (missed === LOOKS_MISSED) {
      say(AWAY, true);
    }
  }
}

function redraw(html) {
  const logs = new Map([...list.querySelectorAll('details[open]')].map(one => [one.dataset.log, readingOf(one.querySelector('pre'))]));
  const focused = list.contains(document.activeElement) ? placeOf(document.activeElement) : null;
  list.innerHTML = html;
  list.dataset.shown = html;
  for (const details of list.querySelectorAll('details')) {
    const reading = logs.get(details.dataset.log);
    if (reading) {
      const pre = details.querySelector('pre');
      details.open = true;
      pre.textContent = reading.text;
      pre.scrollTop = reading.atEnd ? pre.scrollHeight : reading.top;
    }
  }
  focusAgain(focused);
  tellWhatIsThere();
}

function readingOf(pre) {
  return { text: pre.textContent, top: pre.scrollTop, atEnd: isAtEnd(pre) };
}

function isAtEnd(pre) {
  return pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
}

function placeOf(element) {
  const { name, number } = element.closest('tr')?.dataset ?? {};
  return { label: element.getAttribute('aria-label'), name: name ?? element.closest('article')?.dataset.name, number };
}

// A button that has done its work is gone: what stands nearest to it has the focus then, never nothing.
function focusAgain(place) {
  if (place === null) {
    return;
  }
  const find = (selector, fits) => [...list.querySelectorAll(selector)].find(fits);
  const found =
    find('[aria-label]', one => one.getAttribute('aria-label') === place.label) ??
    find('tr[data-name]', one => one.dataset.name === place.name && one.dataset.number === place.number)?.querySelector('summary') ??
    find('article', one => one.dataset.name === place.name)?.querySelector('h2');
  (found ?? list).focus();
}

async function readLog(details) {
  const response = await fetch(`${prefix}api/v1/environments/${details.dataset.log}/log`, { headers });
  if (!response.ok && response.status !== 404) {
    return;
  }
  const pre = details.querySelector('pre');
  const text = (response.ok && (await response.text())) || 'There is no log.';
  if (pre.textContent !== text) {
    const atEnd = isAtEnd(pre);
    pre.textContent = text;
    if (atEnd) {
      pre.scrollTop = pre.scrollHeight;
    }
  }
}

function awaitBuild(name, number) {
  awaited.set(`${name}/${number}`, { name, number: String(number) });
}

// What became of the builds that are awaited.
function tellEnds() {
  const rows = [...list.querySelectorAll('tr[data-name]')];
  const ended = [];
  for (const [key, { name, number }] of awaited) {
    const row = rows.find(one => one.dataset.name === name && one.dataset.number === number);
    if (row?.dataset.state === 'building') {
      continue;
    }
    awaited.delete(key);
    if (!row) {
      ended.push({ text: `Generation ${number} of ${name} was removed.` });
    } else if (row.dataset.state === 'failed') {
      const { message, hint } = row.dataset;
      ended.push({ text: told(`Generation ${number} of ${name} was not published: ${message}`, hint), name });
    } else {
      ended.push({ text: `Generation ${number} of ${name} is published.` });
    }
  }
  for (const row of rows) {
    if (row.dataset.state === 'building' && row.dataset.by === user) {
      awaitBuild(row.dataset.name, row.dataset.number);
    }
  }
  if (ended.length > 0) {
    const failed = ended.find(one => one.name);
    say(ended.map(one => one.text).join('\n'), Boolean(failed));
    if (failed && form?.elements.name.value === '') {
      form.elements.name.value = failed.name; // the next thing is to choose a better file
      tellWhatIsThere();
    }
  }
}

// One thing at a time: what is under way says so, and a second press does nothing.
async function attempt(doing, what, done) {
  if (asking) {
    return;
  }
  asking = true;
  lost = false;
  say(doing);
  try {
    await what();
    say(done);
  } catch (error) {
    lost = error.message === AWAY;
    say(error.message, true);
  }
  asking = false;
  await look();
}

list.addEventListener('click', event => {
  const button = event.target.closest('button[data-do]');
  if (button === null || (button.dataset.ask && !confirm(button.dataset.ask))) {
    return;
  }
  const { name, number } = button.dataset;
  const place = `/${encodeURIComponent(name)}`;
  const remove = () => ask('DELETE', `${place}/generations/${number}`);
  if (button.dataset.do === 'switch') {
    const work = () => ask('POST', `${place}/switch`, { generation: Number(number) });
    void attempt(`Generation ${number} of ${name} is being published…`, work, `Generation ${number} of ${name} is published.`);
  } else if (button.dataset.do === 'cancel') {
    awaitBuild(name, number);
    const text = `The build of ${name} is being cancelled…`;
    void attempt(text, remove, text);
  } else {
    void attempt(`Generation ${number} of ${name} is being removed…`, remove, `Generation ${number} of ${name} was removed.`);
  }
});

list.addEventListener('toggle', event => event.target.open && void readLog(event.target).catch(() => undefined), true);

// A name that is there already gets another generation: whoever did not mean that reads it before it is done.
function tellWhatIsThere() {
  const note = document.getElementById('there');
  if (form && note) {
    const name = form.elements.name.value.trim();
    const there = [...list.querySelectorAll('article')].find(one => one.dataset.name === name);
    note.textContent = there ? `${name} is there already: this will be its generation ${there.dataset.next}.` : '';
  }
}

form?.addEventListener('input', tellWhatIsThere);

form?.addEventListener('submit', event => {
  event.preventDefault();
  const name = form.elements.name.value.trim();
  const file = form.elements.file.files[0];
  const work = async () => {
    const limit = Number(form.dataset.limit);
    if (file.size > limit) {
      throw new Error(`${file.name} is larger than ${limit / 2 ** 20} MB. Choose an environment.yml or a lock file.`);
    }
    const begun = await ask('POST', '', { name, file: { name: file.name, text: await file.text() } });
    awaitBuild(begun.name, begun.number);
    form.reset();
    tellWhatIsThere();
  };
  void attempt(`${file.name} is being read…`, work, `The build of ${name} has begun.`);
});

tellEnds();
tellWhatIsThere();
// While the service or the Hub restarts nobody answers: the next look may find them.
let looking = false;
setInterval(async () => {
  if (!document.hidden && !looking && !asking) {
    looking = true;
    await look();
    looking = false;
  }
}, 1000);
