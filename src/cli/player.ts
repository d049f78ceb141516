// `get --serve`: files for a media player on a port of the loopback, for as long as the download runs.
import type { Session } from '../engine/api.ts';
import { serveLocally } from '../local-http/serve.ts';
import { createStreamSite, streamLinks } from '../local-http/stream-site.ts';
import type { ExitCode } from './io.ts';
import type { Output } from './output.ts';

const HOST = '127.0.0.1';
const LOOK_MS = 200;

/** Prints each file's address as soon as the files are known. Rejects with SystemError LISTEN_*. */
export async function withPlayer(
  port: number,
  { session, output }: { readonly session: Session; readonly output: Output },
  run: () => Promise<ExitCode>,
): Promise<ExitCode> {
  const server = await serveLocally(
    createStreamSite(() => session.torrents),
    { port, host: HOST },
  );
  const base = `http://${HOST}:${String(server.port)}`;
  output.json({ event: 'serving', url: `${base}/` });
  const told = new Set<string>();
  const tell = (): void => {
    for (const { path, name, length } of streamLinks(session.torrents)) {
      if (told.has(path)) continue;
      told.add(path);
      output.json({ event: 'stream', url: base + path, name, length });
      output.line(base + path);
    }
  };
  const timer = setInterval(tell, LOOK_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
    await server.close();
  }
}
