// Authorization policies: which clients may call what (gRFC A43).

import type { HeaderList } from "../../transport/mod.ts";
import { matchesAny, type Pattern } from "./pattern.ts";

/**
 * Which clients may call what, in the words of gRFC A43: `JSON.stringify` of it is a policy for other implementations of
 * gRPC, too. A call that a deny rule matches is denied; else one that an allow rule matches is allowed; any other is denied.
 *
 * Texts of `principals`, `paths` and `values` match exactly ("abc"), by their beginning ("abc*"), by their end ("*abc"), or
 * whatever is not empty ("*").
 *
 * @example
 * ```ts
 * import { type AuthorizationPolicy, Server } from "pollwire";
 * const authorization: AuthorizationPolicy = {
 *   name: "shop",
 *   deny_rules: [{ name: "nobody", request: { paths: ["/shop.Orders/Drop"] } }],
 *   allow_rules: [{
 *     name: "front",
 *     source: { principals: ["spiffe://example/front"] },
 *     request: { paths: ["/shop.Orders/*"] },
 *   }],
 * };
 * const server = new Server({ authorization });
 * ```
 */
export interface AuthorizationPolicy {
  /** What messages call it. */
  readonly name: string;
  /** Calls that one of them matches are denied. */
  readonly deny_rules?: readonly AuthorizationRule[];
  /** Others are allowed where one of these matches. */
  readonly allow_rules: readonly AuthorizationRule[];
}

/** A rule matches where its source and its request do; without either it matches every call. */
export interface AuthorizationRule {
  /** What messages call it. */
  readonly name: string;
  /** Whose calls it matches. Default: everybody's. */
  readonly source?: AuthorizationSource;
  /** Which calls it matches. Default: all. */
  readonly request?: AuthorizationRequest;
}

/** Whose calls a rule matches. */
export interface AuthorizationSource {
  /**
   * One of them must match a URI of the client's certificate, a host name of it, or its subject ("CN=client,O=Example").
   * "" matches a client without a certificate, and nothing matches one in plaintext. Default, and empty: everybody.
   */
  readonly principals?: readonly string[];
}

/** Which calls a rule matches: its paths and all of its headers must match. */
export interface AuthorizationRequest {
  /** "/package.Service/Method"; one of them must match. Default, and empty: every path. */
  readonly paths?: readonly string[];
  /** All of them must match. */
  readonly headers?: readonly AuthorizationHeader[];
}

/** A header field that a call must have. */
export interface AuthorizationHeader {
  /** Its name, in any case: of metadata, or "user-agent" or "content-type". */
  readonly key: string;
  /** One of them must match its value; the values of several fields of one name are joined by commas. */
  readonly values: readonly string[];
}

/** A call, as rules see it. */
export interface CheckedCall {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The request's whole header section. */
  readonly headers: HeaderList;
}

/** A rule, ready to be matched. Lists are undefined where nothing is checked. */
export class Rule {
  /** `headers`: names in lower case, with what their values are compared with. */
  constructor(
    readonly name: string,
    private readonly principals: readonly Pattern[] | undefined,
    private readonly paths: readonly Pattern[] | undefined,
    private readonly headers: ReadonlyArray<readonly [name: string, values: readonly Pattern[]]>,
  ) {}

  /** Whether it matches a call of the client that is one of `principals`. */
  matches(call: CheckedCall, principals: readonly string[]): boolean {
    if (this.paths !== undefined && !matchesAny(this.paths, call.path)) return false;
    const wanted = this.principals;
    if (wanted !== undefined && !principals.some((principal) => matchesAny(wanted, principal))) return false;
    for (const [name, values] of this.headers) {
      const found = call.headers.getAll(name);
      if (found.length === 0 || !matchesAny(values, found.join(","))) return false;
    }
    return true;
  }
}

/** A policy, ready to be asked. */
export class Policy {
  /** Deny rules stand before allow rules. */
  constructor(
    readonly name: string,
    private readonly denies: readonly Rule[],
    private readonly allows: readonly Rule[],
  ) {}

  /** Why a call is denied; undefined where it is allowed. */
  objection(call: CheckedCall, principals: readonly string[]): string | undefined {
    for (const rule of this.denies) {
      if (rule.matches(call, principals)) return `deny rule ${JSON.stringify(rule.name)} matches`;
    }
    for (const rule of this.allows) if (rule.matches(call, principals)) return undefined;
    return "no allow rule matches";
  }
}
