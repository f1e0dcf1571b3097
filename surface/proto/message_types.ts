// Types of messages: what is received is whole, and what is sent may leave fields out.

/**
 * What may be sent as a message `T`: every field may be left out, at every depth. 64-bit integers may be numbers, lists
 * may be read-only, maps may be a `Map`.
 */
export type MessageInit<T> = unknown extends T ? T
  : T extends bigint ? bigint | number
  : T extends string | number | boolean | undefined | Uint8Array ? T
  : T extends readonly (infer Item)[] ? readonly MessageInit<Item>[] | TypedArrayOf<Item>
  : T extends object
    ? string extends keyof T
      ? Readonly<Record<string, MessageInit<T[keyof T]>>> | ReadonlyMap<unknown, MessageInit<T[keyof T]>>
    : { [Name in keyof T]?: MessageInit<T[Name]> | undefined }
  : T;

/** Typed arrays that hold a list of numbers. */
export type TypedArrayOf<Item> = [Item] extends [number]
  ? Int32Array | Uint32Array | Float32Array | Float64Array
  : [Item] extends [bigint] ? BigInt64Array | BigUint64Array
  : never;

/**
 * The properties of a oneof: those of its members, of which at most one is not undefined, and `Name`, which says which
 * one that is.
 *
 * @example
 * ```ts
 * import type { OneOf } from "pollwire/generated";
 * const shape = { kind: "radius", radius: 2, side: undefined } as OneOf<"kind", { radius: number; side: number }>;
 * if (shape.kind === "radius") console.log(shape.radius * 2); // a number
 * ```
 */
export type OneOf<Name extends string, Members> =
  | {
    [Member in keyof Members]:
      & { [Key in Name]: Member }
      & { [Key in keyof Members]: Key extends Member ? Members[Key] : undefined };
  }[keyof Members]
  | ({ [Key in Name]: undefined } & { [Key in keyof Members]: undefined });

/**
 * The properties of a oneof of a message that has many: TypeScript keeps no union of every combination of their members,
 * so that `Name` does not tell which of them is there.
 */
export type LooseOneOf<Name extends string, Members> =
  & { [Key in Name]: keyof Members | undefined }
  & { [Key in keyof Members]: Members[Key] | undefined };
