// What the application says of a peer whose certificate is accepted.

import { describeThrown } from "../../pollers/mod.ts";
import type { ConnectionSecurity, PeerCheck } from "../../transport/mod.ts";
import { describe } from "../options.ts";
import { handled } from "../promise_like.ts";

/**
 * Says of a connection whose handshake is complete and whose certificates were verified whether it is made: true, or why it
 * is not, as a part of a sentence ("its certificate was revoked"). Anything else refuses it too, a promise for one, and so
 * does what it throws. `host`: what the certificate of a server is for, a name or an address; undefined at a server.
 */
export type VerifyPeer = (security: ConnectionSecurity, host: string | undefined) => true | string;

/** The check that `verifyPeer` makes; undefined where there is none. */
export function peerCheck(verifyPeer: VerifyPeer | undefined, host?: string): PeerCheck | undefined {
  if (verifyPeer === undefined) return undefined;
  return {
    refuses(security) {
      try {
        const answer: unknown = verifyPeer(security, host);
        if (answer === true) return undefined;
        handled(answer); // a promise may reject: it is refused in any case
        const why = typeof answer === "string"
          ? answer
          : `it returned ${describe(answer)}, not true or a reason`;
        return `refused by verifyPeer: ${why}`;
      } catch (error) {
        return `verifyPeer threw ${describeThrown(error)}`;
      }
    },
  };
}

/** Throws TypeError where `verifyPeer` cannot be called. */
export function checkVerifyPeer(purpose: string, verifyPeer: unknown): void {
  if (verifyPeer === undefined || typeof verifyPeer === "function") return;
  throw new TypeError(`Cannot ${purpose}: verifyPeer is ${describe(verifyPeer)}, not a function`);
}
