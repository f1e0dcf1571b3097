// IPv6 addresses between text and sixteen bytes.

/** The sixteen bytes of a valid address, and its zone ("eth0", "2") where it has one. */
export function parseIpv6(text: string): { readonly bytes: Uint8Array; readonly zone: string | undefined } {
  const [address, zone] = text.split("%") as [string, string?];
  const tail = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain = tail === null
    ? address
    : tail[1]! + pair(Number(tail[2]), Number(tail[3])) + ":" + pair(Number(tail[4]), Number(tail[5]));
  const [before, after] = plain.split("::") as [string, string?];
  const head = groupsOf(before);
  const end = after === undefined ? [] : groupsOf(after);
  const groups = [...head, ...new Array<number>(8 - head.length - end.length).fill(0), ...end];
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    bytes[2 * i] = group >>> 8;
    bytes[2 * i + 1] = group & 0xff;
  });
  return { bytes, zone };
}

function pair(high: number, low: number): string {
  return (high * 256 + low).toString(16);
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
}

/** Whether sixteen bytes are an IPv4-mapped address (RFC 4291, section 2.5.5.2). */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

/** The canonical text of sixteen bytes (RFC 5952): the longest run of zeros is "::". */
export function formatIpv6(bytes: Uint8Array): string {
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12, 16).join(".")}`;
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let longest = { at: 0, length: 0 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length++;
    if (length > longest.length) longest = { at, length };
  }
  const text = (some: number[]): string => some.map((group) => group.toString(16)).join(":");
  if (longest.length < 2) return text(groups); // one zero alone is written out
  return `${text(groups.slice(0, longest.at))}::${text(groups.slice(longest.at + longest.length))}`;
}

/** The one text of an IPv6 address that URLs have (RFC 5952, a mapped one too), without its zone. */
export function canonicalIpv6(host: string): string {
  return new URL(`http://[${host.replace(/%.*/, "")}]`).hostname.slice(1, -1);
}
