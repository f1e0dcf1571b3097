// What the key of one server holds: JSON, {"addr": "10.0.0.1:50051", "metadata": {"weight": 2}}. The
// metadata is its owner's, and "weight" in it the server's. Go's package
// go.etcd.io/etcd/client/v3/naming/endpoints writes {"Op": 0, "Addr": ..., "Metadata": ...}, and reads both.

import { AddressError, formatAddress, parseTarget, type SocketAddress } from "../../pollers/mod.ts";
import { type EndpointAddresses, isWeight } from "../channel/resolver/endpoint.ts";
import { isRecord } from "../records.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** What may be written. */
interface Written {
  readonly addr?: unknown;
  readonly Addr?: unknown;
  readonly metadata?: unknown;
  readonly Metadata?: unknown;
}

/** The server that `value` says, or a sentence that says why it says none. */
export function readServer(value: Uint8Array, defaultPort: number): EndpointAddresses | string {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(value));
  } catch {
    return "it is no JSON";
  }
  if (!isRecord(json)) return "it is no JSON object";
  const written = json as Written;
  const addr = written.addr ?? written.Addr;
  if (typeof addr !== "string") return 'it has no text "addr"';
  const address = readAddress(addr, defaultPort);
  if (typeof address === "string") return address;
  const metadata = written.metadata ?? written.Metadata;
  if (metadata === undefined || metadata === null) return { addresses: [address] };
  const { weight } = metadata as { readonly weight?: unknown };
  return { addresses: [address], metadata, ...(isWeight(weight) ? { weight } : {}) };
}

/** The value for a server at `address`; `metadata` is JSON. */
export function writeServer(address: SocketAddress, metadata: unknown): Uint8Array {
  return encoder.encode(JSON.stringify({ addr: formatAddress(address), metadata }));
}

function readAddress(addr: string, defaultPort: number): SocketAddress | string {
  try {
    const target = parseTarget(addr, defaultPort);
    return target.family === "dns"
      ? `its addr ${JSON.stringify(addr)} is a name; addresses are used`
      : target;
  } catch (error) {
    if (error instanceof AddressError) return error.message;
    throw error;
  }
}
