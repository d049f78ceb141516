// What the operator's page asks of its API; the fields are those of the API's description (openapi.json).

export interface DeliveryRow {
  readonly deliveredBytes: number;
  readonly paidBytes: number;
  readonly savedBytes: number;
  readonly paidMoney: number | null;
  readonly savedMoney: number | null;
  readonly finished: number;
}

interface NumbersRow {
  readonly connected: number;
  readonly seeders: number;
  readonly leechers: number;
  readonly toPeers: number;
  readonly directly: number;
}

export interface ItemRow extends DeliveryRow, NumbersRow {
  readonly key: string;
  readonly title: string;
  readonly page: string;
  readonly private: boolean;
  readonly length: number;
  readonly deliveredCopies: number;
  readonly paidCopies: number;
}

export interface Overview extends DeliveryRow, NumbersRow {
  readonly since: number;
  readonly uptimeSeconds: number;
  readonly price: { readonly perGb: number; readonly currency: string | null } | null;
  readonly itemCount: number;
  readonly items: readonly ItemRow[];
}

export interface PeerRow {
  readonly address: string;
  readonly client: string;
  readonly transport: string;
  readonly encrypted: boolean;
  readonly outgoing: boolean;
  readonly progress: number | null;
  readonly sendingRate: number;
  readonly receivingRate: number;
  readonly sent: number;
  readonly interested: boolean;
  readonly choked: boolean;
  readonly parts: string;
}

export interface Swarm extends ItemRow {
  readonly peerCount: number;
  readonly peers: readonly PeerRow[];
  readonly map: { readonly pieces: number; readonly copies: readonly number[] };
}

export type ColumnName = 'toPeers' | 'directly' | 'connected' | 'seeders' | 'leechers' | 'delivered' | 'paid';

export interface Series {
  readonly stepSeconds: number;
  readonly end: number;
  readonly columns: Readonly<Record<ColumnName, readonly (number | null)[]>>;
}

/** The token is missing or wrong. */
export class LoginNeeded extends Error {}

/** `path`: below the API's root. Rejects with LoginNeeded, or an Error with the publisher's words. */
export async function ask<T>(path: string, body?: object): Promise<T> {
  const response = await fetch(`./api/v1/${path}`, {
    credentials: 'same-origin',
    ...(body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
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
