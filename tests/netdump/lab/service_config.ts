/** Which servers run in a namespace. */
export interface ServiceConfig {
  /** Web servers; those with a certificate speak TLS. */
  readonly http?: readonly {
    readonly ip: string;
    readonly port: number;
    /** How far their clock is ahead. */
    readonly shiftMs?: number;
    readonly certificate?: string;
    readonly key?: string;
  }[];
  /** Forwarding proxies; with an answer they give nothing but that. */
  readonly proxies?: readonly {
    readonly ip: string;
    readonly port: number;
    readonly answer?: string;
  }[];
  /** Name servers: addresses by name, all else does not exist. */
  readonly dns?: readonly {
    readonly ip: string;
    readonly zone: Readonly<Record<string, readonly string[]>>;
    /** What every answer says instead, for example 2 for a server failure. */
    readonly rcode?: number;
  }[];
  /** Time servers. */
  readonly ntp?: readonly {
    readonly ip: string;
    /** How far their clock is ahead. */
    readonly shiftMs?: number;
  }[];
}
