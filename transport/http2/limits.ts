// Every bound of the HTTP/2 layer in one place, with the reason beside it.

/** A window may not exceed 2^31-1 (RFC 9113, section 6.9.1). */
export const MAX_WINDOW_BYTES = 0x7fff_ffff;

/** The window of a connection and of a stream before any SETTINGS (RFC 9113, section 6.9.2). */
export const INITIAL_WINDOW_BYTES = 65_535;

/** A peer's dynamic table before it has acknowledged our SETTINGS (RFC 9113, section 4.3.1). */
export const INITIAL_HEADER_TABLE_BYTES = 4_096;

/** The least, and initial, SETTINGS_MAX_FRAME_SIZE (RFC 9113, section 4.2). */
export const MIN_MAX_FRAME_BYTES = 16_384;

/** The greatest SETTINGS_MAX_FRAME_SIZE (RFC 9113, section 4.2). */
export const MAX_MAX_FRAME_BYTES = 16_777_215;

/** The greatest stream identifier (RFC 9113, section 5.1.1). */
export const MAX_STREAM_ID = 0x7fff_ffff;

/** Payload of one DATA frame we send, at most: long frames of one stream would delay the others. */
export const DATA_FRAME_BYTES = 16_384;

/**
 * An output chunk: three full DATA frames, and room for small frames between them. It is what one write takes of a socket of
 * the runtime, and the system sends at most 64 KiB at once: a write that is a little longer leaves a small piece behind,
 * with work and a wake-up of its own, and behind one of several times as much the peer has read all, and sleeps.
 */
export const OUTPUT_CHUNK_BYTES = 49_664;

/**
 * The output chunk of a connection that has little to write: some unary responses. At 10,000 clients with a call a second
 * hundreds of writes are pending at once wherever a thread was busy; of large chunks they took 100 MB, which stayed.
 */
export const SMALL_CHUNK_BYTES = 2_048;

/** Chunks of each size kept for reuse by one thread, in octets: enough for the writes of 64 busy connections. */
export const POOLED_BYTES = 4_194_304;

/** Above this much encoded output DATA is queued on its stream, so that windows and fairness decide, not arrival. */
export const OUTPUT_HIGH_WATER_BYTES = 131_072;

/** Queued DATA handed to one write, about: a chunk of it, which also interleaves streams. */
export const TRANSMIT_BYTES = 49_152;

/** A stream with more than this queued is `writeBlocked`; the value is gRPC's write buffer of a stream. */
export const QUEUE_HIGH_WATER_BYTES = 65_536;

/**
 * Where more than this waits on all streams of a connection, one with anything queued is blocked: each has one message
 * then, and not 64 KiB and one. 16 streams that are not read have as much as they like.
 */
export const BACKLOG_BYTES = 1_048_576;

/** A blocked stream becomes writable again at this mark; half of the other, so that it does not flutter. */
export const QUEUE_LOW_WATER_BYTES = 32_768;

/**
 * Streams that wait for the connection's window, or for what was written to be read, before a server begins no further
 * calls of the connection, and responses of none are produced: they would only wait as well.
 */
export const STALLED_STREAMS = 8;

/** Queued pieces below this size are joined into one block, so that a queue of small messages stays small. */
export const QUEUE_JOIN_BYTES = 1_024;

/** A block that small pieces are joined into, when more than one of them wait. */
export const QUEUE_JOIN_BLOCK_BYTES = 16_384;

/**
 * The receive window of a new stream: what nobody reads. The usual chunk of 64 KiB, with the fields beside it and its
 * framing, fits and costs no round trip; with the protocol's 65,535 a unary call of 64 KiB cost a third more (measured).
 */
export const STREAM_WINDOW_BYTES = 66_560;

/**
 * A stream's receive window grows to this without a measurement of the path: 10 Gbit/s at 1 ms, 80 Mbit/s at 100 ms.
 * Only beyond it are PINGs worth their while.
 */
export const UNMEASURED_WINDOW_BYTES = 1_048_576;

/**
 * A quarter of a window read in less than this: the window may be what limits the stream, and grows. What limits a
 * stream is used up in a round trip; where it takes longer than the longest of them, the sender or the reader is slow.
 */
export const WINDOW_GROWTH_PACE_MS = 1_000;

/** The pause between two measurements of the bandwidth-delay product, where the last one changed nothing; gRPC's. */
export const BDP_PAUSE_MS = 100;

/** The pause grows to this while the estimate stands; gRPC's. */
export const BDP_MAX_PAUSE_MS = 10_000;

/**
 * How long a peer may take to acknowledge SETTINGS (RFC 9113, section 6.5.3, asks for "a reasonable time"), from its own
 * SETTINGS on, which come first.
 */
export const SETTINGS_ACK_TIMEOUT_MS = 20_000;

/** How long the PING of a graceful shutdown may take before the final GOAWAY goes out without it. */
export const DRAIN_PING_TIMEOUT_MS = 10_000;

/** How long a header block may take from its HEADERS to its end: a second for each frame of the longest (section 10.5). */
export const HEADER_BLOCK_TIMEOUT_MS = 10_000;

/** A header block as sent, CONTINUATIONs included, may be this many times the header list limit (RFC 9113, 10.5.1). */
export const HEADER_BLOCK_FACTOR = 4;

/**
 * And this much in any case: an application that overdoes its metadata loses that call alone, because the block
 * is still decoded to keep HPACK in step. Only beyond this does it cost the connection.
 */
export const MIN_HEADER_BLOCK_BYTES = 524_288;

/**
 * Fields of a list beyond its limit that are decoded for the same reason: eight times what the limit has room for. More
 * are a block of indexed fields, an octet each, which costs a hundred times what text of its size does.
 */
export const MAX_EXCESS_FIELDS = 4_096;

/**
 * A header list that we send, where the peer announced no SETTINGS_MAX_HEADER_LIST_SIZE (Go, Node.js and proxies do
 * not). Many take more than the 16 KiB that gRPC announces; beyond this nghttp2 closes the connection, which takes a
 * HEADERS frame and 8 CONTINUATIONs, and so do we (`MIN_HEADER_BLOCK_BYTES`).
 */
export const UNANNOUNCED_HEADER_LIST_BYTES = 131_072;

/** A status message for such a peer: what gRPC recommends for all metadata together, and proxies have room for. */
export const UNANNOUNCED_STATUS_MESSAGE_BYTES = 8_192;

/**
 * CONTINUATION frames of one block: so many times what the most bytes of a block need in the smallest MAX_FRAME_SIZE, 128
 * with the bytes above (CVE-2024-27316).
 */
export const CONTINUATION_FACTOR = 4;

/** Answers that wait for one transmit: at 17 bytes each a peer that never reads makes us hold 170 KB (section 10.5). */
export const MAX_UNSENT_REPLIES = 10_000;

/** Streams that a server remembers to have ended before its client, whose frames on them it ignores (`streams.ts`). */
export const REMEMBERED_RESETS = 1_024;

/** Bytes of debug data in a GOAWAY we send: a sentence. */
export const GOAWAY_DEBUG_BYTES = 256;
