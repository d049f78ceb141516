// What the service worker and a page say about one stream, over a port of its own.

/** Below the service worker's scope: an id, then a name for people. */
export const STREAM_PATH = '~stream/';

/** To every page: whose is this, and give me its bytes. */
export interface StreamQuestion {
  readonly swarmpress: 'stream';
  readonly id: string;
  readonly start: number;
  /** Excluded; to the end of the file if undefined. */
  readonly end: number | undefined;
}

export type StreamAnswer =
  | {
      readonly kind: 'head';
      readonly name: string;
      readonly type: string;
      readonly length: number;
      readonly isDownload: boolean;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'chunk'; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed' };

/** From the worker: one more chunk, or no more. */
export type StreamCall = 'pull' | 'cancel';

export function isStreamQuestion(value: unknown): value is StreamQuestion {
  return (
    typeof value === 'object' && value !== null && 'swarmpress' in value && value.swarmpress === 'stream'
  );
}
