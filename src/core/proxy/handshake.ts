// What every proxy's opening talk looks like to whoever moves its bytes: send what `open` gives, hand over what comes,
// until it is done. Errors are SystemErrors PROXY_*: a proxy is the user's own machinery.

export type ProxyStep =
  /** The answer is not whole yet. */
  | { readonly kind: 'more' }
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** The way to the target is open; `rest` came from the target already. */
  | { readonly kind: 'done'; readonly rest: Uint8Array };

export interface ProxyHandshake {
  /** The first bytes to send. */
  open(): Uint8Array;
  /** Bytes from the proxy; a view that is read before this returns. */
  receive(bytes: Uint8Array): ProxyStep;
}

/** Where the proxy is to connect to: a name is looked up by the proxy, not by us. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
}
