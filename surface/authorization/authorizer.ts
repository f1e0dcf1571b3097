// Asks the policy of a server about each call before it begins, and follows the policy where it changes.

import { fileStamp, readTextFileSync } from "../../pollers/native/files.ts";
import {
  formatAddress,
  type Instant,
  messageOf,
  type Reporter,
  type SocketAddress,
} from "../../pollers/mod.ts";
import type { ConnectionSecurity } from "../../transport/mod.ts";
import { describe } from "../options.ts";
import { handled } from "../promise_like.ts";
import { isRecord } from "../records.ts";
import type { AuthorizationPolicy, CheckedCall, Policy } from "./policy.ts";
import { describeClient, principalsOf } from "./principals.ts";
import { readPolicy } from "./read_policy.ts";

/** A policy in a file, as JSON, which is read again when the file is written or replaced. */
export interface PolicyFile {
  /** Its path. */
  readonly file: string;
}

/** A policy as data: an object, its JSON, or the file that has its JSON. */
export type PolicyData = AuthorizationPolicy | string | PolicyFile;

/** A policy, or a function that gives the one of now. */
export type PolicySource = PolicyData | (() => AuthorizationPolicy | string);

/** A source is asked when a call comes, but not again within this time. */
const ASK_AGAIN_MS = 1_000;

/** Who is asked about a call. */
export interface CallingPeer {
  /** The client's address. */
  readonly peer: SocketAddress;
  /** Its certificate is here. */
  readonly security: ConnectionSecurity | undefined;
}

/** The policy of one server. */
export class Authorizer {
  /** Gives an object or a text, which is the same one while nothing changes. Undefined where it never does. */
  private readonly ask: (() => AuthorizationPolicy | string) | undefined;
  private given: AuthorizationPolicy | string;
  private policy: Policy;
  private askAt: Instant = -Infinity;
  /** What was reported last: what stays wrong is reported once. */
  private problem: string | undefined = undefined;

  /**
   * Reads the policy at once; `purpose`: what was tried. `reporter` gets what is wrong with later ones, and each call that
   * is denied, at level "info".
   *
   * @throws {TypeError} that names the field which is wrong, or the file which cannot be read
   */
  constructor(purpose: string, source: PolicySource, private readonly reporter: Reporter) {
    try {
      this.ask = isPolicyFile(source)
        ? reader(source)
        : typeof source === "function"
        ? () => handled(source())
        : undefined;
      this.given = this.ask === undefined ? source as AuthorizationPolicy | string : this.ask();
      this.policy = readPolicy(this.given);
    } catch (cause) {
      throw new TypeError(`Cannot ${purpose}: ${messageOf(cause)}`, { cause });
    }
  }

  /** Why the client of `peer` may not make `call`, in words for it; undefined where it may. */
  refusal(call: CheckedCall, { peer, security }: CallingPeer, now: Instant): string | undefined {
    if (this.ask !== undefined && now >= this.askAt) this.follow(this.ask, now);
    const objection = this.policy.objection(call, principalsOf(security));
    if (objection === undefined) return undefined;
    const client = describeClient(security);
    const which = `policy ${JSON.stringify(this.policy.name)}`;
    this.reporter.log(
      "info",
      `denied ${call.path} to ${client} at ${formatAddress(peer)}: ${objection} in ${which}`,
    );
    return `the server's authorization policy does not let ${client} call ${call.path}`;
  }

  /** Takes what there is now; what cannot be used leaves the policy that there is. */
  private follow(ask: () => AuthorizationPolicy | string, now: Instant): void {
    this.askAt = now + ASK_AGAIN_MS;
    try {
      const given = ask();
      // An object that is the same one may have another rule in it by now.
      if (typeof given !== "string" || given !== this.given) this.policy = readPolicy(given);
      this.given = given;
      this.problem = undefined;
    } catch (cause) {
      const problem = `Cannot change the authorization policy, the earlier one is kept: ${messageOf(cause)}`;
      if (problem === this.problem) return;
      this.problem = problem;
      this.reporter.report(new Error(problem, { cause }), { where: "authorization", level: "error" });
    }
  }
}

function isPolicyFile(source: unknown): source is PolicyFile {
  return isRecord(source) && "file" in source;
}

/** Reads a file, again where it is another one. Throws TypeError for what is no path. */
function reader(source: PolicyFile): () => string {
  const { file, ...others } = source;
  if (typeof file !== "string" || Object.keys(others).length > 0) {
    throw new TypeError(
      `authorization.file is ${describe(file)}, or not alone; give a path, and nothing else`,
    );
  }
  let stamp = "";
  let read = "";
  return () => {
    const found = fileStamp(file);
    if (found !== stamp) {
      read = readTextFileSync(file);
      stamp = found;
    }
    return read;
  };
}
