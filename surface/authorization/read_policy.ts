// Reads policies, and says of one that cannot be used which field is wrong. What is not understood is refused: a rule
// that is left out could be the one that denies (gRFC A43).

import { describe } from "../options.ts";
import { hint } from "../nearest.ts";
import { isRecord } from "../records.ts";
import { Pattern } from "./pattern.ts";
import { type AuthorizationPolicy, Policy, Rule } from "./policy.ts";

/** Fields that A43 has no rules for: pseudo-header fields and "grpc-" aside, "host" and those of one hop. */
const UNSUPPORTED = new Set([
  "host",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** RFC 9110, section 5.6.2, in lower case. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/**
 * A policy of an object or its JSON.
 *
 * @throws {TypeError} that names the field which is wrong
 */
export function readPolicy(given: AuthorizationPolicy | string): Policy {
  const policy = object("authorization", typeof given === "string" ? parsed(given) : given, [
    "name",
    "deny_rules",
    "allow_rules",
  ]);
  const name = nameIn("authorization", policy);
  const denies = optionalList("authorization.deny_rules", policy.deny_rules).map(
    (rule, i) => ruleOf(`authorization.deny_rules[${i}]`, rule),
  );
  const allows = list("authorization.allow_rules", policy.allow_rules).map(
    (rule, i) => ruleOf(`authorization.allow_rules[${i}]`, rule),
  );
  if (allows.length === 0) {
    throw wrong("authorization.allow_rules", "is empty, so that every call would be denied; give a rule");
  }
  return new Policy(name, denies, allows);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const meant = /^\s*\{/.test(json) ? "" : '; give the text of a policy, or { file: "policy.json" }';
    throw wrong("authorization", `is no JSON: ${(error as Error).message}${meant}`);
  }
}

function ruleOf(at: string, given: unknown): Rule {
  const rule = object(at, given, ["name", "source", "request"]);
  const name = nameIn(at, rule);
  const source = optionalObject(`${at}.source`, rule.source, ["principals"]);
  const request = optionalObject(`${at}.request`, rule.request, ["paths", "headers"]);
  return new Rule(
    name,
    patterns(`${at}.source.principals`, source.principals, checkText),
    patterns(`${at}.request.paths`, request.paths, checkPath),
    optionalList(`${at}.request.headers`, request.headers).map(
      (header, i) => headerOf(`${at}.request.headers[${i}]`, header),
    ),
  );
}

function headerOf(at: string, given: unknown): [name: string, values: readonly Pattern[]] {
  const header = object(at, given, ["key", "values"]);
  const key = text(`${at}.key`, header.key).toLowerCase();
  if (key.startsWith(":") || key.startsWith("grpc-") || UNSUPPORTED.has(key)) {
    const which = "pseudo-header fields, grpc-*, host and fields of one hop are none";
    throw wrong(`${at}.key`, `is ${JSON.stringify(key)}, which rules cannot be about: ${which}`);
  }
  if (key.endsWith("-bin")) {
    throw wrong(`${at}.key`, `is ${JSON.stringify(key)}: its values are octets, which no text can match`);
  }
  if (!FIELD_NAME.test(key)) {
    throw wrong(`${at}.key`, `is ${JSON.stringify(key)}, which is no name of a field`);
  }
  const values = patterns(`${at}.values`, list(`${at}.values`, header.values), checkText);
  if (values === undefined) throw wrong(`${at}.values`, 'is empty; give values, or "*" for any');
  return [key, values];
}

/** Undefined for none: then nothing is checked. */
function patterns(
  at: string,
  given: unknown,
  check: (text: string) => string | undefined,
): readonly Pattern[] | undefined {
  const made = optionalList(at, given).map((value, i) => {
    const source = text(`${at}[${i}]`, value);
    const problem = check(source);
    if (problem !== undefined) throw wrong(`${at}[${i}]`, `is ${JSON.stringify(source)}, ${problem}`);
    return new Pattern(source);
  });
  return made.length === 0 ? undefined : made;
}

/** An asterisk that neither begins nor ends the text, or two that do: of these C++ has one stand for anything, and Go the other. */
const INNER = /.\*.|^\*.*\*$/s;

/** "*a*" does not mean "anywhere in the text", as its author thinks: a deny rule with it would deny nobody. */
function checkText(text: string): string | undefined {
  return INNER.test(text)
    ? 'but "*" stands for anything only as the first or last character, and not as both'
    : undefined;
}

/** A path that no call can have would be a rule that never matches. */
function checkPath(path: string): string | undefined {
  if (!/^[/*]/.test(path)) return 'and paths begin with "/": "/package.Service/Method"';
  return checkText(path);
}

function nameIn(at: string, given: Readonly<Record<string, unknown>>): string {
  const name = text(`${at}.name`, given.name);
  if (name === "") throw wrong(`${at}.name`, "is empty; give a name");
  return name;
}

function text(at: string, given: unknown): string {
  if (typeof given !== "string") throw wrong(at, `is ${describe(given)}; give a string`);
  return given;
}

function list(at: string, given: unknown): readonly unknown[] {
  if (!Array.isArray(given)) throw wrong(at, `is ${describe(given)}; give an array`);
  return given;
}

function optionalList(at: string, given: unknown): readonly unknown[] {
  return given === undefined ? [] : list(at, given);
}

/** `given`, where it is an object that has no other fields than `known`. */
function object(at: string, given: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isRecord(given)) throw wrong(at, `is ${describe(given)}; give an object`);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const audit = name === "audit_logging_options" ? "; use server.observe to audit calls" : undefined;
    throw wrong(at, `has a field ${JSON.stringify(name)}, which no policy has${audit ?? hint(name, known)}`);
  }
  return given as Readonly<Record<string, unknown>>;
}

function optionalObject(
  at: string,
  given: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  return given === undefined ? {} : object(at, given, known);
}

function wrong(at: string, what: string): TypeError {
  return new TypeError(`${at} ${what}`);
}
