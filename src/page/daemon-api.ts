// What the daemon's web view asks of its API. Every answer is JSON; a refusal becomes an error with its words.

export interface TorrentRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly wanted: number | null;
  readonly completed: number;
  readonly checked: number | null;
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly uploaded: number;
  readonly etaSeconds: number | null;
  readonly connected: number;
  readonly place: number;
  readonly settings: { readonly paused: boolean };
  readonly error: { readonly message: string } | null;
}

export interface FileRow {
  readonly index: number;
  readonly path: string;
  readonly length: number;
  readonly wanted: boolean;
  readonly stream: string;
}

export interface SessionRow {
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly downloadLimit: number | null;
  readonly uploadLimit: number | null;
  readonly maxDownloads: number;
  readonly folder: string;
}

/** The token is missing or wrong. */
export class LoginNeeded extends Error {}

export async function call<T>(method: string, path: string, body?: object | File): Promise<T> {
  const isFile = body instanceof File;
  const response = await fetch(`/api/v1/${path}`, {
    method,
    credentials: 'same-origin',
    ...(body === undefined
      ? {}
      : {
          headers: { 'content-type': isFile ? 'application/x-bittorrent' : 'application/json' },
          body: isFile ? body : JSON.stringify(body),
        }),
  });
  const value: unknown = await response.json();
  if (response.ok) return value as T;
  const words =
    typeof value === 'object' && value !== null && 'error' in value
      ? String(value.error)
      : response.statusText;
  throw response.status === 401 ? new LoginNeeded(words) : new Error(words);
}
