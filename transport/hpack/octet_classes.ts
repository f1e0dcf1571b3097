// What octets may stand in field names and values (RFC 9110, sections 5.5 and 5.6.2), as tables that loops read.

/** In a token, and no capital: what a field name of HTTP/2 has (RFC 9113, section 8.2.1). */
export const LOWER = 1;
/** In a token. */
export const TOKEN = 2;
/** A control but the tab: no value has one. */
export const CONTROL = 4;
/** Above 0x7f. */
export const NOT_ASCII = 8;

/** The classes of each octet, as bits. */
export const CLASSES: Uint8Array = (() => {
  const table = new Uint8Array(256);
  for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
    table[char.charCodeAt(0)] = LOWER | TOKEN;
  }
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") table[char.charCodeAt(0)] = TOKEN;
  for (let octet = 0; octet < 0x20; octet++) if (octet !== 0x09) table[octet] = CONTROL;
  table[0x7f] = CONTROL;
  table.fill(NOT_ASCII, 0x80);
  return table;
})();

/** Whether `text` is a token of octets that have the class `which`: `LOWER` or `TOKEN`. */
export function isToken(text: string, which: number): boolean {
  for (let i = 0; i < text.length; i++) if ((CLASSES[text.charCodeAt(i)]! & which) === 0) return false;
  return text !== "";
}
