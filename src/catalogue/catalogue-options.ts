// What a catalogue is started with, and what it tells while it runs.
import type { MetainfoVersion } from '../core/metainfo/metainfo.ts';
import type { Log } from '../ports/log.ts';
import type { HostOptions } from '../publish/host.ts';
import type { OperatorOptions } from '../publish/operator/operator.ts';

export interface CatalogueOptions extends HostOptions {
  /** Files and folders, each an item. */
  readonly paths: readonly string[];
  /** A folder whose entries are items, each when it has not changed for so long. */
  readonly watch?: { readonly folder: string; readonly settleMs: number } | undefined;
  /** What strangers see, from the port that was opened. */
  readonly baseUrl: (port: number) => URL;
  /** The publisher named that address, and means to keep it. */
  readonly isBaseStable: boolean;
  /** Shown at the top of the list. */
  readonly title: string;
  readonly comment?: string | undefined;
  readonly trackers?: readonly string[] | undefined;
  readonly webSeed?: boolean | undefined;
  /** Default `hybrid`. */
  readonly version?: MetainfoVersion | undefined;
  /** Items that are new are shown to holders of a token alone. */
  readonly private?: boolean | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly hidden?: boolean | undefined;
  readonly createdBy: string;
  /** The operator's view; none by default. */
  readonly operator?: OperatorOptions | undefined;
}

/** Something that a publisher wants to know at once. */
export type CatalogueEvent =
  | {
      readonly kind: 'published' | 'updated';
      readonly slug: string;
      readonly title: string;
      readonly page: string;
    }
  | { readonly kind: 'ended'; readonly slug: string; readonly title: string; readonly reason: EndReason }
  | { readonly kind: 'failed'; readonly slug: string; readonly code: string; readonly message: string }
  | {
      readonly kind: 'trouble';
      readonly path: string;
      readonly reason: 'missing' | 'changed' | 'unwatchable';
    };

/** Why an item is not published any more. */
export type EndReason = 'down' | 'expired' | 'exhausted' | 'gone';

export interface CatalogueDeps {
  readonly signal: AbortSignal;
  /** Bytes hashed, of the items that are being prepared. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly onEvent?: ((event: CatalogueEvent) => void) | undefined;
  readonly log?: Log | undefined;
}
