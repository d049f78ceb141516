// What the parts of the catalogue's site share.
import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import type { Assets } from '../local-http/assets.ts';
import type { Access } from './access.ts';
import type { Shelf } from './shelf.ts';
import type { CatalogueState } from './state.ts';

export interface CatalogueSiteDeps {
  readonly title: string;
  readonly comment: string | undefined;
  readonly fingerprint: string;
  readonly base: URL;
  readonly assets: Assets;
  readonly access: Access;
  readonly shelf: Shelf;
  readonly state: CatalogueState;
}

export type CatalogueSite = Hono<{ Bindings: Partial<HttpBindings> }>;
export type CatalogueContext = Context<{ Bindings: Partial<HttpBindings> }>;
