import { type DataDirectory, type Environment, newDataDirectory, type Server, startServer } from './program.ts';
import { createOrganization, type Tokens } from './world.ts';

/** The real program on an embedded database of its own, with one organization. Disposing stops and removes all of it. */
export interface Site extends AsyncDisposable {
  readonly server: Server;
  readonly tokens: Tokens;
  readonly data: DataDirectory;
}

export async function startSite(env: Environment = {}): Promise<Site> {
  await using undo = new AsyncDisposableStack();
  const data = undo.use(await newDataDirectory());
  const settings = { DATA_DIRECTORY: data.path, DEMO: 'off', ...env };
  const tokens = await createOrganization(settings);
  const server = undo.use(await startServer(settings));
  const acquired = undo.move();
  return { server, tokens, data, [Symbol.asyncDispose]: () => acquired.disposeAsync() };
}
