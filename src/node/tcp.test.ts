import { describeTransport } from '../../test/conformance/transport.ts';
import { createTcpTransport } from './tcp.ts';

for (const host of ['127.0.0.1', '::1']) {
  describeTransport(`TCP on ${host}`, () =>
    Promise.resolve({ transport: createTcpTransport(), host, dispose: () => Promise.resolve() }),
  );
}
