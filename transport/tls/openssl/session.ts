// One TLS connection by OpenSSL, over two memory BIOs: ciphertext goes into one and comes out of the other.

import { addressOf, type NativePointer, pointerTo, viewMemory } from "../../../pollers/ffi/library.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { inetAddress } from "../../../pollers/contract/address.ts";
import { copyBytes } from "../../hpack/copy_bytes.ts";
import { certificateOf } from "../../../pollers/native/certificate.ts";
import type { ConnectionSecurity } from "../security.ts";
import type { TlsSession, TlsState } from "../session.ts";
import { handshakeFailure, required, takeError } from "./errors.ts";
import { Held, hold, letGo } from "./holdings.ts";
import { cString, type OpenSsl, steadyBytes, textAt } from "./library.ts";
import { BufferPool, MOST_RECORD_BYTES, OutgoingMemory, Slab, STEP_BYTES } from "./memory.ts";
import { RecordCount } from "./records.ts";
import type { ResumableSessions } from "./resumable_sessions.ts";

const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
const SSL_ERROR_SSL = 1;
const SSL_ERROR_WANT_READ = 2;
/** A host is compared with alternative names alone, never the subject, and "*" is a whole label (RFC 9525). */
const HOST_FLAGS = 0x20 | 0x4; // X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
const SSL_ERROR_ZERO_RETURN = 6;

/** Of a peer whose stream ended, or that said so by close_notify: it may wait for this side then (RFC 8446, section 6.1). */
const LEFT = "the peer closed the connection during the handshake";

/** Plaintext that one `read` gives at most, but for the record that reaches beyond. */
const READ_BYTES = 65_536;

const plaintext = /* @__PURE__ */ new Slab();
/** Memory of reads that lend. */
const lentBuffers = /* @__PURE__ */ new BufferPool(262_144, 4);
/** Where small slices of a write are gathered, so that they are one record. */
const gathered = /* @__PURE__ */ new Uint8Array(STEP_BYTES);

/** A BIO that has held more keeps memory which is worth giving back. */
const MUCH_BYTES = 8_192;

/**
 * What a peer may ask for and not read: answers of the library's own (new keys, that it does not renegotiate), each to a
 * record. No more plaintext is written while something waits to be sent, and that has a step at most.
 */
const MOST_ANSWER_BYTES = 262_144;
/** After so many records it is looked at how much waits. */
const RECORDS_A_LOOK = 1_024;

/** What was established, with the peer's certificate as it was sent. */
type Negotiated = Omit<ConnectionSecurity, "peerCertificate"> & { readonly der: Uint8Array | undefined };

/** One side of a connection. */
export class OpenSslSession implements TlsSession {
  readonly isAsynchronous = false;
  isEncrypting = false;
  state: TlsState = "handshaking";
  failure = "";
  private readonly ssl: NativePointer;
  /** Of {@linkcode hold}. */
  private readonly place: number;
  private incoming: NativePointer;
  private outgoing: NativePointer;
  /** Ciphertext that came and was not given to the library. */
  private readonly unfed: SliceBuffer = new SliceBuffer();
  /** Plaintext that the library does not take before the rest of a message of its own has come: {@linkcode isEncrypting}. */
  private unwritten: SliceBuffer = new SliceBuffer();
  private readonly records: RecordCount = new RecordCount();
  private readonly ciphertext: OutgoingMemory = new OutgoingMemory();
  /** What the last read lent. */
  private lent: Uint8Array | undefined = undefined;
  /** The peer's stream ended; what came before it may still be unread. */
  private ended = false;
  /** All that the library was given is decrypted. */
  private isDry = true;
  /** Plaintext came: the peer has accepted this side too, of whose certificate a client learns nothing else. */
  private heard = false;
  private released = false;
  /** The handshake was completed, whatever became of the connection. */
  private isEstablished = false;
  private found: Negotiated | undefined = undefined;
  /** The BIOs are those of the handshake. */
  private isFresh = true;
  hasGrown = false;
  /** Much was in a BIO since `trim` looked last. */
  private usedMuch = false;

  /** A client's where `serverName` is given. */
  constructor(
    private readonly openssl: OpenSsl,
    context: NativePointer,
    private readonly serverName: string | undefined,
    private readonly sessions: ResumableSessions | undefined,
  ) {
    const address = openssl.SSL_new(context);
    this.ssl = required(openssl, address, "cannot make a TLS session");
    this.place = hold(Held.CONNECTION, address);
    this.incoming = this.memory();
    this.outgoing = this.memory();
    openssl.SSL_set_bio(this.ssl, this.incoming, this.outgoing); // which are the session's from here on
    if (serverName === undefined) openssl.SSL_set_accept_state(this.ssl);
    else this.beginClient(serverName);
  }

  receive(data: SliceBuffer): void {
    if (this.records.uncounted >= RECORDS_A_LOOK) this.countAnswers();
    // Hot: what comes at once is mostly little.
    if (this.unfed.byteLength === 0 && data.byteLength <= STEP_BYTES) {
      this.records.begin();
      for (const slice of data.slices) this.give(slice);
    } else for (const slice of data.slices) this.unfed.append(slice);
    data.clear();
    if (this.state === "handshaking") this.handshake();
  }

  receiveEnd(): void {
    if (this.state === "handshaking") this.fail(LEFT);
    this.ended = true;
    this.isDry = false;
  }

  transmit(into: SliceBuffer): void {
    this.ciphertext.recycle();
    if (this.released) return;
    if (this.isEncrypting) this.writeOn();
    this.records.uncounted = 0;
    this.fetch(0);
    if (this.isFresh && this.state === "open") this.renewMemory();
    this.ciphertext.moveTo(into);
  }

  read(into: SliceBuffer, lend: boolean): void {
    this.giveBackLent();
    if (this.released) return;
    if (lend) return this.readLent(into);
    for (let total = 0; total < READ_BYTES;) {
      const room = plaintext.room();
      const count = this.decrypt(room);
      if (count <= 0) return;
      into.append(plaintext.take(count));
      total += count;
    }
  }

  write(data: SliceBuffer): void {
    let length = 0;
    let left = data.byteLength;
    for (const slice of data.slices) {
      for (let from = 0; from < slice.length;) {
        if (length === STEP_BYTES) length = this.encrypt(length, left);
        const count = Math.min(slice.length - from, STEP_BYTES - length);
        copyBytes(slice, from, from + count, gathered, length);
        length += count;
        left -= count;
        from += count;
      }
    }
    if (length > 0) this.encrypt(length, 0);
    data.clear();
  }

  close(): void {
    if (this.released || (this.state !== "open" && this.state !== "closed")) return;
    this.openssl.SSL_shutdown(this.ssl);
    this.openssl.ERR_clear_error();
  }

  alpn(): string {
    const [address, length] = [steadyBytes(), steadyBytes()];
    this.openssl.SSL_get0_alpn_selected(this.ssl, address, length);
    if (length[0] === 0) return "";
    const at = Number(new DataView(address.buffer).getBigUint64(0, true));
    return String.fromCharCode(...new Uint8Array(viewMemory(at, length[0]!)));
  }

  security(): ConnectionSecurity {
    const { der, ...negotiated } = this.negotiated();
    return { ...negotiated, peerCertificate: der === undefined ? undefined : certificateOf(der) };
  }

  release(): void {
    if (this.released) return;
    if (this.isEstablished) this.negotiated(); // which calls are asked for when their connection is gone, too
    this.released = true;
    this.giveBackLent();
    this.unfed.clear();
    this.unwritten.clear();
    const { serverName } = this;
    if (serverName !== undefined) this.leaveSession(serverName);
    this.free();
  }

  private free(): void {
    letGo(this.place);
    this.openssl.SSL_free(this.ssl);
  }

  /** A BIO, which grows with what it has held at once. */
  private memory(): NativePointer {
    const { openssl } = this;
    return required(openssl, openssl.BIO_new(pointerTo(openssl.BIO_s_mem())), "cannot make a TLS session");
  }

  trim(): boolean {
    if (this.released) return true;
    if (!this.usedMuch && this.renewMemory()) this.hasGrown = false;
    this.usedMuch = false;
    return !this.hasGrown;
  }

  /** Gives back what the BIOs have grown to, by the handshake or large messages; false: something is in them. */
  private renewMemory(): boolean {
    const { openssl, incoming, outgoing } = this;
    if (openssl.BIO_ctrl_pending(incoming) > 0 || openssl.BIO_ctrl_pending(outgoing) > 0) return false;
    this.isFresh = false;
    this.incoming = this.memory();
    this.outgoing = this.memory();
    openssl.SSL_set_bio(this.ssl, this.incoming, this.outgoing);
    return true;
  }

  /** What the next connection to the server may resume. One that it refused is not offered again. */
  private leaveSession(serverName: string): void {
    if (!this.heard || this.state === "failed") return this.sessions?.drop(serverName);
    this.openssl.SSL_shutdown(this.ssl); // or the session is not resumable
    this.openssl.ERR_clear_error();
    this.sessions?.keep(this.ssl, serverName);
  }

  private beginClient(serverName: string): void {
    this.expect(serverName);
    this.sessions?.offer(this.ssl, serverName);
    this.openssl.SSL_set_connect_state(this.ssl);
    this.handshake();
  }

  /** RFC 6066, section 3: an address is no server name, but the certificate must have it. */
  private expect(serverName: string): void {
    const { openssl, ssl } = this;
    const name = cString(serverName);
    let isChecked: number;
    if (inetAddress(serverName, 0) !== undefined) {
      const parameters = pointerTo(openssl.SSL_get0_param(ssl));
      isChecked = openssl.X509_VERIFY_PARAM_set1_ip_asc(parameters, name);
    } else {
      openssl.SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, name);
      openssl.SSL_set_hostflags(ssl, HOST_FLAGS);
      // It checks nothing for "", which a NUL at the beginning is in C, and takes a dot there for every name below it.
      isChecked = /^(\.|$)|\0/.test(serverName) ? 0 : openssl.SSL_set1_host(ssl, name);
    }
    if (isChecked === 1) return;
    this.free();
    throw new Error(`no certificate can be checked for the host ${JSON.stringify(serverName)}`);
  }

  private handshake(): void {
    const { openssl, ssl } = this;
    this.feed();
    openssl.ERR_clear_error();
    openssl.SSL_do_handshake(ssl);
    if (openssl.ERR_peek_last_error() !== 0) return this.fail(handshakeFailure(openssl, ssl));
    if (openssl.SSL_is_init_finished(ssl) === 1) {
      this.state = "open";
      this.isEstablished = true;
      this.records.restart();
    } else if (openssl.SSL_get_error(ssl, 0) === SSL_ERROR_ZERO_RETURN) this.fail(LEFT);
    else if (!this.isBarren() && this.unfed.byteLength > 0) this.handshake();
  }

  /** Gives the library up to a step of the ciphertext that came. */
  private feed(): void {
    const { unfed, records } = this;
    records.begin();
    for (let room = STEP_BYTES; room > 0 && unfed.byteLength > 0;) {
      const slice = unfed.slices[0]!;
      const count = records.give(slice, Math.min(slice.length, room));
      if (count === 0) return;
      this.openssl.BIO_write(this.incoming, slice, count);
      unfed.drop(count);
      room -= count;
      this.isDry = false;
      if (count > MUCH_BYTES) this.hasGrown = this.usedMuch = true;
    }
  }

  /** Gives the library as many records of `slice` as may be given at once; the others wait. */
  private give(slice: Uint8Array): void {
    const count = this.unfed.byteLength > 0 ? 0 : this.records.give(slice, slice.length);
    if (count > 0) this.openssl.BIO_write(this.incoming, slice, count);
    if (count > MUCH_BYTES) this.hasGrown = this.usedMuch = true;
    if (count < slice.length) this.unfed.append(count === 0 ? slice : slice.subarray(count));
    this.isDry = false;
  }

  /** Nothing was sent for many records: fails where the peer does not read what it asks for. */
  private countAnswers(): void {
    this.records.uncounted = 0;
    const pending = this.openssl.BIO_ctrl_pending(this.outgoing);
    if (pending > MOST_ANSWER_BYTES) this.fail("the peer does not read the answers that it asks for");
  }

  /** Whether it failed, since the peer sends what no plaintext comes of. */
  private isBarren(): boolean {
    if (this.records.isBarren) this.fail("the peer sends nothing but records without data");
    return this.records.isBarren;
  }

  /** Decrypts a record into `room`; gives its bytes, or 0 and less where none can be decrypted now. */
  private decrypt(room: Uint8Array): number {
    if (this.state !== "open") return 0;
    if (this.isDry) this.feed();
    while (!this.isDry) {
      const count = this.openssl.SSL_read(this.ssl, room, room.length);
      if (count > 0) {
        // OpenSSL takes a record at a time, so what is left lies in the BIO.
        if (!this.ended && this.openssl.BIO_ctrl_pending(this.incoming) === 0) this.isDry = true;
        this.records.restart();
        this.heard = true;
        return count;
      }
      this.readFailed(count);
      if (this.state !== "open" || this.isBarren()) return 0;
      this.feed();
    }
    return 0;
  }

  /** As many records as a lent buffer has room for, as one view. */
  private readLent(into: SliceBuffer): void {
    let buffer: Uint8Array | undefined = undefined;
    let used = 0;
    for (;;) {
      buffer ??= lentBuffers.take();
      if (buffer.length - used < MOST_RECORD_BYTES) break;
      const count = this.decrypt(used === 0 ? buffer : buffer.subarray(used));
      if (count <= 0) break;
      used += count;
    }
    if (used === 0) return lentBuffers.giveBack(buffer);
    this.lent = buffer;
    into.append(buffer.subarray(0, used));
  }

  private giveBackLent(): void {
    if (this.lent === undefined) return;
    lentBuffers.giveBack(this.lent);
    this.lent = undefined;
  }

  private readFailed(result: number): void {
    this.isDry = true;
    const why = this.openssl.SSL_get_error(this.ssl, result);
    if (why === SSL_ERROR_ZERO_RETURN) this.state = "closed";
    else if (why === SSL_ERROR_SSL) this.fail(takeError(this.openssl));
    else if (this.ended && this.unfed.byteLength === 0) this.state = "truncated";
    this.openssl.ERR_clear_error();
  }

  /** Encrypts what was gathered, before `left` bytes of the same write; gives 0. */
  private encrypt(length: number, left: number): number {
    // A memory BIO takes everything, so there is no partial write.
    const result = this.isEncrypting ? 0 : this.openssl.SSL_write(this.ssl, gathered, length);
    if (result <= 0) this.writeFailed(result, length);
    if (left > 0 || this.ciphertext.isLarge) this.fetch(left);
    return 0;
  }

  /**
   * What was gathered was not written. Where a message of the library's own has begun to come, such as a session ticket of
   * more than one record, the library writes nothing before it has the rest.
   */
  private writeFailed(result: number, length: number): void {
    const { openssl, ssl } = this;
    if (!this.isEncrypting && openssl.SSL_get_error(ssl, result) !== SSL_ERROR_WANT_READ) {
      return this.fail(takeError(openssl));
    }
    this.isEncrypting = true;
    this.unwritten.append(gathered.slice(0, length));
  }

  /** Writes what was not written, where the rest of the library's message has come; no more once none can come. */
  private writeOn(): void {
    const { openssl, ssl, unfed, unwritten } = this;
    openssl.ERR_clear_error();
    if (this.state === "open") openssl.SSL_do_handshake(ssl);
    if (openssl.ERR_peek_last_error() !== 0) this.fail(handshakeFailure(openssl, ssl));
    const canWrite = this.state === "open" && openssl.SSL_is_init_finished(ssl) === 1;
    if (this.state === "open" && !canWrite) {
      if (unfed.byteLength > 0 && !this.isBarren()) {
        this.feed();
        return this.writeOn();
      }
      if (this.ended) this.state = "truncated";
    }
    if (this.state === "open" && !canWrite) return;
    this.isEncrypting = false;
    this.unwritten = new SliceBuffer();
    if (canWrite) this.write(unwritten);
  }

  /** Fetches the ciphertext that the library has made; `left` bytes follow it. */
  private fetch(left: number): void {
    const { openssl, outgoing, ciphertext } = this;
    for (;;) {
      const pending = openssl.BIO_ctrl_pending(outgoing);
      if (pending === 0) return;
      if (pending > MUCH_BYTES) this.hasGrown = this.usedMuch = true;
      const room = ciphertext.room(pending, left);
      ciphertext.add(openssl.BIO_read(outgoing, room, room.length));
    }
  }

  private fail(reason: string): void {
    this.state = "failed";
    this.failure = reason;
  }

  /** What was established, read of the library once: it is gone when this is released. */
  private negotiated(): Negotiated {
    return this.found ??= this.readNegotiated();
  }

  private readNegotiated(): Negotiated {
    const { openssl, ssl } = this;
    return {
      protocol: textAt(openssl.SSL_get_version(ssl)),
      cipher: textAt(openssl.SSL_CIPHER_get_name(pointerTo(openssl.SSL_get_current_cipher(ssl)))),
      alpn: this.alpn(),
      serverName: textAt(openssl.SSL_get_servername(ssl, 0)) || undefined,
      resumed: openssl.SSL_session_reused(ssl) === 1,
      der: this.peerCertificate(),
    };
  }

  /** In DER. */
  private peerCertificate(): Uint8Array | undefined {
    const { openssl } = this;
    const address = openssl.SSL_get1_peer_certificate(this.ssl);
    if (address === 0) return undefined;
    const certificate = pointerTo(address);
    const der = new Uint8Array(Math.max(4_096, openssl.i2d_X509(certificate, null)));
    const out = steadyBytes();
    new DataView(out.buffer).setBigUint64(0, BigInt(addressOf(der)), true);
    const length = openssl.i2d_X509(certificate, out);
    openssl.X509_free(certificate);
    return der.slice(0, length);
  }
}
