// The files of a state folder, for the publisher and for commands that change what it publishes.
import { join } from 'node:path';

export function statePaths(stateFolder: string): { readonly database: string; readonly key: string } {
  return { database: join(stateFolder, 'catalogue.lmdb'), key: join(stateFolder, 'publisher.key') };
}
