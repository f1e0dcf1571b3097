// What targets of channels say: where, and with https: and http: how.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Channel, insecure, tls } from "pollwire";
import { AddressError } from "../../../pollers/mod.ts";
import { type ChannelTarget, parseChannelTarget as parse } from "../../../surface/channel/channel_target.ts";
import { formatDestination } from "../../../surface/channel/destination.ts";
import { ChannelCredentials } from "../../../surface/credentials/channel_credentials.ts";
import { test } from "../../harness.ts";

/** Of a channel whose "https:" is `own`. */
function parseChannelTarget(text: string, given: unknown, schemes?: readonly string[]): ChannelTarget {
  return parse(text, given, () => own, schemes);
}

const own = tls.client(); // loads, once for the process, what all of them use

test("[C21] a port that is missing is 443 with TLS, as gRPC has it, and 80 in plaintext", () => {
  for (
    const [text, address] of [
      ["example.com", "example.com:443"],
      ["example.com:81", "example.com:81"],
      ["127.0.0.1", "127.0.0.1:443"],
      ["[::1]", "[::1]:443"],
      ["dns:///example.com", "example.com:443"],
      ["dns:example.com", "example.com:443"],
      ["ipv4:127.0.0.1", "127.0.0.1:443"],
    ]
  ) {
    assertEquals(formatDestination(parseChannelTarget(text!, own).target), address, text);
    const plain = address!.replace(":443", ":80");
    for (const credentials of [insecure, undefined]) {
      assertEquals(formatDestination(parseChannelTarget(text!, credentials).target), plain, text);
    }
  }
  for (
    const [text, address] of [
      ["https://example.com", "example.com:443"],
      ["HTTPS://example.com/", "example.com:443"],
      ["https://example.com:8443", "example.com:8443"],
      ["https://[::1]:1", "[::1]:1"],
      ["http://example.com", "example.com:80"],
      ["http://[::1]", "[::1]:80"],
      ["http://127.0.0.1:5/", "127.0.0.1:5"],
    ]
  ) {
    assertEquals(formatDestination(parseChannelTarget(text!, undefined).target), address, text);
  }
});

test("[C22] ipv4: and ipv6: may list several addresses, each with a port or that of its credentials", () => {
  for (
    const [text, read] of [
      ["ipv4:10.0.0.1:80,10.0.0.2", "ipv4:10.0.0.1:80,10.0.0.2:443"],
      ["ipv6:[::1]:80,[::2]:81,[::3]", "ipv6:[::1]:80,[::2]:81,[::3]:443"],
      ["ipv4:10.0.0.1:80", "10.0.0.1:80"],
      ["ipv4:///10.0.0.1:80,10.0.0.2", "ipv4:10.0.0.1:80,10.0.0.2:443"],
      ["ipv6:///[::1]:80", "[::1]:80"],
    ]
  ) {
    assertEquals(formatDestination(parseChannelTarget(text!, own).target), read);
  }
  for (const text of ["ipv4:10.0.0.1,", "ipv4:10.0.0.1,name:80", "ipv4:10.0.0.1,[::1]:80", "a:1,b:2"]) {
    assertThrows(() => new Channel(text), AddressError, "Cannot parse address");
  }
  assertThrows(() => new Channel("ipv4:127.0.0.1:80,10.0.0.9:80"), TypeError, "Cannot make a channel to");
});

test("[C21] what names no scheme that there is, is a host for DNS", () => {
  for (
    const [text, host] of [["dns", "dns"], ["ipv4", "ipv4"], ["nowhere:80", "nowhere"], [
      "example.com",
      "example.com",
    ]]
  ) {
    assertEquals(parseChannelTarget(text!, undefined).target, { family: "dns", host: host!, port: 80 });
  }
  for (const text of ["nowhere:///a", "nowhere://b/a", "xds:a", "consul:a"]) {
    const error = assertThrows(() => new Channel(text), AddressError);
    assertMatch(
      error.message,
      /: is no scheme of an address; there are "host:port", dns:, ipv4:, .*etcd:, passthrough:/,
    );
  }
});

test("passthrough: is read as what follows it", () => {
  for (
    const [text, read] of [
      ["passthrough:///127.0.0.1:80", "127.0.0.1:80"],
      ["passthrough:[::1]:80", "[::1]:80"],
      ["passthrough:///unix:/a", "unix:/a"],
      ["passthrough:///example.com", "example.com:443"],
      ["passthrough:ipv4:10.0.0.1:1,10.0.0.2:2", "ipv4:10.0.0.1:1,10.0.0.2:2"],
    ]
  ) {
    assertEquals(formatDestination(parseChannelTarget(text!, own).target), read);
  }
  assertThrows(() => parseChannelTarget("passthrough:///", undefined), AddressError, "the host is empty");
});

test("[C28] a target of a scheme that has a resolver is read into its parts", () => {
  const read = (text: string) => parseChannelTarget(text, undefined, ["table"]).target;
  for (
    const [text, authority, path, query] of [
      ["table:a", "", "a", ""],
      ["table:/a/b", "", "a/b", ""],
      ["table:///a%2Fb/c?x=1#y", "", "a/b/c", "x=1"],
      ["table://10.0.0.1:1,10.0.0.2:2/a", "10.0.0.1:1,10.0.0.2:2", "a", ""],
      ["table://b", "b", "", ""],
    ]
  ) {
    assertEquals(read(text!), { family: "uri", scheme: "table", authority, path, query, text } as never);
  }
  assertThrows(() => read("table:%z"), AddressError, "is no path of a URI");
});

test("https: is TLS and http: is plaintext by choice, and other targets leave it to credentials", () => {
  assert(parseChannelTarget("https://example.com", undefined).credentials instanceof ChannelCredentials);
  assertEquals(parseChannelTarget("https://example.com", own).credentials, own);
  assertEquals(parseChannelTarget("http://example.com", undefined).credentials, insecure);
  assertEquals(parseChannelTarget("http://example.com", insecure).credentials, insecure);
  assertEquals(parseChannelTarget("example.com", undefined).credentials, undefined);
  assertEquals(parseChannelTarget("example.com", own).credentials, own);
  new Channel("http://10.0.0.9").close();
  new Channel("https://10.0.0.9").close();
});

test("credentials that contradict the scheme are refused, and so is what no address has", () => {
  for (
    const [text, credentials] of [["https://example.com", insecure], ["http://example.com", own]] as const
  ) {
    assertThrows(() => new Channel(text, { credentials }), TypeError, "its credentials are ");
  }
  for (
    const text of ["https://", "http://a/b", "https://a?b", "https://user@a", "https://a:99999", "https:a"]
  ) {
    assertThrows(() => new Channel(text), AddressError, "Cannot parse address");
  }
});
