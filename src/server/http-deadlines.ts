// How long the announce path waits for clients.

/** A connection without a request closes after this; announces of one client are half an hour apart anyway. */
export const IDLE_MS = 20_000;
/** A request must be whole this soon after its first byte. */
export const HEAD_MS = 10_000;
/** Between looks at who is late. */
export const SWEEP_MS = 2_000;
/** A request line with a passkey, two proxies and a verbose client stay far below. */
export const MAX_HEAD_BYTES = 8192;

/** The answers to what is no request, and to one that is too long. */
export const REFUSED = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
export const TOO_LARGE =
  'HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
