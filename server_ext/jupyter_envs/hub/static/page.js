// The buttons and the form ask the service's own REST; the list is drawn by the server and fetched anew.
'use strict';
const { prefix, xsrf } = document.body.dataset;
const list = document.getElementById('list');
const said = document.getElementById('said');

async function ask(method, path, body) {
  const response = await fetch(`${prefix}api/v1/environments${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', 'X-XSRFToken': xsrf },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error([answer.error.message, answer.error.hint].filter(Boolean).join('. '));
  }
}

// Draw the list as it is now; whoever stood on a button stays on it.
async function refresh() {
  // JupyterHub takes a cookie from a script only together with the page's token, also for what is only read.
  const response = await fetch(`${prefix}list`, { headers: { 'X-XSRFToken': xsrf } });
  if (response.status === 401 || response.status === 403) {
    said.textContent = 'You are not logged in any more. Load this page again to log in.';
  }
  if (!response.ok) {
    return;
  }
  const html = await response.text();
  if (html === list.dataset.shown) {
    return;
  }
  const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : null;
  list.innerHTML = html;
  list.dataset.shown = html;
  if (focused !== null) {
    const same = [...list.querySelectorAll('button')].find(one => one.getAttribute('aria-label') === focused);
    same?.focus();
  }
}

async function attempt(what, done) {
  try {
    await what();
    said.textContent = done;
  } catch (error) {
    said.textContent = error.message;
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
  if (button.dataset.do === 'switch') {
    const work = () => ask('POST', `${place}/switch`, { generation: Number(number) });
    void attempt(work, `Generation ${number} of ${name} is published.`);
  } else {
    void attempt(() => ask('DELETE', `${place}/generations/${number}`), `Generation ${number} of ${name} was removed.`);
  }
});

document.getElementById('publish')?.addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target;
  const name = form.elements.name.value.trim();
  const file = form.elements.file.files[0];
  const work = async () => ask('POST', '', { name, file: { name: file.name, text: await file.text() } });
  void attempt(work, `The build of ${name} has begun.`);
});

// While the service or the Hub restarts nobody answers: the next look may find them.
setInterval(() => document.hidden || refresh().catch(() => undefined), 1000);
