// Targets as gRPC naming has them, and the messages of those that say nothing usable.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  AddressError,
  formatAddress,
  inetAddress,
  parseTarget,
  type SocketAddress,
  type Target,
  unmapped,
} from "../../../pollers/contract/address.ts";
import { selectPoller } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { Acceptor, tryConnect } from "../promised.ts";

const ipv4 = (host: string, port: number): Target => ({ family: "ipv4", host, port });
const ipv6 = (host: string, port: number): Target => ({ family: "ipv6", host, port });
const dns = (host: string, port: number): Target => ({ family: "dns", host, port });

const GOOD: ReadonlyArray<[text: string, target: Target]> = [
  ["127.0.0.1:80", ipv4("127.0.0.1", 80)],
  ["0.0.0.0:0", ipv4("0.0.0.0", 0)],
  ["255.255.255.255:65535", ipv4("255.255.255.255", 65_535)],
  ["[::1]:80", ipv6("::1", 80)],
  ["[::]:0", ipv6("::", 0)],
  ["[2001:db8:1:2:3:4:5:6]:9", ipv6("2001:db8:1:2:3:4:5:6", 9)],
  ["[::ffff:192.0.2.1]:9", ipv6("::ffff:192.0.2.1", 9)],
  ["[fe80::1%eth0]:9", ipv6("fe80::1%eth0", 9)],
  ["localhost:80", dns("localhost", 80)],
  ["a-b.example.com.:1", dns("a-b.example.com.", 1)],
  ["_grpc_service:50051", dns("_grpc_service", 50_051)],
  ["ipv4:1.2.3.4:80", ipv4("1.2.3.4", 80)],
  ["ipv4:1.2.3.4", ipv4("1.2.3.4", 443)],
  ["ipv6:[::1]:80", ipv6("::1", 80)],
  ["ipv6:[::1]", ipv6("::1", 443)],
  ["ipv6:2607:f8b0:400e:c00::ef", ipv6("2607:f8b0:400e:c00::ef", 443)],
  ["dns:example.com", dns("example.com", 443)],
  ["dns:example.com:80", dns("example.com", 80)],
  ["dns:///example.com:80", dns("example.com", 80)],
  ["dns:///1.2.3.4:80", ipv4("1.2.3.4", 80)],
  ["dns:[::1]:80", ipv6("::1", 80)],
  ["unix:relative/path", { family: "unix", path: "relative/path" }],
  ["unix:/absolute", { family: "unix", path: "/absolute" }],
  ["unix:///absolute/a:b", { family: "unix", path: "/absolute/a:b" }],
  ["unix-abstract:name", { family: "unix-abstract", name: "name" }],
  ["npipe:name", { family: "npipe", name: "name" }],
  ["npipe:////./pipe/docker_engine", { family: "npipe", name: "docker_engine" }],
];

const PORT = "port must be 0 to 65535";
const BAD: ReadonlyArray<[text: string, why: string]> = [
  ["foo:99999", PORT],
  ["foo:65536", PORT],
  ["foo:", PORT],
  ["foo:-1", PORT],
  ["foo:80x", PORT],
  ["foo:0x50", PORT],
  ["foo: 80", PORT],
  ["", "the host is empty"],
  [":80", "the host is empty"],
  ["[]:80", "the host is empty"],
  ["foo", 'there is no port: write "host:port"'],
  ["a:b:80", 'expected "host:port"'],
  ["::1", 'expected "host:port": write an IPv6 address as "[::1]:port"'],
  ["[::1", 'expected "host:port"'],
  ["[::1]80", 'expected "host:port"'],
  ["[foo]:80", '"[foo]" is no IPv6 address'],
  ["[1.2.3.4]:80", '"[1.2.3.4]" is no IPv6 address'],
  ["[1::2::3]:80", '"[1::2::3]" is no IPv6 address'],
  ["[1:2:3:4:5:6:7]:80", '"[1:2:3:4:5:6:7]" is no IPv6 address'],
  ["[1:2:3:4::5:6:7:8]:80", '"[1:2:3:4::5:6:7:8]" is no IPv6 address'],
  ["[::1:2:3:4:5:6:7:8]:80", '"[::1:2:3:4:5:6:7:8]" is no IPv6 address'],
  ["[12345::]:80", '"[12345::]" is no IPv6 address'],
  ["256.0.0.1:80", '"256.0.0.1" is no IPv4 address'],
  ["010.0.0.1:80", '"010.0.0.1" is no IPv4 address'],
  ["1.2.3:80", '"1.2.3" is no IPv4 address'],
  ["ho st:80", '"ho st" is no host name'],
  ["-host:80", '"-host" is no host name'],
  ["http://host:80", 'write "host:80"'],
  ["https://host", 'write "host:443"'],
  ["xds:host", "xds: is no scheme of an address"],
  [
    `${"a".repeat(254)}:80`,
    "the host name has 254 characters, at most 253 are possible",
  ],
  ["ipv4:[::1]:80", '"::1" is no ipv4 address'],
  ["ipv4:host:80", '"host" is no ipv4 address'],
  ["ipv6:1.2.3.4:80", '"1.2.3.4" is no ipv6 address'],
  ["dns:", "the host is empty"],
  ["dns:///", "the host is empty"],
  ["dns://8.8.8.8/host:80", "a DNS server cannot be chosen"],
  ["unix:", "the path is empty"],
  ["npipe:", "the name is empty"],
  ["npipe:a/b", 'the name of a pipe has no slashes: write "npipe:name"'],
  [`npipe:${"n".repeat(248)}`, "the name has 248 characters, at most 247 are possible"],
  ["unix://", "the path is empty"],
  ["unix://relative", 'write an absolute path as "unix:///path"'],
  ["unix-abstract:", "the name is empty"],
];

test("addresses and names are read in every form of gRPC naming", () => {
  for (const [text, target] of GOOD) assertEquals(parseTarget(text), target, text);
});

test("a bad address is an AddressError that quotes it and says why", () => {
  for (const [text, why] of BAD) {
    const error = assertThrows(() => parseTarget(text), AddressError, why, text);
    assert(error instanceof TypeError);
    assertEquals(error.message.startsWith(`Cannot parse address ${JSON.stringify(text)}: `), true);
    assert(!error.message.endsWith("."));
  }
});

test("the message is the one that users know", () => {
  const error = assertThrows(() => parseTarget("foo:99999"), AddressError);
  assertEquals(error.message, 'Cannot parse address "foo:99999": port must be 0 to 65535');
  assertEquals(error.name, "AddressError");
});

test("a default port is taken where the text has none", () => {
  assertEquals(parseTarget("host", 443), dns("host", 443));
  assertEquals(parseTarget("[::1]", 50_051), ipv6("::1", 50_051));
  assertEquals(parseTarget("host:1", 443), dns("host", 1));
  assertEquals([parseTarget("dns:host", 1), parseTarget("dns:host")], [dns("host", 1), dns("host", 443)]);
});

test("what is formatted is read back the same", () => {
  for (const [, target] of GOOD) assertEquals(parseTarget(formatAddress(target)), target);
});

test("an IPv4-mapped address is one of IPv4, in whatever spelling, and no other is", () => {
  for (const host of ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"]) {
    assertEquals(unmapped(ipv6(host, 80) as SocketAddress), { family: "ipv4", host: "192.0.2.1", port: 80 });
  }
  for (const host of ["::1", "::", "ffff::1", "::ffff:0:192.0.2.1", "1::ffff:192.0.2.1", "::192.0.2.1"]) {
    const address = ipv6(host, 80) as SocketAddress;
    assertEquals(unmapped(address), address);
  }
  const path = { family: "unix", path: "/ffff:" } as const;
  assertEquals(unmapped(path), path);
});

test("a poller without named pipes says so, connecting and listening", async () => {
  const engine = selectPoller("native").create({});
  const at = { family: "npipe", name: "pollwire" } as const;
  const connected = await tryConnect(engine, at);
  const acceptor = Acceptor.create(engine);
  const bound = await acceptor.bind(at);
  for (const result of [connected, bound]) {
    assert(!result.ok);
    assertEquals([result.error.kind, result.error.address], ["unsupported", at]);
    assertMatch(result.error.message, /npipe:pollwire failed: poller "native" has no named pipes/);
  }
  await acceptor.shutdown();
  await engine.shutdown();
});

test("long and hostile text is refused quickly, and not repeated whole", () => {
  const long = ["1.".repeat(500_000), "a:".repeat(500_000), "[".repeat(1e6), `[${"1:".repeat(500_000)}]:1`];
  const start = performance.now();
  for (const text of long) {
    const error = assertThrows(() => parseTarget(text), AddressError);
    assert(error.message.length < 1500);
    assert(error.message.startsWith('Cannot parse address "'));
  }
  assert(performance.now() - start < 5000);
});

test("numeric hosts are told from names", () => {
  assertEquals(inetAddress("1.2.3.4", 5), { family: "ipv4", host: "1.2.3.4", port: 5 });
  assertEquals(inetAddress("::", 5), { family: "ipv6", host: "::", port: 5 });
  assertEquals(inetAddress("localhost", 5), undefined);
  assertEquals(inetAddress("", 5), undefined);
});

test("addresses: the longest names that are possible are taken", () => {
  const host = "n".repeat(253);
  assertEquals(parseTarget(`${host}:1`), { family: "dns", host, port: 1 });
  const name = "n".repeat(247);
  assertEquals(parseTarget(`npipe:${name}`), { family: "npipe", name });
  assertEquals(parseTarget("a:65535"), { family: "dns", host: "a", port: 65_535 });
});
