// Unreliable datagrams (UDP): shared by the UDP tracker client, uTP, DHT and LSD.
import type { PeerAddress } from '../core/address.ts';

export interface DatagramSocket {
  readonly port: number;
  /** Fire and forget; errors of single packets are swallowed as losses. */
  send(data: Uint8Array, to: PeerAddress): void;
  /** The view is valid only until the call returns. Several receivers may be added; each sees every packet. */
  onMessage(receiver: (data: Uint8Array, from: PeerAddress) => void): () => void;
  close(): Promise<void>;
}

export interface DatagramPort {
  /** IPv4 and IPv6 on the same port where the system can. Rejects with SystemError. */
  bind(options: { readonly port: number; readonly host?: string | undefined }): Promise<DatagramSocket>;
  /**
   * Joins a multicast group, sharing its port with other programs: on the interface that has the address `host`, or on
   * all. `send` goes out on each of them and no further than the local network. Rejects with SystemError.
   */
  joinGroup?(group: PeerAddress, host: string | undefined): Promise<DatagramSocket>;
  /** Addresses of a host name, for tracker URLs. Rejects with SystemError DNS_*. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
}
