// HTTP as a client: tracker announces, web seeds, .torrent downloads.

/**
 * What may be asked of addresses that are not of the public internet, redirects included. `files`: URLs without a query.
 * `announces`: paths of trackers. Hosts that have rules of their own (browsers) go by those.
 */
export type LocalReach = 'any' | 'files' | 'announces';

export interface HttpRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent by POST; without it the request is a GET. */
  readonly post?: Uint8Array | undefined;
  readonly signal: AbortSignal;
  /** Time to the response headers, and longest silence inside the body. */
  readonly timeoutMs: number;
  /** Hops of redirects that are followed; http -> https and same-scheme only. */
  readonly maxRedirects: number;
  /** `any` by default: for URLs that the user names. */
  readonly local?: LocalReach | undefined;
  /** Each chunk of the body is done with when the next is asked for: the host may fill one buffer again and again. */
  readonly passing?: boolean | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The URL that answered, after redirects. */
  readonly url: string;
  /** Decoded body chunks; leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Rejects with SystemError HTTP_* (unreachable, timeout) or ProtocolError HTTP_* (broken answer). */
export interface HttpPort {
  request(request: HttpRequest): Promise<HttpResponse>;
}
