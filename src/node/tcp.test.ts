import { expect, test, vi } from 'vitest';
import { describeTransport } from '../../test/conformance/transport.ts';
import { createTcpTransport } from './tcp.ts';

for (const host of ['127.0.0.1', '::1']) {
  describeTransport(`TCP on ${host}`, () =>
    Promise.resolve({ transport: createTcpTransport(), host, dispose: () => Promise.resolve() }),
  );
}

test('accepted connections read into one buffer that is reused', async () => {
  const transport = createTcpTransport();
  const memory = new Set<ArrayBufferLike>();
  let received = 0;
  const listener = await transport.listen({ port: 0, host: '127.0.0.1' }, (stream) => {
    stream.start({
      onData: (chunk) => {
        memory.add(chunk.buffer);
        received += chunk.length;
      },
      onSent: () => undefined,
      onClose: () => undefined,
    });
  });
  const options = { timeoutMs: 10_000, signal: new AbortController().signal };
  const dialled = await transport.dial({ ip: '127.0.0.1', port: listener.port }, options);
  dialled.start({ onData: () => undefined, onSent: () => undefined, onClose: () => undefined });
  dialled.write([new Uint8Array(4 * 1024 * 1024)]);
  await vi.waitFor(
    () => {
      expect(received).toBe(4 * 1024 * 1024);
    },
    { timeout: 60_000 },
  );
  await listener.close();
  expect(memory.size).toBe(1);
});
