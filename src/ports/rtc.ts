// WebRTC data channels: descriptions go through a tracker, then a channel is a byte stream like any other.
import type { Stream } from './transport.ts';

/** One half-open connection. `stream` rejects with SystemError RTC_* when it does not open in time. */
export interface RtcHalf {
  /** Session description with all candidates gathered: trackers relay one message each way, no trickle. */
  readonly sdp: string;
  readonly stream: Promise<Stream>;
  /** Gives up; harmless when the stream is open already. */
  close(): void;
}

export interface RtcOffer extends RtcHalf {
  /** The other side's answer. A description that makes no sense rejects `stream`. */
  accept(answerSdp: string): void;
}

export interface RtcPort {
  /** Prepares a connection that somebody may answer. Rejects with SystemError RTC_*. */
  offer(): Promise<RtcOffer>;
  /** Answers somebody's offer. Rejects with ProtocolError RTC_BAD_DESCRIPTION. */
  answer(offerSdp: string): Promise<RtcHalf>;
  /** Closes every connection of this port. */
  close(): void;
}
