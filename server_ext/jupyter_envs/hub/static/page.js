// The buttons and the form ask the service's own REST; the list is drawn by the server and fetched anew.
'use strict';
const { prefix, xsrf } = document.body.dataset;
const list = document.getElementById('list');
const said = document.getElementById('said');
// JupyterHub takes a cookie from a script only together with the page's token, also for what is only read.
const headers = { 'X-XSRFToken': xsrf };
// The build that was asked for here last, until it has ended.
let awaited = null;

async function ask(method, path, body) {
  const response = await fetch(`${prefix}api/v1/environments${path}`, {
    method,
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error([answer.error.message, answer.error.hint].filter(Boolean).join('\n'));
  }
  return answer;
}

function say(text, failed = false) {
  said.textContent = text;
  said.classList.toggle('failed', failed);
}

// Draw the list as it is now; whoever stood on a button or read a log goes on with that.
async function refresh() {
  const response = await fetch(`${prefix}list`, { headers });
  if (response.status === 401 || response.status === 403) {
    say('You are not logged in any more. Load this page again to log in.', true);
  }
  if (!response.ok) {
    return;
  }
  const html = await response.text();
  if (html !== list.dataset.shown) {
    redraw(html);
  }
  tellEnd();
  await Promise.all([...list.querySelectorAll('details[open]')].map(readLog));
}

function redraw(html) {
  const logs = new Map([...list.querySelectorAll('details[open]')].map(one => [one.dataset.log, one.querySelector('pre')]));
  const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : null;
  list.innerHTML = html;
  list.dataset.shown = html;
  for (const details of list.querySelectorAll('details')) {
    const before = logs.get(details.dataset.log);
    if (before) {
      details.open = true;
      details.querySelector('pre').textContent = before.textContent;
    }
  }
  if (focused !== null) {
    [...list.querySelectorAll('[aria-label]')].find(one => one.getAttribute('aria-label') === focused)?.focus();
  }
}

async function readLog(details) {
  const response = await fetch(`${prefix}api/v1/environments/${details.dataset.log}/log`, { headers });
  const pre = details.querySelector('pre');
  const text = response.ok ? await response.text() : 'There is no log.';
  if (pre.textContent !== text) {
    const atEnd = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
    pre.textContent = text;
    if (atEnd) {
      pre.scrollTop = pre.scrollHeight;
    }
  }
}

// What became of the build that was asked for here.
function tellEnd() {
  if (awaited === null) {
    return;
  }
  const { name, number } = awaited;
  const row = [...list.querySelectorAll('tr[data-name]')].find(
    one => one.dataset.name === name && one.dataset.number === String(number)
  );
  if (row?.dataset.state === 'building') {
    return;
  }
  awaited = null;
  if (!row) {
    say(`Generation ${number} of ${name} was removed.`);
  } else if (row.dataset.state === 'failed') {
    say(`Generation ${number} of ${name} was not published: ${row.dataset.message}`, true);
  } else {
    say(`Generation ${number} of ${name} is published.`);
  }
}

async function attempt(what, done) {
  try {
    await what();
    say(done);
  } catch (error) {
    say(error.message, true);
  }
  await refresh();
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
    void attempt(work, `Generation ${number} of ${name} is published.`);
  } else if (button.dataset.do === 'cancel') {
    awaited = { name, number };
    void attempt(remove, `The build of ${name} is being cancelled.`);
  } else {
    void attempt(remove, `Generation ${number} of ${name} was removed.`);
  }
});

list.addEventListener('toggle', event => event.target.open && void readLog(event.target), true);

document.getElementById('publish')?.addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target;
  const name = form.elements.name.value.trim();
  const file = form.elements.file.files[0];
  const work = async () => {
    awaited = await ask('POST', '', { name, file: { name: file.name, text: await file.text() } });
    form.reset();
  };
  void attempt(work, `The build of ${name} has begun.`);
});

// While the service or the Hub restarts nobody answers: the next look may find them.
setInterval(() => document.hidden || refresh().catch(() => undefined), 1000);
