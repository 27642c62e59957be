// Runs in the browser: starts GraphiQL. The page carries the settings as JSON, so no script is inline.
const settings = JSON.parse(document.querySelector('#settings').textContent);

globalThis.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => settings.workers[label] ?? settings.workers.editorWorkerService,
};

// A token pasted into the headers of one tab serves all of them until the browser tab is closed. It is not written to disk,
// and the placeholder is never sent.
const held = 'annals:authorization';
const isCredential = (text) => /^Bearer\s+[^<\s]/i.test(text);
const send = globalThis.fetch.bind(globalThis);
globalThis.fetch = (input, init = {}) => {
  const headers = new Headers(init.headers);
  const given = headers.get('authorization') ?? '';
  const remembered = sessionStorage.getItem(held);
  if (isCredential(given)) sessionStorage.setItem(held, given);
  else if (remembered === null) headers.delete('authorization');
  else headers.set('authorization', remembered);
  return send(input, { ...init, headers });
};

// Also when it was pasted in one tab and the first request leaves another.
const onEditHeaders = (text) => {
  let given = '';
  try {
    given = new Headers(JSON.parse(text)).get('authorization') ?? '';
  } catch {
    // Not whole yet.
  }
  if (isCredential(given)) sessionStorage.setItem(held, given);
};

document.addEventListener('DOMContentLoaded', () => {
  const root = document.querySelector('#root');
  globalThis.YogaGraphiQL.renderYogaGraphiQL(root, { ...settings.graphiql, onEditHeaders });
});
