// Runs in the browser: starts GraphiQL. The page carries the settings as JSON, so no script is inline.
const settings = JSON.parse(document.querySelector('#settings').textContent);

globalThis.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => settings.workers[label] ?? settings.workers.editorWorkerService,
};

// A token pasted into the headers of one tab serves all of them until the browser tab is closed. It is not written to disk,
// and the placeholder is never sent.
const held = 'annals:authorization';
const send = globalThis.fetch.bind(globalThis);
globalThis.fetch = (input, init = {}) => {
  const headers = new Headers(init.headers);
  const given = headers.get('authorization') ?? '';
  const remembered = sessionStorage.getItem(held);
  if (/^Bearer\s+[^<\s]/i.test(given)) sessionStorage.setItem(held, given);
  else if (remembered === null) headers.delete('authorization');
  else headers.set('authorization', remembered);
  return send(input, { ...init, headers });
};

document.addEventListener('DOMContentLoaded', () => {
  globalThis.YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), settings.graphiql);
});
