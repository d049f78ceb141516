// How the readers of torrent files say no.
import { ProtocolError } from '../errors.ts';

/** Throws ProtocolError; `message` names the broken rule. */
export function refuse(code: string, message: string): never {
  throw new ProtocolError(code, message);
}
