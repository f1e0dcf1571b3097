// Counts the records that OpenSSL is given, so that it gets few at a time and none for ever without plaintext.
//
// OpenSSL decrypts what it has until there is plaintext, and records may have none: one that asks for new keys
// (KeyUpdate, RFC 8446, section 4.6.3) has 27 octets and takes 50 us, so that 64 KB of them would keep the thread for a
// tenth of a second, and their answers take as much memory as came. Other libraries count such records; OpenSSL does not.
// A long message of the library's own is many records without plaintext as well, but these are not short.

import { areShort } from "../short_records.ts";

/** Records that are given at once. */
const RECORDS_AT_ONCE = 32;

/** Records in turn without plaintext that may be short. After a handshake there are two or three, with session tickets. */
const MOST_BARREN = 64;

const HEADER_BYTES = 5;

/** The records of one direction of one connection. */
export class RecordCount {
  /** Octets of the record that has begun which were not given yet. */
  private left = 0;
  /** Octets of a header that were given. */
  private headerBytes = 0;
  /** Its last two octets, the record's length. */
  private length = 0;
  private atOnce = 0;
  private barren = 0;
  /** Octets in the barren ones. */
  private octets = 0;
  /** Records that were given since somebody last set it to 0. */
  uncounted = 0;

  /** The peer sends nothing but records without plaintext. */
  get isBarren(): boolean {
    return this.barren >= MOST_BARREN && areShort(this.barren, this.octets);
  }

  /** There was plaintext, or it is only to come from here on. */
  restart(): void {
    this.barren = this.octets = 0;
  }

  /** A further number of records may be given. */
  begin(): void {
    this.atOnce = 0;
  }

  /** How many of the first `end` octets of `bytes` may be given now; they count as given. */
  give(bytes: Uint8Array, end: number): number {
    let at = 0;
    while (at < end) {
      if (this.left > 0) {
        const count = Math.min(this.left, end - at);
        at += count;
        this.left -= count;
        continue;
      }
      if (this.headerBytes === 0) {
        if (this.atOnce === RECORDS_AT_ONCE) return at;
        this.atOnce++;
        this.barren++;
        this.uncounted++;
      }
      this.length = (this.length << 8 | bytes[at++]!) & 0xffff;
      if (++this.headerBytes < HEADER_BYTES) continue;
      this.left = this.length;
      this.octets += this.length;
      this.headerBytes = 0;
    }
    return at;
  }
}
