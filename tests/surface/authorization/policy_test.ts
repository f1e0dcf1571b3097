// Authorization policies (gRFC A43) without a server: what they match, and what is wrong with those that are refused.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { AuthorizationPolicy } from "pollwire";
import { Authorizer } from "../../../surface/authorization/authorizer.ts";
import type { AuthorizationRule } from "../../../surface/authorization/policy.ts";
import { principalsOf } from "../../../surface/authorization/principals.ts";
import { readPolicy } from "../../../surface/authorization/read_policy.ts";
import { Reporter } from "../../../pollers/mod.ts";
import { type ConnectionSecurity, HeaderList } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";

/** Whether `policy` allows a call of `principals`. */
function allows(
  policy: AuthorizationPolicy | string,
  path: string,
  principals: readonly string[] = [],
  fields: readonly string[] = [],
): boolean {
  return readPolicy(policy).objection({ path, headers: HeaderList.ofStrings(fields) }, principals) ===
    undefined;
}

/** Whether one allow rule matches. */
function matches(
  rule: Omit<AuthorizationRule, "name">,
  path: string,
  principals: readonly string[] = [],
  fields: readonly string[] = [],
): boolean {
  return allows({ name: "test", allow_rules: [{ name: "rule", ...rule }] }, path, principals, fields);
}

test("[C89] the example of A43", () => {
  const example = `{
    "name": "example-policy",
    "allow_rules": [
      {
        "name": "admin-access",
        "source": { "principals": ["spiffe://foo.com/sa/admin1", "spiffe://foo.com/sa/admin2"] },
        "request": { "paths": ["/pkg.service/*"] }
      },
      {
        "name": "dev-access",
        "source": { "principals": ["*", ""] },
        "request": {
          "paths": ["/pkg.service/foo", "/pkg.service/bar"],
          "headers": [{ "key": "dev-path", "values": ["/dev/path/*"] }]
        }
      }
    ],
    "deny_rules": [{ "name": "deny-access", "request": { "paths": ["*/secret"] } }]
  }`;
  const admin = ["spiffe://foo.com/sa/admin2", "CN=admin"];
  const dev = ["dev-path", "/dev/path/x"];
  assertEquals(allows(example, "/pkg.service/anything", admin), true);
  assertEquals(allows(example, "/pkg.service/secret", admin), false);
  assertEquals(allows(example, "/pkg.other/anything", admin), false);
  assertEquals(allows(example, "/pkg.service/foo", ["CN=somebody"]), false);
  assertEquals(allows(example, "/pkg.service/foo", ["CN=somebody"], dev), true);
  assertEquals(allows(example, "/pkg.service/foo", [""], dev), true);
  assertEquals(allows(example, "/pkg.service/foo", [], dev), false); // plaintext
  assertEquals(allows(example, "/pkg.service/baz", ["CN=somebody"], dev), false);
});

test("[C89] texts match exactly, by their beginning, by their end, or where there is any", () => {
  const path = (pattern: string, value: string) => matches({ request: { paths: [pattern] } }, value);
  assertEquals([path("/a/b", "/a/b"), path("/a/b", "/a/bc"), path("/a/b", "/a/B")], [true, false, false]);
  assertEquals([path("/a/*", "/a/"), path("/a/*", "/a/b"), path("/a/*", "/ab")], [true, true, false]);
  assertEquals([path("*/b", "/a/b"), path("*/b", "/b"), path("*/b", "/a/bc")], [true, true, false]);
  const principal = (pattern: string, ...values: string[]) =>
    matches({ source: { principals: [pattern] } }, "/", values);
  assertEquals([principal("*", "x"), principal("*", ""), principal("*")], [true, false, false]);
  assertEquals([principal("", "x"), principal("", ""), principal("")], [false, true, false]);
  assertEquals([principal("b", "a", "b"), principal("*.example", "a.example")], [true, true]);
});

test("[C89] sources and requests must both match, and all headers; what is empty is not checked", () => {
  assertEquals(matches({}, "/a/b"), true);
  assertEquals(matches({ source: { principals: [] }, request: { paths: [], headers: [] } }, "/a/b"), true);
  const both = { source: { principals: ["me"] }, request: { paths: ["/a/b"] } };
  assertEquals([matches(both, "/a/b", ["me"]), matches(both, "/a/b", ["you"])], [true, false]);
  assertEquals(matches(both, "/a/c", ["me"]), false);
  const headers = {
    request: { headers: [{ key: "X-One", values: ["1"] }, { key: "two", values: ["a", "b"] }] },
  };
  assertEquals(matches(headers, "/", [], ["x-one", "1", "two", "b"]), true);
  assertEquals(matches(headers, "/", [], ["x-one", "1"]), false);
  assertEquals(matches(headers, "/", [], ["two", "b"]), false);
  assertEquals(matches(headers, "/", [], ["x-one", "1", "two", "c"]), false);
});

test("[C89] the values of several header fields of one name are one, with commas", () => {
  const is = (value: string, ...fields: string[]) =>
    matches({ request: { headers: [{ key: "k", values: [value] }] } }, "/", [], fields);
  assertEquals([is("a", "k", "a", "k", "b"), is("a,b", "k", "a", "k", "b")], [false, true]);
  assertEquals([is("*", "k", ""), is("", "k", ""), is("", "j", "")], [false, true, false]);
});

test("[C89] deny rules come before allow rules, and what no rule matches is denied", () => {
  const policy = readPolicy({
    name: "p",
    deny_rules: [{ name: "never", request: { paths: ["/a/b"] } }],
    allow_rules: [{ name: "a", request: { paths: ["/a/*"] } }],
  });
  const objection = (path: string) => policy.objection({ path, headers: HeaderList.ofStrings([]) }, []);
  assertEquals(objection("/a/b"), 'deny rule "never" matches');
  assertEquals(objection("/a/c"), undefined);
  assertEquals(objection("/b/c"), "no allow rule matches");
});

test("[C89] principals: URIs, then host names, then the subject; none in plaintext", () => {
  const names = { uri: ["spiffe://a/b"], dns: ["a.example"], ip: ["10.0.0.1"], email: ["a@example"] };
  const security = { peerCertificate: { subject: "C=DE\nO=Ex\nCN=a + UID=1", names } };
  assertEquals(principalsOf(security as unknown as ConnectionSecurity), [
    "spiffe://a/b",
    "a.example",
    "CN=a+UID=1,O=Ex,C=DE",
  ]);
  assertEquals(principalsOf({ peerCertificate: undefined } as ConnectionSecurity), [""]);
  assertEquals(principalsOf(undefined), []);
});

test("[C89] a source is asked once a second at most, and what stays wrong with it is reported once", () => {
  const errors: string[] = [];
  let asked = 0;
  let given: unknown = { name: "p", allow_rules: [{ name: "r" }] };
  const reporter = new Reporter({ onError: (error) => void errors.push(String(error)) });
  const authorizer = new Authorizer("try", () => (asked++, given as AuthorizationPolicy), reporter);
  const peer = { peer: { family: "unix", path: "/x" }, security: undefined } as const;
  const may = (now: number): boolean =>
    authorizer.refusal({ path: "/a/b", headers: HeaderList.ofStrings([]) }, peer, now) === undefined;
  assertEquals([may(0), may(999), asked], [true, true, 2]);
  given = { name: "p" };
  assertEquals([may(1_000), may(2_000), may(3_000), errors.length], [true, true, true, 1]);
  given = { name: "p", allow_rules: [{ name: "r", request: { paths: ["/a/c"] } }] };
  assertEquals([may(3_500), may(4_000), asked], [true, false, 6]);
  given = { name: "p" };
  assertEquals([may(5_000), errors.length], [false, 2]);
  const kept = { name: "p", allow_rules: [{ name: "r" }], deny_rules: [] as object[] };
  given = kept;
  assertEquals(may(6_000), true);
  kept.deny_rules.push({ name: "d" }); // the same object, with another rule in it
  assertEquals([may(6_999), may(7_000)], [true, false]);
});

test("[C89] a policy that cannot be used is refused, and the message names the field", () => {
  const rule = { name: "r" };
  const header = (key: unknown, values: unknown = ["a"]) => ({
    name: "p",
    allow_rules: [{ ...rule, request: { headers: [{ key, values }] } }],
  });
  const source = (principals: unknown) => ({ name: "p", allow_rules: [{ ...rule, source: { principals } }] });
  const paths = (...given: unknown[]) => ({
    name: "p",
    allow_rules: [{ ...rule, request: { paths: given } }],
  });
  const at = "authorization.allow_rules[0]";
  const cases: ReadonlyArray<readonly [policy: unknown, message: string | RegExp]> = [
    [null, "authorization is null; give an object"],
    [[], "authorization is an Array; give an object"],
    ["{", /^authorization is no JSON: .*/],
    ["policy.json", 'give the text of a policy, or { file: "policy.json" }'],
    ["[]", "authorization is an Array"],
    [{ allow_rules: [rule] }, "authorization.name is undefined; give a string"],
    [{ name: "", allow_rules: [rule] }, "authorization.name is empty"],
    [{ name: "p" }, "authorization.allow_rules is undefined; give an array"],
    [{ name: "p", allow_rules: [] }, "authorization.allow_rules is empty"],
    [
      { name: "p", allowRules: [rule] },
      'has a field "allowRules", which no policy has; did you mean allow_rules?',
    ],
    [{ name: "p", allow_rules: [rule], audit_logging_options: {} }, "use server.observe to audit calls"],
    [
      { name: "p", allow_rules: [rule], deny_rules: rule },
      "authorization.deny_rules is an object; give an array",
    ],
    [{ name: "p", allow_rules: [rule], deny_rules: [{}] }, "authorization.deny_rules[0].name is undefined"],
    [{ name: "p", allow_rules: [{ ...rule, sources: {} }] }, `${at} has a field "sources"`],
    [{ name: "p", allow_rules: [{ ...rule, source: [] }] }, `${at}.source is an Array`],
    [source("me"), `${at}.source.principals is the string "me"; give an array`],
    [source([1]), `${at}.source.principals[0] is the number 1; give a string`],
    [source(["a*b"]), 'is "a*b", but "*" stands for anything only as the first or last character'],
    [paths("/a/b", "a.B/C"), `${at}.request.paths[1] is "a.B/C", and paths begin with "/"`],
    [paths("/a.*/Get"), "only as the first or last character"],
    [paths("*b*"), "only as the first or last character"],
    // "*b*" is not "b anywhere": a deny rule with it would deny nobody
    [source(["*b*"]), 'principals[0] is "*b*", but "*" stands for anything only as the first or last'],
    [source(["**"]), 'principals[0] is "**"'],
    [header("a", ["b", "*b*"]), 'headers[0].values[1] is "*b*", but "*" stands for anything only as'],
    [header("a", ["a*b"]), 'headers[0].values[0] is "a*b"'],
    [header(""), `${at}.request.headers[0].key is "", which is no name of a field`],
    [header("a b"), "which is no name of a field"],
    [header(1), `${at}.request.headers[0].key is the number 1`],
    [header("a", []), `${at}.request.headers[0].values is empty`],
    [header("a", null), `${at}.request.headers[0].values is null; give an array`],
    [header("token-bin"), "no text can match"],
    ...[":path", "Host", "grpc-timeout", "GRPC-Encoding", "connection", "te", "Keep-Alive", "trailer"].map(
      (key) =>
        [header(key), `headers[0].key is "${key.toLowerCase()}", which rules cannot be about`] as const,
    ),
    ...["upgrade", "transfer-encoding", "proxy-authenticate", "proxy-authorization"].map(
      (key) => [header(key), "which rules cannot be about"] as const,
    ),
  ];
  for (const [policy, message] of cases) {
    const refused = (): unknown => readPolicy(policy as AuthorizationPolicy);
    if (typeof message === "string") assertThrows(refused, TypeError, message);
    else assertMatch(assertThrows(refused, TypeError).message, message);
  }
});
