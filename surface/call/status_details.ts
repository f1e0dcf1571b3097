// The details of a status (google.rpc.Status): messages of any type, which trailing metadata carries beside code and
// text as `grpc-status-details-bin` (https://grpc.io/docs/guides/error/#richer-error-model).

import { packAny, typeOfAny } from "../proto/any.ts";
import { encodeMessage } from "../proto/codec.ts";
import type { Codec, MessageInit } from "../proto/mod.ts";
import { Reader } from "../proto/reader.ts";
import type { Metadata } from "./metadata.ts";
import { readStatus, type StatusMessage, writeStatus } from "./status_message.ts";

/** Under which the details stand in trailing metadata. */
export const STATUS_DETAILS = "grpc-status-details-bin";

/** One detail of a status: a google.protobuf.Any. */
export interface StatusDetail {
  /** "type.googleapis.com/google.rpc.ErrorInfo": what stands behind the last slash is the message's type. */
  readonly typeUrl: string;
  /** The encoded message. */
  readonly value: Uint8Array;
}

/** Codecs by a name of the application's choice: the types of details that it knows. */
export type DetailTypes = Readonly<Record<string, Codec>>;

/** A detail of a type that is in none of the given ones, or that cannot be decoded. */
export interface UnknownDetail extends StatusDetail {
  /** No name. */
  readonly type: undefined;
  /** Not decoded. */
  readonly message: undefined;
}

/** A detail of the type `Name`. */
export interface KnownDetail<Name, Message> extends StatusDetail {
  /** What its codec is called in the given types. */
  readonly type: Name;
  /** The decoded message. */
  readonly message: Message;
}

/** A detail, decoded by the codec of its type: `type` says which one. */
export type TypedDetail<Types extends DetailTypes> =
  | UnknownDetail
  | {
    [Name in keyof Types]: KnownDetail<Name, Types[Name] extends Codec<infer T, never> ? T : never>;
  }[keyof Types];

/**
 * Packs `message` as a detail of a status. `codec` is one of {@linkcode errorDetails}, or one of a .proto file's
 * `messages`.
 *
 * @example
 * ```ts
 * import { errorDetails, RpcError, statusDetail } from "pollwire";
 * const error = new RpcError("RESOURCE_EXHAUSTED", "too many calls", {
 *   statusDetails: [statusDetail(errorDetails.RetryInfo, { retryDelay: { seconds: 3n } })],
 * });
 * console.log(error.detail(errorDetails.RetryInfo)?.retryDelay?.seconds); // 3n
 * ```
 *
 * @throws {EncodeError} when the message does not fit the type
 */
export function statusDetail<T>(codec: Codec<T, never>, message: MessageInit<T>): StatusDetail {
  return packAny(codec, message as never);
}

/** The message of `detail`; undefined where its type is another one, or where it cannot be decoded. */
export function unpackDetail<T>(detail: StatusDetail, codec: Codec<T, never>): T | undefined {
  if (typeOfAny(detail) !== codec.typeName) return undefined;
  try {
    return codec.decode(detail.value);
  } catch { // a peer's octets: whoever asks has the detail itself
    return undefined;
  }
}

/** Each of `details`, decoded where its type is one of `types`. */
export function typedDetails<Types extends DetailTypes>(
  details: readonly StatusDetail[],
  types: Types,
): TypedDetail<Types>[] {
  const names = new Map(Object.entries(types).map(([name, codec]) => [codec.typeName, name]));
  return details.map((detail) => {
    const name = names.get(typeOfAny(detail));
    const message = name === undefined ? undefined : unpackDetail(detail, types[name]!);
    const type = message === undefined ? undefined : name;
    return { type, message, typeUrl: detail.typeUrl, value: detail.value } as TypedDetail<Types>;
  });
}

/** The encoded google.rpc.Status of what an error says. */
export function encodeDetails(code: number, message: string, details: Iterable<StatusDetail>): Uint8Array {
  return encodeMessage(STATUS, { code, message, details: [...details] });
}

/**
 * The details in `metadata` of a status with `code`. Metadata that has none, or several, or what is no Status, or one of
 * another code, has no details: a peer cannot make an error of an error.
 */
export function decodeDetails(code: number, metadata: Metadata): readonly StatusDetail[] {
  const values = metadata.getAll(STATUS_DETAILS);
  const [value] = values;
  if (values.length !== 1 || !(value instanceof Uint8Array)) return [];
  try {
    const reader = new Reader();
    reader.reset(value);
    const status = readStatus(reader, value.length);
    return status.code === code ? status.details : [];
  } catch {
    return [];
  }
}

const STATUS: Pick<Codec<unknown, StatusMessage>, "encodeInto"> = { encodeInto: writeStatus };
