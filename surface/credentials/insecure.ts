// Plaintext: by choice to anywhere, and without one only where no other machine can read it.

import {
  type EventEngine,
  formatAddress,
  isOfOneMachine,
  type SocketAddress,
  type Target,
} from "../../pollers/mod.ts";
import { describe } from "../options.ts";

/**
 * Credentials of channels and servers that secure nothing: connections are plaintext, which everybody on the way can read
 * and change. For networks that are secured otherwise, and for tests.
 *
 * @example
 * ```ts ignore
 * const channel = new Channel("service.internal:50051", { credentials: insecure });
 * ```
 */
export const insecure = "insecure" as const;

/** The type of `insecure`; it is data, so it may come from a configuration and go to a worker. */
export type Insecure = typeof insecure;

/** Whose connections may be plaintext. */
export type PlaintextUser = "channel" | "server";

/** The same of a channel through `proxy`: where its connections end nobody here can know. */
export function refusalThrough(proxy: Target): string {
  return `it is connected to through the proxy at ${
    formatAddress(proxy)
  }, and without credentials connections are ` +
    "plaintext: give credentials: tls.client(...), or credentials: insecure; or proxy: false";
}

/** Throws TypeError where `credentials` are none of a channel or a server, which `isTheirs` tells. */
export function checkCredentials(
  purpose: string,
  credentials: unknown,
  isTheirs: (credentials: unknown) => boolean,
  maker: "tls.client(...)" | "tls.server(...)",
): void {
  if (credentials === undefined || credentials === insecure || isTheirs(credentials)) return;
  throw new TypeError(
    `Cannot ${purpose}: credentials is ${describe(credentials)}; give ${maker}, or insecure`,
  );
}

/**
 * Why no plaintext goes to or comes from `addresses` without a choice, as a sentence that says what to do; undefined where
 * all of them are of this machine alone: loopback addresses, unix sockets, pipes, and those of a simulated network.
 */
export function plaintextRefusal(
  user: PlaintextUser,
  engine: EventEngine,
  addresses: readonly SocketAddress[],
): string | undefined {
  if (engine.name === "simulated") return undefined;
  const other = addresses.find((address) => !isOfOneMachine(address));
  if (other === undefined) return undefined;
  const [what, make] = user === "channel"
    ? ["is not an address of this machine alone", "tls.client(...)"]
    : ["can be reached from other machines", "tls.server(...)"];
  return `${formatAddress(other)} ${what}, and without credentials connections are plaintext: ` +
    `give credentials: ${make}, or credentials: insecure`;
}
