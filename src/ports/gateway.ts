// The routers between this host and the internet.

export interface Gateway {
  readonly ip: string;
  /** Our address on its network. */
  readonly localIp: string;
}

export interface GatewayPort {
  /** Those of the default routes, IPv4; empty where there are none or the system does not tell. */
  list(): Promise<readonly Gateway[]>;
}
