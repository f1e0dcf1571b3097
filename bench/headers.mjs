// Headers of a call as services send them: what each of a thousand calls says, the same for every client and for the
// generator, made before anything is measured.
//
//   deadline     grpc-timeout alone, another in every call
//   production   grpc-timeout, a traceparent and a request id that change, one of 100 JSON web tokens; the answer has
//                two headers and two trailers, of each one that stays and one that changes
//   five         five headers each way that change in every call, one of them binary
//
// The server proves that it has read them: it answers with the request id, or with all five.

/** Calls until the values come again. */
export const PERIOD = 1_000;
/** Different tokens, interleaved. */
const TOKENS = 100;
const TOKEN_BYTES = 800;

/** By `--headers`: the method that is called (`echo.proto`), and the response header that must equal the request's. */
export const HEADERS = {
  none: { method: "unary", echoed: undefined },
  deadline: { method: "unary", echoed: undefined },
  production: { method: "traced", echoed: "x-request-id" },
  five: { method: "tagged", echoed: "x-session" },
};

/** The names of `five`. */
export const FIVE = ["x-tenant", "x-user", "x-session", "x-shard", "x-context-bin"];

/**
 * What `PERIOD` calls say under `kind`: `{ timeoutMs, metadata }` each, `metadata` an object of strings, and of octets
 * for names that end in -bin.
 */
export function callHeaders(kind) {
  const random = xorshift(7);
  const tokens = kind === "production" ? Array.from({ length: TOKENS }, () => token(random)) : [];
  return Array.from({ length: PERIOD }, (_, i) => {
    const timeoutMs = kind === "none" || kind === "five" ? undefined : 20_000 + (i * 7_919) % 10_007;
    return { timeoutMs, metadata: metadataOf(kind, i, tokens, random) };
  });
}

function metadataOf(kind, i, tokens, random) {
  switch (kind) {
    case "production":
      return {
        authorization: tokens[(i * 37) % TOKENS],
        traceparent: `00-${hex(random, 32)}-${hex(random, 16)}-01`,
        "x-request-id": [8, 4, 4, 4, 12].map((digits) => hex(random, digits)).join("-"),
      };
    case "five":
      return {
        "x-tenant": `tenant-${i}-${hex(random, 4)}`,
        "x-user": `user-${hex(random, 12)}`,
        "x-session": hex(random, 32),
        "x-shard": String(10_000_000 + i * 4_099),
        "x-context-bin": Uint8Array.from({ length: 24 }, () => random() & 255),
      };
    default:
      return {};
  }
}

/** "Bearer", and a token of `TOKEN_BYTES`: header, claims and signature as base64url. */
function token(random) {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const text = (length) => Array.from({ length }, () => digits[random() & 63]).join("");
  const head = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9";
  const signature = text(342); // RSA with 2,048 bits
  return `Bearer ${head}.${text(TOKEN_BYTES - head.length - signature.length - 2)}.${signature}`;
}

function hex(random, digits) {
  let text = "";
  while (text.length < digits) text += (random() >>> 4 & 15).toString(16);
  return text;
}

/** The same numbers in every process. */
function xorshift(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
