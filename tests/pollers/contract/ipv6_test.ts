import { assert, assertEquals } from "@std/assert";
import { createServer } from "node:net";
import { inetAddress } from "../../../pollers/contract/address.ts";
import { formatIpv6, parseIpv6 } from "../../../pollers/contract/ipv6.ts";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { fromHex, toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

/** Texts of the same address, the canonical one first, and its bytes. */
const ADDRESSES: ReadonlyArray<readonly [texts: readonly string[], bytes: string]> = [
  [["::", "0::", "::0", "0:0:0:0:0:0:0:0", "0::0"], "00".repeat(16)],
  [["::1", "0::1", "0:0:0:0:0:0:0:1", "::0.0.0.1"], `${"00".repeat(15)}01`],
  [["1::", "1:0:0:0:0:0:0:0", "0001::"], `0001${"00".repeat(14)}`],
  [["1::8", "1:0::0:8"], `0001${"00".repeat(12)}0008`],
  // RFC 5952, section 4: leading zeros, the longest run, the first of two, one zero alone, lower case.
  [["2001:db8::1", "2001:0db8::0001", "2001:DB8:0:0:0:0:0:1"], "20010db8000000000000000000000001"],
  [["2001:db8:0:1:1:1:1:1", "2001:db8::1:1:1:1:1"], "20010db8000000010001000100010001"],
  [["2001:0:0:1::1", "2001:0:0:1:0:0:0:1"], "20010000000000010000000000000001"],
  [["2001:db8::1:0:0:1", "2001:db8:0:0:1::1"], "20010db8000000000001000000000001"],
  [["1:2:3:4:5:6:7:8"], "00010002000300040005000600070008"],
  [["1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7::"], "00010002000300040005000600070000"],
  [["0:2:3:4:5:6:7:8", "::2:3:4:5:6:7:8"], "00000002000300040005000600070008"],
  [["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], "ff".repeat(16)],
  // RFC 5952, section 5: mapped addresses keep their dots.
  [["::ffff:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:ffff:192.0.2.1"], `${"00".repeat(10)}ffffc0000201`],
  [["64:ff9b::c000:201", "64:ff9b::192.0.2.1"], "0064ff9b0000000000000000c0000201"],
];

test("IPv6: every text is read as its bytes, and written as the canonical one", () => {
  for (const [texts, bytes] of ADDRESSES) {
    for (const text of texts) {
      assert(inetAddress(text, 1) !== undefined, `${text} is no address`);
      const parsed = parseIpv6(text);
      assertEquals([toHex(parsed.bytes), parsed.zone], [bytes, undefined], text);
    }
    assertEquals(formatIpv6(fromHex(bytes)), texts[0]);
  }
});

test("IPv6: a zone is kept apart", () => {
  const { bytes, zone } = parseIpv6("fe80::1%eth0.2");
  assertEquals([toHex(bytes), zone], ["fe800000000000000000000000000001", "eth0.2"]);
});

test("IPv6: 5,000 addresses of seed 7 are the same after text and bytes", () => {
  const random = new SeededRandom(7);
  for (let i = 0; i < 5000; i++) {
    const bytes = new Uint8Array(16);
    // Half of the groups are zero, so that runs of every length and place come up.
    for (let at = 0; at < 16; at += 2) {
      if (random.next() < 0.5) continue;
      bytes[at] = random.next() * 256;
      bytes[at + 1] = random.next() * 256;
    }
    const text = formatIpv6(bytes);
    assertEquals(toHex(parseIpv6(text).bytes), toHex(bytes), text);
    // The URL standard writes them alike, but for mapped ones.
    if (!text.includes(".")) assertEquals(new URL(`http://[${text}]/`).hostname, `[${text}]`);
  }
});

test("IPv6: the runtime's sockets write an address as we do", async () => {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ host: "0:0:0:0:0:0:0:1", port: 0 }, () => resolve(true));
  });
  const address = listening ? (server.address() as { address: string }).address : "::1";
  assertEquals(formatIpv6(parseIpv6(address).bytes), "::1");
  if (listening) await new Promise((resolve) => server.close(resolve));
});
