import type { App } from '../../src/app.ts';

/** From the first statement that matches on, none of the app’s leaves it: to everyone else it is as if it had died there. */
export function dieBefore(app: App, statement: RegExp): Disposable {
  let dead = false;
  return app.store.observe((text) => {
    dead ||= statement.test(text);
    if (dead) throw new Error('dead');
  });
}
