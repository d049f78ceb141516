// The error for bytes that are no bencode.
import { ProtocolError } from '../errors.ts';

/** `offset`: where the reader stopped, in bytes. */
export class BencodeError extends ProtocolError {
  readonly offset: number;

  constructor(code: string, message: string, offset: number) {
    super(code, `${message} at byte ${String(offset)}`);
    this.offset = offset;
  }
}
