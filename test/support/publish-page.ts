// A publisher on loopback whose page tests and pictures visit.
import { startPublisher, type Publisher, type PublisherOptions } from '../../src/publish/publisher.ts';
import type { Stage } from './stage.ts';

/** Ends with the stage, or before; with the ports of one that was closed it is the same to its visitors. */
export async function publishPage(
  stage: Stage,
  path: string,
  options: Partial<PublisherOptions> = {},
): Promise<Publisher> {
  const publisher = await startPublisher(
    {
      ...{ path, port: 0, peerPort: 0, host: '127.0.0.1', createdBy: 'test' },
      baseUrl: (port) => new URL(`http://127.0.0.1:${String(port)}/`),
      stateFolder: options.stateFolder ?? (await stage.makeFolder('state')),
      ...options,
    },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await publisher.close();
    isOpen = false;
  };
  stage.onClose(close);
  return { ...publisher, close };
}
