// Text WebSockets as a client: announces to ws:// and wss:// trackers.

export interface TextSocket {
  /** Queued while open, dropped after close. */
  send(text: string): void;
  close(): void;
}

export interface TextSocketReceiver {
  onText(text: string): void;
  /** Called exactly once. */
  onClose(error?: Error): void;
}

/** Rejects with SystemError WS_* when no connection comes about within the timeout. */
export interface WebSocketPort {
  connect(
    url: string,
    receiver: TextSocketReceiver,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<TextSocket>;
}
