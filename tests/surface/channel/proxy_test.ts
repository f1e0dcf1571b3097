// Which HTTP proxy a channel's connections go through.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Channel, insecure, tls } from "pollwire";
import { formatAddress, parseTarget } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { proxyFor } from "../../../surface/channel/proxy.ts";
import { test } from "../../harness.ts";

const secure = tls.client(); // loads, once for the process, what all of them use

const elsewhere = { name: "elsewhere" } as Parameters<typeof proxyFor>[1]["engine"];

/** "proxy for target", or undefined, by these variables of the environment. */
function chosen(
  target: string,
  variables: Record<string, string>,
  warned: string[] = [],
): string | undefined {
  const proxy = proxyFor(parseTarget(target), {
    option: undefined,
    engine: elsewhere,
    variable: (name) => variables[name],
    warn: (line) => warned.push(line),
  });
  return proxy === undefined ? undefined : `${formatAddress(proxy.target)} for ${proxy.tunnel.authority}`;
}

test("[C27] the first of grpc_proxy, https_proxy and http_proxy counts, in lower case before upper", () => {
  const all = { grpc_proxy: "http://g:1", https_proxy: "http://s:2", http_proxy: "http://h:3" };
  assertEquals(chosen("a:443", all), "g:1 for a:443");
  assertEquals(chosen("a:443", { ...all, grpc_proxy: undefined! }), "s:2 for a:443");
  assertEquals(chosen("a:443", { http_proxy: "http://h:3/" }), "h:3 for a:443");
  assertEquals(chosen("a:443", { http_proxy: "h:3" }), "h:3 for a:443");
  assertEquals(chosen("a:443", { HTTPS_PROXY: "http://S:2", http_proxy: "http://h:3" }), "S:2 for a:443");
  assertEquals(chosen("a:443", { HTTP_PROXY: "http://H" }), "H:80 for a:443");
  assertEquals(chosen("a:443", { HTTP_PROXY: "http://H", REQUEST_METHOD: "GET" }), undefined);
  assertEquals(
    chosen("[2001:db8::1]:443", { https_proxy: "http://[2001:db8::2]:3128" }),
    "[2001:db8::2]:3128 for [2001:db8::1]:443",
  );
  assertEquals(chosen("a:443", {}), undefined);
  const warned: string[] = [];
  assertEquals(chosen("a:443", { https_proxy: "", http_proxy: "http://h:3" }, warned), undefined);
  assertEquals(warned, [], "an empty one says that there is none");
});

test("[C27] no_grpc_proxy, else no_proxy, says what is connected to directly", () => {
  const direct = (target: string, no_proxy: string): boolean =>
    chosen(target, { https_proxy: "http://p:1", no_proxy }) === undefined;
  for (
    const [target, list] of [
      ["example.com:443", "example.com"],
      ["EXAMPLE.com:443", "other.org, Example.COM"],
      ["a.example.com:443", "example.com"],
      ["a.example.com:443", ".example.com"],
      ["a.example.com:443", "*.example.com"],
      ["a.example.com.:443", "example.com"],
      ["example.com:443", "example.com."],
      ["example.com:443", "*"],
      ["example.com:443", "example.com:443"],
      ["10.1.2.3:443", "10.0.0.0/8"],
      ["10.1.2.3:443", "10.1.2.3"],
      ["10.1.2.3:443", "10.1.2.3:443"],
      ["[2001:db8::1]:443", "2001:db8::1"],
      ["[2001:db8::1]:443", "[2001:db8:0::1]:443"],
      ["[2001:db8::1]:443", "2001:db8::/32"],
    ]
  ) assert(direct(target!, list!), `${target} by ${list}`);
  for (
    const [target, list] of [
      ["example.com:443", ""],
      ["notexample.com:443", "example.com"],
      ["example.com:443", "a.example.com"],
      ["example.com:443", "example.com:80"],
      ["example.com.evil:443", "example.com"],
      ["11.1.2.3:443", "10.0.0.0/8"],
      ["10.1.2.3:443", "10.0.0.0/nonsense"],
      ["10.1.2.3:443", "10.0.0.0/"],
      ["10.1.2.3:443", "10.1.2.3/33"],
      ["10.1.2.3:443", "10.0.0.0/8/8"],
      ["10.1.2.3:443", "10.1.2.3:80"],
      ["[2001:db9::1]:443", "2001:db8::/32"],
    ]
  ) assert(!direct(target!, list!), `${target} by ${list}`);
  const both = { https_proxy: "http://p:1", no_grpc_proxy: "b", NO_PROXY: "a" };
  assertEquals([chosen("a:1", both), chosen("b:1", both)], ["p:1 for a:1", undefined]);
  assertEquals(chosen("a:1", { https_proxy: "http://p:1", NO_PROXY: "a" }), undefined);
});

test("[C27] what is on this machine, no TCP, or simulated has no proxy of the environment", () => {
  const variables = { grpc_proxy: "http://p:1" };
  for (
    const target of ["127.0.0.1:1", "[::1]:1", "localhost:1", "a.localhost:1", "unix:/a", "unix-abstract:a"]
  ) {
    assertEquals(chosen(target, variables), undefined, target);
  }
  const host = new Simulation().host();
  const target = parseTarget("a:1");
  const variable = (name: string): string | undefined => (variables as Record<string, string>)[name];
  const warn = (): void => {};
  assertEquals(proxyFor(target, { option: undefined, engine: host, variable, warn }), undefined);
  assertEquals(proxyFor(target, { option: false, engine: elsewhere, variable, warn }), undefined);
  const local = proxyFor(parseTarget("127.0.0.1:1"), {
    option: "http://q:2",
    engine: elsewhere,
    variable,
    warn,
  });
  assertEquals(formatAddress(local!.target), "q:2");
});

test("[C27] user and password are Basic, and no message shows them", () => {
  const of = (option: string) =>
    proxyFor(parseTarget("a:1"), { option, engine: elsewhere, warn() {} })!.tunnel;
  assertEquals(of("http://user:s%3Acret%C3%A9@p:1").authorization, `Basic ${btoa("user:s:cret\xc3\xa9")}`);
  assertEquals(of("http://user@p:1").authorization, `Basic ${btoa("user:")}`);
  assertEquals(of("http://p:1").authorization, undefined);
  for (const password of ["s3/cret", "s@cret", "s?cr#et"]) {
    assertEquals(of(`http://u:${password}@p:1`).authorization, `Basic ${btoa(`u:${password}`)}`);
  }
  for (
    const [option, says] of [
      ["https://u:s3cret@p:1", /"https:\/\/p:1": it must be one of http:/],
      ["socks5://p:1", /must be one of http:/],
      ["http://u:s3cret@p:99999", /port must be 0 to 65535/],
      ["http://u:s3cret@", /the host is empty/],
      ["http://u:s3cret%zz@p", /is not percent-encoded/],
      ["http://p/path", /a proxy has no path/],
      [5, /found the number 5; give "http:\/\/host:port", or false/],
    ] as const
  ) {
    const error = assertThrows(() => of(option as string), TypeError, "Cannot use ");
    assertMatch(error.message, says);
    assert(!error.message.includes("s3cret") && !error.message.includes("cret"), error.message);
  }
});

test("[C27] a variable that names no proxy is not used, and a warning says so", () => {
  const warned: string[] = [];
  assertEquals(chosen("a:1", { grpc_proxy: "https://p:1", http_proxy: "http://q" }, warned), undefined);
  assertEquals(warned.length, 1);
  assertMatch(warned[0]!, /^the variable grpc_proxy is not used: Cannot use the proxy "https:\/\/p:1"/);
});

test("[C27] through a proxy nothing goes in plaintext without a choice", () => {
  const proxy = "http://127.0.0.1:1";
  for (const target of ["example.com:443", "127.0.0.1:1", "10.0.0.1:1"]) {
    assertThrows(() => new Channel(target, { proxy }), TypeError, "through the proxy at 127.0.0.1:1");
    new Channel(target, { proxy, credentials: insecure }).close();
    new Channel(target, { proxy, credentials: secure }).close();
  }
  const list = "ipv4:10.0.0.1:1,10.0.0.2:1";
  assertThrows(() => new Channel(list, { proxy, credentials: insecure }), TypeError, "a list of addresses");
  assertThrows(() => new Channel("127.0.0.1:1", { proxy: "ftp://p" }), TypeError, "must be one of http:");
});
