// All declarations of a file, in order.

import type { EnumNode, FileNode, MessageNode } from "./nodes.ts";
import type { Named } from "./symbols.ts";

/** Every declaration of `file` that has a name; messages and enums before what is in them. */
export function* declarations(file: FileNode): Generator<Named> {
  for (const message of file.messages) yield* inMessage(message);
  for (const node of file.enums) yield* inEnum(node);
  for (const service of file.services) {
    yield service;
    yield* service.methods;
  }
  yield* file.extensions;
}

function* inMessage(message: MessageNode): Generator<Named> {
  yield message;
  yield* message.oneofs;
  yield* message.fields;
  for (const nested of message.messages) yield* inMessage(nested);
  for (const nested of message.enums) yield* inEnum(nested);
  yield* message.extensions;
}

function* inEnum(node: EnumNode): Generator<Named> {
  yield node;
  yield* node.values;
}
